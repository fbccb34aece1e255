"""Statements are saved from a dialogue and played into a rehearsal: nothing is lost on the way."""

import contextlib
import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from samspel import cli
from samspel.core.errors import InvalidError, NotFoundError
from samspel.dialogues import command_files, tasks
from samspel.dialogues.actions import leading, playing, rehearsing
from samspel.dialogues.models import Dialogue, Mark, Note
from samspel.dialogues.protocol_files import make_file
from samspel.dialogues.statements import read_statements
from tests.hall import make_hall
from tests.people import WHEN, Town, actor_of, device_key, make_dialogue

pytestmark = pytest.mark.django_db
SignIn = Callable[[object], Client]
QUESTIONS = {1: "Vad behöver vi för att lyckas?", 2: "Vad gör vi nu?"}


@pytest.fixture
def rehearsal(town: Town) -> Dialogue:
    plan = make_dialogue(town.guidance, tables=2)
    return rehearsing.rehearse(actor=actor_of(town.facilitator), dialogue_id=plan.pk, key=device_key(), at=WHEN)


def saved(dialogue: Dialogue) -> bytes:
    with make_file(dialogue, "csv", inside=True).file as file:
        return file.read()


def statements_in(content: bytes) -> list[tuple[str, ...]]:
    """Question, table, text, marks and theme of each note in a saved file."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    names = ("question", "table", "text", "count", "theme")
    return sorted(tuple(row[name] for name in names) for row in rows if row["kind"] == "note")


def test_what_is_saved_can_be_played_and_saved_again_and_is_the_same(town: Town, rehearsal: Dialogue) -> None:
    hall = make_hall(town.guidance, people=60, tables=12, handed_in=12)
    Note.objects.filter(pk=Note.objects.filter(dialogue=hall).earliest("pk").pk).update(text='=1+1\n\'och "mer"')
    content = saved(hall)
    file = read_statements("hall.csv", content, {1: QUESTIONS[1]})
    assert file.bad == ()

    actor = actor_of(town.facilitator)
    waiting = playing.play(actor=actor, dialogue_id=rehearsal.pk, statements=file.good, a_minute=0, at=WHEN)
    left = playing.play_due(dialogue_id=rehearsal.pk, at=WHEN)

    shared = Note.objects.filter(dialogue=hall).count()
    assert (waiting, left) == (shared, 0)
    assert statements_in(saved(rehearsal)) == statements_in(content)
    assert len(statements_in(content)) == shared


def test_excel_is_played_as_csv_is(town: Town, rehearsal: Dialogue) -> None:
    hall = make_hall(town.guidance, people=20, tables=4, handed_in=4)
    with make_file(hall, "xlsx", inside=True).file as book:
        file = read_statements("hall.xlsx", book.read(), {1: QUESTIONS[1]})

    assert file.bad == ()
    assert [row.text for row in file.good] == [
        row.text for row in read_statements("a.csv", saved(hall), QUESTIONS).good
    ]


def test_nobody_marks_more_than_three_and_nobody_twice(town: Town, rehearsal: Dialogue) -> None:
    lines = "text;table;count\n" + "".join(f"Tanke {n};Nytt bord;{n % 5}\n" for n in range(23))
    file = read_statements("own.csv", lines.encode(), QUESTIONS)

    playing.play(actor=actor_of(town.facilitator), dialogue_id=rehearsal.pk, statements=file.good, a_minute=0, at=WHEN)
    playing.play_due(dialogue_id=rehearsal.pk, at=WHEN)

    notes = Note.objects.filter(table__name="Nytt bord")
    assert [note.marks.count() for note in notes] == [n % 5 for n in range(23)]
    by_seat: dict[int, int] = {}
    for seat in Mark.objects.filter(note__in=notes).values_list("seat_id", flat=True):
        by_seat[seat] = by_seat.get(seat, 0) + 1
    assert max(by_seat.values()) <= 3


def test_statements_come_at_the_chosen_speed_and_a_stop_leaves_the_rest_out(town: Town, rehearsal: Dialogue) -> None:
    actor = actor_of(town.facilitator)
    file = read_statements("own.csv", b"text\n" + b"".join(b"Tanke %d\n" % n for n in range(10)), QUESTIONS)
    playing.play(actor=actor, dialogue_id=rehearsal.pk, statements=file.good, a_minute=30, at=WHEN)

    counts = [
        playing.play_due(dialogue_id=rehearsal.pk, at=WHEN + timedelta(seconds=seconds)) for seconds in (0, 2, 2, 9)
    ]

    assert counts == [10, 9, 9, 6]
    assert statements_in(saved(rehearsal))[0][2] == "Tanke 0"
    assert playing.rehearsals_that_play() == [rehearsal.pk]
    assert playing.stop(actor=actor, dialogue_id=rehearsal.pk) == 6
    assert playing.play_due(dialogue_id=rehearsal.pk, at=WHEN + timedelta(days=1)) == 0
    assert Note.objects.filter(dialogue=rehearsal).count() == 4


def test_the_worker_goes_on_until_all_is_played(
    town: Town, rehearsal: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(tasks, "play_later", lambda dialogue_id, **_: asked.append(dialogue_id))
    file = read_statements("own.csv", b"text\nNu\nSedan\n", QUESTIONS)
    playing.play(actor=actor_of(town.facilitator), dialogue_id=rehearsal.pk, statements=file.good, a_minute=1, at=WHEN)

    tasks.play(rehearsal.pk)  # long after WHEN: all of it is due
    tasks.go_on_playing(0)

    assert asked == []
    assert Note.objects.filter(dialogue=rehearsal, shared_at__isnull=False).count() == 2


def test_a_row_that_cannot_be_played_is_told_with_its_line_and_the_others_are_played() -> None:
    lines = [
        "kind,question,text,count,table",
        "note,Vad gör vi nu?,Mod,2,Bron",
        "note,2,Ro,,",
        "note,En annan fråga,Tid,1,Bron",
        "note,1,,1,Bron",
        f"note,1,{'x' * 501},1,Bron",
        "note,1,Tid,många,Bron",
        "note set aside,1,,0,Bron",
        "word,1,Tid,7,",
        "",
        "note,1,Kaffe,0,Bron",
    ]
    file = read_statements("own.csv", "\n".join(lines).encode(), QUESTIONS)

    assert [(row.line, row.text, row.question, row.marks) for row in file.good] == [
        (2, "Mod", 2, 2),
        (3, "Ro", 2, 0),
        (11, "Kaffe", 1, 0),
    ]
    assert [(row.line, row.reason) for row in file.bad] == [
        (4, "Frågan ”En annan fråga” finns inte i repetitionen."),
        (5, "Texten saknas."),
        (6, "Texten är längre än 500 tecken."),
        (7, "”många” är inget antal."),
        (8, "Texten är undanlagd och står inte i filen."),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "Filen är tom."), (b"a,b\n1,2\n", "saknar kolumnen"), (b"PK\x03\x04nonsense", "går inte att läsa")],
)
def test_a_file_that_is_no_table_is_told(content: bytes, told: str) -> None:
    with pytest.raises(InvalidError) as error:
        read_statements("own.csv", content, QUESTIONS)

    assert told in error.value.fields["file"]


def test_from_the_page_of_a_rehearsal(town: Town, rehearsal: Dialogue, signed_in: SignIn) -> None:
    leader, there = signed_in(town.facilitator), f"/dialogues/{rehearsal.pk}/play"
    assert there in leader.get(f"/dialogues/{rehearsal.pk}/lead").content.decode()

    def send(text: str, speed: str) -> str:
        file = SimpleUploadedFile("own.csv", text.encode(), "text/csv")
        return leader.post(there, {"file": file, "speed": speed}, follow=True).content.decode()

    told = send("text,question\nTid,1\nMod,77\n", "0")

    assert "Ett påstående spelas upp." in told
    assert "Rad 3: Frågan ”77” finns inte i repetitionen." in told
    assert Note.objects.get(dialogue=rehearsal).text == "Tid"
    assert "2 påståenden är kvar att spela." in send("text\nRo\nKaffe\n", "30")
    assert "Stoppat. 2 spelades inte." in leader.post(there, {"stop": "1"}, follow=True).content.decode()
    assert leader.post(there, {"speed": "0"}).status_code == 422


def test_nothing_is_played_into_a_real_meeting(town: Town, signed_in: SignIn) -> None:
    real = make_dialogue(town.guidance, now_at="small")
    file = read_statements("own.csv", b"text\nTid\n", QUESTIONS)

    with pytest.raises(NotFoundError):
        playing.play(actor=actor_of(town.facilitator), dialogue_id=real.pk, statements=file.good, a_minute=0, at=WHEN)
    with pytest.raises(command_files.AskedError):
        command_files.play(real.pk, "own.csv", b"text\nTid\n", 0)
    assert signed_in(town.facilitator).get(f"/dialogues/{real.pk}/play").status_code == 404
    assert not Note.objects.exists()


def test_made_up_people_add_nothing_of_their_own_to_what_is_played(town: Town, rehearsal: Dialogue) -> None:
    actor = actor_of(town.facilitator)
    file = read_statements("own.csv", b"text\nTid\nMod\n", QUESTIONS)
    playing.play(actor=actor, dialogue_id=rehearsal.pk, statements=file.good, a_minute=1, at=WHEN)
    leading.start_dialogue(actor=actor, dialogue_id=rehearsal.pk, at=WHEN)

    leading.next_step(actor=actor, dialogue_id=rehearsal.pk, at=WHEN)

    rehearsal.refresh_from_db()
    assert rehearsal.step is not None
    assert rehearsal.step.kind == "solo"
    assert Note.objects.filter(dialogue=rehearsal).count() == 2


def test_from_the_command_line_a_file_is_whole_or_not_there(town: Town, rehearsal: Dialogue, tmp_path: Path) -> None:
    hall = make_hall(town.guidance, people=20, tables=4, handed_in=4)
    file = tmp_path / "hall.csv"

    size = command_files.export(hall.pk, file, picture=None, inside=True)

    assert size == file.stat().st_size
    assert command_files.play(rehearsal.pk, file.name, file.read_bytes(), 0) == (len(statements_in(saved(hall))), ())
    assert statements_in(saved(rehearsal)) == statements_in(file.read_bytes())
    assert command_files.export(hall.pk, tmp_path / "words.png", picture="words-1", inside=True) > 10_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hall.csv", "words.png"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("export 99999 a.csv", "there is no dialogue 99999"),
        ("export {hall} a.exe", "the file's ending must be .csv, .xlsx, .json, .pdf, .zip or .png, not “.exe”"),
        ("export {hall} a", "the file's ending must be .csv, .xlsx, .json, .pdf, .zip or .png, not “”"),
        ("export {hall} a.png", "a .png is one picture: name it with --picture, and only then"),
        ("export {hall} a.csv --picture words-1", "a .png is one picture: name it with --picture, and only then"),
        ("export {hall} a.png --picture three-1", "dialogue {hall} has no picture “three-1” (it has words-1)"),
        ("export {hall} a.csv --open", "dialogue {hall} has nothing that is open to all"),
        ("play {file} 99999", "there is no dialogue 99999"),
        ("play {file} {hall}", "dialogue {hall} is no rehearsal, and nothing is played into a real meeting"),
    ],
)
def test_the_command_line_tells_what_is_wrong_with_what_was_asked(
    words: str,
    told: str,
    town: Town,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli, "Database", contextlib.nullcontext)
    monkeypatch.chdir(tmp_path)
    hall = make_hall(town.guidance, people=20, tables=4, handed_in=4)
    before = Note.objects.count()
    (tmp_path / "in.csv").write_text("text\nEn tanke\n")

    code = cli.main(words.format(hall=hall.pk, file="in.csv").split())

    assert code == 1
    assert capsys.readouterr().err == f"samspel {words.split()[0]}: {told.format(hall=hall.pk)}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    assert Note.objects.count() == before
