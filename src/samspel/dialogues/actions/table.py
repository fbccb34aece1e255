"""At the table: thoughts laid together, three marked alone, an order made with one pen, the table's three handed in.

Nothing is deleted: laid together can be taken apart, handed in can be taken back, set aside can be brought back. Every
change at a table goes through its sitting's row lock, so that two people at once come one after the other. Locks are
taken in one order: the dialogue, the sitting, notes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import SYSTEM, Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.idempotency import checked_key
from samspel.core.languages import said_in
from samspel.dialogues import tables
from samspel.dialogues.access import Here, check_seat, get_dialogue, get_sitting, phase_of, seating_now
from samspel.dialogues.holding import hold
from samspel.dialogues.live import tell
from samspel.dialogues.models import (
    LONGEST_NOTE,
    Chosen,
    CounterVoice,
    Dialogue,
    Mark,
    Note,
    Pick,
    Placement,
    Proposal,
    Ready,
    Seat,
    Sitting,
    Step,
    StepKind,
)
from samspel.dialogues.thoughts import token_of_author
from samspel.engine.themes import normalise
from samspel.live.queries import connected_hints

LONGEST_VOICE = 300
LONGEST_HELP = 140


@dataclass(frozen=True)
class AtTable:
    """A participant at her table, with the table locked until the change is done."""

    here: Here
    sitting: Sitting

    @property
    def dialogue(self) -> Dialogue:
        return self.here.dialogue

    @property
    def question(self) -> int:
        return self.here.question

    def get_note(self, note_id: int) -> Note:
        """A note on this table, in this question. Another table's looks like none."""
        note = Note.objects.filter(pk=note_id, table_id=self.sitting.table_id, question=self.question).first()
        if note is None:
            raise NotFoundError("note")
        return note


def _sit_down(here: Here, act: str, *, alone: bool = False) -> AtTable:
    """Look again under the locks: the meeting may have moved on since this request began.

    :param alone: no other table changes anything meanwhile (for what tables share: the hall's proposals).
    :raises ConflictError: not in this phase, the answers are locked, or the pen is another's.
    """
    if alone:
        Dialogue.objects.select_for_update().get(pk=here.dialogue.pk)
    here = hold(here, act)
    if here.placement is None:
        raise NotFoundError("table")
    if seating_now(here.dialogue) != here.placement.seating:
        raise ConflictError(_("Mötet har gått vidare."))
    sitting = get_sitting(here, lock=True)
    check_seat(here, act)
    return AtTable(here, sitting)


def _check_unlocked(sat: AtTable) -> None:
    if sat.dialogue.is_locked:
        raise ConflictError(_("Samtalsledaren har låst svaren."))


def _check_not_handed_in(sat: AtTable) -> None:
    """What is handed in stands still until the table takes it back."""
    if Pick.objects.filter(sitting=sat.sitting, question=sat.question).exists():
        raise ConflictError(_("Bordet har lämnat in sina tre. Ta tillbaka dem först."))


def _checked_words(text: str, longest: int, *, field: str = "text") -> str:
    words = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not words:
        raise InvalidError(fields={field: _("Skriv något först.")})
    if len(words) > longest:
        raise InvalidError(fields={field: _("Högst %(longest)s tecken. Korta lite.") % {"longest": longest}})
    return words


def _tell(sat: AtTable) -> None:
    tell(sat.dialogue, "table", table=sat.sitting.table_id)


# ---------------------------------------------------------------- thoughts and marks


@transaction.atomic
def add_note(*, here: Here, text: str, key: str, at: datetime) -> Note:
    """Write a further thought that lies open on the table at once. The same key again gives the first note.

    :raises InvalidError: empty, or longer than 500 characters.
    """
    words = _checked_words(text, LONGEST_NOTE)
    checked_key(key)
    sat = _sit_down(here, "note.share")
    kept = Note.objects.filter(dialogue=sat.dialogue, key=key).first()
    if kept is not None:
        if kept.seat_id != here.seat.pk:
            raise ConflictError
        return kept
    _check_unlocked(sat)
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
    _tell(sat)
    return note


@transaction.atomic
def set_mark(*, here: Here, note_id: int, wanted: bool) -> None:
    """Mark a card as one of one's three, or take the mark back. Nobody else sees it before the counts are open.

    The audit trail tells that somebody marked, never what.

    :raises ConflictError: the counts are open, or three are marked already.
    """
    sat = _sit_down(here, "table.mark")
    note = sat.get_note(note_id)
    _check_unlocked(sat)
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
    sat = _sit_down(here, "table.mark")
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
        _open(sat.sitting, sat.dialogue, at)
        record(SYSTEM, "table.counts_opened", sat.sitting)
    tell(sat.dialogue, "people")
    _tell(sat)


