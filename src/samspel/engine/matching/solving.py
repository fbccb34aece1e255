"""The best selection by column generation, and the proof by listing what could still be in a better one."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from .areas import Row, rows_of, shares_of
from .beginning import grown_chains, most_of_each
from .columns import Columns, Goal, Level
from .pricing import Arcs, chains_above, chains_through, rings_of, tables_of
from .programmes import Relaxed, centre, pick, relax
from .records import Problem, Selected, Solution, Status
from .relaxing import relax_near

__all__ = ["solve", "solve_beside", "status_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_NEAR = 1e-6
_EXACT = 1e-9  # a rule of needs in fractions is told right or wrong
_MOST_RINGS = 6_000_000
_MOST_LISTED = 60_000  # columns that an integer programme is asked about
_FEW, _FEWEST = 3_000, 1_200  # columns that it answers about in seconds, and in less than one
_FEW_EACH = 5  # for each post, that it answers about in seconds
_SOON_NODES, _SOON_SHARE, _NARROW = 20, 1 / 20, 1e-4  # of such a search; of the time; of the bound, in fractions
_MADE = 20_000  # columns that are kept in any case
_NODES = 20_000
_RINGS_AT_A_TIME = 8  # for each lowest post
_MOST_ROUNDS = 200
_TINY, _SMALL, _LARGE = 300, 6_000, 20_000  # columns that are relaxed to the last digit always, at first, in the end
_STEPS = 1_000  # of a relaxation that is near enough
_ROUGHLY, _NEAR_ENOUGH = 1e-3, 1e-5  # shares of the value, to begin with and in the end
_STUCK = 4  # rounds in which the bound came no nearer
_KEPT_FOR_EACH = 12  # columns for each post, when they are too many
_MOST_FILL_ROUNDS = 3
_FREED_POSTS = 150  # that are chosen anew at a time, at first
_NEARBY, _FAR = 4.0, 0.01  # how much more than others lose on average an arc may, to join; and what joins nothing
_POLISH_S, _POLISH_NODES, _SOON_S = 4.0, 200, 0.5
_SURE = 0.8  # a column that is taken so far is taken
_QUICKLY = 5  # what share of what is still to be taken is, at a time, in the first dive
_DIVE_PARTS = (16, 12, 24, 20)  # and in others, each of which ends elsewhere
_DIVES_SHARE = 0.15  # of the time left, after which there is no other
_FORBIDDEN = 1e9  # the price of a post that is taken already
_FIRST_SHARE = 0.5  # of the time that is left, for an objective before the last
_LOOSE_SHARE = 0.4  # of the time, for what could be had if areas need not be helped alike
_POLISH_SHARE = 0.4  # of what is left, before a proof
_PRICES_SHARE = 0.6  # of an objective's time
_CLOSE = 0.005  # of the bound, between it and what is to be bettered: then nothing is guessed at
_WIDE = 0.01  # a gap that is told as "out of time" when the clock stopped it


def solve(problem: Problem, *, time_limit_s: float = 60.0, nodes: int = _NODES) -> Solution:
    """Rings and chains that share no post, of greatest value, with a bound on every selection.

    The posts fall apart into parts that no transfer joins. In each, prices of posts are found by column generation
    (Gilmore and Gomory 1961; for exchanges Abraham, Blum and Sandholm 2007, EC '07): a linear programme over some
    rings and chains, and for its prices better ones, until there are none. At those prices no ring or chain that
    loses more than the gap can be in a better selection: the others are listed, and an integer programme over them
    proves. Every later objective is treated so among the selections that keep the earlier values. Where areas are to
    be helped alike, what could be had without that is found first, and is the answer if it does that by itself.

    :param time_limit_s: after which what was found is told with its bound.
    :param nodes: of each search tree. A run that was not stopped by the clock repeats.

    Cost: each round a linear programme of as many rows as posts, and ``arcs * chain`` steps to find better chains.

    >>> from .records import Objective
    >>> needs, arcs = np.array([True, True, False]), (np.array([0, 1, 2]), np.array([1, 0, 0]))
    >>> solution = solve(Problem(("a", "b", "c"), needs, *arcs, (Objective("needs", np.ones(3)),)))
    >>> solution.selected, solution.status
    ((Selected(kind='ring', posts=(0, 1)),), 'best')
    """
    start = time.monotonic()
    if problem.areas is None:
        return _solve(problem, (), start, start + time_limit_s, nodes)
    loose = _solve(replace(problem, areas=None), (), start, start + _LOOSE_SHARE * time_limit_s, nodes)
    told = loose.value, loose.bound
    if all(share.keeps for share in shares_of(problem, loose.selected)):
        return replace(loose, loose=told)
    solution = _solve(problem, [*rows_of(problem)], start, start + time_limit_s, nodes)
    if problem.fixed:  # without the rule more of them may be there, and then less of the rest
        return replace(solution, loose=told)
    return _with_bound(replace(solution, loose=told), loose.bound)


def solve_beside(
    problem: Problem, within: Problem, held: Sequence[Selected], *, time_limit_s: float
) -> Solution | None:
    """The best selection of some of the problem's arcs that helps areas alike together with what is held, if any.

    :param within: the problem with those arcs alone, none of a post that is held.
    """
    start = time.monotonic()
    solution = _solve(within, [*rows_of(problem, held)], start, start + time_limit_s, _NODES)
    keeps = all(share.keeps for share in shares_of(problem, [*held, *solution.selected]))
    return solution if keeps else None


def _solve(problem: Problem, rows: Sequence[Row], start_s: float, ends_s: float, nodes: int) -> Solution:
    """:param rows: that every selection must have the least of; they make one part of all."""
    parts = [*_parts(_with_fixed(problem), rows)]
    size = sum(len(part.arcs.givers) for part in parts)
    values, bounds = np.zeros(len(problem.objectives)), np.zeros(len(problem.objectives))
    selected: list[Selected] = []
    left = size
    for part in sorted(parts, key=lambda part: len(part.arcs.givers)):
        # What is left of the time, by arcs: small parts, which come first, seldom need theirs.
        remaining_s = max(0.0, ends_s - time.monotonic())
        share = len(part.arcs.givers) / left
        left -= len(part.arcs.givers)
        best, found_values, found_bounds = _solve_part(part, time.monotonic() + remaining_s * share, nodes)
        values += found_values
        bounds += found_bounds
        selected += _told(part, best)
    bounds = np.maximum(bounds, values)
    selected.sort(key=lambda one: (one.kind != "ring", one.posts))
    told_values, told_bounds = tuple(values.tolist()), tuple(bounds.tolist())
    status = _status(told_values, told_bounds)
    return Solution(tuple(selected), told_values, told_bounds, status, time.monotonic() - start_s)


def _with_bound(solution: Solution, bound: float) -> Solution:
    """A bound on more selections is one on these too."""
    bounds = (max(solution.value, min(solution.bound, bound)), *solution.bounds[1:])
    return replace(solution, bounds=bounds, status=_status(solution.values, bounds))


def _status(values: Sequence[float], bounds: Sequence[float]) -> Status:
    return max((status_of(value, bound) for value, bound in zip(values, bounds, strict=True)), key=_STATUS.index)


_STATUS: tuple[Status, ...] = ("best", "good", "out-of-time")


def status_of(value: float, bound: float) -> Status:
    if bound - value <= _NEAR * max(1.0, abs(value)):
        return "best"
    return "good" if bound - value <= _WIDE * max(1.0, abs(value)) else "out-of-time"


@dataclass(frozen=True, slots=True)
class _Part:
    """Posts that transfers join, numbered by themselves; `posts` has their numbers in the problem. `fixed` is 1 where
    an arc is to be in the selection."""

    posts: Ints
    arcs: Arcs
    goals: tuple[Goal, ...]
    rows: "tuple[_Kept, ...]"
    fixed: Floats
    ring: int
    chain: int

    @property
    def width(self) -> int:
        return max(self.ring, self.chain + 1)


def _with_fixed(problem: Problem) -> Problem:
    """Without arcs that share a giver or a taker with a fixed one."""
    if not problem.fixed:
        return problem
    is_fixed = _is_fixed(problem)
    givers, takers = (np.array(ends) for ends in zip(*problem.fixed, strict=True))
    return problem.only(is_fixed | ~(np.isin(problem.givers, givers) | np.isin(problem.takers, takers)))


def _is_fixed(problem: Problem) -> Mask:
    posts = len(problem.ids)
    keys = [giver * posts + taker for giver, taker in problem.fixed]
    return np.isin(problem.givers * posts + problem.takers, keys)


def _parts(problem: Problem, rows: Sequence[Row]) -> Iterator[_Part]:
    """Without arcs that no ring and no chain can have. Rows are of all posts, and so join them."""
    givers, takers, posts = problem.givers, problem.takers, len(problem.ids)
    fixed, width = _is_fixed(problem).astype(np.float64), max(problem.ring, problem.chain + 1)
    useful = _in_rings(problem) | _in_chains(problem)
    order = np.flatnonzero(useful)
    order = order[np.lexsort((takers[order], givers[order]))]
    if not len(order):
        return
    graph = csr_array((np.ones(len(order)), (givers[order], takers[order])), shape=(posts, posts))
    _, label = connected_components(graph, directed=False)
    if rows:
        label = np.zeros(posts, dtype=np.int32)
    by_part = order[np.argsort(label[givers[order]], kind="stable")]
    cuts = np.flatnonzero(np.diff(label[givers[by_part]])) + 1
    for arcs in np.split(by_part, cuts):
        inside = np.unique(np.concatenate([givers[arcs], takers[arcs]]))
        own = Arcs.of(
            np.searchsorted(inside, givers[arcs]), np.searchsorted(inside, takers[arcs]), problem.needs[inside]
        )
        goals = tuple(Goal.of(one, arcs, width) for one in problem.objectives)
        nothing = np.zeros(width + 1)
        kept = tuple(_Kept(Goal(row.adds[takers[arcs]], nothing, nothing), row.least) for row in rows)
        yield _Part(inside, own, goals, kept, fixed[arcs], problem.ring, problem.chain)


def _in_rings(problem: Problem) -> Mask:
    posts = len(problem.ids)
    graph = csr_array((np.ones(len(problem.givers)), (problem.givers, problem.takers)), shape=(posts, posts))
    _, label = connected_components(graph, connection="strong")
    inside: Mask = (label[problem.givers] == label[problem.takers]) & (problem.ring > 0)
    return inside


def _in_chains(problem: Problem) -> Mask:
    """Arcs whose giver a chain can reach before its last transfer."""
    reached = ~problem.needs
    useful = np.zeros(len(problem.givers), dtype=bool)
    for _ in range(problem.chain):
        useful = reached[problem.givers]
        reached = reached.copy()
        reached[problem.takers[useful]] = True
    return useful


def _freed(near: "csr_array[np.float64]", best: Columns, at: int, most: int) -> Mask:
    """Posts of the ring or chain, and of those that most joins them and what joined them before, and posts of none."""
    whose = np.full(near.shape[0], -1)
    row, place = np.nonzero(best.posts >= 0)
    whose[best.posts[row, place]] = row
    free, joined = np.zeros(near.shape[0], dtype=bool), np.zeros(near.shape[0])
    posts = best.posts[at][best.posts[at] >= 0]
    count = 0
    while True:
        free[posts] = True
        count += len(posts)
        for post in posts.tolist():
            low, high = near.indptr[post], near.indptr[post + 1]
            joined[near.indices[low:high]] += near.data[low:high]
        joined[free] = 0.0
        nearest = int(np.argmax(joined))
        if count >= most or not joined[nearest]:
            return free
        posts = best.posts[whose[nearest]] if whose[nearest] >= 0 else np.array([nearest])
        posts = posts[posts >= 0]


def _places(numbers: Ints, count: int) -> npt.NDArray[np.int32]:
    """Where each of so many is among these numbers, -1 where it is not, and at the end for none."""
    places = np.full(count + 1, -1, dtype=np.int32)
    places[numbers] = np.arange(len(numbers), dtype=np.int32)
    return places


def _best_of_each(first: npt.NDArray[np.int32], above: Floats) -> npt.NDArray[np.intp]:
    """The rings of each lowest post that are worth most above their price, a few."""
    above_any = np.flatnonzero(above > _NEAR)
    order = above_any[np.lexsort((-above[above_any], first[above_any]))]
    begins = np.searchsorted(first[order], first[order])
    return np.sort(order[np.arange(len(order)) - begins < _RINGS_AT_A_TIME])


def _told(part: _Part, best: Columns) -> Iterator[Selected]:
    for posts, is_ring in zip(best.posts, best.is_ring.tolist(), strict=True):
        own = part.posts[posts[posts >= 0]].tolist()
        yield Selected("ring" if is_ring else "chain", tuple(own))


@dataclass(frozen=True, slots=True)
class _Kept:
    """What every selection must have the least of: an earlier objective, or a rule."""

    goal: Goal
    least: float


def _solve_part(part: _Part, ends_s: float, nodes: int) -> tuple[Columns, Floats, Floats]:
    """The selection, and each objective's value and bound. Later objectives have what time the earlier left.

    A fixed arc adds more to the first objective than all the rest can; what it added is taken off again.
    """
    listed = rings_of(part.arcs, part.ring, _MOST_RINGS)
    rings = Columns.of(part.arcs, listed, rings=True, width=part.width) if listed is not None else None
    best: Columns | None = None
    columns = Columns.none(part.width)
    kept = [*part.rows]
    bounds = []
    bonus = _more_than_all(part) * part.fixed
    for number, goal in enumerate([part.goals[0].plus_weights(bonus), *part.goals[1:]]):
        now = time.monotonic()
        stop_s = now + (ends_s - now) * (1.0 if number + 1 == len(part.goals) else _FIRST_SHARE)
        stage = _Stage.of(part, goal, tuple(kept), rings, stop_s, nodes)
        best, columns, bound = stage.run(columns, best)
        bounds.append(bound)
        kept.append(_Kept(goal, float(best.worth(goal).sum())))
    assert best is not None
    # What a later objective chose may have more of an earlier one, where that was not proven.
    values = np.array([float(best.worth(one.goal).sum()) for one in kept[len(part.rows) :]])
    nothing = np.zeros(part.width + 1)
    added = float(best.worth(Goal(bonus, nothing, nothing)).sum())
    off = np.array([added, *[0.0] * (len(bounds) - 1)])
    return best, values - off, np.array(bounds) - off


def _more_than_all(part: _Part) -> float:
    """A whole number above what any two selections can differ by in the first objective."""
    goal = part.goals[0]
    return float(math.floor(goal.most(part.arcs.takers) - goal.by_transfer[0] * part.arcs.posts) + 1)


@dataclass(frozen=True, slots=True)
class _Priced:
    """Prices at which a bound holds, and what rings and chains are worth there."""

    prices: Floats
    level_prices: Floats
    goal: Goal
    bound: float


@dataclass(frozen=True, slots=True)
class _Stage:
    """One objective in one part, among what keeps the earlier ones."""

    part: _Part
    goal: Goal
    kept: tuple[_Kept, ...]
    rings: Columns | None
    ring_worth: Floats  # of this objective alone
    ends_s: float
    nodes: int

    @classmethod
    def of(
        cls, part: _Part, goal: Goal, kept: tuple[_Kept, ...], rings: Columns | None, ends_s: float, nodes: int
    ) -> "_Stage":
        worth = np.zeros(0) if rings is None else rings.worth(goal)
        return cls(part, goal, kept, rings, worth, ends_s, nodes)

    def run(self, columns: Columns, start: Columns | None) -> tuple[Columns, Columns, float]:
        """The best found, all columns made, and a bound. ``start`` keeps the earlier values."""
        best = self._begin() if start is None else start
        columns = columns.with_new(best)
        columns, priced, relaxed = self._generate(columns)
        if priced is None:
            return best, columns, self._plain(self.goal.most(self.part.arcs.takers), best)
        if relaxed is not None:
            quick = columns[relaxed.taken > _SURE] if relaxed.is_whole else self._dive(columns, relaxed, _QUICKLY)
            best = self._better(best, self._keeping(quick, columns[relaxed.taken > _NEAR]))
            best, bound = self._close_soon(best, priced)
            if self._is_proven(best, bound):
                return best, columns, max(self._whole(bound), self._value(best))
        now = time.monotonic()
        for part in _DIVE_PARTS if relaxed is not None else ():
            assert relaxed is not None
            gap = self._whole(priced.bound) - self._value(best)
            is_late = time.monotonic() - now > _DIVES_SHARE * (self.ends_s - now)
            if is_late or self._list(priced, gap / 8, _FEW) is not None:
                break
            found = self._dive(columns, relaxed, part)
            best = self._better(best, self._keeping(found, columns[relaxed.taken > _NEAR]))
            if self._is_proven(best, priced.bound):
                break
        gap = self._whole(priced.bound) - self._value(best)
        if gap > _NEAR and self._list(priced, gap / 8, _FEW) is None:
            now = time.monotonic()
            ends_s = now + _POLISH_SHARE * (self.ends_s - now)  # more where nothing can be proven
            if self._list(priced, gap / 8, _MOST_LISTED) is None:
                ends_s = self.ends_s
            best = replace(self, ends_s=ends_s)._polish(columns, best, priced)
        best, bound = self._close(best, priced)
        return best, columns, self._plain(max(self._whole(bound), self._value(best)), best)

    def _begin(self) -> Columns:
        """Chains that grow together, then the best rings of the others; nothing where that breaks a rule."""
        arcs, part = self.part.arcs, self.part
        found = Columns.of(arcs, grown_chains(arcs, self.goal, part.chain), rings=False, width=part.width)
        if self.rings is not None:
            used = np.zeros(arcs.posts + 1, dtype=bool)
            used[found.posts[found.posts >= 0]] = True
            rings = self.rings.without(used)
            worth = rings.worth(self.goal)
            few = _best_of_each(rings.posts[:, 0], worth)
            taken = []
            for one in few[np.argsort(-worth[few], kind="stable")].tolist():
                posts = rings.posts[one]
                posts = posts[posts >= 0]
                if not used[posts].any():
                    used[posts] = True
                    taken.append(one)
            found = found.and_(rings[np.array(taken, dtype=np.intp)])
        return found if self._keeps(found) else Columns.none(part.width)

    def _plain(self, bound: float, best: Columns) -> float:
        """The bound, or that of helping and being helped once, where prices had no time to come near."""
        value = self._value(best)
        if bound - value <= _WIDE * max(1.0, abs(value)):
            return bound
        return max(value, min(bound, self._whole(most_of_each(self.part.arcs, self.goal))))

    def _late(self) -> bool:
        return time.monotonic() > self.ends_s

    def _value(self, columns: Columns) -> float:
        return float(columns.worth(self.goal).sum())

    def _is_proven(self, best: Columns, bound: float) -> bool:
        value = self._value(best)
        return self._whole(bound) - value <= _NEAR * max(1.0, abs(value))

    def _is_tight(self, bound: float, relaxed: float) -> bool:
        """No whole number lies between: better prices would bound no more."""
        return self.goal.is_whole and self._whole(bound) <= self._whole(relaxed)

    def _better(self, one: Columns, other: Columns) -> Columns:
        if not self._keeps(other):
            return one
        return other if not self._keeps(one) or self._value(other) > self._value(one) + _NEAR else one

    def _keeps(self, columns: Columns) -> bool:
        rows = len(self.part.rows)
        near = [_EXACT] * rows + [_NEAR] * (len(self.kept) - rows)
        return all(left <= most for left, most in zip(self._left(columns), near, strict=True))

    def _whole(self, bound: float) -> float:
        return math.floor(bound + _NEAR) if self.goal.is_whole else bound

    def _left(self, taken: Columns | None) -> list[float]:
        """What is still to be had of the earlier objectives beside what is taken."""
        if taken is None:
            return [one.least for one in self.kept]
        return [one.least - float(taken.worth(one.goal).sum()) for one in self.kept]

    def _ring_worth(self, mixed: Goal) -> Floats:
        """What all rings are worth with the earlier objectives at their prices."""
        if not self.kept:
            return self.ring_worth
        assert self.rings is not None
        return self.rings.worth(mixed)

    def _levels(self, columns: Columns, taken: Columns | None = None) -> list[Level]:
        worths = [columns.worth(one.goal) for one in self.kept]
        return [Level(worth, left) for worth, left in zip(worths, self._left(taken), strict=True)]

    # ------------------------------------------------------------ prices

    def _mixed(self, level_prices: Floats) -> Goal:
        """The objective with the earlier ones at their prices."""
        goal = self.goal
        for price, one in zip(level_prices, self.kept, strict=True):
            goal = goal.plus(price, one.goal)
        return goal

    def _generate(
        self, columns: Columns, near: _Priced | None = None
    ) -> tuple[Columns, _Priced | None, Relaxed | None]:
        """Columns until no ring or chain is worth more than its posts, or the clock.

        :param near: where to begin.
        """
        if self.rings is None:
            return columns, None, None
        arcs = self.part.arcs
        prices, level_prices = np.zeros(arcs.posts), np.zeros(len(self.kept))
        np.maximum.at(prices, arcs.takers, np.maximum(0.0, self.goal.weights) / 2)
        if near is not None:
            prices, level_prices = near.prices, near.level_prices
        now = time.monotonic()
        until_s = now + _PRICES_SHARE * (self.ends_s - now)  # the rest is for making a selection of them
        best: _Priced | None = None
        relaxed: Relaxed | None = None
        stuck, is_last, was_exact = 0, False, False
        for _ in range(_MOST_ROUNDS):
            priced, new = self._price(prices, level_prices)
            nearer = best is None or priced.bound < best.bound - _NEAR_ENOUGH * abs(best.bound)
            stuck = 0 if nearer else stuck + 1
            if best is None or priced.bound < best.bound:
                best = priced
            before, more = len(columns), columns.with_new(new)
            gap = 1.0 if relaxed is None else (best.bound - relaxed.value) / max(1.0, abs(relaxed.value))
            if gap <= _NEAR or time.monotonic() > until_s or not len(more):
                break
            if was_exact and relaxed is not None and self._is_tight(best.bound, relaxed.value):
                break
            is_exact = len(more) <= _SMALL or (is_last and len(more) <= _LARGE)
            if relaxed is not None and len(more) == before and is_exact:
                break
            if not is_exact and relaxed is not None and (len(more) == before or stuck > _STUCK or gap <= _NEAR_ENOUGH):
                if len(more) > _LARGE:
                    break
                is_exact = is_last = True
            apart = 0.0 if is_exact else min(max(gap / 8, _NEAR_ENOUGH / 4), _ROUGHLY)
            found = self._relax(more, relaxed, apart, until_s)
            if found is None:
                break
            was_exact = is_exact
            columns, relaxed = self._few(more, found)
            prices, level_prices = found.prices, found.level_prices
        return columns, *self._centred(columns, best, relaxed)

    def _centred(
        self, columns: Columns, best: _Priced | None, relaxed: Relaxed | None
    ) -> tuple[_Priced | None, Relaxed | None]:
        """Prices within the best face, where they bound as well as those of its corner."""
        if best is None or relaxed is None or relaxed.warm is None or relaxed.is_whole or self._late():
            return best, relaxed
        found = centre(columns, columns.worth(self.goal), self.part.arcs.posts, self._levels(columns))
        if found is None:
            return best, relaxed
        priced, _ = self._price(found.prices, found.level_prices)
        return (priced if priced.bound <= best.bound + _NEAR * abs(best.bound) else best), found

    def _relax(
        self, columns: Columns, start: Relaxed | None, near: float, ends_s: float, taken: Columns | None = None
    ) -> Relaxed | None:
        """The relaxation over these columns, beside what is taken; to the last digit where nothing is near enough."""
        worth, levels, posts = columns.worth(self.goal), self._levels(columns, taken), self.part.arcs.posts
        if not near:
            return relax(columns, worth, posts, levels, start)
        return relax_near(columns, worth, posts, levels, start, steps=_STEPS, near=near, ends_s=ends_s)

    def _few(self, columns: Columns, relaxed: Relaxed) -> tuple[Columns, Relaxed]:
        """Those that are taken or lose least, when they are too many."""
        most = max(_MADE, _KEPT_FOR_EACH * self.part.arcs.posts)
        if len(columns) <= most:
            return columns, relaxed
        loses = columns.prices(relaxed.prices) - columns.worth(self._mixed(relaxed.level_prices))
        loses[relaxed.taken > _NEAR] = -math.inf
        kept = np.sort(np.argpartition(loses, most // 2)[: most // 2])
        return columns[kept], replace(relaxed, taken=relaxed.taken[kept], warm=None)

    def _price(self, prices: Floats, level_prices: Floats, *, closely: bool = True) -> tuple[_Priced, Columns]:
        """What is worth more than its posts; and the bound: posts at their prices, and what each part of the
        selection can be worth above that. A ring is counted at its lowest post, a chain at its first.

        :param closely: look for true chains where only walks that come back are left.
        """
        assert self.rings is not None
        arcs, goal = self.part.arcs, self._mixed(level_prices)
        bound = float(prices.sum()) - sum(p * one.least for p, one in zip(level_prices, self.kept, strict=True))
        above = self._ring_worth(goal) - self.rings.prices(prices)
        is_above = above > _NEAR
        over = np.zeros(arcs.posts)
        np.maximum.at(over, self.rings.posts[is_above, 0], above[is_above])
        bound += float(over.sum())
        new = self.rings[_best_of_each(self.rings.posts[:, 0], above)]
        if self.part.chain and len(arcs.starts):
            tables = tables_of(arcs, goal.weights - prices[arcs.takers], prices, goal.of_chains(self.part.chain))
            walks = tables.done[0, arcs.starts] + tables.rest[0, arcs.starts]
            chains = Columns.of(arcs, chains_through(arcs, tables, _NEAR), rings=False, width=self.part.width)
            chains = chains[chains.worth(goal) - chains.prices(prices) > _NEAR]
            most = np.maximum(walks, 0.0)
            if closely and not len(chains) and most.any():
                # Only walks that come back are left, or nothing: all true chains above tell which.
                true = chains_above(arcs, tables, _NEAR, _FEW)
                if true is not None:
                    chains = Columns.of(arcs, true, rings=False, width=self.part.width)
                    worth = chains.worth(goal) - chains.prices(prices)
                    over = np.full(arcs.posts, _NEAR)
                    np.maximum.at(over, chains.posts[:, 0], worth)
                    most = np.minimum(most, over[arcs.starts])
            bound += float(most.sum())
            new = new.with_new(chains)
        return _Priced(prices, level_prices, goal, bound), new

    # ------------------------------------------------------------ a selection

    def _dive(self, columns: Columns, relaxed: Relaxed, part: int) -> Columns:
        """Take what the relaxation takes most, then make columns of the posts that are left, and so on."""
        arcs, goal, stage = self.part.arcs, self.goal, self
        best = Columns.none(self.part.width)
        used = np.zeros(arcs.posts + 1, dtype=bool)  # the last one stands for "no post"
        taken = relaxed.taken
        while len(columns):
            order = np.lexsort((np.arange(len(columns)), -np.round(taken, 6)))
            sure = int(np.count_nonzero(taken > _SURE))
            fixed = []
            for one in order[: max(sure, 1 + int(taken.sum()) // part)].tolist():
                posts = columns.posts[one]
                posts = posts[posts >= 0]
                if taken[one] > 0 and not used[posts].any():
                    used[posts] = True
                    fixed.append(one)
            if not fixed:
                break
            best = best.with_new(columns[np.array(fixed)])
            free = ~np.any(used[columns.posts], axis=1)
            columns, relaxed = columns[free], replace(relaxed, taken=relaxed.taken[free], warm=None)
            stage = stage._beside(used)
            columns, found = stage._fill(columns, relaxed, used[:-1], best)
            if found is None:
                taken = columns.worth(goal) / max(1.0, float(goal.weights.sum()))
                relaxed = replace(relaxed, taken=np.zeros(len(columns)), warm=None)
            else:
                relaxed, taken = found, found.taken
        return best

    def _beside(self, used: Mask) -> "_Stage":
        """The same with the rings that have no used post."""
        assert self.rings is not None
        free = ~np.any(used[self.rings.posts], axis=1)
        return replace(self, rings=self.rings[free], ring_worth=self.ring_worth[free])

    def _fill(self, columns: Columns, start: Relaxed, used: Mask, taken: Columns) -> tuple[Columns, Relaxed | None]:
        """A few rounds of new columns of the posts that are not used by what is taken, and the relaxation over them."""
        found: Relaxed | None = None
        latest = start
        for _ in range(_MOST_FILL_ROUNDS):
            _, new = self._price(np.where(used, _FORBIDDEN, latest.prices), latest.level_prices, closely=False)
            before = len(columns)
            more = columns.with_new(new)
            if self._late() or (found is not None and len(more) <= before * 1.01):
                break
            columns = more
            if not len(columns):
                break
            near = _ROUGHLY if len(columns) > _TINY else 0.0
            found = self._relax(columns, latest, near, self.ends_s, taken)
            if found is None:
                break
            latest = found
        return columns, found

    def _keeping(self, taken: Columns, others: Columns) -> Columns:
        """The best of these that keeps what must be kept, where the dive could not; nothing if none is found soon."""
        if not len(taken) or self._keeps(taken):
            return taken
        return self._pick_few(taken.with_new(others))

    def _pick_few(self, columns: Columns, best: Columns | None = None, priced: _Priced | None = None) -> Columns:
        """The best of these columns, if it is found soon.

        :param best: a selection of them to do better than; ``priced`` tells how near it may be."""
        worth, soon_s = columns.worth(self.goal), max(_SOON_S, (self.ends_s - time.monotonic()) / 4)
        levels, posts = self._levels(columns), self.part.arcs.posts
        start = None if best is None else self._start(columns, best)
        is_near = best is not None and priced is not None and self._is_near(best, priced)
        found, _ = pick(
            columns, worth, posts, levels, nodes=self.nodes, time_limit_s=soon_s, start=start, is_near=is_near
        )
        return Columns.none(self.part.width) if found is None else columns[found]

    def _polish(self, columns: Columns, best: Columns, priced: _Priced) -> Columns:
        """Free some rings and chains that lie near each other and choose anew there, from each in turn, those first
        that lose most at the prices; when no few can be chosen better, more at a time."""
        arcs = self.part.arcs
        near = self._nearness(priced, (priced.bound - self._value(best)) / max(1, len(best)))
        posts, tried, waiting = _FREED_POSTS, np.zeros(arcs.posts, dtype=bool), True  # by first post
        while waiting or 2 * posts < arcs.posts:
            if not waiting:
                posts, tried = 2 * posts, np.zeros(arcs.posts, dtype=bool)
            loses = best.prices(priced.prices) - best.worth(priced.goal)
            waiting = False
            for first in best.posts[np.argsort(-loses, kind="stable"), 0].tolist():
                at = np.flatnonzero(best.posts[:, 0] == first)
                if tried[first] or not len(at):
                    continue
                if self._late():
                    return best
                tried[first] = waiting = True
                free = _freed(near, best, int(at[0]), posts)
                better = self._anew(best, free, columns, priced)
                if better is not best:
                    best = better
                    tried[free] = False
        return best

    def _nearness(self, priced: _Priced, loss: float) -> "csr_array[np.float64]":
        """``[posts, posts]``: how near to the best at these prices a ring or chain can be that has the arc between."""
        assert self.rings is not None
        arcs, goal = self.part.arcs, priced.goal
        best = np.full(len(arcs.givers) + 1, -np.inf)
        if self.part.chain and len(arcs.starts):
            tables = tables_of(
                arcs, goal.weights - priced.prices[arcs.takers], priced.prices, goal.of_chains(self.part.chain)
            )
            for done in range(self.part.chain):
                through = tables.done[done, arcs.givers] + tables.worth + tables.rest[done + 1, arcs.takers]
                np.maximum(best[:-1], through, out=best[:-1])
        above = self._ring_worth(goal) - self.rings.prices(priced.prices)
        np.maximum.at(best, self.rings.arcs.ravel(), np.repeat(above, self.rings.arcs.shape[1]))
        joins = np.exp(np.minimum(best[:-1], 0.0) / max(_NEAR, _NEARBY * loss))
        some = np.flatnonzero(joins > _FAR)
        ends = arcs.givers[some], arcs.takers[some]
        near = csr_array((joins[some], ends), shape=(arcs.posts, arcs.posts))
        return csr_array(near + near.T)

    def _anew(self, best: Columns, free: Mask, columns: Columns, priced: _Priced) -> Columns:
        """The best, chosen anew among the posts that are free."""
        is_held = np.any(np.append(~free, False)[best.posts], axis=1)
        held, freed = best[is_held], best[~is_held]
        there, arcs = np.flatnonzero(free), self.part.arcs
        between = np.flatnonzero(free[arcs.givers] & free[arcs.takers])
        if not len(between):
            return best
        posts, moved = _places(there, arcs.posts), _places(between, len(arcs.givers))
        inside = columns.without(np.append(~free, False)).and_(freed)
        near = replace(priced, prices=priced.prices[there])
        stage = self._within(there, between, held)
        found = stage.settle(inside.moved(posts, moved), freed.moved(posts, moved), near)
        return self._better(best, held.and_(found.moved(np.append(there, -1), np.append(between, -1))))

    def _within(self, there: Ints, between: Ints, held: Columns) -> "_Stage":
        """The same among these posts and the arcs between them, beside what is held."""
        part, arcs = self.part, self.part.arcs
        posts = _places(there, arcs.posts)
        needs = ~np.isin(there, arcs.starts)
        givers, takers = (posts[ends[between]].astype(np.int64) for ends in (arcs.givers, arcs.takers))
        own = Arcs.of(givers, takers, needs)
        goal, kept = (
            self.goal.only(between),
            tuple(_Kept(one.goal.only(between), left) for one, left in zip(self.kept, self._left(held), strict=True)),
        )
        used = np.ones(arcs.posts + 1, dtype=bool)
        used[there] = used[-1] = False
        rings = self.rings
        if rings is not None:
            rings = rings.without(used).moved(posts, _places(between, len(arcs.givers)))
        ends_s = min(self.ends_s, time.monotonic() + _POLISH_S)
        smaller = replace(part, posts=there, arcs=own, goals=(goal,), fixed=part.fixed[between])
        return _Stage.of(smaller, goal, kept, rings, ends_s, _POLISH_NODES)

    def settle(self, columns: Columns, start: Columns, near: _Priced) -> Columns:
        """The best of a few posts, near known prices, of what loses least; ``start`` keeps what must be kept."""
        columns, priced, _ = self._generate(columns.with_new(start), near)
        if priced is None:
            return start
        width = self._whole(priced.bound) - self._value(start)
        listed = None
        while listed is None and width > _NEAR and not self._late():
            listed = self._list(priced, width, _FEW)
            width /= 2
        return start if listed is None else self._better(start, self._pick_few(listed.with_new(start), start, priced))

    # ------------------------------------------------------------ the proof

    def _close_soon(self, best: Columns, priced: _Priced) -> tuple[Columns, float]:
        """Choose among the few that lose least; a selection that has another loses more than each of them."""
        if self._is_proven(best, priced.bound):
            return best, priced.bound
        step = 1.0 if self.goal.is_whole else _NARROW * abs(priced.bound)
        spare = priced.bound - self._whole(priced.bound) + _NEAR
        width, listed = spare + step, self._list(priced, spare + step, 4 * _FEWEST)
        if listed is None:
            width, listed = spare, self._list(priced, spare, 4 * _FEWEST)
        if listed is None:
            return best, priced.bound
        if len(listed) > _FEWEST:
            loses = listed.prices(priced.prices) - listed.worth(priced.goal)
            order = np.argsort(loses, kind="stable")
            width, listed = min(width, float(loses[order[_FEWEST]])), listed[order[:_FEWEST]]
        listed = listed.with_new(best)
        worth, levels = listed.worth(self.goal), self._levels(listed)
        limit_s = (self.ends_s - time.monotonic()) * _SOON_SHARE
        posts = self.part.arcs.posts
        start, is_near = self._start(listed, best), self._is_near(best, priced)
        found, above = pick(
            listed, worth, posts, levels, nodes=_SOON_NODES, time_limit_s=limit_s, start=start, is_near=is_near
        )
        if found is not None:
            best = self._better(best, listed[found])
        return best, max(self._value(best), min(priced.bound, max(above, priced.bound - width)))

    def _close(self, best: Columns, priced: _Priced) -> tuple[Columns, float]:
        """List what a better selection could have, first the most promising, and let the integer programme choose."""
        value, bound = self._value(best), priced.bound
        step = 1.0 - 2 * _NEAR if self.goal.is_whole else 0.0
        full = max(_NEAR, bound - value - step)
        seen, too_wide, few = 0.0, math.inf, max(_FEW, _FEW_EACH * self.part.arcs.posts)
        width = full if self._list(priced, full, few) is not None else full / 8
        while self._whole(bound) - value > _NEAR * max(1.0, abs(value)) and not self._late():
            listed = self._list(priced, width, _MOST_LISTED)
            if listed is None:
                too_wide = width
                if seen and width < seen * 1.5:
                    break
                width = (seen + width) / 2 if seen else width / 3
                continue
            is_all, left_s = width >= full, self.ends_s - time.monotonic()
            listed = listed.with_new(best)
            found, above = pick(
                listed,
                listed.worth(self.goal),
                self.part.arcs.posts,
                self._levels(listed),
                nodes=self.nodes,
                time_limit_s=left_s if is_all else left_s / 2,
                start=self._start(listed, best),
                is_near=self._is_near(best, priced),
            )
            if found is not None:
                best = self._better(best, listed[found])
            value = self._value(best)
            # Whatever has a column that is not listed loses more than the width.
            bound = max(value, min(bound, max(above, -math.inf if is_all else priced.bound - width)))
            if is_all:
                break
            seen, full = width, max(_NEAR, priced.bound - value - step)
            is_few = self._list(priced, full, few) is not None
            width = full if is_few else min(full, 2 * seen, (seen + too_wide) / 2)
        return best, bound

    def _start(self, listed: Columns, best: Columns) -> Mask | None:
        """Where the best is in the list, for a search to begin from; it must keep what is to be kept."""
        return listed.has(best) if self._keeps(best) else None

    def _is_near(self, best: Columns, priced: _Priced) -> bool:
        return self._keeps(best) and priced.bound - self._value(best) <= _CLOSE * abs(priced.bound)

    def _list(self, priced: _Priced, width: float, most: int) -> Columns | None:
        """Every ring and chain that loses at most ``width`` at these prices, if they are not too many."""
        assert self.rings is not None
        arcs, prices, goal = self.part.arcs, priced.prices, priced.goal
        loses = self.rings.prices(prices) - self._ring_worth(goal)
        listed = self.rings[loses <= width]
        if self.part.chain and len(arcs.starts):
            tables = tables_of(arcs, goal.weights - prices[arcs.takers], prices, goal.of_chains(self.part.chain))
            chains = chains_above(arcs, tables, -width - _NEAR, most)
            if chains is None:
                return None
            listed = listed.and_(Columns.of(arcs, chains, rings=False, width=self.part.width))
        return listed if len(listed) <= most else None
