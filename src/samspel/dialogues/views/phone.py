"""A participant's page: one address for the whole meeting, its body chosen by the step that is going on."""

from collections.abc import Callable

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from samspel.core.actor import Request
from samspel.core.limits import learn_code
from samspel.dialogues.access import Here, find_here, get_here
from samspel.dialogues.actions.joining import acting_here, touch_seat
from samspel.dialogues.models import Dialogue
from samspel.dialogues.views import join, solo, table, whole
from samspel.dialogues.views.phone_view import PhoneView, context_of, for_number
from samspel.live.queries import Line, line_to

VIEWS: dict[str, Callable[[Here], PhoneView]] = {
    "planned": join.lobby,
    "frame": join.frame,
    "solo": solo.view,
    "small": table.view,
    "whole": whole.view,
    "break": join.pause,
    "closed": join.closed,
}
# Pages of one phase only. In another phase such a page is loaded anew, and nothing more need be asked to know that.
ONLY_IN = {
    "dialogues/frame_lobby.html": "planned",
    "dialogues/frame.html": "frame",
    "dialogues/solo.html": "solo",
    "dialogues/table.html": "small",
    "dialogues/break.html": "break",
}


@require_GET
def page(request: Request, code: str) -> HttpResponse:
    """The page of a seat, or the way in for one who has none here."""
    digits = "".join(letter for letter in code if letter.isdigit())
    if digits != code and len(digits) == 6:
        return redirect("join", digits)
    is_part = bool(request.htmx)
    # The line is taken before anything is read, so that nothing which happens meanwhile is missed.
    line = None if is_part else _line(request, code)
    here = find_here(request, code)
    if here is None:
        return _reload() if is_part else join.welcome(request, code)
    touch_seat(here.seat, now())
    learn_code(request, here.dialogue.code)
    if is_part and ONLY_IN.get(request.GET.get("vy", ""), here.phase) != here.phase:
        return _reload()
    shown = acting_here(here, for_number(request))
    view = view_of(shown)
    if is_part and request.GET.get("vy") != view.template:
        return _reload()
    return render(request, view.template, context_of(request, shown, view) | {"line": line})


def _line(request: Request, code: str) -> Line | None:
    dialogue_id = Dialogue.objects.filter(code=code, code_until=None).values_list("pk", flat=True).first()
    # The same work for a code that opens nothing: how long the answer takes must not tell it from one that does.
    number = "".join(letter for letter in request.COOKIES.get("seat", "").partition(".")[0][:9] if letter.isdigit())
    line = line_to(f"dialogue:{dialogue_id or 0}", "person", hint=number)
    return None if dialogue_id is None else line


def _reload() -> HttpResponse:
    """Something else is going on: the browser loads the whole page, with its own styles."""
    return HttpResponse(headers={"HX-Refresh": "true"})


def view_of(here: Here) -> PhoneView:
    """What this seat sees in the step that is going on."""
    if here.placement is None and here.phase in {"solo", "small"}:
        return join.no_table(here)
    return VIEWS[here.phase](here)


@require_GET
def ticket(request: Request, code: str) -> JsonResponse:
    """A new ticket to the stream, for a page whose ticket is old."""
    here = get_here(request, code, "seat.read")
    line = line_to(here.dialogue.room, "person", hint=str(here.seat.number))
    return JsonResponse({"ticket": line.ticket})
