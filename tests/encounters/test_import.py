"""A file of answers: read in pieces, each row judged as a single one would be, and each row there once."""

import csv
import gzip
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samspel.commands.answers import EXAMPLE, Bar
from samspel.commands.files import FileError, write_example
from samspel.core.actor import Actor
from samspel.core.errors import NotFoundError
from samspel.encounters import compaction, files, store
from samspel.encounters.actions import importing
from samspel.encounters.actions.importing import Imported, import_answers
from samspel.encounters.columns import read_columns
from samspel.encounters.models import Answer, Day, TakenFile
from samspel.encounters.rows import COLUMNS, Names, answer_of, read_row, rules
from tests.people import Town, actor_of

NOW = datetime(2026, 4, 2, 11, 0, tzinfo=UTC)
COMMAND_LINE = Actor("person", name="command line", is_administrator=True)
HEAD = "at,unit,side,level,factors,text,token,key\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.csv"


def taken(path: Path, rejected: Path | None = None, **more: Any) -> Imported:
    return import_answers(actor=COMMAND_LINE, path=path, rejected=rejected, at=NOW, **more)


def stored() -> list[dict[str, Any]]:
    """What the store has, by key."""
    with store.reading() as manifest:
        tables = [pa.parquet.ParquetFile(part.path("answers")).read() for part in manifest.parts]
    return pa.concat_tables(tables).drop_columns(["received_at"]).sort_by("key").to_pylist() if tables else []


