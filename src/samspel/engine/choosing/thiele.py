"""Rules that give a voter with j winners 1 + 1/2 + … + 1/j (PAV), or 1 as soon as she has one (Chamberlin–Courant).

Thiele 1895; Lackner and Skowron, "Multi-winner voting with approval preferences" (2023), section 2.2. A voter's second
winner is never worth more than her first, so what an option would add only falls while winners are chosen: an old
value is an upper bound, and few options are counted again.

All scores are whole numbers: halves, thirds and so on are multiplied by the least common multiple of 1…k.
"""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt

from .ballots import BLOCK, Bits, Ints, Votes, count, digits, packed
from .records import Problem, Tie

__all__ = ["best_committee", "in_turn", "weights"]

Floats = npt.NDArray[np.float64]
Thiele = Literal["pav", "cc"]

# Whole numbers above this are not exact in floating point.
EXACT = 2**53

# Up to so many numbers of 64 groups triples are counted as they come.
AT_ONCE = 3_000_000

# Taking out the bits of some groups costs as much as counting so many rows of them (measured; it moves time about).
SET_OUT = 64

# How many pairs times options are looked at together: some ten megabytes.
THIRDS = 4_000_000


def weights(rule: Thiele, places: int) -> tuple[list[int], int]:
    """What a voter's first, second, … winner adds, as whole numbers, and the unit they are counted in."""
    if rule == "cc":
        return [1] + [0] * (places - 1), 1
    unit = math.lcm(*range(1, places + 1))
    return [unit // place for place in range(1, places + 1)], unit


def in_turn(problem: Problem, rule: Thiele, rank: Sequence[int]) -> tuple[list[int], list[Tie]]:
    """Sequential PAV or CC: place after place to the option that adds most. Cost: a pass over the marks for each."""
    votes, (gain, unit) = problem.votes, weights(rule, problem.places)
    if unit * problem.voters >= 2**62:
        raise ValueError(f"places must be fewer for {problem.voters} voters under {rule}, got {problem.places}")
    have = np.zeros(len(votes.voters), dtype=np.int64)
    open_options = votes.marks > 0
    winners: list[int] = []
    ties: list[Tie] = []
    while len(winners) < problem.places and open_options.any():
        added = np.where(open_options, votes.gained(gain, have), -1)
        tied = np.flatnonzero(added == added.max()).tolist()
        chosen = min(tied, key=rank.__getitem__)
        if len(tied) > 1:
            ties.append(_tie(problem, len(winners), tied, chosen))
        winners.append(chosen)
        open_options[chosen] = False
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
    floor = _exchanged(votes, gain, first)
    search = _Few(problem, marked, gain, places, floor) if places <= 3 else _Many(problem, marked, gain, places, floor)
    committee: list[int] = []
    ties: list[Tie] = []
    for place in range(places):
        tied = search.options_at(committee)
        committee.append(tied[0])
        if len(tied) > 1:
            ties.append(_tie(problem, place, sorted(tied), tied[0]))
    return committee, ties


def _exchanged(votes: Votes, gain: Sequence[int], committee: list[int]) -> int:
    """The score when one after the other is exchanged for a better one, as long as that helps: a good lower bound."""
    gains = np.array([*gain, 0], dtype=np.int64)
    total = np.concatenate([[0], gains.cumsum()])
    score = int(total[votes.satisfaction(committee)] @ votes.voters)
    place, unchanged = 0, 0
    while unchanged < len(committee):
        rest = committee[:place] + committee[place + 1 :]
        have = votes.satisfaction(rest)
        added = votes.gained(gain, have)
        added[rest] = -1
        new = int(total[have] @ votes.voters + added.max())
        unchanged += 1
        if new > score:
            score, unchanged = new, 0
            committee = [*rest[:place], int(added.argmax()), *rest[place:]]
        place = (place + 1) % len(committee)
    return score


class _Few:
    """All best committees of one, two or three options. `marked` comes in the order of rank.

    With gains g1, g2, g3 a voter adds g1 for each of the three that she marked, g2 - g1 for each two of them, and
    g3 - 2 g2 + g1 for all three: see what it makes for one who marked one, two or three.
    """

    def __init__(self, problem: Problem, marked: Sequence[int], gain: Sequence[int], places: int, floor: int) -> None:
        votes = problem.votes
        first, second, third = (*gain, 0, 0)[:3]
        alone = votes.marks[np.array(marked)] * first
        kept = np.flatnonzero(alone + _top(alone, places - 1) >= floor)
        pairs = np.zeros((len(kept), len(kept)), dtype=np.int64)
        if places > 1:
            pairs = _pairs(votes, [marked[place] for place in kept.tolist()])
            # what an option adds to another is at least what it adds to that one and a third
            added = alone[kept][:, None] + (second - first) * pairs
            np.fill_diagonal(added, 0)
            near = np.flatnonzero(alone[kept] + np.sort(added, axis=0)[-(places - 1) :].sum(axis=0) >= floor)
            kept, pairs = kept[near], pairs[np.ix_(near, near)]
        self.options = [marked[place] for place in kept.tolist()]
        if places == 3:
            committees, scores = self._triples(votes, alone[kept], pairs, (second - first, third - second), floor)
        else:
            committees = np.array(list(combinations(range(len(kept)), places)), dtype=np.int64)
            scores = alone[kept][committees].sum(axis=1)
            if places == 2:
                scores += (second - first) * pairs[committees[:, 0], committees[:, 1]]
        self.found = [tuple(committee) for committee in committees[scores == scores.max()].tolist()]

    def _triples(self, votes: Votes, alone: Ints, pairs: Ints, steps: tuple[int, int], floor: int) -> tuple[Ints, Ints]:
        """Those that may reach the floor, with their scores. Pair after pair that may, with every third for both."""
        two, three = steps[0], steps[1] - steps[0]
        size = len(alone)
        added = alone[:, None] + two * pairs
        np.fill_diagonal(added, 0)
        third = added.max(axis=0, initial=0)  # no third adds more to two than to one of them
        both = alone[None, :] + added
        able = np.triu(both + np.minimum(third[:, None], third[None, :]) >= floor, 1)
        firsts, seconds = np.nonzero(able)
        kept, scores = [np.zeros((0, 3), dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for begin in range(0, len(firsts), max(1, THIRDS // max(size, 1))):
            part = slice(begin, begin + max(1, THIRDS // max(size, 1)))
            a, b = firsts[part], seconds[part]
            pair, c = np.divmod(np.flatnonzero(able[a] & able[b]), size)
            with_a, with_b = (pairs.take((option * size).take(pair) + c) for option in (a, b))
            value = both[b, a].take(pair) + alone.take(c) + two * (with_a + with_b)
            most = np.minimum(np.minimum(with_a, with_b), pairs[a, b].take(pair))  # no more marked all three
            near = np.flatnonzero(value + three * most >= floor)
            kept.append(np.stack([a[pair[near]], b[pair[near]], c[near]], axis=1))
            scores.append(value[near])
        triples, values = np.concatenate(kept), np.concatenate(scores)
        return triples, values + three * _all_three(votes, self.options, triples)

    def options_at(self, chosen: Sequence[int]) -> list[int]:
        """The options that some best committee with these first ones has next, in the order of rank."""
        start = tuple(self.options.index(option) for option in chosen)
        following = {committee[len(start)] for committee in self.found if committee[: len(start)] == start}
        return [self.options[place] for place in sorted(following)]


def _top(values: Ints, count: int) -> int:
    return int(np.sort(values)[::-1][:count].sum())


def _pairs(votes: Votes, options: Sequence[int]) -> Ints:
    """How many people marked both, for each two of the options."""
    return _both(votes.bits[list(options)], votes.planes)


def _both(bits: Bits, planes: Sequence[Bits]) -> Ints:
    """The same for any rows of bits, with the digits of the people's numbers in their order."""
    counts = np.zeros((len(bits), len(bits)), dtype=np.int64)
    if bits.shape[1] <= len(bits):  # few voters: 64 of them at a time, all pairs at once
        for digit, plane in enumerate(planes):
            for column in np.flatnonzero(plane).tolist():
                row = np.ascontiguousarray(bits[:, column])
                counts += np.bitwise_count(row[:, None] & (row & plane[column])[None, :]).astype(np.int64) << digit
        return counts
    for place, row in enumerate(bits):
        counts[place, place:] = counts[place:, place] = count(bits[place:], planes, row)
    return counts


def _all_three(votes: Votes, options: Sequence[int], triples: Ints) -> Ints:
    """How many people marked all three, for each triple of places among the options (the first rises).

    Many triples with the same first option: all pairs of the others, among those who marked that one."""
    bits = votes.bits[list(options)]
    words = bits.shape[1] * len(votes.planes)
    if len(triples) * words <= AT_ONCE:
        return _each(votes, bits, triples)
    marked = np.unpackbits(bits.view(np.uint8), axis=1)
    people = votes.voters[votes.by_size]
    counts = np.zeros(len(triples), dtype=np.int64)
    begin = np.flatnonzero(np.diff(triples[:, 0], prepend=-1))
    for start, end in zip(begin, [*begin[1:], len(triples)], strict=True):
        groups = np.flatnonzero(marked[triples[start, 0]])
        second, third = triples[start:end, 1:].T
        needed = np.zeros(len(options), dtype=np.int64)
        needed[second] = needed[third] = 1
        rows, place = np.flatnonzero(needed).tolist(), needed.cumsum() - 1
        if (end - start) * words < len(rows) * (len(rows) // 2 + SET_OUT) * len(groups) // 64:
            counts[start:end] = _each(votes, bits, triples[start:end])
        else:
            inside = packed(np.stack([marked[row].take(groups) for row in rows]))
            counts[start:end] = _both(inside, digits(people[groups]))[place[second], place[third]]
    return counts


def _each(votes: Votes, bits: Bits, triples: Ints) -> Ints:
    """The same, one triple after the other."""
    parts = np.array_split(triples, 1 + len(triples) * bits.shape[1] // BLOCK)
    return np.concatenate([votes.count(bits[a] & bits[b] & bits[c]) for a, b, c in (part.T for part in parts)])


class _Many:
    """Best committees of more than three, by branch and bound. Exact, and slow when nothing stands out."""

    def __init__(self, problem: Problem, marked: Sequence[int], gain: Sequence[int], places: int, floor: int) -> None:
        votes = problem.votes
        self.options = list(marked)
        self.places = places
        self.people = votes.voters.astype(np.float64)
        self.gain = np.array([*gain, 0], dtype=np.float64)
        self.marks = np.zeros((len(self.options), len(votes.voters)))
        for row, option in enumerate(self.options):
            self.marks[row, votes.supporters(option)] = 1
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
