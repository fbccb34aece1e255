"""Reading a list of participants: CSV as people's programs write it, and Excel. Values in, rows and complaints out."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from samspel.core.errors import InvalidError

LONGEST = 120
ROWS_MOST = 5000
BYTES_MOST = 2_000_000
NEEDS = ("accessible", "interpreter", "hearing")

# The first name of each column is the one the template file has.
HEADERS: dict[str, dict[str, tuple[str, ...]]] = {
    "name": {
        "sv": ("Namn", "För- och efternamn", "Fullständigt namn"),
        "da": ("Navn", "Fulde navn"),
        "en": ("Name", "Full name"),
    },
    "email": {
        "sv": ("E-post", "E-postadress", "Epost", "Mejl", "Mail"),
        "da": ("E-mail", "Mailadresse"),
        "en": ("Email", "E-mail address"),
    },
    "unit": {"sv": ("Enhet", "Arbetsplats"), "da": ("Enhed", "Arbejdsplads"), "en": ("Unit", "Workplace")},
    "department": {"sv": ("Förvaltning", "Avdelning"), "da": ("Forvaltning", "Afdeling"), "en": ("Department",)},
    "profession": {
        "sv": ("Yrke", "Befattning", "Titel"),
        "da": ("Fag", "Profession", "Stilling"),
        "en": ("Profession", "Occupation", "Title"),
    },
    "role": {"sv": ("Roll",), "da": ("Rolle",), "en": ("Role",)},
    "manages": {"sv": ("Chef för", "Leder"), "da": ("Leder for", "Chef for"), "en": ("Manages", "Manager of")},
    "needs": {"sv": ("Behöver", "Behov", "Önskemål"), "da": ("Har brug for", "Behov"), "en": ("Needs",)},
    "together": {
        "sv": ("Tillsammans med", "Tillsammans"),
        "da": ("Sammen med", "Sammen"),
        "en": ("Together with", "Together"),
    },
    "apart": {"sv": ("Inte med", "Isär"), "da": ("Ikke med", "Adskilt"), "en": ("Apart from", "Apart")},
}

NEED_WORDS: dict[str, tuple[str, ...]] = {
    "accessible": (
        "accessible",
        "tillgänglig",
        "tillgängligt bord",
        "tillgængelig",
        "tilgængelig",
        "tilgængeligt bord",
        "rullstol",
        "kørestol",
        "wheelchair",
        "step-free",
    ),
    "interpreter": (
        "interpreter",
        "tolk",
        "tegnsprog",
        "teckenspråkstolk",
        "tegnsprogstolk",
        "sign language interpreter",
    ),
    "hearing": ("hearing", "hörslinga", "teleslynge", "hearing loop", "induction loop"),
}


@dataclass(frozen=True)
class Row:
    """One person on the list."""

    line: int
    name: str
    email: str = ""
    unit: str = ""
    department: str = ""
    profession: str = ""
    role: str = ""
    manages: str = ""
    needs: tuple[str, ...] = ()
    together: str = ""
    apart: str = ""


@dataclass(frozen=True)
class BadRow:
    """A line that could not be used, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class PeopleList:
    """What a file held: the rows to use, and those to mend."""

    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...]


def _plain(text: str) -> str:
    """A header or word without what people write differently: case, blanks, hyphens and dots."""
    return re.sub(r"[\s\-_.:/]+", "", text.casefold())


COLUMN_OF = {
    _plain(name): column
    for column, languages in HEADERS.items()
    for names in languages.values()
    for name in (*names, column)
}
NEED_OF = {_plain(word): need for need, words in NEED_WORDS.items() for word in words}


def read_people(content: bytes, filename: str) -> PeopleList:
    """The people in a CSV or Excel file.

    :raises InvalidError: when the file itself cannot be read; the sentence says what to do.
    """
    if len(content) > BYTES_MOST:
        raise InvalidError(fields={"file": _("Filen är större än två megabyte. Dela den i flera.")})
    if not content.strip():
        raise InvalidError(fields={"file": _("Filen är tom.")})
    lines = _excel_lines(content) if content[:2] == b"PK" else _csv_lines(content, filename)
    return _read(lines)


# ---------------------------------------------------------------- lines of a file

Line = tuple[int, list[str]]


def _csv_lines(content: bytes, filename: str) -> Iterator[Line]:
    if filename.lower().endswith((".xls", ".ods", ".pdf", ".doc", ".docx")) or b"\0" in content.replace(b"\0\xff", b""):
        raise InvalidError(fields={"file": _("Spara listan som Excel (.xlsx) eller CSV och försök igen.")})
    text = _decoded(content)
    separator = _separator(text)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise InvalidError(
            fields={"file": _("Filen går inte att läsa som CSV. Pröva att spara den som Excel.")}
        ) from error


