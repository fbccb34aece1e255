"""Adds up the sums of answers that are in this process's memory.

No two answers are alike in when and where, but what a mark looks at (side, level, service, factors) makes only some
hundred kinds of them. So each mark is made by its one expression, of each kind; how many answers of a kind there are on
a day in a unit is counted here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from samspel.encounters import engines, expressions

Ints = npt.NDArray[np.int64]

# What is an answer's own, and no part of its kind.
_OWN: Final = ("unit", "day")
# Codes are counted in a list of all that could be, when that is no longer than so many times those that are there.
_ROOM: Final = 4
# Below it they are sorted in half the time.
_SHORT: Final = 1 << 31


@dataclass(frozen=True)
class Coded:
    """For each row the place of its value among the different ones, which stand in order."""

    codes: Ints
    values: pa.Array


class Answers:
    """Answers whose columns are coded once for all sums."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._coded: dict[str, Coded] = {}

    def __getitem__(self, column: str) -> Coded:
        if column not in self._coded:
            self._coded[column] = _code(self._table.column(column))
        return self._coded[column]

    def __len__(self) -> int:
        return len(self._table)

    def kinds(self, columns: Sequence[str]) -> tuple[Ints, pa.Table]:
        """Each answer's kind, and what each kind has in these columns; its number stands as its day."""
        coded = [self[column] for column in columns]
        room = math.prod(len(one.values) for one in coded)
        codes = np.zeros(len(self._table), np.int64)
        for one in coded:
            if len(one.values) > 1:
                codes *= len(one.values)
                codes += one.codes
        left, _counts = _count(codes, room)
        found = {
            "day": pa.array(np.arange(len(left), dtype=np.int32)).cast(pa.date32()),
            "unit": pa.array(np.zeros(len(left), np.int64)),
        }
        kinds = _places(left, codes, room)
        for column, one in zip(reversed(columns), reversed(coded), strict=True):
            left, places = np.divmod(left, len(one.values))
            found[column] = one.values.take(pa.array(places))
        return kinds, pa.table(found)


def add_up(name: str, answers: Answers) -> dict[str, pa.Array]:
    """The columns of the sum of this name, sorted as they are stored."""
    keys = expressions.keys_of(name)
    marks = [column for column in expressions.added_of(name) if column != "n"]
    parts = [_marks_of_kinds(*question, answers) for question in _questions(name)]
    told = pa.concat_tables([table for _kinds, table in parts])
    digits = {column: answers[column] if column in _OWN else _code(told.column(column)) for column in keys}
    # A row of marks as one number: its keys are digits in their order, and each mark is a bit.
    weights, room = {}, 1 << len(marks)
    for column in reversed(keys):
        weights[column], room = room, room * len(digits[column].values)
    own, said = np.zeros(len(answers), np.int64), np.zeros(len(told), np.int64)
    for column in keys:
        number = own if column in _OWN else said
        number += digits[column].codes * weights[column]
    for place, mark in enumerate(marks):
        said += told.column(mark).to_numpy().astype(np.int64) << place
    counted = []
    begin = 0
    for kinds, table in parts:
        rows, places = _rows(kinds, _number(table))
        counted.append(_count(own[rows] + said[begin:][places], room))
        begin += len(table)
    codes, counts = (np.concatenate(each) for each in zip(*counted, strict=True))
    if len(parts) > 1:
        order = np.argsort(codes)
        codes, counts = codes[order], counts[order]
    return _sums(codes, counts, keys, digits, marks)


def _sums(
    codes: Ints, counts: Ints, keys: Sequence[str], digits: Mapping[str, Coded], marks: Sequence[str]
) -> dict[str, pa.Array]:
    left = codes >> len(marks)
    begins = np.flatnonzero(np.diff(left, prepend=-1))
    found = {"n": pa.array(np.add.reduceat(counts, begins))} if len(begins) else {"n": pa.array([], pa.int64())}
    for place, mark in enumerate(marks):
        has_it = counts * (codes >> place & 1)
        found[mark] = pa.array(np.add.reduceat(has_it, begins) if len(begins) else has_it)
    left = left[begins]
    for column in reversed(keys):
        left, places = np.divmod(left, len(digits[column].values))
        found[column] = digits[column].values.take(pa.array(places))
    return found


@cache
def _questions(name: str) -> list[tuple[list[str], str]]:
    """The marks of a sum, a table each: the columns of a kind that they look at, and SQL for them."""
    found = []
    for marks in expressions.marks_of(name, expressions.kinds):
        columns = [column for column in expressions.looked_at(marks) if column not in _OWN]
        found.append((columns, expressions.sql(marks)))
    return found


def _marks_of_kinds(columns: Sequence[str], select: str, answers: Answers) -> tuple[Ints, pa.Table]:
    """Each answer's kind, and the marks of each kind."""
    kinds, table = answers.kinds(columns)
    return kinds, engines.over(expressions.kinds.get_name(), table, select)


def _rows(kinds: Ints, number: Ints) -> tuple[Ints | slice, Ints]:
    """Answers and rows of marks, where the row's number is the answer's kind."""
    each = np.bincount(number, minlength=int(kinds.max(initial=0)) + 1)
    by_number = np.argsort(number, kind="stable")
    first = np.cumsum(each) - each
    if (each == 1).all():
        return slice(None), by_number[kinds]
    times = each[kinds]
    rows = np.repeat(np.arange(len(kinds)), times)
    begins = np.cumsum(times) - times
    return rows, by_number[np.arange(len(rows)) + np.repeat(first[kinds] - begins, times)]


def _number(marks: pa.Table) -> Ints:
    number: Ints = marks.column("day").cast(pa.int32()).to_numpy().astype(np.int64)
    return number


# ---------------------------------------------------------------- codes


def _code(column: pa.ChunkedArray) -> Coded:
    is_list = pa.types.is_list(column.type)
    told = pc.binary_join(column, "|") if is_list else column
    told = told.dictionary_encode(null_encoding="encode").unify_dictionaries()
    values = told.chunk(0).dictionary if told.num_chunks else pa.array([], told.type.value_type)
    codes = np.concatenate([np.zeros(0, np.int32), *(chunk.indices.to_numpy() for chunk in told.chunks)])
    order = pc.sort_indices(values).to_numpy()
    values = values.take(pa.array(order))
    if is_list:
        values = pa.array([text.split("|") if text else [] for text in values.to_pylist()], pa.list_(pa.string()))
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return Coded(places[codes], values)


def _count(codes: Ints, room: int) -> tuple[Ints, Ints]:
    """The different codes, in order, and how many there are of each; all are below ``room``."""
    if room <= _ROOM * len(codes):
        counts = np.bincount(codes)
        found = np.flatnonzero(counts)
        return found, counts[found]
    in_order = np.sort(codes.astype(np.int32) if room < _SHORT else codes)
    begins = np.flatnonzero(np.diff(in_order, prepend=-1))
    return in_order[begins].astype(np.int64), np.diff(begins, append=len(in_order))


def _places(found: Ints, codes: Ints, room: int) -> Ints:
    """Where each code stands among the different ones."""
    if room > _ROOM * len(codes):
        return np.searchsorted(found, codes).astype(np.int64)
    places = np.zeros(room, np.int64)
    places[found] = np.arange(len(found))
    return places[codes]
