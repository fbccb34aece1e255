"""A year of Lindvik's encounters with planted truths: what changed, who was met worse, and what only looks bad.

Eighteen units of three services; the same seed gives the same year. Three units change in the middle of it, two groups
of residents are met worse all through it, each by the smallest difference that the sampling plan says it can see, and
one small unit is as good as the others but has had bad luck. What pages and signals say of it is held against this
(`python -m benchmarks.encounters.planted`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from samspel.core.actor import Actor
from samspel.demo.days import moment_on, monday_before
from samspel.encounters.actions.pairing import hash_of_token, open_due
from samspel.encounters.actions.points import PointDraft, add_point
from samspel.encounters.actions.taking_in import NewAnswer, take_in
from samspel.encounters.equity import LOOKS, WRONG
from samspel.encounters.models import Area, Channel, Level, Point, Service, Side
from samspel.encounters.sampling import Levers, expect
from samspel.engine.inference import smallest_gap
from samspel.people import actions as people
from samspel.people.models import Unit

WEEKS: Final = 52
SEED: Final = 1
GOOD: Final = 0.80
UNITS_APART, WEEKS_APART, WEEK_LASTS = 0.02, 0.02, 0.3
# Of a meeting that a resident tells of, staff tell too so often; half of these are bound by a token.
STAFF_ALSO: Final = 0.5
# Fewer come in July and at Christmas; Monday is busiest.
QUIET_WEEKS: Final = {27: 0.5, 28: 0.4, 29: 0.4, 30: 0.5, 51: 0.4, 52: 0.4}
WEEKDAYS: Final = (0.26, 0.21, 0.2, 0.18, 0.15)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """A service with its six units."""

    key: str
    name: str
    above: str
    units: tuple[str, ...]


KINDS: Final = (
    Kind(
        "branches",
        "Låna, läsa och fråga nära hemmet",
        "Kultur och fritid",
        tuple(f"Biblioteket i {place}" for place in ("Norrvik", "Ektorp", "Kvarnbyn", "Sundet", "Åsen", "Hagalund")),
    ),
    Kind(
        "preschools",
        "Lämna och hämta på förskolan",
        "Skola",
        tuple(f"Förskolan {name}" for name in ("Kastanjen", "Linden", "Rönnen", "Boken", "Alen", "Sälgen")),
    ),
    Kind(
        "home-help",
        "Få hjälp i hemmet varje vecka",
        "Arbete och välfärd",
        tuple(f"Hemhjälpen {place}" for place in ("Väst", "Öst", "Centrum", "Sjösidan", "Lunden", "Backen")),
    ),
)
# Meetings a week, every which is asked, answers of 100 asked: the plan of each unit in turn, over four weeks.
PLAN_WEEKS: Final = 4
_PLANS: Final = ((600, 2, 20), (450, 2, 20), (300, 1, 20), (400, 1, 20), (500, 2, 25), (250, 1, 25))
PLANS: Final = tuple(Levers(meetings, every, answering, PLAN_WEEKS) for meetings, every, answering in _PLANS)
SMALL: Final = Levers(25, 2, 20, PLAN_WEEKS)
SMALL_UNIT: Final = 11
# The unit, the week from which it is another, and whether for the better.
CHANGES: Final = ((1, 20, False), (8, 24, False), (15, 22, True))

# Dimension, groups and how usual each is; "" is unknown.
LANGUAGES: Final = (("sv", 0.55), ("en", 0.12), ("ar", 0.12), ("", 0.21))
AGES: Final = (("16-24", 0.15), ("25-44", 0.3), ("45-64", 0.2), ("65-", 0.15), ("", 0.2))
AREAS: Final = (("Norrvik", 0.25), ("Centrum", 0.3), ("Åsen", 0.15), ("", 0.3))
# The service, dimension and group that is met worse.
UNEQUAL: Final = ((0, "language", "ar"), (2, "age_band", "16-24"))
DIMENSIONS: Final = {"language": LANGUAGES, "age_band": AGES, "area": AREAS}

LINES: Final = {
    True: ("Jag fick hjälp med det jag kom för.", "De lyssnade.", "Vänligt och klart.", "Det gick fort."),
    False: ("Jag fick vänta länge.", "Jag förstod inte beskedet.", "Ingen hade tid.", "Ny person igen."),
}
HELPED: Final = ("tone", "clarity", "time", "information", "continuity")
HINDERED: Final = ("waiting", "information", "time", "language", "rules")


# ---------------------------------------------------------------- the truth


@dataclass(frozen=True)
class Changed:
    """A unit whose residents' share of "Bra" is another by so much from a week on."""

    unit: int
    week: int
    gap: float


@dataclass(frozen=True)
class Unequal:
    """A group whose share is lower by so much, in all units of a service."""

    service: int
    dimension: str
    group: str
    gap: float


@dataclass(frozen=True)
class Truth:
    changed: tuple[Changed, ...]
    unequal: tuple[Unequal, ...]
    only_looks_bad: int


