"""Somebody who was told nothing leaves an offer on her phone, comes back with the code, changes it, takes it back."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import Console, holds_narrow, look

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
SAID = "Jag kan köra till affären på lördagar. Jag är sjukskriven och har tid."
SHORTER = "Jag kan köra till affären på lördagar."


@pytest.fixture(scope="module", autouse=True)
def town(site: Site) -> None:
    site.seed("tests.e2e.seed_posting")


@pytest.fixture
def tab(site: Site, browser: Browser) -> Iterator[Page]:
    """One that may be told of an error, as the pages of ``open_page`` may not."""
    with browser.new_context(base_url=site.address, locale="sv-SE") as context:
        yield context.new_page()


def seen(page: Page, name: str) -> None:
    look(page, name)
    holds_narrow(page, name)


def submit(page: Page) -> None:
    page.get_by_role("button", name="Lämna erbjudandet").locator("visible=true").click()


def code_on(page: Page) -> str:
    return page.locator(".secret").inner_text()


def test_an_offer_from_the_start_page_to_another_device_and_gone(open_page: Callable[..., Page]) -> None:
    phone = open_page(phone=True)
    phone.goto("/")
    seen(phone, "start-exchange")
    phone.locator("#ge-och-fa a").click()
    expect(phone.locator("h1")).to_have_text("Ge och få")
    seen(phone, "exchange")
    phone.get_by_role("link", name="Jag kan ge", exact=True).click()
    seen(phone, "give")

    phone.locator("#words").fill(SAID)
    phone.locator("#more").fill("Har egen bil. Talar polska.")
    expect(phone.locator("#hint-words")).to_contain_text("Det här kan handla om din hälsa")
    phone.locator("#called").fill("Grannen med bilen")
    phone.get_by_label("Helger").check()
    phone.get_by_label("Körkort").check()
    phone.locator("#category").select_option(label="Köra och bära")
    phone.get_by_text("Dagar, språk och vem du är").click()
    phone.get_by_label("polski").check()
    seen(phone, "give-hint")
    phone.get_by_role("button", name="Byt till det").click()
    expect(phone.locator("#words")).to_have_value(SHORTER)
    expect(phone.locator("#words")).to_be_focused()
    expect(phone.locator("#hint-words .hint")).to_have_count(0)
    phone.get_by_label("Jag har fyllt 18 år").check()
    submit(phone)
    code = code_on(phone)
    assert re.fullmatch(r"(\w{3} ){3}\w{3}", code)
    seen(phone, "receipt")
    phone.locator("main").get_by_role("link", name="Det jag har lämnat").click()
    expect(phone.locator(".own .words")).to_have_text(SHORTER)

    other = open_page(phone=True)
    other.goto("/exchange")
    other.get_by_role("link", name="Jag har redan en kod").click()
    other.locator("#code").fill(code.lower().replace(" ", ""))
    seen(other, "code")
    other.get_by_role("button", name="Visa det jag har lämnat").click()
    other.get_by_text("Glömma och radera").click()
    seen(other, "mine")
    other.get_by_role("link", name="Ändra").click()
    other.locator("#words").fill("Jag kan köra till affären på söndagar.")
    seen(other, "change")
    other.get_by_role("button", name="Spara").click()
    expect(other.locator(".own .words")).to_have_text("Jag kan köra till affären på söndagar.")
    other.get_by_role("button", name="Ta tillbaka").click()
    expect(other.get_by_text("Det är raderat.")).to_be_visible()
    expect(other.locator(".own .words")).to_have_count(0)


@pytest.mark.parametrize("is_by_link", [False, True], ids=["back", "link"])
def test_what_an_old_page_sent_is_there_again_and_gone_when_it_is_left(tab: Page, is_by_link: bool) -> None:
    tab.goto("/exchange/need")
    tab.locator("#words").fill("Någon som lagar min cykel.")
    tab.get_by_label("I någons hem").check()
    tab.get_by_label("Jag har fyllt 18 år").check()
    tab.context.clear_cookies(name="samspel_csrf")

    tab.get_by_role("button", name="Lämna behovet").locator("visible=true").click()

    expect(tab.locator("h1")).to_contain_text("Sidan är gammal")
    expect(tab.get_by_text("Det du skrev finns kvar i den här fliken")).to_be_visible()
    if is_by_link:
        tab.get_by_role("link", name="Tillbaka till sidan").click()
    else:
        tab.go_back()
        tab.reload()
    expect(tab.locator("#words")).to_have_value("Någon som lagar min cykel.")
    expect(tab.get_by_label("I någons hem")).to_be_checked()
    tab.get_by_role("button", name="Lämna behovet").locator("visible=true").click()
    assert code_on(tab)
    tab.goto("/exchange/need")
    expect(tab.locator("#words")).to_have_value("")
    assert tab.evaluate("sessionStorage.getItem('sent')") is None


def test_who_goes_elsewhere_after_an_error_leaves_no_words_in_the_tab(tab: Page) -> None:
    tab.goto("/exchange/need")
    tab.locator("#words").fill("Någon som lagar min cykel.")
    tab.get_by_label("Jag har fyllt 18 år").check()
    tab.context.clear_cookies(name="samspel_csrf")
    tab.get_by_role("button", name="Lämna behovet").locator("visible=true").click()

    tab.get_by_role("link", name="Till startsidan").click()

    expect(tab.locator("#ge-och-fa")).to_be_visible()
    assert tab.evaluate("sessionStorage.getItem('sent')") is None
    tab.goto("/exchange/need")
    expect(tab.locator("#words")).to_have_value("")


def test_without_script_a_need_is_left_and_the_code_shown(open_page: Callable[..., Page]) -> None:
    phone = open_page(phone=True, script=False)
    phone.goto("/exchange/need")
    phone.locator("#words").fill("Någon som lagar min cykel.")
    phone.get_by_label("Jag har fyllt 18 år").check()
    phone.get_by_role("button", name="Lämna behovet").locator("visible=true").click()

    assert re.fullmatch(r"(\w{3} ){3}\w{3}", code_on(phone))


def test_the_bridge_builder_finds_reads_and_enters(site: Site, open_page: Callable[..., Page]) -> None:
    desk = open_page()
    Console(desk).sign_in(*site.person("helena"))
    desk.goto("/exchange/desk/posts")
    desk.get_by_role("link", name="Skriv in åt någon").click()
    desk.locator("#words").fill("Behöver skjuts till kunder.")
    desk.locator("#called").fill("Säljaren")
    desk.get_by_label("Skrev under på papper").check()
    desk.get_by_label("Personen har fyllt 18 år").check()
    seen(desk, "enter")
    desk.get_by_role("button", name="Lämna behovet").click()
    expect(desk.locator(".secret")).to_be_visible()
    seen(desk, "entered")

    desk.goto("/exchange/desk/posts?q=drive")
    seen(desk, "posts")
    desk.locator(".found a", has_text="Behöver skjuts").click()
    seen(desk, "post")
    desk.get_by_role("button", name="Kontaktad i dag").click()
    expect(desk.get_by_text("Sparat.")).to_be_visible()
    for name in ("desk/posts/import", "setup"):
        desk.goto(f"/exchange/{name}")
        seen(desk, name.replace("/", "-"))
