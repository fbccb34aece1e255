"""Background entry points of the dialogues."""

import contextlib
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from samspel.core import defaults
from samspel.dialogues.actions import leading, playing, rehearsing, reminding
from samspel.dialogues.models import Dialogue, State


@app.periodic(cron="* * * * *")
@app.task(name="dialogues.move_unattended", queueing_lock="dialogues.move_unattended", pass_context=False)
def move_unattended(timestamp: int) -> None:
    """The 72-hour template moves by its timetable, with its reminders."""
    now = timezone.now()
    leading.move_unattended(at=now)
    reminding.send_reminders(at=now)


@app.periodic(cron="29 3 * * *")
@app.task(name="dialogues.sweep", pass_context=False)
def sweep(timestamp: int) -> None:
    """Free the codes of meetings that ended long ago; erase rehearsals after their week."""
    now = timezone.now()
    old = now - timedelta(days=defaults.value("dialogue.keep_code_days"))
    Dialogue.objects.filter(state=State.CLOSED, closed_at__lt=old, code_until=None).update(code_until=now)
    rehearsing.erase_rehearsals(at=now)


PLAY_EVERY_S = 2


@app.task(name="dialogues.play", pass_context=False)
def play(dialogue_id: int) -> None:
    """Share the statements whose time has come, and come back while some wait."""
    if playing.play_due(dialogue_id=dialogue_id, at=timezone.now()):
        play_later(dialogue_id)


def play_later(dialogue_id: int, *, seconds: int = PLAY_EVERY_S) -> None:
    """Once only for each rehearsal, however often it is asked for."""
    with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
        play.configure(queueing_lock=f"dialogues.play:{dialogue_id}", schedule_in={"seconds": seconds}).defer(
            dialogue_id=dialogue_id
        )


@app.periodic(cron="* * * * *")
@app.task(name="dialogues.go_on_playing", pass_context=False)
def go_on_playing(timestamp: int) -> None:
    """Take up again what a worker that died was playing."""
    for dialogue_id in playing.rehearsals_that_play():
        play_later(dialogue_id)
