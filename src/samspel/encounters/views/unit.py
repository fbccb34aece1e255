"""A unit's own page: the picture of its meetings, and the same figures as files."""

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from samspel.core import defaults
from samspel.core.actor import Request
from samspel.core.permissions import may
from samspel.core.sheets import guarded
from samspel.encounters.stories import published_stories
from samspel.encounters.to_take_up import to_take_up
from samspel.encounters.unit_facts import facts_of
from samspel.encounters.unit_picture import FactorRow, picture_of
from samspel.encounters.weeks import Week
from samspel.people.access import get_unit, roles_in, units_open_to


@require_GET
def ours(request: Request) -> HttpResponse:
    """To the page of the unit whose figures one may read; who may read several chooses."""
    units = units_open_to(request.actor, "figures.unit")
    if len(units) == 1:
        return redirect("unit_encounters", units[0].unit.pk)
    return render(request, "encounters/ours.html", {"units": units, "section": "encounters"})


@require_GET
def picture(request: Request, unit_id: int) -> HttpResponse:
    """How the unit's meetings were, from both sides. The unit is the first to see it."""
    unit = get_unit(request.actor, unit_id, "figures.unit")
    roles, at = roles_in(request.actor, unit), timezone.now()
    facts, take = facts_of(unit.pk, at=at), to_take_up(unit.pk, at)
    return render(
        request,
        "encounters/unit.html",
        {
            "unit": unit,
            "picture": picture_of(facts),
            "as_table": "table" in request.GET,
            "least_words": defaults.value("figures.least_public"),
            "take": take,
            "is_take_told": take is not None and take.is_pattern and bool(facts.changes),
            "stories": published_stories(unit.pk),
            "may_plan": may(roles, "dialogue.create"),
            "sees_points": may(roles, "point.read"),
            "may_publish": may(roles, "story.publish"),
            "section": "encounters",
        },
    )


@require_GET
def weeks_csv(request: Request, unit_id: int) -> HttpResponse:
    """The weeks as the page's table has them, in the order of time."""
    unit = get_unit(request.actor, unit_id, "figures.unit")
    shown = picture_of(facts_of(unit.pk, at=timezone.now()))
    rows = [
        (row.monday.isoformat(), str(row.number), side, *_week_cells(week))
        for row in shown.rows
        for side, week in (("resident", row.them), ("staff", row.us))
    ]
    return _csv(unit.name, "weeks", ("week_begins", "week", "side", "answers", "good_of_100", "low", "high"), rows)


def _week_cells(week: Week) -> tuple[str, ...]:
    told, between = week.figure, week.between
    if between is None:
        return ("..",) * 4
    limit = {"at least": ">=", "at most": "<="}.get(told.told, "")
    return (str(told.n), f"{limit}{told.per_100}", str(between.low), str(between.high))


@require_GET
def factors_csv(request: Request, unit_id: int) -> HttpResponse:
    """What helped and what was in the way, in the order of the page."""
    unit = get_unit(request.actor, unit_id, "figures.unit")
    shown = picture_of(facts_of(unit.pk, at=timezone.now()))
    rows = [
        (kind, *cells)
        for kind, factors in (("helped", shown.helped), ("hindered", shown.hindered))
        for cells in _factor_cells(factors)
    ]
    return _csv(unit.name, "factors", ("kind", "factor", "side", "of_100", "low", "high"), rows)


def _factor_cells(rows: Iterable[FactorRow]) -> Iterable[tuple[str, ...]]:
    for row in rows:
        for side, bar in (("resident", row.them), ("staff", row.us)):
            told = (
                ("..",) * 3 if bar is None else (str(bar.between.percent), str(bar.between.low), str(bar.between.high))
            )
            yield (row.name, side, *told)


def _csv(unit: str, what: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> HttpResponse:
    text = io.StringIO()
    csv.writer(text).writerows([guarded(cell) for cell in row] for row in [columns, *rows])
    response = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    name = f"{slugify(unit)}-{what}.csv"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
