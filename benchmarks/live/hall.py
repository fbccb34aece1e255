"""A hall's whole day through the real interface: three questions at three tables, every answer timed.

    python -m benchmarks.live.hall                          400 people at 83 tables, three rounds
    python -m benchmarks.live.hall --phones 2000,10000      and then so many phones listen to the same meeting
    python -m benchmarks.live.hall --hurt kill,wifi         in each step the server is killed, a third lose their Wi-Fi
    python -m benchmarks.live.hall --hurt restart           two page processes behind nginx, restarted in each step
    python -m benchmarks.live.hall --workers 2              two page processes and one for streams, behind nginx
    python -m benchmarks.live.hall --smoke                  30 people, and nothing may fail

An installation of its own (`samspel serve`, embedded PostgreSQL) on this machine. The phones are `samspel load`'s, in
this process beside it, so both share the processors; a leader signs in and presses the console's buttons. Afterwards
the database and every phone's own pages are held against what was acknowledged.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.live.chair import Chair
from benchmarks.live.crowd import crowd_of
from benchmarks.live.day import differences, lead, places
from benchmarks.live.meeting import LEADER, PASSWORD
from benchmarks.live.trouble import Wounds, trouble_of
from samspel.demo.figures import report, shares, usage_of
from samspel.demo.load import Hall, Plan, hall_of
from samspel.serve import raise_file_limit
from tests.loss.house import House, installation


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--tables", type=int, default=83)
    parser.add_argument("--within", type=float, default=50.0, help="seconds in which they come")
    parser.add_argument("--rate", type=float, default=30.0, help="things they do a second, all together")
    parser.add_argument("--phones", default="", help="listeners beside them, as 2000,10000")
    parser.add_argument("--hurt", default="", help="kill, wifi, restart; several with commas")
    parser.add_argument("--helping", type=int, default=0, help="so many of a hundred press for one without a phone")
    parser.add_argument("--workers", type=int, default=0, help="page processes behind nginx (0: one process for all)")
    options = parser.parse_args()
    if options.smoke:
        options.people, options.tables, options.within, options.rate = 30, 6, 3.0, 120.0
    hurts = {one for one in options.hurt.split(",") if one}
    if "restart" in hurts:
        options.workers = options.workers or 2
    raise_file_limit()
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as house:
        plan = ["mixed-90", "1"] if options.smoke else ["hall-day"]
        dialogue, code = house.run("-m", "benchmarks.live.meeting", "make", str(options.tables), *plan).split()
        house.start(workers=options.workers)
        house.wait_until_up()
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
        return asyncio.run(day(house, int(dialogue), code, options, hurts))


async def day(house: House, dialogue: int, code: str, options: argparse.Namespace, hurts: set[str]) -> int:
    """The day from the door to the end; 0 when nothing failed, was lost, doubled or moved."""
    pids = () if hurts else tuple(house.serving())
    plan = Plan(options.people, options.within, options.rate, mistyped=10, pids=pids, helping=options.helping)
    began_s = time.monotonic()
    wounds = Wounds()
    async with hall_of(house.address, code, plan) as hall, chair_at(house.address, dialogue) as chair:
        await hall.join()
        print(f"{len(hall.come)} have come after {time.monotonic() - began_s:.0f} s", flush=True)
        crowds = [int(one) for one in options.phones.split(",") if one]

        async def in_a_step(hall: Hall, name: str) -> None:
            if name == "solo" and crowds:
                await hall.settle()
                while crowds:
                    print(await listen(house, dialogue, hall, chair, crowds.pop(0)), flush=True)

        hurt = trouble_of(house, dialogue, hurts, wounds) if hurts else in_a_step
        await lead(hall, chair, say=lambda text: print(text, flush=True), trouble=hurt)
        with house.connect() as line:
            told = differences(line, dialogue, hall.come)
            seated = len(places(line, dialogue))
        await hall.look_back()
        await chair.close()
        if not await hall.end():
            hall.figures.failed["a phone does not show that the meeting is closed"] += 1
        hall.count()
    client = time.process_time()
    print(f"\n{options.people} people at {options.tables} tables, {plan.per_s:g} things done a second at most")
    print(report(hall.figures, options.people))
    print(f"phones' own process: {client:.0f} s of processor time; the day took {time.monotonic() - began_s:.0f} s")
    print(f"{seated} places taken; the database differs from what was acknowledged in {len(told)} places")
    for one in told[:20]:
        print(f"  {one}")
    if hurts:
        print(wounds.told())
    everybody = hall.figures.joined == options.people and not hall.figures.limited
    return 0 if everybody and hall.figures.is_whole and not told and not wounds.reseated else 1


@contextlib.asynccontextmanager
async def chair_at(address: str, dialogue: int) -> AsyncIterator[Chair]:
    chair = Chair(address, dialogue)
    try:
        await chair.sign_in(LEADER, PASSWORD)
        yield chair
    finally:
        await chair.leave()


async def listen(house: House, dialogue: int, hall: Hall, chair: Chair, phones: int) -> str:
    """So many more phones on the stream of the same meeting; notes are written and the step's clock is changed."""
    before = usage_of(house.serving())
    async with crowd_of(house, dialogue, phones) as crowd:
        after = usage_of(house.serving())
        known = {kind: len(values) for kind, values in hall.figures.acknowledged.items()}
        for phone in hall.come[:20]:
            await phone.write()
        notes = shares(hall.figures.acknowledged["note"][known["note"] :], 50, 95)
        waits = []
        for _press in range(5):
            heard = crowd.heard + phones
            began_s = time.monotonic()
            await chair.press("minute")
            await crowd.wait_for(heard)
            waits.append(crowd.last_s - began_s)
            await hall.settle()
        last = shares(waits, 50, 95)
        return (
            f"  + {phones} phones on the stream: all open after {crowd.opened_s:.1f} s, "
            f"{(after.kb - before.kb) / phones:.1f} kB each, {after.cpu_s - before.cpu_s:.1f} s of processor time; "
            f"a note acknowledged in {notes[0]:.0f} ms (p95 {notes[1]:.0f}); from the leader's press to the last phone "
            f"{last[0]:.0f} ms (p95 {last[1]:.0f}), the console's page included; lines lost {crowd.lost}"
        )


if __name__ == "__main__":
    sys.exit(main())
