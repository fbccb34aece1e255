"""The page of sampling plans: who is asked how often, and what can be seen of it."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspel.core import defaults
from samspel.core.actor import Request
from samspel.core.errors import InvalidError
from samspel.core.forms import number_in
from samspel.core.numbers import number_of
from samspel.core.permissions import may
from samspel.encounters.actions.plans import drop_plan, set_plan, wrong_levers
from samspel.encounters.models import Plan, Service
from samspel.encounters.points import open_services
from samspel.encounters.sampling import Expected, Levers, expect, levers_of, strides, usual_levers
from samspel.people.access import get_unit, roles_in


@dataclass(frozen=True)
class PlanRow:
    """A service's plan as the page shows it; ``is_new``: nobody has said yet how often it is asked about."""

    service: Service
    expected: Expected
    strides: list[Expected]
    is_new: bool
    fields: dict[str, str]


@require_http_methods(["GET", "HEAD", "POST"])
def plan_list(request: Request, unit_id: int) -> HttpResponse:
    unit = get_unit(request.actor, unit_id, "point.read")
    if request.method == "POST":
        get_unit(request.actor, unit_id, "point.manage")
    service_id = number_in(request, "service")
    typed, fields = _levers_in(request), {}
    if request.method == "POST" and request.POST.get("do") == "drop":
        drop_plan(actor=request.actor, unit_id=unit.pk, service_id=service_id)
        return redirect("encounter_plans", unit.pk)
    if request.method == "POST":
        try:
            set_plan(actor=request.actor, unit_id=unit.pk, service_id=service_id, levers=typed, at=timezone.now())
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Sparat."))
            return redirect("encounter_plans", unit.pk)
    good = defaults.value("encounters.usual_good")
    plans = {plan.service_id: plan for plan in Plan.objects.filter(unit=unit)}
    services = open_services()
    wanted = request.GET.get("service", "")
    rows = []
    for service in services:
        is_this = service.pk == service_id and bool(fields)
        if service.pk not in plans and not is_this and str(service.pk) != wanted:
            continue
        known = levers_of(plans[service.pk]) if service.pk in plans else usual_levers()
        levers = typed if is_this and not wrong_levers(typed) else known
        rows.append(
            PlanRow(
                service,
                expect(levers, good=good),
                strides(levers, good=good),
                service.pk not in plans,
                fields if is_this else {},
            )
        )
    shown = {row.service.pk for row in rows}
    return render(
        request,
        "encounters/plans.html",
        {
            "unit": unit,
            "rows": rows,
            "others": [service for service in services if service.pk not in shown],
            "good": good,
            "good_reason": defaults.SPECS["encounters.usual_good"].reason,
            "rest_days": defaults.value("encounters.rest_days"),
            "may_manage": may(roles_in(request.actor, unit), "point.manage"),
            "part": "plans",
        },
        status=422 if fields else 200,
    )


@require_GET
def plan_expected(request: Request, unit_id: int) -> HttpResponse:
    """What some levers would give, for the page to show while they are moved."""
    get_unit(request.actor, unit_id, "point.read")
    levers = _levers_in(request)
    if wrong_levers(levers):
        return HttpResponse(status=204)
    good = defaults.value("encounters.usual_good")
    return render(
        request,
        "encounters/_plan_gives.html",
        {"row": {"expected": expect(levers, good=good), "strides": strides(levers, good=good)}, "good": good},
    )


def _levers_in(request: HttpRequest) -> Levers:
    """What was sent; 0, which no lever can be, where no number was."""
    sent = request.POST if request.method == "POST" else request.GET

    def number(name: str) -> int:
        text = "".join(sent.get(name, "").split())
        return number_of(text, 9) or 0

    return Levers(number("meetings_a_week"), number("ask_every"), number("answering"), number("weeks"))
