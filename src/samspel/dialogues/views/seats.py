"""Who sits where, for a leader who changes tables by hand and sees what it costs before she presses."""

from dataclasses import asdict
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from samspel.core.actor import Request
from samspel.core.addresses import address_for_others
from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.numbers import id_of
from samspel.core.permissions import may
from samspel.dialogues.access import get_dialogue, phase_of, roles_in_dialogue
from samspel.dialogues.actions import hosting, leading, moving
from samspel.dialogues.actions.moving import Moved, Spot
from samspel.dialogues.plan_queries import seating_words
from samspel.dialogues.seating_page import seats_page
from samspel.dialogues.tablets import path_of


@require_GET
def seats(request: Request, dialogue_id: int) -> HttpResponse:
    """Every table with its people, by the name or number the table knows them by; one of them chosen to be moved."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    may_move = may(roles_in_dialogue(request.actor, dialogue), "seat.move", phase_of(dialogue))
    page = seats_page(dialogue, _seating(request.GET), request.GET.get("who", "") if may_move else "")
    return render(
        request,
        "dialogues/seats.html",
        {
            "dialogue": dialogue,
            "section": "dialogues",
            "page": page,
            "may_move": may_move,
            "words": None if page.has_joined else seating_words(dialogue),
            "undo": request.session.get(_kept(dialogue_id)) if may_move else None,
        },
    )


@require_GET
def tablet(request: Request, dialogue_id: int, number: int) -> HttpResponse:
    """A table's own link, as a QR code to point its tablet at."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    table = dialogue.tables.filter(number=number).first()
    if table is None:
        raise NotFoundError("table")
    address = address_for_others(request, path_of(table, dialogue.code))
    context = {"dialogue": dialogue, "section": "dialogues", "table": table, "address": address}
    return render(request, "dialogues/tablet_link.html", context)


@require_POST
def move(request: Request, dialogue_id: int) -> HttpResponse:
    """One of the page's buttons."""
    get_dialogue(request.actor, dialogue_id, "seat.move")
    seating = _seating(request.POST)
    try:
        stays = _press(request, dialogue_id, seating, timezone.now())
    except ConflictError as error:
        messages.error(request, error.message)
        stays = True
    query = {"seating": seating} if seating else {}
    if stays and request.POST.get("who"):
        query["who"] = request.POST["who"]  # type: ignore[assignment]
    address = reverse("dialogue_seats", args=[dialogue_id])
    return redirect(f"{address}?{urlencode(query)}" if query else address)


def _press(request: Request, dialogue_id: int, seating: int | None, at: datetime) -> bool:
    """Do what the button says; True when the same person is still chosen."""
    data, actor = request.POST, request.actor
    who = data.get("who", "")
    if "undo" in data:
        _undo(request, dialogue_id, at)
    elif "gone" in data or "back" in data:
        number = id_of(data.get("gone") or data.get("back"), "seat")
        moving.set_gone(actor=actor, dialogue_id=dialogue_id, seat_number=number, wanted="back" not in data, at=at)
    elif "absent" in data:
        moving.set_absent(actor=actor, dialogue_id=dialogue_id, who=data["absent"], at=at)
    elif "unpin" in data:
        moving.unpin(actor=actor, dialogue_id=dialogue_id, who=data["unpin"], seating=seating or 1, at=at)
    elif "host" in data:
        hosting.make_host(actor=actor, dialogue_id=dialogue_id, who=data["host"], at=at)
    elif "draw" in data:
        seed = moving.draw_anew(actor=actor, dialogue_id=dialogue_id, at=at)
        request.session[_kept(dialogue_id)] = {"text": _("Platserna är dragna på nytt."), "seed": seed}
    elif "merge" in data:
        table, _to, into = data["merge"].partition("-")
        leading.merge_tables(
            actor=actor, dialogue_id=dialogue_id, table_id=id_of(table, "table"), into_id=id_of(into, "table"), at=at
        )
        messages.success(request, _("De två borden är ett nu."))
    elif not who:
        messages.error(request, _("Välj en person först."))
    elif not data.get("to"):
        messages.error(request, _("Välj ett bord."))
    else:
        moved = moving.place_by_hand(
            actor=actor, dialogue_id=dialogue_id, who=_who(who), to=_who(data["to"]), seating=seating, at=at
        )
        if moved.after:
            request.session[_kept(dialogue_id)] = _told(moved, is_swap=not data["to"].startswith("t"))
    return False


def _told(moved: Moved, *, is_swap: bool) -> dict[str, object]:
    """What the page says of a change, and what it takes to take it back."""
    if is_swap and len(moved.names) == 2:
        text = _("%(one)s och %(other)s har bytt plats.") % {"one": moved.names[0], "other": moved.names[1]}
    else:
        text = ngettext(
            "%(name)s har flyttat.", "%(name)s och de som får hjälp av samma telefon har flyttat.", len(moved.names)
        ) % {"name": moved.names[0]}
    return {
        "text": text,
        "before": [asdict(spot) for spot in moved.before],
        "after": [asdict(spot) for spot in moved.after],
    }


def _undo(request: Request, dialogue_id: int, at: datetime) -> None:
    kept = request.session.pop(_kept(dialogue_id), None)
    if kept is None:
        return
    if "seed" in kept:
        moving.draw_anew(actor=request.actor, dialogue_id=dialogue_id, seed=kept["seed"], at=at)
    else:
        before, after = ([Spot(**spot) for spot in kept[name]] for name in ("before", "after"))
        moving.put_back(actor=request.actor, dialogue_id=dialogue_id, before=before, after=after, at=at)
    messages.success(request, _("Alla sitter som förut."))


def _kept(dialogue_id: int) -> str:
    """Where the leader's own last change lies in her session."""
    return f"seats-{dialogue_id}"


def _who(text: str) -> str:
    if text[:1] not in {"i", "s", "t"} or not text[1:].isdecimal() or len(text) > 18:
        raise NotFoundError("seat")
    return text


def _seating(sent: QueryDict) -> int | None:
    """Which seating is meant, or None when none is named."""
    named = sent.get("seating", "")
    return id_of(str(named), "seating") if named else None
