"""Fields of a form that somebody sent."""

from datetime import date

from django.http import HttpRequest

from samspel.core.numbers import number_of


def sent(request: HttpRequest, name: str) -> str:
    """A field of the form, or of the address when the form has none; empty when neither has."""
    return request.POST.get(name) or request.GET.get(name, "")


def number_in(request: HttpRequest, name: str) -> int | None:
    """A whole number that a column of 32 bits holds, also as 1 000; None when the field is empty or holds none."""
    return number_of("".join(sent(request, name).split()), 9)


def date_in(request: HttpRequest, name: str) -> date | None:
    """A day as 2026-03-02, or None."""
    try:
        return date.fromisoformat(sent(request, name))
    except ValueError:
        return None
