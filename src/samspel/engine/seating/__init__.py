"""Seating people at tables as diverse as possible, with rules that hold, over one or several rounds.

>>> import numpy as np
>>> from samspel.engine.seating import Person, Problem, Table, describe, solve
>>> units = ("school", "care", "parks")
>>> people = tuple(Person(f"{unit}{number}", {"unit": unit}) for unit in units for number in range(3))
>>> tables = (Table("Eldkvarn", 3, 4), Table("Ekeby", 3, 4), Table("Tuna", 3, 4))
>>> solution = solve(Problem(people, tables, rounds=3), rng=np.random.default_rng(1))
>>> solution.status, [description.text for description in describe(Problem(people, tables, rounds=3), solution)]
('best', ['27 new meetings.', '3 units, 3 of 3 pairs of units meet.'])
"""

from .changing import Board, Changes, Cost
from .checking import check
from .describing import describe
from .groups import choose_hosts, deal_trios, draw
from .late import Hall, Late, Merged, Placed, place_late
from .measuring import measure
from .records import WEIGHTS, Broken, Person, Problem, Reason, Rule, Solution, Status, Table
from .solving import default_steps, solve

__all__ = [
    "WEIGHTS",
    "Board",
    "Broken",
    "Changes",
    "Cost",
    "Hall",
    "Late",
    "Merged",
    "Person",
    "Placed",
    "Problem",
    "Reason",
    "Rule",
    "Solution",
    "Status",
    "Table",
    "check",
    "choose_hosts",
    "deal_trios",
    "default_steps",
    "describe",
    "draw",
    "measure",
    "place_late",
    "solve",
]
