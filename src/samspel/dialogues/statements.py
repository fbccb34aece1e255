"""Statements in a file, to be played: read row by row, and what cannot be played told with its line and why.

The file is the CSV or Excel that an export makes (its rows of kind ``note``), or any table with a column ``text``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from samspel.core.errors import InvalidError
from samspel.core.sheets import MOST_BYTES_SENT, SheetError, read_sheet, unguarded

BYTES_MOST = 20_000_000
ROWS_MOST = 50_000
# As models.LONGEST_NOTE: a file is read where there are no tables too.
LONGEST = 500
# By the first name that the file has; the others are what people call them.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "statement", "tanke", "påstående", "udsagn"),
    "question": ("question", "fråga", "spørgsmål"),
    "table": ("table", "bord"),
    "marks": ("count", "marks", "markeringar", "antal"),
    "kind": ("kind",),
}


@dataclass(frozen=True)
class Statement:
    """A note to play: ``question`` is its number, ``marks`` how many mark it at its table."""

    line: int
    text: str
    question: int
    table: str
    marks: int


@dataclass(frozen=True)
class BadRow:
    line: int
    reason: str


@dataclass(frozen=True)
class StatementFile:
    good: tuple[Statement, ...]
    bad: tuple[BadRow, ...]


def read_statements(name: str, content: bytes, questions: Mapping[int, str]) -> StatementFile:
    """What the file says. Rows of an export that are no notes (words, proposals …) are none of its statements.

    :param questions: of the dialogue that it is played into; a row names its question by words or number.
    :raises InvalidError: the file is no table, has no column ``text``, or is too large.
    """
    if len(content) > BYTES_MOST:
        raise InvalidError(fields={"file": _("Filen är för stor.")})
    good: list[Statement] = []
    bad: list[BadRow] = []
    places: dict[str, int] | None = None
    try:
        for line, row in read_sheet(content, name, most_bytes=MOST_BYTES_SENT):
            if not any(cell.strip() for cell in row):
                continue
            if places is None:
                places = _places(row)
                continue
            if len(good) + len(bad) >= ROWS_MOST:
                raise InvalidError(fields={"file": _("Filen är för stor.")})
            found = _statement(line, {key: row[at] for key, at in places.items() if at < len(row)}, questions)
            if isinstance(found, Statement):
                good.append(found)
            elif found is not None:
                bad.append(found)
    except SheetError as error:
        raise InvalidError(fields={"file": _("Filen går inte att läsa. Spara den som CSV eller Excel.")}) from error
    if places is None:
        raise InvalidError(fields={"file": _("Filen är tom.")})
    return StatementFile(tuple(good), tuple(bad))


def questions_asked(name: str, content: bytes) -> list[str]:
    """The questions that its rows name, in their order: words or numbers.

    :raises InvalidError: as ``read_statements``.
    """
    found: dict[str, None] = {}
    places: dict[str, int] | None = None
    try:
        for _line, row in read_sheet(content, name, most_bytes=MOST_BYTES_SENT):
            if places is None:
                places = _places(row) if any(cell.strip() for cell in row) else None
            elif "question" in places and places["question"] < len(row):
                found[unguarded(row[places["question"]]).strip()] = None
    except SheetError as error:
        raise InvalidError(fields={"file": _("Filen går inte att läsa. Spara den som CSV eller Excel.")}) from error
    return [text for text in found if text]


def _places(header: Sequence[str]) -> dict[str, int]:
    names = [cell.strip().casefold() for cell in header]
    found = {key: names.index(name) for key, called in COLUMNS.items() for name in called[::-1] if name in names}
    if "text" not in found:
        raise InvalidError(fields={"file": _("Filen saknar kolumnen ”text”.")})
    return found


def _statement(line: int, row: Mapping[str, str], questions: Mapping[int, str]) -> Statement | BadRow | None:
    kind = row.get("kind", "note").strip()
    if kind == "note set aside":
        return BadRow(line, _("Texten är undanlagd och står inte i filen."))
    if kind not in {"note", ""}:
        return None
    text = unguarded(row["text"]).strip() if "text" in row else ""
    if not text:
        return BadRow(line, _("Texten saknas."))
    if len(text) > LONGEST:
        return BadRow(line, _("Texten är längre än {most} tecken.").format(most=LONGEST))
    if "\0" in text:
        return BadRow(line, _("Texten har ett tecken som inte går att spara."))
    asked = unguarded(row.get("question", "")).strip()
    question = _question(asked, questions)
    if question is None:
        return BadRow(line, _("Frågan ”{question}” finns inte i repetitionen.").format(question=asked[:80]))
    marks = row.get("marks", "").strip() or "0"
    if not marks.isdecimal() or len(marks) > 3:
        return BadRow(line, _("”{marks}” är inget antal.").format(marks=marks[:20]))
    return Statement(line, text, question, unguarded(row.get("table", "")).strip()[:40], int(marks))


def _question(asked: str, questions: Mapping[int, str]) -> int | None:
    if not asked:
        return min(questions, default=None)
    if asked.isdecimal() and len(asked) < 4 and int(asked) in questions:
        return int(asked)
    return next((number for number, text in questions.items() if text.casefold() == asked.casefold()), None)
