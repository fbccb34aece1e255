"""However a request for a stream arrives, the same stream opens: at the door, or through uvicorn behind it."""

import asyncio
import contextlib
import socket
import time
from urllib.parse import quote

import pytest

from samspel.live.application import LiveApplication
from samspel.live.bus import PostgresBus, PostgresLedger
from samspel.live.relay import Relay
from samspel.live.tickets import issue_ticket
from tests.live.house import PATIENCE_S, Site


def head(room: str, *headers: str) -> bytes:
    ticket = quote(issue_ticket(room, "person"))
    return "\r\n".join([f"GET /live/{room}?ticket={ticket} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def say(site: Site, *pieces: bytes, until: bytes = b"event: hello") -> bytes:
    """Send the pieces one by one, and read until the words."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE_S) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        got = b""
        for piece in pieces:
            line.sendall(piece)
            time.sleep(0.05)
        while until not in got:
            part = line.recv(65536)
            if not part:
                raise ConnectionError(f"hung up after {got!r}")
            got += part
        return got


@pytest.mark.parametrize("cut", [1, 10, 40, -1])
def test_a_request_in_pieces(site: Site, room: str, cut: int) -> None:
    whole = head(room)

    assert say(site, whole[:cut], whole[cut:]).startswith(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream")


def test_a_stream_after_a_page_on_the_same_connection(site: Site, room: str) -> None:
    answer = say(site, b"GET /live/health HTTP/1.1\r\nHost: localhost\r\n\r\n", head(room))

    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_who_asks_for_more_than_a_stream_at_once_is_hung_up_on(site: Site, room: str) -> None:
    with pytest.raises(ConnectionError):
        say(site, head(room) + b"GET /live/health HTTP/1.1\r\nHost: localhost\r\n\r\n")


@pytest.mark.parametrize("header", ["content-length: 5", "Transfer-Encoding: chunked", "Expect: 100-continue"])
def test_a_request_that_announces_a_body_is_uvicorns_matter(site: Site, room: str, header: str) -> None:
    assert b"200 OK" in say(site, head(room, header))


@pytest.mark.parametrize("line", ["GET /live/", "GET /live/?", "GET /live/x?ticket=1", "GET /live/%64:1?ticket="])
def test_what_is_no_stream_is_refused_as_before(site: Site, line: str) -> None:
    answer = say(site, f"{line} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), until=b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "line", [b"GET /live/", b"GET /live/ HTTP/1.1 more", b"GET /live/x HTTP/2", b"GET /live/\xff HTTP/1.1"]
)
def test_the_door_leaves_alone_what_it_does_not_understand(line: bytes) -> None:
    application = LiveApplication(lambda: Relay(PostgresBus(""), PostgresLedger("")))
    application.relay = Relay(PostgresBus(""), PostgresLedger(""))

    assert not application.open_stream(asyncio.Transport(), line + b"\r\n\r\n")


def test_a_connection_that_says_nothing_does_not_keep_the_process(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port)):
        began = time.monotonic()
        site.process.terminate()
        site.process.wait(PATIENCE_S)
        assert time.monotonic() - began < 3
        site.start()


BEGUN = b"POST /say/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [
        (b"GET /live/health HTTP/1.1\r\nHost: localhost\r\n", b"X-Long: " + b"h" * 8000 + b"\r\n"),
        (b"GET /live/health HTTP/1.1\r\nX-Long: ", b"h" * 8000),
        (b"GET /live/", b"h" * 8000),
        (BEGUN + b"0\r\n", b"X-Long: " + b"h" * 8000 + b"\r\n"),
        (BEGUN + b"1;", b"h" * 8000),
    ],
    ids=["head", "header", "address", "trailer", "chunk"],
)
def test_what_is_no_body_and_does_not_end_is_not_read_on(site: Site, begins: bytes, goes_on: bytes) -> None:
    """The whole house stood still while one such head of 200 MB was put together."""
    sent, got = 0, b""
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE_S) as line:
        line.sendall(begins)
        with contextlib.suppress(ConnectionError):
            while sent < 20_000_000:
                line.sendall(goes_on)
                sent += len(goes_on)
        with contextlib.suppress(ConnectionError):
            got = line.recv(65536)

    assert sent < 20_000_000
    assert got.startswith(b"HTTP/1.1 431") or not got
    assert b"200 OK" in say(site, b"GET /live/health HTTP/1.1\r\nHost: localhost\r\n\r\n", until=b"ok")


def test_a_long_address_and_many_headers_are_still_read(site: Site) -> None:
    headers = b"".join(b"X-%d: %s\r\n" % (number, b"h" * 400) for number in range(100))

    answer = say(
        site, b"GET /live/health?" + b"a" * 8000 + b" HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n", until=b"ok"
    )

    assert b"200 OK" in answer
