"""Moves answers from the database into Parquet, and keeps beside them a snapshot of what is still open.

Each day is moved in one transaction that sees one moment: its rows are read, its file is written beside the old one,
synced and renamed, and only then is the day marked and its rows deleted. Whoever is killed on the way leaves a file
that nobody names; the rows are still where they were. What the rows become while they are read makes the transaction
fail, and the day is tried again.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from samspel.encounters import store, writing
from samspel.encounters.models import Answer, Day

# A day has rested when so many days lie between it and today: kiosks send for a day, and clocks differ.
RESTS_DAYS: Final = 2
# Open days are written together until they have so many rows, so that a town writes one file and a city one a day.
ROWS_TOGETHER: Final = 50_000
_LOCK: Final = 5_301_774_210_046_531  # of ours alone: one writer at a time


class BusyError(RuntimeError):
    """Another process is moving answers just now."""


@dataclass(frozen=True)
class Moved:
    """What a compaction did: days whose file is new, rows that left the database, files that were swept."""

    days: int
    rows: int
    swept: int


def refresh(at: datetime, *, wait: bool = True) -> store.Manifest:
    """Let the figures hold what has been answered until now; nothing leaves the database.

    :raises BusyError: when another process is at it and we are not to wait.
    """
    with _alone(wait=wait):
        return _publish()


def compact(at: datetime, *, wait: bool = False) -> Moved:
    """Move the days that have rested into their files, then refresh.

    :raises BusyError: as ``refresh``.
    """
    days = rows = 0
    with _alone(wait=wait):
        for day in _days_to_move(at):
            rows += _move(day, at)
            days += 1
        _publish()
        return Moved(days, rows, store.sweep())


# ---------------------------------------------------------------- one writer, one moment


@contextlib.contextmanager
def _alone(*, wait: bool) -> Iterator[None]:
    """Hold the writers' lock; it goes with the connection, so that one who dies lets go of it."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                raise BusyError("another process is moving answers")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@contextlib.contextmanager
def _one_moment() -> Iterator[None]:
    """A transaction that sees what was there when it began, and fails when it would delete what changed since."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


# ---------------------------------------------------------------- days that have rested


def _days_to_move(at: datetime) -> list[date]:
    before = timezone.localdate(at) - timedelta(days=RESTS_DAYS)
    ready = Answer.objects.filter(sealed_until=None, day__lte=before)
    return list(ready.order_by("day").values_list("day", flat=True).distinct())


def _move(day: date, at: datetime) -> int:
    """One day's rows into its file; gives how many left the database."""
    with _one_moment():
        row = Day.objects.filter(day=day).first()
        version = 1 if row is None else row.version + 1
        old = [] if row is None else [_part_of(row)]
        part = writing.write(f"day={day}", version, writing.staged(day, day), old, keep_old=True)
        assert part is not None  # a day is moved for its rows
        Day.objects.update_or_create(
            day=day,
            defaults={
                "version": version,
                "file": part.file,
                "rows": part.rows,
                "digest": writing.digest(part.path("answers")),
                "written_at": at,
            },
        )
        gone, _ = Answer.objects.filter(day=day, sealed_until=None).delete()
        return gone


def _part_of(row: Day) -> store.Part:
    return store.Part(row.file, row.day, row.day, row.rows)


# ---------------------------------------------------------------- what is open


def _publish() -> store.Manifest:
    """Name what holds now: the rested days' files, and the open days as they are at this moment."""
    previous = store.newest()
    with _one_moment():
        known = {part.mark: part for part in previous.parts if part.mark}
        parts = (*_rested_parts(), *_open_parts(known))
    if parts == previous.parts:
        return previous
    manifest = store.publish(store.Manifest(previous.number, parts))
    store.sweep()
    return manifest


def _rested_parts() -> list[store.Part]:
    found: dict[str, store.Part] = {}
    for row in Day.objects.order_by("day"):
        before = found.get(row.file)
        found[row.file] = (
            _part_of(row) if before is None else replace(before, last=row.day, rows=before.rows + row.rows)
        )
    return list(found.values())


def _open_parts(known: dict[str, store.Part]) -> list[store.Part]:
    parts = []
    for first, last, mark in _open_days():
        part = known.get(mark)
        if part is None:
            rested = [_part_of(row) for row in Day.objects.filter(day__range=(first, last)).order_by("day")]
            part = writing.write("open", 0, writing.staged(first, last), rested, keep_old=False)
        if part is not None:
            parts.append(replace(part, mark=mark))
    return parts


def _open_days() -> list[tuple[date, date, str]]:
    """First and last day of each file to be, and how its rows look: any row that comes, goes or changes changes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, count(*), sum(hashtextextended(id::text || ' ' || xmin::text, 0)::numeric),"  # noqa: S608
            " (SELECT file FROM encounters_day AS rested WHERE rested.day = answer.day)"
            f" FROM encounters_answer AS answer WHERE {writing.IS_OPEN} GROUP BY day ORDER BY day"
        )
        days = cursor.fetchall()
    found: list[tuple[date, date, str]] = []
    rows, looks = 0, []
    for number, (day, count, *look) in enumerate(days):
        rows += count
        looks.append((day, count, *look))
        if rows >= ROWS_TOGETHER or number == len(days) - 1:
            mark = hashlib.sha256(repr([(str(d), *map(str, rest)) for d, *rest in looks]).encode()).hexdigest()
            found.append((looks[0][0], day, mark))
            rows, looks = 0, []
    return found