def _steps_at_table(dialogue: Dialogue, step: Step) -> list[Step]:
    kinds = [StepKind.SMALL, StepKind.OBJECTIONS, StepKind.CHOOSE]
    return list(dialogue.steps.filter(question=step.question, seating=step.seating, kind__in=kinds))


def _all_ready(sat: AtTable) -> bool:
    """Whether all who sit here are; paper speaks for itself when it is entered."""
    seats = [seat for seat, _group in tables.seats_at(sat.sitting) if seat.kind != Seat.Kind.PAPER]
    return {seat.pk for seat in seats} <= tables.ready_at(sat.dialogue, seats)


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
    _open(sitting, dialogue, at)
    record(actor, "table.counts_opened", sitting)
    tell(dialogue, "table", table=sitting.table_id)
    return sitting


def _open(sitting: Sitting, dialogue: Dialogue, at: datetime) -> None:
    """Show the counts, and put the cards in the order to begin with: most marks first, then the oldest."""
    question = dialogue.step.question if dialogue.step else 1
    notes = tables.notes_on(sitting.table_id, question)
    roots = tables.roots_of(notes)
    counts = tables.count_marks(roots, tables.marks_on(notes), dialogue.places)
    tops = [note for note in notes if roots[note.pk] == note.pk]
    _put_in_order(sorted(tops, key=lambda note: (-counts[note.pk], note.shared_at, note.pk)))
    sitting.counts_open_at = at
    sitting.save(update_fields=["counts_open_at"])


def _put_in_order(notes: Sequence[Note]) -> None:
    """Number the cards from one; only those that moved are written."""
    moved = []
    for position, note in enumerate(notes, start=1):
        if note.position != position:
            note.position = position
            moved.append(note)
    Note.objects.bulk_update(moved, ["position"])


# ---------------------------------------------------------------- laying together, taking apart


@transaction.atomic
def merge(*, here: Here, note_ids: Collection[int]) -> Note:
    """Lay cards on one another; the oldest lies on top. Texts and marks are kept. Only with the pen.

    :returns: the note on top.
    """
    sat = _sit_down(here, "table.merge")
    chosen = [sat.get_note(note_id) for note_id in sorted(set(note_ids))]
    notes = {note.pk: note for note in tables.notes_on(sat.sitting.table_id, sat.question)}
    roots = tables.roots_of(notes.values())
    tops = sorted({roots[note.pk] for note in chosen}, key=lambda note_id: (notes[note_id].shared_at, note_id))
    if len(chosen) < 2:
        raise InvalidError(fields={"note": _("Välj två tankar att lägga ihop.")})
    if len(tops) < 2:
        return notes[tops[0]]
    _check_unlocked(sat)
    _check_not_handed_in(sat)
    first, *others = (notes[note_id] for note_id in tops)
    places = [note.position for note in (first, *others) if note.position is not None]
    Note.objects.filter(pk__in=[note.pk for note in others]).update(merged_into=first, position=None)
    if places:
        first.position = min(places)
        first.save(update_fields=["position"])
        _renumber(sat)
    record(here.actor, "notes.merged", first, others=len(others), table=sat.sitting.table_id)
    _tell(sat)
    return first


@transaction.atomic
def part(*, here: Here, note_id: int) -> None:
    """Take a card apart into what was laid on it; marks go back with their own note. Anyone at the table may.

    Who then has more than three marked is no longer ready, and is asked to take one back.
    """
    sat = _sit_down(here, "table.part")
    note = sat.get_note(note_id)
    under = list(Note.objects.filter(merged_into=note, table_id=sat.sitting.table_id).order_by("shared_at", "pk"))
    if not under:
        return
    _check_unlocked(sat)
    _check_not_handed_in(sat)
    Note.objects.filter(pk__in=[one.pk for one in under]).update(merged_into=None)
    if sat.sitting.counts_open_at is not None:
        _renumber(sat, after={note.pk: [one.pk for one in under]})
    else:
        _no_longer_ready(sat)
    record(here.actor, "notes.parted", note, others=len(under), table=sat.sitting.table_id)
    _tell(sat)


def _no_longer_ready(sat: AtTable) -> None:
    step = sat.dialogue.step
    assert step is not None
    roots, marks = _roots_and_marks(sat.sitting, sat.question)
    over = [
        seat_id for seat_id, cards in tables.cards_marked_by(roots, marks).items() if len(cards) > sat.dialogue.places
    ]
    Ready.objects.filter(seat__in=over, step__in=_steps_at_table(sat.dialogue, step)).delete()


