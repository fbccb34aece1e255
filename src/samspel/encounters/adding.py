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

from samspel.encounters import engines, expressions, store

Ints = npt.NDArray[np.int64]

# What is an answer's own, and no part of its kind.
_OWN: Final = ("unit", "day")
# All marks of a row, as the last of its digits.
_MARKS: Final = "marks"
# Of so many kinds the marks are made of all that could be, whether they are there or not.
_ALL_KINDS: Final = 4096
# So many times they are kept: for some sets of values that each sum's questions have met.
_MOST_KEPT: Final = 64
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
    """Answers whose columns are coded once for all sums. Words may stand as Arrow's dictionaries, and lists as texts
    with ``|`` between."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._coded: dict[str, Coded] = {}

    def __getitem__(self, column: str) -> Coded:
        if column not in self._coded:
            self._coded[column] = _code(self._table.column(column), is_list=store.ANSWERS[column] == "array<string>")
        return self._coded[column]

    def __len__(self) -> int:
        return len(self._table)

    def codes(self, columns: Sequence[str]) -> Ints:
        """Each answer's values in these columns as one number, of which they are the digits."""
        codes = np.zeros(len(self._table), np.int64)
        for one in map(self.__getitem__, columns):
            if len(one.values) > 1:
                codes *= len(one.values)
                codes += one.codes
        return codes


def add_up(name: str, answers: Answers) -> dict[str, pa.Array]:
    """The columns of the sum of this name, sorted as they are stored; words as Arrow's dictionaries."""
    keys = expressions.keys_of(name)
    marks = [column for column in expressions.added_of(name) if column != "n"]
    parts = [_marks_of_kinds(*question, answers) for question in _questions(name)]
    told = pa.concat_tables([table for _kinds, table in parts])
    digits = {column: answers[column] if column in _OWN else _code(told.column(column)) for column in keys}
    said = {column: one.codes for column, one in digits.items() if column not in _OWN}
    said[_MARKS] = np.zeros(len(told), np.int64)
    for place, mark in enumerate(marks):
        said[_MARKS] += told.column(mark).to_numpy().astype(np.int64) << place
    # A row of marks as one number: its keys are digits in their order, and each mark is a bit.
    weights, room = {_MARKS: 1}, 1 << len(marks)
    for column in reversed(keys):
        weights[column], room = room, room * len(digits[column].values)
    counted = []
    begin = 0
    for kinds, table in parts:
        end = begin + len(table)
        rows, places = _rows(kinds, _number(table))
        here = {column: codes[begin:end] for column, codes in said.items()}
        counted.append(_counted([*keys, _MARKS], answers, rows, here, places, weights))
        begin = end
    codes, counts = (np.concatenate(each) for each in zip(*counted, strict=True))
    if len(parts) > 1:
        order = np.argsort(codes, kind="stable")  # each part is in order
        codes, counts = codes[order], counts[order]
    return _sums(codes, counts, keys, digits, marks)


def _counted(
    columns: Sequence[str],
    answers: Answers,
    rows: Ints | slice,
    said: Mapping[str, Ints],
    places: Ints,
    weights: Mapping[str, int],
) -> tuple[Ints, Ints]:
    """The different numbers of these rows, in order, and how many there are of each.

    Counted as numbers of the digits that there are here, which are fewer: so a list of all of them is often short.
    """
    there = {column: np.unique(codes, return_inverse=True) for column, codes in said.items()}
    own, others = np.zeros(len(answers), np.int64), np.zeros(len(next(iter(said.values()))), np.int64)
    sizes, room = {}, 1
    for column in reversed(columns):
        if column in _OWN:
            own += answers[column].codes * room
            sizes[column] = len(answers[column].values)
        else:
            others += there[column][1] * room
            sizes[column] = max(1, len(there[column][0]))
        room *= sizes[column]
    left, counts = _count(own[rows] + others.take(places), room)
    codes = np.zeros(len(left), np.int64)
    for column in reversed(columns):
        left, digit = _divided(left, sizes[column])
        digit = digit if column in _OWN else there[column][0].take(digit)
        codes += digit * weights[column]
    return codes, counts


def _sums(
    codes: Ints, counts: Ints, keys: Sequence[str], digits: Mapping[str, Coded], marks: Sequence[str]
) -> dict[str, pa.Array]:
    left = codes >> len(marks)
    begins = _begins(left)
    found = {"n": pa.array(_added(counts, begins))}
    some = np.bitwise_or.reduce(codes, initial=0)
    for place, mark in enumerate(marks):
        if some >> place & 1:
            found[mark] = pa.array(_added(counts * (codes >> place & 1), begins))
        else:
            found[mark] = pa.array(np.zeros(len(begins), np.int64))
    left = left.take(begins)
    for column in reversed(keys):
        values = digits[column].values
        left, places = _divided(left, len(values))
        coded = pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), values)
        found[column] = coded if pa.types.is_string(values.type) else coded.dictionary_decode()
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
    values = [answers[column].values for column in columns]
    kinds, room = answers.codes(columns), math.prod(map(len, values))
    if room > _ALL_KINDS:
        found, _counts = _count(kinds, room)
        return _places(found, kinds, room), _marks(columns, select, values, found)
    # All that there could be, whether they are there or not: the next month has the same, or what one had before.
    told = (select, str([those.to_pylist() for those in values]))
    marks = _of_all_kinds.get(told)
    if marks is None:
        if len(_of_all_kinds) >= _MOST_KEPT:
            _of_all_kinds.clear()
        marks = _of_all_kinds[told] = _marks(columns, select, values, np.arange(room))
    return kinds, marks


