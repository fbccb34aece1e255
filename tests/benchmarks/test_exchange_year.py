"""A simulated year of giving and getting is one that could have been, and no policy is above its bound."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.exchange.worlds import Answers, World, make_world
from benchmarks.exchange.year import DEFAULT, GOALS, Held, Policy, Year, check, interval, run
from samspel.engine.matching import Objective, Problem, Selected

RESIDENTS = 4_000
POLICIES = (Policy(0, 2, 0), Policy(0, 2, 1), Policy(1), Policy(7, goal=GOALS[1]), Policy(30, 3, 2, GOALS[2]))
PAIRS = Policy(0, 2, 0)


def planted(
    arcs: list[tuple[int, int]],
    *,
    givers: frozenset[int] = frozenset(),
    comes: dict[int, int] | None = None,
    last: dict[int, int] | None = None,
    no: frozenset[int] = frozenset(),
    drops: frozenset[int] = frozenset(),
    people: int = 4,
) -> World:
    """All are there from day 0 to 90 and say yes after a day, but those who are told otherwise."""
    ends = np.array(arcs, dtype=np.int64)
    objective = Objective("value", np.ones(len(arcs)))
    needs = np.array([person not in givers for person in range(people)])
    pool = Problem(tuple(map(str, range(people))), needs, ends[:, 0], ends[:, 1], (objective,))
    likes, keeps = (np.array([[float(end in some) for end in arc] for arc in arcs]) for some in (no, drops))
    days, until = np.zeros(people, dtype=np.int64), np.full(people, 90)
    for person, day in (comes or {}).items():
        days[person] = day
    for person, day in (last or {}).items():
        until[person] = day
    return World(pool, days, until, np.ones(people, dtype=np.int64), likes, keeps)


RING = [(0, 1), (1, 2), (2, 0)]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_a_year_could_have_been_and_is_below_its_bound(policy):
    world = make_world(RESIDENTS, 3)

    year = run(world, policy)

    assert check(world, policy, year, world.bound()) == []
    assert year.needs_met > 0


def test_the_same_seed_gives_the_same_year():
    first, second = (run(make_world(RESIDENTS, 5), DEFAULT) for _ in range(2))

    assert replace(first, seconds=0.0) == replace(second, seconds=0.0)


def test_policies_meet_the_same_people_with_the_same_answers():
    one, other = make_world(RESIDENTS, 5), make_world(RESIDENTS, 6)
    again = make_world(RESIDENTS, 5)
    run(again, DEFAULT)

    assert np.array_equal(one.likes, again.likes)
    assert np.array_equal(one.comes, again.comes)
    assert not np.array_equal(one.comes, other.comes)


def test_as_many_say_yes_as_is_said_whatever_their_part():
    world = make_world(20_000, 1)
    selected = [Selected("chain", (u, v)) for u, v in world.places if not world.pool.needs[u]]
    pairs = [Selected("ring", pair) for pair in world.places if pair[::-1] in world.places and pair[0] < pair[1]]

    for some in (selected, pairs):
        said = [world.says_yes(person, one) for one in some for person in one.posts]
        assert np.mean(said) == pytest.approx(0.8, abs=5 * 0.4 / len(said) ** 0.5)


def test_who_takes_pairs_as_they_come_meets_nobody_in_a_ring_of_three():
    world = planted(RING)

    assert run(world, PAIRS).needs_met == 0
    assert run(world, Policy(7, 2)).needs_met == 0
    assert run(world, Policy(7, 3)).needs_met == 3
    assert world.bound() == 3


def test_a_chain_begins_with_who_only_gives_where_chains_may_be():
    world = planted([(0, 1), (1, 2)], givers=frozenset({0}))

    assert run(world, Policy(7, chain=0)).needs_met == 0
    assert run(world, Policy(7, chain=1)).needs_met == 1
    assert run(world, Policy(7, chain=6)).needs_met == 2
    assert run(world, Policy(0, 2, 1)).needs_met == 1


def test_days_are_counted_until_it_begins():
    world = planted(RING, comes={0: 3})

    year = run(world, DEFAULT)

    # Chosen on day 7, yes on day 8, begun on day 10.
    assert [day for day, _ in year.begun] == [10]
    assert sorted(year.waited(world).tolist()) == [7, 10, 10]
    assert year.days_open(world) == pytest.approx((7 + 10 + 10 + 91) / 4)


def test_a_no_is_mended_with_another_and_told_no_more():
    # Person 2 says no to everything; person 3 can stand in for her.
    world = planted([*RING, (1, 3), (3, 0)], no=frozenset({2}))

    year = run(world, DEFAULT)

    assert year.needs_met == 3
    assert [set(one.posts) for _, one in year.begun] == [{0, 1, 3}]
    # At most once asked about the ring with person 2, and then about that with person 3.
    assert year.noes <= 1
    assert year.asked <= 3 + 3
    assert world.bound() == 3


def test_a_chain_stays_as_far_as_the_no_and_nobody_is_asked_anew():
    world = planted([(0, 1), (1, 2), (2, 3)], givers=frozenset({0}), no=frozenset({3}))

    year = run(world, DEFAULT)

    assert [one.posts for _, one in year.begun] == [(0, 1, 2)]
    assert (year.asked, year.noes, year.lost) == (4, 1, 1)


def test_who_drops_out_after_a_yes_is_gone():
    world = planted(RING, drops=frozenset({1}))

    year = run(world, DEFAULT)

    assert year.needs_met == 0
    assert (year.asked, year.noes, year.lost) == (3, 1, 3)


def test_nobody_is_asked_who_has_no_time_to_answer():
    world = planted(RING, comes={1: 80}, last={0: 85})

    assert run(world, Policy(1)).asked == 0
    assert world.bound() == 3


def test_what_cannot_have_been_is_told():
    world, policy = planted([*RING, (0, 3)]), Policy(7, 2, 0)
    held = [Held(0, 0, 5), Held(0, 3, 7), Held(1, 91, 92)]
    begun = [(8, Selected("ring", (0, 1, 2))), (99, Selected("chain", (0, 3))), (9, Selected("ring", (3, 2)))]

    wrong = check(world, policy, Year(begun, held), bound=5)

    assert {
        "person 0 is in two proposals on day 3",
        "person 1 is asked on day 91, when she is not there",
        "person 0 is in 2 places",
        "a ring has 3 transfers",
        "a chain begins at person 0, who has a need",
        "(3, 2) cannot be",
        "person 3 had left on day 99",
        "6 needs are met, above the bound 5",
    } <= set(wrong)


def test_who_never_refuses_is_bound_by_the_pool_alone():
    sure = make_world(RESIDENTS, 3, Answers(yes=1.0, stays=1.0))

    assert sure.bound() > make_world(RESIDENTS, 3).bound()
    assert run(sure, DEFAULT).noes == 0


def test_an_interval_of_differences():
    mean, low, high = interval([1.0, 2.0, 3.0])

    assert mean == 2.0
    # Student's t with two degrees of freedom: 4.303 times 1 / sqrt(3).
    assert (low, high) == pytest.approx((2 - 2.484, 2 + 2.484), abs=1e-3)
