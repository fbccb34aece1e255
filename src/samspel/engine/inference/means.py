"""How far two means are apart, for one look at independent answers."""

import math
from dataclasses import dataclass

from scipy.special import stdtr, stdtrit

from .records import Interval, Moments

__all__ = ["Comparison", "relative_error", "welch"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One mean minus another, and how likely means that are alike are to look at least as different."""

    gap: Interval
    p: float


def welch(one: Moments, other: Moments, *, level: float = 0.95) -> Comparison:
    """One mean minus another, with variances of their own. Cost: constant. Welch (1947, Biometrika 34:28)."""
    for moments in (one, other):
        if moments.n < 2:
            raise ValueError(f"n must be at least 2, got {moments.n}")
    gap, error = one.mean - other.mean, one.error + other.error
    if error == 0:
        return Comparison(Interval(gap, gap, gap, level), 1.0 if gap == 0 else 0.0)
    freedom = error**2 / (one.error**2 / (one.n - 1) + other.error**2 / (other.n - 1))
    half = float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(error)
    p = 2 * float(stdtr(freedom, -abs(gap) / math.sqrt(error)))
    return Comparison(Interval(gap, gap - half, gap + half, level), p)


def relative_error(one: Moments, base: Moments) -> float:
    """The standard error of ``one.mean / base.mean - 1``, to the first order (the delta method).

    :raises ZeroDivisionError: the base is 0.
    """
    return math.sqrt(one.error / base.mean**2 + base.error * one.mean**2 / base.mean**4)
