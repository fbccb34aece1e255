"""Each night: has a unit's pattern changed? From figures through the engine to a signal on the unit's red thread.

Each side of a unit is looked at by itself, in whole weeks, once none of the week's answers waits for its other side.
The unit's row of ``Watch`` says from which week it is watched: a change that has been told lies before it, and is not
told again.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Min
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from samspel.core import thread
from samspel.core.actor import SYSTEM
from samspel.core.audit import record
from samspel.core.installation import installation
from samspel.core.models import Stage
from samspel.encounters import figures
from samspel.encounters.models import Answer, Point, Side, Signal, Watch
from samspel.encounters.weeks import monday_of, week_number
from samspel.engine.inference import Interval
from samspel.engine.inference.changes import DEFAULT, VERSION, Change, Panel, tell
from samspel.engine.inference.rechecking import check
from samspel.engine.inference.watching import common, follow

# How far back a watch remembers.
WEEKS = 104
# A service with fewer units is compared with the whole city: what few have in common is as unsure as each of them.
PEERS_LEAST, CITY = 12, 0
# Counts are told to the nearest ten, so that no week's own count follows from them.
ROUNDED_TO = 10


class WatchError(RuntimeError):
    """The engine's alarm is not what its own check computes; nothing was written."""


@dataclass(frozen=True)
class Found:
    """A change as it was told: from which week, on which side, from what to what, and on about how many answers."""

    signal_id: int
    side: Side
    since: date
    earliest: date
    latest: date
    seen: date
    before: Interval
    after: Interval
    gap: Interval
    n_before: int
    n_after: int


def changes_of(unit_id: int) -> list[Found]:
    """A unit's changes that have been told, the newest first. One query."""
    signals = Signal.objects.filter(unit_id=unit_id, finding__isnull=False).order_by("-noted_at", "-pk")
    return [_found(signal) for signal in signals]


def _found(signal: Signal) -> Found:
    told: dict[str, Any] = signal.finding or {}
    return Found(
        signal_id=signal.pk,
        side=Side(told["side"]),
        since=date.fromisoformat(told["since"]),
        earliest=date.fromisoformat(told["earliest"]),
        latest=date.fromisoformat(told["latest"]),
        seen=date.fromisoformat(told["seen"]),
        before=Interval(**told["before"]),
        after=Interval(**told["after"]),
        gap=Interval(**told["gap"]),
        n_before=told["n_before"],
        n_after=told["n_after"],
    )


# ---------------------------------------------------------------- the night's look


def find_changes(at: datetime) -> list[Signal]:
    """Look at every unit; the signals that are new. Once a week is looked at, the rest of its nights cost two queries.

    Twice changes nothing: a unit's side is locked, and its watch begins after what has been told.
    """
    until = monday_of(timezone.localdate(at))
    sealed = dict(
        Answer.objects.filter(sealed_until__gt=at, token__isnull=False).values_list("unit").annotate(first=Min("day"))
    )
    watches = {(watch.unit_id, watch.side): watch for watch in Watch.objects.all()}
    if watches and not any(_may_go_on(watch, sealed, until) for watch in watches.values()):
        return []
    since = until - timedelta(weeks=WEEKS)
    counted = figures.all_days(since, until)
    made = []
    for side in Side:
        made += _look_at_side(side, counted, since, until, sealed, watches, at)
    return made


def _may_go_on(watch: Watch, sealed: Mapping[int, date], until: date) -> bool:
    """Whether there is a week that is over, has none that waits for its other side, and has not been looked at."""
    return watch.seen_to < _ends(watch.unit_id, sealed, until) - timedelta(days=1)


def _ends(unit: int, sealed: Mapping[int, date], until: date) -> date:
    """The Monday before which a unit's weeks may be looked at."""
    return min(until, monday_of(sealed[unit])) if unit in sealed else until


def _look_at_side(
    side: Side,
    counted: Mapping[int, Iterable[figures.PeriodCounts]],
    since: date,
    until: date,
    sealed: Mapping[int, date],
    watches: Mapping[tuple[int, str], Watch],
    at: datetime,
) -> list[Signal]:
    units = sorted(counted)
    weeks = (until - since).days // 7
    n, good = np.zeros((2, len(units), weeks), dtype=np.int64)
    for row, unit in enumerate(units):
        watch = watches.get((unit, side))
        begins = date.fromisoformat(watch.state["begins"]) if watch else since
        ends = _ends(unit, sealed, until)
        for day in counted[unit]:
            if day.side == side and begins <= day.begins < ends:
                week = (day.begins - since).days // 7
                n[row, week] += day.counts.n
                good[row, week] += day.counts.good
    panel = Panel(n, good, _peers(units))
    away = common(panel)
    alarms: dict[int, list[tuple[int, Change]]] = defaultdict(list)
    for alarm in follow(panel, away).alarms:
        if wrong := check(panel, away, alarm):
            raise WatchError(f"unit {units[alarm.unit]}: {'; '.join(wrong)}")
        alarms[alarm.unit].append((alarm.seen, tell(panel, away, alarm)))
    made = []
    for row, unit in enumerate(units):
        if n[row].any() or (unit, side) in watches:
            made += _write(unit, side, since, _ends(unit, sealed, until), alarms[row], at)
    return made


