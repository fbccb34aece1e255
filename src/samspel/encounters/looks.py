"""What is told openly of a service, together: its weeks, its units and its groups, every fourth week.

The tables of a service are lines of one sum: as many people lie in its weeks as in its units or its languages. So they
are decided together, and the sum is taken for known. At each look a year's counts so far are made of what has come, or
was taken back, since a cell was last shown; a cell of which too little is new *waits* and keeps its old figure, and
another one waits with it where its sum would tell it. Before a look is kept, an attacker tries it with all earlier
ones.

Pure: counts in, looks out. ``compute_looks`` keeps them.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from samspel.encounters.disclosing import Entry, Figure, is_alike
from samspel.encounters.figures import Counts
from samspel.engine.disclosure import Cells, Hidden, ProtectionError, Sum, Why, protect, reach
from samspel.engine.inference import ClusterSums, design_effects

# A cell's name is its line and its group: "language:sv", "unit:7", "week:2026-03-02".
Key = str
DIMENSIONS = ("language", "age_band", "area", "channel", "provider")
WEEKS_BETWEEN = 4
# What an attacker may at best say of a number that is hidden: a range of so many.
RANGE = 5
# So many answers in a line before it is said how much those of a day are alike.
EFFECTS_LEAST = 200


@dataclass(frozen=True)
class Look:
    """The counts of the year to ``ends`` (excluded), and which of them waited: ``Entry.is_hidden``.

    ``effects``: how much less than their number a group's answers count for, since those of a day are alike, in
    twentieths and upwards; who is not there has 1.
    """

    ends: date
    total: Entry
    cells: Mapping[Key, Entry]
    effects: Mapping[Key, float] = field(default_factory=dict)


def line_of(key: Key) -> str:
    return key.partition(":")[0]


def look_days(year: int) -> list[date]:
    """The Mondays before which a year's looks end: every fourth week, the last when the calendar's year is over."""
    first = date.fromisocalendar(year, 1, 1)
    weeks = (date.fromisocalendar(year + 1, 1, 1) - first).days // 7
    ends = [*range(WEEKS_BETWEEN, weeks - WEEKS_BETWEEN + 1, WEEKS_BETWEEN), weeks]
    return [first + timedelta(weeks=week) for week in ends]


def take_look(
    past: Sequence[Look],
    ends: date,
    total: Counts,
    cells: Mapping[Key, Counts],
    *,
    threshold: int,
    in_doubt: Collection[Key] = (),
    own: Collection[Mapping[Key, int]] = (),
) -> Look:
    """The look of a day, after those of the same year.

    :param cells: every line's counts; each line's sum is ``total``.
    :param in_doubt: cells that must not be told, however many they are (``compute_looks``).
    :param own: of each unit how many of a week's answers are its own, which its people can take from the week's.
    """
    last = Last(past)
    cells = dict.fromkeys(last.keys, Counts(0, (0, 0, 0))) | {**cells}  # what is no more there was taken back
    news = {key: one.n - last.entry(key).n for key, one in cells.items()}
    units = [key for key, one in cells.items() if line_of(key) == "unit" and one.n]
    is_told_by_sum = len(units) == 1 and units[0] in in_doubt
    if abs(total.n - last.total.n) < threshold or is_told_by_sum:
        return _look(ends, total, cells, waits=set(cells), total_waits=True)
    waits: set[Key] = set()
    known = [*own, *({key: cells[key].n} for key in units)]
    for line in sorted({line_of(key) for key in cells}):
        keys = sorted(key for key in cells if line_of(key) == line)
        chosen = _waiting(keys, cells, news, last, threshold, in_doubt, known)
        tried = _look(ends, total, {key: cells[key] for key in keys}, waits=chosen)
        waits |= set(keys) if any(_told([*past, tried], keys, threshold)) else chosen
    return _look(ends, total, cells, waits=waits)


class Last:
    """What the looks show now: of each cell its last figure."""

    def __init__(self, past: Sequence[Look]) -> None:
        self._cells: dict[Key, Entry] = {}
        self._effects: dict[Key, float] = {}
        self.total, self.ends = Entry(0), date.min
        for look in past:
            if not look.total.is_hidden:
                self.total, self.ends = look.total, look.ends
            shown = {key: entry for key, entry in look.cells.items() if not entry.is_hidden}
            self._cells |= shown
            self._effects |= {key: look.effects.get(key, 1.0) for key in shown}

    @property
    def keys(self) -> Collection[Key]:
        """The cells that have ever been shown."""
        return self._cells.keys()

    def entry(self, key: Key) -> Entry:
        return self._cells.get(key, Entry(0))

    def figures(self, line: str, threshold: int) -> dict[str, Figure]:
        """The line's figures by group; a group that has never been shown is not there."""
        return {
            key.partition(":")[2]: entry.figure(threshold) for key, entry in self._cells.items() if line_of(key) == line
        }

    def effects(self, line: str) -> dict[str, float]:
        """As old as the figures are, the line's effects by group."""
        return {key.partition(":")[2]: one for key, one in self._effects.items() if line_of(key) == line}


