"""Posts, who could help whom, and a selection of rings and chains."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import compress
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Areas", "Kind", "Objective", "Pair", "Problem", "Selected", "Solution", "Status", "expected_met"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Kind = Literal["ring", "chain"]
Pair = tuple[int, int]  # who helps, and who is helped: numbers of posts
# Nothing better exists; better may exist, by no more than the gap; the clock stopped it, and the bound is wide.
Status = Literal["best", "good", "out-of-time"]


@dataclass(frozen=True, slots=True)
class Objective:
    """What a selection is worth: the sum over its transfers, and what rings and chains add or lose by their size.

    Whole numbers are summed exactly; with fractions the bound is true to a millionth.

    :param weights: ``[arcs]``, in the order of the problem's arcs, at least 0.
    :param per_hand: lost for each need times the hands it takes. A need in a ring of three rests on three people's
        yes, one in a chain of three transfers on four.
    :param chance: that each says yes, for all alike. Each ring and chain then adds the needs that it is expected to
        meet: a ring when all say yes, a chain as far as the first no.
    """

    name: str
    weights: Floats
    per_hand: float = 0.0
    chance: float | None = None

    def __post_init__(self) -> None:
        if self.chance is not None and not 0 <= self.chance <= 1:
            raise ValueError(f"chance of {self.name!r} must be from 0 to 1, got {self.chance:g}")

    def of_size(self, kind: Kind, transfers: int) -> float:
        """What a ring or chain of so many transfers adds beside its weights.

        >>> Objective("", np.zeros(0), chance=0.5).of_size("chain", 2)
        0.375
        """
        hands = transfers + (kind == "chain")
        added = -self.per_hand * transfers * hands
        return added if self.chance is None else added + expected_met(kind, transfers, self.chance)


def expected_met(kind: Kind, transfers: int, chance: float) -> float:
    """How many needs a ring or chain meets on average when each of its people says yes with this chance."""
    if kind == "ring":
        return transfers * chance**transfers
    return sum(chance ** (length + 1) for length in range(1, transfers + 1))


@dataclass(frozen=True, slots=True)
class Areas:
    """Where needs are, and how alike areas are to be helped.

    Of the needs that somebody could meet, the share that is met in an area may differ from the share that is met in
    all areas together by the tolerance, and by one need more: an area of two can never have a third of them met.
    Needs that say no area are outside.

    :param of: ``[posts]``, the number of the area of each post's need, -1 when it says none.
    :param tolerance: 1/10 for ten percentage points.
    """

    names: tuple[str, ...]
    of: Ints
    tolerance: Fraction

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance <= 1:
            raise ValueError(f"tolerance of areas must be from 0 to 1, got {float(self.tolerance):g}")
        if len(self.of) and not -1 <= int(self.of.min()) <= int(self.of.max()) < len(self.names):
            raise ValueError(f"areas must be from -1 to {len(self.names) - 1}, got {self.of.min()} to {self.of.max()}")


@dataclass(frozen=True, slots=True)
class Problem:
    """Posts with an offer, a need or both; arcs from an offer to a need that it could meet; and what is wanted.

    :param ids: of the posts.
    :param needs: ``[posts]``, whether the post has a need. A chain starts at one that has none.
    :param givers, takers: ``[arcs]``, numbers of posts; no arc twice, none to a post that has no need.
    :param objectives: in order: each later one only among the best of the earlier.
    :param ring, chain: at most so many posts in a ring, and transfers in a chain; 0 for none.
    :param fixed: arcs that are to be in the selection: their givers help nobody else, nobody else helps their takers,
        and as many as can be go before every objective.
    :param areas: a rule of every selection, before what is fixed.
    """

    ids: tuple[str, ...]
    needs: npt.NDArray[np.bool_]
    givers: Ints
    takers: Ints
    objectives: tuple[Objective, ...]
    ring: int = 4
    chain: int = 6
    fixed: tuple[Pair, ...] = ()
    areas: Areas | None = None

    def __post_init__(self) -> None:
        posts, arcs = len(self.ids), len(self.givers)
        if len(set(self.ids)) != posts:
            raise ValueError("ids must differ")
        if len(self.needs) != posts:
            raise ValueError(f"needs must be {posts}, one for each post, got {len(self.needs)}")
        if len(self.takers) != arcs:
            raise ValueError(f"takers must be {arcs}, one for each giver, got {len(self.takers)}")
        if not self.objectives:
            raise ValueError("objectives must be at least one")
        if self.ring < 0 or self.ring == 1 or self.chain < 0:
            raise ValueError(f"ring must be 0 or at least 2 and chain at least 0, got {self.ring} and {self.chain}")
        for name, ends in (("givers", self.givers), ("takers", self.takers)):
            if arcs and (int(ends.min()) < 0 or int(ends.max()) >= posts):
                raise ValueError(f"{name} must be from 0 to {posts - 1}, got {int(ends.min())} to {int(ends.max())}")
        if (self.givers == self.takers).any():
            raise ValueError("an arc must join two posts")
        if arcs and not self.needs[self.takers].all():
            raise ValueError("takers must have a need")
        keys = np.sort(self.keys)
        if (keys[1:] == keys[:-1]).any():
            raise ValueError("arcs must differ")
        for one in self.objectives:
            if len(one.weights) != arcs:
                raise ValueError(f"weights of {one.name!r} must be {arcs}, one for each arc, got {len(one.weights)}")
            if arcs and not (np.isfinite(one.weights).all() and float(one.weights.min()) >= 0):
                raise ValueError(f"weights of {one.name!r} must be at least 0 and finite")
        if self.areas is not None and len(self.areas.of) != posts:
            raise ValueError(f"areas must be {posts}, one for each post, got {len(self.areas.of)}")
        self._check_fixed()

    def _check_fixed(self) -> None:
        if not self.fixed:
            return
        for (giver, taker), is_arc in zip(self.fixed, self.has(self.fixed).tolist(), strict=True):
            if not is_arc:
                raise ValueError(f"fixed must be arcs, got {giver} to {taker}")
        for name, ends in (
            ("giver", [giver for giver, _ in self.fixed]),
            ("taker", [taker for _, taker in self.fixed]),
        ):
            if len(set(ends)) != len(ends):
                raise ValueError(f"fixed must have each {name} once, got {sorted(ends)}")

    @property
    def keys(self) -> Ints:
        """``[arcs]``, a number that each arc has alone."""
        return self.givers * len(self.ids) + self.takers

    def has(self, pairs: Collection[Pair]) -> npt.NDArray[np.bool_]:
        """``[pairs]``, whether each of these pairs of posts is an arc."""
        ends, keys = np.array(list(pairs), dtype=np.int64).reshape(-1, 2), np.sort(self.keys)
        wanted = ends[:, 0] * len(self.ids) + ends[:, 1]
        found: npt.NDArray[np.bool_] = np.searchsorted(keys, wanted, "right") > np.searchsorted(keys, wanted)
        return found

    def only(self, arcs: npt.NDArray[np.bool_]) -> "Problem":
        """The same with these arcs alone; what was fixed of the others is no more.

        :param arcs: ``[arcs]``, which to keep.
        """
        objectives = tuple(replace(one, weights=one.weights[arcs]) for one in self.objectives)
        givers, takers = self.givers[arcs], self.takers[arcs]
        left = replace(self, givers=givers, takers=takers, objectives=objectives, fixed=())
        if not self.fixed:
            return left
        return replace(left, fixed=tuple(compress(self.fixed, left.has(self.fixed))))


@dataclass(frozen=True, slots=True)
class Selected:
    """A ring, whose last post helps its first, or a chain, whose first post has no need. Each helps the next."""

    kind: Kind
    posts: tuple[int, ...]

    @property
    def transfers(self) -> Iterator[Pair]:
        """Who helps whom."""
        yield from zip(self.posts, self.posts[1:], strict=False)
        if self.kind == "ring" and self.posts:
            yield self.posts[-1], self.posts[0]

    @property
    def needs_met(self) -> int:
        return len(self.posts) - (self.kind == "chain")


@dataclass(frozen=True, slots=True)
class Solution:
    """Rings and chains that share no post.

    :param values, bounds: one for each objective. No selection whose earlier values are as good has a later value
        above its bound; where they are the same it is proven.
    :param status: of the objective that is furthest from proven.
    :param loose: value and bound of the first objective where areas need not be helped alike; None without that rule.
    """

    selected: tuple[Selected, ...]
    values: tuple[float, ...]
    bounds: tuple[float, ...]
    status: Status
    seconds: float = field(compare=False)
    loose: tuple[float, float] | None = None

    @property
    def value(self) -> float:
        """Of the first objective."""
        return self.values[0]

    @property
    def bound(self) -> float:
        return self.bounds[0]

    @property
    def gap(self) -> float:
        """How much more of the first objective could be had at most, as a share of what is had."""
        return (self.bound - self.value) / self.value if self.value else float(self.bound > 0)

    @property
    def transfers(self) -> frozenset[Pair]:
        return frozenset(pair for one in self.selected for pair in one.transfers)

    def expected_met(self, chance: float) -> float:
        """How many needs are met on average when each says yes with this chance."""
        return sum(expected_met(one.kind, one.needs_met, chance) for one in self.selected)

    def of_kind(self, kind: Kind) -> Sequence[Selected]:
        return [one for one in self.selected if one.kind == kind]
