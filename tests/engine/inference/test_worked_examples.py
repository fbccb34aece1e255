"""Examples whose numbers others have published or computed; each to the digits that they gave."""

import math

import numpy as np
import pytest

from samspel.engine.inference import (
    Moments,
    benjamini_hochberg,
    boundary,
    difference,
    exact_p,
    james_stein,
    log_mixture,
    mean_sequence,
    mixture_width,
    pool,
    ratio_limits,
    relative_error,
    share_sequence,
    shrink,
    stitched,
    welch,
    wilson,
)

CONTROL = Moments(3407, 1396.87, 52377.9767)
TREATED = Moments(3461, 2422.7, 134698.29)


@pytest.mark.parametrize(("count", "n", "low", "high"), [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611)])
def test_wilson_as_newcombe_has_it(count: int, n: int, low: float, high: float):
    interval = wilson(count, n)

    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_differences_as_newcombe_has_them(one: tuple[int, int], other: tuple[int, int], low: float, high: float):
    interval = difference(one, other)

    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_the_lady_tasting_tea():
    p = exact_p((3, 4), (1, 4))

    assert round(p, 4) == 0.4857


def test_welch_as_gbstats_has_it():
    told = welch(TREATED, CONTROL)

    assert round(told.gap.estimate, 2) == 0.29
    assert (round(told.gap.low, 5), round(told.gap.high, 5), round(told.p, 5)) == (0.04538, 0.53462, 0.02016)


def test_a_relative_difference_as_gbstats_has_it():
    uplift = TREATED.mean / CONTROL.mean - 1

    assert (round(uplift, 5), round(relative_error(TREATED, CONTROL), 5)) == (0.70732, 0.37879)


def test_an_asymptotic_sequence_as_gbstats_has_it():
    control = Moments(3000, 1396.87, 52377.9767)

    told = mean_sequence(
        TREATED.mean / control.mean - 1, relative_error(TREATED, control), control.n + TREATED.n, best_at=1000
    )

    assert (round(told.estimate, 5), round(told.low, 5), round(told.high, 5)) == (0.50336, -0.55844, 1.56516)


def test_an_asymptotic_sequence_of_shares_as_gbstats_has_it():
    control, treated = 1396 / 3000, 2422 / 3461
    error = math.sqrt(
        treated * (1 - treated) / 3461 / control**2 + control * (1 - control) / 3000 * treated**2 / control**4
    )

    told = mean_sequence(treated / control - 1, error, 6461, best_at=5000)

    assert (round(told.estimate, 5), round(told.low, 5), round(told.high, 5)) == (0.50386, 0.40098, 0.60675)


def test_the_normal_mixture_as_confseq_has_it():
    rho = mixture_width(100)

    assert round(rho, 5) == 12.60056
    assert round(log_mixture(10, 100, rho), 7) == -0.6510052
    assert round(boundary(100, rho), 5) == 30.35209


def test_the_widths_closed_form_is_near_the_best():
    widths = np.linspace(8, 20, 120_001)

    best = min(widths, key=lambda rho: boundary(100, float(rho)))

    assert round(float(best), 4) == 12.1773
    assert boundary(100, mixture_width(100)) / boundary(100, float(best)) < 1.001


def test_stitching_as_confseq_has_it():
    assert round(stitched(100, 10, scale=3), 5) == 64.48755


@pytest.mark.parametrize(
    ("count", "n", "best_at", "low", "high"),
    [
        (700, 1000, 100, 0.651629, 0.745949),
        (15, 50, 50, 0.129556, 0.511896),
        (5, 50, 50, 0.013021, 0.269264),
        (1, 50, 50, 0.0, 0.13489),
    ],
)
def test_sequences_of_a_share_as_confseq_has_them(count: int, n: int, best_at: int, low: float, high: float):
    interval = share_sequence(count, n, best_at=best_at)

    # The published digits are cut, not rounded.
    assert low <= interval.low < low + 1.1e-6
    assert high <= interval.high < high + 1.1e-5


def test_benjamini_and_hochbergs_fifteen():
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]

    assert sum(benjamini_hochberg(p)) == 4
    assert sum(one <= 0.05 / 15 for one in p) == 3


SCHOOLS = [28, 8, -3, 7, -1, 1, 18, 12], [error**2 for error in (15, 10, 16, 11, 9, 11, 10, 18)]


def test_the_eight_schools_cannot_be_told_apart():
    told = pool(*SCHOOLS)

    assert (round(told.mean, 3), round(told.error, 3), round(told.q, 3), told.spread) == (7.686, 4.072, 4.707, 0.0)


def test_the_eight_schools_as_gelman_and_others_have_them():
    """Bayesian Data Analysis (3rd edition), table 5.3: quantiles of 200 draws, so each is sure to some units only."""
    published = [(-2, 31), (-5, 23), (-11, 19), (-7, 21), (-9, 18), (-7, 28), (-1, 26), (-6, 33)]
    middle_half = [(7, 16), (3, 12), (2, 11), (4, 11), (1, 10), (2, 10), (7, 15), (3, 13)]

    limits, halves = shrink(*SCHOOLS), shrink(*SCHOOLS, level=0.5)

    for told, (low, high) in zip(halves, middle_half, strict=True):
        assert (told.low, told.high) == (pytest.approx(low, abs=1.2), pytest.approx(high, abs=1.2))
    for told, (low, high) in zip(limits, published, strict=True):
        assert told.low == pytest.approx(low, abs=2.5)
        assert told.high == pytest.approx(high, abs=10)


def test_efron_and_morris_eighteen_batters():
    hits = np.array([18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7]) / 45
    season = [0.346, 0.298, 0.276, 0.222, 0.273, 0.270, 0.263, 0.210, 0.269]
    season += [0.230, 0.264, 0.256, 0.303, 0.264, 0.226, 0.285, 0.316, 0.200]

    mean, kept, drawn = james_stein(hits, hits.mean() * (1 - hits.mean()) / 45)
    ratio = ((hits - season) ** 2).sum() / ((drawn - season) ** 2).sum()

    assert (round(mean, 3), round(kept, 3), round(drawn[0], 3), round(ratio, 2)) == (0.265, 0.212, 0.294, 3.53)


@pytest.mark.parametrize(
    ("expected", "low", "high", "lower_still"),
    [
        (15, 0.5596924, 1.649348, 0.3862650),
        (20, 0.6108260, 1.544419, 0.4479107),
        (30, 0.6746958, 1.427562, 0.5289724),
    ],
)
def test_funnel_limits_as_funnelplotr_has_them(expected: float, low: float, high: float, lower_still: float):
    limits, wider = ratio_limits(expected), ratio_limits(expected, level=0.998)

    assert (round(limits[0], 7), round(limits[1], 6)) == (low, high)
    assert round(wider[0], 7) == lower_still
