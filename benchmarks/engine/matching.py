"""How good and how fast selections are: `python -m benchmarks.engine.matching [--smoke | --large | --compared]`.

Pools like ours are made here (regions, kinds of help, about twelve arcs a post): chosen by weight, by objectives in
order, and chosen anew after a hand took somebody out. With SAMSPEL_DATA also the stored exchange pools, held against
the best that is known of each. With SAMSPEL_MATCHING_PEER (a Python that has kep_solver, see scripts/peers.py) rows
have its time in the same run; it is stopped when its model or its solver has used SAMSPEL_MATCHING_PATIENCE_S, or by
the system when it has taken all memory. Seconds are the processor's, ours the median of three where they are below one;
every selection is checked, and a value below a proven one or a bound below a known value ends the run.
"""

import argparse
import csv
import gzip
import json
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

# One thread: what several do at once would count several times.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from samspel.engine.matching import Change, Objective, Problem, Solution, change, check, mend, solve
from samspel.engine.matching.wmd import read

PEER = os.environ.get("SAMSPEL_MATCHING_PEER")
PATIENCE_S = int(os.environ.get("SAMSPEL_MATCHING_PATIENCE_S", "120"))
ASKED = Path(__file__).with_name("matching_peer.py")
POOLS = (
    "sparseunos-128-12-s7-unit",
    "sparseunos-256-25-s7-int10",
    "saidman-64-6-s7-unit",
    "saidman-64-6-s7-int10",
    "saidman-128-12-s7-unit",
)
# From 256 to 1,000 posts, all that are stored of one seed, and of the other those that are like ours or small: medians
# are over these.
COMPARED = (
    "cocreation-256-25-s7",
    "cocreation-256-25-s8",
    "cocreation-1000-100-s7",
    "cocreation-1000-100-s8",
    "sparseunos-256-25-s7-unit",
    "sparseunos-256-25-s7-int10",
    "sparseunos-256-25-s8-unit",
    "sparseunos-256-25-s8-int10",
    "sparseunos-512-51-s7-unit",
    "sparseunos-512-51-s7-int10",
    "saidman-256-25-s7-unit",
    "saidman-256-25-s7-int10",
    "saidman-256-25-s8-unit",
    "saidman-256-25-s8-int10",
    "saidman-512-51-s7-unit",
    "saidman-512-51-s7-int10",
)
FORMULATIONS = ("picef", "cycle")
OURS = (("cocreation-256-25-s7", 60), ("cocreation-256-25-s8", 60), ("cocreation-1000-100-s7", 60))
# By limits of rings and chains: pools of a city, with the seconds that their figures are promised in.
LARGE = (
    ("cocreation-3000-300-s7", 3, 60),
    ("cocreation-10000-1000-s7", 3, 15),
    ("cocreation-3000-300-s7", 4, 180),
    ("cocreation-10000-1000-s7", 4, 600),
)
LARGEST = ((30_000, 90), (100_000, 600))


