"""Pages in threads beside the streams: read whole, answered whole, and nobody's slowness holds a thread."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from samspel.live.pages import Pages, Turns, room_of
from tests.live.house import Site, request, running

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def ask(
    application: Application,
    *parts: bytes,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    path: str = "/notes",
    is_gone: bool = False,
    sent: list[dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """One request, its body in these parts; what the server is told to send."""
    came = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    came.append({"type": "http.disconnect"} if is_gone else {"type": "http.request", "body": b"", "more_body": False})
    sent = [] if sent is None else sent

    async def receive() -> dict[str, Any]:
        return came.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"a=%C3%B6",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("localhost", 8000),
        "client": ("10.0.0.7", 4711),
        "headers": headers,
    }
    asyncio.run(Pages(application, threads=1)(scope, receive, send))
    return sent


def body_of(sent: list[dict[str, Any]]) -> bytes:
    return b"".join(message["body"] for message in sent[1:])


def echo(environ: Environ, start: Callable[..., Any]) -> list[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))]


def seen(environ: Environ) -> Callable[[Environ, Callable[..., Any]], list[bytes]]:
    def application(asked: Environ, start: Callable[..., Any]) -> list[bytes]:
        environ.update(asked)
        return echo(asked, start)

    return application


def test_a_body_in_pieces_is_read_whole() -> None:
    sent = ask(echo, b"en ", b"tanke", headers=((b"content-length", b"8"),))

    assert sent[0] == {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
    assert body_of(sent) == b"en tanke"


def test_a_body_in_chunks_has_its_length_by_the_time_it_is_read() -> None:
    assert body_of(ask(echo, b"en tanke", headers=((b"transfer-encoding", b"chunked"),))) == b"en tanke"


def test_a_large_body_arrives_and_a_larger_one_is_refused() -> None:
    megabytes = [b"x" * 2**20] * 3
    length = ((b"content-length", str(3 * 2**20).encode()),)

    assert body_of(ask(echo, *megabytes, headers=length)) == b"".join(megabytes)
    assert ask(echo, headers=((b"content-length", b"99999999"),))[0]["status"] == 413
    assert ask(echo, *megabytes * 9)[0]["status"] == 413


def test_nothing_is_done_for_one_who_left_in_the_middle() -> None:
    asked: Environ = {}

    assert ask(seen(asked), b"halvt", is_gone=True) == []
    assert asked == {}


def test_a_request_is_described_as_wsgi_wants_it() -> None:
    asked: Environ = {}

    ask(
        seen(asked),
        path="/m/ö",
        headers=(
            (b"host", b"example.se"),
            (b"x-forwarded-for", b"1.1.1.1"),
            (b"x-forwarded-for", b"2.2.2.2"),
            (b"x_forwarded_for", b"6.6.6.6"),
        ),
    )

    assert asked["PATH_INFO"].encode("latin-1").decode() == "/m/ö"
    assert asked["QUERY_STRING"] == "a=%C3%B6"
    assert asked["HTTP_HOST"] == "example.se"
    # A name with an underscore cannot pass for what a proxy says.
    assert asked["HTTP_X_FORWARDED_FOR"] == "1.1.1.1,2.2.2.2"
    assert asked["REMOTE_ADDR"] == "10.0.0.7"


def test_a_long_answer_is_made_in_one_thread_closed_there_and_sent_in_parts() -> None:
    made: list[int] = []
    closed: list[int] = []
    threads: set[int] = set()

    class Long:
        def __iter__(self) -> Iterator[bytes]:
            for number in range(8):
                made.append(number)
                threads.add(threading.get_ident())
                yield b"x" * 300_000

        def close(self) -> None:
            closed.append(len(made))
            threads.add(threading.get_ident())

    def application(environ: Environ, start: Callable[..., Any]) -> Long:
        start("200 OK", [])
        return Long()

    sent = ask(application)

    assert len(body_of(sent)) == 2_400_000
    assert len(sent) > 3
    assert closed == [8]
    # A connection to the database belongs to its thread.
    assert len(threads) == 1


def test_an_answer_that_fails_late_is_not_begun() -> None:
    def application(environ: Environ, start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [])
        yield b"x" * 3_000_000
        raise ZeroDivisionError

    sent: list[Any] = []
    with pytest.raises(ZeroDivisionError):
        ask(application, sent=sent)
    assert sent == []


def test_an_answer_that_fails_is_closed_and_the_failure_told() -> None:
    closed: list[bool] = []

    class Broken:
        def __iter__(self) -> Iterator[bytes]:
            raise ZeroDivisionError

        def close(self) -> None:
            closed.append(True)

    def application(environ: Environ, start: Callable[..., Any]) -> Broken:
        start("200 OK", [])
        return Broken()

    with pytest.raises(ZeroDivisionError):
        ask(application)
    assert closed == [True]


def test_phones_that_send_slowly_hold_no_thread(site_database: str, room: str) -> None:
    with running(site_database, SAMSPEL_THREADS="1") as site, ExitStack() as stack:
        for _ in range(20):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            slow.sendall(f"POST /say/{room} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n{{".encode())

        assert site.post(room) == 1


# ---------------------------------------------------------------- turns


def ordered(threads: int, *asked: str) -> list[str]:
    """The rooms in the order they were served, when the first takes a thread and the others come before it is done."""
    served: list[str] = []
    gate = threading.Event()

    def work(room: str) -> None:
        gate.wait(10)
        served.append(room)

    async def run() -> None:
        turns = Turns(threads)
        tasks = [asyncio.create_task(turns.run(room, work, room)) for room in asked]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())
    return served


def test_a_room_that_floods_delays_itself_and_the_others_take_their_turn() -> None:
    served = ordered(1, *["m/1"] * 50, "m/2", "m/3", "m/2", "m/3")

    assert served[:7] == ["m/1", "m/1", "m/2", "m/3", "m/1", "m/2", "m/3"]
    assert len(served) == 54


def test_one_room_never_has_all_the_threads() -> None:
    gate = threading.Event()
    at_work: list[str] = []

    def work(room: str) -> None:
        at_work.append(room)
        gate.wait(10)

    async def run() -> list[str]:
        turns = Turns(4)
        tasks = [asyncio.create_task(turns.run(room, work, room)) for room in [*["m/1"] * 6, "m/2"]]
        async with asyncio.timeout(10):
            while len(at_work) < 4:
                await asyncio.sleep(0.001)
        first = [*at_work]
        gate.set()
        await asyncio.gather(*tasks)
        return first

    assert sorted(asyncio.run(run())) == ["m/1", "m/1", "m/1", "m/2"]
    assert len(at_work) == 7


def test_one_who_leaves_the_queue_gives_the_turn_to_the_next() -> None:
    gate = threading.Event()

    async def run() -> list[object]:
        turns = Turns(1)
        first = asyncio.create_task(turns.run("m/1", gate.wait, 10))
        leaving = [asyncio.create_task(turns.run("m/1", gate.wait, 10)) for _ in range(2)]
        last = asyncio.create_task(turns.run("m/2", lambda: "served"))
        await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
        gate.set()
        return await asyncio.gather(first, last)

    assert asyncio.run(run()) == [True, "served"]


@pytest.mark.parametrize(
    ("path", "room"),
    [
        ("/m/482913/notes", "m/482913"),
        ("/m/482913/", "m/482913"),
        ("/b/482913/press", "m/482913"),
        ("/dialogues/7/lead", "dialogues/7"),
        ("/m/", ""),
        ("/", ""),
        ("/account", ""),
    ],
)
def test_a_meeting_is_a_room(path: str, room: str) -> None:
    assert room_of(path) == room


def test_many_at_once_are_all_answered(site: Site, room: str) -> None:
    got: list[int] = []
    threads = [threading.Thread(target=lambda: got.append(request(site.port, "GET", "/write/1")[0])) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got == [200] * 40