def plan_of(unit: int) -> Levers:
    return SMALL if unit == SMALL_UNIT else PLANS[unit % len(PLANS)]


def answers_a_week(unit: int) -> float:
    levers = plan_of(unit)
    return levers.meetings_a_week / levers.ask_every * levers.answering / 100


def truth() -> Truth:
    """The same in every year: each difference is what the unit's or the service's plan says it can see."""
    changed = []
    for unit, week, is_better in CHANGES:
        gap = expect(plan_of(unit), good=round(100 * GOOD)).gap
        assert gap is not None  # the plans are not that small
        changed.append(Changed(unit, week, (gap if is_better else -gap) / 100))
    unequal = tuple(
        Unequal(service, name, group, -_group_gap(service, name, group)) for service, name, group in UNEQUAL
    )
    return Truth(tuple(changed), unequal, SMALL_UNIT)


def _group_gap(service: int, dimension: str, group: str) -> float:
    """What a year of the service's plans can see of a group, as strictly as equity judges; in whole hundredths."""
    parts = dict(DIMENSIONS[dimension])
    units = range(service * 6, service * 6 + 6)
    year = sum(answers_a_week(unit) for unit in units) * sum(QUIET_WEEKS.get(week + 1, 1.0) for week in range(WEEKS))
    mine, others = year * parts[group], year * (1 - parts[group] - parts[""])
    judged = sum(len([name for name, _ in groups if name]) for groups in DIMENSIONS.values())
    gap = smallest_gap(GOOD * (1 - GOOD) * (1 / mine + 1 / others), level=1 - WRONG / (judged * LOOKS))
    return float(np.ceil(100 * gap)) / 100


# ---------------------------------------------------------------- a year drawn


@dataclass(frozen=True)
class Year:
    """Residents' answers, one a place of each array: the unit, week (0 to 51), weekday, level and groups (places in
    their lists), in the order of weeks."""

    unit: Ints
    week: Ints
    weekday: Ints
    level: Ints
    groups: dict[str, Ints]

    def weeks_of(self) -> tuple[Ints, Ints]:
        """Answers and good ones: ``[units, weeks]``."""
        n, good = np.zeros((2, 18, WEEKS), dtype=np.int64)
        np.add.at(n, (self.unit, self.week), 1)
        np.add.at(good, (self.unit, self.week), self.level == Level.GOOD)
        return n, good


def draw(seed: int, planted: Truth) -> Year:
    """A year. Weeks of a unit swing and are a little like the week before; the small unit has bad luck (one year of
    forty is as bad), which is drawn, not made: its share is the others'."""
    rng = np.random.default_rng(seed)
    share = np.full((18, WEEKS), GOOD) + rng.normal(0, UNITS_APART, (18, 1))
    swing = rng.normal(0, WEEKS_APART, 18)
    for week in range(WEEKS):
        share[:, week] += swing
        swing = WEEK_LASTS * swing + rng.normal(0, WEEKS_APART * (1 - WEEK_LASTS**2) ** 0.5, 18)
    share += 0.02 * np.sin(2 * np.pi * np.arange(WEEKS) / WEEKS)
    for one in planted.changed:
        share[one.unit, one.week :] += one.gap
    rows = []
    for unit in range(18):
        many = rng.poisson([answers_a_week(unit) * QUIET_WEEKS.get(week + 1, 1.0) for week in range(WEEKS)])
        weeks = np.repeat(np.arange(WEEKS), many)
        groups = {name: rng.choice(len(g), len(weeks), p=[part for _, part in g]) for name, g in DIMENSIONS.items()}
        mine = share[unit, weeks].copy()
        for worse in planted.unequal:
            if worse.service == unit // 6:
                places = [name for name, _ in DIMENSIONS[worse.dimension]]
                mine += np.where(groups[worse.dimension] == places.index(worse.group), worse.gap, 0.0)
        is_good = rng.random(len(weeks)) < np.clip(mine, 0.02, 0.98)
        while unit == planted.only_looks_bad and is_good.mean() > _unlucky(len(weeks)):
            is_good = rng.random(len(weeks)) < np.clip(mine, 0.02, 0.98)
        level = np.where(is_good, Level.GOOD, np.where(rng.random(len(weeks)) < 0.6, Level.SO_SO, Level.BAD))
        weekday = rng.choice(5, len(weeks), p=WEEKDAYS)
        rows.append((np.full(len(weeks), unit), weeks, weekday, level, groups))
    order = np.argsort(np.concatenate([row[1] * 10 + row[2] for row in rows]), kind="stable")

    def column(parts: Iterable[npt.NDArray[Any]]) -> Ints:
        return np.concatenate([*parts])[order].astype(np.int64)

    return Year(
        unit=column(row[0] for row in rows),
        week=column(row[1] for row in rows),
        weekday=column(row[2] for row in rows),
        level=column(row[3] for row in rows),
        groups={name: column(row[4][name] for row in rows) for name in DIMENSIONS},
    )