def reasons(path: Path) -> list[tuple[int, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [(int(row["line"]), row["column"]) for row in csv.DictReader(lines)]


# ---------------------------------------------------------------- the whole way


@pytest.mark.usefixtures("town")
def test_rested_days_go_into_their_files_and_open_ones_into_the_database(file: Path) -> None:
    file.write_text(
        HEAD
        + "2026-03-30T13:05,Vägledningscentrum,resident,3,+time|rules,Anna Holm var bra,,a-1\n"
        + "2026-04-02T12:00,Vägledningscentrum,staff,1,time,,,a-2\n"
        + "2026-03-01T12:00,stadsbiblioteket,staff,2,,,möte 1,a-3\n"
        + "2026-02-01T00:30+01:00,stadsbiblioteket,staff,2,,,,\n"
    )

    done = taken(file)

    assert done == Imported(4, 0, 0)
    by_key = {row["key"]: row for row in stored()}
    own = f"{files.digest_of(file).hex()[:20]}-5"
    assert set(by_key) == {"a-1", "a-2", own}
    first = by_key["a-1"]
    assert (first["helped"], first["hindered"]) == (["time", "rules"], [])
    assert (first["text"], first["day"].isoformat()) == ("[namn] var bra", "2026-03-30")
    assert first["at"] == datetime(2026, 3, 30, 11, 5, tzinfo=UTC)
    assert set(Answer.objects.values_list("key", flat=True)) == {"a-2", "a-3"}
    assert Answer.objects.get(key="a-3").sealed_until is not None
    assert set(Day.objects.values_list("file", "rows")) == {
        (row.file, 1) for row in Day.objects.filter(day__in=["2026-03-30", "2026-02-01"])
    }


@pytest.mark.usefixtures("town")
def test_a_second_time_changes_nothing_and_another_file_with_the_same_keys_neither(file: Path) -> None:
    rows = [
        f"2026-0{1 + number % 4}-01T10:0{number % 10},Stadsbiblioteket,staff,{1 + number % 3},,,,k-{number}\n"
        for number in range(40)
    ]
    file.write_text(HEAD + "".join(rows))
    assert taken(file) == Imported(40, 0, 0)
    before = stored()

    assert taken(file) == Imported(0, 40, 0, is_known=True)
    file.write_text(HEAD + "".join(rows[::-1]) + rows[0])
    assert taken(file) == Imported(0, 41, 0)
    assert stored() == before


@pytest.mark.usefixtures("town")
def test_equal_rows_without_keys_are_as_many_answers(file: Path) -> None:
    row = "2026-03-01T12:00,Stadsbiblioteket,resident,3,,,,\n"
    file.write_text(HEAD + row * 7 + row.replace("03-01", "04-02") * 5)

    assert taken(file) == Imported(12, 0, 0)
    assert taken(file).is_known
    assert len(stored()) == 12


@pytest.mark.usefixtures("town")
def test_what_cannot_be_taken_in_is_told_with_line_column_and_reason(file: Path, tmp_path: Path) -> None:
    file.write_bytes(
        (
            HEAD
            + "2026-03-01T12:00,Stadsbibliotek,resident,3,,,,\n"
            + '2026-03-01T12:00,Stadsbiblioteket,resident,3,,"två\nrader",,\n'
            + "\n"
            + "2026-03-01T12:00,Stadsbiblioteket,resident,3\n"
            + "2026-02-30T12:00,Stadsbiblioteket,boss,7,gravity,,,med blank\n"
        ).encode()
        + b"2026-03-01T12:00,Stadsbiblioteket,resident,3,,\xff,,\n"
    )
    out = tmp_path / "out.csv"

    assert taken(file, out) == Imported(1, 0, 4)

    assert reasons(out) == [
        (2, "unit"),
        (5, ""),
        *((6, each) for each in ("at", "side", "level", "factors", "key")),
        (7, ""),
    ]
    assert "Menade du ”Stadsbiblioteket”?" in out.read_text()
    assert stored()[0]["text"] == "två rader"


@pytest.mark.usefixtures("town")
def test_what_is_told_of_a_piece_hangs_on_no_other_piece(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PIECE_BYTES", 8_000)
    file.write_text(HEAD + "".join(f"2026-03-01T12:00,Stadsbiblioteke{n:03},staff,1,,,,\n" for n in range(400)))
    whole = tmp_path / "whole.csv"

    taken(file, whole)

    has_hint = [line.count("Menade du") for line in whole.read_text(encoding="utf-8-sig").splitlines()[1:]]
    ends = [piece.end.line - 1 for piece in files.pieces(file, files.Spot())]
    assert len(ends) > 1
    assert [sum(has_hint[begin:end]) for begin, end in pairwise([0, *ends])] == [
        min(50, end - begin) for begin, end in pairwise([0, *ends])
    ]


@pytest.mark.usefixtures("town")
def test_when_names_have_been_mended_the_same_file_gives_the_rest(file: Path, town: Town) -> None:
    file.write_text(HEAD + "2026-03-01,Simhallen,staff,1,,,,\n2026-03-01,Stadsbiblioteket,staff,1,,,,\n")
    assert taken(file) == Imported(1, 0, 1)
    town.library.name = "Simhallen"
    town.library.save()

    assert taken(file) == Imported(1, 0, 1)  # now it is the other that has no name
    assert len(stored()) == 2


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet", "; and a mark"])
@pytest.mark.usefixtures("town")
def test_every_kind_of_file_says_the_same(tmp_path: Path, ending: str) -> None:
    text = HEAD + "2026-03-01T12:00:00,Stadsbiblioteket,resident,3,+time|-rules,Så var det,,a-1\n" * 1
    path = tmp_path / f"file{ending}"
    if ending == ".parquet":
        row = {"at": datetime(2026, 3, 1, 12, 0), "unit": "Stadsbiblioteket", "side": "resident", "level": 3}
        row |= {"factors": ["+time", "-rules"], "text": "Så var det", "key": "a-1"}
        pa.parquet.write_table(pa.Table.from_pylist([row]), path)
    elif ending == ".csv.gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif ending == ".csv":
        path.write_text(text)
    else:
        path.write_text(text.replace(",", ";"), encoding="utf-8-sig")

    assert taken(path) == Imported(1, 0, 0)

    (row,) = stored()
    assert (row["at"], row["helped"], row["hindered"]) == (datetime(2026, 3, 1, 11, tzinfo=UTC), ["time"], ["rules"])
    assert (row["level"], row["text"], row["key"]) == (3, "Så var det", "a-1")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "saknas"),
        (b"at,unit,side\n", "level"),
        (b"at,unit,side,level,servce\n", "Menade du"),
        (b"at,unit,side,level,at\n", "två gånger"),
        (b"\xff\xfe", "UTF-8"),
        (b"PAR1 not", "Parquet"),
        (gzip.compress(HEAD.encode() * 9, mtime=0)[:40], "inte hel"),
        (b"at,unit\0", "varken"),
        (b"PK\x03\x04kaputt", "Excelfiler läses inte här.*CSV eller Parquet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excelfiler läses inte här.*CSV eller Parquet"),
    ],
)
@pytest.mark.usefixtures("town")
def test_a_file_that_cannot_be_is_told_before_anything_is_taken_in(file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)

    with pytest.raises(files.FileError, match=says):
        taken(file)
    assert not TakenFile.objects.exists()


