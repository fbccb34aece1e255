"""Playing statements from a file into a rehearsal, as if its made-up people wrote them, at a chosen speed.

A statement waits as a note that is not shared yet: its made-up author has written it and shares it when its time has
come (``written_at``). Nobody has the key of a made-up seat, and nothing of hers is secret: the words of a note that
waits are what the leader's own file says. What has not been played when the rehearsal closes is erased, as any note.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import NotFoundError
from samspel.dialogues.access import get_dialogue, seating_now
from samspel.dialogues.live import tell
from samspel.dialogues.models import Dialogue, Mark, Note, Placement, Seat, Sitting, Table
from samspel.dialogues.sealing import hash_secret, new_secret
from samspel.dialogues.statements import Statement

PREFIX = "played"
MARKS_EACH = 3  # as on a phone
AT_ONCE = 500  # notes that are shared in one transaction


@transaction.atomic
def play(*, actor: Actor, dialogue_id: int, statements: Sequence[Statement], a_minute: float, at: datetime) -> int:
    """Let made-up people write the statements, so many a minute (0: all at once); gives how many wait.

    Tables that the rehearsal lacks are set out, and people who are needed for the marks come to them.

    :raises NotFoundError: the dialogue is no rehearsal: nothing is ever put into a real meeting from a file.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if not dialogue.is_rehearsal:
        raise NotFoundError("rehearsal")
    tables = _tables(dialogue, statements)
    seats = _seats(dialogue, tables, statements, at)
    waiting = Note.objects.filter(dialogue=dialogue, key__startswith=PREFIX, shared_at=None).count()
    notes = []
    turn: dict[int, int] = defaultdict(int)
    for place, statement in enumerate(statements, start=waiting + 1):
        here = seats[tables[statement.table.casefold()].pk]
        seat = here[turn[tables[statement.table.casefold()].pk] % len(here)]
        turn[tables[statement.table.casefold()].pk] += 1
        notes.append(
            Note(
                dialogue=dialogue,
                question=statement.question,
                seat_id=seat,
                sealed=statement.text.encode(),
                key=f"{PREFIX}-{statement.marks}-{secrets.token_hex(16)}",
                written_at=at + timedelta(minutes=place / a_minute) if a_minute else at,
            )
        )
    Note.objects.bulk_create(notes, batch_size=2000)
    record(actor, "dialogue.played", dialogue, statements=len(notes))
    tell(dialogue, "people")
    return waiting + len(notes)


def _tables(dialogue: Dialogue, statements: Iterable[Statement]) -> dict[str, Table]:
    """The tables by name; a statement without one goes to the first."""
    tables = list(dialogue.tables.order_by("number"))
    found = {table.name.casefold(): table for table in tables}
    number = max((table.number for table in tables), default=0)
    missing: dict[str, str] = {}
    for statement in statements:
        if statement.table and statement.table.casefold() not in found:
            missing.setdefault(statement.table.casefold(), statement.table)
    made = Table.objects.bulk_create(
        Table(dialogue=dialogue, number=number + place, name=name)
        for place, name in enumerate(missing.values(), start=1)
    )
    found |= {table.name.casefold(): table for table in made}
    if not found:
        found = {"1": Table.objects.create(dialogue=dialogue, number=1, name="1")}
    seating = seating_now(dialogue)
    Sitting.objects.bulk_create(
        [Sitting(table=table, seating=seating) for table in found.values()], ignore_conflicts=True
    )
    return found | {"": min(found.values(), key=lambda table: table.number)}


