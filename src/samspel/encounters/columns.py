"""Many rows at once, column by column: each different word is read once, by the rules that a single row is read by.

Only times and keys, which differ from row to row, are first looked at as whole columns; whatever is not plainly right
there is read by the same rules as well, so that no row is judged here.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from samspel.encounters.rows import AHEAD, COLUMNS, KEY, OLDEST, Fault, UnfitError, read_cell

Rules = Mapping[str, Callable[[str], Any]]
Ints = npt.NDArray[np.int64]

_CLOCK: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_NAIVE: Final = f"^{_CLOCK}$"
_ZONED: Final = rf"^{_CLOCK}(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$"
_TO_THE_SECOND: Final = len("2026-04-02T13:05:00")
_US: Final = 1_000_000
_DAY_US: Final = 86_400 * _US


@dataclass(frozen=True)
class Read:
    """What a column says: for each row the place of its value in ``values``, or below 0 where it says nothing usable
    (-1 minus the place of the reason in ``reasons``)."""

    codes: npt.NDArray[np.int32]
    values: Sequence[Any]
    reasons: Sequence[str]


@dataclass(frozen=True)
class Moments:
    """The column of times, as microseconds, and the municipality's own days; 0 where a row has a fault."""

    at_us: Ints
    days: npt.NDArray[np.int32]
    faults: dict[int, str]


def read_words(table: pa.Table, column: str, rules: Rules) -> Read:
    """A column by its different words. One that the file has not is empty in every row."""
    if column not in table.column_names:
        words, codes = [""], np.zeros(len(table), np.int32)
    else:
        cells = table.column(column).combine_chunks() if len(table) else pa.array([], pa.string())
        if isinstance(cells, pa.ChunkedArray):
            cells = cells.unify_dictionaries().combine_chunks()
        if not pa.types.is_dictionary(cells.type):
            cells = cells.dictionary_encode()
        words = cells.dictionary.to_pylist()
        codes = cells.indices.to_numpy()
    return _read_each(column, words, codes, rules)


def _read_each(column: str, words: Sequence[str], codes: npt.NDArray[np.int32], rules: Rules) -> Read:
    values: list[Any] = []
    reasons: list[str] = []
    places = np.empty(max(1, len(words)), np.int32)
    for place, word in enumerate(words):
        try:
            values.append(read_cell(column, word, rules[column]))
            places[place] = len(values) - 1
        except UnfitError as error:
            reasons.append(str(error))
            places[place] = -len(reasons)
    return Read(places.take(codes) if reasons else codes, values, reasons)


# ---------------------------------------------------------------- times


def read_moments(table: pa.Table, rules: Rules, now: datetime) -> Moments:
    """When each row's meeting was: whole columns of the usual forms at once, any other text once by its own rule."""
    texts = table.column("at").combine_chunks()
    if pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_decode()
    at_us = np.full(len(texts), np.iinfo(np.int64).min, np.int64)
    if len(texts) and not _fill_all(at_us, texts):
        _fill(at_us, texts, _NAIVE, pa.timestamp("us"), local=True)
        _fill(at_us, texts, _ZONED, pa.timestamp("us", "UTC"), local=False)
    is_plain = (at_us >= _as_us(OLDEST)) & (at_us <= _as_us(now + AHEAD))
    faults: dict[int, str] = {}
    known: dict[str, int | str] = {}
    for place in np.flatnonzero(~is_plain).tolist():
        text = texts[place].as_py()
        if text not in known:
            try:
                known[text] = _as_us(read_cell("at", text, rules["at"]))
            except UnfitError as error:
                known[text] = str(error)
        found = known[text]
        if isinstance(found, str):
            faults[place] = found
            found = 0
        at_us[place] = found
    return Moments(at_us, _own_days(at_us), faults)


