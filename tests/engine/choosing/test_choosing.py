from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings

from samspel.engine.choosing import (
    Ballot,
    Certificate,
    Claim,
    Payment,
    Problem,
    TableCount,
    Tie,
    check,
    describe,
    solve,
)

from .profiles import problems


def test_a_group_of_a_third_gets_one_of_three_places():
    ballots = (Ballot(("time", "trust", "rules"), voters=6), Ballot(("fika",), voters=3))

    solution = solve(Problem(("time", "trust", "rules", "fika"), ballots))

    assert solution.winners == ("time", "trust", "fika")
    assert solution.most_marks == ("time", "trust", "rules")
    assert (solution.covered, solution.most_marks_covered, solution.coverage) == (9, 6, 1.0)


def test_the_example_of_the_documentation_gives_the_receipts_written_there():
    ballots = (
        Ballot(("tid", "tillit"), voters=4, table="Eldkvarn"),
        Ballot(("tid", "regler"), voters=3, table="Ekeby"),
        Ballot(("fika",), voters=3, table="Ekeby"),
    )

    solution = solve(Problem(("tid", "tillit", "regler", "fika"), ballots))

    first, second, third = solution.purchases
    assert solution.winners == ("tid", "fika", "tillit")
    assert solution.most_marks == ("tid", "tillit", "regler")
    assert [purchase.phase for purchase in solution.purchases] == ["shares", "advance", "advance"]
    assert (first.price, first.payments) == (
        Fraction(1, 7),
        (Payment(("tid", "tillit"), 4, Fraction(1, 7)), Payment(("tid", "regler"), 3, Fraction(1, 7))),
    )
    assert (second.price, second.payments) == (Fraction(1, 30), (Payment(("fika",), 3, Fraction(1, 3)),))
    assert (third.price, third.payments) == (Fraction(13, 140), (Payment(("tid", "tillit"), 4, Fraction(1, 4)),))
    assert solution.tables == (TableCount("Eldkvarn", 4, 4, (4, 0, 4)), TableCount("Ekeby", 6, 6, (3, 3, 0)))
    assert solution.certificate == Certificate(True, Claim("regler", 2, 3, 7))


def test_a_voter_who_cannot_pay_her_part_pays_what_she_has_and_the_others_the_rest():
    ballots = (Ballot(("a", "b"), voters=3), Ballot(("b",), voters=2), Ballot(("c",)))

    solution = solve(Problem(("a", "b", "c"), ballots))

    assert solution.winners == ("b", "a", "c")
    assert solution.purchases[0].price == Fraction(1, 5)
    assert solution.purchases[1].phase == "advance"
    assert solution.purchases[1].payments == (Payment(("a", "b"), 3, Fraction(1, 3)),)


def test_poor_supporters_pay_all_they_have_and_rich_ones_equally():
    ballots = (Ballot(("a", "b"), voters=2), Ballot(("b",), voters=3), Ballot(("a",), voters=3), Ballot((), voters=1))

    solution = solve(Problem(("a", "b"), ballots, places=3))

    assert solution.winners == ("a", "b")
    assert solution.purchases[1].payments == (
        Payment(("a", "b"), 2, Fraction(2, 15)),
        Payment(("b",), 3, Fraction(11, 45)),
    )


@given(problems())
@settings(max_examples=100, deadline=None)
def test_every_solution_passes_the_independent_check(problem: Problem):
    assert check(problem, solve(problem)) == []
    assert check(problem, solve(problem, ties="lot", rng=np.random.default_rng(7))) == []


