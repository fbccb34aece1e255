"""The one door that figures of encounters leave the house through.

There is a fixed list of tables and nobody can ask for another one. A figure that has passed is a :class:`Figure`; what
it does not say is not in it, so that nothing which is computed from it can say more. Five rules are kept here, told
for people in docs/explanation/what-figures-hide.md:

1. fewer answers than the threshold are not shown;
2. what would give such a number away by subtraction is not shown either;
3. that all or none answered the same is told as "at least" or "at most";
4. a number is shown anew only when enough answers have come since it was last shown;
5. what is shown of a table is decided once, under its row's lock: all who read at the same moment read the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Literal

import numpy as np
from django.db import transaction

from samspel.core import defaults
from samspel.encounters.figures import Agreement, Counts, FactorCount, PeriodCounts
from samspel.encounters.models import Shown, Side
from samspel.engine.disclosure import Cells, ProtectionError, Sum, protect, told_share
from samspel.engine.inference import Interval, wilson

Told = Literal["", "at least", "at most"]
# A week of a unit, a point of asking …: how the rows of a table are known in its row of Shown.
Key = str


class Circle(StrEnum):
    """Who reads a table; each has its own threshold (core.defaults)."""

    INSIDE = "figures.least_inside"
    PUBLIC = "figures.least_public"

    @property
    def threshold(self) -> int:
        return defaults.value(self.value)


@dataclass(frozen=True)
class Table:
    """One table that there is: a row for each what, sliced by at most two things, read by a circle."""

    name: str
    slices: tuple[str, ...]
    circle: Circle
    what: str

    def __post_init__(self) -> None:
        if len(self.slices) > 2:
            raise ValueError(f"{self.name} is sliced by more than two: {', '.join(self.slices)}")


UNIT_WEEKS = Table("unit.weeks", ("side", "week"), Circle.INSIDE, "a unit's answers, and how many were good")
UNIT_PAIRS = Table("unit.pairs", ("agreement",), Circle.INSIDE, "meetings that both sides of a unit told of")
UNIT_FACTORS = Table(
    "unit.factors", ("side", "factor"), Circle.INSIDE, "what helped in a unit, and what was in the way"
)
UNIT_WORDS = Table("unit.words", ("side", "word"), Circle.PUBLIC, "words, by how many wrote them")
UNIT_POINTS = Table("unit.points", ("point", "week"), Circle.INSIDE, "residents' answers by point of asking")
SERVICE_WEEKS = Table("service.weeks", ("week",), Circle.PUBLIC, "residents' answers about a service")
SERVICE_GROUPS = Table("service.groups", ("dimension", "group"), Circle.PUBLIC, "the same by one kind of group")
SERVICE_UNITS = Table("service.units", ("unit",), Circle.PUBLIC, "the same by unit, without the units' names")
CITY_WEEKS = Table("city.weeks", ("week",), Circle.PUBLIC, "the sums of what service.weeks shows")
EXCHANGE_KINDS = Table("exchange.kinds", ("kind", "side"), Circle.PUBLIC, "help that has ended, by kind of need")
TABLES = (
    UNIT_WEEKS,
    UNIT_PAIRS,
    UNIT_FACTORS,
    UNIT_WORDS,
    UNIT_POINTS,
    SERVICE_WEEKS,
    SERVICE_GROUPS,
    SERVICE_UNITS,
    CITY_WEEKS,
    EXCHANGE_KINDS,
)


# ---------------------------------------------------------------- one figure


@dataclass(frozen=True)
class Figure:
    """How many answered and how many of them were good, as they may be told; ``n`` is None where they are hidden.

    Where all or none were good, ``good`` is one from the end and ``told`` says "at least" or "at most": the true count
    is not here.
    """

    n: int | None = None
    good: int | None = None
    told: Told = ""

    @property
    def is_shown(self) -> bool:
        return self.n is not None

    @property
    def per_100(self) -> int | None:
        """How many of a hundred, downwards after "at least" and upwards after "at most"."""
        if self.n is None or self.good is None:
            return None
        if self.told == "at least":
            return self.good * 100 // self.n
        if self.told == "at most":
            return -(-self.good * 100 // self.n)
        return round(self.good * 100 / self.n)

    def interval(self, level: float = 0.95) -> Interval | None:
        """The share's limits; after "at least" and "at most" they reach to the end."""
        if self.n is None or self.good is None:
            return None
        found = wilson(self.good, self.n, level=level)
        if self.told == "at least":
            return Interval(found.estimate, found.low, 1.0, level)
        if self.told == "at most":
            return Interval(found.estimate, 0.0, found.high, level)
        return found

    def __str__(self) -> str:
        return ".." if self.n is None else str(self.n)


