"""A bridge-builder at her desk: choosing anew, and adjusting by hand."""

from datetime import datetime
from typing import Final, Literal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record, record_fact
from samspel.core.errors import ConflictError, NotFoundError
from samspel.exchange import compute, compute_changes, proposing
from samspel.exchange.access import get_match, get_post, require_broker
from samspel.exchange.chosen import chosen_now
from samspel.exchange.models import Judgement, Match, Selection, Transfer, Wish
from samspel.exchange.queries import SHUT_OUT_BY_HAND

DESK_S: Final = 4.0  # a bridge-builder waits for it
NIGHT_S: Final = 60.0
PROPOSED: Final = frozenset({Match.State.PROPOSED.value})

Adjustment = Literal["fix", "free", "swap", "forbid"]


def choose_anew(*, actor: Actor, at: datetime) -> Selection:
    """Match the posts as they stand now."""
    require_broker(actor, "desk.change")
    selection = compute.select(at=at, time_limit_s=DESK_S)
    record_fact(actor, "exchange.selected", "exchange.selection", needs=selection.needs, met=selection.met)
    return selection


@transaction.atomic
def adjust(*, actor: Actor, match_id: int, offer_id: int, need_id: int, how: Adjustment, at: datetime) -> int | None:
    """Lock a gift, let it free, choose anew around it, or shut it out and leave all else. Asked again it is so already.

    Gives the proposal that the need is in now, else one of whoever would have given to it; None when there is none.

    :raises ConflictError: the proposal has changed meanwhile, or is gone.
    """
    require_broker(actor, "desk.change")
    gift = Wish.objects.filter(offer_id=offer_id, need_id=need_id)
    if how in {"swap", "forbid"}:
        proposing.hold_selection()
        if gift.filter(kind=Wish.Kind.FORBID).exists():
            return _proposal_around(offer_id, need_id)
    try:
        match = get_match(actor, match_id, "desk.change", states=PROPOSED, lock=True)
        transfer = match.transfers.get(offer=offer_id, need=need_id)
    except (NotFoundError, Transfer.DoesNotExist) as error:
        raise ConflictError from error
    record(actor, "match.adjusted", match, place=transfer.place, how=how)
    if how == "free":
        gift.filter(kind=Wish.Kind.FIX).delete()
        return match_id
    kind = Wish.Kind.FIX if how == "fix" else Wish.Kind.FORBID
    if how in {"swap", "forbid"}:
        chosen = chosen_now(at)
        way: compute_changes.Way = "swap" if how == "swap" else "forbid"
        if chosen is None or not compute_changes.take_out(chosen, offer_id, need_id, way, at):
            raise ConflictError
        Judgement.objects.create(need=need_id, parts=transfer.parts, is_good=False, at=at)
    Wish.objects.update_or_create(
        offer_id=offer_id, need_id=need_id, defaults={"kind": kind, "by_id": actor.person_id, "at": at}
    )
    return _proposal_around(offer_id, need_id)


@transaction.atomic
def let_meet(*, actor: Actor, offer_id: int, need_id: int) -> None:
    """Two that a bridge-builder shut out may be put together again, from the next count on; what was learned of them
    is forgotten. Asked again it is so already. What a party has said no to stays shut out.
    """
    require_broker(actor, "desk.change")
    proposing.hold_selection()
    wish = Wish.objects.filter(SHUT_OUT_BY_HAND, offer_id=offer_id, need_id=need_id).first()
    if wish is None:
        return
    Judgement.objects.filter(need=need_id, is_good=False, at=wish.at).delete()
    wish.delete()
    record_fact(actor, "posts.let_meet", "exchange.post")


@transaction.atomic
def put_together(*, actor: Actor, offer_id: int, need_id: int, at: datetime) -> int | None:
    """Two posts that she knows belong together: locked, and the others chosen anew around them.

    Gives the proposal that they are in; None when the lock waits, because whoever gives has a need that nobody in a
    ring with the other could meet yet.

    :raises ConflictError: the offer is none that could meet the need, as the posts stand now.
    """
    proposing.hold_selection()
    offer, need = (get_post(actor, post_id, "desk.change") for post_id in (offer_id, need_id))
    chosen = chosen_now(at)
    if chosen is None or not compute_changes.could_meet(chosen, offer.pk, need.pk):
        raise ConflictError(_("De två går inte att sätta ihop nu. Räkna om på brobyggarens bord och försök igen."))
    Wish.objects.filter(kind=Wish.Kind.FIX).filter(
        Q(offer__party=offer.party_id) | Q(need__party=need.party_id)
    ).delete()  # nobody gives twice, or is given to twice
    known = {"kind": Wish.Kind.FIX, "by_id": actor.person_id, "at": at}
    Wish.objects.update_or_create(offer=offer, need=need, defaults=known)
    # Which posts they were is not noted: joined with who left them it would tell who is asked.
    record_fact(actor, "posts.put_together", "exchange.post")
    compute_changes.keep_locks(chosen, at)
    return _proposal_with(Q(offer=offer, need=need))


def _proposal_around(offer_id: int, need_id: int) -> int | None:
    giver = Q(offer__party__posts=offer_id), Q(need__party__posts=offer_id)
    return next(filter(None, map(_proposal_with, (Q(need=need_id), *giver))), None)


def _proposal_with(gift: Q) -> int | None:
    proposed = Transfer.objects.filter(gift, match__state=Match.State.PROPOSED)
    return proposed.values_list("match_id", flat=True).first()