def _renumber(sat: AtTable, after: dict[int, list[int]] | None = None) -> None:
    """Close the gaps in the order; what came out of a card stands right after it."""
    notes = {note.pk: note for note in tables.notes_on(sat.sitting.table_id, sat.question)}
    roots = tables.roots_of(notes.values())
    tops = [note for note in notes.values() if roots[note.pk] == note.pk]
    tops.sort(key=lambda note: (note.position is None, note.position or 0))
    ids = [note.pk for note in tops]
    for note_id, following in (after or {}).items():
        ids = [one for one in ids if one not in following]
        ids[ids.index(note_id) + 1 : ids.index(note_id) + 1] = following
    _put_in_order([notes[one] for one in ids])


# ---------------------------------------------------------------- the pen


@transaction.atomic
def set_pen_wanted(*, here: Here, wanted: bool, at: datetime) -> Sitting:
    """Ask for the pen, or let it be. A pen that nobody holds, or whose holder is gone, passes at once."""
    sat = _sit_down(here, "table.pen")
    sitting = sat.sitting
    if not wanted:
        if sitting.pen_asked_by_id != here.seat.pk:
            return sitting
        sitting.pen_asked_by = None
    elif sitting.pen_id == here.seat.pk:
        return sitting
    elif _pen_is_free(sat, at):
        return _give_pen(sat, here.seat)
    elif sitting.pen_asked_by_id == here.seat.pk:
        return sitting
    else:
        sitting.pen_asked_by = here.seat
    sitting.save(update_fields=["pen_asked_by"])
    record(here.actor, "pen.asked_for" if wanted else "pen.let_be", sitting)
    _tell(sat)
    return sitting


def _pen_is_free(sat: AtTable, at: datetime) -> bool:
    if sat.sitting.pen_id is None:
        return True
    holder = Seat.objects.select_related("helped_by").get(pk=sat.sitting.pen_id)
    if not _sits_here(sat, holder):
        return True
    if holder.is_made_up and sat.dialogue.is_rehearsal:
        return True  # she has no hands to give it with
    return tables.is_away(holder, connected_hints(sat.dialogue.room, now=at), at)


def _sits_here(sat: AtTable, seat: Seat) -> bool:
    return Placement.objects.filter(
        seat=seat, table_id=sat.sitting.table_id, seating=sat.sitting.seating, seat__left_at=None
    ).exists()


def _give_pen(sat: AtTable, to: Seat) -> Sitting:
    sat.sitting.pen = to
    sat.sitting.pen_asked_by = None
    sat.sitting.save(update_fields=["pen", "pen_asked_by"])
    record(sat.here.actor, "pen.handed_over", sat.sitting, to=to.pk)
    _tell(sat)
    return sat.sitting


@transaction.atomic
def hand_over_pen(*, here: Here, to_number: int) -> Sitting:
    """Give the pen to somebody at the table, by place number.

    :raises ConflictError: the pen is another's already.
    """
    sat = _sit_down(here, "table.pen")
    to = Seat.objects.filter(dialogue=sat.dialogue, number=to_number, kind=Seat.Kind.PHONE).first()
    if to is None or not _sits_here(sat, to):
        raise NotFoundError("seat")
    if sat.sitting.pen_id == to.pk:
        return sat.sitting
    if sat.sitting.pen_id != here.seat.pk:
        raise ConflictError(_("Pennan är redan hos någon annan."))
    return _give_pen(sat, to)


@transaction.atomic
def keep_pen(*, here: Here) -> Sitting:
    """«Not yet»: the one who asked for the pen may ask again."""
    sat = _sit_down(here, "table.pen")
    if sat.sitting.pen_id != here.seat.pk or sat.sitting.pen_asked_by_id is None:
        return sat.sitting
    sat.sitting.pen_asked_by = None
    sat.sitting.save(update_fields=["pen_asked_by"])
    record(here.actor, "pen.kept", sat.sitting)
    _tell(sat)
    return sat.sitting


# ---------------------------------------------------------------- the order


@transaction.atomic
def move_note(*, here: Here, note_id: int, place: int) -> int:
    """Put a card at a place in the table's order, counted among those that are shown. Only with the pen.

    :returns: the place it has now.
    """
    sat = _sit_down(here, "table.order")
    note = sat.get_note(note_id)
    _check_unlocked(sat)
    _check_not_handed_in(sat)
    if sat.sitting.counts_open_at is None:
        raise ConflictError(_("Alla väljer fortfarande var för sig."))
    notes = {one.pk: one for one in tables.notes_on(sat.sitting.table_id, sat.question)}
    roots = tables.roots_of(notes.values())
    hidden = {roots[one.pk] for one in notes.values()} - {
        roots[one.pk] for one in notes.values() if one.set_aside_at is None
    }
    tops = [one for one in notes.values() if roots[one.pk] == one.pk]
    tops.sort(key=lambda one: (one.position is None, one.position or 0))
    shown = [one.pk for one in tops if one.pk not in hidden]
    card = roots[note.pk]
    if card in hidden:
        raise NotFoundError("note")
    shown.remove(card)
    place = max(1, min(place, len(shown) + 1))
    shown.insert(place - 1, card)
    order = iter(shown)
    _put_in_order([one if one.pk in hidden else notes[next(order)] for one in tops])
    record(here.actor, "table.ordered", sat.sitting, note=card, place=place)
    _tell(sat)
    return place