def _fill_all(at_us: Ints, texts: pa.Array) -> bool:
    """Whether all say the time to the second and none an offset: of such a length nothing else is read as a time."""
    if pc.min_max(pc.binary_length(texts)).as_py() != {"min": _TO_THE_SECOND, "max": _TO_THE_SECOND}:
        return False
    try:
        at_us[:] = _from_local(texts.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return False
    return True


def _fill(at_us: Ints, texts: pa.Array, pattern: str, kind: pa.DataType, *, local: bool) -> None:
    is_so = pc.match_substring_regex(texts, pattern)
    try:
        found = pc.filter(texts, is_so).cast(kind).cast(pa.int64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # some 30th of February: each is read by itself
        return
    at_us[is_so.to_numpy(zero_copy_only=False)] = _from_local(found) if local else found


def _as_us(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass(frozen=True)
class _Clock:
    """The municipality's clock: when it was put to another time, on both scales, and its offset in between."""

    utc_us: Ints
    local_us: Ints
    offsets_us: Ints


@cache
def _clock(zone: str, until_year: int = 2100) -> _Clock:
    tz = ZoneInfo(zone)

    def offset_us(us: int) -> int:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
        return (at.astimezone(tz).utcoffset() or timedelta()) // timedelta(microseconds=1)

    # No clock is moved twice in a week.
    week_us = 7 * _DAY_US
    utc, local = [], []
    before_us = _as_us(OLDEST) - week_us
    offsets = [offset_us(before_us)]
    while before_us < _as_us(datetime(until_year, 1, 1, tzinfo=UTC)):
        after_us = before_us + week_us
        if offset_us(after_us) != offsets[-1]:
            seconds = range(before_us, after_us + _US, _US)
            old = offsets[-1]
            moved_us = seconds[bisect_left(seconds, True, key=lambda us: offset_us(us) != old)]
            offsets.append(offset_us(after_us))
            utc.append(moved_us)
            # An hour that was twice is the first one, and one that never was is counted from before.
            local.append(moved_us + max(offsets[-2:]))
        before_us = after_us
    return _Clock(np.array(utc, np.int64), np.array(local, np.int64), np.array(offsets, np.int64))


def _from_local(local_us: Ints) -> Ints:
    clock = _clock(settings.TIME_ZONE)
    return local_us - _offsets(clock, clock.local_us, local_us)


def _own_days(at_us: Ints) -> npt.NDArray[np.int32]:
    clock = _clock(settings.TIME_ZONE)
    local_us = at_us + _offsets(clock, clock.utc_us, at_us)
    return (local_us // _DAY_US).astype(np.int32)


def _offsets(clock: _Clock, moved_us: Ints, us: Ints) -> Ints:
    """The clock's offset at each of these times, on the scale of ``moved_us``."""
    if not len(us):
        return us
    # Between the first and the last of them it has mostly been moved a few times, if at all.
    begin, end = np.searchsorted(moved_us, [us.min(), us.max()], side="right")
    offsets: Ints = clock.offsets_us[begin + np.searchsorted(moved_us[begin:end], us, side="right")]
    return offsets


# ---------------------------------------------------------------- keys


def read_keys(
    table: pa.Table, rules: Rules, prefix: str | None, lines: Sequence[int]
) -> tuple[pa.Array, dict[int, str]]:
    """Each row's own key, or for one that has none the file's with the row's line; without a ``prefix`` each must have
    its own."""
    numbers = np.arange(lines.start, lines.stop) if isinstance(lines, range) else np.asarray(lines, np.int64)
    # Put before the number in a third of the time that it takes to join the two.
    own = pc.utf8_replace_slice(pa.array(numbers).cast(pa.string()), 0, 0, f"{prefix or ''}-")
    if "key" not in table.column_names or not len(table):
        return own, {}
    told = table.column("key").combine_chunks()
    if pa.types.is_dictionary(told.type):
        told = told.dictionary_decode()
    told = pc.utf8_trim_whitespace(told)
    keys = told if prefix is None else pc.if_else(pc.equal(told, ""), own, told)
    is_odd = pc.invert(pc.match_substring_regex(keys, f"^{KEY}$")).to_numpy(zero_copy_only=False)
    faults = {}
    for place in np.flatnonzero(is_odd).tolist():
        try:
            read_cell("key", told[place].as_py(), rules["key"])
        except UnfitError as error:
            faults[place] = str(error)
    return keys, faults


# ---------------------------------------------------------------- all of them


@dataclass(frozen=True)
class Columns:
    """Rows that have been read. ``is_good`` tells of which nothing is wrong; ``faults`` what is with the others."""

    moments: Moments
    keys: pa.Array
    words: dict[str, Read]
    is_good: npt.NDArray[np.bool_]
    faults: list[tuple[int, Fault]]


def read_columns(
    table: pa.Table,
    rules: Rules,
    now: datetime,
    prefix: str | None,
    lines: Sequence[int],
    asked: Sequence[str] = COLUMNS,
) -> Columns:
    """What the rows say in these columns, of which time and key are always, and all that is wrong with them, by place
    and in the order of their columns."""
    moments = read_moments(table, rules, now)
    keys, odd_keys = read_keys(table, rules, prefix, lines)
    words = {column: read_words(table, column, rules) for column in asked if column not in {"at", "key"}}
    is_good = np.ones(len(table), np.bool_)
    faults = [(place, Fault("at", reason)) for place, reason in moments.faults.items()]
    faults += [(place, Fault("key", reason)) for place, reason in odd_keys.items()]
    for column, read in words.items():
        if read.reasons:
            wrong = np.flatnonzero(read.codes < 0).tolist()
            faults += [(place, Fault(column, read.reasons[-1 - read.codes[place]])) for place in wrong]
    is_good[[place for place, _fault in faults]] = False
    faults.sort(key=lambda found: (found[0], COLUMNS.index(found[1].column)))
    return Columns(moments, keys, words, is_good, faults)
