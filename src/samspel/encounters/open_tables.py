"""The open tables as files and as JSON: row by row what the pages show, in the order of names or time."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from samspel.core.errors import NotFoundError
from samspel.core.sheets import guarded
from samspel.encounters.disclosing import Figure
from samspel.encounters.equity import differences
from samspel.encounters.open_figures import OpenFigures, group_names
from samspel.encounters.service_pages import funnel_of
from samspel.encounters.weeks import Week
from samspel.engine.inference import Interval

Cell = str | int | None


@dataclass(frozen=True)
class OpenTable:
    """Columns and rows; None is a hidden number, ".." in a file."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def records(self) -> list[dict[str, Cell]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def table_of(figures: OpenFigures | None, name: str) -> OpenTable:
    """One of the fixed tables. There is no other.

    :raises NotFoundError: no such table; or nothing is told of the service yet.
    """
    if figures is None:
        raise NotFoundError("figures")
    if name == "weeks":
        return weeks_table(figures.weeks)
    if name == "units":
        return _units(figures)
    if name == "groups":
        return _groups(figures)
    raise NotFoundError("table")


def weeks_table(weeks: Sequence[Week]) -> OpenTable:
    rows = [(week.monday.isoformat(), week.number, *_told(week.figure, week.share)) for week in weeks]
    return OpenTable(("week_begins", "week", "answers", "told", "good_of_100", "low", "high"), tuple(rows))


def _units(figures: OpenFigures) -> OpenTable:
    """Places without names, by how many answered."""
    rows = [_told(place.figure, place.figure.interval()) for place in funnel_of(figures).places]
    return OpenTable(("answers", "told", "good_of_100", "low", "high"), tuple(rows))


def _groups(figures: OpenFigures) -> OpenTable:
    names = group_names()
    rows: list[tuple[Cell, ...]] = []
    for one in differences(figures.groups, figures.effects):
        called = dict(names[one.dimension])
        for row in one.rows:
            gap = None if row.gap is None else round(row.gap * 100)
            told = _told(row.figure, row.share)
            name, verdict = called.get(row.group, row.group), row.verdict.value
            rows.append((one.dimension, row.group, name, *told, verdict, gap, row.counts_as))
        unknown = figures.groups[one.dimension].get("")
        if unknown is not None:
            rows.append((one.dimension, "", "", *_told(unknown, unknown.interval()), "unknown", None, None))
    told_of_each = ("answers", "told", "good_of_100", "low", "high")
    columns = ("dimension", "group", "name", *told_of_each, "verdict", "smallest_gap", "counts_as")
    return OpenTable(columns, tuple(rows))


def _told(figure: Figure, share: Interval | None) -> tuple[Cell, ...]:
    if not figure.is_shown or share is None:
        return (None, "", None, None, None)
    return (figure.n, figure.told, figure.per_100, round(share.low * 100), round(share.high * 100))


def as_file(table: OpenTable, name: str, form: str) -> HttpResponse:
    """The table as CSV or JSON.

    :raises NotFoundError: no such form.
    """
    if form == "json":
        content, kind = json.dumps(table.records(), ensure_ascii=False).encode(), "application/json"
    elif form == "csv":
        text = io.StringIO()
        lines = [[".." if cell is None else str(cell) for cell in row] for row in table.rows]
        csv.writer(text).writerows([guarded(cell) for cell in row] for row in [table.columns, *lines])
        content, kind = text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8"
    else:
        raise NotFoundError("table")
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = content_disposition_header(True, f"{name}.{form}") or "attachment"
    return response
