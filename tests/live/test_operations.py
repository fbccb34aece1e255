"""The configurations of docs/operations before `samspel serve --workers`: pages, streams, one process renewed."""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from samspel.live.tickets import issue_ticket
from tests.live.house import ROOT, Phone, environment_for, post, request
from tests.live.test_survives import Writer, children_of
from tests.waiting import wait_until

BUSES = ("postgresql", "redis")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("bus")]
OPERATIONS = ROOT / "docs" / "operations"

SERVE = """
import sys
from samspel.serve import serve
tell = lambda address: print(address, flush=True)
serve("127.0.0.1", int(sys.argv[1]), 2, live_processes=2, tasks=False, announce=tell)
"""


@pytest.fixture(scope="module")
def many(site_database: str, bus: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Pages at a port, streams at the two that follow."""
    port = three_free_ports()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port)],
        env=environment_for(site_database),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == f"http://127.0.0.1:{port}\n"
    wait_until(lambda: answers(port) and answers(port + 1) and answers(port + 2))
    yield process, port
    process.terminate()
    process.wait(30)
    process.stdout.close()


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, many: tuple[subprocess.Popen[str], int], tmp_path: Path) -> Iterator[int]:
    """The proxy's port; its configuration is the documented one with ports and folders of the test."""
    program = shutil.which(request.param, path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip(f"not run: {request.param} is not installed (apt-get install {request.param})")
    port = free_port()
    command = (
        nginx(program, port, many[1], tmp_path) if request.param == "nginx" else caddy(program, port, many[1], tmp_path)
    )
    home = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=home)
        wait_until(lambda: answers(port))
        yield port
        # Caddy would wait for every open stream; a killed nginx would leave its workers.
        process.send_signal(signal.SIGTERM if request.param == "nginx" else signal.SIGKILL)
        process.wait(30)


def nginx(program: str, port: int, first: int, folder: Path) -> list[str]:
    text = moved((OPERATIONS / "samspel.nginx.conf").read_text(), first)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("/var/log/nginx", str(folder))
    paths = "".join(
        f"{what}_temp_path {folder}/{what};" for what in ("proxy", "fastcgi", "uwsgi", "scgi", "client_body")
    )
    user = "user root;" if os.getuid() == 0 else ""
    whole = (
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ {paths}\n{text}\n}}"
    )
    (folder / "nginx.conf").write_text(whole)
    return [program, "-c", str(folder / "nginx.conf"), "-p", str(folder)]


