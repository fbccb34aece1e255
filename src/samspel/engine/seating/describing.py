"""A seating in words that those who are seated can judge."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations

from samspel.engine.records import Description

from .records import Problem, Solution, pairs_of
from .sizes import alike_pairs_at_best

__all__ = ["describe"]

NOT_FOUND = "no seating without was found in the time"


def describe(problem: Problem, solution: Solution) -> tuple[Description, ...]:
    """What the seating does for those who sit there, counted from the seats.

    Kinds and their numbers: `meetings` (new, repeated, rounds; a meeting is two people at one table, new when they meet
    for the first time in this plan and since earlier dialogues; those who are to sit together meet once) · `again`
    (pairs, least), when people meet again · `unit-pairs` (met, possible, units) · `alike` (attribute, pairs, least) for
    each weighted attribute that people at one table share · `distance` (sum, most, chance) · `broken` (rule, round,
    people, table, reason), one for each rule that could not be kept; people and tables are named by their ids.

    >>> from samspel.engine.seating import Person, Table
    >>> people = (Person("anna", {"unit": "school"}), Person("bo", {"unit": "care"}))
    >>> problem = Problem(people, (Table("Eldkvarn", 2, 2),))
    >>> plan = Solution(({"anna": "Eldkvarn", "bo": "Eldkvarn"},), "best", (), 0.0, 0.0, 0.0, 0)
    >>> [description.text for description in describe(problem, plan)]
    ['1 new meetings.', '2 units, 1 of 1 pairs of units meet.']
    """
    descriptions = [_meetings(problem, solution)]
    units = {person.attributes["unit"] for person in problem.people if person.attributes.get("unit")}
    if len(units) > 1:
        descriptions.append(_unit_pairs(problem, solution, len(units)))
    descriptions += _wishes(problem, solution)
    for broken in solution.broken:
        numbers = {
            "rule": broken.rule,
            "round": broken.round + 1,
            "people": ", ".join(broken.people),
            "table": broken.table,
            "reason": broken.reason,
        }
        descriptions.append(Description("broken", numbers, broken.text))
    return tuple(descriptions)


def _wishes(problem: Problem, solution: Solution) -> Iterator[Description]:
    """The wishes that could not be kept, and whether anybody could."""
    if solution.repeats:
        least = solution.least_repeats
        why = f"{least} cannot be avoided, there are only so many people" if least else NOT_FOUND
        text = f"{solution.repeats} times two people meet who had met before; {why}."
        yield Description("again", {"pairs": solution.repeats, "least": least}, text)
    sizes = [Counter(tables.values()) for tables in solution.rounds]
    for attribute, weight in problem.weights.items():
        pairs = sum(_alike(problem, attribute, tables) for tables in solution.rounds)
        least = sum(alike_pairs_at_best(problem, attribute, _of_all(problem, count)) for count in sizes)
        least = min(least, pairs) if solution.broken else least
        if pairs and weight:
            why = "none could be avoided" if pairs == least else f"at least {least} cannot be avoided"
            text = f"{pairs} times two at one table have the same {attribute}; {why}."
            yield Description("alike", {"attribute": attribute, "pairs": pairs, "least": least}, text)
    if problem.distances is not None and not any(problem.weights.values()):
        total, most, chance = -solution.alike, -solution.bound, -solution.by_chance
        text = f"Distances at tables add up to {total:.0f}; by chance {chance:.0f}, and nobody gets above {most:.0f}."
        yield Description("distance", {"sum": total, "most": most, "chance": chance}, text)


def _of_all(problem: Problem, count: Counter[str]) -> list[int]:
    return [count[table.id] for table in problem.tables]


def _alike(problem: Problem, attribute: str, table_of: Mapping[str, str]) -> int:
    value = {person.id: person.attributes.get(attribute) for person in problem.people}
    counts = Counter((table, value[person]) for person, table in table_of.items() if value[person])
    return sum(count * (count - 1) // 2 for count in counts.values())


def _meetings(problem: Problem, solution: Solution) -> Description:
    met = pairs_of(problem.earlier)
    together = pairs_of(problem.belong_together())
    new = repeated = 0
    for number in range(len(solution.rounds)):
        now = pairs_of(solution.at(number).values()) - (together & met)
        new += len(now - met)
        repeated += len(now & met)
        met |= now
    text = f"{new} new meetings, {repeated} with somebody met before." if repeated else f"{new} new meetings."
    return Description("meetings", {"new": new, "repeated": repeated, "rounds": len(solution.rounds)}, text)


def _unit_pairs(problem: Problem, solution: Solution, units: int) -> Description:
    unit = {person.id: person.attributes.get("unit") for person in problem.people}
    met = {
        frozenset((one, other))
        for number in range(len(solution.rounds))
        for people in solution.at(number).values()
        for one, other in combinations(sorted({unit[person] or "" for person in people} - {""}), 2)
    }
    possible = units * (units - 1) // 2
    return Description(
        "unit-pairs",
        {"met": len(met), "possible": possible, "units": units},
        f"{units} units, {len(met)} of {possible} pairs of units meet.",
    )
