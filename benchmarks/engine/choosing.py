"""How long choosing takes, beside other libraries: `python -m benchmarks.engine.choosing [--smoke]`.

With SAMSPEL_ORACLE_PYTHON (a Python that has the libraries, see tests/engine/choosing/peers.py) rows have the peer's
time in the same run and the ratio; with SAMSPEL_DATA also real elections. Times are the processor's, of the rule,
certificate and receipts included on our side; taking the ballots in is a column of its own. Peers use their fastest
way, floating point for shares. `--slow` asks them also where they take minutes, three at most (then the ratio is "at
least"), on one election; `--budgets` takes every budget, also without what other libraries do not tell.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

# One thread: what several do at once would count several times.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from samspel.engine.choosing import Ballot, Problem, Rule, Value, check, solve
from samspel.engine.choosing.ballots import Votes
from samspel.engine.choosing.solving import choose
from tests.engine.choosing.elections import ORACLE_PYTHON, Peers, read_election

SEEDS = (1, 2, 3)
PATIENCE_S = 180  # of the processor's time, for a peer
BUDGET_RULES: tuple[Rule, ...] = ("equal-shares", "greedy")
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
    slow: tuple[Rule, ...] = ()  # where the peer takes minutes: on demand, and on one election only


SIZES = (
    Size("unit", 60, 40, 3),
    Size("hall", 400, 200, 3),
    Size("hall, by chance", 400, 200, 3, blocs=0, peers=APPROVAL[:4], slow=("pav",)),
    Size("hall, 20 places", 400, 200, 20, peers=("seq-pav", "phragmen", "equal-shares"), rules=APPROVAL[:4]),
    Size("city", 100_000, 200, 3, peers=("seq-pav", "phragmen"), slow=("equal-shares",)),
    Size("city, by chance", 100_000, 200, 3, blocs=0, peers=(), rules=("phragmen", "equal-shares", "pav", "cc")),
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


def seconds_of(run: Callable[[], object]) -> float:
    """The processor's: the middle of five runs after one to warm up; of three when a run is slow."""
    times = []
    for _ in range(6):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
        if sum(times) > 2 and len(times) > 2:
            break
    return statistics.median(times[1:])


def goals(size: str, rule: Rule) -> tuple[float, float]:
    """Milliseconds to stay below, and how many times faster than the peer to be; 0 where nothing is asked."""
    if rule == "stv":
        return 60, 0
    if size.startswith("hall"):
        return 10, 20 if rule in ("phragmen", "equal-shares", "pav") else 0
    if size.startswith("city"):
        return 150, {"phragmen": 300, "equal-shares": 1000}.get(rule, 0)
    return 0, 0


def measure(
    name: str, problems: list[Problem], rule: Rule, peers: Peers | None, *, goal: tuple[float, float], is_checked: bool
) -> Iterator[str]:
    building, ours, theirs, ratios, cut = [], [], [], [], False
    for problem in problems:
        building.append(seconds_of(lambda: Votes.of(problem.options, problem.ballots)))  # noqa: B023 (at once)
        ours.append(seconds_of(lambda: solve(problem, rule=rule)))  # noqa: B023 (at once)
        winners = solve(problem, rule=rule)
        if is_checked and check(problem, winners):
            yield f"{name} {rule}: {check(problem, winners)}"
            raise SystemExit(1)
        if peers is not None:
            settings = {"algorithm": "pulp-highs"} if rule in ("pav", "cc") else {}
            answer = peers.ask(problem, rule, merged=False, settings=settings, limit_s=PATIENCE_S)
            cut |= answer["is_cut"]
            theirs.append(answer["seconds"])
            ratios.append(theirs[-1] / ours[-1])
            if not answer["is_cut"] and answer["winners"] != set(winners.winners) and not winners.ties:
                yield f"{name} {rule}: other winners than the peer: {winners.winners}, {sorted(answer['winners'])}"
                raise SystemExit(1)
    ballots_ms, ours_ms = (1000 * statistics.median(times) for times in (building, ours))
    row = f"{name:42} {rule:13} {ballots_ms:10.1f} {ours_ms:9.2f}"
    ratio = statistics.median(ratios) if ratios else 0.0
    row += f" {'>=' if cut else '':>2}{1000 * statistics.median(theirs):10.1f} {ratio:9.0f}" if theirs else 22 * " "
    below_ms, times = goal
    wanted = " and ".join([f"< {below_ms:g} ms"] * (below_ms > 0) + [f">= {times:g} x"] * (times > 0 and bool(theirs)))
    is_met = (not below_ms or ours_ms < below_ms) and (not times or not theirs or ratio >= times)
    yield f"{row}  {wanted}: {'yes' if is_met else 'NO'}" if wanted else row


