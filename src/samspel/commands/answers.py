"""``samspel import encounters``: a file of answers with a bar that tells how far it has come."""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from samspel.commands.files import FileError

# What the columns may hold, shown; the names are of the example town.
EXAMPLE: Final = """\
at;unit;service;channel;provider;language;age_band;area;side;level;factors;text;token;key
2026-04-02T13:05;Vägledningscentrum;;visit;;sv;25-44;;resident;3;+time|+tone;Jag fick den tid jag behövde;meeting-1;a-1
2026-04-02T13:05;Vägledningscentrum;;visit;;;;;staff;2;-rules;;meeting-1;a-2
2026-04-02T14:30:00+02:00;Stadsbiblioteket;;phone;;ar;;;resident;1;information;;;a-3
2026-04-03;Stadsbiblioteket;;;;;;;resident;3;;;;a-4
"""


def take_in(path: Path, rejected: Path | None, *, at: datetime, out: Callable[[str], None]) -> int:
    """Take in the file; gives how many rows were not taken in.

    :raises FileError: the file cannot be used, or there is no room for it.
    """
    from django.db import InterfaceError, OperationalError

    from samspel.core.actor import Actor
    from samspel.encounters import files
    from samspel.encounters.actions.importing import import_answers

    bar = Bar(path, sys.stderr)
    try:
        done = import_answers(
            actor=Actor("person", name="command line", is_administrator=True),
            path=path,
            rejected=rejected,
            at=at,
            tell=bar.tell,
        )
    except files.FileError as error:
        raise FileError(f"{path}: {error}") from error
    except (OperationalError, InterfaceError) as error:
        raise FileError("the database does not answer; run it again, and it goes on where it was") from error
    except OSError as error:
        raise FileError(f"{error.filename or path} cannot be used ({error.strerror})") from error
    finally:
        bar.end()
    if done.is_known:
        out(f"{path} has been taken in before: all of its {done.known:,} rows are there. Nothing was changed.")
        return 0
    out(f"{done.taken:,} rows in, {done.known:,} there already, {done.rejected:,} not.")
    if done.rejected and rejected is not None:
        out(f"Which, and why: {rejected}")
    elif done.rejected:
        out("With --rejected OUT.csv you see which, and why.")
    return done.rejected


class Bar:
    """How far a file has been read, on one line of a terminal; silent when nobody looks."""

    def __init__(self, path: Path, screen: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = path.stat().st_size if path.exists() else 0
        self._screen = screen
        self._clock = clock
        self._shown_s = 0.0
        # Of a packed file, and of Parquet, nobody knows beforehand how much there is.
        self._is_plain = path.suffix.lower() not in {".gz", ".parquet"}

    def tell(self, offset: int, line: int) -> None:
        if not self._screen.isatty() or self._clock() - self._shown_s < 0.1:
            return
        self._shown_s = self._clock()
        share = min(1.0, offset / self._size) if self._is_plain and self._size else None
        done = "" if share is None else f"[{'#' * round(30 * share):30}] {share:4.0%} "
        print(f"\r{done}{line:,} rows", end="", file=self._screen, flush=True)

    def end(self) -> None:
        if self._shown_s:
            print(file=self._screen)