def _decoded(content: bytes) -> str:
    """UTF-8 with or without its mark; else the letters of older Windows programs."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _separator(text: str) -> str:
    """What stands between the columns: the sign that occurs most in the first line that has words, outside quotes."""
    first = next((line for line in text.splitlines() if line.strip(" ;,\t")), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(";,\t", key=bare.count) if any(sign in bare for sign in ";,\t") else ","


def _excel_lines(content: bytes) -> Iterator[Line]:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InvalidError(
            fields={"file": _("Filen går inte att läsa som Excel. Spara den igen som .xlsx.")}
        ) from error
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, [_cell(value) for value in row]
    finally:
        book.close()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value)


# ---------------------------------------------------------------- rows of a list


def _read(lines: Iterable[Line]) -> PeopleList:
    columns: list[str | None] | None = None
    rows: list[Row] = []
    bad: list[BadRow] = []
    seen: dict[str, int] = {}
    for line, cells in lines:
        values = [" ".join(cell.split()) for cell in cells]
        if not any(values):
            continue
        if columns is None:
            columns = _columns(values)
            continue
        if len(rows) + len(bad) >= ROWS_MOST:
            raise InvalidError(fields={"file": _("Listan har fler än %(most)s rader. Dela den.") % {"most": ROWS_MOST}})
        found: dict[str, str] = {}
        for column, value in zip(columns, values, strict=False):
            if column is not None and value:
                found[column] = value
        problem = _problem(found)
        email = found.get("email", "").lower()
        if not problem and email and email in seen:
            problem = _("Samma e-postadress som på rad %(line)s.") % {"line": seen[email]}
        if problem:
            bad.append(BadRow(line, problem))
            continue
        if email:
            seen[email] = line
        rows.append(_row(line, found, email))
    if columns is None:
        raise InvalidError(fields={"file": _("Filen är tom.")})
    return PeopleList(tuple(rows), tuple(bad))


def _columns(values: Sequence[str]) -> list[str | None]:
    columns = [COLUMN_OF.get(_plain(value)) for value in values]
    if "name" not in columns:
        raise InvalidError(
            fields={"file": _("Första raden ska vara rubriker, och en av dem ska vara Namn. Hämta gärna mallen.")}
        )
    return columns


def _problem(found: dict[str, str]) -> str:
    """Why a row cannot be used; empty when it can."""
    if "name" not in found:
        return _("Namnet saknas.")
    for column, most in {"together": 20, "apart": 20}.items():
        if len(found.get(column, "")) > most:
            return _("”%(text)s …” är för långt. Använd ett kort märke, som A eller 1.") % {"text": found[column][:20]}
    for column, value in found.items():
        if len(value) > LONGEST and column != "needs":
            return _("”%(text)s …” är längre än %(most)s tecken.") % {"text": value[:20], "most": LONGEST}
    if "email" in found:
        try:
            validate_email(found["email"].lower())
        except ValidationError:
            return _("”%(text)s” är ingen e-postadress.") % {"text": found["email"]}
    unknown = [word for word in _need_words(found.get("needs", "")) if _plain(word) not in NEED_OF]
    if unknown:
        return _("”%(text)s” känns inte igen. Skriv tillgänglig, tolk eller hörslinga.") % {"text": unknown[0]}
    return ""


def _need_words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[,;+/&]|\boch\b|\bog\b|\band\b", text) if word.strip()]


def _row(line: int, found: dict[str, str], email: str) -> Row:
    needs = {NEED_OF[_plain(word)] for word in _need_words(found.get("needs", ""))}
    return Row(
        line,
        found["name"],
        email,
        found.get("unit", ""),
        found.get("department", ""),
        found.get("profession", ""),
        found.get("role", ""),
        found.get("manages", ""),
        tuple(need for need in NEEDS if need in needs),
        found.get("together", ""),
        found.get("apart", ""),
    )


# ---------------------------------------------------------------- the file to fill in


def people_template(language: str) -> bytes:
    """An Excel file with the column names and one row that shows what to write."""
    book = Workbook()
    sheet = book.active
    sheet.title = {"da": "Deltagere", "en": "Participants"}.get(language, "Deltagare")
    sheet.append([names.get(language, names["sv"])[0] for names in HEADERS.values()])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    example = {
        "da": (
            "Karin Berg",
            "karin.berg@lindvik.example",
            "Biblioteket",
            "Kultur",
            "bibliotekar",
            "",
            "",
            "teleslynge",
            "A",
            "",
        ),
        "en": (
            "Karin Berg",
            "karin.berg@lindvik.example",
            "The library",
            "Culture",
            "librarian",
            "",
            "",
            "hearing loop",
            "A",
            "",
        ),
    }.get(
        language,
        (
            "Karin Berg",
            "karin.berg@lindvik.example",
            "Stadsbiblioteket",
            "Kultur",
            "bibliotekarie",
            "",
            "",
            "hörslinga",
            "A",
            "",
        ),
    )
    sheet.append(list(example))
    for letter, width in zip("ABCDEFGHIJ", (24, 32, 24, 20, 20, 16, 20, 18, 16, 12), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
