"""Alone: thinking in silence, and taking what one chooses to the table."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspel.core.actor import Request
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.numbers import numbers_of
from samspel.dialogues.access import Here, get_here
from samspel.dialogues.actions import solo
from samspel.dialogues.models import Question
from samspel.dialogues.thoughts import OwnNote, open_note, own_notes
from samspel.dialogues.views.phone_view import PhoneView, back_to, context_of, get_acting, helps_of


def view(here: Here) -> PhoneView:
    """The silent step: question, time, own thoughts, one field. Three queries."""
    own = own_notes(here, here.question)
    return PhoneView(
        "dialogues/solo.html",
        _("Tänk själv"),
        {"own": own, "is_ready": solo.is_ready(here), "helps": helps_of(here)},
        has_field=True,
        parts=("tid", "tankar"),
        styles=("solo",),
    )


@require_POST
def write(request: Request, code: str) -> HttpResponse:
    """Keep one thought. With script the answer is its line, without it the page again."""
    # Not ``note.write``, which the action asks for: a key sent again is answered after the step has moved on too.
    here = get_acting(request, code, "seat.read")
    text = request.POST.get("text", "")
    question = request.POST.get("question", "")
    try:
        note = solo.write_note(
            here=here,
            text=text,
            key=request.POST.get("key", ""),
            question=int(question) if question.isdecimal() and len(question) < 4 else here.question,
            at=now(),
        )
    except InvalidError as error:
        if request.htmx:
            raise
        return _again(request, here, error, text)
    if request.htmx and request.POST.get("again"):
        return HttpResponse(status=204, headers={"HX-Redirect": back_to(here).headers["Location"]})
    if request.htmx:
        own = OwnNote(note.pk, note.question, note.shared_at is not None, open_note(here, note) or "")
        return render(request, "dialogues/solo_note.html", {"note": own, "code": here.dialogue.code})
    return back_to(here, "#skriv")


def _again(request: Request, here: Here, error: InvalidError, text: str) -> HttpResponse:
    """The page once more, with the error at its field and what was typed in it."""
    shown = view(here)
    context = context_of(request, here, shown) | {"error": error, "typed": text}
    return render(request, shown.template, context, status=error.status)


@require_http_methods(["GET", "POST"])
def change(request: Request, code: str, note_id: int) -> HttpResponse:
    """One's own thought in a field of its own: write it anew, or take it away."""
    here = get_acting(request, code, "note.read_own")
    note = solo.get_own_note(here, note_id)
    text, error = open_note(here, note), None
    if text is None:
        raise NotFoundError("note")
    status = 200
    if request.method == "POST":
        text = request.POST.get("text", "")
        try:
            solo.change_note(here=here, note_id=note_id, text=text, at=now())
            return back_to(here)
        except InvalidError as invalid:
            error, status = invalid, invalid.status
    shown = PhoneView("dialogues/solo_change.html", _("Ändra tanken"), has_field=True, styles=("solo",))
    context = context_of(request, here, shown) | {"note_id": note_id, "text": text, "error": error, "here_url": ""}
    return render(request, shown.template, context, status=status)


@require_POST
def remove(request: Request, code: str, note_id: int) -> HttpResponse:
    here = get_acting(request, code, "note.read_own")  # the action asks for note.write, and words what it refuses
    solo.remove_note(here=here, note_id=note_id)
    return back_to(here)


@require_POST
def ready(request: Request, code: str) -> HttpResponse:
    """«I am ready», with what stood in the field kept first."""
    here = get_acting(request, code, "seat.read")
    solo.say_ready(
        here=here,
        wanted=request.POST.get("wanted") != "0",
        text=request.POST.get("text", ""),
        key=request.POST.get("key", ""),
        at=now(),
    )
    back = back_to(here)
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": back.headers["Location"]})
    return back


@require_POST
def share(request: Request, code: str) -> HttpResponse:
    """Take the chosen thoughts, or all, to the table."""
    here = get_acting(request, code, "seat.read")
    chosen = None
    if "all" not in request.POST:
        chosen = numbers_of(request.POST.getlist("note"))
    solo.share_notes(here=here, note_ids=chosen, at=now())
    return back_to(here)


@require_GET
def take_home(request: Request, code: str) -> HttpResponse:
    """One's own thoughts as a text file, shared or not."""
    here = get_here(request, code, "note.read_own")
    own = own_notes(here)
    questions = dict(Question.objects.filter(dialogue=here.dialogue).values_list("number", "text"))
    lines = [here.dialogue.title, f"{localtime(here.dialogue.starts_at):%Y-%m-%d}", ""]
    for number, question in sorted(questions.items()):
        notes = [note for note in own.notes if note.question == number]
        if notes:
            lines += [question, ""]
            lines += [f"– {note.text}" + ("" if note.is_shared else f" ({_('inte delad')})") for note in notes]
            lines.append("")
    if not own.notes:
        lines += [_("Du har inga tankar sparade."), ""]
    return HttpResponse(
        "\n".join(lines),
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="mina-tankar-{here.dialogue.code}.txt"',
        },
    )
