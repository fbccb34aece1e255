"""Areas that are to be helped alike: against every selection, the checker, and what it costs in words."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samspel.engine.matching import Areas, Change, Problem, Selected, Solution, change, check, describe, mend, solve
from samspel.engine.matching.areas import shares_of

from .pools import best_values, helps_alike, make_pool, pools_of_areas


@settings(deadline=None, max_examples=100)
@given(pools_of_areas())
def test_no_selection_that_helps_areas_alike_is_better(problem):
    solution = solve(problem, time_limit_s=60)

    assert check(problem, solution) == []
    assert solution.status == "best"
    assert solution.values == pytest.approx(best_values(problem))
    assert solution.loose is not None
    if not problem.fixed:
        assert solution.loose[0] == pytest.approx(best_values(replace(problem, areas=None))[0])


@settings(deadline=None, max_examples=50)
@given(pools_of_areas(), st.integers(0, 6), st.booleans())
def test_after_a_hand_it_is_told_whether_areas_are_helped_alike(problem, gone, asks):
    wanted = Change(gone=frozenset({gone % len(problem.ids)}))

    found = (mend if asks else change)(problem, solve(problem), wanted, time_limit_s=60)

    assert found.keeps_areas == helps_alike(found.problem, [*found.solution.selected])
    wrong = check(replace(found.problem, areas=None), found.solution)
    assert wrong == []
    assert found.solution.bound >= best_values(found.problem)[0] - 1e-6
    if not asks:  # a pool as small as this is chosen anew as a whole
        assert found.keeps_areas


@pytest.fixture
def pool() -> Problem:
    """Eight pairs in the north, and one giver for six more needs there or for the five in the south."""
    north = {pair: [1] for low in range(0, 16, 2) for pair in ((low, low + 1), (low + 1, low))}
    south = {(at, at + 1): [1] for at in range(16, 20)}
    chain = {(at, at + 1): [1] for at in range(21, 27)}
    arcs = north | south | {(28, 16): [1], (28, 21): [1]} | chain
    problem = make_pool([post != 28 for post in range(29)], arcs)
    return replace(problem, areas=Areas(("North", "South"), np.array([0] * 16 + [1] * 5 + [0] * 8), Fraction(3, 10)))


def test_a_chain_goes_where_fewest_are_met(pool):
    loose, fair = solve(replace(pool, areas=None)), solve(pool)

    assert [one.posts[1] for one in loose.of_kind("chain")] == [21]
    assert [one.posts[1] for one in fair.of_kind("chain")] == [16]
    assert (fair.value, fair.bound, fair.loose) == (21.0, 21.0, (22.0, 22.0))
    assert [(share.name, share.could, share.met, share.keeps) for share in shares_of(pool, fair.selected)] == [
        ("North", 23, 16, True),
        ("South", 5, 5, True),
    ]


def test_words_tell_what_it_costs(pool):
    texts = [one.text for one in describe(pool, solve(pool))]

    assert texts[2:4] == [
        "Of the needs that could be met, 16 of 23 in North and 5 of 5 in South are;"
        " areas are all within 30 percentage points and one need of all areas together.",
        "That areas are helped alike costs 1 goal 0.",
    ]


def test_what_helps_alike_by_itself_costs_nothing(pool):
    wide = replace(pool, areas=replace(pool.areas, tolerance=Fraction(1)))

    solution = solve(wide)

    assert solution.loose == (solution.value, solution.bound) == (22.0, 22.0)
    assert [one.text for one in describe(wide, solution)][3] == "That areas are helped alike costs nothing."


def test_a_selection_that_does_not_is_found(pool):
    loose = solve(replace(pool, areas=None))

    assert check(pool, loose) == [
        "South has 0 of 5 needs, where 22 of 28 are met in all: more apart than 30%",
    ]


def test_needs_that_say_no_area_are_outside(pool):
    nowhere = replace(pool, areas=replace(pool.areas, of=np.where(pool.areas.of == 1, -1, pool.areas.of)))

    solution = solve(nowhere)

    assert solution.value == 22
    assert [share.name for share in shares_of(nowhere, solution.selected)] == ["North"]


def test_one_need_more_or_less_is_always_allowed():
    areas = Areas(("North", "South"), np.array([0, 1, 0]), Fraction(0))
    problem = replace(make_pool([True, True, False], {(2, 0): [1], (2, 1): [3]}, chain=1), areas=areas)

    assert solve(problem).value == 3


def test_a_tie_of_fractions_is_told_right():
    """Two of three met in the whole: an area of three may have all or one, and no tolerance is lost in rounding."""
    areas = Areas(("North", "South"), np.array([0] * 3 + [1] * 3 + [0] * 4), Fraction(0))
    arcs = {(giver, taker): [1] for giver, taker in ((6, 0), (7, 1), (8, 2), (9, 3), (9, 4), (9, 5))}
    problem = replace(make_pool([post < 6 for post in range(10)], arcs, chain=1), areas=areas)
    whole = Solution(
        tuple(Selected("chain", pair) for pair in ((6, 0), (7, 1), (8, 2), (9, 3))), (4.0,), (4.0,), "best", 0
    )

    assert check(problem, whole) == []
    assert solve(problem).value == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"of": np.array([0])}, "areas must be 29, one for each post, got 1"),
        ({"of": np.array([2] * 29)}, "areas must be from -1 to 1, got 2 to 2"),
        ({"tolerance": Fraction(3, 2)}, "tolerance of areas must be from 0 to 1, got 1.5"),
    ],
)
def test_areas_say_what_is_wrong_with_them(pool, change, message):
    with pytest.raises(ValueError, match=message):
        replace(pool, areas=replace(pool.areas, **change))
