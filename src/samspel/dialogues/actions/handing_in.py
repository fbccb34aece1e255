"""A table's three handed in, by its pen, by a step that ends or from paper; and taken back while that can be."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import SYSTEM
from samspel.core.audit import record
from samspel.core.errors import ConflictError
from samspel.dialogues import tables
from samspel.dialogues.access import Here
from samspel.dialogues.actions.marking import show_counts
from samspel.dialogues.actions.ordering import put_in_order
from samspel.dialogues.actions.sitting_down import check_unlocked, sit_down, tell_table
from samspel.dialogues.live import tell
from samspel.dialogues.models import LONGEST_NOTE, Chosen, Dialogue, Note, Pick, Proposal, Sitting
from samspel.engine.themes import normalise


@transaction.atomic
def hand_in(*, here: Here, lone_allowed: bool | None = None, at: datetime) -> list[Pick]:
    """Hand in the table's three in their order. Handed in already changes nothing.

    :param lone_allowed: whether the hall may be shown it as a lone voice; None leaves it as it was.
    :raises ConflictError: the counts are not open, the answers are locked, or people change tables first.
    """
    sat = sit_down(here, "table.hand_in", alone=True)
    kept = list(Pick.objects.filter(sitting=sat.sitting, question=sat.question))
    if kept:
        return kept
    check_unlocked(sat)
    if sat.dialogue.ballot_open:
        raise ConflictError(_("Salen väljer redan."))
    if sat.sitting.counts_open_at is None:
        raise ConflictError(_("Alla väljer fortfarande var för sig."))
    if tables.moves_on(sat.dialogue):
        raise ConflictError(_("Ni byter bord först. Korten ligger kvar."))
    if lone_allowed is not None:
        sat.sitting.lone_allowed = lone_allowed
    picks = _hand_in(sat.sitting, sat.dialogue, sat.question, at)
    if not picks:
        raise ConflictError(_("Det ligger inga tankar på bordet än."))
    record(here.actor, "table.handed_in", sat.sitting, picks=len(picks))
    tell_table(sat)
    tell(sat.dialogue, "result")
    return picks


@transaction.atomic
def take_back(*, here: Here) -> None:
    """Take the table's three back, to think again. Not after the leader has locked or the hall's ballot is open."""
    sat = sit_down(here, "table.hand_in", alone=True)
    picks = Pick.objects.filter(sitting=sat.sitting, question=sat.question)
    proposals = set(picks.values_list("proposal_id", flat=True))
    if not proposals:
        return
    check_unlocked(sat)
    if sat.dialogue.ballot_open:
        raise ConflictError(_("Salen väljer redan."))
    picks.delete()
    _forget_unpicked(proposals)
    sat.sitting.handed_in_at = None
    sat.sitting.save(update_fields=["handed_in_at"])
    record(here.actor, "table.took_back", sat.sitting)
    tell_table(sat)
    tell(sat.dialogue, "result")


@transaction.atomic
def set_lone_allowed(*, here: Here, wanted: bool) -> None:
    """Whether what only this table says may be shown to the hall as a lone voice."""
    sat = sit_down(here, "table.hand_in")
    if sat.sitting.lone_allowed == wanted:
        return
    check_unlocked(sat)
    sat.sitting.lone_allowed = wanted
    sat.sitting.save(update_fields=["lone_allowed"])
    record(here.actor, "table.lone_allowed" if wanted else "table.lone_refused", sat.sitting)
    tell_table(sat)


def hand_in_all(*, dialogue: Dialogue, question: int, seating: int, at: datetime) -> int:
    """Hand in for every table that has not, as the cards lie or by their marks: nobody is there to press.

    The caller holds the dialogue's lock inside a transaction. Run again it changes nothing.

    :returns: how many tables were handed in.
    """
    handed_in = 0
    for sitting in (
        Sitting.objects.select_for_update().filter(table__dialogue=dialogue, seating=seating).order_by("table_id")
    ):
        if Pick.objects.filter(sitting=sitting, question=question).exists():
            continue
        if sitting.counts_open_at is None:
            show_counts(sitting, dialogue, at)
        if _hand_in(sitting, dialogue, question, at):
            record(SYSTEM, "table.handed_in", sitting)
            handed_in += 1
    return handed_in


def hand_in_these(*, sitting: Sitting, dialogue: Dialogue, question: int, first: Sequence[Note], at: datetime) -> None:
    """Hand in a table that chose on paper: these cards first, in this order. The caller holds both locks."""
    notes = tables.notes_on(sitting.table_id, question)
    ids = [note.pk for note in first]
    rest = [note for note in tables.cards_in_order(notes, tables.roots_of(notes)) if note.pk not in ids]
    by_id = {note.pk: note for note in notes}
    if sitting.counts_open_at is None:
        sitting.counts_open_at = at
        sitting.save(update_fields=["counts_open_at"])
    put_in_order([*(by_id[note_id] for note_id in ids), *rest])
    _hand_in(sitting, dialogue, question, at, places=len(ids))


def _hand_in(
    sitting: Sitting, dialogue: Dialogue, question: int, at: datetime, *, places: int | None = None
) -> list[Pick]:
    notes = tables.notes_on(sitting.table_id, question)
    roots = tables.roots_of(notes)
    marks = tables.marks_on(notes)
    counts = tables.count_marks(roots, marks, dialogue.places)
    of = len(tables.voters_at(sitting, marks))
    tops = tables.cards_in_order(notes, roots)
    texts = {
        note.pk: [
            one.text
            for one in [note, *(other for other in notes if other.pk != note.pk and roots[other.pk] == note.pk)]
            if one.set_aside_at is None
        ]
        for note in tops
    }
    chosen = [note for note in tops if texts[note.pk]][: places or dialogue.places]
    if not chosen:
        return []
    # The same cards under other people, in an earlier seating, are this table's once.
    old = Pick.objects.filter(sitting__table_id=sitting.table_id, question=question)
    left_behind = set(old.values_list("proposal_id", flat=True))
    old.delete()
    picks = []
    for place, note in enumerate(chosen, start=1):
        proposal = _proposal_of(dialogue, question, texts[note.pk], at)
        picks.append(
            Pick(
                sitting=sitting,
                question=question,
                place=place,
                note=note,
                proposal=proposal,
                marks=counts[note.pk],
                of=of,
            )
        )
    Pick.objects.bulk_create(picks)
    _forget_unpicked(left_behind)
    sitting.handed_in_at = at
    sitting.save(update_fields=["handed_in_at", "lone_allowed"])
    return picks


def _proposal_of(dialogue: Dialogue, question: int, texts: list[str], at: datetime) -> Proposal:
    """The hall's proposal with these words; several tables that say the same share one."""
    text = tables.joined_text(texts)
    if len(text) > LONGEST_NOTE:
        text = texts[0]
    proposal, _created = Proposal.objects.get_or_create(
        dialogue=dialogue,
        question=question,
        normal=normalise(text)[:500],
        defaults={
            "text": text,
            "created_at": at,
            "reviewed_at": None if dialogue.needs_review else at,
        },
    )
    return proposal


def _forget_unpicked(proposal_ids: Collection[int]) -> None:
    """Erase proposals that no table stands behind any more, unless somebody has done something with them."""
    chosen = Chosen.objects.filter(proposal__in=proposal_ids).values("proposal_id")
    Proposal.objects.filter(
        pk__in=proposal_ids,
        picks=None,
        ballots=None,
        merged=None,
        merged_into=None,
        agreements=None,
        set_aside_at=None,
    ).exclude(pk__in=chosen).delete()
