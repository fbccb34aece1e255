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


@app.periodic(cron="17 3 * * *")
@app.task(name="exchange.erase_over", queueing_lock="exchange.erase_over", pass_context=False)
def erase_over(timestamp: int) -> None:
    """Forget what is over: how people were reached after a month, the rest after three."""
    from samspel.exchange.actions.erasing import erase_contacts, erase_matches

    now = timezone.now()
    erase_contacts(now)
    erase_matches(now)


@app.task(name="exchange.repair", pass_context=False)
def repair(match_id: int) -> None:
    """After a no, or when somebody has left: propose anew what is left, for a bridge-builder to look at."""
    from samspel.exchange.actions.repairing import repair as mend

    mend(match_id=match_id, at=timezone.now())


@app.periodic(cron="43 3 * * *")
@app.task(name="exchange.sweep", queueing_lock="exchange.sweep", pass_context=False)
def sweep(timestamp: int) -> None:
    """Erase what is over; tell who has something that soon is, and bridge-builders who waits for them."""
    from samspel.exchange.actions import reminding, taking_back

    at = timezone.now()
    taking_back.erase_expired(at)
    reminding.remind_of_expiry(at)
    reminding.tell_brokers_who_waits(at)
