"""Which hard rules a seating breaks, for whom and why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from .records import Broken, Problem, Reason, Rule, pairs_of

__all__ = ["find_broken"]


def find_broken(problem: Problem, rounds: Sequence[Mapping[str, str]]) -> list[Broken]:
    """Every hard rule that is broken, round by round, for those who sit in it. Cost: people * size of a table."""
    kept_apart = problem.kept_apart()
    together = problem.belong_together()
    return [
        broken
        for number, table_of in enumerate(rounds)
        for broken in (
            *_sizes(problem, number, table_of),
            *_apart(problem, kept_apart, number, table_of),
            *_together(problem, together, number, table_of),
            *_at_tables(problem, number, table_of),
        )
    ]


def _sizes(problem: Problem, number: int, table_of: Mapping[str, str]) -> Iterator[Broken]:
    count = Counter(table_of.values())
    reason: Reason = "not-found"
    if len(table_of) < sum(table.least for table in problem.tables):
        reason = "too-few-people"
    elif len(table_of) > sum(table.most for table in problem.tables):
        reason = "too-many-people"
    for table in problem.tables:
        if not table.least <= count[table.id] <= table.most:
            yield Broken("size", number, (), table.id, reason)


def _apart(
    problem: Problem, kept_apart: Mapping[frozenset[str], Rule], number: int, table_of: Mapping[str, str]
) -> Iterator[Broken]:
    for pair, rule in kept_apart.items():
        one, other = sorted(pair)
        if one in table_of and table_of[one] == table_of.get(other):
            yield Broken(rule, number, (one, other), table_of[one], _why_not_apart(problem, number, (one, other)))


def _together(
    problem: Problem, together: Sequence[tuple[str, ...]], number: int, table_of: Mapping[str, str]
) -> Iterator[Broken]:
    for group in together:
        here = tuple(person for person in group if person in table_of)
        if len({table_of[person] for person in here}) > 1:
            yield Broken("together", number, here, "", _why_not_together(problem, number, here))


def _at_tables(problem: Problem, number: int, table_of: Mapping[str, str]) -> Iterator[Broken]:
    offers = {table.id: table.offers for table in problem.tables}
    fixed = problem.fixed_in(number)
    for guest in problem.people:
        seat = table_of.get(guest.id)
        if seat is None:
            continue
        own = fixed.get(guest.id, "")
        for need in guest.needs:
            if need not in offers[seat]:
                yield Broken("need", number, (guest.id,), seat, _why_no_need(problem, need, own))
        if own not in ("", seat):
            yield Broken("fixed", number, (guest.id,), own, _why_not_fixed(problem, number, own))


def _why_not_apart(problem: Problem, number: int, pair: Sequence[str]) -> Reason:
    own = problem.fixed_in(number)
    fixed = {own.get(id_, "") for id_ in pair}
    if frozenset(pair) in pairs_of(problem.belong_together()) or (len(fixed) == 1 and "" not in fixed):
        return "contradiction"
    return "one-table" if len(problem.tables) == 1 else "not-found"


def _why_not_together(problem: Problem, number: int, group: Sequence[str]) -> Reason:
    if len(group) > max(table.most for table in problem.tables):
        return "too-large"
    own = problem.fixed_in(number)
    fixed = {own[id_] for id_ in group if id_ in own}
    if len(fixed) > 1 or pairs_of([group]) & problem.kept_apart().keys():
        return "contradiction"
    return "not-found"


def _why_no_need(problem: Problem, need: str, fixed: str) -> Reason:
    offering = [table for table in problem.tables if need in table.offers]
    if not offering:
        return "no-table-offers"
    if fixed:
        return "contradiction"
    needing = sum(need in person.needs for person in problem.people)
    return "too-few-seats-offer" if needing > sum(table.most for table in offering) else "not-found"


def _why_not_fixed(problem: Problem, number: int, table: str) -> Reason:
    hosts = sum(own == table for own in problem.fixed_in(number).values())
    most = next(t.most for t in problem.tables if t.id == table)
    return "too-large" if hosts > most else "not-found"
