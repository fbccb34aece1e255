"""What can be told to browsers: rooms, audiences and events."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Value = str | int | bool | None | list[int]
Audience = Literal["person", "console", "screen"]
AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)
CHANNEL: Final = "samspel_live"
ROOM: Final = re.compile(r"[a-z][a-z_]{0,30}:[A-Za-z0-9_-]{1,60}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,40}")
# Said by the live process itself, or by the page's own script.
RESERVED_NAMES: Final = frozenset({"hello", "ping", "reload", "expired", "presence", "poll", "link"})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a room, told to the audiences it is for.

    ``room`` is ``kind:id`` (``dialogue:12``). ``data`` is small: ids, counts, the sender's key; never words.

    >>> Event("dialogue:12", "step", ("person", "console", "screen"), {"step": 4}).name
    'step'
    """

    room: str
    name: str
    audiences: tuple[Audience, ...]
    data: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not ROOM.fullmatch(self.room):
            raise ValueError(f"room must look like dialogue:12, got {self.room!r}")
        if not _NAME.fullmatch(self.name) or self.name in RESERVED_NAMES:
            raise ValueError(f"name must be a short word of a–z that is not reserved, got {self.name!r}")
        if not self.audiences or not set(self.audiences) <= set(AUDIENCES):
            raise ValueError(f"audiences must be some of {AUDIENCES}, got {self.audiences!r}")
