"""The tablet that lies on a table: what the table shares, and presses for those without a phone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, reswap

from samspel.core.actor import Actor, Request
from samspel.core.audit import record
from samspel.core.errors import NotFoundError, SamspelError
from samspel.core.languages import spoken_choices
from samspel.core.numbers import id_of, number_of
from samspel.core.permissions import may
from samspel.dialogues import queries
from samspel.dialogues.access import seating_now
from samspel.dialogues.actions import handing_in, joining, marking, ordering, pens, solo, speaking, whole
from samspel.dialogues.clock import clock_of
from samspel.dialogues.models import Ballot, Dialogue, Question, Ready, Seat, Sitting
from samspel.dialogues.tables import TableNow, table_now
from samspel.dialogues.tablets import Tablet, find_tablet, once_at, set_cookie, table_of_link, touch
from samspel.dialogues.views.phone_view import asked_in, for_number
from samspel.live.queries import line_to


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, code: str, number: int, key: str) -> HttpResponse:
    """The table's link: asks once, then this device is the table's."""
    table = table_of_link(code, number, key)
    if request.method == "POST":
        record(Actor("visitor"), "tablet.joined", table)
        response = redirect("tablet", code)
        set_cookie(response, table, code)
        return response
    return _private(render(request, "dialogues/tablet_join.html", {"dialogue": table.dialogue, "table": table}))


@require_GET
def ticket(request: HttpRequest, code: str) -> JsonResponse:
    """A new ticket to the stream."""
    tablet = find_tablet(request, code, "seat.read")
    line = line_to(tablet.dialogue.room, "person")
    return JsonResponse({"ticket": line.ticket})


@require_GET
def page(request: Request, code: str) -> HttpResponse:
    """What lies on the table now; with ``for``, one person's own marks or ballot.

    Such a page has what somebody is writing or choosing, and asks with the step that it shows (``seen``): as long as
    that goes on it gets its clock and nothing else.
    """
    tablet = find_tablet(request, code, "seat.read")
    touch(tablet, now())
    if request.htmx and "seen" in request.GET:
        if for_number(request) not in {seat.number for seat in tablet.people}:
            return HttpResponseClientRedirect(reverse("tablet", args=[code]))  # she sits elsewhere now
        if request.GET["seen"] == _step_of(tablet):
            shown = {"clock": clock_of(tablet.dialogue, now()), "label": _("Just nu"), "is_oob": True}
            return reswap(render(request, "dialogues/_time.html", shown), "none")
    return _page(request, tablet)


def _step_of(tablet: Tablet) -> str:
    """What a person's page is made for: a step, whether its ballot is open, and whether all is over."""
    dialogue = tablet.dialogue
    return f"{dialogue.step_id or 0}-{int(dialogue.ballot_open)}-{tablet.phase}"


@dataclass(frozen=True)
class Half:
    """Where words that were half written for somebody are found again, if this device has any.

    :param scope: names the draft on the device.
    :param may_lay: they can still be laid on the table.
    :param is_folded: others at the table look on, so that the words are shown when one asks for them.
    """

    seat: Seat
    question: int
    scope: str
    may_lay: bool
    is_folded: bool


def _halves(tablet: Tablet, person: Seat | None, field: str) -> Iterator[Half]:
    """One for each question that her page has no field for; on the table's own page those of who sits here no more."""
    dialogue, is_over = tablet.dialogue, tablet.phase == "closed"
    seats = [person] if person else [seat for seat in once_at(tablet.table) if is_over or seat not in tablet.people]
    if not seats:
        return
    for number in dialogue.questions.values_list("number", flat=True).order_by("number"):
        for seat in seats:
            scope = _scope(tablet, seat, number)
            if scope != field:
                yield Half(seat, number, scope, _may_lay(tablet, seat), is_folded=person is None)


def _scope(tablet: Tablet, seat: Seat, question: int) -> str:
    return f"dialogue:{tablet.dialogue.pk}:table:{tablet.table.pk}:seat:{seat.number}:q{question}"


def _may_lay(tablet: Tablet, seat: Seat) -> bool:
    return (
        seat in tablet.people and not tablet.dialogue.is_locked and may({"participant"}, "note.write_for", tablet.phase)
    )


def _page(request: HttpRequest, tablet: Tablet, error: str = "", typed: str = "") -> HttpResponse:
    dialogue = tablet.dialogue
    number = for_number(request)
    person = tablet.person(number) if number is not None else None
    question = dialogue.step.question if dialogue.step else 1
    row = Question.objects.filter(dialogue=dialogue, number=question).first()
    asked = asked_in(dialogue, row.text, row.second_text) if row else None
    may_write = tablet.phase in {"solo", "small"} and not dialogue.is_locked
    scope = _scope(tablet, person, question) if person and may_write else ""
    threes = queries.threes_of(dialogue, question) if dialogue.ballot_open else None
    context = {
        "dialogue": dialogue,
        "code": dialogue.code,
        "tablet": tablet,
        "table": tablet.table,
        "phase": tablet.phase,
        "person": person,
        "asked": asked,
        "question": asked.text if asked else dialogue.title,
        "clock": clock_of(dialogue, now()),
        "now": _now(tablet, person, question) if tablet.phase == "small" else None,
        "may_write": may_write,
        "number": question,
        "scope": scope,
        "halves": list(_halves(tablet, person, scope)),
        **(_afterwards(dialogue) if tablet.phase == "closed" else {}),
        "ready": _ready(tablet),
        "proposals": sorted(threes.shown, key=lambda one: one.proposal_id) if threes else (),
        "voted": set(
            Ballot.objects.filter(seat__in=[seat.pk for seat in tablet.people], question=question).values_list(
                "seat_id", flat=True
            )
        ),
        "spoken": spoken_choices(),
        "error": error,
        "typed": typed,
        "line": line_to(dialogue.room, "person"),
        "here_url": _address(tablet, person),
    }
    return _private(render(request, "dialogues/tablet.html", context, status=422 if error else 200))


