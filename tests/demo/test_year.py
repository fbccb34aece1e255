"""The generated year: the same seed gives the same year, the truths are planted in it, and it comes into the town."""

from dataclasses import replace

import numpy as np
import pytest
from django.utils.timezone import now

from samspel.demo import lindvik, starting, year
from samspel.demo.days import monday_before
from samspel.demo.house import HouseError
from samspel.demo.year import GOOD, SMALL_UNIT, Year, draw, told, truth
from samspel.encounters import figures
from samspel.encounters.compute_looks import years_kept
from samspel.encounters.models import Answer, Service, Side, Watch
from samspel.encounters.sampling import expect
from samspel.people.models import Unit


def test_the_same_seed_gives_the_same_year_and_another_one_another():
    one, again, other = draw(3, truth()), draw(3, truth()), draw(4, truth())

    assert np.array_equal(one.level, again.level)
    assert np.array_equal(one.groups["language"], again.groups["language"])
    assert not np.array_equal(one.level[:1000], other.level[:1000])


def test_each_change_is_the_smallest_that_the_units_plan_says_it_can_see():
    for one in truth().changed:
        assert round(100 * abs(one.gap)) == expect(year.plan_of(one.unit), good=round(100 * GOOD)).gap


CALM = sorted({*range(18)} - {SMALL_UNIT} - {one.unit for one in truth().changed})


def _share(good: np.ndarray, n: np.ndarray, unit: int, week: int) -> float:
    """How far a unit's share moved from before a week to after."""
    before, after = (good[unit, part].sum() / n[unit, part].sum() for part in (slice(week), slice(week, None)))
    return float(after - before)


def test_the_truths_are_in_the_year():
    planted = truth()
    shares = []
    for seed in range(6):
        n, good = draw(seed, planted).weeks_of()
        for one in planted.changed:
            moved = [_share(good, n, unit, one.week) for unit in (one.unit, *CALM)]
            shares.append(moved[0] - np.mean(moved[1:]) - one.gap)  # the season is all units'
        assert good[SMALL_UNIT].sum() / n[SMALL_UNIT].sum() < GOOD - 0.05

    assert abs(np.mean(shares)) < 0.015


def test_groups_that_are_met_worse_are_and_others_are_not():
    drawn = draw(5, truth())
    (one, *_others) = truth().unequal
    here = drawn.unit // 6 == one.service
    names = [name for name, _part in year.DIMENSIONS[one.dimension]]
    good = {
        name: (drawn.level[here & (drawn.groups[one.dimension] == at)] == 3).mean() for at, name in enumerate(names)
    }

    assert good[one.group] < good["sv"] + one.gap / 2
    assert good["en"] == pytest.approx(good["sv"], abs=0.04)


def of_one_service(made: Year) -> Year:
    """An eighth of what is told of the first six units."""
    keep = np.flatnonzero(made.unit < len(year.KINDS[0].units))[::8]
    groups = {name: column[keep] for name, column in made.groups.items()}
    return replace(
        made,
        unit=made.unit[keep],
        week=made.week[keep],
        weekday=made.weekday[keep],
        level=made.level[keep],
        groups=groups,
    )


@pytest.mark.django_db
def test_the_year_comes_with_the_town_and_the_nights_look_at_it(demo: None, monkeypatch: pytest.MonkeyPatch):
    whole = year.draw
    monkeypatch.setattr(year, "draw", lambda seed, planted: of_one_service(whole(seed, planted)))
    drawn, at = year.draw(year.SEED, truth()), now()

    assert lindvik.seed(at=at, with_year=True)
    assert not lindvik.seed(at=at, with_year=True)

    units = set(Unit.objects.filter(name__in=year.KINDS[0].units).values_list("pk", flat=True))
    counted = figures.all_days(monday_before(at, year.WEEKS), at.date())
    residents = sum(day.counts.n for unit in units for day in counted[unit] if day.side == Side.RESIDENT)
    assert residents == len(drawn.unit)
    assert not Answer.objects.filter(token__isnull=False, unit__in=units).exists()  # opened
    assert Watch.objects.filter(side=Side.RESIDENT, unit__in=units).count() == len(units) == 6
    service = Service.objects.get(key=year.KINDS[0].key)
    [looks] = years_kept([service.pk], at.date().isocalendar().year).values()
    assert looks[-1].total.n > 1000


@pytest.mark.django_db
def test_a_town_that_is_there_without_its_year_says_how_to_make_it_anew(lindvik_town: None):
    with pytest.raises(HouseError, match="--year --fresh"):
        starting.prepare(people=0, with_year=True)


def test_what_is_planted_is_told():
    assert "Biblioteket i Ektorp: -12 of 100" in told(truth())
