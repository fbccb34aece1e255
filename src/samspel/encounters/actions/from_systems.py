"""What other systems tell, row by row: the good rows are taken in, of the others it is said what is wrong."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.errors import NotFoundError
from samspel.core.permissions import may
from samspel.encounters.actions.taking_in import Taken, take_in
from samspel.encounters.rows import COLUMNS, Fault, Names, answer_of, load_names, read_row, rules, unknown
from samspel.people.access import get_unit, may_somewhere, site_roles

MOST_ROWS: Final = 10_000


# What was told: the cells by column, or what was wrong with them before they could be read.
Row = Mapping[str, str] | list[Fault]


@dataclass(frozen=True)
class Rejected:
    """A cell for which its row was not taken in."""

    line: int
    column: str
    reason: str
    is_conflict: bool = False


@dataclass(frozen=True)
class TakenIn:
    """How many rows were new, how many were there already, and what is wrong with the others."""

    taken: int
    known: int
    rejected: tuple[Rejected, ...]


def take_in_told(*, actor: Actor, rows: Sequence[tuple[int, Row]], at: datetime) -> TakenIn:
    """Take in rows with their lines. One transaction: when this returns the good ones are durable, whatever the others.

    :raises NotFoundError: the actor takes in answers for no unit at all.
    """
    values, lines, rejected = read_told(rows, COLUMNS, at, units_to_take_in(actor))
    taken = take_in([answer_of(one) for one in values], at=at) if values else Taken(0, 0)
    rejected += [Rejected(lines[place], "key", conflict(), is_conflict=True) for place in taken.conflicts]
    return TakenIn(taken.taken, taken.known, tuple(sorted(rejected, key=lambda one: one.line)))


def conflict() -> str:
    return _("Nyckeln finns redan på ett annat svar. Det svaret är som det var.")


_NAMED: Final = frozenset({"unit", "service", "provider", "area", "factors"})
Values = dict[str, Any]


def read_told(
    rows: Sequence[tuple[int, Row]], columns: Sequence[str], at: datetime, may_for: Callable[[int], bool]
) -> tuple[list[Values], list[int], list[Rejected]]:
    """What the good rows say in these columns, their lines, and what is wrong with the others."""
    found = _read(rows, columns, NAMES.now(), at, may_for)
    if any(one.column in _NAMED for one in found[2]):
        # A name that was given since we looked is a name.
        found = _read(rows, columns, NAMES.anew(), at, may_for)
    return found


def _read(
    rows: Sequence[tuple[int, Row]],
    columns: Sequence[str],
    names: Names,
    at: datetime,
    may_for: Callable[[int], bool],
) -> tuple[list[Values], list[int], list[Rejected]]:
    good: list[Values] = []
    lines: list[int] = []
    rejected: list[Rejected] = []
    reading = rules(names, at)
    for line, cells in rows:
        found = cells if isinstance(cells, list) else read_row(cells, reading, columns)
        if isinstance(found, dict) and not may_for(found["unit"]):
            # As if it were not there.
            assert not isinstance(cells, list)
            found = [Fault("unit", str(unknown(cells["unit"])))]
        if isinstance(found, dict):
            good.append(found)
            lines.append(line)
        else:
            rejected += [Rejected(line, fault.column, fault.reason) for fault in found]
    return good, lines, rejected


def units_to_take_in(actor: Actor) -> Callable[[int], bool]:
    """For which units the actor may take in answers.

    :raises NotFoundError: for none.
    """
    if may(site_roles(actor), "encounter.take_in"):
        return lambda unit_id: True
    if not may_somewhere(actor, "encounter.take_in"):
        raise NotFoundError("answers")
    known: dict[int, bool] = {}

    def may_for(unit_id: int) -> bool:
        if unit_id not in known:
            try:
                get_unit(actor, unit_id, "encounter.take_in")
                known[unit_id] = True
            except NotFoundError:
                known[unit_id] = False
        return known[unit_id]

    return may_for


class Remembered:
    """The names, as they were some seconds ago at most: a system that tells a thousand answers a second does not have
    six hundred units read for each."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, for_s: float = 5.0) -> None:
        self._clock, self._for_s = clock, for_s
        self._names: Names | None = None
        self._until_s = 0.0

    def now(self) -> Names:
        if self._names is None or self._clock() > self._until_s:
            return self.anew()
        return self._names

    def anew(self) -> Names:
        self._names, self._until_s = load_names(), self._clock() + self._for_s
        return self._names

    def clear(self) -> None:
        self._names = None


NAMES: Final = Remembered()
