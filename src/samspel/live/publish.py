"""How apps reach browsers: a numbered outbox row and a NOTIFY in the transaction of the change itself.

With ``SAMSPEL_LIVE_BUS`` the notice goes to Redis after the commit instead: transactions that carry a NOTIFY commit one
at a time in PostgreSQL.

Numbers are gapless within a room. They are taken under the room's row lock, which is held until the commit,
so the order of numbers is the order of commits and a live process that sees a jump knows that it missed something.
"""

import json
from datetime import datetime
from functools import partial
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from samspel.live.events import CHANNEL, Audience, Event
from samspel.live.models import Outbox

__all__ = ["Audience", "Event", "publish_on_commit", "sweep"]

# PostgreSQL refuses a NOTIFY of 8,000 bytes; a bigger event is announced by its number and read from the outbox.
NOTIFY_BYTES: Final = 7_000

_WRITE: Final = """
WITH numbered AS (
    INSERT INTO live_room (name, last) VALUES (%(room)s, 1)
    ON CONFLICT (name) DO UPDATE SET last = live_room.last + 1
    RETURNING last
), written AS (
    INSERT INTO live_outbox (room, number, name, audiences, data, created_at)
    SELECT %(room)s, last, %(name)s, %(audiences)s, %(data)s, %(now)s FROM numbered
    RETURNING number
)
SELECT number"""
_ONLY_WRITE: Final = f"{_WRITE} FROM written"
_WRITE_AND_NOTIFY: Final = f"{_WRITE}, pg_notify('{CHANNEL}', '[' || number || %(rest)s) FROM written"


def publish_on_commit(*events: Event) -> tuple[int, ...]:
    """Tell the rooms when this transaction commits, and never if it does not. Gives the events' numbers.

    Call it last in an action: from here to the commit no other transaction can publish in the room. An action that
    touches several rooms gives all its events in one call, so that rooms are always locked in the same order.

    :raises RuntimeError: outside ``transaction.atomic``.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("publish_on_commit must be called inside transaction.atomic")
    now = timezone.now()
    statement = _ONLY_WRITE if settings.LIVE_BUS else _WRITE_AND_NOTIFY
    numbers: dict[int, int] = {}
    with connection.cursor() as cursor:
        for index in sorted(range(len(events)), key=lambda index: events[index].room):
            data = json.dumps(dict(events[index].data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            rest = _rest_of_notice(events[index], data)
            cursor.execute(statement, _parameters(events[index], data, rest, now))
            numbers[index] = cursor.fetchone()[0]
            if settings.LIVE_BUS:
                transaction.on_commit(partial(_announce, f"[{numbers[index]}{rest}"))
    return tuple(numbers[index] for index in range(len(events)))


def _announce(payload: str) -> None:
    # Only an installation that has the extra (samspel[redis]) comes here.
    from samspel.live.redis_bus import announcer

    announcer(settings.LIVE_BUS).say(payload)


def _rest_of_notice(event: Event, data: str) -> str:
    """What follows ``[`` and the number."""
    rest = "," + json.dumps([event.room, event.name, list(event.audiences), data], ensure_ascii=False)[1:]
    return rest if len(rest.encode()) <= NOTIFY_BYTES else "," + json.dumps([event.room])[1:]


def _parameters(event: Event, data: str, rest: str, now: datetime) -> dict[str, str | datetime | list[str]]:
    return {
        "room": event.room,
        "name": event.name,
        "audiences": [*map(str, event.audiences)],
        "data": data,
        "now": now,
        "rest": rest,
    }


def sweep(before: datetime) -> int:
    """Erase outbox rows published before ``before``; gives how many. Counters stay: a number is never used twice."""
    return Outbox.objects.filter(created_at__lt=before).delete()[0]
