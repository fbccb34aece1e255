"""After the tables were set: somebody comes, somebody does not, two thin tables become one. Nobody else moves."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .measuring import measure
from .records import Broken, Person, Problem, Reason, Rule, Solution, joined

__all__ = ["Hall", "Late", "Merged", "Placed", "place_late"]

Row = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placed:
    """The tables of the newcomer, one for each round from the one she came in, and the rules they could not keep."""

    tables: tuple[str, ...]
    broken: tuple[Broken, ...]


@dataclass(frozen=True, slots=True)
class Late:
    """The same, and everything with her in it."""

    tables: tuple[str, ...]
    broken: tuple[Broken, ...]
    problem: Problem
    solution: Solution


@dataclass(frozen=True, slots=True)
class Merged:
    """Those of a thin table who went to another in a round, the table they left and the one they went to."""

    round: int
    people: tuple[str, ...]
    left: str
    joined: str


def place_late(problem: Problem, solution: Solution, person: Person, *, round_: int = 0) -> Late:
    """Seat one who came late, in `round_` and those after it, without moving anyone; for several, keep a `Hall`.

    >>> from samspel.engine.seating import Table
    >>> people = (Person("a1", {"unit": "a"}), Person("b1", {"unit": "b"}))
    >>> problem = Problem(people, (Table("Eldkvarn", 1, 2), Table("Ekeby", 1, 2)))
    >>> plan = Solution(({"a1": "Eldkvarn", "b1": "Ekeby"},), "best", (), 0.0, 0.0, 0.0, 0)
    >>> place_late(problem, plan, Person("a2", {"unit": "a"})).tables
    ('Ekeby',)
    """
    hall = Hall(problem, solution)
    placed = hall.place(person, round_=round_)
    return Late(placed.tables, placed.broken, hall.problem(), hall.solution())


class Hall:
    """A seating that lives on: who comes late gets a seat, who is absent leaves one, and nobody moves.

    Cost: one look at everyone to begin with; then tables * attributes * rounds for each who comes or goes, far less
    than a millisecond for 10,000 people.
    """

    def __init__(self, problem: Problem, solution: Solution) -> None:
        self._problem = problem
        self._told: dict[tuple[Rule, int, frozenset[str]], Reason] = {}
        self.rounds = [dict(tables) for tables in solution.rounds]
        self.people = {person.id: person for person in problem.people}
        self._index = {table.id: number for number, table in enumerate(problem.tables)}
        self._most = np.array([table.most for table in problem.tables])
        self._least = np.array([table.least for table in problem.tables])
        shape = (len(self.rounds), len(problem.tables))
        self._size = np.zeros(shape, dtype=np.int64)
        self._closed = np.zeros(shape, dtype=np.bool_)
        self._alike: defaultdict[tuple[str, str], Row] = defaultdict(lambda: np.zeros(shape))
        self._managers: defaultdict[str, set[str]] = defaultdict(set)
        self._staff: defaultdict[str, set[str]] = defaultdict(set)
        self._apart = _neighbours(problem.apart)
        self._earlier = _neighbours(problem.earlier)
        self._together = {member: group for group in joined(problem.together) for member in group}
        self._sitting: list[defaultdict[str, set[str]]] = [defaultdict(set) for _ in self.rounds]
        self._offers = {
            need: np.array([need in table.offers for table in problem.tables])
            for need in {need for table in problem.tables for need in table.offers}
        }
        for person in problem.people:
            self._know(person)
        for number, tables in enumerate(self.rounds):
            for id_, table in tables.items():
                self._sit(self.people[id_], number, table)

    def place(self, person: Person, *, round_: int = 0) -> Placed:
        """Seat one who came late, in `round_` and those after it.

        In each round: a table with a free seat; of those one where no hard rule breaks, then the smallest, then the one
        with fewest like her or met by her, then the first.
        """
        if person.id in self.people:
            raise ValueError(f"person must be new, got {person.id!r}, who has a seat")
        if not 0 <= round_ < len(self.rounds):
            raise ValueError(f"round_ must be from 0 to {len(self.rounds) - 1}, got {round_}")
        if person.table and person.table not in self._index:
            raise ValueError(f"person.table must be one of the tables, got {person.table!r}")
        met = set(self._earlier.get(person.id, ()))
        avoids = self._avoids(person)
        chosen: list[str] = []
        broken: list[Broken] = []
        for number in range(round_, len(self.rounds)):
            table = self._best(person, number, avoids, met)
            name = self._problem.tables[table].id
            broken += self._broken(person, number, name, avoids)
            met |= self._sitting[number][name]
            chosen.append(name)
        self.people[person.id] = person
        self._know(person)
        for number, name in enumerate(chosen, start=round_):
            self.rounds[number][person.id] = name
            self._sit(person, number, name)
        self._told.update({(told.rule, told.round, frozenset(told.people)): told.reason for told in broken})
        return Placed(tuple(chosen), tuple(broken))

    def remove(self, person_id: str, *, round_: int = 0) -> None:
        """She does not come, or leaves before `round_`; her seats are free for who comes late."""
        if person_id not in self.people:
            raise ValueError(f"person_id must be one of the people, got {person_id!r}")
        person = self.people[person_id]
        for number in range(round_, len(self.rounds)):
            name = self.rounds[number].pop(person_id, None)
            if name is not None:
                self._sit(person, number, name, times=-1)
        if round_ == 0:
            del self.people[person_id]
            for unit in person.manages:
                self._managers[unit].discard(person_id)
            self._staff[person.attributes.get("unit", "")].discard(person_id)

    def merge_thin(self, *, round_: int = 0) -> tuple[Merged, ...]:
        """Let those at a table below its least go to another one, whole, where they have room and break no rule, in
        `round_` and after; of several the one where they are least alike and have met least. Its own table stays empty.

        The thinnest go first, and to another thin table before a full one. Costs tables ** 2 for each thin table.
        """
        merged = []
        for number in range(round_, len(self.rounds)):
            for thin in np.argsort(self._size[number], kind="stable").tolist():
                if 0 < self._size[number, thin] < self._least[thin]:
                    into = self._where_all_fit(number, thin)
                    if into is not None:
                        merged.append(self._merge(number, thin, into))
        return tuple(merged)

    def problem(self) -> Problem:
        """The problem with those who are here; a table that was merged away may be empty."""
        closed = set(np.flatnonzero(self._closed.sum(axis=0)).tolist())
        tables = tuple(
            replace(table, least=0) if at in closed else table for at, table in enumerate(self._problem.tables)
        )
        if self._problem.distances is None:
            return replace(self._problem, people=tuple(self.people.values()), tables=tables)
        place = {person.id: number for number, person in enumerate(self._problem.people)}
        kept = [place.get(id_, -1) for id_ in self.people]
        distances = self._problem.distances[np.ix_(kept, kept)]
        distances[[at < 0 for at in kept]] = 0
        distances[:, [at < 0 for at in kept]] = 0
        return replace(self._problem, people=tuple(self.people.values()), tables=tables, distances=distances)

    def solution(self) -> Solution:
        """The seating as it is now, counted anew. Cost: one look at everyone."""
        now = measure(self.problem(), [dict(tables) for tables in self.rounds])
        broken = tuple(
            replace(found, reason=self._told.get((found.rule, found.round, frozenset(found.people)), found.reason))
            for found in now.broken
        )
        return replace(now, broken=broken)

    # ---------------------------------------------------------------- what is where

    def _know(self, person: Person) -> None:
        for unit in person.manages:
            self._managers[unit].add(person.id)
        self._staff[person.attributes.get("unit", "")].add(person.id)

    def _sit(self, person: Person, number: int, name: str, *, times: int = 1) -> None:
        at = number, self._index[name]
        self._size[at] += times
        for attribute in self._problem.weights:
            value = person.attributes.get(attribute)
            if value:
                self._alike[attribute, value][at] += times
        (self._sitting[number][name].add if times > 0 else self._sitting[number][name].discard)(person.id)

    def _avoids(self, person: Person) -> dict[str, Rule]:
        """Who must not sit with her, and by which rule."""
        avoids: dict[str, Rule] = dict.fromkeys(self._apart.get(person.id, ()), "apart")
        avoids.update(dict.fromkeys(self._managers.get(person.attributes.get("unit", ""), ()), "manager"))
        for unit in person.manages:
            avoids.update(dict.fromkeys(self._staff.get(unit, ()), "manager"))
        avoids.pop(person.id, None)
        return avoids

    def _best(self, person: Person, number: int, avoids: Mapping[str, Rule], met: set[str]) -> int:
        tables = self.rounds[number]
        hard = self._misfits(person)
        for other in avoids.keys() & tables.keys():
            hard[self._index[tables[other]]] += 1
        for other in (self._together.get(person.id, set()) - {person.id}) & tables.keys():
            hard[self._index[tables[other]]] -= 1
        alike = np.zeros(len(hard))
        for attribute, weight in self._problem.weights.items():
            key = attribute, person.attributes.get(attribute, "")
            if key in self._alike:
                alike += weight * self._alike[key][number]
        for other in met & tables.keys():
            alike[self._index[tables[other]]] += self._problem.repeat_weight
        size = self._size[number]
        full = (size >= self._most) | self._closed[number]
        return int(np.lexsort((alike, size, hard, full))[0])

    def _misfits(self, person: Person) -> Row:
        """How many rules of the tables themselves she breaks at each."""
        hard = np.zeros(len(self._index))
        for need in person.needs:
            hard += ~self._offers[need] if need in self._offers else 1
        if person.table:
            hard += 1
            hard[self._index[person.table]] -= 1
        return hard

    def _broken(self, person: Person, number: int, name: str, avoids: Mapping[str, Rule]) -> list[Broken]:
        """The rules that she breaks, or that break with her, at this table."""
        table = self._problem.tables[self._index[name]]
        tables = self.rounds[number]
        found = [
            Broken("need", number, (person.id,), name, "full" if need in self._offers else "no-table-offers")
            for need in person.needs
            if need not in table.offers
        ]
        if person.table not in ("", name):
            found.append(Broken("fixed", number, (person.id,), person.table, "full"))
        for other in sorted(avoids.keys() & self._sitting[number][name]):
            one, two = sorted((other, person.id))
            found.append(Broken(avoids[other], number, (one, two), name, "full"))
        group = self._together.get(person.id, set()) - {person.id}
        if any(tables.get(other, name) != name for other in group):
            here = tuple(sorted({*(group & tables.keys()), person.id}))
            found.append(Broken("together", number, here, "", "full"))
        if self._size[number, self._index[name]] >= table.most:
            found.append(Broken("size", number, (), name, "too-many-people"))
        return found

    # ---------------------------------------------------------------- thin tables

    def _where_all_fit(self, number: int, thin: int) -> int | None:
        size = self._size[number]
        people = [self.people[id_] for id_ in self._sitting[number][self._problem.tables[thin].id]]
        room = (size > 0) & (size + len(people) <= self._most)
        room[thin] = False
        hard = sum((self._misfits(person) for person in people), np.zeros(len(size)))
        alike = np.zeros(len(size))
        tables = self.rounds[number]
        for person in people:
            for other in self._avoids(person).keys() & tables.keys():
                hard[self._index[tables[other]]] += 1
            for attribute, weight in self._problem.weights.items():
                key = attribute, person.attributes.get(attribute, "")
                if key in self._alike:
                    alike += weight * self._alike[key][number]
            for other in self._met(person.id, number) & tables.keys():
                alike[self._index[tables[other]]] += self._problem.repeat_weight
        fits = np.flatnonzero(room & (hard == 0))
        if not len(fits):
            return None
        is_full = size >= self._least
        return int(fits[np.lexsort((alike[fits], is_full[fits]))[0]])

    def _met(self, person_id: str, number: int) -> set[str]:
        """Whom she meets in the other rounds, and has met earlier."""
        met = set(self._earlier.get(person_id, ()))
        for other, tables in enumerate(self.rounds):
            if other != number and person_id in tables:
                met |= self._sitting[other][tables[person_id]]
        return met - {person_id}

    def _merge(self, number: int, thin: int, into: int) -> Merged:
        left, to = self._problem.tables[thin].id, self._problem.tables[into].id
        people = tuple(sorted(self._sitting[number][left]))
        for id_ in people:
            self._sit(self.people[id_], number, left, times=-1)
            self._sit(self.people[id_], number, to)
            self.rounds[number][id_] = to
        self._closed[number, thin] = True
        return Merged(number, people, left, to)


def _neighbours(groups: tuple[tuple[str, ...], ...]) -> dict[str, set[str]]:
    """For each person everyone who shares a group with her."""
    neighbours: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups:
        for one in group:
            neighbours[one].update(group)
    for one, others in neighbours.items():
        others.discard(one)
    return dict(neighbours)
