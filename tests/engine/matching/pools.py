"""Small pools, and the best selection in them by trying every one."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product, takewhile

import numpy as np
from hypothesis import strategies as st

from samspel.engine.matching import Areas, Objective, Problem, Selected


def make_pool(
    needs: list[bool],
    arcs: dict[tuple[int, int], list[int]],
    *,
    ring: int = 4,
    chain: int = 6,
    per_hand: tuple[float, ...] = (0.0,),
    chances: tuple[float | None, ...] = (None, None),
    fixed: tuple[tuple[int, int], ...] = (),
) -> Problem:
    """Arcs with a weight for each objective."""
    objectives = tuple(
        Objective(f"goal {number}", np.array([weights[number] for weights in arcs.values()], dtype=float), hand, chance)
        for number, (hand, chance) in enumerate(zip(per_hand, chances, strict=False))
    )
    givers, takers = (np.array([pair[end] for pair in arcs], dtype=np.int64) for end in (0, 1))
    return Problem(
        tuple(f"p{post}" for post in range(len(needs))), np.array(needs), givers, takers, objectives, ring, chain, fixed
    )


@st.composite
def pools(draw: st.DrawFn, *, posts: int = 7, objectives: int = 1, fix: int = 0) -> Problem:
    needs = draw(st.lists(st.booleans() | st.just(True), min_size=2, max_size=posts))
    pairs = [(one, other) for one in range(len(needs)) for other in range(len(needs)) if one != other and needs[other]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=18)) if pairs else []
    most = draw(st.sampled_from([1, 3, 100]))
    arcs = {pair: [draw(st.integers(0, most)) for _ in range(objectives)] for pair in chosen}
    hands = tuple(draw(st.sampled_from([0.0, 0.0, 1.0])) for _ in range(objectives))
    chances = tuple(draw(st.sampled_from([None, None, 0.5])) for _ in range(objectives))
    ring, chain = draw(st.sampled_from([0, 2, 3, 4])), draw(st.integers(0, 6))
    fixed = tuple(draw(st.lists(st.sampled_from(chosen), unique=True, max_size=fix))) if chosen and fix else ()
    if len({giver for giver, _ in fixed}) < len(fixed) or len({taker for _, taker in fixed}) < len(fixed):
        fixed = ()
    return make_pool(needs, arcs, ring=ring, chain=chain, per_hand=hands, chances=chances, fixed=fixed)


@st.composite
def pools_of_areas(draw: st.DrawFn) -> Problem:
    problem = draw(pools(posts=7, objectives=2, fix=1))
    of = np.array(draw(st.lists(st.integers(-1, 2), min_size=len(problem.ids), max_size=len(problem.ids))))
    tolerance = draw(st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(1, 4), Fraction(1)]))
    return replace(problem, areas=Areas(("North", "South", "West"), of, tolerance))


def every_one(problem: Problem) -> list[tuple[Selected, tuple[float, ...]]]:
    """Every ring and chain, with what it is worth to each objective."""
    place = {pair: at for at, pair in enumerate(zip(problem.givers.tolist(), problem.takers.tolist(), strict=True))}
    posts = range(len(problem.ids))
    found = []
    for size in range(2, max(problem.ring, problem.chain + 1) + 1):
        for order in permutations(posts, size):
            for one in (Selected("ring", order), Selected("chain", order)):
                if one.needs_met > (problem.ring if one.kind == "ring" else problem.chain):
                    continue
                if one.kind == "ring" and order[0] != min(order):
                    continue
                if one.kind == "chain" and problem.needs[order[0]]:
                    continue
                if all(pair in place for pair in one.transfers):
                    worth = tuple(
                        sum(goal.weights[place[pair]] for pair in one.transfers)
                        - goal.per_hand * one.needs_met * size
                        + (0.0 if goal.chance is None else _expected(one, goal.chance))
                        for goal in problem.objectives
                    )
                    found.append((one, worth))
    return found


def _expected(one: Selected, chance: float) -> float:
    """Every way in which its people can answer."""
    total = 0.0
    for answers in product((True, False), repeat=len(one.posts)):
        likely = np.prod([chance if yes else 1 - chance for yes in answers])
        willing = len([*takewhile(bool, answers)])
        met = (willing == len(answers)) * willing if one.kind == "ring" else max(0, willing - 1)
        total += float(likely) * met
    return total


def best_values(problem: Problem) -> tuple[float, ...]:
    """Of the best selection that keeps the rule of areas: as many fixed arcs as can be, then the first objective before
    the second."""
    fixed = set(problem.fixed)
    allowed = [
        (one, (float(len(fixed.intersection(one.transfers))), *worth))
        for one, worth in every_one(problem)
        if all(pair in fixed or not _shares(pair, fixed) for pair in one.transfers)
    ]
    selections = _selections(allowed, [], (0.0,) * (1 + len(problem.objectives)))
    return max(values for selected, values in selections if helps_alike(problem, selected))[1:]


def helps_alike(problem: Problem, selected: list[Selected]) -> bool:
    if problem.areas is None:
        return True
    area = problem.areas.of.tolist()
    could = [area[taker] for taker in set(problem.takers.tolist()) if area[taker] >= 0]
    met = [area[taker] for one in selected for _, taker in one.transfers if area[taker] >= 0]
    return all(
        abs(Fraction(met.count(one), could.count(one)) - Fraction(len(met), len(could)))
        <= problem.areas.tolerance + Fraction(1, could.count(one))
        for one in set(could)
    )


def _shares(pair: tuple[int, int], fixed: set[tuple[int, int]]) -> bool:
    return any(pair[0] == giver or pair[1] == taker for giver, taker in fixed)


def _selections(
    columns: list[tuple[Selected, tuple[float, ...]]], chosen: list[Selected], values: tuple[float, ...]
) -> Iterator[tuple[list[Selected], tuple[float, ...]]]:
    yield chosen, values
    used = {post for one in chosen for post in one.posts}
    for at, (one, worth) in enumerate(columns):
        if not used.intersection(one.posts):
            more = tuple(value + new for value, new in zip(values, worth, strict=True))
            yield from _selections(columns[at + 1 :], [*chosen, one], more)
