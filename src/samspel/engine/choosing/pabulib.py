"""Elections in Pabulib's format (.pb): text in, an election out, and back.

Stolicki, Szufa and Talmon, "Pabulib: a participatory budgeting library" (2020, arXiv 2012.06539). Three sections, META,
PROJECTS and VOTES, each with a line of column names and then rows with `;` between the fields.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

from .ballots import Ballot
from .records import Problem, Value

__all__ = ["Election", "Kind", "PabulibError", "Project", "read", "write"]

Kind = Literal["approval", "choose-1", "cumulative", "scoring", "ordinal"]
"""What a vote names: options (one or several), options with points, or options in order of preference."""

KINDS: tuple[Kind, ...] = ("approval", "choose-1", "cumulative", "scoring", "ordinal")
SECTIONS = ("META", "PROJECTS", "VOTES")


class PabulibError(ValueError):
    """The text is not an election; `line` is where (0: the whole), `reason` what is wrong."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}" if line else text)
        self.line = line
        self.reason = text


@dataclass(frozen=True, slots=True)
class Project:
    """An option: its id, what it costs, and whatever else the file says of it (`name`, `category`, …)."""

    id: str
    cost: Fraction
    more: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.more.get("name", "") or self.id


@dataclass(frozen=True, slots=True)
class Election:
    """A whole file. `voter_ids` has one for each ballot; `remarks` tell what was not as it should be, with its line."""

    kind: Kind
    meta: Mapping[str, str]
    projects: tuple[Project, ...]
    ballots: tuple[Ballot, ...]
    voter_ids: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    def for_places(self, places: int, value: Value = "marks") -> Problem:
        """The problem of filling that many places."""
        return Problem(tuple(project.id for project in self.projects), self.ballots, places, value=value)

    def for_budget(self, value: Value) -> Problem:
        """The problem of spending the budget of the file; a `PabulibError` when it has none."""
        budget = _number(0, "budget in META", self.meta.get("budget", ""))
        costs = tuple(project.cost for project in self.projects)
        options = tuple(project.id for project in self.projects)
        return Problem(options, self.ballots, costs=costs, budget=budget, value=value)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    fields: Mapping[str, str]


def read(lines: Iterable[str]) -> Election:
    """The election in these lines.

    A project named twice on a ballot counts once (with points, the last number counts), one that the file does not
    have is left out; both are told in `remarks`. Whatever makes a ballot or a cost unreadable is a `PabulibError`.

    >>> meta, projects = ["META", "key;value", "vote_type;approval"], ["PROJECTS", "project_id;cost", "a;10", "b;20"]
    >>> read([*meta, *projects, "VOTES", "voter_id;vote", "1;b,a"]).ballots
    (Ballot(marks=('b', 'a'), voters=1, table='', points=()),)
    """
    sections = _sections(lines)
    meta = {row.fields["key"]: row.fields["value"] for row in sections["META"]}
    kind = _kind(meta)
    projects = _projects(sections["PROJECTS"])
    known = frozenset(project.id for project in projects)
    remarks: list[str] = []
    ballots = tuple(_ballot(row, kind, known, remarks) for row in sections["VOTES"])
    for key, found in (("num_projects", len(projects)), ("num_votes", len(ballots))):
        if meta.get(key, str(found)) != str(found):
            remarks.append(f"{key} says {meta[key]}, the file has {found}")
    ids = tuple(row.fields.get("voter_id", str(place)) for place, row in enumerate(sections["VOTES"], start=1))
    return Election(kind, MappingProxyType(meta), projects, ballots, ids, tuple(remarks))


def _sections(lines: Iterable[str]) -> dict[str, list[_Row]]:
    needed = {"META": ("key", "value"), "PROJECTS": ("project_id", "cost"), "VOTES": ("vote",)}
    found: dict[str, list[_Row]] = {}
    section = ""
    names: list[str] | None = None
    reader = csv.reader(lines, delimiter=";", strict=False)
    try:
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            first = fields[0].strip().lstrip("\ufeff")
            if first in SECTIONS and not any(field.strip() for field in fields[1:]):
                if first in found:
                    raise PabulibError(reader.line_num, f"the section {first} is there twice")
                section, names, found[first] = first, None, []
            elif not section:
                raise PabulibError(reader.line_num, f"expected the section META, got {fields[0][:40]!r}")
            elif names is None:
                names = [field.strip() for field in fields]
                for name in needed[section]:
                    if name not in names:
                        raise PabulibError(reader.line_num, f"{section} must have the column {name}")
            else:
                found[section].append(_Row(reader.line_num, _fields(reader.line_num, names, fields, needed[section])))
    except csv.Error as error:
        raise PabulibError(reader.line_num, str(error)) from error
    for name in SECTIONS:
        if name not in found:
            raise PabulibError(0, f"the section {name} is missing")
    return found


