"""Killed at random moments, each alone: the database with all its processes, the live process, the whole site."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from samspel.core.embedded_postgres import Server, ensure_running, keep_running, processes, stop
from samspel.live.tickets import issue_ticket
from tests.live.conftest import migrate
from tests.live.house import ROOT, Phone, environment_for, request, running
from tests.waiting import is_alive, wait_until

BUSES = ("postgresql", "redis")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("bus")]
ROOM = "dialogue:1"


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory, bus: str) -> Iterator[Server]:
    """A database server of our own, to be killed."""
    server = ensure_running(tmp_path_factory.mktemp("database"))
    migrate(server.url)
    yield server
    stop(server, even_if_used=True)


def kill_database(server: Server) -> None:
    for pid in processes(server):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    wait_until(lambda: not processes(server))


class Takes(Protocol):
    """Where posts go."""

    def post(self, room: str) -> int: ...


class Writer(threading.Thread):
    """Posts one after the other, each until it is acknowledged; keeps the numbers it was given."""

    def __init__(self, site: Takes, room: str) -> None:
        super().__init__(daemon=True)
        self.site = site
        self.room = room
        self.acknowledged: list[int] = []
        self.refused = 0
        self.is_over = threading.Event()

    def run(self) -> None:
        while not self.is_over.is_set():
            try:
                self.acknowledged.append(self.site.post(self.room))
            except OSError:
                self.refused += 1
                self.is_over.wait(0.02)

    def end(self) -> list[int]:
        self.is_over.set()
        self.join(30)
        return self.acknowledged


def listen_through(phone: Phone, until_number: int) -> list[int]:
    """What a page hears that comes back whenever its line breaks."""
    heard: list[int] = []
    deadline = time.monotonic() + 60
    while not heard or heard[-1] < until_number:
        assert time.monotonic() < deadline, f"heard {len(heard)}, the last {heard[-1:]} of {until_number}"
        try:
            for event in phone.events(within_s=10):
                assert event.name != "reload"
                if event.name == "note":
                    heard.append(event.number or 0)
                    if event.number == until_number:
                        break
        except TimeoutError:
            pass
        if heard and heard[-1] >= until_number:
            break
        phone.since = heard[-1] if heard else 0
        phone.open()
    return heard


def test_the_database_is_killed_and_everything_goes_on_by_itself(durable: Server) -> None:
    with running(durable.url) as site:
        anna = Phone(site.port, ROOM, issue_ticket(ROOM, "person"), since=0).open()
        writers = [Writer(site, ROOM) for _ in range(3)]
        for writer in writers:
            writer.start()
        anna.collect(20)

        for _ in range(3):
            before = [len(writer.acknowledged) for writer in writers]
            kill_database(durable)
            durable = keep_running(durable)
            wait_until(
                lambda before=before: all(len(w.acknowledged) > n + 5 for w, n in zip(writers, before, strict=True))
            )
        acknowledged = sorted(number for writer in writers for number in writer.end())
        heard = [*range(1, 21), *listen_through(anna, acknowledged[-1])]

        assert sum(writer.refused for writer in writers) > 0
        assert len(set(acknowledged)) == len(acknowledged)
        # What was written but not acknowledged may be there too; nothing is missing, twice, or out of order.
        assert heard == [*range(1, heard[-1] + 1)]
        assert set(acknowledged) <= set(heard)


def test_a_stream_outlives_the_database(durable: Server) -> None:
    room = "dialogue:2"
    with running(durable.url) as site:
        anna = Phone(site.port, room, issue_ticket(room, "person"), since=0).open()
        site.post(room)
        anna.collect(1)

        kill_database(durable)
        bertil = Phone(site.port, room, issue_ticket(room, "person"), since=0).open()
        other = Phone(site.port, "dialogue:3", issue_ticket("dialogue:3", "person"), since=0).open()
        keep_running(durable)
        writer = Writer(site, room)
        writer.start()
        wait_until(lambda: writer.acknowledged)
        writer.end()

        assert (bertil.status, other.status) == (200, 200)
        assert anna.collect(1)[0].number == 2
        assert [one.number for one in bertil.collect(2)] == [1, 2]


def test_a_page_says_try_again_while_the_database_is_away_and_works_again_after(
    durable: Server, tmp_path: Path
) -> None:
    whole = {"DJANGO_SETTINGS_MODULE": "samspel.config.settings", "SAMSPEL_VAR": str(tmp_path)}
    with psycopg.connect(durable.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE whole_site")
    url = durable.url.replace(f"/{durable.database}?", "/whole_site?")
    migrate(url, **whole)
    with running(url, **whole) as site:
        assert request(site.port, "GET", "/")[0] == 200

        kill_database(durable)
        status, page = request(site.port, "GET", "/")
        assert status == 503
        assert "försök igen" in page.decode()
        keep_running(durable)

        wait_until(lambda: request(site.port, "GET", "/")[0] == 200)


def test_the_site_is_killed_while_people_write_and_listen(durable: Server) -> None:
    room = "dialogue:4"
    with running(durable.url) as site:
        anna = Phone(site.port, room, issue_ticket(room, "person"), since=0).open()
        writers = [Writer(site, room) for _ in range(3)]
        for writer in writers:
            writer.start()
        for _ in range(3):
            before = [len(writer.acknowledged) for writer in writers]
            site.kill()
            site.start()
            wait_until(
                lambda before=before: all(len(w.acknowledged) > n + 5 for w, n in zip(writers, before, strict=True))
            )
        acknowledged = sorted(number for writer in writers for number in writer.end())

        heard = listen_through(anna, acknowledged[-1])

        assert heard == [*range(1, heard[-1] + 1)]
        assert set(acknowledged) <= set(heard)


SUPERVISED = """
import sys
from samspel.serve import serve
serve("127.0.0.1", int(sys.argv[1]), tasks=False, announce=lambda address: print(address, flush=True))
"""


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def supervisor(durable: Server) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, str(port)],
        env=environment_for(durable.url),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == f"http://127.0.0.1:{port}\n"
    yield process, port
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_supervisor_starts_again_what_dies(supervisor: tuple[subprocess.Popen[str], int]) -> None:
    process, port = supervisor
    assert request(port, "GET", "/live/health") == (200, b"ok")
    (child,) = children_of(process.pid)

    os.kill(child, signal.SIGKILL)

    # The listening socket is the supervisor's: nobody is refused, the answer comes when the child is back.
    wait_until(lambda: child not in children_of(process.pid))
    assert request(port, "GET", "/live/health") == (200, b"ok")


def test_the_supervisor_renews_its_children_without_refusing_anyone(
    supervisor: tuple[subprocess.Popen[str], int],
) -> None:
    process, port = supervisor
    assert request(port, "GET", "/live/health") == (200, b"ok")
    (child,) = children_of(process.pid)

    process.send_signal(signal.SIGHUP)

    wait_until(lambda: child not in children_of(process.pid))
    assert request(port, "GET", "/live/health") == (200, b"ok")


def test_a_child_that_cannot_start_leaves_the_one_before_it(durable: Server, tmp_path: Path) -> None:
    """An upgrade whose code does not load takes nothing down."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "upgraded.py").write_text("from samspel.live.application import app")
    command = f"""
import sys, samspel.serve as s
web = s._web
s._web = lambda name, listener, application: web(name, listener, "upgraded:app")
s.serve("127.0.0.1", {port}, tasks=False, announce=lambda address: print(address, flush=True))
"""
    environment = environment_for(durable.url)
    environment["PYTHONPATH"] += f":{tmp_path}"
    process = subprocess.Popen(
        [sys.executable, "-B", "-c", command], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert request(port, "GET", "/live/health") == (200, b"ok")
        (child,) = children_of(process.pid)
        (tmp_path / "upgraded.py").write_text("raise SystemExit(3)")

        process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(children_of(process.pid)) == 2)
        wait_until(lambda: children_of(process.pid) == [child])

        assert request(port, "GET", "/live/health") == (200, b"ok")
    finally:
        process.terminate()
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()


def test_the_supervisor_ends_in_order(supervisor: tuple[subprocess.Popen[str], int]) -> None:
    process, port = supervisor
    assert request(port, "GET", "/live/health") == (200, b"ok")
    (child,) = children_of(process.pid)

    process.terminate()

    assert process.wait(20) == 0
    assert not Path(f"/proc/{child}").exists()


def test_children_end_when_the_supervisor_is_killed(supervisor: tuple[subprocess.Popen[str], int]) -> None:
    process, port = supervisor
    assert request(port, "GET", "/live/health") == (200, b"ok")
    (child,) = children_of(process.pid)

    process.kill()

    wait_until(lambda: not is_alive(child))
