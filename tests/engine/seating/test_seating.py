from collections import Counter
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from samspel.engine.seating import Broken, Person, Problem, Solution, Table, check, default_steps, describe, solve

from .halls import problems, read_hall

TOLD = ("not told in broken", "told in broken, but kept", "status", "alike", "repeats", "bound", "rounds", "least_rep")


def seat(problem: Problem, seed: int = 7, steps: int = 2000) -> Solution:
    return solve(problem, rng=np.random.default_rng(seed), steps=steps)


def units(*sizes: int, **fields: str) -> tuple[Person, ...]:
    return tuple(
        Person(f"{unit}{number}", {"unit": unit, **fields})
        for unit, size in zip("abcdefgh", sizes, strict=False)
        for number in range(size)
    )


def tables(count: int, least: int, most: int, *offers: str) -> tuple[Table, ...]:
    return tuple(Table(f"t{number}", least, most, offers) for number in range(count))


@given(problems())
@settings(max_examples=100, deadline=None)
def test_every_seating_is_counted_right_and_every_broken_rule_is_told(problem: Problem):
    solution = seat(problem, steps=100)

    lines = check(problem, solution)

    assert [line for line in lines if line.startswith(TOLD)] == []
    assert bool(lines) == bool(solution.broken)


@given(problems(people=6, tables=2, rounds=1))
@settings(max_examples=60, deadline=None)
def test_when_some_seating_keeps_every_rule_one_is_found_and_none_is_better(problem: Problem):
    problem = replace(problem, earlier=())
    solution = seat(problem, steps=400)

    best = min(
        (cost for cost in (_cost(problem, seating) for seating in _all_seatings(problem)) if cost is not None),
        default=None,
    )

    assert bool(solution.broken) == (best is None)
    assert best is None or solution.alike == pytest.approx(best)


def _all_seatings(problem: Problem) -> set[tuple[str, ...]]:
    chairs = [table.id for table in problem.tables for _ in range(table.most)]
    return set(permutations(chairs, len(problem.people))) if len(chairs) >= len(problem.people) else set()


def _cost(problem: Problem, seating: tuple[str, ...]) -> float | None:
    """What the attributes cost, or none when a rule is broken."""
    at = dict(zip((person.id for person in problem.people), seating, strict=True))
    alike = sum(
        weight
        for one, other in combinations(problem.people, 2)
        if at[one.id] == at[other.id]
        for name, weight in problem.weights.items()
        if one.attributes.get(name) and one.attributes[name] == other.attributes.get(name)
    )
    plan = Solution((at,), "good", (), alike, 0, 0, 0)
    return None if [line for line in check(problem, plan) if line.startswith("round ")] else alike


def test_the_same_seed_gives_the_same_seating_and_another_seed_another():
    problem = Problem(units(4, 4, 4), tables(3, 4, 4), rounds=2)

    assert seat(problem) == seat(problem)
    assert seat(problem).rounds != seat(problem, seed=8).rounds


def test_units_are_dealt_evenly_and_everyone_meets_new_faces_each_round():
    problem = Problem(units(4, 4, 4, 4), tables(4, 4, 4), rounds=3)

    solution = seat(problem)

    assert (solution.status, solution.repeats, solution.gain) == ("best", 0, 1.0)
    assert check(problem, solution) == []
    assert all(
        Counter(person[0] for person in people) == Counter("abcd")
        for number in range(3)
        for people in solution.at(number).values()
    )


def test_people_who_met_in_an_earlier_dialogue_are_not_put_together_again():
    people = units(1, 1, 1, 1)
    problem = Problem(people, tables(2, 2, 2), earlier=(("a0", "b0"), ("a0", "c0"), ("a0", "gone")))

    solution = seat(problem)

    assert solution.rounds[0]["a0"] == solution.rounds[0]["d0"]
    assert solution.repeats == 0


