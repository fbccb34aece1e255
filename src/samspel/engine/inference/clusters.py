"""Shares of answers that hang together: those of one day had the same weather, staff and queue."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from .records import Interval

__all__ = ["ClusterSums", "clustered_share", "design_effects"]


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


@dataclass(frozen=True)
class ClusterSums:
    """A group's answers by cluster, added up: of cluster i there are m answers, y of them counted.

    ``n`` is the sum of m and ``count`` that of y; ``mm``, ``my`` and ``yy`` are the sums of m², m·y and y².
    """

    n: int
    count: int
    mm: int
    my: int
    yy: int


def design_effects(groups: Sequence[ClusterSums]) -> list[float]:
    """How many times as much each group's share varies as one of independent answers; never less than once.

    Answers count as their number divided by it (Rao and Scott 1992, Biometrics 48:577). It is 1 + r (mm/n - 1), where r
    is how alike two answers of one cluster are beyond those of their group: the intraclass correlation by moments, of
    all groups together, for of one alone it would be little but chance. Cost: one pass.

    :param groups: those of one kind, which lie in the same clusters or in clusters of their own.

    >>> half_good_days = ClusterSums(n=20, count=10, mm=200, my=100, yy=100)  # ten good one day, ten bad the next
    >>> design_effects([half_good_days])
    [10.0]
    """
    n, count, mm, my, yy = (
        np.array([getattr(group, name) for group in groups], dtype=np.float64)
        for name in ("n", "count", "mm", "my", "yy")
    )
    if (n < 1).any() or (count < 0).any() or (count > n).any():
        raise ValueError("each group must have an answer, and as many counted as it has or fewer")
    share = count / n
    of_one = share * (1 - share)
    # As far from the group's share as the clusters are, less what they would be were all answers independent.
    apart = yy - 2 * share * my + share**2 * mm - of_one * (n - mm / n)
    pairs = of_one * (mm - n)
    alike = min(1.0, max(0.0, apart.sum() / pairs.sum())) if pairs.sum() else 0.0
    return [1 + alike * float(size - 1) for size in mm / n]
