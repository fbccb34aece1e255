"""Answers are taken back: every figure is as if they had never been, wherever they lay and whatever comes after."""

import csv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from django.db import connection, transaction
from django.utils import timezone

from samspel.commands import answers as command
from samspel.core.actor import Actor
from samspel.core.errors import NotFoundError
from samspel.core.models import AuditEntry
from samspel.encounters import compaction, figures, files, store, verifying, writing
from samspel.encounters.actions.importing import Imported, import_answers
from samspel.encounters.actions.withdrawing import Named, withdraw
from samspel.encounters.actions.withdrawing_files import withdraw_file
from samspel.encounters.compute_looks import take_due_looks
from samspel.encounters.models import Answer, Day, Service, Withdrawal
from samspel.encounters.open_figures import OpenFigures, open_figures
from samspel.encounters.weeks import mondays
from samspel.people.models import Unit
from tests.conftest import SignIn
from tests.encounters.answers import DAY, given, refreshed
from tests.people import WHEN, Town, actor_of, make_town

COMMAND_LINE = Actor("person", name="command line", is_administrator=True)
SOON = WHEN + timedelta(days=2)
LATER = WHEN + timedelta(days=40)
ALL = (date(2000, 1, 1), date(2100, 1, 1))


@dataclass(frozen=True)
class Counted:
    """Every figure that the pages ask for."""

    days: object
    factors: object
    texts: object
    points: object
    open_weeks: object
    open_groups: object
    open_group_days: object


def counted(unit: Unit) -> Counted:
    return Counted(
        figures.all_days(*ALL),
        figures.factors(unit.pk, *ALL),
        figures.texts(unit.pk, *ALL),
        figures.points(unit.pk, *ALL),
        figures.open_weeks(*ALL),
        figures.open_groups(*ALL),
        figures.open_group_days(*ALL),
    )


def named(answer: Answer) -> Named:
    return Named(answer.day, answer.unit_id, answer.key)


def take_back(*answers: Answer) -> None:
    withdraw(COMMAND_LINE, {named(one) for one in answers})


def keys() -> set[str]:
    """Of every answer that is anywhere: in the database, and in the files that hold."""
    with store.reading() as manifest:
        paths = manifest.files("answers", *ALL)
        tables = [pa.parquet.read_table(path, columns=["key"], partitioning=None) for path in paths]
    found = {key for table in tables for key in table["key"].to_pylist()}
    return found | set(Answer.objects.values_list("key", flat=True))


# ---------------------------------------------------------------- figures


def test_what_is_taken_back_while_its_day_is_open_is_in_no_figure_a_minute_later(town: Town) -> None:
    given(town.guidance, good=3)
    before = counted(town.guidance)
    mine = given(town.guidance, good=1, bad=1, helped=["time"], text="Lång kö", language="ar")
    assert counted(town.guidance) != before

    take_back(*mine)
    refreshed()

    assert counted(town.guidance) == before
    assert keys().isdisjoint(one.key for one in mine)


@pytest.mark.parametrize("compacted_at", [SOON, LATER], ids=["a day's file", "a month's file"])
def test_what_rests_in_a_file_is_in_no_figure_after_the_next_compaction(town: Town, compacted_at: datetime) -> None:
    given(town.guidance, good=3, refresh=False)
    given(town.guidance, good=2, day=DAY - timedelta(days=1), refresh=False)
    compaction.compact(compacted_at)
    before = counted(town.guidance)
    mine = given(town.guidance, good=1, bad=1, helped=["time"], text="Lång kö", language="ar", refresh=False)
    compaction.compact(compacted_at)
    assert counted(town.guidance) != before

    take_back(*mine)
    compaction.compact(compacted_at)

    assert counted(town.guidance) == before
    assert keys().isdisjoint(one.key for one in mine)
    assert not any(b"L\xc3\xa5ng k\xc3\xb6" in path.read_bytes() for path in store.folder().rglob("*.parquet"))
    assert verifying.faults() == []
    assert compaction.compact(compacted_at) == compaction.Moved(0, 0, 0, 0)


def test_a_day_of_which_all_is_taken_back_is_gone(town: Town) -> None:
    mine = given(town.guidance, good=2)
    compaction.compact(SOON)

    take_back(*mine)
    compaction.compact(SOON)

    assert not Day.objects.exists()
    assert list(store.folder().rglob("*.parquet")) == []


