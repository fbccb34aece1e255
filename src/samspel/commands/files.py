"""The files that a command was given: read and written whole, and told in one sentence where they cannot be."""

from dataclasses import dataclass
from pathlib import Path

from samspel.core.sheets import SheetError, unpack


class FileError(Exception):
    """A file cannot be used; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out: its file, its line, and why."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


def read_bytes(path: Path) -> bytes:
    """:raises FileError: it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"{path} cannot be read ({error.strerror})") from error


def read_text(path: Path) -> str:
    """Text in UTF-8, with or without its mark, packed with gzip or not.

    :raises FileError: it cannot be read, is packed but not whole, or is not text.
    """
    try:
        return unpack(read_bytes(path)).decode("utf-8-sig")
    except SheetError as error:
        raise FileError(f"{path} is not whole: it {error}") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not text in UTF-8 (byte {error.start})") from error


def write_bytes(path: Path, content: bytes) -> None:
    """:raises FileError: it cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise FileError(f"{path} cannot be written ({error.strerror})") from error


def require_new_csv(path: Path, what: str) -> None:
    """:raises FileError: its name says something else than .csv, or it is there already; ``what`` begins the reason."""
    if path.suffix.lower() != ".csv":
        raise FileError(f"{path} must be named .csv: {what} as CSV")
    if path.exists():
        raise FileError(f"{path} is there already; {what} to a new file")


def write_example(path: Path, table: str) -> None:
    """Lines of CSV as spreadsheets read them, in a file of their own.

    :raises FileError: its name says something else, it is there already, or it cannot be written.
    """
    require_new_csv(path, "an example is written")
    write_bytes(path, b"\xef\xbb\xbf" + table.replace("\n", "\r\n").encode())
