"""How apps reach browsers: a numbered outbox row and a NOTIFY in the transaction of the change itself.

Numbers are gapless within a room. They are taken under the room's row lock, which is held until the commit,
so the order of numbers is the order of commits and a live process that sees a jump knows that it missed something.
"""

import json
from datetime import datetime
from typing import Final

from django.db import connection
from django.utils import timezone

from samspel.live.events import CHANNEL, Audience, Event
from samspel.live.models import Outbox

__all__ = ["Audience", "Event", "publish_on_commit", "sweep"]

# PostgreSQL refuses a NOTIFY of 8,000 bytes; a bigger event is announced by its number and read from the outbox.
NOTIFY_BYTES: Final = 7_000

_PUBLISH: Final = f"""
WITH numbered AS (
    INSERT INTO live_room (name, last) VALUES (%(room)s, 1)
    ON CONFLICT (name) DO UPDATE SET last = live_room.last + 1
    RETURNING last
), written AS (
    INSERT INTO live_outbox (room, number, name, audiences, data, created_at)
    SELECT %(room)s, last, %(name)s, %(audiences)s, %(data)s, %(now)s FROM numbered
    RETURNING number
)
SELECT number, pg_notify('{CHANNEL}', '[' || number || %(rest)s) FROM written
"""  # noqa: S608 (the channel is a constant of ours)


def publish_on_commit(*events: Event) -> tuple[int, ...]:
    """Tell the rooms when this transaction commits, and never if it does not. Gives the events' numbers.

    Call it last in an action: from here to the commit no other transaction can publish in the room. An action that
    touches several rooms gives all its events in one call, so that rooms are always locked in the same order.

    :raises RuntimeError: outside ``transaction.atomic``.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("publish_on_commit must be called inside transaction.atomic")
    now = timezone.now()
    numbers: dict[int, int] = {}
    with connection.cursor() as cursor:
        for index in sorted(range(len(events)), key=lambda index: events[index].room):
            cursor.execute(_PUBLISH, _parameters(events[index], now))
            numbers[index] = cursor.fetchone()[0]
    return tuple(numbers[index] for index in range(len(events)))


def _parameters(event: Event, now: datetime) -> dict[str, str | datetime | list[str]]:
    data = json.dumps(dict(event.data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    rest = "," + json.dumps([event.room, event.name, list(event.audiences), data], ensure_ascii=False)[1:]
    if len(rest.encode()) > NOTIFY_BYTES:
        rest = "," + json.dumps([event.room])[1:]
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
