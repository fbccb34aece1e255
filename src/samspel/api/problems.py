"""What cannot be done, as other systems are told it: problem+json."""

from typing import Any

from django.utils.translation import gettext_lazy
from ninja import Schema

from samspel.core.errors import SamspelError, TooLargeError

__all__ = ["BrokenJsonError", "NotJsonError", "OtherSiteError", "Problem", "TooLargeError", "problems"]


class NotJsonError(SamspelError):
    code = "not-json"
    status = 415
    sentence = gettext_lazy("Skicka JSON, med Content-Type: application/json.")


class BrokenJsonError(SamspelError):
    code = "broken-json"
    status = 400
    sentence = gettext_lazy("Det går inte att läsa som JSON.")


class OtherSiteError(SamspelError):
    code = "other-site"
    status = 403
    sentence = gettext_lazy(
        "Det kom från en annan webbplats, eller så har sidan legat öppen för länge. Öppna den på nytt."
    )


class Problem(Schema):
    """RFC 9457. ``fields`` has a sentence for each field that cannot be used."""

    type: str
    title: str
    status: int
    fields: dict[str, str] | None = None


def problems(*more: int) -> dict[Any, Any]:
    """An address's answers beside the good ones: what any of them may meet, and these statuses."""
    return dict.fromkeys(sorted({404, 422, 429, 503, *more}), Problem)
