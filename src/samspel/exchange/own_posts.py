"""One's own needs and offers, with how far each has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Q

from samspel.exchange.access import Mine
from samspel.exchange.actions.posting import gains_by_renewal, kept_until
from samspel.exchange.models import Match, Party, Post, Transfer
from samspel.exchange.queries import HOLDING

State = Literal["waits", "read", "asked", "agreed", "running", "met"]
_STATES: dict[str, State] = {
    Match.State.ASKED: "asked",
    Match.State.AGREED: "agreed",
    Match.State.RUNNING: "running",
    Match.State.PAUSED: "running",
}


@dataclass(frozen=True)
class OwnPost:
    post: Post
    state: State
    gains_by_renewal: bool

    @property
    def may_change(self) -> bool:
        """Not while others are asked about the words as they stand, or after."""
        return self.state in {"waits", "read"}

    @property
    def ends_for_others(self) -> bool:
        """Whether something that others are in ends when it is taken back."""
        return self.state in {"asked", "agreed", "running"}

    @property
    def may_renew(self) -> bool:
        return self.may_change and self.gains_by_renewal


@dataclass(frozen=True)
class OwnParty:
    party: Party
    posts: tuple[OwnPost, ...]


def own_parties(mine: Mine, at: datetime) -> list[OwnParty]:
    """All that whoever came back has left, the newest first. Three queries."""
    posts = list(
        Post.objects.filter(party__in=mine.parties, expires_at__gt=at)
        .select_related("category", "area")
        .order_by("-posted_at", "-pk")
    )
    states = states_of(posts)
    kept = kept_until(at)
    own = [OwnPost(post, states[post.pk], gains_by_renewal(post, kept)) for post in posts]
    return [OwnParty(party, tuple(one for one in own if one.post.party_id == party.pk)) for party in mine.parties]


def states_of(posts: Sequence[Post]) -> dict[int, State]:
    """How far each post has come. One query."""
    numbers = [post.pk for post in posts]
    held: dict[int, State] = {}
    of_these = Q(offer_id__in=numbers) | Q(need_id__in=numbers)
    rows = Transfer.objects.filter(of_these, match__state__in=HOLDING)
    for offer, need, state in rows.values_list("offer_id", "need_id", "match__state"):
        held |= {post: _STATES[state] for post in (offer, need) if post is not None}
    return {post.pk: held.get(post.pk) or _state(post) for post in posts}


def _state(post: Post) -> State:
    if post.met_at is not None:
        return "met"
    return "waits" if post.read_at is None else "read"
