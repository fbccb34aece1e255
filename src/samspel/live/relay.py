"""Events to streams: numbered rooms with a ring of the latest, encoded once, written straight to the transports.

Everything here runs in one event loop and is called from it. Figures and reasons: docs/explanation/live.md.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import random
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import psycopg

from samspel.live.bus import Bus, Ledger, Notice, Published
from samspel.live.events import AUDIENCES
from samspel.live.tickets import Ticket

logger = logging.getLogger(__name__)

_SLICE: Final = 100
_LONGEST_REST_S: Final = 0.3
_READ_AT_ONCE: Final = 1_000
_HEADERS: Final = (
    b"HTTP/1.1 200 OK\r\n"
    b"content-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-store\r\n"
    b"x-accel-buffering: no\r\n"
    b"x-content-type-options: nosniff\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_LAST_CHUNK: Final = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process carries. A reader whose unread bytes pass ``buffer_bytes`` is cut off: it resumes by number."""

    streams: int = 14_000
    streams_per_room: int = 12_000
    ring: int = 512
    buffer_bytes: int = 256 * 1024
    ping_s: float = 15.0
    check_s: float = 5.0
    presence_s: float = 5.0
    keep_room_s: float = 120.0


def frame(name: str, data: str, number: int | None = None) -> bytes:
    """One server-sent event."""
    id_line = "" if number is None else f"id: {number}\n"
    return f"{id_line}event: {name}\ndata: {data}\n\n".encode()


def chunk(body: bytes) -> bytes:
    """A chunk of HTTP/1.1's chunked transfer."""
    return b"%x\r\n%b\r\n" % (len(body), body)


def _nowhere(data: bytes) -> None:
    """What a stream that has ended writes to."""


class Stream(asyncio.Protocol):
    """One browser's open line. It costs a transport and these fields."""

    __slots__ = ("channel", "expires_s", "hint", "relay", "transport", "write")

    def __init__(self, relay: "Relay", ticket: Ticket) -> None:
        self.relay = relay
        self.hint = ticket.hint
        self.expires_s = ticket.expires_s
        self.channel: Channel | None = None
        self.transport: asyncio.Transport | None = None
        self.write: Callable[[bytes], None] = _nowhere

    def begin(self, transport: asyncio.Transport, buffer_bytes: int) -> None:
        """Answer the request: from here on, events."""
        self.transport = transport
        self.write = transport.write
        transport.set_write_buffer_limits(high=buffer_bytes, low=0)
        retry_ms = random.randint(500, 2_000)
        self.write(_HEADERS + chunk(b"retry: %d\nevent: hello\ndata: {}\n\n" % retry_ms))

    def pause_writing(self) -> None:
        # A reader this slow is let go; nobody waits for it, and it resumes by number.
        self.relay.cut += 1
        if self.transport is not None:
            self.transport.abort()

    def resume_writing(self) -> None:
        pass

    def data_received(self, data: bytes) -> None:
        pass

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.write = _nowhere
        self.relay.leave(self)

    def end(self, last_words: bytes = b"") -> None:
        """Say the last and hang up."""
        if self.transport is not None and not self.transport.is_closing():
            self.write((chunk(last_words) if last_words else b"") + _LAST_CHUNK)
            self.transport.close()
        self.write = _nowhere


