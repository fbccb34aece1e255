"""Makers of what people are asked at: a service, a point, a round that is open, over or told."""

import secrets
from datetime import datetime, timedelta

from samspel.encounters.keyed import hash_of, new_secret
from samspel.encounters.models import Channel, Point, Round, Service, Tablet
from samspel.people.models import Unit
from tests.people import WHEN


def make_service(key: str = "guidance", name: str = "Få vägledning om studier och jobb") -> Service:
    return Service.objects.get_or_create(key=key, defaults={"name": name})[0]


def make_point(unit: Unit, *, kind: str = Point.Kind.WALL, **values: object) -> Point:
    """A point where a service's visitors are asked; open since ``WHEN``."""
    given = {"service": make_service(), "channel": Channel.VISIT, "title": "Vid dörren", "opened_at": WHEN} | values
    return Point.objects.create(unit=unit, kind=kind, code=secrets.token_hex(5), **given)


def make_round(unit: Unit, *, opened_at: datetime = WHEN, days: int = 56, told: bool = False) -> Round:
    """A round; ``told``: it is over, and the unit has answered for it when it ended."""
    number = unit.rounds.count() + 1
    closes_at = opened_at + timedelta(days=days)
    answer = {"heard": "Ni väntade länge.", "done": "Vi öppnar klockan nio.", "published_at": closes_at}
    return Round.objects.create(
        unit=unit, number=number, opened_at=opened_at, closes_at=closes_at, **(answer if told else {})
    )


def make_tablet(point: Point, name: str = "Receptionen") -> str:
    """A tablet at a kiosk's point; gives the secret of its address."""
    secret = new_secret()
    Tablet.objects.create(point=point, name=name, secret=hash_of("tablet", secret), made_at=point.opened_at)
    return secret
