"""Is the seating right? Written from the rules, apart from the solver, with plain sets."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations

from .records import Problem, Rule, Solution

__all__ = ["check"]

Found = tuple[Rule, int, frozenset[str], str]


def check(problem: Problem, solution: Solution) -> list[str]:
    """The rules that the seating breaks, in words, told in `solution.broken` or not; then what it counts wrongly.

    Empty when every rule is kept and every number is right.
    """
    if len(solution.rounds) != problem.rounds:
        return [f"rounds must be {problem.rounds}, got {len(solution.rounds)}"]
    lines = [line for number, tables in enumerate(solution.rounds) for line in _check_seats(problem, number, tables)]
    if lines:
        return lines
    found = {
        broken: line
        for number, tables in enumerate(solution.rounds)
        for broken, line in _find_broken(problem, number, tables)
    }
    told = {
        (broken.rule, broken.round, frozenset(broken.people), "" if broken.rule == "size" else broken.table)
        for broken in solution.broken
    }
    return [
        *found.values(),
        *(f"not told in broken: {line}" for broken, line in found.items() if broken not in told),
        *(f"told in broken, but kept: {broken}" for broken in sorted(told - found.keys(), key=str)),
        *_check_status(solution),
        *_check_numbers(problem, solution),
    ]


def _check_seats(problem: Problem, number: int, tables: Mapping[str, str]) -> Iterator[str]:
    if set(tables) != {person.id for person in problem.people}:
        yield f"rounds[{number}] must seat everyone"
    if not set(tables.values()) <= {table.id for table in problem.tables}:
        yield f"rounds[{number}] must seat people at the tables of the problem"


def _find_broken(problem: Problem, number: int, tables: Mapping[str, str]) -> Iterator[tuple[Found, str]]:
    where = f"round {number + 1}"
    people = {person.id: person for person in problem.people}
    count = Counter(tables.values())
    outside = [table.id for table in problem.tables if not table.least <= count[table.id] <= table.most]
    if outside:
        yield ("size", number, frozenset(), ""), f"{where}: sizes, {', '.join(outside)}"
    apart = {frozenset(pair) for pair in problem.apart}
    for one_id, other_id in _beside(tables):
        one, other = people[one_id], people[other_id]
        pair = frozenset((one.id, other.id))
        if one.attributes.get("unit") in other.manages or other.attributes.get("unit") in one.manages:
            yield (
                ("manager", number, pair, tables[one.id]),
                f"{where}: a manager with her staff, {one.id} and {other.id}",
            )
        elif pair in apart:
            yield ("apart", number, pair, tables[one.id]), f"{where}: {one.id} and {other.id} are not apart"
    for group in _groups(problem):
        if len({tables[member] for member in group}) > 1:
            names = ", ".join(sorted(group))
            yield ("together", number, frozenset(group), ""), f"{where}: {names} are not together"
    offers = {table.id: table.offers for table in problem.tables}
    for person in people.values():
        missing = [need for need in person.needs if need not in offers[tables[person.id]]]
        if missing:
            yield ("need", number, frozenset((person.id,)), tables[person.id]), f"{where}: {person.id} lacks {missing}"
        own = person.table or next((t for id_, n, t in problem.pinned if (id_, n) == (person.id, number)), "")
        if own and own != tables[person.id]:
            yield ("fixed", number, frozenset((person.id,)), own), f"{where}: {person.id} is not at her table"


def _beside(tables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every two at one table."""
    sitting: dict[str, list[str]] = {}
    for person, table in tables.items():
        sitting.setdefault(table, []).append(person)
    for people in sitting.values():
        yield from combinations(people, 2)


def _groups(problem: Problem) -> list[set[str]]:
    """Who belongs together, found by walking from each person to those who share a group with her."""
    here = {person.id for person in problem.people}
    left = set().union(*problem.together)
    groups = []
    while left:
        group, found = set(), {left.pop()}
        while found:
            group |= found
            found = set().union(*(g for g in problem.together if not group.isdisjoint(g))) - group
        left -= group
        groups.append(group & here)
    return groups


def _check_status(solution: Solution) -> Iterator[str]:
    if (solution.status == "broken") != bool(solution.broken):
        yield f"status must say whether a rule is broken, got {solution.status}"
    is_best = solution.repeats <= solution.least_repeats and solution.alike <= solution.bound + 1e-6
    if solution.status == "best" and not is_best:
        yield "status must not be best"


def _check_numbers(problem: Problem, solution: Solution) -> Iterator[str]:
    people = {person.id: person.attributes for person in problem.people}
    place = {person.id: number for number, person in enumerate(problem.people)}
    belong = {frozenset(pair) for group in _groups(problem) for pair in combinations(group, 2)}
    met = {frozenset(pair) for group in problem.earlier for pair in combinations(group, 2)}
    alike, repeats = 0.0, 0
    for tables in solution.rounds:
        now = set()
        for one, other in _beside(tables):
            now.add(frozenset((one, other)))
            for attribute, weight in problem.weights.items():
                value = people[one].get(attribute)
                alike += weight * bool(value and value == people[other].get(attribute))
            if problem.distances is not None:
                alike -= float(problem.distances[place[one], place[other]])
        repeats += len((now & met) - belong)
        met |= now
    slack = 1e-6 * max(1.0, abs(alike))
    if abs(alike - solution.alike) > slack:
        yield f"alike must be {alike}, got {solution.alike}"
    if repeats != solution.repeats:
        yield f"repeats must be {repeats}, got {solution.repeats}"
    if not solution.broken and solution.alike < solution.bound - slack:
        yield f"bound must not be above {alike}, got {solution.bound}"
    if not solution.broken and solution.repeats < solution.least_repeats:
        yield f"least_repeats must not be above {repeats}, got {solution.least_repeats}"
