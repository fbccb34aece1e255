"""A replay out of a file of statements: the people who could have said them sit at the file's tables.

Nothing but who wrote which and who marked which is made up: a table's three are its statements with most marks, and
each person stands behind those of them that she marked.
"""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from samspel.core.errors import InvalidError
from samspel.demo import town
from samspel.demo.replaying import KINDS, MOST_AT_A_TABLE, Attendee, PlayedTable, Replay, ReplayError, Thought
from samspel.dialogues.statements import Statement, questions_asked, read_statements
from samspel.dialogues.table_names import NAMES

ENDINGS = (".csv", ".xlsx", ".csv.gz")
LEAST_AT_A_TABLE = 4
A_TABLES_MARKS = 3
TABLES_MOST = 150


@dataclass(frozen=True)
class Dealt:
    """What one table's people do: who they are, what each writes and marks, and what the table hands in."""

    table: PlayedTable
    notes: tuple[Thought, ...]
    marks: Mapping[str, tuple[str, ...]]
    three: tuple[str, ...]
    marks_left_out: int


def is_statements(path: Path) -> bool:
    return path.name.lower().endswith(ENDINGS)


def read(path: Path) -> tuple[Replay, tuple[str, ...]]:
    """The file as a meeting about its first question, and what of it cannot be played, in words.

    :raises ReplayError: it cannot be read, or holds nothing to play.
    """
    try:
        content = path.read_bytes()
        asked = questions_asked(path.name, content)
        question = next((text for text in asked if not text.isdecimal()), town.HALL_QUESTION)
        file = read_statements(path.name, content, {1: question})
    except OSError as error:
        raise ReplayError(f"it cannot be read ({error.strerror})") from error
    except InvalidError as error:
        raise ReplayError(" ".join(error.fields.values())) from error
    told = [f"line {row.line}: {row.reason}" for row in file.bad]
    if not file.good:
        raise ReplayError("\n".join(["no statement in it can be played", *shortened(told)]))
    tables = _by_table(file.good)
    if len(tables) > TABLES_MOST:
        raise ReplayError(f"it has {len(tables)} tables; {TABLES_MOST} can be set out")
    dealt = [_deal(name, statements, number) for number, (name, statements) in enumerate(tables.items(), start=1)]
    left_out = sum(one.marks_left_out for one in dealt)
    if left_out:
        told.append(f"{left_out} marks are left out: {MOST_AT_A_TABLE} people at a table have three each")
    return _replay(question, dealt), tuple(shortened(told))


def shortened(told: Sequence[str], most: int = 20) -> list[str]:
    return [*told[:most], *([f"and {len(told) - most} more"] if len(told) > most else [])]


def _by_table(statements: Sequence[Statement]) -> dict[str, list[Statement]]:
    """By the table's name; a row without one lies at the first. A file without any is dealt out among the town's."""
    found: dict[str, list[Statement]] = defaultdict(list)
    named = {statement.table.casefold(): statement.table for statement in reversed(statements) if statement.table}
    if not named:
        names = NAMES["sv"][: min(town.HALL_TABLES, -(-len(statements) // LEAST_AT_A_TABLE))]
        for name, statement in zip(itertools.cycle(names), statements, strict=False):
            found[name].append(statement)
        return found
    first = next(statement.table for statement in statements if statement.table)
    for statement in statements:
        found[named[(statement.table or first).casefold()]].append(statement)
    return found


def _deal(name: str, statements: Sequence[Statement], number: int) -> Dealt:
    wanted = sum(statement.marks for statement in statements)
    needed = max(*(statement.marks for statement in statements), -(-wanted // A_TABLES_MARKS), LEAST_AT_A_TABLE)
    people = [f"{number}.{place}" for place in range(1, min(needed, MOST_AT_A_TABLE) + 1)]
    writers = itertools.cycle(people)
    notes = tuple(Thought(f"r{statement.line}", next(writers), statement.text) for statement in statements)
    left = dict.fromkeys(people, A_TABLES_MARKS)
    marks: dict[str, list[str]] = defaultdict(list)
    by_marks = sorted(zip(notes, statements, strict=True), key=lambda pair: -pair[1].marks)
    for note, statement in by_marks:
        # Those who have most marks left, so that as few as can be are left over.
        for person in sorted(people, key=lambda one: -left[one])[: statement.marks]:
            if left[person]:
                left[person] -= 1
                marks[person].append(note.id)
    given = sum(map(len, marks.values()))
    by_text = {note.text.casefold(): note.id for note, _statement in reversed(by_marks)}
    three = tuple(dict.fromkeys(by_text[note.text.casefold()] for note, _statement in by_marks))[:A_TABLES_MARKS]
    own = {person: tuple(those) for person, those in marks.items()}
    return Dealt(PlayedTable(name, tuple(people)), notes, own, three, wanted - given)


def _replay(question: str, dealt: Sequence[Dealt]) -> Replay:
    people = [person for one in dealt for person in one.table.people]
    marks = {person: marked for one in dealt for person, marked in one.marks.items()}
    in_hall = {note for one in dealt for note in one.three}
    return Replay(
        title=town.HALL_TITLE,
        question=question,
        tables=tuple(one.table for one in dealt),
        people={person: Attendee(person) for person in people},
        notes={note.id: note for one in dealt for note in one.notes},
        marks=marks,
        handed_in={one.table.name: one.three for one in dealt},
        ballots={person: tuple(note for note in marked if note in in_hall) for person, marked in marks.items()},
        counter_voices={},
        agreements=(),
        checkout={},
        seconds=dict.fromkeys(KINDS, 10.0),
        template=town.HALL_TEMPLATE,
        place=town.HALL_PLACE,
    )
