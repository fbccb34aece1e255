import json
from fractions import Fraction

import pytest

from samspel.engine.choosing import Ballot, Problem, solve
from samspel.engine.records import as_json


def test_a_whole_solution_can_be_stored_as_json():
    solution = solve(Problem(("a",), (Ballot(("a",), voters=3),), places=1))

    stored = json.loads(json.dumps(as_json(solution)))

    assert stored["winners"] == ["a"]
    assert stored["purchases"][0]["payments"] == [{"marks": ["a"], "voters": 3, "each": "1/3"}]


def test_plain_values_and_sets_stay_readable():
    assert as_json({"needs": frozenset({"b", "a"}), "none": None, "share": Fraction(1, 2)}) == {
        "needs": ["a", "b"],
        "none": None,
        "share": "1/2",
    }


def test_a_value_that_json_does_not_know_is_refused_by_name():
    with pytest.raises(TypeError, match="got object"):
        as_json([object()])
