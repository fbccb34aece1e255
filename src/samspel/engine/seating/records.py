"""Who is to be seated where and by which rules, and what came of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "WEIGHTS",
    "Broken",
    "Person",
    "Problem",
    "Reason",
    "Rule",
    "Solution",
    "Status",
    "Table",
]

WEIGHTS: Mapping[str, float] = MappingProxyType({"unit": 4.0, "department": 2.0, "profession": 1.0, "role": 1.0})
"""What two people at one table having the same unit, department, profession or role costs: mixing units comes first."""

REPEAT_WEIGHT = 3.0
"""What two people meeting again costs. Three did better than twenty in tight designs (many rounds, few people)."""

Rule = Literal["size", "manager", "apart", "together", "need", "fixed"]

Reason = Literal[
    "too-few-people",  # fewer than the tables must have
    "too-many-people",  # more than the tables may have
    "no-table-offers",  # nobody can have this need met in this room
    "too-few-seats-offer",  # more people have the need than sit at the tables that offer it
    "too-large",  # more people are to sit together than any table may have
    "one-table",  # there is no other table to sit at
    "contradiction",  # other rules say the opposite
    "full",  # someone came late and there was no seat left where the rule is kept
    "by-hand",  # somebody was moved there
    "not-found",  # the search did not find a seating that keeps it
]

Status = Literal["best", "good", "broken"]
"""best: nobody can do better · good: all rules kept, the best found within the steps · broken: `Solution.broken`."""


@dataclass(frozen=True, slots=True)
class Person:
    """One who is to be seated. An attribute that is missing or empty is like nobody else's.

    `manages` names the units (the attribute "unit") whose staff must not sit with their manager, `needs` what her table
    must offer ("accessible", "interpreter"), and `table` is where she sits in every round if she is its host.
    """

    id: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    manages: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    table: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table for `least` to `most` people, and what it offers."""

    id: str
    least: int
    most: int
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Hard rules: sizes (as even as the tables allow), nobody with her manager, `apart` pairs, `together` groups, needs
    and hosts. Wishes: different `weights` attributes at every table, and new faces every round and since `earlier`.

    `apart`, `together` and `earlier` (groups or pairs that sat at one table) may name people who are not here; it holds
    for them when they come. Groups of `together` that share somebody are one group. `pinned` names a person, a round
    and the table that she keeps in it when the rest is drawn; a host keeps hers in every round. `distances[i, j]` says
    how far the i-th and the j-th of the people are from each other: the farther, the better (symmetric,
    people * people).
    """

    people: tuple[Person, ...]
    tables: tuple[Table, ...]
    rounds: int = 1
    apart: tuple[tuple[str, str], ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    earlier: tuple[tuple[str, ...], ...] = ()
    pinned: tuple[tuple[str, int, str], ...] = ()
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    repeat_weight: float = REPEAT_WEIGHT
    distances: npt.NDArray[np.float32] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        _named_once("people", (person.id for person in self.people))
        tables = _named_once("tables", (table.id for table in self.tables))
        if not tables:
            raise ValueError("tables must be at least 1, got 0")
        if self.rounds < 1:
            raise ValueError(f"rounds must be at least 1, got {self.rounds}")
        for table in self.tables:
            if not 0 <= table.least <= table.most or table.most < 1:
                raise ValueError(f"tables[{table.id!r}] must have 0 <= least <= most, got {table.least}, {table.most}")
        for person in self.people:
            if person.table and person.table not in tables:
                raise ValueError(f"people[{person.id!r}].table must be one of the tables, got {person.table!r}")
        for pin in self.pinned:
            if not 0 <= pin[1] < self.rounds or pin[2] not in tables:
                raise ValueError(f"pinned must name a round and a table of the problem, got {pin!r}")
        if self.distances is not None:
            people = len(self.people)
            if self.distances.shape != (people, people):
                raise ValueError(f"distances must be {people} * {people}, got {self.distances.shape}")
            if self.distances.diagonal().any() or not np.array_equal(self.distances, self.distances.T):
                raise ValueError("distances must be the same both ways, and 0 from everyone to herself")
        for name, groups in (("apart", self.apart), ("together", self.together)):
            for group in groups:
                if len(set(group)) != len(group):
                    raise ValueError(f"{name} must name different people, got {group!r}")

    def staff_of(self, manager: Person) -> list[Person]:
        """Everyone else in the units that she manages."""
        units = frozenset(manager.manages)
        return [person for person in self.people if person is not manager and person.attributes.get("unit") in units]

    def fixed_in(self, number: int) -> dict[str, str]:
        """The tables of those here who have one of their own in a round: hosts, and who is pinned."""
        here = {person.id for person in self.people}
        fixed = {id_: table for id_, round_, table in self.pinned if round_ == number and id_ in here}
        return fixed | {person.id: person.table for person in self.people if person.table}

    def kept_apart(self) -> dict[frozenset[str], Rule]:
        """Every pair of those here that must not share a table, and the rule that says so."""
        here = {person.id for person in self.people}
        pairs: dict[frozenset[str], Rule] = {frozenset(pair): "apart" for pair in self.apart if here.issuperset(pair)}
        staff: dict[str, list[str]] = {}
        for person in self.people:
            staff.setdefault(person.attributes.get("unit", ""), []).append(person.id)
        for manager in self.people:
            for unit in manager.manages:
                pairs.update(
                    {frozenset((manager.id, id_)): "manager" for id_ in staff.get(unit, ()) if id_ != manager.id}
                )
        return pairs

    def belong_together(self) -> list[tuple[str, ...]]:
        """The groups that must share a table, those of their members who are here, if there are two or more."""
        here = {person.id for person in self.people}
        groups = (tuple(sorted(group & here)) for group in joined(self.together))
        return [group for group in groups if len(group) > 1]


@dataclass(frozen=True, slots=True)
class Broken:
    """A hard rule that could not be kept: where, for whom and why. `round` is 0 for the first."""

    rule: Rule
    round: int
    people: tuple[str, ...]
    table: str
    reason: Reason

    @property
    def text(self) -> str:
        """One English sentence; pages make their own from the fields."""
        who = " and ".join(self.people) or "people"
        what = {
            "size": f"table {self.table} has another number of people than it should",
            "manager": f"{who} sit together at {self.table}, one manages the other's unit",
            "apart": f"{who} sit together at {self.table} and should not",
            "together": f"{who} should sit together and do not",
            "need": f"table {self.table} does not offer what {who} needs",
            "fixed": f"{who} should be at table {self.table}",
        }[self.rule]
        why = {
            "too-few-people": "there are fewer people than the tables need",
            "too-many-people": "there are more people than the tables have seats",
            "no-table-offers": "no table offers it",
            "too-few-seats-offer": "more people need it than have room at the tables that offer it",
            "too-large": "no table is large enough",
            "one-table": "there is no other table",
            "contradiction": "another rule says the opposite",
            "full": "there was no seat left where the rule is kept",
            "by-hand": "somebody was moved by hand",
            "not-found": "no seating was found that keeps it",
        }[self.reason]
        return f"Round {self.round + 1}: {what}, because {why}."


@dataclass(frozen=True, slots=True)
class Solution:
    """Where everyone sits: for each round the table of each person.

    `alike` is the weighted number of pairs at a table with the same attribute, less their distances, over all rounds
    (low is good); `by_chance` what drawing seats would give on average, `bound` what provably nobody can go below.
    `repeats` counts pairs that sit together and had met in a round before or earlier, those who are to sit together
    aside; `least_repeats` of them nobody can avoid. `is_cut`: the time was over before the steps were made.
    """

    rounds: tuple[Mapping[str, str], ...]
    status: Status
    broken: tuple[Broken, ...]
    alike: float
    by_chance: float
    bound: float
    repeats: int
    least_repeats: int = 0
    is_cut: bool = False
    seconds: float = field(default=0.0, compare=False)

    @property
    def gap(self) -> float:
        """How far from the proven bound: 0 is best."""
        return self.alike - self.bound

    @property
    def gain(self) -> float:
        """How much of what dealing can do better than chance is done: 1 at the bound."""
        room = self.by_chance - self.bound
        return (self.by_chance - self.alike) / room if room > 0 else 1.0

    def at(self, round_: int) -> dict[str, tuple[str, ...]]:
        """The people of each table in a round, tables in order of their first person."""
        tables: dict[str, list[str]] = {}
        for person, table in self.rounds[round_].items():
            tables.setdefault(table, []).append(person)
        return {table: tuple(people) for table, people in tables.items()}


def _named_once(name: str, ids: Iterable[str]) -> frozenset[str]:
    named = list(ids)
    if len(set(named)) != len(named):
        twice = next(id_ for id_ in named if named.count(id_) > 1)
        raise ValueError(f"{name} must have different ids, got {twice!r} twice")
    return frozenset(named)


def joined(groups: Iterable[Iterable[str]]) -> list[set[str]]:
    """The groups, those that share somebody made into one."""
    group_of: dict[str, set[str]] = {}
    for group in groups:
        whole = set(group)
        for member in tuple(whole):
            whole |= group_of.get(member, set())
        group_of.update(dict.fromkeys(whole, whole))
    return list({id(group): group for group in group_of.values()}.values())


def pairs_of(groups: Iterable[Iterable[str]]) -> set[frozenset[str]]:
    """All pairs of people within the groups."""
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}
