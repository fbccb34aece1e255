"""A file of answers is taken in: each row once, however often the file comes and whatever happens on the way.

Piece by piece what the rows say is read. Rows of open days, and those that wait for their meeting's other side, are
taken in with the piece's progress in one transaction. Rows of rested days are laid beside the store, and when the whole
file has been read they go into their days' Parquet, all at once. Whoever goes on after a kill begins where the last
piece ended; what was done twice has the same keys, and is there once.
"""

import csv
import errno
import os
import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.ipc
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import DiskFull

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.encounters import compaction, files, rows, store, writing
from samspel.encounters.actions.from_systems import conflict
from samspel.encounters.actions.taking_in import NewAnswer, Taken, take_in
from samspel.encounters.columns import Columns, read_columns
from samspel.encounters.models import TakenFile
from samspel.encounters.threads import in_threads
from samspel.people.access import require

HEADING: Final = ("line", "column", "reason")
EPOCH: Final = date(1970, 1, 1)
# How rows lie beside the store. A file that an older Samspel was killed over begins anew.
_LAID: Final = 3
# So much of its SHA-256.
_PREFIX: Final = 20


@dataclass(frozen=True)
class Imported:
    """What has become of the file's rows, over all times that it was taken in. ``is_known`` when there was nothing left
    to do."""

    taken: int
    known: int
    rejected: int
    is_known: bool = False


def import_answers(
    *,
    actor: Actor,
    path: Path,
    rejected: Path | None,
    at: datetime,
    tell: Callable[[int, int], None] = lambda offset, line: None,
) -> Imported:
    """Take in a file, or go on with it.

    :param rejected: where to write line, column and reason of what could not be taken in.
    :param tell: is told how far we are, in bytes (of Parquet: rows) and lines.
    :raises FileError: the file cannot be read, or another process is taking it in.
    """
    require(actor, "encounter.take_in")
    columns = files.columns_of(path)
    digest = files.digest_of(path)
    with _alone_with(digest), _told_when_full():
        file, _new = TakenFile.objects.get_or_create(digest=digest, defaults={"name": path.name, "began_at": at})
        work = _Work(store.folder() / "incoming" / f"{digest.hex()}.{_LAID}")
        if file.ended_at is not None and not file.rejected:
            work.remove()
            return Imported(0, file.taken + file.known, 0, is_known=True)
        spot = work.spot(file.lines_done if file.ended_at is None else 0)
        if spot == files.Spot():
            # From the beginning, also when it ended with rows that were rejected: they may be good by now.
            TakenFile.objects.filter(pk=file.pk).update(
                lines_done=0, taken=0, known=0, rejected=0, ended_at=None, began_at=at
            )
            file.began_at = at
        lay = partial(_lay_piece, rows.load_names(), work, prefix_of(digest), at)
        with in_threads(lay, files.pieces(path, spot)) as pieces:
            for laid in pieces:
                _take_piece(file, laid, work, at)
                tell(laid.piece.end.offset, laid.piece.end.line)
        if rejected is not None:
            work.write_rejected(rejected)
        with compaction.landing(work.parts(at, file.began_at), at, are_unique="key" not in columns) as landed:
            # In the transaction that says which files hold now.
            file.refresh_from_db()
            file.taken += landed.added
            file.known += landed.rows - landed.added
            file.ended_at = at
            file.save(update_fields=["taken", "known", "ended_at"])
            record(actor, "answers.imported", file, taken=file.taken, known=file.known, rejected=file.rejected)
        work.remove()
        return Imported(file.taken, file.known, file.rejected)


def prefix_of(digest: bytes) -> str:
    """What a row without a key is known by, with its line."""
    return digest.hex()[:_PREFIX]


@contextmanager
def _alone_with(digest: bytes) -> Iterator[None]:
    """One process at a time with one file; the lock goes with the connection."""
    (lock,) = struct.unpack("<q", digest[:8])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        if not cursor.fetchone()[0]:
            raise files.FileError(_("Filen tas in just nu av någon annan."))
    try:
        yield
    finally:
        with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


@contextmanager
def _told_when_full() -> Iterator[None]:
    full = _("Disken är full. Det som är intaget finns kvar; ge plats och kör om, så fortsätter det där det var.")
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise files.FileError(full) from error
        raise
    except OperationalError as error:
        if isinstance(error.__cause__, DiskFull):
            raise files.FileError(full) from error
        raise
    except duckdb.Error as error:
        if any(words in str(error) for words in ("No space left", "File too large", "Could not write")):
            raise files.FileError(full) from error
        raise