def caddy(program: str, port: int, first: int, folder: Path) -> list[str]:
    text = moved((OPERATIONS / "Caddyfile").read_text(), first)
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text.replace("samspel.example.se", f"http://:{port}"))
    return [program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def moved(text: str, first: int) -> str:
    """The configuration with our ports instead of 8000, 8001, 8002."""
    return re.sub(r"127\.0\.0\.1:800(\d)", lambda found: f"127.0.0.1:{first + int(found[1])}", text)


def test_pages_and_streams_pass_the_proxy_at_once(proxy: int, room: str) -> None:
    anna = Phone(proxy, room, issue_ticket(room, "person"), since=0).open()
    anna.until("hello")

    begin = time.monotonic()
    numbers = [post(proxy, room) for _ in range(20)]
    heard = [event.number for event in anna.collect(20)]

    assert numbers == heard == [*range(1, 21)]
    assert time.monotonic() - begin < 10


def test_one_live_process_is_renewed_and_nothing_is_lost(
    proxy: int, many: tuple[subprocess.Popen[str], int], room: str
) -> None:
    supervisor, first = many
    people = [Phone(proxy, room, issue_ticket(room, "person"), since=0).open() for _ in range(6)]
    post(first, room)
    for one in people:
        one.collect(1)
    before = processes_of(supervisor.pid)["live"]

    os.kill(min(before), signal.SIGTERM)
    for _ in range(10):
        post(first, room)
    heard = [through(one, 11) for one in people]

    assert heard == [[*range(2, 12)]] * 6
    # The next test's phones must not meet the one that goes.
    wait_until(lambda: len(now := processes_of(supervisor.pid)["live"]) == 2 and min(before) not in now)
    wait_until(lambda: answers(first + 1) and answers(first + 2))


def test_everything_is_renewed_one_by_one_while_phones_listen_and_post(
    proxy: int, many: tuple[subprocess.Popen[str], int], room: str
) -> None:
    supervisor, _first = many
    writers = [Writer(Door(proxy), room) for _ in range(3)]
    people = [Phone(proxy, room, issue_ticket(room, "person"), since=0).open() for _ in range(12)]
    heard: dict[int, list[int]] = {}
    over = threading.Event()
    before = processes_of(supervisor.pid)
    assert (len(before["live"]), len(before["pages"])) == (2, 2)
    threads = [
        threading.Thread(target=lambda index=index: heard.update({index: listen(people[index], over)}))
        for index in range(len(people))
    ]
    for thread in [*writers, *threads]:
        thread.start()

    supervisor.send_signal(signal.SIGHUP)
    wait_until(lambda: before["live"].isdisjoint(processes_of(supervisor.pid)["live"]), within_s=60)
    wait_until(lambda: before["pages"].isdisjoint(processes_of(supervisor.pid)["pages"]), within_s=60)
    acknowledged = sorted(number for writer in writers for number in writer.end())
    wait_until(lambda: is_said(proxy, room, "end"))
    over.set()
    for thread in threads:
        thread.join(60)

    assert len(acknowledged) > 20
    assert len(set(acknowledged)) == len(acknowledged)
    assert len(heard) == len(people)
    for numbers in heard.values():
        assert numbers == [*range(1, numbers[-1] + 1)]
        assert set(acknowledged) <= set(numbers)


def is_said(port: int, room: str, name: str) -> bool:
    """A page worker that goes takes a connection with it: as drafts.js does, it is sent until it is received."""
    try:
        post(port, room, name=name)
    except OSError:
        return False
    return True


class Door:
    """A site that is reached through the proxy, by people who do not write faster than a hall does.

    What is missed while a process is renewed must lie in the room's ring, or the page is told to load anew.
    """

    def __init__(self, port: int) -> None:
        self.port = port

    def post(self, room: str) -> int:
        time.sleep(0.05)
        return post(self.port, room)


def listen(phone: Phone, over: threading.Event) -> list[int]:
    """As live.js: comes back by number whenever the line is hung up, until the end has come."""
    numbers: list[int] = []
    while True:
        try:
            for event in phone.events(within_s=2):
                assert event.name != "reload"
                if event.name in {"note", "end"}:
                    numbers.append(event.number or 0)
                if event.name == "end":
                    return numbers
        except TimeoutError:
            if not over.is_set():
                continue
        phone.since = numbers[-1] if numbers else 0
        while True:
            time.sleep(random.uniform(0.02, 0.2))
            try:
                if phone.open().status == 200:
                    break
            except OSError:
                continue


def processes_of(pid: int) -> dict[str, set[int]]:
    """The processes that serve streams, and the workers that serve pages."""
    children = children_of(pid)
    live = {one for one in children if b"samspel.live.application:app" in command_of(one)}
    masters = [one for one in children if b"pages" in command_of(one).split(b"\0")]
    workers = {one for master in masters for one in children_of_all_threads(master)}
    return {"live": live, "pages": workers}


def children_of_all_threads(pid: int) -> list[int]:
    """granian starts workers from whichever thread it is in."""
    try:
        threads = Path(f"/proc/{pid}/task").iterdir()
        return [int(word) for thread in threads for word in (thread / "children").read_text().split()]
    except OSError:  # it ended meanwhile
        return []


def through(phone: Phone, last: int) -> list[int]:
    """What a page hears that resumes when its line is hung up."""
    numbers: list[int] = []
    while not numbers or numbers[-1] != last:
        for event in phone.events():
            if event.name == "note":
                numbers.append(event.number or 0)
            if event.number == last:
                break
        else:
            phone.since = numbers[-1] if numbers else 1
            phone.open()
            assert phone.status == 200
    return numbers


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it ended meanwhile
        return b""


def answers(port: int) -> bool:
    try:
        return request(port, "GET", "/live/health")[0] in {200, 404}
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def three_free_ports() -> int:
    while True:
        first = free_port()
        try:
            for port in range(first, first + 3):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
