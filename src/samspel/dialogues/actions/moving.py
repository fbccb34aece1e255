"""A leader seats people by hand: at another table, or as gone. Whom a phone helps goes where the phone goes."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, NotFoundError
from samspel.dialogues.access import get_dialogue, seating_now
from samspel.dialogues.actions.leading import set_tables
from samspel.dialogues.actions.pens import pass_pens
from samspel.dialogues.live import tell
from samspel.dialogues.models import Dialogue, Placement, Seat, Sitting, Table
from samspel.dialogues.tables import name_of


def _with_those_helped(dialogue: Dialogue, seat_number: int) -> list[Seat]:
    """The seat and those whom its phone helps; one who is helped is moved with her helper.

    :raises ConflictError: she is helped by somebody who is here.
    """
    seat = Seat.objects.select_related("helped_by").filter(dialogue=dialogue, number=seat_number).first()
    if seat is None:
        raise NotFoundError("seat")
    helper = seat.helped_by
    if helper is not None and helper.left_at is None:
        raise ConflictError(
            _("%(name)s får hjälp av %(helper)s, och följer med när %(helper)s flyttas.")
            % {"name": name_of(seat), "helper": name_of(helper)}
        )
    return [seat, *Seat.objects.filter(helped_by=seat, left_at=None).order_by("number")]


@transaction.atomic
def move_seat(*, actor: Actor, dialogue_id: int, seat_number: int, table_id: int, at: datetime) -> list[Seat]:
    """Seat somebody at another table, in this seating and those to come, with those whom her phone helps.

    The pen she held is passed on. What she has shared lies where it lay. At the table already changes nothing.

    :returns: who moved.
    :raises ConflictError: she is helped by somebody at the table, and follows her.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    table = Table.objects.filter(dialogue=dialogue, pk=table_id).first()
    if table is None:
        raise NotFoundError("table")
    seats = _with_those_helped(dialogue, seat_number)
    seating = seating_now(dialogue)
    rows = Placement.objects.filter(seat__in=seats, seating__gte=seating)
    came_from = set(rows.filter(seating=seating).values_list("table_id", flat=True))
    if came_from == {table.pk}:
        return []
    Placement.objects.bulk_create(
        [Placement(seat=seat, seating=seating, table=table) for seat in seats], ignore_conflicts=True
    )
    rows.exclude(table=table).update(table=table, group=0)
    _settle(dialogue, seating, at)
    record(actor, "seat.moved", seats[0], table=table.pk, people=len(seats))
    tell(dialogue, "people")
    tell(dialogue, "step", step=dialogue.step_id or 0)
    return seats


@transaction.atomic
def set_gone(*, actor: Actor, dialogue_id: int, seat_number: int, wanted: bool, at: datetime) -> list[Seat]:
    """Somebody has gone home: she is not counted, and her pen is passed on. Her phone brings her back when it is used.

    Those whom only her phone helps are gone with it, until a leader lets them be back.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if wanted:
        seats = _with_those_helped(dialogue, seat_number)
    else:
        seats = list(Seat.objects.filter(dialogue=dialogue, number=seat_number))
        if not seats:
            raise NotFoundError("seat")
    changed = Seat.objects.filter(pk__in=[seat.pk for seat in seats], left_at__isnull=wanted)
    if not changed.update(left_at=at if wanted else None):
        return []
    _settle(dialogue, seating_now(dialogue), at)
    record(actor, "seat.gone" if wanted else "seat.back", seats[0], people=len(seats))
    tell(dialogue, "people")
    tell(dialogue, "step", step=dialogue.step_id or 0)
    return seats


def _settle(dialogue: Dialogue, seating: int, at: datetime) -> None:
    """Pens and reason advocates where people sit now; later seatings are made ready when they begin."""
    if Sitting.objects.filter(table__dialogue=dialogue, seating=seating, advocate__isnull=False).exists():
        set_tables(dialogue, seating, at=at)
        return
    sittings = Sitting.objects.select_for_update().filter(table__dialogue=dialogue, seating=seating)
    pass_pens(dialogue, list(sittings.order_by("table_id")), at=at)
