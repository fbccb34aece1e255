"""``samspel load``: a hall of phones, over HTTP, to try an installation with."""

import argparse
import asyncio
import json
import sys
from urllib.parse import urlsplit


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "load",
        help="let made-up phones join a meeting, and print how fast they were served",
        description="Phones join a meeting by its code, listen, and do on every page what it invites to, while you "
        "lead. They leave when you close it. Make the meeting for it: what they write is kept in it.",
    )
    parser.add_argument("address", help="such as http://localhost:8000")
    parser.add_argument("code", help="the meeting's six digits")
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--within", type=float, default=60, metavar="S", help="they come evenly over so many seconds")
    parser.add_argument(
        "--rate", type=float, default=20, help="things done a second, all phones together; 0: they only listen"
    )
    parser.add_argument("--seconds", type=float, default=3600, metavar="S", help="how long they stay at most")
    parser.add_argument("--mistyped", type=int, default=0, metavar="PERCENT", help="so many type the code wrong first")
    parser.add_argument(
        "--helping", type=int, default=0, metavar="PERCENT", help="so many press for somebody who has no phone"
    )
    parser.add_argument(
        "--server-pid",
        type=int,
        action="append",
        default=[],
        metavar="PID",
        help="a process of the server on this machine, to tell its processor time and memory; may be given again",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(run=run_load)


def run_load(options: argparse.Namespace) -> int:
    from samspel.demo.browser import PageError
    from samspel.demo.figures import as_record, report
    from samspel.demo.load import Plan, run

    address, code = options.address.rstrip("/"), "".join(options.code.split())
    if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
        return _told("the address begins with http:// or https://")
    if not (code.isdigit() and len(code) == 6):
        return _told("the code is six digits")
    if options.people < 1 or not all(value >= 0 for value in (options.within, options.rate, options.seconds)):
        return _told("--people is at least 1; --within, --rate and --seconds are not below 0")
    for name in ("mistyped", "helping"):
        if not 0 <= getattr(options, name) <= 100:
            return _told(f"--{name} is between 0 and 100")
    plan = Plan(
        options.people,
        options.within,
        options.rate,
        options.seconds,
        options.mistyped,
        tuple(options.server_pid),
        options.helping,
    )
    try:
        figures = asyncio.run(run(address, code, plan, lambda text: print(text, file=sys.stderr, flush=True)))
    except PageError as error:
        return _told(str(error))
    print(json.dumps(as_record(figures), indent=1) if options.json else report(figures, plan.people))
    return 0 if figures.is_whole else 1


def _told(text: str) -> int:
    print(f"samspel load: {text}", file=sys.stderr)
    return 2
