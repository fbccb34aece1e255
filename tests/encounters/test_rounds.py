"""Rounds: when a point asks, and what the unit owes those who answered."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from samspel.encounters.models import Round
from samspel.encounters.queries import asking_now
from tests.encounters.asking import make_point, make_round
from tests.people import WHEN, Town

SECOND = timedelta(seconds=1)


def test_a_point_asks_from_the_rounds_opening_until_its_closing(town: Town) -> None:
    point, found = make_point(town.guidance), make_round(town.guidance)

    assert asking_now(point, found.opened_at).round == found
    assert asking_now(point, found.closes_at - SECOND).is_asking
    assert not asking_now(point, found.opened_at - SECOND).is_asking
    assert not asking_now(point, found.closes_at).is_asking


def test_a_round_closed_by_hand_asks_no_longer_and_is_being_read(town: Town) -> None:
    point, found = make_point(town.guidance), make_round(town.guidance)
    Round.objects.filter(pk=found.pk).update(closed_at=WHEN + timedelta(days=2))

    assert asking_now(point, WHEN + timedelta(days=1)).is_asking
    over = asking_now(point, WHEN + timedelta(days=2))
    assert (over.is_asking, over.is_reading, over.told) == (False, True, None)


def test_between_rounds_the_last_answer_is_what_there_is_to_show(town: Town) -> None:
    point, first = make_point(town.guidance), make_round(town.guidance, days=7, told=True)

    rest = asking_now(point, WHEN + timedelta(days=8))

    assert (rest.is_asking, rest.is_reading, rest.told) == (False, False, first)


def test_a_press_that_waited_is_judged_by_when_it_was_made(town: Town) -> None:
    point = make_point(town.guidance)
    first = make_round(town.guidance, days=7, told=True)
    second = make_round(town.guidance, opened_at=WHEN + timedelta(days=9))

    assert asking_now(point, WHEN + timedelta(days=6)).round == first
    assert asking_now(point, WHEN + timedelta(days=8)).round is None
    assert asking_now(point, WHEN + timedelta(days=10)).round == second


def test_a_closed_point_asks_nothing_whatever_its_unit_does(town: Town) -> None:
    point = make_point(town.guidance, closed_at=WHEN + timedelta(days=1))
    make_round(town.guidance)

    assert asking_now(point, WHEN).is_asking
    later = asking_now(point, WHEN + timedelta(days=1))
    assert (later.is_asking, later.is_reading) == (False, False)


def test_a_unit_that_never_asked_has_nothing_to_show(town: Town) -> None:
    rest = asking_now(make_point(town.guidance), WHEN)

    assert (rest.is_asking, rest.is_reading, rest.told) == (False, False, None)


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_it_takes_one_query(rounds: int, town: Town, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    point = make_point(town.guidance)
    for number in range(rounds):
        make_round(town.guidance, opened_at=WHEN + timedelta(days=60 * number), told=number + 1 < rounds)

    with django_assert_num_queries(1):
        asking_now(point, WHEN)
