"""Seating by heat-bath swap annealing on a table of sums.

What changing places with each other person would do comes as one vector; one of them is drawn with Boltzmann weights,
and two rows of the table of sums are updated. The problem is the maximally diverse grouping problem with rules (Gallego
et al., "Tabu search with strategic oscillation for the maximally diverse grouping problem", 2013, compares methods).
The number of steps is fixed by the size, so a seed always gives the same tables.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .records import Problem, Solution, Status, pairs_of
from .rules import find_broken
from .sizes import alike_at_best, alike_by_chance, filled, seats

__all__ = ["default_steps", "solve"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

# Temperatures in units of the weights: at the first a profession is given up for a unit freely, at the last hardly
# anything is made worse. Found on halls of 60 and 400 (benchmarks/engine/seating.py).
HOT, COLD = 2.0, 0.12

# A broken rule costs more than all that could be won by it.
HARD_PER_WEIGHT = 1000.0

# Steps spent on trying rounds anew when pairs meet again: a unit's dialogue gets several passes, a hall of 400 one.
AGAIN = 12_000


def default_steps(people: int) -> int:
    """Swaps tried in each round unless told otherwise: enough for 0.99 of the gain up to 400 people."""
    return min(max(10 * people, 300), 20_000)


def solve(problem: Problem, *, rng: np.random.Generator, steps: int | None = None) -> Solution:
    """Seat everyone in every round: keep the rules, mix the tables, and let people meet new faces.

    People are dealt out one by one to the table where they are least like the others, those with rules first, and
    then changed in pairs. Rounds come one after another; a pair that has met costs `problem.repeat_weight`. If pairs
    meet again in the end, rounds are tried anew beside the others, and all from the beginning, a number of times.

    Arguments: `rng` decides the draws; `steps` is the number of swaps tried per round (`default_steps`).
    Result: a seating even when the rules cannot all be kept; then its status is "broken" and `broken` says what, who
    and why. Same problem, seed and steps: same seating.
    Cost: steps * people; memory people * (people + tables). Made for up to 2,000 people.

    >>> from samspel.engine.seating import Person, Table
    >>> people = [Person(name, {"unit": name[0]}) for name in ("a1", "a2", "b1", "b2")]
    >>> tables = (Table("Eldkvarn", 2, 2), Table("Ekeby", 2, 2))
    >>> solution = solve(Problem(tuple(people), tables, rounds=2), rng=np.random.default_rng(1))
    >>> solution.status, solution.repeats, solution.broken
    ('best', 0, ())
    """
    sizes, may_lack_one = seats(problem.tables, len(problem.people))
    room = _Room(problem, sizes, may_lack_one)
    plans = _solve_rounds(room, rng, problem.rounds, default_steps(len(problem.people)) if steps is None else steps)
    rounds = [
        {person.id: problem.tables[table].id for person, table in zip(problem.people, plan, strict=False)}
        for plan in plans
    ]
    alike = sum(room.alike(plan) for plan in plans)
    repeats = room.repeats(plans)
    broken = find_broken(problem, rounds)
    sitting = filled(sizes, may_lack_one, len(problem.people))
    bound = problem.rounds * alike_at_best(problem, sitting)
    if broken:
        bound = min(bound, alike)  # it holds for the right sizes
    status: Status = "broken" if broken else "best" if alike <= bound + 1e-9 and not repeats else "good"
    return Solution(
        rounds=tuple(rounds),
        status=status,
        broken=tuple(broken),
        alike=alike,
        by_chance=problem.rounds * alike_by_chance(problem, sitting),
        bound=bound,
        repeats=repeats,
    )


class _Room:
    """The problem in numbers. People come first, then empty seats, which are seated like people of no attribute.

    `likeness[i, j]` is what i and j at one table cost by their attributes, `rules[i, j]` what it costs by rules and by
    having met, `unfit[t, i]` what i at table t costs.
    """

    def __init__(self, problem: Problem, sizes: Sequence[int], may_lack_one: Sequence[bool]) -> None:
        self.people = len(problem.people)
        self.size = np.array(sizes, dtype=np.intp)
        self.seats = int(self.size.sum())
        self.hard = HARD_PER_WEIGHT * (1 + sum(problem.weights.values()) + problem.repeat_weight)
        self.repeat_weight = problem.repeat_weight
        index = {person.id: position for position, person in enumerate(problem.people)}
        self.blocks = [[index[person] for person in group] for group in problem.belong_together()]
        self.likeness = self._likeness(problem)
        self.earlier = np.zeros((self.seats, self.seats), dtype=np.bool_)
        self.together = np.eye(self.seats, dtype=np.bool_)
        for block in self.blocks:
            self.together[np.ix_(block, block)] = True
        self.rules = self._rules(problem, index)
        self.unfit = self._unfit(problem, may_lack_one)
        self.careful = self._those_with_rules(problem, index)
        self.units = self._codes(problem, next(iter(problem.weights), "unit"))
        self.floor = alike_at_best(problem, filled(sizes, may_lack_one, self.people))
        self.floor -= self.hard * sum(len(block) * (len(block) - 1) // 2 for block in self.blocks)

    def _codes(self, problem: Problem, attribute: str) -> Ints:
        numbers: dict[str, int] = {}
        codes = [
            numbers.setdefault(value, len(numbers)) if value else -1 - position
            for position, value in enumerate(person.attributes.get(attribute, "") for person in problem.people)
        ]
        empty = range(-1 - len(codes), -1 - self.seats, -1)
        return np.array([*codes, *empty], dtype=np.intp)

    def _likeness(self, problem: Problem) -> Floats:
        likeness = np.zeros((self.seats, self.seats))
        for attribute, weight in problem.weights.items():
            codes = self._codes(problem, attribute)
            likeness += weight * (codes[:, None] == codes)
        np.fill_diagonal(likeness, 0)
        return likeness

    def _rules(self, problem: Problem, index: dict[str, int]) -> Floats:
        rules = np.zeros((self.seats, self.seats))
        rules[self.people :, self.people :] = self.hard
        for pair in problem.kept_apart():
            one, other = (index[person] for person in pair)
            rules[one, other] = rules[other, one] = self.hard
        rules[self.together] -= self.hard
        np.fill_diagonal(rules, 0)
        for pair in pairs_of(problem.earlier):
            if pair <= index.keys():
                one, other = (index[person] for person in pair)
                if self.together[one, other]:
                    continue
                self.earlier[one, other] = self.earlier[other, one] = True
                rules[[one, other], [other, one]] += self.repeat_weight
        return rules

    def _unfit(self, problem: Problem, may_lack_one: Sequence[bool]) -> Floats:
        unfit = np.zeros((len(problem.tables), self.seats))
        unfit[~np.array(may_lack_one), self.people :] = self.hard
        for column, person in enumerate(problem.people):
            if person.needs or person.table:
                for row, table in enumerate(problem.tables):
                    unfit[row, column] += self.hard * (not set(person.needs) <= set(table.offers))
                    unfit[row, column] += 10 * self.hard * (person.table not in ("", table.id))
        return unfit

    def _those_with_rules(self, problem: Problem, index: dict[str, int]) -> list[list[int]]:
        """Who is dealt first, hosts before others: groups that belong together, or one alone."""
        in_block = {person for block in self.blocks for person in block}
        alone = [
            [index[person.id]]
            for person in problem.people
            if (person.table or person.needs or person.manages) and index[person.id] not in in_block
        ]

        def urgency(group: list[int]) -> tuple[bool, bool, int]:
            members = [problem.people[person] for person in group]
            return (not any(m.table for m in members), not any(m.needs for m in members), -len(group))

        return sorted([*self.blocks, *alone], key=urgency)

    def alike(self, tables: Ints) -> float:
        """What the attributes cost in a round."""
        together = tables[:, None] == tables
        return float(self.likeness[together].sum() / 2)

    def meetings(self, plan: Ints) -> Flags:
        """Who meets whom in a round, those who belong together aside."""
        meetings: Flags = plan[:, None] == plan
        meetings[self.together] = False
        meetings[self.people :] = meetings[:, self.people :] = False
        return meetings

    def remember(self, plan: Ints, times: int) -> None:
        """From now on who meets in this round costs something in the others (times 1), or no longer (times -1)."""
        self.rules += times * self.repeat_weight * self.meetings(plan)

    def value(self, plans: Sequence[Ints]) -> float:
        """What several rounds cost, hard rules aside: those who meet again, and likeness."""
        return self.repeat_weight * self.repeats(plans) + sum(self.alike(plan) for plan in plans)

    def repeats(self, plans: Sequence[Ints]) -> int:
        """How often two people meet who had met in a round before or earlier."""
        met = self.earlier.copy()
        repeats = 0
        for plan in plans:
            now = self.meetings(plan)
            repeats += int((met & now).sum()) // 2
            met |= now
        return repeats


class _Seating:
    """A seating under way. `cost[t, i]` is what i at table t costs with those who sit there now, herself left out."""

    def __init__(self, room: _Room) -> None:
        self.room = room
        self.pair = room.likeness + room.rules
        self.cost = room.unfit.copy()
        self.table = np.full(room.seats, -1, dtype=np.intp)
        self.free = room.size.copy()
        self.everyone = np.arange(room.seats)

    def put(self, person: int, table: int) -> None:
        self.table[person] = table
        self.free[table] -= 1
        self.cost[table] += self.pair[person]

    def total(self) -> float:
        own = self.cost[self.table, self.everyone]
        unfit = self.room.unfit[self.table, self.everyone]
        return float((own - unfit).sum() / 2 + unfit.sum())

    def start_over(self, table: Ints) -> None:
        self.table = table.copy()
        sits = np.zeros(self.cost.shape)
        sits[table, self.everyone] = 1
        self.cost = self.room.unfit + sits @ self.pair

    def changes(self, person: int, own: Floats) -> Floats:
        """What changing places with each other person would add to the total; 0 for those at the same table."""
        here = self.table[person]
        there = self.cost[:, person][self.table]
        changes: Floats = there - own[person] + self.cost[here] - own - 2 * self.pair[person]
        changes[self.table == here] = 0
        return changes

    def own(self) -> Floats:
        return self.cost[self.table, self.everyone]

    def swap(self, one: int, other: int) -> float:
        """Let two people change places; how much the total grew."""
        here, there = self.table[one], self.table[other]
        cost = self.cost
        change = cost[there, one] - cost[here, one] + cost[here, other] - cost[there, other]
        moved = self.pair[other] - self.pair[one]
        cost[here] += moved
        cost[there] -= moved
        self.table[one], self.table[other] = there, here
        return float(change - 2 * self.pair[one, other])


def _solve_rounds(room: _Room, rng: np.random.Generator, rounds: int, steps: int) -> list[Ints]:
    plans = _in_turn(room, rng, rounds, steps)
    best = list(plans)
    attempts = AGAIN // (rounds * max(steps, 300)) if rounds > 1 else 0
    for attempt in range(attempts):
        if not room.repeats(best):
            break
        if attempt % 2:
            for plan in plans:
                room.remember(plan, -1)
            plans = _in_turn(room, rng, rounds, steps)
        else:
            _each_beside_the_others(room, rng, plans, steps)
        best = min(best, list(plans), key=room.value)
    return best


def _in_turn(room: _Room, rng: np.random.Generator, rounds: int, steps: int) -> list[Ints]:
    plans = []
    for _ in range(rounds):
        seating = _deal(room, rng)
        _improve(seating, rng, steps)
        room.remember(seating.table, 1)
        plans.append(seating.table)
    return plans


def _each_beside_the_others(room: _Room, rng: np.random.Generator, plans: list[Ints], steps: int) -> None:
    """Try every round anew from where it is, knowing the later ones as well."""
    for number, plan in enumerate(plans):
        room.remember(plan, -1)
        seating = _Seating(room)
        seating.start_over(plan)
        _improve(seating, rng, steps)
        room.remember(seating.table, 1)
        plans[number] = seating.table


def _improve(seating: _Seating, rng: np.random.Generator, steps: int) -> None:
    if len(seating.room.size) > 1 and seating.room.seats > 1:
        _anneal(seating, rng, steps)
        _descend(seating)


def _deal(room: _Room, rng: np.random.Generator) -> _Seating:
    """Everyone in turn to the table where she is least like the others; the largest units first, so evenly."""
    seating = _Seating(room)
    for group in room.careful:
        costs = seating.cost[:, group].sum(axis=1) + rng.random(len(room.size))
        roomy = seating.free >= len(group)
        for person in group:
            table = int(np.where(roomy if roomy.any() else seating.free > 0, costs, np.inf).argmin())
            seating.put(person, table)
            roomy = np.arange(len(room.size)) == table if roomy.any() else roomy
    _, unit, count = np.unique(room.units, return_inverse=True, return_counts=True)
    lot = rng.permutation(room.seats)
    order = lot[np.lexsort((unit[lot], -count[unit[lot]]))]
    empty_first = [*range(room.people, room.seats), *(person for person in order.tolist() if person < room.people)]
    for person in empty_first:
        if seating.table[person] < 0:
            costs = np.where(seating.free > 0, seating.cost[:, person] + rng.random(len(room.size)), np.inf)
            seating.put(person, int(costs.argmin()))
    return seating


def _anneal(seating: _Seating, rng: np.random.Generator, steps: int) -> None:
    """Leaves the best seating that was met."""
    room = seating.room
    total = best = seating.total()
    best_table = seating.table.copy()
    temperatures = np.geomspace(HOT, COLD, max(steps, 1))
    draws = rng.random(steps)
    turns = np.concatenate([rng.permutation(room.seats) for _ in range(steps // room.seats + 1)])[:steps].tolist()
    own = seating.own()
    for step, person in enumerate(turns):
        if best <= room.floor + 1e-9:
            break
        changes = seating.changes(person, own)
        weights = np.exp((changes.min() - changes) / temperatures[step])
        np.cumsum(weights, out=weights)
        other = int(weights.searchsorted(draws[step] * weights[-1]))
        if seating.table[other] != seating.table[person]:
            total += seating.swap(person, other)
            own = seating.own()
        if room.blocks and step % 20 == 0:
            total += _move_block(seating, rng, temperatures[step])
            own = seating.own()
        if total < best - 1e-9:
            best = total
            best_table = seating.table.copy()
    seating.start_over(best_table)


def _move_block(seating: _Seating, rng: np.random.Generator, temperature: float) -> float:
    """Let people who belong together change places with as many others, all or none; how much the total grew."""
    room = seating.room
    block = room.blocks[int(rng.integers(len(room.blocks)))]
    table = int(rng.integers(len(room.size)))
    bound = {person for other in room.blocks for person in other}
    others = [person for person in np.flatnonzero(seating.table == table).tolist() if person not in bound]
    if len(others) < len(block) or any(seating.table[person] == table for person in block):
        return 0.0
    partners = rng.permutation(others)[: len(block)].tolist()
    change = sum(seating.swap(person, partner) for person, partner in zip(block, partners, strict=True))
    if rng.random() < np.exp(min(0.0, -change / temperature)):
        return change
    for person, partner in zip(block, partners, strict=True):
        seating.swap(person, partner)
    return 0.0


def _descend(seating: _Seating) -> None:
    """Make every change that helps, until none does."""
    improved = True
    while improved:
        improved = False
        for person in range(seating.room.seats):
            changes = seating.changes(person, seating.own())
            other = int(changes.argmin())
            if changes[other] < -1e-9:
                seating.swap(person, other)
                improved = True
