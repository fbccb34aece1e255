"""The linear relaxation of large pools: near enough, from where the last one ended, in products of a sparse matrix.

Primal-dual hybrid gradient (Chambolle and Pock 2011; for linear programmes Applegate et al. 2021), in steps that are
reflected and drawn back to where they began, begun anew when they have come closer (Lu and Yang 2024), each post and
column with a step of its own (Pock and Chambolle 2011). Where the prices are only near, the bound says so: it is
counted at them and not here.
"""

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from .columns import Columns, Level
from .programmes import Relaxed, rows_of

__all__ = ["relax_near"]

Floats = npt.NDArray[np.float64]
_LOOK = 50  # steps between two looks at the clock and the gap
_CLOSER, _CLOSER_AND_BACK, _LONG = 0.2, 0.8, 0.36  # when to begin anew, as Applegate et al. found best


@dataclass(frozen=True, slots=True)
class _Programme:
    """Most of ``worth @ x`` with ``rows @ x <= most``, x from 0 to 1; and the step of each column and row."""

    worth: Floats
    rows: "csr_array[np.float64]"
    columns: "csr_array[np.float64]"
    most: Floats
    step: Floats
    row_step: Floats

    @classmethod
    def of(cls, worth: Floats, rows: "csr_array[np.float64]", most: Floats) -> "_Programme":
        columns = rows.T.tocsr()
        by_column, by_row = (np.asarray(abs(some).sum(axis=1)).ravel() for some in (columns, rows))
        return cls(worth, rows, columns, most, 1.0 / np.maximum(by_column, 1e-9), 1.0 / np.maximum(by_row, 1.0))

    def gap(self, at: "_Point") -> tuple[float, float]:
        """What the prices bound, over these columns, and the value less what rows are exceeded by at their price."""
        above = float(self.most @ at.y + np.maximum(0.0, self.worth - at.paid).sum())
        return above, float(self.worth @ at.x - 2 * (at.y @ np.maximum(0.0, at.used - self.most)))


@dataclass(frozen=True, slots=True)
class _Point:
    """How far columns are taken, prices, and their products with the rows."""

    x: Floats
    y: Floats
    used: Floats
    paid: Floats


def relax_near(
    columns: Columns,
    worth: Floats,
    posts: int,
    levels: list[Level],
    start: Relaxed | None,
    *,
    steps: int,
    near: float,
    ends_s: float,
) -> Relaxed:
    """:param start: of the first of these columns; the others begin at 0.
    :param near: how close value and bound over these columns are to be, as a share."""
    rows, most = rows_of(columns, posts, levels)
    scale = np.ones(len(most))
    for number, level in enumerate(levels):
        scale[posts + number] = 1.0 / max(1e-9, float(np.abs(level.worth).max(initial=0.0)))
    rows = csr_array(rows.multiply(scale[:, None]))
    programme = _Programme.of(worth, rows, most * scale)
    x, y = np.zeros(len(columns)), np.zeros(len(most))
    if start is not None:
        x[: len(start.taken)] = start.taken
        y[:] = np.concatenate([start.prices, start.level_prices]) / scale
    balance = 0.0 if start is None else start.balance
    point, balance = _walk(programme, _Point(x, y, rows @ x, programme.columns @ y), balance, steps, near, ends_s)
    prices = point.y * scale
    _, value = programme.gap(point)
    return Relaxed(value, point.x, prices[:posts], prices[posts:], balance)


def _walk(
    programme: _Programme, point: _Point, weight: float, steps: int, near: float, ends_s: float
) -> tuple[_Point, float]:
    rows, columns, step, row_step = programme.rows, programme.columns, programme.step, programme.row_step
    weight = weight or max(1e-9, _norm(programme.worth, 1 / step)) / max(1e-9, _norm(programme.most, 1 / row_step))
    begun, since, first, last = point, 0, 0.0, np.inf
    moved = point
    for number in range(steps):
        x: Floats = np.clip(point.x + (step / weight) * (programme.worth - point.paid), 0.0, 1.0)
        used = rows @ x
        y = np.maximum(0.0, point.y + (row_step * weight) * (2 * used - point.used - programme.most))
        moved = _Point(x, y, used, columns @ y)
        if number % _LOOK == 0:
            above, value = programme.gap(moved)
            if above - value <= near * abs(above) or time.monotonic() > ends_s:
                break
        across, up = x - point.x, y - point.y
        length = weight * _norm(across, step) ** 2 - 2 * float(up @ (used - point.used))
        error = float(np.sqrt(max(0.0, length + _norm(up, row_step) ** 2 / weight)))
        if not since:
            first, last = error, np.inf
        closer = error <= _CLOSER * first or (error <= _CLOSER_AND_BACK * first and error > last)
        last = error
        if since and (closer or since >= _LONG * number + _LOOK):
            weight = _balanced(weight, _norm(moved.x - begun.x, step), _norm(moved.y - begun.y, row_step))
            point = begun = moved
            since = 0
            continue
        share = (since + 1) / (since + 2)
        point = _Point(
            share * (2 * x - point.x) + (1 - share) * begun.x,
            share * (2 * y - point.y) + (1 - share) * begun.y,
            share * (2 * used - point.used) + (1 - share) * begun.used,
            share * (2 * moved.paid - point.paid) + (1 - share) * begun.paid,
        )
        since += 1
    return moved, weight


def _norm(values: Floats, steps: Floats) -> float:
    return float(np.sqrt((values * values / steps).sum()))


def _balanced(weight: float, across: float, up: float) -> float:
    """Between what it was and how far prices went for each step of the columns."""
    return float(np.sqrt(weight * up / across)) if across > 1e-10 and up > 1e-10 else weight
