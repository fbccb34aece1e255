"""Answers come into the database: the one way, for a tap on a phone as for ten thousand rows of a batch.

Only what a file tells of days that have rested goes past it, into their Parquet (``importing``).
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone

from samspel.core.postgres.base import DatabaseWrapper
from samspel.encounters.models import Answer

# The first of two sides waits so long for the other, counted from the meeting.
SEALED: Final = timedelta(days=14)
# From when the answer came: so long its level can be changed, and so long more can be told.
CHANGES_WITHIN: Final = timedelta(seconds=10)
TOLD_WITHIN: Final = timedelta(minutes=30)


@dataclass(frozen=True)
class NewAnswer:
    """One side's answer, with everything looked up that is kept by its number.

    ``helped`` and ``hindered`` are keys of factors. ``text`` has been screened. ``token`` is the meeting's under a key
    (``pairing``); with one the answer is sealed.
    """

    at: datetime
    unit_id: int
    side: str
    level: int
    key: str
    service_id: int | None = None
    provider_id: int | None = None
    area_id: int | None = None
    point_id: int | None = None
    channel: str = ""
    language: str = ""
    age_band: str = ""
    is_no_meeting: bool = False
    helped: tuple[str, ...] = ()
    hindered: tuple[str, ...] = ()
    text: str = ""
    token: bytes | None = None
    aside: str = ""


@dataclass(frozen=True)
class Taken:
    """How many answers were new and how many were there already; and, by their places in what was given, the rows
    whose key belongs to an answer that says something else. That answer is as it was."""

    taken: int
    known: int
    conflicts: tuple[int, ...] = ()


_COLUMNS: Final = [
    *("at", "received_at", "day", "unit_id", "service_id", "provider_id", "area_id", "point_id"),
    *("channel", "language", "age_band", "side", "level", "is_no_meeting", "helped", "hindered", "text"),
    *("token", "sealed_until", "aside", "key", "digest"),
]
_NAMES: Final = ", ".join(_COLUMNS)
_ADD: Final = (
    f"INSERT INTO encounters_answer ({_NAMES}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"  # noqa: S608 (our names)
    " ON CONFLICT (key) DO NOTHING RETURNING key"
)
_ROOM: Final = f"CREATE TEMPORARY TABLE encounters_coming AS SELECT {_NAMES} FROM encounters_answer WITH NO DATA"  # noqa: S608
_ADD_ALL: Final = (
    f"INSERT INTO encounters_answer ({_NAMES}) SELECT {_NAMES} FROM encounters_coming"  # noqa: S608
    " ON CONFLICT (key) DO NOTHING RETURNING key"
)


def take_in(rows: Sequence[NewAnswer], *, at: datetime) -> Taken:
    """Keep the answers: durable when the transaction is over, and all of them or none if it fails.

    The caller has seen to it that units, levels and the rest are possible; the database refuses what is not. Of an
    answer that rests in Parquet already nothing is known here: compaction drops a row whose key its day has.
    """
    # One answer is one statement, which is a transaction by itself.
    with nullcontext() if len(rows) == 1 else transaction.atomic():
        return _take_in(rows, at)


def _take_in(rows: Sequence[NewAnswer], at: datetime) -> Taken:
    digests = [digest_of(row) for row in rows]
    first: dict[str, int] = {}
    for place, row in enumerate(rows):
        first.setdefault(row.key, place)
    added = _add([_values(rows[place], digests[place], at) for place in first.values()])
    kept = {key: digests[first[key]] for key in added} | _digests_of(first.keys() - added)
    taken, conflicts = 0, []
    for place, (row, digest) in enumerate(zip(rows, digests, strict=True)):
        if row.key in added and first[row.key] == place:
            taken += 1
        elif kept.get(row.key, digest) != digest:
            conflicts.append(place)
    return Taken(taken, len(rows) - taken - len(conflicts), tuple(conflicts))


@transaction.atomic
def change_answer(key: str, *, level: int, at: datetime) -> bool:
    """Another level for one's own answer; False when it is not there, or not there to be changed any more."""
    answer = _own(key, at - CHANGES_WITHIN)
    if answer is None:
        return False
    answer.level = level
    answer.save(update_fields=["level"])
    return True


