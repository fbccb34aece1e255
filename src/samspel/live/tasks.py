"""Scheduled work of live delivery."""

from datetime import timedelta
from typing import Final

from django.utils import timezone
from procrastinate.contrib.django import app

from samspel.live.publish import sweep

# A page that has been away longer reads everything anew anyway.
KEPT: Final = timedelta(days=1)


@app.periodic(cron="41 * * * *")
@app.task(name="live.sweep", pass_context=False)
def sweep_outbox(timestamp: int) -> None:
    """Erase what every browser has long heard."""
    sweep(timezone.now() - KEPT)
