"""What lies on a table, and who sits there: read for one participant, so that private marks stay private.

A card is a note with those that were laid under it. Marks belong to notes, so that they follow their own note back
when a card is taken apart; a card counts as one mark.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from samspel.core.languages import spoken
from samspel.core.prepared import Prepared
from samspel.dialogues.compute import THREES_FROM
from samspel.dialogues.models import (
    CounterVoice,
    Dialogue,
    Mark,
    Note,
    Pick,
    Placement,
    Ready,
    Seat,
    Sitting,
    Step,
    StepKind,
)
from samspel.engine.themes import normalise
from samspel.live.queries import connected_hints

AWAY_AFTER = timedelta(minutes=2)  # a pen that nobody has held for so long passes to the next who asks


_NOTES = Prepared[Note](
    lambda table, question: Note.objects.filter(table=table, question=question, shared_at__isnull=False).order_by(
        "shared_at", "pk"
    )
)
_MARKS = Prepared[Mark](lambda notes: Mark.objects.filter(note__in=notes))
_PLACED = Prepared[Placement](
    lambda table, seating: (
        Placement.objects.filter(table=table, seating=seating, seat__left_at=None)
        .select_related("seat", "seat__helped_by")
        .order_by("seat__number")
    )
)
_READY = Prepared[tuple[int]](
    lambda seats, dialogue, question, seating: Ready.objects.filter(
        seat__in=seats,
        step__dialogue=dialogue,
        step__question=question,
        step__seating=seating,
        step__kind__in=[StepKind.SMALL, StepKind.OBJECTIONS, StepKind.CHOOSE],
    ).values_list("seat_id")
)
_VOICES = Prepared[CounterVoice](
    lambda dialogue, table, question: CounterVoice.objects.filter(
        dialogue=dialogue, table=table, question=question
    ).order_by("-from_advocate", "pk")
)
_PICKS = Prepared[Pick](
    lambda sitting, question: Pick.objects.filter(sitting=sitting, question=question).select_related("proposal")
)
_MOVES_ON = Prepared[tuple[int]](
    lambda dialogue, position, question, seating: Step.objects.filter(
        dialogue=dialogue, position__gt=position, question=question, kind=StepKind.MOVE, seating__gt=seating
    ).values_list("pk")[:1]
)


@dataclass(frozen=True)
class Words:
    """One note on a card; ``text`` is empty when the leader has set it aside."""

    note_id: int
    text: str
    is_aside: bool
    language: str = ""
    is_interpreted: bool = False

    @property
    def said_in(self) -> str:
        """The name of the language it was said in, when that is not the meeting's."""
        return spoken(self.language)


@dataclass(frozen=True)
class Card:
    """A note and what lies under it. ``marks`` is None until the counts are open: no phone gets them before."""

    note_id: int
    words: tuple[Words, ...]
    is_mine: bool
    marks: int | None
    place: int = 0

    @property
    def shown(self) -> tuple[Words, ...]:
        return tuple(words for words in self.words if not words.is_aside)

    @property
    def is_aside(self) -> bool:
        return not self.shown

    @property
    def hidden(self) -> int:
        return len(self.words) - len(self.shown)

    @property
    def is_joined(self) -> bool:
        return len(self.words) > 1

    @property
    def name(self) -> str:
        """All its words in one line, for a button's name."""
        return joined_text([words.text for words in self.shown])


@dataclass(frozen=True)
class Person:
    """Somebody at the table, as the others see her."""

    number: int
    name: str
    is_me: bool
    has_pen: bool
    is_advocate: bool
    is_ready: bool
    asks_for_pen: bool
    is_away: bool
    may_hold_pen: bool
    helped_by: str
    group: int


@dataclass(frozen=True)
class TableNow:
    """A table in one seating and question, seen from one seat."""

    sitting: Sitting
    cards: tuple[Card, ...]
    people: tuple[Person, ...]
    me: Person
    voices: tuple[CounterVoice, ...]
    is_open: bool
    of: int
    places: int
    handed_in: tuple[str, ...]
    paper_people: int
    moves_on: bool

    @property
    def marked(self) -> int:
        """How many cards this seat has marked."""
        return sum(card.is_mine for card in self.cards)

    @property
    def too_many(self) -> int:
        return max(0, self.marked - self.places)

    @property
    def left(self) -> int:
        return max(0, self.places - self.marked)

    @property
    def has_pen(self) -> bool:
        return self.me.has_pen

    @property
    def pen_name(self) -> str:
        return next((person.name for person in self.people if person.has_pen), "")

    @property
    def pen_is_away(self) -> bool:
        return not any(person.has_pen and not person.is_away for person in self.people)

    @property
    def asking(self) -> Person | None:
        """Who has asked for the pen."""
        return next((person for person in self.people if person.asks_for_pen), None)

    @property
    def ready(self) -> int:
        return sum(person.is_ready for person in self.people)

    @property
    def ordered(self) -> tuple[Card, ...]:
        """The cards in the table's order; what is set aside has no place in it."""
        return tuple(card for card in self.cards if not card.is_aside)

    @property
    def top(self) -> tuple[Card, ...]:
        return self.ordered[: self.places]

    @property
    def rest(self) -> tuple[Card, ...]:
        return self.ordered[self.places :]

    @property
    def aside(self) -> int:
        return sum(card.is_aside for card in self.cards)

    @property
    def asked_for_help(self) -> bool:
        return self.sitting.help_asked_at is not None

    @property
    def advocate_voices(self) -> tuple[CounterVoice, ...]:
        return tuple(voice for voice in self.voices if voice.from_advocate)

    @property
    def other_voices(self) -> tuple[CounterVoice, ...]:
        return tuple(voice for voice in self.voices if not voice.from_advocate)

    @property
    def own_group(self) -> tuple[Person, ...]:
        """Those one talks with first, oneself first; empty at a small table or when no threes were made."""
        if len(self.people) < THREES_FROM or not self.me.group:
            return ()
        return (self.me, *(person for person in self.people if person.group == self.me.group and not person.is_me))


