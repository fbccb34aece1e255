"""A city's year of answers: what a page takes, beside SQL written by hand, and what moving the answers takes.

    python -m benchmarks.encounters.year [--smoke] [--sizes village town quarter city] [--folder DIR]

The years are made up with a fixed seed, written as compaction writes (days, and old months in one file) and kept in the
folder, so that a second run measures only. Every figure is held against the SQL beside it. From the sizes that were
run, the time for a thousand million answers is told, with how well a line fits them.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"smoke": 36_500, "village": 1_460_000, "town": 5_840_000, "quarter": 22_812_500, "city": 91_250_000}
FIRST, DAYS, SEED = date(2026, 1, 1), 365, 11
UNITS, SERVICES, FACTORS = 600, 20, 12
BILLION = 1_000_000_000
GOAL_S, GOAL_RATIO = 1.0, 1.2


@dataclass(frozen=True)
class Taken:
    """What a question took: seconds of wall and of processor, the median of several times."""

    wall_s: float
    cpu_s: float


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure a city's year of answers.")
    parser.add_argument("--smoke", action="store_true", help="small, for CI")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["village", "town", "quarter"])
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache" / "years")
    options = parser.parse_args()
    sizes = ["smoke"] if options.smoke else sorted(options.sizes, key=SIZES.__getitem__)
    os.environ["DJANGO_SETTINGS_MODULE"] = "samspel.config.settings"
    os.environ["SAMSPEL_VAR"] = str(options.folder)
    taken: dict[str, dict[int, float]] = {}
    good = True
    for size in sizes:
        good &= measure(options.folder / size, SIZES[size], taken)
    if len(sizes) >= 3:
        extrapolate(taken)
    print(f"\nMost memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 0 if good else 1


def measure(folder: Path, rows: int, taken: dict[str, dict[int, float]]) -> bool:
    from django.conf import settings

    settings.ENCOUNTERS = folder
    print(f"\n{rows:,} answers in {DAYS} days", flush=True)
    make(rows)
    size_mb = {
        name: sum(path.stat().st_size for path in folder.glob(f"{name}/**/*.parquet")) / 1e6
        for name in ("answers", "unit_day", "group_day", "factor_day")
    }
    print("  " + ", ".join(f"{name} {mb:.1f} MB" for name, mb in size_mb.items()))
    good = pages(rows, taken)
    return whole_years(rows, taken) and good


# ---------------------------------------------------------------- the year


def make(rows: int) -> None:
    """Written as a compaction writes; then the months that are long over as one file each."""
    import pyarrow as pa

    from samspel.encounters import store, writing

    if store.newest().number:
        return
    a_day = rows // DAYS
    began, cpu, making_s = time.monotonic(), time.process_time(), 0.0
    pieces: list[store.Part] = []
    for first, days in _pieces():
        making = time.process_time()
        fresh = pa.concat_tables(answers(first + number, a_day) for number in range(days))
        making_s += time.process_time() - making
        new = writing.write(f"day={FIRST + timedelta(days=first)}", 1, fresh)
        assert new is not None
        pieces.append(new.part)
    cpu_s = time.process_time() - cpu - making_s
    print(f"  written: {rows / cpu_s:,.0f} answers/s of processor, {time.monotonic() - began:.0f} s in all", flush=True)
    cpu = time.process_time()
    months: dict[str, list[store.Part]] = {}
    for part in pieces:
        months.setdefault(f"{part.first:%Y-%m}", []).append(part)
    parts: list[store.Part] = []
    moved = 0
    for name, old in months.items():
        if name in list(months)[-2:]:
            parts += old
            continue
        new = writing.write(f"month={name}", 2, writing.SCHEMA.empty_table(), old)
        assert new is not None
        parts.append(new.part)
        moved += new.part.rows
    print(f"  made into months: {moved / (time.process_time() - cpu):,.0f} answers/s of processor", flush=True)
    store.publish(store.Manifest(0, tuple(parts)))
    store.sweep()


def _pieces() -> list[tuple[int, int]]:
    """First day and number of days of each file before months are made: a week of old ones, a day of the last two
    months', which is what a year in service has when they are done."""
    pieces: list[tuple[int, int]] = []
    day = 0
    while day < DAYS:
        on = FIRST + timedelta(days=day)
        in_month = (on.replace(day=28) + timedelta(days=4)).replace(day=1) - on
        days = min(7, in_month.days) if on.month < 11 else 1
        pieces.append((day, min(days, DAYS - day)))
        day += days
    return pieces


