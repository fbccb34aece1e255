"""Background entry points of giving and getting. The engine is loaded when it is needed."""

from django.utils import timezone
from procrastinate.contrib.django import app


@app.periodic(cron="17 4 * * *")
@app.task(name="exchange.select", queueing_lock="exchange.select", pass_context=False)
def select(timestamp: int) -> None:
    """Choose anew with the time that a night gives."""
    from samspel.exchange import compute
    from samspel.exchange.actions.selecting import NIGHT_S

    compute.select(at=timezone.now(), time_limit_s=NIGHT_S)
