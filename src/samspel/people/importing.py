"""A staff list from CSV or Excel: the good rows go in, a bad row is told with its line and the reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from samspel.core.errors import InvalidError
from samspel.core.sheets import MOST_BYTES_SENT, SheetError, read_sheet
from samspel.people.models import Role

MOST_BYTES = 5_000_000
MOST_ROWS = 50_000
# What a column may be called, in three languages.
COLUMNS: dict[str, frozenset[str]] = {
    "name": frozenset({"name", "namn", "navn"}),
    "email": frozenset({"email", "e-mail", "mail", "e-post", "epost", "e-postadress"}),
    "unit": frozenset({"unit", "enhet", "enhed"}),
    "parent": frozenset({"parent", "department", "förvaltning", "forvaltning", "avdelning", "afdeling", "under"}),
    "profession": frozenset({"profession", "title", "titel", "yrke", "stilling", "befattning"}),
    "roles": frozenset({"roles", "role", "roller", "roll", "rolle"}),
}
_ROLE_WORDS: dict[str, str] = {
    "member": "member",
    "medarbetare": "member",
    "medarbejder": "member",
    "manager": "manager",
    "chef": "manager",
    "enhetschef": "manager",
    "leder": "manager",
    "enhedschef": "manager",
    "facilitator": "facilitator",
    "samtalsledare": "facilitator",
    "ordstyrer": "facilitator",
    "broker": "broker",
    "brobyggare": "broker",
    "brobygger": "broker",
    "ombud": "ombud",
    "förnuftsombud": "ombud",
    "fornuftsombud": "ombud",
    "analyst": "analyst",
    "analytiker": "analyst",
    "editor": "editor",
    "redaktör": "editor",
    "redaktør": "editor",
    "administrator": "administrator",
    "administratör": "administrator",
}


@dataclass(frozen=True)
class StaffRow:
    """A good row."""

    line: int
    name: str
    email: str
    unit: str
    parent: str
    profession: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class BadRow:
    """A row that did not go in: its line in the file, and why."""

    line: int
    reason: str


def read_rows(name: str, content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV or Excel file as dictionaries by column, each with its line number.

    :raises InvalidError: when the file is neither, is too large, or lacks its header.
    """
    if len(content) > MOST_BYTES:
        raise InvalidError(fields={"file": _("Filen är för stor. Högst 5 MB.")})
    try:
        yield from _by_header(read_sheet(content, name, most_bytes=MOST_BYTES_SENT))
    except SheetError as error:
        raise InvalidError(
            fields={"file": _("Filen går inte att läsa. Spara den som CSV eller Excel (.xlsx).")}
        ) from error


def _by_header(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, dict[str, str]]]:
    header = next(rows, None)
    if header is None:
        raise InvalidError(fields={"file": _("Filen är tom.")})
    names = [cell.strip().casefold() for cell in header[1]]
    for line, cells in rows:
        if line > MOST_ROWS:
            raise InvalidError(fields={"file": _("Filen har för många rader. Dela den.")})
        values = {key: cell.strip() for key, cell in zip(names, cells, strict=False) if key}
        if any(values.values()):
            yield line, values


def by_column(values: Mapping[str, str]) -> dict[str, str]:
    """The row with our own column names; unknown columns are left out."""
    found = {}
    for column, names in COLUMNS.items():
        found[column] = next((values[name] for name in names if values.get(name)), "")
    return found


def parse_staff(name: str, content: bytes) -> tuple[list[StaffRow], list[BadRow]]:
    """A staff list's good and bad rows. Needs the columns name, email and unit; parent, profession, roles may be there.

    :raises InvalidError: when the file cannot be read at all, or lacks a column.
    """
    good: list[StaffRow] = []
    bad: list[BadRow] = []
    seen: dict[tuple[str, str], int] = {}
    is_first = True
    for line, values in read_rows(name, content):
        if is_first:
            missing = [column for column in ("name", "email", "unit") if not COLUMNS[column] & set(values)]
            if missing:
                raise InvalidError(fields={"file": _("Filen saknar kolumnen {name}.").format(name=", ".join(missing))})
            is_first = False
        row = by_column(values)
        reason, roles = _reason(row)
        key = (row["email"].casefold(), row["unit"].casefold())
        if not reason and key in seen:
            reason = _("Samma person och enhet står redan på rad {line}.").format(line=seen[key])
        if reason:
            bad.append(BadRow(line, reason))
            continue
        seen[key] = line
        good.append(
            StaffRow(
                line,
                row["name"][:120],
                row["email"].lower(),
                row["unit"][:120],
                row["parent"][:120],
                row["profession"][:120],
                roles,
            )
        )
    return good, bad


def _reason(row: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    if not row["name"]:
        return _("Namnet saknas."), ()
    if not row["email"]:
        return _("E-postadressen saknas."), ()
    try:
        validate_email(row["email"])
    except ValidationError:
        return _("{text} är ingen e-postadress.").format(text=row["email"][:60]), ()
    if not row["unit"]:
        return _("Enheten saknas."), ()
    roles = []
    for word in row["roles"].replace("|", ",").replace(";", ",").split(","):
        if not word.strip():
            continue
        kind = _ROLE_WORDS.get(word.strip().casefold())
        if kind is None:
            return _("{text} är ingen roll. Roller: {known}.").format(
                text=word.strip()[:40], known=", ".join(Role.Kind.values)
            ), ()
        roles.append(kind)
    return "", tuple(dict.fromkeys(roles or ["member"]))
