"""A file of answers is taken back, piece by piece. After a kill it is run again: what is done twice is done once."""

import csv
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from samspel.core.actor import Actor
from samspel.encounters import files, rows, store
from samspel.encounters.actions.importing import EPOCH, HEADING, prefix_of, wrong_in
from samspel.encounters.actions.withdrawing import Named, withdraw
from samspel.encounters.columns import Columns, read_columns
from samspel.encounters.models import TakenFile
from samspel.people.access import require


def withdraw_file(
    *,
    actor: Actor,
    path: Path,
    rejected: Path | None,
    at: datetime,
    tell: Callable[[int, int], None] = lambda offset, line: None,
) -> tuple[int, int]:
    """Take back the answers that a file's rows name: how many rows are done, and how many cannot be used.

    A row without a key is known by its file and its line, if just this file has been taken in.

    :param rejected: where to write line, column and reason of what cannot be used.
    :param tell: is told how far we are, in bytes (of Parquet: rows) and lines.
    :raises FileError: the file cannot be read.
    """
    require(actor, "encounter.take_in")
    digest = files.digest_of(path)
    is_taken = TakenFile.objects.filter(digest=digest).exists()
    required = ("at", "unit") if is_taken else rows.NAMING
    files.columns_of(path, required)
    reading = rows.rules(rows.load_names(), at)
    prefix = prefix_of(digest) if is_taken else None
    done = left = 0
    with ExitStack() as stack:
        out = None
        if rejected is not None:
            part = stack.enter_context(store.new_file(rejected))
            out = csv.writer(stack.enter_context(part.open("w", encoding="utf-8-sig", newline="")))
            out.writerow(HEADING)
        for piece in files.pieces(path, files.Spot(), required):
            found = read_columns(piece.table, reading, at, prefix, piece.lines, rows.NAMING)
            withdraw(actor, _named(found))
            wrong = sorted(wrong_in(piece, found), key=lambda one: one[0])
            done += int(found.is_good.sum())
            left += len({line for line, _column, _reason in wrong})
            if out is not None:
                out.writerows(wrong)
            tell(piece.end.offset, piece.end.line)
    return done, left


def _named(found: Columns) -> set[Named]:
    unit = found.words["unit"]
    return {
        Named(EPOCH + timedelta(days=int(found.moments.days[place])), unit.values[unit.codes[place]], key)
        for place, key in enumerate(found.keys.to_pylist())
        if found.is_good[place]
    }
