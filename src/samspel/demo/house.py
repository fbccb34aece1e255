"""What ``samspel demo`` stands on: a folder of its own, a free port, the address in the local network, a child process.

Knows nothing of Django: all of it happens before the settings are read.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

FIRST_PORT = 8000
PORTS_TRIED = 100
_STOP_WITHIN_S = 5.0
_LOCK = "demo.lock"


class HouseError(RuntimeError):
    """The demo cannot start here; the text says why and what to do."""


# ---------------------------------------------------------------- the folder


@contextmanager
def own_folder(folder: Path) -> Iterator[Path]:
    """The demo's folder, for one demo at a time; given back when this process ends in any way.

    :raises HouseError: when a demo is running there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            where = lock.read().strip()
            raise HouseError(
                f"a demo is running in {folder} already{f', at {where}' if where else ''}; "
                "stop it first, or set SAMSPEL_VAR to another folder"
            ) from None
        lock.truncate(0)
        yield folder


def tell_address(folder: Path, address: str) -> None:
    """Write down where this demo is, for one who tries to start another in the same folder."""
    (folder / _LOCK).write_text(address, encoding="ascii")


def empty_folder(folder: Path) -> None:
    """Throw away everything that earlier demos left. The caller holds the folder and has stopped its database."""
    for entry in folder.iterdir():
        if entry.name == _LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


# ---------------------------------------------------------------- what is replayed


def check_replay(file: Path) -> str:
    """What of a file cannot be played, in words, a line each; asked before anything is opened or thrown away.

    :raises HouseError: nothing of it can.
    """
    command = [sys.executable, "-m", "samspel.demo.replay", "--check", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)  # noqa: S603 (our own)
    if done.returncode:
        raise HouseError(f"{done.stderr.strip()}\nNothing was changed.")
    return done.stderr


# ---------------------------------------------------------------- ports and addresses


def is_free(host: str, port: int) -> bool:
    """Whether one can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str, wanted: int | None) -> int:
    """The port asked for, or the first free one from 8000 up.

    :raises HouseError: it is taken, or all are.
    """
    if wanted is not None:
        if wanted and not is_free(host, wanted):
            raise HouseError(f"port {wanted} is taken; choose another, or leave out --port")
        return wanted or _any_port(host)
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        if is_free(host, port):
            return port
    raise HouseError(f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} is free; choose one with --port")


def _any_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
        one.bind((host, 0))
        return int(one.getsockname()[1])


def address_in_network() -> str:
    """This machine's address as phones in the same network reach it, or an empty string when there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            # Nothing is sent: the kernel only says which of its addresses it would send from.
            one.connect(("192.0.2.1", 9))
            found = str(one.getsockname()[0])
        except OSError:
            return ""
    return "" if found.startswith(("127.", "0.")) else found


# ---------------------------------------------------------------- the made-up people's process


@dataclass
class Child:
    """A process that ends when this one does, in whatever way: it reads from a pipe that only we hold."""

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    _due_s: float = 0.0

    def keep(self) -> None:
        """Start it, or start it again when it has ended (not at once, so that a defect does not heat the machine)."""
        if self.process is not None and self.process.poll() is None:
            return
        if time.monotonic() < self._due_s:
            return
        self._due_s = time.monotonic() + 5
        self._close()
        self.process = subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, *self.arguments],
            stdin=subprocess.PIPE,
            env={**os.environ, **self.environment},
            start_new_session=True,
        )

    def stop(self) -> None:
        """End it."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


def end_with_parent() -> None:
    """In the child: end when whoever started us has ended."""
    import threading

    def watch() -> None:
        # Not through sys.stdin: the interpreter cannot end while a thread waits inside its buffer's lock.
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_STOP_WITHIN_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent").start()
