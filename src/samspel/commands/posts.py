"""``samspel import posts`` and ``samspel export posts``: needs and offers that people have agreed to in writing."""

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from samspel.commands.files import FileError, read_bytes, require_new_csv, write_bytes
from samspel.core.sheets import stream_csv


def write_template(path: Path) -> None:
    """:raises FileError: it is there already, or cannot be written."""
    from samspel.exchange.post_files import template_file

    if path.exists():
        raise FileError(f"{path} is there already; an example is written to a new file")
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
    """Take in the file; gives how many rows were not taken in. The codes are written once, to a new file.

    :param rejected: where to write those rows with line, column and reason.
    :raises FileError: the file cannot be used, or the one for the codes.
    """
    from samspel.core.actor import Actor
    from samspel.core.errors import InvalidError
    from samspel.exchange.actions.importing import import_posts
    from samspel.exchange.post_files import rejected_file

    if codes is None:
        raise FileError("--codes OUT.csv says where the codes go; without them nobody can come back")
    if codes.exists():
        raise FileError(f"{codes} is there already; codes are written to a new file")
    write_bytes(codes, b"")
    try:
        done = import_posts(
            actor=Actor("person", name="command line", is_administrator=True),
            content=read_bytes(path),
            name=path.name,
            consent=consent,
            are_adults=True,
            at=at,
        )
    except InvalidError as error:
        codes.unlink()
        raise FileError(f"{path}: {' '.join(error.fields.values())}") from error
    file = io.BytesIO()
    stream_csv(file, [("person", "code"), *((one.called, one.code) for one in done.codes)])
    write_bytes(codes, file.getvalue())
    if rejected is not None:
        write_bytes(rejected, rejected_file(done.heading, done.bad))
    for row in done.bad:
        out(f"{path}:{row.line}: {row.reason}")
    bad = len(done.bad)
    out(f"{done.taken:,} rows in, {done.known:,} there already, {bad:,} not. {len(done.codes):,} codes: {codes}")
    return bad
