"""The rules of a selection, written apart from what finds it."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from .records import Objective, Problem, Selected, Solution

__all__ = ["check"]


def check(problem: Problem, solution: Solution) -> list[str]:
    """What is wrong with a solution, in words; nothing when every rule holds and every value is right.

    It does not prove a bound; it says when one cannot be.
    """
    place = {pair: at for at, pair in enumerate(zip(problem.givers.tolist(), problem.takers.tolist(), strict=True))}
    wrong = []
    for one in solution.selected:
        wrong += _check_one(problem, one, place)
    for post, times in Counter(post for one in solution.selected for post in one.posts).items():
        if times > 1:
            wrong.append(f"{_name(problem, post)} is in {times} places")
    wrong += _check_fixed(problem, solution)
    wrong += _check_areas(problem, solution)
    if not len(solution.values) == len(solution.bounds) == len(problem.objectives):
        wrong.append(f"values and bounds must be {len(problem.objectives)}, one for each objective")
        return wrong
    for objective, value, bound in zip(problem.objectives, solution.values, solution.bounds, strict=True):
        counted = sum(_worth(objective, one, place) for one in solution.selected)
        near = 1e-6 * max(1.0, abs(counted))
        if abs(counted - value) > near:
            wrong.append(f"{objective.name} is {counted:g}, not {value:g}")
        if bound < counted - near:
            wrong.append(f"{objective.name} is {counted:g}, above its bound {bound:g}")
        if solution.status == "best" and bound > value + near:
            wrong.append(f"{objective.name} is told best, and its bound is {bound - value:g} higher")
    return wrong


def _check_one(problem: Problem, one: Selected, place: dict[tuple[int, int], int]) -> list[str]:
    outside = [post for post in one.posts if not 0 <= post < len(problem.ids)]
    if outside:
        return [f"there is no post {post}" for post in outside]
    wrong = []
    limit = problem.ring if one.kind == "ring" else problem.chain
    named = f"the {one.kind} from {_name(problem, one.posts[0])}" if one.posts else f"a {one.kind}"
    if one.needs_met > limit:
        wrong.append(f"{named} meets {one.needs_met} needs, at most {limit} may be")
    if len(one.posts) < 2:
        wrong.append(f"{named} has fewer than two posts")
        return wrong
    if one.kind == "chain" and problem.needs[one.posts[0]]:
        wrong.append(f"{named} begins where there is a need")
    for giver, taker in one.transfers:
        if (giver, taker) not in place:
            wrong.append(f"{_name(problem, giver)} cannot help {_name(problem, taker)}")
    return wrong


def _check_fixed(problem: Problem, solution: Solution) -> Iterator[str]:
    """A fixed transfer that is missing may be one that cannot be; that its people do something else never is."""
    helps = {giver: taker for one in solution.selected for giver, taker in one.transfers}
    helped = {taker: giver for giver, taker in helps.items()}
    for giver, taker in problem.fixed:
        if helps.get(giver, taker) != taker or helped.get(taker, giver) != giver:
            yield f"{_name(problem, giver)} is to help {_name(problem, taker)}, and they are with others"


def _check_areas(problem: Problem, solution: Solution) -> Iterator[str]:
    if problem.areas is None:
        return
    area = problem.areas.of.tolist()
    could = Counter(area[taker] for taker in set(problem.takers.tolist()) if area[taker] >= 0)
    takers = [taker for one in solution.selected for _, taker in one.transfers if taker < len(area)]
    met = Counter(area[taker] for taker in takers if area[taker] >= 0)
    for number, wanted in sorted(could.items()):
        fair = Fraction(met.total(), could.total())
        if abs(met[number] - fair * wanted) > problem.areas.tolerance * wanted + 1:
            share = f"{met[number]} of {wanted} needs, where {met.total()} of {could.total()} are met in all"
            yield f"{problem.areas.names[number]} has {share}: more apart than {float(problem.areas.tolerance):.0%}"


def _worth(objective: Objective, one: Selected, place: dict[tuple[int, int], int]) -> float:
    weights = sum(float(objective.weights[place[pair]]) for pair in one.transfers if pair in place)
    hands = len(one.posts)
    weights -= objective.per_hand * one.needs_met * hands
    if objective.chance is None:
        return weights
    if one.kind == "ring":
        return weights + one.needs_met * objective.chance**hands
    # The needs of a chain are met one after the other, each when all before it said yes.
    return weights + sum(objective.chance**asked for asked in range(2, hands + 1))


def _name(problem: Problem, post: int) -> str:
    return problem.ids[post]
