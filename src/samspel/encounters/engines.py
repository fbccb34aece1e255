"""What runs the figures' expressions: DuckDB in this process, or Apache Spark by a setting."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from samspel.encounters import store

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

DUCKDB_TYPES: Final = {
    "string": "VARCHAR",
    "date": "DATE",
    "timestamp('UTC', 6)": "TIMESTAMPTZ",
    "int64": "BIGINT",
    "int8": "TINYINT",
    "boolean": "BOOLEAN",
    "array<string>": "VARCHAR[]",
}
_SPARK_TYPES: Final = DUCKDB_TYPES | {
    "string": "STRING",
    "timestamp('UTC', 6)": "TIMESTAMP",
    "array<string>": "ARRAY<STRING>",
}

_here = threading.local()
_lock = threading.Lock()
_houses: dict[int, duckdb.DuckDBPyConnection] = {}


def rows(
    dataset: str, ask: Callable[[date | None, date | None], ir.Table], since: date, until: date
) -> list[tuple[Any, ...]]:
    """The rows of an expression over the files that hold now and have days from ``since`` to before ``until``.

    :param ask: makes it; is given those of the two limits that the files reach beyond.
    """
    run = _on_spark if has_cluster() else _on_duckdb
    with store.reading() as manifest:
        expression = ask(*manifest.limits(since, until))
        return run(expression, dataset, [str(path) for path in manifest.files(dataset, since, until)])


def has_cluster() -> bool:
    return bool(settings.FIGURES_ENGINE.startswith("spark://"))


# ---------------------------------------------------------------- DuckDB


def _on_duckdb(expression: ir.Table, dataset: str, files: Sequence[str]) -> list[tuple[Any, ...]]:
    from samspel.encounters import expressions

    line = _line()
    if _here.files.get(dataset) != files:
        line.execute(view(dataset, dataset, files))
        _here.files[dataset] = files
    return line.execute(expressions.sql(expression)).fetchall()


def over(name: str, table: pa.Table, select: str) -> pa.Table:
    """What the SQL selects from a table in this process's memory, which it calls by this name."""
    line = _line()
    line.register(name, table)
    try:
        return line.execute(select).to_arrow_table()
    finally:
        line.unregister(name)


def view(name: str, dataset: str, files: Sequence[str]) -> str:
    """SQL that lets ``name`` mean these files of a dataset, on this line only."""
    if files:
        source = f"SELECT * FROM read_parquet([{', '.join(map(quoted, files))}], hive_partitioning = false)"  # noqa: S608
    else:
        source = _nothing(dataset, DUCKDB_TYPES, '"')
    return f"CREATE OR REPLACE TEMP VIEW {name} AS {source}"


def _nothing(dataset: str, types: dict[str, str], quote: str) -> str:
    columns = store.DATASETS[dataset].items()
    return (
        f"SELECT {', '.join(f'CAST(NULL AS {types[kind]}) AS {quote}{name}{quote}' for name, kind in columns)} LIMIT 0"
    )


def quoted(path: str | Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def open_duckdb() -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, within the memory and threads that the settings give."""
    import duckdb

    return duckdb.connect(
        config={
            "memory_limit": settings.FIGURES_MEMORY,
            "threads": settings.FIGURES_THREADS,
            "temp_directory": str(store.new_scratch()),
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
        _here.line, _here.process, _here.files = house.cursor(), os.getpid(), {}
        # A file never changes, so what stands at its end need not be read again.
        _here.line.execute("SET parquet_metadata_cache = true")
    line: duckdb.DuckDBPyConnection = _here.line
    return line


# ---------------------------------------------------------------- Spark


def _on_spark(expression: ir.Table, dataset: str, files: Sequence[str]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = _frame(expression, dataset, files).collect()
    return found


def on_cluster(expression: ir.Table, dataset: str, file: Path) -> pa.Table:
    """What the cluster makes of one file of a dataset, which its workers read where it lies."""
    return _frame(expression, dataset, [str(file)]).toArrow()


def _frame(expression: ir.Table, dataset: str, files: Sequence[str]) -> DataFrame:
    from samspel.encounters import expressions

    session = _session()
    if files:
        session.read.parquet(*files).createOrReplaceTempView(dataset)
    else:
        session.sql(_nothing(dataset, _SPARK_TYPES, "`")).createOrReplaceTempView(dataset)
    return session.sql(expressions.sql(expression, "pyspark"))


def _session() -> SparkSession:
    """This thread's session: all threads share one application on the cluster, which lives as long as the process.

    What it may take of the cluster is said in Spark's own spark-defaults.conf.
    """
    from pyspark.sql import SparkSession

    if getattr(_here, "session", None) is None:
        with _lock:
            made = SparkSession.builder.master(settings.FIGURES_ENGINE).appName("samspel")
            # Our commands draw their own.
            first = made.config("spark.ui.showConsoleProgress", "false").getOrCreate()
        _here.session = first.newSession()
        # Days are the municipality's own already; nothing is to be moved by a clock.
        _here.session.conf.set("spark.sql.session.timeZone", "UTC")
    session: SparkSession = _here.session
    return session
