"""What pages ask live delivery: where a room's events stand, who is connected, and the attributes of a page's line."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from samspel.core.prepared import Prepared
from samspel.live.events import Audience
from samspel.live.models import Presence, Process, Room
from samspel.live.tickets import issue_ticket

# A live process says that it lives every five seconds.
ALIVE: Final = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Line:
    """What a page needs to listen: ``<body data-live="{{ line.url }}" data-live-ticket="{{ line.ticket }}"
    data-live-since="{{ line.since }}" data-live-ticket-url="…">``."""

    url: str
    ticket: str
    since: int


def line_to(room: str, audience: Audience, *, hint: str = "") -> Line:
    """A line for a page that may see the room. Call it *before* reading what the page shows: then nothing that happens
    in between is missed. The page's ticket address answers ``{"ticket": line_to(…).ticket}``."""
    since = last_number(room)
    return Line(url=f"/live/{quote(room, safe=':')}", ticket=issue_ticket(room, audience, hint=hint), since=since)


def last_number(room: str) -> int:
    """The number of the room's latest event, 0 before the first."""
    found = _LAST.first(room)
    return found[0] if found else 0


_LAST = Prepared[tuple[int]](lambda room: Room.objects.filter(name=room).values_list("last")[:1])


_CONNECTED = Prepared[tuple[str]](
    lambda room, since: Presence.objects.filter(
        room=room, process__in=Process.objects.filter(seen_at__gte=since).values("name")
    ).values_list("hint")
)
_CONNECTED_AMONG = Prepared[tuple[str]](
    lambda room, since, hints: Presence.objects.filter(
        room=room, process__in=Process.objects.filter(seen_at__gte=since).values("name"), hint__in=hints
    ).values_list("hint")
)


def connected_hints(room: str, *, now: datetime, among: Collection[str] | None = None) -> set[str]:
    """The hints (seats) that have at least one stream open in the room, at most some seconds old.

    :param among: only these are asked for: a table need not read the whole hall.
    """
    since = now - ALIVE
    rows = _CONNECTED(room, since) if among is None else _CONNECTED_AMONG(room, since, list(among))
    return {hint for (hint,) in rows}
