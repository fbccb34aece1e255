from fractions import Fraction

import pytest
from hypothesis import given, settings

from samspel.engine.choosing import Ballot, Problem, pabulib

from .profiles import problems

APPROVAL = """META
key;value
description;Lindvik, park and square
num_projects;3
num_votes;4
budget;1000.50
vote_type;approval
PROJECTS
project_id;cost;name;category
park;600;"A park; with trees";green
bench;250.25;Benches
tree;150;"The ""old"" tree";green
VOTES
voter_id;vote
1;park,bench
2;bench,tree,bench
3;tree,unknown
4;
"""


def read(text: str) -> pabulib.Election:
    return pabulib.read(text.splitlines(keepends=True))


def test_an_approval_file_is_read_with_what_was_odd_in_it():
    election = read(APPROVAL)

    assert [(project.id, project.cost) for project in election.projects] == [
        ("park", 600),
        ("bench", Fraction(1001, 4)),
        ("tree", 150),
    ]
    assert [project.name for project in election.projects] == ["A park; with trees", "Benches", 'The "old" tree']
    assert [ballot.marks for ballot in election.ballots] == [("park", "bench"), ("bench", "tree"), ("tree",), ()]
    assert election.remarks == (
        "line 16: the project 'bench' is named twice; it counts once",
        "line 17: the project 'unknown' is not in the file; it was left out",
    )
    assert election.for_budget("cost").budget == Fraction(2001, 2)


def test_points_are_dots_and_none_is_no_mark():
    election = read(
        "META\nkey;value\nvote_type;cumulative\nPROJECTS\nproject_id;cost\na;1\nb;1\n"
        "VOTES\nvoter_id;vote;points\n1;a,b;3,0\n2;b,b;1,2\n"
    )

    assert election.ballots == (Ballot(("a",), points=(3,)), Ballot(("b",), points=(2,)))


def test_rankings_keep_their_order():
    election = read("META\nkey;value\nvote_type;ordinal\nPROJECTS\nproject_id;cost\na;1\nb;1\nVOTES\nvote\nb,a\n")

    assert election.ballots == (Ballot(("b", "a")),)
    assert election.voter_ids == ("1",)


def test_what_is_written_is_read_again():
    election = read(APPROVAL)

    again = pabulib.read(pabulib.write(election))

    assert (again.meta, again.projects, again.ballots) == (election.meta, election.projects, election.ballots)


@given(problems(with_points=True))
@settings(deadline=None)
def test_any_dots_can_be_written_and_read(problem: Problem):
    ballots = tuple(Ballot(tuple(b.dots()), points=tuple(b.dots().values())) for b in problem.ballots)
    election = pabulib.Election(
        "cumulative",
        {"vote_type": "cumulative"},
        tuple(pabulib.Project(option, Fraction(7, 4), {}) for option in problem.options),
        ballots,
        tuple(map(str, range(len(ballots)))),
    )

    assert pabulib.read(pabulib.write(election)) == election


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("META\nkey;value\n", "", 1, "expected the section META, got 'description'"),
        ("key;value", "key;other", 2, "META must have the column value"),
        ("vote_type;approval", "vote_type;guess", 0, "vote_type must be one of approval, choose-1"),
        ("vote_type;approval", "vote_type;choose-1", 15, "a choose-1 vote names one project, got 2"),
        ("vote_type;approval", "vote_type;cumulative", 15, "expected 2 points, one for each project, got 0"),
        ("PROJECTS", "META", 8, "the section META is there twice"),
        ("project_id;cost;name;category", "project_id;name;category", 9, "PROJECTS must have the column cost"),
        ("park;600", "park;much", 10, "cost of park must be a number, got 'much'"),
        ("park;600", "park;-6", 10, "cost of park must be at least 0, got -6"),
        ("tree;150", "park;150", 12, "the project park is there twice"),
        ("tree;150", "a,b;150", 12, "project_id must be a name without a comma, got 'a,b'"),
        ("Benches", "Benches;green;more", 11, "expected 4 fields, got 5"),
        ("VOTES\nvoter_id;vote", "VOTES\nvoter_id;votes", 14, "VOTES must have the column vote"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(old: str, new: str, line: int, message: str):
    assert old in APPROVAL

    with pytest.raises(pabulib.PabulibError, match=message) as told:
        read(APPROVAL.replace(old, new, 1))

    assert told.value.line == line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the section META is missing"),
        ("META\nkey;value\nvote_type;approval\nPROJECTS\nproject_id;cost\na;1\n", "the section VOTES is missing"),
        ("META\nkey;value\nvote_type;approval\nPROJECTS\nproject_id;cost\nVOTES\nvote\n", "PROJECTS is empty"),
        (
            "META\nkey;value\nvote_type;cumulative\nPROJECTS\nproject_id;cost\na;1\nVOTES\nvote;points\na;1.5\n",
            "points must be whole numbers of at least 0, got '1.5'",
        ),
    ],
)
def test_what_is_missing_is_told(text: str, message: str):
    with pytest.raises(pabulib.PabulibError, match=message):
        read(text)


def test_a_file_without_a_budget_cannot_be_spent():
    with pytest.raises(pabulib.PabulibError, match="budget in META must be a number, got ''"):
        read(APPROVAL.replace("budget;1000.50\n", "")).for_budget("cost")


def test_numbers_that_do_not_agree_are_told():
    assert "num_votes says 9, the file has 4" in read(APPROVAL.replace("num_votes;4", "num_votes;9")).remarks
