"""What no selection can exceed, held against every matching tried one by one."""

from dataclasses import replace
from itertools import combinations

import numpy as np
from hypothesis import given

from samspel.engine.matching import Objective, Problem, most_needs_met, solve
from tests.engine.matching.pools import pools


def tried(problem: Problem) -> int:
    """The most arcs that share neither a giver nor a taker."""
    arcs = [*zip(problem.givers.tolist(), problem.takers.tolist(), strict=True)]
    for size in range(len(arcs), 0, -1):
        for chosen in combinations(arcs, size):
            if all(len({pair[end] for pair in chosen}) == size for end in (0, 1)):
                return size
    return 0


@given(pools(posts=6))
def test_it_is_the_greatest_matching(problem: Problem) -> None:
    few = problem.only(np.arange(len(problem.givers)) < 11)

    assert most_needs_met(few) == tried(few)


@given(pools(posts=7))
def test_no_selection_exceeds_it(problem: Problem) -> None:
    counted = replace(problem, fixed=(), objectives=(Objective("needs met", np.ones(len(problem.givers))),))

    assert solve(counted).value <= most_needs_met(counted)
