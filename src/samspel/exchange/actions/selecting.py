"""A bridge-builder at her desk: choosing anew, adjusting by hand, asking the town."""

from datetime import datetime
from typing import Final, Literal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record, record_fact
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.idempotency import checked_key
from samspel.exchange import compute
from samspel.exchange.access import get_match, get_post, require_broker
from samspel.exchange.models import Judgement, Match, Post, Selection, TownQuestion, Transfer, Wish

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
def adjust(*, actor: Actor, match_id: int, place: int, how: Adjustment, at: datetime) -> None:
    """Lock a gift, let it free, choose anew around it, or shut it out and leave all else. Asked again it is so already.

    :raises ConflictError: the proposal has changed meanwhile.
    """
    match = get_match(actor, match_id, "desk.change", states=PROPOSED, lock=True)
    transfer = Transfer.objects.filter(match=match, place=place).first()
    if transfer is None or transfer.offer_id is None or transfer.need_id is None:
        raise ConflictError
    offer, need = transfer.offer_id, transfer.need_id
    record(actor, "match.adjusted", match, place=place, how=how)
    if how == "free":
        Wish.objects.filter(offer_id=offer, need_id=need, kind=Wish.Kind.FIX).delete()
        return
    kind = Wish.Kind.FIX if how == "fix" else Wish.Kind.FORBID
    if how in {"swap", "forbid"}:
        chosen = compute.chosen_now(at)
        way: compute.Way = "swap" if how == "swap" else "forbid"
        if chosen is None or compute.without(chosen, offer, need, way, at) is None:
            raise ConflictError
        Judgement.objects.create(need=need, parts=transfer.parts, is_good=False, at=at)
    Wish.objects.update_or_create(
        offer_id=offer, need_id=need, defaults={"kind": kind, "by_id": actor.person_id, "at": at}
    )


@transaction.atomic
def put_together(*, actor: Actor, offer_id: int, need_id: int, at: datetime) -> int | None:
    """Two posts that she knows belong together: locked, and the others chosen anew around them.

    Gives the proposal that they are in; None when the lock waits, because whoever gives has a need that nobody in a
    ring with the other could meet yet.

    :raises ConflictError: the offer is none that could meet the need, as the posts stand now.
    """
    offer, need = (get_post(actor, post_id, "desk.change") for post_id in (offer_id, need_id))
    chosen = compute.chosen_now(at)
    if chosen is None or not compute.could_meet(chosen, offer.pk, need.pk):
        raise ConflictError(_("De två går inte att sätta ihop nu. Räkna om på brobyggarens bord och försök igen."))
    Wish.objects.filter(kind=Wish.Kind.FIX).filter(
        Q(offer__party=offer.party_id) | Q(need__party=need.party_id)
    ).delete()  # nobody gives twice, or is given to twice
    known = {"kind": Wish.Kind.FIX, "by_id": actor.person_id, "at": at}
    Wish.objects.update_or_create(offer=offer, need=need, defaults=known)
    # Which posts they were is not noted: joined with who left them it would tell who is asked.
    record_fact(actor, "posts.put_together", "exchange.post")
    locked = compute.chosen_now(at)
    if locked is not None:
        compute.with_locks(locked, at)
    gift = Transfer.objects.filter(offer=offer, need=need, match__state=Match.State.PROPOSED).first()
    return None if gift is None else gift.match_id


# ---------------------------------------------------------------- asking the town


@transaction.atomic
def write_question(*, actor: Actor, need_id: int, words: str, key: str, at: datetime) -> TownQuestion:
    """Put a need that nobody can meet as a question in her own words; published only when it has been read through.

    :raises InvalidError: no words, or too many.
    """
    post = get_post(actor, need_id, "desk.change")
    if post.kind != Post.Kind.NEED:
        raise NotFoundError("post")
    text = " ".join(words.split())
    if not 0 < len(text) <= 200:
        raise InvalidError(fields={"words": _("Skriv en fråga, med högst 200 tecken.")})
    question, is_new = TownQuestion.objects.get_or_create(
        key=checked_key(key),
        defaults={"words": text, "need": post, "category_id": post.category_id, "by_id": actor.person_id, "at": at},
    )
    if is_new:
        record(actor, "town_question.written", question)
    return question


@transaction.atomic
def publish_question(*, actor: Actor, question_id: int, at: datetime) -> None:
    """It has been read through: the town sees it."""
    question = _question(actor, question_id)
    if question.published_at is None:
        question.published_at = at
        question.save(update_fields=["published_at"])
        record(actor, "town_question.published", question)


@transaction.atomic
def close_question(*, actor: Actor, question_id: int, at: datetime) -> None:
    """It is asked no more."""
    question = _question(actor, question_id)
    if question.closed_at is None:
        question.closed_at = at
        question.save(update_fields=["closed_at"])
        record(actor, "town_question.closed", question)


def _question(actor: Actor, question_id: int) -> TownQuestion:
    require_broker(actor, "desk.change")
    question = TownQuestion.objects.select_for_update().filter(pk=question_id).first()
    if question is None:
        raise NotFoundError("question")
    return question