def name_of(seat: Seat) -> str:
    """What the table calls her: her own name, or her place's number."""
    return seat.name or _("Plats %(number)s") % {"number": seat.number}


def joined_text(texts: Iterable[str]) -> str:
    """Several notes as one line, in their own words.

    >>> joined_text(["Att få prova.", "Rätt att misslyckas"])
    'Att få prova. Rätt att misslyckas'
    >>> joined_text(["Tid", "Ro"])
    'Tid · Ro'

    The same words twice are said once:

    >>> joined_text(["Tid", "tid", "Ro"])
    'Tid · Ro'
    """
    line, said = "", set()
    for text in texts:
        if normalise(text) in said:
            continue
        said.add(normalise(text))
        if line:
            line += " " if line[-1] in ".!?…" else " · "
        line += text
    return line


def notes_on(table_id: int, question: int) -> list[Note]:
    """All notes that lie on a table in a question, oldest first."""
    return _NOTES(table_id, question)


def roots_of(notes: Iterable[Note]) -> dict[int, int]:
    """Each note's card: the note on top of the pile it lies in. One that lies elsewhere ends the chain."""
    under = {note.pk: note.merged_into_id for note in notes}
    found = {}
    for note_id in under:
        top = note_id
        while (above := under[top]) is not None and above in under:
            top = above
        found[note_id] = top
    return found


def cards_in_order(notes: Iterable[Note], roots: Mapping[int, int]) -> list[Note]:
    """The notes on top, in the table's order; those that have no place in it yet come last, as they came."""
    tops = [note for note in notes if roots[note.pk] == note.pk]
    return sorted(tops, key=lambda note: (note.position is None, note.position or 0))


def cards_marked_by(roots: Mapping[int, int], marks: Iterable[Mark]) -> dict[int, list[int]]:
    """The cards each seat has marked, first marked first."""
    found: dict[int, dict[int, None]] = defaultdict(dict)
    for mark in sorted(marks, key=lambda mark: mark.pk):
        found[mark.seat_id].setdefault(roots[mark.note_id])
    return {seat_id: list(cards) for seat_id, cards in found.items()}


def marks_on(notes: Iterable[Note]) -> list[Mark]:
    return _MARKS([note.pk for note in notes])


def count_marks(roots: Mapping[int, int], marks: Iterable[Mark], places: int) -> Counter[int]:
    """How many have marked each card. One who has more than the table's places after a card was taken apart counts
    for those she marked first."""
    counts: Counter[int] = Counter()
    for cards in cards_marked_by(roots, marks).values():
        counts.update(cards[:places])
    return counts


def seats_at(sitting: Sitting) -> list[tuple[Seat, int]]:
    """Who sits at the table and has not left, by number, with the small group each talks in first."""
    return [(placement.seat, placement.group) for placement in _PLACED(sitting.table_id, sitting.seating)]


def phones_at(sittings: Collection[Sitting]) -> dict[tuple[int, int], list[Seat]]:
    """Who sits with a phone of her own at each of the tables, by (table, seating) and number; one query for all."""
    rows = Placement.objects.filter(
        table__in=[sitting.table_id for sitting in sittings],
        seating__in={sitting.seating for sitting in sittings},
        seat__left_at=None,
        seat__kind=Seat.Kind.PHONE,
    )
    found: dict[tuple[int, int], list[Seat]] = {}
    for placement in rows.select_related("seat").order_by("seat__number"):
        found.setdefault((placement.table_id, placement.seating), []).append(placement.seat)
    return found


def voters_at(sitting: Sitting, marks: Iterable[Mark]) -> set[int]:
    """Whom «of five» counts: those who sit here and those who have marked here."""
    return {seat.pk for seat, _group in seats_at(sitting)} | {mark.seat_id for mark in marks}


