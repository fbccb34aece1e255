"""The order of a table's cards, made with one pen."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.audit import record
from samspel.core.errors import ConflictError, NotFoundError
from samspel.dialogues import tables
from samspel.dialogues.access import Here
from samspel.dialogues.actions.sitting_down import AtTable, check_not_handed_in, check_unlocked, sit_down, tell_table
from samspel.dialogues.models import Note


@transaction.atomic
def move_note(*, here: Here, note_id: int, place: int) -> int:
    """Put a card at a place in the table's order, counted among those that are shown. Only with the pen.

    :returns: the place it has now.
    """
    sat = sit_down(here, "table.order")
    note = sat.get_note(note_id)
    check_unlocked(sat)
    check_not_handed_in(sat)
    if sat.sitting.counts_open_at is None:
        raise ConflictError(_("Alla väljer fortfarande var för sig."))
    notes = {one.pk: one for one in tables.notes_on(sat.sitting.table_id, sat.question)}
    roots = tables.roots_of(notes.values())
    hidden = {roots[one.pk] for one in notes.values()} - {
        roots[one.pk] for one in notes.values() if one.set_aside_at is None
    }
    tops = tables.cards_in_order(notes.values(), roots)
    shown = [one.pk for one in tops if one.pk not in hidden]
    card = roots[note.pk]
    if card in hidden:
        raise NotFoundError("note")
    shown.remove(card)
    place = max(1, min(place, len(shown) + 1))
    shown.insert(place - 1, card)
    order = iter(shown)
    put_in_order([one if one.pk in hidden else notes[next(order)] for one in tops])
    record(here.actor, "table.ordered", sat.sitting, note=card, place=place)
    tell_table(sat)
    return place


def put_in_order(notes: Sequence[Note]) -> None:
    """Number the cards from one; only those that moved are written."""
    moved = []
    for position, note in enumerate(notes, start=1):
        if note.position != position:
            note.position = position
            moved.append(note)
    Note.objects.bulk_update(moved, ["position"])


def close_gaps(sat: AtTable, after: dict[int, list[int]] | None = None) -> None:
    """Close the gaps in the order; what came out of a card stands right after it."""
    notes = {note.pk: note for note in tables.notes_on(sat.sitting.table_id, sat.question)}
    ids = [note.pk for note in tables.cards_in_order(notes.values(), tables.roots_of(notes.values()))]
    for note_id, following in (after or {}).items():
        ids = [one for one in ids if one not in following]
        ids[ids.index(note_id) + 1 : ids.index(note_id) + 1] = following
    put_in_order([notes[one] for one in ids])
