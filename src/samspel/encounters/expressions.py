"""Each sum and each figure as one Ibis expression, for whatever engine runs it.

``marks`` give a row for each answer that says what it counts in; sums are marks added up by day; figures are sums, or
marks, added up further. So a figure is the same integers whether counted from sums or from the answers themselves, by
DuckDB or by Spark.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis.expr.operations import Field, Filter, Literal, Node, Project

from samspel.encounters.store import ANSWERS, SUMS

answers: Final = ibis.table(ANSWERS, name="answers")
unit_day: Final = ibis.table(SUMS["unit_day"], name="unit_day")
group_day: Final = ibis.table(SUMS["group_day"], name="group_day")
factor_day: Final = ibis.table(SUMS["factor_day"], name="factor_day")
# Answers of which each stands for many (``adding``).
kinds: Final = ibis.table(ANSWERS, name="kinds")

DIMENSIONS: Final = ("language", "age_band", "area", "channel", "provider")
COUNTS: Final = ("n", "l1", "l2", "l3", "no_meeting")
PAIRS: Final = ("alike", "staff_better", "resident_better")

# None where no row that is read lies beyond it (``store.Manifest.limits``).
Limit = date | None


# ---------------------------------------------------------------- marks: a row for each answer


def _counts(table: ir.Table) -> dict[str, ir.Value]:
    return {f"l{level}": table.level == level for level in (1, 2, 3)} | {"no_meeting": table.is_no_meeting}


def _counted(table: ir.Table) -> ir.Table:
    return table.filter(table.aside == "")


def unit_marks(events: ir.Table) -> ir.Table:
    """By unit and service. A meeting of which both told is counted at the resident's answer."""
    table = _counted(events)
    is_pair = (table.side == "resident") & table.other_level.notnull()
    return table.select(
        table.day,
        table.unit,
        table.side,
        table.service,
        **_counts(table),
        alike=is_pair & (table.level == table.other_level),
        staff_better=is_pair & (table.level < table.other_level),
        resident_better=is_pair & (table.level > table.other_level),
    )


def group_marks(events: ir.Table, dimensions: tuple[str, ...] = DIMENSIONS) -> ir.Table:
    """By service and group, once for each dimension."""
    table = _counted(events)
    return ibis.union(
        *(
            table.select(
                table.day,
                table.side,
                table.service,
                dimension=ibis.literal(dimension),
                group=_group(table[dimension]),
                **_counts(table),
            )
            for dimension in dimensions
        )
    )


def _group(column: ir.Column) -> ir.StringValue:
    """Only a number can be missing."""
    return column if column.type().is_string() else column.cast("string").coalesce("")


def factor_marks(events: ir.Table) -> ir.Table:
    """A row for each factor that an answer named."""
    table = _counted(events)
    return ibis.union(
        *(
            table.filter(table[column].length() > 0).select(
                table.day,
                table.unit,
                table.side,
                factor=table[column].unnest(),
                helped=ibis.literal(column == "helped"),
                hindered=ibis.literal(column == "hindered"),
            )
            for column in ("helped", "hindered")
        )
    )


def _added(table: ir.Table, by: Sequence[str], columns: Sequence[str]) -> ir.Table:
    same = _same_in_all(table, by)
    keys = _keys(table, [name for name in by if name not in same])
    added = table.group_by(keys).aggregate(**{name: _total(table, name) for name in columns})
    return added.mutate(**same).select(*by, *columns) if same else added


def _same_in_all(table: ir.Table, names: Sequence[str]) -> dict[str, ir.Value]:
    """Those of the columns that say one word in every row: to group by them too takes an engine a fifth longer."""
    node = table.op()
    while isinstance(node, Filter):
        node = node.parent
    made = node.values if isinstance(node, Project) else {}
    return {name: made[name].to_expr() for name in names if isinstance(made.get(name), Literal)}


def _keys(table: ir.Table, by: Sequence[str]) -> list[ir.Value]:
    """These columns; no service is service 0, in marks as in sums."""
    return [
        table.service.coalesce(0).cast("int64").name("service") if name == "service" else table[name] for name in by
    ]


def _total(table: ir.Table, name: str) -> ir.IntegerValue:
    """How many a column of sums says there are, or how many rows have the mark; every row of marks is one answer."""
    if name not in table.columns:
        return table.count()
    column = table[name]
    return table.count(where=column) if column.type().is_boolean() else column.sum().cast("int64")


def sums(name: str, events: ir.Table) -> ir.Table:
    """The rows of the sum of this name, sorted as they are stored."""
    by, added = keys_of(name), added_of(name)
    rows = ibis.union(*(_added(marks, by, added) for marks in _apart(name, events)))
    return rows.order_by(by).select(list(SUMS[name]))


def keys_of(name: str) -> list[str]:
    """The columns by which a sum is added up, in the order that it is sorted by."""
    order = ("unit", "service", "dimension", "day", "group", "side", "factor")
    return [column for column in order if column in SUMS[name]]


def added_of(name: str) -> list[str]:
    """A sum's other columns: each says how many answers have the mark of its name, or (``n``) how many there are."""
    return [column for column in SUMS[name] if column not in keys_of(name)]


