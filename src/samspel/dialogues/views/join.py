"""Coming in: the code, the place, another phone, somebody without one; and the steps in which nobody writes."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from samspel.core.actor import Request
from samspel.core.addresses import address_for_others
from samspel.core.errors import InvalidError, NotFoundError, TooManyError
from samspel.core.languages import spoken, spoken_choices
from samspel.core.limits import Guess, codes_known_to, guess, learn_code
from samspel.core.numbers import number_of
from samspel.core.permissions import may
from samspel.dialogues import queries
from samspel.dialogues.access import (
    Here,
    find_here,
    get_dialogue_by_code,
    get_here,
    phase_of,
    seating_now,
    set_seat_cookie,
)
from samspel.dialogues.actions import joining
from samspel.dialogues.compute import interpreter_need
from samspel.dialogues.heard import heard_in
from samspel.dialogues.models import PHASE_OF, Dialogue, Placement, StepKind
from samspel.dialogues.sealing import read_cookie
from samspel.dialogues.shared import read_once
from samspel.dialogues.takeover import TAKE_OVERS
from samspel.dialogues.views.phone_view import PhoneView, context_of
from samspel.live.queries import line_to

WRONG_CODE = "wrong-code"
WRONG_CODE_HERE = "wrong-code-here"
WRONG_PLACE = "wrong-place"
WRONG_PLACE_HERE = "wrong-place-here"
FIELDS = ("seat_code", "name", "unit", "role", "table", "accessible", "interpreter")

# ---------------------------------------------------------------- the way in


def open_code(request: Request, code: str) -> Dialogue | None:
    """The dialogue behind a code that somebody gives, None when it opens nothing: the only way for one without a seat.

    Where a meeting's people are, its code is no secret and is not counted. There, one who has typed too many others is
    told that they do not exist, whatever they are; elsewhere she is asked to wait (docs/security/guessing.md).

    :raises TooManyError: too many codes have been tried.
    """
    if len(code) != 6 or not code.isdecimal():
        return None
    known = codes_known_to(request)
    tried = None
    if code not in known:
        try:
            tried = guess(request, WRONG_CODE_HERE if known else WRONG_CODE)
        except TooManyError:
            if known:
                return None
            raise
    try:
        dialogue = get_dialogue_by_code(code)
    except NotFoundError:
        return None
    if tried is not None:
        tried.was_right()
    return dialogue


def guess_place(request: Request, dialogue: Dialogue) -> Guess:
    """Ask to try a personal code in a meeting: of a seat, or to take one over.

    :raises TooManyError: too many have been tried; where the meeting's people are, only those tried from such places.
    """
    return guess(request, WRONG_PLACE_HERE if dialogue.code in codes_known_to(request) else WRONG_PLACE)


@require_http_methods(["GET", "POST"])
def start(request: Request) -> HttpResponse:
    """The six digits, from the start page or from here; also with blanks, or a pasted address."""
    typed = request.POST.get("code", "")
    if request.method == "GET":
        return render(request, "dialogues/join_code.html")
    found = joining.read_code(typed)
    dialogue = open_code(request, found.code)
    if dialogue is None:
        error = _("Koden finns inte, eller så är mötet avslutat. Titta på skärmen eller i inbjudan och försök igen.")
        return render(request, "dialogues/join_code.html", {"typed": typed[:100], "error": error}, status=422)
    address = reverse("join", args=[dialogue.code])
    if found.seat_code:
        address += "?" + urlencode({"plats": found.seat_code})
    return redirect(address)


def welcome(request: Request, code: str) -> HttpResponse:
    """The way in to one dialogue, for a browser without a seat in it."""
    dialogue = open_code(request, code)
    if dialogue is None:
        error = _("Koden finns inte, eller så är mötet avslutat. Titta på skärmen eller i inbjudan och försök igen.")
        return render(request, "dialogues/join_code.html", {"typed": code[:20], "error": error}, status=404)
    values = {"seat_code": joining.clean_seat_code(request.GET.get("plats", ""))}
    if not values["seat_code"]:
        return _welcome(request, dialogue, values)
    tried = guess_place(request, dialogue)
    try:
        invitation = joining.get_invitation(code, values["seat_code"])
    except InvalidError as error:
        return _welcome(request, dialogue, values, error.fields)
    tried.was_right()
    planned = invitation.planned_places.select_related("table").filter(seating=seating_now(dialogue)).first()
    return _welcome(request, dialogue, values, planned_table=planned.table if planned else None, is_invited=True)


def _welcome(
    request: Request,
    dialogue: Dialogue,
    values: dict[str, str],
    errors: dict[str, str] | None = None,
    **more: Any,
) -> HttpResponse:
    if not may({"visitor"}, "dialogue.join", phase_of(dialogue)):
        return render(request, "dialogues/join_over.html", {"dialogue": dialogue, "code": dialogue.code})
    rooms = joining.tables_with_room(dialogue, seating_now(dialogue))
    context = {
        "dialogue": dialogue,
        "code": dialogue.code,
        "rooms": rooms if not dialogue.has_seating and len(rooms) > 1 else [],
        "asks_who": dialogue.has_seating and len(rooms) > 1,
        # Asked only where it makes a difference.
        "asks_access": dialogue.has_seating and any(not room.table.is_accessible for room in rooms),
        "interpreters": [
            (code, spoken(code))
            for code in dict.fromkeys(room.table.interpreter for room in rooms)
            if code and dialogue.has_seating
        ],
        "values": values,
        "errors": errors or {},
        "had_seat": read_cookie(request.COOKIES.get("seat", "")) is not None,
    } | more
    return render(request, "dialogues/join.html", context, status=422 if errors else 200)


@require_POST
def take_seat(request: Request, code: str) -> HttpResponse:
    """Sit down: the answer carries the seat's cookie, and is not repeated by a reload."""
    dialogue = open_code(request, code)
    if dialogue is None:
        raise NotFoundError("code")
    if find_here(request, code) is not None:
        return redirect("join", dialogue.code)
    values = {name: request.POST.get(name, "") for name in FIELDS}
    tried = guess_place(request, dialogue) if values["seat_code"] else None
    try:
        joined = joining.join(
            actor=request.actor,
            code=code,
            seat_code=values["seat_code"],
            name=values["name"],
            unit=values["unit"],
            role=values["role"],
            table_id=number_of(values["table"]),
            needs=_needs(dialogue, values),
            language=get_language() or "sv",
            take_over=request.POST.get("take_over") == "1",
            key=request.POST.get("key", ""),
            at=now(),
        )
    except InvalidError as error:
        if tried is not None and "seat_code" not in error.fields:
            tried.was_right()
        return _welcome(request, dialogue, values, error.fields)
    except joining.SeatTakenError as error:
        if tried is not None:
            tried.was_right()
        context = {"dialogue": dialogue, "code": dialogue.code, "values": values, "unshared": error.unshared}
        return render(request, "dialogues/join_taken.html", context, status=409)
    if tried is not None:
        tried.was_right()
    learn_code(request, dialogue.code)
    response = redirect("join", dialogue.code)
    set_seat_cookie(response, dialogue, joined.token)
    return response