def _seats(
    dialogue: Dialogue, tables: dict[str, Table], statements: Iterable[Statement], at: datetime
) -> dict[int, list[int]]:
    """The made-up people at each table: as many as the marks need, and one at least."""
    seating = seating_now(dialogue)
    rows = Placement.objects.filter(seat__dialogue=dialogue, seat__is_made_up=True, seat__left_at=None, seating=seating)
    here: dict[int, list[int]] = defaultdict(list)
    for table_id, seat_id in rows.order_by("seat__number").values_list("table_id", "seat_id"):
        here[table_id].append(seat_id)
    marks: dict[tuple[int, int], list[int]] = defaultdict(list)
    for statement in statements:
        marks[tables[statement.table.casefold()].pk, statement.question].append(statement.marks)
    needed: dict[int, int] = defaultdict(int)
    for (table_id, _question), given in marks.items():
        needed[table_id] = max(needed[table_id], 1, *given, -(-sum(given) // MARKS_EACH))
    number = max(dialogue.seats.values_list("number", flat=True), default=0)
    came = [table_id for table_id, people in needed.items() for _ in range(people - len(here[table_id]))]
    seats = Seat.objects.bulk_create(
        Seat(
            dialogue=dialogue,
            number=number + place,
            secret_hash=hash_secret(new_secret()),
            language=dialogue.language,
            is_made_up=True,
            joined_at=at,
            seen_at=at,
            key=secrets.token_hex(16),
        )
        for place in range(1, len(came) + 1)
    )
    Placement.objects.bulk_create(
        Placement(seat=seat, seating=seating, table_id=table_id) for seat, table_id in zip(seats, came, strict=True)
    )
    for seat, table_id in zip(seats, came, strict=True):
        here[table_id].append(seat.pk)
    return here


@transaction.atomic
def play_due(*, dialogue_id: int, at: datetime) -> int:
    """Share what is due and mark it; gives how many statements wait. Done again it changes nothing more."""
    dialogue = Dialogue.objects.select_for_update().filter(pk=dialogue_id, is_rehearsal=True).first()
    if dialogue is None:
        return 0
    waiting = Note.objects.filter(dialogue=dialogue, key__startswith=PREFIX, shared_at=None)
    due = list(waiting.select_for_update().filter(written_at__lte=at).order_by("written_at", "pk")[:AT_ONCE])
    if due:
        seating = seating_now(dialogue)
        table_of = dict(
            Placement.objects.filter(seat_id__in={note.seat_id for note in due}, seating=seating).values_list(
                "seat_id", "table_id"
            )
        )
        for note in due:
            note.text, note.sealed, note.shared_at = bytes(note.sealed or b"").decode(), None, note.written_at
            note.table_id = table_of[note.seat_id or 0]
        Note.objects.bulk_update(due, ["text", "sealed", "shared_at", "table"], batch_size=AT_ONCE)
        _mark(dialogue, due)
        tell(dialogue, "people", "notes")
        for table_id in sorted(set(table_of.values())):
            tell(dialogue, "table", table=table_id)
    return waiting.count()


def _mark(dialogue: Dialogue, notes: Iterable[Note]) -> None:
    """So many as the file says mark each note: those at its table who have marked least."""
    seating = seating_now(dialogue)
    here: dict[int, list[int]] = defaultdict(list)
    rows = Placement.objects.filter(seat__dialogue=dialogue, seat__is_made_up=True, seating=seating)
    for table_id, seat_id in rows.order_by("seat__number").values_list("table_id", "seat_id"):
        here[table_id].append(seat_id)
    given: dict[tuple[int, int], int] = defaultdict(int)
    asked = {note.question for note in notes}
    marked = Mark.objects.filter(note__dialogue=dialogue, note__question__in=asked)
    for seat_id, question in marked.values_list("seat_id", "note__question"):
        given[seat_id, question] += 1
    marks = []
    for note in notes:
        wanted = int(note.key.split("-")[1])
        for seat_id in sorted(here[note.table_id or 0], key=lambda seat: given[seat, note.question])[:wanted]:
            given[seat_id, note.question] += 1
            marks.append(Mark(seat_id=seat_id, note=note))
    Mark.objects.bulk_create(marks, batch_size=2000)


def waiting_in(dialogue: Dialogue) -> int:
    """How many statements have not been played yet."""
    return Note.objects.filter(dialogue=dialogue, key__startswith=PREFIX, shared_at=None).count()


@transaction.atomic
def stop(*, actor: Actor, dialogue_id: int) -> int:
    """Play no more; what has been played stays. Gives how many statements were left out."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if not dialogue.is_rehearsal:
        raise NotFoundError("rehearsal")
    left, _rows = Note.objects.filter(dialogue=dialogue, key__startswith=PREFIX, shared_at=None).delete()
    record(actor, "dialogue.play_stopped", dialogue, statements=left)
    tell(dialogue, "people")
    return left


def rehearsals_that_play() -> list[int]:
    """The rehearsals in which statements wait."""
    waiting = Note.objects.filter(dialogue__is_rehearsal=True, key__startswith=PREFIX, shared_at=None)
    return list(waiting.order_by("dialogue_id").values_list("dialogue_id", flat=True).distinct())
