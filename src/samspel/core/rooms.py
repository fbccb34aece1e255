"""What one meeting may write in one page process, so that a flood there leaves room for the others.

Posts are counted that the meeting took: one who has no place in it cannot use up its share. Those who lead post to its
number and not to its code, and have a share of their own. A point of asking has a code too, and is a room in the same
way.
"""

import random
import time
from collections.abc import Mapping
from typing import Any, Final

from samspel.core.errors import TooManyError
from samspel.core.limits import Buckets

# A hall of 400 that does seven things at once passes; what comes without end is held to about half of what a process
# receives (a note takes it some eight milliseconds).
BURST: Final = 3000
PER_S: Final = 60


def room_of(kwargs: Mapping[str, Any]) -> str:
    """The meeting or point that an address belongs to, by its code or number; empty for all other addresses."""
    return str(kwargs.get("code") or kwargs.get("dialogue_id") or "")


class Shares:
    """Posts by meeting."""

    def __init__(self, burst: int = BURST, per_s: float = PER_S) -> None:
        self._burst = burst
        self._per_s = per_s
        self._buckets = Buckets()
        self._used_up_until: dict[str, float] = {}

    def check(self, room: str) -> None:
        until = self._used_up_until.get(room)
        if until is None:
            return
        if time.monotonic() >= until:
            self._used_up_until.pop(room, None)
            return
        # They are many who wait: each comes back at a time of its own.
        raise TooManyError(random.randint(2, 8))

    def count(self, room: str) -> None:
        wait_s = self._buckets.take("room", room, self._burst, self._per_s)
        if wait_s:
            self._used_up_until[room] = time.monotonic() + wait_s

    def clear(self) -> None:
        self._buckets.clear()
        self._used_up_until.clear()


SHARES = Shares()


def check_room(room: str) -> None:
    """Stop what is sent to a meeting that has used its share; pages keep what was written and send it again.

    :raises TooManyError: until the meeting has some of its share again.
    """
    SHARES.check(room)


def count_post(room: str) -> None:
    """The meeting took a post."""
    SHARES.count(room)
