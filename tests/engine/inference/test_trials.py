"""Published examples of changes made at a known time, to the digits that were given; and what is refused."""

import numpy as np
import pytest
from scipy.stats import hypergeom, laplace

from samspel.engine.inference.trials import (
    difference_in_differences,
    poisson,
    stepped_power,
    stepped_variance,
)

# Sicily's smoking ban of January 2005: hospital admissions for acute coronary events in the months from January 2002 to
# November 2006, ages 0 to 69, and the standardised population. Barone-Adesi et al. (2011, PLoS ONE 6:e17419); the data
# come with Lopez Bernal, Cummins and Gasparrini (2017, International Journal of Epidemiology 46:348).
# fmt: off
ACES = np.array([
    728, 659, 791, 734, 757, 726, 760, 740, 720, 814, 795, 858, 887, 766, 851,
    769, 781, 756, 766, 752, 765, 831, 879, 928, 914, 808, 937, 840, 916, 828,
    845, 818, 860, 839, 887, 886, 831, 796, 833, 820, 877, 758, 767, 738, 781,
    843, 850, 908, 1021, 859, 976, 888, 962, 838, 810, 876, 843, 936, 912,
], dtype=float)
# fmt: on
# fmt: off
POPULATION = np.array([
    379875.3, 376495.5, 377040.8, 377116.4, 377383.4, 374113.1, 379513.3, 376295.5, 374653.2,
    378485.6, 375955.5, 378349.7, 376762.4, 379032.3, 379360.4, 376162, 377972.4, 381830.7,
    379888.6, 380872.2, 380966.9, 381240.4, 382104.9, 381802.7, 381656.3, 383680, 383504.2,
    386462.9, 383783.1, 380836.8, 383483, 380906.2, 382926.8, 384052.4, 384449.6, 383428.4,
    388153.2, 388373.2, 386470.1, 386033.2, 383686.4, 385509.3, 385901.9, 386516.6, 388436.5,
    383255.2, 390148.7, 385874.9, 391613.6, 391750.4, 394005.6, 391364.9, 391664.6, 389022.3,
    391878.5, 388575.3, 392989, 390018.8, 390712.3,
], dtype=float)
# fmt: on
MONTHS = np.arange(1, 60)
BAN = (MONTHS >= 37).astype(float)


def test_an_interrupted_series_as_it_was_published_for_sicily():
    told = poisson(np.column_stack([np.ones(59), BAN, MONTHS]), ACES, POPULATION)

    ratio = told.ratio(1, is_overdispersed=False)

    assert (round(ratio.estimate, 4), round(ratio.low, 4), round(ratio.high, 4)) == (0.8944, 0.8647, 0.9251)


def test_the_same_with_its_seasons_and_as_wide_as_the_counts_vary():
    turns = 2 * np.pi * np.outer(MONTHS, [1, 2]) / 12
    design = np.column_stack([np.ones(59), BAN, MONTHS, np.sin(turns), np.cos(turns)])

    told = poisson(design, ACES, POPULATION)

    ratio = told.ratio(1, is_overdispersed=True)
    assert (round(ratio.estimate, 4), round(ratio.low, 4), round(ratio.high, 4)) == (0.8851, 0.8394, 0.9332)
    assert round(told.dispersion, 3) == 2.262


def test_a_stepped_wedge_as_hussey_and_hughes_have_it():
    """24 clinics in four steps, 100 tested in each at a time, 5 % that become 3.2 %, clinics that differ by 0.3."""
    begins = [1 + clinic // 6 for clinic in range(24)]

    variance = stepped_variance(begins, 5, within=0.05 * 0.95 / 100, between=(0.3 * 0.05) ** 2)

    assert f"{variance:.4e}" == "4.4058e-05"
    assert round(stepped_power(0.05 - 0.032, variance), 3) == 0.774


def test_the_closed_form_is_generalised_least_squares():
    begins, periods, within, between = [1, 1, 2, 3, 3], 4, 0.02, 0.05
    units = len(begins)
    rows = [(unit, period) for unit in range(units) for period in range(periods)]
    effect = np.array([float(period >= begins[unit]) for unit, period in rows])
    times = np.array([[float(period == at) for at in range(periods)] for _, period in rows])
    same = np.array([[float(one[0] == other[0]) for other in rows] for one in rows])
    inverse = np.linalg.inv(within * np.eye(len(rows)) + between * same)
    design = np.column_stack([effect, times])

    brute = np.linalg.inv(design.T @ inverse @ design)[0, 0]

    assert stepped_variance(begins, periods, within, between) == pytest.approx(brute, rel=1e-12)


def test_card_and_kruegers_restaurants():
    """Full-time jobs before and after New Jersey's minimum wage (1994, American Economic Review 84:772)."""
    jersey, pennsylvania = (21.03 - 20.44, 0.54), (21.17 - 23.33, 1.25)

    told = difference_in_differences(jersey, pennsylvania)

    assert round(told.estimate, 2) == 2.75  # of rounded means; 2.76 was published
    assert round((told.high - told.estimate) / 1.959964, 2) == 1.36


def test_the_lady_tasting_tea_asked_from_one_side():
    """What exact_p adds the other side to."""
    assert round(float(hypergeom(8, 4, 4).sf(2)), 4) == 0.2429


def test_the_noise_that_95_of_100_are_within():
    """Laplace noise of scale 1: why figures are hidden rather than blurred (docs/explanation/what-figures-hide.md)."""
    assert round(float(laplace.ppf(0.975)), 6) == 2.995732


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: poisson(np.ones((3, 1)), np.ones(2), np.ones(3)), "as many rows"),
        (lambda: poisson(np.ones((2, 1)), np.ones(2), np.zeros(2)), "exposure must be above 0"),
        (lambda: stepped_variance([], 4, 1, 1), "begins must be from 0"),
        (lambda: stepped_variance([1, 1], 4, 1, 1), "begins must differ"),
    ],
)
def test_what_cannot_be_is_told(wrong: object, message: str):
    with pytest.raises(ValueError, match=message):
        wrong()  # type: ignore[operator]