def test_a_unit_may_come_before_a_role_by_its_weight():
    people = (
        Person("1", {"unit": "a", "role": "x"}),
        Person("2", {"unit": "a", "role": "y"}),
        Person("3", {"unit": "b", "role": "x"}),
        Person("4", {"unit": "b", "role": "y"}),
    )

    by_unit = seat(Problem(people, tables(2, 2, 2), weights={"unit": 4, "role": 1}))
    by_role = seat(Problem(people, tables(2, 2, 2), weights={"unit": 1, "role": 0}))

    assert by_unit.alike == 0
    assert by_unit.rounds[0]["1"] == by_unit.rounds[0]["4"]
    assert by_role.alike == 0


def test_sizes_are_even_where_the_tables_allow_it():
    room = (Table("large", 2, 8), Table("middle", 2, 8), Table("small", 1, 2))

    solution = seat(Problem(units(5, 4, 4), room))

    assert Counter(solution.rounds[0].values()) in (
        {"large": 6, "middle": 5, "small": 2},
        {"large": 5, "middle": 6, "small": 2},
    )
    assert solution.broken == ()


def test_those_who_belong_together_sit_together_in_every_round_and_are_no_repeat():
    problem = Problem(units(6, 6), tables(3, 4, 4), rounds=3, together=(("a0", "b0"), ("b0", "b1"), ("a2",)))

    solution = seat(problem)

    assert all(len({plan["a0"], plan["b0"], plan["b1"]}) == 1 for plan in solution.rounds)
    assert check(problem, solution) == []


def test_hosts_keep_their_table_and_needs_are_met_in_every_round():
    people = (
        Person("host", {"unit": "a"}, table="t1"),
        Person("wheels", {"unit": "a"}, needs=("accessible",)),
        *units(0, 3, 3),
    )
    room = (Table("t0", 4, 4), Table("t1", 4, 4, ("accessible",)))
    problem = Problem(people, room, rounds=2)

    solution = seat(problem)

    assert [(plan["host"], plan["wheels"]) for plan in solution.rounds] == [("t1", "t1")] * 2
    assert check(problem, solution) == []


@pytest.mark.parametrize(
    ("people", "room", "fields", "expected"),
    [
        (units(2, 1), tables(2, 2, 2), {}, {("size", "too-few-people")}),
        (units(3, 2), tables(2, 1, 2), {}, {("size", "too-many-people")}),
        ((Person("1", needs=("interpreter",)), *units(3)), tables(2, 2, 2), {}, {("need", "no-table-offers")}),
        (
            tuple(Person(f"{number}", needs=("accessible",)) for number in range(4)),
            (Table("a", 2, 2, ("accessible",)), Table("b", 2, 2)),
            {},
            {("need", "too-few-seats-offer")},
        ),
        (
            (Person("1", needs=("accessible",), table="b"), *units(3)),
            (Table("a", 2, 2, ("accessible",)), Table("b", 2, 2)),
            {},
            {("need", "contradiction")},
        ),
        (
            tuple(Person(f"{number}", needs=("accessible",)) for number in range(2)),
            (Table("a", 0, 2, ("accessible",)), Table("b", 1, 1)),
            {},
            {("need", "not-found")},
        ),
        (units(3), tables(1, 3, 3), {"apart": (("a0", "a1"),)}, {("apart", "one-table")}),
        ((Person("m", manages=("a",)), *units(3)), tables(2, 2, 2), {}, {("manager", "not-found")}),
        (
            units(4),
            tables(2, 2, 2),
            {"apart": (("a0", "a1"),), "together": (("a0", "a1"),)},
            {("together", "contradiction"), ("apart", "contradiction")},
        ),
        (
            (Person("1", table="t0"), Person("2", table="t0"), *units(2)),
            tables(2, 2, 2),
            {"apart": (("1", "2"),)},
            {("apart", "contradiction")},
        ),
        (units(4), tables(2, 2, 2), {"together": (("a0", "a1", "a2"),)}, {("together", "too-large")}),
        (
            units(6),
            tables(2, 3, 3),
            {"together": (("a0", "a1"), ("a2", "a3"), ("a4", "a5"))},
            {("together", "not-found")},
        ),
        (
            (Person("1", table="t0"), Person("2", table="t1"), *units(2)),
            tables(2, 2, 2),
            {"together": (("1", "2"),)},
            {("together", "contradiction")},
        ),
        (tuple(Person(f"{n}", table="t0") for n in range(3)), tables(2, 1, 2), {}, {("fixed", "too-large")}),
        (
            tuple(Person(f"{n}", table="t0") for n in range(3)),
            (Table("t0", 0, 3), Table("t1", 1, 3)),
            {},
            {("fixed", "not-found")},
        ),
    ],
)
def test_a_rule_that_cannot_be_kept_is_told_with_who_and_why(
    people: tuple[Person, ...], room: tuple[Table, ...], fields: dict[str, object], expected: set[tuple[str, str]]
):
    problem = Problem(people, room, **fields)  # type: ignore[arg-type]

    solution = seat(problem)

    assert solution.status == "broken"
    told = {(broken.rule, broken.reason) for broken in solution.broken}
    assert told <= expected
    assert told
    assert all(broken.text.startswith("Round 1: ") and broken.text.endswith(".") for broken in solution.broken)
    assert len(describe(problem, solution)) >= 1 + len(solution.broken)
    assert check(problem, solution) != []


