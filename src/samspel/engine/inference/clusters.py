"""Shares of answers that hang together: those of one day had the same weather, staff and queue."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from .records import Interval

__all__ = ["clustered_share"]


def clustered_share(counts: Sequence[int], ns: Sequence[int], *, level: float = 0.95) -> tuple[Interval, float]:
    """The share of all answers and its variance, for one look, when the answers of a cluster may be alike.

    The ratio of two sums over clusters, linearised (Cochran 1977, Sampling Techniques, section 6.3), and never surer
    than if all answers were independent. Two answers of each kind are added, as Agresti and Coull (1998) do, so that
    few that agree do not look certain. Cost: one pass.

    :param counts: ``[clusters]``, of the answers counted; :param ns: ``[clusters]``, of all answers.

    >>> one, _variance = clustered_share([8, 8, 8, 8], [10, 10, 10, 10])
    >>> round(one.estimate, 2), round(one.low, 2), round(one.high, 2)
    (0.8, 0.65, 0.9)
    """
    y, m = np.asarray(counts, dtype=np.float64), np.asarray(ns, dtype=np.float64)
    if y.shape != m.shape or (y > m).any() or (y < 0).any() or not m.sum():
        raise ValueError("counts must be as many as ns, from 0 to each, and there must be an answer")
    n, clusters = m.sum(), int((m > 0).sum())
    share = float(y.sum() / n)
    centre = (y.sum() + 2) / (n + 4)
    variance = centre * (1 - centre) / (n + 4)
    if clusters > 1:
        apart = ((y - share * m) ** 2).sum() / n**2 * clusters / (clusters - 1)
        variance = max(variance, apart)
    half = float(ndtri((1 + level) / 2)) * variance**0.5
    low, high = max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))
    return Interval(share, float(low), float(high), level), float(variance)
