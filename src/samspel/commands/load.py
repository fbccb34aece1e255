"""``samspel load``: a hall of phones, over HTTP, to try an installation with."""

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from samspel.demo.load import Figures


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "load",
        help="let made-up phones join a meeting, and print how fast they were served",
        description="Phones join a meeting by its code, listen, write while the step lets them, and fetch their page "
        "at every step that the leader takes. Make the meeting for it: what they write is kept in it.",
    )
    parser.add_argument("address", help="such as http://localhost:8000")
    parser.add_argument("code", help="the meeting's six digits")
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--within", type=float, default=60, metavar="S", help="they come evenly over so many seconds")
    parser.add_argument("--rate", type=float, default=20, help="notes a second, all phones together; 0: they listen")
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="how long they stay")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(run=run_load)


def run_load(options: argparse.Namespace) -> int:
    from samspel.demo.browser import PageError
    from samspel.demo.load import Plan, report, run

    address, code = options.address.rstrip("/"), "".join(options.code.split())
    if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
        return _told("the address begins with http:// or https://")
    if not (code.isdigit() and len(code) == 6):
        return _told("the code is six digits")
    if options.people < 1 or not all(value >= 0 for value in (options.within, options.rate, options.seconds)):
        return _told("--people is at least 1; --within, --rate and --seconds are not below 0")
    plan = Plan(options.people, options.within, options.rate, options.seconds)
    try:
        figures = asyncio.run(run(address, code, plan, lambda text: print(text, file=sys.stderr, flush=True)))
    except PageError as error:
        return _told(str(error))
    print(json.dumps(as_record(figures), indent=1) if options.json else report(figures, plan))
    return 1 if figures.failed else 0


def as_record(figures: "Figures") -> dict[str, object]:
    """The figures for programs: percentiles in milliseconds."""
    from samspel.demo.load import shares

    rows = {
        "join": figures.joined,
        "acknowledged": figures.acknowledged,
        "spread": figures.spreads(len(figures.joined)),
        "page": figures.pages,
        "last_page": figures.waits(),
    }
    names = ("p50", "p95", "p99", "most")
    found: dict[str, object] = {
        name: {"count": len(values), **dict(zip(names, shares(values, 50, 95, 99, 100), strict=False))}
        for name, values in rows.items()
    }
    return found | {"lines_lost": figures.lines_lost, "failed": dict(figures.failed)}


def _told(text: str) -> int:
    print(f"samspel load: {text}", file=sys.stderr)
    return 2
