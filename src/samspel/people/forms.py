"""Reading what forms send."""

from django.http import HttpRequest


def whole_number(request: HttpRequest, name: str) -> int | None:
    """A posted id, or None when the field is empty or no number."""
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else None