def rows(*, smoke: bool, slow: bool, peers: Peers | None) -> Iterator[str]:
    seeds = SEEDS[:1] if smoke else SEEDS
    for size in SIZES[:2] if smoke else SIZES:
        problems = [make_problem(size, seed) for seed in seeds]
        for rule in size.rules:
            is_slow = slow and rule in size.slow
            known = peers if is_slow or rule in size.peers else None
            label = f"{size.name}: {size.voters} x {size.options}, {size.places} places"
            is_checked = smoke and size.voters < 100
            some = problems[:1] if is_slow else problems
            yield from measure(label, some, rule, known, goal=goals(size.name, rule), is_checked=is_checked)
    rankings = [make_rankings(60 if smoke else 400, 40 if smoke else 200, seed) for seed in seeds]
    label = f"rankings: {rankings[0].voters} x {len(rankings[0].options)}, 3 places"
    yield from measure(label, rankings, "stv", peers, goal=goals("hall", "stv"), is_checked=smoke)
    data = Path(os.environ.get("SAMSPEL_DATA", "")) / "voting"
    if not smoke and os.environ.get("SAMSPEL_DATA"):
        for file, value in BUDGETS:
            problem = read_election(data / file).for_budget(value)
            name = f"{file[:34]} {value}"
            yield from measure(name, [problem], "equal-shares", peers, goal=(0, 50), is_checked=False)


def every_budget(peers: Peers) -> Iterator[str]:
    """How many times faster on every file: all that a solution tells, and the rule alone with exact prices (its
    receipts not yet read), beside the peer's winners. Equal shares with costs (dots with points), and greedy."""
    data = Path(os.environ["SAMSPEL_DATA"]) / "voting"
    yield f"{'':42} {'files':>5} {'all told':>9} {'least':>6} {'rule alone':>11} {'least':>6}  >= 50 x, none < 5 x"
    for rule in BUDGET_RULES:
        found: list[tuple[float, float, int, str]] = []
        for file in sorted(data.glob("*.pb.gz")):
            election = read_election(file)
            problem = election.for_budget("points" if election.kind == "cumulative" else "cost")
            rank = range(len(problem.options))
            assert problem.votes is not None
            all_told = seconds_of(lambda: solve(problem, rule=rule))  # noqa: B023 (at once)
            alone = seconds_of(lambda: choose(problem, rule, rank))  # noqa: B023 (at once)
            answers = [peers.ask(problem, rule) for _ in range(3)]
            assert set(solve(problem, rule=rule).winners) == answers[0]["winners"], file.name
            theirs = statistics.median(answer["seconds"] for answer in answers)
            found.append((theirs / all_told, theirs / alone, problem.voters, file.name))
        named = {file for file, _ in BUDGETS}
        for name, kept in (
            ("every file", found),
            ("1,000 voters and more", [row for row in found if row[2] >= 1000]),
            ("the files of the table", [row for row in found if row[3] in named]),
        ):
            told, alone_ = [row[0] for row in kept], [row[1] for row in kept]
            is_met = statistics.median(alone_) >= 50 and min(alone_) >= 5
            yield (
                f"{rule + ', ' + name:42} {len(kept):5} {statistics.median(told):9.1f} {min(told):6.1f}"
                f" {statistics.median(alone_):11.1f} {min(alone_):6.1f}  {'yes' if is_met else 'NO'}, the rule alone"
            )


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
        print(f"{'size':42} {'rule':13} {'ballots ms':>10} {'ours ms':>9} {'peer ms':>12} {'ratio':>9}  goal: met")
        for row in rows(smoke=arguments.smoke, slow=arguments.slow, peers=peers):
            print(row, flush=True)


if __name__ == "__main__":
    main()
