"""The town's start page, a unit's home with its red thread, and the threads."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Case, Exists, OuterRef, Q, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from samspel.core.actor import Request
from samspel.core.finding import found_by
from samspel.core.models import Stage, Thread
from samspel.core.permissions import may
from samspel.dialogues.models import Agreement, Dialogue, State, Telling
from samspel.dialogues.threads import (
    ThreadRow,
    get_thread,
    knot_rows,
    next_stage,
    public_threads,
    thread_rows,
    unit_threads,
    varied,
)
from samspel.encounters.access import services_by_name
from samspel.encounters.queries import signals_to_erase
from samspel.encounters.stories import published_stories
from samspel.encounters.to_take_up import to_take_up
from samspel.exchange.queries import AtDesk, waiting_at_desk
from samspel.people.access import INHERITED, get_unit, roles_in, roles_in_each, units_open_to
from samspel.people.queries import members_of, units_below, units_of, units_to_lead

ON_START = 4
MOST_BELOW = 6


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    rows = public_threads()
    return render(request, "dialogues/start.html", {"rows": varied(rows, ON_START), "total": len(rows)})


@require_GET
def home(request: Request) -> HttpResponse:
    """The signed-in person's unit; who has several sees what goes on in each."""
    units = units_of(request.actor) or units_to_lead(request.actor)
    if len(units) == 1:
        return redirect("unit", units[0].pk)
    roles = roles_in_each(request.actor, units)
    context = {
        "units": _cards({unit.pk: unit.name for unit in units}, roles),
        "more": units_open_to(request.actor, "unit.read", but=units),
        "at_desk": _at_desk(frozenset().union(*roles.values())),
        "section": "unit",
    }
    return render(request, "dialogues/home.html", context)


def _at_desk(roles: frozenset[str]) -> AtDesk | None:
    """What waits at the desk of a bridge-builder; nothing is asked for of anybody else."""
    return waiting_at_desk(timezone.now()) if "broker" in roles else None


@dataclass(frozen=True)
class UnitCard:
    """A unit in a list: its meeting that goes on or comes next, and the open thread that moved last."""

    unit_id: int
    name: str
    meeting: Dialogue | None
    may_lead: bool
    thread: ThreadRow | None


def _cards(names: Mapping[int, str], roles: Mapping[int, frozenset[str]]) -> list[UnitCard]:
    inside = [unit_id for unit_id in names if may(roles[unit_id], "unit.read")]
    coming = Dialogue.objects.filter(
        unit_id__in=inside, is_rehearsal=False, state__in=[State.PLANNED, State.RUNNING]
    ).order_by("-starts_at")
    # What goes on stands before what is planned, and of these the next one: each overwrites those before it.
    meetings = {row.unit_id: row for row in sorted(coming, key=lambda row: row.state == State.RUNNING)}
    open_threads = Thread.objects.filter(unit_id__in=names, is_public=True)
    threads = {row.thread.unit_id: row for row in reversed(thread_rows(open_threads, public_only=True))}
    return [
        UnitCard(unit_id, name, meetings.get(unit_id), may(roles[unit_id], "dialogue.lead"), threads.get(unit_id))
        for unit_id, name in names.items()
    ]


@require_GET
def unit(request: Request, unit_id: int) -> HttpResponse:
    """A unit's home: the next dialogue and its threads; from outside, what is open of the same."""
    found = get_unit(request.actor, unit_id, "unit.read_public")
    roles = roles_in(request.actor, found)
    inside = may(roles, "unit.read")
    dialogues = Dialogue.objects.filter(unit=found, is_rehearsal=False).prefetch_related("questions")
    coming = dialogues.filter(state__in=[State.PLANNED, State.RUNNING, State.DRAFT]).order_by("starts_at")
    if not may(roles, "dialogue.create"):
        coming = coming.exclude(state=State.DRAFT)
    threads = unit_threads(found.pk, public_only=not inside)
    chosen = next((view for view in threads if str(view.thread.pk) == request.GET.get("thread")), None)
    view = chosen or (threads[0] if threads else None)
    sees_encounters, now = may(roles, "figures.unit"), timezone.now()
    return render(
        request,
        "dialogues/unit.html",
        {
            "unit": found,
            "at_desk": _at_desk(roles),
            "inside": inside,
            "may_plan": may(roles, "dialogue.create"),
            "sees_encounters": sees_encounters,
            "may_meet": may(roles, "encounter.answer_staff"),
            "sees_points": may(roles, "point.read"),
            "take": to_take_up(found.pk, now) if sees_encounters else None,
            "may_note": may(roles, "signal.note"),
            "may_answer": may(roles, "agreement.answer", "closed"),
            "may_read": may(roles, "dialogue.read_protocol", "closed"),
            "people": len(members_of(found.pk)) if inside else 0,
            "coming": coming.first() if inside else None,
            "view": view,
            "knots": knot_rows(view) if view else [],
            "next_stage": next_stage(view) if view else None,
            "rows_below": varied(public_threads(below=found.path), MOST_BELOW) if view is None else [],
            "below": units_below(found) if roles & INHERITED else [],
            "others": [other for other in threads if other is not view],
            "total": len(threads),
            "stories": published_stories(found.pk),
            "agreements": _agreements(found.pk) if inside else [],
            "finished": list(dialogues.filter(state=State.CLOSED).order_by("-closed_at")[:5]) if inside else [],
            "section": "unit",
            "now": now,
        },
    )


def _agreements(unit_id: int) -> list[Agreement]:
    """Agreements that nobody has said the end of, or of which nobody has read what the dialogue said (``is_unread``),
    the nearest date first."""
    is_beside = Exists(Telling.objects.filter(agreement=OuterRef("pk"), read_at=None))
    is_unread = (Q(outcome_is_open=False) & ~Q(outcome_words="")) | Q(is_beside)
    unanswered = Q(outcome="") | Q(outcome=Agreement.Outcome.GOING_ON) | Q(is_unread=True)
    return list(
        Agreement.objects.annotate(is_unread=Case(When(is_unread, then=True), default=False))
        .filter(unanswered, dialogue__unit_id=unit_id, withdrawn_at=None, dialogue__is_rehearsal=False)
        .exclude(dialogue__state__in=[State.DRAFT])
        .select_related("dialogue")
        .order_by("due_on", "pk")[:12]
    )


@require_GET
def thread_list(request: Request) -> HttpResponse:
    rows = public_threads()
    return render(request, "dialogues/thread_list.html", {"rows": rows, "total": len(rows), "section": "threads"})


@require_GET
def thread_page(request: Request, thread_id: int) -> HttpResponse:
    view, inside = get_thread(request.actor, thread_id)
    heard = [knot.object_id for knot in view.knots if knot.stage == Stage.SIGNAL and knot.is_quote]
    return render(
        request,
        "dialogues/thread.html",
        {
            "view": view,
            "knots": knot_rows(view),
            "next_stage": next_stage(view),
            "inside": inside,
            "erasable": signals_to_erase(request.actor, heard) if inside and heard else [],
            "section": "threads",
        },
    )


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Services and open threads that are about what somebody asks for in words of her own."""
    words = request.GET.get("q", "").strip()[:100]
    services, rows = services_by_name(), public_threads()
    said = [f"{row.words} {row.title} {row.thread.unit.name}" for row in rows]
    context = {
        "words": words,
        "services": [services[place] for place in found_by(words, [one.name for one in services])],
        "rows": [rows[place] for place in found_by(words, said)],
        "section": "",
    }
    return render(request, "dialogues/search.html", context)
