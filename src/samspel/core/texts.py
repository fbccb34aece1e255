"""Texts that somebody wrote."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from samspel.core.errors import InvalidError


def too_long(text: str, most: int) -> str | None:
    """What to tell who wrote more than ``most`` characters; None when they are not more."""
    if len(text) <= most:
        return None
    return _("Korta till högst %(most)s tecken.") % {"most": number_format(most, force_grouping=True)}


def require_short(**texts: tuple[str, int]) -> None:
    """Nothing is cut off: who wrote too much is told so.

    :param texts: by the field's name, the text and the most characters it may have.
    :raises InvalidError: with each field that has more.
    """
    wrong = {name: told for name, (text, most) in texts.items() if (told := too_long(text, most))}
    if wrong:
        raise InvalidError(fields=wrong)
