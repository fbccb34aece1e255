"""Which rings and chains are worth more than the posts they take, at given prices of posts.

A worth here is what an arc adds less the price of its taker; a chain pays the price of its first post as well. Chains
are priced as walks, by one pass over the arcs for each place in the chain: a walk that comes back to a post could
leave out the ring, which earns nothing once no ring does. Ending in a list of *every* chain above a level, cut by the
best that a walk can still add, the same tables prove.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Arcs", "ChainTables", "chains_above", "chains_through", "no_columns", "rings_of", "tables_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Posts = npt.NDArray[np.int32]
_ROWS = 400_000  # partial paths that are carried on at a time


@dataclass(frozen=True, slots=True)
class Segments:
    """Whose each value is, sorted, and where the values of those that have any begin."""

    owner: Ints
    some: Ints
    begins: Ints
    count: int

    @classmethod
    def of(cls, owner: Ints, first: Ints) -> "Segments":
        some = np.flatnonzero(first[1:] > first[:-1])
        return cls(owner, some, first[some], len(first) - 1)

    def best(self, values: Floats) -> tuple[Floats, Ints]:
        """The greatest of each and where it is; -inf and -1 of who has none."""
        best, where = np.full(self.count, -np.inf), np.full(self.count, -1)
        if len(self.some):
            best[self.some] = np.maximum.reduceat(values, self.begins)
            hits = np.flatnonzero(values == best[self.owner])[::-1]
            where[self.owner[hits]] = hits  # the first of equals
        return best, where


@dataclass(frozen=True, slots=True)
class Arcs:
    """Arcs sorted by giver, and where each giver's begin; `back` sorts them by taker."""

    posts: int
    givers: Ints
    takers: Ints
    keys: Ints
    first: Ints
    back: Ints
    by_giver: Segments
    by_taker: Segments
    starts: Ints  # posts without a need that can help somebody

    @classmethod
    def of(cls, givers: Ints, takers: Ints, needs: npt.NDArray[np.bool_]) -> "Arcs":
        """:param givers, takers: sorted by giver, then taker."""
        posts = len(needs)
        back = np.lexsort((givers, takers))
        first = np.searchsorted(givers, np.arange(posts + 1))
        by_giver = Segments.of(givers, first)
        by_taker = Segments.of(takers[back], np.searchsorted(takers[back], np.arange(posts + 1)))
        starts = by_giver.some[~needs[by_giver.some]]
        return cls(posts, givers, takers, givers * posts + takers, first, back, by_giver, by_taker, starts)

    def find(self, givers: Ints, takers: Ints) -> Ints:
        """The number of each arc, -1 where there is none."""
        wanted = givers * self.posts + takers
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[at] == wanted, at, -1)


def no_columns(width: int) -> Posts:
    return np.empty((0, width), dtype=np.int32)


def _distinct(posts: Posts) -> Posts:
    """Each row once, in order."""
    posts = posts[np.lexsort(posts.T[::-1])]
    new = np.ones(len(posts), dtype=bool)
    new[1:] = (posts[1:] != posts[:-1]).any(axis=1)
    return posts[new]


@dataclass(frozen=True, slots=True)
class ChainTables:
    """By transfers done (rows) and post: the best walk that leads there, and the best that can still be added."""

    worth: Floats  # [arcs]
    extra: Floats  # [transfers + 1], what a chain of that length earns besides; -inf where it may not end
    done: Floats
    done_by: Ints
    rest: Floats
    rest_by: Ints

    @property
    def chain(self) -> int:
        return len(self.extra) - 1


def tables_of(arcs: Arcs, worth: Floats, prices: Floats, extra: Floats) -> ChainTables:
    chain = len(extra) - 1
    rest, rest_by = np.empty((chain + 1, arcs.posts)), np.full((chain + 1, arcs.posts), -1)
    rest[chain] = extra[chain]
    for length in range(chain - 1, -1, -1):
        best, where = arcs.by_giver.best(worth + rest[length + 1, arcs.takers])
        ends = best <= extra[length]
        rest[length] = np.where(ends, extra[length], best)
        rest_by[length] = np.where(ends, -1, where)
    done, done_by = np.full((chain + 1, arcs.posts), -np.inf), np.full((chain + 1, arcs.posts), -1)
    done[0, arcs.starts] = -prices[arcs.starts]
    givers, back_worth = arcs.givers[arcs.back], worth[arcs.back]
    for length in range(1, chain + 1):
        done[length], where = arcs.by_taker.best(done[length - 1, givers] + back_worth)
        done_by[length] = np.where(where >= 0, arcs.back[where], -1)
    return ChainTables(worth, extra, done, done_by, rest, rest_by)


def chains_through(arcs: Arcs, tables: ChainTables, least: float) -> Posts:
    """The best chain that has each post, where it is worth more than ``least``: ``[chains, transfers + 1]``."""
    chain = tables.chain
    both = tables.done + tables.rest
    length = np.argmax(both, axis=0)
    posts = np.flatnonzero(both.max(axis=0, initial=-np.inf) > least)
    length = length[posts]
    found = np.full((len(posts), chain + 1), -1, dtype=np.int32)
    row = np.arange(len(posts))
    found[row, length] = posts
    here, at = posts.copy(), length.copy()
    for _ in range(chain):
        arc = np.where(at > 0, tables.done_by[at, here], -1)
        move = arc >= 0
        at, here = np.where(move, at - 1, at), np.where(move, arcs.givers[arc], here)
        found[row[move], at[move]] = here[move]
    here, at = posts.copy(), length.copy()
    for _ in range(chain):
        arc = tables.rest_by[at, here]
        move = arc >= 0
        at, here = np.where(move, at + 1, at), np.where(move, arcs.takers[arc], here)
        found[row[move], at[move]] = here[move]
    return _simple(_distinct(found))


