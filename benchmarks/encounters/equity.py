"""How often a difference between groups is told that is none, and how often one that is.

`python -m benchmarks.encounters.equity [--smoke]`. A service's groups are looked at 24 times while the answers come in.
In one world all groups are as well met; in the other one group is met worse. Ours beside the ways one would take
without thinking. The limits were chosen with seeds from 1,000; what is printed is made with seeds from 9,000.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspel.config.settings")
import django

django.setup()

from benchmarks.encounters.worlds import alike  # noqa: E402
from samspel.encounters.disclosing import figure  # noqa: E402 (models need Django)
from samspel.encounters.equity import LOOKS, WRONG, GroupRow, differences  # noqa: E402
from samspel.encounters.looks import effects_of  # noqa: E402
from samspel.engine.inference import ClusterSums, exact  # noqa: E402

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
TUNING, REPORTING = 1_000, 9_000
LEAST = 10  # answers that are told


@dataclass(frozen=True)
class Groups:
    """So many groups of a service, with so many answers each at the last look. ``together``: how much answers of a
    group's day are alike, when there are so many a day."""

    name: str
    groups: int
    least: int
    most: int
    together: float = 0.0
    a_day: int = 10


GROUPS = (
    Groups("8 groups of 10-60", 8, 10, 60),
    Groups("20 groups of 10-60", 20, 10, 60),
    Groups("40 groups of 5-40", 40, 5, 40),
    Groups("20 groups of 100-2,000", 20, 100, 2000),
    Groups("8 groups of 10-60, days alike", 8, 10, 60, together=0.1),
    Groups("20 groups of 100-2,000, days alike", 20, 100, 2000, together=0.05),
    Groups("20 groups of 100-2,000, days much alike", 20, 100, 2000, together=0.1),
)


@dataclass(frozen=True)
class World:
    """What a planted group has of good, and what all others have."""

    name: str
    of: Groups
    others: float = 0.8
    worse: float = 0.5


WORLDS = (
    *(World(of.name, of) for of in GROUPS[:3]),
    World("20 groups of 100-2,000, 80 and 70", GROUPS[3], worse=0.7),
    World("20 groups, 95 and 85 good", GROUPS[3], others=0.95, worse=0.85),
    World("8 groups of 10-60, ten a day alike by .10", GROUPS[4]),
    World("20 groups of 100-2,000, ten a day alike by .05, 80 and 70", GROUPS[5], worse=0.7),
    World("20 groups of 100-2,000, ten a day alike by .10, 80 and 70", GROUPS[6], worse=0.7),
)


@dataclass(frozen=True)
class Come:
    """What has come to a look: answers and good ones of each group, ``[groups]``, and how they lie in its days."""

    n: Ints
    good: Ints
    days: tuple[ClusterSums, ...]


