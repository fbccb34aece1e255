"""What all phones of a hall are shown alike is read once for all of them.

When the leader presses, four hundred phones ask within seconds for the same threes, results and agreements. What was
read is kept with the number of the room's latest event, asked for before anything that is read, the dialogue too:
whatever changes for the hall tells its room in the same transaction, so a number that still holds says that nothing
has. What no event tells (an administrator who mends a text by hand) is seen when the seconds are over.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils.translation import get_language

from samspel.dialogues.models import Dialogue
from samspel.live.queries import last_number

KEPT_S = 2.0
MOST_KEPT = 64

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Read:
    number: int
    at_s: float
    value: Any


_reads: dict[tuple[int, str, str | None], _Read] = {}


def read_once(dialogue: Dialogue, what: str, read: Callable[[Dialogue], T]) -> T:
    """What ``read`` gives, or gave another phone since the room's latest event. One query, and one more when it reads.

    :param what: names it among what is read of the dialogue; it must be the same for everybody who may see the room.
    :param read: is given the dialogue as it is now. The caller's may be older than the event, and what came of it
        would be kept for those who ask after it.
    """
    key = (dialogue.pk, what, get_language())
    number, now_s = last_number(dialogue.room), time.monotonic()
    kept = _reads.get(key)
    if kept is not None and kept.number == number and now_s - kept.at_s < KEPT_S:
        value: T = kept.value
        return value
    value = read(Dialogue.objects.select_related("step").get(pk=dialogue.pk))
    if len(_reads) >= MOST_KEPT:
        forget()
    _reads[key] = _Read(number, now_s, value)
    return value


def forget() -> None:
    """Read everything anew."""
    _reads.clear()
