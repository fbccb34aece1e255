"""What was cast: ballots as people wrote them, and the same as arrays in which equal ballots are one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Ballot", "Votes"]

Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

# Numbers of 64 groups that are counted at once: what the processor's cache holds.
BLOCK = 32_768


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one voter, or several who marked the same, could live with. An option marked twice counts once.

    Approval: the marks. Dots: `points` beside the marks, one number each; an option with 0 points is not marked, and
    of one named twice the last number counts. Ranking: the marks in order, the most wanted first.
    A ballot without marks counts as a voter: who took part and wanted none of it has a share nonetheless.
    """

    marks: tuple[str, ...]
    voters: int = 1
    table: str = ""
    points: tuple[int, ...] = ()

    def dots(self) -> dict[str, int]:
        """What each marked option gets from one of these voters; 1 when there are no points."""
        if not self.points:
            return dict.fromkeys(self.marks, 1)
        return {mark: points for mark, points in dict(zip(self.marks, self.points, strict=True)).items() if points}


@dataclass(frozen=True)
class Votes:
    """The ballots of n voters for m options, merged into groups with the same marks (and points).

    `voters[group]`: people in it · `example[group]`: a ballot of theirs · `group[ballot]`, `table[ballot]`,
    `cast[ballot]`: each ballot's group, number of its table and voters. `alike`: every group is one person.
    `bits[option]`: a bit for each group, whether it marked the option, 64 in a number, the largest groups first as in
    `by_size`.
    The marks, sorted by option: option o is marked by the groups `who[start[o]:start[o + 1]]`, with `points` there
    (1 unless dots were given) and `option` o. `marks[o]`: how many people marked it.
    """

    voters: Ints
    example: Ints
    group: Ints
    table: Ints
    cast: Ints
    table_names: tuple[str, ...]
    start: Ints
    option: Ints
    who: Ints
    points: Ints
    has_points: bool
    marks: Ints
    by_size: Ints
    bits: Bits

    @classmethod
    def of(cls, options: Sequence[str], ballots: Sequence[Ballot]) -> "Votes":
        """Memory: one byte for each different ballot and option (four with points). About 1 µs a mark."""
        has_points = any(ballot.points for ballot in ballots)
        rows, example = _first_merge(ballots)
        matrix = _matrix(options, [ballots[number] for number in example], has_points)
        keys = matrix if has_points else np.packbits(matrix, axis=1)
        number: dict[bytes, int] = {}
        merged = np.array([number.setdefault(key.tobytes(), len(number)) for key in keys], dtype=np.int64)
        cast = np.array([ballot.voters for ballot in ballots], dtype=np.int64)
        voters = np.zeros(len(number), dtype=np.int64)
        group = merged[rows]
        np.add.at(voters, group, cast)
        by_size = np.argsort(-voters, kind="stable")
        first = np.zeros(len(number), dtype=np.int64)
        first[merged[::-1]] = np.arange(len(merged))[::-1]
        tables: dict[str, int] = {}
        table = np.array([tables.setdefault(ballot.table, len(tables)) for ballot in ballots], dtype=np.int64)
        by_option = np.ascontiguousarray(matrix[first].T)
        option, who = by_option.nonzero()
        start = np.searchsorted(option, np.arange(len(options) + 1)).astype(np.int64)
        return cls(
            voters=voters,
            example=np.array(example, dtype=np.int64)[first] if len(example) else first,
            group=group,
            table=table,
            cast=cast,
            table_names=tuple(tables),
            start=start,
            option=option,
            who=who,
            points=by_option[option, who].astype(np.int64) if has_points else np.ones(len(who), dtype=np.int64),
            has_points=has_points,
            marks=_sums(voters[who], start),
            by_size=by_size,
            bits=packed(by_option[:, by_size] != 0),
        )

    def supporters(self, option: int) -> Ints:
        """The groups that marked it."""
        return self.who[self.start[option] : self.start[option + 1]]

    def dots(self, option: int) -> Ints:
        """The points that each of `supporters` gives it."""
        return self.points[self.start[option] : self.start[option + 1]]

    @cached_property
    def alike(self) -> bool:
        return bool((self.voters == 1).all())

    @cached_property
    def planes(self) -> list[Bits]:
        """The binary digits of the groups' numbers of people, the ones first; each as far as it is not zero."""
        return digits(self.voters[self.by_size])

    def count(self, groups: Bits) -> Ints:
        """How many people are in each row of groups, a bit for each, like the rows of `bits`."""
        return count(groups, self.planes)

    def people(self, groups: npt.NDArray[np.bool_]) -> Ints:
        """For each option how many people in these groups marked it: 64 groups at a time, by counting bits."""
        return count(self.bits, self.planes, packed(groups[None, self.by_size])[0])

    def sums(self, of_group: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """For each option the sum of `of_group` over the groups that marked it."""
        return _sums(of_group[self.who], self.start)

    def sums_at(self, of_mark: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """For each option the sum of `of_mark` over its marks."""
        return _sums(of_mark, self.start)

    def satisfaction(self, winners: Sequence[int]) -> Ints:
        """How many of the winners each group marked."""
        count = np.zeros(len(self.voters), dtype=np.int64)
        for winner in winners:
            count[self.supporters(winner)] += 1
        return count

    def gained(self, gain: Sequence[int], have: Ints) -> Ints:
        """For each option the sum of gain[have[group]] over the people who marked it; whole numbers."""
        total = np.zeros(len(self.marks), dtype=np.int64)
        for level in np.flatnonzero(np.bincount(have)).tolist():
            if level < len(gain) and gain[level]:
                total += gain[level] * self.people(have == level)
        return total

    def covered_by(self, winners: Sequence[int]) -> int:
        """How many people marked at least one of them."""
        return (
            int(self.count(np.bitwise_or.reduce(self.bits[list(winners)], axis=0, keepdims=True))[0]) if winners else 0
        )


def _first_merge(ballots: Sequence[Ballot]) -> tuple[Ints, list[int]]:
    """Ballots written alike are one row: each ballot's row, and a ballot of each row."""
    number: dict[tuple[tuple[str, ...], tuple[int, ...]], int] = {}
    rows = [number.setdefault((ballot.marks, ballot.points), len(number)) for ballot in ballots]
    example = dict(zip(reversed(rows), range(len(rows) - 1, -1, -1), strict=True))
    return np.array(rows, dtype=np.int64), [example[row] for row in range(len(number))]


def _matrix(options: Sequence[str], ballots: Sequence[Ballot], has_points: bool) -> npt.NDArray[Any]:
    """Ballots by options: marked or not, or how many points."""
    column = {option: place for place, option in enumerate(options)}
    columns = [column[mark] for mark in chain.from_iterable(ballot.marks for ballot in ballots)]
    rows = np.repeat(np.arange(len(ballots)), [len(ballot.marks) for ballot in ballots])
    matrix: npt.NDArray[Any] = np.zeros((len(ballots), len(options)), dtype=np.int32 if has_points else np.bool_)
    points: object = True
    if has_points:
        points = np.array(
            list(chain.from_iterable(ballot.points or (1,) * len(ballot.marks) for ballot in ballots)), dtype=np.int64
        )
    matrix[rows, np.array(columns, dtype=np.intp)] = points
    return matrix


def packed(rows: npt.NDArray[Any]) -> Bits:
    """Eight bytes of eight bits each in a number, the rest filled with zeros."""
    bits = np.packbits(rows, axis=1)
    filled = np.zeros((len(bits), -(-bits.shape[1] // 8) * 8), dtype=np.uint8)
    filled[:, : bits.shape[1]] = bits
    return filled.view(np.uint64)


def digits(voters: Ints) -> list[Bits]:
    """The binary digits of numbers of people, the ones first; each as far as it is not zero."""
    places = range(int(voters.max(initial=0)).bit_length())
    return [np.trim_zeros(packed((voters[None] >> place & 1) != 0)[0], "b") for place in places]


def count(groups: Bits, planes: Sequence[Bits], among: Bits | None = None) -> Ints:
    """How many people are in each row of groups, a bit for each; those `among` (such a row) only.

    `planes`: the `digits` of the groups' people. In blocks so small that memory is used again: new memory costs more.
    """
    counts = np.zeros(len(groups), dtype=np.int64)
    for place, plane in enumerate(planes):
        wanted = plane if among is None else plane & among[: len(plane)]
        block = max(BLOCK // max(len(plane), 1), 1)
        for begin in range(0, len(groups), block):
            rows = slice(begin, begin + block)
            ones = np.bitwise_count(groups[rows, : len(plane)] & wanted)
            counts[rows] += np.add.reduce(ones, axis=1, dtype=np.uint32).astype(np.int64) << place
    return counts


def _sums(values: npt.NDArray[Any], start: Ints) -> npt.NDArray[Any]:
    sums: npt.NDArray[Any] = np.zeros(len(start) - 1, dtype=values.dtype)
    filled = np.flatnonzero(start[1:] > start[:-1])
    if len(filled):
        sums[filled] = np.add.reduceat(values, start[filled])
    return sums
