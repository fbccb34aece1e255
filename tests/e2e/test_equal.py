"""Is it as good for everybody? From the start page to a service, its groups, and a reason that all can read."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import Console, holds_narrow, look

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture(scope="module")
def told(site: Site) -> dict[str, str]:
    found: dict[str, str] = json.loads(site.seed("tests.e2e.seed_equity"))
    return found


def test_from_the_start_page_to_a_recorded_reason(
    site: Site, told: dict[str, str], open_page: Callable[..., Page]
) -> None:
    # anybody finds the service, and what differs in it
    visitor = open_page(phone=True)
    visitor.goto("/")
    visitor.locator("summary", has_text="Meny").click()
    follow(visitor, "Tjänster")
    follow(visitor, told["name"])
    follow(visitor, "Är det lika bra för alla?")
    expect(visitor.locator("h1")).to_have_text("Lika för alla?")
    expect(visitor.get_by_role("heading", name="Arabiska, lägre")).to_be_visible()
    expect(visitor.locator(".reasons")).to_contain_text("Inget skäl är skrivet.")
    expect(visitor.get_by_role("link", name=re.compile("Skriv ett skäl"))).to_have_count(0)
    look(visitor, "equal-visitor")
    holds_narrow(visitor, "equal-visitor")
    for language in ("Dansk", "English", "Svenska"):
        visitor.get_by_role("button", name=language).click()
        expect(visitor.get_by_role("button", name=language)).to_have_attribute("aria-current", "true")
        assert overlapping_at_320(visitor, ".funnel text") == [], language
    visitor.locator("a[href='?table=groups#grupptabell']").click()
    expect(visitor.locator("#grupptabell")).to_contain_text("Arabiska")
    look(visitor, "equal-table")
    holds_narrow(visitor, "equal-table")

    # who leads one of its places comes there from her own page, and writes why, by keyboard
    page = open_page()
    Console(page).sign_in(told["manager"], site.town["password"])
    page.get_by_role("link", name="Möten", exact=True).locator("visible=true").click()
    follow(page, "Tjänster")
    follow(page, told["name"])
    follow(page, "Är det lika bra för alla?")
    expect(page.locator("circle.own")).to_have_count(1)
    look(page, "equal")
    holds_narrow(page, "equal")
    Console(page).tab_to("a[href$='/equal/language/ar/lower']")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Skriv ett skäl")
    look(page, "equal-reason")
    holds_narrow(page, "equal-reason")
    Console(page).tab_to("#words")
    page.keyboard.type("Tolken tar tid, och tiden tas från samtalet.")
    page.keyboard.press("Tab")
    page.keyboard.type("Nämnden")
    page.locator("#decided_on").fill("2026-01-12")
    page.locator("#tried_again_on").fill("2036-12-01")
    page.get_by_role("button", name="Spara skälet").click()
    expect(page.locator(".reasons")).to_contain_text("Tolken tar tid")
    expect(page.locator("tr.seen", has_text="Arabiska")).to_contain_text("Lägre, med skäl")
    look(page, "equal-with-reason")
    holds_narrow(page, "equal-with-reason")

    # and everybody reads it, with who decided
    visitor.reload()
    expect(visitor.locator(".reasons")).to_contain_text("Nämnden, 12 januari")


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).locator("visible=true").first.click()


def overlapping_at_320(page: Page, selector: str) -> list[str]:
    """Words in a drawing that lie on each other on a screen of 320 points."""
    before = page.viewport_size
    assert before is not None
    page.set_viewport_size({"width": 320, "height": 640})
    found: list[str] = page.locator(selector).evaluate_all(
        """all => all.flatMap((one, at) => all.slice(at + 1).filter(other => {
            const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
            return a.left < b.right && b.left < a.right && a.top + 4 < b.bottom && b.top + 4 < a.bottom;
        }).map(other => `${one.textContent} / ${other.textContent}`))"""
    )
    page.set_viewport_size(before)
    return found