def marks_of(name: str, events: ir.Table) -> list[ir.Table]:
    """What a sum adds up, a row for each answer, in its own columns; ``n`` is no mark."""
    return [
        table.select(*_keys(table, keys_of(name)), *(column for column in added_of(name) if column in table.columns))
        for table in _apart(name, events)
    ]


def looked_at(table: ir.Table) -> list[str]:
    """The columns of answers that an expression looks at."""
    found = {field.name for field in table.op().find(Field)}
    return [column for column in ANSWERS if column in found]


def _apart(name: str, events: ir.Table) -> list[ir.Table]:
    """The marks of a sum in tables of which no two have a row of it in common: adding up each takes less."""
    if name == "group_day":
        return [group_marks(events, (dimension,)) for dimension in DIMENSIONS]
    return [{"unit_day": unit_marks, "factor_day": factor_marks}[name](events)]


# ---------------------------------------------------------------- figures


def _between(table: ir.Table, since: Limit, until: Limit) -> ir.Table:
    """Without a limit where none is given: to look at each row's day takes an engine a tenth longer."""
    if since is not None:
        table = table.filter(table.day >= ibis.literal(since))
    return table if until is None else table.filter(table.day < ibis.literal(until))


def _beginning(table: ir.Table, by: str) -> ir.DateValue:
    """The day, or its week's Monday: a date from every engine.

    Some truncate a date to a time. Ibis does not know that, and would leave the cast out: hence by way of a time.
    """
    return table.day.cast("timestamp").truncate(by).cast("date")


def periods(table: ir.Table, since: Limit, until: Limit, *, unit: int | None, by: str) -> ir.Table:
    """begins, side, counts: one unit's (or all answers') days or weeks."""
    table = _between(table, since, until)
    if unit is not None:
        table = table.filter(table.unit == unit)
    # A day's Monday is looked for once, and not for each answer.
    table = _added(table, ["day", "side"], COUNTS)
    table = table.mutate(begins=_beginning(table, by))
    return _added(table, ["begins", "side"], COUNTS).order_by(["begins", "side"])


def all_days(table: ir.Table, since: Limit, until: Limit) -> ir.Table:
    """unit, day, side, counts."""
    return _added(_between(table, since, until), ["unit", "day", "side"], COUNTS).order_by(["unit", "day", "side"])


def agreement(table: ir.Table, since: Limit, until: Limit, *, unit: int) -> ir.Table:
    """One row: alike, staff_better, resident_better."""
    table = _between(table.filter(table.unit == unit), since, until)
    return table.aggregate(**{name: _total(table, name).coalesce(0).cast("int64") for name in PAIRS})


def factors(table: ir.Table, since: Limit, until: Limit, *, unit: int) -> ir.Table:
    """factor, side, helped, hindered."""
    table = _between(table.filter(table.unit == unit), since, until)
    return _added(table, ["factor", "side"], ("helped", "hindered")).order_by(["factor", "side"])


def open_weeks(table: ir.Table, since: Limit, until: Limit) -> ir.Table:
    """service, unit, begins, counts of residents' answers."""
    table = _between(table.filter(table.side == "resident"), since, until).mutate(begins=_beginning(table, "W"))
    by = ["service", "unit", "begins"]
    return _added(table, by, COUNTS).order_by(by)


def open_groups(table: ir.Table, since: Limit, until: Limit) -> ir.Table:
    """service, dimension, group, counts of residents' answers."""
    table = _between(table.filter(table.side == "resident"), since, until)
    by = ["service", "dimension", "group"]
    return _added(table, by, COUNTS).order_by(by)


def open_group_days(table: ir.Table, since: Limit, until: Limit) -> ir.Table:
    """service, dimension, group, and of residents' answers by day: ``n``, ``good``, and over the days the sums of n²,
    n times good and good²."""
    table = _between(table.filter(table.side == "resident"), since, until)
    by = ["service", "dimension", "group"]
    days = _added(table, [*by, "day"], ("n", "l3")).rename(good="l3")
    days = days.mutate(nn=days.n * days.n, ng=days.n * days.good, gg=days.good * days.good)
    return _added(days, by, ("n", "good", "nn", "ng", "gg")).order_by(by)


def texts(events: ir.Table, since: Limit, until: Limit, *, unit: int, side: str) -> ir.Table:
    """text, in an order that says nothing of when it was written."""
    table = _between(_counted(events), since, until)
    table = table.filter(table.unit == unit, table.side == side, table.text != "")
    return table.select(table.text).order_by("text")


def points(events: ir.Table, since: Limit, until: Limit, *, unit: int) -> ir.Table:
    """begins, point, n, play: residents' answers by week and point of asking, and those set aside as play."""
    table = _between(events.filter(events.unit == unit, events.side == "resident"), since, until)
    table = table.filter(table.point.notnull()).mutate(
        begins=_beginning(table, "W"), n=table.aside == "", play=table.aside == "play"
    )
    return _added(table, ["begins", "point"], ("n", "play")).order_by(["begins", "point"])


def sql(expression: ir.Table, dialect: str = "duckdb") -> str:
    return _sql(expression.op(), dialect)


@lru_cache(maxsize=4096)
def _sql(operation: Node, dialect: str) -> str:
    """Putting an expression into SQL takes longer than running it over a year's sums."""
    return str(ibis.to_sql(operation.to_expr(), dialect=dialect))
