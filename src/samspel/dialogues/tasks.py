"""Background entry points of the dialogues."""

from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app

from samspel.core import defaults
from samspel.dialogues.actions import leading, rehearsing, reminding
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
