"""What the live tests stand on: a server of our own, a browser's stream in a few lines, posts as a phone's."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 20.0


@dataclass(frozen=True)
class Heard:
    """One event as a browser gets it."""

    name: str
    number: int | None
    data: Any


OPENED: list["Phone"] = []


@dataclass
class Phone:
    """A browser's stream: opens, reads until a deadline, resumes."""

    port: int
    room: str
    ticket: str
    since: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    receive_buffer: int | None = None
    status: int = 0
    last: int | None = None
    _socket: socket.socket | None = None
    _raw: bytes = b""
    _text: bytes = b""
    _is_over: bool = False

    def open(self) -> Self:
        """Send the request and read the answer's head."""
        self.close()
        OPENED.append(self)
        one = socket.socket()
        if self.receive_buffer is not None:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        one.settimeout(PATIENCE_S)
        one.connect(("127.0.0.1", self.port))
        since = "" if self.since is None else f"&since={self.since}"
        lines = [f"GET /live/{self.room}?ticket={quote(self.ticket)}{since} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        one.sendall("\r\n".join([*lines, "", ""]).encode())
        self._socket, self._raw, self._text, self._is_over = one, b"", b"", False
        head = self._head()
        self.status = int(head.split()[1])
        return self

    def _head(self) -> str:
        assert self._socket is not None
        while b"\r\n\r\n" not in self._raw:
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionError("hung up before the answer's head")
            self._raw += part
        head, _, self._raw = self._raw.partition(b"\r\n\r\n")
        return head.decode()

    def events(self, within_s: float = PATIENCE_S) -> Iterator[Heard]:
        """Events as they come, until the server hangs up (StopIteration) or the time is over (TimeoutError)."""
        deadline = time.monotonic() + within_s
        while True:
            while b"\n\n" in self._text:
                block, _, self._text = self._text.partition(b"\n\n")
                heard = _parsed(block.decode())
                if heard.number is not None:
                    self.last = heard.number
                yield heard
            if self._is_over:
                return
            self._more(deadline)

    def _more(self, deadline: float) -> None:
        assert self._socket is not None
        self._unchunk()
        if self._text.count(b"\n\n") or self._is_over:
            return
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._socket], [], [], left)[0]:
            raise TimeoutError("nothing more was heard")
        try:
            part = self._socket.recv(65536)
        except ConnectionResetError:
            part = b""
        self._is_over = not part
        self._raw += part
        self._unchunk()

    def _unchunk(self) -> None:
        while b"\r\n" in self._raw:
            size, _, rest = self._raw.partition(b"\r\n")
            length = int(size, 16)
            if len(rest) < length + 2:
                return
            self._text += rest[:length]
            self._raw = rest[length + 2 :]
            self._is_over = self._is_over or length == 0

    def until(self, name: str, within_s: float = PATIENCE_S) -> list[Heard]:
        """What came up to and with the first event of the name."""
        got = []
        for heard in self.events(within_s):
            got.append(heard)
            if heard.name == name:
                return got
        raise ConnectionError(f"hung up before {name!r}, after {[one.name for one in got]}")

    def collect(self, count: int, name: str = "note", within_s: float = PATIENCE_S) -> list[Heard]:
        """The next ``count`` events of the name."""
        got: list[Heard] = []
        for heard in self.events(within_s):
            if heard.name == name:
                got.append(heard)
            if len(got) == count:
                return got
        raise ConnectionError(f"hung up after {len(got)} of {count}")

    def close(self) -> None:
        """Leave."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _parsed(block: str) -> Heard:
    fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
    number = int(fields["id"]) if "id" in fields else None
    return Heard(fields.get("event", "message"), number, json.loads(fields.get("data", "null")))


@dataclass
class Site:
    """A running ``samspel.serve web`` process."""

    port: int
    environment: dict[str, str]
    listener: socket.socket
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """SIGKILL, as when the machine's memory is out."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, as at a rolling restart."""
        self.process.terminate()
        self.process.wait(PATIENCE_S)

    def start(self) -> None:
        """Again, on the same socket."""
        self.process = _started(self.listener, self.environment)

    def listen_again(self) -> None:
        """Open the same port anew after it was closed."""
        from samspel.serve import listen

        self.listener = listen("127.0.0.1", self.port)

    def post(self, room: str, name: str = "note", audiences: tuple[str, ...] = ("person",), **data: object) -> int:
        """As :func:`post`, to this site."""
        return post(self.port, room, name, audiences, **data)


def post(port: int, room: str, name: str = "note", audiences: tuple[str, ...] = ("person",), **data: object) -> int:
    """Publish through Django; gives the number, and raises OSError when there was no acknowledgement."""
    said = json.dumps({"name": name, "audiences": audiences, "data": data})
    status, body = request(port, "POST", f"/say/{room}", said)
    if status != 200:
        raise OSError(f"{status}: {body[:200]!r}")
    number: int = json.loads(body)["number"]
    return number


def request(port: int, method: str, path: str, body: str = "") -> tuple[int, bytes]:
    """One plain HTTP request."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body or None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def _started(listener: socket.socket, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "samspel.serve", "web", "--fd", str(listener.fileno())]
    command += ["--application", environment.get("LIVE_APPLICATION", "samspel.config.asgi:application")]
    return subprocess.Popen(command, env=environment, cwd=ROOT, pass_fds=[listener.fileno()])


# What the bus of the running test asks for (conftest.bus).
BUS: dict[str, str] = {}


def environment_for(database_url: str, **more: str) -> dict[str, str]:
    """The environment of a process on the smallest Django."""
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "tests.live.settings",
        "SAMSPEL_DATABASE_URL": database_url,
        **BUS,
        **more,
    }


class Redis:
    """A Redis (or Valkey) of our own, which keeps nothing."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self._folder = folder
        self.start()

    @staticmethod
    def program() -> str | None:
        """Where it is, if it is installed."""
        return next(filter(None, map(shutil.which, ("valkey-server", "redis-server"))), None)

    def start(self) -> None:
        """(Again) on the same port."""
        program = self.program()
        assert program is not None
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "Redis does not start"
                time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """There, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def running(database_url: str, **environment: str) -> Iterator[Site]:
    """A site on a free port, on the smallest Django (tests/live/settings.py)."""
    from samspel.serve import listen

    listener = listen("127.0.0.1", 0)
    whole = environment_for(database_url, **environment)
    site = Site(listener.getsockname()[1], whole, listener, _started(listener, whole))
    try:
        yield site
    finally:
        site.kill()
        site.listener.close()
