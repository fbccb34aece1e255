from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from samspel.engine.seating import Person, Problem, Solution, Table, check, place_late, solve

from .halls import problems, read_hall

TOLD = ("not told in broken", "told in broken, but kept", "status", "alike", "repeats", "bound", "rounds", "least_rep")
ROOM = (Table("t0", 1, 3, ("accessible",)), Table("t1", 1, 3))
PEOPLE = (
    Person("a1", {"unit": "a"}),
    Person("b1", {"unit": "b"}),
    Person("a2", {"unit": "a"}),
    Person("c1", {"unit": "c"}),
)
PLAN = {"a1": "t0", "b1": "t0", "a2": "t1", "c1": "t1"}


def plan(*rounds: dict[str, str]) -> Solution:
    return Solution(rounds, "best", (), 0.0, 0.0, 0.0, 0)


@given(problems(people=10))
@settings(max_examples=100, deadline=None)
def test_late_ones_get_a_seat_nobody_moves_and_what_breaks_is_told(problem: Problem):
    solution = solve(problem, rng=np.random.default_rng(3), steps=100)
    before = solution.rounds
    newcomers = (
        Person("n1", {"unit": "a"}, manages=("b",), needs=("accessible",)),
        Person("n2", {"unit": "b"}),
        Person("n3", {"unit": "a"}, table=problem.tables[-1].id),
    )

    for newcomer in newcomers:
        late = place_late(problem, solution, newcomer)
        problem, solution = late.problem, late.solution

    assert [line for line in check(problem, solution) if line.startswith(TOLD)] == []
    for old, new in zip(before, solution.rounds, strict=True):
        assert old.items() <= new.items()


def test_she_comes_where_fewest_are_like_her():
    assert place_late(Problem(PEOPLE, ROOM), plan(PLAN), Person("c2", {"unit": "c"})).tables == ("t0",)
    assert place_late(Problem(PEOPLE, ROOM), plan(PLAN), Person("b2", {"unit": "b"})).tables == ("t1",)


def test_the_smaller_table_comes_first_so_that_sizes_stay_even():
    problem = Problem((*PEOPLE, Person("b2", {"unit": "b"})), ROOM)

    late = place_late(problem, plan({**PLAN, "b2": "t0"}), Person("c2", {"unit": "c"}))

    assert late.tables == ("t1",)
    assert late.broken == ()


def test_she_meets_new_faces_in_the_rounds_that_are_left_and_the_past_is_left_alone():
    problem = Problem(PEOPLE, ROOM, rounds=3)

    late = place_late(problem, plan(PLAN, PLAN, PLAN), Person("d1", {"unit": "d"}), round_=1)

    assert len(late.tables) == 2
    assert len(set(late.tables)) == 2
    assert "d1" not in late.solution.rounds[0]


def test_whoever_she_met_in_an_earlier_dialogue_counts():
    problem = Problem(PEOPLE, ROOM, earlier=(("d1", "a1"),))

    assert place_late(problem, plan(PLAN), Person("d1")).tables == ("t1",)


def test_hard_rules_come_before_even_tables():
    people = (*PEOPLE, Person("m", {"unit": "z"}, manages=("d",)))
    problem = Problem(people, ROOM)

    late = place_late(problem, plan({**PLAN, "m": "t1"}), Person("d1", {"unit": "d"}))
    wheels = place_late(problem, plan({**PLAN, "m": "t0"}), Person("w", needs=("accessible",)))

    assert late.tables == ("t0",)
    assert wheels.tables == ("t1",) or wheels.broken == ()


@pytest.mark.parametrize(
    ("newcomer", "sitting", "rule", "reason"),
    [
        (Person("n", needs=("interpreter",)), PLAN, "need", "no-table-offers"),
        (Person("n", needs=("accessible",)), {**PLAN, "x": "t0"}, "need", "full"),
        (Person("n", table="t0"), {**PLAN, "x": "t0"}, "fixed", "full"),
        (Person("n", {"unit": "a"}), {**PLAN, "x": "t0", "y": "t1"}, "size", "too-many-people"),
        (Person("n", manages=("a",)), PLAN, "manager", "full"),
    ],
)
def test_what_cannot_be_kept_is_told(newcomer: Person, sitting: dict[str, str], rule: str, reason: str):
    problem = Problem((*PEOPLE, *(Person(extra) for extra in ("x", "y") if extra in sitting)), ROOM)

    late = place_late(problem, plan(sitting), newcomer)

    assert (rule, reason) in {(broken.rule, broken.reason) for broken in late.broken}
    assert late.solution.status == "broken"


def test_apart_and_together_hold_for_one_who_was_expected_and_comes_late():
    problem = Problem(PEOPLE, ROOM, apart=(("n", "a1"),), together=(("n", "c1"), ("n", "gone")))
    torn = Problem(PEOPLE, ROOM, apart=(("n", "a1"), ("n", "c1")), together=(("n", "b1"), ("n", "a2")))

    late = place_late(problem, plan(PLAN), Person("n"))
    broken = place_late(torn, plan(PLAN), Person("n")).broken

    assert late.tables == ("t1",)
    assert late.broken == ()
    assert Counter(told.rule for told in broken) == {"apart": 1, "together": 1}


@pytest.mark.parametrize(
    ("newcomer", "round_", "message"),
    [
        (Person("a1"), 0, "person must be new, got 'a1'"),
        (Person("n"), 1, "round_ must be from 0 to 0, got 1"),
        (Person("n", table="x"), 0, "person.table must be one of the tables, got 'x'"),
    ],
)
def test_a_newcomer_who_makes_no_sense_is_refused(newcomer: Person, round_: int, message: str):
    with pytest.raises(ValueError, match=message):
        place_late(Problem(PEOPLE, ROOM), plan(PLAN), newcomer, round_=round_)


@pytest.mark.data
def test_one_in_twenty_comes_late_to_a_hall_and_no_rule_breaks(data_dir: Path):
    whole = read_hall(data_dir / "seating", 400, 7, tables=100, least=3, most=5, rounds=3)
    linked = {person for group in (*whole.apart, *whole.together) for person in group}
    late = [person for person in whole.people if person.id not in linked][:20]
    problem = Problem(
        tuple(person for person in whole.people if person not in late),
        whole.tables,
        3,
        whole.apart,
        whole.together,
    )
    solution = solve(problem, rng=np.random.default_rng(1))

    for person in late:
        placed = place_late(problem, solution, person)
        problem, solution = placed.problem, placed.solution

    assert check(problem, solution) == []
    assert solution.gain > 0.95
