"""The files of ``samspel seat``: people, who must be apart, plans, distances. A bad row is told and left out."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from samspel.commands.files import BadRow, FileError, read_bytes, read_text
from samspel.core.sheets import SheetError, read_sheet, unguarded
from samspel.engine.seating import Person, Table

__all__ = ["Matrix", "People", "Plan", "read_ids", "read_matrix", "read_pairs", "read_people"]
__all__ += ["read_plan", "read_tables"]

PERSON = ("person", "id", "name", "namn", "navn")
MANAGER = ("is_manager", "manager", "chef", "leder")
MANAGES = ("manages", "chef för", "leder for")
TOGETHER = ("together", "together with", "tillsammans", "tillsammans med", "sammen", "sammen med")
ACCESSIBLE = ("needs_accessible_table", "accessible", "tillgänglig", "tilgængelig")
INTERPRETER = ("needs_interpreter", "interpreter", "tolk")
HOST = ("table", "bord", "host")
APART = ("never_with", "apart", "apart from", "inte med", "ikke med")
YES, NO = frozenset({"yes", "ja", "true", "1", "x", "y", "j"}), frozenset({"", "no", "nej", "false", "0", "n", "-"})


@dataclass(frozen=True, slots=True)
class People:
    """Who is to be seated, in the order of the file. `columns`: what they may differ in; `interpreted`: who needs an
    interpreter, by language ("yes" when none is said)."""

    people: tuple[Person, ...]
    together: tuple[tuple[str, ...], ...]
    interpreted: Mapping[str, tuple[str, ...]]
    columns: tuple[str, ...]
    bad: tuple[BadRow, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows of person, round and table: for each round the table of each."""

    rounds: tuple[Mapping[str, str], ...]
    bad: tuple[BadRow, ...] = ()

    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Those who sat at one table."""
        groups: dict[tuple[int, str], list[str]] = {}
        for number, tables in enumerate(self.rounds):
            for person, table in tables.items():
                groups.setdefault((number, table), []).append(person)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Distances between the rows of a list, and the sizes of the groups that the file asks for, least and most."""

    distances: npt.NDArray[np.float32]
    sizes: tuple[tuple[int, int], ...] = field(default=())


def read_people(path: Path) -> People:
    header, rows = _rows(path)
    person, manager, manages = (_column(header, names) for names in (PERSON, MANAGER, MANAGES))
    together, accessible, interpreter, host = (
        _column(header, names) for names in (TOGETHER, ACCESSIBLE, INTERPRETER, HOST)
    )
    if person is None:
        raise FileError(f"{path} has no column person; its columns are {', '.join(header)}")
    known = {person, manager, manages, together, accessible, interpreter, host}
    columns = tuple(name for name in header if name and name not in known)
    people: list[Person] = []
    bad: list[BadRow] = []
    lines: dict[str, int] = {}
    groups: dict[str, list[str]] = {}
    interpreted: dict[str, list[str]] = {}
    for line, values, reason in rows:
        id_ = values.get(person, "")
        flags = {}
        for name in (manager, accessible):
            flags[name], wrong = _is_yes(name, values.get(name or "", ""))
            reason = reason or wrong
        if not id_:
            reason = f"{person} is empty"
        elif id_ in lines:
            reason = f"{id_} stands on line {lines[id_]} already"
        if reason:
            bad.append(BadRow(path, line, reason))
            continue
        lines[id_] = line
        units = [unit.strip() for unit in values.get(manages or "", "").split(";") if unit.strip()]
        if flags[manager] and values.get("unit"):
            units.append(values["unit"])
        language = values.get(interpreter or "", "").casefold()
        if language not in NO:
            interpreted.setdefault("yes" if language in YES else language, []).append(id_)
        if values.get(together or ""):
            groups.setdefault(values[together or ""], []).append(id_)
        people.append(
            Person(
                id_,
                {name: values[name] for name in columns if values.get(name)},
                manages=tuple(dict.fromkeys(units)),
                needs=("accessible",) if flags[accessible] else (),
                table=values.get(host or "", ""),
            )
        )
    return People(
        tuple(people),
        tuple(tuple(group) for group in groups.values() if len(group) > 1),
        {language: tuple(ids) for language, ids in interpreted.items()},
        columns,
        tuple(bad),
    )


def read_pairs(path: Path, people: Iterable[str]) -> tuple[tuple[tuple[str, str], ...], tuple[BadRow, ...]]:
    """Who must not sit with whom: a row for each pair, columns person and never_with (or the first two)."""
    here = frozenset(people)
    header, rows = _rows(path)
    one, other = _column(header, PERSON) or header[0], _column(header, APART) or (header[1:] or [""])[0]
    if not other or one == other:
        raise FileError(f"{path} must have two columns, person and never_with; it has {', '.join(header)}")
    pairs, bad = [], []
    for line, values, reason in rows:
        pair = values.get(one, ""), values.get(other, "")
        unknown = [id_ for id_ in pair if id_ not in here]
        if not reason and unknown:
            reason = f"{unknown[0] or 'nobody'} is not in the list of people" if unknown[0] else "a name is missing"
        if not reason and pair[0] == pair[1]:
            reason = f"{pair[0]} cannot be kept apart from the same person"
        if reason:
            bad.append(BadRow(path, line, reason))
        else:
            pairs.append(pair)
    return tuple(dict.fromkeys(pairs)), tuple(bad)


