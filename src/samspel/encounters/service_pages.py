"""What the pages of a service say: has it changed, is it as good everywhere, is it as good for everybody.

Made of :class:`OpenFigures` alone. Nothing is sorted by how good it is, and no place but one's own is named.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import numpy as np
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspel.core import defaults
from samspel.encounters.disclosing import Figure
from samspel.encounters.equity import GroupRow, Verdict, differences
from samspel.encounters.funnels import NEARLY_ALL, PLACES_LEAST, Floats, fit_of, is_outside
from samspel.encounters.models import Reason, Side
from samspel.encounters.open_figures import DIMENSION_NAMES, OpenFigures
from samspel.encounters.weeks import Between, Drawing, Drawn, Week, between, draw
from samspel.engine.inference import Funnel
from samspel.ui.templatetags.sam import in_words

NINETEEN_OF_20 = 0.95
# Points along the funnel's edges.
STEPS = 46


# ---------------------------------------------------------------- the funnel


@dataclass(frozen=True)
class Place:
    """A place in the funnel's drawing and table; ``is_own`` where the reader works."""

    x: str
    y: str
    figure: Figure
    is_own: bool
    is_outside: bool


@dataclass(frozen=True)
class FunnelView:
    """The funnel as geometry in per cent, and in words. ``centre`` is the share of a hundred in the middle."""

    title: str
    describes: str
    caption: str
    places: tuple[Place, ...]
    centre: int = 0
    middle: str = ""
    wide: str = ""
    tight: str = ""
    edge: str = ""
    wide_y: str = ""
    tight_y: str = ""

    @property
    def is_drawn(self) -> bool:
        return bool(self.wide)


def funnel_of(figures: OpenFigures, own: Iterable[int] = ()) -> FunnelView:
    """All places of a service by how many answered. The order of the places tells nothing."""
    units = [(unit, one) for unit, one in figures.units.items() if one.n and one.good is not None]
    if len(units) < PLACES_LEAST:
        too_few = _("Minst tre ställen behöver ha %(least)s svar var. Då syns vad som är vanligt.")
        least = in_words(defaults.value("figures.least_public"))
        return FunnelView(_("Det går inte att säga än."), "", too_few % {"least": least}, _unplaced(units, set(own)))
    n = np.array([one.n for _, one in units], dtype=np.float64)
    good = np.array([one.good for _, one in units], dtype=np.float64)
    funnel, common = fit_of(n, good)
    outside = is_outside(funnel, common, n, good / n)
    scale = _Scale.around(funnel, common, n, good / n)
    places = [
        Place(scale.x(one.n or 0), scale.y(float(share)), one, unit in set(own), bool(is_out))
        for (unit, one), share, is_out in zip(units, good / n, outside, strict=True)
    ]
    return FunnelView(
        title=_usual(int(outside.sum())),
        describes=_described(places, funnel),
        caption=_caption(places),
        places=tuple(sorted(places, key=_in_no_order)),
        centre=round(funnel.centre * 100),
        middle=scale.y(funnel.centre),
        wide=scale.area(funnel, common, NEARLY_ALL),
        tight=scale.area(funnel, common, NINETEEN_OF_20),
        edge=scale.edge(funnel, common, NEARLY_ALL),
        wide_y=scale.upper_end(funnel, common, NEARLY_ALL),
        tight_y=scale.upper_end(funnel, common, NINETEEN_OF_20),
    )


def _unplaced(units: Sequence[tuple[int, Figure]], own: set[int]) -> tuple[Place, ...]:
    return tuple(sorted((Place("", "", one, unit in own, False) for unit, one in units), key=_in_no_order))


def _in_no_order(place: Place) -> tuple[int, str]:
    """By how many answered, which is how the drawing lies; where that is the same, by nothing that means anything."""
    return place.figure.n or 0, sha256(f"{place.figure}{place.y}".encode()).hexdigest()


