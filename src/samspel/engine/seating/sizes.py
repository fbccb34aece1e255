"""How many sit at each table, and how good a seating could be at best."""

from collections import Counter
from collections.abc import Sequence

from .records import Problem, Table

__all__ = ["alike_at_best", "alike_by_chance", "filled", "seats"]


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
    lacking = [number for number, lacks in enumerate(may_lack_one) if lacks][:empty]
    return [size - (number in lacking) for number, size in enumerate(sizes)]


def alike_by_chance(problem: Problem, sizes: Sequence[int]) -> float:
    """The weighted number of pairs alike in one round when seats are drawn, on average."""
    people = len(problem.people)
    if people < 2:
        return 0.0
    met = sum(size * (size - 1) for size in sizes) / (people * (people - 1))
    return sum(
        weight * met * sum(count * (count - 1) / 2 for count in _values(problem, attribute).values())
        for attribute, weight in problem.weights.items()
    )


def alike_at_best(problem: Problem, sizes: Sequence[int]) -> float:
    """A number that no round can go below: every value dealt evenly over the tables, every table evenly mixed.

    Each attribute is looked at alone, and no rule. Whoever has no value is taken as a value of her own.
    """
    total = 0.0
    for attribute, weight in problem.weights.items():
        values = _values(problem, attribute)
        unknown = len(problem.people) - values.total()
        by_value = sum(_even_pairs(count, len(sizes)) for count in values.values())
        by_table = sum(_even_pairs(size, len(values) + unknown) for size in sizes if size)
        total += weight * max(by_value, by_table)
    return total


def _values(problem: Problem, attribute: str) -> Counter[str]:
    return Counter(person.attributes[attribute] for person in problem.people if person.attributes.get(attribute))


def _even_pairs(count: int, parts: int) -> int:
    """Pairs within parts when `count` are dealt as evenly as can be."""
    each, more = divmod(count, parts)
    return more * (each + 1) * each // 2 + (parts - more) * each * (each - 1) // 2
