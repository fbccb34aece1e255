"""Handing a seat's secret from one phone to another through a code that lives for a minute, in memory only.

Nothing here is written to the database, a file or a log: docs/decisions/0007-take-over-in-memory.md.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from samspel.dialogues.sealing import SeatToken

LASTS_S: Final = 60.0
TOLD_S: Final = 600.0  # how long the first phone can hear that its code was used
MOST: Final = 5_000
State = Literal["none", "waiting", "used"]


@dataclass(frozen=True)
class _Offer:
    code: str
    token: SeatToken = field(repr=False)
    made_s: float
    used: bool = False


@dataclass(frozen=True)
class Offered:
    """What the first phone shows: the code, how long it holds, and whether somebody has used it."""

    state: State
    code: str = ""
    left_s: int = 0

    @property
    def left_text(self) -> str:
        return f"{self.left_s // 60}:{self.left_s % 60:02}"


class TakeOvers:
    """One-use codes by dialogue. A seat has at most one; a new one ends the old. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._offers: dict[tuple[int, int], _Offer] = {}  # by dialogue and seat number

    def offer(self, dialogue_id: int, token: SeatToken) -> Offered | None:
        """A new code for this seat's secret; None when too many are out at once."""
        with self._lock:
            self._sweep()
            taken = {offer.code for (dialogue, _number), offer in self._offers.items() if dialogue == dialogue_id}
            if len(self._offers) >= self._most and (dialogue_id, token.number) not in self._offers:
                return None
            code = f"{secrets.randbelow(10**8):08}"
            while code in taken:
                code = f"{secrets.randbelow(10**8):08}"
            self._offers[dialogue_id, token.number] = _Offer(code, token, self._clock())
            return Offered("waiting", code, int(LASTS_S))

    def take(self, dialogue_id: int, code: str) -> SeatToken | None:
        """The secret behind a code, once; None when there is none, or its minute is over."""
        with self._lock:
            self._sweep()
            for key, offer in self._offers.items():
                if key[0] != dialogue_id or offer.used:
                    continue
                if secrets.compare_digest(offer.code.encode(), code.encode()) and self._left(offer) > 0:
                    # The secret is let go of at once; that the code was used is remembered for the first phone.
                    empty = SeatToken(offer.token.number, b"")
                    self._offers[key] = _Offer("", empty, self._clock(), used=True)
                    return offer.token
            return None

    def offered(self, dialogue_id: int, number: int) -> Offered:
        """How it goes with the code of a seat."""
        with self._lock:
            self._sweep()
            offer = self._offers.get((dialogue_id, number))
            if offer is None:
                return Offered("none")
            if offer.used:
                return Offered("used")
            return Offered("waiting", offer.code, max(1, round(self._left(offer))))

    def forget(self, dialogue_id: int, number: int) -> None:
        """End a seat's code, or what is remembered of it."""
        with self._lock:
            self._offers.pop((dialogue_id, number), None)

    def clear(self) -> None:
        with self._lock:
            self._offers.clear()

    def _left(self, offer: _Offer) -> float:
        return (TOLD_S if offer.used else LASTS_S) - (self._clock() - offer.made_s)

    def _sweep(self) -> None:
        for key in [key for key, offer in self._offers.items() if self._left(offer) <= 0]:
            del self._offers[key]


TAKE_OVERS = TakeOvers()
