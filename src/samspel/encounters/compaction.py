"""Moves answers from the database into Parquet, and keeps beside them a snapshot of what is still open.

Each file is made in one transaction that sees one moment: rows and old files are read, the new file is written beside
them, synced and renamed, and only then are its days marked and the rows deleted. Whoever is killed on the way leaves a
file that nobody names; the rows are still where they were. A row that changes meanwhile makes the transaction fail,
and its day waits for the next time. See docs/explanation/encounters.md.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from psycopg.errors import DeadlockDetected, SerializationFailure
from pyarrow.compute import indices_nonzero, is_in, unique

from samspel.core import defaults
from samspel.encounters import store, writing
from samspel.encounters.actions import pairing, withdrawing
from samspel.encounters.models import Answer, Day, Invitation, Resting, Withdrawal
from samspel.encounters.threads import in_threads

# A day has rested when so many days lie between it and today: kiosks send for a day, and clocks differ.
RESTS_DAYS: Final = 2
# An answer that came late stays while the one who gave it may tell more, and some.
RESTS_AFTER_COMING: Final = timedelta(hours=1)
# A month becomes one file when what was sealed in it has been opened, and has rested.
MONTH_RESTS_DAYS: Final = 18
# A link that has ended says so for so long, and then leads nowhere.
LINKS_KEPT: Final = timedelta(days=7)
# Open days are written together until they have so many rows, so that a town writes one file and a city one a day.
ROWS_TOGETHER: Final = 50_000
# So many leave the database at a time, for they pass through this process's memory.
ROWS_AT_ONCE: Final = 1_000_000


class BusyError(RuntimeError):
    """Another process is moving answers just now."""


@dataclass(frozen=True)
class Moved:
    """What a compaction did: files written, rows that left the database, files swept, days that must wait."""

    written: int
    rows: int
    swept: int
    waiting: int


def refresh(at: datetime, *, wait: bool = True) -> store.Manifest:
    """Let the figures hold what has been answered until now; nothing leaves the database.

    :raises BusyError: when another process is at it and we are not to wait.
    """
    with alone(wait=wait):
        withdrawing.erase_sent_again()
        pairing.open_due(at)
        return _publish()


def compact(at: datetime, *, wait: bool = False) -> Moved:
    """Write anew every file that has something new: days that have rested, answers that came late, were taken back or
    must be erased, months that are over. Then refresh.

    :raises BusyError: as ``refresh``.
    """
    written = rows = swept = waiting = 0
    with alone(wait=wait):
        swept += store.sweep(kept=Day.objects.values_list("file", flat=True).distinct())
        _erase_old(at)
        withdrawing.erase_sent_again()
        pairing.open_due(at)
        for days in _due(at):
            try:
                rows += _rewrite(days, at)
                written += 1
            except OperationalError as error:
                if not isinstance(error.__cause__, SerializationFailure | DeadlockDetected):
                    raise
                waiting += len(days)
            _publish()
        for days in _months_over(at):
            _rewrite(days, at, is_month=True)
            written += 1
        _publish()
        swept += store.sweep()
    return Moved(written, rows, swept, waiting)


# ---------------------------------------------------------------- one writer, one moment


@contextlib.contextmanager
def alone(*, wait: bool) -> Iterator[None]:
    """Hold the writers' lock; it goes with the connection, so that one who dies lets go of it."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_lock(%s)", [store.LOCK])
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [store.LOCK])
            if not cursor.fetchone()[0]:
                raise BusyError("another process is moving answers")
    try:
        yield
    finally:
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [store.LOCK])


