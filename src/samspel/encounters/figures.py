"""The figures of encounters: each defined once, as integers, whatever engine counts them.

Means, shares, intervals and shrinkage are made of these integers in ``engine.inference``; what may be shown is decided
by ``disclosing`` and, of what everybody may read, by ``looks``. Answers that are sealed or set aside are in none of
them. ``since`` and ``until`` are days, ``until`` excluded. Rows come in the order of their names, never of their
values: nothing here is a ranking.

Ibis takes a while to load, and every process loads this module: each function asks for ``expressions`` when it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from samspel.encounters import engines
from samspel.engine.inference import ClusterSums


@dataclass(frozen=True)
class Counts:
    """How many answered what: ``levels`` has those of level 1, 2 and 3; ``n`` is their sum."""

    n: int
    levels: tuple[int, int, int]
    no_meeting: int = 0

    @property
    def good(self) -> int:
        return self.levels[2]


@dataclass(frozen=True)
class PeriodCounts:
    """One side's answers in one day or in the week that begins on ``begins``."""

    begins: date
    side: str
    counts: Counts


@dataclass(frozen=True)
class Agreement:
    """Meetings of which both sides told: as many saw them alike, staff better, the resident better."""

    alike: int
    staff_better: int
    resident_better: int


@dataclass(frozen=True)
class FactorCount:
    factor: str
    side: str
    helped: int
    hindered: int


@dataclass(frozen=True)
class PointCounts:
    """Residents' answers at a point of asking in the week that begins on ``begins``; ``play``: as many set aside."""

    begins: date
    point_id: int
    n: int
    play: int


# ---------------------------------------------------------------- figures


def days(unit_id: int, since: date, until: date) -> list[PeriodCounts]:
    """A unit's days, both sides. Days without answers are not there."""
    return _periods("D", unit_id, since, until)


def weeks(unit_id: int, since: date, until: date) -> list[PeriodCounts]:
    """A unit's weeks, from Monday, both sides; the first and the last hold only their days within the time."""
    return _periods("W", unit_id, since, until)


def all_days(since: date, until: date) -> dict[int, list[PeriodCounts]]:
    """Every unit's days at once."""
    from samspel.encounters import expressions as e

    found: dict[int, list[PeriodCounts]] = {}
    for unit, day, side, *counts in engines.rows("unit_day", partial(e.all_days, e.unit_day), since, until):
        found.setdefault(unit, []).append(PeriodCounts(day, side, _counts(counts)))
    return found


def agreement(unit_id: int, since: date, until: date) -> Agreement:
    from samspel.encounters import expressions as e

    [row] = engines.rows("unit_day", partial(e.agreement, e.unit_day, unit=unit_id), since, until)
    return Agreement(*row)


def factors(unit_id: int, since: date, until: date) -> list[FactorCount]:
    from samspel.encounters import expressions as e

    ask = partial(e.factors, e.factor_day, unit=unit_id)
    return [FactorCount(*row) for row in engines.rows("factor_day", ask, since, until)]


def open_weeks(since: date, until: date) -> dict[int, dict[int, dict[date, Counts]]]:
    """Residents' answers by service (0: none), unit and week, all at once."""
    from samspel.encounters import expressions as e

    found: dict[int, dict[int, dict[date, Counts]]] = {}
    for service, unit, begins, *counts in engines.rows("unit_day", partial(e.open_weeks, e.unit_day), since, until):
        found.setdefault(service, {}).setdefault(unit, {})[begins] = _counts(counts)
    return found


def open_groups(since: date, until: date) -> dict[int, dict[tuple[str, str], Counts]]:
    """Residents' answers by service (0: none), dimension and group, all at once."""
    from samspel.encounters import expressions as e

    found: dict[int, dict[tuple[str, str], Counts]] = {}
    ask = partial(e.open_groups, e.group_day)
    for service, dimension, group, *counts in engines.rows("group_day", ask, since, until):
        found.setdefault(service, {})[dimension, group] = _counts(counts)
    return found


def open_group_days(since: date, until: date) -> dict[int, dict[tuple[str, str], ClusterSums]]:
    """How residents' answers of each service, dimension and group lie in days, all at once."""
    from samspel.encounters import expressions as e

    found: dict[int, dict[tuple[str, str], ClusterSums]] = {}
    ask = partial(e.open_group_days, e.group_day)
    for service, dimension, group, *sums in engines.rows("group_day", ask, since, until):
        found.setdefault(service, {})[dimension, group] = ClusterSums(*sums)
    return found


def points(unit_id: int, since: date, until: date) -> list[PointCounts]:
    """A unit's points by week. Points without answers are not there."""
    from samspel.encounters import expressions as e

    ask = partial(e.points, e.answers, unit=unit_id)
    return [PointCounts(*row) for row in engines.rows("answers", ask, since, until)]


def texts(unit_id: int, since: date, until: date, side: str = "resident") -> list[str]:
    """What people wrote, for counting words in; the order tells nothing."""
    from samspel.encounters import expressions as e

    ask = partial(e.texts, e.answers, unit=unit_id, side=side)
    return [text for (text,) in engines.rows("answers", ask, since, until)]


def _periods(by: str, unit_id: int, since: date, until: date) -> list[PeriodCounts]:
    from samspel.encounters import expressions as e

    ask = partial(e.periods, e.unit_day, unit=unit_id, by=by)
    return [PeriodCounts(begins, side, _counts(c)) for begins, side, *c in engines.rows("unit_day", ask, since, until)]


def _counts(found: Sequence[int]) -> Counts:
    n, *levels, no_meeting = found
    return Counts(n, (levels[0], levels[1], levels[2]), no_meeting)
