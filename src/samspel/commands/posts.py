"""``samspel import posts`` and ``samspel export posts``: needs and offers that people have agreed to in writing."""

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from samspel.commands.files import FileError, read_bytes, require_new_csv, write_bytes
from samspel.core.sheets import stream_csv

if TYPE_CHECKING:
    from samspel.exchange.actions.importing import Imported


def write_template(path: Path) -> None:
    """:raises FileError: its name says something else, it is there already, or it cannot be written."""
    from samspel.exchange.post_files import template_file

    require_new_csv(path, "an example is written")
    write_bytes(path, template_file())


def export(path: Path, *, at: datetime) -> int:
    """All that are not over, with the columns that ``import posts`` reads; no e-mail and no code. Gives its bytes.

    :raises FileError: it is not named .csv, is there already, or cannot be written.
    """
    from samspel.exchange.finding_posts import Wanted
    from samspel.exchange.post_files import post_file

    require_new_csv(path, "needs and offers are written")
    content = post_file(Wanted(), at)
    write_bytes(path, content)
    return len(content)


def take_in(
    path: Path,
    codes: Path | None,
    rejected: Path | None = None,
    *,
    consent: str,
    at: datetime,
    out: Callable[[str], None],
) -> int:
    """Take in the file, however long; gives how many rows were not taken in. The codes are written once, to a new file:
    when they cannot be, nothing is taken in.

    :param rejected: a new file for those rows with line, column and reason.
    :raises FileError: the file cannot be used, or one of those that are to be written.
    """
    from django.db import transaction

    from samspel.core.actor import Actor
    from samspel.core.errors import InvalidError
    from samspel.exchange.actions.importing import import_posts

    if codes is None:
        raise FileError("--codes OUT.csv says where the codes go; without them nobody can come back")
    require_new_csv(codes, "codes are written")
    if rejected is not None:
        require_new_csv(rejected, "rows that were not taken in are written")
        if rejected.resolve() == codes.resolve():
            raise FileError(f"{rejected} is where the codes go; rows that were not taken in need a file of their own")
    content = read_bytes(path)
    written = [codes] if rejected is None else [codes, rejected]
    try:
        for one in written:
            write_bytes(one, b"")
        with transaction.atomic():
            done = import_posts(
                actor=Actor("system", name="command line"),
                content=content,
                name=path.name,
                consent=consent,
                are_adults=True,
                at=at,
                rows_most=None,
            )
            _write_down(done, codes, rejected)
    except BaseException as error:
        for one in written:
            one.unlink(missing_ok=True)
        if isinstance(error, InvalidError):
            raise FileError(f"{path}: {' '.join(error.fields.values())}") from error
        raise
    for row in done.bad:
        out(f"{path}:{row.line}: {row.reason}")
    bad = len(done.bad)
    out(f"{done.taken:,} rows in, {done.known:,} there already, {bad:,} not. {len(done.codes):,} codes: {codes}")
    return bad


def _write_down(done: "Imported", codes: Path, rejected: Path | None) -> None:
    from samspel.exchange.post_files import rejected_file

    file = io.BytesIO()
    stream_csv(file, [("person", "code"), *((one.called, one.code) for one in done.codes)])
    write_bytes(codes, file.getvalue())
    if rejected is not None:
        write_bytes(rejected, rejected_file(done.heading, done.bad))
