"""``GET /live/<room>?ticket=…[&since=N]``: server-sent events, raw ASGI under ``samspel.live.protocol.LiveProtocol``.

The ticket is checked without the database and the connection is handed to the relay. ``GET /live/health`` answers 200.
"""

import asyncio
import gc
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs

from django.conf import settings
from psycopg.conninfo import make_conninfo

from samspel.core.numbers import number_of
from samspel.live.bus import PostgresBus, PostgresLedger
from samspel.live.protocol import EXTENSION, OPEN_STREAM
from samspel.live.relay import Limits, Relay, Stream, frame
from samspel.live.tickets import Ticket, TicketError, read_ticket

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
PREFIX: Final = "/live/"
_WITH_BODY: Final = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})

logger = logging.getLogger(__name__)


def database_conninfo() -> str:
    """Django's database as a libpq connection string."""
    database: dict[str, Any] = settings.DATABASES["default"]
    given = {
        **{key: value for key, value in database.get("OPTIONS", {}).items() if isinstance(value, str | int)},
        "dbname": database["NAME"],
        "user": database.get("USER"),
        "password": database.get("PASSWORD"),
        "host": database.get("HOST"),
        "port": database.get("PORT"),
    }
    return make_conninfo("", **{key: value for key, value in given.items() if value})


class LiveApplication:
    """The streams of one process. ``make_relay`` is called when the loop runs."""

    def __init__(self, make_relay: Callable[[], Relay]) -> None:
        self._make_relay = make_relay
        self.relay: Relay | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, send)
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        scope.get("state", {})[OPEN_STREAM] = self.open_stream
        self.relay = self._make_relay()
        await self.relay.start()
        # What is loaded by now stays; the collector need not look through it every time.
        gc.collect()
        gc.freeze()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.relay.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, send: Send) -> None:
        relay = self.relay
        if relay is None or EXTENSION not in scope.get("extensions", {}):
            logger.error("live: started without its protocol class or lifespan; use samspel serve")
            return await _refuse(send, 500, "streams are not served here")
        path: str = scope["path"]
        if not path.startswith(PREFIX):
            return await _refuse(send, 404, "streams only")
        room = path.removeprefix(PREFIX)
        if scope["method"] != "GET":
            return await _refuse(send, 405, "GET only", (b"allow", b"GET"))
        if room == "health":
            return await _refuse(send, 200, "ok")
        if scope["http_version"] == "1.0":
            return await _refuse(send, 426, "the proxy must speak HTTP/1.1 (nginx: proxy_http_version 1.1)")
        try:
            ticket, since = _asked(room, scope["query_string"], scope["headers"])
        except TicketError as error:
            return await _refuse(send, 403, str(error))
        if not relay.has_room_for(room):
            return await _refuse(send, 503, "full; try again", (b"retry-after", b"%d" % random.randint(2, 10)))
        stream = Stream(relay, ticket)
        transport = scope["extensions"][EXTENSION]["hand_over"](stream)
        if transport is not None:
            _begin(relay, stream, transport, ticket, since)

    def open_stream(self, transport: asyncio.Transport, head: bytes) -> bool:
        """Open the stream that a whole request head asks for; False, and nothing done, when it is to be answered else.

        Half the processor time of going through uvicorn, measured over 18,000 streams.
        """
        relay = self.relay
        line, *rest = head[: -len(b"\r\n\r\n")].split(b"\r\n")
        _, target, *version = line.split(b" ")
        path, _, query = target.partition(b"?")
        room = path.removeprefix(PREFIX.encode()).decode("latin-1")
        if relay is None or version != [b"HTTP/1.1"] or "%" in room or not relay.has_room_for(room):
            return False
        headers = [(name.lower(), value.strip()) for name, _, value in (row.partition(b":") for row in rest)]
        if any(name in _WITH_BODY for name, _ in headers):
            return False
        try:
            ticket, since = _asked(room, query, headers)
        except TicketError:
            return False
        stream = Stream(relay, ticket)
        transport.set_protocol(stream)
        _begin(relay, stream, transport, ticket, since)
        return True


def _asked(room: str, query_string: bytes, headers: Iterable[tuple[bytes, bytes]]) -> tuple[Ticket, int | None]:
    query = parse_qs(query_string.decode("latin-1"))
    ticket = read_ticket(query.get("ticket", [""])[0])
    if ticket.room != room:
        raise TicketError("a ticket for another room")
    since = query.get("since", [""])[0]
    for name, value in headers:
        if name == b"last-event-id":
            since = value.decode("latin-1")
    return ticket, number_of(since)


def _begin(relay: Relay, stream: Stream, transport: asyncio.Transport, ticket: Ticket, since: int | None) -> None:
    stream.begin(transport, relay.limits.buffer_bytes)
    if ticket.expires_s < time.time():
        stream.end(frame("expired", "{}"))
    else:
        relay.join(stream, ticket, since)


async def _refuse(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    body = text.encode()
    fixed = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})


def relay_from_settings() -> Relay:
    """A relay on Django's database, and on Redis where there is one."""
    conninfo = database_conninfo()
    limits = Limits(streams=settings.LIVE_STREAMS, streams_per_room=settings.LIVE_STREAMS_PER_ROOM)
    ledger = PostgresLedger(conninfo)
    if not settings.LIVE_BUS:
        return Relay(PostgresBus(conninfo), ledger, limits)
    # Part of an extra (samspel[redis]).
    from samspel.live.redis_bus import CHECK_S, RedisBus

    return Relay(RedisBus(settings.LIVE_BUS), ledger, replace(limits, check_s=CHECK_S))


app = LiveApplication(relay_from_settings)
