"""What the pages about points of asking show."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from samspel.core import defaults
from samspel.encounters import disclosing, figures
from samspel.encounters.models import Point, Round, Service, Side, Tablet, Visits
from samspel.encounters.queries import is_round_open

VISIT_WEEKS: Final = 8


@dataclass(frozen=True)
class TabletRow:
    """A tablet and whether it has been silent for longer than the municipality lets pass."""

    tablet: Tablet
    is_silent: bool
    is_new: bool  # it has never been heard of


@dataclass(frozen=True)
class PointRow:
    """A point as its unit's list shows it."""

    point: Point
    tablets: tuple[TabletRow, ...] = ()

    @property
    def address(self) -> str:
        return address_of(self.point)

    @property
    def url(self) -> str | None:
        """What a poster leads to; the addresses of the other kinds are secret, or somebody's own."""
        return f"{settings.SITE_URL}{path_of(self.point)}" if self.point.kind == Point.Kind.WALL else None

    @property
    def silent(self) -> int:
        return sum(row.is_silent for row in self.tablets)


@dataclass(frozen=True)
class WeekRow:
    """A week of a point: residents' answers where they may be told, those set aside as play, and its visits where
    somebody has counted them."""

    monday: date
    visits: int | None
    answers: int | None = None
    play: int = 0
    is_over: bool = True

    @property
    def number(self) -> int:
        return self.monday.isocalendar().week


def path_of(point: Point) -> str:
    return f"/s/{point.code}"


def address_of(point: Point) -> str:
    """What is printed and read aloud: without https://, as people type it."""
    return f"{settings.SITE_URL.split('://', 1)[-1]}{path_of(point)}"


def points_of(unit_id: int, at: datetime) -> list[PointRow]:
    """A unit's points, open ones first, each with its tablets. Three queries."""
    points = Point.objects.filter(unit_id=unit_id).select_related("service", "provider", "area")
    tablets = _tablets(at, point__unit_id=unit_id)
    ordered = sorted(points, key=lambda point: (point.closed_at is not None, point.opened_at, point.pk))
    return [PointRow(point, tuple(tablets.get(point.pk, ()))) for point in ordered]


def tablets_of(point: Point, at: datetime) -> list[TabletRow]:
    """A point's own tablets."""
    return _tablets(at, point=point).get(point.pk, [])


def silent_tablets(at: datetime) -> list[TabletRow]:
    """Every tablet of the municipality that should be heard of and is not, those of a unit together. Two queries."""
    rows = [row for rows in _tablets(at, point__closed_at=None).values() for row in rows if row.is_silent]
    return sorted(rows, key=lambda row: (row.tablet.point.unit.name, row.tablet.name, row.tablet.pk))


def _tablets(at: datetime, **which: object) -> dict[int, list[TabletRow]]:
    """Tablets in use, by the point they stand at."""
    longest = timedelta(minutes=defaults.value("encounters.silent_min"))
    found: dict[int, list[TabletRow]] = defaultdict(list)
    rows = Tablet.objects.filter(closed_at=None, **which).select_related("point__unit").order_by("name", "pk")
    for tablet in rows:
        since = tablet.heard_at or tablet.made_at
        found[tablet.point_id].append(TabletRow(tablet, at - since > longest, tablet.heard_at is None))
    return found


def weeks_of(point: Point, at: datetime) -> list[WeekRow]:
    """The point's last weeks, the present one first; its answers are told when it is over."""
    today = timezone.localtime(at).date()
    this = today - timedelta(days=today.weekday())
    mondays = [this - timedelta(weeks=back) for back in range(VISIT_WEEKS)]
    counted = dict(Visits.objects.filter(point=point, monday__in=mondays).values_list("monday", "count"))
    told, play = _told_weeks(point, mondays[-1], today, at)
    return [
        WeekRow(monday, counted.get(monday), told.get(monday), play.get(monday, 0), is_over=monday != this)
        for monday in mondays
    ]


def _told_weeks(point: Point, since: date, today: date, at: datetime) -> tuple[dict[date, int | None], dict[date, int]]:
    """By Monday: how many answers, as far as they may be told beside the unit's other points; and how many play."""
    until = today + timedelta(days=1)
    by_week: dict[date, dict[int, int]] = defaultdict(dict)
    play = {}
    for row in figures.points(point.unit_id, since, until):
        by_week[row.begins][row.point_id] = row.n
        # Only forty and more are set aside together, so that a number here is never of a few.
        if row.point_id == point.pk and row.play:
            play[row.begins] = row.play
    weeks = disclosing.weeks_of_unit(point.unit_id, figures.weeks(point.unit_id, since, until), today=today, at=at)
    told = {
        monday: disclosing.points_of_unit(
            point.unit_id, monday, found, weeks.get((Side.RESIDENT, monday), disclosing.HIDDEN), at=at
        ).get(point.pk)
        for monday, found in by_week.items()
    }
    return told, play


def open_services() -> list[Service]:
    """Services that people can come for now, in order of name."""
    return list(Service.objects.filter(closed_at=None).order_by("name"))


@dataclass(frozen=True)
class UnitsRound:
    """A unit's last round, and how it stands."""

    round: Round | None
    is_open: bool

    @property
    def is_owed(self) -> bool:
        """It is over, and those who answered have not been told."""
        return self.round is not None and not self.is_open and self.round.published_at is None

    @property
    def may_open(self) -> bool:
        return self.round is None or self.round.published_at is not None


def last_round(unit_id: int, at: datetime) -> UnitsRound:
    """One query."""
    last = Round.objects.filter(unit_id=unit_id).order_by("-number").first()
    return UnitsRound(last, last is not None and is_round_open(last, at))