def answers(number: int, rows: int) -> Any:
    """One day's answers. A unit has three services; the meeting's other side told in one of four."""
    import numpy as np
    import pyarrow as pa

    from samspel.encounters import writing

    rng = np.random.default_rng([SEED, number])
    day = FIRST + timedelta(days=number)
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000
    unit = rng.integers(1, UNITS + 1, rows)
    at = pa.array(midnight + rng.integers(8 * 3600, 17 * 3600, rows) * 1_000_000).cast(pa.timestamp("us", "UTC"))

    def words(chances: Sequence[float], *values: str) -> Any:
        places = pa.array(rng.choice(len(values), rows, p=chances).astype(np.int32))
        return pa.DictionaryArray.from_arrays(places, pa.array(values)).cast(pa.string())

    def lists(most: int) -> Any:
        lengths = rng.integers(0, most + 1, rows)
        ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        names = pa.array([f"factor-{number}" for number in range(FACTORS)])
        return pa.ListArray.from_arrays(ends, names.take(pa.array(rng.integers(0, FACTORS, ends[-1]))))

    is_known = rng.random(rows) < 0.25
    columns = {
        "municipality": pa.repeat("own", rows),
        "day": pa.repeat(day, rows),
        "at": at,
        "received_at": at,
        "unit": pa.array(unit),
        "service": pa.array((unit * 7 + rng.integers(0, 3, rows)) % SERVICES + 1),
        "provider": pa.array(unit % 40 + 1),
        "area": pa.array(rng.integers(1, 13, rows), mask=rng.random(rows) < 0.3),
        "point": pa.array(unit * 10 + rng.integers(0, 3, rows)),
        "channel": words([0.6, 0.3, 0.1], "visit", "phone", "web"),
        "language": words([0.7, 0.1, 0.05, 0.05, 0.1], "sv", "ar", "so", "en", ""),
        "age_band": words([0.1, 0.2, 0.3, 0.2, 0.1, 0.1], "0-15", "16-24", "25-44", "45-64", "65-", ""),
        "side": words([0.75, 0.25], "resident", "staff"),
        "level": pa.array(rng.choice([1, 2, 3], rows, p=[0.1, 0.2, 0.7]).astype(np.int8)),
        "is_no_meeting": pa.array(rng.random(rows) < 0.02),
        "helped": lists(2),
        "hindered": lists(1),
        "text": words([0.97, 0.01, 0.02], "", "Hon lyssnade och hade tid för mig", "Jag fick vänta länge"),
        "other_level": pa.array(rng.integers(1, 4, rows).astype(np.int8), mask=~is_known),
        "aside": words([0.99, 0.01], "", "play"),
        "key": pa.array([f"{number:03}-{row:07}" for row in range(rows)]),
    }
    return pa.table({name: columns[name] for name in writing.SCHEMA.names}, schema=writing.SCHEMA)


# ---------------------------------------------------------------- what is asked


def pages(rows: int, taken: dict[str, dict[int, float]]) -> bool:
    """Whole pages' figures of a year, from the sums."""
    from samspel.encounters import figures

    year = (FIRST, FIRST + timedelta(days=DAYS))
    unit = 17
    asked: dict[str, Callable[[], object]] = {
        "a unit's page": lambda: (
            figures.weeks(unit, *year),
            figures.agreement(unit, *year),
            figures.factors(unit, *year),
        ),
        "a unit's words": lambda: figures.texts(unit, *year),
        "a look at all services": lambda: (figures.open_weeks(*year), figures.open_groups(*year)),
        "every unit's days": lambda: figures.all_days(*year),
    }
    good = True
    print(f"  {'a year, from the sums':<28}{'median':>10}{'processor':>12}")
    for name, ask in asked.items():
        took = median(ask)
        is_page = name.startswith("a unit's")
        good &= took.cpu_s <= GOAL_S * (1 if is_page else 60)
        print(f"  {name:<28}{took.wall_s:>8.3f} s{took.cpu_s:>10.3f} s", flush=True)
        taken.setdefault(name, {})[rows] = took.cpu_s
    return good


