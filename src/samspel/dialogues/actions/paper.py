"""Paper counts too: a table's sheet is entered afterwards, with its marks, its three and its counter-voice."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError, Text
from samspel.core.idempotency import once
from samspel.dialogues.access import get_dialogue, seating_now
from samspel.dialogues.actions import handing_in, speaking
from samspel.dialogues.actions.forgetting import forget_who_said_what
from samspel.dialogues.live import tell
from samspel.dialogues.models import (
    LONGEST_NOTE,
    PHASE_OF,
    Ballot,
    CounterVoice,
    Dialogue,
    Mark,
    Note,
    Pick,
    Placement,
    Proposal,
    Seat,
    Sitting,
    State,
    Table,
)
from samspel.dialogues.queries import threes_of
from samspel.dialogues.tables import name_of

MOST_PEOPLE = 12
# A seat that was made for a ballot; a sheet from the same table is by the same people.
FROM_BALLOT = "ballot-"
TOO_MANY_MARKS = gettext_lazy("Fler streck än personer. Räkna igen.")


@dataclass(frozen=True)
class Line:
    """One line of a sheet: the words, how many strokes, and which of the table's three it is, if any."""

    text: str
    marks: int = 0
    place: int | None = None


def seating_of(dialogue: Dialogue, question: int) -> int:
    """The seating in which tables talk about a question: the one going on, else the last."""
    step = dialogue.step
    if step is not None and step.question == question and PHASE_OF[step.kind] == "small":
        return step.seating
    kinds = [kind for kind, phase in PHASE_OF.items() if phase == "small"]
    last = dialogue.steps.filter(question=question, kind__in=kinds).last()
    return last.seating if last is not None else 1


@transaction.atomic
def enter_sheet(
    *,
    actor: Actor,
    dialogue_id: int,
    table_id: int,
    question: int,
    people: int,
    lines: Sequence[Line],
    counter_voice: str = "",
    key: str,
    at: datetime,
) -> int:
    """Enter a table's sheet. The same key again changes nothing.

    The people on paper get seats at the table, so that «four of five» is right, and each of them at most three marks.
    Lines with a place are handed in as the table's three, unless it has handed in already. When the meeting is closed
    they stand in the protocol and on the open page, read through by who enters them; what the hall chose stays.

    :returns: how many thoughts were entered.
    :raises InvalidError: with fields ``people``, ``text-1``, ``marks-1``, ``place-1`` …, ``voice``.
    """
    dialogue = get_dialogue(actor, dialogue_id, "note.enter", lock=True)
    table = Table.objects.filter(pk=table_id, dialogue=dialogue).first()
    if table is None:
        raise NotFoundError("table")
    if not dialogue.questions.filter(number=question).exists():
        raise NotFoundError("question")
    _check(dialogue, people, lines, counter_voice)
    if not once(key):
        return 0
    name = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    seating = seating_of(dialogue, question)
    Sitting.objects.get_or_create(table=table, seating=seating)
    sitting = Sitting.objects.select_for_update().get(table=table, seating=seating)
    notes = [
        Note.objects.create(
            dialogue=dialogue,
            question=question,
            table=table,
            source=Note.Source.PAPER,
            text=line.text.strip(),
            key=f"{name}-note-{number}",
            written_at=at,
            shared_at=at,
        )
        for number, line in enumerate(lines, start=1)
    ]
    seats = _seat_people(dialogue, table, seating, people, name, at)
    _mark(seats, notes, lines)
    if counter_voice.strip():
        CounterVoice.objects.create(
            dialogue=dialogue,
            table=table,
            seating=seating,
            question=question,
            from_advocate=True,
            text=counter_voice.strip(),
            key=f"{name}-voice",
            said_at=at,
            reviewed_at=None if dialogue.needs_review and dialogue.state != State.CLOSED else at,
        )
    handed_in = _hand_in(dialogue, sitting, question, notes, lines, at)
    if dialogue.state == State.CLOSED:
        Proposal.objects.filter(picks__sitting=sitting, reviewed_at=None).update(reviewed_at=at)
        forget_who_said_what(dialogue)
    record(actor, "paper.entered", table, notes=len(notes), people=people, handed_in=handed_in)
    tell(dialogue, "people")
    tell(dialogue, "notes")
    if handed_in:
        tell(dialogue, "result")
    tell(dialogue, "table", table=table.pk)
    return len(notes)


