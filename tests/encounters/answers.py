"""Makers of answers that the figures hold: rows in the database, then a refresh."""

import secrets
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from samspel.encounters import compaction
from samspel.encounters.models import Answer
from samspel.people.models import Unit
from tests.people import WHEN

DAY = WHEN.date()


def given(
    unit: Unit,
    *,
    good: int = 0,
    so_so: int = 0,
    bad: int = 0,
    day: date = DAY,
    side: str = "resident",
    refresh: bool = True,
    **values: object,
) -> list[Answer]:
    """So many answers of each level on a day, alike in all ``values`` (columns of ``Answer``).

    ``refresh=False`` leaves the figures as they were, for a test that gives many times and then calls ``refreshed``.
    """
    levels = [3] * good + [2] * so_so + [1] * bad
    made = [answer(unit, level, day=day, side=side, minute=number, **values) for number, level in enumerate(levels)]
    Answer.objects.bulk_create(made, batch_size=2000)
    if refresh:
        refreshed()
    return made


def given_pairs(unit: Unit, *pairs: tuple[int, int], day: date = DAY, refresh: bool = True, **values: object) -> None:
    """Meetings of which both told and that are open: (the resident's level, staff's level) of each."""
    for resident, staff in pairs:
        Answer.objects.bulk_create(
            [
                answer(unit, resident, day=day, other_level=staff, **values),
                answer(unit, staff, day=day, side="staff", other_level=resident, **values),
            ]
        )
    if refresh:
        refreshed()


def answer(
    unit: Unit, level: int, *, day: date = DAY, side: str = "resident", minute: int = 0, **values: object
) -> Answer:
    """One answer, not saved: at nine that day and so many minutes."""
    at = datetime.combine(day, time(9), timezone.get_current_timezone()) + timedelta(minutes=minute % 480)
    given = {"at": at, "received_at": at, "day": day, "key": f"test-{secrets.token_hex(10)}"} | values
    return Answer(unit=unit, level=level, side=side, **given)


def refreshed(at: datetime = WHEN) -> None:
    """Let the figures hold what has been given until now."""
    compaction.refresh(at)
