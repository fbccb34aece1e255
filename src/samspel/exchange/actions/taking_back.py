"""Renewing and taking back one's own; the bridge-builder does the latter when the person says so."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, NotFoundError
from samspel.exchange.access import Mine, get_own_post, get_post
from samspel.exchange.actions.erasing import MATCH_KEPT
from samspel.exchange.actions.leaving import leave, matches_of
from samspel.exchange.actions.posting import expires_after, gains_by_renewal, kept_until
from samspel.exchange.models import Part, Party, Post
from samspel.exchange.queries import HOLDING


@transaction.atomic
def renew_post(*, mine: Mine, post_id: int, at: datetime) -> Post:
    """Keep it as long once more; once only, then it is left anew.

    :raises ConflictError: it is renewed already, or ends with its own last day, which renewing does not move.
    """
    post = get_own_post(mine, post_id, lock=True)
    if post.renewed_at is not None:
        raise ConflictError(_("Det är redan förnyat en gång. När det har gått ut kan du lämna det på nytt."))
    if not gains_by_renewal(post, kept_until(at)):
        raise ConflictError(_("Det blir inte kvar längre av att förnyas. Har det en sista dag kan du ändra den."))
    post.renewed_at, post.expires_at, post.reminded_at = at, expires_after(at, post.ends_on), None
    post.save(update_fields=["renewed_at", "expires_at", "reminded_at"])
    record(mine.actor, "post.renewed", post)
    return post


@transaction.atomic
def take_back(*, mine: Mine, post_id: int, at: datetime) -> None:
    """Erase it at once; a match that rested on it falls."""
    post = get_own_post(mine, post_id)
    _erase(mine.actor, post, at)


@transaction.atomic
def withdraw_post(*, actor: Actor, post_id: int, at: datetime) -> None:
    """The same on the person's wish, by a bridge-builder."""
    _erase(actor, get_post(actor, post_id, "desk.change"), at)


@transaction.atomic
def erase_party(*, mine: Mine, party_id: int, at: datetime) -> None:
    """Erase all that a party has left and said, and that there ever was one."""
    party = next((one for one in mine.parties if one.pk == party_id), None)
    if party is None:
        raise NotFoundError("party")
    # Nobody has a part in what is only proposed.
    asked = set(Part.objects.filter(party=party).values_list("match_id", flat=True))
    for match_id in sorted(asked.union(matches_of(party.posts.values_list("pk", flat=True)))):
        leave(match_id, party, at)
    Part.objects.filter(party=party).update(
        answer=Part.Answer.WAITING, answered_at=None, asked_anew_at=None, outcome=None, outcome_at=None
    )
    record(mine.actor, "party.erased", party)
    party.delete()


@transaction.atomic
def erase_expired(at: datetime) -> int:
    """Erase posts whose time is over, and parties with nothing left here; but not those of a match that goes on,
    or that has ended and is still kept."""
    over = Post.objects.filter(expires_at__lte=at).exclude(_kept("given__match", at) | _kept("met_by__match", at))
    gone = 0
    for post in over.select_related("party"):
        for match_id in matches_of([post.pk]):
            leave(match_id, post.party, at)
        post.delete()
        gone += 1
    Party.objects.filter(posts=None, created_at__lt=at).exclude(_kept("parts__match", at)).delete()
    return gone


def _kept(match: str, at: datetime) -> Q:
    return Q(**{f"{match}__state__in": HOLDING}) | Q(**{f"{match}__ended_at__gt": at - MATCH_KEPT})


def _erase(actor: Actor, post: Post, at: datetime) -> None:
    for match_id in matches_of([post.pk]):
        leave(match_id, post.party, at)
    record(actor, "post.taken_back", post, kind=post.kind)
    Post.objects.filter(pk=post.pk).delete()
