"""A first selection at once, of chains that grow together; and a bound that asks for no rings and no chains."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from .columns import Goal
from .pricing import Arcs, Posts

__all__ = ["grown_chains", "most_of_each"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def grown_chains(arcs: Arcs, goal: Goal, chain: int) -> Posts:
    """``[chains, transfers + 1]``: for each place in the chain, those who came last each help one who still needs, so
    that it is worth most together (a sparse assignment, Jonker and Volgenant 1987)."""
    paths = np.full((len(arcs.starts), chain + 1), -1, dtype=np.int32)
    if not chain:
        return paths[:0]
    paths[:, 0] = arcs.starts
    row_of = np.full(arcs.posts, -1)
    row_of[arcs.starts] = np.arange(len(arcs.starts))
    is_free = np.ones(arcs.posts, dtype=bool)
    is_free[arcs.starts] = False
    for length in range(chain):
        worth = goal.weights + goal.chains[length + 1] - goal.chains[length]
        could = np.flatnonzero((row_of[arcs.givers] >= 0) & is_free[arcs.takers] & (worth > 0))
        some = could[_assigned(arcs.givers[could], arcs.takers[could], worth[could], arcs.posts)]
        givers, takers = arcs.givers[some], arcs.takers[some]
        rows = row_of[givers]
        paths[rows, length + 1] = takers
        is_free[takers] = False
        row_of[:] = -1
        row_of[takers] = rows
    return paths[paths[:, 1] >= 0]


def most_of_each(arcs: Arcs, goal: Goal) -> float:
    """Above every selection: each helps at most one and is helped by at most one, however long that makes the rings and
    chains."""
    worth = goal.weights + goal.by_transfer[1]
    some = np.flatnonzero(worth > 0)
    chosen = some[_assigned(arcs.givers[some], arcs.takers[some], worth[some], arcs.posts)]
    return float(worth[chosen].sum())


def _assigned(givers: Ints, takers: Ints, worth: Floats, posts: int) -> Ints:
    """Those of these arcs, no giver twice and no taker, that are worth most together. Each is worth something."""
    if not len(givers):
        return np.empty(0, dtype=np.int64)
    rows, row = np.unique(givers, return_inverse=True)
    # Each giver may help nobody: a column of its own. What all weigh more changes nothing, and nothing weighs 0.
    alone = np.arange(len(rows))
    data = np.concatenate([worth, np.zeros(len(rows))]) + 1.0
    ends = np.concatenate([row, alone]), np.concatenate([takers, posts + alone])
    matrix = csr_array((data, ends), shape=(len(rows), posts + len(rows)))
    giver, taker = min_weight_full_bipartite_matching(matrix, maximize=True)
    is_on = taker < posts
    wanted = rows[giver[is_on]].astype(np.int64) * posts + taker[is_on]
    keys = givers * posts + takers
    order = np.argsort(keys)
    found: Ints = order[np.searchsorted(keys[order], wanted)]
    return found
