"""Files of rows that are broken, or made to take more than a machine has."""

import io
import zipfile
from collections import deque

import pytest

from samspel.core.sheets import SheetError, read_sheet, write_sheet

SHEET, BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
NAMES = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def excel(**parts: str) -> bytes:
    """A small file of Excel with these parts instead of its own."""
    other = {"sheet": SHEET, "book": BOOK}
    instead = {other[name]: text for name, text in parts.items()}
    found = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(write_sheet("people.xlsx", [["name"], ["Ada"]]))) as whole,
        zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in whole.namelist():
            made.writestr(name, instead.get(name) or whole.read(name))
    return found.getvalue()


def rows(xml: str) -> bytes:
    return excel(sheet=f"<worksheet {NAMES}><sheetData>{xml}</sheetData></worksheet>")


@pytest.mark.parametrize(
    "content",
    [
        excel(sheet="<worksheet><sheetData><row>"),
        excel(book=f"<workbook {NAMES}><sheets/></workbook>"),
        rows('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'),
        rows('<row r="x"><c r="A1"><v>1</v></c></row>'),
    ],
    ids=["not closed", "without a sheet", "a text that is not there", "a line without a number"],
)
def test_a_broken_file_of_excel_is_told_as_one(content: bytes) -> None:
    with pytest.raises(SheetError) as told:
        list(read_sheet(content, "people.xlsx"))

    assert told.value.kind == "excel"


def test_a_row_that_lies_farther_down_than_a_sheet_goes_is_not_waited_for() -> None:
    with pytest.raises(SheetError):
        deque(read_sheet(rows('<row r="1"><c r="A1"><v>1</v></c></row><row r="9000000000"/>')), maxlen=0)


def test_excel_is_held_to_as_much_unpacked_as_gzip_is() -> None:
    packed = rows('<row><c t="inlineStr"><is><t>' + "a" * 100_000 + "</t></is></c></row>")
    assert len(packed) < 10_000

    with pytest.raises(SheetError):
        list(read_sheet(packed, most_bytes=100_000))
    assert [line for line, _cells in read_sheet(packed, most_bytes=200_000)] == [1]


def test_empty_cells_before_one_far_out_are_counted() -> None:
    """Each row of a few letters is 18,278 cells."""
    with pytest.raises(SheetError):
        list(read_sheet(rows('<row><c r="ZZZ1"><v>1</v></c></row>' * 100), most_bytes=100_000))