@dataclass(frozen=True)
class _Scale:
    """Where a place lies: right with its answers, up with its share."""

    most: float
    low: float
    high: float

    @classmethod
    def around(
        cls,
        funnel: Funnel,
        variance: float,
        n: Floats,
        shares: Floats,
    ) -> "_Scale":
        """Room for every place, and for the limits of one in the middle; what is outside of that is cut."""
        low, high = funnel.limits(variance / float(np.median(n)), level=NEARLY_ALL)
        low, high = min(low, float(shares.min()) - 0.03), max(high, float(shares.max()) + 0.03)
        return cls(float(n.max()) * 1.04, max(0.0, low), min(1.0, high))

    def x(self, n: float) -> str:
        return f"{100 * n / self.most:.2f}%"

    def y(self, share: float) -> str:
        return f"{self._y(share):.2f}%"

    def _y(self, share: float) -> float:
        return 100 * (self.high - min(max(share, self.low), self.high)) / (self.high - self.low)

    def _ends(self, funnel: Funnel, variance: float, level: float) -> list[tuple[float, float, float]]:
        """Along the funnel: x, and the upper and the lower limit's y."""
        found = []
        for step in range(STEPS + 1):
            x = 100 * step / STEPS
            n = max(self.most * step / STEPS, self.most / STEPS / 4)
            low, high = funnel.limits(variance / n, level=level)
            found.append((x, self._y(high), self._y(low)))
        return found

    def area(self, funnel: Funnel, variance: float, level: float) -> str:
        ends = self._ends(funnel, variance, level)
        path = [*((x, upper) for x, upper, _ in ends), *((x, lower) for x, _, lower in reversed(ends))]
        return "M" + " ".join(f"{x:.2f} {y:.2f}" for x, y in path) + "Z"

    def edge(self, funnel: Funnel, variance: float, level: float) -> str:
        ends = self._ends(funnel, variance, level)
        upper = " ".join(f"{x:.2f} {y:.2f}" for x, y, _ in ends)
        return f"M{upper}M" + " ".join(f"{x:.2f} {y:.2f}" for x, _, y in ends)

    def upper_end(self, funnel: Funnel, variance: float, level: float) -> str:
        return f"{self._ends(funnel, variance, level)[-1][1]:.2f}%"


def _usual(outside: int) -> str:
    if not outside:
        return _("Så lika man kan vänta sig.")
    return ngettext(
        "Så lika man kan vänta sig, utom på ett ställe.",
        "Så lika man kan vänta sig, utom på %(count)s ställen.",
        outside,
    ) % {"count": in_words(outside)}


def _described(places: Sequence[Place], funnel: Funnel) -> str:
    """The drawing in words, for one who does not see it."""
    inside = sum(not place.is_outside for place in places)
    words = [
        _("I mitten ligger %(centre)s av 100.") % {"centre": round(funnel.centre * 100)},
        _("%(inside)s av %(all)s ställen ligger där vi väntar oss nästan alla.")
        % {"inside": inside, "all": len(places)},
    ]
    for place in places:
        if place.is_own:
            words.append(
                _("Ni ligger på %(share)s av 100 med %(n)s svar.")
                % {"share": place.figure.per_100, "n": place.figure.n}
            )
    return " ".join(words)


def _caption(places: Sequence[Place]) -> str:
    words = [
        _("En prick är ett ställe, högre upp svarade fler Bra."),
        _("Fälten visar hur mycket det brukar skilja, mest när svaren är få."),
    ]
    if any(place.is_outside for place in places):
        words.append(_("Den som ligger utanför fältet fick veta det först."))
    words.append(
        _("Bara ni ser er egen prick.")
        if any(place.is_own for place in places)
        else _("Ingen ser vilket ställe en prick är.")
    )
    return " ".join(words)


# ---------------------------------------------------------------- the groups


@dataclass(frozen=True)
class GroupView:
    """A group's row: its picture in per cent of the drawing, and what is said of it."""

    dimension: str
    key: str
    name: str
    row: GroupRow
    reason: Reason | None
    x: str = ""
    low_x: str = ""
    high_x: str = ""
    between: Between | None = None

    @property
    def says(self) -> str:
        if self.row.verdict == Verdict.LOWER:
            return _("Lägre, med skäl") if self.reason else _("Lägre")
        if self.row.verdict == Verdict.HIGHER:
            return _("Högre, med skäl") if self.reason else _("Högre")
        if self.row.verdict == Verdict.TOO_FEW:
            return _("För få svar")
        return _("Ingen vi kan se") if self.row.verdict == Verdict.NONE else _("Går inte att säga")

    @property
    def heading(self) -> str:
        lower = self.row.verdict == Verdict.LOWER
        return (_("%(group)s, lägre") if lower else _("%(group)s, högre")) % {"group": self.name}

    @property
    def gap(self) -> int | None:
        """Upwards: what is promised to be seen is never smaller than what can be."""
        return None if self.row.gap is None else min(100, math.ceil(self.row.gap * 100))


@dataclass(frozen=True)
class DimensionView:
    name: str
    unknown: int | None
    rows: tuple[GroupView, ...]


@dataclass(frozen=True)
class GroupsView:
    """Every dimension; ``middle`` is where the service's own share lies in the rows' pictures.

    ``is_alike``: whether any group's answers count as fewer than they are.
    """

    title: str
    dimensions: tuple[DimensionView, ...]
    centre: int
    middle: str
    seen: tuple[GroupView, ...]
    is_alike: bool


