"""The process of the made-up people and their leader, started by ``samspel demo``: meeting after meeting."""

import argparse
import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from samspel.demo import words
from samspel.demo.browser import Browser, Pacer, Tally, client_for
from samspel.demo.house import end_with_parent
from samspel.demo.leader import Leader, wait_for_site
from samspel.demo.people import Hall, cast, gather, remember, unsaid

# All of them together; a demo is shown on a laptop.
REQUESTS_PER_S = 8.0


async def run(given: argparse.Namespace, leader_password: str) -> None:
    """Meeting after meeting, until the demo ends."""
    tally = Tally()
    code, dialogue_id = str(given.code), int(given.dialogue)
    async with client_for(given.site) as client:
        await wait_for_site(client)
        leader = Leader(Browser(client, tally=tally), given.pace)
        await leader.sign_in(leader_password)
        while True:
            pacer = Pacer(REQUESTS_PER_S) if given.pace else None
            hall = Hall(code, given.pace, unsaid=unsaid(), voices=list(words.COUNTER_VOICES))
            hall.people = cast(given.people, client, tally, pacer, seed=int(code))
            remember(Path(given.saved), hall)
            meeting = asyncio.create_task(gather(hall, Path(given.saved)))
            await leader.lead(dialogue_id, hall)
            hall.is_over.set()
            await meeting
            await asyncio.sleep(leader.pause_s)
            dialogue_id, code = await leader.plan_next(given.tables)
            print(f"A new dialogue begins. Join it with the code {code[:3]} {code[3:]}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Started by ``samspel demo``."""
    parser = argparse.ArgumentParser(prog="samspel.demo.process", description=main.__doc__)
    parser.add_argument("--site", required=True)
    parser.add_argument("--code", required=True)
    parser.add_argument("--dialogue", required=True, type=int)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--tables", type=int, required=True)
    parser.add_argument("--pace", type=float, required=True)
    parser.add_argument("--saved", required=True)
    given = parser.parse_args(arguments)
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(run(given, os.environ.pop("SAMSPEL_DEMO_LEADER_PASSWORD", "")))


if __name__ == "__main__":
    main()
