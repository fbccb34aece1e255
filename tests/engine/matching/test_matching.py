"""Selections against trying every one, the checker against planted faults, and what cannot be asked."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from samspel.engine.matching import Problem, Selected, Solution, check, describe, solve, solving
from samspel.engine.matching.limits import most_needs_met

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


@settings(deadline=None, max_examples=50)
@given(pools(posts=6, fix=2))
def test_what_is_fixed_goes_before_all_else(problem):
    solution = found(problem)

    assert check(problem, solution) == []
    assert solution.values == pytest.approx(best_values(problem))
    assert solution.bounds == pytest.approx(solution.values)


def test_what_is_fixed_costs_what_it_costs():
    arcs = {(0, 1): [1], (1, 0): [1], (2, 3): [1], (3, 2): [1], (0, 2): [1], (2, 0): [1]}
    free = make_pool([True] * 4, arcs)
    fixed = make_pool([True] * 4, arcs, fixed=((0, 2),))

    assert found(free).values == (4.0,)
    assert [one.posts for one in found(fixed).selected] == [(0, 2)]


def test_a_fixed_transfer_that_no_ring_can_have_is_left_out():
    problem = make_pool([True] * 3, {(0, 1): [1], (1, 2): [1], (2, 1): [1]}, fixed=((0, 1),))

    solution = found(problem)

    assert (solution.selected, solution.values, solution.status) == ((), (0.0,), "best")
    assert check(problem, solution) == []


def test_pairs_survive_a_no_better_than_a_ring():
    arcs = {(0, 1): [1, 0], (1, 2): [1, 0], (2, 3): [1, 0], (3, 0): [1, 0], (1, 0): [1, 0], (3, 2): [1, 0]}
    problem = make_pool([True] * 4, arcs, per_hand=(0.0, 0.0), chances=(None, 0.8))

    solution = found(problem)

    assert [one.posts for one in solution.selected] == [(0, 1), (2, 3)]
    assert solution.values[1] == pytest.approx(solution.expected_met(0.8)) == pytest.approx(4 * 0.8**2)


def test_what_is_expected_is_what_happens():
    solution = told(Selected("ring", (1, 2, 3)), Selected("chain", (0, 4, 5)), value=5)
    rng = np.random.default_rng(5)

    said = rng.random((200_000, 6)) < 0.8
    ring, first = 3 * said[:, [1, 2, 3]].all(axis=1), said[:, [0, 4]].all(axis=1)
    happened = (ring + first + (first & said[:, 5])).mean()

    assert solution.expected_met(0.8) == pytest.approx(happened, abs=0.01)


def test_the_same_pool_gives_the_same_selection():
    rng = np.random.default_rng(3)
    arcs = {(int(a), int(b)): [int(rng.integers(1, 9))] for a, b in rng.integers(0, 40, (160, 2)) if a != b and b >= 5}
    problem = make_pool([post >= 5 for post in range(40)], arcs)

    assert found(problem).selected == found(problem).selected


def test_too_much_to_list_is_chosen_near_by_near(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(3)
    arcs = {
        (int(a), int(b)): [1, int(rng.integers(1, 9))] for a, b in rng.integers(0, 60, (400, 2)) if a != b and b >= 5
    }
    problem = make_pool([post >= 5 for post in range(60)], arcs, per_hand=(0.0, 0.0))
    best = solve(problem, time_limit_s=10)
    freed = []
    chosen_anew = solving._Stage._anew
    monkeypatch.setattr(solving._Stage, "_anew", lambda *asked: freed.append(1) or chosen_anew(*asked))
    monkeypatch.setattr(solving, "_MOST_LISTED", 40)
    for few in ("_FEW", "_FEWEST"):
        monkeypatch.setattr(solving, few, 1)
    monkeypatch.setattr(solving, "_MADE", 0)

    near = solve(problem, time_limit_s=3)

    assert freed
    assert check(problem, near) == []
    assert near.bounds[0] >= best.values[0]


@settings(deadline=None, max_examples=60)
@given(pools())
def test_without_time_there_is_a_selection_and_a_bound(problem):
    solution = solve(problem, time_limit_s=0)

    assert check(problem, solution) == []
    assert solution.value <= best_values(problem)[0] + 1e-6
    assert solution.bound >= best_values(problem)[0] - 1e-6


def test_without_time_most_who_need_are_helped_all_the_same():
    rng = np.random.default_rng(7)
    ends = {(int(a), int(b)) for a, b in rng.integers(0, 200, (2_400, 2)) if a != b and b >= 60}
    problem = make_pool([post >= 60 for post in range(200)], {pair: [1] for pair in ends})

    solution = solve(problem, time_limit_s=0)

    assert check(problem, solution) == []
    assert solution.value >= 0.9 * solution.bound
    assert solution.bound == most_needs_met(problem)


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


def test_a_fixed_pair_that_is_with_others_is_found(pool):
    fixed = replace(pool, fixed=((2, 1),))

    assert check(fixed, told(RING, value=6)) == ["p2 is to help p1, and they are with others"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fixed": ((1, 0),)}, "fixed must be arcs, got 1 to 0"),
        ({"fixed": ((2, 3), (2, 1))}, "fixed must have each giver once"),
        ({"fixed": ((3, 1), (2, 1))}, "fixed must have each taker once"),
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


def test_a_chance_is_a_share(pool):
    with pytest.raises(ValueError, match=r"chance of 'goal 0' must be from 0 to 1, got 1.5"):
        replace(pool.objectives[0], chance=1.5)


def test_words_tell_what_is_met_and_what_is_proven(pool):
    texts = [one.text for one in describe(pool, found(pool))]

    assert texts[0] == "2 of 3 needs are met."
    assert texts[-1] == "7 goal 0; no selection can have more than 7."


def test_words_tell_hands_what_is_fixed_and_what_is_met():
    ring = {(0, 1): [1, 0], (1, 2): [1, 0], (2, 3): [1, 0], (3, 0): [1, 0], (1, 0): [1, 0], (3, 2): [1, 0]}
    problem = make_pool([True] * 4, ring, per_hand=(0.0, 1.0), fixed=((0, 1),))
    met, hands = problem.objectives
    problem = replace(problem, objectives=(replace(met, name="needs met"), replace(hands, name="hands")))

    texts = [one.text for one in describe(problem, found(problem))]

    assert texts == [
        "4 of 4 needs are met.",
        "2 pairs, 0 rings, 0 chains.",
        "1 of 1 fixed transfers are there.",
        "4 needs met; no selection can meet more than 4.",
        "8 hands; no selection among those can do with fewer than 8.",
    ]


def test_words_tell_a_bound(pool):
    texts = [one.text for one in describe(pool, told(RING, value=6, bound=8))]

    assert texts == [
        "3 of 3 needs are met.",
        "0 pairs, 1 ring, 0 chains.",
        "6 goal 0; no selection can have more than 8.",
    ]
