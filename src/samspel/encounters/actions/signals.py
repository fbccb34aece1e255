"""Changes to signals."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core import thread
from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.idempotency import checked_key
from samspel.core.models import Stage
from samspel.core.texts import require_short
from samspel.encounters.access import may_erase
from samspel.encounters.models import Signal
from samspel.encounters.screening import screen
from samspel.people.access import get_unit

LONGEST, LONGEST_SOURCE = 300, 200


@transaction.atomic
def note_signal(
    *, actor: Actor, unit_id: int, words: str, source: str, key: str, at: datetime, is_reviewed: bool = False
) -> Signal:
    """Note by hand what was heard; it begins a red thread in the unit. A repeated key changes nothing.

    :param is_reviewed: who notes it says that the words point out nobody, though they may look so: all can read them.
    :raises InvalidError: nothing is said, too much, or the words look like somebody and are not reviewed.
    """
    unit = get_unit(actor, unit_id, "signal.note")
    words, source = words.strip(), source.strip()
    if not words:
        raise InvalidError(fields={"words": _("Skriv vad ni har hört, helst med personens egna ord.")})
    require_short(words=(words, LONGEST), source=(source, LONGEST_SOURCE))
    if not is_reviewed and not (screen(words).is_clean and screen(source).is_clean):
        raise InvalidError(fields={"is_reviewed": _("Orden ser ut att peka ut någon, och alla kan läsa dem.")})
    earlier = Signal.objects.filter(key=checked_key(key)).first()
    if earlier is not None:
        return earlier
    signal = Signal.objects.create(
        unit=unit, words=words, source=source, noted_at=at, noted_by_id=actor.person_id, key=key
    )
    begun = thread.start_thread(unit_id=unit.pk, title=signal.words, at=at)
    thread.add_knot(begun.pk, Stage.SIGNAL, signal, at=at)
    record(actor, "signal.noted", signal, unit=unit.pk)
    return signal


@transaction.atomic
def erase_words(*, actor: Actor, unit_id: int, signal_id: int) -> None:
    """Take away the words of a signal that was noted by hand, wherever its thread shows them. The thread stays, and
    says that they are gone: nobody makes something that was said unheard in silence.

    :raises NotFoundError: the unit has no such signal, or it is another's to take away.
    """
    signal = Signal.objects.select_for_update().filter(pk=signal_id, unit_id=unit_id).first()
    if signal is None or not may_erase(actor, signal):
        raise NotFoundError("signal")
    if signal.is_erased:
        return
    for knot in thread.knots_of(signal):
        thread.rename(knot.thread_id, was=signal.words, to="")
    signal.words = signal.source = ""
    signal.save(update_fields=["words", "source"])
    record(actor, "signal.erased", signal, unit=unit_id)
