"""Reading what hides its words: PDF files, backups, dumps of a database; and needles in every spelling."""

import base64
import re
import subprocess
import tarfile
import zlib
from pathlib import Path

from samspel.core.embedded_postgres import program


def spellings(word: str | bytes) -> list[bytes]:
    """A word as it may lie somewhere: as it is, as hexadecimal digits, and as base64 whatever stood before it."""
    raw = word.encode() if isinstance(word, str) else word
    found = [raw, raw.hex().encode(), raw.hex().upper().encode()]
    for before in range(3):
        text = base64.b64encode(b"\0" * before + raw)
        # The first and the last letters hold bits of what stands beside.
        found += [text[2 * before : -4], text[2 * before : -4].replace(b"+", b"-").replace(b"/", b"_")]
    return found


def holds(content: bytes, word: str | bytes) -> bool:
    """Whether the word lies in the content in any spelling."""
    return any(spelling in content for spelling in spellings(word))


def pdf_text(content: bytes) -> bytes:
    """All that is written in a PDF, letter by letter by its fonts' own tables; enough to find a word in."""
    streams = []
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            streams.append(zlib.decompress(found[1]))
        except zlib.error:
            streams.append(found[1])
    fonts = [table for stream in streams if b"begincmap" in stream and (table := _letters(stream))]
    words = [_glyphs(stream) for stream in streams if b"Tj" in stream or b"TJ" in stream]
    read = ["".join(font.get(glyph, "") for glyph in glyphs) for glyphs in words for font in fonts]
    return "\n".join(read).encode() + b"\n".join(streams)


def _letters(table: bytes) -> dict[int, str]:
    """A font's glyphs and the letters they show."""
    found: dict[int, str] = {}
    for glyph, letter in re.findall(rb"<([0-9A-Fa-f]+)> *<([0-9A-Fa-f]+)>\r?\n", table):
        found[int(glyph, 16)] = bytes.fromhex(letter.decode()).decode("utf-16-be", "replace")
    for first, last, letter in re.findall(rb"<([0-9A-Fa-f]{4})> *<([0-9A-Fa-f]{4})> *<([0-9A-Fa-f]{4})>", table):
        for step in range(int(last, 16) - int(first, 16) + 1):
            found[int(first, 16) + step] = chr(int(letter, 16) + step)
    return found


_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _glyphs(stream: bytes) -> list[int]:
    """The two-byte glyphs of a page's text operators, in order."""
    raw = b""
    for hexadecimal, literal in re.findall(rb"<([0-9A-Fa-f\s]+)>|\(((?:\\.|[^\\)])*)\)", stream, re.DOTALL):
        if hexadecimal:
            raw += bytes.fromhex(hexadecimal.decode())
        else:
            raw += re.sub(
                rb"\\([0-7]{1,3}|.)",
                lambda one: bytes([int(one[1], 8)]) if one[1][:1].isdigit() else _ESCAPED.get(one[1], one[1]),
                literal,
                flags=re.DOTALL,
            )
    return [int.from_bytes(raw[place : place + 2], "big") for place in range(0, len(raw) - 1, 2)]


def dump(url: str) -> dict[str, bytes]:
    """A plain dump of the whole database, by table; what is about no table under ``""``."""
    return by_table(subprocess.run([program("pg_dump"), url], capture_output=True, check=True).stdout)


def backup_text(file: Path, folder: Path) -> dict[str, bytes]:
    """What a backup file holds, unpacked, by table; and the file as it lies there."""
    with tarfile.open(file) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Debian 12's Python has no filters
        archive.extractall(folder)  # noqa: S202 (our own file)
    found: dict[str, bytes] = {"file": file.read_bytes()}
    for path in folder.rglob("*"):
        if path.is_file():
            found[path.name] = path.read_bytes()
            if path.read_bytes()[:5] == b"PGDMP":
                command = [program("pg_restore"), "--file=-", str(path)]
                found |= by_table(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def by_table(sql: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {"": b""}
    name = ""
    for line in sql.splitlines(keepends=True):
        if line.startswith(b"COPY "):
            name = line.split()[1].decode().removeprefix("public.").strip('"')
        found[name] = found.get(name, b"") + line
        if line == b"\\.\n":
            name = ""
    return found
