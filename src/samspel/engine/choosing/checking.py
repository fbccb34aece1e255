"""Is it right? Written from the definitions, apart from the solver: no matrices, no merging by the solver's code."""

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction

from .records import Problem, Purchase, Solution, Tie

__all__ = ["check"]

Purses = dict[frozenset[str], Fraction]


def check(problem: Problem, solution: Solution) -> list[str]:
    """The rules that the solution breaks, in words; empty when it is right.

    Replays every purchase in fractions, tries every option that could have been bought instead, and counts coverage,
    marks, tables and EJR+ from the ballots.
    """
    voters: Counter[frozenset[str]] = Counter()
    for ballot in problem.ballots:
        voters[frozenset(ballot.marks)] += ballot.voters
    return [
        *_check_places(problem, solution, voters),
        *_check_purchases(problem, solution, voters),
        *_check_counts(problem, solution, voters),
        *_check_certificate(problem, solution, voters),
    ]


def _check_places(problem: Problem, solution: Solution, voters: Counter[frozenset[str]]) -> Iterator[str]:
    marked = {mark for marks in voters for mark in marks}
    expected = min(problem.places, len(marked))
    if len(solution.winners) != expected:
        yield f"winners must be {expected}, got {len(solution.winners)}"
    if len(set(solution.winners)) != len(solution.winners):
        yield "winners must differ, got one twice"
    if not marked.issuperset(solution.winners):
        yield "winners must be marked by somebody, got one that nobody marked"
    if tuple(purchase.option for purchase in solution.purchases) != solution.winners:
        yield "purchases must be of the winners in order, got others"
    if solution.tie_rule == "first" and solution.lot:
        yield "lot must be empty when ties go to the option named first"
    if solution.tie_rule == "lot" and sorted(solution.lot) != sorted(problem.options):
        yield "lot must hold every option once"


def _check_purchases(problem: Problem, solution: Solution, voters: Counter[frozenset[str]]) -> Iterator[str]:
    purses: Purses = {marks: Fraction(problem.places, problem.voters) for marks in voters}
    order = [*solution.lot, *problem.options]
    ties = {tie.place: tie for tie in solution.ties}
    bought: set[str] = set()
    for place, purchase in enumerate(solution.purchases):
        name = f"purchases[{place}] ({purchase.option})"
        left = [option for option in problem.options if option not in bought]
        shares = {option: _share(option, purses, voters) for option in left}
        affordable = {option: price for option, price in shares.items() if price is not None}
        phase = "shares" if affordable else "advance"
        prices = affordable or {option: _advance(option, purses, voters) for option in left if _holders(option, voters)}
        if purchase.phase != phase:
            yield f"{name} must be in the phase {phase}, got {purchase.phase}"
            return
        lowest = min(prices.values(), default=None)
        if purchase.price != lowest or prices.get(purchase.option) != lowest:
            yield f"{name} must have the lowest price {lowest}, got {purchase.price}"
            return
        tied = tuple(option for option, price in prices.items() if price == lowest)
        yield from _check_tie(name, Tie(place, tied, min(tied, key=order.index)), ties.pop(place, None), purchase)
        yield from _check_receipt(name, purchase, purses, voters)
        for marks in _holders(purchase.option, voters):
            purses[marks] = -purchase.price if phase == "advance" else max(purses[marks] - purchase.price, Fraction(0))
        bought.add(purchase.option)
    for place in ties:
        yield f"ties name place {place}, which was not bought"


def _check_tie(name: str, met: Tie, told: Tie | None, purchase: Purchase) -> Iterator[str]:
    if purchase.option != met.chosen:
        yield f"{name}: {met.chosen} has the same right and comes first in the order that breaks ties"
    if len(met.tied) == 1 and told is not None:
        yield f"{name}: a tie is told, nobody else had the same right"
    if len(met.tied) > 1 and told != met:
        yield f"{name}: the tie must be told as {met}, got {told}"


def _check_receipt(name: str, purchase: Purchase, purses: Purses, voters: Counter[frozenset[str]]) -> Iterator[str]:
    expected: Counter[frozenset[str]] = Counter()
    total = Fraction(0)
    for payment in purchase.payments:
        marks = frozenset(payment.marks)
        expected[marks] += payment.voters
        total += payment.voters * payment.each
        purse = purses.get(marks, Fraction(0))
        due = purse + purchase.price if purchase.phase == "advance" else min(purse, purchase.price)
        if purchase.option not in marks or payment.each != due:
            yield f"{name}: those who marked {sorted(marks)} must pay {due}, got {payment.each}"
    if total != 1:
        yield f"{name}: the payments must add up to 1, got {total}"
    if any(count != voters[marks] for marks, count in expected.items()):
        yield f"{name}: the receipt must name every payer once"