def test_nobody_and_one_alone_are_seated_too():
    assert seat(Problem((), tables(2, 0, 4))).rounds == ({},)
    assert seat(Problem(units(1), tables(2, 0, 4))).status == "best"
    assert seat(Problem(units(1), tables(2, 0, 4))).gain == 1.0


def test_no_step_at_all_still_gives_a_seating_that_keeps_simple_rules():
    problem = Problem(units(8, 8, 8), tables(6, 4, 4))

    solution = seat(problem, steps=0)

    assert check(problem, solution) == []


def test_a_longer_time_gives_more_steps_and_a_larger_hall_fewer():
    small, large = Problem(units(4, 4), tables(2, 4, 4)), Problem(units(*[200] * 8), tables(200, 8, 8))

    assert default_steps(small, 2.0) > 1.9 * default_steps(small, 1.0) > default_steps(large, 1.0) > 10


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"people": (Person("1"), Person("1"))}, "people must have different ids, got '1' twice"),
        ({"tables": (Table("t", 1, 2), Table("t", 1, 2))}, "tables must have different ids"),
        ({"tables": ()}, "tables must be at least 1, got 0"),
        ({"tables": (Table("t", 3, 2),)}, r"tables\['t'\] must have 0 <= least <= most, got 3, 2"),
        ({"tables": (Table("t", 0, 0),)}, "least <= most, got 0, 0"),
        ({"rounds": 0}, "rounds must be at least 1, got 0"),
        ({"people": (Person("1", table="x"),)}, r"people\['1'\].table must be one of the tables, got 'x'"),
        ({"apart": (("1", "1"),)}, r"apart must name different people, got \('1', '1'\)"),
        ({"together": (("1", "1"),)}, "together must name different people"),
        ({"distances": np.zeros((2, 2), dtype=np.float32)}, r"distances must be 1 \* 1, got \(2, 2\)"),
        ({"distances": np.ones((1, 1), dtype=np.float32)}, "0 from everyone to herself"),
    ],
)
def test_a_problem_that_makes_no_sense_is_refused_with_the_field(fields: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        Problem(**{"people": (Person("1"),), "tables": (Table("t", 1, 2),), **fields})  # type: ignore[arg-type]


def test_describe_counts_new_meetings_and_pairs_of_units_from_the_seats():
    problem = Problem(units(2, 2), tables(2, 2, 2), rounds=2, earlier=(("a0", "b0"),))
    plan = {"a0": "t0", "b0": "t0", "a1": "t1", "b1": "t1"}

    descriptions = describe(problem, Solution((plan, plan), "good", (), 0, 0, 0, 3))

    assert [(d.kind, dict(d.numbers)) for d in descriptions] == [
        ("meetings", {"new": 1, "repeated": 3, "rounds": 2}),
        ("unit-pairs", {"met": 1, "possible": 1, "units": 2}),
        ("again", {"pairs": 3, "least": 0}),
    ]
    assert descriptions[0].text == "1 new meetings, 3 with somebody met before."


def test_describe_is_silent_about_units_when_there_is_only_one():
    problem = Problem(units(2), tables(1, 2, 2))

    assert [d.text for d in describe(problem, seat(problem))] == [
        "1 new meetings.",
        "1 times two at one table have the same unit; none could be avoided.",
    ]


GOOD = Problem(
    (Person("m", {"unit": "z"}, manages=("a",)), Person("w", needs=("accessible",)), *units(2, 2)),
    (Table("t0", 3, 3, ("accessible",)), Table("t1", 3, 3)),
    together=(("w", "b0"),),
    apart=(("b0", "b1"),),
)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"w": "t0", "b0": "t0", "a0": "t0", "m": "t1", "a1": "t1", "b1": "t1"}, "a manager with her staff, m and a1"),
        ({"w": "t1", "b0": "t1", "m": "t1", "a0": "t0", "a1": "t0", "b1": "t0"}, "w lacks ['accessible']"),
        ({"w": "t0", "b0": "t1", "m": "t1", "a0": "t0", "a1": "t0", "b1": "t1"}, "b0, w are not together"),
        ({"w": "t0", "b0": "t0", "b1": "t0", "m": "t1", "a0": "t1", "a1": "t1"}, "b0 and b1 are not apart"),
        ({"w": "t0", "b0": "t0", "m": "t0", "a0": "t0", "a1": "t1", "b1": "t1"}, "sizes, t0, t1"),
    ],
)
def test_the_checker_finds_a_broken_rule_that_nobody_told(plan: dict[str, str], expected: str):
    lines = check(GOOD, Solution((plan,), "good", (), 0, 0, 0, 0))

    assert any(expected in line for line in lines)
    assert any(line.startswith("not told in broken") for line in lines)


