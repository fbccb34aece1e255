"""Lindvik's meetings as both sides told of them: half a year of answers, taken in as everybody's are.

Nothing here is a figure. Each unit has how often its visitors say that a meeting was good, one has a week in which that
changed, and in one service some are worse off; what the pages say of it is for the pages to find out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from samspel.core.actor import Actor
from samspel.demo.days import moment_on, monday_before
from samspel.demo.encounters import AREAS
from samspel.encounters.actions import setup
from samspel.encounters.actions.pairing import hash_of_token, open_due
from samspel.encounters.actions.points import PointDraft, add_point
from samspel.encounters.actions.reviewing_stories import show_story
from samspel.encounters.actions.rounds import SaidAndDone, open_round, publish_told
from samspel.encounters.actions.stories import tell_story
from samspel.encounters.actions.taking_in import NewAnswer, take_in
from samspel.encounters.models import Channel, Level, Point, Service, Side, Story
from samspel.people.models import Unit

WEEKS: Final = 26
SEED: Final = 2026
# Of the meetings that a visitor tells of, staff tell of so many too, and bind so many of these by a token.
STAFF_ALSO, BOUND = 0.7, 0.5
# Weeks differ by more than chance: one standard deviation of a unit's share.
WEEK_SPREAD: Final = 0.03
# How often something is named, and how often a line is written.
NAMED, WRITTEN = 0.6, 0.3

SERVICES: Final = {
    "guidance": "Få vägledning om studier och jobb",
    "help-at-home": "Få hjälp hemma",
    "library": "Låna, läsa och fråga",
}


@dataclass(frozen=True)
class Change:
    """So many weeks ago: the share that says "Bra" from then on, what got in the way, and what was written of it."""

    weeks_ago: int
    good: float
    hindered: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A unit where people are asked: answers a week, and the share of each side that says "Bra"."""

    unit: str
    service: str
    a_week: int
    good: float
    staff_good: float
    change: Change | None = None


WAITING: Final = Change(
    weeks_ago=6,
    good=0.58,
    hindered="waiting",
    lines=(
        "Jag väntade länge i kön.",
        "Vi väntade, men hon var lugn och vänlig.",
        "Jag väntade en timme och fick inget besked.",
        "Ingen sa hur länge jag skulle vänta.",
    ),
)
PLACES: Final = (
    Place("Vägledningscentrum", "guidance", 75, 0.82, 0.83, WAITING),
    Place("Arbetsmarknadsenheten", "guidance", 40, 0.79, 0.82),
    Place("Socialkontoret", "guidance", 35, 0.74, 0.78),
    Place("Ektorpsskolan", "guidance", 45, 0.81, 0.84),
    Place("Fritid för unga", "guidance", 5, 0.80, 0.80),
    Place("Hjälp hemma i Norrvik", "help-at-home", 40, 0.86, 0.84),
    Place("Stadsbiblioteket", "library", 80, 0.91, 0.90),
)
LINES: Final = (
    "Hon lyssnade och gav ett tydligt besked.",
    "Lugnt och vänligt.",
    "Jag fick ett besked som gick att förstå.",
    "Han lyssnade på mig.",
    "Bra bemötande, lugnt i rummet.",
    "Jag visste inte vem jag skulle fråga.",
)
# What is named, by how usual it is; the rest comes now and then.
HELPED: Final = {
    "tone": 8,
    "misunderstanding": 5,
    "clarity": 4,
    "time": 3,
    "information": 3,
    "continuity": 2,
    "place": 1,
}
HINDERED: Final = {"rules": 4, "time": 3, "information": 3, "waiting": 2, "clarity": 2, "language": 1}
STAFF_HINDERED: Final = {"rules": 8, "time": 6, "information": 2, "waiting": 1, "language": 2}

# What visitors tell of themselves, of a hundred; "" is not to tell.
LANGUAGES: Final = {"sv": 62, "ar": 12, "en": 6, "so": 3, "": 17}
AGES: Final = {"16-24": 24, "25-44": 28, "45-64": 20, "65-": 9, "": 19}
TELL_AREA: Final = 0.8
# Of the meetings that would have been good, so many are not: guidance is harder to get in Arabic.
HARDER: Final = {("guidance", "ar"): 0.25}