def groups_of(
    figures: OpenFigures, names: Mapping[str, Sequence[tuple[str, str]]], reasons: Iterable[Reason] = ()
) -> GroupsView:
    """Every group beside the others, in the order of names."""
    recorded = {(one.dimension, one.group, one.is_higher): one for one in reasons}
    found = differences(figures.groups, figures.effects)
    centre = (figures.total.good or 0) / (figures.total.n or 1)
    scale = _RowScale.over([row for one in found for row in one.rows], centre)
    views: list[DimensionView] = []
    for one in found:
        called = dict(names[one.dimension])
        rows = [_group(one.dimension, called.get(row.group, row.group), row, scale, recorded) for row in one.rows]
        if rows:
            unknown = None if one.unknown is None else round(one.unknown * 100)
            views.append(DimensionView(str(DIMENSION_NAMES[one.dimension]), unknown, tuple(rows)))
    rows = [row for view in views for row in view.rows]
    seen = tuple(row for row in rows if row.row.verdict.is_seen)
    is_alike = any(view.row.counts_as != view.row.figure.n for view in rows)
    return GroupsView(_groups_title(rows, seen), tuple(views), round(centre * 100), scale.x(centre), seen, is_alike)


def _group(
    dimension: str,
    name: str,
    row: GroupRow,
    scale: "_RowScale",
    recorded: Mapping[tuple[str, str, bool], Reason],
) -> GroupView:
    reason = recorded.get((dimension, row.group, row.verdict == Verdict.HIGHER)) if row.verdict.is_seen else None
    if row.share is None:
        return GroupView(dimension, row.group, name, row, reason)
    at, low, high = (scale.x(end) for end in (row.share.estimate, row.share.low, row.share.high))
    return GroupView(dimension, row.group, name, row, reason, at, low, high, between(row.share))


@dataclass(frozen=True)
class _RowScale:
    low: float
    high: float

    @classmethod
    def over(cls, rows: Sequence[GroupRow], centre: float) -> "_RowScale":
        ends = [end for row in rows if row.share for end in (row.share.low, row.share.high)] or [centre]
        low, high = min(*ends, centre - 0.15), max(*ends, centre + 0.15)
        return cls(max(0.0, low - 0.02), min(1.0, high + 0.02))

    def x(self, share: float) -> str:
        return f"{100 * (share - self.low) / (self.high - self.low):.2f}%"


def _groups_title(rows: Sequence[GroupView], seen: Sequence[GroupView]) -> str:
    if not seen:
        can = any(row.row.verdict == Verdict.NONE for row in rows)
        return _("Ingen skillnad går att se.") if can else _("Det går inte att säga än.")
    with_reason = sum(row.reason is not None for row in seen)
    told = ngettext("%(count)s skillnad går att se.", "%(count)s skillnader går att se.", len(seen)) % {
        "count": capfirst(in_words(len(seen)))
    }
    if not with_reason:
        return told
    if with_reason == len(seen) == 1:
        return f"{told} {_('Den har ett skäl.')}"
    if with_reason == len(seen):
        return f"{told} {_('Alla har ett skäl.')}"
    few = ngettext("%(count)s av dem har ett skäl.", "%(count)s av dem har skäl.", with_reason)
    return f"{told} {few % {'count': capfirst(in_words(with_reason))}}"


# ---------------------------------------------------------------- the trend


@dataclass(frozen=True)
class TrendView:
    """The weeks as a drawing and in words; no drawing with fewer than two weeks."""

    drawing: Drawing | None
    weeks: tuple[Week, ...]
    describes: str
    now: Between | None


def trend_of(weeks: Sequence[Week], total: Figure) -> TrendView:
    """The share of "Bra" week by week, with all weeks' share as a line."""
    share = total.interval()
    if share is None or len(weeks) < 2:
        return TrendView(None, tuple(weeks), _("För få svar."), None)
    now = between(share)
    told = _("%(percent)s av 100 över alla veckor, troligen mellan %(low)s och %(high)s.") % {
        "percent": now.percent,
        "low": now.low,
        "high": now.high,
    }
    drawing = draw([Drawn(Side.RESIDENT, weeks, share.estimate)])
    return TrendView(drawing, tuple(weeks), told, now)


def city_weeks(services: Iterable[OpenFigures]) -> tuple[tuple[Week, ...], Figure]:
    """The city: sums of what the services show, week by week and in all; so that they tell nothing more."""
    sums: dict[date, tuple[int, int]] = {}
    total_n = total_good = 0
    for one in services:
        total_n, total_good = total_n + (one.total.n or 0), total_good + (one.total.good or 0)
        for week in one.weeks:
            n, good = sums.get(week.monday, (0, 0))
            sums[week.monday] = n + (week.figure.n or 0), good + (week.figure.good or 0)
    weeks = [Week(monday, Figure(n, good) if n else Figure()) for monday, (n, good) in sorted(sums.items())]
    return tuple(weeks), Figure(total_n, total_good) if total_n else Figure()
