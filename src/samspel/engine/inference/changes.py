"""Whether a unit's share has changed, since when and by how much; looked at every day, with few false alarms.

A unit's answers come in weeks: of ``n`` answers ``good`` said that the meeting was good. Weeks swing by more than
chance, and a week is like the one before. Here a week (or as many as give enough answers) is one number on a scale
where all shares have about the same variance, less what the unit's peers did in the same weeks. For every week in which
a change may have come, a bet is kept on it against "nothing changed", over a mixture of sizes of the change and of how
much weeks swing. Each bet begins with 1/52 of a stake; the sum of what they have become is the evidence.

When nothing changes, a fair bet grows by nothing on average, so the sum grows by 1/52 a week: the sum of Shiryaev
(1963, Theory of Probability and its Applications 8:22) and Roberts (1966, Technometrics 8:411). By Doob's inequality it
reaches a bar with a probability of at most 1 / bar a year, however often one looks. That is exact for normal weeks
whose settings are drawn from the prior. ``Settings.bar`` is lower than the inequality asks for, because it is far from
tight, and was chosen by simulation. docs/algorithms/changes.md has the simulated years, and what this cannot do.

:func:`follow` (``watching.py``) looks, :func:`tell` says what an alarm is about, :func:`evidence_of`
(``rechecking.py``) computes the same evidence from densities.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular
from scipy.special import logsumexp, ndtri

from .records import Interval

__all__ = [
    "DEFAULT",
    "VERSION",
    "Alarm",
    "Change",
    "Panel",
    "Path",
    "Settings",
    "angle",
    "blocks_of",
    "share_of",
    "tell",
]

VERSION = "changes-1"

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the watch takes for granted; chosen on seeds of their own, never on those that are reported.

    Swings and effects are standard deviations on the scale of :func:`angle`, where 0.1 is nine points of a share at
    70 % and six at 90 %.
    """

    bar: float = 8.0
    # Weeks are laid together until they hold so many answers: below that the scale's variance is not what it says.
    least: int = 10
    # How much a unit's level swings beyond chance, and how much of a swing is left after a week.
    swings: tuple[float, ...] = (0.0, 0.03, 0.06, 0.12)
    lasting: tuple[float, ...] = (0.0, 0.35, 0.7)
    # How large changes are, as likely each.
    effects: tuple[float, ...] = (0.08, 0.2)
    # The variance as a whole is as sure beforehand as so many weeks would make it.
    freedom: float = 30.0
    # Fewer other units than this cannot tell what is common to all.
    fewest_peers: int = 5
    weeks_a_year: int = 52

    @property
    def grid(self) -> tuple[Floats, Floats]:
        """Each pair of a swing and how lasting it is; no swing lasts in no way. Shapes ``[settings]``."""
        pairs = [(swing, kept) for swing in self.swings for kept in (self.lasting if swing else (0.0,))]
        return np.array([swing for swing, _ in pairs]), np.array([kept for _, kept in pairs])


DEFAULT = Settings()


@dataclass(frozen=True, slots=True)
class Panel:
    """Units by weeks. ``n`` and ``good``: shape ``[units, weeks]``, 0 where nobody answered. ``peers``: shape
    ``[units]``; units with the same number share what is common to all, and below 0 a unit stands alone."""

    n: Ints
    good: Ints
    peers: Ints

    def __post_init__(self) -> None:
        if self.n.shape != self.good.shape or self.n.ndim != 2 or self.peers.shape != self.n.shape[:1]:
            raise ValueError(
                f"n and good must be [units, weeks] and peers [units], got {self.n.shape}, {self.good.shape} "
                f"and {self.peers.shape}"
            )
        if (self.good < 0).any() or (self.good > self.n).any():
            raise ValueError("good must be from 0 to n in every week")


@dataclass(frozen=True, slots=True)
class Alarm:
    """The evidence reached the bar after week ``seen`` of the panel; the unit had been watched from week ``begins``."""

    unit: int
    begins: int
    seen: int
    evidence: float


