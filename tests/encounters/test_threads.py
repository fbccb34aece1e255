"""Work in threads: in order, bounded, and over when the caller is."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.utils import translation
from django.utils.translation import gettext
from pytest_django import Settings

from samspel.encounters.threads import in_threads


@pytest.fixture(autouse=True)
def two_threads(settings: Settings) -> None:
    settings.FIGURES_THREADS = 2


def test_what_is_made_comes_in_the_order_of_the_things() -> None:
    def slow(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    with in_threads(slow, [0.05, 0.0, 0.02, 0.0]) as made:
        assert list(made) == [0.05, 0.0, 0.02, 0.0]


def test_two_are_made_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    with in_threads(lambda _thing: both.wait(), range(4)) as made:
        assert len(list(made)) == 4


@pytest.mark.parametrize(("size", "most"), [(1, None), (3, 6), (9, 6)])
def test_no_more_are_under_way_than_there_is_room_for(size: int, most: int | None) -> None:
    under_way: list[int] = []

    def things() -> Iterator[int]:
        for number in range(20):
            yield number
            under_way.append(number)

    with in_threads(lambda thing: thing, things(), size=lambda _thing: size, most=most) as made:
        for thing in made:
            assert len(under_way) - thing <= {1: 3, 3: 2, 9: 1}[size]


def test_an_error_is_the_callers_and_nothing_goes_on_after_it() -> None:
    done: list[int] = []

    def fails(number: int) -> int:
        if number == 1:
            raise OSError(28, "No space left on device")
        time.sleep(0.02)
        done.append(number)
        return number

    with pytest.raises(OSError, match="No space"), in_threads(fails, range(9)) as made:
        list(made)
    after = list(done)
    time.sleep(0.1)

    assert done == after
    assert len(done) < 4


def test_a_thread_speaks_the_callers_language() -> None:
    with translation.override("en"):
        wanted = gettext("Tiden har inte varit än.")
        with in_threads(gettext, ["Tiden har inte varit än."]) as made:
            assert list(made) == [wanted] != ["Tiden har inte varit än."]
