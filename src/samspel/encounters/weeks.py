"""A unit's weeks: each side's share of "Bra", how sure it is, and both sides as one drawing.

A week is shown when it is over. A hidden week has no share: it is told as "..", and nothing is drawn there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from samspel.encounters.disclosing import HIDDEN, Figure
from samspel.encounters.models import Side
from samspel.engine.inference import Interval

# A third of a year: long enough to see a change in, short enough to remember.
WEEKS = 17
# Over so large a share the drawing reaches at least, so that chance does not look like mountains.
SPAN_LEAST = 0.35
# A change earlier than this in the drawing has its words to the right; before the other, they need a phone's width.
EARLY, CROWDED = 0.45, 0.75


@dataclass(frozen=True)
class Between:
    """A share of a hundred, and between which it likely lies."""

    percent: int
    low: int
    high: int


def between(share: Interval) -> Between:
    return Between(round(share.estimate * 100), round(share.low * 100), round(share.high * 100))


@dataclass(frozen=True)
class Week:
    """One side's week as it may be told."""

    monday: date
    figure: Figure = HIDDEN

    @property
    def number(self) -> int:
        return week_number(self.monday)

    @property
    def share(self) -> Interval | None:
        return self.figure.interval()

    @property
    def between(self) -> Between | None:
        return None if self.share is None else between(self.share)


def week_number(day: date) -> int:
    """The week's number as a Swedish calendar has it."""
    return day.isocalendar().week


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def mondays(today: date) -> list[date]:
    """The weeks shown on a day: those that are over, the oldest first."""
    return [monday_of(today) - timedelta(weeks=back) for back in range(WEEKS, 0, -1)]


# ---------------------------------------------------------------- the drawing


@dataclass(frozen=True)
class Drawn:
    """What is drawn of a side: its weeks, its level, and where that changed the level after."""

    side: Side
    weeks: Sequence[Week]
    level: float | None = None
    changed_on: date | None = None
    after: float | None = None


@dataclass(frozen=True)
class Level:
    """A line along the weeks at a share of so many per cent."""

    from_x: str
    to_x: str
    y: str
    percent: int


@dataclass(frozen=True)
class Panel:
    """A side's part of the drawing: points, the band around them, levels, and the middle of each hidden stretch.

    Geometry is in per cent, so that words keep their size at every width; ``band`` is a path over 100 by 100.
    """

    side: Side
    points: tuple[tuple[str, str], ...]
    band: str
    levels: tuple[Level, ...]
    hidden: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """Both sides over the same weeks, with their numbers, and where a change began."""

    panels: tuple[Panel, ...]
    first: int
    last: int
    since: int | None = None
    since_x: str = ""
    since_is_early: bool = False
    is_crowded: bool = False


@dataclass(frozen=True)
class _Scale:
    """Where a week and a share lie: 0 is left and top, 1 is right and bottom."""

    mondays: Sequence[date]
    low: float
    high: float

    def x(self, week: float) -> float:
        return week / (len(self.mondays) - 1)

    def y(self, share: float) -> float:
        return (self.high - share) / (self.high - self.low)

    def between(self, day: date) -> float:
        """The place before the week of a day, where a change of that week began."""
        week = (monday_of(day) - self.mondays[0]).days / 7
        return min(max(self.x(week - 0.5), 0.0), 1.0)


def draw(sides: Sequence[Drawn]) -> Drawing:
    """The drawing of sides that have the same weeks. The change that began first has the mark."""
    scale = _Scale([week.monday for week in sides[0].weeks], *_reach(sides))
    changed_on = min((side.changed_on for side in sides if side.changed_on), default=None)
    panels = tuple(_panel(side, scale) for side in sides)
    first, last = week_number(scale.mondays[0]), week_number(scale.mondays[-1])
    if changed_on is None:
        return Drawing(panels, first, last)
    at = scale.between(changed_on)
    return Drawing(panels, first, last, week_number(changed_on), _percent(at), at < EARLY, at < CROWDED)


def _reach(sides: Sequence[Drawn]) -> tuple[float, float]:
    """From which share to which the drawing goes: as far as the bands, and at least SPAN_LEAST."""
    shares = [week.share for side in sides for week in side.weeks if week.share is not None]
    low, high = min((one.low for one in shares), default=0.0), max((one.high for one in shares), default=1.0)
    missing = max(0.0, SPAN_LEAST - (high - low))
    low = max(0.0, min(low - missing / 2, 1 - SPAN_LEAST))
    return low, max(high, low + SPAN_LEAST)


def _panel(side: Drawn, scale: _Scale) -> Panel:
    runs = [
        (is_shown, list(run)) for is_shown, run in groupby(enumerate(side.weeks), lambda one: one[1].share is not None)
    ]
    points = [
        (_percent(scale.x(place)), _percent(scale.y(week.share.estimate)))
        for place, week in enumerate(side.weeks)
        if week.share is not None
    ]
    hidden = [_percent(scale.x((run[0][0] + run[-1][0]) / 2)) for is_shown, run in runs if not is_shown]
    band = " ".join(_band(run, scale) for is_shown, run in runs if is_shown)
    return Panel(side.side, tuple(points), band, tuple(_levels(side, scale)), tuple(hidden))


def _band(run: Sequence[tuple[int, Week]], scale: _Scale) -> str:
    """A closed path along the upper limits and back along the lower ones; a week alone is a short bar."""
    shares = [(scale.x(place), week.share) for place, week in run if week.share is not None]
    if len(shares) == 1:
        (x, share), half = shares[0], scale.x(0.2)
        shares = [(max(0.0, x - half), share), (min(1.0, x + half), share)]
    upper = [(x, share.high) for x, share in shares]
    lower = [(x, share.low) for x, share in reversed(shares)]
    return "M" + " ".join(f"{_number(x)} {_number(scale.y(share))}" for x, share in [*upper, *lower]) + "Z"


def _levels(side: Drawn, scale: _Scale) -> Iterator[Level]:
    turn = 1.0 if side.changed_on is None else scale.between(side.changed_on)
    if side.level is not None and turn > 0:
        yield Level("0%", _percent(turn), _percent(scale.y(side.level)), round(side.level * 100))
    if side.after is not None:
        yield Level(_percent(turn), "100%", _percent(scale.y(side.after)), round(side.after * 100))


def _number(part: float) -> str:
    return f"{part * 100:.2f}".rstrip("0").rstrip(".")


def _percent(part: float) -> str:
    return f"{_number(part)}%"
