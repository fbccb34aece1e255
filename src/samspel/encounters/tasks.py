"""Background entry points of encounters.

What counts and moves answers is loaded when it is needed: every process loads this module, and few of them count.
"""

import contextlib

from django.utils import timezone
from procrastinate.contrib.django import app

from samspel.encounters import compute_looks, compute_signals


@app.periodic(cron="* * * * *")
@app.task(name="encounters.refresh", queueing_lock="encounters.refresh", pass_context=False)
def refresh(timestamp: int) -> None:
    """Let the figures hold what has come; without anything new no file is written."""
    from samspel.encounters import compaction

    with contextlib.suppress(compaction.BusyError):
        compaction.refresh(timezone.now(), wait=False)


@app.periodic(cron="41 2 * * *")
@app.task(name="encounters.compact", queueing_lock="encounters.compact", pass_context=False)
def compact(timestamp: int) -> None:
    """Move the days that have rested; who is at it already does the same."""
    from samspel.encounters import compaction

    with contextlib.suppress(compaction.BusyError):
        compaction.compact(timezone.now())


@app.periodic(cron="11 4 * * *")
@app.task(name="encounters.look_for_changes", queueing_lock="encounters.look_for_changes", pass_context=False)
def look_for_changes(timestamp: int) -> None:
    """Tell the units whose pattern has changed; the night's compaction has been."""
    compute_signals.find_changes(timezone.now())


@app.periodic(cron="23 * * * *")
@app.task(name="encounters.look", queueing_lock="encounters.look", pass_context=False)
def look(timestamp: int) -> None:
    """Take the looks that are due: every fourth week there is one, at all other hours none."""
    compute_looks.take_due_looks(timezone.now())