def _simple(walks: Posts) -> Posts:
    """Walks that come back somewhere without what lies between."""
    if not len(walks):
        return walks
    ordered = np.sort(walks, axis=1)
    again = np.flatnonzero(((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1))
    for row in again.tolist():
        path: list[int] = []
        for post in walks[row].tolist():
            if post in path:
                del path[path.index(post) + 1 :]
            elif post >= 0:
                path.append(post)
        walks[row] = -1
        walks[row, : len(path)] = path
    walks = walks[walks[:, 1] >= 0]
    return _distinct(walks) if len(again) else walks


def chains_above(arcs: Arcs, tables: ChainTables, least: float, most: int) -> Posts | None:
    """Every chain worth more than ``least``; None when there are more than ``most``, or too many beginnings."""
    chain = tables.chain
    # Each giver's arcs, the most promising first, for every place in the chain; the others are not looked at.
    order, promise = [], []
    for length in range(chain):
        value = tables.worth + tables.rest[length + 1, arcs.takers]
        by = np.lexsort((-value, arcs.givers))
        order.append(by)
        promise.append(value[by])
    found, count = [no_columns(chain + 1)], 0
    starts = arcs.starts[tables.done[0, arcs.starts] + tables.rest[0, arcs.starts] > least]
    first = np.full((len(starts), chain + 1), -1, dtype=np.int32)
    first[:, 0] = starts
    pile = [(0, first, tables.done[0, starts])]
    work = 0
    while pile:
        length, paths, values = pile.pop()
        if len(paths) > _ROWS:
            pile.append((length, paths[_ROWS:], values[_ROWS:]))
            paths, values = paths[:_ROWS], values[:_ROWS]
        here = paths[:, length].astype(np.int64)
        sizes = np.zeros(len(paths), dtype=np.int64)
        if length < chain:
            until = _promising(promise[length], arcs.first[here], arcs.first[here + 1], least - values)
            sizes = until - arcs.first[here]
        total = int(sizes.sum())
        if total > 8 * _ROWS and len(paths) > 1:  # in halves
            half = len(paths) // 2
            pile.append((length, paths[half:], values[half:]))
            pile.append((length, paths[:half], values[:half]))
            continue
        if length:
            ends = values + tables.extra[length] > least
            found.append(paths[ends])
            count += int(ends.sum())
        work += total
        if count > most or work > 20 * most:
            return None
        if not total:
            continue
        row = np.repeat(np.arange(len(paths)), sizes)
        arc = order[length][np.arange(total) - np.repeat(np.cumsum(sizes) - sizes - arcs.first[here], sizes)]
        taker = arcs.takers[arc]
        new = np.ones(total, dtype=bool)
        for place in range(length + 1):
            new &= paths[row, place] != taker
        row, arc, taker = row[new], arc[new], taker[new]
        longer = paths[row]
        longer[:, length + 1] = taker
        pile.append((length + 1, longer, values[row] + tables.worth[arc]))
    return np.concatenate(found)


def _promising(values: Floats, low: Ints, high: Ints, least: Floats) -> Ints:
    """How far in each falling segment the values are above ``least``."""
    low, high = low.copy(), high.copy()
    while (open_ := low < high).any():
        middle = (low + high) // 2
        above = open_ & (values[np.minimum(middle, len(values) - 1)] > least)
        low = np.where(above, middle + 1, low)
        high = np.where(open_ & ~above, middle, high)
    return low


def rings_of(arcs: Arcs, ring: int, most: int) -> Posts | None:
    """Every ring, from its lowest post on: ``[rings, ring]``; None when there are more than ``most``."""
    found, count = [no_columns(max(ring, 1))], 0
    if ring < 2 or not len(arcs.givers):
        return found[0]
    step = max(1, _ROWS // max(1, (len(arcs.givers) // max(1, arcs.posts)) ** max(1, ring - 2)))
    for low in range(0, arcs.posts, step):
        roots = np.arange(low, min(low + step, arcs.posts))
        roots = roots[np.diff(arcs.first)[roots] > 0]
        paths = np.full((len(roots), ring), -1, dtype=np.int32)
        paths[:, 0] = roots
        for length in range(1, ring + 1):
            here = paths[:, length - 1].astype(np.int64)
            if length > 1:
                closes = arcs.find(here, paths[:, 0].astype(np.int64)) >= 0
                found.append(paths[closes])
                count += int(closes.sum())
                if count > most:
                    return None
            if length == ring:
                break
            sizes = arcs.first[here + 1] - arcs.first[here]
            row = np.repeat(np.arange(len(paths)), sizes)
            arc = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes - arcs.first[here], sizes)
            taker = arcs.takers[arc]
            new = taker > paths[row, 0]
            for place in range(1, length):
                new &= paths[row, place] != taker
            paths = paths[row[new]]
            paths[:, length] = taker[new]
    return np.concatenate(found)