def _needs(dialogue: Dialogue, values: dict[str, str]) -> tuple[str, ...]:
    """What a walk-in's table must offer; a language that no table has an interpreter for is nothing to wait for."""
    needs = ["accessible"] if values["accessible"] else []
    if values["interpreter"] and dialogue.tables.filter(interpreter=values["interpreter"]).exists():
        needs.append(interpreter_need(values["interpreter"]))
    return tuple(needs)


# ---------------------------------------------------------------- one's place


def _seat_page(
    request: Request,
    here: Here,
    template: str,
    title: str,
    *,
    refresh_on: str = "",
    has_field: bool = True,
    **more: Any,
) -> HttpResponse:
    view = PhoneView(template, title, refresh_on=refresh_on, has_field=has_field, styles=("join",))
    context = context_of(request, here, view) | {"here_url": ""} | more
    return render(request, template, context, status=422 if more.get("errors") else 200)


@require_http_methods(["GET", "POST"])
def seat(request: Request, code: str) -> HttpResponse:
    """One's place: name, language, another phone, somebody to help, one's own words to take home."""
    here = get_here(request, code, "seat.read")
    errors: dict[str, str] = {}
    name = here.seat.name
    if request.method == "POST":
        name = request.POST.get("name", "")
        try:
            joining.change_name(here=here, name=name)
            return redirect("join", here.dialogue.code)
        except InvalidError as error:
            errors = error.fields
    rooms = [] if here.dialogue.has_seating else joining.tables_with_room(here.dialogue, seating_now(here.dialogue))
    return _seat_page(
        request,
        here,
        "dialogues/seat.html",
        _("Din plats"),
        name=name,
        errors=errors,
        helps=joining.helped_seats(here),
        is_reached=_is_reached(here),
        rooms=rooms if len(rooms) > 1 else [],
        may_change=may({"participant"}, "seat.change", here.phase),
    )


