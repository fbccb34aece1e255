"""World Café: one stays at every table as its host, with the pen, while the others go on to new tables."""

from datetime import datetime

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.numbers import number_of
from samspel.dialogues import compute
from samspel.dialogues.access import get_dialogue, seating_now
from samspel.dialogues.compute_changes import engine_name
from samspel.dialogues.live import tell
from samspel.dialogues.models import Dialogue, Invitation, Placement, PlannedPlace, Seat, Sitting
from samspel.engine import seating as engine


def find_hosts(dialogue: Dialogue, seating: int) -> list[Seat]:
    """See that somebody who is here stays at every table with phones; who is host remains so. Gives the new ones.

    A new host changes places, in the seatings to come, with one who was to come to her table: of those the one with
    whom it costs least. The caller holds the dialogue's lock.
    """
    if compute.seatings_of(dialogue) <= seating:
        return []
    rows = list(
        Placement.objects.filter(
            table__dialogue=dialogue, seating=seating, seat__left_at=None, seat__kind=Seat.Kind.PHONE
        )
        .select_related("seat")
        .order_by("seat__number")
    )
    hosted = {row.table_id for row in rows if row.is_host}
    could = {row.seat_id: row for row in rows if row.table_id not in hosted}
    if not could:
        return []
    seated = compute.seated_now(dialogue)
    name_of = {row.seat_id: engine_name(row.seat) for row in could.values()}
    by_name = {name_of[row.seat_id]: row for row in could.values()}
    rng = np.random.default_rng([dialogue.seating_seed, seating])
    tables = {name: f"t{row.table_id}" for name, row in by_name.items()}
    chosen = engine.choose_hosts(seated.problem, tables, rng=rng)
    board = engine.Board(seated.problem, seated.rounds)
    for name in chosen:
        _stay(dialogue, by_name[name].seat, by_name[name].table_id, seating, board)
    return [by_name[name].seat for name in chosen]


def _stay(dialogue: Dialogue, seat: Seat, table_id: int, seating: int, board: engine.Board) -> None:
    """She is host of the table from this seating on."""
    table = f"t{table_id}"
    rows = Placement.objects.filter(table__dialogue=dialogue, seating__gt=seating, seat__left_at=None)
    names = {engine_name(row.seat): row for row in rows.filter(seating=seating + 1).select_related("seat")}
    follows = set(
        Seat.objects.filter(dialogue=dialogue, helped_by__isnull=False).values_list("helped_by_id", flat=True)
    )
    me = engine_name(seat)
    for number in range(seating, len(board.rounds)):
        there = board.rounds[number]
        if there.get(me, table) == table:
            continue
        others = [
            name
            for name, row in names.items()
            if there.get(name) == table
            and not row.is_host
            and row.seat.kind == Seat.Kind.PHONE
            and row.seat_id not in follows
        ]
        swaps = [(other, board.cost(board.swapped(me, other, number))) for other in others]
        changes = board.moved(me, table, [number])
        if swaps and seat.pk not in follows:
            best, _cost = min(swaps, key=lambda swap: (len(swap[1].broken), -swap[1].new, swap[1].alike, swap[0]))
            changes = board.swapped(me, best, number)
            goes_to = int(there[me][1:])
            rows.filter(seat=names[best].seat, seating=number + 1).update(table_id=goes_to, group=0)
        board.make(changes)
    with_her = [seat, *Seat.objects.filter(helped_by=seat, left_at=None)]
    rows.filter(seat__in=with_her).update(table_id=table_id, group=0)
    Placement.objects.filter(seat=seat, seating__gte=seating, table_id=table_id).update(is_host=True)