@transaction.atomic
def tell_more(
    key: str,
    *,
    at: datetime,
    helped: Sequence[str] = (),
    hindered: Sequence[str] = (),
    text: str = "",
    is_no_meeting: bool = False,
    language: str = "",
    age_band: str = "",
    area_id: int | None = None,
) -> bool:
    """All that is told beside the level, groups too, in the place of what was told before; False when it is too late.

    The caller gives the point's own groups where the writer tells none. ``text`` has been screened.
    """
    answer = _own(key, at - TOLD_WITHIN)
    if answer is None:
        return False
    answer.helped, answer.hindered = list(helped), list(hindered)
    answer.text, answer.is_no_meeting = text, is_no_meeting
    answer.language, answer.age_band, answer.area_id = language, age_band, area_id
    answer.save(update_fields=["helped", "hindered", "text", "is_no_meeting", "language", "age_band", "area"])
    return True


def _own(key: str, came_after: datetime) -> Answer | None:
    return Answer.objects.select_for_update().filter(key=key, received_at__gte=came_after).first()


def digest_of(row: NewAnswer) -> bytes:
    """A reading of what the answer says; under the installation's key, so that nobody can try words against it.

    Whether it is counted is our judgement and not what was said, so it is not read.
    """
    said = [
        row.at.astimezone(UTC).isoformat(),
        row.unit_id,
        row.side,
        row.level,
        row.service_id,
        row.provider_id,
        row.area_id,
        row.point_id,
        row.channel,
        row.language,
        row.age_band,
        row.is_no_meeting,
        row.helped,
        row.hindered,
        row.text,
        row.token.hex() if row.token else None,
    ]
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=32, key=_key(settings.SECRET_KEY)).digest()


@cache
def _key(secret: str) -> bytes:
    return hashlib.sha256(b"samspel answer\0" + secret.encode()).digest()


def _values(row: NewAnswer, digest: bytes, received_at: datetime) -> tuple[Any, ...]:
    """As ``_COLUMNS`` has them."""
    return (
        row.at,
        received_at,
        timezone.localtime(row.at).date(),
        row.unit_id,
        row.service_id,
        row.provider_id,
        row.area_id,
        row.point_id,
        row.channel,
        row.language,
        row.age_band,
        row.side,
        row.level,
        row.is_no_meeting,
        list(row.helped),
        list(row.hindered),
        row.text,
        row.token,
        row.at + SEALED if row.token else None,
        row.aside,
        row.key,
        digest,
    )


def _add(values: list[tuple[Any, ...]]) -> set[str]:
    """The keys of those that were new."""
    if not values:
        return set()
    if len(values) == 1:
        line = connections["default"]
        assert isinstance(line, DatabaseWrapper)
        with line.preparing_cursor() as cursor:
            cursor.execute(_ADD, values[0])
            return {key for (key,) in cursor.fetchall()}
    with connection.cursor() as cursor:
        cursor.execute(_ROOM)
        # Django turns the driver's errors into its own everywhere but in COPY.
        with connection.wrap_database_errors, cursor.copy(f"COPY encounters_coming ({_NAMES}) FROM STDIN") as copy:
            # In the keys' order: two batches with the same keys wait for each other, and never both.
            for row in sorted(values, key=lambda row: row[_COLUMNS.index("key")]):
                copy.write_row(row)
        cursor.execute(_ADD_ALL)
        added = {key for (key,) in cursor.fetchall()}
        cursor.execute("DROP TABLE encounters_coming")
        return added


def _digests_of(keys: Iterable[str]) -> dict[str, bytes]:
    asked = list(keys)
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, digest FROM encounters_answer WHERE key = ANY(%s)", [asked])
        return {key: bytes(digest) for key, digest in cursor.fetchall()}
