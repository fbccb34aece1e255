"""A file of answers, piece by piece: each some hundred thousand rows as columns of text, with their lines.

Pieces are cut by the file's bytes alone, so that one who goes on with a file finds the same pieces again. A line is a
row's number as a spreadsheet counts it: the heading is 1, and a row with line breaks in its text is still one.
"""

import csv
import difflib
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from django.utils.translation import gettext as _

from samspel.encounters.rows import COLUMNS, REQUIRED

PIECE_BYTES: Final = 16_000_000
PIECE_ROWS: Final = 200_000
# A row is never this long: a quotation mark was opened and not closed.
MOST_ROW_BYTES: Final = 64_000_000
# Few different words in many rows; the others are read as they are.
_FEW: Final = frozenset(COLUMNS) - {"at", "key"}
# How .xlsx begins, which is a zip file, and .xls; no column is called so.
_EXCEL: Final = (b"PK", b"\xd0\xcf\x11\xe0")
_WORDS: Final = pa.dictionary(pa.int32(), pa.string())


class FileError(Exception):
    """The file as a whole cannot be taken in; the text says why."""


@dataclass(frozen=True)
class Spot:
    """How far into a file: bytes of its text (of Parquet: rows), and the last line before it."""

    offset: int = 0
    line: int = 0


@dataclass(frozen=True)
class Piece:
    """Rows as columns of text, the line of each, lines that are no rows, and where the next piece begins."""

    table: pa.Table
    lines: Sequence[int]
    broken: tuple[tuple[int, str], ...]
    end: Spot


def digest_of(path: Path) -> bytes:
    """What the file is known by: its SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def pieces(path: Path, after: Spot, required: Sequence[str] = REQUIRED) -> Iterator[Piece]:
    """The pieces that come after this spot.

    :raises FileError: it is no CSV or Parquet with these columns, or breaks off.
    """
    with path.open("rb") as file:
        is_parquet = _is_parquet(file)
    return _parquet_pieces(path, after, required) if is_parquet else _csv_pieces(path, after, required)


def columns_of(path: Path, required: Sequence[str] = REQUIRED) -> list[str]:
    """The columns that the file has.

    :raises FileError: as ``pieces``.
    """
    try:
        with path.open("rb") as raw:
            if not _is_parquet(raw):
                with _unpacked(raw) as file:
                    return _heading(file, required)[0]
        return checked_columns(pa.parquet.read_schema(path).names, required)
    except pa.ArrowInvalid as error:
        raise FileError(_("Filen går inte att läsa som Parquet.")) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileError(_("Filen är packad men inte hel.")) from error


def _is_parquet(file: IO[bytes]) -> bool:
    begins = file.read(4)
    file.seek(0)
    if begins.startswith(_EXCEL):
        raise FileError(_("Excelfiler läses inte här. Spara filen som CSV eller Parquet."))
    return begins == b"PAR1"


def checked_columns(names: Sequence[str], required: Sequence[str] = REQUIRED) -> list[str]:
    """The columns by our names.

    :raises FileError: one is missing, unknown or there twice.
    """
    found = [name.strip().lower() for name in names]
    for name in found:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            raise FileError(
                _("Kolumnen ”%(name)s” finns inte. Menade du ”%(near)s”?") % {"name": name[:80], "near": near[0]}
                if near
                else _("Kolumnen ”%(name)s” finns inte. Det finns: %(known)s.")
                % {"name": name[:80], "known": ", ".join(COLUMNS)}
            )
        if found.count(name) > 1:
            raise FileError(_("Kolumnen ”%(name)s” finns två gånger.") % {"name": name})
    for name in required:
        if name not in found:
            raise FileError(_("Kolumnen ”%(name)s” saknas.") % {"name": name})
    return found


# ---------------------------------------------------------------- Parquet


def _parquet_pieces(path: Path, after: Spot, required: Sequence[str]) -> Iterator[Piece]:
    try:
        file = pa.parquet.ParquetFile(path)
        columns = checked_columns(file.schema_arrow.names, required)
        line = 1
        for batch in file.iter_batches(PIECE_ROWS):
            begin, line = line, line + len(batch)
            if line <= after.line:
                continue
            texts = [_as_text(column) for column in batch.columns]
            table = pa.Table.from_arrays(texts, names=columns)
            yield Piece(table, range(begin + 1, line + 1), (), Spot(line, line))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise FileError(_("Filen går inte att läsa som Parquet.")) from error


def _as_text(column: pa.Array) -> pa.Array:
    """Numbers and times as a CSV file would have them; a list of factors with | between."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        column = pa.compute.binary_join(column.cast(pa.list_(pa.string())), "|")
    elif pa.types.is_timestamp(kind):
        column = pa.compute.strftime(
            column.cast(pa.timestamp("us", kind.tz)), format="%Y-%m-%dT%H:%M:%S" + ("%z" if kind.tz else "")
        )
    return column.cast(pa.string()).fill_null("")


