"""A leader before a hall of 400 people: 83 tables, hundreds of texts by keyboard, and a file to take home."""

import csv
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import Console, holds_narrow, look

pytestmark = pytest.mark.browser


def test_a_leader_before_a_hall(site: Site, open_page: Callable[..., Page]) -> None:
    hall = site.seed("tests.e2e.seed_hall")
    console = Console(open_page())
    console.sign_in(*site.person("malin"))
    page = console.page

    # what needs her first, the rest as squares, and one table by its name; it stays when the page is renewed
    page.goto(f"/dialogues/{hall}/lead")
    expect(page.locator("#tables li")).to_have_count(83)
    expect(page.locator("#tables li").first).to_have_class("help")
    look(page, "console-hall")
    holds_narrow(page, "console-hall")
    page.locator("#more-needs summary").click()
    page.locator("#find-table").fill("slussen 5")
    expect(page.locator("#tables li:visible")).to_have_count(1)
    expect(page.locator("#tables li:visible")).to_contain_text("Slussen 5")
    page.get_by_role("button", name="Jag går dit").first.click()
    expect(page.locator(".needs")).to_contain_text("är på väg")
    expect(page.locator("#tables li:visible")).to_have_count(1)
    expect(page.locator("#more-needs")).to_have_attribute("open", "")

    # hundreds of texts, by keyboard
    page.goto(f"/dialogues/{hall}/review")
    waiting = page.locator("#vantar .sam-num")
    before = int(waiting.inner_text())
    assert before > 50
    look(page, "review-hall")
    holds_narrow(page, "review-hall")
    page.keyboard.press("j")
    page.keyboard.press("v")
    expect(waiting).to_have_text(str(before - 1))
    expect(page.locator("[data-row].is-here")).to_have_count(1)
    page.keyboard.press("u")
    expect(page.locator(".undo")).to_contain_text("En text är undanlagd.")
    page.keyboard.press("z")
    expect(page.locator(".undo")).to_have_count(0)
    page.locator("[data-choose-all]").click()
    expect(page.locator("[data-count]")).to_have_text("50 valda")
    page.get_by_role("button", name="Visa de valda").click()
    expect(page.locator(".undo")).to_contain_text("50 texter får visas.")
    expect(waiting).to_have_text(str(before - 51))
    page.keyboard.press("/")
    page.keyboard.type("blanketter")
    page.keyboard.press("Enter")
    expect(page.locator("#alla")).to_be_visible()
    for row in page.locator("[data-row] .sam-voice").all_inner_texts():
        assert "blanketter" in row.casefold()

    # before lunch
    page.goto(f"/dialogues/{hall}/export")
    look(page, "export")
    holds_narrow(page, "export")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        assert sum(row["kind"] == "note" for row in csv.DictReader(file)) == 800