def make_pool(posts: int, givers: int, seed: int, *, ring: int, chain: int, at_once: float | None = None) -> Problem:
    """Regions of 250, six sectors of up to forty kinds of help; one offers and needs mostly in one's own sector.

    :param at_once: how many are there at a time, among whom each is to have about twelve arcs; everybody when None.
    """
    rng = np.random.default_rng(seed)
    count = posts + givers
    share = 1.0 if at_once is None else at_once / count
    region = rng.integers(max(1, int(posts * share) // 250), size=count)
    kinds = min(40, max(4, int(count * share) // 72))
    sector = rng.integers(6, size=count)
    offer, need = (
        kinds * np.where(rng.random(count) < 0.6, sector, rng.integers(6, size=count)) + rng.integers(kinds, size=count)
        for _ in range(2)
    )
    ends: list[tuple[int, int]] = []
    for kind in range(6 * kinds):
        who, whom = np.flatnonzero(offer == kind), np.flatnonzero((need == kind) & (np.arange(count) < posts))
        one, other = (side.ravel() for side in np.meshgrid(who, whom, indexing="ij"))
        # Neighbours can always help, others seldom: about twelve each, whatever the size.
        near = (region[one] == region[other]) | (rng.random(len(one)) < min(1.0, 2400 / (count * share)))
        near &= one != other
        ends += zip(one[near].tolist(), other[near].tolist(), strict=True)
    giver, taker = (np.array([pair[end] for pair in ends], dtype=np.int64) for end in (0, 1))
    weights = rng.integers(1, 101, size=len(ends)).astype(np.float64)
    ids = tuple(f"post {number}" for number in range(count))
    return Problem(ids, np.arange(count) < posts, giver, taker, (Objective("value", weights),), ring, chain)


@dataclass(frozen=True, slots=True)
class Known:
    """The best that is known of a stored pool."""

    value: float
    bound: float


def known_of(data: Path) -> dict[tuple[str, int, int], Known]:
    with (data / "optima.tsv").open() as file:
        rows = [*csv.DictReader(file, delimiter="\t")]
    return {
        (row["file"].removesuffix(".wmd.gz"), int(row["ring"]), int(row["chain"])): Known(
            float(row["value"]), float(row["bound"])
        )
        for row in rows
    }


def ask_peer(path: Path, formulation: str) -> tuple[float | None, float]:
    """The value, if it came in time, and the processor's seconds for building the model and solving it."""
    assert PEER is not None
    before = _children_s()
    answer = subprocess.run(
        [PEER, str(ASKED), str(path), formulation, str(PATIENCE_S)], capture_output=True, text=True, check=False
    )
    used = _children_s() - before
    if answer.returncode and "MemoryError" in answer.stderr:
        return None, used
    if answer.returncode:
        # Its seconds are the processor's too: on a busy machine a clock would stop it sooner than us.
        if used < PATIENCE_S - 1:
            raise SystemExit(f"{path.name}, {formulation}: {answer.returncode} after {used:.0f} s\n{answer.stderr}")
        return None, PATIENCE_S
    found = json.loads(answer.stdout.splitlines()[-1])
    return found["value"], found["seconds"]


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(problem: Problem, limit_s: float) -> tuple[Solution, float]:
    start = time.process_time()
    solution = solve(problem, time_limit_s=limit_s)
    return solution, time.process_time() - start


def measure(
    name: str,
    problem: Problem,
    limit_s: float,
    known: Known | None,
    path: Path | None = None,
    ratios: list[tuple[float, ...]] | None = None,
) -> Iterator[str]:
    """:param path: for the peer to read, where it is asked.
    :param ratios: takes the peer's seconds over ours, one for each formulation.
    """
    solution, ours = timed(problem, limit_s)
    if ours < 1:
        ours = statistics.median([ours, *(timed(problem, limit_s)[1] for _ in range(2))])
    wrong = check(problem, solution)
    if known is not None:
        if solution.bound < known.value - 1e-6:
            wrong.append(f"the bound {solution.bound:g} is below {known.value:g}, which is known")
        if solution.value > known.bound + 1e-6:
            wrong.append(f"the value {solution.value:g} is above {known.bound:g}, which nothing can be")
        if solution.status == "best" and solution.value < known.value - 1e-6:
            wrong.append(f"told best at {solution.value:g}, and {known.value:g} is known")
    if wrong:
        raise SystemExit(f"{name}: {'; '.join(wrong)}")
    best = "" if known is None else f"{known.value:g}"
    limits, gap = f"{problem.ring},{problem.chain}", 100 * solution.gap
    row = f"{name:28} {limits} {solution.value:9g} {gap:7.3f} % {best:>8} {ours:8.2f}"
    times: list[float] = []
    for formulation in FORMULATIONS if PEER and path else ():
        value, theirs = ask_peer(path, formulation)  # type: ignore[arg-type]
        times.append(theirs / ours)
        if value is not None and solution.status == "best" and abs(value - solution.value) > 1e-6:
            raise SystemExit(f"{name}: {solution.value:g}, and kep_solver's {formulation} finds {value:g}")
        row += f"  {formulation} {'>=' if value is None else ''}{theirs:.2f} s, {theirs / ours:.1f} x"
    if times and ratios is not None:
        ratios.append(tuple(times))
    yield row


def in_order(posts: int, limit_s: float) -> Iterator[str]:
    """Needs met, then the selection that a no costs least; beside one that is indifferent to it."""
    pool = make_pool(posts, posts // 10, 1, ring=4, chain=6)
    weights = pool.objectives[0].weights
    needs, survives = Objective("needs met", weights * 0 + 1), Objective("met at 80 %", weights * 0, chance=0.8)
    hands, fit = Objective("hands", weights * 0, per_hand=1.0), Objective("fit", weights)
    for objectives in ((needs,), (needs, survives), (needs, hands, fit)):
        problem = replace(pool, objectives=objectives)
        start = time.process_time()
        solution = solve(problem, time_limit_s=limit_s)
        seconds = time.process_time() - start
        if wrong := check(problem, solution):
            raise SystemExit(f"{posts} in order: {'; '.join(wrong)}")
        told = ", ".join(
            f"{one.name} {value:.6g} (at most {bound:.6g})"
            for one, value, bound in zip(objectives, solution.values, solution.bounds, strict=True)
        )
        yield f"{posts + posts // 10} in order: {told}; {solution.expected_met(0.8):.1f} expected; {seconds:.1f} s"


def after_a_hand(posts: int, limit_s: float, changes: int) -> Iterator[str]:
    """Somebody is taken out: most needs met, chosen anew near her, mended, and beside it chosen from the start."""
    problem = make_pool(posts, posts // 10, 1, ring=4, chain=6)
    problem = replace(problem, objectives=(Objective("needs met", np.ones(len(problem.givers))),))
    solution = solve(problem, time_limit_s=limit_s)
    rng = np.random.default_rng(1)
    seconds: list[float] = []
    short: list[float] = []
    moved: list[int] = []
    anew = change(problem, solution, Change())
    for at in rng.choice(len(solution.selected), changes, replace=False).tolist():
        wanted = Change(gone=frozenset({solution.selected[at].posts[-1]}))
        start = time.process_time()
        anew = change(problem, solution, wanted)
        seconds.append(time.process_time() - start)
        mended = mend(problem, solution, wanted)
        if wrong := [*check(anew.problem, anew.solution), *check(mended.problem, mended.solution)]:
            raise SystemExit(f"{posts} after a hand: {'; '.join(wrong)}")
        moved.append(len(mended.new))
        short.append(solution.value - mended.solution.value)
    full = solve(anew.problem, time_limit_s=limit_s)
    below = 100 * (full.value - anew.solution.value) / full.value
    yield (
        f"{posts + posts // 10} after a hand: {np.median(seconds):.2f} s, at most {max(seconds):.2f} s;"
        f" the last {below:.2f} % below {limit_s:g} s from the start, which is {100 * full.gap:.2f} % from its bound;"
        f" mended {np.mean(moved):.1f} new transfers, {np.mean(short):.0f} of {solution.value:g} less"
    )


def stored(data: Path, name: str, ring: int, chain: int) -> tuple[Problem, Path]:
    path = data / f"{name}.wmd.gz"
    with gzip.open(path, "rt") as file:
        return read(file, ring=ring, chain=chain), path


def rows(*, smoke: bool) -> Iterator[str]:
    made = make_pool(250, 25, 1, ring=4, chain=6) if smoke else make_pool(3000, 300, 1, ring=3, chain=3)
    yield from measure(f"made {len(made.ids)}", made, 10 if smoke else 60, None)
    yield from in_order(100 if smoke else 1000, 10 if smoke else 60)
    yield from after_a_hand(250 if smoke else 5000, 10 if smoke else 60, 2 if smoke else 10)
    if not os.environ.get("SAMSPEL_DATA"):
        return
    data = Path(os.environ["SAMSPEL_DATA"]) / "exchange"
    known = known_of(data)
    for name in POOLS[::2][:2] if smoke else POOLS:
        problem, path = stored(data, name, 3, 3)
        yield from measure(name, problem, 60, known.get((name, 3, 3)), None if smoke else path)
        yield from measure(name, replace(problem, ring=4, chain=6), 60, known.get((name, 4, 6)))
    for name, limit_s in OURS[:1] if smoke else OURS:
        problem, _ = stored(data, name, 3, 3)
        yield from measure(name, problem, limit_s, known.get((name, 3, 3)))
        if not smoke:
            yield from measure(name, replace(problem, ring=4, chain=6), limit_s, known.get((name, 4, 6)))
    if not smoke:
        yield from compared(data, known)


def compared(data: Path, known: dict[tuple[str, int, int], Known]) -> Iterator[str]:
    """Beside the peer: rings and chains of three, and how many times as long it takes, at the median and at least."""
    ratios: list[tuple[float, ...]] = []
    for name in COMPARED:
        problem, path = stored(data, name, 3, 3)
        yield from measure(name, problem, 60, known.get((name, 3, 3)), path, ratios)
    for formulation, times in zip(FORMULATIONS, zip(*ratios, strict=True), strict=False):
        median = statistics.median(times)
        yield f"{formulation}: {median:.1f} x at the median of {len(times)} pools, at least {min(times):.1f} x"


def large() -> Iterator[str]:
    for posts, limit_s in LARGEST:
        yield from measure(f"made {posts}", make_pool(posts, posts // 10, 1, ring=3, chain=3), limit_s, None)
    if not os.environ.get("SAMSPEL_DATA"):
        return
    data = Path(os.environ["SAMSPEL_DATA"]) / "exchange"
    known = known_of(data)
    for name, ring, limit_s in LARGE:
        problem, _ = stored(data, name, ring, 3 if ring == 3 else 6)
        yield from measure(name, problem, limit_s, known.get((name, ring, problem.chain)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true", help="the smallest pools")
    parser.add_argument("--large", action="store_true", help="the pools of a city alone, which take half an hour")
    parser.add_argument("--compared", action="store_true", help="beside kep_solver alone, which takes half an hour")
    arguments = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}; peer: {PEER or 'not here (SAMSPEL_MATCHING_PEER)'}")
    print(f"{'pool':28} r,c {'value':>9} {'gap':>9} {'known':>8} {'CPU s':>8}")
    data = Path(os.environ.get("SAMSPEL_DATA", "")) / "exchange"
    if arguments.compared:
        asked = compared(data, known_of(data))
    else:
        asked = large() if arguments.large else rows(smoke=arguments.smoke)
    for row in asked:
        print(row, flush=True)
    print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.0f} MB")


if __name__ == "__main__":
    main()
