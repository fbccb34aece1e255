"""The limits that pages show hold the truth at least 94 times of 100; and the count would see it if they did not.

Seeds are fixed. The tables of docs/algorithms/inference.md come from the same worlds, with more of each.
"""

import numpy as np
import pytest

from benchmarks.encounters.coverage import (
    GOAL,
    GROUPS,
    SERVICES,
    Bands,
    Groups,
    Service,
    Steady,
    as_told,
    at_least,
    at_once,
    each_alone,
    held_at_once,
    held_small,
    if_apart,
    spread_as_known,
)
from benchmarks.encounters.equity import Come, compared
from samspel.engine.inference import Interval

SEED, TIMES, AT_A_TIME = 500, 1000, 250


def of_small(service: Service, way: Steady) -> float:
    held, _width = held_small(service, way, TIMES, SEED)
    return at_least(held, TIMES)


def of_all(world: Groups, way: Bands) -> float:
    return at_least(held_at_once(world, way, AT_A_TIME, SEED), AT_A_TIME)


def narrower(weeks: list[tuple[int, int]], peers: list[tuple[int, int]]) -> Interval:
    """What the page tells, with a fifth of each side cut off."""
    told = as_told(weeks, peers)
    low, high = (told.estimate + 0.8 * (end - told.estimate) for end in (told.low, told.high))
    return Interval(told.estimate, low, high, told.level)


def at_one_look(come: Come) -> list[Interval | None]:
    """Bands for all groups, as if they were looked at only once."""
    return [row.share for row in compared(come, looks=1)]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_small_units_steadied_share_holds(service: Service) -> None:
    assert of_small(service, as_told) >= GOAL


@pytest.mark.parametrize("way", [narrower, spread_as_known])
def test_limits_that_are_too_narrow_are_found_out(way: Steady) -> None:
    assert min(of_small(service, way) for service in SERVICES[1:4]) < GOAL


@pytest.mark.parametrize("world", GROUPS, ids=lambda world: world.name)
def test_all_groups_bands_hold_at_once_and_at_every_look(world: Groups) -> None:
    assert of_all(world, at_once) >= GOAL


@pytest.mark.parametrize("way", [each_alone, at_one_look])
def test_bands_for_one_group_or_one_look_are_found_out(way: Bands) -> None:
    assert of_all(GROUPS[0], way) < GOAL


def test_bands_that_take_no_heed_of_days_are_found_out() -> None:
    assert of_all(GROUPS[-1], if_apart) < GOAL


def test_the_limit_of_the_count_is_below_what_was_counted() -> None:
    assert at_least(950, 1000) == pytest.approx(0.937, abs=1e-3)
    assert at_least(0, 10) == 0
    assert np.diff([at_least(held, 200) for held in range(180, 200)]).min() > 0
