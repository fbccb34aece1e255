"""A selection in words that those who need and give can judge."""

from collections.abc import Iterator

from samspel.engine.records import Description

from .records import Problem, Solution

__all__ = ["describe"]


def describe(problem: Problem, solution: Solution) -> tuple[Description, ...]:
    """What the selection does, counted from it.

    Kinds and their numbers: `met` (needs, posts with a need) · `groups` (pairs, rings, chains, hands in the largest) ·
    `value` (objective, value, bound), one for each objective: proven where they are the same.

    >>> from samspel.engine.matching import Objective, solve
    >>> import numpy as np
    >>> needs, arcs = np.array([True, True]), (np.array([0, 1]), np.array([1, 0]))
    >>> problem = Problem(("driver", "salesman"), needs, *arcs, (Objective("needs met", np.ones(2)),))
    >>> [description.text for description in describe(problem, solve(problem))]
    ['2 of 2 needs are met.', '1 pairs, 0 rings, 0 chains.', 'Needs met: 2; no selection can have more.']
    """
    return tuple(_all(problem, solution))


def _all(problem: Problem, solution: Solution) -> Iterator[Description]:
    met, wanted = sum(one.needs_met for one in solution.selected), int(problem.needs.sum())
    yield Description("met", {"needs": met, "wanted": wanted}, f"{met} of {wanted} needs are met.")
    rings, chains = solution.of_kind("ring"), solution.of_kind("chain")
    pairs = sum(len(one.posts) == 2 for one in rings)
    hands = max((len(one.posts) for one in solution.selected), default=0)
    numbers = {"pairs": pairs, "rings": len(rings) - pairs, "chains": len(chains), "hands": hands}
    yield Description("groups", numbers, f"{pairs} pairs, {len(rings) - pairs} rings, {len(chains)} chains.")
    for at, (objective, value, bound) in enumerate(
        zip(problem.objectives, solution.values, solution.bounds, strict=True)
    ):
        name = objective.name[:1].upper() + objective.name[1:]
        among = " among those" if at else ""
        best = (
            f"no selection{among} can have more"
            if bound <= value + 1e-6
            else f"no selection{among} can have more than {bound:g}"
        )
        told: dict[str, int | float | str] = {"objective": objective.name, "value": value, "bound": bound}
        yield Description("value", told, f"{name}: {value:g}; {best}.")
