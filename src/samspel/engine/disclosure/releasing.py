"""Numbers that are shown again and again, and shares that would tell everybody's answer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Share", "release", "told_share"]

Ints = npt.NDArray[np.int64]


def release(shown: Ints, now: Ints, *, threshold: int = 5) -> Ints:
    """What to publish of counts that grow, after ``shown``: a cell moves by 0 or by at least ``threshold``.

    Sums are to be taken of what this returns, never of ``now``: then no two releases differ anywhere by 1 to
    ``threshold - 1``, in a cell or in a sum of cells that grow. Answers that were withdrawn wait in the same way,
    unless a cell is empty now: what is erased is gone at once.

    :param shown: ``[cells]`` as last returned, zeros at first; :param now: ``[cells]`` as counted.

    >>> release(np.array([0, 5, 8]), np.array([4, 9, 13])).tolist()
    [0, 5, 13]
    """
    if shown.shape != now.shape:
        raise ValueError(f"shown and now must be as many cells, got {shown.shape} and {now.shape}")
    moves = (np.abs(now - shown) >= threshold) | (now == 0)
    return np.where(moves, now, shown)


@dataclass(frozen=True, slots=True)
class Share:
    """A share as it may be told: between ``low`` and ``high``, which are the same when it is told as it is."""

    low: float
    high: float


def told_share(count: int, n: int, *, threshold: int = 5) -> Share | None:
    """How to tell that ``count`` of ``n`` answered so; None when there are too few.

    Where all or none did, one would know what each of them answered; where all but one did, that one would know it of
    all others. Both are told as "at least" or "at most", and cannot be told apart.

    >>> told_share(9, 10), told_share(10, 10)
    (Share(low=0.9, high=1.0), Share(low=0.9, high=1.0))
    """
    if not 0 <= count <= n:
        raise ValueError(f"count must be from 0 to {n}, got {count}")
    if n < threshold:
        return None
    if count >= n - 1:
        return Share((n - 1) / n, 1.0)
    if count <= 1:
        return Share(0.0, 1 / n)
    return Share(count / n, count / n)
