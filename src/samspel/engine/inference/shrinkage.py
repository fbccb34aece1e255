"""Small units steadied by what units of the same kind have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Pooled", "james_stein", "pool", "shrink"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pooled:
    """What the units have in common: ``mean`` with its standard ``error`` were they all alike; ``q`` how unlike they
    look; ``spread`` the variance between units beyond chance, 0 when chance is enough."""

    mean: float
    error: float
    q: float
    spread: float


def pool(estimates: Sequence[float], variances: Sequence[float]) -> Pooled:
    """DerSimonian and Laird (1986, Controlled Clinical Trials 7:177). Cost: one pass.

    :param variances: of each estimate, above 0.
    """
    y, v = _arrays(estimates, variances)
    weights = 1 / v
    mean = float(weights @ y / weights.sum())
    q = float(weights @ (y - mean) ** 2)
    room = float(weights.sum() - (weights**2).sum() / weights.sum())
    spread = max(0.0, (q - (len(y) - 1)) / room) if room > 0 else 0.0
    return Pooled(mean, float(weights.sum() ** -0.5), q, spread)


def shrink(estimates: Sequence[float], variances: Sequence[float]) -> tuple[Floats, Floats]:
    """Each unit's estimate drawn towards all units' mean, the more the less it knows; and its variance.

    The normal model with variance between units by :func:`pool` (empirical Bayes; Morris 1983, JASA 78:47). The
    variance adds what is unknown of the common mean; ``spread`` is taken as known, which for few units is too narrow.

    :returns: shapes ``[units]`` and ``[units]``.
    """
    y, v = _arrays(estimates, variances)
    common = pool(estimates, variances)
    weights = 1 / (v + common.spread)
    mean = float(weights @ y / weights.sum())
    drawn = v / (v + common.spread)  # 1: all of the way
    return (1 - drawn) * y + drawn * mean, (1 - drawn) * v + drawn**2 / weights.sum()


def james_stein(estimates: Sequence[float], variance: float) -> tuple[float, float, Floats]:
    """Equal variances: the mean, the share c that is kept of each distance from it, and the drawn estimates.

    Efron and Morris (1977, Scientific American 236:119), with their k - 3.
    """
    y = np.asarray(estimates, dtype=np.float64)
    if len(y) < 4:
        raise ValueError(f"there must be at least 4 estimates, got {len(y)}")
    mean = float(y.mean())
    kept = 1 - (len(y) - 3) * variance / float(((y - mean) ** 2).sum())
    return mean, kept, mean + kept * (y - mean)


def _arrays(estimates: Sequence[float], variances: Sequence[float]) -> tuple[Floats, Floats]:
    y, v = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if y.shape != v.shape or y.ndim != 1 or not len(y):
        raise ValueError(f"estimates and variances must be as many and at least one, got {y.shape} and {v.shape}")
    if not (v > 0).all():
        raise ValueError(f"variances must be above 0, got {float(v.min())}")
    return y, v
