"""Is it right? Written from the definitions, apart from the solver: no arrays, no merging by the solver's code."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from .records import Certificate, Problem, Solution
from .recounting import People, recount

__all__ = ["check"]

# Rules that promise EJR+; the others only tell whether it holds.
PROMISING = ("equal-shares", "pav")


def check(problem: Problem, solution: Solution) -> list[str]:
    """The rules that the solution breaks, in words; empty when it is right.

    Counts again by the rule in fractions, with every option that could have been chosen instead, and counts coverage,
    marks, tables and EJR+ from the ballots. Committees of "pav" and "cc" are compared with every other one when these
    are few, else with those that differ in one option.
    """
    people: People = Counter()
    for ballot in problem.ballots:
        people[tuple(sorted(ballot.dots().items()))] += ballot.voters
    return [
        *_check_winners(problem, solution, people),
        *recount(problem, solution, people),
        *_check_counts(problem, solution, people),
        *_check_certificate(problem, solution, people),
    ]


def _check_winners(problem: Problem, solution: Solution, people: People) -> Iterator[str]:
    marked = {mark for marks in people for mark, _ in marks}
    expected = min(problem.places, len(marked))
    if problem.budget is None and len(solution.winners) != expected:
        yield f"winners must be {expected}, got {len(solution.winners)}"
    if len(set(solution.winners)) != len(solution.winners):
        yield "winners must differ, got one twice"
    if not marked.issuperset(solution.winners):
        yield "winners must be marked by somebody, got one that nobody marked"
    spent = sum(
        cost for option, cost in zip(problem.options, problem.costs, strict=False) if option in solution.winners
    )
    if problem.budget is not None and spent > problem.budget:
        yield f"winners must not cost more than {problem.budget}, got {spent}"
    if tuple(purchase.option for purchase in solution.purchases) != solution.winners:
        yield "purchases must be of the winners in order, got others"
    if solution.tie_rule == "first" and solution.lot:
        yield "lot must be empty when ties go to the option named first"
    if solution.tie_rule == "lot" and sorted(solution.lot) != sorted(problem.options):
        yield "lot must hold every option once"


def _check_counts(problem: Problem, solution: Solution, people: People) -> Iterator[str]:
    def covered(chosen: tuple[str, ...]) -> int:
        return sum(count for marks, count in people.items() if any(mark in chosen for mark, _ in marks))

    marks_of = Counter(dict.fromkeys(problem.options, 0))
    score = marks_of.copy()
    for marks, count in people.items():
        for mark, points in marks:
            marks_of[mark] += count
            score[mark] += count * points if problem.value == "points" else count
    order = solution.lot or problem.options
    left = Fraction(problem.budget if problem.budget is not None else problem.places)
    most: list[str] = []
    for option in sorted((option for option in order if score[option]), key=lambda option: -score[option]):
        cost = dict(zip(problem.options, problem.costs, strict=True))[option] if problem.costs else 1
        if cost <= left:
            left -= cost
            most.append(option)
    expected = {
        "voters": problem.voters,
        "covered": covered(solution.winners),
        "marks": tuple(marks_of[option] for option in problem.options),
        "most_marks": tuple(most),
        "most_marks_covered": covered(tuple(most)),
    }
    for field, value in expected.items():
        if getattr(solution, field) != value:
            yield f"{field} must be {value}, got {getattr(solution, field)}"
    yield from _check_tables(problem, solution)


def _check_tables(problem: Problem, solution: Solution) -> Iterator[str]:
    tables = sorted({ballot.table for ballot in problem.ballots})
    if sorted(count.table for count in solution.tables) != tables:
        yield "tables must be those of the ballots"
    for count in solution.tables:
        here = [(ballot.dots(), ballot.voters) for ballot in problem.ballots if ballot.table == count.table]
        numbers = (
            sum(voters for _, voters in here),
            sum(voters for marks, voters in here if set(marks) & set(solution.winners)),
            tuple(sum(voters for marks, voters in here if winner in marks) for winner in solution.winners),
        )
        if numbers != (count.voters, count.covered, count.marks):
            yield f"tables[{count.table!r}] must count {numbers}, got {(count.voters, count.covered, count.marks)}"


def _check_certificate(problem: Problem, solution: Solution, people: People) -> Iterator[str]:
    """EJR+ (Brill and Peters 2023, definition 6) and what it becomes with costs, read literally: for every option left
    out and every level the group that marked it and would have at most that much with it."""
    money = Fraction(problem.budget if problem.budget is not None else problem.places)
    cost = dict(zip(problem.options, problem.costs or (Fraction(1),) * len(problem.options), strict=True))
    chosen = set(solution.winners)

    def worth(option: str, points: int) -> Fraction:
        return {"marks": Fraction(1), "cost": Fraction(cost[option]), "points": Fraction(points)}[problem.value]

    nearest = Fraction(-1)
    claims: dict[tuple[str, Fraction], tuple[int, Fraction]] = {}
    for option in problem.options:
        if option in chosen:
            continue
        group: list[tuple[Fraction, Fraction, int]] = []
        for marks, count in people.items():
            mine = dict(marks)
            if option in mine:
                own = worth(option, mine[option])
                group.append((own + sum(worth(mark, mine[mark]) for mark in mine if mark in chosen), own, count))
        for level in {with_it for with_it, _, _ in group}:
            voters = sum(count for with_it, _, count in group if with_it <= level)
            together = sum((own * count for with_it, own, count in group if with_it <= level), Fraction(0))
            reach = together * money / (problem.voters * cost[option] * level)
            claims[option, level] = (voters, reach)
            nearest = max(nearest, reach)
            if reach >= 1 and solution.rule in PROMISING:
                yield f"EJR+: {voters} of {problem.voters} agree on {option} and have less than {level} each"
    yield from _check_tightest(solution.certificate, claims, nearest)


def _check_tightest(
    certificate: Certificate, claims: dict[tuple[str, Fraction], tuple[int, Fraction]], nearest: Fraction
) -> Iterator[str]:
    if certificate.holds != (nearest < 1):
        yield f"certificate.holds must be {nearest < 1}, got {certificate.holds}"
    claim = certificate.tightest
    if claim is None:
        if claims:
            yield "certificate.tightest must name a claim, got none"
        return
    voters, reach = claims.get((claim.option, Fraction(claim.level)), (0, Fraction(-1)))
    needed = -(-voters // reach) if reach > 0 else -1
    if (claim.voters, claim.needed) != (voters, needed):
        yield f"certificate.tightest must count {voters} of {needed}, got {claim}"
    elif reach != nearest:
        yield f"certificate.tightest is not the nearest claim: {claim}"