# ---------------------------------------------------------------- a piece


@dataclass(frozen=True)
class _Laid:
    """A piece whose rested rows lie beside the store: the places of its other rows, and what could not be used."""

    piece: files.Piece
    columns: Columns
    places: list[int]
    rejected: list[tuple[int, str, str]]


def _lay_piece(names: rows.Names, work: "_Work", prefix: str, at: datetime, piece: files.Piece) -> _Laid:
    # Each piece looks for near names by itself, so that what is told of a row does not hang on which thread came first.
    columns = read_columns(piece.table, rows.rules(replace(names), at), at, prefix, piece.lines)
    is_rested = columns.is_good & (columns.moments.days <= _days(_last_rested(at)))
    has_token = np.array([value is not None for value in columns.words["token"].values], np.bool_)
    if has_token.any():
        is_rested &= ~has_token[np.maximum(columns.words["token"].codes, 0)]
    work.write_parts(piece.end, _rested(columns, np.flatnonzero(is_rested)))
    places = np.flatnonzero(columns.is_good & ~is_rested).tolist()
    return _Laid(piece, columns, places, wrong_in(piece, columns))


def _take_piece(file: TakenFile, laid: _Laid, work: "_Work", at: datetime) -> None:
    piece, places = laid.piece, laid.places
    with transaction.atomic():
        taken = take_in([_answer(laid.columns, place) for place in places], at=at) if places else Taken(0, 0)
        conflicts = [(piece.lines[places[place]], "key", conflict()) for place in taken.conflicts]
        rejected = sorted([*laid.rejected, *conflicts], key=lambda one: one[0])
        work.write_progress(piece.end, rejected)
        TakenFile.objects.filter(pk=file.pk).update(
            lines_done=piece.end.line,
            taken=F("taken") + taken.taken,
            known=F("known") + taken.known,
            rejected=F("rejected") + len({line for line, _column, _reason in rejected}),
        )


def wrong_in(piece: files.Piece, columns: Columns) -> list[tuple[int, str, str]]:
    """Line, column and reason of what cannot be used."""
    wrong = [(piece.lines[place], fault.column, fault.reason) for place, fault in columns.faults]
    return wrong + [(line, "", reason) for line, reason in piece.broken]


def _last_rested(at: datetime) -> date:
    return timezone.localdate(at) - timedelta(days=compaction.RESTS_DAYS)


def _days(day: date) -> int:
    return (day - EPOCH).days


def _answer(columns: Columns, place: int) -> NewAnswer:
    values = {name: read.values[read.codes[place]] for name, read in columns.words.items()}
    values["at"] = rows.OLDEST + timedelta(microseconds=int(columns.moments.at_us[place]) - _OLDEST_US)
    values["key"] = columns.keys[place].as_py()
    return rows.answer_of(values)


_OLDEST_US: Final = int(rows.OLDEST.timestamp()) * 1_000_000


def _rested(columns: Columns, places: "np.typing.NDArray[np.int64]") -> pa.Table:
    """What the rows at these places say, each different word once; ``_whole`` adds what all of them say."""
    is_all = len(places) == len(columns.is_good)

    def own(values: "np.typing.NDArray[Any]") -> "np.typing.NDArray[Any]":
        return values if is_all else values.take(places)

    def said(name: str, kind: pa.DataType) -> pa.Array:
        return pa.array(columns.words[name].values or [None], kind).take(pa.array(own(columns.words[name].codes)))

    def worded(values: Sequence[str], codes: "np.typing.NDArray[np.int32]") -> pa.Array:
        words = {word: place for place, word in enumerate(dict.fromkeys(values))}
        if len(words) < len(values):
            codes = np.array([words[word] for word in values], np.int32).take(codes)
        return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(words), pa.string()))

    levels, marks = columns.words["level"], columns.words["factors"]
    each = [mark.at_level(level) for mark in marks.values for level in levels.values]
    both = own(marks.codes * len(levels.values) + levels.codes)
    words = ("channel", "language", "age_band", "side", "text")
    found = {
        "day": pa.array(own(columns.moments.days)).cast(pa.date32()),
        "at": pa.array(own(columns.moments.at_us)).cast(pa.timestamp("us", "UTC")),
        **{name: said(name, pa.int64()) for name in ("unit", "service", "provider", "area")},
        **{name: worded(columns.words[name].values, own(columns.words[name].codes)) for name in words},
        "level": said("level", pa.int8()),
        "helped": worded(["|".join(helped) for helped, _hindered in each], both),
        "hindered": worded(["|".join(hindered) for _helped, hindered in each], both),
        "key": columns.keys if is_all else columns.keys.take(pa.array(places)),
    }
    return pa.table(found)


