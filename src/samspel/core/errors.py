"""One family of errors: code, translated sentence, fields, HTTP status.

Pages show the sentence; the HTTP API answers ``application/problem+json`` (RFC 9457). A message tells what
happened and what to do, and never whether something hidden exists.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

Text = str | Promise


class SamspelError(Exception):
    """Something that the asker can be told about."""

    code = "error"
    status = 400
    sentence: Text = gettext_lazy("Det gick inte. Försök igen.")
    # What a person on a page can do about it, when the sentence has no room for it.
    advice: Text = ""

    def __init__(self, sentence: Text | None = None, *, fields: Mapping[str, Text] | None = None) -> None:
        self.message = str(sentence if sentence is not None else self.sentence)
        self.fields = {name: str(text) for name, text in (fields or {}).items()}
        super().__init__(self.code)

    def problem(self) -> dict[str, Any]:
        """The error as a problem+json object."""
        found: dict[str, Any] = {"type": f"urn:samspel:{self.code}", "title": self.message, "status": self.status}
        if self.fields:
            found["fields"] = self.fields
        return found


class NotFoundError(SamspelError):
    """What is missing and what is forbidden look the same from outside."""

    code = "not-found"
    status = 404
    sentence = gettext_lazy("Sidan finns inte, eller så är den inte öppen för dig.")

    def __init__(self, what: str = "") -> None:
        super().__init__()
        self.what = what


class SignInError(SamspelError):
    code = "sign-in"
    status = 401
    sentence = gettext_lazy("Logga in för att fortsätta.")


class MethodError(SamspelError):
    """An address that only takes what is sent to it was opened."""

    code = "method"
    status = 405
    sentence = gettext_lazy("Här finns inget att läsa. Gå tillbaka och fortsätt därifrån.")


class ConflictError(SamspelError):
    """The thing has moved on: closed, handed in, taken by another."""

    code = "conflict"
    status = 409
    sentence = gettext_lazy("Någon annan hann före. Ladda om sidan.")


class InvalidError(SamspelError):
    """What was sent cannot be used; ``fields`` says which and why."""

    code = "invalid"
    status = 422
    sentence = gettext_lazy("Något behöver rättas.")


class TooLargeError(SamspelError):
    code = "too-large"
    status = 413
    sentence = gettext_lazy("Det är för mycket på en gång. Dela upp det.")


class TooManyError(SamspelError):
    code = "too-many"
    status = 429

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(
            ngettext("Vänta %(s)s sekund och försök igen.", "Vänta %(s)s sekunder och försök igen.", wait_s)
            % {"s": wait_s}
        )


class UnavailableError(SamspelError):
    """The database is away for a moment; what was sent is not lost on the device."""

    code = "unavailable"
    status = 503

    def __init__(self) -> None:
        super().__init__(_("Samspel startar om. Det du skrev finns kvar, försök igen om en liten stund."))
