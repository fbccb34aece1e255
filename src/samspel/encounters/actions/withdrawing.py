"""Answers are taken back by those who told them, wherever they lie: in the database, in a file, or on their way.

An answer is known by what it was sent with: its day, its unit and its key. Nobody is told whether it was here. A file
is written anew without it at the next compaction; a killed one has lost nothing, for what was taken back is rows.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from samspel.core.actor import Actor
from samspel.core.audit import record_fact
from samspel.encounters.actions.from_systems import Rejected, Row, read_told, units_to_take_in
from samspel.encounters.rows import NAMING


@dataclass(frozen=True, order=True)
class Named:
    """An answer by what it was sent with."""

    day: date
    unit_id: int
    key: str


@dataclass(frozen=True)
class TakenBack:
    """How many rows are done, whether their answers were here or not; and what is wrong with the others."""

    rows: int
    rejected: tuple[Rejected, ...]


def withdraw_told(*, actor: Actor, rows: Sequence[tuple[int, Row]], at: datetime) -> TakenBack:
    """Take back the answers that rows with their lines name. One transaction: when this returns it is durable.

    :raises NotFoundError: the actor takes in answers for no unit at all.
    """
    values, _lines, rejected = read_told(rows, NAMING, at, units_to_take_in(actor))
    withdraw(actor, {Named(timezone.localdate(one["at"]), one["unit"], one["key"]) for one in values})
    return TakenBack(len(values), tuple(sorted(rejected, key=lambda one: one.line)))


@transaction.atomic
def withdraw(actor: Actor, answers: Collection[Named]) -> None:
    """Take back answers of units that the actor takes in for; durable when the transaction is over."""
    if not answers:
        return
    # In one order: two that name the same wait for each other, and never both.
    given = [[*column] for column in zip(*((one.day, one.unit_id, one.key) for one in sorted(answers)), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_WITHDRAW, given)
        cursor.execute(f"{_ERASE} AND gone.key = ANY(%s)", [given[2]])
    for unit_id, count in sorted(Counter(one.unit_id for one in answers).items()):
        record_fact(actor, "answers.withdrawn", "people.unit", unit=unit_id, rows=count)


def erase_sent_again() -> None:
    """Erase what has come in of answers that were taken back before."""
    with connection.cursor() as cursor:
        cursor.execute(_ERASE)


_WITHDRAW: Final = """
INSERT INTO encounters_withdrawal (day, unit_id, key, is_pending)
SELECT day, unit_id, key, true FROM unnest(%s::date[], %s::bigint[], %s::text[]) AS named (day, unit_id, key)
ON CONFLICT (day, unit_id, key) DO NOTHING
"""
# A row that is leaving for its file just now is waited for: it is there no more then, and goes from the file.
_ERASE: Final = """
DELETE FROM encounters_answer AS answer USING encounters_withdrawal AS gone
WHERE gone.key = answer.key AND gone.day = answer.day AND gone.unit_id = answer.unit_id
"""