def read_ids(path: Path, people: Iterable[str]) -> tuple[tuple[str, ...], tuple[BadRow, ...]]:
    """A list of people: the column person, or the first one; a first row that is a person already is no header."""
    here = frozenset(people)
    header, rows = _rows(path, casefold=False)
    column = next((name for name in header if name.casefold() in PERSON), header[0])
    ids: list[str] = []
    bad: list[BadRow] = []
    if header[0] in here:
        ids.append(header[0])
    for line, values, _ in rows:
        id_ = values.get(column, "")
        if id_ in here and id_ not in ids:
            ids.append(id_)
        elif id_ not in here:
            bad.append(BadRow(path, line, f"{id_ or 'an empty name'} is not in the list of people"))
    return tuple(ids), tuple(bad)


def read_plan(path: Path) -> Plan:
    """A plan as ``samspel seat`` writes it: columns person, round and table."""
    header, rows = _rows(path)
    person, table = _column(header, PERSON), _column(header, HOST)
    if person is None or table is None:
        raise FileError(f"{path} must have the columns person, round and table; it has {', '.join(header)}")
    rounds: dict[int, dict[str, str]] = {}
    bad = []
    for line, values, reason in rows:
        number, id_ = values.get("round", "") or "1", values.get(person, "")
        if not reason and not (number.isdecimal() and int(number) > 0):
            reason = f"round must be 1 or more, got {number!r}"
        if not reason and not (id_ and values.get(table)):
            reason = "person or table is empty"
        if not reason and id_ in rounds.get(int(number), {}):
            reason = f"{id_} has a table in round {number} already"
        if reason:
            bad.append(BadRow(path, line, reason))
        else:
            rounds.setdefault(int(number), {})[id_] = values[table]
    return Plan(tuple(rounds.get(number, {}) for number in range(1, max(rounds, default=0) + 1)), tuple(bad))


def read_tables(path: Path) -> tuple[tuple[Table, ...], tuple[BadRow, ...]]:
    """The tables of a room: columns table, least, most, and accessible or interpreter with yes or no."""
    header, rows = _rows(path)
    name = _column(header, HOST) or header[0]
    tables: dict[str, Table] = {}
    bad = []
    for line, values, reason in rows:
        least, most = values.get("least", "") or "0", values.get("most", "")
        offers = []
        for offer, names in (("accessible", ACCESSIBLE), ("interpreter", INTERPRETER)):
            column = _column(header, names)
            is_offered, wrong = _is_yes(column, values.get(column or "", ""))
            reason = reason or wrong
            if is_offered:
                offers.append(offer)
        if not reason and not (least.isdecimal() and most.isdecimal() and int(least) <= int(most) and int(most) > 0):
            reason = f"least and most must be numbers with least <= most, got {least!r} and {most!r}"
        if not reason and (not values.get(name) or values[name] in tables):
            reason = f"the table's name is {'missing' if not values.get(name) else 'there already'}"
        if reason:
            bad.append(BadRow(path, line, reason))
        else:
            tables[values[name]] = Table(values[name], int(least), int(most), tuple(offers))
    return tuple(tables.values()), tuple(bad)


def read_matrix(path: Path) -> Matrix:
    """Distances in the form of the literature: ``n groups ss|ds least most …``, then rows ``i j distance`` from 0."""
    head, _, rest = read_text(path).partition("\n")
    words = head.split()
    try:
        people = int(words[0])
        bounds = [int(word) for word in words[3:]]
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a word among the numbers
            body = np.fromstring(rest, sep=" ").reshape(-1, 3)
    except (ValueError, IndexError, DeprecationWarning) as error:
        raise FileError(
            f"{path} is no matrix: 'n groups ss least most …', then rows 'i j distance' ({error})"
        ) from error
    one, other = body[:, 0].astype(np.intp), body[:, 1].astype(np.intp)
    wrong = np.flatnonzero((np.minimum(one, other) < 0) | (np.maximum(one, other) >= people) | ~np.isfinite(body[:, 2]))
    if len(wrong):
        raise FileError(f"{path}:{wrong[0] + 2}: must be two different numbers from 0 to {people - 1} and a distance")
    if len(bounds) % 2:
        raise FileError(f"{path} must have a least and a most for each group in its first line")
    distances = np.zeros((people, people), dtype=np.float32)
    distances[one, other] = distances[other, one] = body[:, 2]
    np.fill_diagonal(distances, 0)
    return Matrix(distances, tuple(zip(bounds[::2], bounds[1::2], strict=True)))


# ---------------------------------------------------------------- rows of a file


def _rows(path: Path, *, casefold: bool = True) -> tuple[list[str], Iterator[tuple[int, dict[str, str], str]]]:
    """The header, and the other rows as line, values by column, and what is wrong with it ("" when nothing is)."""
    lines = _lines(path)
    for _, cells in lines:
        header = [cell.strip().casefold() if casefold else cell.strip() for cell in cells]
        if any(header):
            break
    else:
        raise FileError(f"{path} is empty")
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise FileError(f"{path} has two columns called {twice}")
    return header, _values(header, lines)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        for line, cells in read_sheet(read_bytes(path), path.name.removesuffix(".gz")):
            yield line, [unguarded(cell) for cell in cells]
    except SheetError as error:
        raise FileError(f"{path} {error}") from error


def _values(header: list[str], lines: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, dict[str, str], str]]:
    for line, cells in lines:
        cells = [cell.strip() for cell in cells]
        if any(cells):
            more = [cell for cell in cells[len(header) :] if cell]
            reason = f"there are more cells than columns ({more[0]!r} stands outside)" if more else ""
            yield line, dict(zip(header, cells, strict=False)), reason


def _column(header: Iterable[str], names: Iterable[str]) -> str | None:
    there = set(header)
    return next((name for name in names if name in there), None)


def _is_yes(name: str | None, value: str) -> tuple[bool, str]:
    word = value.casefold()
    if word in YES:
        return True, ""
    return False, "" if word in NO else f"{name} must be yes or no, got {value!r}"