@contextlib.contextmanager
def _one_moment() -> Iterator[None]:
    """A transaction that sees what was there when it began, and fails when it would delete what changed since."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


# ---------------------------------------------------------------- what has rested


def _due(at: datetime) -> list[list[date]]:
    """Days whose files are to be written anew, those of one file together."""
    ready = Answer.objects.filter(
        sealed_until=None,
        day__lte=timezone.localdate(at) - timedelta(days=RESTS_DAYS),
        received_at__lte=at - RESTS_AFTER_COMING,
    )
    due = set(ready.values_list("day", flat=True).distinct())
    # Where no file is, nothing has to go from it.
    pending = Withdrawal.objects.filter(is_pending=True, day__in=Day.objects.values("day"))
    due |= set(pending.values_list("day", flat=True).distinct())
    due |= set(_files_to(at, "keep.texts_days").filter(has_texts=True).values_list("day", flat=True))
    files = dict(Day.objects.values_list("day", "file"))
    together: dict[str, list[date]] = {}
    for day in sorted(due):
        together.setdefault(files.get(day, str(day)), []).append(day)
    return list(together.values())


def _months_over(at: datetime) -> list[list[date]]:
    """Months that are long over, of which some day has a file of its own."""
    over = timezone.localdate(at) - timedelta(days=MONTH_RESTS_DAYS)
    days = Day.objects.filter(day__lt=over.replace(day=1)).order_by("day")
    months: dict[tuple[int, int], list[Day]] = {}
    for day in days:
        months.setdefault((day.day.year, day.day.month), []).append(day)
    return [
        [row.day for row in rows] for rows in months.values() if any(not row.file.startswith("month=") for row in rows)
    ]


def _rewrite(days: list[date], at: datetime, *, is_month: bool = False) -> int:
    """The file of these days with what is new in them, in one transaction; gives how many rows left the database."""
    with _one_moment():
        files = Day.objects.filter(day__in=days).values_list("file", flat=True)
        rows = {row.day: row for row in Day.objects.filter(file__in=list(files))}
        old = _parts_of(rows.values())
        whole = sorted({*days, *rows})
        is_month = is_month or any(row.file.startswith("month=") for row in rows.values())
        cut = _last_to_move(days, at)
        pending = Withdrawal.objects.filter(is_pending=True, day__in=whole)
        new = writing.write(
            f"month={whole[0]:%Y-%m}" if is_month else f"day={whole[0]}",
            1 + max((row.version for row in rows.values()), default=0),
            writing.staged(f"{writing.IS_OPEN} AND day = ANY(%s) AND received_at <= %s AND id <= %s", [days, *cut]),
            old,
            withdrawn=_named(pending),
            without_texts=whole[-1] < _kept_from(at, "keep.texts_days"),
        )
        _mark(whole, [new] if new else [], at)
        gone, _ = Answer.objects.filter(
            sealed_until=None, day__in=days, received_at__lte=cut[0], pk__lte=cut[1]
        ).delete()
        pending.update(is_pending=False)
        return gone


def _named(withdrawn: QuerySet[Withdrawal]) -> pa.Table:
    rows = [*withdrawn.values_list("day", "unit_id", "key")]
    columns = zip(*rows, strict=True) if rows else [()] * len(writing.NAMED)
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, writing.NAMED, strict=True)],
        schema=writing.NAMED,
    )


def _last_to_move(days: list[date], at: datetime) -> tuple[datetime, int]:
    """Until when an answer may have come, and up to which row all are taken that pass through memory at once."""
    until = at - RESTS_AFTER_COMING
    ready = Answer.objects.filter(sealed_until=None, day__in=days, received_at__lte=until).order_by("pk")
    first = ready.values("pk")[:ROWS_AT_ONCE]
    found: int | None = Answer.objects.filter(pk__in=first).aggregate(last=Max("pk"))["last"]
    return until, found or 0


def _mark(days: list[date], files: Iterable[writing.Written], at: datetime) -> None:
    """Say of each day which file holds it now; a day of which nothing is left is not there."""
    Day.objects.filter(day__in=days).delete()
    Day.objects.bulk_create(
        Day(
            day=day,
            version=int(new.part.file.rpartition("/")[2].partition("-")[0]),
            file=new.part.file,
            rows=rows,
            has_texts=new.has_texts,
            digest=new.digest,
            written_at=at,
        )
        for new in files
        for day, rows in new.days.items()
    )


# ---------------------------------------------------------------- what comes rested


@dataclass(frozen=True)
class Landed:
    """So many rows came, and so many of them were not there."""

    rows: int = 0
    added: int = 0


def period_of(day: date, at: datetime) -> str:
    """What the file of a rested day is called by: its month when that is long over, else the day."""
    over = timezone.localdate(at) - timedelta(days=MONTH_RESTS_DAYS)
    return f"month={day:%Y-%m}" if day < over.replace(day=1) else f"day={day}"


@contextlib.contextmanager
def landing(fresh: Iterable[tuple[str, pa.Table]], at: datetime, *, are_unique: bool = False) -> Iterator[Landed]:
    """Put rows of rested days straight into their files. The files are written first; what the caller does with the
    outcome is in the transaction that says they hold. Rows that are there already, or were taken back, change nothing.

    :param fresh: the rows by ``period_of`` of now, each fetched when its turn comes.
    :param are_unique: no two of the rows have the same day and key.
    """
    with alone(wait=True):
        with _one_moment():
            whole = (_whole(period, rows, at, are_unique=are_unique) for period, rows in fresh)
            with in_threads(_write_whole, whole, size=_rows, most=writing.ROWS_SORTED_HERE) as made:
                written = list(made)
            _mark([day for one in written for day in one.days], [one.new for one in written if one.new], at)
            yield Landed(sum(one.came for one in written), sum(one.added for one in written))
        _publish()


@dataclass(frozen=True)
class _Whole:
    """A file to be written: how many rows came, those that were not taken back, its days, and what these had before."""

    period: str
    came: int
    fresh: pa.Table
    days: list[date]
    before: list[Day]
    are_unique: bool
    without_texts: bool


def _whole(period: str, fresh: pa.Table, at: datetime, *, are_unique: bool) -> _Whole:
    came = sorted(unique(fresh["day"]).to_pylist())
    is_month = {"day__year": came[0].year, "day__month": came[0].month}
    there = Day.objects.filter(**is_month) if period.startswith("month=") else Day.objects.filter(day__in=came)
    before = list(there)
    days = sorted({*came, *(row.day for row in before)})
    without_texts = days[-1] < _kept_from(at, "keep.texts_days")
    return _Whole(period, len(fresh), _without_withdrawn(fresh, came), days, before, are_unique, without_texts)


def _rows(whole: _Whole) -> int:
    return len(whole.fresh)


@dataclass(frozen=True)
class _Made:
    """A file that has been written, and how many rows came for it and were not there."""

    new: writing.Written | None
    days: list[date]
    came: int
    added: int


def _write_whole(whole: _Whole) -> _Made:
    new = writing.write(
        whole.period,
        1 + max((row.version for row in whole.before), default=0),
        whole.fresh,
        _parts_of(whole.before),
        are_unique=whole.are_unique,
        without_texts=whole.without_texts,
    )
    there_now = sum(new.days.values()) if new else 0
    return _Made(new, whole.days, whole.came, there_now - sum(row.rows for row in whole.before))


def _without_withdrawn(fresh: pa.Table, days: list[date]) -> pa.Table:
    withdrawn = _named(Withdrawal.objects.filter(day__in=days))
    if not len(withdrawn):
        return fresh
    gone = set(zip(*(column.to_pylist() for column in withdrawn.columns), strict=True))
    places = indices_nonzero(is_in(fresh["key"], withdrawn["key"].combine_chunks()))
    some = fresh.select(writing.NAMED.names).take(places)
    named = zip(*(column.to_pylist() for column in some.columns), strict=True)
    stays = np.ones(len(fresh), np.bool_)
    stays[[place for place, name in zip(places.to_pylist(), named, strict=True) if name in gone]] = False
    return fresh.filter(pa.array(stays))


# ---------------------------------------------------------------- how long answers are kept


def _kept_from(at: datetime, key: str) -> date:
    return timezone.localdate(at) - timedelta(days=defaults.value(key))


def _files_to(at: datetime, key: str) -> QuerySet[Day]:
    """Days of the files whose last day is older than what the municipality keeps."""
    newer = Day.objects.filter(day__gte=_kept_from(at, key)).values("file")
    return Day.objects.exclude(file__in=newer)


def _erase_old(at: datetime) -> None:
    _files_to(at, "keep.answers_days").delete()
    old = Withdrawal.objects.filter(day__lt=_kept_from(at, "keep.answers_days"))
    old.exclude(day__in=Day.objects.values("day")).delete()
    Resting.objects.filter(again_on__lte=timezone.localdate(at)).delete()
    Invitation.objects.filter(expires_at__lt=at - LINKS_KEPT).delete()


# ---------------------------------------------------------------- what is open


def _publish() -> store.Manifest:
    """Name what holds now: the rested days' files, and the open days as they are at this moment."""
    previous = store.newest()
    with _one_moment():
        known = {part.mark: part for part in previous.parts if part.mark}
        parts = (*_parts_of(Day.objects.order_by("day")), *_open_parts(known))
    if parts == previous.parts:
        return previous
    manifest = store.publish(store.Manifest(previous.number, parts))
    store.sweep()
    return manifest


