"""What somebody says at her table: a further thought, what speaks against it, a call for help."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError
from samspel.core.idempotency import checked_key
from samspel.core.languages import said_in
from samspel.dialogues.access import Here
from samspel.dialogues.actions.sitting_down import check_unlocked, checked_words, sit_down, tell_table
from samspel.dialogues.live import tell
from samspel.dialogues.models import LONGEST_NOTE, CounterVoice, Note, Seat, Sitting
from samspel.dialogues.thoughts import token_of_author

LONGEST_VOICE = 300
LONGEST_HELP = 140


@transaction.atomic
def add_note(*, here: Here, text: str, key: str, at: datetime) -> Note:
    """Write a further thought that lies open on the table at once. The same key again gives the first note.

    :raises InvalidError: empty, or longer than 500 characters.
    """
    words = checked_words(text, LONGEST_NOTE)
    checked_key(key)
    sat = sit_down(here, "note.share")
    kept = Note.objects.filter(dialogue=sat.dialogue, key=key).first()
    if kept is not None:
        if kept.seat_id != here.seat.pk:
            raise ConflictError
        return kept
    check_unlocked(sat)
    note = Note.objects.create(
        dialogue=sat.dialogue,
        question=sat.question,
        seat=here.seat,
        table_id=sat.sitting.table_id,
        source=Note.Source.PHONE if here.seat.kind == Seat.Kind.PHONE else Note.Source.HOST,
        language=said_in(here.seat.language, sat.dialogue.language),
        text=words,
        key=key,
        author=token_of_author(here, key),
        written_at=at,
        shared_at=at,
    )
    record(Actor("seat"), "note.added", note, table=sat.sitting.table_id)
    tell(sat.dialogue, "notes")
    tell_table(sat)
    return note


@transaction.atomic
def say_counter_voice(*, here: Here, text: str, key: str, at: datetime) -> CounterVoice:
    """Say what speaks against it: as the table's reason advocate, or without a name.

    Nothing that is kept tells who said it: no seat in the row, none in the audit trail. The same key again gives the
    first.
    """
    words = checked_words(text, LONGEST_VOICE)
    checked_key(key)
    sat = sit_down(here, "counter_voice.say")
    dialogue = sat.dialogue
    kept = CounterVoice.objects.filter(dialogue=dialogue, key=key).first()
    if kept is not None:
        return kept
    check_unlocked(sat)
    voice = CounterVoice.objects.create(
        dialogue=dialogue,
        table_id=sat.sitting.table_id,
        seating=sat.sitting.seating,
        question=sat.question,
        from_advocate=sat.sitting.advocate_id == here.seat.pk,
        text=words,
        key=key,
        said_at=at,
        reviewed_at=None if dialogue.needs_review else at,
    )
    record(Actor("seat"), "counter_voice.said", voice, table=sat.sitting.table_id)
    tell_table(sat)
    return voice


@transaction.atomic
def ask_for_help(*, here: Here, words: str = "", at: datetime) -> Sitting:
    """Ask the leader to come. Asked again with other words, the words change."""
    line = " ".join(words.replace("\0", "").split())
    if len(line) > LONGEST_HELP:
        raise InvalidError(fields={"words": _("Högst %(longest)s tecken. Korta lite.") % {"longest": LONGEST_HELP}})
    return _set_help(here, line, at)


@transaction.atomic
def withdraw_help(*, here: Here) -> Sitting:
    """It worked itself out."""
    return _set_help(here, "", None)


def _set_help(here: Here, line: str, at: datetime | None) -> Sitting:
    sitting = sit_down(here, "table.help").sitting
    if at is None and sitting.help_asked_at is None:
        return sitting
    if at is not None and sitting.help_asked_at is not None and sitting.help_words == line:
        return sitting
    if at is None:
        sitting.help_asked_at, sitting.help_taken_by = None, ""
    elif sitting.help_asked_at is None:
        sitting.help_asked_at, sitting.help_taken_by = at, ""
    sitting.help_words = line
    sitting.save(update_fields=["help_asked_at", "help_words", "help_taken_by"])
    record(here.actor, "table.help_asked" if at is not None else "table.help_withdrawn", sitting)
    tell(here.dialogue, "table", table=sitting.table_id)
    return sitting