def _is_reached(here: Here) -> bool:
    """Whether to say that one's table can be reached in a wheelchair: it can, and another cannot."""
    if here.placement is None or not here.placement.table.is_accessible:
        return False
    return here.dialogue.tables.filter(is_accessible=False).exists()


@require_POST
def place(request: Request, code: str) -> HttpResponse:
    """A table for one who has none; where seating is off, another one."""
    here = get_here(request, code, "seat.read")
    table = request.POST.get("table", "")
    joining.take_place(here=here, table_id=number_of(table), at=now())
    return redirect("join", here.dialogue.code)


@require_http_methods(["GET", "POST"])
def hand_over(request: Request, code: str) -> HttpResponse:
    """The first phone: a code for a minute, and word of that it was used."""
    here = get_here(request, code, "seat.change")
    if request.method == "POST":
        joining.offer_seat(here=here)
        return redirect("seat_hand_over", here.dialogue.code)
    line = line_to(here.dialogue.room, "person", hint=str(here.seat.number))
    offered = TAKE_OVERS.offered(here.dialogue.pk, here.seat.number)
    address = address_for_others(request, reverse("seat_take_over", args=[here.dialogue.code]))
    at = now()
    return _seat_page(
        request,
        here,
        "dialogues/seat_hand_over.html",
        _("Byt telefon"),
        refresh_on=_own_table(here),
        has_field=offered.state != "waiting",
        offered=offered,
        at=at,
        ends_at=at + timedelta(seconds=offered.left_s),
        address=address,
        plain_address=address.partition("://")[2],
        here_url=request.path,
        line=line,
    )


@require_http_methods(["GET", "POST"])
def take_over(request: Request, code: str) -> HttpResponse:
    """The second phone: the code that the first one shows gives it the same seat."""
    dialogue = open_code(request, code)
    if dialogue is None:
        raise NotFoundError("code")
    error = ""
    if request.method == "POST":
        tried = guess_place(request, dialogue)
        try:
            joined = joining.take_over_seat(
                actor=request.actor,
                code=code,
                take_code=request.POST.get("code", ""),
                at=now(),
            )
        except InvalidError as invalid:
            error = invalid.fields["code"]
        else:
            tried.was_right()
            learn_code(request, dialogue.code)
            response = redirect("join", dialogue.code)
            set_seat_cookie(response, dialogue, joined.token)
            return response
    context = {"dialogue": dialogue, "code": dialogue.code, "error": error}
    return render(request, "dialogues/join_take_over.html", context, status=422 if error else 200)


