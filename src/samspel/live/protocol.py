"""uvicorn's HTTP protocol, and a door in front of it where streams go in at once.

One of ten thousand open streams costs a transport and a few hundred bytes. A hall that reconnects opens them all in the
same second, so an ordinary request for a stream never meets uvicorn: :class:`Door` reads its few lines and gives the
connection to the relay. Whatever is not such a request goes to uvicorn as if the door were not there, also a stream's
that comes in pieces or is refused; that one is handed over by :class:`LiveProtocol` (docs/explanation/live.md).
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

EXTENSION: Final = "samspel"
# Of the lifespan's state: takes the transport and a whole request head; False when it is not for it.
OPEN_STREAM: Final = "open_stream"
OpenStream = Callable[[asyncio.Transport, bytes], bool]
# So many bytes may come that are neither a whole head nor a part of a body; nginx takes half as many.
_LONGEST_HEAD: Final = 64 * 1024
_TOO_LONG: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Door(asyncio.Protocol):
    """A connection of which nothing has been read yet; what uvicorn is given as its protocol class."""

    __slots__ = ("_connections", "_given", "_transport")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._given = (config, server_state, app_state, _loop)
        # Typed as uvicorn's own protocols; it only ever calls shutdown.
        self._connections = cast(set[Any], server_state.connections)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        config, server_state, app_state, loop = self._given
        transport = self._transport
        assert transport is not None
        self._connections.discard(self)
        if data.startswith(b"GET /live/") and data.find(b"\r\n\r\n") == len(data) - 4:
            open_stream: OpenStream | None = app_state.get(OPEN_STREAM)
            if open_stream is not None and open_stream(transport, data):
                return
        http = LiveProtocol(config, server_state, app_state, loop)
        transport.set_protocol(http)
        http.connection_made(transport)
        http.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)

    def shutdown(self) -> None:
        """uvicorn stops: who has asked for nothing is let go."""
        if self._transport is not None:
            self._transport.close()


class LiveProtocol(HttpToolsProtocol):
    """Puts ``hand_over`` into ``scope["extensions"]["samspel"]``, and reads no head that does not end."""

    _came = 0  # bytes since a head was whole or a part of a body was there

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        super().data_received(data)
        if self._came > _LONGEST_HEAD and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_TOO_LONG)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"hand_over": self.hand_over}}

    def on_headers_complete(self) -> None:
        self._came = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._came = 0
        super().on_body(body)

    def hand_over(self, protocol: asyncio.BaseProtocol) -> asyncio.Transport | None:
        """Give the connection to another protocol and forget it; None when the browser has gone already.

        For the request that is being answered, before anything was sent. uvicorn no longer counts the connection:
        who took it closes it.
        """
        transport = self.transport
        cycle = self.cycle
        if self.pipeline:  # somebody asks for more on a line that is to be a stream: no browser does
            transport.close()
        if cycle.disconnected or transport.is_closing():
            return None
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        cycle.response_started = cycle.response_complete = True
        transport.set_protocol(protocol)
        # The parser and the scope hold this object, and it holds them.
        cast(dict[str, object], self.scope).pop("extensions")
        self.parser = None  # type: ignore[assignment]
        self.cycle = None  # type: ignore[assignment]
        return transport
