"""Selections against trying every one, the checker against planted faults, and what cannot be asked."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from samspel.engine.matching import Problem, Selected, Solution, check, describe, solve

from .pools import best_values, make_pool, pools


def found(problem: Problem) -> Solution:
    return solve(problem, time_limit_s=60)


@settings(deadline=None, max_examples=100)
@given(pools())
def test_no_selection_is_better(problem):
    solution = found(problem)

    assert check(problem, solution) == []
    assert solution.status == "best"
    assert solution.values == pytest.approx(best_values(problem))


@settings(deadline=None, max_examples=50)
@given(pools(posts=6, objectives=2))
def test_the_second_objective_chooses_among_the_best_of_the_first(problem):
    solution = found(problem)

    assert check(problem, solution) == []
    assert solution.values == pytest.approx(best_values(problem))
    assert solution.bounds == pytest.approx(solution.values)


def test_the_same_pool_gives_the_same_selection():
    rng = np.random.default_rng(3)
    arcs = {(int(a), int(b)): [int(rng.integers(1, 9))] for a, b in rng.integers(0, 40, (160, 2)) if a != b and b >= 5}
    problem = make_pool([post >= 5 for post in range(40)], arcs)

    assert found(problem).selected == found(problem).selected


def test_without_time_there_is_a_bound_all_the_same():
    problem = make_pool([True, True, True], {(0, 1): [2], (1, 2): [3], (2, 0): [4], (1, 0): [1]})

    solution = solve(problem, time_limit_s=0)

    assert check(problem, solution) == []
    assert solution.bound >= 9
    assert solution.gap >= 0


def test_nothing_to_match_is_proven():
    problem = make_pool([True, True], {(0, 1): [2]})

    solution = found(problem)

    assert (solution.selected, solution.values, solution.status, solution.gap) == ((), (0.0,), "best", 0.0)


def test_fewest_hands_takes_two_pairs_before_a_ring_of_four():
    ring = {(0, 1): [1, 0], (1, 2): [1, 0], (2, 3): [1, 0], (3, 0): [1, 0], (1, 0): [1, 0], (3, 2): [1, 0]}
    problem = make_pool([True] * 4, ring, per_hand=(0.0, 1.0))

    solution = found(problem)

    assert [one.posts for one in solution.selected] == [(0, 1), (2, 3)]
    assert solution.values == (4.0, -8.0)


@pytest.fixture
def pool() -> Problem:
    """A giver and a ring of three."""
    arcs = {(0, 1): [5], (1, 2): [2], (2, 3): [2], (3, 1): [2], (2, 1): [1]}
    return make_pool([False, True, True, True], arcs, ring=3, chain=2)


def told(*selected: Selected, value: float, bound: float | None = None) -> Solution:
    return Solution(selected, (value,), (value if bound is None else bound,), "best", 0.0)


RING = Selected("ring", (1, 2, 3))


@pytest.mark.parametrize(
    ("solution", "fault"),
    [
        (told(RING, Selected("chain", (0, 1)), value=11), "p1 is in 2 places"),
        (told(RING, value=7), "goal 0 is 6, not 7"),
        (told(RING, value=6, bound=5), "above its bound 5"),
        (told(RING, value=6, bound=9), "told best, and its bound is 3 higher"),
        (told(Selected("ring", (1, 3, 2)), value=1), "p1 cannot help p3"),
        (told(Selected("chain", (1, 2)), value=2), "begins where there is a need"),
        (told(Selected("chain", (0, 1, 2, 3)), value=9), "meets 3 needs, at most 2 may be"),
        (told(Selected("chain", (0,)), value=0), "has fewer than two posts"),
        (told(Selected("ring", ()), value=0), "a ring has fewer than two posts"),
        (told(Selected("ring", (1, 9)), value=0), "there is no post 9"),
        (Solution((), (), (), "best", 0.0), "values and bounds must be 1"),
    ],
)
def test_a_planted_fault_is_found(pool, solution, fault):
    assert check(pool, told(RING, value=6)) == []

    wrong = check(pool, solution)

    assert any(fault in one for one in wrong), wrong


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": ("a", "a", "b", "c")}, "ids must differ"),
        ({"needs": np.array([True])}, "needs must be 4"),
        ({"takers": np.array([1])}, "takers must be 5"),
        ({"takers": np.array([1, 2, 3, 1, 4])}, "takers must be from 0 to 3, got 1 to 4"),
        ({"takers": np.array([1, 2, 3, 1, 2])}, "an arc must join two posts"),
        ({"takers": np.array([1, 2, 3, 0, 1])}, "takers must have a need"),
        ({"takers": np.array([1, 3, 3, 1, 3])}, "arcs must differ"),
        ({"objectives": ()}, "objectives must be at least one"),
        ({"ring": 1}, "ring must be 0 or at least 2"),
    ],
)
def test_a_problem_says_what_is_wrong_with_it(pool, change, message):
    with pytest.raises(ValueError, match=message):
        replace(pool, **change)


@pytest.mark.parametrize(("weights", "message"), [([1.0], "one for each arc, got 1"), ([-1.0] * 5, "at least 0")])
def test_weights_are_told_by_name(pool, weights, message):
    objective = replace(pool.objectives[0], weights=np.array(weights))

    with pytest.raises(ValueError, match=f"'goal 0' must be.*{message}"):
        replace(pool, objectives=(objective,))


def test_words_tell_what_is_met_and_what_is_proven(pool):
    texts = [one.text for one in describe(pool, found(pool))]

    assert texts[0] == "2 of 3 needs are met."
    assert texts[-1] == "Goal 0: 7; no selection can have more."


def test_words_tell_a_bound(pool):
    texts = [one.text for one in describe(pool, told(RING, value=6, bound=8))]

    assert texts == [
        "3 of 3 needs are met.",
        "0 pairs, 1 rings, 0 chains.",
        "Goal 0: 6; no selection can have more than 8.",
    ]
