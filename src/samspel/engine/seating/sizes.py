"""How many sit at each table, and how good a seating could be at best."""

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from .records import Problem, Table, pairs_of

__all__ = ["alike_at_best", "alike_by_chance", "alike_pairs_at_best", "filled", "repeats_at_best", "seats"]


def seats(tables: Sequence[Table], people: int) -> tuple[list[int], list[bool]]:
    """Seats per table, as even as the tables allow, and which tables may have one empty.

    With fewer people than the tables need, `least` is forgotten; with more than they may have, `most` is: everyone is
    seated in any case, and the seating tells it.

    >>> seats([Table("a", 4, 6), Table("b", 4, 6), Table("c", 2, 3)], 12)
    ([5, 5, 3], [True, True, False])
    """
    enough = people >= sum(table.least for table in tables)
    room = people <= sum(table.most for table in tables)
    least = [table.least if enough else 0 for table in tables]
    most = [table.most if room else people for table in tables]
    level = next(
        level
        for level in range(people + 1)
        if sum(min(max(level, low), high) for low, high in zip(least, most, strict=True)) >= people
    )
    sizes = [min(max(level, low), high) for low, high in zip(least, most, strict=True)]
    return sizes, [size == level and size > low for size, low in zip(sizes, least, strict=True)]


def filled(sizes: Sequence[int], may_lack_one: Sequence[bool], people: int) -> list[int]:
    """How many sit at each table when the empty seats are at the first tables that may have one."""
    empty = sum(sizes) - people
    lacking = set([number for number, lacks in enumerate(may_lack_one) if lacks][:empty])
    return [size - (number in lacking) for number, size in enumerate(sizes)]


def alike_by_chance(problem: Problem, sizes: Sequence[int]) -> float:
    """The weighted number of pairs alike in one round, less their distances, when seats are drawn, on average."""
    people = len(problem.people)
    if people < 2:
        return 0.0
    met = sum(size * (size - 1) for size in sizes) / (people * (people - 1))
    alike = sum(
        weight * sum(count * (count - 1) / 2 for count in _values(problem, attribute).values())
        for attribute, weight in problem.weights.items()
    )
    if problem.distances is not None:
        alike -= float(problem.distances.sum(dtype=np.float64)) / 2
    return met * alike


def alike_at_best(problem: Problem, sizes: Sequence[int]) -> float:
    """A number that no round can go below: every value dealt evenly over the tables, every table evenly mixed.

    Each attribute is looked at alone, and of the rules those who are to sit together; whoever has no value is taken as
    a value of her own. With distances, everyone has those at her table who are farthest from her: the k-th farthest
    counts only for as many as sit at tables of more than k people.
    """
    total = sum(
        weight * alike_pairs_at_best(problem, attribute, sizes) for attribute, weight in problem.weights.items()
    )
    if problem.distances is not None and len(problem.people) > 1:
        total -= _farthest(problem.distances, sizes)
    return total


def alike_pairs_at_best(problem: Problem, attribute: str, sizes: Sequence[int]) -> int:
    """How many pairs at a table must share a value of this attribute in one round."""
    values = _values(problem, attribute)
    unknown = len(problem.people) - values.total()
    of_person = {person.id: person.attributes.get(attribute, "") for person in problem.people}
    joined: dict[str, list[int]] = {}
    for group in problem.belong_together():
        for value, count in Counter(of_person[member] for member in group).items():
            if count > 1:
                joined.setdefault(value, []).append(count)
    by_value = sum(_fewest_pairs(count, len(sizes), joined.get(value, ())) for value, count in values.items())
    by_table = sum(_even_pairs(size, len(values) + unknown) for size in sizes if size)
    return max(by_value, by_table)


def repeats_at_best(problem: Problem, sizes: Sequence[Iterable[int]]) -> int:
    """How often two people must meet again when tables have these sizes, round by round: there are only so many pairs
    who have not met. Those who are to sit together aside."""
    people = len(problem.people)
    together = pairs_of(problem.belong_together())
    here = {person.id for person in problem.people}
    met = {pair for pair in pairs_of(problem.earlier) if pair <= here} - together
    new = people * (people - 1) // 2 - len(together) - len(met)
    meetings = sum(sum(size * (size - 1) // 2 for size in round_) - len(together) for round_ in sizes)
    return max(meetings - new, 0)


def _values(problem: Problem, attribute: str) -> Counter[str]:
    return Counter(person.attributes[attribute] for person in problem.people if person.attributes.get(attribute))


def _even_pairs(count: int, parts: int) -> int:
    """Pairs within parts when `count` are dealt as evenly as can be."""
    each, more = divmod(count, parts)
    return more * (each + 1) * each // 2 + (parts - more) * each * (each - 1) // 2


def _fewest_pairs(count: int, parts: int, joined: Sequence[int]) -> int:
    """The same when some of them come as groups that cannot be parted: each to a part of its own, then level."""
    if not joined:
        return _even_pairs(count, parts)
    heights = sorted(joined, reverse=True)[:parts]
    heights += [0] * (parts - len(heights))
    heapq.heapify(heights)
    for _ in range(count - sum(heights)):
        heapq.heapreplace(heights, heights[0] + 1)
    return sum(height * (height - 1) // 2 for height in heights)


def _farthest(distances: np.ndarray[tuple[int, int], np.dtype[np.float32]], sizes: Sequence[int]) -> float:
    """What no seating's distances can add up to, each pair counted once."""
    most = max(sizes)
    nearest_last = np.sort(distances + np.diag(np.full(len(distances), -np.inf, dtype=np.float32)), axis=1)[:, ::-1]
    total = 0.0
    for k in range(1, most):
        sitting = sum(size for size in sizes if size > k)
        column = np.sort(nearest_last[:, k - 1])[::-1]
        total += float(column[:sitting].sum(dtype=np.float64))
    return total / 2