class Channel:
    """The streams of one room and audience, and the ring of what they were told."""

    def __init__(self, room: "Room", limits: Limits) -> None:
        self.room = room
        self.ring: deque[tuple[int, bytes]] = deque(maxlen=limits.ring)
        self.most_bytes = limits.buffer_bytes // 2
        # Every event after this number that concerns the audience is in the ring.
        self.floor = 0
        # In the order they came: the kernel finds neighbours faster than a heap of strangers.
        self.streams: dict[Stream, None] = {}
        self._newcomers: dict[Stream, int] = {}
        self._pending: list[bytes] = []
        self._is_running = False

    def add(self, number: int, body: bytes) -> None:
        """A new event: into the ring, and out with the next fan-out."""
        if len(self.ring) == self.ring.maxlen:
            self.floor = self.ring[0][0]
        self.ring.append((number, body))
        self.say(body)

    def say(self, body: bytes) -> None:
        """Something for all who listen now. What is said while a fan-out runs goes out together in the next."""
        if not self.streams:
            return
        self._pending.append(body)
        if not self._is_running:
            self._is_running = True
            asyncio.get_running_loop().call_soon(self._fan_out)

    def admit(self, stream: Stream, since: int | None) -> None:
        """Give the stream what it missed after ``since``, then let it listen. Too far behind: it is told to reload."""
        if since is not None:
            self._give_missed(stream, since)
        if self._pending:
            # Some of what waits for the next fan-out was just given to it.
            self._newcomers[stream] = self.room.last
        self.streams[stream] = None

    def _give_missed(self, stream: Stream, since: int) -> None:
        last = self.room.last
        if since == last:
            return
        bodies = [body for _, body in itertools.takewhile(lambda entry: entry[0] > since, reversed(self.ring))]
        missed = b"".join(reversed(bodies))
        # What would fill the reader's buffer at once is not sent: it would be cut off and come back for the same.
        if not self.floor <= since <= last or len(missed) > self.most_bytes:
            missed = frame("reload", "{}", last)
        if missed:
            stream.write(chunk(missed))

    def forget(self, number: int) -> None:
        """Events up to ``number`` are lost to us: everybody reloads."""
        self.ring.clear()
        self.floor = number
        self.say(frame("reload", "{}", number))

    def _fan_out(self) -> None:
        if not self._pending or not self.streams:
            self._pending.clear()
            self._newcomers.clear()
            self._is_running = False
            return
        body = chunk(b"".join(self._pending))
        self._pending.clear()
        newcomers, self._newcomers = self._newcomers, {}
        targets = [stream for stream in self.streams if stream not in newcomers] if newcomers else list(self.streams)
        for stream, seen in newcomers.items():
            self._give_missed(stream, seen)
        self._slice(targets, 0, body, asyncio.get_running_loop().time())

    def _slice(self, targets: list[Stream], start: int, body: bytes, began_s: float) -> None:
        loop = asyncio.get_running_loop()
        end = start + _SLICE
        for stream in targets[start:end]:
            stream.write(body)
        # A turn for everybody else: acknowledgements and new streams wait for a slice, not for a hall.
        if end < len(targets):
            loop.call_soon(self._slice, targets, end, body, began_s)
        elif self._pending:
            # In a storm the pages' threads get as long as the phones did: they commit more, and more goes out together.
            loop.call_later(min(loop.time() - began_s, _LONGEST_REST_S), self._fan_out)
        else:
            loop.call_soon(self._fan_out)


