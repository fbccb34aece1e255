"""Texts that somebody wrote."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from samspel.core.errors import InvalidError


def too_long(text: str, most: int) -> str | None:
    """What to tell who wrote more than ``most`` characters; None when they are not more."""
    if len(text) <= most:
        return None
    return _("Korta till högst %(most)s tecken.") % {"most": number_format(most, force_grouping=True)}


def all_too_long(**texts: tuple[str, int]) -> dict[str, str]:
    """What to tell of each field that has too much; nothing is cut off.

    :param texts: by the field's name, the text and the most characters it may have.
    """
    return {name: told for name, (text, most) in texts.items() if (told := too_long(text, most))}


def require_short(**texts: tuple[str, int]) -> None:
    """:raises InvalidError: with each of the fields that has too much, as ``all_too_long`` tells it."""
    if wrong := all_too_long(**texts):
        raise InvalidError(fields=wrong)
