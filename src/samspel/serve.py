"""The supervisor behind ``samspel serve``: it starts what an installation needs, and starts again what dies.

By default two children: one process for pages and streams on one port, and one worker for scheduled and queued work.
With ``workers`` the pages get processes of their own (granian) and the streams others, to be put behind nginx or Caddy
(docs/operations/many-processes.md). Listening sockets belong to the supervisor: while a child starts again, browsers
wait in the queue instead of being refused. Children end when the supervisor does, however it ends.
"""

import argparse
import contextlib
import logging
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

logger = logging.getLogger(__name__)

BACKLOG: Final = 4096
# A phone that left the hall without a word is noticed after this time, not after the kernel's quarter of an hour.
_SILENT_PHONE_MS: Final = 30_000
_HEALTHY_S: Final = 20.0
_LONGEST_WAIT_S: Final = 10.0
_STOP_WITHIN_S: Final = 10.0
_READY_WITHIN_S: Final = 60.0
# granian's own renewal: how long a new worker runs beside the old one before that is stopped.
_WARM_UP_S: Final = 5.0
_TICK_S: Final = 0.2


@dataclass
class Child:
    """A process to keep alive, and how it has been doing.

    With a listener it tells when it is ready, so that it can take over from the one before it on the same socket.
    """

    name: str
    arguments: Sequence[str]
    listener: socket.socket | None = None
    renews_itself: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    wait_s: float = 0.1
    due_s: float = field(default_factory=time.monotonic)


