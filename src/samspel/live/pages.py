"""Django's WSGI handler in threads, beside the streams of the same process.

A request is read whole before a thread is taken, and an answer is sent when the thread is free again: a slow phone
holds no thread, and a request crosses from the loop to a thread and back once each. That crossing is what counts while
a fan-out runs, for each waits its turn between two slices (docs/explanation/live.md).

Who waits for a thread waits in the queue of their room, and rooms take turns: a room that floods delays itself.
"""

import asyncio
import contextlib
import contextvars
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, Final, TypeVar

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
T = TypeVar("T")
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# As client_max_body_size in docs/operations/samspel.nginx.conf.
_LARGEST_BODY: Final = 25 * 1024 * 1024
_KEPT_IN_MEMORY: Final = 64 * 1024
# A page is smaller; what is larger waits in a file, and is sent in parts of this size.
_AT_ONCE: Final = 512 * 1024
# What a path begins with, and what its room does.
_ROOMS: Final = {"m": "m", "b": "m", "dialogues": "dialogues"}


class _TooLargeError(Exception):
    """More than anybody may send."""


class _GoneError(Exception):
    """The browser left before it had sent everything."""


class _Answer:
    """What the application gave: the head, and the body, which lies in a file when it is large."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: Any = tempfile.SpooledTemporaryFile(_AT_ONCE)  # noqa: SIM115 (who sends it closes it)

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], object]:
        """WSGI's ``start_response``."""
        self.status = int(status[:3])
        self.headers = [(name.strip().lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        write: Callable[[bytes], object] = self.body.write
        return write


class Turns:
    """So many threads, given to rooms in turn. Of eight threads one room never has more than six at once, so that what
    it waits for (its own row locks, say) leaves some for the others."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="pages")
        self._free = threads
        self._most = max(1, threads - threads // 4)
        self._busy: Counter[str] = Counter()
        # In the order of whose turn it is.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def run(self, room: str, work: Callable[..., T], *given: object) -> T:
        """Do the work in a thread, when it is the room's turn."""
        loop = asyncio.get_running_loop()
        if not self._free or self._busy[room] >= self._most or room in self._waiting:
            turn = loop.create_future()
            self._waiting.setdefault(room, deque()).append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._give_back(room)
                raise
        else:
            self._take(room)
        try:
            return await loop.run_in_executor(self._threads, work, *given)
        finally:
            self._give_back(room)

    def _take(self, room: str) -> None:
        self._free -= 1
        self._busy[room] += 1

    def _give_back(self, room: str) -> None:
        self._free += 1
        self._busy[room] -= 1
        if not self._busy[room]:
            del self._busy[room]
        while self._free and (next_room := self._whose_turn()) is not None:
            queue = self._waiting.pop(next_room)
            turn = queue.popleft()
            if queue:
                self._waiting[next_room] = queue
            if not turn.cancelled():
                self._take(next_room)
                turn.set_result(None)

    def _whose_turn(self) -> str | None:
        return next((room for room in self._waiting if self._busy[room] < self._most), None)


def room_of(path: str) -> str:
    """``/m/482913/notes`` and all of that meeting are one room, its tables' tablets (``/b/482913/…``) with it, as are
    ``/dialogues/7/…``; the rest is another."""
    parts = path.split("/", 3)
    room = _ROOMS.get(parts[1]) if len(parts) > 3 else None
    return f"{room}/{parts[2]}" if room else ""


class Pages:
    """An ASGI application that answers with a WSGI application."""

    def __init__(self, application: Application, threads: int) -> None:
        self._application = application
        self._turns = Turns(threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with await _read(scope, receive) as body:
                await self._answer(environ_of(scope, body), room_of(scope["path"]), send)
        except _TooLargeError:
            text = b"too large"
            headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]
            # What has not been read is not read to its end.
            headers.append((b"connection", b"close"))
            await send({"type": "http.response.start", "status": 413, "headers": headers})
            await send({"type": "http.response.body", "body": text})
        except _GoneError:
            return

    async def _answer(self, environ: dict[str, Any], room: str, send: Send) -> None:
        context = contextvars.copy_context()
        answer = await self._turns.run(room, context.run, self._run, environ)
        with answer.body as body:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            part = body.read(_AT_ONCE)
            while len(part) == _AT_ONCE:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                part = await asyncio.to_thread(body.read, _AT_ONCE)
            await send({"type": "http.response.body", "body": part})

    def _run(self, environ: dict[str, Any]) -> _Answer:
        """The whole answer, made in one thread: its database connection, and a transaction that it may hold, are that
        thread's own. What fails in the middle of a long answer fails before any of it is sent.
        """
        answer = _Answer()
        source = self._application(environ, answer.start)
        try:
            for part in source:
                answer.body.write(part)
        except BaseException:
            answer.body.close()
            raise
        finally:
            # Django counts the request as finished here.
            close = getattr(source, "close", None)
            if close is not None:
                close()
        answer.body.seek(0)
        return answer


async def _read(scope: Scope, receive: Receive) -> contextlib.AbstractContextManager[BinaryIO]:
    """The request's body, whole; a large one lies in a file meanwhile."""
    body: Any = tempfile.SpooledTemporaryFile(_KEPT_IN_MEMORY)  # noqa: SIM115 (the caller closes it)
    size = 0
    try:
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > _LARGEST_BODY:
                raise _TooLargeError
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _GoneError
            part: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(part)
            if size > _LARGEST_BODY:
                raise _TooLargeError
            body.write(part)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    result: BinaryIO = body
    return result


def environ_of(scope: Scope, body: BinaryIO) -> dict[str, Any]:
    """WSGI's description of the request."""
    server = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    client = scope.get("client")
    if client is not None:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
    headers: dict[str, list[str]] = {}
    for raw, value in scope["headers"]:
        # X_Forwarded_For would be read as X-Forwarded-For.
        if b"_" in raw:
            continue
        name = raw.decode("latin-1").upper().replace("-", "_")
        if name not in {"CONTENT_LENGTH", "CONTENT_TYPE"}:
            name = f"HTTP_{name}"
        headers.setdefault(name, []).append(value.decode("latin-1"))
    environ |= {name: ",".join(values) for name, values in headers.items()}
    # A body that came in chunks is whole by now.
    if "HTTP_TRANSFER_ENCODING" in environ:
        environ["CONTENT_LENGTH"] = str(body.seek(0, 2))
        body.seek(0)
    return environ
