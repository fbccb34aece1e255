"""How far from what is expected a unit of its size may lie by chance: a picture for looking, never a ranking."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtri

__all__ = ["Funnel", "fit", "ratio_limits"]

Floats = npt.NDArray[np.float64]


def ratio_limits(expected: float, *, level: float = 0.95) -> tuple[float, float]:
    """Between which ratios of seen to expected counts chance alone lies (Poisson, exact).

    Spiegelhalter (2005, Statistics in Medicine 24:1185), appendix A.1.1.
    """
    if not expected > 0:
        raise ValueError(f"expected must be above 0, got {expected}")
    tail = (1 - level) / 2
    low = float(gammaincinv(expected, tail)) / expected
    high = float(gammaincinv(expected + 1, 1 - tail)) / expected
    return low, high


@dataclass(frozen=True, slots=True)
class Funnel:
    """The centre, and the variance between units that is ordinary in this service (0: chance is all)."""

    centre: float
    spread: float

    def limits(self, variance: float, *, level: float = 0.998) -> tuple[float, float]:
        """Around the centre, for a unit whose estimate has this variance."""
        half = float(ndtri((1 + level) / 2)) * math.sqrt(variance + self.spread)
        return self.centre - half, self.centre + half


def fit(estimates: Floats, variances: Floats, *, trim: float = 0.1) -> Funnel:
    """The centre and the ordinary spread of a service's units; a few odd ones do not widen it. Cost: a sort.

    Additive spread by the method of moments on winsorised z-scores, Spiegelhalter (2005), section 4.3. Without it 18
    to 45 % of ordinary units would lie outside.

    :param estimates: ``[units]``; :param variances: ``[units]``, above 0.
    """
    if estimates.shape != variances.shape or not len(estimates) or not (variances > 0).all():
        raise ValueError("estimates and variances must be as many, at least one, and variances above 0")
    weights = 1 / variances
    centre = float(weights @ estimates / weights.sum())
    z = (estimates - centre) / np.sqrt(variances)
    z = np.clip(z, *np.quantile(z, [trim, 1 - trim]))
    dispersion = float((z**2).mean())
    room = float(weights.sum() - (weights**2).sum() / weights.sum())
    units = len(estimates)
    spread = max(0.0, (units * dispersion - (units - 1)) / room) if room > 0 else 0.0
    return Funnel(centre, spread)