_of_all_kinds: Final[dict[tuple[str, str], pa.Table]] = {}


def _marks(columns: Sequence[str], select: str, values: Sequence[pa.Array], codes: Ints) -> pa.Table:
    """The marks of kinds with these codes. A kind's place stands as its day."""
    kinds = {
        "day": pa.array(np.arange(len(codes), dtype=np.int32)).cast(pa.date32()),
        "unit": pa.array(np.zeros(len(codes), np.int64)),
    }
    for column, those in zip(reversed(columns), reversed(values), strict=True):
        codes, places = _divided(codes, len(those))
        kinds[column] = those.take(pa.array(places))
    return engines.over(expressions.kinds.get_name(), pa.table(kinds), select)


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


def _code(column: pa.ChunkedArray, *, is_list: bool = False) -> Coded:
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
        words = column.chunk(0).dictionary if column.num_chunks else pa.array([], column.type.value_type)
        of_words = _code(pa.chunked_array([words]), is_list=is_list)
        return Coded(of_words.codes.take(_joined([chunk.indices for chunk in column.chunks])), of_words.values)
    if pa.types.is_integer(column.type) or pa.types.is_date32(column.type):
        numbers = _code_numbers(column.combine_chunks())
        if numbers is not None:
            return numbers
    told = pc.binary_join(column, "|") if pa.types.is_list(column.type) else column
    told = told.dictionary_encode(null_encoding="encode").unify_dictionaries()
    values = told.chunk(0).dictionary if told.num_chunks else pa.array([], told.type.value_type)
    order = pc.sort_indices(values).to_numpy()
    values = values.take(pa.array(order))
    if is_list:
        values = pa.array([text.split("|") if text else [] for text in values.to_pylist()], pa.list_(pa.string()))
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return Coded(places.take(_joined([chunk.indices for chunk in told.chunks])), values)


def _code_numbers(column: pa.Array) -> Coded | None:
    """Numbers that lie close together, by counting; what is missing comes last. None where they are far apart."""
    kind = column.type
    numbers = column.cast(pa.int32()) if pa.types.is_date32(kind) else column
    least, most = (numbers_at.as_py() for numbers_at in pc.min_max(numbers).values())
    if least is None or most - least >= len(numbers):
        return None
    numbered = numbers.cast(pa.int64())
    places = (pc.fill_null(numbered, most + 1) if numbers.null_count else numbered).to_numpy() - least
    found = np.flatnonzero(np.bincount(places))
    is_missing = found > most - least
    values = pa.array((found + least).astype(numbers.type.to_pandas_dtype()), mask=is_missing).cast(kind)
    return Coded(_places(found, places, int(most - least) + 2), values)


def _joined(indices: Sequence[pa.Array]) -> npt.NDArray[np.int32]:
    return np.concatenate([np.zeros(0, np.int32), *(each.to_numpy() for each in indices)])


def _divided(numbers: Ints, by: int) -> tuple[Ints, Ints]:
    """Quotients and remainders, in a quarter of the time of numpy's own ``divmod``."""
    quotients = numbers // by
    return quotients, numbers - quotients * by


def _count(codes: Ints, room: int) -> tuple[Ints, Ints]:
    """The different codes, in order, and how many there are of each; all are below ``room``."""
    if room <= _ROOM * len(codes):
        counts = np.bincount(codes)
        found = np.flatnonzero(counts)
        return found, counts.take(found)
    in_order: npt.NDArray[np.signedinteger] = np.sort(codes.astype(np.int32) if room < _SHORT else codes)
    begins = _begins(in_order)
    return in_order.take(begins).astype(np.int64), np.diff(begins, append=len(in_order))


def _begins(in_order: npt.NDArray[np.signedinteger]) -> Ints:
    """Where each different one of the numbers first stands."""
    is_first = np.ones(len(in_order), np.bool_)
    np.not_equal(in_order[1:], in_order[:-1], out=is_first[1:])
    return np.flatnonzero(is_first)


def _added(numbers: Ints, begins: Ints) -> Ints:
    """The numbers from each of these places to the next added up, in half the time of ``np.add.reduceat``."""
    until = np.cumsum(numbers).take(np.append(begins[1:], len(numbers))[: len(begins)] - 1)
    return np.diff(until, prepend=0)


def _places(found: Ints, codes: Ints, room: int) -> Ints:
    """Where each code stands among the different ones."""
    if room > _ROOM * len(codes):
        return np.searchsorted(found, codes).astype(np.int64)
    places = np.zeros(room, np.int64)
    places[found] = np.arange(len(found))
    return places[codes]
