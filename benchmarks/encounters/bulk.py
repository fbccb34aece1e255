"""A file of answers taken in, beside DuckDB's own COPY of the same file to Parquet.

    python -m benchmarks.encounters.bulk [--smoke] [--sizes village week town]

An installation of its own on this machine. The file is made up with a fixed seed; one answer in a hundred has a line of
text. It is taken in as `samspel import encounters` does it: names looked up, every row judged, texts screened, each row
there once, sorted by unit and time, and all sums counted. By turns with DuckDB in the same process, after a first time
that is not counted; processor time is what to compare on a machine that does other things too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from samspel.cli import Database, set_up
from tests.loss.house import ROOT, House, installation

# Rows, and over how many days: a small municipality's year has about as many sums as answers.
SIZES = {"smoke": (20_000, 365), "village": (1_000_000, 365), "week": (1_750_000, 7), "town": (5_000_000, 365)}
UNITS, SERVICES, PROVIDERS, AREAS = 600, 20, 10, 12
SEED, TIMES, GOAL_RATIO = 0.42, 3, 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description="Take in a file of answers, beside DuckDB's own reading of it.")
    parser.add_argument("--smoke", action="store_true", help="small, for CI")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["village", "week"])
    parser.add_argument("--inside", choices=SIZES, help=argparse.SUPPRESS)
    parser.add_argument("--names", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.names or options.inside:
        with Database():
            set_up()
            make_names()
            if options.inside:
                race(options.inside)
        return 0
    sizes = ["smoke"] if options.smoke else options.sizes
    good = [measure(size) for size in sizes]
    return 0 if all(good) else 1


def measure(size: str) -> bool:
    rows, days = SIZES[size]
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as house:
        found = run_inside(house, size)
    theirs, ours = ([one for one in found if one["who"] == who] for who in ("duckdb", "ours"))
    good = bool(ours) and all(one["is_right"] for one in ours)
    wall, cpu = ([middle(those, what) for those in (ours, theirs)] for what in ("wall_s", "cpu_s"))
    print(
        f"{size}, {rows:,} answers of {days} days, {found[0]['mb']:.0f} MB, median of {len(ours)}:"
        f" ours {cpu[0]:.2f} s of processor ({wall[0]:.2f} s), DuckDB's COPY {cpu[1]:.2f} s ({wall[1]:.2f} s):"
        f" {cpu[0] / cpu[1]:.2f} × ({wall[0] / wall[1]:.2f} ×; goal {GOAL_RATIO} ×)"
        f"{'' if good else ', AND NOT ALL IS THERE'}",
        flush=True,
    )
    return good


def middle(those: list[dict[str, Any]], what: str) -> float:
    return float(statistics.median(one[what] for one in those))


def run_inside(house: House, size: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.encounters.bulk", "--inside", size]
    done = subprocess.run(command, env=house.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---------------------------------------------------------------- in the installation


def race(size: str) -> None:
    from samspel.core.actor import Actor
    from samspel.encounters import store
    from samspel.encounters.actions.importing import import_answers
    from samspel.encounters.models import Day, TakenFile

    path = store.folder().parent / "answers.csv"
    make_file(path, *SIZES[size])
    actor = Actor("person", name="command line", is_administrator=True)
    for number in range(1 + (TIMES if size != "smoke" else 1)):
        _none, *theirs = timed(lambda: copy(path))
        # Another file each time, as far as anybody can tell.
        with path.open("ab") as file:
            file.write(b"2025-06-01T12:00:00,Enhet 1,,,,,,,staff,3,,\n")
        take_in = partial(import_answers, actor=actor, path=path, rejected=None, at=datetime.now(UTC))
        done, *ours = timed(take_in)
        kept = sum(Day.objects.values_list("rows", flat=True))
        is_right = done.taken == kept == SIZES[size][0] + number + 1
        if number:
            tell("duckdb", *theirs, mb=path.stat().st_size / 1e6)
            tell("ours", *ours, is_right=is_right)
        Day.objects.all().delete()
        TakenFile.objects.all().delete()
        store.sweep()


def make_names() -> None:
    """600 units and the rest, for the file to tell of."""
    from samspel.encounters.models import Area, Service
    from samspel.people.models import Provider, Unit

    root = Unit.objects.get(parent=None)
    for number in range(1, UNITS + 1):
        unit = Unit.objects.create(name=f"Enhet {number}", parent=root)
        Unit.objects.filter(pk=unit.pk).update(path=f"{root.path}{unit.pk}/")
    Service.objects.bulk_create(Service(key=f"service-{n}", name=f"Tjänst {n}") for n in range(1, SERVICES + 1))
    Provider.objects.bulk_create(Provider(name=f"Utförare {n}", kind="company") for n in range(1, PROVIDERS + 1))
    Area.objects.bulk_create(Area(key=f"area-{n}", name=f"Område {n}") for n in range(1, AREAS + 1))


def make_file(path: Path, rows: int, days: int) -> None:
    """In the order of time, as a system's own export is. A unit has three services."""
    one_of = "[1 + (random() * {most})::INT]".format
    with duckdb.connect(config={"threads": 1}) as line:
        line.execute(f"SELECT setseed({SEED})")
        line.execute(f"""COPY (SELECT
            strftime(TIMESTAMP '2025-01-01' + to_seconds(i * {days}.0 * 86400 / {rows}), '%Y-%m-%dT%H:%M:%S') AS at,
            'Enhet ' || unit AS unit,
            'service-' || (1 + (unit * 7 + (random() * 2)::INT) % {SERVICES}) AS service,
            ['visit', 'phone', 'web', 'letter', 'home', 'other']{one_of(most=5)} AS channel,
            CASE WHEN random() < 0.2 THEN 'Utförare ' || (1 + (random() * {PROVIDERS - 1})::INT) ELSE '' END
                AS provider,
            ['sv', 'sv', 'sv', 'ar', 'so', 'en', 'da', 'fi']{one_of(most=7)} AS language,
            ['0-15', '16-24', '25-44', '45-64', '65-', '']{one_of(most=5)} AS age_band,
            'area-' || (1 + (random() * {AREAS - 1})::INT) AS area,
            CASE WHEN random() < 0.5 THEN 'resident' ELSE 'staff' END AS side,
            1 + (random() * 2)::INT AS level,
            CASE WHEN random() < 0.3
                THEN ['+time', '-rules', 'time|tone', '-language|+tone', 'information']{one_of(most=4)} ELSE '' END
                AS factors,
            CASE WHEN random() < 0.01 THEN 'Det gick bra, tack för hjälpen, ärende ' || i ELSE '' END AS text
            FROM (SELECT i, 1 + (random() * {UNITS - 1})::INT AS unit FROM range({rows}) AS t(i)))
            TO '{path}' (HEADER)""")  # noqa: S608 (our own numbers)


def copy(path: Path) -> None:
    out = path.with_suffix(".parquet")
    with duckdb.connect() as line:
        line.execute(f"COPY (SELECT * FROM read_csv('{path}')) TO '{out}' (FORMAT parquet)")  # noqa: S608
    out.unlink()


T = TypeVar("T")


def timed(call: Callable[[], T]) -> tuple[T, float, float]:
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - wall_s, time.process_time() - cpu_s


def tell(who: str, wall_s: float, cpu_s: float, **more: float) -> None:
    print(json.dumps({"who": who, "wall_s": wall_s, "cpu_s": cpu_s} | more), flush=True)


if __name__ == "__main__":
    sys.exit(main())
