"""How large a share is, and how far two shares are apart, for one look at independent answers."""

import math

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, betaln, ndtri

from .records import Interval

__all__ = ["difference", "exact", "exact_p", "wilson"]

_TIES = 1 + 1e-7  # as likely as what was seen, but for rounding


def wilson(count: int, n: int, *, level: float = 0.95) -> Interval:
    """A share and its score interval: honest for few answers, and never outside 0 and 1. Cost: constant.

    Wilson (1927), method 3 of Newcombe (1998, Statistics in Medicine 17:857).

    >>> interval = wilson(81, 263)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.2553, 0.3662)
    """
    _check(count, n, level)
    z = float(ndtri((1 + level) / 2))
    share, weight = count / n, z * z / n
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    return Interval(share, 0.0 if count == 0 else centre - half, 1.0 if count == n else centre + half, level)


def exact(count: int, n: int, *, level: float = 0.95) -> Interval:
    """A share and an interval that holds the truth at least as often as it says, however few the answers are.

    Clopper and Pearson (1934, Biometrika 26:404). Cost: constant.
    """
    _check(count, n, level)
    tail = (1 - level) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return Interval(count / n, low, high, level)


def difference(one: tuple[int, int], other: tuple[int, int], *, level: float = 0.95) -> Interval:
    """One share minus another; each is a count and an n. Cost: constant.

    The squared distances of both score intervals: method 10 of Newcombe (1998, Statistics in Medicine 17:873).

    >>> interval = difference((56, 70), (48, 80))
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.0524, 0.3339)
    """
    a, b = wilson(*one, level=level), wilson(*other, level=level)
    gap = a.estimate - b.estimate
    low = gap - math.hypot(a.estimate - a.low, b.high - b.estimate)
    high = gap + math.hypot(a.high - a.estimate, b.estimate - b.low)
    return Interval(gap, low, high, level)


def exact_p(one: tuple[int, int], other: tuple[int, int]) -> float:
    """How likely two shares that are alike are to look at least as different as these. Cost: the smaller count.

    Fisher's exact test, two-sided: all tables with the same margins that are no more likely than this one.

    >>> round(exact_p((3, 4), (1, 4)), 4)
    0.4857
    """
    for count, n in (one, other):
        _check(count, n, 0.95)
    (a, m), (b, n) = one, other
    low, high = max(0, a + b - n), min(a + b, m)
    counts = np.arange(low, high + 1)
    likely = np.exp(_log_ways(m, counts) + _log_ways(n, a + b - counts) - _log_ways(m + n, a + b))
    return min(1.0, float(likely[likely <= likely[a - low] * _TIES].sum()))


def _log_ways(n: int, k: npt.NDArray[np.int_] | int) -> npt.NDArray[np.float64]:
    """The logarithm of how many ways there are to choose k of n."""
    ways: npt.NDArray[np.float64] = -betaln(n - np.asarray(k) + 1, np.asarray(k) + 1) - np.log1p(n)
    return ways


def _check(count: int, n: int, level: float) -> None:
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not 0 <= count <= n:
        raise ValueError(f"count must be from 0 to {n}, got {count}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