def _holders(option: str, voters: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    return [marks for marks in voters if option in marks]


def _share(option: str, purses: Purses, voters: Counter[frozenset[str]]) -> Fraction | None:
    """The lowest limit at which the payments min(purse, limit) add up to 1; the sum rises with the limit."""
    with_purse: Counter[Fraction] = Counter()
    for marks in _holders(option, voters):
        with_purse[purses[marks]] += voters[marks]
    supporters = sorted(with_purse.items())
    if sum((purse * count for purse, count in supporters), Fraction(0)) < 1:
        return None
    return min(
        limit
        for start in range(len(supporters))
        for limit in [
            (1 - sum((purse * count for purse, count in supporters[:start]), Fraction(0)))
            / sum(count for _, count in supporters[start:])
        ]
        if sum((min(purse, limit) * count for purse, count in supporters), Fraction(0)) >= 1
    )


def _advance(option: str, purses: Purses, voters: Counter[frozenset[str]]) -> Fraction:
    """The time at which the supporters, each given money at speed 1, hold 1 together."""
    supporters = _holders(option, voters)
    missing = 1 - sum((purses[marks] * voters[marks] for marks in supporters), Fraction(0))
    return missing / sum(voters[marks] for marks in supporters)


def _check_counts(problem: Problem, solution: Solution, voters: Counter[frozenset[str]]) -> Iterator[str]:
    def covered(chosen: tuple[str, ...]) -> int:
        return sum(count for marks, count in voters.items() if not marks.isdisjoint(chosen))

    marks_of = {option: sum(voters[marks] for marks in _holders(option, voters)) for option in problem.options}
    order = solution.lot or problem.options
    most = sorted((option for option in order if marks_of[option]), key=lambda option: -marks_of[option])
    tables = sorted({ballot.table for ballot in problem.ballots})
    expected = {
        "voters": problem.voters,
        "covered": covered(solution.winners),
        "marks": tuple(marks_of.values()),
        "most_marks": tuple(most[: problem.places]),
        "most_marks_covered": covered(tuple(most[: problem.places])),
    }
    for field, value in expected.items():
        if getattr(solution, field) != value:
            yield f"{field} must be {value}, got {getattr(solution, field)}"
    if sorted(count.table for count in solution.tables) != tables:
        yield "tables must be those of the ballots"
    for count in solution.tables:
        here = [ballot for ballot in problem.ballots if ballot.table == count.table]
        with_winner = [ballot for ballot in here if set(ballot.marks) & set(solution.winners)]
        numbers = (
            sum(ballot.voters for ballot in here),
            sum(ballot.voters for ballot in with_winner),
            tuple(sum(ballot.voters for ballot in here if winner in ballot.marks) for winner in solution.winners),
        )
        if numbers != (count.voters, count.covered, count.marks):
            yield f"tables[{count.table!r}] must count {numbers}, got {(count.voters, count.covered, count.marks)}"


def _check_certificate(problem: Problem, solution: Solution, voters: Counter[frozenset[str]]) -> Iterator[str]:
    """EJR+ (Brill and Peters 2023, definition 6), read literally for every option left out and every level."""
    chosen = set(solution.winners)
    nearest = Fraction(-1)
    for option in problem.options:
        if option in chosen or not voters:
            continue
        for level in range(1, problem.places + 1):
            group = sum(voters[marks] for marks in _holders(option, voters) if len(marks & chosen) < level)
            nearest = max(nearest, Fraction(group, level))
            if group * problem.places >= level * problem.voters:
                yield f"EJR+: {group} of {problem.voters} agree on {option} and have fewer than {level} winners each"
    claim = solution.certificate.tightest
    if not solution.certificate.holds:
        yield "certificate does not hold"
    if claim is None:
        if nearest >= 0:
            yield "certificate.tightest must name a claim, got none"
        return
    group = sum(voters[marks] for marks in _holders(claim.option, voters) if len(marks & chosen) < claim.level)
    needed = -((-claim.level * problem.voters) // problem.places)
    if claim.option in chosen or (claim.voters, claim.needed) != (group, needed):
        yield f"certificate.tightest must count {group} of {needed}, got {claim}"
    elif Fraction(claim.voters, claim.level) != nearest:
        yield f"certificate.tightest is not the nearest claim: {claim}"