HIDDEN = Figure()


def figure(n: int, good: int, *, threshold: int) -> Figure:
    """The figure of so many answers, alone: hidden below the threshold, and never that all or none were good."""
    share = told_share(good, n, threshold=threshold)
    if share is None:
        return HIDDEN
    if share.low == share.high:
        return Figure(n, good)
    return Figure(n, n - 1, "at least") if good >= n - 1 else Figure(n, 1, "at most")


# ---------------------------------------------------------------- what was shown, and may be shown anew


@dataclass(frozen=True)
class Entry:
    """A cell as it was last decided: its counts then, and whether they are shown."""

    n: int
    good: int = 0
    is_hidden: bool = False

    def figure(self, threshold: int) -> Figure:
        return HIDDEN if self.is_hidden else figure(self.n, self.good, threshold=threshold)


Entries = Mapping[Key, Entry]
Decide = Callable[[Entries], Entries]


def decided(table: Table, of: str, decide: Decide, *, at: datetime) -> Entries:
    """What a table shows now. ``decide`` is given what it last showed and answers what it is to show.

    It is asked a second time under the lock before anything is stored, so that of two readers at the same moment the
    later one sees what the earlier one was shown.
    """
    name = f"{table.name}/{of}"
    last = _read(Shown.objects.filter(pk=name).first())
    if decide(last) == last:
        return last
    with transaction.atomic():
        Shown.objects.get_or_create(pk=name, defaults={"cells": {}, "shown_at": at})
        row = Shown.objects.select_for_update().get(pk=name)
        last = _read(row)
        now = decide(last)
        if now != last:
            row.cells = {key: [one.n, one.good, int(one.is_hidden)] for key, one in now.items()}
            row.shown_at = at
            row.save(update_fields=["cells", "shown_at"])
        return now


def _read(row: Shown | None) -> Entries:
    cells: dict[str, Any] = {} if row is None else row.cells
    return {key: Entry(n, good, bool(is_hidden)) for key, (n, good, is_hidden) in cells.items()}


def is_due(entry: Entry, now: int, threshold: int) -> bool:
    """Whether so many answers more, or fewer, have come that the cell may move. What is erased is gone at once."""
    return abs(now - entry.n) >= threshold or (now == 0 and entry.n > 0)


def is_alike(n: int, good: int) -> bool:
    """Whether all, or all but one, answered the same: of those that came, or (below 0) were taken back."""
    if n < 0:
        n, good = -n, -good
    return n > 0 and (good <= 1 or good >= n - 1)


def growing(table: Table, of: str, counts: Mapping[Key, tuple[int, int]], *, at: datetime) -> dict[Key, Figure]:
    """Cells that stand by themselves, each as (answers, good): a cell moves when enough of it is new.

    Whoever shows a sum of them takes it of what this returns, never of what was counted.
    """
    threshold = table.circle.threshold

    def decide(last: Entries) -> Entries:
        now = dict(last)
        for key, (n, good) in counts.items():
            if is_due(last.get(key, Entry(0)), n, threshold):
                now[key] = Entry(n, good)
        return now

    shown = decided(table, of, decide, at=at)
    return {key: shown.get(key, Entry(0)).figure(threshold) for key in counts}


# ---------------------------------------------------------------- inside a unit


