"""The bounds, and small problems against all seatings there are."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samspel.engine.seating import Person, Problem, Table, check, describe, solve

TABLES = (Table("t0", 3, 3), Table("t1", 3, 3))


def seatings(people: int) -> Iterator[dict[str, str]]:
    for first in combinations(range(people), people // 2):
        yield {str(person): "t0" if person in first else "t1" for person in range(people)}


def alike(problem: Problem, plan: dict[str, str]) -> float:
    total = 0.0
    for (i, one), (j, other) in combinations(enumerate(problem.people), 2):
        if plan[one.id] == plan[other.id]:
            for name, weight in problem.weights.items():
                total += weight * (one.attributes[name] == other.attributes[name])
            if problem.distances is not None:
                total -= float(problem.distances[i, j])
    return total


@given(st.lists(st.integers(0, 20), min_size=15, max_size=15), st.lists(st.sampled_from("ab"), min_size=6, max_size=6))
@settings(max_examples=40, deadline=None)
def test_distances_and_attributes_together_are_as_good_as_can_be(far: list[int], units: list[str]):
    distances = np.zeros((6, 6), dtype=np.float32)
    for (i, j), distance in zip(combinations(range(6), 2), far, strict=True):
        distances[i, j] = distances[j, i] = distance
    people = tuple(Person(str(number), {"unit": unit}) for number, unit in enumerate(units))
    problem = Problem(people, TABLES, weights={"unit": 2.0}, distances=distances)

    solution = solve(problem, rng=np.random.default_rng(1), steps=300)

    best = min(alike(problem, plan) for plan in seatings(6))
    assert solution.alike == pytest.approx(best, abs=1e-3)
    assert solution.bound <= best + 1e-3
    assert check(problem, solution) == []


@given(st.lists(st.sampled_from("abc"), min_size=6, max_size=6), st.integers(2, 3))
@settings(max_examples=40, deadline=None)
def test_the_bound_knows_those_who_sit_together_and_is_never_above_the_best(units: list[str], size: int):
    people = tuple(Person(str(number), {"unit": unit}) for number, unit in enumerate(units))
    group = tuple(str(number) for number in range(size))
    problem = Problem(people, TABLES, together=(group,), weights={"unit": 1.0})

    solution = solve(problem, rng=np.random.default_rng(1), steps=200)

    best = min(alike(problem, plan) for plan in seatings(6) if len({plan[id_] for id_ in group}) == 1)
    assert solution.bound <= best
    assert solution.alike == best


def test_a_pair_that_must_be_alike_is_in_the_bound_so_the_plan_is_proven_best():
    people = (*(Person(f"a{n}", {"unit": "a"}) for n in range(2)), *(Person(f"b{n}", {"unit": "b"}) for n in range(2)))
    problem = Problem(people, (Table("t0", 2, 2), Table("t1", 2, 2)), together=(("a0", "a1"),), weights={"unit": 1.0})

    solution = solve(problem, rng=np.random.default_rng(1), steps=50)

    # Two of a at one table leave two of b at the other; the bound sees the first pair only.
    assert (solution.alike, solution.bound, solution.gap) == (2.0, 1.0, 1.0)


def test_when_there_are_too_few_people_to_meet_it_is_proven_how_often_they_meet_again():
    people = tuple(Person(str(number)) for number in range(4))
    problem = Problem(people, (Table("t0", 2, 2), Table("t1", 2, 2)), rounds=5)

    solution = solve(problem, rng=np.random.default_rng(1), steps=400)

    assert (solution.repeats, solution.least_repeats, solution.status) == (4, 4, "best")
    assert "4 cannot be avoided" in " ".join(found.text for found in describe(problem, solution))


def test_a_machine_that_is_too_slow_stops_in_time_and_says_so():
    people = tuple(Person(str(number), {"unit": str(number % 7), "role": str(number % 3)}) for number in range(500))
    upper = np.triu(np.random.default_rng(1).random((500, 500), dtype=np.float32), 1)
    problem = Problem(people, tuple(Table(str(n), 10, 10) for n in range(50)), distances=upper + upper.T)

    solution = solve(problem, rng=np.random.default_rng(1), time_limit_s=0.2, steps=1_000_000)

    assert solution.is_cut
    assert solution.seconds < 2
    assert check(problem, solution) == []


def test_large_rooms_and_single_tables_are_seated_too():
    crowd = tuple(Person(str(number), {"unit": str(number % 9)}) for number in range(90))

    assert solve(Problem(crowd, (Table("one", 90, 90),)), rng=np.random.default_rng(1)).status == "best"
    assert solve(Problem(crowd, (Table("x", 40, 45), Table("y", 45, 50))), rng=np.random.default_rng(1)).repeats == 0
