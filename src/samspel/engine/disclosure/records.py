"""Counts that belong together by sums, and which of them may be shown."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

__all__ = ["Cells", "Hidden", "Sum", "Why", "two_way"]

Ints = npt.NDArray[np.int64]
# Shown; too few; hidden so that one that is too few cannot be worked out.
Why = Literal["shown", "few", "beside"]


@dataclass(frozen=True, slots=True)
class Sum:
    """The cell ``total`` is the sum of the cells ``parts``."""

    total: int
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """All counts that are published together, whatever tables they stand in, and every sum that holds among them.

    Tables that share a margin share its cells; then what one table hides, another does not give away.

    :param values: ``[cells]``, at least 0.
    """

    values: Ints
    sums: tuple[Sum, ...]

    def __post_init__(self) -> None:
        if (self.values < 0).any():
            raise ValueError(f"values must be at least 0, got {int(self.values.min())}")
        for one in self.sums:
            added = int(self.values[list(one.parts)].sum())
            if added != self.values[one.total]:
                raise ValueError(f"cell {one.total} must be the sum of its parts {added}, got {self.values[one.total]}")

    @property
    def matrix(self) -> "csr_array[np.float64]":
        """``[sums, cells]``: its product with the values is 0."""
        rows = [row for row, one in enumerate(self.sums) for _ in range(len(one.parts) + 1)]
        columns = [cell for one in self.sums for cell in (one.total, *one.parts)]
        signs = [sign for one in self.sums for sign in (1.0, *[-1.0] * len(one.parts))]
        return csr_array((signs, (rows, columns)), shape=(len(self.sums), len(self.values)))


@dataclass(frozen=True, slots=True)
class Hidden:
    """Why each cell is hidden or not, and whether fewer could not be hidden (``is_least``)."""

    why: tuple[Why, ...]
    is_least: bool

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """``[cells]``: which are hidden."""
        return np.array([one != "shown" for one in self.why])


def two_way(counts: Ints) -> Cells:
    """A table with its margins: cell (i, j) is ``i * (columns + 1) + j``; the last row and column are the sums.

    >>> two_way(np.array([[20, 50], [8, 19]])).values.tolist()
    [20, 50, 70, 8, 19, 27, 28, 69, 97]
    """
    rows, columns = counts.shape
    whole = np.zeros((rows + 1, columns + 1), dtype=np.int64)
    whole[:-1, :-1] = counts
    whole[-1, :-1], whole[:-1, -1], whole[-1, -1] = counts.sum(0), counts.sum(1), counts.sum()
    place = np.arange(whole.size).reshape(whole.shape)
    sums = [Sum(int(line[-1]), tuple(int(cell) for cell in line[:-1])) for line in (*place, *place.T)]
    return Cells(whole.ravel(), tuple(sums))
