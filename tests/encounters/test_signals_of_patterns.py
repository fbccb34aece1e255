"""The night's look: a changed pattern becomes one signal on the unit's thread, told once, never from few answers."""

from datetime import date, timedelta

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from samspel.core.models import AuditEntry, Knot
from samspel.encounters import compute_signals, figures
from samspel.encounters.compute_signals import WatchError, changes_of, find_changes
from samspel.encounters.models import Answer, Side, Signal, Watch
from samspel.encounters.to_take_up import to_take_up
from samspel.encounters.weeks import monday_of
from samspel.people.models import Unit
from tests.encounters.answers import answer, given, refreshed
from tests.people import WHEN, Town

TODAY = WHEN.date()
FIRST = monday_of(TODAY) - timedelta(weeks=30)


def weeks_of(unit: Unit, shares: list[float], *, n: int = 30, begins: date = FIRST, side: str = "resident") -> None:
    """So many answers each week, drawn by the share that are good."""
    rng = np.random.default_rng(len(unit.name))
    for week, share in enumerate(shares):
        good = int(rng.binomial(n, share))
        given(unit, good=good, bad=n - good, day=begins + timedelta(weeks=week, days=2), side=side, refresh=False)


@pytest.fixture
def changed(town: Town) -> Unit:
    weeks_of(town.guidance, [0.85] * 20 + [0.45] * 10)
    weeks_of(town.library, [0.85] * 30)
    refreshed()
    return town.guidance


def test_a_change_becomes_a_signal_on_the_units_thread(changed: Unit) -> None:
    (signal,) = find_changes(WHEN)

    assert signal.unit_id == changed.pk
    assert signal.words.startswith("Sedan vecka ")
    assert signal.words.endswith(" säger färre besökare att mötet var bra.")
    assert Knot.objects.get(object_type="encounters.signal").object_id == signal.pk
    assert AuditEntry.objects.get(verb="signal.seen").object_id == signal.pk


def test_the_finding_says_since_when_from_what_to_what_and_on_how_many_answers(changed: Unit) -> None:
    find_changes(WHEN)

    (found,) = changes_of(changed.pk)

    planted = FIRST + timedelta(weeks=20)
    assert found.side == Side.RESIDENT
    assert found.earliest <= planted <= found.latest
    assert found.before.holds(0.85)
    assert found.after.holds(0.45)
    assert found.gap.holds(-0.40)
    assert (found.n_before % 10, found.n_after % 10) == (0, 0)
    assert 500 <= found.n_before <= 700
    signal = Signal.objects.get(pk=found.signal_id)
    assert signal.finding["engine"] == compute_signals.VERSION
    assert signal.source == f"Ungefär {found.n_before} svar före och {found.n_after} efter"


def test_a_pattern_is_taken_up_before_what_was_noted_by_hand(changed: Unit) -> None:
    noted = Signal.objects.create(unit=changed, words="Dörren är tung.", noted_at=WHEN)
    first = to_take_up(changed.pk, WHEN)
    (pattern,) = find_changes(WHEN - timedelta(hours=1))

    then = to_take_up(changed.pk, WHEN)

    assert first is not None
    assert first.signal == noted
    assert then is not None
    assert then.signal == pattern


def test_a_change_is_told_once_however_often_one_looks(changed: Unit) -> None:
    find_changes(WHEN)
    weeks_of(changed, [0.45] * 4, begins=monday_of(TODAY))
    later = WHEN + timedelta(weeks=4)
    refreshed(later)

    again = [*find_changes(WHEN), *find_changes(later), *find_changes(later)]

    assert again == []
    assert Signal.objects.count() == Knot.objects.count() == 1


def test_two_who_look_at_once_write_one_signal(changed: Unit) -> None:
    find_changes(WHEN)
    Watch.objects.all().delete()  # as it was to the other one

    find_changes(WHEN)

    assert Signal.objects.count() == Knot.objects.count() == 1


def test_staff_who_answer_otherwise_are_told_in_their_own_words(town: Town) -> None:
    weeks_of(town.guidance, [0.4] * 20 + [0.9] * 10, side="staff")
    refreshed()

    (signal,) = find_changes(WHEN)

    assert signal.words.endswith(" säger vi som tog emot oftare att mötet var bra.")


def test_nothing_is_said_where_nothing_changed_or_few_answered(town: Town) -> None:
    weeks_of(town.guidance, [0.8] * 30)
    weeks_of(town.library, [1.0] * 15 + [0.0] * 15, n=1)
    refreshed()

    assert find_changes(WHEN) == []
    assert changes_of(town.guidance.pk) == []
    assert Watch.objects.get(unit=town.guidance, side="resident").seen_to == monday_of(TODAY) - timedelta(days=1)


def test_no_share_is_told_as_all_or_none(town: Town) -> None:
    weeks_of(town.guidance, [1.0] * 20 + [0.4] * 10)
    refreshed()

    find_changes(WHEN)

    (found,) = changes_of(town.guidance.pk)
    assert found.before.estimate < 1


def test_a_week_is_looked_at_when_none_of_its_answers_waits_for_its_other_side(changed: Unit) -> None:
    sealed = answer(changed, 3, day=FIRST + timedelta(weeks=19), token=b"t" * 32, sealed_until=WHEN + timedelta(days=3))
    sealed.save()

    before = find_changes(WHEN)
    seen = Watch.objects.get(unit=changed, side="resident").seen_to
    Answer.objects.filter(pk=sealed.pk).update(token=None, sealed_until=None)
    refreshed()
    after = find_changes(WHEN)

    assert before == []
    assert seen == FIRST + timedelta(weeks=19) - timedelta(days=1)
    assert [signal.unit_id for signal in after] == [changed.pk]


def test_a_night_without_a_new_week_costs_two_queries(
    changed: Unit, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    find_changes(WHEN)

    with django_assert_num_queries(2):
        assert find_changes(WHEN + timedelta(hours=12)) == []


def test_an_alarm_that_the_check_does_not_bear_out_is_not_written(
    changed: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute_signals, "check", lambda *_: ["evidence must be 1, got 9"])

    with pytest.raises(WatchError, match=f"unit {changed.pk}: evidence"):
        find_changes(WHEN)

    assert not Signal.objects.exists()


@pytest.mark.usefixtures("changed")
def test_the_same_figures_are_looked_at_as_pages_show() -> None:
    everyone = figures.all_days(FIRST, TODAY)

    assert sum(day.counts.n for days in everyone.values() for day in days) == 2 * 30 * 30
