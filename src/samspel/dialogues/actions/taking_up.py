"""From something a unit has heard into a dialogue, in one press."""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.dialogues.actions.planning import create_dialogue, grow_from, grows_from_of, hang_on_signal
from samspel.dialogues.models import Dialogue
from samspel.dialogues.queries import next_dialogue
from samspel.people.access import get_unit

# A new dialogue fits the monthly workplace meeting; its plan says when and how long, and is the next page.
TEMPLATE = "apt-30"
IN_DAYS, AT_CLOCK = 7, time(13)


@transaction.atomic
def take_up(*, actor: Actor, unit_id: int, signal_id: int, language: str, key: str, at: datetime) -> Dialogue:
    """Take a signal with the words behind it into the unit's next dialogue, or into a new draft.

    It hangs on the signal's thread from then on; what else it takes up stays. Pressed again, nothing changes.

    :raises NotFoundError: the unit has no such signal, or the actor may not plan there.
    """
    unit = get_unit(actor, unit_id, "dialogue.create")
    dialogue = next_dialogue(unit.pk, at, lock=True) or create_dialogue(
        actor=actor,
        unit_id=unit.pk,
        template_key=TEMPLATE,
        starts_at=_moment(at),
        language=language,
        key=key,
        at=at,
    )
    if any(one["signal_id"] == signal_id for one in dialogue.heard):
        return dialogue
    if grows_from_of(dialogue):
        hang_on_signal(dialogue, signal_id, at)
    else:
        # A planned dialogue that nothing was chosen for hangs on a thread of its own, and leaves it.
        grow_from(dialogue, f"signal:{signal_id}", at)
    record(actor, "signal.taken_up", dialogue, signal=signal_id)
    return dialogue


def _moment(at: datetime) -> datetime:
    day = timezone.localdate(at) + timedelta(days=IN_DAYS)
    return timezone.make_aware(datetime.combine(day, AT_CLOCK))
