"""How often limits hold the truth: `python -m benchmarks.encounters.coverage [--smoke]`.

A small unit's share drawn towards its peers', as its own page tells it in whole hundredths; and the bands around all
groups of a service, which are to hold all at once and at every look. Beside them what one would take without thinking.
`_TAILS` of `engine/inference/shrinkage.py` was chosen with seeds below 600; what is printed begins with seed 7,000.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspel.config.settings")
import django

django.setup()

from benchmarks.encounters.equity import (  # noqa: E402 (models need Django)
    GROUPS,
    LEAST,
    Come,
    Groups,
    as_if_apart,
    compared,
    grown,
)
from benchmarks.encounters.worlds import alike  # noqa: E402
from samspel.encounters.equity import LOOKS  # noqa: E402
from samspel.encounters.unit_picture import LIMIT, Counted, steadied_share  # noqa: E402
from samspel.encounters.weeks import between  # noqa: E402
from samspel.engine.inference import Interval, clustered_share, exact, pool, wilson  # noqa: E402

SEED = 7_000
GOAL = 0.94
MONDAY = date(2026, 1, 5)

Floats = npt.NDArray[np.float64]


def at_least(held: int, of: int) -> float:
    """The lower 95 % limit of how often limits hold that held so often."""
    return exact(held, of, level=0.9).low


def short(held: int, of: int, smoke: bool) -> bool:
    """Whether the goal was not shown; after a smoke run, which is too small to show it, whether it was shown missed."""
    limits = exact(held, of, level=0.9)
    return (limits.high if smoke else limits.low) < GOAL


# ---------------------------------------------------------------- a small unit


@dataclass(frozen=True)
class Service:
    """So many units, the first of them small: so many weeks that are shown, with about so many answers in each.

    ``spread`` is how much the units differ (a standard deviation of their shares), ``together`` how much the answers of
    a unit's week are alike.
    """

    name: str
    units: int
    spread: float
    weeks: int = 4
    a_week: float = 7
    share: float = 0.8
    together: float = 0.0


SERVICES = (
    Service("4 units that are alike", 4, 0.0),
    Service("4 units, 5 points apart", 4, 0.05),
    Service("4 units, 10 points apart", 4, 0.1),
    Service("4 units, 15 points apart, 70 of 100", 4, 0.15, weeks=8, share=0.7),
    Service("6 units, 5 points apart, weeks alike", 6, 0.05, weeks=10, together=0.05),
    Service("6 units, 5 points apart, 95 of 100", 6, 0.05, weeks=3, share=0.95),
    Service("12 units, 10 points apart, weeks alike", 12, 0.1, weeks=3, together=0.05),
    Service("30 units, 5 points apart", 30, 0.05),
    Service("30 units, 10 points apart, weeks alike", 30, 0.1, together=0.05),
)

# A small unit's weeks, each (good, answers), and its peers.
Steady = Callable[[list[tuple[int, int]], list[tuple[int, int]]], Interval]


def as_told(weeks: list[tuple[int, int]], peers: list[tuple[int, int]]) -> Interval:
    counted = [Counted(MONDAY + timedelta(weeks=at), n, good) for at, (good, n) in enumerate(weeks)]
    told = between(steadied_share(counted, peers))
    return Interval(told.percent / 100, told.low / 100, told.high / 100, 0.95)


def spread_as_known(weeks: list[tuple[int, int]], peers: list[tuple[int, int]]) -> Interval:
    """The textbook's empirical Bayes: the spread between units is what it was estimated to be."""
    good, n = zip(*weeks, strict=True)
    shares = [clustered_share(good, n), *(clustered_share([one], [of]) for one, of in peers)]
    y, v = np.array([share.estimate for share, _ in shares]), np.array([variance for _, variance in shares])
    spread = pool(y.tolist(), v.tolist()).spread
    weights = 1 / (v + spread)
    drawn = v[0] / (v[0] + spread)
    middle = (1 - drawn) * y[0] + drawn * (weights @ y) / weights.sum()
    half = LIMIT * ((1 - drawn) * v[0] + drawn**2 / weights.sum()) ** 0.5
    return Interval(float(middle), float(max(0, middle - half)), float(min(1, middle + half)), 0.95)


def alone(weeks: list[tuple[int, int]], peers: list[tuple[int, int]]) -> Interval:
    good, n = zip(*weeks, strict=True)
    return clustered_share(good, n)[0]


