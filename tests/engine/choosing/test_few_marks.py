"""Small elections go through plain Python, large ones through arrays: all ways give the same, to the last receipt."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samspel.engine.choosing import Ballot, Problem, Rule, Solution, check, solve
from samspel.engine.choosing import buying as buying_module
from samspel.engine.choosing import buying_few as few_module
from samspel.engine.choosing import counting as counting_module
from samspel.engine.choosing import thiele as thiele_module

from .profiles import budgets, problems

MANY = settings(max_examples=60, deadline=None)


def solved(problem: Problem, rule: Rule, *, few: bool) -> Solution:
    with (
        patch.object(buying_module, "has_few_marks", lambda _: few),
        patch.object(counting_module, "FEW_MARKS", 10**9 if few else -1),
    ):
        return solve(problem, rule=rule)


@pytest.mark.parametrize("rule", ["equal-shares", "phragmen", "most-marks"])
@given(problem=problems(options=7, ballots=9, places=5))
@MANY
def test_places_are_filled_alike_with_arrays_and_without(rule: Rule, problem: Problem):
    with_arrays = solved(problem, rule, few=False)

    assert with_arrays == solved(problem, rule, few=True)
    assert check(problem, with_arrays) == []


@pytest.mark.parametrize("rule", ["equal-shares", "greedy"])
@given(problem=st.sampled_from(("marks", "cost", "points")).flatmap(budgets))
@MANY
def test_budgets_are_spent_alike_with_arrays_and_without(rule: Rule, problem: Problem):
    with_arrays = solved(problem, rule, few=False)
    without = solved(problem, rule, few=True)

    # Of claims that are equally near either may be told.
    assert (with_arrays.purchases, with_arrays.ties) == (without.purchases, without.ties)
    assert with_arrays.certificate.holds == without.certificate.holds
    assert check(problem, with_arrays) == []


@given(problem=problems(options=5, ballots=7, places=4, with_points=True))
@MANY
def test_dots_are_counted_alike_with_arrays_and_without(problem: Problem):
    with_arrays = solved(problem, "equal-shares", few=False)
    without = solved(problem, "equal-shares", few=True)

    assert (with_arrays.purchases, with_arrays.ties) == (without.purchases, without.ties)
    assert with_arrays.certificate.holds == without.certificate.holds
    assert check(problem, with_arrays) == []


@given(problem=st.sampled_from(("marks", "cost", "points")).flatmap(budgets))
@MANY
def test_a_price_is_the_same_when_floating_point_is_not_asked(problem: Problem):
    guessed = solved(problem, "equal-shares", few=True)

    with patch.object(few_module.FewMarket, "_guess", lambda *_: None):
        exact = solved(problem, "equal-shares", few=True)

    assert (guessed.purchases, guessed.ties) == (exact.purchases, exact.ties)


@pytest.mark.parametrize("set_out", [-1_000, 1_000], ids=["among those of the first", "one after the other"])
@pytest.mark.parametrize("rule", ["pav", "cc"])
def test_triples_are_counted_alike_all_at_once_and_first_by_first(rule: Rule, set_out: int):
    rng = np.random.default_rng(3)
    names = tuple(f"o{option}" for option in range(20))
    marked = rng.random((700, len(names))) < 0.3
    voters = rng.integers(1, 6, size=len(marked)).tolist()
    rows = [np.flatnonzero(row).tolist() for row in marked]
    ballots = (Ballot(tuple(names[mark] for mark in row), each) for row, each in zip(rows, voters, strict=True))
    problem = Problem(names, tuple(ballots))
    at_once = solve(problem, rule=rule)

    with patch.object(thiele_module, "AT_ONCE", 0), patch.object(thiele_module, "SET_OUT", set_out):
        assert solve(problem, rule=rule) == at_once
