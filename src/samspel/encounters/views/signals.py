"""Pages of encounters: noting a signal by hand."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from samspel.core.actor import Request
from samspel.encounters.actions.signals import note_signal


@require_POST
def note(request: Request, unit_id: int) -> HttpResponse:
    note_signal(
        actor=request.actor,
        unit_id=unit_id,
        words=request.POST.get("words", ""),
        source=request.POST.get("source", ""),
        key=request.POST.get("key", ""),
        at=timezone.now(),
    )
    messages.success(request, _("Tråden har börjat. Ta upp den i nästa samtal."))
    return redirect("unit", unit_id)
