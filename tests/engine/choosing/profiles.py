"""Elections for the tests: made by hypothesis, or read from a .pb file."""

import csv
import gzip
from pathlib import Path

from hypothesis import strategies as st

from samspel.engine.choosing import Ballot, Problem


@st.composite
def problems(draw: st.DrawFn, *, options: int = 6, ballots: int = 9, places: int = 4) -> Problem:
    """Small elections in which ties, empty ballots, equal ballots and unmarked options are common."""
    names = tuple("abcdefgh"[: draw(st.integers(1, options))])
    marks = st.lists(st.sampled_from(names), max_size=len(names)).map(tuple)
    ballot = st.builds(Ballot, marks=marks, voters=st.integers(1, 3), table=st.sampled_from(("", "Eldkvarn", "Ekeby")))
    return Problem(names, tuple(draw(st.lists(ballot, max_size=ballots))), draw(st.integers(1, places)))


def read_pb(path: Path, *, places: int = 3) -> Problem:
    """An approval election out of a .pb.gz file: its projects in file order, unknown ones left out."""
    section = ""
    head: list[str] = []
    projects: list[str] = []
    votes: list[list[str]] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.reader(lines, delimiter=";"):
            if row and row[0].strip() in ("META", "PROJECTS", "VOTES"):
                section, head = row[0].strip(), []
            elif not head:
                head = [name.strip() for name in row]
            elif section == "PROJECTS":
                projects.append(row[0].strip())
            elif section == "VOTES":
                votes.append([mark.strip() for mark in row[head.index("vote")].split(",")])
    known = set(projects)
    return Problem(tuple(projects), tuple(Ballot(tuple(m for m in vote if m in known)) for vote in votes), places)
