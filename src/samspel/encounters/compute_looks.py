"""Takes the looks that are due (``looks``): every service at once, from figures to what is told openly."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from samspel.core import thread
from samspel.core.models import Stage
from samspel.encounters import figures
from samspel.encounters.disclosing import SERVICE_GROUPS, UNIT_WEEKS, Entry, unsaid_of_units
from samspel.encounters.figures import Counts
from samspel.encounters.funnels import units_outside
from samspel.encounters.looks import DIMENSIONS, Key, Last, Look, effects_of, look_days, take_look
from samspel.encounters.models import OUTSIDE, Service, Shown, Signal

# Answers of no service are told only as a part of the city's.
NO_SERVICE = 0


def take_due_looks(at: datetime) -> int:
    """Take every look of this year and the last that is due and not taken; how many. Twice changes nothing."""
    today = timezone.localdate(at)
    year = today.isocalendar().year
    return sum(_take_year(one, today, at) for one in (year - 1, year))


@transaction.atomic
def _take_year(year: int, today: date, at: datetime) -> int:
    """One who comes while another one takes them waits for that, and finds them taken."""
    name = f"services/{year}"
    Shown.objects.get_or_create(pk=name, defaults={"cells": {"ends": []}, "shown_at": at})
    row = Shown.objects.select_for_update().get(pk=name)
    due = [day for day in look_days(year) if day <= today and day.isoformat() not in row.cells["ends"]]
    if not due:
        return 0
    since = date.fromisocalendar(year, 1, 1)
    past = _kept(year)
    # Of each unit what its weeks left out when its sum was last told.
    unsaid: dict[str, list[int]] = row.cells.setdefault("unsaid", {})
    for ends in due:
        looks = _looks_of_all(past, unsaid, since, ends, at)
        for service, look in looks.items():
            past.setdefault(service, []).append(look)
    for service, kept in past.items():
        Shown.objects.update_or_create(
            pk=_name(service, year), defaults={"cells": {"looks": [*map(_packed, kept)]}, "shown_at": at}
        )
    _tell_units_first(past, since, due[-1], at)
    row.cells["ends"] += [day.isoformat() for day in due]
    row.shown_at = at
    row.save(update_fields=["cells", "shown_at"])
    return len(due)


def _tell_units_first(past: Mapping[int, list[Look]], since: date, ends: date, at: datetime) -> None:
    """A unit that lies outside of a service's funnel has it on its own thread, once a year, before others see the
    funnel."""
    threshold = SERVICE_GROUPS.circle.threshold
    source = _("Jämfört med andra ställen, vecka %(first)s till %(last)s") % {
        "first": since.isocalendar().week,
        "last": (ends - timedelta(days=1)).isocalendar().week,
    }
    for service in Service.objects.filter(pk__in=past, closed_at=None):
        units = {int(unit): one for unit, one in Last(past[service.pk]).figures("unit", threshold).items()}
        for unit, is_above in units_outside(units).items():
            higher = _("%(service)s: fler hos er än på andra ställen säger att mötet var bra.")
            lower = _("%(service)s: färre hos er än på andra ställen säger att mötet var bra.")
            signal, is_new = Signal.objects.get_or_create(
                key=f"{OUTSIDE}{service.pk}-{unit}-{since.year}",
                defaults={
                    "unit_id": unit,
                    "words": (higher if is_above else lower) % {"service": service.name},
                    "source": source,
                    "noted_at": at,
                },
            )
            if is_new:
                # As for a change: what others may come to see of the thread says no more than this.
                begun = thread.start_thread(unit_id=unit, title=_("Något i våra möten skiljer sig"), at=at)
                thread.add_knot(begun.pk, Stage.SIGNAL, signal, at=at)


def _looks_of_all(
    past: Mapping[int, list[Look]], unsaid: dict[str, list[int]], since: date, ends: date, at: datetime
) -> dict[int, Look]:
    """Every service's look of a day. Who knows her own unit's sum shall not learn of a few in it by subtraction:
    where she could, a service more waits for that unit, or all of them.

    :param unsaid: of each unit what its weeks left out, as (answers, good), when its sum was last told; kept up here.
    """
    threshold, inside = SERVICE_GROUPS.circle.threshold, UNIT_WEEKS.circle.threshold
    weeks = figures.open_weeks(since, ends)
    units = {
        service: {unit: _sum(counts.values()) for unit, counts in found.items()} for service, found in weeks.items()
    }
    # A service of which all was taken back has no answers, and still a look.
    lines: dict[int, dict[Key, Counts]] = {service: {} for service in past}
    lines |= _lines(units, weeks, figures.open_groups(since, ends))
    days = figures.open_group_days(since, ends)
    left_out = unsaid_of_units(_unit_weeks(since, ends), at=at)
    doubted = {
        unit for unit, one in left_out.items() if not one.may_be_told(unsaid.get(str(unit), [0, 0]), threshold=inside)
    }
    in_doubt = {service: {f"unit:{unit}" for unit in doubted} for service in lines}
    effects = {
        service: effects_of(
            {f"{dimension}:{group}": one for (dimension, group), one in days.get(service, {}).items() if group},
            threshold=threshold,
        )
        for service in lines
    }

    def look(service: int) -> Look:
        total = _sum(one for key, one in lines[service].items() if key.startswith("week:"))
        own = [{f"week:{week}": one.n for week, one in counts.items()} for counts in weeks.get(service, {}).values()]
        taken = take_look(
            past.get(service, []), ends, total, lines[service], threshold=threshold, in_doubt=in_doubt[service], own=own
        )
        return replace(taken, effects=effects[service])

    looks = {service: look(service) for service in sorted(lines)}
    for _round in range(len(looks)):
        told = {service: Last([*past.get(service, []), one]) for service, one in looks.items() if service != NO_SERVICE}
        more = _more_in_doubt(units, told, inside)
        if not more:
            break
        for service, unit in more:
            in_doubt[service].add(f"unit:{unit}")
        looks |= {service: look(service) for service in {service for service, _unit in more}}
    for unit, one in left_out.items():
        its = [looks[service] for service, found in units.items() if unit in found and service != NO_SERVICE]
        if not any(one_look.total.is_hidden or one_look.cells[f"unit:{unit}"].is_hidden for one_look in its):
            unsaid[str(unit)] = [one.n, one.good]
    return looks


def _more_in_doubt(
    units: Mapping[int, Mapping[int, Counts]], told: Mapping[int, Last], threshold: int
) -> list[tuple[int, int]]:
    """For each unit whose untold answers are a few, or of one service alone: its smallest told service, and it."""
    gaps: dict[int, list[int]] = {}
    shown: dict[int, list[tuple[int, int]]] = {}
    for service, counts in units.items():
        for unit, one in counts.items():
            known = told[service].entry(f"unit:{unit}").n if service in told else 0
            if one.n != known:
                gaps.setdefault(unit, []).append(one.n - known)
            if known and one.n == known:
                shown.setdefault(unit, []).append((known, service))
    return [
        (min(shown[unit])[1], unit)
        for unit, left in sorted(gaps.items())
        if unit in shown and min(left) < threshold and (len(left) < 2 or sum(left) < threshold)
    ]


def _lines(
    units: Mapping[int, Mapping[int, Counts]],
    weeks: Mapping[int, Mapping[int, Mapping[date, Counts]]],
    groups: Mapping[int, Mapping[tuple[str, str], Counts]],
) -> dict[int, dict[Key, Counts]]:
    """Every service's cells by name."""
    lines: dict[int, dict[Key, Counts]] = {}
    for service, found in weeks.items():
        days = sorted({begins for counts in found.values() for begins in counts})
        lines[service] = {
            f"week:{begins}": _sum(counts[begins] for counts in found.values() if begins in counts) for begins in days
        }
        if service == NO_SERVICE:
            continue
        lines[service] |= {f"unit:{unit}": one for unit, one in units.get(service, {}).items()}
        lines[service] |= {
            f"{dimension}:{group}": one
            for (dimension, group), one in groups.get(service, {}).items()
            if dimension in DIMENSIONS
        }
    return lines


