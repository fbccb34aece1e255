"""Numbers that somebody sent."""

from collections.abc import Iterable
from typing import Final

_MOST_DIGITS: Final = 18


def number_of(text: str | None, digits: int = _MOST_DIGITS) -> int | None:
    """A whole number from 0 of at most so many digits, in any script's digits: what a column of 64 bits holds, or with
    9 digits one of 32.

    :returns: None for anything else. Python reads no more than 4,300 digits, and anybody may send more.
    """
    return int(text) if text and text.isdecimal() and len(text) <= digits else None


def numbers_of(texts: Iterable[str]) -> list[int]:
    """The whole numbers among what was sent, in its order."""
    return [number for text in texts if (number := number_of(text)) is not None]
