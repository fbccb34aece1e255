"""Taking what a unit has heard into a dialogue."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from samspel.core.actor import Request
from samspel.dialogues.actions.taking_up import take_up


@require_POST
def signal(request: Request, unit_id: int, signal_id: int) -> HttpResponse:
    """One press: the signal is in the next dialogue, and its plan is the next page."""
    dialogue = take_up(
        actor=request.actor,
        unit_id=unit_id,
        signal_id=signal_id,
        language=get_language() or "sv",
        key=request.POST.get("key", ""),
        at=timezone.now(),
    )
    messages.success(request, _("Det är med i samtalet. Skriv frågan som ni vill prata om."))
    return redirect("dialogue_plan", dialogue.pk)