def test_only_who_may_take_in_everywhere_takes_in_a_file(town: Town, file: Path) -> None:
    file.write_text(HEAD)

    with pytest.raises(NotFoundError):
        import_answers(actor=actor_of(town.manager), path=file, rejected=None, at=NOW)


@pytest.mark.usefixtures("town")
def test_the_example_is_taken_in_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "example.csv"
    write_example(path, EXAMPLE)

    done = import_answers(actor=COMMAND_LINE, path=path, rejected=None, at=NOW + timedelta(days=30))

    assert done == Imported(4, 0, 0)
    assert EXAMPLE.splitlines()[0].split(";") == list(COLUMNS)


def test_an_example_is_written_over_nobodys_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("mine")

    with pytest.raises(FileError, match="is there already"):
        write_example(path, EXAMPLE)

    assert path.read_text() == "mine"


# ---------------------------------------------------------------- stopped on the way


class StoppedError(Exception):
    """As if the process had been killed."""


@pytest.mark.parametrize("stops_at", ["piece", "progress", "rejected", "landing"])
@pytest.mark.usefixtures("town")
def test_who_was_stopped_goes_on_where_it_was(
    file: Path, tmp_path: Path, stops_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PIECE_BYTES", 2_000)
    days = ("2026-02-03", "2026-03-31", "2026-04-02")
    rows = [f"{days[number % 3]}T10:00,Stadsbiblioteket,staff,{1 + number % 4},,,,\n" for number in range(300)]
    file.write_text(HEAD + "".join(rows))
    whole = tmp_path / "whole.csv"
    begun: list[int] = []
    take_piece = importing._take_piece
    monkeypatch.setattr(
        importing, "_take_piece", lambda *given: (begun.append(given[1].piece.end.line), take_piece(*given))
    )
    with monkeypatch.context() as stopping:
        owner, name, calls = {
            "piece": (importing, "_take_piece", 2),
            "progress": (importing._Work, "write_progress", 2),
            "rejected": (importing._Work, "write_rejected", 0),
            "landing": (importing, "record", 0),
        }[stops_at]
        stopping.setattr(owner, name, stopping_after(calls, getattr(owner, name)))
        with pytest.raises(StoppedError):
            taken(file, whole)
    pieces, begun[:] = [piece.end.line for piece in files.pieces(file, files.Spot())], []

    done = taken(file, whole)

    assert done == Imported(225, 0, 75)
    assert begun == (pieces[2:] if stops_at in {"piece", "progress"} else [])
    assert len(stored()) == 225
    assert reasons(whole) == [(number + 2, "level") for number in range(3, 300, 4)]
    assert not list((store.folder() / "incoming").iterdir())


@pytest.mark.usefixtures("town")
def test_who_was_stopped_goes_on_when_the_days_have_become_a_month(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = "2026-03-30T10:00,Stadsbiblioteket,staff,1,,,,{}\n".format
    file.write_text(HEAD + row("a-1") + row("a-2"))
    with monkeypatch.context() as stopping:
        stopping.setattr(importing, "record", stopping_after(0, importing.record))
        with pytest.raises(StoppedError):
            taken(file)
    (tmp_path / "other.csv").write_text(HEAD + row("a-2") + row("a-3") + row("a-4").replace("03-30", "03-29"))
    taken(tmp_path / "other.csv")
    later = NOW + timedelta(days=60)
    compaction.compact(later)

    done = import_answers(actor=COMMAND_LINE, path=file, rejected=None, at=later)

    assert done == Imported(1, 1, 0)
    assert [row["key"] for row in stored()] == ["a-1", "a-2", "a-3", "a-4"]


def stopped_on_the_way(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that was killed when two of its pieces had been taken."""
    monkeypatch.setattr(files, "PIECE_BYTES", 2_000)
    file.write_text(HEAD + "2026-02-03T10:00,Stadsbiblioteket,staff,1,,,,\n" * 300)
    with monkeypatch.context() as stopping:
        stopping.setattr(importing, "_take_piece", stopping_after(2, importing._take_piece))
        with pytest.raises(StoppedError):
            taken(file)


@pytest.mark.usefixtures("town")
def test_what_a_killed_import_had_half_written_is_no_row(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_on_the_way(file, monkeypatch)
    [laid] = (store.folder() / "incoming").glob("*/2026-02")
    (laid / "999.arrow.new").write_bytes(b"half")

    assert taken(file) == Imported(300, 0, 0)


@pytest.mark.usefixtures("town")
def test_an_import_that_an_older_samspel_was_killed_over_begins_anew(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_on_the_way(file, monkeypatch)
    [laid] = (store.folder() / "incoming").iterdir()
    laid.rename(laid.with_suffix(""))

    done = taken(file)

    assert done == Imported(300, 0, 0)
    assert len(stored()) == 300
    assert not list((store.folder() / "incoming").iterdir())


def stopping_after(calls: int, original: Callable[..., Any]) -> Callable[..., Any]:
    left = iter([False] * calls + [True])

    def stops(*given: Any, **named: Any) -> Any:
        if next(left):
            raise StoppedError
        return original(*given, **named)

    return stops


@pytest.mark.usefixtures("town")
def test_a_full_disk_is_told_and_nothing_is_lost(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(HEAD + "2026-02-03T10:00,Stadsbiblioteket,staff,1,,,,\n" * 50)

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as small:
        small.setattr(importing._Work, "write_parts", full)
        with pytest.raises(files.FileError, match="full"):
            taken(file)
    assert taken(file) == Imported(50, 0, 0)


# ---------------------------------------------------------------- one judge


NAMES = Names(
    units={"slussen": 1, "norr / köket": 2, "3": 3},
    services={"guidance": 7},
    providers={"lärcenter": 8},
    areas={"norr": 9},
    factors={"time": "time", "tid": "time", "rules": "rules"},
    shared={"köket": ("Norr / Köket", "Söder / Köket")},
    searches_left=10**9,
)
SOME = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=12)
TIMES = st.datetimes(datetime(1999, 12, 1), datetime(2027, 1, 1)).map(lambda at: at.isoformat(timespec="seconds"))
TURNS = st.builds(
    "2026-{}T0{}:{}".format,
    st.sampled_from(["03-29", "10-25", "02-30"]),
    st.integers(1, 3),
    st.sampled_from(["00", "30"]),
)
ZONED = st.tuples(TIMES, st.sampled_from(["Z", "+02:00", "-0130", "+05", " "])).map("".join)
ODD_TIMES = st.sampled_from(["2026-04-01", "2026-04-02T13:05:59.123456", ""])
MARKS = st.sampled_from(["", "+time|-rules", "Tid", "time|rules", "+time|-tid", "||", "+ time", "-"])
CELLS = {
    "at": st.one_of(TIMES, TURNS, ZONED, ODD_TIMES, SOME),
    "unit": st.one_of(st.sampled_from(["Slussen", " slussen ", "NORR / KÖKET", "3", "Köket", "Slusen", ""]), SOME),
    "service": st.sampled_from(["", "guidance", "Guidance", "x"]),
    "channel": st.sampled_from(["", "visit", "phone", "Visit"]),
    "provider": st.sampled_from(["", "Lärcenter", "Annan"]),
    "language": st.sampled_from(["", "sv", "swl", "SV", "åå"]),
    "age_band": st.sampled_from(["", "65-", "17"]),
    "area": st.sampled_from(["", "Norr", "Månen"]),
    "side": st.sampled_from(["resident", "staff", " staff", "boss", ""]),
    "level": st.sampled_from(["1", "2", "3", "4", "", "3.0", "٣"]),
    "factors": st.one_of(
        st.sampled_from(["", "+time|-rules", "Tid", "time|rules", "+time|-tid", "||", "+ time", "-"]), SOME
    ),
    "text": st.one_of(SOME, st.sampled_from(["", "x" * 401, "Anna Holm, 070-123 45 67"])),
    "token": st.sampled_from(["", "möte", "x" * 201]),
    "key": st.one_of(st.sampled_from(["", "a-1", " a-2 ", "x" * 81, "é", "a b"]), SOME),
}


@given(rows=st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12), kind=st.booleans())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_row_in_a_file_is_judged_as_a_row_by_itself(rows: list[dict[str, str]], kind: bool) -> None:
    judge = rules(NAMES, NOW)
    lines = range(2, len(rows) + 2)
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in COLUMNS})
    if kind:
        table = pa.table({name: pa.array([row[name] for row in rows]).dictionary_encode() for name in COLUMNS})

    found = read_columns(table, judge, NOW, "file", lines)

    wrong: dict[int, list[Any]] = {place: [] for place in range(len(rows))}
    for place, fault in found.faults:
        wrong[place].append(fault)
    for place, row in enumerate(rows):
        alone = read_row(row | {"key": row["key"].strip() or f"file-{lines[place]}"}, judge)
        if isinstance(alone, dict):
            assert wrong[place] == []
            assert importing._answer(found, place) == answer_of(alone)
        else:
            assert wrong[place] == alone
        assert found.is_good[place] == isinstance(alone, dict)


# ---------------------------------------------------------------- pieces

WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=9)


def read(path: Path, after: files.Spot = files.Spot()) -> Iterator[tuple[int, list[str]]]:  # noqa: B008 (it is frozen)
    for piece in files.pieces(path, after):
        columns = [column.to_pylist() for column in piece.table.columns]
        rows = list(map(list, zip(*columns, strict=True))) if columns else []
        found = [*zip(piece.lines, rows, strict=True), *((line, []) for line, _why in piece.broken)]
        yield from sorted(found)


@given(
    rows=st.lists(st.lists(WORDS, min_size=3, max_size=5), max_size=30),
    bytes_each=st.integers(20, 400),
    separator=st.sampled_from(",;\t"),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_together_are_the_file_wherever_one_begins(
    rows: list[list[str]], bytes_each: int, separator: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("pieces") / "file.csv"
    text = io.StringIO()
    out = csv.writer(text, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)
    out.writerows([["at", "unit", "side", "level"], *rows])
    path.write_bytes(text.getvalue().encode())
    expected = [(line, row if len(row) == 4 else []) for line, row in enumerate(rows, start=2)]

    with pytest.MonkeyPatch.context() as small:
        small.setattr(files, "PIECE_BYTES", bytes_each)
        whole = list(read(path))
        ends = [piece.end for piece in files.pieces(path, files.Spot())]
        rests = [list(read(path, end)) for end in ends]

    assert whole == expected
    assert rests == [[row for row in expected if row[0] > end.line] for end in ends]


def test_a_quotation_that_never_ends_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PIECE_BYTES", 100)
    monkeypatch.setattr(files, "MOST_ROW_BYTES", 1_000)
    file.write_text(HEAD + '2026-03-01,"' + "x\n" * 2_000)

    with pytest.raises(files.FileError, match="rad 1 "):
        list(files.pieces(file, files.Spot()))


# ---------------------------------------------------------------- the bar


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_tells_how_far_it_is(file: Path) -> None:
    file.write_bytes(b"x" * 1_000)
    screen, times = Screen(), iter([10.0, 10.0, 10.05, 20.0, 20.0])
    bar = Bar(file, screen, clock=lambda: next(times))

    tell: Sequence[tuple[int, int]] = [(500, 50), (600, 60), (1_000, 12_345)]
    for offset, line in tell:
        bar.tell(offset, line)
    bar.end()

    assert screen.getvalue().split("\r")[1:] == [
        "[###############               ]  50% 50 rows",
        "[##############################] 100% 12,345 rows\n",
    ]


def test_the_reference_has_every_column() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "answers.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(COLUMNS)
