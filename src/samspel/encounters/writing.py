"""Writes a part of the store: answers sorted by unit and time, and their sums in files of the same name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
from django.conf import settings
from django.db import connection

from samspel.encounters import adding, engines, expressions, store

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
_COLUMNS: Final = ", ".join(f'"{name}"' for name in store.ANSWERS)
# Sorting so many takes some 1 GB here, no more than DuckDB within its usual limit, and two thirds of the time; more are
# left to DuckDB, which can use the disk.
ROWS_SORTED_HERE: Final = 2_000_000
# As DuckDB has them.
ROW_GROUP: Final = 122_880
_LISTS: Final = [name for name, kind in store.ANSWERS.items() if kind == "array<string>"]
# Columns in which hardly two rows are alike, and those by which a reader may leave out a group of rows.
_DIFFERENT: Final = frozenset({"at", "key"})
_LOOKED_FOR: Final = frozenset({"day", "at", "unit", "service", "dimension"})
# What an answer is known by when it is taken back.
NAMED: Final = pa.schema([(name, SCHEMA.field(name).type) for name in ("day", "unit", "key")])


@dataclass(frozen=True)
class Written:
    """A new part, how many rows each of its days has, whether anybody's words are in it, and the answers' SHA-256."""

    part: store.Part
    days: dict[date, int]
    has_texts: bool
    digest: bytes


# ---------------------------------------------------------------- out of the database


def staged(where: str, values: Sequence[object]) -> pa.Table:
    """The database's answers for which the SQL condition holds."""
    columns = ", ".join(f'{_READ.get(name, name)} AS "{name}"' for name in store.ANSWERS)
    select = f"SELECT {columns} FROM encounters_answer WHERE {where}"  # noqa: S608 (our own conditions)
    found = BytesIO()
    copy_out = f"COPY ({select}) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)"
    with connection.cursor() as cursor, cursor.copy(copy_out, list(values)) as copy:
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
    """As the schema says, of times as microseconds and lists joined by ``|``; the municipality is this one."""
    columns = []
    for name, kind in store.ANSWERS.items():
        column = table.column(name)
        if name == "municipality":
            column = pa.repeat(settings.MUNICIPALITY, len(table))
        elif kind == "array<string>":
            column = _split(column)
        columns.append(column.cast(_ARROW[kind]))
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _split(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    split = pa.compute.split_pattern(texts, "|")
    return pa.compute.if_else(pa.compute.equal(texts, ""), pa.scalar([], pa.list_(pa.string())), split)


def same(name: str, value: object, count: int) -> pa.Array:
    """A column that says one thing, or nothing, in so many rows."""
    kind = SCHEMA.field(name).type
    if value is None:
        return pa.nulls(count, kind)
    places = pa.array(np.zeros(count, np.int32))
    return pa.DictionaryArray.from_arrays(places, pa.array([value], kind))


# ---------------------------------------------------------------- into files


def write(
    period: str,
    version: int,
    fresh: pa.Table,
    old: Sequence[store.Part] = (),
    *,
    keep_old: bool = True,
    are_unique: bool = False,
    withdrawn: pa.Table | None = None,
    without_texts: bool = False,
) -> Written | None:
    """A new part of the fresh rows (as ``SCHEMA`` has them, but words may be Arrow's dictionaries, and of lists
    the texts with ``|`` between) and, with ``keep_old``, what the old parts have of theirs; None when nothing is.

    A fresh row whose key the old parts have of the same day is not written again, whatever it says; nor is one whose
    key another fresh row of the day has, unless ``are_unique`` says that there is none. Of the old parts' answers those
    that are ``withdrawn`` (as ``NAMED``) are left out.
    """
    part = store.Part(store.new_name(period, version), date.max, date.min, 0)
    try:
        if not old and not without_texts:
            in_order = _in_order(fresh, are_unique=are_unique)
            if in_order is not None:
                return _write_here(part, in_order)
        select = _select(has_old=bool(old), keep_old=keep_old, without_texts=without_texts, are_unique=are_unique)
        with engines.open_duckdb() as line:
            line.register("came", fresh)
            read = ", ".join(map(_as_read, fresh.schema))
            line.execute(f"CREATE TEMP VIEW fresh AS SELECT {read} FROM came")  # noqa: S608 (our own names)
            line.register("withdrawn", NAMED.empty_table() if withdrawn is None else withdrawn)
            line.execute(engines.view("laid", "answers", [str(before.path("answers")) for before in old]))
            line.execute("CREATE TEMP VIEW old AS SELECT * FROM laid ANTI JOIN withdrawn USING (day, unit, key)")
            return _write(part, select, line)
    except BaseException:
        for dataset in store.DATASETS:
            part.path(dataset).unlink(missing_ok=True)
        raise


def _select(*, has_old: bool, keep_old: bool, without_texts: bool, are_unique: bool) -> str:
    own = ", ".join("'' AS \"text\"" if name == "text" and without_texts else f'"{name}"' for name in store.ANSWERS)
    rows = f"SELECT {own} FROM fresh"  # noqa: S608
    if has_old:
        had = "SELECT day, key FROM old WHERE day IN (SELECT day FROM fresh)"
        rows += f" ANTI JOIN ({had}) AS had USING (day, key)"
    if not are_unique:
        rows += " QUALIFY row_number() OVER (PARTITION BY day, key ORDER BY received_at) = 1"
    if has_old and keep_old:
        rows += f" UNION ALL SELECT {own} FROM old"  # noqa: S608
    return f'SELECT {_COLUMNS} FROM ({rows}) ORDER BY unit, "at", key'  # noqa: S608


def _as_read(field: pa.Field) -> str:
    if field.name in _LISTS and not pa.types.is_list(field.type):
        return f"CASE WHEN {field.name} = '' THEN [] ELSE string_split({field.name}, '|') END AS {field.name}"
    return f'"{field.name}"'


def _in_order(fresh: pa.Table, *, are_unique: bool) -> pa.Table | None:
    """The rows sorted in this process's memory; None when they are too many or some key is there twice."""
    if len(fresh) > ROWS_SORTED_HERE:
        return None
    if not are_unique and pa.compute.count_distinct(fresh["key"]).as_py() < len(fresh):
        return None
    rows = fresh.unify_dictionaries().combine_chunks()
    order = pa.array(_order(rows))
    columns = [column if _is_same(column) else column.take(order) for column in rows.columns]
    return pa.Table.from_arrays(columns, schema=rows.schema)


def _is_same(column: pa.ChunkedArray) -> bool:
    if pa.types.is_dictionary(column.type):
        return column.null_count == 0 and all(len(chunk.dictionary) == 1 for chunk in column.chunks)
    return bool(column.null_count == len(column))


def _order(rows: pa.Table) -> npt.NDArray[np.int64]:
    """The places of the rows by unit, time and key. Nearly always the first two say it, and rows come in time."""
    units = adding.Answers(rows)["unit"]
    unit = units.codes.astype(np.uint16) if len(units.values) < 1 << 16 else units.codes
    at = rows.column("at").cast(pa.int64()).to_numpy()
    order = np.argsort(at, kind="stable")
    order = order[np.argsort(unit[order], kind="stable")]
    is_as_before = (np.diff(unit[order].astype(np.int64)) == 0) & (np.diff(at[order]) == 0)
    places = np.flatnonzero(np.append(is_as_before, False) | np.append(False, is_as_before))
    if len(places):
        alike = rows.select(["unit", "at", "key"]).take(pa.array(order[places]))
        by = [(name, "ascending") for name in alike.column_names]
        order[places] = order[places][pa.compute.sort_indices(alike, sort_keys=by).to_numpy()]
    return order


def _write(part: store.Part, select: str, line: duckdb.DuckDBPyConnection) -> Written | None:
    """What the SQL selects on this line, and its sums."""
    with store.new_file(part.path("answers")) as path:
        _copy(line, select, path)
    line.execute(engines.view("answers", "answers", [str(part.path("answers"))]))
    counted = "SELECT day, count(*), count(*) FILTER (text <> '') FROM answers GROUP BY day ORDER BY day"
    found = line.execute(counted).fetchall()
    if not found:
        part.path("answers").unlink()
        return None
    if _is_for_cluster(part):
        _add_up_on_cluster(part)
    else:
        for name in store.SUMS:
            with store.new_file(part.path(name)) as path:
                _copy(line, sums(name), path)
    return _written(part, {day: rows for day, rows, _texts in found}, any(texts for _day, _rows, texts in found))


def _write_here(part: store.Part, answers: pa.Table) -> Written | None:
    """These answers as they are, and their sums."""
    if not len(answers):
        return None
    columns = {field.name: answers.column(field.name).combine_chunks() for field in SCHEMA}
    with store.new_file(part.path("answers")) as path:
        _write_table(columns, "answers", path)
    coded = adding.Answers(answers)
    if _is_for_cluster(part):
        _add_up_on_cluster(part)
    else:
        for name in store.SUMS:
            found = adding.add_up(name, coded)
            with store.new_file(part.path(name)) as path:
                _write_table(found, name, path)
    days = coded["day"]
    counts = np.bincount(days.codes).tolist()
    has_texts = pa.compute.any(pa.compute.not_equal(answers["text"], "")).as_py()
    return _written(part, dict(zip(days.values.to_pylist(), counts, strict=True)), has_texts)


def _is_for_cluster(part: store.Part) -> bool:
    """What is open changes every minute, and pages wait for it: its sums are always made here."""
    return engines.has_cluster() and not part.file.startswith(f"{store.OPEN}/")


def _add_up_on_cluster(part: store.Part) -> None:
    """The part's sums, of its answers as they lie on the disk."""
    for name in store.SUMS:
        rows = expressions.sums(name, expressions.answers)
        found = engines.on_cluster(rows, "answers", part.path("answers")).combine_chunks()
        with store.new_file(part.path(name)) as path:
            _write_table(dict(zip(found.column_names, found.columns, strict=True)), name, path)


def _write_table(columns: Mapping[str, pa.Array], dataset: str, path: Path) -> None:
    """As any reader has it: that words came as Arrow's dictionaries is not told."""
    kinds = {name: _ARROW[kind] for name, kind in store.DATASETS[dataset].items()}
    table = pa.table({name: _as_stored(columns[name], kind) for name, kind in kinds.items()})
    numbers = [name for name, kind in kinds.items() if pa.types.is_integer(kind) or pa.types.is_date32(kind)]
    with pyarrow.parquet.ParquetWriter(
        path,
        table.schema,
        compression="zstd",
        use_dictionary=[
            f"{name}.list.element" if pa.types.is_list(kind) else name
            for name, kind in kinds.items()
            if name not in _DIFFERENT and name not in numbers
        ],
        # Each by its difference from the one before, in half the time that it takes to list the different ones.
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        write_statistics=[name for name in kinds if name in _LOOKED_FOR],
        store_schema=False,
        # No more pages than their bytes ask for: each begins the packing anew.
        max_rows_per_page=ROW_GROUP,
        write_batch_size=ROW_GROUP,
    ) as file:
        file.write_table(table, row_group_size=ROW_GROUP)
        file.add_key_value_metadata(SCHEMA.metadata)


def _as_stored(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Different words may stay as they are: each is written once."""
    if not pa.types.is_dictionary(column.type):
        return column.cast(kind)
    if kind == pa.list_(pa.string()):
        return _split(column.dictionary).take(column.indices)
    return column


def _written(part: store.Part, days: dict[date, int], has_texts: bool) -> Written:
    part = replace(part, first=min(days), last=max(days), rows=sum(days.values()))
    return Written(part, days, has_texts, digest(part.path("answers")))


@cache
def sums(name: str) -> str:
    """SQL that adds up ``answers``; each column typed, for DuckDB would write its sums as floating numbers."""
    kinds = store.SUMS[name].items()
    columns = ", ".join(f'CAST("{column}" AS {engines.DUCKDB_TYPES[kind]}) AS "{column}"' for column, kind in kinds)
    return f"SELECT {columns} FROM ({expressions.sql(expressions.sums(name, expressions.answers))})"  # noqa: S608


def _copy(line: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    """Into a Parquet file that says which schema it has."""
    line.execute(
        f"COPY ({select}) TO {engines.quoted(path)} (FORMAT parquet, COMPRESSION zstd,"
        f" KV_METADATA {{'samspel.answers': '{store.SCHEMA_VERSION}'}})"
    )


def digest(path: Path) -> bytes:
    """The file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
