"""A tablet in a reception loses the network for a day, and every press arrives once; the pages where it is set up."""

import json
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import TABLET, Console, holds_narrow, look

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

PRESSES = 50
QUARTERS = "25:00"  # between two presses: fifty of them are most of a day


@pytest.fixture(scope="module")
def asked(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.seed("tests.e2e.seed_kiosk"))
    return found


def answers(site: Site, point: int) -> list[int]:
    """The levels that the server has from a point."""
    with psycopg.connect(site.environment["SAMSPEL_DATABASE_URL"]) as line:
        rows = line.execute("SELECT level FROM encounters_answer WHERE point_id = %s ORDER BY level", [point])
        return [level for (level,) in rows.fetchall()]


@pytest.fixture
def tablet(open_page: Callable[..., Page]) -> Page:
    page = open_page(phone=True)
    page.set_viewport_size(TABLET)
    page.clock.install()
    return page


def open_kiosk(tablet: Page, secret: str) -> None:
    """Until its page is kept on the tablet."""
    tablet.goto(f"/k/{secret}")
    expect(tablet.locator("h1")).to_have_text("Hur kändes mötet?")
    expect(tablet.locator("html")).to_have_attribute("data-kept", "true")
    tablet.evaluate("() => navigator.serviceWorker.ready.then(() => true)")


def lose_network(tablet: Page) -> None:
    """Nothing is sent until `back_online`.

    Chromium that is told to be offline can forget it for the first request of a page that was loaded anew (then the
    server had what the tablet still kept), so what is sent is stopped on its way too.
    """
    tablet.route("**/send", lambda route: route.abort("internetdisconnected"))
    tablet.context.set_offline(True)


def press_for_a_day(tablet: Page) -> list[int]:
    """Fifty people, each some minutes after the one before; the tablet is started anew in the middle of the day."""
    pressed = []
    for number in range(PRESSES):
        level = 1 + number % 3
        tablet.locator(f".tap[value='{level}']").click()
        expect(tablet.locator(f".tap[value='{level}']")).to_have_attribute("aria-pressed", "true")
        tablet.clock.fast_forward(QUARTERS)
        expect(tablet.locator(".tap[aria-pressed=true]")).to_have_count(0)
        pressed.append(level)
        if number == PRESSES // 2:
            tablet.reload()
            expect(tablet.locator("h1")).to_have_text("Hur kändes mötet?")
            expect(tablet.locator("[data-line]")).to_contain_text(str(len(pressed)))
    return sorted(pressed)


def back_online(tablet: Page, body_of: Callable[[Route], str]) -> None:
    """The network comes back, and twice the server gets what was sent without the tablet hearing of it."""
    lost = 0

    def on_the_way(route: Route) -> None:
        nonlocal lost
        answer = route.fetch(post_data=body_of(route))
        if lost < 2:
            lost += 1
            route.abort()
            return
        sent = json.loads(route.request.post_data or "{}")
        route.fulfill(json=answer.json() | {"done": [press["key"] for press in sent["presses"]]})

    tablet.unroute("**/send")
    tablet.route("**/send", on_the_way)
    tablet.context.set_offline(False)
    for _try in range(60):  # a busy machine answers later, and its tablet asks again
        tablet.clock.fast_forward("02:10")
        tablet.wait_for_timeout(500)
        if lost == 2 and tablet.locator("[data-line]").is_hidden():
            break
    assert lost == 2
    expect(tablet.locator("[data-line]")).to_be_hidden()


def keep_keys(route: Route) -> str:
    return route.request.post_data or ""


def forget_keys(route: Route) -> str:
    """As a page would that made the keys when it sends."""
    sent = json.loads(route.request.post_data or "{}")
    for press in sent["presses"]:
        press["key"] = secrets.token_hex(16)
    return json.dumps(sent)


def test_a_day_without_a_network_loses_and_doubles_nothing(site: Site, asked: dict[str, Any], tablet: Page) -> None:
    open_kiosk(tablet, asked["kiosk"]["secret"])
    look(tablet, "kiosk")
    holds_narrow(tablet, "kiosk")
    lose_network(tablet)

    pressed = press_for_a_day(tablet)
    expect(tablet.locator("[data-line]")).to_contain_text(str(PRESSES))
    assert answers(site, asked["kiosk"]["point"]) == []
    back_online(tablet, keep_keys)

    assert answers(site, asked["kiosk"]["point"]) == pressed


def test_without_kept_keys_the_same_day_is_counted_more_than_once(
    site: Site, asked: dict[str, Any], tablet: Page
) -> None:
    open_kiosk(tablet, asked["control"]["secret"])
    lose_network(tablet)

    press_for_a_day(tablet)
    back_online(tablet, forget_keys)

    assert len(answers(site, asked["control"]["point"])) > PRESSES


def test_a_press_is_kept_before_the_tablets_database_has_answered(
    site: Site, asked: dict[str, Any], tablet: Page
) -> None:
    before = answers(site, asked["kiosk"]["point"])
    silent = "if (!sessionStorage.anew) { sessionStorage.anew = 1; IDBFactory.prototype.open = () => ({}); }"
    tablet.add_init_script(silent)
    tablet.goto(f"/k/{asked['kiosk']['secret']}")
    tablet.locator(".tap[value='1']").click()
    tablet.locator(".tap[value='3']").click()
    expect(tablet.locator(".tap[value='3']")).to_have_attribute("aria-pressed", "true")

    with tablet.expect_response("**/send"):
        tablet.reload()

    assert answers(site, asked["kiosk"]["point"]) == sorted([*before, 3])


