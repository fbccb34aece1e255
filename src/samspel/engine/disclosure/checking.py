"""The attacker's audit, written apart from the choice of cells."""

from collections.abc import Collection

import numpy as np

from .records import Cells, Hidden

__all__ = ["check", "reach"]


def reach(cells: Cells, hidden: Hidden, cell: int, *, known: Collection[int] = ()) -> tuple[float, float]:
    """The least and the most that a cell can be for one who knows all that is shown: two linear programmes."""
    from scipy.optimize import linprog  # slow to load; see protecting

    mask = hidden.mask.copy()
    mask[list(known)] = False
    unknown = np.flatnonzero(mask)
    if cell not in unknown:
        return float(cells.values[cell]), float(cells.values[cell])
    matrix = cells.matrix
    right = -(matrix[:, np.flatnonzero(~mask)] @ cells.values[~mask])
    goal = (unknown == cell).astype(float)
    ends = []
    for sign in (1.0, -1.0):
        result = linprog(sign * goal, A_eq=matrix[:, unknown], b_eq=right, bounds=(0, None), method="highs")
        ends.append(np.inf if result.status == 3 else float(sign * result.fun))
    return ends[0], ends[1]


def check(
    cells: Cells, hidden: Hidden, *, threshold: int = 5, known: Collection[int] = (), also: Collection[int] = ()
) -> list[str]:
    """What is wrong with a choice of cells, in words; nothing when it keeps what :func:`protect` promises."""
    wrong = []
    for cell, value in enumerate(cells.values):
        if not 0 < value < threshold and cell not in also:
            continue
        if not hidden.mask[cell]:
            wrong.append(f"cell {cell} has {value} answers and is shown")
            continue
        if cell in known:
            continue
        least, most = reach(cells, hidden, cell, known=known)
        if most - least < threshold - 1e-6:
            wrong.append(f"cell {cell} with {value} answers can be told to lie between {least:g} and {most:g}")
    return wrong
