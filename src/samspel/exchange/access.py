"""Who may post, ask, answer and read; the only way a request gets hold of a post or a match.

A party is whoever has her code (``participant`` in the permission rows), or is signed in with the account that posted.
A bridge-builder (``broker`` of any unit) sees all posts of the municipality: help does not stop at an office's door.
"""

from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest

from samspel.core.actor import VISITOR, Actor
from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.models import Knot, Stage
from samspel.core.permissions import allow, may, permission_table
from samspel.core.thread import KnotView, looks_of
from samspel.exchange.codes import GROUPS, code_in, hash_of_code, plain
from samspel.exchange.models import Match, Part, Party, Post
from samspel.people.access import may_somewhere, roles_in
from samspel.people.queries import units_managed

PERMISSIONS = permission_table(
    "exchange",
    [
        # everybody
        allow("exchange.read", "visitor person participant", why="What the town asks for is open to everybody"),
        allow("post.write", "visitor person participant", why="Anybody may need and give, without an account"),
        allow("post.write_for_unit", "manager administrator", why="Who leads the unit answers for what it gives"),
        allow(
            "need.from_thread",
            "manager facilitator broker administrator",
            why="The unit has agreed that it needs it; a bridge-builder reads it before it is matched",
        ),
        allow("party.return", "visitor person participant", why="Who has the code needs no account"),
        allow("party.read", "participant", why="Her needs and offers are her own"),
        allow("post.change", "participant", why="Only she changes her words or takes them back"),
        # bridge-builders
        allow(
            "desk.read", "broker", why="Proposals, posts and search across all offices; who needs them gets the role"
        ),
        allow("desk.change", "broker", why="She knows best: adjusts, checks, asks, notes"),
        allow(
            "exchange.setup",
            "broker administrator",
            why="Kinds of help, weights and assumptions: there nobody's words are read",
        ),
        allow("post.enter", "broker system", why="For who has agreed in writing; from a file on the server too"),
        # asked, answering, and what became of it
        allow("part.read", "participant", why="Who is asked sees what she is asked, and never who the others are"),
        allow("part.answer", "participant", why="Yes, no, a problem or another time is for her who is asked"),
        allow("spared.read", "visitor person participant", why="What it gave and spared is open, never per person"),
    ],
)


@dataclass(frozen=True)
class Mine:
    """One who came back: her parties. One, but for who posts both as herself and for a unit that she leads."""

    parties: tuple[Party, ...]

    @property
    def party(self) -> Party:
        return self.parties[0]

    @property
    def actor(self) -> Actor:
        """As the audit trail knows her: not at all."""
        return VISITOR


def require_broker(actor: Actor, act: str) -> None:
    """Stop one who may not do an act of the whole municipality, mostly one who is no bridge-builder in any unit."""
    if not may_somewhere(actor, act):
        raise NotFoundError(act)


def may_use_desk(actor: Actor) -> bool:
    """Whether she is a bridge-builder, to whom the way to the desk is shown."""
    return actor.is_signed_in and may_somewhere(actor, "desk.read")


def may_set_up(actor: Actor) -> bool:
    """Whether she edits kinds of help, weights and assumptions."""
    return actor.is_signed_in and may_somewhere(actor, "exchange.setup")


def find_party(code: str) -> Party | None:
    """The party whose code this is, however it is typed."""
    if len(plain(code)) != GROUPS * 3:
        return None
    return Party.objects.filter(code=hash_of_code(code)).first()


def find_mine(request: HttpRequest) -> Mine | None:
    """Whoever has a code on this device, or is signed in and has posted; nobody is looked up for who has neither."""
    code = code_in(request)
    known = find_party(code) if code else None
    parties = [known] if known else []
    actor: Actor = getattr(request, "actor", VISITOR)
    if actor.is_signed_in:
        own = Q(person_id=actor.person_id) | Q(kind=Party.Kind.UNIT, unit__in=units_managed(actor))
        parties += [party for party in Party.objects.filter(own).order_by("pk") if party != known]
    return Mine(tuple(parties)) if parties else None


def get_mine(request: HttpRequest, act: str) -> Mine:
    """The same, for an act of her own.

    :raises NotFoundError: no code here, or it belongs to nobody (any more).
    """
    mine = find_mine(request)
    if mine is None or not may({"participant"}, act):
        raise NotFoundError("party")
    return mine


def get_own_post(mine: Mine, post_id: int, *, lock: bool = False) -> Post:
    """One of her own posts."""
    posts = Post.objects.select_for_update(of=("self",)) if lock else Post.objects.select_related("category", "area")
    post = posts.filter(pk=post_id, party__in=mine.parties).first()
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


@dataclass(frozen=True)
class Source:
    """An agreement on a unit's red thread, from which a need may grow. Its words are its dialogue's."""

    knot: Knot
    look: KnotView


def get_source(actor: Actor, knot_id: int, *, lock: bool = False) -> Source:
    """The agreement with this knot, that is to become a need and may by now, for who may let it: in its unit, or, where
    it is open to all, as a bridge-builder of any."""
    if lock:
        Knot.objects.select_for_update().filter(pk=knot_id).first()
    knot = Knot.objects.select_related("thread__unit").filter(pk=knot_id, stage=Stage.AGREEMENT).first()
    if knot is None or knot.object_type == Post._meta.label_lower:
        raise NotFoundError("knot")
    look = looks_of([knot]).get(knot.pk)
    if look is None or not look.may_become_need:
        raise NotFoundError("knot")
    if not may(roles_in(actor, knot.thread.unit), "need.from_thread") and not (look.is_public and may_use_desk(actor)):
        raise NotFoundError("knot")
    return Source(knot, look)


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


def get_part(mine: Mine, match_id: int, *, place: int | None = None, lock: bool = False) -> Part:
    """Her part in a match that she is asked about, or was. Locked, it is the match's row that is locked with it.

    :param place: which, where several of her parties are in it; else the first that waits for her, or the first.
    """
    if lock:
        Match.objects.select_for_update().filter(pk=match_id).first()
    parts = own_parts(mine, match_id)
    if place is None:
        return next(filter(waits_for_her, parts), parts[0])
    part = next((one for one in parts if one.place == place), None)
    if part is None:
        raise NotFoundError("part")
    return part


def own_parts(mine: Mine, match_id: int) -> list[Part]:
    """All of hers in a match that she is asked about, or was: one, but for who leads several units that are in it."""
    asked = Part.objects.filter(match_id=match_id, party__in=mine.parties, match__asked_at__isnull=False)
    parts = list(asked.exclude(match__state=Match.State.PROPOSED).select_related("match", "party"))
    if not parts:
        raise NotFoundError("part")
    return parts


def waits_for_her(part: Part) -> bool:
    """Whether she has not answered yet, or not told how it went."""
    if part.match.state == Match.State.ENDED:
        return part.outcome is None
    return part.match.state == Match.State.ASKED and part.answer == Part.Answer.WAITING
