"""The protocol of a dialogue: one record that the page, PDF, CSV, JSON, Excel and API all are made from.

Inside, an agreement's owner stands with the name that was written; in public only the role. No other names are in it.
What lies on the tables may be ten thousand notes, so it is no part of the record: ``notes_of`` gives it row by row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from samspel.core import defaults
from samspel.dialogues.compute_words import may_show_words, words_of
from samspel.dialogues.heard import WasHeard, heard_in
from samspel.dialogues.models import Dialogue, Mark, Note, Pick, Question, Seat, Sitting, State, Theme
from samspel.dialogues.queries import (
    CheckoutFigures,
    agreements_of,
    checkout_figures,
    counter_voices_of,
    lone_voices_of,
    may_be_shown,
    result_of,
    threes_of,
)
from samspel.dialogues.theme_queries import name_of, roots_of


@dataclass(frozen=True)
class ProtocolPlace:
    place: int
    text: str
    tables: int
    of_tables: int
    ballots: int
    is_set_aside: bool = False


@dataclass(frozen=True)
class ProtocolProposal:
    text: str
    tables: int
    other_words: tuple[str, ...]


@dataclass(frozen=True)
class ProtocolVoice:
    text: str
    is_counter_voice: bool


@dataclass(frozen=True)
class ProtocolWord:
    word: str
    count: int


@dataclass(frozen=True)
class ProtocolNote:
    """What somebody laid on a table. ``marks``: how many marked it; None when nobody knows any more."""

    table: str
    text: str
    is_set_aside: bool
    is_late: bool = False
    marks: int | None = None
    theme: str = ""


@dataclass(frozen=True)
class ProtocolQuestion:
    """What came out of one question. ``shared`` counts the notes on its tables.

    ``late_tables`` and ``late_notes`` were entered from paper after the end.
    """

    number: int
    text: str
    chosen: tuple[ProtocolPlace, ...]
    is_from_ballots: bool
    covered: int
    voters: int
    method: str
    seed: int
    proposals: tuple[ProtocolProposal, ...]
    lone_voices: tuple[ProtocolVoice, ...]
    counter_voices: tuple[str, ...]
    words: tuple[ProtocolWord, ...]
    shared: int = 0
    late_tables: int = 0
    late_notes: int = 0


@dataclass(frozen=True)
class ProtocolAgreement:
    text: str
    grew_from: str
    owner: str
    due_on: date | None
    becomes: str
    outcome: str
    outcome_words: str


@dataclass(frozen=True)
class Protocol:
    """Everything that a dialogue came to, as one reader may have it.

    ``least``: so many must have answered for her to be shown the check-out.
    """

    title: str
    unit: str
    place: str
    starts_at: datetime
    closed_at: datetime | None
    is_advisory: bool
    delegation: str
    people: int
    tables: int
    notes: int
    heard: tuple[WasHeard, ...]
    questions: tuple[ProtocolQuestion, ...]
    agreements: tuple[ProtocolAgreement, ...]
    checkout: CheckoutFigures | None
    is_inside: bool
    least: int


def protocol_of(dialogue: Dialogue, *, inside: bool) -> Protocol:
    """The protocol, for the unit's own people or for all. Its size does not grow with the notes."""
    late = Q(shared_at__gt=dialogue.closed_at) if dialogue.closed_at is not None else Q(pk=None)
    counts = {
        question: (shared, after)
        for question, shared, after in _shared(dialogue)
        .order_by()
        .values_list("question")
        .annotate(shared=Count("pk"), after=Count("pk", filter=late))
    }
    questions = [
        _question(dialogue, question, inside, *counts.get(question.number, (0, 0)))
        for question in Question.objects.filter(dialogue=dialogue)
    ]
    figures = checkout_figures(dialogue)
    least = defaults.value("figures.least_inside" if inside else "figures.least_public")
    if figures is not None and figures.answers < least:
        figures = None
    return Protocol(
        title=dialogue.title,
        unit=dialogue.unit.name,
        place=dialogue.place,
        starts_at=dialogue.opened_at or dialogue.starts_at,
        closed_at=dialogue.closed_at,
        is_advisory=not dialogue.delegation,
        delegation=dialogue.delegation,
        people=Seat.objects.filter(dialogue=dialogue).count(),
        tables=dialogue.tables.filter(placements__isnull=False).distinct().count(),
        notes=sum(shared for shared, _late in counts.values()),
        heard=heard_in(dialogue, inside=inside),
        questions=tuple(questions),
        agreements=tuple(
            ProtocolAgreement(
                agreement.text,
                proposal.text if (proposal := agreement.proposal) and may_be_shown(dialogue, proposal) else "",
                (agreement.owner or agreement.owner_role) if inside else agreement.owner_role,
                agreement.due_on,
                agreement.becomes,
                agreement.outcome,
                agreement.outcome_words if inside or agreement.outcome_is_open else "",
            )
            for agreement in agreements_of(dialogue)
        ),
        checkout=figures,
        is_inside=inside,
        least=least,
    )


