"""Reading a list of participants: CSV as people's programs write it, and Excel. Values in, rows and complaints out."""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from samspel.core.errors import InvalidError
from samspel.core.languages import language_named
from samspel.core.sheets import MOST_BYTES_SENT, SheetError, read_sheet

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
    "interpreter": {
        "sv": ("Tolk till", "Tolkspråk", "Tolk"),
        "da": ("Tolk til", "Tolkesprog"),
        "en": ("Interpreter to", "Interpreter language"),
    },
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
# A need that says which language, and a column of languages that says only whether.
SIGNED_OF: dict[str, str] = {"teckenspråkstolk": "swl", "tegnsprog": "dsl", "tegnsprogstolk": "dsl"}
YES, NO = frozenset({"ja", "yes", "x", "1"}), frozenset({"nej", "no", "0", "-"})


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
    interpreter: str = ""
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
    if content[:2] == b"\x1f\x8b":
        raise InvalidError(fields={"file": _unreadable("no-table")})
    try:
        return _read(read_sheet(content, filename, most_bytes=MOST_BYTES_SENT))
    except SheetError as error:
        raise InvalidError(fields={"file": _unreadable(error.kind)}) from error


def _unreadable(kind: str) -> str:
    if kind == "csv":
        return _("Filen går inte att läsa som CSV. Pröva att spara den som Excel.")
    if kind == "excel":
        return _("Filen går inte att läsa som Excel. Spara den igen som .xlsx.")
    return _("Spara listan som Excel (.xlsx) eller CSV och försök igen.")


# ---------------------------------------------------------------- rows of a list


def _read(lines: Iterable[tuple[int, list[str]]]) -> PeopleList:
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
    wanted = found.get("interpreter", "")
    if wanted and wanted.casefold() not in YES | NO and not language_named(wanted):
        return _("”%(text)s” är inget språk som går att välja. Skriv till exempel arabiska eller teckenspråk.") % {
            "text": wanted
        }
    return ""


def _need_words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[,;+/&]|\boch\b|\bog\b|\band\b", text) if word.strip()]


def _row(line: int, found: dict[str, str], email: str) -> Row:
    words = _need_words(found.get("needs", ""))
    needs = {NEED_OF[_plain(word)] for word in words}
    wanted = found.get("interpreter", "")
    signed = (SIGNED_OF[_plain(word)] for word in words if _plain(word) in SIGNED_OF)
    interpreter = language_named(wanted) or next(signed, "")
    if interpreter or wanted.casefold() in YES:
        needs.add("interpreter")
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
        interpreter,
        found.get("together", ""),
        found.get("apart", ""),
    )


# ---------------------------------------------------------------- the file to fill in


WIDTHS = dict(zip(HEADERS, (24, 32, 24, 20, 20, 16, 20, 18, 18, 16, 12), strict=True))
EXAMPLES: dict[str, tuple[dict[str, str], ...]] = {
    language: (
        {"name": "Karin Berg", "email": "karin.berg@lindvik.example", **karin, "together": "A"},
        {"name": "Samir Haddad", "email": "samir.haddad@lindvik.example", **samir, "together": "A"},
    )
    for language, karin, samir in (
        (
            "sv",
            {"unit": "Stadsbiblioteket", "department": "Kultur", "profession": "bibliotekarie", "needs": "hörslinga"},
            {"unit": "Hemtjänsten", "department": "Omsorg", "profession": "undersköterska", "interpreter": "arabiska"},
        ),
        (
            "da",
            {"unit": "Biblioteket", "department": "Kultur", "profession": "bibliotekar", "needs": "teleslynge"},
            {"unit": "Hjemmeplejen", "department": "Omsorg", "profession": "sosu-assistent", "interpreter": "arabisk"},
        ),
        (
            "en",
            {"unit": "The library", "department": "Culture", "profession": "librarian", "needs": "hearing loop"},
            {"unit": "Home care", "department": "Care", "profession": "nurse's assistant", "interpreter": "Arabic"},
        ),
    )
}


def people_template(language: str) -> bytes:
    """An Excel file with the column names and two rows that show what to write."""
    from openpyxl import Workbook  # slow to load, and most days nobody asks for it
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    sheet.title = {"da": "Deltagere", "en": "Participants"}.get(language, "Deltagare")
    sheet.append([names.get(language, names["sv"])[0] for names in HEADERS.values()])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in EXAMPLES.get(language, EXAMPLES["sv"]):
        sheet.append([row.get(column, "") for column in HEADERS])
    for place, column in enumerate(HEADERS):
        sheet.column_dimensions[get_column_letter(place + 1)].width = WIDTHS[column]
    sheet.freeze_panes = "A2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
