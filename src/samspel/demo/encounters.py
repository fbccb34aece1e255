"""How Lindvik asks, beside its posters: areas, sampling plans, a tablet in a reception, links after a visit at home."""

from datetime import datetime, timedelta
from typing import Final

from samspel.core.actor import Actor
from samspel.encounters.actions import setup
from samspel.encounters.actions.invitations import make_links
from samspel.encounters.actions.plans import set_plan
from samspel.encounters.actions.points import PointDraft, add_point
from samspel.encounters.actions.tablets import add_tablet, hear
from samspel.encounters.models import Channel, Point, Service, Tablet
from samspel.encounters.sampling import Levers
from samspel.people.models import Unit

AREAS: Final = ("Centrum", "Norrvik", "Åbacken", "Strömmen")
# Unit, service, meetings a week, every which is asked, answers of 100 asked, weeks.
PLANS: Final = (
    ("Vägledningscentrum", "guidance", 240, 2, 60, 8),
    ("Socialkontoret", "guidance", 120, 2, 55, 8),
    ("Hjälp hemma i Norrvik", "help-at-home", 400, 5, 50, 8),
)


def set_up_asking(leader: Actor, *, at: datetime) -> None:
    """After the posters are up and their services are there."""
    for name in AREAS:
        setup.add_area(actor=leader, name=name)
    services = {service.key: service.pk for service in Service.objects.all()}
    units = {unit.name: unit.pk for unit in Unit.objects.all()}
    for unit, service, meetings, every, answering, weeks in PLANS:
        levers = Levers(meetings, every, answering, weeks)
        set_plan(actor=leader, unit_id=units[unit], service_id=services[service], levers=levers, at=at)
    _tablets(leader, units["Vägledningscentrum"], services["guidance"], at)
    _links(leader, units["Hjälp hemma i Norrvik"], services["help-at-home"], at)


def _tablets(leader: Actor, unit_id: int, service_id: int, at: datetime) -> None:
    """Two in one reception: one that was heard of just now, one whose plug somebody has taken."""
    draft = PointDraft(Point.Kind.KIOSK, "Receptionen", service_id=service_id, channel=Channel.VISIT)
    point = add_point(
        actor=leader, unit_id=unit_id, draft=draft, key="demo-kiosk-reception", at=at - timedelta(days=30)
    )
    assert point is not None
    for number, (name, heard) in enumerate((("Vid luckan", timedelta(minutes=1)), ("Vid soffan", timedelta(days=2)))):
        made_at = at - timedelta(days=30)
        key = f"demo-tablet-number-{number}"
        add_tablet(actor=leader, unit_id=unit_id, point_id=point.pk, name=name, key=key, at=made_at)
        tablet = Tablet.objects.select_related("point").get(point=point, name=name)
        hear(tablet, [], waiting=0, clock=at - heard, at=at - heard)


def _links(leader: Actor, unit_id: int, service_id: int, at: datetime) -> None:
    draft = PointDraft(Point.Kind.LINK, "Sms efter besöket", service_id=service_id, channel=Channel.HOME)
    point = add_point(actor=leader, unit_id=unit_id, draft=draft, key="demo-links-after-visit", at=at)
    assert point is not None
    make_links(
        actor=leader,
        unit_id=unit_id,
        point_id=point.pk,
        number=200,
        is_single_use=True,
        key="demo-links-two-hundred",
        at=at,
    )
