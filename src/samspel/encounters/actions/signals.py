"""Changes to signals."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core import thread
from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError
from samspel.core.idempotency import checked_key
from samspel.core.models import Stage
from samspel.encounters.models import Signal
from samspel.people.access import get_unit


@transaction.atomic
def note_signal(*, actor: Actor, unit_id: int, words: str, source: str, key: str, at: datetime) -> Signal:
    """Note by hand what was heard; it begins a red thread in the unit. A repeated key changes nothing."""
    unit = get_unit(actor, unit_id, "signal.note")
    if not words.strip():
        raise InvalidError(fields={"words": _("Skriv vad ni har hört, helst med personens egna ord.")})
    if len(words.strip()) > 300:
        raise InvalidError(fields={"words": _("Korta till högst 300 tecken.")})
    earlier = Signal.objects.filter(key=checked_key(key)).first()
    if earlier is not None:
        return earlier
    signal = Signal.objects.create(
        unit=unit, words=words.strip(), source=source.strip()[:200], noted_at=at, noted_by_id=actor.person_id, key=key
    )
    begun = thread.start_thread(unit_id=unit.pk, title=signal.words, at=at)
    thread.add_knot(begun.pk, Stage.SIGNAL, signal, at=at)
    record(actor, "signal.noted", signal, unit=unit.pk)
    return signal
