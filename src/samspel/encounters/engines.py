"""What runs the figures' expressions: DuckDB in this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
from django.conf import settings

from samspel.encounters import store

if TYPE_CHECKING:
    import ibis.expr.types as ir

DUCKDB_TYPES: Final = {
    "string": "VARCHAR",
    "date": "DATE",
    "timestamp('UTC', 6)": "TIMESTAMPTZ",
    "int64": "BIGINT",
    "int8": "TINYINT",
    "boolean": "BOOLEAN",
    "array<string>": "VARCHAR[]",
}

_here = threading.local()
_lock = threading.Lock()
_houses: dict[int, duckdb.DuckDBPyConnection] = {}


def rows(expression: ir.Table, dataset: str, since: date, until: date) -> list[tuple[Any, ...]]:
    """The expression's rows over the files that hold now and have days from ``since`` to before ``until``."""
    from samspel.encounters import expressions

    sql = expressions.sql(expression)
    with store.reading() as manifest:
        line = _line()
        line.execute(view(dataset, dataset, [str(path) for path in manifest.files(dataset, since, until)]))
        return [tuple(_plain(value) for value in row) for row in line.execute(sql).fetchall()]


def _plain(value: Any) -> Any:
    """A week's beginning comes as a time from some engines."""
    return value.date() if isinstance(value, datetime) else value


def view(name: str, dataset: str, files: Sequence[str]) -> str:
    """SQL that lets ``name`` mean these files of a dataset, on this line only."""
    if files:
        listed = ", ".join(map(quoted, files))
        source = f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"  # noqa: S608 (our own paths)
    else:
        none = (f'CAST(NULL AS {DUCKDB_TYPES[kind]}) AS "{column}"' for column, kind in store.DATASETS[dataset].items())
        source = f"SELECT {', '.join(none)} LIMIT 0"
    return f"CREATE OR REPLACE TEMP VIEW {name} AS {source}"


def quoted(path: str | Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def open_duckdb() -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, within the memory and threads that the settings give."""
    scratch = store.folder() / "scratch"
    return duckdb.connect(
        config={
            "memory_limit": settings.FIGURES_MEMORY,
            "threads": settings.FIGURES_THREADS,
            "temp_directory": str(scratch),
            "autoinstall_known_extensions": False,
        }
    )


def _line() -> duckdb.DuckDBPyConnection:
    """This thread's line to the one DuckDB of this process: all threads share its memory."""
    if getattr(_here, "process", None) != os.getpid():
        with _lock:
            house = _houses.get(os.getpid())
            if house is None:
                house = _houses[os.getpid()] = open_duckdb()
            _here.line, _here.process = house.cursor(), os.getpid()
    line: duckdb.DuckDBPyConnection = _here.line
    return line