def _fields(line: int, names: list[str], fields: list[str], needed: tuple[str, ...]) -> dict[str, str]:
    is_short = len(fields) <= max(names.index(name) for name in needed)
    if is_short or any(field.strip() for field in fields[len(names) :]):
        raise PabulibError(line, f"expected {len(names)} fields, got {len(fields)}")
    return dict(zip(names, (field.strip() for field in [*fields, *[""] * (len(names) - len(fields))]), strict=False))


def _kind(meta: Mapping[str, str]) -> Kind:
    for kind in KINDS:
        if meta.get("vote_type") == kind:
            return kind
    raise PabulibError(0, f"vote_type must be one of {', '.join(KINDS)}, got {meta.get('vote_type', '')!r}")


def _projects(rows: list[_Row]) -> tuple[Project, ...]:
    projects: dict[str, Project] = {}
    for row in rows:
        more = dict(row.fields)
        key, cost = more.pop("project_id"), more.pop("cost")
        if not key or "," in key:
            raise PabulibError(row.line, f"project_id must be a name without a comma, got {key!r}")
        if key in projects:
            raise PabulibError(row.line, f"the project {key} is there twice")
        projects[key] = Project(key, _number(row.line, f"cost of {key}", cost), MappingProxyType(more))
    if not projects:
        raise PabulibError(0, "the section PROJECTS is empty")
    return tuple(projects.values())


def _number(line: int, what: str, text: str) -> Fraction:
    try:
        number = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise PabulibError(line, f"{what} must be a number, got {text!r}") from None
    if number < 0:
        raise PabulibError(line, f"{what} must be at least 0, got {text}")
    return number


def _ballot(row: _Row, kind: Kind, known: frozenset[str], remarks: list[str]) -> Ballot:
    text = row.fields["vote"]
    named = [mark.strip() for mark in text.split(",")] if text else []
    points = _points(row, named) if kind in ("cumulative", "scoring") else [1] * len(named)
    for mark in dict.fromkeys(named):
        if mark not in known:
            remarks.append(f"line {row.line}: the project {mark!r} is not in the file; it was left out")
        elif named.count(mark) > 1:
            remarks.append(f"line {row.line}: the project {mark!r} is named twice; it counts once")
    dots = {mark: each for mark, each in zip(named, points, strict=True) if mark in known}
    if kind in ("cumulative", "scoring"):
        return Ballot(tuple(mark for mark in dots if dots[mark]), points=tuple(each for each in dots.values() if each))
    if kind == "choose-1" and len(dots) > 1:
        raise PabulibError(row.line, f"a choose-1 vote names one project, got {len(dots)}")
    return Ballot(tuple(dots))


def _points(row: _Row, named: list[str]) -> list[int]:
    text = row.fields.get("points", "")
    given = [part.strip() for part in text.split(",")] if text else []
    if len(given) != len(named):
        raise PabulibError(row.line, f"expected {len(named)} points, one for each project, got {len(given)}")
    if not all(part.isdecimal() for part in given):
        wrong = next(part for part in given if not part.isdecimal())
        raise PabulibError(row.line, f"points must be whole numbers of at least 0, got {wrong!r}")
    return [int(part) for part in given]


def write(election: Election) -> Iterator[str]:
    """The lines of a file with this election; `read` gives the same election back, without the remarks."""
    yield from _section("META", ("key", "value"), election.meta.items())
    columns = tuple(dict.fromkeys(name for project in election.projects for name in project.more))
    yield from _section(
        "PROJECTS",
        ("project_id", "cost", *columns),
        (
            (project.id, _plain(project.cost), *(project.more.get(name, "") for name in columns))
            for project in election.projects
        ),
    )
    with_points = election.kind in ("cumulative", "scoring")
    yield from _section(
        "VOTES",
        ("voter_id", "vote", "points") if with_points else ("voter_id", "vote"),
        (
            (voter, ",".join(ballot.marks), *([",".join(map(str, ballot.points))] if with_points else []))
            for voter, ballot in zip(election.voter_ids, election.ballots, strict=True)
        ),
    )


def _section(name: str, columns: tuple[str, ...], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield name
    yield ";".join(columns)
    for row in rows:
        yield ";".join(_quoted(field) for field in row)


def _quoted(field: str) -> str:
    if any(mark in field for mark in ';"\n\r'):
        return '"' + field.replace('"', '""') + '"'
    return field


def _plain(number: Fraction) -> str:
    """A decimal number when it has an end, as money has."""
    for decimals in range(13):
        scaled = number * 10**decimals
        if scaled.denominator == 1:
            whole = f"{int(scaled):0{decimals + 1}d}"
            return f"{whole[:-decimals]}.{whole[-decimals:]}" if decimals else whole
    return str(number)
