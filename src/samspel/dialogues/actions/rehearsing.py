"""Rehearsing with made-up people: a copy of the plan in which they answer when the leader moves on.

Nobody is written to, nothing reaches a thread or the public, and the copy is erased after a week.
"""

import secrets
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.idempotency import checked_key
from samspel.dialogues import compute
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.actions import handing_in, planning
from samspel.dialogues.live import tell
from samspel.dialogues.models import (
    Agreement,
    Ballot,
    Checkout,
    CounterVoice,
    Dialogue,
    Invitation,
    Mark,
    Note,
    Pick,
    Placement,
    PlannedPlace,
    Question,
    Ready,
    Seat,
    Sitting,
    State,
    Step,
    Table,
)
from samspel.dialogues.people_list import new_seat_codes
from samspel.dialogues.queries import threes_of
from samspel.dialogues.sealing import hash_secret, new_secret

KEPT_FOR = timedelta(days=7)
# As many as are on the list, but never fewer than make two groups nor more than one can look at.
PEOPLE_LEAST, PEOPLE_MOST = 6, 24

NAMES = (
    "Ali", "Berit", "Cia", "Davor", "Elin", "Farah", "Gun", "Hugo", "Ines", "Johan", "Kadra", "Lars",
    "Mina", "Nils", "Olga", "Pia", "Rashid", "Siv", "Tove", "Ulf", "Vera", "Wille", "Ylva", "Åke",
)  # fmt: skip
THOUGHTS: dict[str, tuple[str, ...]] = {
    "sv": (
        "Tid att lyssna klart",
        "Att någon säger hej",
        "Att vi lovar mindre och håller mer",
        "Färre blanketter",
        "Samma person nästa gång",
        "Att få veta hur lång väntan blir",
        "Ett rum där man kan prata ostört",
        "Att chefen litar på oss",
        "Begripliga ord",
        "Att vi frågar i stället för att gissa",
        "Mod att säga att vi inte vet",
        "Att reglerna förklaras",
        "Lugn och ro i början",
        "Att vi hjälps åt över gränserna",
    ),
    "da": (
        "Tid til at lytte færdig",
        "At nogen siger hej",
        "At vi lover mindre og holder mere",
        "Færre skemaer",
        "Den samme person næste gang",
        "At få at vide, hvor længe man venter",
        "Et rum, hvor man kan tale uforstyrret",
        "At chefen har tillid til os",
        "Forståelige ord",
        "At vi spørger i stedet for at gætte",
        "Mod til at sige, at vi ikke ved det",
        "At reglerne bliver forklaret",
        "Ro i begyndelsen",
        "At vi hjælper hinanden på tværs",
    ),
    "en": (
        "Time to listen to the end",
        "That somebody says hello",
        "Promising less and keeping more",
        "Fewer forms",
        "The same person next time",
        "Knowing how long the wait is",
        "A room where one can talk undisturbed",
        "That the manager trusts us",
        "Words one understands",
        "Asking instead of guessing",
        "Courage to say that we do not know",
        "That the rules are explained",
        "A calm beginning",
        "Helping each other across offices",
    ),
}
COUNTER = {
    "sv": "Och vem har tid med det en måndag i februari?",
    "da": "Og hvem har tid til det en mandag i februar?",
    "en": "And who has time for that on a Monday in February?",
}


@transaction.atomic
def rehearse(*, actor: Actor, dialogue_id: int, key: str, at: datetime) -> Dialogue:
    """A copy of the plan with made-up people at its tables, ready to begin. A repeated key gives the same copy."""
    original = get_dialogue(actor, dialogue_id, "dialogue.plan")
    slug = planning.slug_of(checked_key(key))
    earlier = Dialogue.objects.filter(slug=slug, created_by_id=actor.person_id).first()
    if earlier is not None:
        return earlier
    copy = planning.with_free_code(
        lambda code: Dialogue.objects.create(
            unit=original.unit,
            template=original.template,
            title=original.title,
            language=original.language,
            second_language=original.second_language,
            place=original.place,
            starts_at=at,
            state=State.PLANNED,
            code=code,
            slug=slug,
            created_at=at,
            created_by_id=actor.person_id,
            is_rehearsal=True,
            group_size=original.group_size,
            places=original.places,
            seating_seed=original.seating_seed,
            needs_review=original.needs_review,
        )
    )
    Question.objects.bulk_create(
        Question(dialogue=copy, number=question.number, text=question.text, second_text=question.second_text)
        for question in original.questions.all()
    )
    Step.objects.bulk_create(
        Step(
            dialogue=copy,
            position=step.position,
            kind=step.kind,
            minutes=step.minutes,
            question=step.question,
            seating=step.seating,
            title=step.title,
            reason=step.reason,
            guide=step.guide,
        )
        for step in original.steps.all()
    )
    _people(original, copy)
    _tables(original, copy)
    compute.seat_everyone(copy)
    _join(copy, at)
    record(actor, "dialogue.rehearsed", copy, of=original.pk)
    return copy


