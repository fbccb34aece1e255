"""``samspel import encounters`` and ``samspel withdraw encounters``: a file of answers, and a bar that tells how far it
has come."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from samspel.commands.files import FileError

if TYPE_CHECKING:
    from samspel.core.actor import Actor

# What the columns may hold, shown; the names are of the example town.
EXAMPLE: Final = """\
at;unit;service;channel;provider;language;age_band;area;side;level;factors;text;token;key
2026-04-02T13:05;Vägledningscentrum;;visit;;sv;25-44;;resident;3;+time|+tone;Jag fick den tid jag behövde;meeting-1;a-1
2026-04-02T13:05;Vägledningscentrum;;visit;;;;;staff;2;-rules;;meeting-1;a-2
2026-04-02T14:30:00+02:00;Stadsbiblioteket;;phone;;ar;;;resident;1;information;;;a-3
2026-04-03;Stadsbiblioteket;;;;;;;resident;3;;;;a-4
"""
# Which answers are taken back: by what they were sent with.
NAMED: Final = """\
at;unit;key
2026-04-02;Vägledningscentrum;a-1
2026-04-02T13:05;Vägledningscentrum;a-2
"""


def take_in(path: Path, rejected: Path | None, *, at: datetime, out: Callable[[str], None]) -> int:
    """Take in the file; gives how many rows were not taken in.

    :raises FileError: the file cannot be used, or there is no room for it.
    """
    from samspel.encounters.actions.importing import import_answers

    with _used(path) as bar:
        done = import_answers(actor=_command_line(), path=path, rejected=rejected, at=at, tell=bar.tell)
    if done.is_known:
        out(f"{path} has been taken in before, all of its {done.known:,} rows. Nothing was changed.")
        return 0
    out(f"{done.taken:,} rows in, {done.known:,} there already, {done.rejected:,} not.")
    _tell_rejected(done.rejected, rejected, out)
    return done.rejected


def withdraw(path: Path, rejected: Path | None, *, at: datetime, out: Callable[[str], None]) -> int:
    """Take back the answers that the file names; gives how many rows could not be used.

    :raises FileError: as ``take_in``.
    """
    from samspel.encounters.actions.withdrawing_files import withdraw_file

    with _used(path) as bar:
        done, left = withdraw_file(actor=_command_line(), path=path, rejected=rejected, at=at, tell=bar.tell)
    out(f"{done:,} rows taken back, {left:,} not. Figures are without them from tonight; samspel compact does it now.")
    _tell_rejected(left, rejected, out)
    return left


def _command_line() -> "Actor":
    from samspel.core.actor import Actor

    return Actor("person", name="command line", is_administrator=True)


@contextmanager
def _used(path: Path) -> Iterator["Bar"]:
    """A bar for the file; what goes wrong with it is told in a sentence."""
    from django.db import InterfaceError, OperationalError

    from samspel.encounters import files

    bar = Bar(path, sys.stderr)
    try:
        yield bar
    except files.FileError as error:
        raise FileError(f"{path}: {error}") from error
    except (OperationalError, InterfaceError) as error:
        raise FileError("the database does not answer; run it again, and it goes on where it was") from error
    except OSError as error:
        raise FileError(f"{error.filename or path} cannot be used ({error.strerror})") from error
    finally:
        bar.end()


def _tell_rejected(count: int, rejected: Path | None, out: Callable[[str], None]) -> None:
    if count and rejected is not None:
        out(f"Which, and why: {rejected}")
    elif count:
        out("With --rejected OUT.csv you see which, and why.")


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
