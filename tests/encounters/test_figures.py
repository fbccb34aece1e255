"""What the figures say of answers that were given, counted by hand beside them."""

from datetime import date, timedelta

import pytest
from pytest_django import Settings

from samspel.encounters import engines, figures, store
from samspel.encounters.figures import Agreement, Counts, FactorCount, PeriodCounts
from samspel.engine.inference import ClusterSums
from tests.encounters.answers import DAY, given, given_pairs, refreshed
from tests.encounters.asking import make_service
from tests.people import WHEN, Town

MONDAY = DAY - timedelta(days=DAY.weekday())
END = DAY + timedelta(days=1)
START = DAY - timedelta(days=30)


def test_without_answers_every_figure_is_empty(town: Town) -> None:
    assert figures.days(1, START, END) == figures.weeks(1, START, END) == []
    assert figures.all_days(START, END) == {}
    assert figures.agreement(1, START, END) == Agreement(0, 0, 0)
    assert figures.factors(1, START, END) == []
    assert figures.open_weeks(START, END) == {}
    assert figures.open_groups(START, END) == figures.open_group_days(START, END) == {}
    assert figures.texts(1, START, END) == []


def test_days_and_weeks_have_both_sides_and_their_own_unit_only(town: Town) -> None:
    given(town.guidance, good=3, bad=1, day=MONDAY, refresh=False)
    given(town.guidance, so_so=2, day=MONDAY + timedelta(days=1), refresh=False)
    given(town.guidance, good=1, day=MONDAY, side="staff", is_no_meeting=True, refresh=False)
    given(town.library, good=9, day=MONDAY)

    monday = PeriodCounts(MONDAY, "resident", Counts(4, (1, 0, 3)))
    tuesday = PeriodCounts(MONDAY + timedelta(days=1), "resident", Counts(2, (0, 2, 0)))
    staff = PeriodCounts(MONDAY, "staff", Counts(1, (0, 0, 1), 1))
    assert figures.days(town.guidance.pk, START, END) == [monday, staff, tuesday]
    assert figures.weeks(town.guidance.pk, START, END) == [
        PeriodCounts(MONDAY, "resident", Counts(6, (1, 2, 3))),
        staff,
    ]
    assert figures.all_days(START, END)[town.guidance.pk] == [monday, staff, tuesday]
    assert figures.all_days(START, END)[town.library.pk][0].counts.n == 9


def test_until_is_excluded_and_since_is_not(town: Town) -> None:
    for back in range(4):
        given(town.guidance, good=1, day=DAY - timedelta(days=back), refresh=False)
    refreshed()

    found = figures.days(town.guidance.pk, DAY - timedelta(days=2), DAY)

    assert [day.begins for day in found] == [DAY - timedelta(days=2), DAY - timedelta(days=1)]


def test_a_limit_is_asked_for_only_where_a_file_reaches_beyond_it() -> None:
    march = store.Part("month=2026-03/1-a", date(2026, 3, 1), date(2026, 3, 31), 9)
    april = store.Part("day=2026-04-01/1-b", date(2026, 4, 1), date(2026, 4, 1), 9)
    manifest = store.Manifest(1, (march, april))

    assert manifest.limits(date(2026, 3, 1), date(2026, 4, 2)) == (None, None)
    assert manifest.limits(date(2026, 3, 2), date(2026, 4, 2)) == (date(2026, 3, 2), None)
    assert manifest.limits(date(2026, 3, 1), date(2026, 3, 31)) == (None, date(2026, 3, 31))
    assert manifest.limits(date(2026, 4, 1), date(2026, 4, 2)) == (None, None)


def test_agreement_counts_each_meeting_once(town: Town) -> None:
    given_pairs(town.guidance, (3, 3), (3, 3), (1, 3), (2, 3), (3, 1), refresh=False)
    given(town.guidance, good=5)

    assert figures.agreement(town.guidance.pk, START, END) == Agreement(alike=2, staff_better=2, resident_better=1)


def test_factors_are_counted_by_what_they_did(town: Town) -> None:
    given(town.guidance, good=2, helped=["time", "calm"], refresh=False)
    given(town.guidance, bad=1, helped=["calm"], hindered=["time"], refresh=False)
    given(town.guidance, good=1, side="staff", helped=["time"])

    assert figures.factors(town.guidance.pk, START, END) == [
        FactorCount("calm", "resident", 3, 0),
        FactorCount("time", "resident", 2, 1),
        FactorCount("time", "staff", 1, 0),
    ]


