"""Pages of services and of the city: how it goes, whether it is as good everywhere and for all, and the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspel.core import defaults
from samspel.core.actor import Actor, Request
from samspel.core.errors import InvalidError, NotFoundError
from samspel.encounters import open_tables
from samspel.encounters.access import get_service, may_write_reasons, services_by_name
from samspel.encounters.actions import reasons as actions
from samspel.encounters.models import Reason, Service
from samspel.encounters.open_figures import FIRST_TO_UNITS, OpenFigures, group_names, open_figures, own_units
from samspel.encounters.service_pages import GroupView, city_weeks, funnel_of, groups_of, trend_of
from samspel.people.queries import units_of


@dataclass(frozen=True)
class Read:
    """A service's figures as one reader may have them: those who work in it have a look a week before all others."""

    figures: OpenFigures | None
    own: frozenset[int] = frozenset()
    is_first: bool = False


def read(actor: Actor, service: Service) -> Read:
    today = timezone.localdate()
    newest = open_figures([service], today).get(service.pk) if actor.is_signed_in else None
    own = own_units(actor, newest.units) if newest else set()
    told = open_figures([service], today - FIRST_TO_UNITS).get(service.pk)
    return Read(newest, frozenset(own), newest != told) if newest and own else Read(told)


# Asked for where a page says so.
_least = partial(defaults.value, "figures.least_public")


@require_GET
def service_list(request: Request) -> HttpResponse:
    """All services by their names: never by how it goes."""
    rows = services_by_name()
    figures = open_figures(rows, timezone.localdate() - FIRST_TO_UNITS)
    told = [(service, figures.get(service.pk)) for service in rows]
    return render(request, "encounters/services.html", {"services": told, "section": "services"})


@require_GET
def city(request: Request) -> HttpResponse:
    """The whole city: the sums of what its services show."""
    rows = services_by_name()
    figures = open_figures(rows, timezone.localdate() - FIRST_TO_UNITS)
    told = _newest_year(figures.values())
    weeks, total = city_weeks(told)
    context = {
        "trend": trend_of(weeks, total),
        "total": total,
        "first": told[0] if told else None,
        "services": [(service, figures.get(service.pk)) for service in rows],
        "as_table": "table" in request.GET,
        "section": "services",
    }
    return render(request, "encounters/city.html", context)


@require_GET
def service(request: Request, key: str) -> HttpResponse:
    """A service's weeks, and its places beside each other."""
    found = get_service(request.actor, key, "figures.open")
    told = read(request.actor, found)
    context: dict[str, Any] = {"service": found, "figures": told.figures, "least": _least, "section": "services"}
    if told.figures is not None:
        context |= {
            "trend": trend_of(told.figures.weeks, told.figures.total),
            "funnel": funnel_of(told.figures, told.own),
            "is_first": told.is_first,
            "as_table": request.GET.get("table", ""),
        }
    return render(request, "encounters/service.html", context)


@require_GET
def equal(request: Request, key: str) -> HttpResponse:
    """Is it as good everywhere, and for everybody? With the reasons for what is meant to differ."""
    found = get_service(request.actor, key, "figures.open")
    told = read(request.actor, found)
    context: dict[str, Any] = {"service": found, "figures": told.figures, "least": _least, "section": "services"}
    if told.figures is not None:
        reasons = list(Reason.objects.filter(service=found, closed_at=None))
        context |= {
            "funnel": funnel_of(told.figures, told.own),
            "groups": groups_of(told.figures, group_names(), reasons),
            "as_table": request.GET.get("table", ""),
            "may_write": may_write_reasons(request.actor, found),
            "units": units_of(request.actor) if request.actor.is_signed_in else [],
        }
    return render(request, "encounters/equal.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def reason(request: Request, key: str, dimension: str, group: str, way: str) -> HttpResponse:
    """Write why a difference is meant."""
    found = get_service(request.actor, key, "reason.write")
    row = _seen(request.actor, found, dimension, group, way)
    fields: dict[str, str] = {}
    if request.method == "POST":
        draft = actions.ReasonDraft(
            dimension=dimension,
            group=group,
            is_higher=way == "higher",
            words=request.POST.get("words", ""),
            decided_by=request.POST.get("decided_by", ""),
            decided_on=_day(request.POST.get("decided_on", "")),
            tried_again_on=_day(request.POST.get("tried_again_on", "")),
        )
        try:
            actions.write_reason(
                actor=request.actor,
                service_key=key,
                draft=draft,
                key=request.POST.get("key", ""),
                at=timezone.now(),
            )
        except InvalidError as error:
            fields = error.fields
        else:
            return redirect("service_equal", key)
    context = {"service": found, "row": row, "way": way, "fields": fields, "typed": request.POST, "section": "services"}
    return render(request, "encounters/reason.html", context, status=422 if fields else 200)


@require_POST
def reason_close(request: Request, key: str, reason_id: int) -> HttpResponse:
    actions.close_reason(actor=request.actor, service_key=key, reason_id=reason_id, at=timezone.now())
    return redirect("service_equal", key)


@require_GET
def service_table(request: Request, key: str, table: str, form: str) -> HttpResponse:
    """One of a service's tables as a file: what everybody's page shows, with how sure it is."""
    found = get_service(request.actor, key, "figures.open")
    figures = open_figures([found], timezone.localdate() - FIRST_TO_UNITS).get(found.pk)
    return open_tables.as_file(open_tables.table_of(figures, table), f"{key}-{table}", form)


@require_GET
def city_table(request: Request, form: str) -> HttpResponse:
    figures = open_figures(services_by_name(), timezone.localdate() - FIRST_TO_UNITS)
    weeks, _total = city_weeks(_newest_year(figures.values()))
    return open_tables.as_file(open_tables.weeks_table(weeks), "encounters-weeks", form)


def _newest_year(figures: Any) -> list[OpenFigures]:
    """Those of the newest year that any service tells of: years are not added up."""
    told = list(figures)
    since = max((one.since for one in told), default=date.min)
    return [one for one in told if one.since == since]


def _seen(actor: Actor, service: Service, dimension: str, group: str, way: str) -> GroupView:
    """The group's row, if such a difference can be seen now."""
    told = read(actor, service)
    rows: Sequence[GroupView] = groups_of(told.figures, group_names()).seen if told.figures else ()
    for row in rows:
        if (row.dimension, row.key, row.row.verdict.value) == (dimension, group, way):
            return row
    raise NotFoundError("group")


def _day(text: str) -> date | None:
    try:
        return parse_date(text.strip())
    except ValueError:
        return None
