"""A seating problem in numbers.

People come first (0 … people - 1), then empty seats, which are seated like people of no attribute, then seats that are
not there (a small table beside larger ones), which never move. So every table has as many as the largest.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from itertools import combinations

import numpy as np
import numpy.typing as npt

from .records import Problem, pairs_of
from .sizes import alike_at_best, filled, seats

__all__ = ["Codes", "Floats", "Ints", "Room"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.intp]
Codes = npt.NDArray[np.int32]

# A broken rule costs more than all that could be won by it, and a host at another's table more than that.
HARD_PER_WEIGHT = 1000.0
HOST = 10


class Room:
    """What two at a table cost, and what one at a table costs; low is good.

    `likes`: weights with a code for each seat; two of the same code cost the weight, negative codes are all different.
    `distances[i, j]`: what two win. `one`, `other`, `cost`: pairs with a cost of their own, both ways round.
    `unfit[k, t]`: what one of kind k costs at table t; `special` are those of another kind than 0.
    """

    def __init__(self, problem: Problem) -> None:
        self.people = len(problem.people)
        self.size, self.may_lack_one = (np.array(values) for values in seats(problem.tables, self.people))
        self.tables = len(self.size)
        self.width = int(self.size.max())
        self.seats = int(self.size.sum())
        self.total = self.tables * self.width
        self.repeat_weight = problem.repeat_weight
        self.sitting = filled(self.size.tolist(), self.may_lack_one.tolist(), self.people)
        self.hard = HARD_PER_WEIGHT * (1 + sum(problem.weights.values()) + problem.repeat_weight)
        self.distances = self._distances(problem)
        index = {person.id: number for number, person in enumerate(problem.people)}
        self.blocks = [np.array([index[id_] for id_ in group]) for group in problem.belong_together()]
        self.block_of = np.full(self.total, -1)
        for number, block in enumerate(self.blocks):
            self.block_of[block] = number
        self.attributes = [
            (weight, self._codes([person.attributes.get(name, "") for person in problem.people]))
            for name, weight in problem.weights.items()
        ]
        layers, pairs = _layers(group for group in problem.earlier if index.keys() & set(group))
        self.earlier = [self._codes([layer.get(person.id, "") for person in problem.people]) for layer in layers]
        self.likes = [*self.attributes, *((self.repeat_weight, codes) for codes in self.earlier)]
        if self.seats - self.people > 1:
            empty = np.arange(-1, -1 - self.total, -1, dtype=np.int32)
            empty[self.people : self.seats] = 0
            self.likes.append((self.hard, empty))
        self.met = self._keys(index, [*problem.earlier])
        self.one, self.other, self.cost = self._pairs(problem, index, pairs)
        self.kind, self.unfit = self._unfit(problem, 0)
        self.special = np.flatnonzero(self.kind)
        self.floor = alike_at_best(problem, self.sitting)

    def in_round(self, problem: Problem, number: int) -> "Room":
        """The same room in a round, where other people are pinned than in the first."""
        if not problem.pinned or number == 0:
            return self
        room = copy(self)
        room.kind, room.unfit = self._unfit(problem, number)
        room.special = np.flatnonzero(room.kind)
        return room

    def _codes(self, values: Sequence[str]) -> Codes:
        """A number for each value; whoever has none, and every empty seat, has one of her own."""
        numbers: dict[str, int] = {}
        codes = np.arange(-1, -1 - self.total, -1, dtype=np.int32)
        for place, value in enumerate(values):
            if value:
                codes[place] = numbers.setdefault(value, len(numbers))
        return codes

    def _distances(self, problem: Problem) -> Floats | None:
        if problem.distances is None:
            return None
        self.hard += HARD_PER_WEIGHT * float(problem.distances.max(initial=0.0))
        distances = np.zeros((self.total, self.total), dtype=np.float32)
        distances[: self.people, : self.people] = problem.distances
        np.fill_diagonal(distances, 0)
        return distances

    def _pairs(
        self, problem: Problem, index: dict[str, int], earlier: Iterable[tuple[str, ...]]
    ) -> tuple[Ints, Ints, Floats]:
        costs = dict.fromkeys(problem.kept_apart(), self.hard)
        together = pairs_of(problem.belong_together())
        for pair in together:
            costs[pair] = costs.get(pair, 0.0) - self.hard
        for pair in pairs_of(earlier) - together:
            if pair <= index.keys():
                costs[pair] = costs.get(pair, 0.0) + self.repeat_weight
        both = np.array([[index[id_] for id_ in pair] for pair in costs], dtype=np.intp).reshape(-1, 2)
        cost = np.array(list(costs.values()), dtype=np.float32)
        return np.concatenate(both.T), np.concatenate(both.T[::-1]), np.concatenate((cost, cost))

    def _unfit(self, problem: Problem, round_: int) -> tuple[Ints, Floats]:
        fixed = problem.fixed_in(round_)
        kinds: dict[tuple[frozenset[str], str, bool], int] = {(frozenset(), "", False): 0}
        kind = np.zeros(self.total, dtype=np.intp)
        for number, person in enumerate(problem.people):
            own = fixed.get(person.id, "")
            if person.needs or own:
                kind[number] = kinds.setdefault((frozenset(person.needs), own, False), len(kinds))
        if not self.may_lack_one.all():
            kind[self.people : self.seats] = kinds.setdefault((frozenset(), "", True), len(kinds))
        unfit = np.zeros((len(kinds), self.tables), dtype=np.float32)
        for (needs, host, is_empty), row in kinds.items():
            for column, table in enumerate(problem.tables):
                broken = (not needs <= set(table.offers)) + HOST * (host not in ("", table.id))
                unfit[row, column] = self.hard * (broken + (is_empty and not self.may_lack_one[column]))
        return kind, unfit

    def _keys(self, index: dict[str, int], groups: Iterable[Sequence[str]]) -> Ints:
        """Every pair in these groups as one number, those who belong together left out."""
        pairs = [
            (index[one], index[other])
            for group in groups
            for one, other in combinations([id_ for id_ in group if id_ in index], 2)
        ]
        array = np.array(pairs, dtype=np.intp).reshape(-1, 2)
        return self._as_keys(array[:, 0], array[:, 1])

    def _as_keys(self, one: Ints, other: Ints) -> Ints:
        block = self.block_of
        apart = (block[one] < 0) | (block[one] != block[other])
        keys: Ints = np.unique((np.minimum(one, other) * self.total + np.maximum(one, other))[apart])
        return keys

    def meetings(self, who: Ints) -> Ints:
        """Every pair that meets in a round, as one number."""
        left, right = np.triu_indices(self.width, 1)
        one, other = who[:, left].ravel(), who[:, right].ravel()
        real = (one < self.people) & (other < self.people)
        return self._as_keys(one[real], other[real])

    def repeats(self, plans: Sequence[Ints]) -> int:
        """How often two people meet who had met in a round before or earlier."""
        met = self.met
        repeats = 0
        for who in plans:
            now = self.meetings(who)
            repeats += int(np.isin(now, met, assume_unique=True).sum())
            met = np.union1d(met, now)
        return repeats

    def alike(self, who: Ints) -> float:
        """What the attributes cost in a round, less the distances."""
        total = 0.0
        for weight, codes in self.attributes:
            here = codes[who]
            known = here >= 0
            keys = (here + np.arange(self.tables, dtype=np.int64)[:, None] * self.total)[known]
            counted = np.unique(keys, return_counts=True)
            total += weight * float((counted[1] * (counted[1] - 1)).sum() // 2)
        if self.distances is not None:
            total -= sum(float(self.distances[np.ix_(row, row)].sum(dtype=np.float64)) for row in who) / 2
        return total

    def broken(self, who: Ints) -> int:
        """How many hard rules a round breaks."""
        table = self.tables_of(who)
        same = table[self.one] == table[self.other]
        pairs = (same & (self.cost > self.hard / 2)) | (~same & (self.cost < -self.hard / 2))
        unfit = self.unfit[self.kind[self.special], table[self.special]]
        crowded = ((who >= self.people) & (who < self.seats)).sum(axis=1) > 1
        return int(pairs.sum()) // 2 + int(unfit.astype(bool).sum()) + int(crowded.sum())

    def least(self, others: Sequence[Codes]) -> float:
        """What a round beside these others, given as codes, costs at least: `Seating.total` with no rule broken."""
        least = self.floor
        for block in self.blocks:
            pairs = len(block) * (len(block) - 1) // 2
            least -= self.hard * pairs
            for codes in (*self.earlier, *others):
                _, counts = np.unique(codes[block], return_counts=True)
                least += self.repeat_weight * float((counts * (counts - 1)).sum() // 2)
        return least

    def tables_of(self, who: Ints) -> Ints:
        """The table of each person and seat."""
        table = np.empty(self.total, dtype=np.intp)
        table[who] = np.arange(self.tables)[:, None]
        return table

    def codes_of(self, who: Ints) -> Codes:
        """A round as a code, the table of each; seats without people have one of their own."""
        codes = self.tables_of(who).astype(np.int32)
        codes[self.people :] = np.arange(-1, -1 - self.total + self.people, -1, dtype=np.int32)
        return codes


def _layers(groups: Iterable[Sequence[str]]) -> tuple[list[dict[str, str]], list[tuple[str, ...]]]:
    """Earlier tables packed into rounds in which everyone has one table at most, and the pairs that stand alone."""
    layers: list[dict[str, str]] = []
    pairs: list[tuple[str, ...]] = []
    for number, group in enumerate(groups):
        if len(group) < 3:
            pairs.append(tuple(group))
            continue
        layer = next((layer for layer in layers if layer.keys().isdisjoint(group)), None)
        if layer is None:
            layer = {}
            layers.append(layer)
        layer.update(dict.fromkeys(group, str(number + 1)))
    return layers, pairs
