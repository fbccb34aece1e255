"""Rounds: a unit asks for a time, reads, and tells what it heard and did before it asks again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from samspel.core import defaults, thread
from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError
from samspel.core.models import Knot, Stage, TieKind
from samspel.core.texts import require_short
from samspel.encounters.access import get_round
from samspel.encounters.models import Round
from samspel.encounters.queries import is_round_open
from samspel.people.access import get_unit

LONGEST_TEXT = 2000


@dataclass(frozen=True)
class SaidAndDone:
    """ "Ni sa – vi gjorde": what was heard, what was done, what could not be done and why."""

    heard: str
    done: str
    not_done: str = ""


@transaction.atomic
def open_round(*, actor: Actor, unit_id: int, weeks: int | None, at: datetime) -> Round:
    """The unit's next round, from now on. A second click finds it open and changes nothing.

    :raises ConflictError: those who answered last time are still owed an answer.
    """
    unit = get_unit(actor, unit_id, "round.manage")
    most = defaults.SPECS["encounters.round_weeks"].most
    if weeks is None or not 1 <= weeks <= most:
        raise InvalidError(fields={"weeks": _("Välj från 1 till %(most)s veckor.") % {"most": most}})
    last = Round.objects.filter(unit=unit).order_by("-number").first()
    if last is not None and last.published_at is None:
        if is_round_open(last, at):
            return last
        raise _still_owed(last.number)
    number = last.number + 1 if last is not None else 1
    try:
        with transaction.atomic():
            opened = Round.objects.create(unit=unit, number=number, opened_at=at, closes_at=at + timedelta(weeks=weeks))
    except IntegrityError as error:  # somebody opened it in the same moment
        raise ConflictError from error
    record(actor, "round.opened", opened, unit=unit.pk, number=number)
    return opened


@transaction.atomic
def close_round(*, actor: Actor, unit_id: int, number: int, at: datetime) -> Round:
    """End a round before its time. What has been answered stays; from now on the points say that the unit reads."""
    found = get_round(actor, unit_id, number, "round.manage", lock=True)
    if is_round_open(found, at):
        found.closed_at = at
        found.save(update_fields=["closed_at"])
        record(actor, "round.closed", found, unit=unit_id, number=number)
    return found


@transaction.atomic
def write_told(*, actor: Actor, unit_id: int, number: int, told: SaidAndDone, at: datetime) -> Round:
    """Keep what is written so far; nobody outside sees it. What has been published is not written over."""
    found = get_round(actor, unit_id, number, "round.manage", lock=True)
    if found.published_at is not None:
        raise ConflictError(_("Det här är redan publicerat, och de som svarade har kunnat läsa det."))
    texts = {name: getattr(told, name).strip() for name in ("heard", "done", "not_done")}
    require_short(**{name: (text, LONGEST_TEXT) for name, text in texts.items()})
    for name, text in texts.items():
        setattr(found, name, text)
    found.save(update_fields=["heard", "done", "not_done"])
    record(actor, "round.written", found, unit=unit_id, number=number)
    return found


@transaction.atomic
def publish_told(
    *, actor: Actor, unit_id: int, number: int, told: SaidAndDone, thread_id: int | None, at: datetime
) -> Round:
    """Tell everybody what was heard and done, and tie it to the red thread it answers: one of the unit's own, or a new
    one. A second click changes nothing.

    :raises ConflictError: the round is still open; people are still answering.
    """
    found = get_round(actor, unit_id, number, "round.manage", lock=True)
    if found.published_at is not None:
        return found
    if is_round_open(found, at):
        raise ConflictError(_("Rundan är öppen och folk svarar ännu. Stäng den först."))
    missing = {}
    if not told.heard.strip():
        missing["heard"] = _("Skriv vad ni hörde, också om det var ont om svar.")
    if not told.done.strip():
        missing["done"] = _("Skriv vad ni gjorde. Gjorde ni inget än, så skriv det.")
    if missing:
        raise InvalidError(fields=missing)
    found = write_told(actor=actor, unit_id=unit_id, number=number, told=told, at=at)
    found.published_at = at
    found.published_by_id = actor.person_id
    found.save(update_fields=["published_at", "published_by"])
    _tie(found, thread_id, at)
    record(actor, "round.published", found, unit=unit_id, number=number)
    return found


def _tie(told: Round, thread_id: int | None, at: datetime) -> None:
    """Hang the answer on the thread, after the signals that it answers."""
    of_unit = thread.threads_of(told.unit_id)
    chosen = next((each for each in of_unit if each.pk == thread_id), None)
    if chosen is None:
        title = _("Ni sa – vi gjorde, runda %(number)s") % {"number": told.number}
        chosen = thread.start_thread(unit_id=told.unit_id, title=title, at=at)
    knot = thread.add_knot(chosen.pk, Stage.RESULT, told, at=at)
    for signal in Knot.objects.filter(thread=chosen, stage=Stage.SIGNAL):
        thread.tie(knot, signal, TieKind.ANSWERS)


def _still_owed(number: int) -> ConflictError:
    return ConflictError(
        _("De som svarade i runda %(number)s väntar på besked. Berätta först vad ni hörde och vad ni gjorde.")
        % {"number": number}
    )
