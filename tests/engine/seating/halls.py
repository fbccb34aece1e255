"""Halls for the tests: made by hypothesis, or read from the files of people."""

import csv
import gzip
from pathlib import Path

from hypothesis import strategies as st

from samspel.engine.seating import Person, Problem, Table


@st.composite
def problems(draw: st.DrawFn, *, people: int = 12, tables: int = 4, rounds: int = 2) -> Problem:
    """Small halls with every kind of rule, possible to keep or not."""
    ids = [f"p{number}" for number in range(draw(st.integers(0, people)))]
    names = [f"t{number}" for number in range(draw(st.integers(1, tables)))]
    expected = st.sampled_from([*ids, "n1", "n2", "gone"])
    pair = st.lists(expected, min_size=2, max_size=2, unique=True).map(lambda two: (two[0], two[1]))
    group = st.lists(expected, max_size=3, unique=True).map(tuple)
    needs = st.sampled_from(((), (), (), ("accessible",), ("accessible", "interpreter")))
    least = st.integers(0, 4)
    return Problem(
        people=tuple(
            Person(
                id_,
                {"unit": draw(st.sampled_from(("", "a", "b", "c"))), "role": draw(st.sampled_from(("x", "y")))},
                manages=draw(st.sampled_from(((), (), (), ("a",)))),
                needs=draw(needs),
                table=draw(st.sampled_from(("", "", "", "", *names))),
            )
            for id_ in ids
        ),
        tables=tuple(
            Table(name, low, low + draw(st.integers(0 if low else 1, 3)), draw(needs))
            for name in names
            for low in [draw(least)]
        ),
        rounds=draw(st.integers(1, rounds)),
        apart=tuple(draw(st.lists(pair, max_size=3))),
        together=tuple(draw(st.lists(group, max_size=2))),
        earlier=tuple(draw(st.lists(pair, max_size=5))),
    )


def read_hall(folder: Path, people: int, seed: int, *, tables: int, least: int, most: int, rounds: int = 1) -> Problem:
    """A file of people with its file of who must be apart; every third table is accessible."""
    name = folder / f"people-{people}-s{seed}"
    rows = _read(name.with_name(f"{name.name}.csv.gz"))
    together: dict[str, list[str]] = {}
    for row in rows:
        if row["together"]:
            together.setdefault(row["together"], []).append(row["person"])
    return Problem(
        people=tuple(
            Person(
                row["person"],
                {name: row[name] for name in ("unit", "department", "profession", "role")},
                manages=(row["unit"],) if row["is_manager"] == "yes" else (),
                needs=("accessible",) if row["needs_accessible_table"] == "yes" else (),
            )
            for row in rows
        ),
        tables=tuple(Table(f"t{n}", least, most, () if n % 3 else ("accessible",)) for n in range(tables)),
        rounds=rounds,
        apart=tuple((row["person"], row["never_with"]) for row in _read(name.with_name(f"{name.name}-apart.csv.gz"))),
        together=tuple(tuple(group) for group in together.values()),
    )


def _read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
