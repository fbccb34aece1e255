"""The big screen: opened by a leader, meant for the whole hall."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from samspel.core.actor import Request
from samspel.core.addresses import address_for_others
from samspel.core.limits import learn_code
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.models import Dialogue
from samspel.dialogues.screen_view import screen_of
from samspel.live.queries import line_to


def _context(request: HttpRequest, dialogue: Dialogue) -> dict[str, object]:
    return {
        "dialogue": dialogue,
        "now": screen_of(dialogue, now=timezone.now()),
        "host": address_for_others(request).partition("://")[2],
        "join_address": address_for_others(request, f"/m/{dialogue.code}/"),
    }


@require_GET
def screen(request: Request, dialogue_id: int) -> HttpResponse:
    """The whole page."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.show")
    learn_code(request, dialogue.code)
    line = line_to(dialogue.room, "screen")
    return render(request, "dialogues/screen.html", {**_context(request, dialogue), "line": line})


@require_GET
def screen_now(request: Request, dialogue_id: int) -> HttpResponse:
    """What is on it now, asked for again when something happened."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.show")
    return render(request, "dialogues/screen_now.html", _context(request, dialogue))


@require_GET
def ticket(request: Request, dialogue_id: int) -> JsonResponse:
    """A new ticket to the stream."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.show")
    return JsonResponse({"ticket": line_to(dialogue.room, "screen").ticket})
