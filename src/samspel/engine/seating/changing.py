"""A seating changed by hand: what a change costs is told before it is made, and everyone else stays."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from .measuring import of_those_in
from .records import Broken, Person, Problem, Rule, pairs_of
from .sizes import alike_at_best, alike_by_chance

__all__ = ["Board", "Changes", "Cost"]

Changes = Mapping[tuple[int, str], str]
"""The new table of a person in a round: `{(0, "anna"): "Eldkvarn"}`. The first round is 0."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a change does to the whole seating; a number above 0 has become more.

    `new`: pairs who meet for the first time, in this plan and since earlier; two of one unit know each other.
    `unit_pairs`: pairs of units that meet · `repeats` and `alike`: as in `Solution`, few is good · `gain`: how much of
    what dealing can do better than chance, `Solution.gain`, 1 is all of it.
    `broken`: the hard rules that held and would not · `mended`: those that did not and would.
    """

    new: int = 0
    unit_pairs: int = 0
    repeats: int = 0
    alike: float = 0.0
    gain: float = 0.0
    broken: tuple[Broken, ...] = ()
    mended: tuple[Broken, ...] = ()

    @property
    def is_free(self) -> bool:
        """Whether nothing gets worse."""
        return not self.broken and min(self.new, self.unit_pairs, -self.repeats) >= 0 and self.alike <= 1e-9


class Board:
    """Who sits where, and what it would cost to sit elsewhere.

    Cost: one look at everyone to begin with; then the pairs at the tables that a change touches: a tenth of a
    millisecond for a swap at tables of five.

    >>> from samspel.engine.seating import Table
    >>> people = tuple(Person(name, {"unit": name[0]}) for name in ("a1", "a2", "b1", "b2"))
    >>> problem = Problem(people, (Table("Eldkvarn", 0, 3), Table("Ekeby", 0, 3)))
    >>> board = Board(problem, [{"a1": "Eldkvarn", "a2": "Eldkvarn", "b1": "Ekeby", "b2": "Ekeby"}])
    >>> cost = board.cost(board.swapped("a2", "b1", 0))
    >>> cost.new, cost.unit_pairs, cost.alike, cost.is_free
    (2, 1, -8.0, True)
    """

    def __init__(self, problem: Problem, rounds: Sequence[Mapping[str, str]]) -> None:
        self.problem = problem
        self.rounds = [dict(tables) for tables in rounds]
        self.people = {person.id: person for person in problem.people}
        self._tables = {table.id: table for table in problem.tables}
        self._place = {person.id: number for number, person in enumerate(problem.people)}
        self._weights = tuple(problem.weights.values())
        self._values = {
            person.id: tuple(person.attributes.get(name, "") for name in problem.weights) for person in problem.people
        }
        self._unit = {person.id: person.attributes.get("unit", "") for person in problem.people}
        self._earlier = {
            _pair(one, other)
            for group in problem.earlier
            for one, other in combinations([id_ for id_ in group if id_ in self.people], 2)
        }
        groups = problem.belong_together()
        self._group_of = {member: group for group in groups for member in group}
        self._together = {_pair(*pair) for pair in pairs_of(groups)}
        self._avoids: defaultdict[str, dict[str, Rule]] = defaultdict(dict)
        for (one, other), rule in ((tuple(pair), rule) for pair, rule in problem.kept_apart().items()):
            self._avoids[one][other] = self._avoids[other][one] = rule
        self._fixed = [problem.fixed_in(number) for number in range(len(self.rounds))]
        self._sitting: list[defaultdict[str, set[str]]] = [defaultdict(set) for _ in self.rounds]
        for number, tables in enumerate(self.rounds):
            for id_, table in tables.items():
                self._sitting[number][table].add(id_)
        self._times: Counter[Pair] = Counter()
        for sitting in self._sitting:
            for people in sitting.values():
                self._times.update(_pair(one, other) for one, other in combinations(people, 2))
        self._units_meet: Counter[Pair] = Counter()
        for pair, times in self._times.items():
            if units := self._units(pair):
                self._units_meet[units] += times
        self._alike = sum(times * self._likeness(pair) for pair, times in self._times.items())
        self._sizes = [{name: len(sitting[name]) for name in self._tables} for sitting in self._sitting]
        self._bounds: dict[tuple[int, tuple[int, ...]], tuple[float, float]] = {}
        self._at_rest: list[tuple[float, float] | None] = [None] * len(self.rounds)

    def moved(self, person_id: str, table: str, rounds: Iterable[int]) -> Changes:
        """One goes to a table in these rounds, those of them in which she sits."""
        return {(number, person_id): table for number in rounds if person_id in self.rounds[number]}

    def swapped(self, one: str, other: str, number: int) -> Changes:
        """Two change places in a round."""
        tables = self.rounds[number]
        return {(number, one): tables[other], (number, other): tables[one]}

    def cost(self, changes: Changes) -> Cost:
        """What the changes cost together, none of them made."""
        wanted = {key: table for key, table in changes.items() if self.rounds[key[0]][key[1]] != table}
        if not wanted:
            return Cost()
        after = self._after(wanted)
        moved: Counter[Pair] = Counter()
        for (number, table), people in after.items():
            before = self._sitting[number][table]
            moved.subtract({_pair(one, other) for one in before - people for other in before if other != one})
            moved.update({_pair(one, other) for one in people - before for other in people if other != one})
        new = repeats = 0
        alike = 0.0
        units: Counter[Pair] = Counter()
        for pair, by in moved.items():
            if not by:
                continue
            times = self._times[pair]
            knew = pair in self._earlier
            if not knew and not self._are_colleagues(pair):
                new += (times + by > 0) - (times > 0)
            if pair not in self._together:
                repeats += max(times + by + knew - 1, 0) - max(times + knew - 1, 0)
            alike += by * self._likeness(pair)
            if both := self._units(pair):
                units[both] += by
        unit_pairs = sum((self._units_meet[pair] + by > 0) - (self._units_meet[pair] > 0) for pair, by in units.items())
        broken, mended = self._rules(wanted, after)
        gain = self._gain(alike, after) - self._gain(0.0, {})
        return Cost(new, unit_pairs, repeats, alike, gain, broken, mended)

    def make(self, changes: Changes) -> None:
        """Make the changes."""
        for (number, id_), table in changes.items():
            before = self.rounds[number][id_]
            for sign, there in ((-1, before), (1, table)):
                here = self._sitting[number][there]
                here.discard(id_)
                for other in here:
                    pair = _pair(id_, other)
                    self._times[pair] += sign
                    self._alike += sign * self._likeness(pair)
                    if units := self._units(pair):
                        self._units_meet[units] += sign
            self._sitting[number][table].add(id_)
            self.rounds[number][id_] = table
            self._sizes[number][before] -= 1
            self._sizes[number][table] += 1
            self._at_rest[number] = None

    # ---------------------------------------------------------------- what pairs are to each other

    def _are_colleagues(self, pair: Pair) -> bool:
        one = self._unit[pair[0]]
        return bool(one) and one == self._unit[pair[1]]

    def _units(self, pair: Pair) -> Pair | None:
        """The two units that meet when these two do."""
        one, other = self._unit[pair[0]], self._unit[pair[1]]
        return _pair(one, other) if one and other and one != other else None

    def _likeness(self, pair: Pair) -> float:
        one, other = self._values[pair[0]], self._values[pair[1]]
        total = sum(weight for weight, a, b in zip(self._weights, one, other, strict=True) if a and a == b)
        if self.problem.distances is not None:
            total -= float(self.problem.distances[self._place[pair[0]], self._place[pair[1]]])
        return total

    # ---------------------------------------------------------------- tables after a change

    def _after(self, changes: Changes) -> dict[tuple[int, str], set[str]]:
        """The people of every table that is touched."""
        after: dict[tuple[int, str], set[str]] = {}
        for (number, id_), table in changes.items():
            for touched in (self.rounds[number][id_], table):
                after.setdefault((number, touched), set(self._sitting[number][touched]))
        for number, id_ in changes:
            after[number, self.rounds[number][id_]].discard(id_)
        for (number, id_), table in changes.items():
            after[number, table].add(id_)
        return after

    def _rules(
        self, changes: Changes, after: Mapping[tuple[int, str], set[str]]
    ) -> tuple[tuple[Broken, ...], tuple[Broken, ...]]:
        def at(number: int, table: str) -> set[str]:
            return after.get((number, table), self._sitting[number][table])

        def table_of(number: int, id_: str) -> str | None:
            return changes.get((number, id_), self.rounds[number].get(id_))

        # A rule is the same one wherever it is broken: who lacked a need at one table and lacks it at another.
        was: dict[tuple[object, ...], Broken] = {}
        will: dict[tuple[object, ...], Broken] = {}
        for (number, id_), table in changes.items():
            person, left = self.people[id_], self.rounds[number][id_]
            was.update(_named(self._at(person, number, left, self._sitting[number][left])))
            will.update(_named(self._at(person, number, table, at(number, table))))
            group = [member for member in self._group_of.get(id_, ()) if member in self.rounds[number]]
            if len({self.rounds[number][member] for member in group}) > 1:
                was.update(_named([Broken("together", number, tuple(group), "", "by-hand")]))
            if len({table_of(number, member) for member in group}) > 1:
                will.update(_named([Broken("together", number, tuple(group), "", "by-hand")]))
        for (number, name), people in after.items():
            here = self._tables[name]
            before = len(self._sitting[number][name])
            # A table that is already too full or too small is not made worse by coming nearer to what it may have.
            if not here.least <= len(people) <= here.most and _off(here.least, here.most, len(people)) > _off(
                here.least, here.most, before
            ):
                will.update(_named([Broken("size", number, (), name, "by-hand")]))
        broken = tuple(found for key, found in will.items() if key not in was)
        return broken, tuple(found for key, found in was.items() if key not in will)

    def _at(self, person: Person, number: int, table: str, people: set[str]) -> Iterator[Broken]:
        """The rules that she breaks at a table with these people."""
        for need in person.needs:
            if need not in self._tables[table].offers:
                yield Broken("need", number, (person.id,), table, "by-hand")
        own = self._fixed[number].get(person.id, table)
        if own != table:
            yield Broken("fixed", number, (person.id,), own, "by-hand")
        avoids = self._avoids.get(person.id, {})
        for other in sorted(avoids.keys() & people):
            one, two = _pair(person.id, other)
            yield Broken(avoids[other], number, (one, two), table, "by-hand")

    # ---------------------------------------------------------------- beside the best there can be

    def _gain(self, alike: float, after: Mapping[tuple[int, str], set[str]]) -> float:
        """`Solution.gain` when the seating costs so much more."""
        by_chance = bound = 0.0
        for number in range(len(self.rounds)):
            sizes = self._sizes[number]
            changed = [
                (name, len(people))
                for (round_, name), people in after.items()
                if round_ == number and sizes[name] != len(people)
            ]
            chance, best = self._bound(number, {**sizes, **dict(changed)} if changed else None)
            by_chance += chance
            bound += best
        alike += self._alike
        room = by_chance - min(bound, alike)
        return (by_chance - alike) / room if room > 0 else 1.0

    def _bound(self, number: int, sizes: Mapping[str, int] | None) -> tuple[float, float]:
        """What a round is by chance and at best, with tables of these sizes, or of those they have."""
        if sizes is None and self._at_rest[number] is not None:
            return self._at_rest[number] or (0.0, 0.0)
        counts = tuple(sorted((sizes or self._sizes[number]).values()))
        everyone = len(self.rounds[number]) == len(self.people)
        key = -1 if everyone else number, counts
        if key not in self._bounds:
            here = self.problem if everyone else of_those_in(self.problem, self.rounds[number])
            self._bounds[key] = alike_by_chance(here, counts), alike_at_best(here, counts)
        if sizes is None:
            self._at_rest[number] = self._bounds[key]
        return self._bounds[key]


def _named(found: Iterable[Broken]) -> dict[tuple[object, ...], Broken]:
    return {(one.rule, one.round, one.people, one.table if one.rule == "size" else ""): one for one in found}


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def _off(least: int, most: int, people: int) -> int:
    """By how many a table has too few or too many."""
    return max(least - people, people - most, 0)
