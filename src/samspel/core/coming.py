"""What a unit meets about next: told by the part that plans it, to parts that know nothing of planning."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Coming:
    """A meeting that is planned: what it is called, and when it begins."""

    title: str
    starts_at: datetime


Teller = Callable[[int, datetime], Coming | None]
_tellers: list[Teller] = []


def register(tell: Teller) -> None:
    """Tell of meetings by a unit's id and the time it is."""
    _tellers.append(tell)


def coming_in(unit_id: int, at: datetime) -> Coming | None:
    """The unit's next meeting, if one is planned."""
    found = [coming for tell in _tellers if (coming := tell(unit_id, at)) is not None]
    return min(found, key=lambda coming: coming.starts_at, default=None)
