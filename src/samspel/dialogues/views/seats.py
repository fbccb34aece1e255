"""Who sits where, for a leader who moves somebody or knows that she has gone home."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from samspel.core.actor import Request
from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.permissions import may
from samspel.dialogues.access import get_dialogue, phase_of, roles_in_dialogue
from samspel.dialogues.actions import moving
from samspel.dialogues.overview import seats_page
from samspel.dialogues.tables import name_of


@require_GET
def seats(request: Request, dialogue_id: int) -> HttpResponse:
    """Every table with its people, by the name or number the table knows them by."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    response = render(
        request,
        "dialogues/seats.html",
        {
            "dialogue": dialogue,
            "section": "dialogues",
            "page": seats_page(dialogue),
            "may_move": may(roles_in_dialogue(request.actor, dialogue), "dialogue.run", phase_of(dialogue)),
        },
    )
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def move(request: Request, dialogue_id: int) -> HttpResponse:
    """One of the page's buttons for the chosen person: to a table, gone, or back."""
    get_dialogue(request.actor, dialogue_id, "dialogue.run")
    number = _number(request.POST.get("seat", "") or request.POST.get("back", ""))
    if number is None:
        messages.error(request, _("Välj en person först."))
        return redirect("dialogue_seats", dialogue_id)
    try:
        _press(request, dialogue_id, number)
    except ConflictError as error:
        messages.error(request, error.message)
    return redirect("dialogue_seats", dialogue_id)


def _press(request: Request, dialogue_id: int, number: int) -> None:
    at = timezone.now()
    if "gone" in request.POST or "back" in request.POST:
        moving.set_gone(
            actor=request.actor,
            dialogue_id=dialogue_id,
            seat_number=number,
            wanted="back" not in request.POST,
            at=at,
        )
        return
    table = _number(request.POST.get("table", ""))
    if table is None:
        messages.error(request, _("Välj ett bord."))
        return
    moved = moving.move_seat(actor=request.actor, dialogue_id=dialogue_id, seat_number=number, table_id=table, at=at)
    if moved:
        messages.success(
            request,
            ngettext("%(name)s har flyttat.", "%(name)s och de som får hjälp av samma telefon har flyttat.", len(moved))
            % {"name": name_of(moved[0])},
        )


def _number(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise NotFoundError("seat")
    return int(text)
