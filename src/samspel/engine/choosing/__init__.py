"""Choosing a few of many so that everyone is represented: approval, dots and ranking ballots; places or a budget.

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

from . import pabulib
from .checking import check
from .describing import describe
from .records import (
    RULES,
    Ballot,
    Certificate,
    Claim,
    Payment,
    Problem,
    Purchase,
    Rule,
    Solution,
    TableCount,
    Tie,
    Ties,
    Value,
)
from .solving import solve

__all__ = [
    "RULES",
    "Ballot",
    "Certificate",
    "Claim",
    "Payment",
    "Problem",
    "Purchase",
    "Rule",
    "Solution",
    "TableCount",
    "Tie",
    "Ties",
    "Value",
    "check",
    "describe",
    "pabulib",
    "solve",
]
