"""Many groups at once: limits that hold for all of them together, and which of many tests to believe."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

__all__ = ["benjamini_hochberg", "each_level", "smallest_gap"]


def each_level(groups: int, *, level: float = 0.95) -> float:
    """The level that each of so many independent intervals needs for all to hold together at ``level``: Šidák (1967).

    >>> round(each_level(10), 6)
    0.994884
    """
    if groups < 1:
        raise ValueError(f"groups must be at least 1, got {groups}")
    return float(level ** (1 / groups))


def benjamini_hochberg(p: Sequence[float], *, share: float = 0.05) -> tuple[bool, ...]:
    """Which to believe when at most ``share`` of those believed may be wrong (1995, JRSS B 57:289). Cost: a sort.

    >>> benjamini_hochberg([0.01, 0.9, 0.02])
    (True, False, True)
    """
    order = np.argsort(p, kind="stable")
    passed = np.flatnonzero(np.asarray(p)[order] <= share * np.arange(1, len(p) + 1) / max(1, len(p)))
    believed = np.zeros(len(p), dtype=bool)
    believed[order[: passed[-1] + 1 if len(passed) else 0]] = True
    return tuple(bool(one) for one in believed)


def smallest_gap(variance: float, *, level: float = 0.95, power: float = 0.8) -> float:
    """The smallest difference that would have been seen with so much power, given the difference's variance."""
    if variance < 0:
        raise ValueError(f"variance must be at least 0, got {variance}")
    return float(ndtri((1 + level) / 2) + ndtri(power)) * math.sqrt(variance)