def _whole(laid: pa.Table, at: datetime) -> pa.Table:
    """Rows that lay beside the store as ``writing`` takes them."""
    same = {
        "municipality": settings.MUNICIPALITY,
        "received_at": at,
        "point": None,
        "is_no_meeting": False,
        "other_level": None,
        "aside": "",
    }
    said = {name: writing.same(name, value, len(laid)) for name, value in same.items()}
    return pa.table({name: said[name] if name in said else laid.column(name) for name in writing.SCHEMA.names})


# ---------------------------------------------------------------- on the way


class _Work:
    """What lies beside the store until the file has been read: rows of rested days by month, and after each piece what
    was rejected in it, under a name that says how far it reaches."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def spot(self, line: int) -> files.Spot:
        """Where to go on after this line; the beginning, when what was laid beside is gone or nothing was done."""
        found = list(self._folder.glob(f"{line}-*.csv")) if line else []
        if not found:
            self.remove()
            self._folder.mkdir(mode=0o700, parents=True)
            return files.Spot()
        for path in [*self._folder.glob("*.csv"), *self._folder.glob("*/*.arrow")]:
            if int(path.stem.partition("-")[0]) > line:
                path.unlink()
        return files.Spot(int(found[0].stem.partition("-")[2]), line)

    def write_parts(self, end: files.Spot, table: pa.Table) -> None:
        for month, own in _apart(table, "{:%Y-%m}".format):
            with (
                _new_file(self._folder / month / f"{end.line}.arrow") as path,
                pa.OSFile(str(path), "wb") as file,
                pa.ipc.new_file(file, table.schema) as out,
            ):
                out.write_table(own)

    def write_progress(self, end: files.Spot, rejected: Sequence[tuple[int, str, str]]) -> None:
        with (
            _new_file(self._folder / f"{end.line}-{end.offset}.csv") as path,
            path.open("w", encoding="utf-8", newline="") as file,
        ):
            csv.writer(file).writerows(rejected)

    def write_rejected(self, to: Path) -> None:
        """All that was rejected, in the order of lines; the file is whole or not there."""
        with _new_file(to) as path, path.open("wb") as out:
            out.write(b"\xef\xbb\xbf" + ",".join(HEADING).encode() + b"\r\n")
            for piece in sorted(self._folder.glob("*.csv"), key=lambda one: int(one.stem.partition("-")[0])):
                out.write(piece.read_bytes())

    def parts(self, at: datetime, began_at: datetime) -> Iterator[tuple[str, pa.Table]]:
        """The rested rows by the period whose file they will be in now; they lie on the disk until they are looked
        at."""
        for folder in sorted({path.parent for path in self._folder.glob("*/*.arrow")}):
            yield from _apart(_whole(_mapped(folder), began_at), partial(compaction.period_of, at=at))

    def remove(self) -> None:
        for folder in self._folder.parent.glob(f"{self._folder.stem}*"):
            shutil.rmtree(folder)


def _apart(table: pa.Table, name_of: Callable[[date], str]) -> Iterator[tuple[str, pa.Table]]:
    """The rows by what their days are called."""
    days = table.column("day").cast(pa.int32()).to_numpy()
    first = int(days.min(initial=_days(date.max)))
    there = np.flatnonzero(np.bincount(days - first))
    names = [name_of(EPOCH + timedelta(days=first + int(day))) for day in there]
    periods = sorted(set(names))
    own = np.zeros(len(there) and there[-1] + 1, np.int32)
    own[there] = [periods.index(name) for name in names]
    own = own.take(days - first)
    ends = np.append(np.flatnonzero(np.diff(own)) + 1, len(own))
    for place, period in enumerate(periods):
        if len(ends) == len(periods):  # each in one stretch, as in a file in the order of time
            stretch = np.flatnonzero(own == place)
            yield period, table.slice(int(stretch[0]), len(stretch))
        else:
            yield period, table.take(pa.array(np.flatnonzero(own == place)))


def _mapped(folder: Path) -> pa.Table:
    """All that lies in a folder; closed again, so that many pieces keep no files open."""
    tables = []
    for path in sorted(folder.glob("*.arrow")):
        with pa.memory_map(str(path)) as file:
            tables.append(pa.ipc.open_file(file).read_all())
    return pa.concat_tables(tables)


@contextmanager
def _new_file(path: Path) -> Iterator[Path]:
    """A place to write beside ``path``; it takes the name when it is on the disk, whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.new")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
