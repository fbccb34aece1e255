"""False alarms and power of the watch for changes, naive methods beside it: `python -m benchmarks.encounters.changes`.

Years in which nothing changes (`worlds.py`), looked at every day, and years with a planted step. A false alarm is a
unit's year with at least one. Settings and bar were chosen on seeds 1 to 3, and some worlds tried on 100; what is
printed here begins with seed 700.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import beta

from benchmarks.encounters.worlds import WORLDS, World, Year, with_, year
from samspel.engine.inference import boundary, mixture_width
from samspel.engine.inference.changes import Panel, tell
from samspel.engine.inference.watching import common, follow

SEED = 700
SERVICES = 25  # at a time
LIMIT = 0.055
FIRST = 56  # days that a naive method learns from
Z = float(ndtri(0.975))

Bools = npt.NDArray[np.bool_]

STEPS = (
    (World("independent answers, 10 a day"), (0.05, 0.1, 0.15)),
    (World("independent answers, 50 a day", a_day=50), (0.05, 0.1, 0.15)),
    (World("two answers a day", a_day=2), (0.1, 0.2, 0.3)),
    (World("clustered days, ICC .05, 20 a day", a_day=20, together=0.05), (0.05, 0.1, 0.15)),
    (World("weekly level AR .6, 10 a day", week_swing=0.25, week_lasting=0.6), (0.1, 0.15, 0.2)),
    (
        World("all at once, 10 a day", together=0.05, week_swing=0.2, week_lasting=0.6, trend=0.8, season=0.4),
        (0.1, 0.15, 0.2),
    ),
    (World("alone, independent, 10 a day", alone=True), (0.05, 0.1, 0.15)),
)


# ---------------------------------------------------------------- naive methods: on which days each would have rung


def month_test(a_year: Year) -> Bools:
    """Each day: the last 28 days against all before, z, p < .05."""
    n, good = a_year.n.cumsum(axis=1), a_year.good.cumsum(axis=1)
    late_n, late = n[:, 28:] - n[:, :-28], good[:, 28:] - good[:, :-28]
    return _ring(_z(good[:, :-28], n[:, :-28], late, late_n) > Z, 28)


def week_test(a_year: Year) -> Bools:
    """Each week: against all weeks before, z, p < .05."""
    n, good = a_year.by_weeks()
    ahead, well = n.cumsum(axis=1), good.cumsum(axis=1)
    rings = _z(well[:, :-1], ahead[:, :-1], good[:, 1:], n[:, 1:]) > Z
    out = np.zeros(a_year.n.shape, dtype=bool)
    out[:, 13::7] = rings
    return _ring(out[:, FIRST:], FIRST)


def cusum(a_year: Year) -> Bools:
    """Each day: Page's sums of standardised days, with the textbook's k 1/2 and h 5, from a baseline of eight weeks."""
    share = np.clip(a_year.good[:, :FIRST].sum(axis=1) / np.maximum(a_year.n[:, :FIRST].sum(axis=1), 1), 0.01, 0.99)
    n, good = a_year.n[:, FIRST:], a_year.good[:, FIRST:]
    scaled = (good - n * share[:, None]) / np.sqrt(np.maximum(n, 1) * (share * (1 - share))[:, None])
    up, down, out = np.zeros(len(n)), np.zeros(len(n)), np.zeros(n.shape, dtype=bool)
    for day in range(n.shape[1]):
        up, down = np.maximum(0, up + scaled[:, day] - 0.5), np.maximum(0, down - scaled[:, day] - 0.5)
        out[:, day] = (up > 5) | (down > 5)
    return _ring(out, FIRST)


def sequence(a_year: Year) -> Bools:
    """Each day: a confidence sequence that takes answers as independent, of all since eight weeks against the first."""
    first_n, first = a_year.n[:, :FIRST].sum(axis=1), a_year.good[:, :FIRST].sum(axis=1)
    n, good = a_year.n[:, FIRST:].cumsum(axis=1), a_year.good[:, FIRST:].cumsum(axis=1)
    z = _z(first[:, None], first_n[:, None], good, n)
    rho = mixture_width(1.0)
    # As wide as a normal mixture that is tightest at the year's middle, in standard errors.
    part = np.linspace(1 / n.shape[1], 1, n.shape[1]) * 2
    limit = np.array([boundary(one, rho) / np.sqrt(one) for one in part])
    return _ring(z > limit, FIRST)


def _z(
    one: npt.NDArray[np.int64], of: npt.NDArray[np.int64], other: npt.NDArray[np.int64], of_other: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    share = (one + other + 0.5) / (of + of_other + 1)
    error = np.sqrt(share * (1 - share) * (1 / np.maximum(of, 1) + 1 / np.maximum(of_other, 1)))
    return np.where(
        (of > 0) & (of_other > 0), np.abs(one / np.maximum(of, 1) - other / np.maximum(of_other, 1)) / error, 0
    )


def _ring(rings: Bools, first: int) -> Bools:
    out = np.zeros((len(rings), 364), dtype=bool)
    out[:, first : first + rings.shape[1]] = rings
    return out


NAIVE: dict[str, Callable[[Year], Bools]] = {
    "28 days z": month_test,
    "weekly p<.05": week_test,
    "CUSUM 5": cusum,
    "CS indep.": sequence,
}


# ---------------------------------------------------------------- tables


def false_alarms(worlds: tuple[World, ...], units: int) -> list[str]:
    """Prints a row for each world; what does not hold, in words."""
    wrong = []
    print(
        f"\nFalse alarms, % of unit-years (in brackets the upper 95 % limit); {units} unit-years each, looked at daily"
    )
    print(f"{'world':42}{'ours':>14}" + "".join(f"{name:>14}" for name in NAIVE), flush=True)
    for number, world in enumerate(worlds):
        rng = np.random.default_rng([SEED, number])
        rung: list[Bools] = []
        naive: dict[str, list[Bools]] = {name: [] for name in NAIVE}
        calm: list[Bools] = []
        while sum(map(len, rung)) < units:
            a_year = year(world, SERVICES, rng)
            rung.append(np.any(_rung(a_year), axis=1))
            calm.append(np.arange(len(rung[-1])) % 2 == 0)
            for name, method in NAIVE.items():
                naive[name].append(np.any(method(a_year), axis=1))
        ours = np.concatenate(rung)
        limit = _upper(ours, world.units)
        cells = [f"{100 * ours.mean():.2f} ({100 * limit:.2f})"]
        cells += [f"{100 * np.concatenate(found).mean():.1f}" for found in naive.values()]
        print(f"{world.name:42}" + "".join(f"{cell:>14}" for cell in cells), flush=True)
        if world.mixed:
            swings = ours[~np.concatenate(calm)]
            print(f"{'  of these the units that swing':42}{f'{100 * swings.mean():.2f}':>14}")
        if limit > LIMIT and units >= 10_000:
            wrong.append(f"{world.name}: the upper limit is {100 * limit:.2f} %")
    return wrong


def _rung(a_year: Year) -> Bools:
    """In which weeks the watch rang, as days; looked at every day, it says something new when a week is over."""
    n, good = a_year.by_weeks()
    panel = Panel(n, good, a_year.peers)
    out = np.zeros(a_year.n.shape, dtype=bool)
    for alarm in follow(panel, common(panel), stop=True).alarms:
        out[alarm.unit, alarm.seen * 7 + 6] = True
    return out


def _upper(rung: Bools, cluster: int) -> float:
    """The upper 95 % limit: exact for independent years, or wider where units of a service ring together."""
    count, n = int(rung.sum()), len(rung)
    by_service = rung[: n // cluster * cluster].reshape(-1, cluster).mean(axis=1)
    clustered = float(rung.mean() + Z * by_service.std(ddof=1) / np.sqrt(len(by_service)))
    return max(float(beta.ppf(0.975, count + 1, n - count)), clustered)


def power(units: int) -> None:
    """Prints how many planted changes are found within 4, 13 and 26 weeks, and how well they are told."""
    print(f"\nPower: a share of 75 % falls in the 27th week; % found within 4 / 13 / 26 weeks ({units} changes each)")
    print(f"{'world':36}{'points':>7}{'ours':>16}{'weeks':>7}{'holds':>7}" + "".join(f"{name:>16}" for name in NAIVE))
    for number, (world, gaps) in enumerate(STEPS):
        for step, gap in enumerate(gaps):
            rng = np.random.default_rng([SEED + 1, number, step])
            a_year = year(with_(world, share=0.75), -(-units // 2), rng, gap=-gap, changed=2)
            planted = np.flatnonzero(np.arange(len(a_year.n)) % world.units < 2)
            found, waited, held = _found(a_year, planted, gap)
            cells = [_within(found)] + [_within(method(a_year)[planted]) for method in NAIVE.values()]
            print(
                f"{world.name:36}{100 * gap:7.0f}{cells[0]:>16}{waited:7.0f}{100 * held:7.0f}"
                + "".join(f"{cell:>16}" for cell in cells[1:]),
                flush=True,
            )


def _found(a_year: Year, planted: npt.NDArray[np.int64], gap: float) -> tuple[Bools, float, float]:
    """Days on which planted changes were seen; the median wait in weeks of those found; how often the interval of the
    gap, as told when it was seen, held the truth (levels differ, so the truth is the unit's own)."""
    n, good = a_year.by_weeks()
    panel = Panel(n, good, a_year.peers)
    away = common(panel)
    days, waits, holds = np.zeros((len(planted), 364), dtype=bool), [], []
    place = {int(unit): at for at, unit in enumerate(planted)}
    for alarm in follow(panel, away, stop=True).alarms:
        if alarm.unit in place:
            days[place[alarm.unit], alarm.seen * 7 + 6] = True
            if alarm.seen >= 26:
                waits.append(alarm.seen - 25)
                holds.append(tell(panel, away, alarm).gap.holds(-gap))
    return days, float(np.median(waits)) if waits else np.nan, float(np.mean(holds)) if holds else np.nan


def _within(days: Bools) -> str:
    """Of the units that had not rung before the step, in per cent."""
    calm = ~days[:, :182].any(axis=1)
    if not calm.any():
        return "-"
    late = days[calm, 182:]
    return " / ".join(f"{100 * late[:, : 7 * weeks].any(axis=1).mean():.0f}" for weeks in (4, 13, 26))


def speed() -> None:
    """Prints what a night costs: a city's 600 units with a year behind them."""
    rng = np.random.default_rng(SEED)
    n, good = year(World("city"), 50, rng).by_weeks()
    panel = Panel(n, good, np.repeat(np.arange(50), 12))
    start = time.process_time()
    follow(panel, common(panel))
    print(f"\n600 units through 52 weeks: {time.process_time() - start:.2f} s of processor time")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encounters.changes", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small, and every result checked")
    options = parser.parse_args()
    units = 600 if options.smoke else 10_000
    wrong = false_alarms(WORLDS[:3] if options.smoke else WORLDS, units)
    power(40 if options.smoke else 400)
    speed()
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