@dataclass(frozen=True, slots=True)
class Path:
    """What a watch saw: the evidence after each week, shape ``[units, weeks]``, and its alarms by week."""

    evidence: Floats
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What an alarm is about. Weeks are those of the panel.

    It came in week ``since``, and in four cases of five from ``earliest`` to ``latest``. ``before`` are the weeks from
    the watch's beginning, ``after`` those until it was seen; ``gap`` is how far the unit moved beyond its peers.
    """

    since: int
    earliest: int
    latest: int
    n_before: int
    n_after: int
    before: Interval
    after: Interval
    gap: Interval


# ---------------------------------------------------------------- the scale


def angle(good: Ints | Floats, n: Ints | Floats) -> Floats:
    """Counts on a scale where the variance is about 1 / (4 n + 2) whatever the share is.

    Freeman and Tukey (1950, Annals of Mathematical Statistics 21:607), halved.

    >>> round(float(angle(np.array(8), np.array(10))), 3)
    1.076
    """
    return np.asarray((np.arcsin(np.sqrt(good / (n + 1))) + np.arcsin(np.sqrt((good + 1) / (n + 1)))) / 2)


def share_of(scaled: float) -> float:
    """The share at a place of the scale.

    >>> round(share_of(1.107), 2)
    0.8
    """
    return float(np.sin(min(max(scaled, 0.0), np.pi / 2)) ** 2)


@dataclass(frozen=True, slots=True)
class Blocks:
    """A unit's weeks laid together: the week that began each and the one that ended it, its answers, its number on the
    scale less what was common, and that number's variance. Shapes ``[blocks]``."""

    begins: Ints
    ends: Ints
    n: Ints
    number: Floats
    variance: Floats


def blocks_of(n: Ints, good: Ints, away: Floats, *, settings: Settings = DEFAULT) -> Blocks:
    """Weeks laid together until they have enough answers; the last may be left over. Shapes ``[weeks]``."""
    rows: list[tuple[int, int, int, float]] = []
    begins, many, well, shared = 0, 0, 0, 0.0
    for week in range(len(n)):
        if not many:
            begins = week
        many, well, shared = many + int(n[week]), well + int(good[week]), shared + float(n[week] * away[week])
        if many >= settings.least:
            rows.append((begins, week, many, float(angle(np.array(well), np.array(many))) - shared / many))
            many, well, shared = 0, 0, 0.0
    counts = np.array([row[2] for row in rows], dtype=np.int64)
    return Blocks(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        counts,
        np.array([row[3] for row in rows], dtype=np.float64),
        1 / (4.0 * counts + 2),
    )


# ---------------------------------------------------------------- what an alarm is about


@dataclass(frozen=True, slots=True)
class _Told:
    """For each (setting, effect, week of the change): its logarithmic weight, and the mean and covariance of the level
    before and of the change. Shapes ``[settings, effects, weeks]``, means ``[2, …]``, covariances ``[3, …]``."""

    weight: Floats
    mean: Floats
    covariance: Floats


def tell(panel: Panel, away: Floats, alarm: Alarm, *, settings: Settings = DEFAULT, level: float = 0.95) -> Change:
    """Since when, from what and to what: averaged over weeks, sizes and settings by how well each explains what came.

    A change that was just found looks larger than it is; the sizes' prior draws it in. Cost: weeks³ × settings, some
    milliseconds.

    :param away: what was common, as ``common`` gives it for this panel.
    """
    weeks = slice(alarm.begins, alarm.seen + 1)
    unit = alarm.unit
    blocks = blocks_of(panel.n[unit, weeks], panel.good[unit, weeks], away[unit, weeks], settings=settings)
    told = _fit(blocks, settings)
    weight = np.exp(told.weight - logsumexp(told.weight))
    by_week = weight.sum(axis=(0, 1))
    ahead = by_week.cumsum()
    place = int(by_week.argmax())
    ends = [int(np.searchsorted(ahead, part)) for part in (0.1, 0.9)]
    earliest, latest = min(place, *ends), min(max(place, *ends), len(by_week) - 1)
    starts = alarm.begins + blocks.begins[1:]
    split = starts[place] - alarm.begins
    common_before, common_after = (
        float(np.average(away[unit, weeks][part], weights=1e-9 + panel.n[unit, weeks][part]))
        for part in (slice(None, split), slice(split, None))
    )
    before, after, gap = _levels(told, weight, (common_before, common_after), level)
    return Change(
        since=int(starts[place]),
        earliest=int(starts[earliest]),
        latest=int(starts[latest]),
        n_before=int(blocks.n[: place + 1].sum()),
        n_after=int(blocks.n[place + 1 :].sum()),
        before=before,
        after=after,
        gap=gap,
    )