@pytest.mark.parametrize("rested", [False, True], ids=["in the database", "in a file"])
def test_sent_again_or_late_it_does_not_come_back(town: Town, rested: bool) -> None:
    [stays, gone] = given(town.guidance, good=2)
    if rested:
        compaction.compact(SOON)
    take_back(gone)
    if rested:
        compaction.compact(SOON)

    sealed = {"token": b"t" * 32, "sealed_until": WHEN + timedelta(days=14)}
    given(town.guidance, bad=1, key=gone.key, refresh=False, **sealed)
    refreshed(SOON)
    assert keys() == {stays.key}
    given(town.guidance, bad=1, key=gone.key, refresh=False)
    compaction.compact(SOON)

    assert keys() == {stays.key}
    assert [one.counts.n for one in figures.days(town.guidance.pk, *ALL)] == [1]


def test_taken_back_before_it_comes_it_is_never_counted(town: Town) -> None:
    withdraw(COMMAND_LINE, {Named(DAY, town.guidance.pk, "on-its-way")})

    given(town.guidance, good=1, key="on-its-way")

    assert figures.all_days(*ALL) == {}


def test_another_days_and_another_units_answer_with_the_key_stays(town: Town) -> None:
    given(town.guidance, good=1, key="a-1", refresh=False)
    given(town.guidance, good=1, key="a-2")
    compaction.compact(SOON)

    withdraw(
        COMMAND_LINE, {Named(DAY, town.library.pk, "a-1"), Named(DAY - timedelta(days=1), town.guidance.pk, "a-1")}
    )
    compaction.compact(SOON)
    given(town.guidance, good=1, key="a-3", refresh=False)
    withdraw(COMMAND_LINE, {Named(DAY, town.library.pk, "a-3")})

    assert keys() == {"a-1", "a-2", "a-3"}


def test_an_open_day_does_not_rest_the_earlier_for_what_was_taken_back_of_it(town: Town) -> None:
    [_stays, gone] = given(town.guidance, good=2)
    take_back(gone)

    assert compaction.compact(WHEN + timedelta(hours=3)).rows == 0
    assert Answer.objects.count() == 1


def test_taken_back_twice_is_once_and_in_a_transaction_that_fails_not_at_all(town: Town) -> None:
    mine = given(town.guidance, good=2)
    for _time in range(2):
        take_back(mine[0])
    with transaction.atomic():
        take_back(mine[1])
        transaction.set_rollback(True)

    assert Withdrawal.objects.count() == 1
    assert keys() == {mine[1].key, mine[0].key}  # the snapshot has it for a minute
    refreshed()
    assert keys() == {mine[1].key}


@pytest.mark.django_db(transaction=True)
def test_taken_back_while_its_day_moves_into_a_file_it_is_in_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    town = make_town()
    stays, gone = given(town.guidance, good=2)
    write = writing.write

    def in_between(*rows: object, **more: object) -> object:
        with monkeypatch.context() as once, ThreadPoolExecutor(1) as other:
            once.setattr(writing, "write", write)
            other.submit(elsewhere).result()
            return write(*rows, **more)  # type: ignore[arg-type]

    def elsewhere() -> None:
        take_back(gone)
        connection.close()

    with monkeypatch.context() as patched:
        patched.setattr(writing, "write", in_between)
        assert compaction.compact(SOON).waiting == 1
    assert keys() == {stays.key}
    assert compaction.compact(SOON).rows == 1

    assert keys() == {stays.key}
    assert [one.counts.n for one in figures.days(town.guidance.pk, *ALL)] == [1]


def test_it_is_kept_who_took_back_how_many_and_not_which(town: Town) -> None:
    take_back(*given(town.guidance, good=2, refresh=False))

    entry = AuditEntry.objects.get(verb="answers.withdrawn")
    assert entry.facts == {"unit": town.guidance.pk, "rows": 2}


def test_what_was_taken_back_is_remembered_as_long_as_answers_of_its_day_are_kept(town: Town) -> None:
    take_back(*given(town.guidance, good=1, refresh=False))
    compaction.compact(WHEN + timedelta(days=3600))
    assert Withdrawal.objects.exists()

    compaction.compact(WHEN + timedelta(days=3700))

    assert not Withdrawal.objects.exists()


# ---------------------------------------------------------------- files