def test_a_tablet_is_set_up_by_the_code_on_its_screen(
    site: Site, asked: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    waits = open_page(phone=True)
    waits.set_viewport_size(TABLET)
    waits.goto("/k")
    code = waits.locator(".tablet-code").inner_text()
    look(waits, "kiosk-waiting")
    holds_narrow(waits, "kiosk-waiting")
    page = open_page()
    Console(page).sign_in(*site.person("administrator"))
    page.goto(f"/units/{asked['unit']}/encounters/points/{asked['kiosk']['point']}")
    page.locator("#var").fill("I hallen")
    page.locator("#kod").fill(code)
    look(page, "point-kiosk-code")
    page.locator("#kod").press("Enter")

    expect(page.locator(".tablets")).to_contain_text("I hallen")
    expect(waits.locator("h1")).to_have_text("Hur kändes mötet?")
    assert re.fullmatch(r"/k/[\w-]{22}", urlsplit(waits.url).path)


def test_it_rests_four_seconds_after_the_last_touch(asked: dict[str, Any], tablet: Page) -> None:
    open_kiosk(tablet, asked["control"]["secret"])
    good, bad = tablet.locator(".tap[value='3']"), tablet.locator(".tap[value='1']")

    good.click()
    tablet.clock.fast_forward(3000)
    bad.click()
    tablet.clock.fast_forward(3000)
    expect(bad).to_have_attribute("aria-pressed", "true")
    expect(good).to_have_attribute("aria-pressed", "false")
    look(tablet, "kiosk-pressed")
    tablet.clock.fast_forward(1500)
    expect(bad).to_have_attribute("aria-pressed", "false")

    tablet.get_by_role("link", name="English").click()
    expect(tablet.locator("html")).to_have_attribute("lang", "en")
    tablet.clock.fast_forward(4500)
    expect(tablet.locator("html")).to_have_attribute("lang", "sv")


@pytest.mark.parametrize(("width", "height"), [(1180, 820), (820, 1180), (1024, 768), (768, 1024)])
def test_a_tablet_s_page_fits_its_screen_with_and_without_a_network(
    asked: dict[str, Any], tablet: Page, width: int, height: int
) -> None:
    tablet.set_viewport_size({"width": width, "height": height})
    open_kiosk(tablet, asked["control"]["secret"])
    ways = tablet.locator(".langs a")

    for way in ways.all():
        way.click()
        assert fits(tablet, height), tablet.evaluate("document.documentElement.lang")
        box = way.bounding_box()
        assert box
        assert min(box["height"], box["width"]) >= 48
    lose_network(tablet)
    tablet.locator(".tap[value='1']").click()
    tablet.clock.fast_forward(4500)
    expect(tablet.locator("[data-line]")).to_be_visible()

    assert fits(tablet, height)
    look(tablet, "kiosk-offline")


def fits(tablet: Page, height: int) -> bool:
    return bool(tablet.evaluate("document.documentElement.scrollHeight") <= height)


def test_nobody_sees_where_the_finger_before_pressed(asked: dict[str, Any], tablet: Page) -> None:
    tablet.context.new_cdp_session(tablet).send(
        "Emulation.setEmulatedMedia", {"features": [{"name": "hover", "value": "none"}]}
    )
    open_kiosk(tablet, asked["control"]["secret"])
    edges = "taps => new Set(taps.map(tap => getComputedStyle(tap).borderColor)).size"

    tablet.locator(".tap[value='1']").tap()
    expect(tablet.locator(".tap[value='1']")).to_have_attribute("aria-pressed", "true")
    tablet.clock.fast_forward(4500)
    expect(tablet.locator(".tap[aria-pressed=true]")).to_have_count(0)
    tablet.evaluate("Promise.allSettled(document.getAnimations().map(each => each.finished))")

    assert tablet.locator(".tap").evaluate_all(edges) == 1


def test_the_pages_where_a_unit_asks(site: Site, asked: dict[str, Any], open_page: Callable[..., Page]) -> None:
    page = open_page()
    Console(page).sign_in(*site.person("administrator"))
    here = f"/units/{asked['unit']}/encounters"

    for address, name in (
        ("points", "points"),
        ("points/new", "point-new"),
        (f"points/{asked['wall']}", "point-wall"),
        (f"points/{asked['link']}", "point-links"),
        (f"points/{asked['kiosk']['point']}", "point-kiosk"),
        ("plans", "plans"),
        ("round", "round"),
    ):
        page.goto(f"{here}/{address}")
        expect(page.locator("h1")).to_be_visible()
        look(page, name)
        holds_narrow(page, name)

    page.goto(f"{here}/plans")
    page.locator("input[name=ask_every]").first.fill("1")
    expect(page.locator(".gives").first).to_contain_text("Om ni frågar alla")

    page.goto(f"{here}/points/{asked['kiosk']['point']}")
    page.get_by_text("Hellre med en QR-kod").click()
    page.locator("#name").fill("I väntrummet")
    page.get_by_role("button", name="Visa adressen").click()
    expect(page.locator(".once code")).to_contain_text("/k/")
    look(page, "point-kiosk-new")

    page.goto(f"{here}/round")
    page.get_by_role("button", name="Stäng rundan nu").click()
    page.locator("#heard").fill("Många väntade utan att veta varför.")
    page.locator("#done").fill("En tavla visar väntetiden.")
    page.locator("#not_done").fill("Fler stolar fick inte plats.")
    look(page, "round-telling")
    page.get_by_role("button", name="Publicera").click()
    look(page, "round-told")
    holds_narrow(page, "round-told")
    # Now that it has told, the unit may ask again.
    page.get_by_role("button", name="Öppna rundan").click()
    expect(page.get_by_role("button", name="Stäng rundan nu")).to_be_visible()
    page.goto(f"/said-and-done/{asked['unit']}")
    expect(page.locator("h1")).to_have_text("Ni sa – vi gjorde")
    look(page, "said-and-done")
