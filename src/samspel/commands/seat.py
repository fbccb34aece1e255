"""``samspel seat``: a list of people into tables, over one or several rounds."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from samspel.commands.files import FileError, write_bytes
from samspel.commands.seat_papers import cards_pdf, room_pdf
from samspel.commands.seat_task import Task, read_task
from samspel.core.sheets import guarded, write_sheet
from samspel.engine.seating import Hall, Problem, Solution, check, default_steps, describe, measure, solve

# What starting takes on the machine of the figures, reading for each person, and checking, telling and writing for each
# seat in each round; the rest of --time is the search's.
START_S, READ_S, TELL_S = 0.2, 20e-6, 35e-6
# However slow the start was, the search gets half of the time.
LEAST_SHARE = 0.5


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "seat",
        help="seat the people of a list at tables",
        description="Seat the people of a list (CSV, packed or not, or Excel) at mixed tables, and say how it went.",
    )
    parser.add_argument("people", type=Path, nargs="?", help="a row for each; may be left out with --matrix")
    parser.add_argument("--tables", metavar="N|FILE", help="how many, or a list: table, least, most, accessible")
    parser.add_argument("--size", type=_size, metavar="4-5", help="people at a table; as even as can be when left out")
    parser.add_argument("--rounds", type=_count, default=1, help="with new faces each time (1 when left out)")
    parser.add_argument("--weights", type=_weights, metavar="unit=4,…", help="how much mixing a column matters")
    parser.add_argument("--apart", type=Path, metavar="FILE", help="person and never_with")
    parser.add_argument("--accessible", type=_names, metavar="1,4,7", help="the tables that are; all when left out")
    parser.add_argument("--interpreter", type=_names, metavar="2,5", help="the tables that have one")
    parser.add_argument("--earlier", type=Path, action="append", default=[], metavar="PLAN", help="an earlier meeting")
    parser.add_argument("--matrix", type=Path, metavar="FILE", help="distances between people; the farther the better")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="keep this plan; who is new gets a free seat")
    parser.add_argument("--absent", type=Path, metavar="FILE", help="who does not come; nobody else moves")
    parser.add_argument("--late", type=Path, metavar="FILE", help="who comes after all; nobody else moves")
    parser.add_argument("--merge", action="store_true", help="let a table of too few go to another one, whole")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another plan (1 when left out)")
    parser.add_argument("--time", type=_seconds, default=1.0, metavar="S", help="seconds in all (1 when left out)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="person, round, table: .csv, .csv.gz or .xlsx")
    parser.add_argument("--cards", type=Path, metavar="PDF", help="a card for each table, with its people")
    parser.add_argument("--room", type=Path, metavar="PDF", help="the room, and where everybody sits")
    parser.add_argument("--title", default="Samspel", help="what the PDFs are called")
    parser.add_argument("--language", choices=("sv", "da", "en"), default="sv", help="of the PDFs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 when everybody has a seat, 1 when rows were left out or nothing could be done; standard error says which."""
    try:
        return _run(options)
    except FileError as error:
        print(f"samspel seat: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    begun = time.monotonic() - time.process_time()  # starting the program is part of the time
    task = read_task(options)
    problem, solution, told = _seat(options, task, begun)
    wrong = [line for line in check(problem, solution) if not line.startswith("round ")]
    if wrong:
        raise FileError(f"the plan is counted wrongly, which is a defect of this program: {wrong[0]}")
    _write(options, problem, solution)
    for row in task.bad:
        print(row, file=sys.stderr)
    out = sys.stderr if options.out is None else sys.stdout
    for line in (
        *_figures(problem, solution),
        *(found.text for found in describe(problem, solution)),
        *told,
        *task.notes,
    ):
        print(line, file=out)
    return 1 if task.bad else 0


def _seat(options: argparse.Namespace, task: Task, begun: float) -> tuple[Problem, Solution, list[str]]:
    """The plan, and what was done to it afterwards, in words."""
    problem = task.problem
    if task.plan is None:
        until_told_s = options.time - TELL_S * len(problem.people) * problem.rounds
        usual_s = until_told_s - START_S - READ_S * len(problem.people)
        limit_s = until_told_s - (time.monotonic() - begun)
        least_s = LEAST_SHARE * options.time
        steps = default_steps(problem, max(usual_s, least_s))
        limit_s = max(limit_s, least_s)
        solution = solve(problem, rng=np.random.default_rng(options.seed), time_limit_s=limit_s, steps=steps)
    else:
        solution = measure(problem, task.plan)
    if not (task.absent or task.late or options.merge):
        return problem, solution, []
    told = []
    hall = Hall(problem, solution)
    for id_ in task.absent:
        hall.remove(id_)
    for person in task.late:
        tables = hall.place(person).tables
        told.append(f"{person.id} comes after the others: table {', then '.join(tables)}.")
    for merged in hall.merge_thin() if options.merge else ():
        who = ", ".join(merged.people)
        told.append(f"Round {merged.round + 1}: those of table {merged.left} go to table {merged.joined} ({who}).")
    problem, solution = hall.problem(), hall.solution()
    return problem, solution, told


def _figures(problem: Problem, solution: Solution) -> Iterator[str]:
    """What was done, and how far it is from what is proven that nobody can better."""
    sizes = sorted({size for tables in solution.rounds for size in Counter(tables.values()).values()})
    at = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else str(sizes[0]) if sizes else "0"
    tables = len({table for tables in solution.rounds for table in tables.values()})
    rounds = f"{problem.rounds} rounds" if problem.rounds > 1 else "1 round"
    yield f"{len(problem.people)} people at {tables} tables of {at}, {rounds}."
    if any(problem.weights.values()):
        yield (
            f"Alike at the tables, weighted: {solution.alike:.10g}; by chance {solution.by_chance:.10g}, and provably"
            f" never below {solution.bound:.10g}. Gain {_share(solution.gain)}, {solution.gap:.10g} from the bound."
        )
    if solution.status == "best":
        yield "Nobody can do better: this is proven."
    if solution.is_cut:
        yield "The time was over before all was tried; with the same seed another run may differ."


def _share(gain: float) -> str:
    """Rounded down, so that 100 % is only said of all."""
    return f"{int(gain * 10_000) / 100:g} %"


def _write(options: argparse.Namespace, problem: Problem, solution: Solution) -> None:
    rows = [
        (guarded(person), number, guarded(table))
        for number, tables in enumerate(solution.rounds, start=1)
        for person, table in tables.items()
    ]
    name = "" if options.out is None else options.out.name
    content = write_sheet(name, [("person", "round", "table"), *rows])
    if options.out is None:
        print(content.decode(), end="")
    else:
        write_bytes(options.out, content)
    for path, pdf in ((options.cards, cards_pdf), (options.room, room_pdf)):
        if path is not None:
            write_bytes(path, pdf(problem, solution, title=options.title, language=options.language))


# ---------------------------------------------------------------- what the options mean


def _size(text: str) -> tuple[int, int]:
    least, _, most = text.replace("–", "-").partition("-")
    if not least.strip().isdecimal() or not (most or least).strip().isdecimal():
        raise argparse.ArgumentTypeError(f"must be like 4-5 or 8, got {text!r}")
    size = int(least), int(most or least)
    if not 0 <= size[0] <= size[1] or size[1] < 1:
        raise argparse.ArgumentTypeError(f"must be least-most with least <= most, got {text!r}")
    return size


def _weights(text: str) -> dict[str, float]:
    weights = {}
    for part in text.split(","):
        name, is_there, weight = part.partition("=")
        try:
            weights[name.strip().casefold()] = float(weight if is_there else "1")
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be like unit=4,role=1, got {part!r}") from None
        if not 0 <= weights[name.strip().casefold()] <= 1_000_000:
            raise argparse.ArgumentTypeError(f"weights must be from 0 to a million, got {part!r}")
    return weights


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 86_400:
        raise argparse.ArgumentTypeError(f"must be seconds above 0, got {text!r}")
    return seconds