def grown(of: Groups, shares: Floats, rng: np.random.Generator) -> list[Come]:
    """What has come to each look."""
    n = rng.integers(of.least, of.most + 1, of.groups)
    new = rng.multinomial(n, np.full(LOOKS, 1 / LOOKS)).T
    days = -(-int(new.max()) // of.a_day)
    by_day = np.clip(new[..., None] - of.a_day * np.arange(days), 0, of.a_day)
    around = np.broadcast_to(shares[None, :, None], by_day.shape)
    good = rng.binomial(by_day, alike(around, of.together, rng) if of.together else around)
    sums = [part.sum(axis=2).cumsum(0) for part in (by_day, good, by_day**2, by_day * good, good**2)]
    return [
        Come(one[0], one[1], tuple(ClusterSums(*group) for group in np.array(one).T.tolist()))
        for one in zip(*sums, strict=True)
    ]


def compared(come: Come, *, looks: int = LOOKS) -> Sequence[GroupRow]:
    """The groups at one look as the page of equal treatment tells them."""
    counts = enumerate(zip(come.n.tolist(), come.good.tolist(), strict=True))
    told = {str(group): figure(n, good, threshold=LEAST) for group, (n, good) in counts}
    days = {f"language:{group}": one for group, one in enumerate(come.days)}
    effects = {key.partition(":")[2]: one for key, one in effects_of(days, threshold=LEAST).items()}
    [found] = differences({"language": told}, {"language": effects}, looks=looks)
    return found.rows


def as_if_apart(come: Come) -> Sequence[GroupRow]:
    """The same, as if no answers were alike."""
    return compared(replace(come, days=()))


# Which groups each way calls worse or better at a look: indices.
Way = Callable[[Come], set[int]]


def ours(come: Come) -> set[int]:
    return {int(row.group) for row in compared(come) if row.verdict.is_seen}


def each_apart(come: Come) -> set[int]:
    return {int(row.group) for row in as_if_apart(come) if row.verdict.is_seen}


def lowest_bar(come: Come) -> set[int]:
    n, good = come.n, come.good
    shown = np.flatnonzero(n >= LEAST)
    return {int(shown[np.argmin(good[shown] / n[shown])])} if len(shown) > 1 else set()


def z_test(level: Callable[[int], float]) -> Way:
    def way(come: Come) -> set[int]:
        n, good = come.n, come.good
        shown = n >= LEAST
        if shown.sum() < 2:
            return set()
        limit = float(ndtri((1 + level(int(shown.sum()))) / 2))
        other_n, other_good = n[shown].sum() - n, good[shown].sum() - good
        with np.errstate(divide="ignore", invalid="ignore"):
            share = good[shown].sum() / n[shown].sum()
            z = (good / n - other_good / other_n) / np.sqrt(share * (1 - share) * (1 / n + 1 / other_n))
        return {int(group) for group in np.flatnonzero(shown & (np.abs(z) > limit))}

    return way


WAYS: dict[str, Way] = {
    "the lowest bar": lowest_bar,
    "each group at 5 %": z_test(lambda groups: 0.95),
    "Sidak over groups": z_test(lambda groups: 0.95 ** (1 / groups)),
    "as if none were alike": each_apart,
    "ours": ours,
}


def count(world: World, way: Way, worlds: int, seed: int, *, planted: bool) -> tuple[float, float, float]:
    """The share of worlds with any wrong word at the last look, at any look, and with the planted group found."""
    wrong_once = wrong_ever = found = 0
    for number in range(worlds):
        shares = np.full(world.of.groups, world.others)
        if planted:
            shares[0] = world.worse
        called: set[int] = set()
        at_last: set[int] = set()
        for come in grown(world.of, shares, np.random.default_rng(seed + number)):
            at_last = way(come)
            called |= at_last
        truth = {0} if planted else set()
        wrong_once += bool(at_last - truth)
        wrong_ever += bool(called - truth)
        found += 0 in called
    return wrong_once / worlds, wrong_ever / worlds, found / worlds


def upper(share: float, worlds: int) -> float:
    """The upper 95 % limit of a share of so many worlds."""
    return exact(round(share * worlds), worlds).high


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few worlds, and the first sizes")
    parser.add_argument("--tune", action="store_true", help="with the seeds that the limits were chosen with")
    parser.add_argument("--worlds", type=int, default=2000)
    options = parser.parse_args()
    seed = TUNING if options.tune else REPORTING
    worlds = 60 if options.smoke else options.worlds
    failed = False
    print(f"{worlds} worlds from seed {seed}, {LOOKS} looks; in percent: any wrong word at one look / at any / found")
    for world in WORLDS[:1] if options.smoke else WORLDS:
        print(f"\n{world.name}")
        for name, way in WAYS.items():
            once, ever, _ = count(world, way, worlds, seed, planted=False)
            _, beside, found = count(world, way, max(60, worlds // 4), seed, planted=True)
            print(
                f"  {name:<22} {once:6.1%} {ever:6.1%} {found:6.1%}   beside the planted one {beside:.1%}"
                f"   any look at most {upper(ever, worlds):.1%}",
                flush=True,
            )
            failed |= way is ours and (ever > WRONG if options.smoke else upper(ever, worlds) > WRONG)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
