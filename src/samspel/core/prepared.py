"""Queries that are put into SQL once and asked many times.

When a step changes, every phone of a hall asks for its page in the same second, and each page is ten small queries.
Building one of them anew costs Django more than PostgreSQL needs to answer it, so that the hottest reads are built once
for each process. They give the same rows as the queryset they are made from; whoever reads a hundred times a minute
needs none of this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from django.db import connection
from django.db.models import QuerySet
from django.db.models.query import get_related_populators

Row = TypeVar("Row")
Value = int | str | datetime | list[int] | list[str]

_INT: Final = 31_001  # fits a small integer, and stands in none of our queries
_TIME: Final = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Slot:
    """Which of the values goes there; of a list also which of its items."""

    value: int
    item: int | None

    def of(self, given: list[Any]) -> Any:
        value = given[self.value]
        return value if self.item is None else value[self.item]


@dataclass(frozen=True)
class _Compiled:
    sql: str
    parameters: tuple[Any, ...]  # slots, and values that are always the same
    select: Any
    klass_info: Any
    converters: Any


class Prepared(Generic[Row]):
    """A query made by a function of values. The values only fill places in it: they never change its shape.

    A value may be a number, a text, a time, or a list of them for ``__in`` (each length is put into SQL once; an empty
    one gives no rows). None has a shape of its own (``IS NULL``) and is written out in the function.

    >>> notes = Prepared(lambda table, question: Note.objects.filter(table=table, question=question))  # doctest: +SKIP
    >>> notes(12, 1)  # doctest: +SKIP
    [<Note: …>, …]
    """

    def __init__(self, build: "Callable[..., QuerySet[Any, Row]]") -> None:
        self._build = build
        self._compiled: dict[tuple[object, ...], _Compiled] = {}

    def __call__(self, *values: Value) -> list[Row]:
        """The rows: model instances with what ``select_related`` names, or tuples after ``values_list``."""
        given: list[Any] = list(values)
        if [] in given:
            return []
        shape = tuple((len(value), type(value[0])) if isinstance(value, list) else type(value) for value in given)
        compiled = self._compiled.get(shape)
        if compiled is None:
            compiled = self._compiled[shape] = _compile(self._build, given)
        parameters = [slot.of(given) if isinstance(slot, _Slot) else slot for slot in compiled.parameters]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, parameters)
            rows = cursor.fetchall()
        return _instances(compiled, rows)

    def first(self, *values: Value) -> Row | None:
        """The first row; give the function's queryset an order and ``[:1]``."""
        rows = self(*values)
        return rows[0] if rows else None


def _compile(build: Callable[..., Any], given: list[Any]) -> _Compiled:
    """Build with values that can be told apart, and see where they come out."""
    places: dict[object, _Slot] = {}
    stand_ins: list[object] = []
    for number, value in enumerate(given):
        if isinstance(value, list):
            marks = [_mark(one, len(places) + at) for at, one in enumerate(value)]
            places |= {mark: _Slot(number, at) for at, mark in enumerate(marks)}
            stand_ins.append(marks)
        else:
            mark = _mark(value, len(places))
            places[mark] = _Slot(number, None)
            stand_ins.append(mark)
    rows = build(*stand_ins)
    compiler = rows.query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    found = {parameter for parameter in parameters if parameter in places}
    if found != set(places):
        raise TypeError("a value of a prepared query does not come out as itself")
    slots = tuple(places.get(parameter, parameter) for parameter in parameters)
    columns = [column for column, _sql, _alias in compiler.select]
    converters = compiler.get_converters(columns)
    made_of = compiler.klass_info if rows._fields is None else None  # None after values_list
    return _Compiled(sql, slots, compiler.select, made_of, converters)


def _mark(value: object, number: int) -> object:
    if isinstance(value, datetime):
        return _TIME + timedelta(days=number)
    if isinstance(value, str):
        return f"\x01{number}"
    if isinstance(value, int) and not isinstance(value, bool):
        return _INT + number
    raise TypeError(f"a prepared query takes no {type(value).__name__}")


def _instances(compiled: _Compiled, rows: list[tuple[Any, ...]]) -> list[Any]:
    """As django.db.models.query.ModelIterable makes them."""
    if compiled.converters:
        converted = []
        for row in rows:
            values = list(row)
            for at, (converters, expression) in compiled.converters.items():
                for convert in converters:
                    values[at] = convert(values[at], expression, connection)
            converted.append(tuple(values))
        rows = converted
    info = compiled.klass_info
    if info is None:
        return rows
    fields = info["select_fields"]
    start, end = fields[0], fields[-1] + 1
    names = [column[0].target.attname for column in compiled.select[start:end]]
    populators = get_related_populators(info, compiled.select, connection.alias)  # type: ignore[call-arg]
    found = []
    for row in rows:
        instance = info["model"].from_db(connection.alias, names, row[start:end])
        for populator in populators:
            populator.populate(row, instance)
        found.append(instance)
    return found