# ---------------------------------------------------------------- counter-voices


@transaction.atomic
def say_counter_voice(*, here: Here, text: str, key: str, at: datetime) -> CounterVoice:
    """Say what speaks against it: as the table's reason advocate, or without a name.

    Nothing that is kept tells who said it: no seat in the row, none in the audit trail. The same key again gives the
    first.
    """
    words = _checked_words(text, LONGEST_VOICE)
    checked_key(key)
    sat = _sit_down(here, "counter_voice.say")
    dialogue = sat.dialogue
    kept = CounterVoice.objects.filter(dialogue=dialogue, key=key).first()
    if kept is not None:
        return kept
    _check_unlocked(sat)
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
    _tell(sat)
    return voice


# ---------------------------------------------------------------- handing in


@transaction.atomic
def hand_in(*, here: Here, lone_allowed: bool | None = None, at: datetime) -> list[Pick]:
    """Hand in the table's three in their order. Handed in already changes nothing.

    :param lone_allowed: whether the hall may be shown it as a lone voice; None leaves it as it was.
    :raises ConflictError: the counts are not open, the answers are locked, or people change tables first.
    """
    sat = _sit_down(here, "table.hand_in", alone=True)
    kept = list(Pick.objects.filter(sitting=sat.sitting, question=sat.question))
    if kept:
        return kept
    _check_unlocked(sat)
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
    _tell(sat)
    tell(sat.dialogue, "result")
    return picks


def _hand_in(
    sitting: Sitting, dialogue: Dialogue, question: int, at: datetime, *, places: int | None = None
) -> list[Pick]:
    notes = tables.notes_on(sitting.table_id, question)
    roots = tables.roots_of(notes)
    marks = tables.marks_on(notes)
    counts = tables.count_marks(roots, marks, dialogue.places)
    of = len(tables.voters_at(sitting, marks))
    tops = [note for note in notes if roots[note.pk] == note.pk]
    tops.sort(key=lambda note: (note.position is None, note.position or 0))
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


@transaction.atomic
def take_back(*, here: Here) -> None:
    """Take the table's three back, to think again. Not after the leader has locked or the hall's ballot is open."""
    sat = _sit_down(here, "table.hand_in", alone=True)
    picks = Pick.objects.filter(sitting=sat.sitting, question=sat.question)
    proposals = set(picks.values_list("proposal_id", flat=True))
    if not proposals:
        return
    _check_unlocked(sat)
    if sat.dialogue.ballot_open:
        raise ConflictError(_("Salen väljer redan."))
    picks.delete()
    _forget_unpicked(proposals)
    sat.sitting.handed_in_at = None
    sat.sitting.save(update_fields=["handed_in_at"])
    record(here.actor, "table.took_back", sat.sitting)
    _tell(sat)
    tell(sat.dialogue, "result")


@transaction.atomic
def set_lone_allowed(*, here: Here, wanted: bool) -> None:
    """Whether what only this table says may be shown to the hall as a lone voice."""
    sat = _sit_down(here, "table.hand_in")
    if sat.sitting.lone_allowed == wanted:
        return
    _check_unlocked(sat)
    sat.sitting.lone_allowed = wanted
    sat.sitting.save(update_fields=["lone_allowed"])
    record(here.actor, "table.lone_allowed" if wanted else "table.lone_refused", sat.sitting)
    _tell(sat)


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
            _open(sitting, dialogue, at)
        if _hand_in(sitting, dialogue, question, at):
            record(SYSTEM, "table.handed_in", sitting)
            handed_in += 1
    return handed_in


def hand_in_these(*, sitting: Sitting, dialogue: Dialogue, question: int, first: Sequence[Note], at: datetime) -> None:
    """Hand in a table that chose on paper: these cards first, in this order. The caller holds both locks."""
    notes = tables.notes_on(sitting.table_id, question)
    roots = tables.roots_of(notes)
    ids = [note.pk for note in first]
    tops = [note for note in notes if roots[note.pk] == note.pk and note.pk not in ids]
    tops.sort(key=lambda note: (note.position is None, note.position or 0))
    by_id = {note.pk: note for note in notes}
    if sitting.counts_open_at is None:
        sitting.counts_open_at = at
        sitting.save(update_fields=["counts_open_at"])
    _put_in_order([*(by_id[note_id] for note_id in ids), *tops])
    _hand_in(sitting, dialogue, question, at, places=len(ids))


# ---------------------------------------------------------------- help


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
    sitting = _sit_down(here, "table.help").sitting
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
