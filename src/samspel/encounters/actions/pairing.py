"""Both sides of one meeting, bound by a token that identifies no one.

The staff member's page gets a token from the house and shows it as a QR code; the two who met answer with it, each on
their own phone. An answer keeps its hash under the house's key, and is sealed: it is in no figure and on no page until
both are in, or 14 days have passed. Then the token is gone, and each answer holds at most how the other side saw it.
"""

import base64
import secrets
import struct
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from samspel.encounters.actions.taking_in import CHANGES_WITHIN, SEALED
from samspel.encounters.keyed import hash_of
from samspel.encounters.models import Channel, Point

# Answers are opened when neither can be changed any more, by clocks that need not agree to the second.
SETTLED: Final = 2 * CHANGES_WITHIN

# Day, service (0: none), channel (0: none), chance: then a seal, so that nobody makes tokens of her own.
_FORM: Final = struct.Struct(">HIB8s")
_SEAL_BYTES: Final = 6
_CHANNELS: Final = ["", *Channel.values]
_FIRST_DAY: Final = date(2020, 1, 1)


@dataclass(frozen=True)
class Token:
    """A meeting: where (the point), what it was about, which day; and nothing of who met."""

    text: str
    service_id: int | None
    channel: str

    @property
    def hash(self) -> bytes:
        return hash_of_token(self.text)


def hash_of_token(text: str) -> bytes:
    """What an answer keeps of its meeting's token, whoever made it."""
    return hash_of("meeting", text)


def new_token(point: Point, *, service_id: int | None, channel: str, at: datetime) -> Token:
    """A token for one meeting at a point."""
    day = (timezone.localtime(at).date() - _FIRST_DAY).days
    said = _FORM.pack(day, service_id or 0, _CHANNELS.index(channel), secrets.token_bytes(8))
    text = base64.urlsafe_b64encode(said + _seal(point, said)).decode()
    return Token(text, service_id, channel)


def read_token(text: str, point: Point, at: datetime) -> Token | None:
    """The token, if the house made it for this point and it is not older than an answer is sealed."""
    try:
        whole = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        return None
    said, seal = whole[: _FORM.size], whole[_FORM.size :]
    if not constant_time_compare(seal, _seal(point, said)):
        return None
    day, service_id, channel, _chance = _FORM.unpack(said)
    if timezone.localtime(at).date() - _FIRST_DAY - timedelta(days=day) > SEALED:
        return None
    return Token(text, service_id or None, _CHANNELS[channel])


def _seal(point: Point, said: bytes) -> bytes:
    return hash_of("token", f"{point.pk}:{said.hex()}")[:_SEAL_BYTES]


@transaction.atomic
def open_due(at: datetime) -> int:
    """Open the meetings of which both have told, and those whose time is out; how many answers were opened.

    Of several answers from one side (a child's and a parent's), the first is the pair's; the others are opened
    beside it. What was set aside is nobody's other side.
    """
    with connection.cursor() as cursor:
        # The table is emptied every night. Where PostgreSQL takes it to be empty still, it would look for all pairs
        # anew at each row.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(_OPEN_PAIRS, [at - SETTLED])
        opened = int(cursor.rowcount)
        cursor.execute("SET LOCAL enable_nestloop TO DEFAULT")
        cursor.execute(_OPEN_LATE, [at])
        return opened + int(cursor.rowcount)


_OPEN_PAIRS: Final = """
WITH ready AS (
    SELECT token FROM encounters_answer WHERE token IS NOT NULL AND aside = ''
    GROUP BY token HAVING count(DISTINCT side) = 2 AND max(received_at) < %s
), held AS (
    SELECT id, token, side, level, aside, received_at FROM encounters_answer
    WHERE token IN (SELECT token FROM ready) ORDER BY id FOR UPDATE
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY token, side, aside ORDER BY received_at, id) AS place FROM held
), sides AS (
    SELECT one.id, other.level AS other_level FROM placed one
    LEFT JOIN placed other ON one.aside = '' AND one.place = 1 AND other.token = one.token
        AND other.side <> one.side AND other.aside = '' AND other.place = 1
)
UPDATE encounters_answer SET other_level = sides.other_level, token = NULL, sealed_until = NULL
FROM sides WHERE encounters_answer.id = sides.id
"""
_OPEN_LATE: Final = "UPDATE encounters_answer SET token = NULL, sealed_until = NULL WHERE sealed_until <= %s"
