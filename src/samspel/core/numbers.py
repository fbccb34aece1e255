"""Numbers that somebody sent."""

from typing import Final

_MOST_DIGITS: Final = 18


def number_of(text: str) -> int | None:
    """A whole number from 0 of at most 18 digits, in any script's digits: what a column of 64 bits holds.

    :returns: None for anything else. Python reads no more than 4,300 digits, and anybody may send more.
    """
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None
