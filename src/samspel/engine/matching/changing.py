"""A selection changed by hand, or mended after a no: chosen anew near what was touched, everything else as it was."""

import math
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from .areas import shares_of
from .columns import Goal
from .records import Objective, Pair, Problem, Selected, Solution
from .solving import solve, solve_beside, status_of

__all__ = ["Change", "Changed", "apply", "change", "mend"]

Mask = npt.NDArray[np.bool_]
_GROUPS = 24  # rings and chains that a change by hand may take apart
_LOOSE = 80  # posts in no ring or chain that may come in


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants otherwise; each is added to what was wanted before.

    :param fix: transfers that are to be in the selection.
    :param forbid: transfers that are not to be.
    :param gone: posts that are withdrawn, or whose people said no.
    """

    fix: tuple[Pair, ...] = ()
    forbid: tuple[Pair, ...] = ()
    gone: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Changed:
    """The problem and its selection as they are now, and which transfers stayed, went and came."""

    problem: Problem
    solution: Solution
    kept: frozenset[Pair]
    lost: frozenset[Pair]
    new: frozenset[Pair]

    @property
    def asked_anew(self) -> tuple[int, ...]:
        """Posts that help or are helped otherwise than before."""
        return tuple(sorted({post for pair in self.new for post in pair}))

    @property
    def keeps_areas(self) -> bool:
        """Areas are helped as alike as the problem asks; a change near by cannot always make it so."""
        return _keeps_areas(self.problem, self.solution.selected)


def apply(problem: Problem, change: Change) -> Problem:
    """The problem as it is wanted now. Who is gone has no need any more.

    :raises ValueError: something is to be fixed that is forbidden, gone, no arc, or shares its giver or its taker.
    """
    forbidden = set(change.forbid)
    for pair in change.fix:
        if pair in forbidden or change.gone.intersection(pair):
            raise ValueError(f"fix must not have what is forbidden or gone, got {pair[0]} to {pair[1]}")
    posts = len(problem.ids)
    gone = np.zeros(posts, dtype=bool)
    gone[sorted(change.gone)] = True
    keys = [giver * posts + taker for giver, taker in change.forbid]
    left = problem.only(~(np.isin(problem.keys, keys) | gone[problem.givers] | gone[problem.takers]))
    fixed = tuple(dict.fromkeys((*left.fixed, *change.fix)))
    return replace(left, needs=problem.needs & ~gone, fixed=fixed)


def change(problem: Problem, solution: Solution, wanted: Change, *, time_limit_s: float = 0.4) -> Changed:
    """The selection after a change by hand, at once: rings and chains near what is touched are chosen anew.

    What was proven of the first objective is a bound still; of a later one where the earlier are as good as before.

    Cost: that of a solution of about a hundred posts, whatever the size of the problem, and passes over its arcs.
    """
    start = time.monotonic()
    now = apply(problem, wanted)
    whole, touched = _split(now, solution)
    near = _nearness(now, touched)
    by_nearness = sorted(whole, key=lambda one: (-sum(near[post] for post in one.posts), one.posts))
    freed = [one for one in by_nearness[:_GROUPS] if near[list(one.posts)].any()]
    taken_apart = frozenset(freed)
    held = [one for one in whole if one not in taken_apart]
    free = _free(now, touched, freed, held, near)
    anew = [*held, *_beside(now, _within(now, free), held, time_limit_s)]
    best = max((anew, whole), key=lambda some: (_keeps_areas(now, some), _fixed_in(now, some), _values(now, some)))
    return _changed(problem, solution, now, best, start)


def mend(
    problem: Problem,
    solution: Solution,
    wanted: Change,
    *,
    left: Collection[int] = (),
    broken: Collection[Pair] = (),
    time_limit_s: float = 0.4,
) -> Changed:
    """The selection after a no, with the least change: rings and chains that can stay do.

    Of those that cannot, as many transfers as possible are kept; then the objectives choose, also among posts that
    are in no ring or chain. Nobody else is asked anything new.

    :param left: posts of a ring or chain that has lost one which is in the problem no more.
    :param broken: its transfers between those, which are kept if they can.
    """
    start = time.monotonic()
    now = apply(problem, wanted)
    whole, touched = _split(now, solution)
    touched[np.array(left, dtype=np.int64)] = True
    free = _free(now, touched, [], whole, _nearness(now, touched))
    within = _within(now, free)
    before = {*solution.transfers, *broken}
    pairs = zip(within.givers.tolist(), within.takers.tolist(), strict=True)
    stays = Objective("transfers kept", np.array([float(pair in before) for pair in pairs]))
    mended = _beside(now, replace(within, objectives=(stays, *within.objectives)), whole, time_limit_s)
    return _changed(problem, solution, now, [*whole, *mended], start)


def _split(now: Problem, solution: Solution) -> tuple[list[Selected], Mask]:
    """The rings and chains that can be as they were, and the posts of the others and of what is fixed."""
    of_before = list(solution.transfers)
    arcs = set(compress(of_before, now.has(of_before)))
    fixed = {post: pair for pair in now.fixed for post in pair}
    whole: list[Selected] = []
    touched = np.zeros(len(now.ids), dtype=bool)
    touched[list(fixed)] = True
    for one in solution.selected:
        pairs = set(one.transfers)
        if pairs <= arcs and all(fixed[post] in pairs for post in fixed.keys() & set(one.posts)):
            whole.append(one)
            touched[list(one.posts)] = False
        else:
            touched[list(one.posts)] = True
    return whole, touched


def _nearness(now: Problem, touched: Mask) -> npt.NDArray[np.float64]:
    """How many arcs, and how many ways of two, join each post to the touched ones."""
    posts = len(now.ids)
    graph = csr_array((np.ones(len(now.givers)), (now.givers, now.takers)), shape=(posts, posts))
    begun = touched.astype(np.float64)
    once = graph @ begun + graph.T @ begun
    twice = graph @ once + graph.T @ once
    near: npt.NDArray[np.float64] = once + twice / (1.0 + twice.max(initial=0.0))
    return near


def _free(
    now: Problem, touched: Mask, freed: Sequence[Selected], held: Sequence[Selected], near: npt.NDArray[np.float64]
) -> Mask:
    """Touched posts, those of freed rings and chains, and the nearest that are in none."""
    taken = np.zeros(len(now.ids), dtype=bool)
    for one in (*freed, *held):
        taken[list(one.posts)] = True
    free = touched.copy()
    for one in freed:
        free[list(one.posts)] = True
    loose = np.flatnonzero(~taken & ~touched & (near > 0))
    free[loose[np.lexsort((loose, -near[loose]))[:_LOOSE]]] = True
    return free


def _within(now: Problem, free: Mask) -> Problem:
    return now.only(free[now.givers] & free[now.takers])


def _beside(now: Problem, within: Problem, held: Sequence[Selected], time_limit_s: float) -> tuple[Selected, ...]:
    """The best selection beside what is held; areas are helped alike where that can be."""
    if now.areas is not None:
        found = solve_beside(now, within, held, time_limit_s=time_limit_s)
        if found is not None:
            return found.selected
    return solve(replace(within, areas=None), time_limit_s=time_limit_s).selected


def _keeps_areas(now: Problem, selected: Sequence[Selected]) -> bool:
    return all(share.keeps for share in shares_of(now, selected))


def _fixed_in(now: Problem, selected: Iterable[Selected]) -> int:
    return len(set(now.fixed).intersection(pair for one in selected for pair in one.transfers))


def _values(now: Problem, selected: Sequence[Selected]) -> tuple[float, ...]:
    posts, keys = len(now.ids), now.keys
    order = np.argsort(keys)
    wanted = np.array([giver * posts + taker for one in selected for giver, taker in one.transfers], dtype=np.int64)
    at = order[np.searchsorted(keys[order], wanted)]
    return tuple(
        float(goal.weights[at].sum()) + sum(goal.of_size(one.kind, one.needs_met) for one in selected)
        for goal in now.objectives
    )


def _proven(solution: Solution) -> tuple[float, ...]:
    """Bounds that hold of selections of fewer arcs. How alike areas are helped is counted by what could be met, so
    with fewer arcs that rule may allow what it did not."""
    if solution.loose is None:
        return solution.bounds
    return solution.loose[1], *[math.inf] * (len(solution.bounds) - 1)


def _changed(problem: Problem, solution: Solution, now: Problem, selected: Sequence[Selected], start: float) -> Changed:
    selected = sorted(selected, key=lambda one: (one.kind != "ring", one.posts))
    values = _values(now, selected)
    bounds = []
    # What was proven of all selections that have what was fixed is true of those that have that and more.
    had, has = set(problem.fixed), set(now.fixed)
    stands = had <= has and had <= solution.transfers and has <= {pair for one in selected for pair in one.transfers}
    for objective, value, before, bound in zip(now.objectives, values, solution.values, _proven(solution), strict=True):
        plain = Goal.of(objective, np.arange(len(now.givers)), max(now.ring, now.chain + 1)).most(now.takers)
        bounds.append(max(value, min(bound, plain) if stands else plain))
        stands = stands and value >= before
    statuses = [status_of(value, bound) for value, bound in zip(values, bounds, strict=True)]
    status = max(statuses, key=("best", "good", "out-of-time").index)
    loose = None if now.areas is None else (values[0], bounds[0])
    after = Solution(tuple(selected), values, tuple(bounds), status, time.monotonic() - start, loose)
    were, are = solution.transfers, after.transfers
    return Changed(now, after, were & are, were - are, are - were)
