"""A hall in the database at once: 400 people at 83 tables, with what they have written, marked and handed in.

The rows are those that joining, writing and handing in leave; only the way there is left out. Same seed, same hall.
"""

import secrets
from datetime import datetime, timedelta

import numpy as np

from samspel.core.models import Installation
from samspel.dialogues.models import (
    Ballot,
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
    Table,
)
from samspel.people.models import Unit
from tests.people import WHEN, make_dialogue

NAMES = ("Eldkvarn", "Slussen", "Spinneriet", "Kvarnhjulet", "Lyktan", "Strömmen", "Bron", "Torget", "Ån", "Magasinet")
UNITS = ("Vägledningscentrum", "Stadsbiblioteket", "Hemtjänsten norr", "Skolan Eken", "Gatukontoret", "Socialjouren")
WHAT = (
    "Mer tid att lyssna klart på den som söker hjälp",
    "Färre blanketter och begripliga ord i breven",
    "Samma person nästa gång jag ringer",
    "Att chefen litar på oss som möter människor",
    "En plats att prata ostört på biblioteket",
    "Kortare väntan till bygglov och tydliga besked",
    "Bussen går inte när kvällspasset slutar",
    "Tryggare väg till skolan, bättre belysning i parken",
    "Systemen pratar inte med varandra och vi skriver allt två gånger",
    "Att vi hjälps åt över gränserna mellan enheter",
    "Skolmaten och tiden att äta den",
    "Att nya får en fadder den första månaden",
    "Gallringen av möten så att det blir tid för jobbet",
    "Språkcafé för den som väntar på svenska för invandrare",
    "Kommunens webbplats hittar man inte rätt på",
    "Att någon säger hej när man kommer in",
)
WHERE = (
    "",
    " hos oss",
    " på vår enhet",
    " i receptionen",
    " i hemtjänsten",
    " i skolan",
    " på telefon",
    " varje vecka",
)


def make_hall(
    unit: Unit,
    *,
    people: int = 400,
    tables: int = 83,
    notes_each: int = 2,
    now_at: str = "choose",
    handed_in: int = 40,
    ask_for_help: int = 3,
    counter_voices: int = 5,
    at: datetime = WHEN,
    needs_review: bool = False,
    seed: int = 7,
) -> Dialogue:
    """A running dialogue full of people.

    :param handed_in: of the first tables, how many have handed in their three.
    :param ask_for_help: of the tables after those, how many ask for help.
    :param at: when everybody came, and was seen last.
    """
    rng = np.random.default_rng(seed)
    Installation.objects.get_or_create(defaults={"name": "Lindvik"})
    dialogue = make_dialogue(unit, now_at=now_at, tables=0)
    assert dialogue.step is not None
    dialogue.needs_review = needs_review
    dialogue.opened_at = dialogue.step_started_at = at
    dialogue.step_ends_at = at + timedelta(minutes=dialogue.step.minutes)
    dialogue.save()
    rows = Table.objects.bulk_create(
        Table(dialogue=dialogue, number=number, name=_name(number), size=8) for number in range(1, tables + 1)
    )
    seats = Seat.objects.bulk_create(
        Seat(
            dialogue=dialogue,
            number=number,
            secret_hash=secrets.token_bytes(32),
            unit=UNITS[number % len(UNITS)],
            joined_at=at,
            seen_at=at,
            key=secrets.token_hex(16),
        )
        for number in range(1, people + 1)
    )
    at_table = {seat.pk: rows[place % tables] for place, seat in enumerate(seats)}
    Placement.objects.bulk_create(Placement(seat=seat, seating=1, table=at_table[seat.pk]) for seat in seats)
    first = {at_table[seat.pk].pk: seat for seat in reversed(seats)}
    sittings = Sitting.objects.bulk_create(
        Sitting(
            table=table,
            seating=1,
            pen=first.get(table.pk),
            handed_in_at=at if place < handed_in else None,
            help_asked_at=at if handed_in <= place < handed_in + ask_for_help else None,
            help_words="Vi hinner inte" if place == handed_in and ask_for_help else "",
        )
        for place, table in enumerate(rows)
    )
    add_notes(dialogue, [seat for seat in seats for _ in range(notes_each)], rng=rng, at=at)
    _mark(dialogue, seats, at_table, rng)
    Ready.objects.bulk_create(Ready(seat=seat, step=dialogue.step) for seat in seats if rng.random() < 0.6)
    _hand_in(dialogue, sittings[:handed_in], at, is_read=not needs_review)
    CounterVoice.objects.bulk_create(
        CounterVoice(
            dialogue=dialogue,
            table=table,
            from_advocate=True,
            text=f"Och vem har tid med det, undrar bord {table.name}?",
            key=secrets.token_hex(16),
            said_at=at,
            reviewed_at=None if needs_review else at,
        )
        for table in rows[:counter_voices]
    )
    return dialogue


