"""What a leader reads through: what waits, what is shown, and what lies on the tables, some at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspel.dialogues.actions.reviewing import ASIDE, state_of
from samspel.dialogues.models import CounterVoice, Dialogue, Note, Proposal, Table, Theme
from samspel.dialogues.theme_queries import ThemeCount, themes_of

AT_A_TIME = 50
# The page's own words in its address: words, table, theme, and which part of each list.
PARTS = ("vantar", "visas", "bord_del")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Wanted:
    """What the leader looks for, and which part of each list she has come to."""

    words: str = ""
    table: int = 0
    theme: int = 0
    part: tuple[int, ...] = (1, 1, 1)

    @property
    def is_narrow(self) -> bool:
        return bool(self.words or self.table or self.theme)

    def query(self, **changed: int) -> str:
        """As the page's address; only what differs from the beginning."""
        parts = dict(zip(PARTS, self.part, strict=True)) | changed
        found: dict[str, str | int] = {"ord": self.words, "bord": self.table, "tema": self.theme}
        found |= {name: number for name, number in parts.items() if number > 1}
        return urlencode({name: value for name, value in found.items() if value})


def wanted_of(given: Mapping[str, Any]) -> Wanted:
    """From the page's address; what is no number is as if it were not there."""

    def number(name: str, least: int) -> int:
        text = str(given.get(name, ""))
        return max(least, int(text)) if text.isdecimal() and len(text) < 10 else least

    return Wanted(
        str(given.get("ord", "")).strip()[:80],
        number("bord", 0),
        number("tema", 0),
        tuple(number(name, 1) for name in PARTS),
    )


@dataclass(frozen=True)
class Text:
    """A text with what it is now (``state``: waiting, shown or aside) and where it comes from."""

    kind: str
    row_id: int
    text: str
    where: str
    state: str

    @property
    def item(self) -> str:
        """As the page sends it back: what, which, and how it looked."""
        return f"{self.kind}:{self.row_id}:{self.state}"


@dataclass(frozen=True)
class Part(Generic[Row]):
    """Some rows of a list: ``first`` is the number of the first, of ``total``; links to the parts beside it."""

    rows: tuple[Row, ...]
    first: int
    total: int
    before: str
    after: str

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


@dataclass(frozen=True)
class ReviewPage:
    waiting: Part[Text]
    shown: Part[Text]
    notes: Part[Text]
    tables: tuple[Table, ...]
    themes: tuple[ThemeCount, ...]
    wanted: Wanted


def review_page(dialogue: Dialogue, questions: Collection[int], wanted: Wanted) -> ReviewPage:
    """The lists, ``AT_A_TIME`` rows each. As many queries for ten thousand notes as for ten."""
    is_waiting = Q(reviewed_at=None) | Q(set_aside_at__isnull=False)
    return ReviewPage(
        _part(_texts(dialogue, is_waiting, wanted), wanted, 0),
        _part(_texts(dialogue, ~is_waiting, wanted), wanted, 1),
        _notes(dialogue, questions, wanted),
        tuple(dialogue.tables.all()),
        tuple(theme for number in questions for theme in themes_of(dialogue, number)),
        wanted,
    )


def _part(rows: Sequence[Text], wanted: Wanted, which: int) -> Part[Text]:
    at = wanted.part[which]
    start = (at - 1) * AT_A_TIME
    return _linked(tuple(rows[start : start + AT_A_TIME]), len(rows), wanted, which)


def _linked(rows: tuple[Text, ...], total: int, wanted: Wanted, which: int) -> Part[Text]:
    at, name = wanted.part[which], PARTS[which]
    before = f"?{wanted.query(**{name: at - 1})}" if at > 1 else ""
    after = f"?{wanted.query(**{name: at + 1})}" if at * AT_A_TIME < total else ""
    return Part(rows, (at - 1) * AT_A_TIME + 1, total, before, after)


def _texts(dialogue: Dialogue, which: Q, wanted: Wanted) -> list[Text]:
    """Proposals and counter-voices: those that wait before those set aside, the oldest first."""
    proposals = Proposal.objects.filter(which, dialogue=dialogue, merged_into=None)
    voices = CounterVoice.objects.filter(which, dialogue=dialogue).select_related("table")
    if wanted.words:
        proposals = proposals.filter(text__icontains=wanted.words)
        voices = voices.filter(text__icontains=wanted.words)
    if wanted.table:
        proposals = proposals.filter(
            pk__in=Proposal.objects.filter(dialogue=dialogue, picks__sitting__table=wanted.table).values("pk")
        )
        voices = voices.filter(table=wanted.table)
    if wanted.theme:
        proposals = proposals.filter(
            pk__in=Proposal.objects.filter(
                dialogue=dialogue, picks__note__theme_place__theme__in=_themes_under(wanted.theme)
            ).values("pk")
        )
        voices = voices.none()
    found = [
        Text(
            "proposal",
            row.pk,
            row.text,
            ngettext("{n} bord", "{n} bord", row.tables).format(n=row.tables),
            state_of(row),
        )
        for row in proposals.annotate(tables=Count("picks"))
    ]
    found += [
        Text("voice", row.pk, row.text, _("Motröst, bord {table}").format(table=row.table.name), state_of(row))
        for row in voices
    ]
    return sorted(found, key=lambda row: row.state == ASIDE)


def _notes(dialogue: Dialogue, questions: Collection[int], wanted: Wanted) -> Part[Text]:
    rows = Note.objects.filter(dialogue=dialogue, question__in=questions, shared_at__isnull=False)
    if wanted.words:
        rows = rows.filter(text__icontains=wanted.words)
    if wanted.table:
        rows = rows.filter(table=wanted.table)
    if wanted.theme:
        rows = rows.filter(theme_place__theme__in=_themes_under(wanted.theme))
    start = (wanted.part[2] - 1) * AT_A_TIME
    some = rows.select_related("table").order_by("table__number", "pk")[start : start + AT_A_TIME]
    found = tuple(
        Text(
            "note",
            row.pk,
            row.text,
            _("Bord {table}").format(table=row.table.name if row.table else ""),
            state_of(row),
        )
        for row in some
    )
    return _linked(found, rows.count(), wanted, 2)


def _themes_under(theme: int) -> list[int]:
    """A theme and those that the leaders laid under it."""
    return list(Theme.objects.filter(Q(pk=theme) | Q(merged_into=theme)).values_list("pk", flat=True))
