"""The generated year: the same seed gives the same year, the truths are planted in it, and it comes into the town."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from samspel.demo import year
from samspel.demo.year import GOOD, SMALL_UNIT, Year, draw, make_year, told, truth
from samspel.encounters import figures
from samspel.encounters.models import Answer, Service, Side, Watch
from samspel.encounters.sampling import expect
from samspel.people.models import Unit
from tests.people import WHEN, Town, actor_of, make_unit


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


def thinned(made: Year, every: int) -> Year:
    keep = slice(None, None, every)
    groups = {name: column[keep] for name, column in made.groups.items()}
    return replace(
        made,
        unit=made.unit[keep],
        week=made.week[keep],
        weekday=made.weekday[keep],
        level=made.level[keep],
        groups=groups,
    )


def test_the_year_comes_into_the_town_once(town: Town, monkeypatch: pytest.MonkeyPatch):
    whole = year.draw
    monkeypatch.setattr(year, "draw", lambda seed, planted: thinned(whole(seed, planted), 50))
    for name in {kind.above for kind in year.KINDS}:
        make_unit(name, town.root)
    drawn = year.draw(year.SEED, truth())

    planted = make_year(actor_of(town.administrator), at=WHEN)
    again = make_year(actor_of(town.administrator), at=WHEN)

    assert planted == again == truth()
    since = year.first_monday(WHEN)
    counted = figures.all_days(since, WHEN.date())
    residents = sum(day.counts.n for days in counted.values() for day in days if day.side == Side.RESIDENT)
    assert residents == len(drawn.unit)
    assert Service.objects.filter(key__in=[kind.key for kind in year.KINDS]).count() == 3
    assert Watch.objects.filter(side=Side.RESIDENT).count() == Unit.objects.filter(name__in=_names()).count() == 18
    assert not Answer.objects.filter(token__isnull=False).exists()  # opened
    assert "Biblioteket i Ektorp: -12 of 100" in told(planted)


def _names() -> Sequence[str]:
    return [unit for kind in year.KINDS for unit in kind.units]
