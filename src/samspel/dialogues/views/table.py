"""At the table, on a phone: one page that goes from reading to marking to ordering, and small ones for one thing."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from samspel.core.actor import Request
from samspel.core.errors import ConflictError, InvalidError, NotFoundError, SamspelError
from samspel.core.numbers import id_of, numbers_of
from samspel.dialogues.access import Here, check_seat, find_here, get_sitting
from samspel.dialogues.actions import handing_in, joining, laying_together, marking, ordering, pens, speaking
from samspel.dialogues.models import Seat, StepKind
from samspel.dialogues.tables import TableNow, table_now
from samspel.dialogues.thoughts import own_notes
from samspel.dialogues.views.phone_view import PhoneView, back_to, context_of, for_number, get_acting, gone_on
from samspel.live.queries import line_to

GET_POST = ["GET", "POST"]


def view(here: Here) -> PhoneView:
    """The table as it is for this seat: marking while everybody chooses, the order when the counts are open."""
    shown = _now(here)
    helped = here.seat.kind == Seat.Kind.HELPED
    kind = here.dialogue.step.kind if here.dialogue.step else ""
    return PhoneView(
        "dialogues/table.html",
        _("Bordets ordning") if shown.is_open else _("Vid bordet: välj dina tre"),
        {
            "now": shown,
            "own": own_notes(here, here.question),
            "helps": [] if helped else joining.helped_seats(here),
            "is_helped": helped,
            "talks_first": kind == StepKind.SMALL and not shown.is_open,
            "objects": kind == StepKind.OBJECTIONS,
            "label": _label(kind, shown),
        },
        refresh_on=f"table:{shown.sitting.table_id}",
        # The switches of one's own thoughts are no part: what is chosen there stays while others change the table.
        parts=("tid", "bord", "sida", "knappar"),
        styles=("table", "order", "solo"),
    )


def _label(kind: str, shown: TableNow) -> str:
    """What the time is for."""
    if kind == StepKind.OBJECTIONS:
        return _("Vad talar emot?")
    if shown.moves_on:
        return _("Läs och prata")
    if shown.is_open:
        return _("Välj tre, i ordning")
    return _("Läs, prata, välj dina tre")


def _now(here: Here) -> TableNow:
    return table_now(here.dialogue, get_sitting(here), here.seat, question=here.question, at=now())


# ---------------------------------------------------------------- presses on the table's page


def _act(request: Request, code: str, do: Callable[[Here], str | None]) -> HttpResponse:
    """Do one thing at the table; then the page again, with what was done or why not in a sentence.

    What another has changed meanwhile is told on the page, which then shows how it is now.
    """
    here = get_acting(request, code, "seat.read")
    said, told = "", ""
    try:
        said = do(here) or ""
    except NotFoundError:
        raise
    except SamspelError as error:
        told = next(iter(error.fields.values()), error.message)
    if not request.htmx:
        if told:
            messages.error(request, told)
        elif said:
            messages.success(request, said)
        return back_to(here)
    return _part(request, code, said=said, told=told)


def _leave(request: Request, here: Here) -> HttpResponse:
    """Back to the table from a small page; a script that sent the form goes there itself."""
    back = back_to(here)
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": back.headers["Location"]})
    return back


def _part(request: Request, code: str, *, said: str, told: str) -> HttpResponse:
    here = find_here(request, code)
    if here is None or here.phase != "small" or here.placement is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    here = joining.acting_here(here, for_number(request))
    shown = view(here)
    context = context_of(request, here, shown) | {"told": told}
    response = render(request, shown.template, context)
    if said or told:
        # Not out of band: htmx finds no place for that when the pressed card was renewed before its answer came.
        trigger_client_event(response, "said", {"words": said or told}, after="swap")
    return response


@require_POST
def mark(request: Request, code: str) -> HttpResponse:
    """``mark`` or ``unmark`` carries the note: the wanted state, not a flip."""
    wanted = "mark" in request.POST
    note_id = id_of(request.POST.get("mark" if wanted else "unmark"), "note")

    def do(here: Here) -> str:
        marking.set_mark(here=here, note_id=note_id, wanted=wanted)
        shown = _now(here)
        return _("Valt. %(marked)s av %(places)s.") % {"marked": shown.marked, "places": shown.places}

    return _act(request, code, do)


@require_POST
def ready(request: Request, code: str) -> HttpResponse:
    wanted = request.POST.get("wanted") != "0"

    def do(here: Here) -> str:
        marking.set_ready(here=here, wanted=wanted, at=now())
        return _("Tack. Du är klar.") if wanted else _("Välj vidare i lugn och ro.")

    return _act(request, code, do)


@require_POST
def part(request: Request, code: str) -> HttpResponse:
    note_id = id_of(request.POST.get("note"), "note")

    def do(here: Here) -> str:
        laying_together.part(here=here, note_id=note_id)
        return _("Tankarna ligger var för sig igen.")

    return _act(request, code, do)


@require_POST
def move(request: Request, code: str) -> HttpResponse:
    """``up`` or ``down`` carries ``note:place``, the place it is wanted at."""
    way = "up" if "up" in request.POST else "down"
    note, _colon, wanted = request.POST.get(way, "").partition(":")
    note_id, to = id_of(note, "note"), id_of(wanted, "place")

    def do(here: Here) -> str:
        place = ordering.move_note(here=here, note_id=note_id, place=to)
        name = next((card.name for card in _now(here).cards if card.note_id == note_id), "")
        return _("%(name)s är nu på plats %(place)s.") % {"name": name.rstrip("."), "place": place}

    return _act(request, code, do)


@require_POST
def pen(request: Request, code: str) -> HttpResponse:
    """``ask``, ``let_be``, ``keep`` or ``to`` (a place's number)."""

    def do(here: Here) -> str:
        if "to" in request.POST:
            pens.hand_over_pen(here=here, to_number=id_of(request.POST.get("to"), "seat"))
            return _("Pennan är överlämnad.")
        if "keep" in request.POST:
            pens.keep_pen(here=here)
            return ""
        if "let_be" in request.POST:
            pens.set_pen_wanted(here=here, wanted=False, at=now())
            return ""
        sitting = pens.set_pen_wanted(here=here, wanted=True, at=now())
        return _("Du har pennan.") if sitting.pen_id == here.seat.pk else _("Du har bett om pennan.")

    return _act(request, code, do)


@require_POST
def take_back(request: Request, code: str) -> HttpResponse:
    def do(here: Here) -> str:
        handing_in.take_back(here=here)
        return _("Bordets tre är tillbaka på bordet.")

    return _act(request, code, do)


@require_POST
def lone(request: Request, code: str) -> HttpResponse:
    wanted = request.POST.get("wanted") == "1"

    def do(here: Here) -> str:
        handing_in.set_lone_allowed(here=here, wanted=wanted)
        return ""

    return _act(request, code, do)


@require_POST
def help_off(request: Request, code: str) -> HttpResponse:
    def do(here: Here) -> str:
        speaking.withdraw_help(here=here)
        return _("Samtalsledaren ser att det löste sig.")

    return _act(request, code, do)


# ---------------------------------------------------------------- small pages


def _small_page(
    request: Request,
    here: Here,
    template: str,
    title: str,
    *,
    parts: tuple[str, ...] = ("tid",),
    status: int = 200,
    **context: object,
) -> HttpResponse:
    """A page for one thing. It never replaces what is being written or chosen in it; only its time keeps fresh."""
    shown = PhoneView(template, title, has_field=True, parts=parts, styles=("table", "order"))
    line = None if request.htmx else line_to(here.dialogue.room, "person", hint=str(here.seat.number))
    full = context_of(request, here, shown) | {"here_url": request.get_full_path(), "line": line} | context
    return render(request, template, full, status=status)


def _sit(request: Request, code: str, act: str) -> Here | None:
    """The participant, if the page is for her now; None when the meeting or the pen has moved on."""
    here = get_acting(request, code, "seat.read")
    try:
        check_seat(here, act)
    except ConflictError:
        return None
    return here if here.placement is not None else None


@require_http_methods(GET_POST)
def note(request: Request, code: str) -> HttpResponse:
    """A further thought, straight to the table."""
    return _writing(
        request,
        code,
        "note.share",
        "dialogues/table_note.html",
        _("Skriv en tanke till"),
        lambda here, text, key: speaking.add_note(here=here, text=text, key=key, at=now()),
    )


@require_http_methods(GET_POST)
def voice(request: Request, code: str) -> HttpResponse:
    """A counter-voice, without a name or as the table's reason advocate."""
    return _writing(
        request,
        code,
        "counter_voice.say",
        "dialogues/table_voice.html",
        _("Lämna en motröst"),
        lambda here, text, key: speaking.say_counter_voice(here=here, text=text, key=key, at=now()),
    )


def _writing(
    request: Request, code: str, act: str, template: str, title: str, write: Callable[[Here, str, str], object]
) -> HttpResponse:
    """A page with one field. After an error the field still holds what was typed."""
    here = get_acting(request, code, "seat.read")
    text, error, status = request.POST.get("text", ""), None, 200
    if request.method == "POST":
        try:
            write(here, text, request.POST.get("key", ""))
            return _leave(request, here)
        except (InvalidError, ConflictError) as refused:
            if request.htmx:
                raise  # the text is kept on the device, which shows the sentence
            error, status = refused, refused.status
    elif _sit(request, code, act) is None:
        return gone_on(request, code)
    sitting = get_sitting(here)
    return _small_page(
        request,
        here,
        template,
        title,
        status=status,
        text=text,
        error=error,
        is_advocate=sitting.advocate_id == here.seat.pk,
    )


@require_http_methods(GET_POST)
def merge(request: Request, code: str) -> HttpResponse:
    """Choose two cards to lay on one another."""
    here = _sit(request, code, "table.merge")
    if here is None:
        return gone_on(request, code)
    error, status = None, 200
    chosen = set(numbers_of(request.POST.getlist("note")))
    if request.method == "POST":
        try:
            laying_together.merge(here=here, note_ids=chosen)
            return _leave(request, here)
        except (InvalidError, ConflictError) as refused:
            error, status = refused, refused.status
    return _small_page(
        request,
        here,
        "dialogues/table_merge.html",
        _("Lägg ihop två"),
        status=status,
        now=_now(here),
        chosen=chosen,
        error=error,
    )


@require_http_methods(["GET"])
def pen_to(request: Request, code: str) -> HttpResponse:
    """Choose whom to give the pen."""
    here = _sit(request, code, "table.order")
    if here is None:
        return gone_on(request, code)
    return _small_page(request, here, "dialogues/table_pen.html", _("Lämna över pennan"), now=_now(here))


@require_http_methods(GET_POST)
def hand_in(request: Request, code: str) -> HttpResponse:
    """Asks once, with the three as they will go on."""
    here = _sit(request, code, "table.hand_in")
    if here is None:
        return gone_on(request, code)
    error, status = None, 200
    if request.method == "POST":
        try:
            handing_in.hand_in(here=here, lone_allowed=request.POST.get("lone") == "1", at=now())
            return _leave(request, here)
        except ConflictError as refused:
            error, status = refused, refused.status
    return _small_page(
        request,
        here,
        "dialogues/table_hand_in.html",
        _("Lämna in bordets tre"),
        status=status,
        now=_now(here),
        error=error,
    )


@require_http_methods(GET_POST)
def ask_for_help(request: Request, code: str) -> HttpResponse:
    """«Come here, please», with a line about what it is if one likes."""
    here = _sit(request, code, "table.help")
    if here is None:
        return gone_on(request, code)
    words, error, status = request.POST.get("words", ""), None, 200
    if request.method == "POST":
        try:
            speaking.ask_for_help(here=here, words=words, at=now())
            return _leave(request, here)
        except (InvalidError, ConflictError) as refused:
            if request.htmx:
                raise
            error, status = refused, refused.status
    return _small_page(
        request, here, "dialogues/table_help.html", _("Be om hjälp"), status=status, words=words, error=error
    )