def test_the_checker_finds_wrong_numbers_wrong_status_and_missing_people():
    right = seat(GOOD)
    broken = (Broken("apart", 0, ("a0", "a1"), "t0", "not-found"),)

    assert check(GOOD, right) == []
    assert check(GOOD, replace(right, rounds=())) == ["rounds must be 1, got 0"]
    assert check(GOOD, replace(right, rounds=({"m": "x"},))) == [
        "rounds[0] must seat everyone",
        "rounds[0] must seat people at the tables of the problem",
    ]
    assert any("told in broken, but kept" in line for line in check(GOOD, replace(right, broken=broken)))
    assert any("status must say" in line for line in check(GOOD, replace(right, broken=broken)))
    assert "status must not be best" in check(GOOD, replace(right, status="best", repeats=1))
    assert any(line.startswith("alike must be") for line in check(GOOD, replace(right, alike=99)))
    assert any(line.startswith("repeats must be 0") for line in check(GOOD, replace(right, repeats=1)))
    assert any(line.startswith("bound must not") for line in check(GOOD, replace(right, alike=-1, bound=0)))


def test_the_checker_finds_a_host_at_another_table():
    problem = Problem((Person("h", table="t0"), Person("g")), tables(2, 1, 1))

    assert "round 1: h is not at her table" in check(
        problem, Solution(({"h": "t1", "g": "t0"},), "good", (), 0, 0, 0, 0)
    )


@pytest.mark.data
@pytest.mark.parametrize("seed", [7, 8])
@pytest.mark.parametrize(
    ("people", "count", "least", "most", "gain"),
    [(60, 12, 5, 6, 1.0), (60, 15, 4, 4, 1.0), (400, 100, 4, 5, 0.99), (400, 83, 4, 5, 0.99), (400, 50, 8, 8, 0.99)],
)
def test_a_hall_is_seated_over_three_rounds_with_no_broken_rule_and_no_repeat(
    data_dir: Path, people: int, count: int, least: int, most: int, gain: float, seed: int
):
    problem = read_hall(data_dir / "seating", people, seed, tables=count, least=least, most=most, rounds=3)

    solution = seat(problem, seed=1)

    assert check(problem, solution) == []
    assert solution.repeats == 0
    assert solution.gain >= gain
