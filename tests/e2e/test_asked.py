"""Those who are asked answer on their own phones; the bridge-builder checks, starts and ends."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import holds_narrow, look

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture(scope="module")
def asked(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.seed("tests.e2e.seed_asked"))
    return found


def come_back(page: Page, site: Site, of: dict[str, Any], place: int) -> None:
    """With the code that this one keeps on her device."""
    code = of["codes"][place - 1]
    page.context.add_cookies([{"name": "exchange", "value": code, "url": f"{site.address}/exchange/"}])
    page.goto(f"/exchange/mine/asked/{of['match']}")


def sign_in(page: Page, email: str = "britta@lindvik.example") -> None:
    """The bridge-builder, or another."""
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill("en lång mening med hästar")
    page.locator("form:has(input[name=password]) button").first.click()
    page.wait_for_url(lambda address: "login" not in address)


def test_the_last_yes_shows_how_to_reach_each_other(
    asked: dict[str, Any], site: Site, open_page: Callable[..., Page]
) -> None:
    ring, phone = asked["ring"], open_page(phone=True)
    come_back(phone, site, ring, 2)
    expect(phone.get_by_role("heading", name="Två av tre har sagt ja")).to_be_visible()
    look(phone, "asked-ring")
    holds_narrow(phone, "asked-ring")
    for words in ("Jag ser ett problem", "En annan tid passar bättre", "Nej tack"):
        phone.get_by_text(words, exact=True).click()
    holds_narrow(phone, "asked-ring-open")
    look(phone, "asked-open")

    phone.get_by_label("Hur vill du bli nådd?").fill("Ring 070-123 45 67 efter fem")
    phone.get_by_role("button", name="Ja, det här vill jag").click()

    expect(phone.get_by_role("heading", name="Alla har sagt ja")).to_be_visible()
    for contact in ("070-0000001", "Ring 070-123 45 67 efter fem", "070-0000003"):
        expect(phone.locator(".reach").get_by_text(contact)).to_be_visible()
    look(phone, "asked-agreed")
    phone.get_by_text("Ändra hur jag nås", exact=True).click()
    look(phone, "asked-contact")
    holds_narrow(phone, "asked-contact")
    phone.get_by_role("button", name="Ta bort hur jag nås").click()
    expect(phone.locator(".reach").get_by_text("Ring 070-123 45 67 efter fem")).to_have_count(0)


def test_who_leads_two_of_them_answers_for_one_at_a_time(asked: dict[str, Any], open_page: Callable[..., Page]) -> None:
    page = open_page(phone=True)
    sign_in(page, "moa@lindvik.example")
    page.goto(f"/exchange/mine/asked/{asked['both']['match']}")
    expect(page.locator(".whose").get_by_text("Här svarar du för ”Återbruket vid hamnen”.")).to_be_visible()
    look(page, "asked-two")
    holds_narrow(page, "asked-two")

    page.get_by_label("Hur vill du bli nådd?").fill("070-123 45 67")
    page.get_by_role("button", name="Ja, det här vill jag").click()
    expect(page.locator(".whose").get_by_text("Här svarar du för ”Språkkaféet på biblioteket”.")).to_be_visible()
    look(page, "asked-two-next")
    page.get_by_role("link", name="Till det du svarar för ”Återbruket vid hamnen”").click()
    expect(page.locator(".whose").get_by_text("Här svarar du för ”Återbruket vid hamnen”.")).to_be_visible()
    look(page, "asked-two-done")
    holds_narrow(page, "asked-two-done")


def test_without_script_a_problem_reaches_the_bridge_builder(
    asked: dict[str, Any], site: Site, open_page: Callable[..., Page]
) -> None:
    pair, page = asked["pair"], open_page(phone=True, script=False)
    come_back(page, site, pair, 1)
    page.get_by_text("Jag ser ett problem", exact=True).click()
    page.get_by_label("Vad är det? Bara brobyggaren läser.").fill("Lokalen är bokad i maj.")
    page.get_by_role("button", name="Berätta för brobyggaren").click()

    expect(page.get_by_role("heading", name="Du har berättat om ett problem")).to_be_visible()
    expect(page.get_by_text("Lokalen är bokad i maj.")).to_be_visible()


@pytest.mark.parametrize(
    ("which", "place"), [("pair", 2), ("square", 1), ("chain", 3), ("round5", 2), ("round6", 1), ("round7", 4)]
)
def test_a_pair_and_a_chain_are_drawn_too(
    which: str, place: int, asked: dict[str, Any], site: Site, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    come_back(page, site, asked[which], place)
    look(page, f"asked-{which}")
    holds_narrow(page, f"asked-{which}")
    # The list is the content: who gives what to whom, in order.
    expect(page.locator(".ring ol > li")).to_have_count(len(asked[which]["codes"]))


def test_a_yes_by_keyboard_alone(asked: dict[str, Any], site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page()
    come_back(page, site, asked["chain"], 4)
    page.get_by_label("Hur vill du bli nådd?").focus()
    page.keyboard.type("I verkstaden")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Du har sagt ja")).to_be_visible()


def test_the_bridge_builder_reads_checks_and_lets_it_begin(
    asked: dict[str, Any], site: Site, open_page: Callable[..., Page]
) -> None:
    desk = open_page()
    sign_in(desk)
    desk.goto("/exchange/desk/matches")
    look(desk, "matches")
    holds_narrow(desk, "matches")
    desk.goto(f"/exchange/desk/matches/{asked['told']['match']}")
    expect(desk.get_by_text("Jag hinner inte varje vecka.")).to_be_visible()
    look(desk, "match-problem")
    holds_narrow(desk, "match-problem")

    desk.goto(f"/exchange/desk/matches/{asked['ring']['match']}")
    for _ in range(2):
        desk.locator(".states button[value=done][aria-pressed=false]").first.click()
    look(desk, "match-agreed")
    desk.get_by_label("På vilken röd tråd?").select_option(label="En ny tråd i Vägledningscentrum")
    desk.get_by_role("button", name="Nu börjar det").click()
    expect(desk.get_by_role("button", name="Låt det vila")).to_be_visible()
    desk.get_by_text("Avsluta", exact=True).click()
    desk.get_by_role("button", name="Det blev som vi tänkte").click()
    expect(desk.get_by_text("Det visas när alla har svarat")).to_be_visible()

    phone = open_page(phone=True)
    come_back(phone, site, asked["ring"], 1)
    phone.get_by_role("button", name="Bra", exact=True).click()
    expect(phone.get_by_role("button", name="Bra", exact=True)).to_have_attribute("aria-pressed", "true")
    look(phone, "asked-outcome")

    desk.goto("/exchange/spared")
    look(desk, "spared")
    holds_narrow(desk, "spared")
    desk.goto("/exchange/setup/assumptions")
    look(desk, "assumptions")
    holds_narrow(desk, "assumptions")
    desk.goto(f"/exchange/desk/matches/{asked['ring']['match']}")
    desk.get_by_label("Ett försök").check()
    look(desk, "match-becomes")
    holds_narrow(desk, "match-becomes")
    desk.get_by_role("button", name="Spara", exact=True).click()
    expect(desk.get_by_label("Ett försök")).to_be_checked()


def test_what_was_agreed_becomes_a_need(asked: dict[str, Any], site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(phone=True)
    email, password = site.person("malin")
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(password)
    page.locator("form:has(input[name=password]) button").first.click()
    page.goto(f"/dialogues/{asked['dialogue']}/protocol")
    look(page, "protocol-need")
    holds_narrow(page, "protocol-need")
    page.get_by_role("link", name="Lämna det som ett behov").click()
    look(page, "grow")
    holds_narrow(page, "grow")
    page.locator(".sam-actions").get_by_role("button", name="Lämna behovet").click()
    expect(page.get_by_role("heading", name="Tack för att du säger vad du behöver")).to_be_visible()
    look(page, "grown")
    holds_narrow(page, "grown")
    page.goto(f"/threads/{asked['thread']}")
    expect(page.get_by_role("heading", name="Behov")).to_be_visible()
    look(page, "grown-thread")
    holds_narrow(page, "grown-thread")

    desk = open_page()
    sign_in(desk)
    desk.goto("/exchange/desk/posts?q=bord+och+stolar&state=unread")
    desk.get_by_role("link", name="Vi behöver låna bord och stolar").first.click()
    expect(desk.get_by_text("Växte ur en överenskommelse")).to_be_visible()
    look(desk, "grown-post")
    holds_narrow(desk, "grown-post")
