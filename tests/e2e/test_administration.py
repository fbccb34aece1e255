"""Everything an administrator keeps in order, and the pages anybody reads: whole, and with nothing for axe to find."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import Console, holds_narrow, look

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

STAFF = """name;email;unit;parent;profession;roles
Sara Lind;sara@lindvik.example;Vägledningscentrum;;vägledare;member
Jonas Berg;jonas;Vägledningscentrum;;vägledare;member
"""
PAGES = (
    ("administration", "administration"),
    ("administration/units", "units"),
    ("administration/providers", "providers"),
    ("administration/people", "people"),
    ("administration/staff", "import"),
    ("administration/defaults", "defaults"),
    ("account", "account"),
    ("home", "home"),
    ("threads", "threads"),
    ("dialogues", "dialogues"),
)


def test_an_administrators_pages(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/accounts/login/")
    look(page, "sign-in")
    holds_narrow(page, "sign-in")
    Console(page).sign_in(*site.person("administrator"))

    for address, name in PAGES:
        page.goto(f"/{address}")
        expect(page.locator("h1")).to_be_visible()
        look(page, name)
        holds_narrow(page, name)

    # a unit, a person, and a file with a bad row
    page.goto("/administration/units")
    page.get_by_role("link", name="Vägledningscentrum").first.click()
    look(page, "unit-change")
    page.goto("/administration/people")
    page.get_by_role("link", name="Malin Danielsson").first.click()
    look(page, "person-change")
    page.goto("/administration/staff")
    page.locator("input[type=file]").set_input_files(
        {"name": "personal.csv", "mimeType": "text/csv", "buffer": STAFF.encode()}
    )
    page.locator("main form button").first.click()
    expect(page.locator("main")).to_contain_text("1 rad gick inte in")
    look(page, "import-told")


def test_what_anybody_may_read(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(phone=True)

    for address, name in (
        ("what-is-kept", "what-is-kept"),
        ("accessibility", "accessibility"),
        ("open", "open"),
        ("search?q=hjälp", "search"),
    ):
        page.goto(f"/{address}")
        expect(page.locator("h1")).to_be_visible()
        look(page, name)
        holds_narrow(page, name)


def test_a_table_that_a_wheelchair_reaches(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page()
    Console(page).sign_in(*site.person("helena"))
    page.goto(f"/dialogues/new?unit={site.town['unit']}")
    page.locator("#fraga-1").fill("Hur tar vi emot den som kommer ny?")
    page.locator("main form p > button.ds-button").first.click()
    page.wait_for_url(re.compile(r"/dialogues/\d+/plan"))
    page.locator("button[value=more-tables]").click()
    page.locator("details.more > summary").click()
    expect(page.locator("#na-2")).to_be_checked()
    with page.expect_response(lambda each: each.request.method == "POST"):
        page.locator("#na-1").uncheck()
    page.locator("#bordsnamn").scroll_into_view_if_needed()
    look(page, "plan-more")
    holds_narrow(page, "plan-more")
    second = page.locator("#bord-2").input_value()
    page.locator("button[value=invite]").first.click()
    page.wait_for_url(re.compile("/invite"))
    page.locator("button[value=send]").click()
    code = page.locator("main strong.sam-num").inner_text().replace(" ", "")

    phone = open_page(phone=True)
    phone.goto(f"/m/{code}/")
    phone.locator("details.more summary").first.click()
    phone.locator("input[name=accessible]").check()
    look(phone, "join-access")
    holds_narrow(phone, "join-access")
    phone.locator("form[action$='/seat'] > button").click()

    expect(phone.locator("main")).to_contain_text(f"Du sitter vid bord {second}")
    phone.goto(f"/m/{code}/place")
    expect(phone.locator("main")).to_contain_text("lätt att nå")
    look(phone, "place")
