"""One open event stream, read with as little work as can be: the client must not be what is measured."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

Heard = Callable[[str, int | None, dict[str, Any]], None]


class Line(asyncio.Protocol):
    """Sends its request and tells each event's name, number and data; ``gone`` when the connection has ended."""

    def __init__(self, request: bytes, heard: Heard, gone: Callable[["Line"], None]) -> None:
        self._request, self._heard, self._gone = request, heard, gone
        self._raw = b""
        self._text = b""
        self._transport: asyncio.Transport | None = None
        self._is_over = False
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._is_over:  # hung up before it was through
            transport.abort()
            return
        transport.write(self._request)

    def hang_up(self) -> None:
        """Close it, also one that is still being opened."""
        self._is_over = True
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._raw += data
        if not self.is_open:
            head, end, rest = self._raw.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 200 " not in head.partition(b"\r\n")[0]:
                self.hang_up()
                return
            self.is_open, self._raw = True, rest
        while (end_of_size := self._raw.find(b"\r\n")) >= 0:
            size = int(self._raw[:end_of_size], 16)
            start, stop = end_of_size + 2, end_of_size + 2 + size
            if len(self._raw) < stop + 2:
                break
            self._text += self._raw[start:stop]
            self._raw = self._raw[stop + 2 :]
        *events, self._text = self._text.split(b"\n\n")
        for event in events:
            self._tell(event)

    def _tell(self, event: bytes) -> None:
        fields = dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line)
        name = fields.get(b"event", b"").decode()
        if name and name not in {"hello", "ping"}:
            number = fields.get(b"id")
            data = json.loads(fields.get(b"data", b"") or b"{}")
            self._heard(name, int(number) if number else None, data if isinstance(data, dict) else {})

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone(self)
