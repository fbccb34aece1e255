"""What a dialogue came to as files: CSV, Excel, JSON and PDF, of ten thousand notes as of ten.

A file is made aside, row by row and as of one moment, and handed over only when it is whole: a database that goes away
in the middle gives an error and no file. It lies in a file without a name, which is gone when it is closed, however
the process ends.
"""

import contextlib
import itertools
import json
import logging
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import IO, Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy

from samspel.core.errors import NotFoundError, SamspelError
from samspel.core.sheets import stream_csv, stream_excel
from samspel.dialogues.documents.render import render_apart, render_pdf
from samspel.dialogues.models import Dialogue
from samspel.dialogues.protocol import Protocol, notes_of, protocol_of
from samspel.dialogues.protocol_document import NotesOfTable, pdf_data, words_of_note

log = logging.getLogger("samspel")

COLUMNS = ("meeting", "question", "kind", "theme", "text", "count", "tables", "of_tables", "table")
WIDTHS = (28, 32, 14, 24, 70, 8, 8, 10, 16)
# Typst holds a document in memory while it makes it, some 25 kB for each note, so that more notes than these go into
# documents of their own.
NOTES_IN_A_PDF = 2000


class ExportError(SamspelError):
    """The file could not be made whole; nothing of it was sent."""

    code = "export"
    status = 503
    sentence = gettext_lazy("Filen blev inte färdig, så du får ingen halv fil. Försök igen om en liten stund.")


@dataclass(frozen=True)
class Made:
    """A whole file, open at its beginning; whoever reads it closes it."""

    file: IO[bytes]
    name: str
    content_type: str
    size_bytes: int


@contextlib.contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside is as of one moment, and nothing is written."""
    is_inner = connection.in_atomic_block
    with transaction.atomic():
        if not is_inner:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def make_file(dialogue: Dialogue, kind: str, *, inside: bool) -> Made:
    """The dialogue as a file: ``csv``, ``xlsx``, ``json`` or ``pdf`` (of a large hall several PDF in a zip).

    :param inside: for the unit's own people: with what lies on the tables and with the owners of what was agreed.
    :raises NotFoundError: there is no such kind.
    :raises ExportError: the database went away, or there is no room on the disk; there is no file.
    """
    if kind not in WRITERS:
        raise NotFoundError("file")
    content_type, write = WRITERS[kind]
    with aside() as file:
        with snapshot():
            protocol = protocol_of(dialogue, inside=inside)
            if kind == "pdf" and inside and documents_of(protocol.notes) > 1:
                kind, content_type, write = "zip", "application/zip", write_pdfs
            write(file, dialogue, protocol)
        return made(file, f"{slugify(dialogue.title)[:60] or 'samtal'}-{dialogue.slug}.{kind}", content_type)


@contextlib.contextmanager
def aside() -> Iterator[IO[bytes]]:
    """An unnamed file to write into, closed if it does not become whole.

    :raises ExportError: when what is done inside fails for want of the database, room or memory.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = settings.VAR / "exports"
            folder.mkdir(parents=True, exist_ok=True)
            yield stack.enter_context(tempfile.TemporaryFile(dir=folder))
        except (OSError, OperationalError, InterfaceError) as error:
            log.error("an export was not made whole: %s", type(error).__name__)
            raise ExportError from error
        stack.pop_all()


def made(file: IO[bytes], name: str, content_type: str) -> Made:
    """The file as a whole one, from its beginning."""
    size = file.seek(0, 2)
    file.seek(0)
    return Made(file, name, content_type, size)


# ---------------------------------------------------------------- one row for each statement


@dataclass(frozen=True)
class Row:
    """A row of the file: ``count`` how many stand behind it, ``tables`` how many tables do."""

    question: str
    kind: str
    text: str
    count: int | None = None
    tables: int | None = None
    of_tables: int | None = None
    table: str = ""
    theme: str = ""


def rows_of(dialogue: Dialogue, protocol: Protocol) -> Iterator[Row]:
    """What the meeting opened with, everything that was said and chosen, question by question, then what was agreed."""
    for one in protocol.heard:
        yield Row("", "heard", one.words)
        for behind in one.written:
            yield Row("", "heard, word", behind.text, behind.count)
        for behind in one.hindered:
            yield Row("", "heard, in the way", behind.text, behind.count)
    for question in protocol.questions:
        asked = question.text
        for place in question.chosen:
            kind = f"chosen {place.place}, set aside" if place.is_set_aside else f"chosen {place.place}"
            ballots = place.ballots if question.is_from_ballots else None
            yield Row(asked, kind, place.text, ballots, place.tables, place.of_tables)
        for proposal in question.proposals:
            yield Row(asked, "proposal", proposal.text, tables=proposal.tables)
        for voice in question.lone_voices:
            yield Row(asked, "lone voice", voice.text, tables=1)
        for text in question.counter_voices:
            yield Row(asked, "counter-voice", text)
        for word in question.words:
            yield Row(asked, "word", word.word, word.count)
        for note in notes_of(dialogue, question.number) if protocol.is_inside else ():
            kind = "note set aside" if note.is_set_aside else "note"
            yield Row(asked, kind, note.text, note.marks, 1, table=note.table, theme=note.theme)
    for agreement in protocol.agreements:
        yield Row(agreement.grew_from, "agreement", agreement.text)