def _afterwards(dialogue: Dialogue) -> dict[str, object]:
    return {"results": queries.results_of(dialogue), "agreed": queries.agreements_of(dialogue)}


def _now(tablet: Tablet, person: Seat | None, question: int) -> TableNow | None:
    sitting = Sitting.objects.filter(table=tablet.table, seating=seating_now(tablet.dialogue)).first()
    if sitting is None:
        return None
    nobody = Seat(pk=0, dialogue=tablet.dialogue, number=0)
    return table_now(tablet.dialogue, sitting, person or nobody, question=question, at=now())


def _ready(tablet: Tablet) -> set[int]:
    if tablet.dialogue.step is None:
        return set()
    rows = Ready.objects.filter(seat__in=[seat.pk for seat in tablet.people], step=tablet.dialogue.step)
    return set(rows.values_list("seat_id", flat=True))


# ---------------------------------------------------------------- presses


@require_POST
def press(request: HttpRequest, code: str) -> HttpResponse:
    """One press for somebody without a phone: a mark, «ready», the pen, a move in the order, the table's three."""
    tablet = find_tablet(request, code)
    number = for_number(request)
    if number is None:
        raise NotFoundError("seat")
    here = tablet.here(number)
    at, data = now(), request.POST
    buttons: dict[str, Callable[[], object]] = {
        "mark": lambda: marking.set_mark(here=here, note_id=id_of(data["mark"], "note"), wanted=True),
        "unmark": lambda: marking.set_mark(here=here, note_id=id_of(data["unmark"], "note"), wanted=False),
        "ready": lambda: marking.set_ready(here=here, wanted=data["ready"] == "on", at=at),
        "pen": lambda: pens.set_pen_wanted(here=here, wanted=True, at=at),
        "move": lambda: _move(tablet, number, data["move"]),
        "hand_in": lambda: handing_in.hand_in(here=here, at=at),
    }
    name = next((name for name in buttons if name in data), None)
    if name is None:
        raise NotFoundError("button")
    try:
        buttons[name]()
    except NotFoundError:
        raise
    except SamspelError as error:
        messages.error(request, next(iter(error.fields.values()), error.message))
    return _back(tablet, None if name == "ready" else number)


def _move(tablet: Tablet, number: int, value: str) -> None:
    note, _dash, place = value.partition("-")
    ordering.move_note(here=tablet.here(number), note_id=id_of(note, "note"), place=id_of(place, "place"))


@require_POST
def note(request: HttpRequest, code: str) -> HttpResponse:
    """A thought of somebody without a phone; it lies on the table from the start."""
    tablet = find_tablet(request, code)
    number = for_number(request)
    if number is None:
        raise NotFoundError("seat")
    here, text, key = tablet.here(number), request.POST.get("text", ""), request.POST.get("key", "")
    question = number_of(request.POST.get("question", ""), 3) or here.question
    try:
        if tablet.phase == "small" and question == here.question:
            speaking.add_note(here=here, text=text, key=key, at=now())
        else:
            solo.write_note(here=here, text=text, key=key, question=question, at=now())
    except NotFoundError:
        raise
    except SamspelError as error:
        return _page(request, tablet, next(iter(error.fields.values()), error.message), text)
    return _back(tablet, number)


@require_POST
def ballot(request: HttpRequest, code: str) -> HttpResponse:
    """Her silent ballot; what was chosen is not shown again."""
    tablet = find_tablet(request, code)
    number = for_number(request)
    if number is None:
        raise NotFoundError("seat")
    here = tablet.here(number)
    chosen = [id_of(value, "proposal") for value in request.POST.getlist("proposal")]
    if not chosen and "none" not in request.POST:
        return _page(request, tablet, _("Välj minst ett förslag, eller tryck på ”Inget av dem”."))
    try:
        whole.cast_ballot(
            here=here, question=here.question, proposal_ids=[] if "none" in request.POST else chosen, at=now()
        )
        messages.success(request, _("Rösten är inlagd. Ingen ser vad som står på den."))
    except NotFoundError:
        raise
    except SamspelError as error:
        messages.error(request, error.message)
    return _back(tablet, None)


@require_POST
def help_someone(request: HttpRequest, code: str) -> HttpResponse:
    """A seat for somebody without a phone at this table."""
    tablet = find_tablet(request, code)
    try:
        seat = joining.help_at_table(
            tablet=tablet,
            name=request.POST.get("name", ""),
            language=request.POST.get("language", ""),
            key=request.POST.get("key", ""),
            at=now(),
        )
    except NotFoundError:
        raise
    except SamspelError as error:
        messages.error(request, next(iter(error.fields.values()), error.message))
        return _back(tablet, None)
    return _back(tablet, seat.number)


def _address(tablet: Tablet, person: Seat | None) -> str:
    """Where the page asks for itself again."""
    address = reverse("tablet", args=[tablet.dialogue.code])
    return f"{address}?for={person.number}&seen={_step_of(tablet)}" if person else address


def _back(tablet: Tablet, number: int | None) -> HttpResponse:
    address = reverse("tablet", args=[tablet.dialogue.code])
    return redirect(f"{address}?{urlencode({'for': number})}" if number is not None else address)


def _private(response: HttpResponse) -> HttpResponse:
    return response
