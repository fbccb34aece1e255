"""Afterwards: the protocol for the unit, the open page for all, and both as files."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from samspel.core.actor import Request
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.permissions import may
from samspel.dialogues.access import get_dialogue, roles_in_dialogue
from samspel.dialogues.actions import leading
from samspel.dialogues.documents.render import render_pdf
from samspel.dialogues.models import Dialogue, State
from samspel.dialogues.protocol import Protocol, as_csv, as_json, becomes_of, outcome_of, protocol_of
from samspel.dialogues.public import get_open
from samspel.dialogues.public import open_dialogues as public_dialogues
from samspel.ui.templatetags.sam import clock, day


@require_GET
def protocol(request: Request, dialogue_id: int) -> HttpResponse:
    """The unit's own protocol."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.read_protocol")
    return render(
        request,
        "dialogues/protocol.html",
        {
            "dialogue": dialogue,
            "protocol": protocol_of(dialogue, inside=True),
            "may_lead": may(roles_in_dialogue(request.actor, dialogue), "dialogue.lead"),
            "section": "dialogues",
        },
    )


@require_GET
def protocol_file(request: Request, dialogue_id: int, kind: str) -> HttpResponse:
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.read_protocol")
    return _file(protocol_of(dialogue, inside=True), kind, f"protokoll-{dialogue.slug}")


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
        {"dialogue": dialogue, "protocol": protocol_of(dialogue, inside=False), "section": "dialogues"},
    )


@require_GET
def public_file(request: Request, slug: str, kind: str) -> HttpResponse:
    dialogue = get_open(slug)
    return _file(protocol_of(dialogue, inside=False), kind, f"samtal-{dialogue.slug}")


@require_GET
def open_dialogues(request: Request) -> HttpResponse:
    """Finished dialogues that are open, the newest first."""
    return render(request, "dialogues/open_dialogues.html", {"dialogues": public_dialogues(), "section": "dialogues"})


@require_POST
def set_open(request: Request, dialogue_id: int) -> HttpResponse:
    """Open to all, or not with its reason."""
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
    return redirect("dialogue_protocol", dialogue_id)


def _file(protocol: Protocol, kind: str, name: str) -> HttpResponse:
    if kind == "json":
        text = json.dumps(as_json(protocol), ensure_ascii=False, indent=2)
        response = HttpResponse(text, content_type="application/json; charset=utf-8")
    elif kind == "csv":
        response = HttpResponse(as_csv(protocol), content_type="text/csv; charset=utf-8")
    elif kind == "pdf":
        response = HttpResponse(render_pdf("protocol", pdf_data(protocol)), content_type="application/pdf")
    else:
        raise NotFoundError("file")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def pdf_data(protocol: Protocol) -> dict[str, Any]:
    """The protocol in the words of the reader's language, as the document wants it."""
    when = f"{day(protocol.starts_at)} {clock(protocol.starts_at)}"
    people = ngettext("{n} person", "{n} personer", protocol.people).format(n=protocol.people)
    tables = ngettext("{n} bord", "{n} bord", protocol.tables).format(n=protocol.tables)
    kind = _("Rådgivande") if protocol.is_advisory else _("Beslutande: {who}").format(who=protocol.delegation)
    by_table: dict[str, list[str]] = {}
    for question in protocol.questions:
        for note in question.notes:
            text = _("(Undanlagd av samtalsledaren)") if note.is_set_aside else note.text
            if note.is_late:
                text = _("{text} (inskriven efteråt)").format(text=text)
            by_table.setdefault(f"{question.number}. {note.table}", []).append(text)
    return {
        "title": protocol.title,
        "language": get_language() or "sv",
        "unit": protocol.unit,
        "footer": f"{protocol.unit}, {when}",
        "about": ", ".join(part for part in (when, protocol.place, people, tables, kind) if part),
        "labels": {
            "chosen": _("Det här valdes"),
            "proposals": _("Bordens tre"),
            "lone": _("Ensamma röster"),
            "counter": _("Motröster"),
            "words": _("Det här pratade ni om"),
            "agreements": _("Det här kom ni överens om"),
            "checkout": _("Hur var det att vara med?"),
            "notes": _("Det som lades på borden"),
        },
        "questions": [
            {
                "text": question.text,
                "chosen": [
                    {
                        "place": each.place,
                        "text": _("(Undanlagd av samtalsledaren)") if each.is_set_aside else each.text,
                        "by": tables_of(each.tables, each.of_tables),
                    }
                    for each in question.chosen
                ],
                "how": how_chosen(question.covered, question.voters) if question.chosen else "",
                "proposals": [
                    {"text": each.text, "by": ngettext("{n} bord", "{n} bord", each.tables).format(n=each.tables)}
                    for each in question.proposals
                ],
                "lone": [
                    {"text": each.text, "by": _("Motröst") if each.is_counter_voice else _("Sagt av ett enda bord")}
                    for each in question.lone_voices
                ],
                "counter": list(question.counter_voices),
                "words": [f"{word.word} ({word.count})" for word in question.words],
            }
            for question in protocol.questions
        ],
        "agreements": [
            {
                "text": each.text,
                "by": ". ".join(
                    part
                    for part in (
                        each.owner,
                        _("Ser tillbaka {day}").format(day=day(each.due_on, "short")) if each.due_on else "",
                        becomes_of(each.becomes),
                        outcome_of(each.outcome),
                    )
                    if part
                ),
            }
            for each in protocol.agreements
        ],
        "checkout": _("Bra {good}, sådär {so_so}, inte bra {bad}, av {n} svar").format(
            good=protocol.checkout.good,
            so_so=protocol.checkout.so_so,
            bad=protocol.checkout.bad,
            n=protocol.checkout.answers,
        )
        if protocol.checkout
        else "",
        "notes": [{"table": table, "texts": texts} for table, texts in by_table.items()],
    }


def tables_of(tables: int, of_tables: int) -> str:
    return ngettext("{n} av {of} bord", "{n} av {of} bord", of_tables).format(n=tables, of=of_tables)


def how_chosen(covered: int, voters: int) -> str:
    """How many of those who chose stand behind at least one of the three."""
    return _(
        "{covered} av {voters} står bakom minst en av de tre. Valda med lika delar, så att alla är representerade."
    ).format(covered=covered, voters=voters)
