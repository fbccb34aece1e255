"""The dialogues of one's units: going on, coming, drafts, finished."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from samspel.core.actor import Request
from samspel.core.numbers import number_of
from samspel.dialogues.plan_queries import dialogue_list


@require_GET
def page(request: Request) -> HttpResponse:
    """All of them, or one unit's (``?unit=3``)."""
    unit = request.GET.get("unit", "")
    unit_id = number_of(unit, 9)
    context = {"section": "dialogues", "listed": dialogue_list(request.actor, unit_id), "unit_id": unit_id}
    return render(request, "dialogues/list.html", context)