def _unit_weeks(since: date, until: date) -> dict[int, dict[date, Counts]]:
    found: dict[int, dict[date, Counts]] = {}
    for unit, days in figures.all_days(since, until).items():
        for day in days:
            if day.side == "resident":
                weeks = found.setdefault(unit, {})
                monday = day.begins - timedelta(days=day.begins.weekday())
                weeks[monday] = _sum([weeks[monday], day.counts]) if monday in weeks else day.counts
    return found


def _sum(counts: Iterable[Counts]) -> Counts:
    some = list(counts)
    low, middle, good = (sum(one.levels[place] for one in some) for place in range(3))
    return Counts(sum(one.n for one in some), (low, middle, good))


# ---------------------------------------------------------------- kept rows


def years_kept(services: Iterable[int], year: int) -> dict[int, list[Look]]:
    """Several services' looks of a year, the oldest first. One query."""
    names = {_name(service, year): service for service in services}
    rows = Shown.objects.filter(pk__in=names)
    return {names[row.pk]: [_unpacked(one) for one in row.cells["looks"]] for row in rows}


def _kept(year: int) -> dict[int, list[Look]]:
    rows = Shown.objects.filter(pk__startswith="service/", pk__endswith=f"/{year}")
    return {int(row.pk.split("/")[1]): [_unpacked(one) for one in row.cells["looks"]] for row in rows}


def _name(service: int, year: int) -> str:
    return f"service/{service}/{year}"


def _packed(look: Look) -> list[Any]:
    cells = {key: [one.n, one.good, int(one.is_hidden)] for key, one in look.cells.items()}
    return [look.ends.isoformat(), [look.total.n, look.total.good, int(look.total.is_hidden)], cells, look.effects]


def _unpacked(packed: list[Any]) -> Look:
    ends, (n, good, is_hidden), cells, *effects = packed  # those kept before there were effects have none
    entries = {key: Entry(n, good, bool(waits)) for key, (n, good, waits) in cells.items()}
    return Look(date.fromisoformat(ends), Entry(n, good, bool(is_hidden)), entries, effects[0] if effects else {})
