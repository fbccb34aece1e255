"""A pool of people out of posts: who could help whom, and what is wanted of a selection, by name."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from samspel.engine import candidates
from samspel.engine.candidates import Candidates

from .records import Areas, Objective, Pair, Problem

__all__ = ["GOALS", "Goal", "Pool", "pool_of"]

Goal = Literal["needs", "wait", "hands", "fit", "survive"]
GOALS: tuple[Goal, ...] = get_args(Goal)


@dataclass(frozen=True, slots=True)
class Pool:
    """People and who could help whom.

    :param owner: ``[posts]``, whose each post is.
    :param keys: ``[arcs]``, of the arcs as the problem was made, ascending.
    :param pairs: ``[arcs]``, the number of the candidates behind each.
    """

    problem: Problem
    owner: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int64]

    def pair_of(self, transfer: Pair) -> int:
        """The number of the candidates that a transfer stands for."""
        return int(self.pairs_of([transfer])[0])

    def pairs_of(self, transfers: Collection[Pair]) -> npt.NDArray[np.int64]:
        """``[transfers]``, the number of the candidates that each stands for; all of them are arcs."""
        ends = np.array(list(transfers), dtype=np.int64).reshape(-1, 2)
        found: npt.NDArray[np.int64] = self.pairs[
            np.searchsorted(self.keys, ends[:, 0] * len(self.problem.ids) + ends[:, 1])
        ]
        return found


def pool_of(
    posts: candidates.Problem,
    found: Candidates,
    *,
    goals: Sequence[Goal] = ("needs", "wait", "hands", "fit"),
    at: int = 0,
    chance: float = 0.8,
    ring: int = 4,
    chain: int = 6,
    areas: Fraction | None = None,
) -> Pool:
    """A post for each person, whose offers and needs are all theirs: nobody is in two places of one selection.

    Of two people's pairs of posts, the arc is the best. Whoever only has offers wants nothing back, and can begin a
    chain. Posts that say no person are somebody's each.

    :param goals: in order: `needs` met, days that they have waited (`wait`), people that they rest on (`hands`),
        how well offers fit (`fit`), and needs met when each says yes with a `chance` (`survive`).
    :param at: the day from which waiting is counted.
    :param areas: how far from all areas together each may be in the share of needs that are met. A person's need is
        where the first that says an area is.
    """
    number: dict[tuple[bool, str], int] = {}
    owner = np.array(
        [number.setdefault((not post.person, post.person or post.id), len(number)) for post in posts.posts],
        dtype=np.int64,
    )
    needs = np.zeros(len(number), dtype=bool)
    needs[owner[np.array([post.kind == "need" for post in posts.posts], dtype=bool)]] = True
    givers, takers = owner[found.offers], owner[found.needs]
    order = np.lexsort((np.arange(len(found)), -found.scores, takers, givers))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(givers[order]) != 0) | (np.diff(takers[order]) != 0)
    best = order[new]
    waited = np.array([max(0, at - post.since) if post.since is not None else 0 for post in posts.posts])
    objectives = tuple(_objective(goal, found, best, waited, chance) for goal in goals)
    problem = Problem(_names(number), needs, givers[best], takers[best], objectives, ring, chain)
    if areas is not None:
        problem = replace(problem, areas=_areas(posts, owner, len(number), areas))
    return Pool(problem, owner, problem.keys, best)


def _names(number: Mapping[tuple[bool, str], int]) -> tuple[str, ...]:
    """People's names; the ids of posts that say none, marked where a person has the same name."""
    return tuple(f"post {name}" if alone and (False, name) in number else name for alone, name in number)


def _areas(posts: candidates.Problem, owner: npt.NDArray[np.int64], people: int, tolerance: Fraction) -> Areas:
    names = sorted({post.area for post in posts.posts if post.kind == "need" and post.area})
    place = {name: at for at, name in enumerate(names)}
    of = np.full(people, -1, dtype=np.int64)
    for post, whose in zip(posts.posts, owner.tolist(), strict=True):
        if post.kind == "need" and post.area and of[whose] < 0:
            of[whose] = place[post.area]
    return Areas(tuple(names), of, tolerance)


def _objective(
    goal: Goal, found: Candidates, best: npt.NDArray[np.int64], waited: npt.NDArray[np.int64], chance: float
) -> Objective:
    nothing = np.zeros(len(best))
    match goal:
        case "needs":
            return Objective("needs met", nothing + 1)
        case "wait":
            return Objective("days waited", waited[found.needs[best]].astype(np.float64))
        case "hands":
            return Objective("hands over all needs", nothing, per_hand=1.0)
        case "fit":
            return Objective("points of fit", found.scores[best].astype(np.float64))
        case "survive":
            return Objective(f"needs met on average when {chance:.0%} say yes", nothing, chance=chance)
