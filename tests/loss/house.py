"""A whole installation of our own, run as people run it and made to be killed: application and database."""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from samspel.core.embedded_postgres import Server, ensure_running, processes, stop
from tests.waiting import is_alive, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 60.0
PASSWORD = "lindvik i en liten sal vid ån"


@dataclass
class House:
    """An installation in a folder of its own, with its database and, when it is started, the application."""

    var: Path
    server: Server
    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    proxy: subprocess.Popen[bytes] | None = None
    workers: int = 0
    kills: dict[str, int] = field(default_factory=lambda: {"application": 0, "database": 0})

    @property
    def log(self) -> Path:
        """All that any process of the application has said."""
        return self.var.parent / "application.log"

    # ------------------------------------------------------------ the application

    def start(self, *, workers: int = 0) -> None:
        """``samspel serve``; does not wait until it answers. With ``workers`` behind nginx, as it is documented."""
        self.workers = workers
        port = self.port
        if workers:
            port = self.port + 1
            self.environment |= {"SAMSPEL_TRUSTED_PROXIES": "1", "SAMSPEL_WORKERS": str(workers)}
            if self.proxy is None:
                self.proxy = nginx(self.var.parent, self.port, port)
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "samspel.cli", "serve", "--port", str(port), "--workers", str(workers)]
            self.process = subprocess.Popen(command, env=self.environment, cwd=self.var.parent, stdout=log, stderr=log)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serving(self) -> list[int]:
        """The processes that answer pages and streams: not the supervisor, and not the one for background work."""
        found = [(pid, _words(pid)) for pid in self.application()]
        return [pid for pid, words in found if b"samspel.serve" in words and b"tasks" not in words] + [
            pid for pid, words in found if b"spawn_main" in b" ".join(words)
        ]

    def page_workers(self) -> list[int]:
        """The processes that answer pages, when they are several; the oldest first."""
        found = [(pid, _words(pid)) for pid in self.application()]
        workers = [pid for one, words in found if b"pages" in words for pid in family(one)[1:] if _is_page_worker(pid)]
        return sorted(workers, key=_born)

    def application(self) -> list[int]:
        """Every process of the application, the supervisor first; none when it is not running."""
        return [] if self.process is None or self.process.poll() is not None else family(self.process.pid)

    def kill_application(self) -> int:
        """SIGKILL to all of them at once; gives how many."""
        assert self.process is not None
        pids = self.application()
        assert pids, "the application was not running, so this would be no kill"
        os.kill(pids[0], signal.SIGSTOP)  # so that it starts no child between the list and the kill
        pids = self.application()
        kill(pids)
        self.process.wait()
        wait_until(lambda: not any(is_alive(pid) for pid in pids))
        self.process = None
        self.kills["application"] += 1
        return len(pids)

    def stop(self) -> None:
        """In order, as an administrator does."""
        if self.proxy is not None:
            # Not killed: its workers would stay, at its port.
            self.proxy.terminate()
            self.proxy.wait(PATIENCE_S)
            self.proxy = None
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill_application()
        self.process = None

    def is_up(self) -> bool:
        """Whether the application answers and has its database."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def wait_until_up(self) -> None:
        """:raises AssertionError: it ended, or never answered."""

        def said() -> str:
            return self.log.read_text(errors="replace")[-3000:]

        def answers() -> bool:
            assert self.process is None or self.process.poll() is None, f"it ended\n{said()}"
            return self.is_up()

        wait_until(answers, every_s=0.1, otherwise=said)

    # ------------------------------------------------------------ the database

    def kill_database(self) -> int:
        """SIGKILL to every process of the database at once; nobody but the application starts it again."""
        wait_until(lambda: processes(self.server), every_s=0.02)
        pids = processes(self.server)
        kill(pids)
        wait_until(lambda: not any(is_alive(pid) for pid in pids))
        self.kills["database"] += 1
        return len(pids)

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.server.url, autocommit=True)

    # ------------------------------------------------------------ preparing

    def run(self, *arguments: str) -> str:
        """A command of the project that ends, in this installation; gives what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


def free_ports(in_a_row: int) -> int:
    """The first of so many ports. Below those that the kernel gives to whoever connects: behind a proxy the one after
    ours would else be somebody's line now and then."""
    for _try in range(200):
        first = 20_000 + secrets.randbelow(12_000)
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + in_a_row):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise OSError("no ports in a row are free")


@contextlib.contextmanager
def installation(folder: Path, *, database_settings: str = "", **environment: str) -> Iterator[House]:
    """An empty installation with its administrator; it and all its processes are gone afterwards.

    :param database_settings: lines for the embedded server's own.conf.
    """
    var = folder / "var"
    data = var / "postgres"
    data.mkdir(mode=0o700, parents=True)
    if database_settings:
        (data / "own.conf").write_text(database_settings)
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("SAMSPEL_", "DJANGO_", "PYTEST_"))
    }
    whole = {**kept, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "SAMSPEL_VAR": str(var), **environment}
    server = ensure_running(data)
    house = House(var, server, free_ports(3), whole)
    try:
        password = folder / "password"
        password.write_text(PASSWORD)
        who = ["--name", "Lindvik", "--admin-name", "Alva", "--admin-email", "alva@lindvik.example"]
        house.run("-m", "samspel.cli", "init", *who, "--password-file", str(password))
        yield house
    finally:
        house.stop()
        stop(server, even_if_used=True)


def nginx(folder: Path, port: int, first: int) -> "subprocess.Popen[bytes]":
    """nginx at a port, before pages at ``first`` and streams after it: the documented configuration.

    :raises FileNotFoundError: it is not installed (apt-get install nginx-light).
    """
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise FileNotFoundError("nginx")
    text = (ROOT / "docs" / "operations" / "samspel.nginx.conf").read_text()
    text = re.sub(r"127\.0\.0\.1:800(\d)", lambda found: f"127.0.0.1:{first + int(found[1])}", text)
    # `samspel serve` has one process for the streams.
    text = re.sub(rf"\n.*127\.0\.0\.1:{first + 2}\b.*", "", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("/var/log/nginx", str(folder))
    kinds = ("proxy", "fastcgi", "uwsgi", "scgi", "client_body")
    paths = "".join(f"{kind}_temp_path {folder}/nginx-{kind};" for kind in kinds)
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_rlimit_nofile 16384;"
        f" events {{ worker_connections 8192; }} http {{ {paths}\n{text}\n}}"
    )
    command = [program, "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


# ---------------------------------------------------------------- processes


def _words(pid: int) -> list[bytes]:
    """Its command line; empty when it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _is_page_worker(pid: int) -> bool:
    words = b" ".join(_words(pid))
    return bool(words) and b"resource_tracker" not in words


def _born(pid: int) -> int:
    """When it began, in the kernel's ticks; the last of all when it has gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return sys.maxsize


def family(pid: int) -> list[int]:
    """A process and all that descend from it, each parent before its children."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(word) for word in (task / "children").read_text().split()]
    return [one for one in found if is_alive(one)]


def kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