def serve(
    host: str,
    port: int,
    workers: int = 0,
    *,
    live_processes: int = 1,
    tasks: bool = True,
    keep: Callable[[], None] | None = None,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP puts new children in the place of the old, one after the other.

    :param workers: 0 for one port and one process; otherwise so many page processes at ``port``, and ``live_processes``
        for the streams at the ports that follow.
    :param keep: called about every second; for instance it starts the embedded database again when that was killed.
    :param announce: is given the address, when the port is ours.
    """
    raise_file_limit()
    if workers:
        # granian binds the port itself, once it is there; ours tells now when the port is taken.
        listen(host, port).close()
        pages = ["pages", "--host", host, "--port", str(port), "--workers", str(workers)]
        children = [Child("pages", pages, renews_itself=True)]
        for index in range(live_processes):
            children.append(_web(f"live-{index + 1}", listen(host, port + 1 + index), "samspel.live.application:app"))
    else:
        listener = listen(host, port)
        port = listener.getsockname()[1]
        children = [_web("web", listener, "samspel.config.asgi:application")]
    if tasks:
        children.append(Child("tasks", ["tasks"]))
    name = f"[{host}]" if ":" in host else host
    announce(f"http://{name}:{port}")
    Supervisor(children, keep).run()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that children inherit."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENT_PHONE_MS)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener


def raise_file_limit() -> None:
    """As many open files (an open stream is one) as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _web(name: str, listener: socket.socket, application: str) -> Child:
    return Child(name, ["web", "--fd", str(listener.fileno()), "--application", application], listener)


class Supervisor:
    """Keeps children alive until it is told to stop."""

    def __init__(self, children: list[Child], keep: Callable[[], None] | None = None) -> None:
        self._children = children
        self._keep = keep
        self._wake = threading.Event()
        self._is_stopping = False
        self._is_renewing = False
        # Children read from it; it ends when this process does.
        self._lifeline, self._held = os.pipe()

    def run(self) -> None:
        """Start, watch, stop."""
        before = {
            number: signal.signal(number, self._told) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            kept_s = 0.0
            while not self._is_stopping:
                if self._keep is not None and time.monotonic() - kept_s >= 1.0:
                    self._keep()
                    kept_s = time.monotonic()
                for child in self._children:
                    self._look_after(child)
                if self._is_renewing:
                    self._is_renewing = False
                    self._renew()
                self._wake.wait(_TICK_S)
                self._wake.clear()
        finally:
            self._stop(self._children)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._lifeline)
            os.close(self._held)

    def _told(self, number: int, frame: object) -> None:
        if number == signal.SIGHUP:
            self._is_renewing = True
        else:
            self._is_stopping = True
        self._wake.set()

    def _look_after(self, child: Child) -> None:
        now_s = time.monotonic()
        if child.process is None:
            if now_s >= child.due_s:
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            return
        child.process = None
        if now_s - child.started_s > _HEALTHY_S:
            child.wait_s = 0.1
        child.due_s = now_s + child.wait_s
        logger.error("%s ended with %s; starting it again in %.1f s", child.name, code, child.wait_s)
        child.wait_s = min(child.wait_s * 2, _LONGEST_WAIT_S)

    def _start(self, child: Child, ready: int | None = None) -> None:
        fds = [self._lifeline, *([child.listener.fileno()] if child.listener else [])]
        command = [sys.executable, "-m", "samspel.serve", "--lifeline", str(self._lifeline)]
        if ready is not None:
            fds.append(ready)
            command += ["--ready", str(ready)]
        command += child.arguments
        # In a session of its own: Ctrl+C reaches the supervisor, which stops the children in order.
        child.process = subprocess.Popen(command, pass_fds=fds, start_new_session=True)  # noqa: S603 (our own command)
        child.started_s = time.monotonic()

    def _renew(self) -> None:
        for child in self._children:
            child.wait_s = 0.1
            if child.listener is not None and child.process is not None:
                self._take_over(child, child.process)
            elif child.renews_itself and child.process is not None:
                child.process.send_signal(signal.SIGHUP)
            else:
                self._stop([child])
                self._start(child)

    def _take_over(self, child: Child, before: subprocess.Popen[bytes]) -> None:
        """The new process first, on the same socket; the old one ends when the new one serves. One that never gets
        there leaves the old in its place: an upgrade that cannot start takes nothing down."""
        heard, ready = os.pipe()
        self._start(child, ready)
        os.close(ready)
        new = child.process
        assert new is not None
        deadline_s = time.monotonic() + _READY_WITHIN_S
        said = b""
        while not self._is_stopping and time.monotonic() < deadline_s:
            if select.select([heard], [], [], _TICK_S)[0]:
                # Nothing: it ended without a word.
                said = os.read(heard, 1)
                break
            if self._keep is not None:
                self._keep()
        os.close(heard)
        goes = before if said else new
        if not said:
            logger.error("%s did not start; the one before it goes on", child.name)
            child.process = before
        self._end([goes])

    def _stop(self, children: list[Child]) -> None:
        self._end([child.process for child in children if child.process is not None])

    def _end(self, running: list[subprocess.Popen[bytes]]) -> None:
        for process in running:
            process.terminate()
        deadline_s = time.monotonic() + _STOP_WITHIN_S
        for process in running:
            try:
                process.wait(max(0.1, deadline_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                # With its workers: a granian that is told to stop while they start waits for ever.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


# ---------------------------------------------------------------- the children


def run_web(application: str, listener: socket.socket, ready: int | None = None) -> None:
    """uvicorn with our protocol class on an inherited socket; a byte goes to ``ready`` when it serves."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if ready is not None and self.started:
                os.write(ready, b"1")
                os.close(ready)

    config = uvicorn.Config(
        application,
        http="samspel.live.protocol:Door",
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        ws="none",
        lifespan="on",
        backlog=BACKLOG,
        access_log=False,
        log_config=None,
        server_header=False,
        # Who is trusted to say where a request came from is Django's to judge (SAMSPEL_TRUSTED_PROXIES).
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )
    Server(config).run([listener])


def run_pages(host: str, port: int, workers: int) -> None:
    """granian with Django's WSGI handler."""
    from granian import Granian
    from granian.constants import Interfaces

    # Each counts guesses by itself. One who serves from several machines has given their sum.
    os.environ.setdefault("SAMSPEL_WORKERS", str(workers))
    Granian(
        "samspel.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=_WARM_UP_S,
        log_access=False,
    ).serve()


def run_tasks() -> None:
    """One worker for scheduled and queued work. Not by procrastinate's command, which announces itself."""
    import asyncio

    import django

    django.setup()

    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector
    from procrastinate.exceptions import ConnectorException

    async def work() -> None:
        assert isinstance(app.connector, DjangoConnector)
        with app.replace_connector(app.connector.get_worker_connector()) as worker:
            async with worker.open_async():
                await worker.run_worker_async()

    try:
        asyncio.run(work())
    except ConnectorException as error:
        logger.error("the database is away: %s", type(error.__cause__ or error).__name__)
        sys.exit(1)


def _end_with_supervisor(lifeline: int) -> None:
    def watch() -> None:
        with contextlib.suppress(OSError):
            os.read(lifeline, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_STOP_WITHIN_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="lifeline").start()


def main(arguments: Sequence[str] | None = None) -> None:
    """What the supervisor starts; ``samspel serve`` is for people."""
    parser = argparse.ArgumentParser(prog="samspel.serve", description=main.__doc__)
    parser.add_argument("--lifeline", type=int)
    parser.add_argument("--ready", type=int)
    what = parser.add_subparsers(dest="what", required=True)
    web = what.add_parser("web")
    web.add_argument("--fd", type=int, required=True)
    web.add_argument("--application", required=True)
    pages = what.add_parser("pages")
    pages.add_argument("--host", required=True)
    pages.add_argument("--port", type=int, required=True)
    pages.add_argument("--workers", type=int, required=True)
    what.add_parser("tasks")
    given = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspel.config.settings")
    if given.lifeline is not None:
        _end_with_supervisor(given.lifeline)
    if given.what != "tasks":
        os.environ["SAMSPEL_FIGURES_ENGINE"] = "duckdb"  # a page never waits for a cluster
    if given.what == "web":
        run_web(given.application, socket.socket(fileno=given.fd), given.ready)
    elif given.what == "pages":
        run_pages(given.host, given.port, given.workers)
    else:
        run_tasks()


if __name__ == "__main__":
    main()
