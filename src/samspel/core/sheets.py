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
from contextlib import closing
from datetime import datetime
from typing import IO, Literal
from xml.sax.saxutils import escape

__all__ = [
    "MOST_BYTES",
    "MOST_BYTES_SENT",
    "SheetError",
    "guarded",
    "read_sheet",
    "stream_csv",
    "stream_excel",
    "unguarded",
    "unpack",
    "write_sheet",
]

# Of a packed file, as Excel's are too, when it is unpacked: a small file can hold more than a machine does. What is
# sent to a page is read while others wait.
MOST_BYTES = 1 << 28
MOST_BYTES_SENT = 1 << 25
_LAST_LINE = 1 << 20  # of a sheet, in Excel itself

Line = tuple[int, list[str]]

# What a spreadsheet would take for the beginning of a formula, also after the apostrophes of our own guard.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
# What no XML may hold: half a surrogate pair, and the signs that control old printers.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


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
    :param most_bytes: of a packed file when it is unpacked, and so many cells of Excel; a page takes MOST_BYTES_SENT.
    :raises SheetError: while lines are taken, when the file cannot be read.
    """
    content = unpack(content, most_bytes)
    if content[:2] == b"PK":
        return _excel(content, most_bytes)
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


def guarded(cell: str) -> str:
    """The cell with an apostrophe before it if a spreadsheet would run it; ``unguarded`` takes just that away again.

    >>> guarded("=1+1"), unguarded("'=1+1"), guarded("'-"), unguarded("''-"), guarded("'nja'")
    ("'=1+1", '=1+1', "''-", "'-", "'nja'")
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before ``guarded``."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def stream_csv(file: IO[bytes], rows: Iterable[Sequence[str]]) -> None:
    """The rows as CSV in UTF-8 with its mark, so that Excel reads it; every cell is guarded, memory does not grow."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="", write_through=False)
    csv.writer(text).writerows([guarded(cell) for cell in row] for row in rows)
    text.flush()
    text.detach()


def stream_excel(file: IO[bytes], rows: Iterable[Sequence[str | int]], widths: Sequence[int]) -> None:
    """The rows as one sheet of Excel, the first as its heading, row by row, so that memory does not grow with them.

    Text is written as text, so that nothing in it can be a formula. The Excel library keeps a copy of the sheet in a
    named file of its own while it writes, where people's words could be left behind; this needs none.

    :param widths: of the columns, in letters.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, text in _BOOK.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
        sheet = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
        sheet.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(sheet, "w", force_zip64=True) as part:
            columns = "".join(
                f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
                for number, width in enumerate(widths, start=1)
            )
            part.write(
                f'{_XML}<worksheet xmlns="{_SHEET}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
                f"<cols>{columns}</cols><sheetData>".encode()
            )
            for number, row in enumerate(rows):
                style = ' s="1"' if number == 0 else ' s="2"'
                part.write(f"<row>{''.join(_excel_cell(cell, style) for cell in row)}</row>".encode())
            part.write(b"</sheetData></worksheet>")


def _excel_cell(cell: str | int, style: str) -> str:
    if isinstance(cell, int):
        return f"<c{style}><v>{cell}</v></c>"
    if not cell:
        return "<c/>"
    text = escape(_NOT_XML.sub("\ufffd", cell))
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# What Excel wants around a sheet: kinds of parts, where the book is, the book, and three styles (plain, bold, wrapped).
_BOOK = {
    "[Content_Types].xml": (
        f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'{_XML}<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'{_XML}<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Samspel" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'{_XML}<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'{_XML}<styleSheet xmlns="{_SHEET}"><fonts count="2"><font/><font><b/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf xfId="0"/>'
        '<xf xfId="0" fontId="1" applyFont="1"/>'
        '<xf xfId="0" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}


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


def _excel(content: bytes, most_bytes: int) -> Iterator[Line]:
    """A cell far out makes many empty ones before it, and a line far down many lines: they are counted too."""
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            left = most_bytes - sum(part.file_size for part in parts.infolist())
        if left < 0:
            raise SheetError("excel")
        with closing(load_workbook(io.BytesIO(content), read_only=True, data_only=True)) as book:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            left = most_bytes
            for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                left -= len(row)
                if left < 0 or number > _LAST_LINE:
                    raise SheetError("excel")
                yield number, [_cell(value) for value in row]
    except SheetError:
        raise
    except Exception as error:  # the library raises whatever it meets in a broken file
        raise SheetError("excel") from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value)
