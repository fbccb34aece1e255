"""Signed, short-lived tickets: who may listen to which room as which audience, readable without the database.

A ticket goes in the stream's address, so it says nothing but the room, the audience, an opaque hint and an end.
"""

import base64
import functools
import hmac
import json
import random
import time
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from samspel.live.events import AUDIENCES, ROOM, Audience

LASTS_S: Final = 30 * 60
_PURPOSE: Final = b"samspel.live.ticket.v1"
_SIGNATURE_BYTES: Final = 18


class TicketError(ValueError):
    """The ticket is not one of ours, or is for another room."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says. ``hint`` tells the console which seat is connected; it means nothing to others."""

    room: str
    audience: Audience
    hint: str
    expires_s: int


def issue_ticket(
    room: str, audience: Audience, *, lasts_s: int = LASTS_S, hint: str = "", now_s: float | None = None
) -> str:
    """A ticket for a page that was just allowed to see the room. The caller has made the access check.

    Its life is lengthened by up to a fifth at random: a hall that opened its pages at once does not renew at once.

    :param hint: an opaque mark of who this is, for presence (a seat's number); empty for a big screen.
    """
    if not ROOM.fullmatch(room) or audience not in AUDIENCES:
        raise ValueError(f"no such room or audience: {room!r}, {audience!r}")
    now_s = time.time() if now_s is None else now_s
    ends = int(now_s + lasts_s * random.uniform(1.0, 1.2))
    body = _encode(json.dumps([room, audience, hint, ends], separators=(",", ":")).encode())
    return (body + b"." + _sign(body, _keys(settings.SECRET_KEY)[0])).decode("ascii")


def read_ticket(text: str) -> Ticket:
    """The ticket, its signature verified; the caller looks at room and end.

    :raises TicketError: when it was not signed by this installation.
    """
    return _verified(text, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@functools.lru_cache(maxsize=32_768)
def _verified(text: str, secrets: tuple[str, ...]) -> Ticket:
    body, _, signature = text.encode("ascii", "replace").partition(b".")
    if not any(hmac.compare_digest(signature, _sign(body, key)) for key in _keys(*secrets)):
        raise TicketError("not a ticket of this installation")
    room, audience, hint, ends = json.loads(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4)))
    return Ticket(room, audience, hint, ends)


@functools.lru_cache(maxsize=4)
def _keys(*secrets: str) -> tuple[bytes, ...]:
    return tuple(hmac.digest(secret.encode(), _PURPOSE, "sha256") for secret in secrets)


def _sign(body: bytes, key: bytes) -> bytes:
    return _encode(hmac.digest(key, body, "sha256")[:_SIGNATURE_BYTES])


def _encode(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
