"""Moving and swapping by hand: what is told before is what the seating's own figures say afterwards."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from samspel.engine.seating import Board, Cost, Person, Problem, Table, check, choose_hosts, measure, solve

from .halls import problems

ROOM = (Table("t0", 0, 3, ("accessible",)), Table("t1", 0, 3))
PEOPLE = (
    Person("a1", {"unit": "a"}),
    Person("b1", {"unit": "b"}),
    Person("a2", {"unit": "a"}),
    Person("c1", {"unit": "c"}),
)
PLAN = {"a1": "t0", "b1": "t0", "a2": "t1", "c1": "t1"}


def met(problem: Problem, rounds: list[dict[str, str]]) -> tuple[int, int]:
    """New meetings and pairs of units that meet, counted the slow way."""
    unit = {person.id: person.attributes.get("unit", "") for person in problem.people}
    earlier = {frozenset(pair) for group in problem.earlier for pair in combinations(group, 2)}
    pairs = {
        frozenset((one, other))
        for tables in rounds
        for one, other in combinations(tables, 2)
        if tables[one] == tables[other]
    }
    new = {pair for pair in pairs - earlier if len({unit[id_] or id_ for id_ in pair}) == 2}
    units = {frozenset(unit[id_] for id_ in pair) for pair in pairs}
    return len(new), sum(len(pair - {""}) == 2 for pair in units)


@given(problems(people=10), st.data())
@settings(max_examples=150, deadline=None)
def test_what_a_change_costs_is_what_measuring_says_afterwards(problem: Problem, data):
    assume(problem.people)
    solution = solve(problem, rng=np.random.default_rng(3), steps=20)
    board = Board(problem, solution.rounds)
    people = [person.id for person in problem.people]
    number = data.draw(st.integers(0, problem.rounds - 1))
    one = data.draw(st.sampled_from(people))
    other = data.draw(st.sampled_from(people))
    table = data.draw(st.sampled_from(problem.tables)).id
    changes = dict(data.draw(st.sampled_from([board.swapped(one, other, number), board.moved(one, table, [number])])))
    before = measure(problem, solution.rounds)

    cost = board.cost(changes)

    rounds = [dict(tables) for tables in solution.rounds]
    for (round_, id_), there in changes.items():
        rounds[round_][id_] = there
    after = measure(problem, rounds)
    new = [now - was for now, was in zip(met(problem, rounds), met(problem, list(solution.rounds)), strict=True)]
    assert [cost.new, cost.unit_pairs] == new
    assert cost.repeats == after.repeats - before.repeats
    assert cost.alike == pytest.approx(after.alike - before.alike, abs=1e-4)
    told = {(broken.rule, broken.round, frozenset(broken.people)) for broken in cost.broken if broken.rule != "size"}
    was = {(broken.rule, broken.round, frozenset(broken.people)) for broken in before.broken}
    now = {(broken.rule, broken.round, frozenset(broken.people)) for broken in after.broken if broken.rule != "size"}
    assert told == now - was
    board.make(changes)
    assert board.rounds == rounds
    assert board.cost(changes) == Cost()


def test_to_go_and_to_come_back_is_to_have_done_nothing():
    board = Board(Problem(PEOPLE, ROOM), [PLAN])
    there = board.cost(board.swapped("b1", "a2", 0))
    board.make(board.swapped("b1", "a2", 0))

    back = board.cost(board.swapped("b1", "a2", 0))

    assert (there.new, there.unit_pairs, there.alike) == (-1, -1, 4.0)
    assert (back.new, back.unit_pairs, back.alike) == (-there.new, -there.unit_pairs, -there.alike)
    assert back.gain == pytest.approx(-there.gain)
    assert back.is_free
    assert not there.is_free


@pytest.mark.parametrize(
    ("problem", "rule"),
    [
        (Problem(PEOPLE, ROOM, apart=(("b1", "c1"),)), "apart"),
        (Problem((*PEOPLE[:1], Person("b1", {"unit": "b"}, manages=("c",)), *PEOPLE[2:]), ROOM), "manager"),
        (Problem(PEOPLE, ROOM, together=(("a1", "b1"),)), "together"),
        (Problem((*PEOPLE[:1], Person("b1", needs=("accessible",)), *PEOPLE[2:]), ROOM), "need"),
        (Problem((*PEOPLE[:1], Person("b1", table="t0"), *PEOPLE[2:]), ROOM), "fixed"),
        (Problem(PEOPLE, ROOM, pinned=(("b1", 0, "t0"),)), "fixed"),
        (Problem(PEOPLE, (ROOM[0], Table("t1", 0, 2))), "size"),
    ],
)
def test_a_hard_rule_says_which_it_is_and_coming_back_mends_it(problem: Problem, rule: str):
    board = Board(problem, [PLAN])
    cost = board.cost(board.moved("b1", "t1", [0]))

    assert [broken.rule for broken in cost.broken] == [rule]
    assert "moved by hand" in cost.broken[0].text
    board.make(board.moved("b1", "t1", [0]))
    back = board.cost(board.moved("b1", "t0", [0]))
    assert back.broken == ()
    assert [broken.rule for broken in back.mended] == ([] if rule == "size" else [rule])


def test_a_table_merged_into_another_is_one_change():
    board = Board(Problem(PEOPLE, (ROOM[0], Table("t1", 0, 4))), [PLAN])

    cost = board.cost({(0, "a1"): "t1", (0, "b1"): "t1"})

    assert (cost.new, cost.unit_pairs, cost.alike, cost.broken) == (3, 1, 4.0, ())


# ---------------------------------------------------------------- pinned people and hosts


@given(problems(people=12), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_who_is_pinned_keeps_her_place_when_the_rest_is_drawn(problem: Problem, seed: int):
    first = solve(problem, rng=np.random.default_rng(seed), steps=40)
    if first.broken:
        return
    kept = [
        (person.id, number, first.rounds[number][person.id])
        for number in range(problem.rounds)
        for person in problem.people[number :: problem.rounds + 1]
    ]
    pinned = Problem(
        **{name: getattr(problem, name) for name in problem.__slots__ if name != "pinned"}, pinned=tuple(kept)
    )

    again = solve(pinned, rng=np.random.default_rng(seed + 1), steps=200)

    assert check(pinned, again) == []
    if not again.broken:
        assert all(again.rounds[number][id_] == table for id_, number, table in kept)


def test_a_pinned_place_must_be_one_of_the_problem():
    with pytest.raises(ValueError, match="pinned must name a round and a table"):
        Problem(PEOPLE, ROOM, pinned=(("a1", 1, "t0"),))
    with pytest.raises(ValueError, match="pinned must name a round and a table"):
        Problem(PEOPLE, ROOM, pinned=(("a1", 0, "t7"),))


def test_a_host_stays_at_every_table_while_the_others_meet_new_faces():
    people = tuple(Person(f"{unit}{number}", {"unit": unit}) for unit in "abcdef" for number in range(8))
    tables = tuple(Table(f"t{number}", 0, 4) for number in range(12))
    problem = Problem(people, tables, rounds=3)
    first = solve(Problem(people, tables), rng=np.random.default_rng(1))

    hosts = choose_hosts(problem, first.rounds[0], rng=np.random.default_rng(2))
    hosted = Problem(
        tuple(Person(one.id, one.attributes, table=hosts.get(one.id, "")) for one in people), tables, rounds=3
    )
    solution = solve(hosted, rng=np.random.default_rng(3))

    assert sorted(hosts.values()) == sorted(table.id for table in tables)
    assert check(hosted, solution) == []
    assert solution.status != "broken"
    assert all(tables_[id_] == table for tables_ in solution.rounds for id_, table in hosts.items())
    assert solution.repeats == 0


def test_a_host_named_by_hand_is_kept_and_her_table_draws_nobody():
    problem = Problem(PEOPLE, ROOM, rounds=2)

    hosts = choose_hosts(problem, PLAN, rng=np.random.default_rng(1), named={"b1": "t0"})

    assert hosts["b1"] == "t0"
    assert sorted(hosts.values()) == ["t0", "t1"]


def test_who_has_a_place_elsewhere_is_no_host_when_another_can_be():
    problem = Problem(PEOPLE, ROOM, rounds=2, pinned=(("a1", 1, "t1"),), together=(("a2", "b2"),))

    hosts = choose_hosts(problem, PLAN, rng=np.random.default_rng(1))

    assert hosts["b1"] == "t0"
