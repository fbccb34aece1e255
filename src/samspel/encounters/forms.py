"""Reading what the forms of encounters send."""

from django.http import HttpRequest

from samspel.core.forms import number_in
from samspel.encounters.actions.points import PointDraft


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
