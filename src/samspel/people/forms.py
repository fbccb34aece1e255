"""Reading what forms send."""

from django.http import HttpRequest

from samspel.core.numbers import number_of


def whole_number(request: HttpRequest, name: str) -> int | None:
    """A posted id, or None when the field is empty or no number."""
    return number_of(request.POST.get(name, ""))
