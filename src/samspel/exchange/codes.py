"""The code that a party comes back with: shown once, kept only as a hash, and on her device as a cookie.

Whoever presses twice, or sends again what got no answer, is shown it again for SHOWN_AGAIN; not longer, for the
computer may be borrowed.
"""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from samspel.encounters.keyed import hash_of, letters_of

# No letter that looks like another or like a digit; 12 letters are 60 bits, and guesses are counted.
LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
GROUPS: Final = 4
SHOWN_AGAIN: Final = timedelta(minutes=2)
_COOKIE: Final = "exchange"
_KEPT_S: Final = 60 * 60 * 24 * 200


def code_of(key: str) -> str:
    """The code that the form with this key gives, as it is written down: ``7KX 3MD 9RT 4PW``."""
    letters = letters_of("exchange-code", key, LETTERS, GROUPS * 3)
    return " ".join(letters[at : at + 3] for at in range(0, len(letters), 3))


def hash_of_code(code: str) -> bytes:
    """However it was typed: small letters, other spaces, dashes."""
    return hash_of("exchange", plain(code))


def plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter in LETTERS)[: GROUPS * 3 + 1]


def code_in(request: HttpRequest) -> str:
    """The code that this device has; empty when it has none."""
    return request.COOKIES.get(_COOKIE, "")


def keep_code(response: HttpResponse, code: str) -> None:
    """Only for the pages of one's own, and read by no script."""
    response.set_cookie(
        _COOKIE,
        plain(code),
        max_age=_KEPT_S,
        path="/exchange/",
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def forget_code(response: HttpResponse) -> None:
    response.delete_cookie(_COOKIE, path="/exchange/", samesite="Lax")