# ---------------------------------------------------------------- CSV


def _csv_pieces(path: Path, after: Spot, required: Sequence[str]) -> Iterator[Piece]:
    try:
        with path.open("rb") as raw, _unpacked(raw) as file:
            columns, separator, spot = _heading(file, required)
            if after.offset:
                file.seek(after.offset)
                spot = after
            rest = b""
            while True:
                read = file.read(max(PIECE_BYTES - len(rest), PIECE_BYTES // 4))
                whole = rest + read
                cut = _cut(whole) if read else len(whole)
                if cut == 0 and len(whole) > MOST_ROW_BYTES:
                    raise FileError(_("Efter rad %(line)s öppnas ett citattecken som aldrig stängs.") % vars(spot))
                if cut:
                    piece = _parsed(whole[:cut], columns, separator, spot)
                    spot = piece.end
                    yield piece
                rest = whole[cut:]
                if not read:
                    return
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileError(_("Filen är packad men inte hel.")) from error


def _unpacked(raw: IO[bytes]) -> IO[bytes]:
    is_packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return gzip.GzipFile(fileobj=raw) if is_packed else raw  # type: ignore[return-value]


def _heading(file: IO[bytes], required: Sequence[str]) -> tuple[list[str], str, Spot]:
    first = file.readline(100_000)
    try:
        text = first.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(_("Filen är inte text i UTF-8.")) from error
    if "\0" in text:
        raise FileError(_("Filen är varken CSV eller Parquet."))
    separator = max(",;\t", key=text.count)
    return checked_columns(next(csv.reader([text], delimiter=separator), []), required), separator, Spot(len(first), 1)


def _cut(text: bytes) -> int:
    """Where the last whole row ends: after a line break that stands in no quotation."""
    end = text.rfind(b"\n") + 1
    is_quoted = _is_within(text, 0, end)
    while end and is_quoted:
        before = text.rfind(b"\n", 0, end - 1) + 1
        is_quoted = _is_within(text, before, end) != is_quoted
        end = before
    return end


def _is_within(text: bytes, begin: int, end: int) -> bool:
    """Whether one more quotation is opened than closed; numpy counts in a fifth of the time of ``bytes.count``."""
    letters = np.frombuffer(text, np.uint8)[begin:end]
    return int(np.count_nonzero(letters == ord('"'))) % 2 == 1


def _parsed(text: bytes, columns: list[str], separator: str, begin: Spot) -> Piece:
    offset = begin.offset + len(text)
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(text),
            # As one block: to find where blocks with quotations may be cut takes a sixth of the time.
            pa.csv.ReadOptions(column_names=columns, block_size=len(text) + 1),
            pa.csv.ParseOptions(delimiter=separator, newlines_in_values=b'"' in text, ignore_empty_lines=False),
            pa.csv.ConvertOptions(column_types={name: _WORDS if name in _FEW else pa.string() for name in columns}),
        )
    except pa.ArrowInvalid:
        # Some row is no row. Read with more patience, and tell which.
        return _parsed_slowly(text, columns, separator, begin)
    end = Spot(offset, begin.line + len(table))
    return Piece(table, range(begin.line + 1, end.line + 1), (), end)


def _parsed_slowly(text: bytes, columns: list[str], separator: str, begin: Spot) -> Piece:
    rows: list[list[str]] = []
    lines: list[int] = []
    broken: list[tuple[int, str]] = []
    line = begin.line
    # What is no text becomes half letters, which no row may hold.
    decoded = text.decode("utf-8", "surrogateescape")
    reader = csv.reader(io.StringIO(decoded, newline=""), delimiter=separator)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error:
            row = [""] * (len(columns) + 1)
        line += 1
        if not row:
            continue
        if len(row) != len(columns):
            counts = {"there": len(row), "wanted": len(columns)}
            broken.append((line, _("Raden har %(there)s kolumner och rubriken %(wanted)s.") % counts))
        elif any(map(_HALF.search, row)):
            broken.append((line, _("Raden är inte text i UTF-8.")))
        else:
            rows.append(row)
            lines.append(line)
    cells = zip(*rows, strict=True) if rows else ([] for _name in columns)
    table = pa.Table.from_arrays([pa.array(list(column), pa.string()) for column in cells], names=columns)
    return Piece(table, lines, tuple(broken), Spot(begin.offset + len(text), line))


_HALF = re.compile("[\ud800-\udfff]")
