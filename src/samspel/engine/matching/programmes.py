"""Linear and integer programmes over rings and chains, by HiGHS (Huangfu and Hall 2018).

A linear one is kept warm: when columns have come, the simplex goes on from where it ended.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, vstack

from .columns import Columns, Level

__all__ = ["Relaxed", "centre", "pick", "relax", "rows_of"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_WARM = 0.15  # so large a share of new columns the simplex takes in sooner than interior point begins anew
_WARM_FEW = 0.5  # and sooner than it begins anew itself
# Columns that are compared with each other before a search, in all or for each post; more take minutes, by no clock.
_COMPARED, _COMPARED_EACH = 3_000, 5
_FEW = 1_000  # columns for the simplex from the start
_PRIMAL = 4  # as HiGHS numbers its simplex
_WHOLE = 1e-6
_GUESSES = "rins", "rens", "root_reduced_cost"
_SEARCHED = tuple(getattr(highspy.HighsModelStatus, one) for one in ("kOptimal", "kSolutionLimit", "kTimeLimit"))


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The linear relaxation: its value, how far each column is taken, and the prices of posts and of levels.

    :param balance: how steps in columns are weighed against steps in prices, where it was found by steps.
    :param warm: what HiGHS can go on from, once.
    """

    value: float
    taken: Floats
    prices: Floats
    level_prices: Floats
    balance: float = 0.0
    warm: "highspy.Highs | None" = field(default=None, compare=False, repr=False)

    @property
    def is_whole(self) -> bool:
        return bool((np.abs(self.taken - np.rint(self.taken)) < _WHOLE).all())


def rows_of(columns: Columns, posts: int, levels: Sequence[Level]) -> "tuple[csc_array[np.float64], Floats]":
    """``[posts and levels, columns]`` and the most of each row: a post may be taken once, a level is to be kept."""
    rows = columns.matrix(posts)
    if levels:
        rows = csc_array(vstack([rows, csc_array(np.array([-level.worth for level in levels]))], format="csc"))
    return rows, np.concatenate([np.ones(posts), [-level.least for level in levels]])


def relax(
    columns: Columns, worth: Floats, posts: int, levels: Sequence[Level], start: Relaxed | None = None
) -> Relaxed | None:
    """To the last digit; None when the solver failed, which it tells.

    :param start: of the first of these columns, in their order, with the same levels.
    """
    known = len(start.taken) if start is not None else 0
    warm = _WARM_FEW if len(columns) <= _FEW else _WARM
    if start is None or start.warm is None or len(columns) - known > warm * known:
        highs = _programme(*rows_of(columns, posts, levels), worth, math.inf)
        highs.setOptionValue("solver", "simplex" if len(columns) <= _FEW else "ipm")
    else:
        highs = start.warm
        highs.setOptionValue("solver", "simplex")
        highs.setOptionValue("simplex_strategy", _PRIMAL)
        new = columns[np.arange(known, len(columns))]
        if len(new):
            rows, _ = rows_of(new, posts, [Level(one.worth[known:], one.least) for one in levels])
            _add(highs, rows, worth[known:], math.inf)
    return _relaxed(highs, posts)


def centre(columns: Columns, worth: Floats, posts: int, levels: Sequence[Level]) -> Relaxed | None:
    """From within the best face, by interior point: there the fewest columns lose nothing at the prices."""
    highs = _programme(*rows_of(columns, posts, levels), worth, math.inf)
    highs.setOptionValue("solver", "ipm")
    highs.setOptionValue("run_crossover", "off")
    found = _relaxed(highs, posts)
    return None if found is None else replace(found, warm=None)


def _relaxed(highs: highspy.Highs, posts: int) -> Relaxed | None:
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    found = highs.getSolution()
    prices = np.maximum(-np.array(found.row_dual), 0.0)
    value = -float(highs.getInfo().objective_function_value)
    return Relaxed(value, np.array(found.col_value), prices[:posts], prices[posts:], warm=highs)


def pick(
    columns: Columns,
    worth: Floats,
    posts: int,
    levels: Sequence[Level],
    *,
    nodes: int,
    time_limit_s: float,
    start: Mask | None = None,
    is_near: bool = False,
) -> tuple[Mask | None, float]:
    """The best of these columns that share no post, if any was found, and a bound on all of them: -inf where none
    keeps the levels.

    :param start: a selection that keeps the levels, to do better than.
    :param is_near: the start is hardly less than the best. Then the search guesses at no others and never begins anew,
        and is done in a fraction of the time.
    """
    if not len(columns):
        return None, 0.0
    rows, most = rows_of(columns, posts, levels)
    most[posts:] += 1e-6
    highs = _programme(rows, most, worth, 1.0)
    every = np.arange(len(columns), dtype=np.int32)
    highs.changeColsIntegrality(len(columns), every, np.full(len(columns), highspy.HighsVarType.kInteger))
    highs.setOptionValue("time_limit", max(0.1, time_limit_s))
    highs.setOptionValue("mip_max_nodes", nodes)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("presolve", "choose" if len(columns) <= max(_COMPARED, _COMPARED_EACH * posts) else "off")
    if start is not None:
        known = highspy.HighsSolution()
        known.col_value = start.astype(np.float64).tolist()
        highs.setSolution(known)
    if is_near:
        for guess in _GUESSES:
            highs.setOptionValue(f"mip_heuristic_run_{guess}", False)
        highs.setOptionValue("mip_allow_restart", False)
    highs.run()
    status, info = highs.getModelStatus(), highs.getInfo()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None, -math.inf
    bound = -float(info.mip_dual_bound) if status in _SEARCHED else math.inf
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None, bound
    return np.array(highs.getSolution().col_value) > 0.5, bound


def _programme(rows: "csc_array[np.float64]", most: Floats, worth: Floats, upper: float) -> highspy.Highs:
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("presolve", "off")
    count, nothing = len(most), np.zeros(0, dtype=np.int32)
    least = np.full(count, -math.inf)
    highs.addRows(count, least, most, 0, np.zeros(count + 1, dtype=np.int32), nothing, np.zeros(0))
    _add(highs, rows, worth, upper)
    return highs


def _add(highs: highspy.Highs, rows: "csc_array[np.float64]", worth: Floats, upper: float) -> None:
    count, starts = len(worth), rows.indptr[:-1].astype(np.int32)
    bounds = np.zeros(count), np.full(count, upper)
    highs.addCols(count, -worth, *bounds, rows.nnz, starts, rows.indices.astype(np.int32), rows.data)
