"""Single answers over HTTP: as many as there can be, and thirty a second beside a dialogue.

    python -m benchmarks.encounters.take_in [--smoke] [--size minute hour] [--only single beside]

An installation of its own on this machine: `samspel serve --workers 2` behind nginx for as many as there can be, one
process for all beside the dialogue. Whoever sends shares the processors, so what the servers and the database use of
them is told too. Each answer is a durable commit before its 201, and is looked for in the database afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from samspel.core.embedded_postgres import processes
from samspel.serve import raise_file_limit
from tests.loss.house import House, family, installation
from tests.loss.phones import Hall, Phone

GOAL_PER_S, GOAL_P99_S = 1_000, 1.0


@dataclass(frozen=True)
class Size:
    """So long as many as there can be, so long thirty a second, and beside so many phones that write."""

    single_s: float
    beside_s: float
    phones: int


SIZES = {"smoke": Size(2, 3, 6), "minute": Size(20, 60, 60), "hour": Size(60, 3600, 60)}


@dataclass
class Acks:
    """When each answer was received, and how long that took."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def spread(self) -> str:
        found = sorted(self.seconds)
        if not found:
            return "none"
        at = [found[min(len(found) - 1, int(len(found) * share))] * 1000 for share in (0.5, 0.95, 0.99)]
        return "p50 / p95 / p99: " + " / ".join(f"{one:.1f}" for one in at) + " ms"

    @property
    def p99_s(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)] if self.seconds else float("inf")


class Teller:
    """Tells answers over lines that stay open."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key
        self._run = secrets.token_hex(4)
        self._number = 0
        self.acks = Acks()

    async def go_on(self, until_s: float, every_s: float = 0.0, first_s: float = 0.0) -> None:
        """One after the other until then; with ``every_s`` by the clock, late ones at once."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        due_s = time.perf_counter() + first_s
        while time.perf_counter() < until_s:
            if every_s:
                await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            begun_s = due_s if every_s else time.perf_counter()
            writer.write(self._request())
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
            body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
            if head[9:12] == b"201":
                self.acks.seconds.append(time.perf_counter() - begun_s)
            else:
                self.acks.failed.append(f"{head[:12]!r} {body[:100]!r}")
            due_s += every_s
            if fields.get(b"connection") == b"close":  # a proxy hangs up after a thousand
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.close()

    def _request(self) -> bytes:
        self._number += 1
        at = datetime.now(UTC) - timedelta(seconds=60)
        row = {"at": at.isoformat(), "unit": f"Enhet {1 + self._number % 600}", "service": "service-3"}
        row |= {"side": "resident", "channel": "visit", "factors": "+time", "key": f"bench-{self._run}-{self._number}"}
        body = json.dumps(row | {"level": 1 + self._number % 3}).encode()
        return (
            f"POST /api/v1/answers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def cpu_s(house: House) -> dict[str, float]:
    """Processor time of everything but the one who tells."""
    assert house.process is not None
    pids = {"pages": family(house.process.pid), "database": processes(house.server)}
    pids |= {"proxy": family(house.proxy.pid)} if house.proxy is not None else {}
    return {name: sum(map(_ticks, found)) / os.sysconf("SC_CLK_TCK") for name, found in pids.items()}


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def start(house: House, workers: int) -> Teller:
    house.start(workers=workers)
    house.wait_until_up()
    return Teller(house.port, house.run("-m", "samspel.cli", "key", "alva@lindvik.example").strip())


def kept(house: House) -> int:
    with house.connect() as line:
        found = line.execute("SELECT count(*) FROM encounters_answer WHERE key LIKE 'bench-%'").fetchone()
    return int(str(found[0])) if found else 0


def single(house: House, seconds: float, lines: int) -> bool:
    """As many as there can be."""
    teller = start(house, 2)
    asyncio.run(together(teller, 1.0, lines))
    teller.acks = Acks()
    before_s, before = cpu_s(house), kept(house)
    begun_s = time.perf_counter()
    asyncio.run(together(teller, seconds, lines))
    took_s, after_s = time.perf_counter() - begun_s, cpu_s(house)
    acks = teller.acks
    count = len(acks.seconds)
    each_ms = {name: (after_s[name] - before_s[name]) / max(1, count) * 1000 for name in after_s}
    all_ms = max(0.01, sum(each_ms.values()))
    parts = ", ".join(f"{name} {ms:.2f}" for name, ms in each_ms.items())
    print(
        f"single answers, {lines} lines, 2 page processes behind nginx: {count / took_s:,.0f} durable acks/s,"
        f" {acks.spread()} (goal: {GOAL_PER_S:,}/s); {all_ms:.2f} ms of processor each ({parts}),"
        f" {2000 / all_ms:,.0f}/s if two cores did nothing else; {len(acks.failed)} failed"
    )
    house.stop()
    print(*acks.failed[:3], sep="\n", end="")
    return kept(house) - before == count and not acks.failed


async def together(teller: Teller, seconds: float, lines: int, rate: float = 0.0) -> None:
    until_s = time.perf_counter() + seconds
    each_s = lines / rate if rate else 0.0
    await asyncio.gather(*(teller.go_on(until_s, each_s, each_s * line / lines) for line in range(lines)))


def beside(house: House, seconds: float, phones: int, rate: float = 30.0) -> bool:
    """Thirty a second while a dialogue's phones write."""
    _id, code = house.run("-m", "tests.loss.prepare", "15").split()
    teller = start(house, 0)
    hall = Hall()
    seated = [Phone(hall, house.port, code, number, keeps_key=True, loses_answers=0.0) for number in range(phones)]
    for phone in seated:
        phone.join_meeting()
    for phone in seated:
        phone.start()
    began_s, before = time.perf_counter(), hall.acknowledged
    asyncio.run(together(teller, seconds, 8, rate))
    took_s, notes = time.perf_counter() - began_s, hall.acknowledged - before
    hall.is_over.set()
    for phone in seated:
        phone.join(10)
    acks = teller.acks
    print(
        f"{len(acks.seconds) / took_s:.1f} answers/s for {took_s:.0f} s beside {phones} phones that wrote"
        f" {notes / took_s:.1f} notes/s, one process for all: {acks.spread()}; {len(acks.failed)} failed"
        f" (goal: p99 at most {GOAL_P99_S * 1000:.0f} ms)"
    )
    house.stop()
    print(*acks.failed[:3], sep="\n", end="")
    return not acks.failed and not hall.failed and acks.p99_s <= GOAL_P99_S


def main() -> int:
    parser = argparse.ArgumentParser(description="Single answers over HTTP.")
    parser.add_argument("--smoke", action="store_true", help="small, for CI")
    parser.add_argument("--size", choices=SIZES, default="minute")
    parser.add_argument("--only", choices=["single", "beside"])
    options = parser.parse_args()
    size = SIZES["smoke" if options.smoke else options.size]
    raise_file_limit()
    right = []
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as house:
        house.run("-m", "benchmarks.encounters.bulk", "--names")
        if options.only in {None, "single"}:
            right.append(single(house, size.single_s, 16))
        if options.only in {None, "beside"}:
            right.append(beside(house, size.beside_s, size.phones))
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
