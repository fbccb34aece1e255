"""The made-up leader steps aside for whoever leads, and people remember their seats; without a server."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from samspel.demo import leader as leading
from samspel.demo.browser import Browser, Page, PageError, Tally
from samspel.demo.leader import Console, Leader, Seen
from samspel.demo.people import Hall, cast, remember, save

CONSOLE = """<p>36 av 40 anslutna</p><p data-clock data-starts="2026-04-02T13:00:00+02:00"
 data-ends="2026-04-02T13:05:00+02:00" data-now="2026-04-02T13:{minute}:00+02:00" data-paused="{paused}"></p>
<p><span>Senast: {last}</span></p>
<form action="/dialogues/7/lead/next">
<input type="hidden" name="seen" value="2"><button>Vidare</button></form>
<form action="/dialogues/7/lead/undo"><button>Ångra</button></form>"""


def console(*, last: str = "", minute: str = "02", paused: str = "") -> Console:
    html = CONSOLE.format(last=last, minute=minute, paused=paused)
    return Console(Page("/dialogues/7/lead", html if last else html.replace("Senast: ", "")))


async def answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="")


def some_leader() -> Leader:
    return Leader(Browser(httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://x")), 1.0)


def test_the_console_is_read() -> None:
    found = console(last="Malin Dahl")

    assert found.counts == {"anslutna": (36, 40)}
    assert found.passed() == (120, 300)
    assert found.last_leader == "Malin Dahl"
    assert not found.is_over
    assert not found.is_together


def test_she_leads_until_somebody_else_presses_a_button() -> None:
    helena, seen = some_leader(), Seen()

    before = helena._is_led_by_another(console(last="Helena Sand"), seen)
    pressed = helena._is_led_by_another(console(last="Malin Dahl"), seen)
    afterwards = helena._is_led_by_another(console(last=""), seen)

    assert (before, pressed, afterwards) == (False, True, True)


@pytest.mark.parametrize(
    ("minute", "paused", "away_s", "led"),
    [
        ("04", "", leading.LEFT_ALONE_S + 1, True),
        ("26", "", leading.LEFT_ALONE_S - 60, True),
        ("26", "2026-04-02T13:03:00+02:00", leading.LEFT_ALONE_S + 1, True),
        ("26", "", leading.LEFT_ALONE_S + 1, False),
    ],
)
def test_she_comes_back_only_long_after_the_time_was_out(minute: str, paused: str, away_s: float, led: bool) -> None:
    helena, seen = some_leader(), Seen(human_s=time.monotonic() - away_s)

    assert helena._is_led_by_another(console(minute=minute, paused=paused), seen) is led


@pytest.mark.parametrize(
    ("joined", "waited_s", "starts"),
    [
        (36, leading.STARTS_AFTER_S + 1, False),
        (36, leading.WAITS_FOR_SOMEBODY_S + 1, True),
        (35, leading.STARTS_AFTER_S - 1, False),
        (35, leading.STARTS_AFTER_S + 1, True),
    ],
)
def test_she_waits_some_minutes_for_the_first_who_is_not_made_up(joined: int, waited_s: float, starts: bool) -> None:
    hall, seen = Hall("482913", 1.0), Seen(came_s=time.monotonic() - waited_s)
    hall.people = cast(36, httpx.AsyncClient(), Tally(), None, seed=3)
    for person in hall.people[:joined]:
        person.has_joined = True

    assert some_leader()._is_time_to_start(console(), seen, hall) is starts


def hall_of(code: str) -> Hall:
    hall = Hall(code, 1.0)
    hall.people = cast(9, httpx.AsyncClient(), Tally(), None, seed=3)
    return hall


def test_people_find_their_seats_again_after_a_restart(tmp_path: Path) -> None:
    before, after, other = hall_of("482913"), hall_of("482913"), hall_of("111222")
    before.people[2].browser.cookies = {("/m/482913/", "seat"): "3.secret"}
    before.people[2].has_joined = True
    save(tmp_path / "people.json", before)

    assert remember(tmp_path / "people.json", after) == 1
    assert after.people[2].has_joined
    assert after.people[2].browser.cookies == before.people[2].browser.cookies
    assert [person.name for person in after.people] == [person.name for person in before.people]
    assert remember(tmp_path / "people.json", other) == 0
    assert (tmp_path / "people.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", '{"code": "482913"}', '{"code": "482913", "people": [{"number": 1}]}'])
def test_a_spoilt_memory_is_no_memory(tmp_path: Path, text: str) -> None:
    (tmp_path / "people.json").write_text(text)

    assert remember(tmp_path / "people.json", hall_of("482913")) == 0


def test_a_server_that_was_away_is_asked_again_with_the_same_words() -> None:
    sent: list[bytes] = []

    async def flaky(request: httpx.Request) -> httpx.Response:
        sent.append(await request.aread())
        if len(sent) == 1:
            raise httpx.ConnectError("away")
        if len(sent) == 2:
            return httpx.Response(503, headers={"retry-after": "0"})
        return httpx.Response(200, text="<p>ok</p>")

    async def walk() -> Page:
        browser = Browser(httpx.AsyncClient(transport=httpx.MockTransport(flaky), base_url="http://x"))
        page = Page(
            "/m/1/", '<form action="/m/1/notes"><input name="key" value="old"><textarea name="text"></textarea></form>'
        )
        return await browser.submit(page, page.get_form("/notes"), {"text": "Tid"})

    page = asyncio.run(walk())

    assert page.text == "ok"
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert b"key=old" not in sent[0]


def test_a_refusal_is_told_and_counted() -> None:
    async def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404)

    tally = Tally()
    browser = Browser(httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://x"), tally=tally)

    with pytest.raises(PageError, match="404"):
        asyncio.run(browser.get("/m/1/"))

    assert tally.failed == ["GET /m/1/: 404"]
