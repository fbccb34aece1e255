"""Afterwards: the protocol for the unit, the open page for all, and both as files."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from samspel.core.actor import Request
from samspel.core.errors import InvalidError
from samspel.core.permissions import may
from samspel.dialogues.access import get_dialogue, roles_in_dialogue
from samspel.dialogues.actions import leading
from samspel.dialogues.downloads import as_download
from samspel.dialogues.models import Dialogue, Note, State
from samspel.dialogues.needs import agreed_needs
from samspel.dialogues.pictures import picture_png, pictures_of
from samspel.dialogues.protocol import Protocol, notes_of, protocol_of
from samspel.dialogues.protocol_files import documents_of, make_file
from samspel.dialogues.public import get_open
from samspel.dialogues.public import open_dialogues as public_dialogues

# More would make a page that no phone can scroll; the files have them all.
NOTES_ON_A_PAGE = 200


@require_GET
def protocol(request: Request, dialogue_id: int) -> HttpResponse:
    """The unit's own protocol."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.read_protocol")
    roles = roles_in_dialogue(request.actor, dialogue)
    return render(
        request,
        "dialogues/protocol.html",
        {
            "dialogue": dialogue,
            **_record(dialogue, protocol_of(dialogue, inside=True)),
            "may_lead": may(roles, "dialogue.lead"),
            "needs": agreed_needs(dialogue) if may(roles, "need.from_thread") else (),
            "section": "dialogues",
        },
    )


@require_GET
def protocol_file(request: Request, dialogue_id: int, kind: str) -> HttpResponseBase:
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.read_protocol")
    return as_download(make_file(dialogue, kind, inside=True))


@require_GET
def public(request: Request, slug: str) -> HttpResponse:
    """The open page: the same thread and result, told without names."""
    shut = Dialogue.objects.filter(slug=slug, state=State.CLOSED, is_public=False, is_rehearsal=False).first()
    if shut is not None:
        return render(request, "dialogues/not_open.html", {"dialogue": shut, "section": "dialogues"})
    dialogue = get_open(slug)
    return render(
        request,
        "dialogues/public.html",
        {"dialogue": dialogue, **_record(dialogue, protocol_of(dialogue, inside=False)), "section": "dialogues"},
    )


@require_GET
def public_file(request: Request, slug: str, kind: str) -> HttpResponseBase:
    return as_download(make_file(get_open(slug), kind, inside=False))


@require_GET
def open_dialogues(request: Request) -> HttpResponse:
    """Finished dialogues that are open, the newest first."""
    return render(request, "dialogues/open_dialogues.html", {"dialogues": public_dialogues(), "section": "dialogues"})


@require_POST
def set_open(request: Request, dialogue_id: int) -> HttpResponse:
    """Open to all, or not with its reason; from the protocol, or before the meeting is closed."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    try:
        leading.set_open(
            actor=request.actor,
            dialogue_id=dialogue_id,
            is_public=request.POST.get("is_public") == "on",
            reason=request.POST.get("closed_reason", ""),
            at=timezone.now(),
        )
    except InvalidError as error:
        messages.error(request, error.fields.get("closed_reason", error.message))
    else:
        messages.success(request, _("Sparat."))
    return redirect("dialogue_protocol" if dialogue.state == State.CLOSED else "dialogue_close", dialogue_id)


def _record(dialogue: Dialogue, protocol: Protocol) -> dict[str, object]:
    """The protocol with the first notes of each question."""
    asked = [
        (question, list(notes_of(dialogue, question.number, most=NOTES_ON_A_PAGE)) if protocol.is_inside else [])
        for question in protocol.questions
    ]
    return {"protocol": protocol, "asked": asked}


@require_GET
def export(request: Request, dialogue_id: int) -> HttpResponse:
    """What can be saved, by those who lead: also before lunch, while the meeting goes on."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.export")
    shared = Note.objects.filter(dialogue=dialogue, shared_at__isnull=False).count()
    return render(
        request,
        "dialogues/export.html",
        {
            "dialogue": dialogue,
            "shared": shared,
            "documents": documents_of(shared),
            "pictures": pictures_of(dialogue),
            "section": "dialogues",
        },
    )


@require_GET
def export_file(request: Request, dialogue_id: int, kind: str) -> HttpResponseBase:
    return as_download(make_file(get_dialogue(request.actor, dialogue_id, "dialogue.export"), kind, inside=True))


@require_GET
def picture(request: Request, dialogue_id: int, name: str) -> HttpResponse:
    """One of the big screen's views as it was shown, 1920 × 1080."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.export")
    response = HttpResponse(picture_png(dialogue, name), content_type="image/png")
    response.headers["Content-Disposition"] = f'attachment; filename="{dialogue.slug}-{name}.png"'
    return response
