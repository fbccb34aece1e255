"""Who holds a table's pen when the one who held it has moved, left, or never came."""

from collections.abc import Collection
from datetime import datetime

from samspel.dialogues.models import Dialogue, Placement, Seat, Sitting
from samspel.dialogues.tables import is_away, phones_at
from samspel.live.queries import connected_hints


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