def effects_of(days: Mapping[Key, ClusterSums], *, threshold: int) -> dict[Key, float]:
    """How much less than their number the answers of each cell count for, in twentieths and upwards; 1 is not there.

    Each line by itself, of its cells with as many answers as the threshold. In a line of fewer than EFFECTS_LEAST
    nothing is allowed for: it would be chance, and would tell of those few.
    """
    found: dict[Key, float] = {}
    for line in sorted({line_of(key) for key in days}):
        cells = {key: one for key, one in days.items() if line_of(key) == line and one.n >= threshold}
        if sum(one.n for one in cells.values()) < EFFECTS_LEAST:
            continue
        for key, effect in zip(cells, design_effects([*cells.values()]), strict=True):
            if (twentieths := math.ceil(effect * 20 - 1e-9)) > 20:
                found[key] = twentieths / 20
    return found


def _look(
    ends: date, total: Counts, cells: Mapping[Key, Counts], *, waits: Collection[Key], total_waits: bool = False
) -> Look:
    entries = {key: Entry(one.n, one.good, key in waits) for key, one in cells.items()}
    return Look(ends, Entry(total.n, total.good, total_waits), entries)


# ---------------------------------------------------------------- which cells wait


def _waiting(
    keys: Sequence[Key],
    cells: Mapping[Key, Counts],
    news: Mapping[Key, int],
    last: Last,
    threshold: int,
    in_doubt: Collection[Key],
    own: Collection[Mapping[Key, int]],
) -> set[Key]:
    """The cells of a line that wait: too little is new, or it tells too much, or another one would be told by it.

    A few that were taken back tell as much as a few that came.
    """
    values = np.array([abs(news[key]) for key in keys], dtype=np.int64)
    whole = Cells(np.append(values, values.sum()), (Sum(len(keys), tuple(range(len(keys)))),))
    changed = {key for key in keys if any(_new(key, cells, last))}
    alike = {key for key in changed if is_alike(*_new(key, cells, last)) and last.entry(key).n}
    swapped = {key for key in changed if not news[key]}
    left = {key for part in own for key in part if key in news and 0 < cells[key].n - part[key] < RANGE}
    doubted = {*left, *alike, *swapped} & changed
    also = [place for place, key in enumerate(keys) if key in in_doubt or key in doubted]
    try:
        mask = protect(whole, threshold=threshold, known=[len(keys)], also=also).mask
    except ProtectionError:
        return set(keys)
    waits = {key for key, waits in zip(keys, mask[:-1].tolist(), strict=True) if waits}
    by_size = sorted((key for key in keys if news[key] and key not in waits), key=lambda key: (abs(news[key]), key))
    while _gives_away(keys, waits, cells, last) or _is_told_within(waits, cells, last, own):
        if not by_size:
            return set(keys)
        waits.add(by_size.pop(0))
    return waits


