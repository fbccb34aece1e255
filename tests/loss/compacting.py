"""Fills and compacts in children that are made to die: for test_compaction, run in the installation under test.

Reads an order a line, carries it out in a fork of its own, and prints how it ended (``os.waitstatus_to_exitcode``):

    fill SEED                   answers on each of the days
    compact DIE_AT LIMIT        SIGKILL just before the step of that number (0: never); no file may be larger (0: any)
    withdraw SEED DIE_AT        takes back every fourth answer of that seed
    careless DIE_AT LIMIT       the same with rows deleted before their file is written, which must lose answers
    check                       fails when files or sums are not as they should be

A step is what somebody else could see: a file opened, synced, renamed or removed, a statement sent to the database.
"""

import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from samspel.cli import set_up

set_up()

from django.db import connection  # noqa: E402

from samspel.core.actor import SYSTEM  # noqa: E402
from samspel.encounters import compaction, verifying, writing  # noqa: E402
from samspel.encounters.actions import withdrawing  # noqa: E402
from samspel.encounters.models import Answer  # noqa: E402
from samspel.people.models import Unit  # noqa: E402
from tests.encounters.answers import answer  # noqa: E402

FIRST, AT = date.fromisoformat(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
DAYS, EACH = int(sys.argv[3]), int(sys.argv[4])


def fill(seed: str) -> None:
    unit, _ = Unit.objects.get_or_create(name="Lindvik", parent=None)
    Answer.objects.bulk_create(
        answer(unit, 1 + n % 3, day=FIRST + timedelta(days=day), minute=n, key=f"{seed}-{day}-{n}", text="ord")
        for day in range(DAYS)
        for n in range(EACH)
    )


def withdraw(seed: str, die_at: str) -> None:
    unit = Unit.objects.get(name="Lindvik")
    named = {
        withdrawing.Named(FIRST + timedelta(days=day), unit.pk, f"{seed}-{day}-{n}")
        for day in range(DAYS)
        for n in range(0, EACH, 4)
    }
    Steps(int(die_at)).watch()
    withdrawing.withdraw(SYSTEM, named)


class Steps:
    """Counts the steps, and dies before one of them."""

    def __init__(self, die_at: int) -> None:
        self.taken, self.die_at = 0, die_at

    def __call__(self) -> None:
        self.taken += 1
        if self.taken == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            self()
            return call(*given, **named)

        return counted

    def watch(self) -> None:
        for name in ("fsync", "rename", "unlink", "open", "mkdir"):
            setattr(os, name, self.before(getattr(os, name)))
        connection.ensure_connection()
        connection.execute_wrappers.append(self.before(lambda execute, *given: execute(*given)))
        connection.commit = self.before(connection.commit)  # type: ignore[method-assign]


def delete_first() -> None:
    write = writing.write

    def late(period: str, version: int, fresh: Any, *given: Any, **named: Any) -> Any:
        if period != "open":
            Answer.objects.filter(key__in=fresh.column("key").to_pylist()).delete()
            connection.connection.commit()  # on its own, out of the transaction that Django has begun
        return write(period, version, fresh, *given, **named)

    writing.write = late


def compact(die_at: str, limit_bytes: str, *, carelessly: bool = False) -> None:
    if carelessly:
        delete_first()
    if int(limit_bytes):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write fails, as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit_bytes), resource.RLIM_INFINITY))
    Steps(int(die_at)).watch()
    compaction.compact(AT, wait=True)


def check() -> None:
    assert verifying.faults() == []


def in_a_child(call: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ended = 1
    try:
        call()
        ended = 0
    except BaseException:
        # What is said goes to a file too, which may be full.
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        traceback.print_exc()
    finally:
        os._exit(ended)  # never on to Python's own end: it waits for threads that no fork has


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        order, *given = line.split()
        orders: dict[str, Callable[[], None]] = {
            "fill": lambda given=given: fill(*given),
            "compact": lambda given=given: compact(*given),
            "careless": lambda given=given: compact(*given, carelessly=True),
            "withdraw": lambda given=given: withdraw(*given),
            "check": check,
        }
        print(in_a_child(orders[order]), flush=True)


if __name__ == "__main__":
    main()
