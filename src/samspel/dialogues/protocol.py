"""The protocol of a dialogue: one record that the page, PDF, CSV, JSON and API all are made from.

Inside, an agreement's owner stands with the name that was written; in public only the role. No other names are in it.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from samspel.core import defaults
from samspel.dialogues.compute_words import may_show_words, words_of
from samspel.dialogues.models import Dialogue, Note, Question, Seat
from samspel.dialogues.queries import (
    CheckoutFigures,
    agreements_of,
    checkout_figures,
    counter_voices_of,
    lone_voices_of,
    result_of,
    threes_of,
)


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
    table: str
    text: str
    is_set_aside: bool
    is_late: bool = False


@dataclass(frozen=True)
class ProtocolQuestion:
    """What came out of one question. ``late_tables`` and ``late_notes`` were entered from paper after the end."""

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
    notes: tuple[ProtocolNote, ...]
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
    """Everything that a dialogue came to, as one reader may have it."""

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
    questions: tuple[ProtocolQuestion, ...]
    agreements: tuple[ProtocolAgreement, ...]
    checkout: CheckoutFigures | None
    is_inside: bool


def protocol_of(dialogue: Dialogue, *, inside: bool) -> Protocol:
    """The protocol, for the unit's own people or for all. All tables' notes are in the inside one only."""
    questions = [_question(dialogue, question, inside) for question in Question.objects.filter(dialogue=dialogue)]
    notes: dict[int, list[ProtocolNote]] = {}
    rows = Note.objects.filter(dialogue=dialogue, shared_at__isnull=False).select_related("table")
    for note in rows.order_by("table__number", "pk"):
        assert note.table is not None
        assert note.shared_at is not None
        is_aside = note.set_aside_at is not None
        is_late = dialogue.closed_at is not None and note.shared_at > dialogue.closed_at
        text = "" if is_aside else note.text
        notes.setdefault(note.question, []).append(ProtocolNote(note.table.name, text, is_aside, is_late))
    figures = checkout_figures(dialogue)
    if not inside and figures is not None and figures.answers < defaults.value("figures.least_public"):
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
        notes=sum(map(len, notes.values())),
        questions=tuple(
            replace(
                question,
                notes=tuple(notes.get(question.number, ())) if inside else (),
                late_notes=sum(note.is_late for note in notes.get(question.number, ())),
            )
            for question in questions
        ),
        agreements=tuple(
            ProtocolAgreement(
                agreement.text,
                agreement.proposal.text if agreement.proposal else "",
                (agreement.owner or agreement.owner_role) if inside else agreement.owner_role,
                agreement.due_on,
                agreement.becomes,
                agreement.outcome,
                agreement.outcome_words if inside or agreement.outcome else "",
            )
            for agreement in agreements_of(dialogue)
        ),
        checkout=figures,
        is_inside=inside,
    )


def _question(dialogue: Dialogue, question: Question, inside: bool) -> ProtocolQuestion:
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
        notes=(),
        late_tables=threes.late,
    )


def as_json(protocol: Protocol) -> dict[str, Any]:
    """The protocol as JSON values; times in ISO 8601."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        if isinstance(value, date | datetime):
            return value.isoformat()
        return value

    found: dict[str, Any] = plain(asdict(protocol))
    return found


def csv_rows(protocol: Protocol) -> Iterator[list[str]]:
    """One row per statement: meeting, question, what it is, text, count, of, tables."""
    yield ["meeting", "question", "kind", "text", "count", "of", "table"]
    for question in protocol.questions:
        base = [protocol.title, question.text]
        for place in question.chosen:
            kind = f"chosen {place.place}, set aside" if place.is_set_aside else f"chosen {place.place}"
            yield [*base, kind, place.text, str(place.tables), str(place.of_tables), ""]
        for proposal in question.proposals:
            yield [*base, "proposal", proposal.text, str(proposal.tables), "", ""]
        for voice in question.lone_voices:
            yield [*base, "lone voice", voice.text, "1", "", ""]
        for text in question.counter_voices:
            yield [*base, "counter-voice", text, "", "", ""]
        for word in question.words:
            yield [*base, "word", word.word, str(word.count), "", ""]
        for note in question.notes:
            yield [*base, "note set aside" if note.is_set_aside else "note", note.text, "", "", note.table]
    for agreement in protocol.agreements:
        yield [protocol.title, agreement.grew_from, "agreement", agreement.text, "", "", ""]


def as_csv(protocol: Protocol) -> str:
    """The rows as CSV with a byte-order mark. A cell that a spreadsheet would run as a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in csv_rows(protocol):
        writer.writerow([f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell for cell in row])
    return "\ufeff" + out.getvalue()


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
