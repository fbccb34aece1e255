"""Choosing a few of many so that everyone is represented: approval ballots and the method of equal shares.

>>> from samspel.engine.choosing import Ballot, Problem, solve
>>> problem = Problem(
...     options=("time", "trust", "rules", "fika"),
...     ballots=(Ballot(("time", "trust"), voters=4), Ballot(("time", "rules"), voters=3), Ballot(("fika",), voters=2)),
...     places=2,
... )
>>> solution = solve(problem)
>>> solution.winners
('time', 'trust')
>>> solution.covered, solution.voters
(7, 9)
"""

from .checking import check
from .describing import describe
from .records import (
    Ballot,
    Certificate,
    Claim,
    Payment,
    Problem,
    Purchase,
    Solution,
    TableCount,
    Tie,
    Ties,
)
from .shares import solve

__all__ = [
    "Ballot",
    "Certificate",
    "Claim",
    "Payment",
    "Problem",
    "Purchase",
    "Solution",
    "TableCount",
    "Tie",
    "Ties",
    "check",
    "describe",
    "solve",
]