@given(problems(options=5, ballots=7))
@settings(max_examples=100, deadline=None)
def test_every_group_that_agrees_is_represented_by_the_definition_of_ejr_over_all_groups(problem: Problem):
    winners = set(solve(problem).winners)
    people = [set(ballot.marks) for ballot in problem.ballots for _ in range(ballot.voters)][:9]
    problem = Problem(problem.options, tuple(Ballot(tuple(marks)) for marks in people), problem.places)
    winners = set(solve(problem).winners)

    for size in range(1, len(people) + 1):
        for group in combinations(people, size):
            common = set.intersection(*group)
            level = min(len(common), size * problem.places // len(people))
            assert level == 0 or max(len(marks & winners) for marks in group) >= level


@given(problems())
def test_nobody_pays_more_than_her_share_before_money_is_advanced(problem: Problem):
    solution = solve(problem)

    paid: dict[frozenset[str], Fraction] = {}
    for purchase in solution.purchases:
        assert sum(payment.voters * payment.each for payment in purchase.payments) == 1
        for payment in purchase.payments:
            if purchase.phase == "shares":
                marks = frozenset(payment.marks)
                paid[marks] = paid.get(marks, Fraction(0)) + payment.each
    assert all(each <= Fraction(problem.places, problem.voters) for each in paid.values())


@given(problems())
def test_merging_equal_ballots_and_turning_their_order_around_changes_nothing(problem: Problem):
    apart = tuple(
        Ballot(tuple(reversed(b.marks)) * 2, table=b.table) for b in reversed(problem.ballots) for _ in range(b.voters)
    )

    solution, other = solve(problem), solve(replace(problem, ballots=apart))

    assert solution.winners == other.winners
    assert [p.price for p in solution.purchases] == [p.price for p in other.purchases]
    assert (solution.ties, solution.covered, solution.marks) == (other.ties, other.covered, other.marks)


def test_a_tie_goes_to_the_option_named_first_or_to_the_first_of_the_published_lot():
    problem = Problem(("a", "b", "c"), (Ballot(("a",)), Ballot(("b",)), Ballot(("c",))), places=1)

    by_order = solve(problem, ties="first")
    by_lot = {solve(problem, ties="lot", rng=np.random.default_rng(seed)).winners for seed in range(30)}
    one = solve(problem, ties="lot", rng=np.random.default_rng(3))

    assert by_order.ties == (Tie(0, ("a", "b", "c"), "a"),)
    assert by_lot == {("a",), ("b",), ("c",)}
    assert one.winners == (one.lot[0],)
    assert one == solve(problem, ties="lot", rng=np.random.default_rng(3))


def test_a_difference_too_small_for_floating_point_still_decides():
    many = 10**10
    nearly_tied = Problem(("b", "a"), (Ballot(("b",), voters=many - 1), Ballot(("a",), voters=many)), places=3)
    one_short = Problem(("a", "b"), (Ballot(("a",), voters=many), Ballot(("b",))), places=1)

    assert solve(nearly_tied).purchases[0].option == "a"
    assert solve(nearly_tied).ties == ()
    assert solve(one_short).purchases[0].phase == "advance"
    assert check(nearly_tied, solve(nearly_tied)) == check(one_short, solve(one_short)) == []


def test_ties_by_lot_need_a_generator():
    with pytest.raises(ValueError, match="rng must be given"):
        solve(Problem(("a",), (Ballot(("a",)),)), ties="lot")


def test_options_that_nobody_marked_leave_their_places_empty():
    problem = Problem(("a", "b", "c"), (Ballot(("a",)), Ballot(())), places=3)

    solution = solve(problem)

    assert solution.winners == ("a",)
    assert [d.numbers for d in describe(problem, solution) if d.kind == "empty-places"] == [{"empty": 2}]
    assert check(problem, solution) == []


def test_without_ballots_nothing_is_chosen():
    problem = Problem(("a",), ())

    solution = solve(problem)

    assert (solution.winners, solution.coverage) == ((), 0.0)
    assert check(problem, solution) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"options": ("a", "a")}, "named once"),
        ({"places": 0}, "places must be at least 1, got 0"),
        ({"ballots": (Ballot(("a",), voters=0),)}, r"ballots\[0\].voters must be at least 1, got 0"),
        ({"ballots": (Ballot(()), Ballot(("a", "x")))}, r"ballots\[1\].marks must be among the options, got 'x'"),
    ],
)
def test_a_problem_that_makes_no_sense_is_refused_with_the_field(fields: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        Problem(**{"options": ("a", "b"), "ballots": (), **fields})  # type: ignore[arg-type]


def test_describe_tells_what_most_marks_would_have_given_and_the_ties():
    ballots = (Ballot(("a", "b"), voters=4), Ballot(("c",), voters=3), Ballot(("d",)))
    problem = Problem(("a", "b", "c", "d"), ballots, places=2)

    texts = [description.text for description in describe(problem, solve(problem))]

    assert texts == [
        "7 of 8 voters (88 %) have at least one of their marks among the winners.",
        "By most marks b would have won too, and 4 of 8 voters would have had a mark among the winners.",
        "Place 1 was a tie between a, b; a got it, the one named first.",
        "No group that agrees on an option is left without its share. The nearest is"
        " 4 for b with fewer than 2 winners each; 8 are needed.",
    ]


def test_describe_has_nothing_to_say_about_groups_when_everything_was_chosen():
    problem = Problem(("a",), (Ballot(("a",)),), places=1)

    assert [d.kind for d in describe(problem, solve(problem))] == ["coverage", "most-marks-same"]
