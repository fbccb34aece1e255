"""A table's own device: a tablet that lies on the table. It is nobody: no seat, no marks, nowhere counted.

What makes it the table's is a signed cookie, given for a signed link that the leader shows or prints. It shows what the
table shares, and presses for those without a phone, each by her own seat.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.permissions import may
from samspel.dialogues.access import Here, get_dialogue_by_code, phase_of, seating_now
from samspel.dialogues.models import Dialogue, Placement, Seat, Table
from samspel.dialogues.sealing import SeatToken

SALT = "samspel.dialogues.tablet"
COOKIE = "tablet"
AGE_S = 60 * 60 * 24 * 4
SEEN_EVERY_S = 30


@dataclass(frozen=True)
class Tablet:
    """The device of a table, and those without a phone who sit there and have nobody's phone to help them."""

    dialogue: Dialogue
    table: Table
    people: tuple[Seat, ...]

    @property
    def phase(self) -> str:
        return phase_of(self.dialogue)

    def person(self, number: int) -> Seat:
        """:raises NotFoundError: she sits elsewhere, has a phone, or is helped by somebody's."""
        for seat in self.people:
            if seat.number == number:
                return seat
        raise NotFoundError("seat")

    def here(self, number: int) -> Here:
        """A person's place, to hand to any action. No device keeps a secret for her, so that nothing can tell later
        whose her thoughts were."""
        seat = self.person(number)
        placement = Placement.objects.select_related("table").get(seat=seat, seating=seating_now(self.dialogue))
        return Here(self.dialogue, seat, SeatToken(seat.number, secrets.token_bytes(32)), placement)


def key_of(table: Table) -> str:
    """What stands in a table's link: cannot be guessed from the meeting's code or from another table's."""
    return salted_hmac(SALT, f"{table.dialogue_id}:{table.pk}", algorithm="sha256").hexdigest()[:20]


def path_of(table: Table, code: str) -> str:
    return f"/b/{code}/join/{table.number}/{key_of(table)}"


def table_of_link(code: str, number: int, key: str) -> Table:
    """The table that a link is for.

    :raises NotFoundError: no such meeting now, no such table, or another's key.
    """
    dialogue = get_dialogue_by_code(code)
    table = Table.objects.filter(dialogue=dialogue, number=number).first()
    if table is None or not constant_time_compare(key, key_of(table)):
        raise NotFoundError("table")
    if not may({"participant"}, "seat.help", phase_of(dialogue)):
        raise ConflictError
    return table


def set_cookie(response: HttpResponse, table: Table, code: str) -> None:
    """From now on the device is the table's, for this meeting's tablet pages only."""
    response.set_cookie(
        COOKIE,
        signing.dumps({"dialogue": table.dialogue_id, "table": table.pk}, salt=SALT),
        max_age=AGE_S,
        path=f"/b/{code}/",
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def find_tablet(request: HttpRequest, code: str, act: str = "seat.help") -> Tablet:
    """The table whose device this browser is.

    :raises NotFoundError: it is none in this dialogue.
    :raises ConflictError: not in this phase: nobody is helped when the dialogue is over.
    """
    dialogue = get_dialogue_by_code(code)
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=AGE_S)
    except signing.BadSignature:
        raise NotFoundError("table") from None
    table = Table.objects.filter(dialogue=dialogue, pk=kept["table"]).first()
    if table is None or kept["dialogue"] != dialogue.pk:
        raise NotFoundError("table")
    if not may({"participant"}, act, phase_of(dialogue)):
        raise ConflictError
    return Tablet(dialogue, table, tuple(people_at(table, seating_now(dialogue))))


def people_at(table: Table, seating: int) -> Sequence[Seat]:
    """Those at a table who are helped by nobody's phone. One query."""
    rows = Placement.objects.filter(
        table=table, seating=seating, seat__kind=Seat.Kind.HELPED, seat__helped_by=None, seat__left_at=None
    )
    return [row.seat for row in rows.select_related("seat").order_by("seat__number")]


def once_at(table: Table) -> Sequence[Seat]:
    """Those without a phone who sit here or have sat here: what was half said for one may lie on this device still."""
    rows = Seat.objects.filter(placements__table=table, kind=Seat.Kind.HELPED, left_at=None)
    return list(rows.distinct().order_by("number"))


def touch(tablet: Tablet, at: datetime) -> None:
    """The tablet is here, and so are those it presses for."""
    stale = [seat.pk for seat in tablet.people if (at - seat.seen_at).total_seconds() > SEEN_EVERY_S]
    if stale:
        Seat.objects.filter(pk__in=stale).update(seen_at=at)