def _peers(units: list[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Units asked most about the same service are peers, when they are enough; all others are each other's."""
    asked: dict[int, Counter[int]] = defaultdict(Counter)
    for unit, service in (
        Point.objects.filter(service__isnull=False).order_by("pk").values_list("unit_id", "service_id")
    ):
        asked[unit][service] += 1
    services = [asked[unit].most_common(1)[0][0] if unit in asked else CITY for unit in units]
    many = Counter(services)
    return np.array([one if many[one] >= PEERS_LEAST else CITY for one in services], dtype=np.int64)


# ---------------------------------------------------------------- what is written


@transaction.atomic
def _write(
    unit: int, side: Side, since: date, ends: date, alarms: list[tuple[int, Change]], at: datetime
) -> list[Signal]:
    Watch.objects.get_or_create(
        unit_id=unit,
        side=side,
        defaults={"seen_to": since - timedelta(days=1), "state": {"begins": since.isoformat(), "engine": VERSION}},
    )
    watch = Watch.objects.select_for_update().get(unit_id=unit, side=side)
    begins = date.fromisoformat(watch.state["begins"])
    made = []
    for week, change in alarms:
        seen = since + timedelta(weeks=week)
        if seen < begins:  # told by one who came before us
            continue
        made.append(_signal(unit, side, since, seen, change, at))
        begins = seen + timedelta(weeks=1)
    watch.state = {"begins": begins.isoformat(), "engine": VERSION}
    watch.seen_to = max(watch.seen_to, ends - timedelta(days=1))
    watch.save(update_fields=["state", "seen_to"])
    return made


def _signal(unit: int, side: Side, since: date, seen: date, change: Change, at: datetime) -> Signal:
    def monday(week: int) -> date:
        return since + timedelta(weeks=week)

    n_before, n_after = (max(ROUNDED_TO, _rounded(n)) for n in (change.n_before, change.n_after))
    finding = {
        "kind": "share of good",
        "side": str(side),
        "since": monday(change.since).isoformat(),
        "earliest": monday(change.earliest).isoformat(),
        "latest": monday(change.latest).isoformat(),
        "seen": seen.isoformat(),
        "before": _told(change.before, n_before),
        "after": _told(change.after, n_after),
        "gap": _told(change.gap, None),
        "n_before": n_before,
        "n_after": n_after,
        "engine": VERSION,
        "settings": {"bar": DEFAULT.bar, "least": DEFAULT.least},
    }
    with translation.override(installation().language):
        words = words_of_change(side, change, week_number(monday(change.since)))
        source = _("Ungefär %(before)s svar före och %(after)s efter") % {"before": n_before, "after": n_after}
    key = f"change:{unit}-{side}-{seen.isoformat()}"
    signal, is_new = Signal.objects.get_or_create(
        key=key, defaults={"unit_id": unit, "words": words, "source": source, "noted_at": at, "finding": finding}
    )
    if is_new:
        # What others may come to see of the thread, when it has a dialogue that is open, says no more than this.
        begun = thread.start_thread(unit_id=unit, title=_("Något i våra möten har ändrats"), at=at)
        thread.add_knot(begun.pk, Stage.SIGNAL, signal, at=at)
        record(SYSTEM, "signal.seen", signal, unit=unit)
    return signal


def words_of_change(side: Side, change: Change | Found, week: int) -> str:
    """What changed, in a sentence without figures. The gap is to what all units have in common: it may have the other
    sign than what the unit's own share did."""
    fell = change.gap.estimate < 0
    if fell != (change.after.estimate < change.before.estimate):
        return _("Sedan vecka %(week)s går det annorlunda för er än för andra.") % {"week": week}
    if side == Side.STAFF:
        if fell:
            return _("Sedan vecka %(week)s säger vi som tog emot mer sällan att mötet var bra.") % {"week": week}
        return _("Sedan vecka %(week)s säger vi som tog emot oftare att mötet var bra.") % {"week": week}
    if fell:
        return _("Sedan vecka %(week)s säger färre besökare att mötet var bra.") % {"week": week}
    return _("Sedan vecka %(week)s säger fler besökare att mötet var bra.") % {"week": week}


def _told(share: Interval, n: int | None) -> dict[str, float]:
    """An interval as it is kept; of shares never that all or none were good, as far as the answers reach."""

    def short(value: float) -> float:
        return round(value, 3) if n is None else round(min(max(value, 1 / n), 1 - 1 / n), 3)

    return {
        "estimate": short(share.estimate),
        "low": math.floor(share.low * 1000) / 1000,
        "high": math.ceil(share.high * 1000) / 1000,
        "level": share.level,
    }


def _rounded(n: int) -> int:
    return round(n / ROUNDED_TO) * ROUNDED_TO
