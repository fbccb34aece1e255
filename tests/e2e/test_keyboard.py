"""Without a mouse: what is renewed, by others or by one's own press, leaves the focus where the work is."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import Console, look

pytestmark = pytest.mark.browser

STANDS_ON = "() => document.activeElement === document.body ? '' : document.activeElement.textContent.trim()"


@pytest.fixture(scope="module")
def hall(site: Site) -> str:
    return site.seed("tests.e2e.seed_hall")


def renew(page: Page, fragment: str) -> None:
    """As when something happened in the hall."""
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.evaluate("fragment => htmx.trigger(fragment, 'refresh')", fragment)
    page.evaluate("() => new Promise(done => setTimeout(done, 100))")


def test_a_leader_keeps_the_focus_when_the_hall_does_something(
    site: Site, hall: str, open_page: Callable[..., Page]
) -> None:
    console = Console(open_page())
    console.sign_in(*site.person("malin"))
    page = console.page
    page.goto(f"/dialogues/{hall}/lead")

    for selector in (
        "main .links a",
        "#more-needs summary",
        ".needs li button",
        "[data-all-keys]",
        "header a.sam-mark",
    ):
        page.locator(selector).first.focus()
        stood = page.evaluate(STANDS_ON)
        renew(page, "#console")
        assert page.evaluate(STANDS_ON) == stood, selector

    # her own press takes its button away: she is at the heading above, and goes on from there
    page.locator(".needs").get_by_role("button", name="Jag går dit").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".needs")).to_contain_text("är på väg")
    expect(page.locator("#behov")).to_be_focused()
    renew(page, "#console")
    expect(page.locator("#behov")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".needs").get_by_role("button").first).to_be_focused()


def test_a_press_whose_button_is_renewed_before_the_answer_keeps_the_focus(
    site: Site, hall: str, open_page: Callable[..., Page]
) -> None:
    console = Console(open_page())
    console.sign_in(*site.person("malin"))
    page = console.page
    page.goto(f"/dialogues/{hall}/lead")
    presses: list[Route] = []
    page.route("**/*", lambda route: presses.append(route) if route.request.method == "POST" else route.continue_())
    needs = page.locator(".needs").get_by_role("button", name="Jag går dit")
    left = needs.count()

    with page.expect_request(lambda request: request.method == "POST"):
        needs.first.press("Enter")
    renew(page, "#console")
    presses.pop().continue_()

    expect(needs).to_have_count(left - 1)
    expect(page.locator("#behov")).to_be_focused()


def test_a_leader_reads_through_what_the_screen_can_show_before_the_hall_sees_any(
    site: Site, hall: str, open_page: Callable[..., Page]
) -> None:
    console = Console(open_page())
    console.sign_in(*site.person("malin"))
    page = console.page
    screen = page.context.new_page()
    screen.goto(f"/dialogues/{hall}/screen")
    page.goto(f"/dialogues/{hall}/lead")
    shows = page.locator(".mirror .screen")
    before = shows.inner_text()

    page.locator("#views summary").focus()
    expect(page.get_by_role("button", name="Teman", exact=True)).to_be_hidden()
    page.keyboard.press("Enter")
    console.tab_to("button[name=screen][value=black]")
    renew(page, "#console")

    expect(page.get_by_role("button", name="Svart", exact=True)).to_be_focused()
    assert shows.inner_text() == before
    page.keyboard.press("Enter")
    expect(shows).to_contain_text("Skärmen är släckt")
    expect(page.get_by_role("button", name="Svart", exact=True, pressed=True)).to_be_focused()
    expect(screen.locator(".hall--black")).to_have_count(1)
    look(page, "console-views")

    console.press("b")
    expect(page.locator("#views summary")).to_have_text("Visa: Följer steget")
    console.press("b")
    expect(page.locator("#views summary")).to_have_text("Visa: Svart")
    console.press("b")
    expect(page.locator("#views summary")).to_have_text("Visa: Följer steget")


def test_a_table_s_tablet_stays_where_one_is(site: Site, hall: str, open_page: Callable[..., Page]) -> None:
    console = Console(open_page())
    console.sign_in(*site.person("malin"))
    console.page.goto(f"/dialogues/{hall}/seats/tablet/70")
    link = console.page.locator("main a[href*='/join/']").get_attribute("href") or ""
    tablet = open_page(phone=True, width=1180)
    tablet.goto(link[link.index("/b/") :])
    tablet.get_by_role("button", name="Gör den här till bordets platta").click()
    tablet.get_by_text("Lägg till en person utan telefon").click()
    tablet.locator("#namn").press_sequentially("Ru")

    # the others press on their phones
    renew(tablet, "#platta")
    tablet.keyboard.type("t")
    expect(tablet.locator("#namn")).to_have_value("Rut")
    expect(tablet.locator("#namn")).to_be_focused()

    # Rut chooses, far down, in the middle of a thought
    tablet.keyboard.press("Enter")
    tablet.locator("[id^=tanke]").fill("Ring hem")
    last = tablet.locator(".lies button").last
    last.focus()
    down = tablet.evaluate("scrollY")
    assert down > 0
    tablet.keyboard.press("Enter")
    expect(last).to_have_attribute("aria-pressed", "true")
    expect(last).to_be_focused()
    assert tablet.evaluate("scrollY") == down
    expect(tablet.locator("[id^=tanke]")).to_have_value("Ring hem")

    # and lays it back
    tablet.get_by_role("button", name="Rut är klar").click()
    expect(tablet.locator(".people")).to_contain_text("Klar")
    assert "for=" not in tablet.url


def test_the_menu_is_within_reach_of_large_letters_and_closed_by_escape(open_page: Callable[..., Page]) -> None:
    page = open_page(phone=True)
    page.goto("/")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.locator(".sam-menu summary").focus()
    page.keyboard.press("Enter")
    way = page.locator(".sam-menu").get_by_role("link").first
    expect(way).to_be_in_viewport(ratio=1)
    page.keyboard.press("Tab")
    expect(way).to_be_focused()
    page.keyboard.press("Escape")

    expect(way).to_be_hidden()
    expect(page.locator(".sam-menu summary")).to_be_focused()


def test_what_has_focus_never_lies_under_the_buttons_at_the_bottom(open_page: Callable[..., Page]) -> None:
    page = open_page(phone=True)
    page.goto("/exchange/need")
    under = """() => {
      const one = document.activeElement, bar = document.querySelector('.sam-actions');
      if (one === document.body || bar.contains(one)) return '';
      const here = one.getBoundingClientRect(), edge = bar.getBoundingClientRect();
      return here.bottom > edge.top + 1 && here.top < edge.bottom ? one.outerHTML.slice(0, 80) : '';
    }"""

    for _stop in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(under) == ""


def test_in_the_readers_own_colours_what_is_chosen_has_an_edge(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.emulate_media(forced_colors="active")
    page.goto("/exchange")

    for chosen in (page.locator(".sam-nav--wide [aria-current]"), page.locator(".sam-langs [aria-current]")):
        assert chosen.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    thread = page.locator("ol.thread > li").first
    assert thread.evaluate("one => getComputedStyle(one, '::before').forcedColorAdjust") == "none"


def test_a_tablet_left_on_somebodys_page_follows_the_meeting(
    site: Site, hall: str, open_page: Callable[..., Page]
) -> None:
    console = Console(open_page())
    console.sign_in(*site.person("malin"))
    page = console.page
    page.goto(f"/dialogues/{hall}/seats/tablet/71")
    link = page.locator("main a[href*='/join/']").get_attribute("href") or ""
    tablet = open_page(phone=True, width=1180)
    tablet.goto(link[link.index("/b/") :])
    tablet.get_by_role("button", name="Gör den här till bordets platta").click()
    tablet.get_by_text("Lägg till en person utan telefon").click()
    tablet.locator("#namn").fill("Rut")
    tablet.keyboard.press("Enter")
    tablet.locator("[id^=tanke]").press_sequentially("Ring")
    page.goto(f"/dialogues/{hall}/lead")

    console.press("Space")
    expect(tablet.locator("#tid")).to_contain_text("pausat")
    expect(tablet.locator("[id^=tanke]")).to_be_focused()
    expect(tablet.locator("[id^=tanke]")).to_have_value("Ring")
    console.press("Space")
    expect(tablet.locator("#tid")).not_to_contain_text("pausat")

    console.press("ArrowRight")
    expect(tablet.locator(".sam-steps [aria-current]")).to_contain_text("Tillsammans")
    expect(tablet.locator(".helping")).to_contain_text("Rut")
    look(tablet, "tablet-followed")
    expect(tablet.locator("[id^=tanke]")).to_have_count(0)  # nothing is written in this step
    half = tablet.locator("form.unsaved")
    expect(half).to_contain_text("Ni höll på att skriva åt Rut")
    expect(half.locator("textarea")).to_have_value("Ring")
    look(tablet, "tablet-half-said")
    half.get_by_role("button", name="Lägg på bordet").click()
    expect(half).to_be_hidden()  # laid, and no draft any more

    tablet.goto(tablet.url)
    page.goto(f"/dialogues/{hall}/lead")
    console.press("ArrowLeft")
    tablet.locator("[id^=tanke]").press_sequentially("Och kaffe")
    page.goto(f"/dialogues/{hall}/close")
    page.locator("main form button").first.click()
    expect(tablet.locator("h1")).to_have_text("Tack för i dag")
    expect(half.locator("textarea")).to_have_value("Och kaffe")
    look(tablet, "tablet-closed")
    half.get_by_role("button", name="Släng orden").click()
    expect(half).to_be_hidden()
    tablet.reload()
    expect(half).to_be_hidden()
