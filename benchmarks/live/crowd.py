"""Many phones that only listen, in a process of their own: they must not be what is measured."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from urllib.parse import quote, urlsplit

from samspel.demo.line import Line
from samspel.serve import raise_file_limit
from tests.loss.house import ROOT, House

AN_ADDRESS = 20_000  # connections: a client's ports from one of its addresses
AT_ONCE = 400
PATIENCE_S = 120.0


class Crowd:
    """What the listening process has told so far."""

    def __init__(self, phones: int, process: asyncio.subprocess.Process) -> None:
        self.phones = phones
        self.heard = 0
        self.last_s = 0.0
        self.lost = 0
        self.opened_s = 0.0
        self.is_open = asyncio.Event()
        self._process = process

    async def read(self) -> None:
        assert self._process.stdout is not None
        async for raw in self._process.stdout:
            word, *rest = raw.decode().split()
            if word == "open":
                self.opened_s = float(rest[0])
                self.is_open.set()
            elif word == "heard":
                self.heard, self.last_s, self.lost = int(rest[0]), float(rest[1]), int(rest[2])

    async def wait_for(self, heard: int) -> None:
        """Until so many events have been heard, all phones together."""
        ends_s = time.monotonic() + PATIENCE_S
        while self.heard < heard and time.monotonic() < ends_s:
            await asyncio.sleep(0.005)
        if self.heard < heard:
            raise OSError(f"only {self.heard} of {heard} were heard")


@contextlib.asynccontextmanager
async def crowd_of(house: House, dialogue: int, phones: int) -> AsyncIterator[Crowd]:
    """So many listeners, all open."""
    ticket = house.run("-m", "benchmarks.live.crowd", "ticket", str(dialogue)).strip()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.live.crowd", "listen", house.address, f"dialogue:{dialogue}", ticket),
        str(phones),
        cwd=ROOT,
        env=house.environment,
        stdout=subprocess.PIPE,
    )
    crowd = Crowd(phones, process)
    reading = asyncio.create_task(crowd.read())
    try:
        await asyncio.wait_for(crowd.is_open.wait(), PATIENCE_S)
        yield crowd
    finally:
        reading.cancel()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


# ---------------------------------------------------------------- in the listening process


async def listen(address: str, room: str, ticket: str, phones: int) -> None:
    """Open them all, then say how many events have been heard, and when the last was."""
    site, loop = urlsplit(address), asyncio.get_running_loop()
    host, port = site.hostname or "", site.port or 80
    request = f"GET /live/{room}?ticket={quote(ticket)} HTTP/1.1\r\nHost: {site.netloc}\r\n\r\n".encode()
    heard, last_s, lost = 0, 0.0, 0

    def hear(_name: str, number: int | None, _data: object) -> None:
        nonlocal heard, last_s
        if number is not None:
            heard += 1
            last_s = time.monotonic()

    def lose(_line: Line) -> None:
        nonlocal lost
        lost += 1

    lines = [Line(request, hear, lose) for _phone in range(phones)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def open_one(number: int, line: Line) -> None:
        async with gate:
            local = (f"127.0.0.{2 + number // AN_ADDRESS}", 0)
            await loop.create_connection(lambda: line, host, port, local_addr=local)

    began_s = time.monotonic()
    await asyncio.gather(*(open_one(number, line) for number, line in enumerate(lines)))
    while not all(line.is_open for line in lines):
        await asyncio.sleep(0.02)
    print("open", time.monotonic() - began_s, flush=True)
    told = -1
    while True:
        await asyncio.sleep(0.01)
        if heard != told:
            told = heard
            print("heard", heard, last_s, lost, flush=True)


def ticket_of(dialogue_id: int) -> str:
    from samspel.live.tickets import issue_ticket

    return issue_ticket(f"dialogue:{dialogue_id}", "person", hint="")


if __name__ == "__main__":
    if sys.argv[1] == "ticket":
        from samspel.cli import Database, set_up

        with Database():
            set_up()
            print(ticket_of(int(sys.argv[2])))
    else:
        raise_file_limit()
        asyncio.run(listen(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])))
