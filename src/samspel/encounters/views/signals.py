"""Noting by hand what was heard, and taking its words away."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from samspel.core.actor import Request
from samspel.core.errors import InvalidError
from samspel.encounters.actions.signals import erase_words, note_signal
from samspel.people.access import get_unit


@require_http_methods(["GET", "POST"])
def note(request: Request, unit_id: int) -> HttpResponse:
    unit = get_unit(request.actor, unit_id, "signal.note")
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            note_signal(
                actor=request.actor,
                unit_id=unit_id,
                words=request.POST.get("words", ""),
                source=request.POST.get("source", ""),
                key=request.POST.get("key", ""),
                at=timezone.now(),
                is_reviewed="is_reviewed" in request.POST,
            )
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Tråden har börjat. Ta upp den i nästa samtal."))
            return redirect("unit", unit_id)
    context = {"unit": unit, "errors": fields, "said": request.POST, "section": "unit"}
    return render(request, "encounters/signal.html", context, status=422 if fields else 200)


@require_POST
def erase(request: Request, unit_id: int, signal_id: int) -> HttpResponse:
    erase_words(actor=request.actor, unit_id=unit_id, signal_id=signal_id)
    messages.success(request, _("Orden är borttagna."))
    return redirect("unit", unit_id)
