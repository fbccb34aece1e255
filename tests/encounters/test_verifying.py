"""What `samspel check` says of the answers' files."""

from datetime import timedelta

import duckdb

from samspel.encounters import compaction, store, verifying
from samspel.encounters.models import Day
from tests.encounters.answers import given
from tests.people import WHEN, Town


def moved(town: Town) -> store.Part:
    given(town.guidance, good=3, helped=["time"], refresh=False)
    given(town.guidance, bad=1, day=WHEN.date() + timedelta(days=1))
    compaction.compact(WHEN + timedelta(days=2))
    return next(part for part in store.newest().parts if not part.mark)


def test_what_is_as_it_should_be_has_no_faults(town: Town) -> None:
    assert verifying.faults() == []

    moved(town)

    assert verifying.faults() == []


def test_a_byte_that_changed_is_told(town: Town) -> None:
    part = moved(town)
    content = bytearray(part.path("answers").read_bytes())
    content[len(content) // 2] ^= 1
    part.path("answers").write_bytes(content)

    assert verifying.faults() == [f"{part.file} is not what was written (SHA-256)"]


def test_a_file_that_is_gone_is_told(town: Town) -> None:
    part = moved(town)
    part.path("unit_day").unlink()

    assert verifying.faults() == [f"{part.file} is missing from unit_day"]


def test_sums_that_are_not_of_the_answers_are_told(town: Town) -> None:
    part = moved(town)
    path = part.path("unit_day")
    with duckdb.connect() as line:
        line.execute(f"CREATE TABLE sums AS FROM read_parquet('{path}', hive_partitioning = false)")
        line.execute("UPDATE sums SET n = n + 1")
        line.execute(f"COPY sums TO '{path}' (FORMAT parquet)")

    assert verifying.faults() == [f"unit_day of {part.file} is not the sum of its answers"]


def test_a_day_that_no_figure_reads_is_told(town: Town) -> None:
    moved(town)
    Day.objects.update(file="day=2026-04-02/7-cccccccc")

    assert verifying.faults()[0].startswith("day=2026-04-02/7-cccccccc holds a day and no figure reads it")