NOW = datetime(2026, 4, 2, 11, 0, tzinfo=UTC)
TAKEN = """at,unit,side,level,text
2026-02-02,Vägledningscentrum,resident,3,Tack
2026-02-02,Vägledningscentrum,resident,1,
2026-04-02,Stadsbiblioteket,resident,2,
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.csv"


def taken_back(path: Path, rejected: Path | None = None) -> tuple[int, int]:
    return withdraw_file(actor=COMMAND_LINE, path=path, rejected=rejected, at=NOW)


@pytest.mark.usefixtures("town")
def test_all_of_a_file_that_was_taken_in_is_taken_back_with_the_same_file(file: Path) -> None:
    file.write_text(TAKEN)
    import_answers(actor=COMMAND_LINE, path=file, rejected=None, at=NOW)
    assert len(keys()) == 3

    assert taken_back(file) == (3, 0)
    compaction.compact(NOW)

    assert keys() == set()
    assert taken_back(file) == (3, 0)
    assert import_answers(actor=COMMAND_LINE, path=file, rejected=None, at=NOW).is_known


@pytest.mark.usefixtures("town")
def test_a_row_that_was_taken_back_does_not_come_back_with_another_file(file: Path, tmp_path: Path) -> None:
    lines = TAKEN.splitlines()
    file.write_text("\n".join([f"{lines[0]},key", *(f"{line},k-{place}" for place, line in enumerate(lines[1:]))]))
    import_answers(actor=COMMAND_LINE, path=file, rejected=None, at=NOW)
    taken_back(file)
    compaction.compact(NOW)
    again = tmp_path / "again.csv"
    again.write_text(file.read_text() + "\n")

    done = import_answers(actor=COMMAND_LINE, path=again, rejected=None, at=NOW)
    compaction.compact(NOW)

    assert done == Imported(1, 2, 0)  # the day that is open is looked through when it is moved
    assert keys() == set()


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_rows_are_taken_back_by_day_unit_and_key_and_the_others_are_told(tmp_path: Path, form: str) -> None:
    taken, file, rejected = tmp_path / "answers.csv", tmp_path / f"gone.{form}", tmp_path / "not.csv"
    lines = TAKEN.splitlines()
    taken.write_text("\n".join([f"{lines[0]},key", *(f"{line},k-{place}" for place, line in enumerate(lines[1:]))]))
    import_answers(actor=COMMAND_LINE, path=taken, rejected=None, at=NOW)
    rows = [
        {"at": "2026-02-02T15:00", "unit": "vägledningscentrum", "key": "k-0"},
        {"at": "2026-04-02", "unit": "Stadsbiblioteket", "key": "k-2"},
        {"at": "2026-02-02", "unit": "Vägledningscentrum", "key": ""},
        {"at": "i går", "unit": "Ingenstans", "key": "k-1"},
    ]
    if form == "csv":
        with file.open("w", newline="") as out:
            writer = csv.DictWriter(out, ["key", "at", "unit"])
            writer.writeheader()
            writer.writerows(rows)
    else:
        pa.parquet.write_table(pa.Table.from_pylist(rows), file)

    assert taken_back(file, rejected) == (2, 2)
    compaction.compact(NOW)

    assert keys() == {"k-1"}
    with rejected.open(encoding="utf-8-sig", newline="") as told:
        assert [(row["line"], row["column"]) for row in csv.DictReader(told)] == [
            ("4", "key"),
            ("5", "at"),
            ("5", "unit"),
        ]


@pytest.mark.usefixtures("town")
def test_a_file_without_keys_that_was_not_taken_in_is_told(file: Path) -> None:
    file.write_text(TAKEN)

    with pytest.raises(files.FileError, match="key"):
        taken_back(file)


@pytest.mark.usefixtures("town")
def test_a_file_that_is_taken_in_after_some_of_it_was_taken_back_comes_without_that(file: Path, town: Town) -> None:
    withdraw(
        COMMAND_LINE,
        {Named(date(2026, 2, 2), town.guidance.pk, "k-1"), Named(date(2026, 4, 2), town.library.pk, "k-2")},
    )
    file.write_text(
        "at,unit,side,level,key\n2026-02-02,Vägledningscentrum,resident,3,k-0\n2026-02-02,Vägledningscentrum,resident,3,k-1\n2026-04-02,Stadsbiblioteket,resident,3,k-2\n"
    )

    import_answers(actor=COMMAND_LINE, path=file, rejected=None, at=NOW)
    compaction.compact(NOW + timedelta(days=3))

    assert keys() == {"k-0"}
    assert [(row.day, row.rows) for row in Day.objects.all()] == [(date(2026, 2, 2), 1)]


def test_only_who_takes_in_for_all_takes_back_a_file(town: Town, file: Path) -> None:
    file.write_text(TAKEN)

    with pytest.raises(NotFoundError):
        withdraw_file(actor=actor_of(town.manager), path=file, rejected=None, at=NOW)


@pytest.mark.usefixtures("town")
def test_the_command_tells_what_it_did(file: Path, tmp_path: Path) -> None:
    said: list[str] = []
    file.write_text(command.NAMED + "i går;Vägledningscentrum;a-3\n")

    assert command.withdraw(file, tmp_path / "not.csv", at=NOW, out=said.append) == 1

    assert said[0].startswith("2 rows taken back, 1 not.")
    assert said[1].endswith("not.csv")
    assert not AuditEntry.objects.filter(facts__icontains="a-1").exists()


# ---------------------------------------------------------------- what has been told


@pytest.mark.parametrize("is_rested", [False, True], ids=["in the database", "in files"])
@pytest.mark.parametrize("was_read", [False, True], ids=["never read", "read before"])
def test_a_units_page_and_file_are_as_another_ones_that_never_had_them(
    town: Town, signed_in: SignIn, is_rested: bool, was_read: bool
) -> None:
    now, client = timezone.now(), signed_in(town.administrator)
    weeks = mondays(timezone.localdate())
    for unit in (town.guidance, town.library):
        for monday in weeks:
            given(unit, good=16, bad=4, day=monday, refresh=False)
    mine = given(town.guidance, bad=15, day=weeks[-1], text="Jag väntade länge i kön.", refresh=False)

    def counted_anew() -> None:
        compaction.compact(now) if is_rested else refreshed(now)

    def read(unit: Unit, what: str) -> str:
        shown = client.get(f"/units/{unit.pk}/encounters{what}").content.decode()
        return shown.replace(f"/units/{unit.pk}/", "/units/0/").replace(unit.name, "En enhet")

    counted_anew()
    if was_read:
        assert read(town.guidance, "/weeks.csv") != read(town.library, "/weeks.csv")
        assert "väntade" in read(town.guidance, "")
        read(town.library, "")

    take_back(*mine)
    counted_anew()

    assert Answer.objects.exists() is not is_rested
    assert read(town.guidance, "/weeks.csv") == read(town.library, "/weeks.csv")
    assert "väntade" not in read(town.guidance, "")


MONDAYS = [date(2025, 12, 29) + timedelta(weeks=week) for week in range(8)]
AFTER_ONE = datetime(2026, 1, 27, 8, tzinfo=UTC)
AFTER_TWO = datetime(2026, 2, 24, 8, tzinfo=UTC)


def asked(town: Town, mondays: list[date]) -> dict[date, list[Answer]]:
    """Answers about a service in these weeks, those of one unit by week."""
    service, _ = Service.objects.get_or_create(key="guidance", defaults={"name": "Få vägledning"})
    found = {}
    for monday in mondays:
        found[monday] = given(town.guidance, good=30, bad=10, day=monday, service=service, language="sv", refresh=False)
        given(town.library, good=14, bad=6, day=monday, service=service, language="ar", refresh=False)
    refreshed(AFTER_TWO)
    return found


def told(at: datetime) -> OpenFigures:
    take_due_looks(at)
    service = Service.objects.get()
    return open_figures([service], at.date())[service.pk]


def weeks_of(figures: OpenFigures) -> dict[date, int | None]:
    return {week.monday: week.figure.n for week in figures.weeks}


def test_taken_back_before_anything_is_told_the_look_is_as_if_it_had_never_been(town: Town) -> None:
    first = asked(town, MONDAYS)
    take_back(*first[MONDAYS[1]][:25])
    refreshed(AFTER_TWO)
    found = told(AFTER_ONE)

    assert found.total.n == 4 * 60 - 25
    assert weeks_of(found)[MONDAYS[1]] == 35


def test_one_taken_back_after_its_week_was_told_keeps_that_week_and_no_other_from_going_on(town: Town) -> None:
    first = asked(town, MONDAYS)
    assert told(AFTER_ONE).total.n == 240

    take_back(first[MONDAYS[1]][0])
    refreshed(AFTER_TWO)
    found = told(AFTER_TWO)

    assert found.total.n == 479
    assert weeks_of(found)[MONDAYS[1]] == 60  # one person's answer is not told by the difference
    assert sum(n is not None for n in weeks_of(found).values()) >= 6


def test_of_a_week_that_was_told_enough_taken_back_are_told_at_the_next_look(town: Town) -> None:
    first = asked(town, MONDAYS)
    told(AFTER_ONE)

    take_back(*first[MONDAYS[1]][10:])
    refreshed(AFTER_TWO)
    found = told(AFTER_TWO)

    assert weeks_of(found)[MONDAYS[1]] == 30
    assert found.total.n == 450


def test_a_service_of_which_all_was_taken_back_is_no_longer_told_of(town: Town) -> None:
    asked(town, MONDAYS[:4])
    assert told(AFTER_ONE).total.n == 240

    take_back(*Answer.objects.all())
    refreshed(AFTER_TWO)
    found = told(AFTER_TWO)

    assert not found.total.is_shown
    assert (found.weeks, found.units) == ((), {})
    assert not any(found.groups.values())
