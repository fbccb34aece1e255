"""Alone: thoughts sealed until their author shares them, «I am ready», and sharing at the table."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.idempotency import checked_key
from samspel.core.languages import said_in
from samspel.core.prepared import Prepared
from samspel.dialogues.access import Here
from samspel.dialogues.holding import hold
from samspel.dialogues.live import Name, tell
from samspel.dialogues.models import LONGEST_NOTE, Note, Ready, Seat
from samspel.dialogues.sealing import seal
from samspel.dialogues.thoughts import open_note, token_of_author


def _checked_text(text: str) -> str:
    found = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not found:
        raise InvalidError(fields={"text": _("Skriv något först.")})
    if len(found) > LONGEST_NOTE:
        raise InvalidError(
            _("Tanken är %(over)s tecken för lång. Dela den i två.") % {"over": len(found) - LONGEST_NOTE},
            fields={"text": _("Högst 500 tecken. Dela tanken i två.")},
        )
    return found


def _hold_open(here: Here, act: str) -> Here:
    """The dialogue as it is now, held still: a note is either seen and erased by the closing, or refused after it."""
    try:
        here = hold(here, act)
    except ConflictError:
        raise ConflictError(_("Mötet har gått vidare. Texten ligger kvar på din telefon.")) from None
    if here.dialogue.is_locked:
        raise ConflictError(_("Samtalsledaren har låst svaren. Texten ligger kvar på din telefon."))
    return here


@transaction.atomic
def write_note(*, here: Here, text: str, key: str, question: int, at: datetime) -> Note:
    """Keep a thought, sealed with the seat's secret. The same key again gives the first note.

    For somebody without a phone the host writes, and what is written is shared at the table from the start; also when
    the step has ended, for she has no phone where it could wait.

    :raises InvalidError: empty, or longer than 500 characters.
    :raises ConflictError: not in this step, or the answers are locked.
    """
    note, news = _kept_note(here, text, key, question, at)
    if news:
        tell(here.dialogue, *news, table=note.table_id or 0)
    return note


def _kept_note(here: Here, text: str, key: str, question: int, at: datetime) -> tuple[Note, list[Name]]:
    """The thought as it is kept, and what there is to tell: nothing when it was kept before."""
    try:
        here = _hold_open(here, "note.write")
    except ConflictError:
        # The answer to the first send was lost and the step has moved on: it is kept all the same.
        first = Note.objects.filter(dialogue=here.dialogue, key=key, seat=here.seat).first()
        if first is not None:
            return first, []
        if here.seat.kind == Seat.Kind.PHONE:
            raise
        here = _hold_open(here, "note.write_for")
    words = _checked_text(text)
    if question not in set(here.dialogue.questions.values_list("number", flat=True)):
        raise NotFoundError("question")
    note = Note(dialogue=here.dialogue, question=question, seat=here.seat, key=checked_key(key), written_at=at)
    note.author = token_of_author(here, note.key)
    note.language = said_in(here.seat.language, here.dialogue.language)
    if here.seat.kind == Seat.Kind.PHONE:
        note.sealed = seal(here.token.secret, here.dialogue.pk, words)
    else:
        if here.placement is None:
            raise NotFoundError("table")
        note.source, note.text, note.shared_at = Note.Source.HOST, words, at
        note.table_id = here.placement.table_id
    # Two sends of one key at the same moment wait for each other here.
    Note.objects.bulk_create([note], ignore_conflicts=True)
    kept = Note.objects.get(dialogue=here.dialogue, key=key)
    if kept.seat_id != here.seat.pk:
        raise ConflictError
    if kept.written_at != at:
        return kept, []
    if kept.table_id is None:
        return kept, ["notes"]
    record(Actor("seat"), "note.entered", kept, table=kept.table_id)  # not whose: the audit trail stays
    return kept, ["notes", "table"]


def get_own_note(here: Here, note_id: int, *, lock: bool = False) -> Note:
    """The seat's own thought that it has not shared."""
    rows = Note.objects.select_for_update() if lock else Note.objects.all()
    note = rows.filter(pk=note_id, seat=here.seat).first()
    if note is None:
        raise NotFoundError("note")
    if note.shared_at is not None:
        raise ConflictError(_("Tanken ligger på bordet nu. Den kan inte ändras härifrån."))
    return note


@transaction.atomic
def change_note(*, here: Here, note_id: int, text: str, at: datetime) -> Note:
    """Write a thought anew, as long as it is not shared."""
    here = _hold_open(here, "note.write")
    words = _checked_text(text)
    note = get_own_note(here, note_id, lock=True)
    note.sealed = seal(here.token.secret, here.dialogue.pk, words)
    note.save(update_fields=["sealed"])
    return note


@transaction.atomic
def remove_note(*, here: Here, note_id: int) -> None:
    """Erase one's own thought that nobody else has seen. Gone already is as good as removed."""
    here = _hold_open(here, "note.write")
    if not Note.objects.filter(pk=note_id, seat=here.seat).exists():
        return
    get_own_note(here, note_id, lock=True).delete()
    tell(here.dialogue, "notes")


@transaction.atomic
def say_ready(*, here: Here, wanted: bool, text: str, key: str, at: datetime) -> None:
    """«I am ready» in the step that is going on, or not yet after all. The leader sees a count.

    What stood in the field is kept as a thought first; ``text`` is empty when nothing did.
    """
    here = hold(here, "seat.change")
    if here.dialogue.step is None:
        raise ConflictError(_("Samtalet har inte börjat."))
    news: list[Name] = []
    table_id = 0
    if text.strip():
        note, news = _kept_note(here, text, key, here.question, at)
        table_id = note.table_id or 0
    if wanted:
        _row, changed = Ready.objects.get_or_create(seat=here.seat, step=here.dialogue.step)
    else:
        changed = bool(Ready.objects.filter(seat=here.seat, step=here.dialogue.step).delete()[0])
    if changed:
        news.append("people")
    if news:
        tell(here.dialogue, *news, table=table_id)


_READY = Prepared[tuple[int]](lambda seat, step: Ready.objects.filter(seat=seat, step=step).values_list("pk")[:1])


def is_ready(here: Here) -> bool:
    return here.dialogue.step_id is not None and bool(_READY(here.seat.pk, here.dialogue.step_id))


@transaction.atomic
def share_notes(*, here: Here, note_ids: Collection[int] | None, at: datetime) -> list[Note]:
    """Take thoughts to the table: these, or with None all on the question that is talked about.

    From now on they are open text at the table, and there they stay. Sharing again changes nothing.

    :raises ConflictError: not in this step, the answers are locked, or they were sealed on another phone.
    """
    here = _hold_open(here, "note.share")
    if here.placement is None:
        raise NotFoundError("table")
    rows = Note.objects.select_for_update().filter(seat=here.seat, shared_at=None).order_by("pk")
    rows = rows.filter(question=here.question) if note_ids is None else rows.filter(pk__in=note_ids)
    shared: list[Note] = []
    for note in rows:
        words = open_note(here, note)
        if words is None:
            if note_ids is None:
                continue
            raise ConflictError(_("Tanken skrevs på en annan telefon och kan bara öppnas där."))
        note.text, note.sealed, note.shared_at = words, None, at
        note.table_id = here.placement.table_id
        note.save(update_fields=["text", "sealed", "shared_at", "table"])
        shared.append(note)
    if not shared:
        return shared
    record(Actor("seat"), "notes.shared", here.placement.table, notes=len(shared))
    tell(here.dialogue, "notes", "table", table=here.placement.table_id)
    return shared