def _shared(dialogue: Dialogue) -> QuerySet[Note]:
    return Note.objects.filter(dialogue=dialogue, shared_at__isnull=False)


def notes_of(dialogue: Dialogue, question: int, *, most: int | None = None) -> Iterator[ProtocolNote]:
    """What lies on the tables in a question, table by table, for leaders and the unit.

    In a transaction the rows come through a cursor of the server's, so that memory does not grow with them.

    :param most: so many at most.
    """
    names = themes_named(dialogue, question)
    pick = Pick.objects.filter(note=OuterRef("pk"), question=question).order_by("pk")
    rows = _shared(dialogue).filter(question=question).order_by("table__number", "pk")
    if dialogue.state == State.CLOSED:
        rows = rows.annotate(marked=Subquery(pick.values("marks")[:1]))
    else:
        # Each marks alone, until the table's counts are open.
        seatings = dialogue.steps.filter(question=question).values("seating")
        is_open = Sitting.objects.filter(table=OuterRef("table"), seating__in=seatings, counts_open_at__isnull=False)
        marks = Mark.objects.filter(note=OuterRef("pk")).order_by().values("note").annotate(count=Count("pk"))
        rows = rows.annotate(marked=Case(When(Exists(is_open), then=Coalesce(Subquery(marks.values("count")), 0))))
    found = rows.values_list("table__name", "text", "set_aside_at", "shared_at", "marked", F("theme_place__theme"))
    for table, text, aside, shared_at, marked, theme in found[:most].iterator(chunk_size=2000):
        yield ProtocolNote(
            table,
            "" if aside else text,
            aside is not None,
            dialogue.closed_at is not None and shared_at > dialogue.closed_at,
            marked,
            "" if aside else names.get(theme, ""),
        )


def themes_named(dialogue: Dialogue, question: int) -> dict[int, str]:
    """What each theme of a question is shown as: nothing for one that the leaders hid."""
    roots = roots_of(Theme.objects.filter(grouping__dialogue=dialogue, grouping__question=question))
    return {theme_id: "" if root.is_hidden else name_of(root) for theme_id, root in roots.items()}


def _question(dialogue: Dialogue, question: Question, inside: bool, shared: int, late: int) -> ProtocolQuestion:
    threes = threes_of(dialogue, question.number)
    result = result_of(dialogue, question.number, threes=threes)
    return ProtocolQuestion(
        number=question.number,
        text=question.text,
        chosen=tuple(
            ProtocolPlace(place.place, place.text, place.tables, result.of_tables, place.ballots, place.is_aside)
            for place in result.places
            if place.is_shown or place.is_aside or (inside and not place.is_waiting)
        )
        if result is not None
        else (),
        is_from_ballots=result.is_from_ballots if result else False,
        covered=result.covered if result else 0,
        voters=result.voters if result else 0,
        method=result.version if result else "",
        seed=result.seed if result else 0,
        proposals=tuple(ProtocolProposal(each.text, each.tables, each.other_words) for each in threes.shown),
        lone_voices=tuple(
            ProtocolVoice(voice.text, voice.is_counter_voice)
            for voice in lone_voices_of(dialogue, question.number, threes=threes)
        ),
        counter_voices=tuple(voice.text for voice in counter_voices_of(dialogue, question.number)),
        words=tuple(
            ProtocolWord(word.text, word.count)
            for word in words_of(dialogue, question.number)
            if inside or may_show_words(dialogue)
        ),
        shared=shared,
        late_tables=threes.late,
        late_notes=late,
    )


def becomes_of(code: str) -> str:
    """What an agreement becomes, in words."""
    return {
        "trial": _("Blir ett försök"),
        "need": _("Blir ett behov"),
        "decision": _("Blir en fråga för beslut"),
        "nothing": "",
    }[code]


def outcome_of(code: str) -> str:
    """What became of it, in words."""
    return {
        "": _("Inte besvarat än"),
        "done": _("Vi gjorde det"),
        "partly": _("En del av det"),
        "going_on": _("Det pågår"),
        "not_done": _("Det blev inte av"),
    }[code]
