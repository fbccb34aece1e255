"""The file of a replay, read and checked: docs/reference/replay-file.md."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = "samspel-replay/1"
TEMPLATES = ("apt-30", "apt-60")
KINDS = ("frame", "solo", "table", "whole", "ballot", "agree", "checkout")
MOST_AT_A_TABLE = 8
LANGUAGES = ("sv", "da", "en")
BECOMES = ("trial", "need", "decision", "nothing")


class ReplayError(ValueError):
    """The file cannot be played; the text says which part of it, and why."""


@dataclass(frozen=True)
class Attendee:
    """Somebody in the replayed meeting."""

    id: str
    name: str = ""
    unit: str = ""
    role: str = ""


@dataclass(frozen=True)
class Thought:
    """A note and who wrote it."""

    id: str
    by: str
    text: str


@dataclass(frozen=True)
class PlayedTable:
    """A table with its people; the first has the pen."""

    name: str
    people: tuple[str, ...]


@dataclass(frozen=True)
class PlayedAgreement:
    """What was agreed, perhaps about one of the hall's three."""

    text: str
    about: str = ""
    owner: str = ""
    owner_role: str = ""
    becomes: str = "nothing"


@dataclass(frozen=True)
class Replay:
    """A meeting to be played. Notes are named by their ids everywhere."""

    title: str
    question: str
    tables: tuple[PlayedTable, ...]
    people: Mapping[str, Attendee]
    notes: Mapping[str, Thought]
    marks: Mapping[str, tuple[str, ...]]
    handed_in: Mapping[str, tuple[str, ...]]
    ballots: Mapping[str, tuple[str, ...]]
    counter_voices: Mapping[str, tuple[str, ...]]
    agreements: tuple[PlayedAgreement, ...]
    checkout: Mapping[str, int]
    seconds: Mapping[str, float]
    language: str = "sv"
    template: str = "apt-60"
    unit: str = ""
    place: str = ""
    source: str = ""

    def table_of(self, person: str) -> PlayedTable:
        """Where somebody sits."""
        return next(table for table in self.tables if person in table.people)

    def notes_of(self, person: str) -> list[Thought]:
        """What somebody writes, in the order of the file."""
        return [note for note in self.notes.values() if note.by == person]


def read(path: Path) -> Replay:
    """A replay from its file.

    :raises ReplayError: it cannot be read, or says something that cannot be played.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReplayError(f"it cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ReplayError(f"it is not JSON: {error}") from error
    return parse(given)


def parse(given: Any) -> Replay:
    """A replay from the values of its file."""
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise ReplayError(f'"format" must be "{FORMAT}"')
    try:
        replay = _build(given)
    except (KeyError, TypeError, AttributeError) as error:
        raise ReplayError(f"something is missing or of the wrong kind: {error}") from error
    check(replay)
    return replay


def _build(given: dict[str, Any]) -> Replay:
    def ids(name: str) -> dict[str, tuple[str, ...]]:
        return {key: tuple(value) for key, value in given.get(name, {}).items()}

    return Replay(
        title=given["title"],
        question=given["question"],
        tables=tuple(PlayedTable(row["name"], tuple(row["people"])) for row in given["tables"]),
        people={row["id"]: Attendee(**row) for row in given["people"]},
        notes={row["id"]: Thought(**row) for row in given["notes"]},
        marks=ids("marks"),
        handed_in=ids("handed_in"),
        ballots=ids("ballots"),
        counter_voices=ids("counter_voices"),
        agreements=tuple(PlayedAgreement(**row) for row in given.get("agreements", [])),
        checkout=dict(given.get("checkout", {})),
        seconds={**dict.fromkeys(KINDS, 10.0), **given.get("seconds", {})},
        language=given.get("language", "sv"),
        template=given.get("template", "apt-60"),
        unit=given.get("unit", ""),
        place=given.get("place", ""),
        source=given.get("source", ""),
    )


def check(replay: Replay) -> None:
    """:raises ReplayError: naming what does not fit together."""
    _is_one_of("template", replay.template, TEMPLATES)
    _is_one_of("language", replay.language, LANGUAGES)
    for name in replay.seconds:
        _is_one_of("seconds", name, KINDS)
    seated = [person for table in replay.tables for person in table.people]
    if sorted(seated) != sorted(replay.people):
        raise ReplayError('everybody in "people" must sit at one of the "tables", and nobody at two')
    for table in replay.tables:
        if not 1 <= len(table.people) <= MOST_AT_A_TABLE:
            raise ReplayError(
                f"table {table.name} has {len(table.people)} people; 1 to {MOST_AT_A_TABLE} can sit there"
            )
    for note in replay.notes.values():
        _is_known("notes", note.by, replay.people)
        if not 1 <= len(note.text.strip()) <= 500:
            raise ReplayError(f"note {note.id} must have 1 to 500 characters")
    for person, marked in replay.marks.items():
        _is_known("marks", person, replay.people)
        _are_at_table(replay, f"marks of {person}", marked, replay.table_of(person))
    by_name = {table.name: table for table in replay.tables}
    for name, three in replay.handed_in.items():
        _is_known("handed_in", name, by_name)
        _are_at_table(replay, f"handed_in of {name}", three, by_name[name])
    for name in replay.counter_voices:
        _is_known("counter_voices", name, by_name)
    in_hall = {note for three in replay.handed_in.values() for note in three}
    for person, chosen in replay.ballots.items():
        _is_known("ballots", person, replay.people)
        for one in chosen:
            _is_known(f"ballots of {person}", one, in_hall)
    for person, level in replay.checkout.items():
        _is_known("checkout", person, replay.people)
        if level not in {1, 2, 3}:
            raise ReplayError(f"checkout of {person} must be 1, 2 or 3, got {level!r}")
    for agreement in replay.agreements:
        _is_one_of("agreements", agreement.becomes, BECOMES)
        if agreement.about:
            _is_known("agreements", agreement.about, in_hall)


def _is_one_of(where: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ReplayError(f'"{where}" must be one of {", ".join(known)}, got {value!r}')


def _is_known(where: str, name: str, known: object) -> None:
    if name not in known:  # type: ignore[operator]
        raise ReplayError(f'"{where}" names {name!r}, which is not in the file')


def _are_at_table(replay: Replay, where: str, notes: tuple[str, ...], table: PlayedTable) -> None:
    """At most three notes, different ones, of people at the table."""
    if len(notes) > 3 or len(set(notes)) != len(notes):
        raise ReplayError(f'"{where}" must be at most three different notes')
    for note in notes:
        _is_known(where, note, replay.notes)
        if replay.notes[note].by not in table.people:
            raise ReplayError(f'"{where}" names {note!r}, which lies on another table')
