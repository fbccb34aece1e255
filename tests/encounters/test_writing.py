"""A part of the store, however it is written."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from pytest_django import Settings

from samspel.encounters import store, writing
from tests.encounters.test_cluster import made_up

FIRST = date(2026, 2, 1)


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> None:
    settings.ENCOUNTERS = tmp_path


def written(fresh: pa.Table, dataset: str, *, are_unique: bool = False) -> pa.Table:
    new = writing.write("month=2026-02", 1, fresh, are_unique=are_unique)
    assert new is not None
    assert sum(new.days.values()) == new.part.rows
    return pa.parquet.ParquetFile(new.part.path(dataset)).read()


@pytest.mark.parametrize("dataset", store.DATASETS)
@pytest.mark.parametrize("are_unique", [True, False])
def test_few_rows_and_many_are_written_alike(dataset: str, are_unique: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = made_up(3_000, FIRST, 28)
    few = written(fresh, dataset, are_unique=are_unique)
    monkeypatch.setattr(writing, "ROWS_SORTED_HERE", 0)

    many = written(fresh, dataset, are_unique=are_unique)

    assert few.to_pylist() == many.to_pylist()
    assert few.schema.metadata[b"samspel.answers"] == str(store.SCHEMA_VERSION).encode()
    assert len(few) > 0


@pytest.mark.parametrize("dataset", store.SUMS)
@pytest.mark.parametrize(
    ("column", "value"), [("aside", "play"), ("helped", []), ("service", None), ("unit", 2**40), ("level", 1)]
)
def test_answers_of_few_kinds_have_the_same_sums(
    dataset: str, column: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = made_up(300, FIRST, 28)
    place = writing.SCHEMA.get_field_index(column)
    fresh = fresh.set_column(place, writing.SCHEMA.field(place), pa.array([value] * 300, writing.SCHEMA.types[place]))
    few = written(fresh, dataset)
    monkeypatch.setattr(writing, "ROWS_SORTED_HERE", 0)

    assert few.to_pylist() == written(fresh, dataset).to_pylist()


@pytest.mark.parametrize("most", [0, 1_000_000])
def test_a_key_that_comes_twice_on_a_day_is_one_answer(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ROWS_SORTED_HERE", most)
    fresh = made_up(50, FIRST, 1)

    assert len(written(pa.concat_tables([fresh, fresh]), "answers")) == 50
