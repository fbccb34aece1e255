"""Heat-bath swaps at many tables at once.

Tables are paired at random. For two tables, what every swap of one here with one there would win comes as one matrix,
for all pairs of tables in one array; a swap is drawn with Boltzmann weights (or none), and all are made. What two
tables win does not hang on the others, so this is the same as one swap after the other, many times faster in numpy.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .room import Codes, Floats, Ints, Room

Kind = TypeVar("Kind", bound=np.generic)

__all__ = ["Budget", "Seating", "anneal"]

# Temperatures in units of the weights: at the first a profession is given up for a unit freely, at the last hardly
# anything is made worse. With distances, in units of their spread times the root of a table's people. Found on the
# halls and matrices of benchmarks/engine/seating.py.
HOT, WARM, COLD = 0.8, 0.6, 0.1
HOT_FAR, WARM_FAR, COLD_FAR = 0.36, 0.25, 0.15

NOISE = 1 << 20
LOOK_EVERY = 16
# However little time there is, these are made: enough to keep the rules and have new faces.
LEAST_STEPS = 112
BLOCK_EVERY = 5


class Seating:
    """A round under way: `who[t, k]` sits on seat k of table t, and `own[t, k]` is what she costs there by attributes
    and distances. `total` is what everything costs."""

    def __init__(self, room: Room, likes: Sequence[tuple[float, Codes]], who: Ints) -> None:
        self.room = room
        self.likes = [(np.float32(weight), codes) for weight, codes in likes if weight]
        # With many small tables the tables run fastest in memory, with few large ones the seats; numpy follows.
        self.is_wide = room.tables > 2 * room.width
        self.table = np.empty(room.total, dtype=np.intp)
        self.seat = np.empty(room.total, dtype=np.intp)
        self.start(who)

    def start(self, who: Ints) -> None:
        room = self.room
        self.who = who.copy()
        self.table[who] = np.arange(room.tables)[:, None]
        self.seat[who] = np.arange(room.width)
        self.own = self._own(who)
        self.total = self._total(np.arange(room.tables))

    def _lay(self, array: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
        return np.asfortranarray(array) if self.is_wide else array

    def _between(self, here: Ints, there: Ints) -> Floats:
        """What each here and each there would cost as a pair: [tables, seats here, seats there]."""
        costs = None
        for weight, codes in self.likes:
            alike = (codes[here][:, :, None] == codes[there][:, None, :]) * weight
            costs = alike if costs is None else np.add(costs, alike, out=costs)
        if self.room.distances is not None:
            far = self.room.distances.take(here[:, :, None] * self.room.total + there[:, None, :])
            costs = -far if costs is None else np.subtract(costs, far, out=costs)
        if costs is None:
            costs = np.zeros((len(here), here.shape[1], there.shape[1]), dtype=np.float32)
        return costs

    def _own(self, who: Ints) -> Floats:
        laid = self._lay(who)
        costs = self._between(laid, laid)
        seats = np.arange(self.room.width)
        costs[:, seats, seats] = 0
        own: Floats = np.ascontiguousarray(costs.sum(axis=2))
        own[who >= self.room.seats] = -np.inf  # nobody leaves a seat that is not there
        return own

    def _total(self, tables: Ints) -> float:
        """What these tables cost, rules and all."""
        room = self.room
        own = self._own(self.who[tables])
        total = float(own[np.isfinite(own)].sum(dtype=np.float64)) / 2
        asked = np.zeros(room.tables, dtype=np.bool_)
        asked[tables] = True
        at = self.table[room.one]
        total += float(room.cost[asked[at] & (at == self.table[room.other])].sum(dtype=np.float64)) / 2
        at = self.table[room.special]
        return total + float((room.unfit[room.kind[room.special], at] * asked[at]).sum(dtype=np.float64))

    def step(self, left: Ints, right: Ints, temperature: float, noise: Floats, stay: Floats) -> None:
        """Swap two people, or none, between each table of `left` and its table of `right`.

        `noise`: Gumbel noise, [tables, seats * seats]; `stay`: the same for no swap. The largest of win / temperature +
        noise is a draw with Boltzmann weights.
        """
        here, there = self.who[left], self.who[right]
        between = self._between(self._lay(here), self._lay(there))
        leaving = self._leaving(left, right)
        go = leaving[left] - np.add.reduce(between, axis=2)
        come = leaving[right] - np.add.reduce(between, axis=1)
        pair, one, other, cost = self._named_pairs(left, right)
        inverse = np.float32(1 / temperature)
        wins = between * (2 * inverse)
        if len(pair):
            np.subtract.at(go, (pair, one), cost)
            np.subtract.at(come, (pair, other), cost)
            wins[pair, one, other] += 2 * inverse * cost
        wins += self._lay(go * inverse)[:, :, None]
        wins += self._lay(come * inverse)[:, None, :]
        flat = wins.reshape(len(left), -1)
        flat += noise
        swaps = self._largest(flat)
        chosen = np.flatnonzero(flat[np.arange(len(left)), swaps] > stay)
        if not len(chosen):
            return
        i, j = np.divmod(swaps[chosen], self.room.width)
        won = go[chosen, i] + come[chosen, j] + 2 * between[chosen, i, j]
        if len(pair):
            named = np.zeros(len(left), dtype=np.float32)
            made = swaps[pair] == one * self.room.width + other
            named[pair[made]] = 2 * cost[made]
            won += named[chosen]
        self.total -= float(won.sum(dtype=np.float64))
        self._swap(left[chosen], i, right[chosen], j, between[chosen, i], between[chosen, :, j])

    def _largest(self, flat: Floats) -> Ints:
        """Where each row has its largest value; numpy's own way is quick along memory only."""
        if not self.is_wide:
            along: Ints = flat.argmax(axis=1)
            return along
        largest = np.zeros(len(flat), dtype=np.intp)
        swap, row = np.nonzero((flat == flat.max(axis=1)[:, None]).T)
        largest[row] = swap
        return largest

    def _leaving(self, left: Ints, right: Ints) -> Floats:
        """What each would win by leaving her seat, and the tables' own rules by going to the other table."""
        room = self.room
        if not len(room.special) and not len(room.one):
            return self.own
        leaving = self.own.copy()
        if len(room.special):
            table = self.table[room.special]
            goes_to = np.arange(room.tables)
            goes_to[left], goes_to[right] = right, left
            kind = room.kind[room.special]
            leaving[table, self.seat[room.special]] += room.unfit[kind, table] - room.unfit[kind, goes_to[table]]
        if len(room.one):
            table = self.table[room.one]
            beside = np.flatnonzero(table == self.table[room.other])
            if len(beside):
                np.add.at(leaving, (table[beside], self.seat[room.one[beside]]), room.cost[beside])
        return leaving

    def _named_pairs(self, left: Ints, right: Ints) -> tuple[Ints, Ints, Ints, Floats]:
        """The pairs with a cost of their own, one of them left and the other right: where, their seats, the cost."""
        room = self.room
        if not len(room.one):
            nothing = np.empty(0, dtype=np.intp)
            return nothing, nothing, nothing, np.empty(0, dtype=np.float32)
        place = np.full(room.tables, -1)
        place[left] = np.arange(len(left))
        goes_to = np.full(room.tables, -1)
        goes_to[left] = right
        table = self.table[room.one]
        across = np.flatnonzero(goes_to[table] == self.table[room.other])
        return place[table[across]], self.seat[room.one[across]], self.seat[room.other[across]], room.cost[across]

    def _swap(self, left: Ints, i: Ints, right: Ints, j: Ints, to_right: Floats, to_left: Floats) -> None:
        """One from seat i of each left table changes with one from seat j of its right table. `to_right`: what the
        first and each at the right table cost as a pair; `to_left`: the second and each at the left table."""
        tables, seats = np.concatenate((left, right)), np.concatenate((i, j))
        goes = self.who[tables, seats]
        comes = np.concatenate((goes[len(left) :], goes[: len(left)]))
        costs = np.concatenate((to_left, to_right))
        self.own[tables] += costs - self._beside(goes, self.who[tables])
        self.own[tables, seats] = np.add.reduce(costs, axis=1) - costs[np.arange(len(tables)), seats]
        self.who[tables, seats] = comes
        self.table[comes], self.seat[comes] = tables, seats

    def _beside(self, person: Ints, at: Ints) -> Floats:
        costs: Floats = self._between(person[:, None], at)[:, 0]
        return costs

    def move_block(self, rng: np.random.Generator, temperature: float) -> None:
        """Let those of one group change places with as many others at another table, all or none."""
        room = self.room
        block = room.blocks[int(rng.integers(len(room.blocks)))]
        here = int(self.table[block[0]])
        there = int(rng.integers(room.tables))
        if here == there or (self.table[block] != here).any():
            return
        sitting = self.who[there]
        free = sitting[(sitting < room.seats) & (room.block_of[sitting] < 0)]
        others = [b for b in np.unique(room.block_of[sitting]).tolist() if b >= 0 and len(room.blocks[b]) == len(block)]
        if others and (len(free) < len(block) or rng.random() < 0.5):
            partners = room.blocks[others[int(rng.integers(len(others)))]]
            if (self.table[partners] != there).any():
                return
        elif len(free) >= len(block):
            partners = rng.permutation(free)[: len(block)]
        else:
            return
        both = np.array([here, there])
        before = self._total(both)
        self._change(block, partners)
        after = self._total(both)
        if rng.random() < np.exp(min(0.0, (before - after) / temperature)):
            self.total += after - before
            self.own[both] = self._own(self.who[both])
        else:
            self._change(partners, block)

    def _change(self, some: Ints, others: Ints) -> None:
        """Let as many others sit where these sit."""
        some, others = np.concatenate((some, others)), np.concatenate((others, some))
        table, seat = self.table[others], self.seat[others]
        self.table[some], self.seat[some] = table, seat
        self.who[table, seat] = some


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a search goes on: as many steps, or until the time is over on a machine that is slower than expected."""

    steps: int
    ends_at: float

    def has_time(self) -> bool:
        return time.monotonic() < self.ends_at


def anneal(seating: Seating, rng: np.random.Generator, budget: Budget, *, floor: float, warm: bool = False) -> int:
    """Cool down, and leave the best seating that was met. How many steps were made."""
    room = seating.room
    pairs = room.tables // 2
    if not pairs or seating.total <= floor + 1e-6:
        return 0
    hot, cold = _temperatures(room, warm=warm)
    size = pairs * room.width**2
    pool = rng.standard_exponential(min(max(40 * size, 1 << 16), NOISE) + size + pairs, dtype=np.float32)
    pool = -np.log(np.maximum(pool, np.float32(1e-30)))
    best, best_who = seating.total, seating.who.copy()
    begun = time.monotonic()
    seconds = max(budget.ends_at - begun, 1e-9)
    in_order = np.tile(np.arange(room.tables), (LOOK_EVERY, 1))
    temperature, offsets, orders, step = hot, [0], in_order, 0
    while step < budget.steps:
        if step % LOOK_EVERY == 0:
            in_time = min((time.monotonic() - begun) / seconds, step / LEAST_STEPS)
            done = max(step / budget.steps, in_time)
            if done >= 1 or best <= floor + 1e-6:
                break
            temperature = hot * (cold / hot) ** done
            offsets = rng.integers(len(pool) - size - pairs, size=LOOK_EVERY).tolist()
            orders = rng.permuted(in_order, axis=1)
        offset, order = offsets[step % LOOK_EVERY], orders[step % LOOK_EVERY]
        stay = pool[offset : offset + pairs]
        noise = pool[offset + pairs : offset + pairs + size]
        noise = noise.reshape(-1, pairs).T if seating.is_wide else noise.reshape(pairs, -1)
        seating.step(order[:pairs], order[pairs : 2 * pairs], temperature, noise, stay)
        if room.blocks and step % BLOCK_EVERY == 0:
            seating.move_block(rng, temperature)
        if seating.total < best - 1e-3:
            best = seating.total
            best_who[:] = seating.who
        step += 1
    seating.start(best_who)
    return step


def _temperatures(room: Room, *, warm: bool) -> tuple[float, float]:
    if room.distances is None:
        return (WARM if warm else HOT), COLD
    people = room.distances[: room.people, : room.people]
    spread = float(people.std()) * float(np.sqrt(room.width)) or 1.0
    return spread * (WARM_FAR if warm else HOT_FAR), spread * COLD_FAR