def _check(dialogue: Dialogue, people: int, lines: Sequence[Line], counter_voice: str) -> None:
    fields: dict[str, Text] = {}
    if not lines and not counter_voice.strip():
        fields["text-1"] = _("Skriv minst en tanke.")
    if not 0 <= people <= MOST_PEOPLE:
        fields["people"] = _("Välj ett tal från 0 till %(most)s.") % {"most": MOST_PEOPLE}
    for number, line in enumerate(lines, start=1):
        if not line.text.strip():
            fields[f"text-{number}"] = _("Skriv tanken, eller ta bort strecken.")
        if len(line.text.strip()) > LONGEST_NOTE:
            fields[f"text-{number}"] = _("Högst 500 tecken. Dela tanken i två.")
        if not 0 <= line.marks <= people:
            fields[f"marks-{number}"] = TOO_MANY_MARKS
    if not fields and sum(line.marks for line in lines) > people * dialogue.places:
        fields["people"] = _("Var och en har högst %(places)s streck. Räkna personerna igen.") % {
            "places": dialogue.places
        }
    places = [line.place for line in lines if line.place is not None]
    for number, line in enumerate(lines, start=1):
        if line.place is not None and (places.count(line.place) > 1 or not 1 <= line.place <= dialogue.places):
            fields[f"place-{number}"] = _("Välj varje plats en gång.")
    if len(counter_voice.strip()) > speaking.LONGEST_VOICE:
        fields["voice"] = _("Högst %(longest)s tecken. Korta lite.") % {"longest": speaking.LONGEST_VOICE}
    if fields:
        raise InvalidError(fields=fields)


def _seat_people(dialogue: Dialogue, table: Table, seating: int, people: int, name: str, at: datetime) -> list[Seat]:
    """Seats for so many on paper: those who already have one because their ballot was entered, and new ones."""
    voted = Seat.objects.filter(
        dialogue=dialogue,
        kind=Seat.Kind.PAPER,
        key__startswith=FROM_BALLOT,
        placements__table=table,
        placements__seating=seating,
    )
    known = list(voted.order_by("number")[:people])
    for place, seat in enumerate(known):
        seat.key = f"{name}-voted-{place}"
        seat.save(update_fields=["key"])
    return [*known, *_new_seats(dialogue, table, seating, people - len(known), name, at)]


def _new_seats(dialogue: Dialogue, table: Table, seating: int, people: int, name: str, at: datetime) -> list[Seat]:
    number = (dialogue.seats.aggregate(last=Max("number"))["last"] or 0) + 1
    seats = [
        Seat.objects.create(
            dialogue=dialogue,
            number=number + place,
            kind=Seat.Kind.PAPER,
            language=dialogue.language,
            joined_at=at,
            seen_at=at,
            key=f"{name}-seat-{place}",
        )
        for place in range(people)
    ]
    Placement.objects.bulk_create([Placement(seat=seat, seating=seating, table=table) for seat in seats])
    return seats


def _mark(seats: list[Seat], notes: list[Note], lines: Sequence[Line]) -> None:
    """Deal the strokes around the table: nobody gets the same thought twice, and nobody more than her share."""
    marks = []
    turn = 0
    for note, line in zip(notes, lines, strict=True):
        for _stroke in range(line.marks):
            marks.append(Mark(seat=seats[turn % len(seats)], note=note))
            turn += 1
    Mark.objects.bulk_create(marks)


def _hand_in(
    dialogue: Dialogue, sitting: Sitting, question: int, notes: list[Note], lines: Sequence[Line], at: datetime
) -> bool:
    chosen = [(line.place, note) for note, line in zip(notes, lines, strict=True) if line.place is not None]
    if not chosen or (dialogue.state != State.CLOSED and (dialogue.is_locked or dialogue.ballot_open)):
        return False
    if Pick.objects.filter(sitting=sitting, question=question).exists():
        return False
    first = [note for _place, note in sorted(chosen, key=lambda pair: pair[0])]
    handing_in.hand_in_these(sitting=sitting, dialogue=dialogue, question=question, first=first, at=at)
    return True