def _unlucky(n: int) -> float:
    return float(GOOD - 1.96 * (GOOD * (1 - GOOD) / n) ** 0.5)


# ---------------------------------------------------------------- into the town


def is_made() -> bool:
    return Unit.objects.filter(name=KINDS[0].units[0]).exists()


def make_year(leader: Actor, *, at: datetime, seed: int = SEED) -> None:
    """The units, their points and the year that ends with last week, both sides. It has to be there before the nights
    look at it: a week that has been looked at is not looked at again."""
    points = [_place(leader, kind, unit, at) for kind in KINDS for unit in kind.units]
    year = draw(seed, truth())
    monday = monday_before(at, WEEKS)
    areas = {name: _area(name) for name, _ in AREAS if name}
    for week in range(WEEKS):
        ends = moment_on(monday + timedelta(weeks=week + 1), 3)
        take_in(list(_answers(year, week, monday, points, areas, seed)), at=ends)
        open_due(ends)
    open_due(at)


def nights(at: datetime) -> list[datetime]:
    """Nights that look at the year so far: one in four weeks, so that the town is made in minutes. What they find has
    the week in which every night would have found it."""
    monday = monday_before(at, WEEKS)
    return [moment_on(monday + timedelta(weeks=week), 4) for week in range(4, WEEKS + 1, 4)]


def _area(name: str) -> int:
    key = name.lower().translate(str.maketrans("åäö", "aao"))
    return Area.objects.get_or_create(key=f"year-{key}", defaults={"name": name})[0].pk


def _place(leader: Actor, kind: Kind, name: str, at: datetime) -> Point:
    """The unit with its poster."""
    unit = people.add_unit(actor=leader, name=name, parent_id=Unit.objects.get(name=kind.above).pk)
    service, _new = Service.objects.get_or_create(key=kind.key, defaults={"name": kind.name})
    draft = PointDraft(
        kind=Point.Kind.WALL, title="Vid dörren", service_id=service.pk, channel=Channel.VISIT, window_min=30
    )
    opened = moment_on(monday_before(at, WEEKS), 7)
    point = add_point(actor=leader, unit_id=unit.pk, draft=draft, key=f"demo-year-{unit.pk:06}", at=opened)
    assert point is not None
    return point


def _answers(
    year: Year, week: int, monday: date, points: Sequence[Point], areas: dict[str, int], seed: int
) -> Iterator[NewAnswer]:
    rng = np.random.default_rng([seed, week])
    for place in np.flatnonzero(year.week == week):
        point = points[int(year.unit[place])]
        day = monday + timedelta(weeks=week, days=int(year.weekday[place]))
        when = moment_on(day, float(rng.uniform(8, 17)))
        level = int(year.level[place])
        is_good = level == Level.GOOD
        language, age, area = (DIMENSIONS[name][int(year.groups[name][place])][0] for name in DIMENSIONS)
        told_of = rng.random() < STAFF_ALSO
        key = f"demo-year/{seed}/{place}"
        token = hash_of_token(key) if told_of and rng.random() < 0.5 else None
        named = (str(rng.choice(HELPED if is_good else HINDERED)),) if rng.random() < 0.4 else ()
        yield NewAnswer(
            at=when,
            unit_id=point.unit_id,
            service_id=point.service_id,
            point_id=point.pk,
            channel=str(rng.choice([Channel.VISIT, Channel.PHONE, Channel.WEB], p=[0.7, 0.2, 0.1])),
            language=language,
            age_band=age,
            area_id=areas.get(area),
            side=Side.RESIDENT,
            level=level,
            helped=named if is_good else (),
            hindered=() if is_good else named,
            text=str(rng.choice(LINES[is_good])) if rng.random() < 0.15 else "",
            token=token,
            key=key,
        )
        if told_of:
            yield NewAnswer(
                at=when + timedelta(minutes=2),
                unit_id=point.unit_id,
                service_id=point.service_id,
                side=Side.STAFF,
                level=level if rng.random() < 0.6 else int(rng.choice([1, 2, 3], p=[0.06, 0.14, 0.8])),
                token=token,
                key=f"{key}/staff",
            )


def told(planted: Truth) -> str:
    """The planted truths in words, for one who opens the demo."""
    names = [unit for kind in KINDS for unit in kind.units]
    lines = ["A year was made up for eighteen units. What was planted in it:"]
    for one in planted.changed:
        lines.append(f"  {names[one.unit]}: {100 * one.gap:+.0f} of 100 from its week {one.week + 1}")
    for worse in planted.unequal:
        kind = KINDS[worse.service]
        lines.append(f"  {kind.name}: {worse.dimension} {worse.group} {100 * worse.gap:+.0f} of 100")
    lines.append(f"  {names[planted.only_looks_bad]}: as the others, but with bad luck")
    return "\n".join(lines)
