"""The browser's side in a real browser: one stream for all tabs, drafts, posts sent until they are received."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from samspel.live.tickets import issue_ticket
from tests.conftest import chromium
from tests.live.house import Phone, Site, running
from tests.live.test_streams import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # hall.test is a page over plain HTTP, as in a hall's own network; 127.0.0.1 counts as secure.
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP hall.test 127.0.0.1"]
    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=chromium(), args=arguments)
        yield one
        one.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    one = browser.new_context()
    one.set_default_timeout(20_000)
    complaints: list[str] = []
    one.on("weberror", lambda error: complaints.append(str(error.error)))
    one.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    yield one
    one.close()
    assert complaints == []


HOSTS = pytest.mark.parametrize("host", ["127.0.0.1", "hall.test"], ids=["secure", "plain-http"])


def heard(page: Page, name: str = "note") -> list[int]:
    numbers: list[int] = page.evaluate(
        "(name) => window.heard.filter(([one]) => one === name).map(([, id]) => id)", name
    )
    return numbers


def hears(page: Page, *numbers: int) -> None:
    until(lambda: (page.wait_for_timeout(20), heard(page))[1], lambda got: len(got) >= len(numbers))
    assert heard(page) == [*numbers]


def is_on(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-link", re.compile("on|back"), timeout=20_000)


def open_page(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    return page


@HOSTS
def test_tabs_share_one_stream(context: BrowserContext, site: Site, room: str, host: str) -> None:
    streams: list[str] = []
    context.on("request", lambda request: streams.append(request.url) if "/live/" in request.url else None)
    tabs = [open_page(context, f"http://{host}:{site.port}/listen/{room}") for _ in range(3)]
    for tab in tabs:
        is_on(tab)

    for _ in range(3):
        site.post(room)

    for tab in tabs:
        hears(tab, 1, 2, 3)
    assert len(streams) == 1


@HOSTS
def test_another_tab_takes_over_when_the_listening_one_is_closed(
    context: BrowserContext, site: Site, room: str, host: str
) -> None:
    first = open_page(context, f"http://{host}:{site.port}/listen/{room}")
    is_on(first)
    second = open_page(context, f"http://{host}:{site.port}/listen/{room}")
    is_on(second)
    site.post(room)
    hears(second, 1)

    first.close()
    site.post(room)

    hears(second, 1, 2)


def test_a_page_that_lost_its_line_says_so_and_hears_what_it_missed_once(
    context: BrowserContext, site_database: str, room: str
) -> None:
    with running(site_database) as one, running(site_database) as other:
        page = open_page(context, f"http://127.0.0.1:{one.port}/listen/{room}")
        is_on(page)
        one.post(room)
        hears(page, 1)

        # Nobody listens at the port any more, as when the Wi-Fi is gone.
        one.kill()
        one.listener.close()
        expect(page.locator("body")).to_have_attribute("data-link", "off", timeout=20_000)
        other.post(room)
        other.post(room)
        one.listen_again()
        one.start()

        hears(page, 1, 2, 3)
        expect(page.locator("body")).to_have_attribute("data-link", "on", timeout=20_000)
        assert page.evaluate("window.links") == ["on", "off", "back", "on"]


def test_an_expired_ticket_is_renewed_by_the_page(context: BrowserContext, site: Site, room: str) -> None:
    page = context.new_page()
    with page.expect_response(re.compile("/ticket/")):
        page.goto(f"http://127.0.0.1:{site.port}/listen/{room}?expired")
    is_on(page)
    site.post(room)

    hears(page, 1)


def test_a_ticket_that_cannot_be_read_is_renewed_too(context: BrowserContext, site: Site, room: str) -> None:
    page = context.new_page()
    page.route("**/live/*ticket=W*", lambda route: route.fulfill(status=403), times=1)
    page.goto(f"http://127.0.0.1:{site.port}/listen/{room}")
    is_on(page)

    site.post(room)

    hears(page, 1)


def test_a_page_without_a_stream_asks_now_and_then(context: BrowserContext, site: Site, room: str) -> None:
    page = context.new_page()
    page.clock.install()
    page.route("**/live/**", lambda route: route.abort())
    page.goto(f"http://127.0.0.1:{site.port}/listen/{room}")
    for _ in range(20):
        page.clock.run_for(2_000)

    assert 1 <= len(heard(page, "poll")) <= 5
    expect(page.locator("body")).to_have_attribute("data-link", "off")


def test_a_page_of_a_full_room_asks_now_and_then_and_other_rooms_notice_nothing(
    context: BrowserContext, site_database: str, room: str
) -> None:
    with running(site_database, SAMSPEL_LIVE_STREAMS_PER_ROOM="1") as small:
        first = Phone(small.port, room, issue_ticket(room, "person"), since=0).open()
        page = context.new_page()
        page.clock.install()
        page.goto(f"http://127.0.0.1:{small.port}/listen/{room}")
        with page.expect_response(re.compile("/live/")) as refused:
            page.clock.run_for(20_000)
        for _ in range(20):
            page.clock.run_for(2_000)
        other = open_page(context, f"http://127.0.0.1:{small.port}/listen/dialogue:0")
        is_on(other)
        small.post("dialogue:0")

        assert (refused.value.status, 2 <= int(refused.value.headers["retry-after"]) <= 10) == (503, True)
        assert heard(page, "poll")
        hears(other, 1)
        small.post(room)
        assert first.collect(1)[0].number == 1


# ---------------------------------------------------------------- drafts and posts

Write = Callable[..., Page]


@pytest.fixture
def write(context: BrowserContext, site: Site) -> Write:
    def open_seat(seat: str = "1", host: str = "hall.test") -> Page:
        return open_page(context, f"http://{host}:{site.port}/write/{seat}")

    return open_seat


def received(page: Page) -> list[str]:
    return page.locator("#notes li").all_inner_texts()


def save(page: Page, text: str) -> None:
    page.fill("textarea", text)
    page.click("button")


@HOSTS
def test_a_draft_is_there_after_a_reload_and_only_for_its_own_seat(write: Write, room: str, host: str) -> None:
    page = write(seat=room + "a", host=host)
    page.fill("textarea", "Jag tror att väntan är för lång")
    expect(page.get_by_role("status")).to_have_text("Sparat här")

    page.reload()
    expect(page.locator("textarea")).to_have_value("Jag tror att väntan är för lång")
    expect(page.get_by_role("status")).to_have_text("Sparat här")

    other = write(seat=room + "b", host=host)
    expect(other.locator("textarea")).to_have_value("")


def test_a_draft_is_saved_when_the_page_is_left_at_once(write: Write, room: str) -> None:
    page = write(seat=room)
    page.fill("textarea", "hastigt")

    page.reload()

    expect(page.locator("textarea")).to_have_value("hastigt")


@HOSTS
def test_what_is_sent_is_received_once_and_the_field_is_free(write: Write, room: str, host: str) -> None:
    page = write(seat=room, host=host)
    save(page, f"en tanke {room} {host}")

    expect(page.get_by_role("status")).to_have_text("Skickat")
    expect(page.locator("textarea")).to_have_value("")
    expect(page.locator("#waiting li")).to_have_count(0)
    page.reload()
    assert received(page).count(f"en tanke {room} {host}") == 1
    expect(page.locator("textarea")).to_have_value("")


def test_what_cannot_be_sent_waits_on_the_phone_over_a_reload_and_goes_in_order(write: Write, room: str) -> None:
    page = write(seat=room)
    page.context.route("**/notes", lambda route: route.abort())
    texts = [f"{number}:e {room}" for number in ("ett", "två", "tre")]
    for text in texts:
        save(page, text)
    expect(page.get_by_role("status")).to_have_text("Väntar")
    assert page.locator("#waiting li").all_inner_texts() == texts

    page.reload()
    assert page.locator("#waiting li").all_inner_texts() == texts
    expect(page.get_by_role("status")).to_have_text("Väntar")
    page.context.unroute("**/notes")

    expect(page.get_by_role("status")).to_have_text("Skickat", timeout=30_000)
    expect(page.locator("#waiting li")).to_have_count(0)
    page.reload()
    assert [text for text in received(page) if room in text] == texts


def test_an_answer_that_was_lost_does_not_double(write: Write, room: str) -> None:
    """The server has it, the phone does not know: the same key is sent again."""
    page = write(seat=room, host="127.0.0.1")
    lost = []

    def swallow(route: "object") -> None:
        lost.append(route.fetch().status)  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    page.context.route("**/notes", swallow, times=2)
    save(page, f"en gång {room}")

    expect(page.get_by_role("status")).to_have_text("Skickat", timeout=30_000)
    assert lost == [200, 200]
    page.reload()
    assert received(page).count(f"en gång {room}") == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_busy_is_asked_again_and_the_words_wait_here(write: Write, room: str, status: int) -> None:
    page = write(seat=room)
    page.context.route("**/notes", lambda route: route.fulfill(status=status, headers={"Retry-After": "1"}), times=2)

    save(page, f"till slut {room}")

    assert page.locator("#waiting li").all_inner_texts() == [f"till slut {room}"]
    expect(page.get_by_role("status")).to_have_text("Skickat", timeout=30_000)
    assert f"till slut {room}" in received(page)


def test_what_is_refused_comes_back_into_the_field_with_the_reason(write: Write, room: str) -> None:
    page = write(seat=room)

    save(page, "422 för långt")

    expect(page.get_by_role("status")).to_have_text("Nej, 422")
    expect(page.locator("textarea")).to_have_value("422 för långt")
    expect(page.locator("#waiting li")).to_have_count(0)
    page.reload()
    expect(page.locator("textarea")).to_have_value("422 för långt")


def test_what_comes_too_late_can_be_taken_home(write: Write, room: str) -> None:
    page = write(seat=room)

    save(page, "410 mötet är slut, men tanken är min")

    with page.expect_download() as download:
        page.click("text=Ladda ner")
    with open(download.value.path(), encoding="utf-8") as file:
        assert file.read() == "410 mötet är slut, men tanken är min"
    expect(page.locator("textarea")).to_have_value("410 mötet är slut, men tanken är min")


def test_what_one_seat_has_not_sent_is_never_sent_by_another(write: Write, room: str) -> None:
    page = write(seat=room + "1")
    page.context.route("**/notes", lambda route: route.abort())
    save(page, f"mitt {room}")
    expect(page.get_by_role("status")).to_have_text("Väntar")
    page.context.unroute("**/notes")
    sent: list[str] = []
    page.goto("about:blank")
    page.context.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    other = write(seat=room + "12")
    save(other, f"ditt {room}")
    expect(other.get_by_role("status")).to_have_text("Skickat")

    assert len(sent) == 1
    assert f"mitt {room}" not in received(other)
