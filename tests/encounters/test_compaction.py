"""Days that have rested move into their files, and nothing that was counted before is counted otherwise after."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import psycopg
import pytest
from django.db import connection
from pytest_django import Settings

from samspel.encounters import compaction, engines, figures, store
from samspel.encounters.models import Answer, Day
from tests.encounters.answers import DAY, given, given_pairs, refreshed
from tests.people import WHEN, Town

SOON = WHEN + timedelta(days=2)
LATER = WHEN + timedelta(days=40)
ALL = (date(2000, 1, 1), date(2100, 1, 1))


def kept() -> list[tuple[str, str, str]]:
    """Key, what became of it and words of every answer in the files that hold now."""
    with store.reading() as manifest, duckdb.connect() as line:
        line.execute(engines.view("answers", "answers", [str(path) for path in manifest.files("answers", *ALL)]))
        return line.execute("SELECT key, aside, text FROM answers ORDER BY key").fetchall()


def files() -> set[str]:
    return {str(path.relative_to(store.folder())) for path in store.folder().rglob("*") if path.is_file()}


def test_a_day_that_has_rested_leaves_the_database_and_no_figure_changes(town: Town) -> None:
    given_pairs(town.guidance, (3, 2), (1, 1), refresh=False, helped=["time"], text="Bra")
    given(town.guidance, good=3, day=DAY - timedelta(days=1), language="sv", area=None)
    before = (figures.days(town.guidance.pk, *ALL), figures.factors(town.guidance.pk, *ALL), kept())

    moved = compaction.compact(SOON)

    assert (moved.written, moved.rows, moved.waiting) == (2, 7, 0)
    assert Answer.objects.count() == 0
    assert [(row.day, row.rows) for row in Day.objects.order_by("day")] == [(DAY - timedelta(days=1), 3), (DAY, 4)]
    assert (figures.days(town.guidance.pk, *ALL), figures.factors(town.guidance.pk, *ALL), kept()) == before


def test_what_is_open_has_its_sums_at_once_and_what_rested_waits_for_its_cluster(
    town: Town, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object) -> None:
        raise ConnectionError("all masters are unresponsive")

    settings.FIGURES_ENGINE = "spark://127.0.0.1:1"
    monkeypatch.setattr(engines, "on_cluster", away)
    given(town.guidance, good=3)
    before, there = kept(), files()

    with pytest.raises(ConnectionError):
        compaction.compact(SOON)

    assert Answer.objects.count() == 3
    assert (kept(), files()) == (before, there)
    settings.FIGURES_ENGINE = "duckdb"
    assert compaction.compact(SOON).rows == 3
    assert kept() == before


def test_today_yesterday_what_is_sealed_and_what_just_came_stay(town: Town) -> None:
    given(town.guidance, good=1, refresh=False)
    given(town.guidance, good=1, day=DAY + timedelta(days=1), refresh=False)
    old = DAY - timedelta(days=5)
    given(town.guidance, good=1, day=old, token=b"t" * 32, sealed_until=SOON + timedelta(days=1), refresh=False)
    given(town.guidance, good=1, day=old, received_at=SOON - timedelta(minutes=20))

    moved = compaction.compact(SOON)

    assert moved.rows == 1
    assert Answer.objects.count() == 3
    assert len(kept()) == 3


def test_a_meeting_of_which_both_have_told_is_opened_and_then_counted(town: Town) -> None:
    sealed = {"token": b"t" * 32, "sealed_until": WHEN + timedelta(days=14)}
    given(town.guidance, good=1, refresh=False, **sealed)
    given(town.guidance, bad=1, side="staff", refresh=False, **sealed)

    refreshed(WHEN + timedelta(minutes=5))

    assert figures.agreement(town.guidance.pk, *ALL) == figures.Agreement(0, 0, 1)


def test_a_second_compaction_writes_nothing(town: Town) -> None:
    given(town.guidance, good=3)
    compaction.compact(SOON)
    before = files()

    assert compaction.compact(SOON) == compaction.Moved(0, 0, 0, 0)
    assert files() == before


def test_a_late_answer_makes_a_new_version_of_its_day_and_the_old_file_goes(town: Town) -> None:
    given(town.guidance, good=3)
    compaction.compact(SOON)
    before = files()
    late = given(town.library, bad=1, text="Sent")[0]
    assert len(kept()) == 4

    compaction.compact(SOON)

    row = Day.objects.get()
    assert (row.version, row.rows) == (2, 4)
    assert (late.key, "", "Sent") in kept()
    assert len(files()) == len(before)
    assert not {name for name in files() if name.endswith(".parquet")} & before


def test_a_key_that_the_day_has_is_not_written_again(town: Town) -> None:
    [first] = given(town.guidance, good=1, text="Först")
    compaction.compact(SOON)
    given(town.guidance, bad=1, key=first.key, text="Igen")

    assert kept() == [(first.key, "", "Först")]
    assert figures.days(town.guidance.pk, *ALL)[0].counts.n == 1
    compaction.compact(SOON)

    assert kept() == [(first.key, "", "Först")]
    assert Answer.objects.count() == 0


def test_an_old_month_becomes_one_file_and_a_late_answer_in_it_is_counted(town: Town) -> None:
    days = [date(2026, 3, 1), date(2026, 3, 14), date(2026, 3, 31), date(2026, 4, 1)]
    for day in days:
        given(town.guidance, good=2, day=day, refresh=False)
    compaction.compact(WHEN + timedelta(days=4))
    assert Day.objects.values("file").distinct().count() == 4

    compaction.compact(LATER)

    assert sorted(set(Day.objects.values_list("file", flat=True)))[1].startswith("month=2026-03/")
    assert Day.objects.values("file").distinct().count() == 2
    given(town.guidance, bad=1, day=days[1])
    assert [day.counts.n for day in figures.days(town.guidance.pk, *ALL)] == [2, 3, 2, 2]
    compaction.compact(LATER)
    assert [day.counts.n for day in figures.days(town.guidance.pk, *ALL)] == [2, 3, 2, 2]
    assert [(row.day, row.rows) for row in Day.objects.order_by("day")] == list(zip(days, [2, 3, 2, 2], strict=True))
    assert Day.objects.values("file").distinct().count() == 2


def test_words_are_erased_before_answers_and_both_in_their_time(town: Town) -> None:
    given(town.guidance, good=2, text="Tack")
    compaction.compact(SOON)

    compaction.compact(WHEN + timedelta(days=730))
    assert [text for _, _, text in kept()] == ["Tack", "Tack"]
    compaction.compact(SOON + timedelta(days=800))
    assert [text for _, _, text in kept()] == ["", ""]
    assert figures.days(town.guidance.pk, *ALL)[0].counts.n == 2
    version = Day.objects.get().version
    compaction.compact(SOON + timedelta(days=801))
    assert Day.objects.get().version == version
    compaction.compact(SOON + timedelta(days=3700))
    assert kept() == []
    assert [name for name in files() if name.endswith(".parquet")] == []


def test_what_a_killed_attempt_left_is_swept(town: Town) -> None:
    given(town.guidance, good=1)
    compaction.compact(SOON)
    before = files()
    folder = store.Part("day=2026-04-02/9-aaaa", DAY, DAY, 0).path("answers").parent
    (folder / "9-aaaaaaaa.parquet").write_bytes(b"whole, but never named")
    (folder / ".9-bbbbbbbb.parquet.part").write_bytes(b"half")

    spilled = store.folder() / "scratch" / "999999999-ab" / "duckdb_temp_storage-0.tmp"
    spilled.parent.mkdir(parents=True)
    spilled.write_bytes(b"of a process that is no more")

    assert compaction.compact(SOON).swept == 3
    assert files() == before


def test_a_reader_keeps_the_files_that_it_reads_by(town: Town) -> None:
    given(town.guidance, good=1)
    compaction.compact(SOON)
    with store.reading() as manifest:
        [path] = manifest.files("answers", *ALL)
        given(town.guidance, good=1)
        compaction.compact(SOON)
        assert path.exists()

    given(town.guidance, good=1)
    compaction.compact(SOON)

    assert not path.exists()


def test_nothing_new_writes_no_new_snapshot(town: Town) -> None:
    given(town.guidance, good=1)
    before = files()

    refreshed()

    assert files() == before


@contextmanager
def somebody_else() -> Iterator[None]:
    """Another connection that holds the writers' lock."""
    with psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": psycopg.Cursor}) as line:
        line.execute("SELECT pg_advisory_lock(%s)", [store.LOCK])
        yield
        # Hanging up is heard a moment later, and the lock held until then.
        line.execute("SELECT pg_advisory_unlock(%s)", [store.LOCK])


def test_two_at_once_the_second_leaves_it_to_the_first(town: Town) -> None:
    given(town.guidance, good=1)

    with somebody_else(), pytest.raises(compaction.BusyError):
        compaction.compact(SOON)

    assert compaction.compact(SOON).rows == 1


def test_a_file_says_which_schema_it_has_and_is_nobody_elses_to_read(town: Town) -> None:
    given(town.guidance, good=1, helped=["time"])
    compaction.compact(SOON)
    with store.reading() as manifest:
        [path] = manifest.files("answers", *ALL)

    with duckdb.connect() as line:
        marks = line.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
        columns = line.execute("DESCRIBE FROM read_parquet(?, hive_partitioning = false)", [str(path)]).fetchall()

    assert (b"samspel.answers", b"1") in marks
    assert [name for name, *_ in columns] == list(store.ANSWERS)
    assert Path(store.folder()).stat().st_mode & 0o077 == 0