# ---------------------------------------------------------------- ballots of those without a phone


@transaction.atomic
def enter_ballot(
    *,
    actor: Actor,
    dialogue_id: int,
    question: int,
    proposal_ids: Collection[int],
    seat_number: int | None = None,
    table_id: int | None = None,
    key: str,
    at: datetime,
) -> Ballot | None:
    """Enter what somebody without a phone can stand behind: one ballot a person, entered again it is changed.

    :param seat_number: who it is, helped or on paper; None for somebody on paper at a table who has not voted, or has
        not been counted yet and is from now on.
    :returns: None when the same key has been entered before.
    :raises NotFoundError: nobody without a phone has the number, or no table or proposal the id.
    :raises ConflictError: the ballot is not open, or no longer about this question.
    """
    dialogue = get_dialogue(actor, dialogue_id, "ballot.enter", lock=True)
    if not dialogue.ballot_open or dialogue.step is None or dialogue.step.question != question:
        raise ConflictError(_("Valet är inte öppet just nu."))
    threes = threes_of(dialogue, question)
    wanted = {threes.root_of.get(proposal_id, 0) for proposal_id in proposal_ids}
    if not wanted <= {proposal.proposal_id for proposal in threes.shown}:
        raise NotFoundError("proposal")
    table = Table.objects.filter(dialogue=dialogue, pk=table_id or 0).first()
    seat = Seat.objects.filter(
        dialogue=dialogue, number=seat_number or 0, kind__in=[Seat.Kind.PAPER, Seat.Kind.HELPED], left_at=None
    ).first()
    if (seat_number is None and table is None) or (seat_number is not None and seat is None):
        raise NotFoundError("seat")
    if not once(key):
        return None
    if seat is None:
        assert table is not None
        seat = _voter_on_paper(dialogue, table, question, key, at)
    ballot, is_new = Ballot.objects.update_or_create(
        seat=seat, question=question, defaults={"cast_at": at, "dialogue": dialogue}
    )
    ballot.proposals.set(wanted)
    record(actor, "ballot.entered" if is_new else "ballot.entered_anew", dialogue)
    tell(dialogue, "people")
    return ballot


def _voter_on_paper(dialogue: Dialogue, table: Table, question: int, key: str, at: datetime) -> Seat:
    """The first on paper at the table who has not voted; else somebody who has not been counted before."""
    seating = seating_now(dialogue)
    there = Seat.objects.filter(
        dialogue=dialogue, kind=Seat.Kind.PAPER, left_at=None, placements__table=table, placements__seating=seating
    )
    waiting = there.exclude(ballots__question=question).order_by("number").first()
    if waiting is not None:
        return waiting
    name = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    return _new_seats(dialogue, table, seating, 1, f"{FROM_BALLOT}{name}", at)[0]


@dataclass(frozen=True)
class Voter:
    """Somebody without a phone, and whether her ballot is in; never what is on it."""

    number: int
    name: str
    table: str
    has_voted: bool

    @property
    def key(self) -> str:
        """How a form names her."""
        return f"seat-{self.number}"


def voters_without_phone(dialogue: Dialogue, question: int) -> list[Voter]:
    """Those who are helped or on paper, by table. Two queries, however many."""
    voted = set(Ballot.objects.filter(dialogue=dialogue, question=question).values_list("seat_id", flat=True))
    rows = (
        Placement.objects.filter(
            table__dialogue=dialogue,
            seating=seating_now(dialogue),
            seat__left_at=None,
            seat__kind__in=[Seat.Kind.PAPER, Seat.Kind.HELPED],
        )
        .select_related("seat", "table")
        .order_by("table__number", "seat__number")
    )
    return [
        Voter(
            row.seat.number,
            name_of(row.seat)
            if row.seat.kind == Seat.Kind.HELPED
            else _("På papper, plats %(n)s") % {"n": row.seat.number},
            row.table.name,
            row.seat_id in voted,
        )
        for row in rows
    ]
