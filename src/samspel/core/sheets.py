"""Tables of text out of files and into them: CSV as people's programs write it, also packed with gzip, and Excel.

Nothing here knows Django, so that commands can use it; what the reader of a page should do is said by who calls.
"""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

__all__ = ["SheetError", "read_sheet", "unpack", "write_sheet"]

# Of a packed file when it is unpacked: a small file can hold more than a machine does.
MOST_BYTES = 1 << 28

Line = tuple[int, list[str]]


class SheetError(Exception):
    """The file cannot be read: it is no table at all, or broken as CSV, Excel or gzip."""

    def __init__(self, kind: Literal["no-table", "csv", "excel", "gzip"]) -> None:
        self.kind = kind
        super().__init__(
            {
                "no-table": "is neither CSV nor Excel (.xlsx)",
                "csv": "cannot be read as CSV",
                "excel": "cannot be read as Excel (.xlsx)",
                "gzip": "cannot be unpacked",
            }[kind]
        )


def read_sheet(content: bytes, name: str = "", *, most_bytes: int = MOST_BYTES) -> Iterator[Line]:
    """The lines of a table with their numbers in the file, from 1; empty ones too. Of Excel, the first sheet.

    :param name: the file's name; an ending says what bytes alone do not.
    :param most_bytes: of a packed file when it is unpacked.
    :raises SheetError: while lines are taken, when the file cannot be read.
    """
    content = unpack(content, most_bytes)
    if content[:2] == b"PK":
        return _excel(content)
    return _csv(content, name)


def write_sheet(name: str, rows: Iterable[Sequence[object]]) -> bytes:
    """The rows as the file's name wants them: .xlsx as Excel, .gz packed, everything else CSV."""
    if name.lower().endswith(".xlsx"):
        from openpyxl import Workbook  # slow to load, and most files are CSV

        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(list(row))
        file = io.BytesIO()
        book.save(file)
        return file.getvalue()
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    content = text.getvalue().encode()
    return gzip.compress(content, mtime=0) if name.lower().endswith(".gz") else content


def unpack(content: bytes, most_bytes: int = MOST_BYTES) -> bytes:
    """What gzip packed; what it did not, as it is.

    :raises SheetError: it is not whole, or more than ``most_bytes``.
    """
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            text = packed.read(most_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SheetError("gzip") from error
    if len(text) > most_bytes:
        raise SheetError("gzip")
    return text


def _csv(content: bytes, name: str) -> Iterator[Line]:
    if name.lower().endswith((".xls", ".ods", ".pdf", ".doc", ".docx")) or b"\0" in content.replace(b"\0\xff", b""):
        raise SheetError("no-table")
    text = _decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=False)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise SheetError("csv") from error


def _decoded(content: bytes) -> str:
    """UTF-8 with or without its mark; else the letters of older Windows programs."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _separator(text: str) -> str:
    """What stands between the columns: the sign that occurs most in the first line that has words, outside quotes."""
    first = next((line for line in text.splitlines() if line.strip(" ;,\t")), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(";,\t", key=bare.count) if any(sign in bare for sign in ";,\t") else ","


def _excel(content: bytes) -> Iterator[Line]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise SheetError("excel") from error
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, [_cell(value) for value in row]
    finally:
        book.close()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value)
