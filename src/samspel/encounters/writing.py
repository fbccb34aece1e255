"""Writes a part of the store: answers sorted by unit and time, and their sums in files of the same name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.csv
from django.conf import settings
from django.db import connection

from samspel.encounters import engines, expressions, store

_ARROW: Final = {
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp('UTC', 6)": pa.timestamp("us", tz="UTC"),
    "int64": pa.int64(),
    "int8": pa.int8(),
    "boolean": pa.bool_(),
    "array<string>": pa.list_(pa.string()),
}
SCHEMA: Final = pa.schema(
    [(name, _ARROW[kind]) for name, kind in store.ANSWERS.items()],
    metadata={"samspel.answers": str(store.SCHEMA_VERSION)},
)
# How a column is read from the database, where its name does not say it; times as microseconds, lists joined.
_READ: Final = {
    "municipality": "''",
    "unit": "unit_id",
    "service": "service_id",
    "provider": "provider_id",
    "area": "area_id",
    "point": "point_id",
    "at": "(extract(epoch FROM at) * 1000000)::bigint",
    "received_at": "(extract(epoch FROM received_at) * 1000000)::bigint",
    "helped": "array_to_string(helped, '|')",
    "hindered": "array_to_string(hindered, '|')",
}
_AS_READ: Final = {"timestamp('UTC', 6)": pa.int64(), "array<string>": pa.string()}
# What may leave the database: all but what is sealed.
IS_OPEN: Final = "sealed_until IS NULL"


def staged(first: date, last: date) -> pa.Table:
    """The database's unsealed answers of these days."""
    columns = ", ".join(f'{_READ.get(name, name)} AS "{name}"' for name in store.ANSWERS)
    select = f"SELECT {columns} FROM encounters_answer WHERE {IS_OPEN} AND day BETWEEN %s AND %s"  # noqa: S608
    found = BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({select}) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)", [first, last]) as copy,
    ):
        for piece in copy:
            found.write(piece)
    found.seek(0)
    return from_columns(_read_csv(found))


def _read_csv(found: BytesIO) -> pa.Table:
    return pyarrow.csv.read_csv(
        found,
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: _AS_READ.get(kind, _ARROW[kind]) for name, kind in store.ANSWERS.items()},
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def from_columns(table: pa.Table) -> pa.Table:
    """As the schema says, from times as numbers and lists joined by ``|``."""
    columns = []
    for name, kind in store.ANSWERS.items():
        column = table.column(name)
        if name == "municipality":
            column = pa.array([settings.MUNICIPALITY], pa.string()).take(pa.array([0] * len(table), pa.int32()))
        elif kind == "array<string>":
            split = pa.compute.split_pattern(column, "|")
            column = pa.compute.if_else(pa.compute.equal(column, ""), pa.scalar([], pa.list_(pa.string())), split)
        columns.append(column.cast(_ARROW[kind]))
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def write(
    period: str, version: int, fresh: pa.Table, old: Sequence[store.Part], *, keep_old: bool
) -> store.Part | None:
    """A new part of the fresh rows and, with ``keep_old``, those of the old parts of the same days; None when empty.

    A row whose key an old part has is not written again, whatever it says.
    """
    part = store.Part(store.new_name(period, version), date.max, date.min, 0)
    with engines.open_duckdb() as line:
        line.register("fresh", fresh)
        files = [str(before.path("answers")) for before in old]
        line.execute(engines.view("old", "answers", files))
        rows = (
            "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY day, key) AS nth FROM fresh) AS f"
            " ANTI JOIN old USING (day, key) WHERE nth = 1"
        )
        columns = ", ".join(f'"{name}"' for name in store.ANSWERS)
        union = f" UNION ALL SELECT {columns} FROM old" if keep_old else ""  # noqa: S608 (our own names)
        with store.new_file(part.path("answers")) as path:
            _copy(line, f'SELECT {columns} FROM ({rows}){union} ORDER BY unit, "at", key', path)  # noqa: S608
        answers = [str(part.path("answers"))]
        line.execute(engines.view("answers", "answers", answers))
        found = line.execute("SELECT count(*), min(day), max(day) FROM answers").fetchone()
        assert found is not None
        if found[0] == 0:
            return None
        for name in store.SUMS:
            with store.new_file(part.path(name)) as path:
                _copy(line, _typed(name, expressions.sql(expressions.sums(name, expressions.answers))), path)
    return replace(part, rows=found[0], first=found[1], last=found[2])


def _typed(dataset: str, select: str) -> str:
    """Each column as the store says: a sum of DuckDB's would else be written as a floating number."""
    kinds = store.DATASETS[dataset].items()
    columns = ", ".join(f'CAST("{name}" AS {engines.DUCKDB_TYPES[kind]}) AS "{name}"' for name, kind in kinds)
    return f"SELECT {columns} FROM ({select})"  # noqa: S608 (our own names)


def _copy(line: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    """Into a Parquet file that says which schema it has."""
    line.execute(
        f"COPY ({select}) TO '{path}' (FORMAT parquet, COMPRESSION zstd,"
        f" KV_METADATA {{'samspel.answers': '{store.SCHEMA_VERSION}'}})"
    )


def digest(path: Path) -> bytes:
    """The file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
