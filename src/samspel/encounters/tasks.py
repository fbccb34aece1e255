"""Background entry points of encounters."""

import contextlib

from django.utils import timezone
from procrastinate.contrib.django import app

from samspel.encounters import compaction


@app.periodic(cron="* * * * *")
@app.task(name="encounters.refresh", queueing_lock="encounters.refresh", pass_context=False)
def refresh(timestamp: int) -> None:
    """Let the figures hold what has come; without anything new it costs one query."""
    with contextlib.suppress(compaction.BusyError):
        compaction.refresh(timezone.now(), wait=False)


@app.periodic(cron="41 2 * * *")
@app.task(name="encounters.compact", queueing_lock="encounters.compact", pass_context=False)
def compact(timestamp: int) -> None:
    """Move the days that have rested; who is at it already does the same."""
    with contextlib.suppress(compaction.BusyError):
        compaction.compact(timezone.now())
