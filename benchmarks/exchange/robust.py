"""What it gives to choose what survives a no, in one pool: `python -m benchmarks.exchange.robust [--smoke]`.

Out of each pool three selections: the one that meets most needs, whichever of the equal ones; of those, the one whose
expected needs are most; and the one whose expected needs are most of all. Everybody in them says yes with a chance or
not, a no is mended, who is asked anew answers, and so on until all have said yes. The three meet the same answers. What
is expected without mending is also counted, and must be what the engine says.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

# One thread: what several do at once would count several times.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt

from benchmarks.engine.matching import make_pool
from benchmarks.exchange.year import GOALS, Policy, interval
from samspel.engine.matching import Change, Problem, Selected, Solution, mend, solve

Floats = npt.NDArray[np.float64]

CHANCES = (0.5, 0.7, 0.8, 0.9)
POOLS, DRAWS, PEOPLE = 5, 200, 60  # and a tenth as many who only give
ROUNDS = 30  # of asking anew; each has draws of its own
LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Needs met with nothing mended and with everything mended, and how many times somebody was asked."""

    unmended: int
    mended: int
    asked: int


def survives(one: Selected, yes: set[int]) -> int:
    """Needs met of a ring when all say yes, of a chain as far as the first no.

    >>> survives(Selected("chain", (4, 5, 6)), {4, 5}), survives(Selected("ring", (4, 5, 6)), {4, 5})
    (1, 0)
    """
    if one.kind == "ring":
        return one.needs_met if yes.issuperset(one.posts) else 0
    first_no = next((at for at, post in enumerate(one.posts) if post not in yes), len(one.posts))
    return max(0, first_no - 1)


def ask(problem: Problem, solution: Solution, draws: Floats, chance: float) -> Outcome:
    """:param draws: ``[rounds, posts]``; a post says yes in a round where its draw is below the chance."""
    asked = {post for one in solution.selected for post in one.posts}
    unmended = sum(survives(one, {post for post in asked if draws[0, post] < chance}) for one in solution.selected)
    times = 0
    for draw in draws:
        times += len(asked)
        noes = frozenset(post for post in asked if draw[post] >= chance)
        if not noes:
            return Outcome(unmended, int(sum(one.needs_met for one in solution.selected)), times)
        changed = mend(problem, solution, Change(gone=noes), time_limit_s=LIMIT_S)
        problem, solution, asked = changed.problem, changed.solution, {*changed.asked_anew}
    raise SystemExit(f"after {len(draws)} rounds somebody has still to answer")


def rows(*, smoke: bool) -> Iterator[str]:
    pools, draws, people = (2, 10, 40) if smoke else (POOLS, DRAWS, PEOPLE)
    yield f"{'yes':>4}  {'chosen for':28}{'needs':>7}{'expected':>10}{'mended':>8}{'asked':>7}  beside the first"
    for chance in CHANCES[::2] if smoke else CHANCES:
        usual: list[Outcome] = []
        for goal in GOALS:
            outcomes: list[Outcome] = []
            values, expected = [], []
            for seed in range(1, pools + 1):
                pool = make_pool(people, people // 10, seed, ring=4, chain=6)
                problem = replace(pool, objectives=Policy(7, goal=goal).objectives(len(pool.givers), chance))
                solution = solve(problem, time_limit_s=LIMIT_S)
                values.append(sum(one.needs_met for one in solution.selected))
                expected.append(solution.expected_met(chance))
                rng = np.random.default_rng(seed)
                outcomes += [ask(problem, solution, rng.random((ROUNDS, len(pool.ids))), chance) for _ in range(draws)]
            counted, low, high = interval([one.unmended for one in outcomes])
            if abs(counted - np.mean(expected)) > high - low:
                raise SystemExit(f"{chance} {goal}: {counted:.2f} met, and {np.mean(expected):.2f} are expected")
            usual = usual or outcomes
            mended = np.array([one.mended for one in outcomes])
            more = "{:+.2f} ({:+.2f} to {:+.2f})".format(
                *interval([one.mended - other.mended for one, other in zip(outcomes, usual, strict=True)])
            )
            asked = sum(one.asked for one in outcomes) / mended.sum()
            yield (
                f"{chance:4.0%}  {goal:28}{np.mean(values):7.1f}{np.mean(expected):10.1f}{mended.mean():8.1f}"
                f"{asked:7.2f}  {more}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exchange.robust", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small pools, few draws")
    arguments = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    for row in rows(smoke=arguments.smoke):
        print(row, flush=True)


if __name__ == "__main__":
    main()