class Room:
    """A room that somebody listens to here, or did a moment ago."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        # None until the outbox has been read.
        self.last_read: int | None = None
        # The highest number that we know exists.
        self.wanted = 0
        self.channels = {audience: Channel(self, limits) for audience in AUDIENCES}
        self.waiting: list[tuple[Stream, Channel, int | None]] = []
        self.hints: Counter[str] = Counter()
        self.reading: asyncio.Task[None] | None = None
        self.empty_since = 0.0
        self.count = 0
        self.told_count = 0

    @property
    def last(self) -> int:
        return self.last_read or 0

    def tell(self, event: Published) -> None:
        """The next event in order."""
        self.last_read = event.number
        body = frame(event.name, event.data, event.number)
        for audience in event.audiences:
            channel = self.channels.get(audience)  # type: ignore[call-overload]
            if channel is not None:
                channel.add(event.number, body)


class Relay:
    """All rooms of one process: hears the bus, reads the ledger, keeps who is connected."""

    def __init__(self, bus: Bus, ledger: Ledger, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.name = secrets.token_hex(8)
        self.rooms: dict[str, Room] = {}
        self.count = 0
        self.cut = 0
        self.is_closing = False
        self._bus = bus
        self._ledger = ledger
        self._tasks: list[asyncio.Task[None]] = []
        # What the presence table says of this process, as (room, hint); None when it must be written anew.
        self._told: set[tuple[str, str]] | None = None

    # ------------------------------------------------------------ streams

    def has_room_for(self, room_name: str) -> bool:
        """Whether one more stream may open: one process and one room carry so many and no more."""
        if self.is_closing or self.count >= self.limits.streams:
            return False
        room = self.rooms.get(room_name)
        return room is None or room.count < self.limits.streams_per_room

    def join(self, stream: Stream, ticket: Ticket, since: int | None) -> None:
        """Let a stream that has begun listen; when the room is not known here yet, as soon as it has been read."""
        room = self.rooms.get(ticket.room)
        if room is None:
            room = self.rooms[ticket.room] = Room(ticket.room, self.limits)
        channel = room.channels[ticket.audience]
        stream.channel = channel
        self.count += 1
        room.count += 1
        if stream.hint:
            room.hints[stream.hint] += 1
        if room.last_read is None or (since is not None and since > room.last):
            # A phone that comes from another process may know more than we do yet.
            room.wanted = max(room.wanted, since or 0)
            room.waiting.append((stream, channel, since))
            self._read(room)
        else:
            channel.admit(stream, since)

    def leave(self, stream: Stream) -> None:
        """The browser has gone."""
        channel = stream.channel
        if channel is None:
            return
        stream.channel = None
        room = channel.room
        channel.streams.pop(stream, None)
        self.count -= 1
        room.count -= 1
        if stream.hint:
            room.hints[stream.hint] -= 1
            if room.hints[stream.hint] <= 0:
                del room.hints[stream.hint]
        if not room.count:
            room.empty_since = time.monotonic()

    # ------------------------------------------------------------ events

    def heard(self, notice: Notice) -> None:
        """A notice from the bus. A number out of turn means that some were missed: they are read."""
        room = self.rooms.get(notice.room)
        if room is None or notice.number <= room.last:
            return
        room.wanted = max(room.wanted, notice.number)
        if room.last_read is not None and room.reading is None and notice.event and notice.number == room.last + 1:
            room.tell(notice.event)
        else:
            self._read(room)

    def linked(self) -> None:
        """The bus is (again) there; anything may have been said meanwhile."""
        for room in self.rooms.values():
            self._read(room)

    def _read(self, room: Room) -> None:
        if room.reading is None and not self.is_closing:
            room.reading = asyncio.get_running_loop().create_task(self._catch_up(room))

    async def _catch_up(self, room: Room) -> None:
        wait_s = 0.05
        try:
            while True:
                try:
                    await self._read_once(room)
                    if room.wanted <= room.last and not room.waiting:
                        return
                except (psycopg.Error, OSError, TimeoutError) as error:
                    logger.warning("live: cannot read the outbox (%s); trying again", type(error).__name__)
                    await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
                    wait_s = min(wait_s * 2, 2.0)
        finally:
            room.reading = None

    async def _read_once(self, room: Room) -> None:
        wanted = room.wanted
        waiting = [*room.waiting]
        if room.last_read is None:
            last, events = await self._ledger.latest(room.name, self.limits.ring)
            floor = events[0].number - 1 if events else last
            for channel in room.channels.values():
                channel.floor = floor
            room.last_read = floor
        else:
            events = await self._ledger.after(room.name, room.last, _READ_AT_ONCE)
            last = 0
        if not events and wanted > room.last:
            last = (await self._ledger.lasts([room.name])).get(room.name, 0)
        self._apply(room, events)
        if len(events) == _READ_AT_ONCE:
            room.wanted = max(room.wanted, room.last + 1)
            return
        if last > room.last:
            self._skip(room, last)
        # What does not exist is not waited for: a stream that claims a higher number is told to reload.
        if room.wanted == wanted:
            room.wanted = room.last
        room.waiting = room.waiting[len(waiting) :]
        for stream, channel, since in waiting:
            if stream.channel is not None:
                channel.admit(stream, since)

    def _apply(self, room: Room, events: Iterable[Published]) -> None:
        for event in events:
            if event.number <= room.last:
                continue
            if event.number != room.last + 1:
                self._skip(room, event.number - 1)
            room.tell(event)

    def _skip(self, room: Room, number: int) -> None:
        room.last_read = number
        for channel in room.channels.values():
            channel.forget(number)

    # ------------------------------------------------------------ time

    async def start(self) -> None:
        """Begin to listen, ping and keep presence."""
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._bus.run(self.heard, self.linked)),
            loop.create_task(self._every(self.limits.ping_s, self._ping)),
            loop.create_task(self._every(self.limits.check_s, self._check)),
            loop.create_task(self._every(self.limits.presence_s, self._keep)),
        ]

    async def close(self) -> None:
        """Hang up on everybody (they come back by number), and take our presence away."""
        self.is_closing = True
        rooms = list(self.rooms.values())
        tasks = [*self._tasks, *(room.reading for room in rooms if room.reading is not None)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for room in rooms:
            for stream in [*(one for channel in room.channels.values() for one in channel.streams)]:
                stream.end()
            for stream, _, _ in room.waiting:
                stream.end()
        with contextlib.suppress(psycopg.Error, OSError, TimeoutError):
            await self._ledger.forget(self.name)
        await self._ledger.close()

    async def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while True:
            await asyncio.sleep(seconds)
            result = work()
            if asyncio.iscoroutine(result):
                await result

    def _ping(self) -> None:
        """A sign of life with the latest number and the server's clock; streams whose ticket has ended are let go."""
        now_s = time.time()
        for room in self.rooms.values():
            if room.last_read is None:
                continue
            body = frame("ping", json.dumps({"now": int(now_s * 1000)}), room.last)
            for channel in room.channels.values():
                for stream in [one for one in channel.streams if one.expires_s < now_s]:
                    stream.end(frame("expired", "{}"))
                channel.say(body)

    async def _check(self) -> None:
        """Numbers that no notice told."""
        try:
            lasts = await self._ledger.lasts([*self.rooms])
        except (psycopg.Error, OSError, TimeoutError) as error:
            logger.warning("live: the outbox is not checked (%s); trying again", type(error).__name__)
            return
        for name, last in lasts.items():
            room = self.rooms.get(name)
            if room is not None and last > room.last:
                room.wanted = max(room.wanted, last)
                self._read(room)

    async def _keep(self) -> None:
        """Who came and who went, rooms that nobody needs."""
        self._let_go_of_empty_rooms()
        try:
            await self._tell_presence()
        except (psycopg.Error, OSError, TimeoutError) as error:
            # The tables are unlogged: after a crash of the database they are empty.
            self._told = None
            logger.warning("live: presence is not written (%s); trying again", type(error).__name__)

    async def _tell_presence(self) -> None:
        if self._told is None:
            await self._ledger.forget(self.name)
        told = self._told or set()
        here = {(room.name, hint) for room in self.rooms.values() for hint in room.hints}
        self._told = None
        counts = await self._ledger.tell_presence(self.name, [*(here - told)], [*(told - here)], [*self.rooms])
        self._told = here
        for room in self.rooms.values():
            count = counts.get(room.name, 0)
            if room.told_count != count and room.last_read is not None:
                room.told_count = count
                body = frame("presence", json.dumps({"count": count}))
                room.channels["console"].say(body)
                room.channels["screen"].say(body)

    def _let_go_of_empty_rooms(self) -> None:
        oldest = time.monotonic() - self.limits.keep_room_s
        for room in [*self.rooms.values()]:
            if not room.count and not room.reading and room.empty_since < oldest:
                del self.rooms[room.name]
