"""Which cells to hide so that none that is too small can be worked out, and as little as possible is lost.

The method of Fischetti and Salazar-González (2001, Management Science 47:1008): choose the cells by an integer
programme; let an attacker work out what she can; where she comes too near, the cells that would have kept her in doubt
become a condition on the next choice; until she comes near none.
"""

import time
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack, identity

from .records import Cells, Hidden, Why

__all__ = ["ProtectionError", "protect"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_MOST_ROUNDS = 200


class ProtectionError(ValueError):
    """Nothing that could be hidden keeps a small cell from being worked out, as in a single row: merge groups."""


def protect(
    cells: Cells,
    *,
    threshold: int = 5,
    known: Collection[int] = (),
    also: Collection[int] = (),
    costs: Sequence[float] | None = None,
    time_limit_s: float = 10.0,
) -> Hidden:
    """Hide each count from 1 to ``threshold - 1``, and beside them as little as keeps them ``threshold`` answers wide.

    What an attacker knows: every shown cell, every sum, and that no count is below 0. What is promised: of a cell that
    is hidden because it is too few, she can say no less than a range of ``threshold``. :func:`check` tries.

    :param known: cells that everybody knows whatever is published, such as the 0 of a week in which one was closed.
    :param also: cells to keep in doubt as if they were too few, such as a sum from which something else follows.
    :param costs: ``[cells]``, of hiding each; by default they grow slowly with the count, so that few are hidden, and
        rather inner cells than sums.
    :param time_limit_s: after which the protection found is kept without proof that it is the least.
    :raises ProtectionError: nothing protects a small cell.

    Cost: in each round an integer programme of ``cells`` variables, and two linear ones for each small cell.

    >>> from .records import two_way
    >>> table = two_way(np.array([[20, 50, 10], [8, 19, 2], [17, 32, 12]]))
    >>> [int(table.values[cell]) for cell in np.flatnonzero(protect(table).mask)]
    [20, 10, 8, 2]
    """
    if threshold < 2:
        raise ValueError(f"threshold must be at least 2, got {threshold}")
    values = cells.values
    is_small = (values > 0) & (values < threshold)
    is_small[list(also)] = True
    small = np.flatnonzero(is_small)
    is_known = np.zeros(len(values), dtype=bool)
    is_known[list(known)] = True
    lowest, highest = np.zeros(len(values)), np.where(is_known, 0.0, 1.0)
    lowest[small] = highest[small] = 1
    small = small[~is_known[small]]
    weights = 1 + np.log1p(values) if costs is None else np.asarray(costs, dtype=np.float64)
    attacker = _Attacker(cells, threshold)
    conditions = [*_first_conditions(cells, small, is_known)]
    ends_s = time.monotonic() + time_limit_s
    is_least = True
    for _ in range(_MOST_ROUNDS):
        if time.monotonic() > ends_s:  # all that may be hidden: safe if anything is, and more than is needed
            hidden, is_least = highest > 0, False
        else:
            hidden, is_proven = _choose(weights, lowest, highest, conditions, ends_s)
            is_least &= is_proven
        found = [*attacker.conditions(hidden & ~is_known, small)]
        if not found:
            return Hidden(tuple(_why(bool(one), bool(few)) for one, few in zip(hidden, lowest, strict=True)), is_least)
        if not is_least and hidden.sum() == highest.sum():
            break
        conditions += found
    raise ProtectionError("nothing that could be hidden protects what is too few: merge groups")


def _why(is_hidden: bool, is_few: bool) -> Why:
    return "few" if is_few else "beside" if is_hidden else "shown"


def _first_conditions(cells: Cells, small: npt.NDArray[np.intp], is_known: Mask) -> Iterator[Floats]:
    """In every sum with a small cell another one must be hidden: what the attacker would find first."""
    few = set(small.tolist())
    for one in cells.sums:
        line = (one.total, *one.parts)
        for cell in few.intersection(line):
            room = np.zeros(len(cells.values))
            room[list(line)] = 1
            room[is_known] = room[cell] = 0
            yield room


def _choose(
    weights: Floats, lowest: Floats, highest: Floats, conditions: Sequence[Floats], ends_s: float
) -> tuple[Mask, bool]:
    """The cheapest cells that meet every condition ``condition @ hidden >= 1``, and whether that is proven."""
    if not conditions:
        return lowest > 0, True
    from scipy.optimize import Bounds, LinearConstraint, milp  # slow to load; most tables need no choice

    result = milp(
        weights,
        constraints=LinearConstraint(csr_array(np.array(conditions)), lb=1.0),
        integrality=np.ones(len(weights)),
        bounds=Bounds(lowest, highest),
        options={"time_limit": max(0.1, ends_s - time.monotonic()), "mip_rel_gap": 0.0},
    )
    if result.status == 2:
        raise ProtectionError("nothing that could be hidden protects what is too few: merge groups")
    return (highest > 0, False) if result.x is None else (result.x > 0.5, result.status == 0)


class _Attacker:
    """How far a hidden cell can be moved while the shown ones and all sums stay, as the dual linear programme.

    Its variables are prices: of each cell's limit upwards, of each cell's limit downwards, and of each sum. They say
    which cells would have given room, which is the condition on the next choice.
    """

    def __init__(self, cells: Cells, threshold: int) -> None:
        values = cells.values.astype(np.float64)
        sums, count = len(cells.sums), len(values)
        self._threshold = threshold
        self._down = values  # no count is below 0
        self._up = np.full(count, float(max(values.max(initial=0), threshold)))
        one = identity(count, format="csr")
        self._matrix = csr_array(hstack([one, -one, cells.matrix.T]))
        self._bounds = [(0.0, None)] * (2 * count) + [(None, None)] * sums
        self._none = np.zeros(sums)

    def conditions(self, hidden: Mask, small: npt.NDArray[np.intp]) -> Iterator[Floats]:
        """For each small cell that can be told too well: the room that each cell gives or would give."""
        prices = np.concatenate([self._up * hidden, self._down * hidden, self._none])
        for cell in small:
            most, up = self._move(prices, int(cell), 1.0)
            if most >= self._threshold:
                continue
            least, down = self._move(prices, int(cell), -1.0)
            if most + least < self._threshold - 1e-6:
                yield np.minimum((up + down) / self._threshold, 1.0)

    def _move(self, prices: Floats, cell: int, sign: float) -> tuple[float, Floats]:
        from scipy.optimize import linprog

        count = len(self._up)
        goal = np.zeros(count)
        goal[cell] = sign
        result = linprog(prices, A_eq=self._matrix, b_eq=goal, bounds=self._bounds, method="highs")
        return float(result.fun), result.x[:count] * self._up + result.x[count : 2 * count] * self._down