def give_pens(dialogue: Dialogue, seating: int) -> None:
    """When a round begins its hosts have the pens: they know what the cards mean."""
    hosts = dict(
        Placement.objects.filter(
            table__dialogue=dialogue, seating=seating, is_host=True, seat__left_at=None, seat__kind=Seat.Kind.PHONE
        ).values_list("table_id", "seat_id")
    )
    changed = []
    for sitting in Sitting.objects.select_for_update().filter(table__in=hosts, seating=seating).order_by("table_id"):
        if sitting.pen_id != hosts[sitting.table_id] and sitting.counts_open_at is None:
            sitting.pen_id, sitting.pen_asked_by_id = hosts[sitting.table_id], None
            changed.append(sitting)
    Sitting.objects.bulk_update(changed, ["pen", "pen_asked_by"])


@transaction.atomic
def make_host(*, actor: Actor, dialogue_id: int, who: str, at: datetime) -> Dialogue:
    """Let somebody be the host of the table where she sits: ``i7`` on the list, ``s3`` a seat that is here.

    Who was its host goes on like the others. Before the meeting all others are drawn anew around her; during it the
    two change places in the seatings to come.

    :raises ConflictError: nobody stays in this plan, she has no table, or no phone.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if not dialogue.template.hosts_stay:
        raise ConflictError(_("I den här planen stannar ingen värd vid borden."))
    number, now = number_of(who[1:]), seating_now(dialogue)
    if number is None:
        raise NotFoundError("seat")
    name = "invitation_id" if who.startswith("i") else "pk"
    if name == "invitation_id" and not Seat.objects.filter(invitation_id=number, dialogue=dialogue).exists():
        _plan_host(dialogue, number, now)
    else:
        _seat_host(dialogue, {name: number}, now)
    record(actor, "host.named", dialogue)
    tell(dialogue, "people")
    tell(dialogue, "step", step=dialogue.step_id or 0)
    return dialogue


def _plan_host(dialogue: Dialogue, invitation_id: int, now: int) -> None:
    invitation = Invitation.objects.filter(pk=invitation_id, dialogue=dialogue).first()
    place = PlannedPlace.objects.filter(invitation=invitation, seating=now).first() if invitation else None
    if invitation is None or place is None:
        raise NotFoundError("person")
    if Seat.objects.filter(dialogue=dialogue).exists():
        raise ConflictError(_("Någon har redan anslutit. Välj en värd bland dem som är här."))
    old = PlannedPlace.objects.filter(invitation__dialogue=dialogue, table=place.table_id, is_host=True)
    PlannedPlace.objects.filter(
        invitation__in=list(old.values_list("invitation_id", flat=True)), table=place.table_id
    ).update(is_host=False, is_pinned=False)
    PlannedPlace.objects.filter(invitation=invitation).update(table=place.table_id, is_host=True, is_pinned=True)
    compute.seat_everyone(dialogue)


def _seat_host(dialogue: Dialogue, who: dict[str, int], now: int) -> None:
    seat = Seat.objects.filter(dialogue=dialogue, left_at=None, **who).first()
    place = Placement.objects.filter(seat=seat, seating=now).first() if seat else None
    if seat is None or place is None:
        raise NotFoundError("seat")
    if seat.kind != Seat.Kind.PHONE:
        raise ConflictError(_("Värden har pennan, och behöver en egen telefon."))
    if place.is_host:
        return
    before = Placement.objects.filter(table=place.table_id, seating=now, is_host=True).select_related("seat").first()
    seated = compute.seated_now(dialogue)
    board = engine.Board(seated.problem, seated.rounds)
    if before is not None:
        later = Placement.objects.filter(seating__gt=now)
        for row in later.filter(seat=seat):
            later.filter(seat=before.seat, seating=row.seating).update(table_id=row.table_id, group=0)
        later.filter(seat=seat).update(table_id=place.table_id, group=0)
        Placement.objects.filter(seat=before.seat).update(is_host=False)
        Placement.objects.filter(seat=seat, seating__gte=now, table=place.table_id).update(is_host=True)
        return
    _stay(dialogue, seat, place.table_id, now, board)
