"""Stories are read before they are shown."""

from typing import Final

from django.core.paginator import Page, Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import NotFoundError
from samspel.core.numbers import number_of
from samspel.encounters.actions.reviewing_stories import show_story
from samspel.encounters.models import Story
from samspel.encounters.stories import stories_to_read
from samspel.people.access import get_unit

PAGE: Final = 50


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: Request, unit_id: int) -> HttpResponse:
    """What has been told about a unit's meetings, a page at a time, and which of it the unit shows."""
    unit = get_unit(request.actor, unit_id, "story.publish")
    if request.method != "POST":
        return render(
            request,
            "encounters/stories_review.html",
            {"unit": unit, "page": _page(request, unit.pk), "section": "encounters"},
        )
    story, wanted = number_of(request.POST.get("story", "")), request.POST.get("do") == "publish"
    if story is None:
        raise NotFoundError("story")
    show_story(actor=request.actor, unit_id=unit_id, story_id=story, wanted=wanted, at=now())
    page = _page(request, unit_id).number
    return HttpResponseRedirect(f"{reverse('unit_stories', args=[unit_id])}?page={page}#berattelse-{story}")


def _page(request: Request, unit_id: int) -> Page[Story]:
    return Paginator(stories_to_read(unit_id), PAGE).get_page(request.GET.get("page"))
