"""A seating in words that those who are seated can judge."""

from itertools import combinations

from samspel.engine.records import Description

from .records import Problem, Solution, pairs_of

__all__ = ["describe"]


def describe(problem: Problem, solution: Solution) -> tuple[Description, ...]:
    """What the seating does for those who sit there, counted from the seats.

    Kinds and their numbers: `meetings` (new, repeated, rounds; a meeting is two people at one table, new when they meet
    for the first time in this plan and since earlier dialogues) · `unit-pairs` (met, possible, units) · `broken` (rule,
    round, people, table, reason), one for each rule that could not be kept; people and tables are named by their ids.

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


def _meetings(problem: Problem, solution: Solution) -> Description:
    met = pairs_of(problem.earlier)
    new = repeated = 0
    for number in range(len(solution.rounds)):
        now = pairs_of(solution.at(number).values())
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
