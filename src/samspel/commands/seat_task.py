"""What ``samspel seat`` is asked to do: files and options become a problem for the engine."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from samspel.commands.files import BadRow, FileError
from samspel.commands.seat_files import (
    Matrix,
    People,
    read_ids,
    read_matrix,
    read_pairs,
    read_people,
    read_plan,
    read_tables,
)
from samspel.engine.seating import WEIGHTS, Person, Problem, Table

__all__ = ["Task", "read_task"]


@dataclass(frozen=True, slots=True)
class Task:
    """The problem; a plan to keep; who is absent and who comes late; the rows left out; what was assumed."""

    problem: Problem
    plan: tuple[Mapping[str, str], ...] | None
    absent: tuple[str, ...]
    late: tuple[Person, ...]
    bad: tuple[BadRow, ...]
    notes: tuple[str, ...]


def read_task(options: argparse.Namespace) -> Task:
    """:raises FileError: when there is nothing to seat, or files and options do not fit each other."""
    matrix = None if options.matrix is None else read_matrix(options.matrix)
    listed = _people(options, matrix)
    bad = list(listed.bad)
    notes: list[str] = []
    if not listed.people:
        raise FileError(f"{options.people} has no person to seat" + (f"; {bad[0]}" if bad else ""))
    ids = [person.id for person in listed.people]
    tables, wrong = _tables(options, len(ids), matrix)
    bad += wrong
    tables = _with_offers(options, tables, listed, notes)
    people, together = _interpreted(listed, tables, notes)
    people, lost = _at_known_tables(options, people, tables)
    late, double = _late(options, ids)
    bad += [*lost, *double]
    apart: tuple[tuple[str, str], ...] = ()
    if options.apart is not None:
        apart, wrong = read_pairs(options.apart, [*ids, *(person.id for person in late)])
        bad += wrong
    absent: tuple[str, ...] = ()
    if options.absent is not None:
        absent, wrong = read_ids(options.absent, ids)
        bad += wrong
    earlier: list[tuple[str, ...]] = []
    for path in options.earlier:
        plan = read_plan(path)
        bad += plan.bad
        earlier += plan.groups()
    problem = Problem(
        people=people,
        tables=tables,
        rounds=options.rounds,
        apart=apart,
        together=together,
        earlier=tuple(earlier),
        weights=_weights(options, listed, matrix),
        distances=None if matrix is None else matrix.distances,
    )
    if options.plan is None:
        return Task(problem, None, absent, late, tuple(bad), tuple(notes))
    return _keep_plan(options.plan, problem, absent, late, bad, notes)


def _people(options: argparse.Namespace, matrix: Matrix | None) -> People:
    if options.people is None:
        if matrix is None:
            raise FileError("there must be a list of people, or --matrix")
        return People(tuple(Person(str(number)) for number in range(len(matrix.distances))), (), {}, (), ())
    listed = read_people(options.people)
    if matrix is not None and (listed.bad or len(listed.people) != len(matrix.distances)):
        count = f"{len(listed.people)} people" + (f" and {len(listed.bad)} bad rows" if listed.bad else "")
        told = f"; {listed.bad[0]}" if listed.bad else ""
        raise FileError(f"{options.matrix} is for {len(matrix.distances)} people; {options.people} has {count}{told}")
    return listed


def _tables(
    options: argparse.Namespace, people: int, matrix: Matrix | None
) -> tuple[tuple[Table, ...], tuple[BadRow, ...]]:
    if options.tables is not None and not options.tables.isdecimal():
        tables, bad = read_tables(Path(options.tables))
        if not tables:
            raise FileError(f"{options.tables} has no table" + (f"; {bad[0]}" if bad else ""))
        return tables, bad
    if options.tables is not None:
        number = int(options.tables)
    elif options.size is not None:
        number = -(-people // options.size[1])
    elif matrix is not None and matrix.sizes:
        return tuple(Table(str(at), *size) for at, size in enumerate(matrix.sizes, start=1)), ()
    else:
        raise FileError("say how many tables there are with --tables, or how many sit at each with --size")
    if not 1 <= number <= 100_000:
        raise FileError(f"--tables must be from 1 to 100000, got {number}")
    least, most = options.size or (people // number, -(-people // number))
    return tuple(Table(str(at), least, max(most, 1)) for at in range(1, number + 1)), ()


def _with_offers(
    options: argparse.Namespace, tables: tuple[Table, ...], listed: People, notes: list[str]
) -> tuple[Table, ...]:
    """The tables with what options say they offer. When nothing says which are accessible, all are."""
    names = {table.id for table in tables}
    offers = {table.id: set(table.offers) for table in tables}
    for offer, given in (("accessible", options.accessible), ("interpreter", options.interpreter)):
        for name in given or ():
            if name not in names:
                raise FileError(f"--{offer} names table {name}, and there is none; tables are {_some(tables)}")
            offers[name].add(offer)
    needing = sum(bool(person.needs) for person in listed.people)
    if needing and not any("accessible" in offered for offered in offers.values()):
        for offered in offers.values():
            offered.add("accessible")
        notes.append(f"{needing} need an accessible table; --accessible names none, so all are taken to be.")
    return tuple(replace(table, offers=tuple(sorted(offers[table.id]))) for table in tables)


def _some(tables: Sequence[Table]) -> str:
    return ", ".join(table.id for table in tables) if len(tables) < 4 else f"{tables[0].id} … {tables[-1].id}"


def _interpreted(
    listed: People, tables: tuple[Table, ...], notes: list[str]
) -> tuple[tuple[Person, ...], tuple[tuple[str, ...], ...]]:
    """Who needs an interpreter sits where one is; when no table has one, those of one language share tables."""
    if any("interpreter" in table.offers for table in tables):
        needing = {id_ for ids in listed.interpreted.values() for id_ in ids}
        people = tuple(
            replace(person, needs=(*person.needs, "interpreter")) if person.id in needing else person
            for person in listed.people
        )
        return people, listed.together
    most = max(table.most for table in tables)
    groups = [
        ids[at : at + most] for ids in listed.interpreted.values() for at in range(0, len(ids), most) if len(ids) > 1
    ]
    if groups:
        notes.append("--interpreter names no table, so those who need the same interpreter are to sit together.")
    return listed.people, (*listed.together, *(group for group in groups if len(group) > 1))


def _at_known_tables(
    options: argparse.Namespace, people: tuple[Person, ...], tables: tuple[Table, ...]
) -> tuple[tuple[Person, ...], list[BadRow]]:
    """A host's table must be there; whoever's is not is seated like others, and told."""
    names = {table.id for table in tables}
    lost = [person for person in people if person.table and person.table not in names]
    bad = [
        BadRow(options.people, 0, f"{person.id} is to sit at table {person.table}, which there is not")
        for person in lost
    ]
    return tuple(replace(person, table="") if person in lost else person for person in people) if lost else people, bad


def _late(options: argparse.Namespace, ids: Sequence[str]) -> tuple[tuple[Person, ...], list[BadRow]]:
    if options.late is None:
        return (), []
    listed = read_people(options.late)
    here = frozenset(ids)
    bad = [BadRow(options.late, 0, f"{p.id} is in the list of people already") for p in listed.people if p.id in here]
    return tuple(replace(p, table="") for p in listed.people if p.id not in here), [*listed.bad, *bad]


def _weights(options: argparse.Namespace, listed: People, matrix: Matrix | None) -> dict[str, float]:
    """As given; else those that the engine knows; else every column alike. With a matrix, only as given."""
    if options.weights is not None:
        unknown = [name for name in options.weights if name not in listed.columns]
        if unknown:
            there = ", ".join(listed.columns) or "none"
            raise FileError(f"--weights names the column {unknown[0]}, and there is none; columns are {there}")
        return dict(options.weights)
    if matrix is not None:
        return {}
    known = {name: weight for name, weight in WEIGHTS.items() if name in listed.columns}
    return known or dict.fromkeys(listed.columns, 1.0)


def _keep_plan(
    path: Path,
    problem: Problem,
    absent: tuple[str, ...],
    late: tuple[Person, ...],
    bad: list[BadRow],
    notes: list[str],
) -> Task:
    """Who has a seat in the plan keeps it; who is on the list and not in the plan comes late."""
    plan = read_plan(path)
    bad += plan.bad
    if not plan.rounds:
        raise FileError(f"{path} seats nobody")
    if problem.distances is not None:
        raise FileError("--plan and --matrix cannot be used together")
    names = {table.id for table in problem.tables}
    unknown = sorted({table for tables in plan.rounds for table in tables.values()} - names)
    if unknown:
        raise FileError(f"{path} has table {unknown[0]}, and there is none; tables are {_some(problem.tables)}")
    planned = {person for tables in plan.rounds for person in tables}
    people = tuple(person for person in problem.people if person.id in planned)
    newcomers = tuple(person for person in problem.people if person.id not in planned and person.id not in absent)
    here = {person.id for person in people}
    gone = len(planned - here)
    if gone:
        notes.append(f"{gone} in {path} are not in the list of people; their seats are free.")
    rounds = tuple({id_: table for id_, table in tables.items() if id_ in here} for tables in plan.rounds)
    kept = replace(problem, people=people, rounds=len(rounds))
    absent = tuple(id_ for id_ in absent if id_ in here)
    return Task(kept, rounds, absent, (*newcomers, *late), tuple(bad), tuple(notes))
