"""The made-up phone that `samspel load` brings: what a real one does when the server goes away."""

import asyncio
import socket
from typing import Any, cast

import httpx
import pytest

from samspel.demo import phone
from samspel.demo.browser import Browser, Radio
from samspel.demo.figures import Figures

PAGE = '<body data-live="/live/dialogue:1" data-live-ticket="first" data-live-since="7">'


class Pages:
    """A server whose pages come, whatever becomes of its lines."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    async def fetch(self, address: str) -> httpx.Response:
        return httpx.Response(200, text='{"ticket": "second"}' if address.endswith("ticket") else PAGE)


def test_a_line_that_cannot_be_opened_with_its_page_is_opened_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone, "_AGAIN_S", 0.01)

    async def story(door: socket.socket) -> tuple[bytes, Figures]:
        address, figures = "http://{}:{}".format(*door.getsockname()), Figures()
        one = phone.Phone(1, cast(Browser, Pages()), Radio(), address, "123456", figures)
        await cast(Any, one)._load()
        asked: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        left = asyncio.Event()

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.set_result(await reader.readline())
            await reader.read()
            writer.close()
            left.set()

        async with await asyncio.start_server(listen, sock=door):
            line = await asyncio.wait_for(asked, 10)
            one.leave()
            await left.wait()
            return line, figures

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))  # nobody answers until it is listened at
        line, figures = asyncio.run(story(door))

    assert line == b"GET /live/dialogue:1?ticket=second&since=7 HTTP/1.1\r\n"
    assert figures.failed == {}
