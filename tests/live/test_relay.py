"""The relay by itself, with a bus that loses what the test wants and streams that write down what they get."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

import psycopg
import pytest

from samspel.live.bus import Notice, Published
from samspel.live.relay import Limits, Relay, Stream
from samspel.live.tickets import Ticket

ROOM = "dialogue:1"


class Line:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_over = False
        self.takes_s = 0.0

    def write(self, data: bytes) -> None:
        time.sleep(self.takes_s)
        self.written.append(data)

    def set_write_buffer_limits(self, high: int, low: int) -> None:
        pass

    def is_closing(self) -> bool:
        return self.is_over

    def close(self) -> None:
        self.is_over = True

    abort = close


class Store:
    """Bus and ledger in memory. What is published while ``is_deaf`` is not announced."""

    def __init__(self) -> None:
        self.events: dict[str, list[Published]] = {}
        self.swept = 0
        self.is_deaf = False
        self.is_away = False
        self.present: set[tuple[str, str]] = set()
        self.heard: Callable[[Notice], None] = lambda notice: None
        self.linked: Callable[[], None] = lambda: None

    def publish(self, *audiences: str, room: str = ROOM, along: bool = True) -> int:
        events = self.events.setdefault(room, [])
        event = Published(len(events) + 1, "note", audiences or ("person",), f'{{"at":{len(events) + 1}}}')
        events.append(event)
        if not self.is_deaf:
            self.heard(Notice(room, event.number, event if along else None))
        return event.number

    async def run(self, heard: Callable[[Notice], None], linked: Callable[[], None]) -> None:
        self.heard, self.linked = heard, linked
        linked()
        await asyncio.Event().wait()

    async def latest(self, room: str, limit: int) -> tuple[int, list[Published]]:
        await self._answer()
        events = self.events.get(room, [])
        return len(events), events[self.swept :][-limit:]

    async def after(self, room: str, number: int, limit: int) -> list[Published]:
        await self._answer()
        return [one for one in self.events.get(room, [])[self.swept :] if one.number > number][:limit]

    async def lasts(self, rooms: Sequence[str]) -> Mapping[str, int]:
        await self._answer()
        return {room: len(self.events[room]) for room in rooms if room in self.events}

    async def tell_presence(
        self, process: str, come: Sequence[tuple[str, str]], gone: Sequence[tuple[str, str]], rooms: Sequence[str]
    ) -> Mapping[str, int]:
        await self._answer()
        self.present = (self.present - {*gone}) | {*come}
        return {room: len([one for one in self.present if one[0] == room]) for room in rooms}

    async def forget(self, process: str) -> None:
        self.present = set()

    async def close(self) -> None:
        pass

    async def _answer(self) -> None:
        if self.is_away:
            raise psycopg.OperationalError("the database is away")
        await asyncio.sleep(0)


class Hall:
    """A relay, its store, and people who join."""

    def __init__(self, limits: Limits) -> None:
        self.store = Store()
        self.relay = Relay(self.store, self.store, limits)

    def join(
        self, since: int | None = 0, audience: str = "person", hint: str = "", expires_s: float = 2**40
    ) -> tuple[Stream, Line]:
        ticket = Ticket(ROOM, audience, hint, int(expires_s))  # type: ignore[arg-type]
        stream, line = Stream(self.relay, ticket), Line()
        stream.begin(cast(asyncio.Transport, line), 1_000)
        self.relay.join(stream, ticket, since)
        return stream, line


def numbers(line: Line) -> list[int]:
    return [int(row[4:]) for row in text(line).split("\n") if row.startswith("id: ")]


def text(line: Line) -> str:
    return b"".join(line.written).decode()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


QUIET = {"ping_s": 3_600.0, "check_s": 3_600.0, "presence_s": 3_600.0}


def in_hall(
    **limits: float,
) -> Callable[[Callable[[Hall], Awaitable[None]]], Callable[[], None]]:
    """Run the test in a loop with a hall that has just begun."""

    def wrap(test: Callable[[Hall], Awaitable[None]]) -> Callable[[], None]:
        async def run() -> None:
            hall = Hall(Limits(**{**QUIET, **limits}))  # type: ignore[arg-type]
            await hall.relay.start()
            try:
                await asyncio.sleep(0)
                await test(hall)
            finally:
                await hall.relay.close()

        def one() -> None:
            asyncio.run(run())

        one.__name__ = test.__name__
        return one

    return wrap


@in_hall()
async def test_a_notice_that_was_lost_is_read_when_the_next_one_comes(hall: Hall) -> None:
    _, line = hall.join()
    await until(lambda: hall.relay.rooms[ROOM].last_read is not None)
    hall.store.publish()
    hall.store.is_deaf = True
    hall.store.publish()
    hall.store.publish()
    hall.store.is_deaf = False
    hall.store.publish()

    await until(lambda: len(numbers(line)) == 4)

    assert numbers(line) == [1, 2, 3, 4]


@in_hall(check_s=0.01)
async def test_the_last_notice_that_was_lost_is_found_by_the_check(hall: Hall) -> None:
    _, line = hall.join()
    hall.store.is_deaf = True
    hall.store.publish()

    await until(lambda: numbers(line))

    assert numbers(line) == [1]


@in_hall()
async def test_a_bus_that_was_away_is_followed_by_catching_up(hall: Hall) -> None:
    _, line = hall.join()
    await until(lambda: hall.relay.rooms[ROOM].last_read is not None)
    hall.store.is_deaf = True
    hall.store.publish()
    hall.store.publish()

    hall.store.linked()
    await until(lambda: len(numbers(line)) == 2)

    assert numbers(line) == [1, 2]


@in_hall()
async def test_a_database_that_is_away_is_waited_for_and_nobody_is_hung_up_on(hall: Hall) -> None:
    hall.store.is_away = True
    _, line = hall.join()
    hall.store.publish()
    await until(lambda: hall.relay.rooms[ROOM].reading is not None)
    hall.store.is_away = False

    await until(lambda: numbers(line))

    assert numbers(line) == [1]
    assert not line.is_over


@in_hall()
async def test_an_event_that_did_not_come_along_keeps_its_place(hall: Hall) -> None:
    _, line = hall.join()
    await until(lambda: hall.relay.rooms[ROOM].last_read is not None)
    hall.store.publish()
    hall.store.publish(along=False)
    hall.store.publish()

    await until(lambda: len(numbers(line)) == 3)

    assert numbers(line) == [1, 2, 3]


@in_hall()
async def test_what_was_swept_before_it_was_read_means_reload_for_those_who_need_it(hall: Hall) -> None:
    for _ in range(6):
        hall.store.publish()
    hall.store.swept = 4

    _, behind = hall.join(since=2)
    _, near = hall.join(since=5)
    await until(lambda: numbers(behind) and numbers(near))

    assert "event: reload" in text(behind)
    assert numbers(near) == [6]


@in_hall()
async def test_events_swept_while_a_room_was_open_make_everybody_reload(hall: Hall) -> None:
    _, line = hall.join()
    await until(lambda: hall.relay.rooms[ROOM].last_read is not None)
    hall.store.publish()
    await until(lambda: numbers(line))
    hall.store.is_deaf = True
    for _ in range(3):
        hall.store.publish()
    hall.store.swept = 4
    hall.store.is_deaf = False
    hall.store.publish()

    await until(lambda: 5 in numbers(line))

    assert text(line).count("event: reload") == 1
    assert numbers(line) == [1, 4, 5]


@in_hall()
async def test_what_comes_while_a_fan_out_runs_goes_out_together_in_the_next(hall: Hall) -> None:
    lines = [hall.join()[1] for _ in range(350)]
    await until(lambda: hall.relay.rooms[ROOM].last_read is not None)
    hall.store.publish()
    await until(lambda: all(numbers(line) for line in lines))
    before = [len(line.written) for line in lines]

    for _ in range(50):
        hall.store.publish()
    await until(lambda: all(len(numbers(line)) == 51 for line in lines))

    assert all(numbers(line) == [*range(1, 52)] for line in lines)
    assert max(len(line.written) - old for line, old in zip(lines, before, strict=True)) <= 2


@in_hall()
async def test_a_fan_out_rests_as_long_as_it_was_before_the_next(hall: Hall) -> None:
    lines = [hall.join()[1] for _ in range(1_500)]
    await until(lambda: hall.relay.rooms[ROOM].last_read is not None)
    slow, last = lines[0], lines[-1]
    slow.takes_s = 0.2

    hall.store.publish()
    await until(lambda: numbers(slow))
    hall.store.publish()  # while the first goes out
    await until(lambda: numbers(last))
    over_s = time.monotonic()
    await asyncio.sleep(0.1)
    hall.store.publish()  # while it rests
    await until(lambda: 2 in numbers(slow))

    assert time.monotonic() - over_s >= 0.4  # a rest and the slow line again
    await until(lambda: all(numbers(line) == [1, 2, 3] for line in lines))
    assert len(last.written) == len(slow.written) == 3  # the greeting, the first, and two together


@in_hall()
async def test_people_who_come_in_the_middle_of_a_fan_out_get_each_event_once(hall: Hall) -> None:
    lines = [hall.join()[1] for _ in range(250)]
    await until(lambda: hall.relay.rooms[ROOM].last_read is not None)
    for turn in range(60):
        hall.store.publish()
        if turn % 3 == 0:
            lines.append(hall.join(since=turn // 2)[1])
        await asyncio.sleep(0)

    await until(lambda: all(60 in numbers(line) for line in lines))

    for index, line in enumerate(lines):
        since = 0 if index < 250 else (index - 250) * 3 // 2
        assert numbers(line) == [*range(since + 1, 61)]


@in_hall()
async def test_other_work_gets_its_turn_between_the_slices_of_a_fan_out(hall: Hall) -> None:
    lines = [hall.join()[1] for _ in range(1_000)]
    await until(lambda: hall.relay.rooms[ROOM].last_read is not None)
    hall.store.publish()
    done: list[int] = []

    while len(done) < 1_000:
        await asyncio.sleep(0)
        done = [index for index, line in enumerate(lines) if numbers(line)]
        if 0 < len(done) < 1_000:
            return
    pytest.fail("the whole hall was served in one turn")


@in_hall(ping_s=0.01)
async def test_a_quiet_line_shows_life_with_the_latest_number_and_the_clock(hall: Hall) -> None:
    _, line = hall.join()
    hall.store.publish("console")

    await until(lambda: "event: ping" in text(line) and 1 in numbers(line))

    assert '{"now": ' in text(line)


@in_hall(ping_s=0.01)
async def test_a_ticket_that_ends_while_the_page_listens_is_renewed(hall: Hall) -> None:
    _, line = hall.join(expires_s=time.time() - 1)

    await until(lambda: line.is_over)

    assert "event: expired" in text(line)


@in_hall(presence_s=0.01)
async def test_the_console_hears_how_many_are_connected(hall: Hall) -> None:
    _, console = hall.join(audience="console")
    hall.join(hint="7")
    hall.join(hint="7")
    anna, _ = hall.join(hint="8")
    await until(lambda: '{"count": 2}' in text(console))
    assert hall.store.present == {(ROOM, "7"), (ROOM, "8")}

    anna.connection_lost(None)
    await until(lambda: '{"count": 1}' in text(console))

    assert hall.store.present == {(ROOM, "7")}


@in_hall(presence_s=0.01)
async def test_presence_is_written_anew_after_the_database_was_away(hall: Hall) -> None:
    _, console = hall.join(audience="console")
    hall.join(hint="7")
    await until(lambda: hall.store.present)
    hall.store.is_away = True
    hall.store.present = set()
    await asyncio.sleep(0.05)

    hall.store.is_away = False
    await until(lambda: hall.store.present)

    assert '{"count": 1}' in text(console)


@in_hall(streams=2)
async def test_a_full_process_has_no_room_and_has_it_again(hall: Hall) -> None:
    anna, _ = hall.join()
    hall.join()
    assert not hall.relay.has_room_for("dialogue:2")

    anna.connection_lost(None)

    assert hall.relay.has_room_for("dialogue:2")


@in_hall(presence_s=0.01, keep_room_s=0)
async def test_a_room_that_nobody_needs_is_forgotten(hall: Hall) -> None:
    anna, _ = hall.join()
    anna.connection_lost(None)

    await until(lambda: not hall.relay.rooms)


@in_hall()
async def test_a_reader_whose_buffer_is_full_is_let_go(hall: Hall) -> None:
    slow, line = hall.join()
    await until(lambda: hall.relay.rooms[ROOM].last_read is not None)

    slow.pause_writing()

    assert line.is_over
    assert hall.relay.cut == 1
