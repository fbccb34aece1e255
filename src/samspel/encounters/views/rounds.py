"""A unit's rounds, "Ni sa – vi gjorde", and the page where everybody can read it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspel.core import defaults, thread
from samspel.core.actor import Request
from samspel.core.errors import ConflictError, InvalidError
from samspel.core.forms import number_in
from samspel.encounters.actions import rounds as actions
from samspel.encounters.actions.rounds import SaidAndDone
from samspel.encounters.models import Round
from samspel.encounters.points import last_round
from samspel.encounters.queries import told_rounds
from samspel.people.access import get_unit
from samspel.people.queries import get_open_unit


@require_http_methods(["GET", "HEAD", "POST"])
def round_page(request: Request, unit_id: int) -> HttpResponse:
    """Open a round, close it, write what was heard and done, tell it."""
    unit = get_unit(request.actor, unit_id, "round.manage")
    wrong: dict[str, Any] = {}
    if request.method == "POST":
        try:
            _act(request, unit.pk)
        except InvalidError as error:
            wrong = {"fields": error.fields, "status": 422}
        except ConflictError as error:
            wrong = {"refused": error.message, "status": 409}
        else:
            return redirect("encounter_round", unit.pk)
    return render(
        request,
        "encounters/round.html",
        {
            "unit": unit,
            "now": last_round(unit.pk, timezone.now()),
            "told": told_rounds(unit.pk),
            "threads": thread.threads_of(unit.pk),
            "weeks": defaults.value("encounters.round_weeks"),
            "reason": defaults.SPECS["encounters.round_weeks"].reason,
            "typed": _told_in(request) if request.method == "POST" else None,
            "may_manage": True,
            "part": "round",
        }
        | wrong,
        status=wrong.get("status", 200),
    )


def _act(request: Request, unit_id: int) -> None:
    """The one act that the pressed button names."""
    at, number = timezone.now(), number_in(request, "number") or 0
    match request.POST.get("do"):
        case "open":
            actions.open_round(actor=request.actor, unit_id=unit_id, weeks=number_in(request, "weeks"), at=at)
            messages.success(request, _("Rundan är öppen. Nu tar punkterna emot svar."))
        case "close":
            actions.close_round(actor=request.actor, unit_id=unit_id, number=number, at=at)
            messages.success(request, _("Rundan är stängd. Läs, prata och berätta sedan vad ni hörde."))
        case "publish":
            actions.publish_told(
                actor=request.actor,
                unit_id=unit_id,
                number=number,
                told=_told_in(request),
                thread_id=number_in(request, "thread"),
                at=at,
            )
            messages.success(request, _("Nu kan alla läsa det. Ni kan öppna nästa runda när ni vill."))
        case _:
            actions.write_told(actor=request.actor, unit_id=unit_id, number=number, told=_told_in(request), at=at)
            messages.success(request, _("Sparat. Ingen utanför enheten ser det än."))


def _told_in(request: Request) -> SaidAndDone:
    said = request.POST
    return SaidAndDone(said.get("heard", ""), said.get("done", ""), said.get("not_done", ""))


@require_GET
def said_and_done(request: Request, unit_id: int) -> HttpResponse:
    """What a unit has heard and done, round by round; open to everybody."""
    unit = get_open_unit(unit_id)
    told: list[Round] = told_rounds(unit.pk)
    return render(request, "encounters/said_and_done.html", {"unit": unit, "told": told, "section": "threads"})