def whole_years(rows: int, taken: dict[str, dict[int, float]]) -> bool:
    """Figures of a whole year counted from the answers themselves, beside SQL written by hand."""
    from samspel.encounters import engines, store
    from samspel.encounters import expressions as e

    year = (FIRST, FIRST + timedelta(days=DAYS))
    units, factors = e.unit_marks(e.answers), e.factor_marks(e.answers)
    counts = "count(*), count(*) FILTER (level = 1), count(*) FILTER (level = 2), count(*) FILTER (level = 3)"
    counts += ", count(*) FILTER (is_no_meeting)"
    asked = {
        "every unit's days": (
            partial(e.all_days, units),
            f"SELECT unit, day, side, {counts} FROM answers WHERE aside = '' GROUP BY ALL ORDER BY ALL",  # noqa: S608
        ),
        "every service's languages": (
            partial(e.open_groups, e.group_marks(e.answers, ("language",))),
            f"SELECT coalesce(service, 0), 'language', language, {counts} FROM answers"  # noqa: S608
            " WHERE aside = '' AND side = 'resident' GROUP BY ALL ORDER BY ALL",
        ),
        "all weeks": (
            partial(e.periods, units, unit=None, by="W"),
            f"SELECT date_trunc('week', day)::date AS week, side, {counts} FROM answers"  # noqa: S608
            " WHERE aside = '' GROUP BY ALL ORDER BY ALL",
        ),
        "a unit's weeks": (
            partial(e.periods, units, unit=17, by="W"),
            f"SELECT date_trunc('week', day)::date AS week, side, {counts} FROM answers"  # noqa: S608
            " WHERE aside = '' AND unit = 17 GROUP BY ALL ORDER BY ALL",
        ),
        "a unit's factors": (
            partial(e.factors, factors, unit=17),
            "SELECT factor, side, sum(h)::BIGINT, sum(n)::BIGINT FROM ("
            " SELECT side, unnest(helped) AS factor, 1 AS h, 0 AS n FROM answers WHERE aside = '' AND unit = 17"
            " UNION ALL SELECT side, unnest(hindered), 0, 1 FROM answers WHERE aside = '' AND unit = 17"
            ") GROUP BY ALL ORDER BY factor, side",
        ),
    }
    good = True
    print(f"  {'a year, from the answers':<28}{'ours':>10}{'by hand':>12}{'ratio':>8}   (processor)")
    with store.reading() as manifest, engines.open_duckdb() as line:
        line.execute(engines.view("answers", "answers", [str(path) for path in manifest.files("answers", *year)]))
        for name, (ask, sql) in asked.items():

            def ours(ask: Any = ask) -> list[tuple[Any, ...]]:
                return engines.rows("answers", ask, *year)

            def by_hand(sql: str = sql) -> list[tuple[Any, ...]]:
                return line.execute(sql).fetchall()

            is_same = ours() == by_hand()
            mine, hers = alternating(ours, by_hand)
            ratio = mine.cpu_s / hers.cpu_s
            good &= is_same and (ratio <= GOAL_RATIO or rows < SIZES["village"])
            told = "" if is_same else "  NOT THE SAME"
            print(f"  {name:<28}{mine.cpu_s:>8.2f} s{hers.cpu_s:>10.2f} s{ratio:>8.2f}{told}", flush=True)
            taken.setdefault(f"{name}, from the answers", {})[rows] = mine.cpu_s
    return good


def median(ask: Callable[[], object], times: int = 5) -> Taken:
    ask()
    return _median([_once(ask) for _ in range(times)])


def alternating(one: Callable[[], object], other: Callable[[], object], times: int = 5) -> tuple[Taken, Taken]:
    """Each in its turn, so that what else the machine does meets both."""
    both = [(_once(one), _once(other)) for _ in range(times)]
    return _median([first for first, _ in both]), _median([second for _, second in both])


def _once(ask: Callable[[], object]) -> Taken:
    wall, cpu = time.monotonic(), time.process_time()
    ask()
    return Taken(time.monotonic() - wall, time.process_time() - cpu)


def _median(taken: list[Taken]) -> Taken:
    return Taken(statistics.median(one.wall_s for one in taken), statistics.median(one.cpu_s for one in taken))


# ---------------------------------------------------------------- a thousand million


def extrapolate(taken: dict[str, dict[int, float]]) -> None:
    """A straight line through what was measured, and how far the worst point is from it."""
    import numpy as np

    print(f"\n  {'processor for 1,000,000,000':<40}{'seconds':>10}{'worst point off':>18}")
    for name, found in taken.items():
        sizes, seconds = np.array(list(found), float), np.array(list(found.values()))
        slope, base = np.polyfit(sizes, seconds, 1)
        off = np.max(np.abs(slope * sizes + base - seconds) / seconds)
        print(f"  {name:<40}{slope * BILLION + base:>8.1f} s{off:>17.0%}")


if __name__ == "__main__":
    sys.exit(main())
