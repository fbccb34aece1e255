"""Somebody comes after the tables were set: she gets a seat, and nobody moves."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .records import Broken, Person, Problem, Reason, Rule, Solution, Table, joined
from .rules import uneven_sizes
from .sizes import seats

__all__ = ["Late", "place_late"]


@dataclass(frozen=True, slots=True)
class Late:
    """The tables of the newcomer, one for each round from the one she came in, and everything with her in it."""

    tables: tuple[str, ...]
    problem: Problem
    solution: Solution
    broken: tuple[Broken, ...]


def place_late(problem: Problem, solution: Solution, person: Person, *, round_: int = 0) -> Late:
    """Seat one who came late, in `round_` and those after it, without moving anyone.

    In each round: a table where no hard rule breaks before one where it does, a small table before a larger one (so
    that sizes stay as even as they can), then the table where the fewest are like her or have met her, then the first.

    Result: her tables, and problem and solution with her in them, to be given on to the next who comes late.
    `by_chance` and `bound` stay those of the plan.
    Cost: one look at everyone in each round.

    >>> from samspel.engine.seating import Table
    >>> people = (Person("a1", {"unit": "a"}), Person("b1", {"unit": "b"}))
    >>> problem = Problem(people, (Table("Eldkvarn", 1, 2), Table("Ekeby", 1, 2)))
    >>> plan = Solution(({"a1": "Eldkvarn", "b1": "Ekeby"},), "best", (), 0.0, 0.0, 0.0, 0)
    >>> place_late(problem, plan, Person("a2", {"unit": "a"})).tables
    ('Ekeby',)
    """
    if any(other.id == person.id for other in problem.people):
        raise ValueError(f"person must be new, got {person.id!r}, who has a seat")
    if not 0 <= round_ < len(solution.rounds):
        raise ValueError(f"round_ must be from 0 to {len(solution.rounds) - 1}, got {round_}")
    if person.table and all(table.id != person.table for table in problem.tables):
        raise ValueError(f"person.table must be one of the tables, got {person.table!r}")
    costs = _Costs(problem, person)
    with_her = replace(problem, people=(*problem.people, person))
    fair = seats(with_her.tables, len(with_her.people))
    rounds = list(solution.rounds[:round_])
    chosen: list[str] = []
    broken: list[Broken] = []
    for number in range(round_, len(solution.rounds)):
        tables = solution.rounds[number]
        best = costs.best(tables)
        chosen.append(best)
        broken += costs.broken(tables, best, number)
        costs.sit_down(tables, best)
        rounds.append({**tables, person.id: best})
        broken += uneven_sizes(with_her, number, rounds[number], fair)
    now = {(told.round, other) for told in broken if told.rule == "together" for other in told.people}
    kept = [
        told
        for told in solution.broken
        if told.round < round_
        or (
            told.rule != "size"
            and not (told.rule == "together" and now.issuperset((told.round, p) for p in told.people))
        )
    ]
    all_broken = (*kept, *broken)
    return Late(
        tables=tuple(chosen),
        problem=with_her,
        solution=replace(
            solution,
            rounds=tuple(rounds),
            broken=all_broken,
            status="broken" if all_broken else "good",
            alike=solution.alike + costs.alike,
            repeats=solution.repeats + costs.repeats,
        ),
        broken=tuple(broken),
    )


class _Costs:
    """What the newcomer would meet at each table."""

    def __init__(self, problem: Problem, person: Person) -> None:
        self.problem = problem
        self.person = person
        self.unit = person.attributes.get("unit")
        self.apart = {other for pair in problem.apart if person.id in pair for other in pair}
        groups = (group for group in joined(problem.together) if person.id in group)
        self.together = next(groups, set()) - {person.id}
        self.met = {other for pair in problem.earlier if person.id in pair for other in pair}
        self.attributes = [
            (name, person.attributes[name], weight)
            for name, weight in problem.weights.items()
            if person.attributes.get(name)
        ]
        self.likeness = {other.id: self._likeness(other) for other in problem.people}
        self.alike = 0.0
        self.repeats = 0
        self.managers = {other.id for other in problem.people if self._one_manages(other)}

    def _likeness(self, other: Person) -> float:
        hers = other.attributes
        return sum([weight for name, value, weight in self.attributes if hers.get(name) == value])

    def _one_manages(self, other: Person) -> bool:
        if other.manages and self.unit in other.manages:
            return True
        return bool(self.person.manages) and other.attributes.get("unit") in self.person.manages

    def sit_down(self, tables: Mapping[str, str], table: str) -> None:
        """She meets those who sit at this table."""
        sitting = {other for other, seat in tables.items() if seat == table}
        self.alike += sum(self.likeness[other] for other in sitting)
        self.repeats += len((sitting & self.met) - self.together)
        self.met |= sitting

    def best(self, tables: Mapping[str, str]) -> str:
        hard = {table.id: len(self._misfits(table)) for table in self.problem.tables}
        soft = dict.fromkeys(hard, 0.0)
        size = Counter(tables.values())
        likeness = self.likeness
        for other, table in tables.items():
            soft[table] += likeness[other]
        for other in self.met & tables.keys():
            soft[tables[other]] += self.problem.repeat_weight
        for other in (self.apart | self.managers) & tables.keys():
            hard[tables[other]] += 1
        for other in self.together & tables.keys():
            hard[tables[other]] -= 1
        full = {table.id: size[table.id] >= table.most for table in self.problem.tables}
        return min(hard, key=lambda table: (full[table], hard[table], size[table], soft[table]))

    def _misfits(self, table: Table) -> list[tuple[Rule, Reason]]:
        missing: list[tuple[Rule, Reason]] = []
        for need in self.person.needs:
            if need not in table.offers:
                offered = any(need in other.offers for other in self.problem.tables)
                missing.append(("need", "full" if offered else "no-table-offers"))
        if self.person.table not in ("", table.id):
            missing.append(("fixed", "full"))
        return missing

    def broken(self, tables: Mapping[str, str], table_id: str, number: int) -> list[Broken]:
        """The rules that she breaks, or that break with her, at this table."""
        person = self.person.id
        table = next(table for table in self.problem.tables if table.id == table_id)
        found = [
            Broken(rule, number, (person,), self.person.table if rule == "fixed" else table_id, reason)
            for rule, reason in self._misfits(table)
        ]
        for other, seat in tables.items():
            if seat == table_id and other in self.managers:
                found.append(Broken("manager", number, (other, person), table_id, "full"))
            elif seat == table_id and other in self.apart:
                found.append(Broken("apart", number, (other, person), table_id, "full"))
        here = self.together & tables.keys()
        if any(tables[other] != table_id for other in here):
            found.append(Broken("together", number, (*sorted(here), person), "", "full"))
        return found
