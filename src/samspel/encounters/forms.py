"""Reading what the forms of encounters send."""

from datetime import date

from django.http import HttpRequest

from samspel.core.numbers import number_of
from samspel.encounters.actions.points import PointDraft


def number_in(request: HttpRequest, name: str) -> int | None:
    """A posted whole number, or None when the field is empty or holds none."""
    text = "".join(request.POST.get(name, "").split())
    return number_of(text, 9)


def date_in(request: HttpRequest, name: str) -> date | None:
    """A posted day as 2026-03-02, or None."""
    try:
        return date.fromisoformat(request.POST.get(name, ""))
    except ValueError:
        return None


def point_in(request: HttpRequest) -> PointDraft:
    """What the form of a point sent."""
    said = request.POST
    return PointDraft(
        kind=said.get("kind", ""),
        title=said.get("title", ""),
        service_id=number_in(request, "service"),
        provider_id=number_in(request, "provider"),
        channel=said.get("channel", ""),
        language=said.get("language", ""),
        area_id=number_in(request, "area"),
        age_band=said.get("age_band", ""),
        window_min=number_in(request, "window_min"),
    )
