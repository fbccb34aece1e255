"""Where people are asked: setting up, changing and closing points, and how many visits there were."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError
from samspel.core.idempotency import once
from samspel.core.languages import SIGNED, SPOKEN
from samspel.core.texts import too_long
from samspel.encounters.access import get_point
from samspel.encounters.models import AgeBand, Area, Channel, Point, Service, Visits
from samspel.people.access import get_unit
from samspel.people.queries import is_provider

# Read aloud and written by hand from a poster: no letter that looks like another or like a digit.
CODE_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LENGTH: Final = 8
LONGEST_WINDOW_MIN: Final = 24 * 60
LONGEST_TITLE: Final = 80


@dataclass(frozen=True)
class PointDraft:
    """What is said of a point. Language, area and age only where they are known of everybody who answers there."""

    kind: str
    title: str = ""
    service_id: int | None = None
    provider_id: int | None = None
    channel: str = ""
    language: str = ""
    area_id: int | None = None
    age_band: str = ""
    window_min: int | None = 30


@transaction.atomic
def add_point(*, actor: Actor, unit_id: int, draft: PointDraft, key: str, at: datetime) -> Point | None:
    """A new point, open from now on; None when the key has made its point already."""
    unit = get_unit(actor, unit_id, "point.manage")
    if draft.kind not in Point.Kind.values:
        raise InvalidError(fields={"kind": _("Välj hur ni vill fråga.")})
    values = _checked(draft)
    if not once(key):
        return None
    point = Point.objects.create(unit=unit, kind=draft.kind, code=new_code(), opened_at=at, **values)
    record(actor, "point.added", point, unit=unit.pk, kind=draft.kind)
    return point


@transaction.atomic
def change_point(*, actor: Actor, unit_id: int, point_id: int, draft: PointDraft) -> Point:
    """Change what is said of a point from now on; answers that have come keep what was said of them. Its code and its
    kind stay: they are on the wall."""
    point = get_point(actor, unit_id, point_id, "point.manage", lock=True)
    values = _checked(draft)
    for name, value in values.items():
        setattr(point, name, value)
    point.save(update_fields=list(values))
    record(actor, "point.changed", point, unit=unit_id)
    return point


@transaction.atomic
def set_point_open(*, actor: Actor, unit_id: int, point_id: int, is_open: bool, at: datetime) -> Point:
    """Close a point, or open it again. Its answers stay."""
    point = get_point(actor, unit_id, point_id, "point.manage", lock=True)
    if (point.closed_at is None) != is_open:
        point.closed_at = None if is_open else at
        point.save(update_fields=["closed_at"])
        record(actor, "point.opened" if is_open else "point.closed", point, unit=unit_id)
    return point


@transaction.atomic
def count_visits(
    *, actor: Actor, unit_id: int, point_id: int, monday: date | None, count: int | None, at: datetime
) -> None:
    """How many meetings there were in a week; an empty count takes the number away."""
    point = get_point(actor, unit_id, point_id, "point.manage", lock=True)
    if monday is None or monday > timezone.localdate(at):
        raise InvalidError(fields={"week": _("Välj en vecka som har börjat.")})
    monday -= timedelta(days=monday.weekday())
    if count is None:
        Visits.objects.filter(point=point, monday=monday).delete()
    else:
        Visits.objects.update_or_create(point=point, monday=monday, defaults={"count": min(count, 10**6)})
    record(actor, "point.visits_counted", point, unit=unit_id, week=monday.isoformat())


def new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _place in range(CODE_LENGTH))


def _checked(draft: PointDraft) -> dict[str, object]:
    """The draft's values as the row has them.

    :raises InvalidError: with every field that cannot be used.
    """
    wrong = {}
    if draft.service_id is not None and not Service.objects.filter(pk=draft.service_id, closed_at=None).exists():
        wrong["service"] = _("Den tjänsten finns inte längre. Välj en annan.")
    if draft.provider_id is not None and not is_provider(draft.provider_id):
        wrong["provider"] = _("Den utföraren finns inte. Välj en annan.")
    if draft.area_id is not None and not Area.objects.filter(pk=draft.area_id).exists():
        wrong["area"] = _("Det området finns inte. Välj ett annat.")
    if draft.channel and draft.channel not in Channel.values:
        wrong["channel"] = _("Välj hur ni möts.")
    if draft.language and (draft.language not in SPOKEN or draft.language in SIGNED):
        wrong["language"] = _("Välj ett språk i listan.")
    if draft.age_band and draft.age_band not in AgeBand.values:
        wrong["age_band"] = _("Välj en åldersgrupp i listan.")
    if draft.window_min is None or not 0 <= draft.window_min <= LONGEST_WINDOW_MIN:
        wrong["window_min"] = _("Skriv minuter, från 0 till 1440.")
    title = " ".join(draft.title.split())
    if told := too_long(title, LONGEST_TITLE):
        wrong["title"] = told
    if wrong:
        raise InvalidError(fields=wrong)
    return {
        "title": title,
        "service_id": draft.service_id,
        "provider_id": draft.provider_id,
        "channel": draft.channel,
        "language": draft.language,
        "area_id": draft.area_id,
        "age_band": draft.age_band,
        "window_min": draft.window_min,
    }
