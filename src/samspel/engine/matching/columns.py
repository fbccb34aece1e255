"""Rings and chains as columns of a programme in which every post may be taken once."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array

from .pricing import Arcs, Posts, no_columns
from .records import Kind, Objective

__all__ = ["Columns", "Goal", "Level"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_KINDS: tuple[Kind, Kind] = ("ring", "chain")


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective on the sorted arcs of one part: what arcs are worth, and rings and chains by their transfers."""

    weights: Floats
    rings: Floats
    chains: Floats

    @classmethod
    def of(cls, objective: Objective, arcs: npt.NDArray[np.intp], width: int) -> "Goal":
        rings, chains = (
            np.array([objective.of_size(kind, transfers) for transfers in range(width + 1)]) for kind in _KINDS
        )
        return cls(objective.weights[arcs], rings, chains)

    def plus(self, price: float, other: "Goal") -> "Goal":
        return Goal(
            self.weights + price * other.weights,
            self.rings + price * other.rings,
            self.chains + price * other.chains,
        )

    def plus_weights(self, weights: Floats) -> "Goal":
        return replace(self, weights=self.weights + weights)

    def only(self, arcs: npt.NDArray[np.int64]) -> "Goal":
        return replace(self, weights=self.weights[arcs])

    @property
    def is_whole(self) -> bool:
        return all(bool((some == np.rint(some)).all()) for some in (self.weights, self.rings, self.chains))

    @property
    def by_transfer(self) -> tuple[float, float]:
        """The least and the most that size can add for each transfer."""
        each = np.concatenate([some[1:] / np.arange(1, len(some)) for some in (self.rings, self.chains)])
        return min(0.0, float(each.min())), max(0.0, float(each.max()))

    def most(self, takers: npt.NDArray[np.int64]) -> float:
        """Above every selection: each need met by the one who meets it best, in a ring or chain of the best size."""
        if not len(takers):
            return 0.0
        highest = np.zeros(int(takers.max()) + 1)
        np.maximum.at(highest, takers, self.weights)
        return float(highest.sum()) + self.by_transfer[1] * len(np.unique(takers))

    def of_chains(self, transfers: int) -> Floats:
        """What a chain of 0, 1, … transfers adds by its size; none has 0."""
        added = self.chains[: transfers + 1].copy()
        added[0] = -math.inf
        return added


@dataclass(frozen=True, slots=True)
class Columns:
    """``[columns, width]`` posts in order, -1 after the last, and the arcs between them; and which are rings."""

    posts: Posts
    arcs: Posts
    is_ring: Mask

    @classmethod
    def of(cls, arcs: Arcs, posts: Posts, *, rings: bool, width: int) -> "Columns":
        wide = np.full((len(posts), width), -1, dtype=np.int32)
        wide[:, : posts.shape[1]] = posts[:, :width]
        between = np.full((len(posts), width), -1, dtype=np.int32)
        for place in range(width - 1):
            is_on = np.flatnonzero(wide[:, place + 1] >= 0)
            ends = wide[is_on, place].astype(np.int64), wide[is_on, place + 1].astype(np.int64)
            between[is_on, place] = arcs.find(*ends)
        if rings and len(wide):
            row, last = np.arange(len(wide)), (wide >= 0).sum(axis=1) - 1
            between[row, last] = arcs.find(wide[row, last].astype(np.int64), wide[:, 0].astype(np.int64))
        return cls(wide, between, np.full(len(posts), rings))

    @classmethod
    def none(cls, width: int) -> "Columns":
        return cls(no_columns(width), no_columns(width), np.zeros(0, dtype=bool))

    def __len__(self) -> int:
        return len(self.posts)

    def __getitem__(self, which: Mask | npt.NDArray[np.intp]) -> "Columns":
        return Columns(self.posts[which], self.arcs[which], self.is_ring[which])

    def and_(self, other: "Columns") -> "Columns":
        return Columns(
            np.concatenate([self.posts, other.posts]),
            np.concatenate([self.arcs, other.arcs]),
            np.concatenate([self.is_ring, other.is_ring]),
        )

    def moved(self, posts: npt.NDArray[np.integer], arcs: npt.NDArray[np.integer]) -> "Columns":
        """With other numbers of posts and arcs; the last of each is for none."""
        return Columns(posts[self.posts].astype(np.int32), arcs[self.arcs].astype(np.int32), self.is_ring)

    def with_new(self, other: "Columns") -> "Columns":
        """Those of the other behind these, none twice."""
        if not len(other):
            return self
        both = self.and_(other)
        _, first = np.unique(both._rows, return_index=True)
        first.sort()
        return both[first]

    @property
    def _rows(self) -> npt.NDArray[np.void]:
        """The posts of each as one thing, to compare."""
        return np.ascontiguousarray(self.posts).view(f"V{self.posts.shape[1] * self.posts.itemsize}").ravel()

    def has(self, other: "Columns") -> Mask:
        """``[columns]``, which of these are among the others."""
        return np.isin(self._rows, other._rows)

    def without(self, used: Mask) -> "Columns":
        """Those with no used post; ``used`` has one more at its end, for "no post"."""
        free: Mask = ~np.any(used[self.posts], axis=1)
        return self[free]

    @property
    def sizes(self) -> npt.NDArray[np.intp]:
        sizes: npt.NDArray[np.intp] = np.count_nonzero(self.posts >= 0, axis=1)
        return sizes

    def worth(self, goal: Goal) -> Floats:
        value = _sum_of(goal.weights, self.arcs)
        if goal.rings.any() or goal.chains.any():
            transfers = np.count_nonzero(self.arcs >= 0, axis=1)
            value = value + np.where(self.is_ring, goal.rings[transfers], goal.chains[transfers])
        return value

    def prices(self, prices: Floats) -> Floats:
        return _sum_of(prices, self.posts)

    def matrix(self, posts: int) -> "csc_array[np.float64]":
        """``[posts, columns]``: 1 where the column takes the post."""
        taken = self.posts[self.posts >= 0]
        starts = np.concatenate([[0], np.cumsum(self.sizes)])
        return csc_array((np.ones(len(taken)), taken, starts), shape=(posts, len(self)))


def _sum_of(values: Floats, places: Posts) -> Floats:
    """Of each row, place by place: in half the time of all at once."""
    values = np.append(values, 0.0)  # the last one stands for "none"
    found: Floats = values.take(places[:, 0])
    for place in range(1, places.shape[1]):
        found += values.take(places[:, place])
    return found


@dataclass(frozen=True, slots=True)
class Level:
    """What columns give of an earlier objective, and how much of it must be kept."""

    worth: Floats
    least: float
