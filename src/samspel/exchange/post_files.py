"""Needs and offers as a table: the columns of ``samspel match``, so that what goes out of one can go into the other."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from samspel.core.errors import InvalidError
from samspel.core.languages import language_named
from samspel.core.sheets import MOST_BYTES, MOST_BYTES_SENT, SheetError, read_sheet, stream_csv, unguarded
from samspel.encounters.queries import areas
from samspel.exchange.finding_posts import Wanted, matching
from samspel.exchange.models import Category, Mark, PartOfWeek, Post

COLUMNS: Final = (
    "id",
    "kind",
    "person",
    "title",
    "text",
    "category",
    "area",
    "from",
    "to",
    "requires",
    "provides",
    "language",
    "since",
    "times",
)
# What stands before a row that was not taken in.
_WHY: Final = ("line", "column", "reason")
BYTES_MOST: Final = 2_000_000
ROWS_MOST: Final = 2_000
_KINDS: Final = {"need": "need", "behov": "need", "offer": "offer", "erbjudande": "offer", "tilbud": "offer"}
_NUMBER: Final = re.compile(r"\s+#(\d{1,9})$")

_EXAMPLE: Final = """\
1,offer,Grannen med bilen,Kan köra på lördagar,Har egen bil,carry/drive,,,,,licence,sv|pl,,weekends
2,need,Grannen med bilen,Vill öva svenska,,learn/language,,,,,,sv|pl,,evenings
3,need,Säljaren,Någon som kör min bil till kunder,,carry/drive,,2026-12-01,2027-02-20,licence,,sv,,weekdays
"""


def template_file() -> bytes:
    """Three rows that show what the columns may hold."""
    return _csv(line.split(",") for line in _EXAMPLE.splitlines())


def post_file(wanted: Wanted, at: datetime) -> bytes:
    """All posts that fit; a party is a name with a number, the same in each of its rows."""
    rows = matching(wanted, at).select_related("category", "area", "party").order_by("pk")
    return _csv(row_of(post) for post in rows)


def row_of(post: Post) -> tuple[str, ...]:
    """In the order of ``COLUMNS``. What a mark says, a need requires and an offer provides."""
    marks = "|".join(post.marks)
    is_need = post.kind == Post.Kind.NEED
    return (
        str(post.pk),
        post.kind,
        f"{post.party.called} #{post.party_id}",
        post.words,
        post.more,
        post.category.key,
        post.area.name if post.area else "",
        post.begins_on.isoformat() if post.begins_on else "",
        post.ends_on.isoformat() if post.ends_on else "",
        marks if is_need else "",
        "" if is_need else marks,
        "|".join(post.languages),
        timezone.localdate(post.posted_at).isoformat(),
        "|".join(post.times),
    )


def _csv(rows: Iterable[Sequence[str]], heading: Sequence[str] = COLUMNS) -> bytes:
    file = io.BytesIO()
    stream_csv(file, [heading, *rows])
    return file.getvalue()


# ---------------------------------------------------------------- reading


@dataclass(frozen=True)
class FileRow:
    """A row that can be taken in."""

    line: int
    kind: str
    person: str
    words: str
    more: str
    category_id: int
    area_id: int | None
    begins_on: date | None
    ends_on: date | None
    marks: tuple[str, ...]
    languages: tuple[str, ...]
    times: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def called(self) -> str:
        return _NUMBER.sub("", self.person)

    @property
    def number(self) -> int | None:
        """Of the party, in a file that was saved here or elsewhere."""
        said = _NUMBER.search(self.person)
        return int(said[1]) if said else None


@dataclass(frozen=True)
class BadRow:
    """A row that cannot, in which column and why; ``cells`` as they were, for the file of rejected rows."""

    line: int
    column: str
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class PostFile:
    rows: tuple[FileRow, ...]
    bad: tuple[BadRow, ...]
    heading: tuple[str, ...]


def rejected_file(heading: Sequence[str], bad: Sequence[BadRow]) -> bytes:
    """The rows that were not taken in, each after its line, column and reason: mended, the file is taken in itself."""
    own = [(place, name) for place, name in enumerate(heading) if name not in _WHY]
    rows = (
        (
            str(row.line),
            row.column,
            row.reason,
            *(row.cells[place] if place < len(row.cells) else "" for place, _ in own),
        )
        for row in bad
    )
    return _csv(rows, (*_WHY, *(name for _place, name in own)))


class _RowError(Exception):
    """In which column, and why, a row cannot be used."""

    def __init__(self, column: str, reason: str) -> None:
        self.column = column
        super().__init__(reason)


@dataclass(frozen=True)
class _Names:
    """What rows may call categories and areas."""

    categories: Mapping[str, int]
    areas: Mapping[str, int]


def read_posts(content: bytes, name: str, *, rows_most: int | None = ROWS_MOST) -> PostFile:
    """The rows of a CSV or Excel file.

    :param rows_most: None for as many as there are, whatever the file's size.
    :raises InvalidError: the file itself cannot be used.
    """
    if rows_most is not None and len(content) > BYTES_MOST:
        raise InvalidError(fields={"file": _("Filen är större än två megabyte. Dela den i flera.")})
    most_bytes = MOST_BYTES if rows_most is None else MOST_BYTES_SENT
    try:
        full = [
            (line, [unguarded(" ".join(cell.split())) for cell in cells])
            for line, cells in read_sheet(content, name, most_bytes=most_bytes)
            if any(map(str.strip, cells))
        ]
    except SheetError as error:
        raise InvalidError(fields={"file": _("Spara listan som Excel (.xlsx) eller CSV och försök igen.")}) from error
    if not full:
        raise InvalidError(fields={"file": _("Filen är tom.")})
    heading = tuple(cell.casefold() for cell in full[0][1])
    missing = [column for column in ("kind", "person", "title") if column not in heading]
    if missing:
        raise InvalidError(fields={"file": _("Kolumnen %(name)s saknas. Hämta gärna mallen.") % {"name": missing[0]}})
    if rows_most is not None and len(full) - 1 > rows_most:
        raise InvalidError(fields={"file": _("Listan har fler än %(most)s rader. Dela den.") % {"most": rows_most}})
    return _read(heading, full[1:])


def _read(heading: tuple[str, ...], lines: Sequence[tuple[int, list[str]]]) -> PostFile:
    by_area = {name.casefold(): area.pk for area in areas() for name in (area.key, area.name)}
    names = _Names(dict(_category_names()), by_area)
    rows: list[FileRow] = []
    bad: list[BadRow] = []
    for line, cells in lines:
        try:
            rows.append(_row(line, dict(zip(heading, cells, strict=False)), tuple(cells), names))
        except _RowError as error:
            bad.append(BadRow(line, error.column, str(error), tuple(cells)))
    return PostFile(tuple(rows), tuple(bad), heading)


def _category_names() -> Iterator[tuple[str, int]]:
    for category in Category.objects.filter(closed_at=None):
        yield category.key.casefold(), category.pk
        yield from ((str(name).casefold(), category.pk) for name in category.name.values())


def _row(line: int, cells: Mapping[str, str], as_read: tuple[str, ...], names: _Names) -> FileRow:
    kind = _KINDS.get(cells.get("kind", "").casefold())
    if kind is None:
        raise _RowError("kind", _("kind ska vara need eller offer."))
    for column in ("person", "title"):
        if not cells.get(column):
            raise _RowError(column, _("%(name)s är tom.") % {"name": column})
    category = cells.get("category", "").casefold() or "other"
    if category not in names.categories:
        raise _RowError("category", _("category finns inte här. Se sidan för slag av hjälp."))
    area = cells.get("area", "").casefold()
    if area and area not in names.areas:
        raise _RowError("area", _("area finns inte här. Lämna tomt för hela kommunen."))
    return FileRow(
        line=line,
        kind=kind,
        person=cells["person"],
        words=cells["title"],
        more=cells.get("text", ""),
        category_id=names.categories[category],
        area_id=names.areas[area] if area else None,
        begins_on=_day(cells, "from"),
        ends_on=_day(cells, "to"),
        marks=_known(cells, "requires" if kind == "need" else "provides", Mark.values),
        languages=_languages(cells),
        times=_known(cells, "times", PartOfWeek.values),
        cells=as_read,
    )


def _day(cells: Mapping[str, str], column: str) -> date | None:
    said = cells.get(column, "")
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise _RowError(column, _("%(name)s ska vara en dag som 2026-11-30.") % {"name": column}) from None


def _parts(cells: Mapping[str, str], column: str) -> list[str]:
    return [part.strip().casefold() for part in cells.get(column, "").split("|") if part.strip()]


def _known(cells: Mapping[str, str], column: str, values: Sequence[str]) -> tuple[str, ...]:
    parts = _parts(cells, column)
    if any(part not in values for part in parts):
        raise _RowError(column, _("%(name)s kan ha %(values)s.") % {"name": column, "values": ", ".join(values)})
    return tuple(parts)


def _languages(cells: Mapping[str, str]) -> tuple[str, ...]:
    codes = [language_named(part) for part in _parts(cells, "language")]
    if not all(codes):
        raise _RowError("language", _("language har ett språk som inte finns här."))
    return tuple(dict.fromkeys(codes))
