"""What a visitor says, all the way: two taps about one meeting, a pattern in the night, the unit's page, a dialogue."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import Console, holds_narrow, look

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture(scope="module")
def asked(site: Site) -> dict[str, str]:
    found: dict[str, str] = json.loads(site.seed("tests.e2e.seed_encounters"))
    return found


def test_from_two_taps_to_a_dialogue(site: Site, asked: dict[str, str], open_page: Callable[..., Page]) -> None:
    # a colleague shows the code of a meeting, and both tell on their own phone
    staff, visitor = open_page(phone=True), open_page(phone=True)
    Console(staff).sign_in(*site.person("karin"))
    staff.goto(f"/units/{asked['unit']}/meet")
    staff.get_by_role("button", name="Nytt möte").click()
    visitor.goto(staff.locator("a.address").get_attribute("href") or "")
    visitor.get_by_role("button", name="Inte bra").click()
    expect(visitor.get_by_role("status")).to_contain_text("Tack! Ditt svar är sparat.")
    staff.get_by_role("button", name="Bra", exact=True).click()
    expect(staff.locator("h1")).to_have_text("Tack! Ditt svar är sparat.")

    # the night opens the pair, and finds what changed six weeks ago
    night = json.loads(site.seed("tests.e2e.night"))
    assert ["resident", 1, 3] in night["pairs"]
    assert ["staff", 3, 1] in night["pairs"]
    assert len(night["signals"]) == 1

    # the manager was told nothing, and finds it
    page = open_page()
    Console(page).sign_in(asked["manager"], site.town["password"])
    page.get_by_role("link", name="Möten", exact=True).locator("visible=true").click()
    expect(page.locator("h1")).to_have_text("Våra möten")
    expect(page.locator("#andring")).to_have_text(f"Ja. {night['signals'][0]}")
    look(page, "encounters-unit")
    holds_narrow(page, "encounters-unit")

    # the same as a table
    page.get_by_role("link", name="Visa som tabell").click()
    expect(page.locator("#tabell tbody tr")).to_have_count(17)
    look(page, "encounters-unit-table")
    holds_narrow(page, "encounters-unit-table")
    page.get_by_role("link", name="Visa som bild").click()

    # one press, by keyboard, and the words behind it are in a dialogue
    page.locator("body").press("Home")
    Console(page).tab_to("form[action$='/take-up'] button")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/dialogues/\d+/plan"))
    expect(page.locator("#hort + .heard")).to_contain_text("väntade")
    look(page, "encounters-plan")
    meets(Console(page), page.url, night["signals"][0])

    # and the thread goes from the pattern to the meeting
    page.goto(f"/units/{asked['unit']}/encounters")
    page.get_by_role("link", name="Följ den röda tråden").locator("visible=true").click()
    expect(page.locator(".thread > li")).to_have_count(3)


def test_what_is_open_to_everybody(site: Site, asked: dict[str, str], open_page: Callable[..., Page]) -> None:
    site.seed("tests.e2e.looks")
    page = open_page()

    for address, name in (
        ("/encounters", "encounters-city"),
        ("/services", "services"),
        ("/services/guidance", "service"),
        ("/services/guidance/equal", "service-equal"),
    ):
        page.goto(address)
        expect(page.locator("h1")).to_be_visible()
        look(page, name)
        holds_narrow(page, name)


def test_a_draft_is_there_until_it_has_been_sent(
    site: Site, asked: dict[str, str], open_page: Callable[..., Page]
) -> None:
    page = open_page()
    Console(page).sign_in(asked["manager"], site.town["password"])
    place, words = f"/units/{asked['unit']}", "Jag fick vänta två veckor på ett svar."
    page.goto(place)
    page.locator("#words").fill(words)
    page.goto("/dialogues")
    page.goto(place)
    expect(page.locator("#words")).to_have_value(words)

    # what is pasted and does not fit is told
    page.locator("#words").evaluate(
        """field => { const data = new DataTransfer(); data.setData('text', 'x'.repeat(400));
                      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true })); }"""
    )
    expect(page.get_by_role("alert")).to_contain_text("Bara de första 300 tecknen kom med.")

    # the network goes just then: nothing was received, and nothing is gone
    page.route("**/signals", lambda route: route.abort())
    page.get_by_role("button", name="Börja en tråd").click()
    page.wait_for_url("chrome-error://**")
    page.unroute("**/signals")
    page.goto(place)
    expect(page.locator("#words")).to_have_value(words)

    page.get_by_role("button", name="Börja en tråd").click()
    expect(page.locator("main")).to_contain_text(words)
    page.goto(place)
    expect(page.locator("#words")).to_have_value("")


def meets(console: Console, plan: str, pattern: str) -> None:
    """The dialogue is led from its plan to its end: what was heard is on the big screen, and in the protocol."""
    page, number = console.page, plan.split("/")[-2]
    page.locator("#fraga-1").fill("Hur tar vi emot den som väntar?")
    page.locator("button[name=do][value=invite]").locator("visible=true").first.click()
    page.locator("button[name=do][value=send]").click()
    expect(page.locator("main strong.sam-num")).to_be_visible()
    screen = page.context.new_page()
    screen.goto(f"/dialogues/{number}/screen")
    page.goto(f"/dialogues/{number}/lead")
    console.press("ArrowRight")
    page.wait_for_url(re.compile("/lead/begin"))
    page.locator("main form button").first.click()
    console.now_is("Välkommen")
    expect(screen.locator("#hort + ul")).to_contain_text(pattern)
    expect(screen.locator("#hort + ul")).to_contain_text("väntade")
    look(screen, "encounters-screen")
    screen.close()

    page.goto(f"/dialogues/{number}/close")
    page.locator("main form button").first.click()
    page.wait_for_url(re.compile("/protocol$"))
    expect(page.locator("#hort ~ .heard")).to_contain_text(pattern)
    expect(page.locator("#hort ~ .heard")).to_contain_text("väntade")
    look(page, "encounters-protocol")
    holds_narrow(page, "encounters-protocol")
    assert "väntade" in page.request.get(f"/dialogues/{number}/protocol.csv").text()
    assert page.request.get(f"/dialogues/{number}/protocol.pdf").ok
