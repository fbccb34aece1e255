"""Statements from a file, played into a rehearsal."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import InvalidError, NotFoundError
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.actions import playing
from samspel.dialogues.models import Dialogue
from samspel.dialogues.statements import BadRow, StatementFile, read_statements

# Statements a minute; 0 is all at once.
SPEEDS = (0, 30, 120, 600)
BAD_SHOWN = 100


@require_http_methods(["GET", "POST"])
def play(request: Request, dialogue_id: int) -> HttpResponse:
    """The page, and what it is sent: a file with a speed, or to stop."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.run")
    if not dialogue.is_rehearsal:
        raise NotFoundError("rehearsal")
    if request.method == "GET":
        return _page(request, dialogue)
    if "stop" in request.POST:
        left = playing.stop(actor=request.actor, dialogue_id=dialogue.pk)
        messages.success(request, _("Stoppat. {n} spelades inte.").format(n=left))
        return redirect("dialogue_play", dialogue.pk)
    try:
        file = _read(request, dialogue)
    except InvalidError as error:
        return _page(request, dialogue, error=error.fields["file"], status=422)
    speed = request.POST.get("speed", "")
    a_minute = int(speed) if speed in map(str, SPEEDS) else SPEEDS[1]
    if file.good:
        now = timezone.now()
        playing.play(actor=request.actor, dialogue_id=dialogue.pk, statements=file.good, a_minute=a_minute, at=now)
        _begin(dialogue, a_minute)
        messages.success(
            request,
            ngettext("Ett påstående spelas upp.", "{n} påståenden spelas upp.", len(file.good)).format(
                n=len(file.good)
            ),
        )
    if file.bad:
        return _page(request, dialogue, bad=file.bad)
    return redirect("dialogue_play", dialogue.pk)


def _begin(dialogue: Dialogue, a_minute: float) -> None:
    """All at once is done at once; the rest is for the worker."""
    from samspel.dialogues.tasks import play_later

    if a_minute == 0:
        while playing.play_due(dialogue_id=dialogue.pk, at=timezone.now()):
            pass
    else:
        play_later(dialogue.pk, seconds=1)


def _read(request: HttpRequest, dialogue: Dialogue) -> StatementFile:
    sent = request.FILES.get("file")
    if sent is None:
        raise InvalidError(fields={"file": _("Välj en fil.")})
    questions = {question.number: question.text for question in dialogue.questions.all()}
    return read_statements(sent.name or "", sent.read(), questions)


def _page(
    request: HttpRequest, dialogue: Dialogue, *, error: str = "", bad: tuple[BadRow, ...] = (), status: int = 200
) -> HttpResponse:
    return render(
        request,
        "dialogues/play.html",
        {
            "dialogue": dialogue,
            "waiting": playing.waiting_in(dialogue),
            "speeds": SPEEDS,
            "error": error,
            "bad": bad[:BAD_SHOWN],
            "bad_count": len(bad),
            "section": "dialogues",
        },
        status=status,
    )
