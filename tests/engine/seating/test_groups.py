from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samspel.engine.seating import deal_trios, draw


@pytest.mark.parametrize(
    ("people", "sizes"),
    [
        (0, []),
        (1, [1]),
        (2, [2]),
        (3, [3]),
        (4, [4]),
        (5, [3, 2]),
        (6, [3, 3]),
        (7, [4, 3]),
        (8, [4, 4]),
        (9, [3, 3, 3]),
        (10, [4, 3, 3]),
        (11, [4, 4, 3]),
    ],
)
def test_a_table_talks_in_threes_and_fours_and_five_as_three_and_two(people: int, sizes: list[int]):
    assert [len(group) for group in deal_trios(range(people))] == sizes


@given(st.integers(0, 60), st.integers(2, 5))
def test_everyone_is_in_one_group_and_nobody_alone(people: int, size: int):
    groups = deal_trios(range(people), size)

    assert sorted(person for group in groups for person in group) == list(range(people))
    assert all(len(group) <= size + 1 for group in groups)
    assert people < 2 or all(len(group) > 1 for group in groups)


def test_neighbours_in_the_order_come_into_different_groups():
    groups = deal_trios(["a", "a", "b", "b", "c", "c"])

    assert groups == (("a", "b", "c"), ("a", "b", "c"))


def test_groups_of_one_are_refused():
    with pytest.raises(ValueError, match="size must be at least 2, got 1"):
        deal_trios("abc", 1)


def test_nobody_is_drawn_twice_before_everyone_once_and_then_again():
    rng = np.random.default_rng(7)
    drawn: list[str] = []

    for _ in range(8):
        drawn.append(draw(["a", "b", "c", "d"], rng=rng, earlier=drawn))

    assert Counter(drawn[:4]) == Counter("abcd")
    assert Counter(drawn) == Counter("abcdabcd")


def test_every_seat_can_be_drawn_and_the_same_seed_draws_the_same():
    drawn = [draw("abc", rng=np.random.default_rng(seed)) for seed in range(40)]

    assert set(drawn) == set("abc")
    assert drawn == [draw("abc", rng=np.random.default_rng(seed)) for seed in range(40)]


def test_drawing_from_no_seats_is_refused():
    with pytest.raises(ValueError, match="seats must be at least 1, got 0"):
        draw([], rng=np.random.default_rng(1))
