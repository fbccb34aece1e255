"""What a unit had heard that a dialogue opens with, as it was told when the dialogue was planned."""

from dataclasses import dataclass

from samspel.dialogues.models import Dialogue


@dataclass(frozen=True)
class Behind:
    """A word that visitors wrote, or what they named as in the way, and how many did."""

    text: str
    count: int


@dataclass(frozen=True)
class WasHeard:
    """A signal: its words, what they stand on and, behind a pattern in figures, what visitors wrote and named."""

    words: str
    source: str
    is_pattern: bool
    written: tuple[Behind, ...]
    hindered: tuple[Behind, ...]


def heard_in(dialogue: Dialogue, *, inside: bool = True) -> tuple[WasHeard, ...]:
    """What the dialogue opens with. A pattern is the unit's own and those who meet about it: others get only what
    somebody said. No query."""
    return tuple(
        WasHeard(
            one["words"],
            one["source"],
            one["is_pattern"],
            tuple(Behind(text, count) for text, count in one["written"]),
            tuple(Behind(text, count) for text, count in one["hindered"]),
        )
        for one in dialogue.heard
        if inside or not one["is_pattern"]
    )
