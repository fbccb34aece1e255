"""uvicorn's HTTP protocol, able to hand a connection over to the event streams.

One of ten thousand open streams costs a transport and a few hundred bytes: once the ticket is read, parser, scope, task
and response cycle are let go, and the stream writes to the transport itself (docs/explanation/live.md).
"""

import asyncio
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION: Final = "samspel"


class LiveProtocol(HttpToolsProtocol):
    """Puts ``hand_over`` into ``scope["extensions"]["samspel"]``."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"hand_over": self.hand_over}}

    def hand_over(self, protocol: asyncio.BaseProtocol) -> asyncio.Transport | None:
        """Give the connection to another protocol and forget it; None when the browser has gone already.

        For the request that is being answered, before anything was sent. uvicorn no longer counts the connection:
        who took it closes it.
        """
        transport = self.transport
        cycle = self.cycle
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
