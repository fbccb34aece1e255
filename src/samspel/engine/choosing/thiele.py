"""Rules that give a voter with j winners 1 + 1/2 + … + 1/j (PAV), or 1 as soon as she has one (Chamberlin–Courant).

Thiele 1895; Lackner and Skowron, "Multi-winner voting with approval preferences" (2023), section 2.2. A voter's second
winner is never worth more than her first, so what an option would add only falls while winners are chosen: an old
value is an upper bound, and few options are counted again.

All scores are whole numbers: halves, thirds and so on are multiplied by the least common multiple of 1…k.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from .ballots import Votes
from .records import Problem, Tie

__all__ = ["best_committee", "in_turn", "weights"]

Floats = npt.NDArray[np.float64]
Thiele = Literal["pav", "cc"]

# Whole numbers above this are not exact in floating point.
EXACT = 2**53


def weights(rule: Thiele, places: int) -> tuple[list[int], int]:
    """What a voter's first, second, … winner adds, as whole numbers, and the unit they are counted in."""
    if rule == "cc":
        return [1] + [0] * (places - 1), 1
    unit = math.lcm(*range(1, places + 1))
    return [unit // place for place in range(1, places + 1)], unit


def in_turn(problem: Problem, rule: Thiele, rank: Sequence[int]) -> tuple[list[int], list[Tie]]:
    """Sequential PAV or CC: place after place to the option that adds most. Cost: places * few recounted options."""
    votes, (gain, _) = problem.votes, weights(rule, problem.places)
    have = np.zeros(len(votes.voters), dtype=np.int64)
    most = [int(marks) * gain[0] for marks in votes.marks]
    open_options = {option for option in range(len(most)) if most[option]}
    winners: list[int] = []
    ties: list[Tie] = []
    while len(winners) < problem.places and open_options:
        fresh: set[int] = set()
        while True:
            top = max(most[option] for option in open_options)
            stale = [option for option in open_options if most[option] == top and option not in fresh]
            if not stale:
                break
            for option in stale:
                groups = votes.supporters(option)
                levels = np.bincount(have[groups], weights=votes.voters[groups]).tolist()
                most[option] = sum(int(count) * gain[level] for level, count in enumerate(levels))
                fresh.add(option)
        tied = sorted(option for option in open_options if most[option] == top)
        chosen = min(tied, key=rank.__getitem__)
        if len(tied) > 1:
            ties.append(_tie(problem, len(winners), tied, chosen))
        winners.append(chosen)
        open_options.discard(chosen)
        have[votes.supporters(chosen)] += 1
    return winners, ties


def _tie(problem: Problem, place: int, tied: Sequence[int], chosen: int) -> Tie:
    return Tie(place, tuple(problem.options[option] for option in tied), problem.options[chosen])


def best_committee(problem: Problem, rule: Thiele, rank: Sequence[int]) -> tuple[list[int], list[Tie]]:
    """The committee with the highest score; of several, the one that is first when written in the order of rank.

    Up to three places by inclusion and exclusion: the score of three options is known from how many people marked
    each, each pair and all three, and sums of the first two leave few triples to look at. More places by branch and
    bound: what the best options would add now is an upper bound on what they add later.
    """
    votes = problem.votes
    marked = sorted(np.flatnonzero(votes.marks).tolist(), key=rank.__getitem__)
    places = min(problem.places, len(marked))
    if places == 0:
        return [], []
    gain, unit = weights(rule, problem.places)
    if unit * problem.voters * places >= EXACT:
        raise ValueError(f"places must be fewer for {problem.voters} voters under {rule}, got {problem.places}")
    first, _ = in_turn(problem, rule, rank)
    have = votes.satisfaction(first)
    floor = int(np.concatenate([[0], np.cumsum(gain)])[have] @ votes.voters)
    search = _Few(problem, marked, gain, places, floor) if places <= 3 else _Many(problem, marked, gain, places, floor)
    committee: list[int] = []
    ties: list[Tie] = []
    for place in range(places):
        tied = search.options_at(committee)
        committee.append(tied[0])
        if len(tied) > 1:
            ties.append(_tie(problem, place, sorted(tied), tied[0]))
    return committee, ties


def _dense(votes: Votes, options: Sequence[int]) -> Floats:
    """Options by groups: 1 where it is marked."""
    dense = np.zeros((len(options), len(votes.voters)))
    for row, option in enumerate(options):
        dense[row, votes.supporters(option)] = 1
    return dense


class _Few:
    """All best committees of one, two or three options. `marked` comes in the order of rank.

    With gains g1, g2, g3 a voter adds g1 for each of the three that she marked, g2 - g1 for each two of them, and
    g3 - 2 g2 + g1 for all three: see what it makes for one who marked one, two or three.
    """

    def __init__(self, problem: Problem, marked: Sequence[int], gain: Sequence[int], places: int, floor: int) -> None:
        votes = problem.votes
        g1, g2, g3 = (*gain, 0, 0)[:3]
        alone = votes.marks[np.array(marked)] * g1
        top = np.sort(alone)[::-1][: places - 1].sum()
        kept = np.flatnonzero(alone + top >= floor)
        self.options = [marked[place] for place in kept.tolist()]
        alone = alone[kept]
        self.found: list[tuple[int, ...]]
        if places == 1:
            self.found = [(int(place),) for place in np.flatnonzero(alone == alone.max())]
            return
        people = votes.voters.astype(np.float64)
        marks = _pairs(votes, self.options)
        size = len(kept)
        pair = alone[:, None] + alone[None, :] + (g2 - g1) * marks
        above = np.triu(np.ones((size, size), dtype=np.bool_), 1)
        if places == 2:
            self.found = [(int(a), int(b)) for a, b in np.argwhere(above & (pair == pair[above].max()))]
            return
        # what a third adds to a pair is at most what it adds to either of them alone
        added = alone[:, None] + (g2 - g1) * marks  # added[c, a]: by c where a is chosen
        np.fill_diagonal(added, -1)
        best = floor
        found: list[tuple[int, int, int]] = []
        for a in np.argsort(-alone, kind="stable").tolist():
            later = (alone < alone[a]) | ((alone == alone[a]) & (np.arange(size) > a))
            others = np.flatnonzero(later)
            # a has the most marks of the three: the other two come later
            reach = pair[a, others][:, None] + np.minimum(added[others, a][None, :], added[np.ix_(others, others)].T)
            rows, columns = np.nonzero(np.triu(reach >= best, 1))
            if len(rows) == 0:
                continue
            values = (
                pair[a, others[rows]] + added[others[columns], a] + (g2 - g1) * marks[others[rows], others[columns]]
            )
            three = g3 - 2 * g2 + g1
            ceiling = values + three * np.minimum(
                np.minimum(marks[a, others[rows]], marks[a, others[columns]]), marks[others[rows], others[columns]]
            )
            near = np.flatnonzero(ceiling >= best)
            if len(near) == 0:
                continue
            rows, columns, values = rows[near], columns[near], values[near]
            needed, place = np.unique(np.concatenate([rows, columns]), return_inverse=True)
            groups = votes.supporters(self.options[a])
            inside = _dense_at(votes, [self.options[other] for other in others[needed].tolist()], groups)
            both = (inside * people[groups]) @ inside.T
            values = values + three * both[place[: len(rows)], place[len(rows) :]]
            if values.max() >= best:
                if values.max() > best:
                    best, found = int(values.max()), []
                for hit in np.flatnonzero(values == best).tolist():
                    b, c = int(others[rows[hit]]), int(others[columns[hit]])
                    x, y, z = sorted((a, b, c))
                    found.append((x, y, z))
        self.found = list(found)

    def options_at(self, chosen: Sequence[int]) -> list[int]:
        """The options that some best committee with these first ones has next, in the order of rank."""
        start = tuple(self.options.index(option) for option in chosen)
        following = {committee[len(start)] for committee in self.found if committee[: len(start)] == start}
        return [self.options[place] for place in sorted(following)]


def _pairs(votes: Votes, options: Sequence[int]) -> npt.NDArray[np.int64]:
    """How many people marked both, for each two of the options."""
    counts = np.zeros((len(options), len(options)))
    block = max(1, 2_000_000 // max(len(options), 1))
    for begin in range(0, len(votes.voters), block):
        people = votes.voters[begin : begin + block]
        inside = np.zeros((len(options), len(people)))
        for row, option in enumerate(options):
            who = votes.supporters(option)
            inside[row, who[slice(*np.searchsorted(who, (begin, begin + block)))] - begin] = 1
        counts += (inside * people) @ inside.T
    return np.rint(counts).astype(np.int64)


def _dense_at(votes: Votes, options: Sequence[int], groups: npt.NDArray[np.int64]) -> Floats:
    """Options by these groups (in rising order): 1 where it is marked."""
    dense = np.zeros((len(options), len(groups)))
    place = np.full(len(votes.voters), -1, dtype=np.int64)
    place[groups] = np.arange(len(groups))
    for row, option in enumerate(options):
        there = place[votes.supporters(option)]
        dense[row, there[there >= 0]] = 1
    return dense


class _Many:
    """Best committees of more than three, by branch and bound. Exact, and slow when nothing stands out."""

    def __init__(self, problem: Problem, marked: Sequence[int], gain: Sequence[int], places: int, floor: int) -> None:
        votes = problem.votes
        self.options = list(marked)
        self.places = places
        self.people = votes.voters.astype(np.float64)
        self.gain = np.array([*gain, 0], dtype=np.float64)
        self.marks = _dense(votes, self.options)
        self.target = floor
        while self._exists([], 0, np.arange(len(self.options)), self.places, self.target + 1):
            pass

    def _added(self, have: npt.NDArray[np.int64], among: npt.NDArray[np.int64]) -> Floats:
        return np.asarray(self.marks[among] @ (self.people * self.gain[have]))

    def _exists(
        self, chosen: Sequence[int], score: float, among: npt.NDArray[np.int64], left: int, target: float
    ) -> bool:
        """Whether `left` more out of `among` bring the score to the target; raises the target to what it finds."""
        have = self.marks[list(chosen)].sum(axis=0).astype(np.int64)
        added = self._added(have, among)
        order = np.argsort(-added, kind="stable")
        added, among = added[order], among[order]
        if left == 1:
            if len(added) and score + added[0] >= target:
                self.target = max(self.target, int(score + added[0]))
                return True
            return False
        for first in range(len(among) - left + 1):
            if score + added[first : first + left].sum() < target:
                return False
            with_it = [*chosen, int(among[first])]
            if self._exists(with_it, score + added[first], among[first + 1 :], left - 1, target):
                return True
        return False

    def options_at(self, chosen: Sequence[int]) -> list[int]:
        """The options that some best committee with these first ones has next, in the order of rank."""
        start = [self.options.index(option) for option in chosen]
        found = []
        for place in range(start[-1] + 1 if start else 0, len(self.options) - (self.places - len(start)) + 1):
            with_it = [*start, place]
            later = np.arange(place + 1, len(self.options))
            value = self._score(with_it)
            left = self.places - len(with_it)
            is_best = value >= self.target if left == 0 else self._exists(with_it, value, later, left, self.target)
            if is_best:
                found.append(self.options[place])
        return found

    def _score(self, chosen: Sequence[int]) -> float:
        have = self.marks[list(chosen)].sum(axis=0).astype(np.int64)
        total = np.concatenate([[0], np.cumsum(self.gain)])
        return float(total[have] @ self.people)
