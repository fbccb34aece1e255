"""From supplied votes to a replay: ``python -m samspel.demo.opinions FOLDER OUT [--name brexit-consensus]``.

The most active voters sit at tables, the statements are dealt among them by a seed as notes, and what they agreed with
becomes marks and ballots. Nothing is made up but who sits where and who brings which statement.
"""

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from samspel.demo.replaying import FORMAT

PEOPLE = 60
TABLES = 12
PLACES = 3
SEED = 20260402
TABLE_NAMES = (
    "The Mill", "The Lock", "The Spinnery", "The Wheel", "The Lantern", "The Stream", "The Bridge", "The Square",
    "The Harbour", "The Jetty", "The Meadow", "The Grove",
)  # fmt: skip
ATTRIBUTION = (
    "Data was gathered using the Polis software (compdemocracy.org/polis) and is sub-licensed under CC BY 4.0 with "
    "Attribution to The Computational Democracy Project. The data and more information about how the data was "
    "collected can be found at https://github.com/compdemocracy/openData (snapshot 0bc2ce0) and "
    "compdemocracy.org/case-studies."
)
CHANGED = (
    "Changed: the {people} people who voted on most statements, at {tables} tables; statements dealt among them by the "
    "seed {seed}; their agrees kept as marks and ballots."
)


def read_statements(path: Path) -> dict[int, str]:
    """The texts by statement."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t", 1) for line in file]
    return {int(number): text for number, text in rows[1:]}


def read_votes(path: Path) -> dict[int, dict[int, int]]:
    """By participant, the vote on each statement: the last one counts, and stands where it was cast."""
    votes: dict[int, dict[int, int]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            mine = votes.setdefault(int(row["participant"]), {})
            mine.pop(int(row["statement"]), None)
            mine[int(row["statement"])] = int(row["vote"])
    return votes


def convert(
    statements: dict[int, str],
    votes: dict[int, dict[int, int]],
    *,
    name: str,
    people: int = PEOPLE,
    tables: int = TABLES,
    seed: int = SEED,
) -> dict[str, Any]:
    """The replay of a conversation.

    Marks are a person's first three agrees on her table's statements, a table's three are those with most marks (the
    lowest number first when they are as many), and a ballot is what she agreed with among all tables' threes.
    """
    most_active = sorted(votes, key=lambda voter: (-len(votes[voter]), voter))[:people]
    dealt = np.random.default_rng(seed).permutation(sorted(statements)).tolist()
    table_of = {voter: place % tables for place, voter in enumerate(most_active)}
    bringer = {statement: most_active[place % len(most_active)] for place, statement in enumerate(dealt)}
    agrees = {voter: [one for one, vote in votes[voter].items() if vote == 1] for voter in most_active}
    marks = {
        voter: [one for one in agrees[voter] if one in bringer and table_of[bringer[one]] == table_of[voter]][:PLACES]
        for voter in most_active
    }
    threes: list[list[int]] = []
    for table in range(tables):
        here = [one for one in dealt if table_of[bringer[one]] == table]
        count = {one: sum(one in marks[voter] for voter in most_active) for one in here}
        threes.append(sorted(here, key=lambda one: (-count[one], one))[:PLACES])
    in_hall = {one for three in threes for one in three}
    return {
        "format": FORMAT,
        "title": f"Replay of {name}",
        "question": "Which of these statements do we agree with?",
        "language": "en",
        "template": "apt-60",
        "source": f"{name}; {ATTRIBUTION}",
        "licence": "CC-BY-4.0",
        "changed": CHANGED.format(people=people, tables=tables, seed=seed),
        "seconds": {"frame": 10, "solo": 60, "table": 120, "whole": 30, "ballot": 40, "agree": 10, "checkout": 20},
        "tables": [
            {"name": TABLE_NAMES[table], "people": [f"p{voter}" for voter in most_active if table_of[voter] == table]}
            for table in range(tables)
        ],
        "people": [{"id": f"p{voter}"} for voter in most_active],
        "notes": [{"id": f"s{one}", "by": f"p{bringer[one]}", "text": statements[one]} for one in dealt],
        "marks": {f"p{voter}": [f"s{one}" for one in marks[voter]] for voter in most_active},
        "handed_in": {TABLE_NAMES[table]: [f"s{one}" for one in three] for table, three in enumerate(threes)},
        "ballots": {
            f"p{voter}": [f"s{one}" for one in sorted(agrees[voter]) if one in in_hall] for voter in most_active
        },
    }


def as_text(replay: dict[str, Any]) -> str:
    """The file's text: one line for each row, so that changes can be read."""
    lines = []
    for key, value in replay.items():
        if isinstance(value, list):
            inside = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in value)
            lines.append(f"{json.dumps(key)}: [\n{inside}\n ]")
        elif isinstance(value, dict) and key != "seconds":
            inside = ",\n".join(
                f"  {json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in value.items()
            )
            lines.append(f"{json.dumps(key)}: {{\n{inside}\n }}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the replay of one of the supplied conversations."""
    parser = argparse.ArgumentParser(prog="samspel.demo.opinions", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--name", default="brexit-consensus")
    given = parser.parse_args(arguments)
    try:
        statements = read_statements(given.folder / f"{given.name}.statements.tsv.gz")
        votes = read_votes(given.folder / f"{given.name}.votes.csv.gz")
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    given.out.write_text(as_text(convert(statements, votes, name=given.name)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
