"""Who could help whom: needs and offers in plain words, compared by words, kind of help, place, time and language.

>>> from samspel.engine.candidates import Post, Problem, find, reasons
>>> posts = (
...     Post("1", "offer", "Ali", "Kan köra bil", area="Norra"),
...     Post("2", "need", "Bo", "Någon som kör min bil till kunder", area="Norra"),
... )
>>> problem = Problem(posts)
>>> candidates = find(problem)
>>> [reason.text for reason in reasons(problem, candidates, 0)]
['Both write of kör, bil.', 'Both are in Norra.']
"""

from .checking import check
from .describing import reasons
from .finding import find
from .learning import Judged, Learned, check_learned, describe_learned, learn
from .records import PARTS, Candidates, Kind, Post, Problem, Weights

__all__ = [
    "PARTS",
    "Candidates",
    "Judged",
    "Kind",
    "Learned",
    "Post",
    "Problem",
    "Weights",
    "check",
    "check_learned",
    "describe_learned",
    "find",
    "learn",
    "reasons",
]
