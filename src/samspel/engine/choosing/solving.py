"""One way in: a problem and the name of a rule, and a solution that says why."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from .ballots import Ints, Votes
from .buying import buy
from .counting import by_score, certify, count_tables, density, support
from .records import Payments, Problem, Purchase, Receipt, Rule, Solution, Tie, Ties
from .thiele import best_committee, in_turn, weights
from .transferable import transfer

__all__ = ["solve"]

WITH_BUDGET = frozenset({"equal-shares", "greedy"})


def solve(
    problem: Problem, *, rule: Rule = "equal-shares", ties: Ties = "first", rng: np.random.Generator | None = None
) -> Solution:
    """Choose `problem.places` options, or as many as the budget pays for.

    Rules. "equal-shares" (of the house): each of the n voters gets places / n, or budget / n. A place costs 1. In turn,
    the option is bought whose supporters can pay for it with the lowest payment for the one who pays most, for what it
    is worth to her; they pay equally, and who has less pays all she has. Without a budget, when no group can pay
    for anything more, everyone is given money in advance, equally and little by little, and the first group that can
    pay buys the next place. "phragmen": only in advance, from the start. "pav", "cc": the committee with the highest
    score; "seq-pav": place after place. "most-marks": as it says. "stv": rankings, as Scotland counts. With a budget:
    "equal-shares", and "greedy", which takes the most worth for the money that fits.

    Arguments: `ties` says how exact ties are broken; by "lot" needs `rng`, and the drawn order is in the result.
    Result: the winners with receipts, ties, coverage and a certificate; computed in whole numbers and fractions. The
    same problem, rule and seed give the same result. Options that nobody marked are never chosen.
    Cost: see the modules of the rules; the certificate is one pass over the marks.

    >>> from samspel.engine.choosing import Ballot
    >>> votes = (Ballot(("a", "b"), voters=6), Ballot(("c",), voters=3))
    >>> solution = solve(Problem(("a", "b", "c", "d"), votes, places=3))
    >>> solution.winners
    ('a', 'b', 'c')
    >>> [str(purchase.price) for purchase in solution.purchases]
    ['1/6', '1/6', '1/3']
    >>> solve(Problem(("a", "b"), (Ballot(("b",)), Ballot(("a",))), places=1), ties="first").ties
    (Tie(place=0, tied=('a', 'b'), chosen='a', excluded=False),)
    """
    _check_rule(problem, rule)
    lot = _draw_lot(problem.options, ties, rng)
    place = {option: position for position, option in enumerate(lot or problem.options)}
    rank = [place[option] for option in problem.options]
    purchases, found = choose(problem, rule, rank)
    number = {option: position for position, option in enumerate(problem.options)}
    winners = [number[purchase.option] for purchase in purchases]
    most, _ = by_score(problem, support(problem), rank)
    return Solution(
        rule=rule,
        winners=tuple(purchase.option for purchase in purchases),
        purchases=tuple(purchases),
        ties=tuple(found),
        tie_rule=ties,
        lot=lot,
        voters=problem.voters,
        covered=problem.votes.covered_by(winners),
        marks=tuple(problem.votes.marks.tolist()),
        most_marks=tuple(problem.options[option] for option in most),
        most_marks_covered=problem.votes.covered_by(most),
        certificate=certify(problem, winners),
        tables=count_tables(problem.votes, winners),
    )


def _check_rule(problem: Problem, rule: Rule) -> None:
    if problem.budget is not None and rule not in WITH_BUDGET:
        raise ValueError(f"rule must be one of {', '.join(sorted(WITH_BUDGET))} with a budget, got {rule}")
    if problem.budget is None and rule == "greedy":
        raise ValueError("rule must not be greedy without a budget")
    if problem.value == "points" and rule not in {"equal-shares", "most-marks", "greedy"}:
        raise ValueError(f"value must not be points under {rule}")


def _draw_lot(options: tuple[str, ...], ties: Ties, rng: np.random.Generator | None) -> tuple[str, ...]:
    if ties == "first":
        return ()
    if rng is None:
        raise ValueError("rng must be given when ties are broken by lot, got None")
    return tuple(options[index] for index in rng.permutation(len(options)))


def choose(problem: Problem, rule: Rule, rank: Sequence[int]) -> tuple[list[Purchase], list[Tie]]:
    """Winners with receipts, and the ties met; ties are broken by `rank`."""
    if rule == "equal-shares" or rule == "phragmen":
        return buy(problem, rank, advance_only=rule == "phragmen")
    if rule == "stv":
        return transfer(problem, rank)
    if rule == "seq-pav":
        winners, ties = in_turn(problem, "pav", rank)
        return _by_turns(problem, winners, *weights("pav", problem.places)), ties
    if rule == "pav" or rule == "cc":
        winners, ties = best_committee(problem, rule, rank)
        return _by_turns(problem, winners, *weights(rule, problem.places)), ties
    got = support(problem)
    winners, ties = by_score(problem, got if rule == "most-marks" else density(problem), rank)
    return [_by_dots(problem, winner, got[winner]) for winner in winners], ties


def _by_turns(problem: Problem, winners: Sequence[int], gain: Sequence[int], unit: int) -> list[Purchase]:
    """The receipt of a Thiele rule: a voter gives her first winner gain[0], her second gain[1], …, in their order."""
    votes = problem.votes
    have = np.zeros(len(votes.voters), dtype=np.int64)
    purchases = []
    for winner in winners:
        groups = votes.supporters(winner)
        had = have[groups]
        have[groups] += 1
        total = int(np.array(gain)[had] @ votes.voters[groups])
        receipt = partial(_receipt, votes, groups, had, tuple(gain), unit)
        purchases.append(
            Purchase(problem.options[winner], "support", Fraction(total, unit), Payments(problem.ballots, receipt))
        )
    return purchases


def _by_dots(problem: Problem, winner: int, score: int) -> Purchase:
    """The receipt of most marks: 1 from everyone who marked it, or the points."""
    votes = problem.votes
    groups = votes.supporters(winner)
    level = votes.dots(winner) if problem.value == "points" else np.ones(len(groups), dtype=np.int64)
    receipt = partial(_receipt, votes, groups, level, None, 1)
    return Purchase(problem.options[winner], "support", Fraction(score), Payments(problem.ballots, receipt))


def _receipt(votes: Votes, groups: Ints, level: Ints, amounts: tuple[int, ...] | None, unit: int) -> Receipt:
    """What each of these groups gives: `amounts[level]`, or the level itself."""
    told = tuple(range(int(level.max(initial=0)) + 1)) if amounts is None else amounts
    giving = np.array(told)[level] > 0
    groups = groups[giving]
    return Receipt(votes.example[groups], votes.voters[groups], level[giving], told, unit)
