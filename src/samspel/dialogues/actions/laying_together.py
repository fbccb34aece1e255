"""Cards laid on one another, and taken apart again: nothing is deleted, and marks follow their own note."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.audit import record
from samspel.core.errors import InvalidError
from samspel.dialogues import tables
from samspel.dialogues.access import Here
from samspel.dialogues.actions.marking import unready_with_too_many
from samspel.dialogues.actions.ordering import close_gaps
from samspel.dialogues.actions.sitting_down import check_not_handed_in, check_unlocked, sit_down, tell_table
from samspel.dialogues.models import Note


@transaction.atomic
def merge(*, here: Here, note_ids: Collection[int]) -> Note:
    """Lay cards on one another; the oldest lies on top. Texts and marks are kept. Only with the pen.

    :returns: the note on top.
    """
    sat = sit_down(here, "table.merge")
    chosen = [sat.get_note(note_id) for note_id in sorted(set(note_ids))]
    notes = {note.pk: note for note in tables.notes_on(sat.sitting.table_id, sat.question)}
    roots = tables.roots_of(notes.values())
    tops = sorted({roots[note.pk] for note in chosen}, key=lambda note_id: (notes[note_id].shared_at, note_id))
    if len(chosen) < 2:
        raise InvalidError(fields={"note": _("Välj två tankar att lägga ihop.")})
    if len(tops) < 2:
        return notes[tops[0]]
    check_unlocked(sat)
    check_not_handed_in(sat)
    first, *others = (notes[note_id] for note_id in tops)
    places = [note.position for note in (first, *others) if note.position is not None]
    Note.objects.filter(pk__in=[note.pk for note in others]).update(merged_into=first, position=None)
    if places:
        first.position = min(places)
        first.save(update_fields=["position"])
        close_gaps(sat)
    record(here.actor, "notes.merged", first, others=len(others), table=sat.sitting.table_id)
    tell_table(sat)
    return first


@transaction.atomic
def part(*, here: Here, note_id: int) -> None:
    """Take a card apart into what was laid on it; marks go back with their own note. Anyone at the table may.

    Who then has more than three marked is no longer ready, and is asked to take one back.
    """
    sat = sit_down(here, "table.part")
    note = sat.get_note(note_id)
    under = list(Note.objects.filter(merged_into=note, table_id=sat.sitting.table_id).order_by("shared_at", "pk"))
    if not under:
        return
    check_unlocked(sat)
    check_not_handed_in(sat)
    Note.objects.filter(pk__in=[one.pk for one in under]).update(merged_into=None)
    if sat.sitting.counts_open_at is not None:
        close_gaps(sat, after={note.pk: [one.pk for one in under]})
    else:
        unready_with_too_many(sat)
    record(here.actor, "notes.parted", note, others=len(under), table=sat.sitting.table_id)
    tell_table(sat)
