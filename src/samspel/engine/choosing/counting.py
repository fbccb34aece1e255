"""What every result tells whatever the rule: what most marks would have given, the certificate, the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, takewhile
from math import lcm

import numpy as np
import numpy.typing as npt

from .ballots import Ints, Votes
from .records import Certificate, Claim, Problem, TableCount, Tie

__all__ = ["by_score", "certify", "count_tables", "density", "support"]

# With more levels than this a pass over the marks is faster than counting bits for each (measured).
FEW_LEVELS = 12

# Up to so many marks plain Python is faster than arrays (measured).
FEW_MARKS = 800


def support(problem: Problem) -> list[int]:
    """How many marked each option; with `value` "points", how many points it got."""
    votes = problem.votes
    if problem.value != "points":
        counts: list[int] = votes.marks.tolist()
        return counts
    points = np.bincount(votes.option, weights=votes.points * votes.voters[votes.who], minlength=len(problem.options))
    return [int(count) for count in points]


def density(problem: Problem) -> list[int]:
    """How much each option is worth to all who marked it together, for each unit of its cost; in a common unit."""
    costs = problem.money[1]
    common = lcm(*costs)
    return [
        count * worth * (common // cost)
        for count, worth, cost in zip(support(problem), problem.worth, costs, strict=True)
    ]


def by_score(problem: Problem, score: Sequence[int], rank: Sequence[int]) -> tuple[list[int], list[Tie]]:
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
        equals = takewhile(lambda other: score[other] == score[option], islice(waiting, place, None))  # noqa: B023
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
    if len(votes.who) <= FEW_MARKS:
        return _nearest_of_few(problem, winners)
    left_out = np.ones(len(problem.options), dtype=np.bool_)
    left_out[list(winners)] = False
    left_out &= votes.marks > 0
    if not left_out.any():
        return Certificate(holds=True, tightest=None)
    groups = _points_groups(problem, winners) if problem.value == "points" else _groups(problem, winners)
    return _nearest(problem, groups.only(left_out))


@dataclass(frozen=True, slots=True)
class _Groups:
    """For an option and the most that anyone in the group would have with it (`level`): its people, and what the
    option is worth to all of them together (`weight`)."""

    option: Ints
    level: Ints
    people: Ints
    weight: Ints

    def only(self, options: npt.NDArray[np.bool_]) -> "_Groups":
        kept = options[self.option]
        return _Groups(self.option[kept], self.level[kept], self.people[kept], self.weight[kept])


def _nearest(problem: Problem, groups: _Groups) -> Certificate:
    _, costs = problem.money
    cost = np.array(costs, dtype=np.float64)[groups.option]
    rough = groups.weight / (cost * groups.level)
    near = np.flatnonzero(rough >= rough.max() * (1 - 1e-9)).tolist()  # whole numbers decide among these

    def strength(place: int) -> Fraction:
        return Fraction(int(groups.weight[place]), costs[groups.option[place]] * int(groups.level[place]))

    best = max(near, key=strength)
    option, level, people, weight = (
        int(column[best]) for column in (groups.option, groups.level, groups.people, groups.weight)
    )
    return _claim(problem, option, level, people, weight)


def _nearest_of_few(problem: Problem, winners: Sequence[int]) -> Certificate:
    """The same, one supporter after the other."""
    votes, (_, costs), worth = problem.votes, problem.money, problem.worth
    voters, who, start = votes.voters.tolist(), votes.who.tolist(), votes.start.tolist()
    points = votes.points.tolist() if problem.value == "points" else []
    have = [0] * len(voters)
    for winner in winners:
        for mark in range(start[winner], start[winner + 1]):
            have[who[mark]] += points[mark] if points else worth[winner]
    best: tuple[int, int, int, int] | None = None  # option, level, people, weight
    chosen = set(winners)
    for option, cost in enumerate(costs):
        if option in chosen or start[option] == start[option + 1]:
            continue
        at_level: dict[int, tuple[int, int]] = {}
        for mark in range(start[option], start[option + 1]):
            group, own = who[mark], points[mark] if points else worth[option]
            people, weight = at_level.get(have[group] + own, (0, 0))
            at_level[have[group] + own] = people + voters[group], weight + own * voters[group]
        people, weight = 0, 0
        for level in sorted(at_level):
            people, weight = people + at_level[level][0], weight + at_level[level][1]
            if best is None or weight * costs[best[0]] * best[1] > best[3] * cost * level:
                best = option, level, people, weight
    return Certificate(holds=True, tightest=None) if best is None else _claim(problem, *best)


def _claim(problem: Problem, option: int, level: int, people: int, weight: int) -> Certificate:
    needed = _needed(problem, option, level, people, weight)
    told = Fraction(level, problem.unit) if problem.value == "cost" else level
    return Certificate(people < needed, Claim(problem.options[option], told, people, needed))


def _needed(problem: Problem, option: int, level: int, voters: int, weight: int) -> int:
    """How many like these would have a right to it: the least v with v * (weight / voters) * money >= n * cost * z."""
    money, costs = problem.money
    return -(-level * costs[option] * problem.voters * voters // (weight * money))


def _groups(problem: Problem, winners: Sequence[int]) -> _Groups:
    """When an option is worth the same to all who marked it: one group for each level that its supporters have."""
    votes, worth = problem.votes, np.array(problem.worth, dtype=np.int64)
    have = np.zeros(len(votes.voters), dtype=np.int64)
    for winner in winners:
        have[votes.supporters(winner)] += worth[winner]
    levels, level_of = np.unique(have, return_inverse=True) if problem.value == "cost" else _few_levels(have)
    if len(levels) <= FEW_LEVELS:
        by_option = np.stack([votes.people(level_of == level) for level in range(len(levels))], axis=1)
    else:
        keys = votes.option * len(levels) + level_of[votes.who]
        exact = np.bincount(keys, weights=votes.voters[votes.who], minlength=len(worth) * len(levels))
        by_option = exact.astype(np.int64).reshape(len(worth), len(levels))
    option, level = by_option.nonzero()
    people = by_option.cumsum(axis=1)[option, level]
    return _Groups(option, levels[level] + worth[option], people, people * worth[option])


def _few_levels(have: Ints) -> tuple[Ints, Ints]:
    """The numbers of winners that occur, and each group's place among them."""
    levels = np.flatnonzero(np.bincount(have))
    place = np.zeros(int(have.max()) + 1, dtype=np.int64)
    place[levels] = np.arange(len(levels))
    return levels, place[have]


def _points_groups(problem: Problem, winners: Sequence[int]) -> _Groups:
    """With dots: of those who gave an option points, first who would have the least with it."""
    votes = problem.votes
    have = np.zeros(len(votes.voters), dtype=np.int64)
    for winner in winners:
        have[votes.supporters(winner)] += votes.dots(winner)
    level = have[votes.who] + votes.points
    order = np.lexsort((level, votes.option))
    option, level = votes.option[order], level[order]
    people = votes.voters[votes.who][order]
    before = votes.start[option]
    last = np.flatnonzero(np.append((np.diff(option) != 0) | (np.diff(level) != 0), True))
    sums = []
    for amount in (people, people * votes.points[order]):
        running = np.append(0, amount.cumsum())
        sums.append((running[1:] - running[before])[last])
    return _Groups(option[last], level[last], sums[0], sums[1])


def count_tables(votes: Votes, winners: Sequence[int]) -> tuple[TableCount, ...]:
    """Each table's voters, how many of them have a winner, and its marks for each winner."""
    size = len(votes.table_names)
    if size == 1:
        counts = tuple(int(votes.marks[winner]) for winner in winners)
        return (TableCount(votes.table_names[0], int(votes.voters.sum()), votes.covered_by(winners), counts),)

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
