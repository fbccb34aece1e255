"""Three cards marked alone, ready, and the table's counts shown: when all are ready, or when the leader says so."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import SYSTEM, Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, NotFoundError
from samspel.dialogues import tables
from samspel.dialogues.access import Here, get_dialogue, phase_of
from samspel.dialogues.actions.ordering import put_in_order
from samspel.dialogues.actions.sitting_down import AtTable, check_unlocked, sit_down, tell_table
from samspel.dialogues.live import tell
from samspel.dialogues.models import Dialogue, Mark, Ready, Seat, Sitting, Step, StepKind


@transaction.atomic
def set_mark(*, here: Here, note_id: int, wanted: bool) -> None:
    """Mark a card as one of one's three, or take the mark back. Nobody else sees it before the counts are open.

    The audit trail tells that somebody marked, never what.

    :raises ConflictError: the counts are open, or three are marked already.
    """
    sat = sit_down(here, "table.mark")
    note = sat.get_note(note_id)
    check_unlocked(sat)
    if sat.sitting.counts_open_at is not None:
        raise ConflictError(_("Antalen visas redan. Prata med bordet om ordningen."))
    notes = tables.notes_on(sat.sitting.table_id, sat.question)
    roots = tables.roots_of(notes)
    card = roots[note.pk]
    in_card = [one.pk for one in notes if roots[one.pk] == card]
    mine = Mark.objects.filter(seat=here.seat, note__in=[one.pk for one in notes])
    marked = {roots[note_id] for note_id in mine.values_list("note_id", flat=True)}
    if wanted == (card in marked):
        return
    if not wanted:
        mine.filter(note__in=in_card).delete()
    else:
        if all(one.set_aside_at is not None for one in notes if one.pk in in_card):
            raise NotFoundError("note")
        shown = {roots[one.pk] for one in notes if one.set_aside_at is None}
        if len(marked & shown) >= sat.dialogue.places:
            raise ConflictError(_("Du har redan valt så många som går vidare. Ta bort ett först."))
        Mark.objects.create(seat=here.seat, note_id=card)
    record(here.actor, "table.marked" if wanted else "table.unmarked", sat.sitting)
    # No event: nobody else sees it.


@transaction.atomic
def set_ready(*, here: Here, wanted: bool, at: datetime) -> None:
    """«I am ready» at the table, or not yet after all. When all here are, the counts open.

    :raises ConflictError: more than three are marked, after a card was taken apart.
    """
    sat = sit_down(here, "table.mark")
    step = sat.dialogue.step
    assert step is not None
    if not wanted:
        Ready.objects.filter(seat=here.seat, step__in=_steps_at_table(sat.dialogue, step)).delete()
    else:
        roots, marks = _roots_and_marks(sat.sitting, sat.question)
        mine = tables.cards_marked_by(roots, marks).get(here.seat.pk, [])
        if sat.sitting.counts_open_at is None and len(mine) > sat.dialogue.places:
            raise ConflictError(_("Du har valt för många. Ta bort ett innan du är klar."))
        Ready.objects.get_or_create(seat=here.seat, step=step)
    if wanted and sat.sitting.counts_open_at is None and _all_ready(sat):
        show_counts(sat.sitting, sat.dialogue, at)
        record(SYSTEM, "table.counts_opened", sat.sitting)
    tell(sat.dialogue, "people")
    tell_table(sat)


def _all_ready(sat: AtTable) -> bool:
    """Whether all who sit here are; paper speaks for itself when it is entered."""
    seats = [seat for seat, _group in tables.seats_at(sat.sitting) if seat.kind != Seat.Kind.PAPER]
    return {seat.pk for seat in seats} <= tables.ready_at(sat.dialogue, seats)


def unready_with_too_many(sat: AtTable) -> None:
    """Who has more cards marked than the table's places, since one was taken apart, is no longer ready."""
    step = sat.dialogue.step
    assert step is not None
    roots, marks = _roots_and_marks(sat.sitting, sat.question)
    over = [
        seat_id for seat_id, cards in tables.cards_marked_by(roots, marks).items() if len(cards) > sat.dialogue.places
    ]
    Ready.objects.filter(seat__in=over, step__in=_steps_at_table(sat.dialogue, step)).delete()


def _steps_at_table(dialogue: Dialogue, step: Step) -> list[Step]:
    kinds = [StepKind.SMALL, StepKind.OBJECTIONS, StepKind.CHOOSE]
    return list(dialogue.steps.filter(question=step.question, seating=step.seating, kind__in=kinds))


def _roots_and_marks(sitting: Sitting, question: int) -> tuple[dict[int, int], list[Mark]]:
    notes = tables.notes_on(sitting.table_id, question)
    return tables.roots_of(notes), tables.marks_on(notes)


@transaction.atomic
def open_counts(*, actor: Actor, dialogue_id: int, sitting_id: int, at: datetime) -> Sitting:
    """The leader shows a table its counts though not everybody there is ready. Open already is as good as opened."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    sitting = Sitting.objects.select_for_update().filter(pk=sitting_id, table__in=dialogue.tables.all()).first()
    if sitting is None:
        raise NotFoundError("table")
    if phase_of(dialogue) != "small" or dialogue.step is None or dialogue.step.seating != sitting.seating:
        raise ConflictError(_("Borden väljer inte just nu."))
    if sitting.counts_open_at is not None:
        return sitting
    show_counts(sitting, dialogue, at)
    record(actor, "table.counts_opened", sitting)
    tell(dialogue, "table", table=sitting.table_id)
    return sitting


def show_counts(sitting: Sitting, dialogue: Dialogue, at: datetime) -> None:
    """Show the counts, and put the cards in the order to begin with: most marks first, then the oldest."""
    question = dialogue.step.question if dialogue.step else 1
    notes = tables.notes_on(sitting.table_id, question)
    roots = tables.roots_of(notes)
    counts = tables.count_marks(roots, tables.marks_on(notes), dialogue.places)
    tops = [note for note in notes if roots[note.pk] == note.pk]
    put_in_order(sorted(tops, key=lambda note: (-counts[note.pk], note.shared_at, note.pk)))
    sitting.counts_open_at = at
    sitting.save(update_fields=["counts_open_at"])
