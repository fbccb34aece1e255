"""Pairs, rings and chains of help that share no one, of greatest value, with a bound on every other selection.

>>> import numpy as np
>>> from samspel.engine.matching import Objective, Problem, solve
>>> ids = ("drives, wants work", "has a broken arm, hires", "teaches mathematics")
>>> needs, givers, takers = np.array([True, True, False]), np.array([0, 1, 2]), np.array([1, 0, 0])
>>> problem = Problem(ids, needs, givers, takers, (Objective("needs met", np.ones(3)),))
>>> solution = solve(problem)
>>> solution.value, solution.bound, solution.status
(2.0, 2.0, 'best')
"""

from .areas import Share, shares_of
from .changing import Change, Changed, apply, change, mend
from .checking import check
from .describing import describe
from .limits import most_needs_met
from .records import Areas, Kind, Objective, Pair, Problem, Selected, Solution, Status
from .solving import solve

__all__ = [
    "Areas",
    "Change",
    "Changed",
    "Kind",
    "Objective",
    "Pair",
    "Problem",
    "Selected",
    "Share",
    "Solution",
    "Status",
    "apply",
    "change",
    "check",
    "describe",
    "mend",
    "most_needs_met",
    "shares_of",
    "solve",
]
