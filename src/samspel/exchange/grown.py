"""What needs grew from, as bridge-builders may see it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from samspel.core.actor import Actor
from samspel.core.permissions import may
from samspel.core.thread import looks_of, sources_of
from samspel.exchange.models import Post
from samspel.people.access import roles_in_each


@dataclass(frozen=True)
class GrewFrom:
    """The agreement that a need grew from: its words are for who may read its thread, whose it is for all who may
    read the need."""

    unit: str
    words: str
    at: datetime
    url: str


def grew_from_agreements(needs: Collection[int], actor: Actor) -> tuple[GrewFrom, ...]:
    """The agreements that these needs grew from, each once. One query where there are none."""
    knots = sources_of(Post._meta.label_lower, needs)
    if not knots:
        return ()
    looks = looks_of(knots)
    roles = roles_in_each(actor, {knot.thread.unit for knot in knots})
    found: dict[tuple[str, int], GrewFrom] = {}
    for knot in knots:
        look, unit = looks.get(knot.pk), knot.thread.unit
        if look is not None:
            may_read = look.is_public or may(roles[unit.pk], "unit.read") or may(roles[unit.pk], "need.from_thread")
            seen = (look.words, look.url) if may_read else ("", "")
            found.setdefault((knot.object_type, knot.object_id), GrewFrom(unit.name, seen[0], look.at, seen[1]))
    return tuple(found.values())
