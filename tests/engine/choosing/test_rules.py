"""Every rule beside the checker and beside a brute force over all committees, without other libraries."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samspel.engine.choosing import RULES, Ballot, Payment, Problem, Rule, Tie, check, describe, solve

from .profiles import budgets, problems

# A busy machine is slow, and that is no fault of the rule.
MANY = settings(max_examples=60, deadline=None)
PLACES_RULES: list[Rule] = [rule for rule in RULES if rule != "greedy"]


@pytest.mark.parametrize("rule", PLACES_RULES)
@given(problem=problems(options=7, ballots=9, places=5))
@MANY
def test_every_rule_passes_the_independent_check(rule: Rule, problem: Problem):
    assert check(problem, solve(problem, rule=rule)) == []
    assert check(problem, solve(problem, rule=rule, ties="lot", rng=np.random.default_rng(7))) == []


@pytest.mark.parametrize("rule", ["equal-shares", "most-marks"])
@given(problem=problems(options=5, ballots=7, places=4, with_points=True))
@MANY
def test_dots_pass_the_independent_check(rule: Rule, problem: Problem):
    assert check(problem, solve(problem, rule=rule)) == []


@pytest.mark.parametrize("rule", ["equal-shares", "greedy"])
@given(problem=st.sampled_from(("marks", "cost", "points")).flatmap(budgets))
@MANY
def test_budgets_pass_the_independent_check(rule: Rule, problem: Problem):
    assert check(problem, solve(problem, rule=rule)) == []
    assert check(problem, solve(problem, rule=rule, ties="lot", rng=np.random.default_rng(7))) == []


def harmonic(winners: int) -> Fraction:
    return sum((Fraction(1, place) for place in range(1, winners + 1)), Fraction(0))


@pytest.mark.parametrize("rule", ["pav", "cc"])
@given(problem=problems(options=7, ballots=9, places=5))
@MANY
def test_exact_rules_find_the_first_of_the_best_committees(rule: Rule, problem: Problem):
    marked = [option for option in problem.options if any(option in ballot.marks for ballot in problem.ballots)]

    def score(committee: Iterable[str]) -> Fraction:
        counts = ((len(set(ballot.marks) & set(committee)), ballot.voters) for ballot in problem.ballots)
        return sum((harmonic(n if rule == "pav" else min(n, 1)) * voters for n, voters in counts), Fraction(0))

    committees = list(combinations(marked, min(problem.places, len(marked))))
    best = max(map(score, committees))

    assert solve(problem, rule=rule).winners == next(one for one in committees if score(one) == best)


@given(problems(options=5, ballots=7, places=3))
@MANY
def test_equal_shares_buys_what_a_search_over_all_prices_buys(problem: Problem):
    """The first purchase by bisection on what the one who pays most pays, one person after the other."""
    people = [set(ballot.marks) for ballot in problem.ballots for _ in range(ballot.voters)]
    share = Fraction(problem.places, max(len(people), 1))
    affordable = {
        option: Fraction(1, wanting)
        for option in problem.options
        if (wanting := sum(option in marks for marks in people)) and wanting * share >= 1
    }

    solution = solve(problem)

    if affordable:
        first = min(affordable, key=affordable.__getitem__)
        assert (solution.winners[0], solution.purchases[0].price) == (first, affordable[first])
    else:
        assert all(purchase.phase == "advance" for purchase in solution.purchases)


@given(problems(options=5, ballots=8, places=3))
@MANY
def test_phragmen_spreads_the_load_as_a_simulation_of_time_does(problem: Problem):
    """Everyone earns at speed 1; the first group that holds 1 together buys. Small steps find the same winners."""
    solution = solve(problem, rule="phragmen")

    times = [purchase.price for purchase in solution.purchases]
    held = {number: Fraction(0) for number in range(len(problem.ballots))}
    now = Fraction(0)
    for purchase in solution.purchases:
        for number in held:
            held[number] += purchase.price - now
        now = purchase.price
        wanting = [number for number, ballot in enumerate(problem.ballots) if purchase.option in ballot.marks]
        assert sum(held[number] * problem.ballots[number].voters for number in wanting) == 1
        for option in set(problem.options) - set(solution.winners):
            assert (
                sum(held[n] * ballot.voters for n, ballot in enumerate(problem.ballots) if option in ballot.marks) <= 1
            )
        for number in wanting:
            held[number] = Fraction(0)
    assert times == sorted(times)


def test_a_solid_coalition_of_a_quota_elects_one_of_its_own_by_the_transferable_vote():
    ballots = (
        Ballot(("a1", "a2", "a3"), voters=20),
        Ballot(("a2", "a1", "a3"), voters=20),
        Ballot(("a3", "a2", "a1"), voters=21),
        Ballot(("b1", "b2"), voters=12),
        Ballot(("b2", "b1"), voters=13),
    )

    solution = solve(Problem(("a1", "a2", "a3", "b1", "b2"), ballots, places=3), rule="stv")

    assert len([winner for winner in solution.winners if winner.startswith("a")]) == 2
    assert len([winner for winner in solution.winners if winner.startswith("b")]) == 1


def test_the_example_of_the_scottish_count_in_the_documentation():
    ballots = (
        Ballot(("tid", "tillit"), voters=6),
        Ballot(("tid", "regler"), voters=2),
        Ballot(("regler",), voters=3),
        Ballot(("fika", "regler"), voters=2),
    )
    problem = Problem(("tid", "tillit", "regler", "fika"), ballots, places=2)

    solution = solve(problem, rule="stv")

    first, second = solution.purchases
    assert solution.winners == ("tid", "regler")
    assert first.price == 8
    assert second.price == Fraction(575, 100)
    assert list(second.payments) == [
        Payment(("tid", "regler"), 2, Fraction(3, 8)),
        Payment(("regler",), 3, Fraction(1)),
        Payment(("fika", "regler"), 2, Fraction(1)),
    ]
    assert check(problem, solution) == []


@given(st.lists(st.permutations("abcd"), min_size=1, max_size=7), st.integers(1, 3))
@MANY
def test_names_do_not_matter_to_the_transferable_vote_when_nothing_ties(orders: list[list[str]], places: int):
    problem = Problem(tuple("abcd"), tuple(Ballot(tuple(order)) for order in orders), places)
    solution = solve(problem, rule="stv")

    if not solution.ties:
        for turned in permutations("abcd"):
            assert set(solve(Problem(tuple(turned), problem.ballots, places), rule="stv").winners) == set(
                solution.winners
            )


def test_dots_decide_when_they_count():
    ballots = (Ballot(("a", "b"), points=(1, 9)), Ballot(("a",), points=(2,)), Ballot(("a", "c"), points=(1, 0)))
    problem = Problem(("a", "b", "c"), ballots, places=1, value="points")

    by_dots = solve(problem, rule="most-marks")
    by_marks = solve(Problem(problem.options, ballots, places=1), rule="most-marks")

    assert (by_dots.winners, by_dots.purchases[0].price) == (("b",), 9)
    assert (by_marks.winners, by_marks.marks) == (("a",), (3, 1, 0))


def test_committees_that_tie_are_told_place_by_place():
    problem = Problem(("a", "b", "c"), (Ballot(("a",)), Ballot(("b",)), Ballot(("c",))), places=2)

    solution = solve(problem, rule="cc")

    assert solution.winners == ("a", "b")
    assert solution.ties == (Tie(0, ("a", "b"), "a"), Tie(1, ("b", "c"), "b"))


def test_a_budget_is_spent_where_those_who_want_it_can_pay():
    ballots = (Ballot(("park",), voters=6), Ballot(("bench", "tree"), voters=4))
    problem = Problem(
        ("park", "bench", "tree"), ballots, costs=(Fraction(600), Fraction(250), Fraction(150)), budget=Fraction(1000)
    )

    solution = solve(problem)

    assert set(solution.winners) == {"park", "bench", "tree"}
    assert [sum(p.voters * p.each for p in purchase.payments) for purchase in solution.purchases] == [150, 250, 600]
    assert "left-over" in [description.kind for description in describe(problem, solution)]


def test_a_rule_that_breaks_what_equal_shares_promises_says_so():
    ballots = (Ballot(("a", "b", "c"), voters=6), Ballot(("d",), voters=3))
    problem = Problem(("a", "b", "c", "d"), ballots, places=3)

    solution = solve(problem, rule="most-marks")

    assert not solution.certificate.holds
    assert "certificate-broken" in [description.kind for description in describe(problem, solution)]
    assert check(problem, solution) == []


@pytest.mark.parametrize(
    ("fields", "rule", "message"),
    [
        ({"costs": (Fraction(1), Fraction(1))}, "greedy", "costs and budget must be given together"),
        ({"costs": (Fraction(1),), "budget": Fraction(2)}, "greedy", "costs must be one for each option, got 1 for 2"),
        (
            {"costs": (Fraction(1), Fraction(0)), "budget": Fraction(2)},
            "greedy",
            r"costs\['b'\] must be above 0, got 0",
        ),
        ({"costs": (Fraction(1), Fraction(1)), "budget": Fraction(0)}, "greedy", "budget must be above 0, got 0"),
        ({"costs": (Fraction(1), Fraction(1)), "budget": Fraction(2)}, "pav", "equal-shares, greedy with a budget"),
        ({}, "greedy", "must not be greedy without a budget"),
        ({"value": "cost"}, "equal-shares", "value must not be 'cost' without a budget"),
        ({"value": "points"}, "pav", "value must not be points under pav"),
        ({"ballots": (Ballot(("a",), points=(1, 2)),)}, "pav", r"ballots\[0\].points must be one for each mark, got 2"),
        ({"ballots": (Ballot(("a",), points=(-1,)),)}, "pav", r"ballots\[0\].points must be at least 0, got -1"),
    ],
)
def test_what_makes_no_sense_together_is_refused(fields: dict[str, object], rule: Rule, message: str):
    with pytest.raises(ValueError, match=message):
        solve(Problem(**{"options": ("a", "b"), "ballots": (), **fields}), rule=rule)  # type: ignore[arg-type]


def test_a_hall_that_cannot_be_searched_exactly_is_told():
    ballots = (Ballot(tuple(f"o{n}" for n in range(40)), voters=10**9),)

    with pytest.raises(ValueError, match="places must be fewer"):
        solve(Problem(ballots[0].marks, ballots, places=40), rule="pav")
