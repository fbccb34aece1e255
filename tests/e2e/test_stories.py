"""The two stories that the exchange was built for, entered as their people would, among two thousand others' posts.

The salesman with the broken arm and the young man who wants to drive; the parents' evening of mathematics, with its
check. Four people on their phones without accounts, and a bridge-builder.
"""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import Console, holds_narrow, look

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

DRIVES = "Jag har körkort och kan köra bil hela dagar."
WANTS_WORK = "Vill göra praktik som chaufför."
NEEDS_DRIVER = "Någon som kör min bil till kunderna i tre månader."
HAS_WORK = "Praktik som chaufför hos en resande säljare."
NEEDS_MATHS = "En mattekväll på skolan varannan vecka. Vi behöver någon som är bra på matte."
HAS_SOUP = "Vi bjuder på soppa och bröd en kväll."
KNOWS_MATHS = "Jag är bra på matte och kan hålla en mattekväll."
NEEDS_SOUP = "Soppa och bröd till föreningens kväll."


def post(phone: Page, kind: str, words: str, *, called: str, category: str, area: str, mark: str = "") -> None:
    """Leave a need or an offer from the page of giving and getting, keeping the words where a hint is given."""
    phone.goto("/")
    phone.locator("#ge-och-fa a").first.click()
    phone.get_by_role("link", name="Jag kan ge" if kind == "offer" else "Jag behöver", exact=True).click()
    phone.locator("#words").fill(words)
    if phone.locator("#called").count():  # asked for once
        phone.locator("#called").fill(called)
    phone.locator("#category").select_option(label=category)
    phone.locator("#area").select_option(label=area)
    if mark:
        phone.get_by_label(mark).check()
    phone.get_by_label("Jag har fyllt 18 år").check()
    button = phone.get_by_role("button", name=re.compile("^Lämna (erbjudandet|behovet)")).locator("visible=true")
    button.click()
    keep = phone.get_by_role("button", name=re.compile("Behåll"))
    expect(keep.or_(phone.get_by_role("heading", name=re.compile("^Tack för"))).first).to_be_visible()
    if keep.count():
        for _ in range(keep.count()):
            keep.first.click()
        button.click()
    expect(phone.get_by_role("heading", name=re.compile("^Tack för"))).to_be_visible()


def read_all(desk: Page, *texts: str) -> None:
    """Each of the new posts is opened, read and let in."""
    for words in texts:
        desk.goto(f"/exchange/desk/posts?q={words.split()[-1].strip('.')}")
        desk.locator(".found a", has_text=words).first.click()
        desk.get_by_role("button", name="Jag har läst, den får vara med").click()
        expect(desk.get_by_text("Läst", exact=True)).to_be_visible()


def put_together(desk: Page, need: str, offer: str) -> None:
    """The computer has found the offer among all others; she knows that it is the one."""
    desk.goto(f"/exchange/desk/posts?q={need.split()[-1].strip('.')}")
    desk.locator(".found a", has_text=need).first.click()
    row = desk.locator(".fits li", has_text=offer)
    expect(row).to_be_visible()
    together = row.get_by_role("button", name="Sätt ihop")
    if together.count():
        together.click()
        expect(desk.get_by_text(re.compile("^De två är (ihop, och låsta|låsta till varandra)"))).to_be_visible()


def answer_yes(phone: Page, contact: str) -> None:
    phone.goto("/exchange/mine")
    phone.locator(".needs-you a").click()
    phone.get_by_label("Hur vill du bli nådd?").fill(contact)
    phone.get_by_role("button", name="Ja, det här vill jag").click()


