"""How long choosing takes, beside other libraries: `python -m benchmarks.engine.choosing [--smoke]`.

With SAMSPEL_ORACLE_PYTHON (a Python that has the libraries, see tests/engine/choosing/peers.py) rows have the peer's
time in the same run and the ratio; with SAMSPEL_DATA also real elections. Times are of the rule, certificate and
receipts included on our side; taking the ballots in is a column of its own. Peers use their
fastest way, floating point for shares. `--slow` waits for them where they take minutes, `--budgets` takes every budget.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from samspel.engine.choosing import Ballot, Problem, Rule, Value, check, solve
from samspel.engine.choosing.ballots import Votes
from tests.engine.choosing.elections import ORACLE_PYTHON, Peers, read_election

SEEDS = (1, 2, 3)
APPROVAL: tuple[Rule, ...] = ("most-marks", "seq-pav", "phragmen", "equal-shares", "pav", "cc")
# What a budget needs: approval elections by cost and by marks, dots by points.
BUDGETS: tuple[tuple[str, Value], ...] = (
    ("France_Toulouse_2022.pb.gz", "cost"),
    ("France_Toulouse_2022.pb.gz", "marks"),
    ("Poland_Lodz_2020.pb.gz", "cost"),
    ("Poland_Lodz_2020.pb.gz", "marks"),
    ("Poland_Warszawa_2020_Praga-Poludnie.pb.gz", "cost"),
    ("Poland_Warszawa_2020_Praga-Poludnie.pb.gz", "marks"),
    ("Poland_Czestochowa_2020.pb.gz", "points"),
    ("Poland_Katowice_2022.pb.gz", "points"),
    ("Poland_Warszawa_2026_Wlochy.pb.gz", "cost"),
    ("Netherlands_Amsterdam_644.pb.gz", "marks"),
)


@dataclass(frozen=True, slots=True)
class Size:
    """Voters, options and places; `blocs` of people who think alike, or none: every mark by chance `density`."""

    name: str
    voters: int
    options: int
    places: int
    blocs: int = 6
    density: float = 0.2
    peers: tuple[Rule, ...] = APPROVAL
    rules: tuple[Rule, ...] = APPROVAL


SIZES = (
    Size("unit", 60, 40, 3),
    Size("hall", 400, 200, 3),
    Size("hall, by chance", 400, 200, 3, blocs=0, peers=("most-marks", "seq-pav", "phragmen", "equal-shares")),
    Size("hall, 20 places", 400, 200, 20, peers=("seq-pav", "phragmen", "equal-shares"), rules=APPROVAL[:4]),
    Size("city", 100_000, 200, 3, peers=("seq-pav", "phragmen")),
)


def make_problem(size: Size, seed: int) -> Problem:
    """People of a bloc mark seven in ten of what it likes (an eighth of the options), and one in fifty of the rest."""
    rng = np.random.default_rng(seed)
    chance = np.full((1, size.options), size.density)
    bloc = np.zeros(size.voters, dtype=np.int64)
    if size.blocs:
        liked = rng.random((size.blocs, size.options)) < 1 / 8
        chance = np.where(liked, 0.7, 0.02)
        bloc = rng.integers(size.blocs, size=size.voters)
    names = tuple(f"o{option}" for option in range(size.options))
    ballots = tuple(
        Ballot(tuple(names[option] for option in np.flatnonzero(rng.random(size.options) < chance[kind]).tolist()))
        for kind in bloc.tolist()
    )
    return Problem(names, ballots, size.places)


def make_rankings(voters: int, options: int, seed: int) -> Problem:
    """Everybody ranks everything: a shared order with noise."""
    rng = np.random.default_rng(seed)
    names = tuple(f"o{option}" for option in range(options))
    taste = rng.normal(size=options)
    orders = np.argsort(-(taste + rng.normal(scale=1.5, size=(voters, options))), axis=1).tolist()
    return Problem(names, tuple(Ballot(tuple(names[option] for option in order)) for order in orders), 3)


def seconds_of(problem: Problem, rule: Rule) -> float:
    """The middle of five runs after one to warm up; of three when a run is slow."""
    times = []
    for _ in range(6):
        start = time.perf_counter()
        solve(problem, rule=rule)
        times.append(time.perf_counter() - start)
        if sum(times) > 2 and len(times) > 2:
            break
    return statistics.median(times[1:])


def measure(name: str, problems: list[Problem], rule: Rule, peers: Peers | None, *, is_checked: bool) -> Iterator[str]:
    building, ours, theirs, ratios = [], [], [], []
    for problem in problems:
        start = time.perf_counter()
        Votes.of(problem.options, problem.ballots)
        building.append(time.perf_counter() - start)
        ours.append(seconds_of(problem, rule))
        winners = solve(problem, rule=rule)
        if is_checked and check(problem, winners):
            yield f"{name} {rule}: {check(problem, winners)}"
            raise SystemExit(1)
        if peers is not None:
            settings = {"algorithm": "pulp-highs"} if rule in ("pav", "cc") else {}
            answer = peers.ask(problem, rule, merged=False, settings=settings)
            theirs.append(answer["seconds"])
            ratios.append(theirs[-1] / ours[-1])
            if answer["winners"] != set(winners.winners) and not winners.ties:
                yield f"{name} {rule}: other winners than the peer: {winners.winners}, {sorted(answer['winners'])}"
                raise SystemExit(1)
    ballots_ms, ours_ms = (1000 * statistics.median(times) for times in (building, ours))
    row = f"{name:42} {rule:13} {ballots_ms:10.1f} {ours_ms:9.2f}"
    yield f"{row} {1000 * statistics.median(theirs):12.1f} {statistics.median(ratios):9.0f}" if theirs else row


def rows(*, smoke: bool, slow: bool, peers: Peers | None) -> Iterator[str]:
    seeds = SEEDS[:1] if smoke else SEEDS
    for size in SIZES[:2] if smoke else SIZES:
        problems = [make_problem(size, seed) for seed in seeds]
        for rule in size.rules:
            known = peers if slow or rule in size.peers else None
            label = f"{size.name}: {size.voters} x {size.options}, {size.places} places"
            yield from measure(label, problems, rule, known, is_checked=smoke and size.voters < 100)
    rankings = [make_rankings(60 if smoke else 400, 40 if smoke else 200, seed) for seed in seeds]
    label = f"rankings: {rankings[0].voters} x {len(rankings[0].options)}, 3 places"
    yield from measure(label, rankings, "stv", peers, is_checked=smoke)
    data = Path(os.environ.get("SAMSPEL_DATA", "")) / "voting"
    if not smoke and os.environ.get("SAMSPEL_DATA"):
        for file, value in BUDGETS:
            problem = read_election(data / file).for_budget(value)
            yield from measure(f"{file[:34]} {value}", [problem], "equal-shares", peers, is_checked=False)


def every_budget(peers: Peers) -> Iterator[str]:
    """The ratio on every file: equal shares with costs and without points, and greedy."""
    data = Path(os.environ["SAMSPEL_DATA"]) / "voting"
    for rule in ("equal-shares", "greedy"):
        found = []
        for file in sorted(data.glob("*.pb.gz")):
            election = read_election(file)
            problem = election.for_budget("points" if election.kind == "cumulative" else "cost")
            assert problem.votes is not None
            ours, answer = seconds_of(problem, rule), peers.ask(problem, rule)
            assert set(solve(problem, rule=rule).winners) == answer["winners"], file.name
            found.append((answer["seconds"] / ours, ours, file.name))
        found.sort()
        middle = statistics.median(ratio for ratio, _, _ in found)
        yield f"{rule}, {len(found)} budgets: ratio {middle:.0f} at the median, {found[0][0]:.1f} at {found[0][2]}"
        named = {file for file, _ in BUDGETS}
        large = sorted(ratio for ratio, _, name in found if name in named)
        yield f"{rule}, the budgets of the table: {statistics.median(large):.0f} at the median, least {large[0]:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true", help="the two smallest sizes, and results checked")
    parser.add_argument("--slow", action="store_true", help="ask peers also where they take minutes")
    parser.add_argument("--budgets", action="store_true", help="only budgets, on every file, beside pabutools")
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}")
    print(f"load {os.getloadavg()[0]:.1f}; peers: {ORACLE_PYTHON or 'not here (SAMSPEL_ORACLE_PYTHON)'}")
    with ExitStack() as stack:
        peers = stack.enter_context(Peers()) if ORACLE_PYTHON else None
        if arguments.budgets:
            if peers is None or not os.environ.get("SAMSPEL_DATA"):
                sys.exit("--budgets needs SAMSPEL_ORACLE_PYTHON and SAMSPEL_DATA")
            for row in every_budget(peers):
                print(row, flush=True)
            return
        print(f"{'size':42} {'rule':13} {'ballots ms':>10} {'ours ms':>9} {'peer ms':>12} {'ratio':>9}")
        for row in rows(smoke=arguments.smoke, slow=arguments.slow, peers=peers):
            print(row, flush=True)


if __name__ == "__main__":
    main()
