"""Who holds a table's pen: asked for, given, and passed on when who held it has moved, left, or never came."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.audit import record
from samspel.core.errors import ConflictError, NotFoundError
from samspel.dialogues import tables
from samspel.dialogues.access import Here
from samspel.dialogues.actions.sitting_down import AtTable, sit_down, tell_table
from samspel.dialogues.models import Dialogue, Placement, Seat, Sitting
from samspel.dialogues.tables import is_away, phones_at
from samspel.live.queries import connected_hints


@transaction.atomic
def set_pen_wanted(*, here: Here, wanted: bool, at: datetime) -> Sitting:
    """Ask for the pen, or let it be. A pen that nobody holds, or whose holder is gone, passes at once."""
    sat = sit_down(here, "table.pen")
    sitting = sat.sitting
    if not wanted:
        if sitting.pen_asked_by_id != here.seat.pk:
            return sitting
        sitting.pen_asked_by = None
    elif sitting.pen_id == here.seat.pk:
        return sitting
    elif _pen_is_free(sat, at):
        return _give_pen(sat, here.seat)
    elif sitting.pen_asked_by_id == here.seat.pk:
        return sitting
    else:
        sitting.pen_asked_by = here.seat
    sitting.save(update_fields=["pen_asked_by"])
    record(here.actor, "pen.asked_for" if wanted else "pen.let_be", sitting)
    tell_table(sat)
    return sitting


@transaction.atomic
def hand_over_pen(*, here: Here, to_number: int) -> Sitting:
    """Give the pen to somebody at the table, by place number.

    :raises ConflictError: the pen is another's already.
    """
    sat = sit_down(here, "table.pen")
    to = Seat.objects.filter(dialogue=sat.dialogue, number=to_number, kind=Seat.Kind.PHONE).first()
    if to is None or not _sits_here(sat, to):
        raise NotFoundError("seat")
    if sat.sitting.pen_id == to.pk:
        return sat.sitting
    if sat.sitting.pen_id != here.seat.pk:
        raise ConflictError(_("Pennan är redan hos någon annan."))
    return _give_pen(sat, to)


@transaction.atomic
def keep_pen(*, here: Here) -> Sitting:
    """«Not yet»: the one who asked for the pen may ask again."""
    sat = sit_down(here, "table.pen")
    if sat.sitting.pen_id != here.seat.pk or sat.sitting.pen_asked_by_id is None:
        return sat.sitting
    sat.sitting.pen_asked_by = None
    sat.sitting.save(update_fields=["pen_asked_by"])
    record(here.actor, "pen.kept", sat.sitting)
    tell_table(sat)
    return sat.sitting


def _pen_is_free(sat: AtTable, at: datetime) -> bool:
    if sat.sitting.pen_id is None:
        return True
    holder = Seat.objects.select_related("helped_by").get(pk=sat.sitting.pen_id)
    if not _sits_here(sat, holder):
        return True
    if holder.is_made_up and sat.dialogue.is_rehearsal:
        return True  # she has no hands to give it with
    return tables.is_away(holder, connected_hints(sat.dialogue.room, now=at), at)


def _sits_here(sat: AtTable, seat: Seat) -> bool:
    return Placement.objects.filter(
        seat=seat, table_id=sat.sitting.table_id, seating=sat.sitting.seating, seat__left_at=None
    ).exists()


def _give_pen(sat: AtTable, to: Seat) -> Sitting:
    sat.sitting.pen = to
    sat.sitting.pen_asked_by = None
    sat.sitting.save(update_fields=["pen", "pen_asked_by"])
    record(sat.here.actor, "pen.handed_over", sat.sitting, to=to.pk)
    tell_table(sat)
    return sat.sitting


def pass_pens(dialogue: Dialogue, sittings: Collection[Sitting], *, at: datetime) -> None:
    """See that the pen at each of these tables is with somebody who sits there; who holds it keeps it.

    Otherwise it goes to the one who asked for it, else to a phone that is here, else to any phone at the table. In a
    rehearsal somebody real comes before the made-up. At a table without phones nobody holds it.
    """
    connected: set[str] | None = None
    changed = []
    at_table = phones_at(sittings)
    held = _held_at_tablets(sittings)
    for sitting in sittings:
        phones = at_table.get((sitting.table_id, sitting.seating), [])
        here = {seat.pk for seat in phones}
        before = (sitting.pen_id, sitting.pen_asked_by_id)
        if sitting.pen_asked_by_id not in here:
            sitting.pen_asked_by_id = None
        if sitting.pen_id not in here and (sitting.table_id, sitting.seating, sitting.pen_id) not in held:
            if connected is None:
                connected = connected_hints(dialogue.room, now=at)
            away = {seat.pk: is_away(seat, connected, at) for seat in phones}
            phones.sort(
                key=lambda seat: (seat.pk != sitting.pen_asked_by_id, seat.is_made_up, away[seat.pk], seat.number)
            )
            sitting.pen_id = phones[0].pk if phones else None
            if sitting.pen_id == sitting.pen_asked_by_id:
                sitting.pen_asked_by_id = None
        if before != (sitting.pen_id, sitting.pen_asked_by_id):
            changed.append(sitting)
    Sitting.objects.bulk_update(changed, ["pen", "pen_asked_by"])


def _held_at_tablets(sittings: Collection[Sitting]) -> set[tuple[int, int, int | None]]:
    """Pens that the table's own device holds for somebody without a phone who sits there."""
    rows = Placement.objects.filter(
        table__in=[sitting.table_id for sitting in sittings],
        seat__in=[sitting.pen_id for sitting in sittings if sitting.pen_id is not None],
        seat__kind=Seat.Kind.HELPED,
        seat__helped_by=None,
        seat__left_at=None,
    )
    return set(rows.values_list("table_id", "seating", "seat_id"))
