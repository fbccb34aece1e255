"""The figures of encounters: each defined once, as integers, whatever engine counts them.

Means, shares, intervals and shrinkage are made of these integers in ``engine.inference``; what may be shown is decided
by ``engine.disclosure``. Answers that are sealed or set aside are in none of them. ``since`` and ``until`` are days,
``until`` excluded. Rows come in the order of their names, never of their values: nothing here is a ranking.
"""

from dataclasses import dataclass
from datetime import date


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
class UnitCounts:
    unit_id: int
    counts: Counts


@dataclass(frozen=True)
class GroupCounts:
    """A group of one dimension (``language``, ``age_band``, ``area``, ``channel``, ``provider``); ``""`` is unknown."""

    group: str
    counts: Counts