def weeks_of_unit(
    unit_id: int, found: Iterable[PeriodCounts], *, today: date, at: datetime
) -> dict[tuple[str, date], Figure]:
    """A unit's weeks by side and Monday, those that are over; a week that nobody answered in is not there.

    Where a week is too small the next one is hidden with it: a service's figures may give away the sum of a unit's
    weeks, and then one hidden week alone would be told.
    """
    threshold = UNIT_WEEKS.circle.threshold
    over = [one for one in found if one.begins + timedelta(days=7) <= today and one.counts.n]
    shown: dict[tuple[str, date], Figure] = {}
    for side in sorted({one.side for one in over}):
        weeks = {one.begins.isoformat(): one.counts for one in over if one.side == side}
        entries = decided(UNIT_WEEKS, f"{unit_id}/{side}", partial(hold_back, weeks, threshold), at=at)
        shown |= {(side, date.fromisoformat(key)): entries[key].figure(threshold) for key in weeks}
    return shown


@dataclass(frozen=True)
class Run:
    """Hidden weeks in a row of decisions: how many, and with how many answers."""

    weeks: int = 0
    answers: int = 0

    def is_in_doubt(self, threshold: int) -> bool:
        """Whether one who knows the sum over the weeks so far could say what a hidden one was."""
        return self.weeks > 0 and (self.weeks < 2 or self.answers < threshold)

    def after(self, entry: Entry, threshold: int) -> "Run":
        if not entry.is_hidden:
            return self
        begun = self if self.is_in_doubt(threshold) else Run()
        return Run(begun.weeks + 1, begun.answers + entry.n)


def hold_back(weeks: Mapping[Key, Counts], threshold: int, last: Entries) -> dict[Key, Entry]:
    """Weeks in their order, as they are to be shown after ``last``.

    A run of hidden weeks goes on until it is two weeks at least and has the threshold's answers.
    """
    now: dict[Key, Entry] = {}
    run = Run()
    for key in sorted({*last, *weeks}):
        entry, counts = last.get(key), weeks.get(key)
        if counts is not None and (entry is None or _may_move(entry, counts, threshold)):
            is_beside = entry is None and run.is_in_doubt(threshold)
            entry = Entry(counts.n, counts.good, counts.n < threshold or is_beside)
        assert entry is not None  # every key is in one of the two
        now[key] = entry
        run = run.after(entry, threshold)
    return now


def _may_move(entry: Entry, now: Counts, threshold: int) -> bool:
    """Whether a week may be shown anew: where it was shown, not when those that are new answered alike. What was taken
    back is gone from it all the same."""
    if not is_due(entry, now.n, threshold):
        return False
    return entry.is_hidden or now.n < entry.n or not is_alike(now.n - entry.n, now.good - entry.good)


@dataclass(frozen=True)
class Unsaid:
    """What a unit's weeks do not show of its answers; ``is_in_doubt``: its last hidden weeks are too few."""

    n: int
    good: int
    is_in_doubt: bool

    def may_be_told(self, last: Sequence[int], threshold: int) -> bool:
        """Whether a sum of the unit's answers may be told. Who has its weeks takes them from the sum, and from what is
        left what was left of the ``last`` sum: (answers, good)."""
        n, good = self.n - last[0], self.good - last[1]
        return not self.is_in_doubt and ((n, good) == (0, 0) or (abs(n) >= threshold and not is_alike(n, good)))


def unsaid_of_units(weeks: Mapping[int, Mapping[date, Counts]], *, at: datetime) -> dict[int, Unsaid]:
    """Decide these weeks of residents' answers by unit, and say what they leave out."""
    threshold = UNIT_WEEKS.circle.threshold
    found = {}
    for unit, counts in weeks.items():
        named = {begins.isoformat(): one for begins, one in counts.items()}
        entries = decided(UNIT_WEEKS, f"{unit}/{Side.RESIDENT}", partial(hold_back, named, threshold), at=at)
        run = Run()
        for key in sorted(entries):
            run = run.after(entries[key], threshold)
        shown = [entries[key] for key in named if not entries[key].is_hidden]
        n = sum(one.n for one in named.values()) - sum(one.n for one in shown)
        good = sum(one.good for one in named.values()) - sum(one.good for one in shown)
        found[unit] = Unsaid(n, good, run.is_in_doubt(threshold))
    return found


