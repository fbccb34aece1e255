"""What can be saved of a dialogue: CSV, Excel, JSON, PDF and pictures; whole or not at all."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from django.conf import settings
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from samspel.core.sheets import guarded, unguarded
from samspel.dialogues import protocol_files
from samspel.dialogues.actions import leading, whole
from samspel.dialogues.models import Agreement, CounterVoice, Dialogue, Mark, Note, Proposal, Sitting, Table
from tests.conftest import SignIn
from tests.hall import add_notes, make_hall
from tests.people import WHEN, Town, actor_of, device_key, go_to, hand_in, make_dialogue, make_seat

pytestmark = pytest.mark.django_db
FORMULA = '=HYPERLINK("http://example.com";"Tryck här")'


@pytest.fixture
def leader(town: Town, signed_in: SignIn) -> Client:
    return signed_in(town.facilitator)


@pytest.fixture
def meeting(town: Town) -> Dialogue:
    """Two tables, with a marked note, one set aside, and one that a spreadsheet would run."""
    dialogue = make_dialogue(town.guidance, now_at="choose", tables=2)
    first, second = dialogue.tables.all()
    seat, _token = make_seat(dialogue, first, name="Amina Hemlig")
    time = lay(first, "Tid")
    lay(first, FORMULA)
    aside = lay(second, "Ett ord som skadar")
    Mark.objects.create(seat=seat, note=time)
    Note.objects.filter(pk=aside.pk).update(set_aside_at=WHEN)
    hand_in(first, "Mod")
    hand_in(second, "Mod", "Ro")
    Sitting.objects.filter(table__dialogue=dialogue).update(counts_open_at=WHEN)
    return dialogue


def lay(table: Table, text: str) -> Note:
    return Note.objects.create(
        dialogue=table.dialogue, table=table, text=text, key=device_key(), written_at=WHEN, shared_at=WHEN
    )


def address(dialogue: Dialogue, kind: str) -> str:
    return f"/dialogues/{dialogue.pk}/export.{kind}"


def body(response: HttpResponse) -> bytes:
    return response.getvalue()


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_has_a_row_for_each_statement_while_the_meeting_goes_on(meeting: Dialogue, leader: Client) -> None:
    answer = leader.get(address(meeting, "csv"))

    content = body(answer)
    rows = rows_of(content)
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert {row["meeting"] for row in rows} == {"En dag av delaktighet"}
    found = {(row["kind"], row["text"]): (row["count"], row["tables"], row["table"]) for row in rows}
    assert found["note", "Tid"] == ("1", "1", "Eldkvarn")
    assert found["note set aside", ""] == ("0", "1", "Slussen")
    assert found["proposal", "Mod"] == ("", "2", "")
    assert found["lone voice", "Ro"] == ("", "1", "")
    assert found["word", "Mod"] == ("2", "", "")
    assert "skadar" not in content.decode()
    assert "Amina" not in content.decode()


def test_marks_are_in_no_file_while_each_at_the_table_marks_alone(meeting: Dialogue, leader: Client) -> None:
    Sitting.objects.filter(table__number=1).update(counts_open_at=None)

    rows = rows_of(body(leader.get(address(meeting, "csv"))))

    counts = {row["table"]: row["count"] for row in rows if row["kind"] in {"note", "note set aside"}}
    assert counts == {"Eldkvarn": "", "Slussen": "0"}


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_what_an_agreement_grew_from_is_in_no_file_when_it_is_set_aside(
    meeting: Dialogue, leader: Client, kind: str
) -> None:
    proposal = Proposal.objects.get(text="Ro")
    Agreement.objects.create(
        dialogue=meeting, text="Vi gör något.", proposal=proposal, agreed_at=WHEN, key=device_key(), due_on=WHEN.date()
    )
    shown = text_of(kind, body(leader.get(address(meeting, kind))))
    Note.objects.filter(text="Ro").update(set_aside_at=WHEN)
    Proposal.objects.filter(pk=proposal.pk).update(set_aside_at=WHEN)
    kept = text_of(kind, body(leader.get(address(meeting, kind))))

    assert ("Vi gör något." in shown, "Ro" in shown) == (True, True)
    assert ("Vi gör något." in kept, "Ro" in kept) == (True, False)


def text_of(kind: str, content: bytes) -> set[str]:
    """All texts of a file."""
    if kind == "xlsx":
        sheet = load_workbook(io.BytesIO(content)).active
        return {str(cell.value) for row in sheet.iter_rows() for cell in row}
    if kind == "csv":
        return {cell for row in rows_of(content) for cell in row.values()}
    return set(strings(json.loads(content)))


def strings(it: object) -> Iterator[str]:
    if isinstance(it, str):
        yield it
    elif isinstance(it, list | dict):
        for each in it if isinstance(it, list) else it.values():
            yield from strings(each)


def test_what_nobody_has_shared_is_in_no_file(meeting: Dialogue, leader: Client) -> None:
    Note.objects.create(dialogue=meeting, sealed=b"hemligt", key=device_key(), written_at=WHEN)

    for kind in ("csv", "json", "xlsx"):
        assert len(body(leader.get(address(meeting, kind)))) > 100
    assert len(json.loads(body(leader.get(address(meeting, "json"))))["questions"][0]["notes"]) == 6


def test_no_cell_is_run_as_a_formula(meeting: Dialogue, leader: Client) -> None:
    texts = [row["text"] for row in rows_of(body(leader.get(address(meeting, "csv"))))]
    sheet = load_workbook(io.BytesIO(body(leader.get(address(meeting, "xlsx"))))).active

    assert f"'{FORMULA}" in texts
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == FORMULA]
    assert [cell.data_type for cell in cells] == ["s"]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "＝1", "'=1", "''-x", "'nja'", "", "vanligt"])
def test_the_guard_can_be_taken_away_again(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "＝"))


def test_excel_has_the_same_rows_as_csv_and_counts_that_can_be_summed(meeting: Dialogue, leader: Client) -> None:
    lay(meeting.tables.get(number=1), "Ett tecken \x07 som Excel inte tål, <å> & \U0001f600")
    rows = list(csv.reader(io.StringIO(body(leader.get(address(meeting, "csv"))).decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(body(leader.get(address(meeting, "xlsx"))))).active

    shown = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert [[unguarded(cell).replace("\x07", "\ufffd") for cell in row] for row in rows] == shown
    assert 2 in [cell.value for row in sheet.iter_rows() for cell in row]


def test_json_is_the_record_with_every_note(meeting: Dialogue, leader: Client) -> None:
    record = json.loads(body(leader.get(address(meeting, "json"))))

    assert record["title"] == "En dag av delaktighet"
    assert record["starts_at"].startswith("2026-04-02T11:00")
    (question,) = record["questions"]
    assert question["shared"] == len(question["notes"]) == 6
    assert question["notes"][0] == {
        "table": "Eldkvarn", "text": "Tid", "is_set_aside": False, "is_late": False, "marks": 1, "theme": ""
    }  # fmt: skip
    assert record["agreements"] == []


def test_an_open_file_has_what_was_chosen_and_no_notes(meeting: Dialogue, town: Town, client: Client) -> None:
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=meeting.pk, at=WHEN)

    kinds = {row["kind"] for row in rows_of(body(client.get(f"/open/{meeting.slug}.csv")))}
    record = json.loads(body(client.get(f"/api/open/dialogues/{meeting.slug}")))

    assert kinds == {"proposal", "lone voice", "word"}
    assert record["questions"][0]["notes"] == []
    assert body(client.get(f"/api/open/dialogues/{meeting.slug}/export/xlsx")).startswith(b"PK")


def test_the_api_gives_the_same_file(meeting: Dialogue, leader: Client, client: Client) -> None:
    there = f"/api/dialogues/{meeting.pk}/export/csv"

    assert rows_of(body(leader.get(there))) == rows_of(body(leader.get(address(meeting, "csv"))))
    assert client.get(there).status_code == 401
    assert leader.get(f"/api/dialogues/{meeting.pk}/export/exe").status_code == 422


def test_marks_are_told_after_the_end_only_where_the_table_handed_them_in(meeting: Dialogue, town: Town) -> None:
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=meeting.pk, at=WHEN)
    meeting.refresh_from_db()

    with protocol_files.make_file(meeting, "csv", inside=True).file as file:
        rows = [row for row in rows_of(file.read()) if row["kind"] == "note"]

    assert {row["text"]: row["count"] for row in rows} == {"Tid": "", f"'{FORMULA}": "", "Mod": "0", "Ro": "0"}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "pdf"])
def test_a_database_that_goes_away_in_the_middle_gives_an_error_and_no_file(
    meeting: Dialogue, leader: Client, kind: str
) -> None:
    def breaking(*_: object, **__: object) -> object:
        yield from itertools_first(meeting)
        raise OperationalError("server closed the connection unexpectedly")

    with patch.object(protocol_files, "notes_of", breaking):
        answer = leader.get(address(meeting, kind))

    assert answer.status_code == 503
    assert "Content-Disposition" not in answer.headers
    assert "Filen blev inte färdig" in answer.content.decode()
    assert "Tid" not in answer.content.decode()
    assert list(Path(settings.VAR, "exports").iterdir()) == []


def itertools_first(meeting: Dialogue) -> list[object]:
    from samspel.dialogues.protocol import notes_of

    return list(notes_of(meeting, 1))[:1]


def test_a_full_disk_gives_an_error_and_no_file(meeting: Dialogue, leader: Client) -> None:
    with patch.object(protocol_files, "stream_csv", side_effect=OSError(28, "No space left on device")):
        answer = leader.get(address(meeting, "csv"))

    assert answer.status_code == 503
    assert "Content-Disposition" not in answer.headers


def test_an_export_of_a_hall_asks_the_database_as_often_as_one_of_a_table(
    town: Town, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    hall = make_hall(town.guidance, people=40, tables=8, handed_in=8)
    with django_assert_max_num_queries(40) as small:
        protocol_files.make_file(hall, "csv", inside=True).file.close()
    add_notes(hall, list(hall.seats.all()) * 50, rng=np.random.default_rng(1), at=WHEN)

    with django_assert_max_num_queries(40) as large:
        made = protocol_files.make_file(hall, "csv", inside=True)

    with made.file as file:
        assert sum(row["kind"] == "note" for row in rows_of(file.read())) == 80 + 2000
    assert selects(large) == selects(small)


def selects(captured: CaptureQueriesContext) -> int:
    return sum(query["sql"].startswith("SELECT") for query in captured.captured_queries)


def test_a_large_hall_becomes_several_documents_in_a_zip(
    meeting: Dialogue, leader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol_files, "NOTES_IN_A_PDF", 4)

    answer = leader.get(address(meeting, "pdf"))

    with zipfile.ZipFile(io.BytesIO(body(answer))) as archive:
        assert archive.namelist() == ["01.pdf", "02.pdf", "03.pdf"]
        assert all(archive.read(name).startswith(b"%PDF-1.7") for name in archive.namelist())
    assert answer.headers["Content-Type"] == "application/zip"
    assert "3 dokument i en zip-fil" in leader.get(f"/dialogues/{meeting.pk}/export").content.decode()


def test_a_picture_has_only_what_the_hall_has_seen(meeting: Dialogue, town: Town, leader: Client) -> None:
    CounterVoice.objects.create(
        dialogue=meeting, table=meeting.tables.get(number=1), from_advocate=True, text="Det kostar", key="k" * 32,
        said_at=WHEN,
    )  # fmt: skip
    go_to(meeting, "ballot")
    actor, there = actor_of(town.facilitator), f"/dialogues/{meeting.pk}/pictures"
    page = f"/dialogues/{meeting.pk}/export"
    assert leader.get(f"{there}/three-1.png").status_code == 404
    assert "three-1.png" not in leader.get(page).content.decode()
    whole.choose(actor=actor, dialogue_id=meeting.pk, question=1, at=WHEN)
    leading.set_switch(actor=actor, dialogue_id=meeting.pk, name="shows_results", wanted=True, at=WHEN)

    whole.reveal(actor=actor, dialogue_id=meeting.pk, to=2, at=WHEN)

    shown = leader.get(page).content.decode()
    assert "three-1.png" in shown
    assert "lone-1-1.png" not in shown
    for name in ("three-1", "words-1"):
        answer = leader.get(f"{there}/{name}.png")
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.content[16:24] == (1920).to_bytes(4) + (1080).to_bytes(4)
    assert leader.get(f"{there}/lone-1-1.png").status_code == 404
    whole.show_lone(actor=actor, dialogue_id=meeting.pk, index=1, at=WHEN)
    assert leader.get(f"{there}/lone-1-1.png").status_code == 200


def test_words_that_nobody_has_read_through_are_in_no_picture(meeting: Dialogue, leader: Client) -> None:
    Dialogue.objects.filter(pk=meeting.pk).update(needs_review=True)

    assert leader.get(f"/dialogues/{meeting.pk}/pictures/words-1.png").status_code == 404


def test_the_page_of_a_protocol_shows_the_first_notes_and_says_how_many_there_are(
    town: Town, leader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    hall = make_hall(town.guidance, people=150, tables=30)
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=hall.pk, at=WHEN)

    with django_assert_max_num_queries(36):
        page = leader.get(f"/dialogues/{hall.pk}/protocol").content.decode()

    assert "Alla 300 tankar på borden" in page
    assert "Här är de första 200. Alla 300 finns i filerna." in page


@pytest.mark.parametrize("name", ["member", "outsider"])
def test_only_those_who_lead_save_before_the_end(
    meeting: Dialogue, town: Town, signed_in: Callable[[object], Client], name: str
) -> None:
    browser = signed_in(getattr(town, name))

    for there in ("export", "export.csv", "pictures/words-1.png"):
        assert browser.get(f"/dialogues/{meeting.pk}/{there}").status_code == 404