def _row(protocol: Protocol, row: Row) -> tuple[str | int, ...]:
    numbers = ("" if number is None else number for number in (row.count, row.tables, row.of_tables))
    return (protocol.title, row.question, row.kind, row.theme, row.text, *numbers, row.table)


def write_csv(file: IO[bytes], dialogue: Dialogue, protocol: Protocol) -> None:
    rows = (map(str, _row(protocol, row)) for row in rows_of(dialogue, protocol))
    stream_csv(file, itertools.chain([COLUMNS], (tuple(row) for row in rows)))


def write_excel(file: IO[bytes], dialogue: Dialogue, protocol: Protocol) -> None:
    rows = (_row(protocol, row) for row in rows_of(dialogue, protocol))
    stream_excel(file, itertools.chain([COLUMNS], rows), WIDTHS)


# ---------------------------------------------------------------- the record as JSON


def write_json(file: IO[bytes], dialogue: Dialogue, protocol: Protocol) -> None:
    """The protocol as JSON, times in ISO 8601; every question has its ``notes``, a line each."""
    head = asdict(protocol)
    for place, (name, value) in enumerate(head.items()):
        file.write(f"{',' if place else '{'}\n{_json(name)}: ".encode())
        if name != "questions":
            file.write(_json(value).encode())
            continue
        for number, question in enumerate(value):
            file.write(b",\n" if number else b"[\n")
            file.write(_json(question)[:-1].encode() + b', "notes": [')
            notes = notes_of(dialogue, question["number"]) if protocol.is_inside else iter(())
            for row, note in enumerate(notes):
                file.write((b",\n" if row else b"\n") + _json(vars(note)).encode())
            file.write(b"]}")
        file.write(b"]" if value else b"[]")
    file.write(b"}\n")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")


# ---------------------------------------------------------------- the document


def write_pdf(file: IO[bytes], dialogue: Dialogue, protocol: Protocol) -> None:
    notes = itertools.chain.from_iterable(_parts(dialogue, protocol)) if protocol.is_inside else ()
    file.write(render_pdf("protocol", pdf_data(protocol, notes)))


def documents_of(notes: int) -> int:
    """How many documents the inside protocol of a meeting with so many notes becomes."""
    return 1 if notes <= NOTES_IN_A_PDF else 1 + -(-notes // NOTES_IN_A_PDF)


def write_pdfs(file: IO[bytes], dialogue: Dialogue, protocol: Protocol) -> None:
    """A zip: the protocol, and what lies on the tables in documents of ``NOTES_IN_A_PDF`` notes.

    Each is made in a process of its own, one after the other: Typst keeps what it has made in memory.
    """
    of = documents_of(protocol.notes)
    documents = itertools.chain([pdf_data(protocol, part=1, of=of)], _note_documents(dialogue, protocol, of))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for part, data in enumerate(documents, start=1):
            archive.writestr(zipfile.ZipInfo(f"{part:02}.pdf"), render_apart("protocol", data))


def _note_documents(dialogue: Dialogue, protocol: Protocol, of: int) -> Iterator[dict[str, Any]]:
    for part, tables in enumerate(_parts(dialogue, protocol), start=2):
        yield pdf_data(protocol, tables, part=part, of=of)


def _parts(dialogue: Dialogue, protocol: Protocol) -> Iterator[list[NotesOfTable]]:
    """The notes by question and table, ``NOTES_IN_A_PDF`` at a time; a table may go on in the next."""
    rows = (
        (f"{question.number}. {note.table}", words_of_note(note))
        for question in protocol.questions
        for note in notes_of(dialogue, question.number)
    )
    while part := list(itertools.islice(rows, NOTES_IN_A_PDF)):
        groups = itertools.groupby(part, key=lambda row: row[0])
        yield [NotesOfTable(title, [text for _title, text in group]) for title, group in groups]


Writer = Callable[[IO[bytes], Dialogue, Protocol], None]
WRITERS: dict[str, tuple[str, Writer]] = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_excel),
    "json": ("application/json; charset=utf-8", write_json),
    "pdf": ("application/pdf", write_pdf),
}
