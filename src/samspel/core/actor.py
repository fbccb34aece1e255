"""Who is acting: every action and query takes an ``Actor`` and nothing else that tells who asks."""

from dataclasses import dataclass
from typing import Literal

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

Kind = Literal["person", "seat", "visitor", "system"]


@dataclass(frozen=True)
class Actor:
    """One who acts: a signed-in person, a seat in a dialogue, a visitor, or the system itself."""

    kind: Kind
    person_id: int | None = None
    seat_id: int | None = None
    name: str = ""
    is_administrator: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.kind == "person"

    @property
    def own_id(self) -> int:
        """The signed-in person's id; 0, which nobody has, for all others."""
        return self.person_id or 0


VISITOR = Actor("visitor")
SYSTEM = Actor("system", name="Samspel")


class Request(HttpRequest):
    """A request as it reaches the views: the middleware has said who acts, and whether htmx asks for a part."""

    actor: Actor
    htmx: HtmxDetails
