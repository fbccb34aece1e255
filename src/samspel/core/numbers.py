"""Numbers that somebody sent."""

from collections.abc import Iterable
from typing import Final

from samspel.core.errors import NotFoundError

_MOST_DIGITS: Final = 18


def number_of(text: str | None, digits: int = _MOST_DIGITS) -> int | None:
    """A whole number from 0 of at most so many digits, in any script's digits: what a column of 64 bits holds, or with
    9 digits one of 32.

    :returns: None for anything else. Python reads no more than 4,300 digits, and anybody may send more.
    """
    return int(text) if text and text.isdecimal() and len(text) <= digits else None


def id_of(text: str | None, what: str) -> int:
    """The number of a row that an address or a form names.

    :param what: what it is a number of, for the error.
    :raises NotFoundError: it is no number; so what cannot be looks like what is missing.
    """
    number = number_of(text)
    if number is None:
        raise NotFoundError(what)
    return number


def numbers_of(texts: Iterable[str]) -> list[int]:
    """The whole numbers among what was sent, in its order."""
    return [number for text in texts if (number := number_of(text)) is not None]