def _fit(blocks: Blocks, settings: Settings) -> _Told:
    """Generalised least squares with a flat prior on the level and a normal one on the change, for every choice."""
    apart = np.abs(blocks.ends[:, None] - blocks.ends[None, :])
    count = len(blocks.number)
    steps = (np.arange(count)[:, None] >= np.arange(1, count)[None, :]).astype(np.float64)
    swings, lasting = settings.grid
    shape = (len(swings), len(settings.effects), count - 1)
    out = _Told(np.zeros(shape), np.zeros((2, *shape)), np.zeros((3, *shape)))
    for at, (swing, kept) in enumerate(zip(swings, lasting, strict=True)):
        root = np.linalg.cholesky(np.diag(blocks.variance) + swing**2 * kept**apart)
        x, one = solve_triangular(root, np.stack([blocks.number, np.ones(count)], axis=1), lower=True).T
        s = solve_triangular(root, steps, lower=True)
        a, b, c = one @ one, one @ s, (s**2).sum(axis=0)
        logs = -np.log(np.diag(root)).sum()
        for which, effect in enumerate(settings.effects):
            c_more = c + effect**-2
            whole = a * c_more - b**2
            level = (c_more * (one @ x) - b * (s.T @ x)) / whole
            change = (a * (s.T @ x) - b * (one @ x)) / whole
            rest = settings.freedom + x @ x - level * (one @ x) - change * (s.T @ x)
            freedom = settings.freedom + count - 1
            out.weight[at, which] = logs - np.log(whole) / 2 - np.log(effect) - freedom / 2 * np.log(rest)
            out.mean[:, at, which] = level, change
            out.covariance[:, at, which] = rest / (freedom - 2) * np.stack([c_more, -b, np.full_like(b, a)]) / whole
    return out


def _levels(
    told: _Told, weight: Floats, common: tuple[float, float], level: float
) -> tuple[Interval, Interval, Interval]:
    """Before, after and the gap as shares: the mixture's mean and standard deviation on the scale, then back."""
    wide = float(ndtri((1 + level) / 2))
    base, change = told.mean
    var_base, both, var_change = told.covariance

    def share(mean: Floats, variance: Floats, shared: float) -> Interval:
        middle, half = _mixture(weight, mean, variance, wide)
        estimate, low, high = (share_of(middle + shared + side * half) for side in (0, -1, 1))
        return Interval(estimate, low, high, level)

    before = share(base, var_base, common[0])
    after = share(base + change, var_base + 2 * both + var_change, common[1])
    # As the scale slopes between the two levels.
    middle, half = _mixture(weight, change, var_change, wide)
    start, _ = _mixture(weight, base, var_base, wide)
    moved = share_of(start + middle) - share_of(start)
    slope = moved / middle if middle else 0.0
    return before, after, Interval(moved, max(-1.0, moved - slope * half), min(1.0, moved + slope * half), level)


def _mixture(weight: Floats, mean: Floats, variance: Floats, wide: float) -> tuple[float, float]:
    """A mixture's mean, and so many of its standard deviations."""
    middle = float((weight * mean).sum())
    return middle, wide * float((weight * (variance + (mean - middle) ** 2)).sum()) ** 0.5
