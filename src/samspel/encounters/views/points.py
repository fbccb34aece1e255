"""Pages of points of asking: a unit's list, one point, and what is printed of it."""

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspel.core import defaults
from samspel.core.actor import Request
from samspel.core.addresses import address_for_others
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.forms import date_in, number_in
from samspel.core.languages import SIGNED, spoken_choices
from samspel.core.limits import guess
from samspel.core.permissions import may
from samspel.encounters import forms, points
from samspel.encounters.access import get_point
from samspel.encounters.actions import points as actions
from samspel.encounters.actions.invitations import MOST_AT_ONCE, make_links
from samspel.encounters.actions.tablets import add_tablet, add_waiting_tablet, close_tablet
from samspel.encounters.links import links_csv, links_of
from samspel.encounters.models import AgeBand, Area, Channel, Point
from samspel.encounters.sheets import FORMS, sheet_pdf
from samspel.people.access import get_unit, roles_in
from samspel.people.queries import providers


@require_GET
def point_list(request: Request, unit_id: int) -> HttpResponse:
    """Where a unit asks, and whether it asks now."""
    unit = get_unit(request.actor, unit_id, "point.read")
    at = timezone.now()
    return render(
        request,
        "encounters/points.html",
        {
            "unit": unit,
            "rows": points.points_of(unit.pk, at),
            "now": points.last_round(unit.pk, at),
            "may_manage": may(roles_in(request.actor, unit), "point.manage"),
            "least": partial(defaults.value, "figures.least_inside"),  # asked for where nothing stands yet
            "part": "points",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def point_new(request: Request, unit_id: int) -> HttpResponse:
    unit = get_unit(request.actor, unit_id, "point.manage")
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            point = actions.add_point(
                actor=request.actor,
                unit_id=unit.pk,
                draft=forms.point_in(request),
                key=request.POST.get("key", ""),
                at=timezone.now(),
            )
        except InvalidError as error:
            fields = error.fields
        else:
            if point is None:
                return redirect("encounter_points", unit.pk)
            messages.success(request, _("Punkten finns nu."))
            return redirect("encounter_point", unit.pk, point.pk)
    typed = forms.point_in(request) if request.method == "POST" else actions.PointDraft(kind=Point.Kind.WALL)
    return render(
        request,
        "encounters/point_new.html",
        _choices() | {"unit": unit, "typed": typed, "fields": fields, "may_manage": True, "part": "points"},
        status=422 if fields else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def point(request: Request, unit_id: int, point_id: int) -> HttpResponse:
    """One point: its address, its papers, its weeks; a POST changes what is said of it."""
    found = get_point(request.actor, unit_id, point_id, "point.read")
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            actions.change_point(actor=request.actor, unit_id=unit_id, point_id=point_id, draft=forms.point_in(request))
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Sparat."))
            return redirect("encounter_point", unit_id, point_id)
    return render(
        request, "encounters/point.html", point_context(request, found, fields), status=422 if fields else 200
    )


def point_context(request: Request, found: Point, fields: dict[str, str] | None = None) -> dict[str, Any]:
    """What the page of a point shows."""
    at = timezone.now()
    typed = (
        forms.point_in(request)
        if fields
        else actions.PointDraft(
            kind=found.kind,
            title=found.title,
            service_id=found.service_id,
            provider_id=found.provider_id,
            channel=found.channel,
            language=found.language,
            area_id=found.area_id,
            age_band=found.age_band,
            window_min=found.window_min,
        )
    )
    return _choices() | {
        "unit": found.unit,
        "point": found,
        "typed": typed,
        "fields": fields or {},
        "address": points.address_of(found),
        "path": points.path_of(found),
        "tablets": points.tablets_of(found, at) if found.kind == Point.Kind.KIOSK else [],
        "links": links_of(found, at) if found.kind == Point.Kind.LINK else 0,
        "most_links": MOST_AT_ONCE,
        "link_days": defaults.value("encounters.link_days"),
        "is_https": settings.HTTPS,
        "waits_at": address_for_others(request, reverse("kiosk_waiting")).partition("://")[2],
        "weeks": points.weeks_of(found, at),
        "may_manage": may(roles_in(request.actor, found.unit), "point.manage"),
        "part": "points",
    }


@require_POST
def point_open(request: Request, unit_id: int, point_id: int) -> HttpResponse:
    """Close it, or open it again."""
    is_open = request.POST.get("open") == "1"
    actions.set_point_open(actor=request.actor, unit_id=unit_id, point_id=point_id, is_open=is_open, at=timezone.now())
    messages.success(request, _("Punkten är öppen igen.") if is_open else _("Punkten är stängd. Svaren finns kvar."))
    return redirect("encounter_point", unit_id, point_id)


@require_POST
def point_visits(request: Request, unit_id: int, point_id: int) -> HttpResponse:
    try:
        actions.count_visits(
            actor=request.actor,
            unit_id=unit_id,
            point_id=point_id,
            monday=date_in(request, "week"),
            count=number_in(request, "count"),
            at=timezone.now(),
        )
    except InvalidError as error:
        found = get_point(request.actor, unit_id, point_id, "point.manage")
        return render(
            request, "encounters/point.html", point_context(request, found) | {"wrong": error.fields}, status=422
        )
    messages.success(request, _("Sparat."))
    return redirect("encounter_point", unit_id, point_id)


@require_POST
def point_tablets(request: Request, unit_id: int, point_id: int) -> HttpResponse:
    """Set a tablet up. Its address is shown in this one answer and never again."""
    secret, wrong = None, {}
    try:
        secret = add_tablet(
            actor=request.actor,
            unit_id=unit_id,
            point_id=point_id,
            name=request.POST.get("name", ""),
            key=request.POST.get("key", ""),
            at=timezone.now(),
        )
    except InvalidError as error:
        wrong = error.fields
    if secret is None and not wrong:
        return redirect("encounter_point", unit_id, point_id)
    found = get_point(request.actor, unit_id, point_id, "point.manage")
    context = point_context(request, found) | {"wrong": wrong}
    if secret is not None:
        context |= {"new_path": reverse("kiosk", args=[secret]), "new_name": request.POST.get("name", "")}
    return render(request, "encounters/point.html", context, status=422 if wrong else 200)


@require_POST
def tablet_by_code(request: Request, unit_id: int, point_id: int) -> HttpResponse:
    """Set up the tablet that shows a code. A wrong one is counted, whoever types it."""
    tried = guess(request, "wrong-tablet")
    try:
        tablet = add_waiting_tablet(
            actor=request.actor,
            unit_id=unit_id,
            point_id=point_id,
            name=request.POST.get("name", ""),
            code=request.POST.get("code", ""),
            key=request.POST.get("key", ""),
            at=timezone.now(),
        )
    except InvalidError as error:
        if "code" not in error.fields:
            tried.was_right()
        found = get_point(request.actor, unit_id, point_id, "point.manage")
        context = point_context(request, found) | {"wrong_code": error.fields, "typed_code": request.POST}
        return render(request, "encounters/point.html", context, status=error.status)
    tried.was_right()
    if tablet is not None:
        messages.success(request, _("Plattan %(name)s öppnar frågan själv om några sekunder.") % {"name": tablet.name})
    return redirect("encounter_point", unit_id, point_id)


@require_POST
def tablet_close(request: Request, unit_id: int, point_id: int, tablet_id: int) -> HttpResponse:
    close_tablet(actor=request.actor, unit_id=unit_id, point_id=point_id, tablet_id=tablet_id, at=timezone.now())
    messages.success(request, _("Plattan frågar inte längre. Det den har kvar tas emot när den hör av sig."))
    return redirect("encounter_point", unit_id, point_id)


@require_POST
def point_links(request: Request, unit_id: int, point_id: int) -> HttpResponse:
    """Links as a file, one a row. They are in this one answer and nowhere else."""
    at = timezone.now()
    try:
        made = make_links(
            actor=request.actor,
            unit_id=unit_id,
            point_id=point_id,
            number=number_in(request, "number"),
            is_single_use=request.POST.get("single") == "on",
            key=request.POST.get("key", ""),
            at=at,
        )
    except (InvalidError, ConflictError) as error:
        found = get_point(request.actor, unit_id, point_id, "point.manage")
        wrong = error.fields or {"number": error.message}
        return render(
            request, "encounters/point.html", point_context(request, found) | {"wrong": wrong}, status=error.status
        )
    response = HttpResponse(links_csv(made, at), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="lankar-{timezone.localdate(at)}.csv"'
    return response


@require_GET
def point_sheet(request: Request, unit_id: int, point_id: int, form: str) -> HttpResponse:
    """A poster, or a stand for a table, as PDF."""
    found = get_point(request.actor, unit_id, point_id, "point.read")
    if form not in FORMS:
        raise NotFoundError("sheet")
    response = HttpResponse(sheet_pdf(found, form), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{form}-{found.code}.pdf"'
    return response


def _choices() -> dict[str, Any]:
    """What a point's form offers."""
    return {
        "kinds": Point.Kind.choices,
        "services": points.open_services(),
        "providers": providers(),
        "channels": Channel.choices,
        "spoken": [(code, name) for code, name in spoken_choices() if code not in SIGNED],
        "areas": Area.objects.order_by("position", "name"),
        "age_bands": AgeBand.choices,
    }