def held_small(service: Service, way: Steady, times: int, seed: int) -> tuple[int, float]:
    """In how many of so many services the small unit's limits held, and how wide they were on average."""
    rng, held, wide = np.random.default_rng(seed), 0, 0.0
    for truth, weeks, peers in _services(service, times, rng):
        told = way(weeks, peers)
        held, wide = held + told.holds(truth), wide + told.high - told.low
    return held, wide / times


def _services(
    service: Service, times: int, rng: np.random.Generator
) -> Iterator[tuple[float, list[tuple[int, int]], list[tuple[int, int]]]]:
    shape = (times, service.units, service.weeks)
    shares = alike(np.full(shape[:2], service.share), service.spread**2 / (service.share * (1 - service.share)), rng)
    n = rng.poisson(rng.uniform(20, 300, (*shape[:2], 1)) / service.weeks, shape)
    n[:, 0] = np.maximum(5, rng.poisson(service.a_week, (times, service.weeks)))  # a week of fewer is not shown
    good = rng.binomial(n, alike(np.repeat(shares[..., None], service.weeks, axis=2), service.together, rng))
    for at in range(times):
        weeks = [(int(one), int(of)) for one, of in zip(good[at, 0], n[at, 0], strict=True)]
        of_all = zip(good[at, 1:].sum(axis=1), n[at, 1:].sum(axis=1), strict=True)
        yield float(shares[at, 0]), weeks, [(int(one), int(of)) for one, of in of_all if of >= 10]


# ---------------------------------------------------------------- all groups at once


# The groups' bands at a look; None where nothing is shown.
Bands = Callable[[Come], list[Interval | None]]


def at_once(come: Come) -> list[Interval | None]:
    return [row.share for row in compared(come)]


def if_apart(come: Come) -> list[Interval | None]:
    return [row.share for row in as_if_apart(come)]


def each_alone(come: Come) -> list[Interval | None]:
    counts = zip(come.good.tolist(), come.n.tolist(), strict=True)
    return [wilson(good, n) if n >= LEAST else None for good, n in counts]


def held_at_once(world: Groups, way: Bands, times: int, seed: int) -> int:
    """In how many of so many services every band held at every one of the looks.

    Where all or all but one answered alike the count is told as all but one: a band that leaves out the truth for that
    counts as one that does not hold.
    """
    rng, held = np.random.default_rng(seed), 0
    for _time in range(times):
        shares = rng.uniform(0.5, 0.95, world.groups)
        held += all(
            band is None or band.holds(share)
            for come in grown(world, shares, rng)
            for band, share in zip(way(come), shares, strict=True)
        )
    return held


# ---------------------------------------------------------------- tables


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encounters.coverage", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few services, and every result checked")
    options = parser.parse_args()
    small, at_a_time = (400, 100) if options.smoke else (4_000, 400)
    wrong = []
    print(f"A small unit's share, % of {small} services in which the limits held (lower 95 % limit), and their width")
    print(f"{'service':44}{'as told':>16}{'':>7}{'spread as known':>18}{'':>7}{'alone':>8}{'':>7}", flush=True)
    for number, service in enumerate(SERVICES[::4] if options.smoke else SERVICES):
        held, wide = held_small(service, as_told, small, SEED + number)
        if short(held, small, options.smoke):
            wrong.append(f"{service.name}: the limits held in {held} of {small}")
        told = f"{100 * held / small:.1f} ({100 * at_least(held, small):.1f})"
        row = f"{service.name:44}{told:>16}{100 * wide:7.0f}"
        for way, columns in ((spread_as_known, 18), (alone, 8)):
            held, wide = held_small(service, way, small, SEED + number)
            row += f"{100 * held / small:{columns}.1f}{100 * wide:7.0f}"
        print(row, flush=True)
    print(f"\nAll groups' bands at once and at all {LOOKS} looks, % of {at_a_time} services in which every one held")
    print(f"{'groups':44}{'ours':>16}{'each by itself':>18}{'as if none alike':>18}", flush=True)
    for number, world in enumerate(GROUPS[::3] if options.smoke else GROUPS):
        ours = held_at_once(world, at_once, at_a_time, SEED + 100 + number)
        naive = held_at_once(world, each_alone, at_a_time, SEED + 100 + number)
        apart = held_at_once(world, if_apart, at_a_time, SEED + 100 + number)
        if short(ours, at_a_time, options.smoke):
            wrong.append(f"{world.name}: all bands held in {ours} of {at_a_time}")
        told = f"{100 * ours / at_a_time:.1f} ({100 * at_least(ours, at_a_time):.1f})"
        shares = [100 * count / at_a_time for count in (naive, apart)]
        print(f"{world.name:44}{told:>16}{shares[0]:18.1f}{shares[1]:18.1f}", flush=True)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
