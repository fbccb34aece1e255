"""Which hard rules a seating breaks, for whom and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from .records import Broken, Problem, Reason, pairs_of
from .sizes import seats

__all__ = ["find_broken", "uneven_sizes"]


def find_broken(problem: Problem, rounds: Sequence[Mapping[str, str]]) -> list[Broken]:
    """Every hard rule that is broken, round by round. Cost: people * size of a table."""
    fair = seats(problem.tables, len(problem.people))
    return [
        broken
        for number, tables in enumerate(rounds)
        for broken in (*uneven_sizes(problem, number, tables, fair), *_broken_in(problem, number, tables))
    ]


def _broken_in(problem: Problem, number: int, table_of: Mapping[str, str]) -> list[Broken]:
    broken = []
    kept_apart = problem.kept_apart()
    sitting: dict[str, list[str]] = {}
    for person, table in table_of.items():
        sitting.setdefault(table, []).append(person)
    for table, people in sitting.items():
        for pair in combinations(people, 2) if kept_apart else ():
            rule = kept_apart.get(frozenset(pair))
            if rule is not None:
                broken.append(Broken(rule, number, pair, table, _why_not_apart(problem, pair)))
    for group in problem.belong_together():
        if len({table_of[person] for person in group}) > 1:
            broken.append(Broken("together", number, group, "", _why_not_together(problem, group)))
    offers = {table.id: table.offers for table in problem.tables}
    for guest in problem.people:
        seat = table_of[guest.id]
        for need in guest.needs:
            if need not in offers[seat]:
                broken.append(Broken("need", number, (guest.id,), seat, _why_no_need(problem, need, guest.table)))
        if guest.table not in ("", seat):
            broken.append(Broken("fixed", number, (guest.id,), guest.table, _why_not_fixed(problem, guest.table)))
    return broken


def uneven_sizes(
    problem: Problem, number: int, table_of: Mapping[str, str], fair: tuple[list[int], list[bool]]
) -> list[Broken]:
    """Tables outside of their own limits, or whose number of people differs from the others' for no reason;
    `fair` is what `seats` says."""
    count = Counter(table_of.values())
    if len(problem.people) < sum(table.least for table in problem.tables):
        reason: Reason = "too-few-people"
    elif len(problem.people) > sum(table.most for table in problem.tables):
        reason = "too-many-people"
    else:
        reason = "not-found"
    return [
        Broken("size", number, (), table.id, reason)
        for table, size, lacking in zip(problem.tables, *fair, strict=True)
        if not table.least <= count[table.id] <= table.most or not size - lacking <= count[table.id] <= size
    ]


def _why_not_apart(problem: Problem, pair: Sequence[str]) -> Reason:
    fixed = {person.table for person in problem.people if person.id in pair}
    if frozenset(pair) in pairs_of(problem.belong_together()) or (len(fixed) == 1 and "" not in fixed):
        return "contradiction"
    return "one-table" if len(problem.tables) == 1 else "not-found"


def _why_not_together(problem: Problem, group: Sequence[str]) -> Reason:
    if len(group) > max(table.most for table in problem.tables):
        return "too-large"
    fixed = {person.table for person in problem.people if person.id in group and person.table}
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


def _why_not_fixed(problem: Problem, table: str) -> Reason:
    hosts = sum(person.table == table for person in problem.people)
    most = next(t.most for t in problem.tables if t.id == table)
    return "too-large" if hosts > most else "not-found"
