"""Small draws at one table: who talks in threes, who is the table's reason advocate, and who stays as its host."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from .records import Problem

__all__ = ["choose_hosts", "deal_trios", "draw"]

Seat = TypeVar("Seat")


def deal_trios(order: Sequence[Seat], size: int = 3) -> tuple[tuple[Seat, ...], ...]:
    """Deal a table into groups of `size` or one more; five become three and two, because nobody talks alone.

    Dealt like cards, so that neighbours in `order` come into different groups: give them sorted by unit.

    >>> [len(group) for group in deal_trios("abcdefgh")]
    [4, 4]
    >>> deal_trios("abcde")
    (('a', 'c', 'e'), ('b', 'd'))
    >>> deal_trios("")
    ()
    """
    if size < 2:
        raise ValueError(f"size must be at least 2, got {size}")
    if not order:
        return ()
    groups = max(len(order) // size, -(-len(order) // (size + 1)))
    return tuple(tuple(order[start::groups]) for start in range(groups))


def draw(seats: Sequence[Seat], *, rng: np.random.Generator, earlier: Sequence[Seat] = ()) -> Seat:
    """Draw one seat by lot among those drawn the fewest times in `earlier`: nobody twice before everyone once.

    The seed of `rng` and the order of `seats` decide: keep both with the draw.

    >>> draw(["a", "b", "c"], rng=np.random.default_rng(5), earlier=["a", "c"])
    'b'
    """
    if not seats:
        raise ValueError("seats must be at least 1, got 0")
    drawn = Counter(earlier)
    fewest = min(drawn[seat] for seat in seats)
    lots = [seat for seat in seats if drawn[seat] == fewest]
    return lots[int(rng.integers(len(lots)))]


def choose_hosts(
    problem: Problem, table_of: Mapping[str, str], *, rng: np.random.Generator, named: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Draw one at every table who stays there in all rounds while the others go on; gives the table of each host.

    First among those whom no rule ties to others: a manager would keep her staff away from her table, and who belongs
    together with somebody, or has a pinned place elsewhere, would keep them from going on. Then by lot.

    Arguments: `table_of`, the first round, or those of it who can be hosts; `named`, hosts chosen by hand, with their
    tables, who are kept. Make the result a rule with `Person.table`.

    >>> from samspel.engine.seating import Person, Table
    >>> people = (Person("chef", {"unit": "a"}, manages=("b",)), Person("bo", {"unit": "b"}), Person("ann"))
    >>> problem = Problem(people, (Table("Tuna", 1, 3), Table("Ekeby", 1, 3)), rounds=2)
    >>> choose_hosts(problem, {"chef": "Tuna", "ann": "Tuna", "bo": "Ekeby"}, rng=np.random.default_rng(1))
    {'ann': 'Tuna', 'bo': 'Ekeby'}
    """
    hosts = dict(named or {})
    bound = {member for group in problem.belong_together() for member in group}
    manages = {person.id for person in problem.people if person.manages and problem.staff_of(person)}
    pinned = {(id_, table) for id_, _round, table in problem.pinned}
    elsewhere = {id_ for id_, table in table_of.items() if any(one == id_ and at != table for one, at in pinned)}
    at_table: dict[str, list[str]] = {}
    for id_, table in table_of.items():
        at_table.setdefault(table, []).append(id_)
    for table in (table.id for table in problem.tables):
        people = [id_ for id_ in at_table.get(table, []) if id_ not in hosts]
        if table in hosts.values() or not people:
            continue
        ties = {id_: (id_ in elsewhere, id_ in bound, id_ in manages) for id_ in people}
        fewest = min(ties.values())
        free = [id_ for id_ in people if ties[id_] == fewest]
        hosts[free[int(rng.integers(len(free)))]] = table
    return hosts
