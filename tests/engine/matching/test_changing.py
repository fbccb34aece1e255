"""Selections after a change by hand and after a no."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samspel.engine.matching import Change, Problem, apply, change, check, mend, solve

from .pools import best_values, make_pool, pools


@st.composite
def changed_pools(draw: st.DrawFn) -> tuple[Problem, Change]:
    problem = draw(pools(posts=6, objectives=2))
    pairs = [*zip(problem.givers.tolist(), problem.takers.tolist(), strict=True)]
    gone = draw(st.frozensets(st.integers(0, len(problem.ids) - 1), max_size=2))
    if not pairs:
        return problem, Change(gone=gone)
    forbid = tuple(draw(st.lists(st.sampled_from(pairs), max_size=2)))
    left = [pair for pair in pairs if pair not in forbid and not gone.intersection(pair)]
    fix = (draw(st.sampled_from(left)),) if left and draw(st.booleans()) else ()
    return problem, Change(fix, forbid, gone)


@settings(deadline=None, max_examples=50)
@given(changed_pools())
def test_a_small_selection_is_chosen_anew_as_if_from_the_start(case):
    problem, wanted = case

    found = change(problem, solve(problem), wanted, time_limit_s=60)

    assert check(found.problem, found.solution) == []
    assert found.solution.values == pytest.approx(best_values(found.problem))


@settings(deadline=None, max_examples=50)
@given(changed_pools())
def test_after_a_no_rings_and_chains_that_can_stay_do(case):
    problem, wanted = case
    before = solve(problem)
    now = apply(problem, wanted)
    arcs = set(zip(now.givers.tolist(), now.takers.tolist(), strict=True))
    fixed = {post for pair in now.fixed for post in pair}

    found = mend(problem, before, wanted, time_limit_s=60)

    assert check(found.problem, found.solution) == []
    assert found.kept | found.lost == before.transfers
    assert found.kept | found.new == found.solution.transfers
    for one in before.selected:
        if set(one.transfers) <= arcs and not fixed.intersection(one.posts):
            assert one in found.solution.selected


def test_after_a_no_a_ring_closes_around_the_gap():
    arcs = {(0, 1): [1], (1, 2): [1], (2, 3): [2], (3, 0): [1], (2, 0): [1], (2, 4): [1], (4, 0): [1], (5, 6): [1]}
    problem = make_pool([True] * 5 + [False, True], arcs)
    before = solve(problem)

    found = mend(problem, before, Change(gone=frozenset({3})))

    assert before.value == 6
    assert [one.posts for one in found.solution.selected] == [(0, 1, 2, 4), (5, 6)]
    assert (len(found.kept), len(found.lost), len(found.new)) == (3, 2, 2)
    assert found.asked_anew == (0, 2, 4)


def test_after_a_no_as_much_as_can_be_stays_before_more_is_met():
    ring = {(0, 1): [1], (1, 2): [1], (2, 0): [1]}
    others = {(0, 3): [1], (3, 0): [1], (1, 4): [1], (4, 1): [1], (1, 0): [1]}
    problem = make_pool([True] * 5, ring | others, ring=3)
    before = replace(solve(make_pool([True] * 5, ring, ring=3)), bounds=(5.0,))

    mended = mend(problem, before, Change(gone=frozenset({2})))
    changed = change(problem, before, Change(gone=frozenset({2})))

    assert (mended.solution.value, len(mended.kept)) == (2, 1)
    assert (changed.solution.value, len(changed.kept)) == (4, 0)


def test_a_chain_is_cut_before_the_one_who_said_no():
    problem = make_pool([False, True, True, True], {(0, 1): [1], (1, 2): [1], (2, 3): [1]})

    found = mend(problem, solve(problem), Change(gone=frozenset({2})))

    assert [one.posts for one in found.solution.selected] == [(0, 1)]
    assert not found.new


def test_what_was_proven_is_a_bound_still():
    problem = make_pool([True] * 4, {(0, 1): [1, 2], (1, 0): [1, 2], (0, 2): [1, 9], (2, 0): [1, 9]}, per_hand=(0, 0))
    before = solve(problem)

    forbidden = change(problem, before, Change(forbid=((0, 1),)))
    without = change(problem, before, Change(gone=frozenset({0})))

    assert before.bounds == (2.0, 18.0)
    assert (forbidden.solution.bounds, forbidden.solution.status) == ((2.0, 18.0), "best")
    assert (without.solution.values, without.solution.bounds) == ((0.0, 0.0), (0.0, 0.0))


def test_what_was_proven_with_something_fixed_says_nothing_without():
    arcs = {(0, 1): [1], (1, 0): [1], (0, 2): [5], (2, 0): [5], (2, 3): [4]}
    problem = make_pool([True] * 4, arcs, fixed=((0, 1),))
    before = solve(problem)

    found = change(problem, before, Change(forbid=((0, 1),)))

    assert before.bounds == (2.0,)
    assert (found.solution.values, found.solution.bounds) == ((10.0,), (14.0,))


def test_a_change_in_a_large_pool_leaves_what_is_far_away():
    rng = np.random.default_rng(4)
    arcs = {(int(a), int(b)): [1] for a, b in rng.integers(0, 300, (900, 2)) if a != b and b >= 30}
    problem = make_pool([post >= 30 for post in range(300)], arcs, ring=3, chain=3)
    before = solve(problem)
    gone = before.selected[0].posts[0]

    found = change(problem, before, Change(gone=frozenset({gone})))

    assert check(found.problem, found.solution) == []
    assert found.solution.value >= before.value - 3
    assert len(found.kept) > len(before.transfers) / 2


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Change(fix=((0, 1),), forbid=((0, 1),)), "forbidden or gone, got 0 to 1"),
        (Change(fix=((0, 1),), gone=frozenset({1})), "forbidden or gone, got 0 to 1"),
        (Change(fix=((1, 2),)), "fixed must be arcs"),
    ],
)
def test_what_cannot_be_fixed_is_told(wanted, message):
    problem = make_pool([True] * 3, {(0, 1): [1], (1, 0): [1]})

    with pytest.raises(ValueError, match=message):
        apply(problem, wanted)
