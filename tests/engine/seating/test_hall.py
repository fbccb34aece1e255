from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from samspel.engine.seating import Hall, Person, Problem, Solution, Table, check, measure, solve

from .halls import problems

UNITS = {"a": ("a1", "a2", "a3"), "b": ("b1", "b2", "b3")}
PEOPLE = tuple(Person(id_, {"unit": unit}) for unit, ids in UNITS.items() for id_ in ids)
ROOM = (Table("t0", 2, 4), Table("t1", 2, 4), Table("t2", 2, 4))
PLAN = {"a1": "t0", "b1": "t0", "a2": "t1", "b2": "t1", "a3": "t2", "b3": "t2"}


def hall(problem: Problem | None = None, *rounds: dict[str, str]) -> Hall:
    problem = problem or Problem(PEOPLE, ROOM)
    return Hall(problem, measure(problem, rounds or [PLAN]))


@given(problems(people=10))
@settings(max_examples=50, deadline=None)
def test_whoever_comes_goes_or_merges_everything_is_counted_right(problem: Problem):
    living = Hall(problem, solve(problem, rng=np.random.default_rng(3), steps=30))
    before = [dict(tables) for tables in living.rounds]
    gone = [person.id for person in problem.people[:3]]

    for id_ in gone:
        living.remove(id_)
    living.place(Person("late", {"unit": "b"}, needs=("accessible",)))
    stayed = [dict(tables) for tables in living.rounds]
    moved = {id_ for merged in living.merge_thin() for id_ in merged.people}

    now, solution = living.problem(), living.solution()
    assert [line for line in check(now, solution) if not line.startswith("round ")] == []
    for old, new, merged in zip(before, stayed, solution.rounds, strict=True):
        assert {**old, "late": new["late"]} == {**new, **{id_: old[id_] for id_ in gone}}
        assert {id_ for id_ in new if new[id_] != merged[id_]} <= moved


def test_an_absentee_leaves_a_seat_that_who_comes_late_can_take():
    living = hall()

    living.remove("b2")

    assert living.place(Person("b9", {"unit": "b"})).tables == ("t1",)
    assert "b2" not in living.solution().rounds[0]


def test_who_leaves_after_the_first_round_stays_in_it():
    problem = Problem(PEOPLE, ROOM, rounds=2)
    living = hall(problem, PLAN, PLAN)

    living.remove("a1", round_=1)

    assert living.rounds[0]["a1"] == "t0"
    assert "a1" not in living.rounds[1]
    assert living.solution().repeats == 2


def test_a_thin_table_goes_whole_to_where_it_mixes_best_and_its_own_stays_empty():
    living = hall(Problem((*PEOPLE, Person("c1", {"unit": "c"})), ROOM), {**PLAN, "b3": "t1", "c1": "t0"})

    (merged,) = living.merge_thin()

    assert (merged.people, merged.left) == (("a3",), "t2")
    assert merged.joined in {"t0", "t1"}
    assert living.solution().status in {"good", "best"}
    assert living.place(Person("late")).tables != ("t2",)


def test_two_thin_tables_become_one_before_a_full_one_grows():
    people = tuple(Person(name) for name in ("x", "y", "1", "2", "3"))
    problem = Problem(people, (Table("full", 2, 5), Table("thin", 2, 5), Table("thinner", 2, 5)))
    living = hall(problem, {"x": "thin", "y": "thinner", "1": "full", "2": "full", "3": "full"})

    (merged,) = living.merge_thin()

    assert {merged.left, merged.joined} == {"thin", "thinner"}


def test_a_thin_table_stays_where_going_would_break_a_rule_or_nobody_has_room():
    apart = Problem(PEOPLE[:3], ROOM[:2], apart=(("a1", "a2"),))
    plan = {"a1": "t0", "a2": "t1", "a3": "t1"}
    full = replace(apart, apart=(), tables=(Table("t0", 2, 2), Table("t1", 2, 2)))

    assert hall(apart, plan).merge_thin() == ()
    assert hall(full, plan).merge_thin() == ()


def test_distances_are_counted_when_people_come_and_go():
    distances = np.array([[0, 1, 2], [1, 0, 4], [2, 4, 0]], dtype=np.float32)
    problem = Problem(PEOPLE[:3], (Table("t0", 1, 3),), weights={}, distances=distances)
    living = hall(problem, {"a1": "t0", "a2": "t0", "a3": "t0"})
    assert living.solution().alike == -7

    living.remove("a2")
    living.place(Person("late"))

    assert living.solution().alike == -2
    assert check(living.problem(), living.solution()) == []


def test_somebody_unknown_cannot_be_removed():
    with pytest.raises(ValueError, match="person_id must be one of the people, got 'nobody'"):
        hall().remove("nobody")


def test_a_seating_that_others_made_is_measured_with_rules_and_bounds():
    problem = Problem(PEOPLE, ROOM, apart=(("a1", "b1"),))

    found = measure(problem, [PLAN])

    assert found.status == "broken"
    assert [broken.people for broken in found.broken] == [("a1", "b1")]
    assert isinstance(found, Solution)
    assert measure(Problem(PEOPLE, ROOM), [PLAN]).status == "best"
