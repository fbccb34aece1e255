"""What everybody may read of a service, a week after the units themselves: the looks as they stand on a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import dropwhile

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from samspel.core.actor import Actor
from samspel.core.errors import Text
from samspel.core.languages import SPOKEN, spoken
from samspel.encounters.compute_looks import years_kept
from samspel.encounters.disclosing import HIDDEN, SERVICE_GROUPS, Figure
from samspel.encounters.looks import DIMENSIONS, Last, Look, line_of
from samspel.encounters.models import AgeBand, Area, Channel, Service
from samspel.encounters.weeks import Week, week_number
from samspel.people.queries import name_key, providers, units_of

# A look is its units' own for so many days: who lies outside of what is usual is told first.
FIRST_TO_UNITS = timedelta(days=7)
DIMENSION_NAMES: Mapping[str, Text] = {
    "language": _("Språk"),
    "age_band": _("Ålder"),
    "area": _("Område"),
    "channel": _("Sätt att mötas"),
    "provider": _("Utförare"),
}


@dataclass(frozen=True)
class OpenFigures:
    """A service's figures of a year so far: nothing that has not passed the looks is in here.

    ``weeks`` begin with the first that is shown, and have every one from there.
    ``groups`` has every group of which anything is known to be asked, in the order of names, ``""`` (unknown) last.
    ``effects``: how much less than their number each shown group's answers count for (``looks.Look``).
    """

    service: Service
    since: date
    until: date
    total: Figure
    weeks: tuple[Week, ...]
    units: Mapping[int, Figure]
    groups: Mapping[str, Mapping[str, Figure]]
    effects: Mapping[str, Mapping[str, float]]

    @property
    def first_week(self) -> int:
        return week_number(self.since)

    @property
    def last_week(self) -> int:
        return week_number(self.until - timedelta(days=1))


def open_figures(services: Iterable[Service], day: date) -> dict[int, OpenFigures]:
    """Each service's figures by its id, as they stood on a day: of that year, or of the one before while it is young.

    Services of which nothing is told yet are not there. Two queries or three, and one for each kind of name.
    """
    chosen = {service.pk: service for service in services}
    threshold = SERVICE_GROUPS.circle.threshold
    names: dict[str, list[tuple[str, str]]] = {}
    found: dict[int, OpenFigures] = {}
    for year in (day.isocalendar().year, day.isocalendar().year - 1):
        missing = [pk for pk in chosen if pk not in found]
        for pk, looks in (years_kept(missing, year) if missing else {}).items():
            told = [look for look in looks if look.ends <= day]
            if any(not look.total.is_hidden for look in told):
                names = names or group_names()
                found[pk] = _figures(chosen[pk], year, told, names, threshold)
    return found


def units_told(service: int, day: date) -> dict[int, Figure]:
    """A service's units as the looks tell of them on a day, of that year or of the one before. Two queries or three."""
    threshold = SERVICE_GROUPS.circle.threshold
    for year in (day.isocalendar().year, day.isocalendar().year - 1):
        looks = [look for look in years_kept([service], year).get(service, []) if look.ends <= day]
        told = {int(unit): one for unit, one in Last(looks).figures("unit", threshold).items() if one.is_shown}
        if told:
            return told
    return {}


def _figures(
    service: Service, year: int, looks: list[Look], names: Mapping[str, list[tuple[str, str]]], threshold: int
) -> OpenFigures:
    last = Last(looks)
    since = date.fromisocalendar(year, 1, 1)
    weeks = last.figures("week", threshold)
    mondays = [since + timedelta(weeks=week) for week in range((last.ends - since).days // 7)]
    all_weeks = (Week(monday, weeks.get(monday.isoformat(), HIDDEN)) for monday in mondays)
    return OpenFigures(
        service=service,
        since=since,
        until=last.ends,
        total=last.total.figure(threshold),
        weeks=tuple(dropwhile(lambda week: not week.figure.is_shown, all_weeks)),
        units={int(unit): one for unit, one in last.figures("unit", threshold).items() if one.is_shown},
        groups={name: _in_order(last.figures(name, threshold), looks[-1], name, names[name]) for name in DIMENSIONS},
        effects={name: last.effects(name) for name in DIMENSIONS},
    )


def _in_order(
    shown: Mapping[str, Figure], look: Look, dimension: str, names: list[tuple[str, str]]
) -> dict[str, Figure]:
    """A dimension's figures by group in the order of names; a group that nobody is of is not there."""
    there = {key.partition(":")[2] for key, one in look.cells.items() if line_of(key) == dimension and one.n}
    keys = [key for key, _name in names if key in there] + ([""] if "" in there else [])
    return {key: shown.get(key, HIDDEN) for key in keys}


def group_names() -> dict[str, list[tuple[str, str]]]:
    """Every dimension's groups and what they are called, in the order that they are shown in: never by value."""
    return {
        "language": sorted(((code, language_name(code)) for code in SPOKEN), key=lambda row: name_key(row[1])),
        "age_band": [(key, str(label)) for key, label in AgeBand.choices],
        "area": [(str(area.pk), area.name) for area in Area.objects.order_by("position", "pk")],
        "channel": [(key, str(label)) for key, label in Channel.choices],
        "provider": [(str(provider.pk), provider.name) for provider in providers()],
    }


def language_name(code: str) -> str:
    """A language in the reader's own words, "Arabiska"; what its speakers call it where the reader's has no word."""
    name = Locale(get_language() or "sv").languages.get(code) or spoken(code)
    return name[:1].upper() + name[1:]


def own_units(actor: Actor, units: Iterable[int]) -> set[int]:
    """Of these units those where the actor works: "Ni". Who may read many units' figures is at home in none of them."""
    own = {unit.pk for unit in units_of(actor)} if actor.is_signed_in else set()
    return own.intersection(units)