def test_two_stories_from_the_first_word_to_how_it_went(site: Site, open_page: Callable[..., Page]) -> None:
    pool = json.loads(site.seed("tests.e2e.seed_pool"))
    assert pool["posts"] >= 2000
    young, salesman, parents, neighbour = (open_page(phone=True) for _ in range(4))
    area = pool["area"]
    post(young, "offer", DRIVES, called="Den unge mannen", category="Köra någon", area=area, mark="Körkort")
    post(young, "need", WANTS_WORK, called="Den unge mannen", category="Praktikplats", area=area)
    post(salesman, "need", NEEDS_DRIVER, called="Säljaren", category="Köra någon", area=area, mark="Körkort")
    post(salesman, "offer", HAS_WORK, called="Säljaren", category="Praktikplats", area=area)
    post(parents, "need", NEEDS_MATHS, called="Föräldrarna", category="Läxor och matte", area=area, mark="Barn är med")
    post(parents, "offer", HAS_SOUP, called="Föräldrarna", category="Mat och fest", area=area)
    post(neighbour, "offer", KNOWS_MATHS, called="Grannen", category="Läxor och matte", area=area, mark="Barn är med")
    post(neighbour, "need", NEEDS_SOUP, called="Grannen", category="Mat och fest", area=area)

    desk = open_page()
    Console(desk).sign_in(pool["broker"], site.town["password"])
    desk.get_by_role("link", name="Ge och få", exact=True).locator("visible=true").click()
    desk.get_by_role("link", name="Brobyggarens bord").click()
    read_all(desk, DRIVES, WANTS_WORK, NEEDS_DRIVER, HAS_WORK, NEEDS_MATHS, HAS_SOUP, KNOWS_MATHS, NEEDS_SOUP)
    desk.goto("/exchange/desk")
    desk.get_by_role("button", name=re.compile("^Räkna")).click()
    expect(desk.locator(".bound strong")).to_be_visible()
    for need, offer in (
        (NEEDS_DRIVER, DRIVES),
        (WANTS_WORK, HAS_WORK),
        (NEEDS_MATHS, KNOWS_MATHS),
        (NEEDS_SOUP, HAS_SOUP),
    ):
        put_together(desk, need, offer)
    look(desk, "fitting")
    desk.goto("/exchange/desk")
    look(desk, "desk")

    # the first story
    ask_about(desk, NEEDS_DRIVER, DRIVES)
    desk_match = desk.url
    expect(desk.locator("main")).to_contain_text("Försäkring")

    salesman.goto("/exchange/mine")
    expect(salesman.locator(".needs-you")).to_have_count(1)
    look(salesman, "mine-asked")
    holds_narrow(salesman, "mine-asked")
    answer_yes(salesman, "Ring 070-000 00 11")
    expect(salesman.get_by_text("Ring 070-000 00 12")).to_have_count(0)
    answer_yes(young, "Ring 070-000 00 12")
    expect(young.get_by_role("heading", name="Alla har sagt ja")).to_be_visible()
    run(desk, desk_match)
    salesman.goto("/exchange/mine")
    salesman.locator(".asked-of a").click()
    expect(salesman.get_by_text("Ring 070-000 00 12")).to_be_visible()
    end(desk, desk_match)
    for phone in (salesman, young):
        phone.goto("/exchange/mine")
        phone.locator(".asked-of a").click()
        phone.get_by_role("button", name="Bra", exact=True).click()
        expect(phone.get_by_role("button", name="Bra", exact=True)).to_have_attribute("aria-pressed", "true")

    # the second, in which a child is there: nothing begins before the bridge-builder has met them
    ask_about(desk, NEEDS_MATHS, KNOWS_MATHS)
    desk_match = desk.url
    answer_yes(parents, "Vi ses vid skolans grind")
    answer_yes(neighbour, "Granngården 4")
    desk.goto(desk_match)
    expect(desk.get_by_role("button", name="Nu börjar det")).to_have_count(0)
    expect(desk.locator("main")).to_contain_text("Brobyggaren har träffat dem")
    run(desk, desk_match)
    parents.goto("/exchange/mine")
    parents.locator(".asked-of a").click()
    expect(parents.get_by_text("Granngården 4")).to_be_visible()
    look(parents, "story-runs")
    end(desk, desk_match)


def ask_about(desk: Page, need: str, offer: str) -> None:
    """The proposal with these two, found from the need's own page, and asked."""
    desk.goto(f"/exchange/desk/posts?q={need.split()[-1].strip('.')}")
    desk.locator(".found a", has_text=need).first.click()
    desk.locator(".fits li", has_text=offer).get_by_role("link", name="Ihop i ett förslag").click()
    desk.get_by_role("link", name=re.compile("^Fråga de ")).click()
    desk.get_by_role("button", name=re.compile("^Fråga de ")).click()
    expect(desk.get_by_text("Alla är tillfrågade.")).to_be_visible()


def run(desk: Page, address: str) -> None:
    """Every check is noted as done, and it begins."""
    desk.goto(address)
    while desk.locator(".states button[value=done][aria-pressed=false]").count():
        desk.locator(".states button[value=done][aria-pressed=false]").first.click()
        desk.wait_for_load_state()
    desk.get_by_role("button", name="Nu börjar det").click()
    expect(desk.get_by_role("button", name="Låt det vila")).to_be_visible()


def end(desk: Page, address: str) -> None:
    desk.goto(address)
    desk.get_by_text("Avsluta", exact=True).click()
    desk.get_by_role("button", name="Det blev som vi tänkte").click()
    expect(desk.get_by_text("Det är avslutat.")).to_be_visible()