def _parts_of(rows: Iterable[Day]) -> list[store.Part]:
    """The files of these days, each with those of its days."""
    found: dict[str, store.Part] = {}
    for row in sorted(rows, key=lambda row: row.day):
        before = found.get(row.file, store.Part(row.file, row.day, row.day, 0))
        found[row.file] = replace(before, last=row.day, rows=before.rows + row.rows)
    return list(found.values())


def _open_parts(known: Mapping[str, store.Part]) -> list[store.Part]:
    parts = []
    for first, last, mark in _open_days():
        part = known.get(mark)
        if part is None:
            rested = _parts_of(Day.objects.filter(day__range=(first, last)))
            fresh = writing.staged(f"{writing.IS_OPEN} AND day BETWEEN %s AND %s", [first, last])
            new = writing.write(store.OPEN, 0, fresh, rested, keep_old=False)
            part = new.part if new else None
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
        days: list[tuple[date, int, object, str | None]] = cursor.fetchall()
    found = []
    together: list[tuple[date, int, object, str | None]] = []
    for day in days:
        together.append(day)
        if sum(count for _, count, _, _ in together) >= ROWS_TOGETHER or day is days[-1]:
            looks = [f"{day} {count} {look} {file}" for day, count, look, file in together]
            found.append((together[0][0], day[0], hashlib.sha256("\n".join(looks).encode()).hexdigest()))
            together = []
    return found
