"""A leader changes tables by hand, before the meeting and during it: moved, swapped, gone, not coming, drawn anew.

Whom a phone helps goes where the phone goes. A hard rule says no; everything else has a price that the page has shown.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.numbers import number_of
from samspel.dialogues import compute
from samspel.dialogues.access import get_dialogue, seating_now
from samspel.dialogues.actions.leading import set_tables
from samspel.dialogues.actions.pens import pass_pens
from samspel.dialogues.compute_changes import ByHand, by_hand
from samspel.dialogues.live import tell
from samspel.dialogues.models import Dialogue, Invitation, Placement, PlannedPlace, Seat, Sitting, State
from samspel.dialogues.prices import why_not
from samspel.dialogues.tables import name_of


@dataclass(frozen=True)
class Spot:
    """Where somebody sits in a seating; by the names of ``compute.Seated``."""

    who: str
    seating: int
    table_id: int
    is_pinned: bool = False


@dataclass(frozen=True)
class Moved:
    """Who went where, to be told and taken back; the one who was chosen comes first."""

    names: tuple[str, ...]
    before: tuple[Spot, ...]
    after: tuple[Spot, ...]


@transaction.atomic
def place_by_hand(
    *, actor: Actor, dialogue_id: int, who: str, to: str, seating: int | None = None, at: datetime
) -> Moved:
    """Send somebody to another table (``to`` is ``t`` and its number), or let two change places (``to`` is a person).

    It holds for one seating, the one that goes on when none is named; where people choose their tables, also for those
    that follow. Before anybody has come, the places are kept when the rest is drawn anew. The pen she held is passed
    on; what she has shared lies where it lay.

    :raises ConflictError: a hard rule says no, with the reason; or she is helped by somebody, and follows her.
    """
    dialogue = get_dialogue(actor, dialogue_id, "seat.move", lock=True)
    hand = by_hand(dialogue, seating)
    if who not in hand.sitting:
        raise NotFoundError("seat")
    _check_not_helped(hand, who)
    if to in hand.helped_by:
        _check_not_helped(hand, to)
    changes = dict(hand.to_table(who, to) if to.startswith("t") else hand.swapped(who, to))
    changes = {key: table for key, table in changes.items() if hand.board.rounds[key[0]][key[1]] != table}
    if not changes:
        return Moved((), (), ())
    cost = hand.board.cost(changes)
    if cost.broken:
        raise ConflictError(why_not(cost.broken[0], hand.names(cost.broken[0].people)))
    pinned = set(
        PlannedPlace.objects.filter(invitation__dialogue=dialogue, is_pinned=True).values_list(
            "invitation_id", "seating"
        )
    )
    before = tuple(
        Spot(one, number + 1, int(hand.board.rounds[number][one][1:]), _is_in(pinned, one, number + 1))
        for number, one in changes
    )
    after = tuple(Spot(one, number + 1, int(table[1:]), True) for (number, one), table in changes.items())
    _put(dialogue, hand, after)
    people = list(dict.fromkeys(spot.who for spot in after))
    record(actor, "seat.moved", dialogue, people=len(people), seating=after[0].seating)
    _changed(dialogue, {spot.seating for spot in after}, at)
    return Moved(tuple(hand.names(people)), before, after)


def _check_not_helped(hand: ByHand, who: str) -> None:
    helper = hand.helped_by.get(who)
    if helper is not None:
        raise ConflictError(
            _("%(name)s får hjälp av %(helper)s, och följer med när %(helper)s flyttas.")
            % {"name": hand.name(who), "helper": hand.name(helper)}
        )


def _is_in(pinned: set[tuple[int, int]], who: str, seating: int) -> bool:
    return who.startswith("i") and (int(who[1:]), seating) in pinned


def _put(dialogue: Dialogue, hand: ByHand, spots: Iterable[Spot]) -> None:
    """Write where people sit: who is here has a placement, who is expected a planned place."""
    for spot in spots:
        seat = hand.seats.get(spot.who)
        if seat is not None:
            Placement.objects.filter(seat=seat, seating=spot.seating).update(table_id=spot.table_id, group=0)
        else:
            PlannedPlace.objects.filter(
                invitation_id=spot.who[1:], invitation__dialogue=dialogue, seating=spot.seating
            ).update(table_id=spot.table_id, is_pinned=spot.is_pinned)


def _changed(dialogue: Dialogue, seatings: set[int], at: datetime) -> None:
    """Count anew what the plan gives, or see that pens are where people sit; and tell those who look."""
    now = seating_now(dialogue)
    has_joined = Seat.objects.filter(dialogue=dialogue).exists()
    if not has_joined:
        compute.retell(dialogue)
    elif now in seatings:
        _settle(dialogue, now, at)
    if dialogue.state == State.DRAFT:
        return
    tell(dialogue, "people")
    if now in seatings and has_joined:
        tell(dialogue, "step", step=dialogue.step_id or 0)


@transaction.atomic
def put_back(
    *, actor: Actor, dialogue_id: int, before: Iterable[Spot], after: Iterable[Spot], at: datetime
) -> Dialogue:
    """Take a change back: everyone sits again where she sat.

    :raises ConflictError: somebody has been moved since.
    """
    dialogue = get_dialogue(actor, dialogue_id, "seat.move", lock=True)
    spots = list(before)
    hand = by_hand(dialogue)
    for spot in after:
        if hand.board.rounds[spot.seating - 1].get(spot.who) != f"t{spot.table_id}":
            raise ConflictError(_("Någon har flyttat efter det. Ändra i stället."))
    _put(dialogue, hand, spots)
    record(actor, "seat.moved_back", dialogue, people=len({spot.who for spot in spots}))
    _changed(dialogue, {spot.seating for spot in spots}, at)
    return dialogue


@transaction.atomic
def draw_anew(*, actor: Actor, dialogue_id: int, seed: int | None = None, at: datetime) -> int:
    """Draw all places anew but those that were chosen by hand; gives the seed of before, which brings them back.

    :raises ConflictError: somebody has joined, and nobody who sits is moved by lot.
    """
    dialogue = get_dialogue(actor, dialogue_id, "seat.move", lock=True)
    if Seat.objects.filter(dialogue=dialogue).exists():
        raise ConflictError(_("Någon har redan anslutit, så platserna dras inte om. Flytta en i taget."))
    old = dialogue.seating_seed
    dialogue.seating_seed = secrets.randbits(48) if seed is None else seed
    dialogue.save(update_fields=["seating_seed"])
    compute.seat_everyone(dialogue)
    record(actor, "seats.drawn_anew", dialogue)
    if dialogue.state != State.DRAFT:
        tell(dialogue, "people")
    return old


@transaction.atomic
def unpin(*, actor: Actor, dialogue_id: int, who: str, seating: int, at: datetime) -> None:
    """Let a place that was chosen by hand be drawn again with the rest; a named host is no longer one."""
    dialogue = get_dialogue(actor, dialogue_id, "seat.move", lock=True)
    rows = PlannedPlace.objects.filter(invitation__dialogue=dialogue, invitation_id=_invitation_id(who), is_pinned=True)
    if rows.filter(is_host=True).exists():
        rows.update(is_pinned=False)
    else:
        rows.filter(seating=seating).update(is_pinned=False)
    record(actor, "seat.unpinned", dialogue)


@transaction.atomic
def set_absent(*, actor: Actor, dialogue_id: int, who: str, at: datetime) -> Invitation:
    """Somebody on the list does not come: her place is free. If she comes after all she is placed like a late-comer."""
    dialogue = get_dialogue(actor, dialogue_id, "seat.move", lock=True)
    invitation = Invitation.objects.filter(dialogue=dialogue, pk=_invitation_id(who)).first()
    if invitation is None or Seat.objects.filter(invitation=invitation).exists():
        raise NotFoundError("seat")
    PlannedPlace.objects.filter(invitation=invitation).delete()
    record(actor, "seat.absent", dialogue)
    _changed(dialogue, set(), at)
    return invitation


def _invitation_id(who: str) -> int:
    number = number_of(who[1:])
    if not who.startswith("i") or number is None:
        raise NotFoundError("seat")
    return number


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


def _with_those_helped(dialogue: Dialogue, seat_number: int) -> list[Seat]:
    """The seat and those whom its phone helps.

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


def _settle(dialogue: Dialogue, seating: int, at: datetime) -> None:
    """Pens and reason advocates where people sit now; later seatings are made ready when they begin."""
    if Sitting.objects.filter(table__dialogue=dialogue, seating=seating, advocate__isnull=False).exists():
        set_tables(dialogue, seating, at=at)
        return
    sittings = Sitting.objects.select_for_update().filter(table__dialogue=dialogue, seating=seating)
    pass_pens(dialogue, list(sittings.order_by("table_id")), at=at)
