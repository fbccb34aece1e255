"""How a live process hears what was published, and reads what it missed.

A :class:`Bus` carries notices and may lose them, for instance while it is reconnecting; the :class:`Ledger` is the
outbox in PostgreSQL and never does. The relay puts the two together by number.
"""

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, LiteralString, Protocol

import psycopg
from psycopg.conninfo import make_conninfo

from samspel.live.events import CHANNEL

logger = logging.getLogger(__name__)

# As in queries.ALIVE, kept apart so that this module asks nothing of Django.
ALIVE: Final = timedelta(seconds=20)
QUIET_S: Final = 10.0
PATIENCE_S: Final = 5.0
LONGEST_WAIT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Published:
    """An event as it lies in the outbox; ``data`` is JSON."""

    number: int
    name: str
    audiences: tuple[str, ...]
    data: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A room has reached a number. ``event`` is None when it was too big to come along."""

    room: str
    number: int
    event: Published | None


class Bus(Protocol):
    """Carries notices from whoever published to every live process."""

    async def run(self, heard: Callable[[Notice], None], linked: Callable[[], None]) -> None:
        """Call ``heard`` for each notice and ``linked`` each time the line is (again) there; until cancelled."""
        ...


class Ledger(Protocol):
    """What is kept: events by number, and who is connected."""

    async def latest(self, room: str, limit: int) -> tuple[int, list[Published]]:
        """The room's last number, and its latest events in order."""
        ...

    async def after(self, room: str, number: int, limit: int) -> list[Published]:
        """Events of the room that follow ``number``, in order."""
        ...

    async def lasts(self, rooms: Sequence[str]) -> Mapping[str, int]:
        """The last number of each room that has one."""
        ...

    async def tell_presence(
        self, process: str, come: Sequence[tuple[str, str]], gone: Sequence[tuple[str, str]], rooms: Sequence[str]
    ) -> Mapping[str, int]:
        """Write who came and went (room, hint), say that this process lives, give the count of hints per room."""
        ...

    async def forget(self, process: str) -> None:
        """This process goes: its presence too, and what processes left that died without a word."""
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...


class PostgresBus:
    """LISTEN. Reconnects with a growing wait; a silent line is asked whether it is there."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = make_conninfo(conninfo, application_name="samspel-live-bus")

    async def run(self, heard: Callable[[Notice], None], linked: Callable[[], None]) -> None:
        wait_s = 0.05
        while True:
            try:
                async with await connect(self._conninfo) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    wait_s = 0.05
                    linked()
                    await self._listen(connection, heard)
            except (psycopg.Error, OSError, TimeoutError) as error:
                logger.warning("live: the database does not answer (%s); trying again", type(error).__name__)
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _listen(
        self, connection: psycopg.AsyncConnection[tuple[object, ...]], heard: Callable[[Notice], None]
    ) -> None:
        while True:
            async for notify in connection.notifies(timeout=QUIET_S):
                heard(read_notice(notify.payload))
            async with asyncio.timeout(PATIENCE_S):
                await connection.execute("SELECT 1")


def read_notice(payload: str | bytes) -> Notice:
    """The notice in a payload, as ``publish`` writes it: ``[number, room, name, audiences, data]``."""
    number, room, *rest = json.loads(payload)
    if not rest:
        return Notice(room, number, None)
    name, audiences, data = rest
    return Notice(room, number, Published(number, name, tuple(audiences), data))


async def connect(conninfo: str) -> psycopg.AsyncConnection[tuple[object, ...]]:
    """An autocommit connection, given up after some seconds."""
    async with asyncio.timeout(PATIENCE_S):
        return await psycopg.AsyncConnection.connect(conninfo, autocommit=True)


class PostgresLedger:
    """The outbox, over one connection that is opened when needed and thrown away when it fails."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = make_conninfo(conninfo, application_name="samspel-live-ledger")
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._lock = asyncio.Lock()

    async def latest(self, room: str, limit: int) -> tuple[int, list[Published]]:
        # One statement, one snapshot. The room's own number counts when its events were swept.
        rows = await self._rows(
            "SELECT last, NULL, NULL, NULL FROM live_room WHERE name = %(room)s UNION ALL ("
            "  SELECT number, name, audiences, data FROM live_outbox WHERE room = %(room)s"
            "  ORDER BY number DESC LIMIT %(limit)s)",
            {"room": room, "limit": limit},
        )
        events = sorted((_published(row) for row in rows if row[1] is not None), key=lambda event: event.number)
        return max((_whole(row[0]) for row in rows), default=0), events

    async def after(self, room: str, number: int, limit: int) -> list[Published]:
        rows = await self._rows(
            "SELECT number, name, audiences, data FROM live_outbox WHERE room = %s AND number > %s"
            " ORDER BY number LIMIT %s",
            (room, number, limit),
        )
        return [_published(row) for row in rows]

    async def lasts(self, rooms: Sequence[str]) -> Mapping[str, int]:
        rows = await self._rows("SELECT name, last FROM live_room WHERE name = ANY(%s)", (list(rooms),))
        return {str(name): _whole(last) for name, last in rows}

    async def tell_presence(
        self, process: str, come: Sequence[tuple[str, str]], gone: Sequence[tuple[str, str]], rooms: Sequence[str]
    ) -> Mapping[str, int]:
        rows = await self._rows(
            "WITH me AS ("
            "  INSERT INTO live_process (name, seen_at) VALUES (%(process)s, now())"
            "  ON CONFLICT (name) DO UPDATE SET seen_at = now()"
            "), gone AS ("
            "  DELETE FROM live_presence p USING unnest(%(gone_rooms)s::text[], %(gone)s::text[]) AS g (room, hint)"
            "  WHERE p.process = %(process)s AND p.room = g.room AND p.hint = g.hint"
            "), come AS ("
            "  INSERT INTO live_presence (room, process, hint)"
            "  SELECT room, %(process)s, hint FROM unnest(%(come_rooms)s::text[], %(come)s::text[]) AS c (room, hint)"
            "  ON CONFLICT DO NOTHING"
            ") SELECT 1",
            {
                "process": process,
                "gone_rooms": [room for room, _ in gone],
                "gone": [hint for _, hint in gone],
                "come_rooms": [room for room, _ in come],
                "come": [hint for _, hint in come],
            },
        )
        rows = await self._rows(
            "SELECT room, count(DISTINCT hint) FROM live_presence p JOIN live_process l ON l.name = p.process"
            " WHERE room = ANY(%s) AND l.seen_at > now() - %s GROUP BY room",
            (list(rooms), ALIVE),
        )
        return {str(room): _whole(count) for room, count in rows}

    async def forget(self, process: str) -> None:
        await self._rows(
            "WITH dead AS (DELETE FROM live_process WHERE name = %s OR seen_at < now() - %s RETURNING name)"
            " DELETE FROM live_presence WHERE process = %s OR process IN (SELECT name FROM dead) RETURNING 1",
            (process, 3 * ALIVE, process),
        )

    async def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._connection.close()
            self._connection = None

    async def _rows(
        self, query: LiteralString, parameters: Sequence[object] | Mapping[str, object]
    ) -> list[tuple[object, ...]]:
        async with self._lock:
            if self._connection is None:
                self._connection = await connect(self._conninfo)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    cursor = await self._connection.execute(query, parameters)
                    return await cursor.fetchall()
            except BaseException:
                await self.close()
                raise


def _published(row: tuple[object, ...]) -> Published:
    number, name, audiences, data = row
    return Published(_whole(number), str(name), tuple(audiences), str(data))  # type: ignore[arg-type]


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