def ready_at(dialogue: Dialogue, seats: Iterable[Seat]) -> set[int]:
    """Seats that have said they are ready in a step at this table, in the question that is going on."""
    step = dialogue.step
    if step is None:
        return set()
    rows = _READY([seat.pk for seat in seats], dialogue.pk, step.question, step.seating)
    return {seat_id for (seat_id,) in rows}


def is_away(seat: Seat, connected: set[str], at: datetime) -> bool:
    """Whether nobody has seen this seat's phone, or its helper's, for two minutes."""
    holder = seat.helped_by or seat
    if holder.left_at is not None or seat.left_at is not None:
        return True
    return str(holder.number) not in connected and at - holder.seen_at > AWAY_AFTER


def moves_on(dialogue: Dialogue) -> bool:
    """Whether people change tables later in this question, so that nothing is handed in yet."""
    step = dialogue.step
    if step is None:
        return False
    return bool(_MOVES_ON(dialogue.pk, step.position, step.question, step.seating))


def table_now(dialogue: Dialogue, sitting: Sitting, seat: Seat, *, question: int, at: datetime) -> TableNow:
    """The table as this seat may see it. The number of queries does not grow with people or notes."""
    notes = notes_on(sitting.table_id, question)
    marks = marks_on(notes)
    placed = seats_at(sitting)
    is_open = sitting.counts_open_at is not None
    people = _people(dialogue, sitting, placed, seat, at)
    voters = {one.pk for one, _group in placed} | {mark.seat_id for mark in marks}
    return TableNow(
        sitting=sitting,
        cards=_cards(notes, marks, seat, is_open=is_open, places=dialogue.places),
        people=people,
        me=next((person for person in people if person.is_me), _stranger(seat)),
        voices=tuple(_VOICES(dialogue.pk, sitting.table_id, question)),
        is_open=is_open,
        of=len(voters),
        places=dialogue.places,
        handed_in=tuple(pick.proposal.text for pick in _PICKS(sitting.pk, question)),
        paper_people=sum(one.kind == Seat.Kind.PAPER for one, _group in placed),
        moves_on=moves_on(dialogue),
    )


def _cards(notes: list[Note], marks: list[Mark], seat: Seat, *, is_open: bool, places: int) -> tuple[Card, ...]:
    roots = roots_of(notes)
    counts = count_marks(roots, marks, places)
    mine = {roots[mark.note_id] for mark in marks if mark.seat_id == seat.pk}
    words: dict[int, list[Words]] = defaultdict(list)
    tops = [note for note in notes if roots[note.pk] == note.pk]
    for note in [*tops, *(note for note in notes if roots[note.pk] != note.pk)]:
        is_aside = note.set_aside_at is not None
        words[roots[note.pk]].append(
            Words(
                note.pk,
                "" if is_aside else note.text,
                is_aside,
                "" if is_aside else note.language,
                note.source == Note.Source.HOST,
            )
        )
    found = []
    place = 0
    for note in cards_in_order(notes, roots) if is_open else tops:
        card = Card(
            note.pk,
            tuple(words[note.pk]),
            is_mine=note.pk in mine,
            marks=counts[note.pk] if is_open else None,
        )
        if not card.is_aside:
            place += 1
            card = Card(card.note_id, card.words, card.is_mine, card.marks, place)
        found.append(card)
    return tuple(found)


def _people(
    dialogue: Dialogue, sitting: Sitting, placed: list[tuple[Seat, int]], me: Seat, at: datetime
) -> tuple[Person, ...]:
    seats = [(seat, group) for seat, group in placed if seat.kind != Seat.Kind.PAPER]
    ready = ready_at(dialogue, [seat for seat, _group in seats])
    connected = connected_hints(dialogue.room, now=at, among=_phones_of(seats))
    names = Counter(name_of(seat) for seat, _group in seats)
    found = []
    for seat, group in seats:
        name = name_of(seat)
        if names[name] > 1:
            name = _("%(name)s, plats %(number)s") % {"name": name, "number": seat.number}
        found.append(
            Person(
                number=seat.number,
                name=name,
                is_me=seat.pk == me.pk,
                has_pen=seat.pk == sitting.pen_id,
                is_advocate=seat.pk == sitting.advocate_id,
                is_ready=seat.pk in ready,
                asks_for_pen=seat.pk == sitting.pen_asked_by_id,
                is_away=is_away(seat, connected, at),
                may_hold_pen=seat.kind == Seat.Kind.PHONE,
                helped_by=name_of(seat.helped_by) if seat.helped_by else "",
                group=group,
            )
        )
    found.sort(key=lambda person: not person.is_me)
    return tuple(found)


def _phones_of(seats: Iterable[tuple[Seat, int]]) -> set[str]:
    """The hints of those at the table, or of who helps them."""
    return {str((seat.helped_by or seat).number) for seat, _group in seats}


def _stranger(seat: Seat) -> Person:
    """One who has just left the table and still looks at it."""
    return Person(seat.number, name_of(seat), True, False, False, False, False, False, False, "", 0)
