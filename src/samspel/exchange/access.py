"""Who may post, ask, answer and read; the only way a request gets hold of a post or a match.

A party is whoever has her code (``participant`` in the permission rows), or is signed in with the account that posted.
A bridge-builder (``broker`` of any unit) sees all posts of the municipality: help does not stop at an office's door.
"""

from dataclasses import dataclass

from django.http import HttpRequest

from samspel.core.actor import Actor
from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.permissions import allow, may, permission_table
from samspel.exchange.codes import GROUPS, code_in, hash_of_code, plain
from samspel.exchange.models import Match, Part, Party, Post
from samspel.people.access import may_somewhere

PERMISSIONS = permission_table(
    "exchange",
    [
        # bridge-builders
        allow("desk.read", "broker administrator", why="Proposals, posts and search across all offices"),
        allow("desk.change", "broker administrator", why="She knows best: adjusts, checks, asks, notes"),
        allow(
            "exchange.setup", "broker administrator", why="Kinds of help, weights and assumptions are theirs to edit"
        ),
    ],
)


@dataclass(frozen=True)
class Mine:
    """One who came back: her party."""

    party: Party

    @property
    def actor(self) -> Actor:
        """As the audit trail knows her: not at all."""
        return Actor("visitor")


def require_broker(actor: Actor, act: str) -> None:
    """Stop one who is no bridge-builder. The act is of the whole municipality, not of one unit."""
    if not actor.is_signed_in or not may_somewhere(actor, act):
        raise NotFoundError(act)


def find_party(code: str) -> Party | None:
    """The party whose code this is, however it is typed."""
    if len(plain(code)) != GROUPS * 3:
        return None
    return Party.objects.filter(code=hash_of_code(code)).first()


def get_mine(request: HttpRequest, act: str) -> Mine:
    """Whoever has a code on this device, for an act of her own.

    :raises NotFoundError: no code here, or it belongs to nobody (any more).
    """
    party = find_party(code_in(request))
    if party is None or not may({"participant"}, act):
        raise NotFoundError("party")
    return Mine(party)


def get_own_post(mine: Mine, post_id: int, *, lock: bool = False) -> Post:
    """One of her own posts."""
    posts = Post.objects.select_for_update(of=("self",)) if lock else Post.objects.select_related("category", "area")
    post = posts.filter(pk=post_id, party=mine.party).first()
    if post is None:
        raise NotFoundError("post")
    return post


def get_post(actor: Actor, post_id: int, act: str, *, lock: bool = False) -> Post:
    """Anybody's post, for a bridge-builder."""
    require_broker(actor, act)
    posts = Post.objects.select_for_update(of=("self",)) if lock else Post.objects.select_related("party", "category")
    post = posts.filter(pk=post_id).first()
    if post is None:
        raise NotFoundError("post")
    return post


def get_match(
    actor: Actor, match_id: int, act: str, *, states: frozenset[str] | None = None, lock: bool = False
) -> Match:
    """A match, for a bridge-builder.

    :raises ConflictError: it has moved on to another state than those.
    """
    require_broker(actor, act)
    matches = Match.objects.select_for_update() if lock else Match.objects.all()
    match = matches.filter(pk=match_id).first()
    if match is None:
        raise NotFoundError("match")
    if states is not None and match.state not in states:
        raise ConflictError
    return match


def get_part(mine: Mine, match_id: int, *, lock: bool = False) -> Part:
    """Her part in a match that she is asked about, or was. Locked, it is the match's row that is locked with it."""
    parts = Part.objects.select_related("match")
    if lock:
        Match.objects.select_for_update().filter(pk=match_id).first()
    part = parts.filter(match_id=match_id, party=mine.party).exclude(match__state=Match.State.PROPOSED).first()
    if part is None:
        raise NotFoundError("part")
    return part