# What each unit answered after its first round.
TOLD: Final = {
    "Vägledningscentrum": SaidAndDone(
        "Ni sa att det var svårt att veta vem som hjälper er, och att ni fick berätta samma sak flera gånger.",
        "Vi har satt upp en tavla med namn och väntetider, och den ni möter först följer med er hela vägen.",
    ),
    "Arbetsmarknadsenheten": SaidAndDone(
        "Ni sa att breven var svåra att förstå.",
        "Två av er läste breven med oss. Nu börjar de med vad ni ska göra, och vem ni kan ringa.",
    ),
    "Socialkontoret": SaidAndDone(
        "Ni sa att ni fick vänta på besked utan att veta hur länge.",
        "Ni får ett datum när ni lämnar in, och vi hör av oss om det inte håller.",
        "Telefontiden på kvällen blev inget: vi är för få för att svara då.",
    ),
    "Ektorpsskolan": SaidAndDone(
        "Ni sa att ingen berättade att läxhjälpen fanns.",
        "Den står på skolans första sida, och mentorn frågar på varje samtal.",
    ),
    "Fritid för unga": SaidAndDone(
        "Ni sa att lokalen var stängd när ni kunde komma.",
        "Den är öppen till nio på fredagar under våren, och sedan räknar vi hur många som kom.",
    ),
    "Hjälp hemma i Norrvik": SaidAndDone(
        "Ni sa att det kom så många olika.",
        "Vi prövar små lag med högst fem personer hos var och en.",
    ),
    "Stadsbiblioteket": SaidAndDone(
        "Ni sa att det var svårt att hitta rätt hylla, och att ni inte ville störa för att fråga.",
        "Vi går ut bland hyllorna en timme varje eftermiddag, och kartan vid dörren är ny.",
    ),
}
STORIES: Final = (
    ("Hon la bort pennan och frågade hur jag hade sovit. Efter det kunde jag berätta varför jag kom.", False),
    ("Jag hade med mig alla papper, men det var fel papper. Ingen hade sagt vilka jag behövde.", True),
)


def make_meetings(leader: Actor, *, at: datetime) -> None:
    """Points of asking, a round that was answered and one that is open, both sides' answers, and two stories."""
    points = {place: _ask(place, leader, at) for place in PLACES}
    areas = [setup.add_area(actor=leader, name=name).pk for name in AREAS]
    take_in_weeks(points, areas, at=at)
    _tell_stories(leader, points[PLACES[0]], at)


def take_in_weeks(points: Mapping[Place, Point], areas: Sequence[int], *, at: datetime) -> None:
    """Half a year of both sides' answers, taken in week by week, until now."""
    rng, visitors = np.random.default_rng(SEED), _visitors(areas, np.random.default_rng(SEED + 1))
    monday = monday_before(at, WEEKS)
    for week in range(WEEKS + 1):
        begins = monday + timedelta(weeks=week)
        ends = min(at, moment_on(begins + timedelta(days=7), 0))
        rows = [
            row for place, point in points.items() for row in _week(place, point, begins, WEEKS - week, rng, visitors)
        ]
        take_in([row for row in rows if row.at < ends], at=ends)
        open_due(ends + timedelta(minutes=1))


def _ask(place: Place, leader: Actor, at: datetime) -> Point:
    """The unit's poster, a round that is over and answered, and one that is open."""
    unit = Unit.objects.get(name=place.unit)
    service, _new = Service.objects.get_or_create(key=place.service, defaults={"name": SERVICES[place.service]})
    opened = moment_on(monday_before(at, WEEKS), 8)
    draft = PointDraft(
        kind=Point.Kind.WALL, title="Vid dörren", service_id=service.pk, channel=Channel.VISIT, window_min=30
    )
    point = add_point(actor=leader, unit_id=unit.pk, draft=draft, key=f"demo-point-of-{unit.pk:06}", at=opened)
    assert point is not None
    first = open_round(actor=leader, unit_id=unit.pk, weeks=WEEKS - 3, at=opened)
    publish_told(
        actor=leader,
        unit_id=unit.pk,
        number=first.number,
        told=TOLD[place.unit],
        thread_id=None,
        at=first.closes_at + timedelta(hours=2),
    )
    open_round(actor=leader, unit_id=unit.pk, weeks=8, at=first.closes_at + timedelta(hours=3))
    return point


@dataclass(frozen=True)
class Visitor:
    """What somebody told of herself, and how lucky she was where it is harder for some."""

    language: str
    age_band: str
    area_id: int | None
    luck: float


