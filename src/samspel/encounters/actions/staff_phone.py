"""The side of those who receive: a meeting begins on the staff member's phone, and she answers as the resident does.

Who answered is written nowhere: not with the answer, not in the audit trail, not in the point's row.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from samspel.core.actor import Actor
from samspel.core.errors import ConflictError, InvalidError
from samspel.encounters.actions.answering import Press, Pressed, press_level
from samspel.encounters.actions.pairing import Token, new_token, read_token
from samspel.encounters.actions.points import new_code
from samspel.encounters.models import Channel, Point, Service, Side
from samspel.encounters.queries import asking_now
from samspel.encounters.windows import key_of
from samspel.people.access import get_unit
from samspel.people.queries import lock_unit

ACT: Final = "encounter.answer_staff"


@dataclass(frozen=True)
class Meeting:
    """A meeting that goes on: where its answers come in, and what binds them."""

    point: Point
    token: Token

    @property
    def staff_key(self) -> str:
        """One answer from this side, whoever's phone it is."""
        return key_of(self.point.pk, "staff", self.token.text)


@transaction.atomic
def begin_meeting(*, actor: Actor, unit_id: int, service_id: int | None, channel: str, at: datetime) -> Meeting:
    """A token for one meeting, to be shown to the one she meets. The unit's own point is made when it is first needed.

    :raises ConflictError: the unit does not ask now.
    """
    unit = get_unit(actor, unit_id, ACT)
    point = staff_point(unit.pk)
    if not asking_now(point or Point(unit=unit), at).is_asking:
        raise ConflictError
    if channel and channel not in Channel.values:
        raise InvalidError
    if service_id is not None and not Service.objects.filter(pk=service_id, closed_at=None).exists():
        raise InvalidError
    if point is None:
        lock_unit(unit.pk)  # two phones that begin at once make one point
        point = staff_point(unit.pk) or Point.objects.create(
            unit=unit, kind=Point.Kind.STAFF, code=new_code(), opened_at=at
        )
    return Meeting(point, new_token(point, service_id=service_id, channel=channel, at=at))


def meeting_of(*, actor: Actor, unit_id: int, token: str, at: datetime) -> Meeting:
    """The meeting that a page goes on with.

    :raises ConflictError: it is none of this unit's, or too old.
    """
    unit = get_unit(actor, unit_id, ACT)
    point = staff_point(unit.pk)
    found = read_token(token, point, at) if point else None
    if point is None or found is None:
        raise ConflictError
    return Meeting(point, found)


def answer_as_staff(meeting: Meeting, level: int, *, at: datetime) -> Pressed:
    """Her level: saved at once, changeable for ten seconds."""
    press = Press(meeting.point, level, meeting.staff_key, side=Side.STAFF, token=meeting.token)
    return press_level(press, at=at)


def staff_point(unit_id: int) -> Point | None:
    """Where a unit's staff answer: the first that is open. One query."""
    points = Point.objects.select_related("unit").filter(unit_id=unit_id, kind=Point.Kind.STAFF, closed_at=None)
    return points.order_by("pk").first()
