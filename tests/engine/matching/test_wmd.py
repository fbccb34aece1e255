"""Pools of kidney exchange, and lines that are none."""

import pytest

from samspel.engine.matching.wmd import WmdError, read

NAMES = ["# ALTERNATIVE NAME 1: Pair 1\n", "# ALTERNATIVE NAME 2: Altruist 1\n"]


def test_a_pool_is_read():
    problem = read(["# NUMBER ALTERNATIVES: 2\n", "# NUMBER EDGES: 1\n", *NAMES, "2,1,3\n", "\n"], ring=3, chain=2)

    assert problem.needs.tolist() == [True, False]
    assert (problem.givers.tolist(), problem.takers.tolist()) == ([1], [0])
    assert (problem.ring, problem.chain) == (3, 2)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no line names an alternative"),
        ([*NAMES, "2,1"], "line 3: an edge must be giver,taker,weight, got '2,1'"),
        ([*NAMES, "2,1,x"], "line 3: an edge must be two whole numbers and a number"),
        ([*NAMES, "2,7,1"], "line 3: alternative 7 has no name"),
        ([*NAMES, "1,2,1"], "takers must have a need"),
        (["# NUMBER EDGES: 2", *NAMES, "2,1,1"], "NUMBER EDGES says 2, the file has 1"),
    ],
)
def test_what_is_no_pool_is_told_with_its_line(lines, message):
    with pytest.raises(WmdError, match=message):
        read(lines)