def _new(key: Key, cells: Mapping[Key, Counts], last: Last) -> tuple[int, int]:
    """How many are new in a cell since it was shown, and how many of them were good; below 0 what was taken back."""
    return cells[key].n - last.entry(key).n, cells[key].good - last.entry(key).good


def _gives_away(keys: Sequence[Key], waits: Collection[Key], cells: Mapping[Key, Counts], last: Last) -> bool:
    """Whether what the line's sum leaves tells how all of somebody's answered.

    That may be those that wait, together; or the only cell that is told as "at least" or "at most".
    """
    left = [_new(key, cells, last) for key in waits]
    if left and is_alike(sum(n for n, _ in left), sum(good for _, good in left)):
        return True
    rough = [key for key in keys if key not in waits and is_alike(cells[key].n, cells[key].good)]
    return len(rough) == 1 and not any(n for n, _ in left) and len(keys) > 1


def _is_told_within(
    waits: Collection[Key], cells: Mapping[Key, Counts], last: Last, own: Collection[Mapping[Key, int]]
) -> bool:
    """Whether those who know a unit's own part of what waits can tell a few that are another one's."""
    for part in own:
        if not part.keys() & set(waits):
            continue
        others = [left for key in waits if (left := _of_others(key, cells[key].n, last.entry(key).n, part))]
        if 0 < abs(sum(others)) < RANGE:
            return True
    return False


def _of_others(key: Key, n: int, shown: int, part: Mapping[Key, int]) -> int:
    """How many that are new in a cell are not the unit's own; of what came late to a week it is not known whose."""
    if shown and part.get(key) != n:
        return n - shown
    return n - max(shown, part.get(key, 0))


# ---------------------------------------------------------------- the attacker


def _told(looks: Sequence[Look], keys: Sequence[Key], threshold: int) -> Iterator[str]:
    """What of a line can be worked out too well from all looks together, and from that counts grow."""
    looks = [look for look in looks if not look.total.is_hidden]
    waited = [key for key in keys if any(key in look.cells and look.cells[key].is_hidden for look in looks)]
    if not waited:
        return
    cells, hidden, place = _stacked(looks, waited)
    for key in waited:
        shown = 0
        for number, look in enumerate(looks):
            entry = look.cells.get(key, Entry(0))
            if not entry.is_hidden:
                shown = entry.n
            elif 0 < abs(entry.n - shown) < threshold:
                least, most = reach(cells, hidden, place[key, number])
                if most - least < RANGE - 1e-6:
                    yield f"{key}, look {number}: from {least:g} to {most:g}"


def _stacked(looks: Sequence[Look], keys: Sequence[Key]) -> tuple[Cells, Hidden, dict[tuple[Key, int], int]]:
    """All looks' counts of some cells of a line as one problem: each look's sum is known, and nothing shrinks but that
    of which answers were taken back."""
    values: list[int] = []
    shown: list[bool] = []
    sums: list[Sum] = []
    place: dict[tuple[Key, int], int] = {}

    def cell(value: int, is_shown: bool) -> int:
        values.append(value)
        shown.append(is_shown)
        return len(values) - 1

    for number, look in enumerate(looks):
        entries = {key: look.cells.get(key, Entry(0)) for key in keys}
        for key, entry in entries.items():
            place[key, number] = cell(entry.n, not entry.is_hidden)
            before = place[key, number - 1] if number else 0
            if number and entry.n >= values[before]:
                grown = cell(entry.n - values[before], False)
                sums.append(Sum(place[key, number], (before, grown)))
        known = cell(sum(entry.n for entry in entries.values()), True)
        sums.append(Sum(known, tuple(place[key, number] for key in keys)))
    why: tuple[Why, ...] = tuple("shown" if one else "few" for one in shown)
    return Cells(np.array(values, dtype=np.int64), tuple(sums)), Hidden(why, is_least=False), place
