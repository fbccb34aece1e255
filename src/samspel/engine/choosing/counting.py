"""What every result tells whatever the rule: what most marks would have given, the certificate, the tables."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from .ballots import Votes
from .records import Certificate, Claim, Problem, TableCount, Tie

__all__ = ["by_score", "certify", "count_tables", "density", "support"]

Floats = npt.NDArray[np.float64]


def support(problem: Problem) -> list[int]:
    """How many marked each option; with `value` "points", how many points it got."""
    votes = problem.votes
    if problem.value != "points":
        return [int(count) for count in votes.marks]
    option = np.repeat(np.arange(len(problem.options)), np.diff(votes.start))
    points = np.bincount(option, weights=votes.points * votes.voters[votes.who], minlength=len(problem.options))
    return [int(count) for count in points]


def density(problem: Problem) -> list[Fraction]:
    """How much each option is worth to all who marked it together, for each unit of its cost."""
    return [
        Fraction(count * worth, cost)
        for count, worth, cost in zip(support(problem), problem.worth, problem.money[1], strict=True)
    ]


def by_score(
    problem: Problem, score: Sequence[int] | Sequence[Fraction], rank: Sequence[int]
) -> tuple[list[int], list[Tie]]:
    """The highest scores, as many as there are places; or each that fits in what is left of the budget, in turn."""
    left, costs = problem.money
    waiting = sorted(
        (option for option in range(len(score)) if score[option]), key=lambda option: (-score[option], rank[option])
    )
    winners: list[int] = []
    ties: list[Tie] = []
    for place, option in enumerate(waiting):
        if costs[option] > left:
            continue
        equals = takewhile(lambda other: score[other] == score[option], waiting[place:])  # noqa: B023 (used at once)
        tied = sorted(other for other in equals if costs[other] <= left)
        if len(tied) > 1:
            ties.append(Tie(len(winners), tuple(problem.options[other] for other in tied), problem.options[option]))
        left -= costs[option]
        winners.append(option)
    return winners, ties


def certify(problem: Problem, winners: Sequence[int]) -> Certificate:
    """EJR+, Brill and Peters, "Robust and verifiable proportionality axioms for multiwinner voting" (EC 2023).

    A group that agrees on an option left out, each with at most z of worth if she got it too, has a right to it when
    its part of the money buys z at that option's price: group * money / voters >= cost * z / worth. Without a budget
    z is a number of winners, and the right begins at z * voters / places. One pass over the marks.
    """
    votes = problem.votes
    left_out = np.ones(len(problem.options), dtype=np.bool_)
    left_out[list(winners)] = False
    left_out &= votes.marks > 0
    if not left_out.any():
        return Certificate(holds=True, tightest=None)
    claims = _points_claims(problem, winners) if problem.value == "points" else _claims(problem, winners)
    return _nearest(problem, [claim for claim in claims if left_out[claim[0]]])


# option, the most that anyone in the group has with it (level), people, and what the option is worth to all of them
Group = tuple[int, int, int, int]


def _nearest(problem: Problem, groups: list[Group]) -> Certificate:
    _, costs = problem.money

    def strength(group: Group) -> Fraction:
        option, level, _, weight = group
        return Fraction(weight, costs[option] * level)

    # float first: a thousand fractions are slow
    rough = np.array([group[3] for group in groups]) / (
        np.array([costs[group[0]] for group in groups], dtype=np.float64) * np.array([group[1] for group in groups])
    )
    near = [groups[place] for place in np.flatnonzero(rough >= rough.max() * (1 - 1e-9)).tolist()]
    best = max(near, key=strength)
    option, level, voters, weight = best
    needed = _needed(problem, option, level, voters, weight)
    told = Fraction(level, problem.unit) if problem.value == "cost" else level
    return Certificate(voters < needed, Claim(problem.options[option], told, voters, needed))


def _needed(problem: Problem, option: int, level: int, voters: int, weight: int) -> int:
    """How many like these would have a right to it: the least v with v * (weight / voters) * money >= n * cost * z."""
    money, costs = problem.money
    return -(-level * costs[option] * problem.voters * voters // (weight * money))


def _claims(problem: Problem, winners: Sequence[int]) -> list[Group]:
    """For each option and level the people who would have at most that much with it; it is worth the same to all."""
    votes, worth = problem.votes, problem.worth
    have = np.zeros(len(votes.voters), dtype=np.int64)
    for winner in winners:
        have[votes.supporters(winner)] += worth[winner]
    levels, level_of = np.unique(have, return_inverse=True)
    option = np.repeat(np.arange(len(worth)), np.diff(votes.start))
    width = len(levels)
    keys = option * width + level_of[votes.who]
    size = len(worth) * width
    exact = np.bincount(keys, weights=votes.voters[votes.who], minlength=size).reshape(len(worth), width)
    people = exact.cumsum(axis=1)
    found = []
    for place, at in zip(*np.nonzero(exact), strict=True):
        count = int(people[place, at])
        found.append((int(place), int(levels[at]) + worth[place], count, count * worth[place]))
    return found


def _points_claims(problem: Problem, winners: Sequence[int]) -> list[Group]:
    """The same with dots: of those who gave an option points, first who would have the least with it."""
    votes = problem.votes
    have = np.zeros(len(votes.voters), dtype=np.int64)
    for winner in winners:
        have[votes.supporters(winner)] += votes.dots(winner)
    found = []
    for option in range(len(problem.options)):
        who, dots = votes.supporters(option), votes.dots(option)
        with_it = have[who] + dots
        order = np.argsort(with_it, kind="stable")
        people = votes.voters[who][order].cumsum()
        weight = (votes.voters[who] * dots)[order].cumsum()
        last = np.flatnonzero(np.diff(with_it[order], append=-1))
        for place in last.tolist():
            found.append((option, int(with_it[order][place]), int(people[place]), int(weight[place])))
    return found


def count_tables(votes: Votes, winners: Sequence[int]) -> tuple[TableCount, ...]:
    """Each table's voters, how many of them have a winner, and its marks for each winner."""
    size = len(votes.table_names)

    def per_table(groups: npt.NDArray[np.bool_]) -> list[int]:
        counts = np.bincount(votes.table, weights=votes.cast * groups[votes.group], minlength=size)
        return [int(count) for count in counts]

    every = np.ones(len(votes.voters), dtype=np.bool_)
    marked = []
    for winner in winners:
        marks = ~every
        marks[votes.supporters(winner)] = True
        marked.append(marks)
    covered = np.logical_or.reduce(marked) if marked else ~every
    columns = [per_table(every), per_table(covered), *(per_table(marks) for marks in marked)]
    return tuple(
        TableCount(name, row[0], row[1], tuple(row[2:]))
        for name, row in zip(votes.table_names, zip(*columns, strict=True), strict=True)
    )