def test_every_service_has_its_units_weeks_and_groups(town: Town) -> None:
    service, other = make_service(), make_service("other", "Annat")
    before = MONDAY - timedelta(weeks=1)
    given(town.guidance, good=2, day=MONDAY, service=service, language="sv", refresh=False)
    given(town.library, bad=3, day=MONDAY, service=service, language="ar", refresh=False)
    given(town.library, so_so=1, day=before, service=service, refresh=False)
    given(town.library, good=4, day=MONDAY, service=other, language="sv", refresh=False)
    given(town.library, good=9, day=MONDAY, service=service, language="sv", side="staff", refresh=False)
    given(town.library, good=7, day=MONDAY, language="sv")

    assert figures.open_weeks(START, END) == {
        0: {town.library.pk: {MONDAY: Counts(7, (0, 0, 7))}},
        service.pk: {
            town.guidance.pk: {MONDAY: Counts(2, (0, 0, 2))},
            town.library.pk: {before: Counts(1, (0, 1, 0)), MONDAY: Counts(3, (3, 0, 0))},
        },
        other.pk: {town.library.pk: {MONDAY: Counts(4, (0, 0, 4))}},
    }
    groups = figures.open_groups(START, END)
    assert {key: n for key, n in groups[service.pk].items() if key[0] in {"language", "area"}} == {
        ("language", ""): Counts(1, (0, 1, 0)),
        ("language", "ar"): Counts(3, (3, 0, 0)),
        ("language", "sv"): Counts(2, (0, 0, 2)),
        ("area", ""): Counts(6, (3, 1, 2)),
    }
    assert groups[0]["language", "sv"] == Counts(7, (0, 0, 7))


def test_how_a_groups_answers_lie_in_days(town: Town) -> None:
    service = make_service()
    given(town.guidance, good=2, bad=1, day=MONDAY, service=service, language="sv", refresh=False)
    given(town.library, good=1, day=MONDAY, service=service, language="sv", refresh=False)
    given(town.guidance, good=1, so_so=1, day=MONDAY - timedelta(days=1), service=service, language="sv", refresh=False)
    given(town.guidance, bad=2, day=MONDAY, service=service, language="ar", refresh=False)
    given(town.library, good=9, day=MONDAY, service=service, language="sv", side="staff")

    found = figures.open_group_days(START, END)[service.pk]

    # Four on the Monday, three of them good, wherever; two the day before, one of them good.
    assert found["language", "sv"] == ClusterSums(n=6, count=4, mm=16 + 4, my=12 + 2, yy=9 + 1)
    assert found["language", "ar"] == ClusterSums(n=2, count=0, mm=4, my=0, yy=0)


def test_texts_are_a_units_own_and_of_one_side(town: Town) -> None:
    given(town.guidance, good=1, text='Hon "lyssnade",\när det fanns tid', refresh=False)
    given(town.guidance, good=1, text="Bra", side="staff", refresh=False)
    given(town.guidance, good=3)

    assert figures.texts(town.guidance.pk, START, END) == ['Hon "lyssnade",\när det fanns tid']


@pytest.mark.parametrize(
    "hidden",
    [{"aside": "play"}, {"aside": "withdrawn"}, {"token": b"t" * 32, "sealed_until": WHEN + timedelta(days=9)}],
)
def test_what_is_sealed_or_set_aside_is_in_no_figure(town: Town, hidden: dict[str, object]) -> None:
    given(town.guidance, good=2, helped=["time"], text="Bra", **hidden)

    assert figures.days(town.guidance.pk, START, END) == []
    assert figures.factors(town.guidance.pk, START, END) == []
    assert figures.texts(town.guidance.pk, START, END) == []
    assert figures.open_weeks(START, END) == {}
    assert figures.open_groups(START, END) == figures.open_group_days(START, END) == {}


def test_a_day_far_away_costs_no_other(town: Town) -> None:
    given(town.guidance, good=1, day=date(2020, 1, 1))

    assert figures.days(town.guidance.pk, START, END) == []
    assert len(figures.days(town.guidance.pk, date(2020, 1, 1), END)) == 1


def test_what_does_not_fit_in_memory_is_laid_aside_and_taken_away(settings: Settings) -> None:
    settings.FIGURES_MEMORY, settings.FIGURES_THREADS = "64MB", 1

    with engines.open_duckdb() as line:
        line.execute("CREATE TABLE t AS SELECT repeat('x', 200) || i AS text FROM range(600000) r(i) ORDER BY hash(i)")
        assert line.execute("SELECT count(DISTINCT text) FROM t").fetchall() == [(600_000,)]
        assert list((store.folder() / "scratch").rglob("*.tmp")) != []

    assert list((store.folder() / "scratch").rglob("*.tmp")) == []
