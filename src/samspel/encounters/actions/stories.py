"""Telling of a meeting, and taking it back. Who told it is known to nobody; who has the code can take it back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.errors import InvalidError
from samspel.core.idempotency import once
from samspel.core.texts import require_short
from samspel.encounters.keyed import hash_of, letters_of
from samspel.encounters.models import Point, Side, Story
from samspel.encounters.screening import Screened, screen

LONGEST: Final = 2000
# Whoever presses twice is shown the code again; not longer, for the phone may be borrowed.
SHOWN_AGAIN: Final = timedelta(minutes=2)
# No letter that looks like another or like a digit; 60 bits, and guesses are counted.
_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 3, 4


@dataclass(frozen=True)
class NewStory:
    """A story that was told, and the code that takes it back: shown once, kept nowhere."""

    story: Story
    code: str


def screened_story(words: str) -> Screened:
    """A story's words, row by row, with masks where they look like somebody."""
    rows = [screen(row, LONGEST) for row in words.strip().splitlines()]
    return Screened(
        "\n".join(row.text for row in rows)[:LONGEST].strip(), tuple(each for row in rows for each in row.found)
    )


@transaction.atomic
def tell_story(*, point: Point, words: str, is_hard: bool, consents: bool, key: str, at: datetime) -> NewStory | None:
    """Keep a story with consent to exactly these words; it is shown to nobody before it has been read through.

    None when the key has told its story already, some minutes ago: its code was shown then.

    :raises InvalidError: nothing is told, too much, without consent, or the words look like somebody (then they are
        shown to the writer masked, and she is asked again: what she consents to is what is kept).
    """
    text = words.strip().replace("\r\n", "\n")
    if not text:
        raise InvalidError(fields={"words": _("Skriv några meningar om mötet.")})
    require_short(words=(text, LONGEST))
    if not screened_story(text).is_clean:
        raise InvalidError(fields={"words": _("Orden ser ut att peka ut någon.")})
    if not consents:
        raise InvalidError(fields={"consents": _("Kryssa i att orden får visas, annars sparas de inte.")})
    code = _code_of(key)
    if not once(key):
        before = Story.objects.filter(key=key, told_at__gt=at - SHOWN_AGAIN).first()
        return NewStory(before, code) if before is not None else None
    story = Story.objects.create(
        unit_id=point.unit_id,
        words=text,
        side=Side.RESIDENT,
        is_hard=is_hard,
        told_at=at,
        consented_at=at,
        withdrawal=_hash(code),
        key=key,
    )
    return NewStory(story, code)


@transaction.atomic
def withdraw_story(code: str) -> bool:
    """Erase the story that a code belongs to, shown or not; False when there is none."""
    gone, _each = Story.objects.filter(withdrawal=_hash(code)).delete()
    return gone > 0


def _code_of(key: str) -> str:
    letters = letters_of("story-code", key, _LETTERS, _GROUPS * _GROUP)
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def _hash(code: str) -> bytes:
    """However it was typed: small letters, spaces, no dashes."""
    return hash_of("story", "".join(letter for letter in code.upper() if letter.isalnum()))
