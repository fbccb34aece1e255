"""Which places of a service lie outside of what nearly all do, when small places are allowed to swing."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from samspel.encounters.disclosing import Figure
from samspel.engine.inference import Funnel, fit

Floats = npt.NDArray[np.float64]
# With fewer places than this nobody can say what is usual.
PLACES_LEAST = 3
NEARLY_ALL = 0.998


def fit_of(n: Floats, good: Floats) -> tuple[Funnel, float]:
    """The funnel of a service's places, and the variance of one answer in it: that of the common share."""
    answers, half = float(n.sum()), 0.5
    common = min(max(float(good.sum()) / answers, half / answers), 1 - half / answers)
    variance = common * (1 - common)
    return fit(good / n, variance / n), variance


def is_outside(funnel: Funnel, variance: float, n: Floats, shares: Floats) -> npt.NDArray[np.bool_]:
    limits = [funnel.limits(variance / float(one), level=NEARLY_ALL) for one in n]
    return np.array([not low <= share <= high for share, (low, high) in zip(shares, limits, strict=True)])


def units_outside(units: Mapping[int, Figure]) -> dict[int, bool]:
    """Of the units that are shown those that lie outside, and whether above."""
    told = {unit: one for unit, one in units.items() if one.n and one.good is not None}
    if len(told) < PLACES_LEAST:
        return {}
    n = np.array([one.n for one in told.values()], dtype=np.float64)
    shares = np.array([one.good for one in told.values()], dtype=np.float64) / n
    funnel, variance = fit_of(n, shares * n)
    outside = is_outside(funnel, variance, n, shares)
    return {unit: bool(share > funnel.centre) for unit, share, out in zip(told, shares, outside, strict=True) if out}