def _visitors(areas: Sequence[int], rng: np.random.Generator) -> Iterator[Visitor]:
    while True:
        yield Visitor(
            _one_of(LANGUAGES, rng),
            _one_of(AGES, rng),
            int(rng.choice(areas)) if rng.random() < TELL_AREA else None,
            float(rng.random()),
        )


def _one_of(weights: Mapping[str, int], rng: np.random.Generator) -> str:
    return list(weights)[int(rng.choice(len(weights), p=_shares(tuple(weights.values()))))]


@cache
def _shares(weights: tuple[int, ...]) -> npt.NDArray[np.float64]:
    return np.array(weights) / sum(weights)


def _week(
    place: Place,
    point: Point,
    monday: date,
    weeks_ago: int,
    rng: np.random.Generator,
    visitors: Iterator[Visitor],
) -> Iterator[NewAnswer]:
    """A week's answers: Monday to Friday, eight to five."""
    change = place.change if place.change is not None and weeks_ago <= place.change.weeks_ago else None
    good = (place.good if change is None else change.good) + rng.normal(0, WEEK_SPREAD)
    for number in range(int(rng.poisson(place.a_week))):
        when = moment_on(monday + timedelta(days=int(rng.integers(5))), float(rng.uniform(8, 17)))
        level, visitor = _level(good, rng), next(visitors)
        if level == Level.GOOD and visitor.luck < HARDER.get((place.service, visitor.language), 0.0):
            level = Level.SO_SO
        told_of = rng.random() < STAFF_ALSO
        token = hash_of_token(f"demo/{point.pk}/{monday}/{number}") if told_of and rng.random() < BOUND else None
        lines = LINES if change is None or level == Level.GOOD else change.lines
        hindered = HINDERED if change is None else {**HINDERED, change.hindered: 30}
        is_good = level == Level.GOOD
        yield NewAnswer(
            at=when,
            unit_id=point.unit_id,
            service_id=point.service_id,
            point_id=point.pk,
            channel=point.channel,
            language=visitor.language,
            age_band=visitor.age_band,
            area_id=visitor.area_id,
            side=Side.RESIDENT,
            level=level,
            helped=_named(HELPED, is_good, rng),
            hindered=_named(hindered, not is_good, rng),
            text=str(rng.choice(np.array(lines))) if rng.random() < WRITTEN else "",
            token=token,
            key=f"demo/{point.pk}/{monday}/{number}",
        )
        if told_of:
            # Who received somebody often saw the meeting as she did.
            seen = level if rng.random() < 0.5 else _level(place.staff_good, rng)
            yield NewAnswer(
                at=when + timedelta(minutes=2),
                unit_id=point.unit_id,
                service_id=point.service_id,
                channel=point.channel,
                side=Side.STAFF,
                level=seen if token is not None else _level(place.staff_good, rng),
                helped=_named(HELPED, seen == Level.GOOD, rng),
                hindered=_named(STAFF_HINDERED, rng.random() < 0.4, rng),
                token=token,
                key=f"demo/{point.pk}/{monday}/{number}/staff",
            )


def _level(good: float, rng: np.random.Generator) -> int:
    if rng.random() < good:
        return Level.GOOD
    return Level.SO_SO if rng.random() < 0.6 else Level.BAD


def _named(weights: dict[str, int], is_likely: bool, rng: np.random.Generator) -> tuple[str, ...]:
    if rng.random() > (NAMED if is_likely else NAMED / 8):
        return ()
    share = _shares(tuple(weights.values()))
    most = min(len(weights), int(rng.integers(1, 3)))
    return tuple(sorted(str(key) for key in rng.choice(np.array(list(weights)), most, replace=False, p=share)))


def _tell_stories(leader: Actor, point: Point, at: datetime) -> None:
    """Two that were told; the first has been read and is shown."""
    for number, (words, is_hard) in enumerate(STORIES):
        told_at = at - timedelta(days=9 - number)
        tell_story(
            point=point,
            words=words,
            is_hard=is_hard,
            consents=True,
            key=f"demo-story-{number:04}-{point.pk}",
            at=told_at,
        )
    first = Story.objects.filter(unit_id=point.unit_id).order_by("told_at")[0]
    show_story(actor=leader, unit_id=point.unit_id, story_id=first.pk, wanted=True, at=at)
