"""What a press says that did not get through; htmx by itself shows nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import Console

pytestmark = pytest.mark.browser


def test_a_press_that_came_to_nothing_says_so_and_the_next_one_does_it(
    site: Site, open_page: Callable[..., Page]
) -> None:
    hall = site.seed("tests.e2e.seed_hall")
    console = Console(open_page(refuses=True))
    console.sign_in(*site.person("malin"))
    page = console.page
    page.goto(f"/dialogues/{hall}/lead")
    button = page.locator(".needs").get_by_role("button", name="Jag går dit").first
    told = page.locator("[data-has-failed]")
    answers: list[Callable[[Route], None]] = [
        lambda route: route.abort("internetdisconnected"),
        lambda route: route.fulfill(status=429, body="no"),
        lambda route: route.fulfill(status=503, body="no"),
    ]

    for answer, words in zip(answers, ("Det gick inte fram.", "Vänta en stund", "Det gick inte fram."), strict=True):
        page.route("**/help/**", answer)
        button.click()
        expect(told).to_contain_text(words)
        expect(told).to_have_count(1)
        page.unroute("**/help/**")
    button.click()

    expect(page.locator(".needs")).to_contain_text("är på väg")
    expect(told).to_have_count(0)


def test_where_it_is_gone_the_page_is_fetched_anew(site: Site, open_page: Callable[..., Page]) -> None:
    hall = site.seed("tests.e2e.seed_hall")
    console = Console(open_page(refuses=True))
    console.sign_in(*site.person("malin"))
    page = console.page
    page.goto(f"/dialogues/{hall}/lead")
    page.route("**/help/**", lambda route: route.fulfill(status=404, body="gone"))

    with page.expect_navigation(url=f"**/dialogues/{hall}/lead"):
        page.locator(".needs").get_by_role("button", name="Jag går dit").first.click()
