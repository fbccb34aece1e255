"""Intervals hold as often as they say, also when one looks every day; bad input is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samspel.engine.inference import (
    Moments,
    boundary,
    each_level,
    exact,
    exact_p,
    fit,
    log_mixture,
    mean_sequence,
    mixture_width,
    pool,
    ratio_limits,
    share_sequence,
    shrink,
    shrink_shares,
    smallest_gap,
    stitched,
    welch,
    wilson,
)

answers = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(answers)
def test_an_interval_lies_around_its_share_and_within_0_and_1(counted: tuple[int, int]):
    for interval in (wilson(*counted), exact(*counted), share_sequence(*counted, best_at=50)):
        assert 0 <= interval.low <= interval.estimate <= interval.high <= 1
        assert interval.holds(interval.estimate)


@given(st.integers(2, 200).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n))))
def test_what_holds_on_every_day_is_wider_than_what_holds_on_one(counted: tuple[int, int]):
    daily, once = share_sequence(*counted, best_at=50), exact(*counted)

    assert daily.high - daily.low > once.high - once.low


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9])
def test_exact_intervals_hold_at_least_as_often_as_they_say(share: float):
    from scipy.stats import binom

    n = 40
    missed = sum(binom.pmf(count, n, share) for count in range(n + 1) if not exact(count, n).holds(share))

    assert missed <= 0.05


@given(answers, answers)
def test_two_shares_are_as_unlike_from_either_side(one: tuple[int, int], other: tuple[int, int]):
    assert exact_p(one, other) == pytest.approx(exact_p(other, one))
    assert 0 < exact_p(one, other) <= 1


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5])
def test_looking_after_every_answer_misses_the_share_in_at_most_one_of_twenty(share: float):
    rng = np.random.default_rng(3)
    walks, n = 400, 300
    counts = (rng.random((walks, n)) < share).cumsum(axis=1)
    looks = range(4, n, 5)

    missed = sum(
        any(not share_sequence(int(walk[at]), at + 1, best_at=100).holds(share) for at in looks) for walk in counts
    )
    naive = sum(any(not wilson(int(walk[at]), at + 1).holds(share) for at in looks) for walk in counts)

    assert missed / walks <= 0.05 < 0.12 < naive / walks  # what one would believe without: the test has teeth


def test_a_walk_crosses_the_boundary_in_at_most_one_of_twenty():
    rng = np.random.default_rng(4)
    walks = rng.normal(size=(4000, 1000)).cumsum(axis=1)
    times = np.arange(1, 1001)

    mixture = np.array([boundary(time, mixture_width(200)) for time in times])
    stitching = np.array([stitched(time, 10) for time in times])

    assert 0.005 < (np.abs(walks) > mixture).any(axis=1).mean() <= 0.05
    assert (walks > stitching).any(axis=1).mean() <= 0.05


def test_the_boundary_is_where_the_mixture_reaches_its_bar():
    rho = mixture_width(80)

    assert log_mixture(boundary(50, rho), 50, rho) == pytest.approx(-np.log(0.05))


def test_a_mean_that_is_looked_at_often_is_wider():
    once = welch(Moments(50, 100, 250), Moments(50, 90, 220)).gap
    often = mean_sequence(once.estimate, (once.high - once.low) / 3.97, 100, best_at=100)

    assert often.high - often.low > 1.3 * (once.high - once.low)


def test_small_units_are_drawn_further_and_their_errors_halve():
    rng = np.random.default_rng(5)
    truth = rng.normal(2.4, 0.1, 4000)
    variances = np.where(np.arange(4000) % 2 == 0, 0.04, 0.0025)
    seen = truth + rng.normal(size=4000) * np.sqrt(variances)

    told = shrink(list(seen), list(variances))

    drawn = np.array([one.estimate for one in told])
    moved = np.abs(drawn - seen)
    assert moved[::2].mean() > 3 * moved[1::2].mean()
    assert ((drawn - truth) ** 2).mean() < 0.5 * ((seen - truth) ** 2).mean()
    assert 0.94 < np.mean([one.holds(value) for one, value in zip(told, truth, strict=True)]) < 0.96


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.1, 0.3])
def test_four_units_limits_hold_whatever_the_spread_between_them(spread: float):
    rng = np.random.default_rng(8)
    truth = rng.normal(2.4, spread, (600, 4))
    variances = np.array([0.01, 0.002, 0.001, 0.004])
    seen = truth + rng.normal(size=truth.shape) * np.sqrt(variances)

    held = sum(shrink(list(row), list(variances))[0].holds(value) for row, value in zip(seen, truth[:, 0], strict=True))

    assert held / 600 > 0.92


def test_shares_are_drawn_the_further_the_less_their_answers_are_worth():
    counted = [(6, 20), *[(150, 200)] * 5]

    plain, alike = shrink_shares(counted)[0], shrink_shares(counted, wider=[3, 1, 1, 1, 1, 1])[0]

    assert 0.3 < plain.estimate < alike.estimate < 0.75
    assert plain.holds(0.45)
    assert 0 <= plain.low < plain.estimate < plain.high <= 1


def test_limits_for_many_groups_hold_all_at_once():
    rng = np.random.default_rng(9)
    n, share, times = 60, 0.7, 1000
    counts = rng.binomial(n, share, (times, 12))
    at_once = {count: exact(count, n, level=each_level(12)).holds(share) for count in range(n + 1)}
    alone = {count: exact(count, n).holds(share) for count in range(n + 1)}

    held, naive = (sum(all(each[int(one)] for one in row) for row in counts) for each in (at_once, alone))

    assert exact(held, times, level=0.9).low >= 0.94 > 0.75 > naive / times


def test_units_that_are_alike_are_not_made_different():
    told = pool([2.0, 2.0, 2.0], [0.1, 0.2, 0.3])

    assert (told.mean, told.spread) == (pytest.approx(2.0), 0.0)


def test_an_ordinary_spread_between_units_flags_few():
    rng = np.random.default_rng(6)
    variances = rng.uniform(0.0005, 0.004, 2000)
    seen = rng.normal(0.7, 0.08, 2000) + rng.normal(size=2000) * np.sqrt(variances)

    funnel = fit(seen, variances)
    outside = [not low <= one <= high for one, (low, high) in zip(seen, map(funnel.limits, variances), strict=True)]
    plain = np.abs(seen - 0.7) > 3.09 * np.sqrt(variances)

    assert np.mean(outside) < 0.015 < 0.1 < plain.mean()


def test_limits_widen_as_fewer_are_expected():
    few, many = ratio_limits(2.5), ratio_limits(250)

    assert few[0] < many[0] < 1 < many[1] < few[1]


def test_moments_add_up_and_take_apart():
    one, other = Moments(3, 6, 14), Moments(2, 3, 5)

    both = one + other

    assert both == Moments(5, 9, 19)
    assert both - other == one
    assert both.variance == pytest.approx(np.var([1, 2, 3, 1, 2], ddof=1))
    assert Moments(1, 2, 4).variance == 0


def test_means_without_any_spread_are_told_apart_or_not():
    apart, alike = (
        welch(Moments(3, 6, 12), Moments(3, 3, 3)),
        welch(Moments(3, 6, 12), Moments(3, 6, 12)),
    )

    assert (apart.gap.low, apart.p, alike.p) == (1.0, 0.0, 1.0)


def test_a_gap_of_the_smallest_size_is_found_in_four_of_five():
    rng = np.random.default_rng(7)
    gap = smallest_gap(0.01)

    assert np.mean(np.abs(rng.normal(gap, 0.1, 20_000)) > 1.96 * 0.1) == pytest.approx(0.8, abs=0.01)
    assert each_level(1) == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: wilson(3, 2), "count must be from 0 to 2, got 3"),
        (lambda: wilson(0, 0), "n must be at least 1"),
        (lambda: wilson(1, 2, level=1), "level must be between"),
        (lambda: share_sequence(3, 2, best_at=5), "count must be from 0 to n"),
        (lambda: Moments(-1, 0, 0), "n must be at least 0"),
        (lambda: Moments(2, 4, 1), "squares must be"),
        (lambda: welch(Moments(1, 1, 1), Moments(2, 2, 2)), "n must be at least 2"),
        (lambda: mixture_width(0), "best_at must be above 0"),
        (lambda: boundary(-1, 1), "variance must be at least 0"),
        (lambda: mean_sequence(0, 1, 0, best_at=5), "n must be at least 1"),
        (lambda: pool([1], [0]), "variances must be above 0"),
        (lambda: pool([1], [1, 2]), "as many"),
        (lambda: shrink_shares([(3, 2)]), "counts must be from 0 to n"),
        (lambda: ratio_limits(0), "expected must be above 0"),
        (lambda: each_level(0), "groups must be at least 1"),
        (lambda: smallest_gap(-1), "variance must be at least 0"),
        (lambda: fit(np.array([1.0]), np.array([0.0])), "variances above 0"),
    ],
)
def test_what_cannot_be_is_told(wrong: object, message: str):
    with pytest.raises(ValueError, match=message):
        wrong()  # type: ignore[operator]
