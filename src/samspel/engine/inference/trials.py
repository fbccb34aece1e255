"""What a change did that was made at a known time: in a series of counts, beside others, or unit by unit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from .records import Interval

__all__ = ["Rates", "difference_in_differences", "poisson", "stepped_power", "stepped_variance"]

Floats = npt.NDArray[np.float64]
_STEPS, _CLOSE = 100, 1e-12


@dataclass(frozen=True, slots=True)
class Rates:
    """A log-linear model of counts: its coefficients ``[columns]``, their covariance for plain Poisson counts
    ``[columns, columns]``, and how much wider than Poisson the counts vary (1: not at all)."""

    coefficients: Floats
    covariance: Floats
    dispersion: float

    def ratio(self, column: int, *, is_overdispersed: bool, level: float = 0.95) -> Interval:
        """The rate ratio of a column; with overdispersion its limits are as wide as the counts vary."""
        wider = math.sqrt(self.dispersion) if is_overdispersed else 1.0
        half = float(ndtri((1 + level) / 2)) * math.sqrt(self.covariance[column, column]) * wider
        middle = float(self.coefficients[column])
        return Interval(math.exp(middle), math.exp(middle - half), math.exp(middle + half), level)


def poisson(design: Floats, counts: Floats, exposure: Floats) -> Rates:
    """Counts whose logarithmic rate is linear in the columns, by Newton's method. Cost: a few of ``rows × columns²``.

    An interrupted series is one with a column of 0 before and 1 after (Lopez Bernal, Cummins and Gasparrini 2017,
    International Journal of Epidemiology 46:348). Months that are like the month before make its limits too narrow;
    the dispersion does not tell of that.

    :param design: ``[rows, columns]``; a column of ones is to be among them. :param exposure: ``[rows]``, above 0.
    """
    if not (design.shape[:1] == counts.shape == exposure.shape) or not (exposure > 0).all():
        raise ValueError("design, counts and exposure must have as many rows, and exposure must be above 0")
    offset = np.log(exposure)
    coefficients = np.linalg.lstsq(design, np.log(np.maximum(counts, 0.5)) - offset, rcond=None)[0]
    for _step in range(_STEPS):
        mean = np.exp(design @ coefficients + offset)
        information = design.T @ (mean[:, None] * design)
        move = np.linalg.solve(information, design.T @ (counts - mean))
        coefficients = coefficients + move
        if np.abs(move).max() < _CLOSE:
            break
    mean = np.exp(design @ coefficients + offset)
    rows, columns = design.shape
    dispersion = float(((counts - mean) ** 2 / mean).sum() / (rows - columns))
    return Rates(coefficients, np.linalg.inv(design.T @ (mean[:, None] * design)), dispersion)


def difference_in_differences(
    changed: tuple[float, float], others: tuple[float, float], *, level: float = 0.95
) -> Interval:
    """How much more one group moved than another: each is how far its mean moved, and that number's standard error.

    With few groups that wander this is far too sure; then count one number for each unit.
    """
    gap = changed[0] - others[0]
    half = float(ndtri((1 + level) / 2)) * math.hypot(changed[1], others[1])
    return Interval(gap, gap - half, gap + half, level)


def stepped_variance(begins: Sequence[int], periods: int, within: float, between: float) -> float:
    """The variance of an effect when units begin one after the other: Hussey and Hughes (2007, Contemporary Clinical
    Trials 28:182), equation 8. Cost: units × periods.

    :param begins: the period from which each unit has the change. :param within: the variance of a unit's mean in a
        period; :param between: of the units' own levels.
    """
    if not begins or not all(0 <= one <= periods for one in begins) or within <= 0 or between < 0:
        raise ValueError("begins must be from 0 to periods, within above 0 and between at least 0")
    on = (np.arange(periods) >= np.array(begins)[:, None]).astype(float)
    units = len(begins)
    u, w, v = on.sum(), (on.sum(axis=0) ** 2).sum(), (on.sum(axis=1) ** 2).sum()
    left = (units * u - w) * within + (u**2 + units * periods * u - periods * w - units * v) * between
    if left <= 0:
        raise ValueError("begins must differ: otherwise the change cannot be told from the time")
    return float(units * within * (within + periods * between) / left)


def stepped_power(effect: float, variance: float, *, level: float = 0.95) -> float:
    """How often an effect of that size is seen, at one look."""
    return float(ndtr(abs(effect) / math.sqrt(variance) - ndtri((1 + level) / 2)))
