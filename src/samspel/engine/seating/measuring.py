"""How good a seating is, counted from the seats."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from .records import Problem, Solution, Status
from .rules import find_broken
from .sizes import alike_at_best, alike_by_chance, repeats_at_best

__all__ = ["measure", "of_those_in"]


def measure(
    problem: Problem, rounds: Sequence[Mapping[str, str]], *, is_cut: bool = False, seconds: float = 0.0
) -> Solution:
    """Rules, figures and bounds of a seating, whoever made it; some may be away in a round.

    Cost: people * size of a table * rounds; with distances people ** 2 * log people for the bound.

    >>> from samspel.engine.seating import Person, Table
    >>> people = (Person("a1", {"unit": "a"}), Person("a2", {"unit": "a"}))
    >>> measure(Problem(people, (Table("Tuna", 2, 2),)), [{"a1": "Tuna", "a2": "Tuna"}]).status
    'best'
    """
    alike = sum(_alike(problem, table_of) for table_of in rounds)
    repeats = _repeats(problem, rounds)
    broken = tuple(find_broken(problem, rounds))
    by_chance = bound = 0.0
    known: dict[object, tuple[float, float]] = {}
    for table_of in rounds:
        count = Counter(table_of.values())
        sizes = tuple(sorted(count[table.id] for table in problem.tables))
        key = (sizes, None if len(table_of) == len(problem.people) else frozenset(table_of))
        if key not in known:
            here = problem if key[1] is None else of_those_in(problem, table_of)
            known[key] = alike_by_chance(here, sizes), alike_at_best(here, sizes)
        by_chance += known[key][0]
        bound += known[key][1]
    least_repeats = repeats_at_best(problem, [Counter(table_of.values()).values() for table_of in rounds])
    if broken:  # the bounds hold when the rules do
        bound, least_repeats = min(bound, alike), min(least_repeats, repeats)
    is_best = alike <= bound + 1e-9 * max(1.0, abs(bound)) and repeats <= least_repeats
    status: Status = "broken" if broken else "best" if is_best else "good"
    return Solution(
        rounds=tuple(rounds),
        status=status,
        broken=broken,
        alike=alike,
        by_chance=by_chance,
        bound=bound,
        repeats=repeats,
        least_repeats=least_repeats,
        is_cut=is_cut,
        seconds=seconds,
    )


def of_those_in(problem: Problem, table_of: Mapping[str, str]) -> Problem:
    """The problem of those who are here."""
    here = [number for number, person in enumerate(problem.people) if person.id in table_of]
    distances = None if problem.distances is None else problem.distances[np.ix_(here, here)]
    return replace(problem, people=tuple(problem.people[number] for number in here), distances=distances)


def _alike(problem: Problem, table_of: Mapping[str, str]) -> float:
    total = 0.0
    for attribute, weight in problem.weights.items():
        counts = Counter(
            (table_of[person.id], person.attributes[attribute])
            for person in problem.people
            if person.attributes.get(attribute) and person.id in table_of
        )
        total += weight * sum(count * (count - 1) // 2 for count in counts.values())
    if problem.distances is not None:
        place = {person.id: number for number, person in enumerate(problem.people)}
        for people in sitting(table_of).values():
            at = [place[person] for person in people]
            total -= float(problem.distances[np.ix_(at, at)].sum(dtype=np.float64)) / 2
    return total


def _repeats(problem: Problem, rounds: Sequence[Mapping[str, str]]) -> int:
    place = {person.id: number for number, person in enumerate(problem.people)}
    group_of = {member: number for number, group in enumerate(problem.belong_together()) for member in group}
    met = {
        (one, other)
        for group in problem.earlier
        for one, other in combinations(sorted(place[person] for person in group if person in place), 2)
    }
    repeats = 0
    for table_of in rounds:
        now = {
            (place[one], place[other]) if place[one] < place[other] else (place[other], place[one])
            for people in sitting(table_of).values()
            for one, other in combinations(people, 2)
            if group_of.get(one, -1) != group_of.get(other, -2)
        }
        repeats += len(now & met)
        met |= now
    return repeats


def sitting(table_of: Mapping[str, str]) -> dict[str, list[str]]:
    """Who sits at each table."""
    tables: dict[str, list[str]] = {}
    for person, table in table_of.items():
        tables.setdefault(table, []).append(person)
    return tables