def _people(original: Dialogue, copy: Dialogue) -> None:
    """Made-up names with the real list's units, so that the tables are mixed as they will be."""
    units = list(Invitation.objects.filter(dialogue=original).order_by("pk").values_list("unit", flat=True))
    count = min(max(len(units), PEOPLE_LEAST), PEOPLE_MOST)
    units = units or [original.unit.name]
    codes = new_seat_codes(copy, count)
    Invitation.objects.bulk_create(
        Invitation(dialogue=copy, name=NAMES[place], unit=units[place * len(units) // count], seat_code=codes[place])
        for place in range(count)
    )


def _tables(original: Dialogue, copy: Dialogue) -> None:
    """The same tables, but no more than the made-up people fill."""
    people = copy.invitations.count()
    tables = list(original.tables.all())[: max(1, people // 3)]
    Table.objects.bulk_create(
        Table(
            dialogue=copy,
            number=row.number,
            name=row.name,
            size=max(row.size, -(-people // len(tables))),
            is_accessible=row.is_accessible,
            interpreter=row.interpreter,
        )
        for row in tables
    )


def _join(copy: Dialogue, at: datetime) -> None:
    invitations = list(copy.invitations.order_by("pk"))
    Seat.objects.bulk_create(
        Seat(
            dialogue=copy,
            number=number,
            secret_hash=hash_secret(new_secret()),  # nobody keeps the secret: nothing is ever sealed here
            invitation=invitation,
            name=invitation.name,
            unit=invitation.unit,
            language=copy.language,
            is_made_up=True,
            joined_at=at,
            seen_at=at,
            key=secrets.token_hex(16),
        )
        for number, invitation in enumerate(invitations, start=1)
    )
    seats = dict(copy.seats.values_list("invitation_id", "pk"))
    Placement.objects.bulk_create(
        Placement(
            seat_id=seats[place.invitation_id], seating=place.seating, table_id=place.table_id, is_host=place.is_host
        )
        for place in PlannedPlace.objects.filter(invitation__dialogue=copy)
    )
    for seating in range(1, compute.seatings_of(copy) + 1):
        compute.deal_groups(copy, seating)


# ---------------------------------------------------------------- what the made-up people do


def act_for_made_up(dialogue: Dialogue, at: datetime) -> None:
    """Let the made-up people do what the step asks for. The leader's action calls it when the step has changed.

    Done again in the same step it adds nothing. It holds for rehearsals only.
    """
    if not dialogue.is_rehearsal or dialogue.state != State.RUNNING or dialogue.step is None:
        return
    step = dialogue.step
    seats = list(Seat.objects.filter(dialogue=dialogue, is_made_up=True, left_at=None))
    rng = np.random.default_rng([dialogue.seating_seed, step.position])
    Seat.objects.filter(pk__in=[seat.pk for seat in seats]).update(seen_at=at)
    if step.kind == "solo":
        _write(dialogue, step, seats, rng, at)
        _are_ready(step, seats)
    elif step.phase == "small":
        _mark(dialogue, step, seats, rng)
        _speak_against(dialogue, step, at)
        _are_ready(step, seats)
        following = dialogue.steps.filter(position__gt=step.position).first()
        if following is None or following.phase != "small":
            handing_in.hand_in_all(dialogue=dialogue, question=step.question, seating=step.seating, at=at)
    elif step.kind == "ballot":
        _choose(dialogue, step, seats, rng, at)
    elif step.kind == "checkout":
        _check_out(dialogue, seats, rng)
    tell(dialogue, "people")


def _placed(step: Step, seats: list[Seat]) -> dict[int, int]:
    rows = Placement.objects.filter(seat__in=seats, seating=step.seating)
    return dict(rows.values_list("seat_id", "table_id"))


def _write(dialogue: Dialogue, step: Step, seats: list[Seat], rng: np.random.Generator, at: datetime) -> None:
    """Two thoughts each, shared from the start, so that there is something at every table."""
    if Note.objects.filter(dialogue=dialogue, question=step.question, seat__in=seats).exists():
        return
    at_table = _placed(step, seats)
    thoughts = THOUGHTS.get(dialogue.language, THOUGHTS["sv"])
    Note.objects.bulk_create(
        Note(
            dialogue=dialogue,
            question=step.question,
            seat=seat,
            table_id=at_table[seat.pk],
            text=thoughts[int(index)],
            key=secrets.token_hex(16),
            written_at=at,
            shared_at=at,
        )
        for seat in seats
        if seat.pk in at_table
        for index in rng.choice(len(thoughts), size=2, replace=False)
    )


def _are_ready(step: Step, seats: list[Seat]) -> None:
    Ready.objects.bulk_create([Ready(seat=seat, step=step) for seat in seats], ignore_conflicts=True)


def _mark(dialogue: Dialogue, step: Step, seats: list[Seat], rng: np.random.Generator) -> None:
    notes: dict[int, list[int]] = {}
    rows = Note.objects.filter(dialogue=dialogue, question=step.question, shared_at__isnull=False, merged_into=None)
    for note_id, table_id in rows.filter(set_aside_at=None).values_list("pk", "table_id"):
        notes.setdefault(table_id or 0, []).append(note_id)
    marked = set(Mark.objects.filter(seat__in=seats, note__question=step.question).values_list("seat_id", flat=True))
    marks = []
    for seat_id, table_id in _placed(step, seats).items():
        on_table = notes.get(table_id, [])
        if seat_id in marked or not on_table:
            continue
        # The first cards are liked more, so that the counts differ as they do in a room.
        weights = np.linspace(2.0, 0.5, len(on_table))
        wanted = rng.choice(
            on_table, size=min(dialogue.places, len(on_table)), replace=False, p=weights / weights.sum()
        )
        marks += [Mark(seat_id=seat_id, note_id=int(note)) for note in wanted]
    Mark.objects.bulk_create(marks, ignore_conflicts=True)


def _speak_against(dialogue: Dialogue, step: Step, at: datetime) -> None:
    sitting = Sitting.objects.filter(table__dialogue=dialogue, seating=step.seating, advocate__is_made_up=True).first()
    if sitting is None or CounterVoice.objects.filter(dialogue=dialogue, question=step.question).exists():
        return
    CounterVoice.objects.create(
        dialogue=dialogue,
        table_id=sitting.table_id,
        seating=step.seating,
        question=step.question,
        from_advocate=True,
        text=COUNTER.get(dialogue.language, COUNTER["sv"]),
        key=secrets.token_hex(16),
        said_at=at,
    )


def _choose(dialogue: Dialogue, step: Step, seats: list[Seat], rng: np.random.Generator, at: datetime) -> None:
    """Everyone can stand behind her own table's three, and one more."""
    threes = threes_of(dialogue, step.question)
    shown = [proposal.proposal_id for proposal in threes.shown]
    if not shown:
        return
    mine: dict[int, set[int]] = {}
    picks = Pick.objects.filter(sitting__table__dialogue=dialogue, question=step.question)
    for table_id, proposal_id in picks.values_list("sitting__table_id", "proposal_id"):
        mine.setdefault(table_id, set()).add(threes.root_of.get(proposal_id, 0))
    at_table = _placed(step, seats)
    for seat in seats:
        ballot, is_new = Ballot.objects.get_or_create(
            seat=seat, question=step.question, defaults={"cast_at": at, "dialogue": dialogue}
        )
        if is_new:
            wanted = mine.get(at_table.get(seat.pk, 0), set()) | {int(rng.choice(shown))}
            ballot.proposals.set(wanted.intersection(shown))


def _check_out(dialogue: Dialogue, seats: list[Seat], rng: np.random.Generator) -> None:
    if Checkout.objects.filter(dialogue=dialogue).exists():
        return
    Checkout.objects.bulk_create(
        Checkout(dialogue=dialogue, token=secrets.token_bytes(16), level=int(rng.choice([1, 2, 3, 3, 3])))
        for _ in seats
    )


# ---------------------------------------------------------------- erased after a week


def erase_rehearsals(*, at: datetime) -> int:
    """Erase rehearsals older than a week, with all that was said in them; gives how many."""
    old = list(Dialogue.objects.filter(is_rehearsal=True, created_at__lt=at - KEPT_FOR))
    for dialogue in old:
        erase_rehearsal(dialogue)
    return len(old)


@transaction.atomic
def erase_rehearsal(dialogue: Dialogue) -> None:
    """Erase one rehearsal, its protected rows first."""
    Dialogue.objects.filter(pk=dialogue.pk).update(step=None)
    Agreement.objects.filter(dialogue=dialogue).delete()
    Dialogue.objects.get(pk=dialogue.pk).choices.all().delete()
    Note.objects.filter(dialogue=dialogue).delete()
    Dialogue.objects.get(pk=dialogue.pk).delete()
