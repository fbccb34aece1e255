"""What may leave the house, one rule at a time. What an attacker makes of all tables together: test_attack."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet
from hypothesis import given
from hypothesis import strategies as st

from samspel.encounters import disclosing
from samspel.encounters.disclosing import (
    HIDDEN,
    TABLES,
    UNIT_WEEKS,
    Circle,
    Entry,
    Figure,
    Table,
    figure,
    growing,
    hold_back,
    is_due,
    pairs_of_unit,
    parts,
    points_of_unit,
    weeks_of_unit,
)
from samspel.encounters.figures import Agreement, Counts, FactorCount, PeriodCounts
from tests.waiting import wait_until

MONDAY = date(2026, 3, 2)
AT = datetime(2026, 4, 2, 11, 0, tzinfo=UTC)


def counts(n: int, good: int = 0) -> Counts:
    return Counts(n, (0, n - good, good))


def week(number: int, n: int, good: int = 0, side: str = "resident") -> PeriodCounts:
    return PeriodCounts(MONDAY + timedelta(weeks=number), side, counts(n, good))


def told(weeks: dict[tuple[str, date], Figure]) -> list[str]:
    return [str(one) for _, one in sorted(weeks.items())]


def test_a_table_is_sliced_by_at_most_two_things():
    with pytest.raises(ValueError, match="more than two"):
        Table("free", ("unit", "language", "week"), Circle.PUBLIC, "anything")

    assert len({table.name for table in TABLES}) == len(TABLES)


def test_fewer_than_the_threshold_are_two_dots():
    assert str(figure(4, 2, threshold=5)) == ".."
    assert figure(4, 2, threshold=5) == HIDDEN
    assert (figure(5, 2, threshold=5).n, figure(5, 2, threshold=5).per_100) == (5, 40)


@pytest.mark.parametrize(
    ("good", "told", "per_100"), [(5, "at least", 80), (4, "at least", 80), (0, "at most", 20), (1, "at most", 20)]
)
def test_that_all_answered_alike_cannot_be_told_from_all_but_one(good, told, per_100):
    one = figure(5, good, threshold=5)

    assert (one.told, one.per_100) == (told, per_100)
    assert one == figure(5, {5: 4, 4: 5, 0: 1, 1: 0}[good], threshold=5)


@given(st.integers(0, 60), st.data())
def test_a_figure_says_no_more_than_its_words(n, data):
    good = data.draw(st.integers(0, n))

    one = figure(n, good, threshold=5)

    if one.is_shown:
        interval = one.interval()
        assert one.good is not None
        assert 1 <= one.good <= n - 1
        assert interval is not None
        assert interval.holds(good / n)
    else:
        assert n < 5


def test_a_week_is_shown_when_it_is_over(db):
    found = [week(0, 12, 9), week(1, 8, 6)]

    shown = weeks_of_unit(1, found, today=MONDAY + timedelta(days=10), at=AT)

    assert told(shown) == ["12"]


def test_beside_a_small_week_the_next_one_is_hidden_too(db):
    found = [week(0, 12), week(1, 3), week(2, 9), week(3, 14)]

    shown = weeks_of_unit(1, found, today=date(2026, 5, 4), at=AT)

    assert told(shown) == ["12", "..", "..", "14"]


def test_two_small_weeks_that_are_enough_together_need_no_third():
    entries = hold_back({"1": counts(3), "2": counts(4), "3": counts(9)}, 5, {})

    assert [entry.is_hidden for entry in entries.values()] == [True, True, False]


def test_what_is_decided_week_by_week_is_what_is_decided_at_once():
    numbers = [9, 3, 2, 1, 4, 8, 3, 12, 5, 5]
    weeks = {f"{place:02}": counts(n) for place, n in enumerate(numbers)}
    by_week: dict[str, Entry] = {}
    for place in range(len(numbers)):
        by_week = hold_back(dict(list(weeks.items())[: place + 1]), 5, by_week)

    assert by_week == hold_back(weeks, 5, {})


def test_a_week_moves_when_five_late_answers_have_come(db):
    today = date(2026, 5, 4)
    weeks_of_unit(1, [week(0, 12, 6)], today=today, at=AT)

    few = weeks_of_unit(1, [week(0, 16, 8)], today=today, at=AT)
    enough = weeks_of_unit(1, [week(0, 17, 9)], today=today, at=AT)

    assert [(one.n, one.good) for one in few.values()] == [(12, 6)]
    assert [(one.n, one.good) for one in enough.values()] == [(17, 9)]


@pytest.mark.parametrize(("n", "good"), [(17, 11), (17, 10), (17, 7), (17, 6)])
def test_a_week_does_not_move_by_late_ones_that_all_answered_alike(db, n, good):
    """Nor when all but one did. What was taken back is gone all the same."""
    today = date(2026, 5, 4)
    weeks_of_unit(1, [week(0, 12, 6)], today=today, at=AT)

    shown = weeks_of_unit(1, [week(0, n, good)], today=today, at=AT)
    fewer = weeks_of_unit(1, [week(0, 7, 6)], today=today, at=AT)

    assert [(one.n, one.good) for one in shown.values()] == [(12, 6)]
    assert told(fewer) == ["7"]


def test_what_is_erased_is_gone_at_once(db):
    growing(UNIT_WEEKS, "7", {"a": (6, 3)}, at=AT)

    assert growing(UNIT_WEEKS, "7", {"a": (0, 0)}, at=AT) == {"a": HIDDEN}


@given(st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=1, max_size=20))
def test_no_two_weeks_that_were_ever_shown_differ_by_one_to_four(steps):
    last: dict[str, Entry] = {}
    now = [0, 0, 0]
    seen: dict[str, set[int]] = {}
    for step in steps:
        now = [a + b for a, b in zip(now, step, strict=True)]
        last = hold_back({str(place): counts(n) for place, n in enumerate(now)}, 5, last)
        for key, entry in last.items():
            if not entry.is_hidden:
                seen.setdefault(key, set()).add(entry.n)

    gaps = [b - a for ns in seen.values() for a, b in zip(sorted(ns), sorted(ns)[1:], strict=False)]
    assert all(gap >= 5 for gap in gaps)


def test_of_both_sides_a_small_part_is_in_no_sum(db):
    shown = pairs_of_unit(1, MONDAY, Agreement(alike=61, staff_better=18, resident_better=3), at=AT)

    assert shown == {"alike": 61, "staff_better": 18, "resident_better": None, "n": 79}


def test_a_factor_that_all_named_is_told_as_all_but_one(db):
    rows, answers = disclosing.factors_of_unit(
        1,
        MONDAY,
        [FactorCount("time", "resident", 20, 3), FactorCount("place", "staff", 6, 0)],
        {"resident": 20, "staff": 4},
        at=AT,
    )

    assert [(row.helped, row.hindered) for row in rows] == [(19, None), (None, None)]
    assert answers == {"resident": 20, "staff": None}


def test_words_need_ten_writers(db):
    assert disclosing.words_of_unit(1, MONDAY, {"väntade": 31, "vilse": 9}, at=AT) == {"väntade": 31}


def test_points_that_add_up_to_the_week_do_not_tell_the_small_one(db):
    shown = points_of_unit(1, MONDAY, {1: 20, 2: 9, 3: 2}, Figure(31, 20), at=AT)

    assert shown == {1: 20, 2: None, 3: None}
    assert points_of_unit(2, MONDAY, {1: 20}, HIDDEN, at=AT) == {1: None}


def test_what_came_by_no_point_is_a_part_of_the_week_too(db):
    assert points_of_unit(1, MONDAY, {1: 17}, Figure(20, 12), at=AT) == {1: None}
    assert points_of_unit(2, MONDAY, {1: 17, 2: 9}, Figure(29, 12), at=AT) == {1: 17, 2: None}
    assert points_of_unit(3, MONDAY, {1: 14}, Figure(20, 12), at=AT) == {1: 14}


def test_points_wait_for_the_week_when_a_few_came_late(db):
    late = points_of_unit(1, MONDAY, {1: 17, 2: 6}, Figure(20, 12), at=AT)
    moved = points_of_unit(1, MONDAY, {1: 18, 2: 8}, Figure(26, 16), at=AT)

    assert late == {1: None, 2: None}
    assert moved == {1: 18, 2: 8}


def test_a_sum_that_nothing_can_protect_shows_no_part():
    entries = parts({"a": Entry(3), "b": Entry(0)}, 5)

    assert all(entry.is_hidden for entry in entries.values())


# ---------------------------------------------------------------- two who read at the same moment


def both_read(counted: dict[str, int]) -> dict[str, Figure]:
    """What two are shown who have counted so many, each on a connection of its own, when both have begun to read what
    was last shown before either has kept what it shows."""
    inside: set[str] = set()
    shown: dict[str, Figure] = {}
    may_go_on = threading.Event()

    def read(name: str) -> None:
        asked = 0

        def decide(last: disclosing.Entries) -> disclosing.Entries:
            nonlocal asked
            asked += 1
            if asked == 2:  # the row has been read that is to be kept anew
                inside.add(name)
                may_go_on.wait(timeout=20)
            now = Entry(counted[name], 3)
            return {**last, "a": now} if is_due(last.get("a", Entry(0)), now.n, 5) else last

        try:
            shown[name] = disclosing.decided(UNIT_WEEKS, "9", decide, at=AT)["a"].figure(5)
        finally:
            connection.close()

    readers = [threading.Thread(target=read, args=(name,)) for name in counted]
    for reader in readers:
        reader.start()
    wait_until(lambda: len(inside) == len(counted) or (bool(inside) and is_somebody_waiting()))
    may_go_on.set()
    for reader in readers:
        reader.join(timeout=20)
    return shown


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", [0, 6])
def test_two_who_read_at_the_same_moment_are_shown_the_same(before: int):
    """The later one has counted two answers more, or fewer; it shows what the earlier one was shown."""
    growing(UNIT_WEEKS, "9", {"a": (before, 3)}, at=AT)

    shown = both_read({"one": 11, "other": 13})

    assert len(shown) == 2
    assert shown["one"] == shown["other"]
    assert shown["one"].n in {11, 13}


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_one_could_subtract_what_the_other_was_shown(monkeypatch: pytest.MonkeyPatch):
    growing(UNIT_WEEKS, "9", {"a": (6, 3)}, at=AT)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows: rows)

    shown = both_read({"one": 11, "other": 13})

    assert (shown["one"].n, shown["other"].n) == (11, 13)
