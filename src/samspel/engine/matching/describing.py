"""A selection in words that those who need and give can judge."""

from collections.abc import Iterator
from fractions import Fraction

from samspel.engine.records import Description

from .areas import shares_of
from .records import Objective, Problem, Solution

__all__ = ["describe"]


def describe(problem: Problem, solution: Solution) -> tuple[Description, ...]:
    """What the selection does, counted from it.

    Kinds and their numbers: `met` (needs, wanted: posts with a need) · `groups` (pairs, rings, chains, hands in the
    largest) · `fixed` (fixed, had), where something is · where areas are to be helped alike, `areas` (tolerance, and of
    those that are helped least and most: least, least_met, least_could, most, …) and `areas_cost` (low, high: of the
    first objective) · `value` (objective, value, bound), one for each objective: proven where they are the same. What
    is negative is lost by hands.

    >>> from samspel.engine.matching import Objective, solve
    >>> import numpy as np
    >>> needs, arcs = np.array([True, True]), (np.array([0, 1]), np.array([1, 0]))
    >>> problem = Problem(("driver", "salesman"), needs, *arcs, (Objective("needs met", np.ones(2)),))
    >>> [description.text for description in describe(problem, solve(problem))]
    ['2 of 2 needs are met.', '1 pair, 0 rings, 0 chains.', '2 needs met; no selection can meet more than 2.']
    """
    return tuple(_all(problem, solution))


def _all(problem: Problem, solution: Solution) -> Iterator[Description]:
    met, wanted = sum(one.needs_met for one in solution.selected), int(problem.needs.sum())
    yield Description("met", {"needs": met, "wanted": wanted}, f"{met} of {wanted} needs are met.")
    rings, chains = solution.of_kind("ring"), solution.of_kind("chain")
    pairs = sum(len(one.posts) == 2 for one in rings)
    hands = max((len(one.posts) for one in solution.selected), default=0)
    numbers = {"pairs": pairs, "rings": len(rings) - pairs, "chains": len(chains), "hands": hands}
    counted = ", ".join(
        f"{number} {name}{'' if number == 1 else 's'}"
        for name, number in (("pair", pairs), ("ring", len(rings) - pairs), ("chain", len(chains)))
    )
    yield Description("groups", numbers, f"{counted}.")
    if problem.fixed:
        had = len(solution.transfers.intersection(problem.fixed))
        fixed = {"fixed": len(problem.fixed), "had": had}
        yield Description("fixed", fixed, f"{had} of {len(problem.fixed)} fixed transfers are there.")
    yield from _areas(problem, solution)
    for at, (objective, value, bound) in enumerate(
        zip(problem.objectives, solution.values, solution.bounds, strict=True)
    ):
        told: dict[str, int | float | str] = {"objective": objective.name, "value": value, "bound": bound}
        yield Description("value", told, _value(objective, value, bound, among=" among those" if at else ""))


def _areas(problem: Problem, solution: Solution) -> Iterator[Description]:
    shares = shares_of(problem, solution.selected)
    if problem.areas is None or not shares:
        return
    tolerance = float(problem.areas.tolerance)
    least, most = (best(shares, key=lambda one: Fraction(one.met, one.could)) for best in (min, max))
    numbers: dict[str, int | float | str] = {"tolerance": tolerance}
    for name, one in (("least", least), ("most", most)):
        numbers |= {name: one.name, f"{name}_met": one.met, f"{name}_could": one.could}
    counted = " and ".join(f"{one.met} of {one.could} in {one.name}" for one in (least, most))
    rule = f"within {100 * tolerance:g} percentage points and one need of all areas together"
    kept = "are all" if all(one.keeps for one in shares) else "are not all"
    yield Description("areas", numbers, f"Of the needs that could be met, {counted} are; areas {kept} {rule}.")
    if solution.loose is None or problem.fixed:  # without the rule more of what is fixed may be there
        return
    low, high = max(0.0, solution.loose[0] - solution.bound), max(0.0, solution.loose[1] - solution.value)
    name = problem.objectives[0].name
    low, high = round(low, 6) + 0.0, round(high, 6) + 0.0
    cost = "nothing" if not high else f"{high:.10g} {name}" if low == high else f"{low:.10g} to {high:.10g} {name}"
    yield Description("areas_cost", {"low": low, "high": high}, f"That areas are helped alike costs {cost}.")


def _value(objective: Objective, value: float, bound: float, *, among: str) -> str:
    value, bound = round(value, 6) + 0.0, round(bound, 6) + 0.0
    if objective.per_hand and value <= 0 and not objective.weights.any():
        return f"{-value:.10g} {objective.name}; no selection{among} can do with fewer than {-bound + 0.0:.10g}."
    verb = "meet" if objective.name == "needs met" else "have"
    return f"{value:.10g} {objective.name}; no selection{among} can {verb} more than {bound:.10g}."