@require_POST
def forget(request: Request, code: str) -> HttpResponse:
    """Take the seat away from this phone. It stays where it was handed over to."""
    here = get_here(request, code, "seat.read")
    TAKE_OVERS.forget(here.dialogue.pk, here.seat.number)
    response = render(request, "dialogues/join_forgotten.html", {"dialogue": here.dialogue, "code": here.dialogue.code})
    response.delete_cookie("seat", path=f"/m/{here.dialogue.code}/", samesite="Lax")
    return response


@require_http_methods(["GET", "POST"])
def help_someone(request: Request, code: str) -> HttpResponse:
    """A seat for somebody at the table who has no phone."""
    here = get_here(request, code, "seat.help")
    errors: dict[str, str] = {}
    name = ""
    if request.method == "POST":
        name = request.POST.get("name", "")
        try:
            helped = joining.help_someone(
                here=here,
                name=name,
                language=request.POST.get("language", ""),
                key=request.POST.get("key", ""),
                at=now(),
            )
            address = reverse("join", args=[here.dialogue.code]) + "?" + urlencode({"for": helped.number})
            return redirect(address)
        except InvalidError as error:
            errors = error.fields
    return _seat_page(
        request,
        here,
        "dialogues/seat_help.html",
        _("Hjälp någon utan telefon"),
        spoken=spoken_choices(),
        name=name,
        errors=errors,
        helps=joining.helped_seats(here),
    )


# ---------------------------------------------------------------- steps in which nobody writes


def lobby(here: Here) -> PhoneView:
    """Before it begins: where one sits and when."""
    return PhoneView("dialogues/frame_lobby.html", _("Välkommen"), refresh_on=_own_table(here), styles=("join",))


def frame(here: Here) -> PhoneView:
    """The welcome: the question, and what became of what was agreed last time."""
    return PhoneView(
        "dialogues/frame.html",
        _("Välkommen"),
        {"agreements": queries.agreements_to_open_with(here.dialogue), "heard": heard_in(here.dialogue)},
        refresh_on="agreements",
        styles=("join",),
    )


def pause(here: Here) -> PhoneView:
    """A break, or a change of tables: where to go next."""
    step = here.dialogue.step
    assert step is not None
    following = here.dialogue.steps.filter(
        position__gt=step.position, kind__in=[kind for kind, phase in PHASE_OF.items() if phase == "small"]
    ).first()
    seatings = {step.seating, following.seating if following else step.seating, max(1, step.seating - 1)}
    rows = Placement.objects.select_related("table").filter(seat=here.seat, seating__in=seatings)
    tables = {row.seating: row.table for row in rows}
    to = tables.get(following.seating if following else step.seating)
    came_from = tables.get(step.seating - 1 if step.kind == StepKind.MOVE else step.seating)
    return PhoneView(
        "dialogues/break.html",
        _("Byt bord") if step.kind == StepKind.MOVE else _("Paus"),
        {"to": to, "moves": to is not None and to != came_from, "is_move": step.kind == StepKind.MOVE},
        styles=("join",),
    )


def closed(here: Here) -> PhoneView:
    """Afterwards: what was chosen and agreed, and one's own shared words to keep."""
    dialogue = here.dialogue
    return PhoneView(
        "dialogues/frame_closed.html",
        _("Tack för i dag"),
        read_once(
            dialogue,
            "closed",
            lambda now: {"results": queries.results_of(now), "agreed": queries.agreements_of(now)},
        ),
        refresh_on="result agreements",
        styles=("join",),
    )


def no_table(here: Here) -> PhoneView:
    """Somebody who has no table in this seating gets one with a press."""
    rooms = [] if here.dialogue.has_seating else joining.tables_with_room(here.dialogue, seating_now(here.dialogue))
    return PhoneView(
        "dialogues/frame_no_table.html",
        _("Välj bord") if len(rooms) > 1 else _("Ditt bord"),
        {"rooms": rooms if len(rooms) > 1 else []},
        styles=("join",),
    )


def _own_table(here: Here) -> str:
    return f"table:{here.placement.table_id}" if here.placement else ""
