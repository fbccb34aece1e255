"""The checker finds what is wrong: each test spoils one thing in a right solution."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from samspel.engine.choosing import (
    Ballot,
    Certificate,
    Claim,
    Payment,
    Problem,
    Rule,
    Solution,
    TableCount,
    Tie,
    check,
    solve,
)

PROBLEM = Problem(
    ("a", "b", "c", "d"),
    (
        Ballot(("a", "b"), voters=4, table="Eldkvarn"),
        Ballot(("c",), voters=3, table="Ekeby"),
        Ballot(("d",), table="Ekeby"),
    ),
    places=2,
)
RIGHT = solve(PROBLEM)
FIRST, SECOND = RIGHT.purchases


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (replace(RIGHT, winners=("a",)), "winners must be 2, got 1"),
        (replace(RIGHT, winners=("a", "a")), "winners must differ"),
        (replace(RIGHT, winners=("a", "x")), "that nobody marked"),
        (replace(RIGHT, winners=("c", "a")), "purchases must be of the winners in order"),
        (replace(RIGHT, lot=("a", "b", "c", "d")), "lot must be empty"),
        (replace(RIGHT, tie_rule="lot", lot=("a", "b")), "lot must hold every option once"),
        (
            replace(RIGHT, purchases=(replace(FIRST, phase="advance"), SECOND)),
            "must be in the phase shares, got advance",
        ),
        (
            replace(RIGHT, purchases=(replace(FIRST, price=Fraction(1)), SECOND)),
            "must have the lowest price 1/4, got 1",
        ),
        (replace(RIGHT, purchases=(FIRST, replace(SECOND, option="d"))), "must have the lowest price 1/12"),
        (replace(RIGHT, purchases=(replace(FIRST, option="b"), SECOND)), "a has the same right and comes first"),
        (
            replace(RIGHT, ties=()),
            "the tie must be told as Tie(place=0, tied=('a', 'b'), chosen='a', excluded=False), got None",
        ),
        (replace(RIGHT, ties=(Tie(0, ("a", "b"), "b"),)), "the tie must be told as"),
        (replace(RIGHT, ties=(*RIGHT.ties, Tie(1, ("c", "d"), "c"))), "a tie is told, nobody else had the same right"),
        (replace(RIGHT, ties=(*RIGHT.ties, Tie(5, ("c", "d"), "c"))), "ties name place 5, which was not bought"),
        (replace(RIGHT, purchases=(replace(FIRST, payments=()), SECOND)), "4 more who marked ['a', 'b'] must pay 1/4"),
        (
            replace(RIGHT, purchases=(FIRST, replace(SECOND, payments=(Payment(("c",), 2, Fraction(1, 2)),)))),
            "2 who marked ['c'] must not pay 1/2",
        ),
        (
            replace(RIGHT, purchases=(FIRST, replace(SECOND, payments=(Payment(("c",), 2, Fraction(1, 3)),)))),
            "1 more who marked ['c'] must pay 1/3",
        ),
        (replace(RIGHT, voters=9), "voters must be 8, got 9"),
        (replace(RIGHT, covered=8), "covered must be 7, got 8"),
        (replace(RIGHT, most_marks=("a", "c")), "most_marks must be ('a', 'b')"),
        (replace(RIGHT, tables=RIGHT.tables[:1]), "tables must be those of the ballots"),
        (
            replace(RIGHT, tables=(TableCount("Eldkvarn", 4, 4, (4, 1)), RIGHT.tables[1])),
            "tables['Eldkvarn'] must count (4, 4, (4, 0))",
        ),
        (replace(RIGHT, winners=("c", "d")), "EJR+: 4 of 8 agree on a and have less than 1 each"),
        (
            replace(RIGHT, certificate=replace(RIGHT.certificate, holds=False)),
            "certificate.holds must be True, got False",
        ),
        (replace(RIGHT, certificate=Certificate(True, None)), "certificate.tightest must name a claim, got none"),
        (replace(RIGHT, certificate=Certificate(True, Claim("b", 2, 3, 8))), "certificate.tightest must count 4 of 8"),
        (replace(RIGHT, certificate=Certificate(True, Claim("d", 1, 1, 4))), "is not the nearest claim"),
    ],
)
def test_what_is_wrong_is_told(wrong: Solution, expected: str):
    assert check(PROBLEM, RIGHT) == []
    assert any(expected in line for line in check(PROBLEM, wrong)), check(PROBLEM, wrong)


def test_the_drawn_order_decides_ties_in_the_check_as_well():
    solution = solve(PROBLEM, ties="lot", rng=np.random.default_rng(1))

    turned = replace(solution, lot=tuple(reversed(solution.lot)))

    assert check(PROBLEM, solution) == []
    assert check(PROBLEM, turned) != []


@pytest.mark.parametrize("rule", ["equal-shares", "phragmen", "pav", "seq-pav", "cc", "most-marks", "stv"])
def test_under_every_rule_other_winners_receipts_and_ties_are_found_wrong(rule: Rule):
    ballots = (*PROBLEM.ballots, Ballot(("b", "c"), voters=2), Ballot(("d", "a"), voters=2))
    problem = Problem(PROBLEM.options, ballots, places=2)
    solution = solve(problem, rule=rule)
    loser = next(option for option in problem.options if option not in solution.winners)
    purchases = (replace(solution.purchases[0], option=loser), *solution.purchases[1:])
    dearer = (replace(solution.purchases[0], price=Fraction(99)), *solution.purchases[1:])
    unpaid = (replace(solution.purchases[0], payments=()), *solution.purchases[1:])

    others = replace(solution, winners=(loser, *solution.winners[1:]), purchases=purchases)

    assert check(problem, solution) == []
    assert check(problem, others) != []
    assert check(problem, replace(solution, purchases=dearer)) != []
    assert check(problem, replace(solution, purchases=unpaid)) != []
    assert check(problem, replace(solution, ties=(*solution.ties, Tie(7, ("a", "b"), "a")))) != []


def test_a_budget_that_is_overspent_or_left_lying_is_found():
    costs = (Fraction(3), Fraction(2), Fraction(2), Fraction(9))
    problem = Problem(PROBLEM.options, PROBLEM.ballots, costs=costs, budget=Fraction(8), value="cost")
    solution = solve(problem)

    short = replace(solution, winners=solution.winners[:-1], purchases=solution.purchases[:-1])
    over = replace(solution, winners=(*solution.winners, "d"))

    assert check(problem, solution) == []
    assert any("can still be paid for" in line for line in check(problem, short))
    assert any("must not cost more than 8" in line for line in check(problem, over))