def pairs_of_unit(unit_id: int, since: date, found: Agreement, *, at: datetime) -> dict[str, int | None]:
    """How both sides saw the same meetings since a fixed day: ``alike``, ``staff_better``, ``resident_better``, and
    ``n``, which is the sum of what is shown of them. None is hidden."""
    parts = {"alike": found.alike, "staff_better": found.staff_better, "resident_better": found.resident_better}
    shown = growing(UNIT_PAIRS, f"{unit_id}/{since}", {key: (count, 0) for key, count in parts.items()}, at=at)
    told: dict[str, int | None] = {key: shown[key].n for key in parts}
    counts = [count for count in told.values() if count is not None]
    return {**told, "n": sum(counts) or None}


@dataclass(frozen=True)
class FactorFigures:
    """In how many answers of a side a factor was named; None is hidden."""

    factor: str
    side: str
    helped: int | None
    hindered: int | None


def factors_of_unit(
    unit_id: int, since: date, found: Sequence[FactorCount], answers: Mapping[str, int], *, at: datetime
) -> tuple[list[FactorFigures], dict[str, int | None]]:
    """Factors since a fixed day, and of how many answers of each side. Never that each or none named one.

    :param answers: by side.
    """
    counts: dict[Key, tuple[int, int]] = {side: (n, 0) for side, n in answers.items()}
    for one in found:
        counts[f"{one.side}/{one.factor}/helped"] = (one.helped, 0)
        counts[f"{one.side}/{one.factor}/hindered"] = (one.hindered, 0)
    shown = growing(UNIT_FACTORS, f"{unit_id}/{since}", counts, at=at)

    def told(one: FactorCount, way: str) -> int | None:
        count, n = shown[f"{one.side}/{one.factor}/{way}"].n, shown[one.side].n if one.side in shown else None
        return None if count is None or n is None else min(count, n - 1)

    rows = [FactorFigures(one.factor, one.side, told(one, "helped"), told(one, "hindered")) for one in found]
    return rows, {side: shown[side].n for side in answers}


def words_of_unit(unit_id: int, since: date, writers: Mapping[str, int], *, at: datetime) -> dict[str, int]:
    """Words that so many have written that they may be shown, with how many."""
    shown = growing(UNIT_WORDS, f"{unit_id}/{since}", {word: (n, 0) for word, n in writers.items()}, at=at)
    return {word: one.n for word, one in shown.items() if one.n is not None}


def points_of_unit(
    unit_id: int, monday: date, found: Mapping[int, int], week: Figure, *, at: datetime
) -> dict[int, int | None]:
    """Residents' answers in a week by point of asking, beside the unit's week as it is shown. None is hidden.

    What of the week came by no point is a part of it too. As long as the points have more than the week shows, which a
    few that came late make, none is shown.
    """
    if week.n is None:
        return dict.fromkeys(found)
    threshold, elsewhere = UNIT_POINTS.circle.threshold, week.n - sum(found.values())

    def decide(last: Entries) -> Entries:
        if last or elsewhere < 0:
            return last
        return parts({str(point): Entry(n) for point, n in found.items()} | {"": Entry(elsewhere)}, threshold)

    shown = decided(UNIT_POINTS, f"{unit_id}/{monday}", decide, at=at)
    told = {point: shown.get(str(point), Entry(0, is_hidden=True)) for point in found}
    return {point: None if one.is_hidden or one.n < threshold else one.n for point, one in told.items()}


def parts(entries: Entries, threshold: int) -> dict[Key, Entry]:
    """Parts of a sum that everybody knows: those that are too few are hidden, and beside them what is needed."""
    keys = sorted(entries)
    values = np.array([entries[key].n for key in keys], dtype=np.int64)
    cells = Cells(np.append(values, values.sum()), (Sum(len(keys), tuple(range(len(keys)))),))
    try:
        mask = protect(cells, threshold=threshold, known=[len(keys)]).mask[:-1].tolist()
    except ProtectionError:
        mask = [True] * len(keys)
    return {key: Entry(entries[key].n, entries[key].good, is_hidden) for key, is_hidden in zip(keys, mask, strict=True)}