def add_notes(dialogue: Dialogue, by: list[Seat], *, rng: np.random.Generator, at: datetime) -> None:
    """One shared note more by each of these, at the table where she sits."""
    table_of = dict(Placement.objects.filter(seat__dialogue=dialogue, seating=1).values_list("seat_id", "table_id"))
    what, where = rng.integers(len(WHAT), size=len(by)), rng.integers(len(WHERE), size=len(by))
    Note.objects.bulk_create(
        (
            Note(
                dialogue=dialogue,
                seat=seat,
                table_id=table_of[seat.pk],
                text=WHAT[what[place]] + WHERE[where[place]],
                key=secrets.token_hex(16),
                written_at=at,
                shared_at=at,
            )
            for place, seat in enumerate(by)
        ),
        batch_size=2000,
    )


def cast_ballots(dialogue: Dialogue, *, at: datetime = WHEN, seed: int = 7) -> None:
    """Everybody stands behind three of the proposals."""
    rng = np.random.default_rng(seed)
    proposals = list(Proposal.objects.filter(dialogue=dialogue).values_list("pk", flat=True))
    ballots = Ballot.objects.bulk_create(
        Ballot(dialogue=dialogue, seat=seat, question=1, cast_at=at) for seat in dialogue.seats.all()
    )
    behind = Ballot.proposals.through
    behind.objects.bulk_create(
        behind(ballot=ballot, proposal_id=int(proposal))
        for ballot in ballots
        for proposal in rng.choice(proposals, size=min(3, len(proposals)), replace=False)
    )


def _name(number: int) -> str:
    turn, place = divmod(number - 1, len(NAMES))
    return NAMES[place] if turn == 0 else f"{NAMES[place]} {turn + 1}"


def _mark(dialogue: Dialogue, seats: list[Seat], at_table: dict[int, Table], rng: np.random.Generator) -> None:
    on_table: dict[int, list[int]] = {}
    for note_id, table_id in Note.objects.filter(dialogue=dialogue).values_list("pk", "table_id"):
        on_table.setdefault(table_id or 0, []).append(note_id)
    Mark.objects.bulk_create(
        Mark(seat=seat, note_id=int(note))
        for seat in seats
        for notes in [on_table.get(at_table[seat.pk].pk, [])]
        for note in rng.choice(notes, size=min(3, len(notes)), replace=False)
    )


def _hand_in(dialogue: Dialogue, sittings: list[Sitting], at: datetime, *, is_read: bool) -> None:
    """The first three different notes of each table; the same words at two tables are one proposal."""
    threes: list[tuple[Sitting, int, Note]] = []
    for sitting in sittings:
        by_text = {note.text: note for note in Note.objects.filter(table=sitting.table_id).order_by("-pk")}
        threes += [(sitting, place, note) for place, note in enumerate(list(reversed(by_text.values()))[:3], start=1)]
    texts = dict.fromkeys(note.text for _, _, note in threes)
    Proposal.objects.bulk_create(
        Proposal(
            dialogue=dialogue,
            question=1,
            text=text,
            normal=text.casefold(),
            created_at=at,
            reviewed_at=at if is_read else None,
        )
        for text in texts
    )
    proposals = {proposal.text: proposal for proposal in Proposal.objects.filter(dialogue=dialogue)}
    Pick.objects.bulk_create(
        Pick(sitting=sitting, question=1, place=place, note=note, proposal=proposals[note.text], marks=2, of=5)
        for sitting, place, note in threes
    )
