"""Meetings played from files, end to end over HTTP against a real server."""

import asyncio
import csv
import io
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samspel.demo import opinions, replaying, statement_replay
from samspel.demo.browser import Browser, Tally, client_for
from samspel.demo.leader import Leader
from samspel.demo.replay import Outcome, play
from samspel.demo.replaying import Replay, ReplayError, parse, read
from samspel.dialogues.models import Dialogue, Mark, Note, Pick
from samspel.engine import choosing
from tests.demo.conftest import LEADER_PASSWORD, OpenTown

FILES = Path(__file__).parent.parent / "data" / "replay"


def played(town: OpenTown, replay: Replay) -> tuple[Outcome, Tally]:
    tally = Tally()
    outcome = asyncio.run(play(town.address, replay, pace=0, leader_password=LEADER_PASSWORD, tally=tally))
    return outcome, tally


def chosen_again(replay: Replay, protocol: dict[str, Any]) -> list[str]:
    """The hall's choice, computed here from the file's ballots with the protocol's published seed."""
    question = protocol["questions"][0]
    # Every table said something of its own here, so the protocol tells the proposals in the order of their making.
    assert {row["tables"] for row in question["proposals"]} == {1}
    by_text = {note.text: note.id for note in replay.notes.values()}
    options = tuple(by_text[row["text"]] for row in question["proposals"])
    ballots = tuple(choosing.Ballot(replay.ballots.get(person, ())) for person in replay.people)
    problem = choosing.Problem(options, ballots, 3)
    solution = choosing.solve(problem, ties="lot", rng=np.random.default_rng(question["seed"]))
    assert choosing.check(problem, solution) == []
    assert question["covered"] == solution.covered
    return [replay.notes[winner].text for winner in solution.winners]


def fetched(town: OpenTown, dialogue_id: int) -> dict[str, bytes]:
    """The protocol as files, as a leader downloads them."""

    async def fetch() -> dict[str, bytes]:
        async with client_for(town.address) as client:
            leader = Leader(Browser(client), 0)
            await leader.sign_in(LEADER_PASSWORD)
            return {
                kind: (await leader.browser.fetch(f"/dialogues/{dialogue_id}/protocol.{kind}")).content
                for kind in ("csv", "json", "pdf")
            }

    return asyncio.run(fetch())


def test_the_table_eldkvarn_is_played_as_it_was_told(open_town: OpenTown) -> None:
    replay = read(FILES / "eldkvarn.json")

    outcome, tally = played(open_town, replay)

    assert tally.failed == []
    assert outcome.chosen == ("Tid", "Förberedelse och reflektion", "Uthållighet")
    question = outcome.protocol["questions"][0]
    assert question["text"] == "Hur har vi det nu?"
    assert {note["table"] for note in question["notes"]} == {"Eldkvarn"}
    assert sorted(note["text"] for note in question["notes"]) == sorted(note.text for note in replay.notes.values())
    dialogue = Dialogue.objects.get(pk=outcome.dialogue_id)
    assert [seat.unit for seat in dialogue.seats.all() if seat.unit] or dialogue.tables.count() == 1
    assert list(Pick.objects.filter(proposal__dialogue=dialogue).values_list("place", "marks")) == [
        (1, 5),
        (2, 4),
        (3, 3),
    ]
    assert [row["text"] for row in outcome.protocol["agreements"]] == [replay.agreements[0].text]
    assert outcome.protocol["checkout"] == {"answers": 5, "good": 4, "so_so": 1, "bad": 0}


@pytest.mark.slow
def test_sixty_voters_are_played_to_the_three_that_the_engine_chooses(open_town: OpenTown) -> None:
    replay = read(FILES / "brexit-consensus.json")
    started_s = time.monotonic()

    outcome, tally = played(open_town, replay)

    took_s = time.monotonic() - started_s
    assert tally.failed == []
    assert list(outcome.chosen) == chosen_again(replay, outcome.protocol)
    dialogue = Dialogue.objects.get(pk=outcome.dialogue_id)
    assert dialogue.seats.count() == 60
    assert [table.placements.count() for table in dialogue.tables.all()] == [5] * 12
    # Every mark of the file is counted in its table's three; whose it was is forgotten when the meeting is closed.
    marked = Counter(replay.notes[note].text for marks in replay.marks.values() for note in marks)
    picks = Pick.objects.filter(proposal__dialogue=dialogue).values_list("proposal__text", "marks", "of")
    assert {text: (marks, of) for text, marks, of in picks} == {text: (marked[text], 5) for text, _marks, _of in picks}
    assert not Mark.objects.filter(note__dialogue=dialogue).exists()
    notes = outcome.protocol["questions"][0]["notes"]
    assert sorted(note["text"] for note in notes) == sorted(note.text for note in replay.notes.values())
    assert not Note.objects.filter(dialogue=dialogue, shared_at=None).exists()
    handed_in = {
        table.name: list(
            Pick.objects.filter(sitting__table=table).order_by("place").values_list("proposal__text", flat=True)
        )
        for table in dialogue.tables.all()
    }
    assert handed_in == {name: [replay.notes[note].text for note in three] for name, three in replay.handed_in.items()}
    files = fetched(open_town, outcome.dialogue_id)
    assert json.loads(files["json"]) == outcome.protocol
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"))))
    assert [row["text"] for row in rows if row["kind"].startswith("chosen")] == list(outcome.chosen)
    assert sum(row["kind"] == "note" for row in rows) == len(replay.notes)
    assert files["pdf"].startswith(b"%PDF-")
    print(f"{tally.requests} requests in {took_s:.1f} s")


@pytest.mark.data
def test_the_file_of_sixty_voters_is_made_of_the_supplied_votes(data_dir: Path) -> None:
    folder, name = data_dir / "opinions", "brexit-consensus"

    made = opinions.convert(
        opinions.read_statements(folder / f"{name}.statements.tsv.gz"),
        opinions.read_votes(folder / f"{name}.votes.csv.gz"),
        name=name,
    )

    assert opinions.as_text(made) == (FILES / f"{name}.json").read_text(encoding="utf-8")


VOTES = {
    1: {1: 1, 2: -1, 3: 1, 4: 1},
    2: {2: 1, 3: 0, 4: 1},
    3: {1: 1, 4: 1},
    4: {1: 1},
}


def test_votes_become_marks_and_ballots() -> None:
    made = opinions.convert({1: "a", 2: "b", 3: "c", 4: "d"}, VOTES, name="small", people=3, tables=1, seed=1)

    parse(made)
    assert [person["id"] for person in made["people"]] == ["p1", "p2", "p3"]
    assert made["marks"] == {"p1": ["s1", "s3", "s4"], "p2": ["s2", "s4"], "p3": ["s1", "s4"]}
    assert made["handed_in"] == {"The Mill": ["s4", "s1", "s2"]}
    assert made["ballots"] == {"p1": ["s1", "s4"], "p2": ["s2", "s4"], "p3": ["s1", "s4"]}


def test_the_last_vote_of_a_person_counts(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "votes.csv.gz"
    path.write_bytes(gzip.compress(b"participant,statement,vote\n1,5,1\n1,6,1\n1,5,-1\n1,7,1\n1,6,1\n"))

    assert list(opinions.read_votes(path)[1].items()) == [(5, -1), (7, 1), (6, 1)]


STATEMENTS = """text,table,count
Mer tid att lyssna klart,Bron,3
Mer tid,Bron,2
"Färre blanketter, fler samtal",Bron,1
Mer tid,Bron,1
Lugn,Bron,0
En dörr som är öppen,Torget,5
Någon som hälsar,Torget,2
Lugn,Torget,30
,Torget,2
"""


def test_statements_become_a_meeting_whose_people_mark_as_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / "dag.csv"
    file.write_text(STATEMENTS)

    replay, told = statement_replay.read(file)

    given = Counter(note for marks in replay.marks.values() for note in marks)
    by_text = Counter({note.text: 0 for note in replay.notes.values()})
    for note in replay.notes.values():
        by_text[note.text] += given[note.id]
    assert {table.name: len(table.people) for table in replay.tables} == {"Bron": 4, "Torget": 8}
    assert by_text == {
        "Mer tid att lyssna klart": 3,
        "Mer tid": 3,
        "Färre blanketter, fler samtal": 1,
        "En dörr som är öppen": 5,
        "Någon som hälsar": 2,
        "Lugn": 8,
    }
    assert max(map(len, replay.marks.values())) <= 3
    assert [replay.notes[note].text for note in replay.handed_in["Bron"]] == [
        "Mer tid att lyssna klart",
        "Mer tid",
        "Färre blanketter, fler samtal",
    ]
    assert told == ("line 10: Texten saknas.", "22 marks are left out: 8 people at a table have three each")
    replaying.check(replay)


def test_statements_without_tables_are_dealt_out(tmp_path: Path) -> None:
    file = tmp_path / "lista.csv"
    file.write_text("statement\n" + "\n".join(f"Tanke {number}" for number in range(10)))

    replay, told = statement_replay.read(file)

    assert [len(table.people) for table in replay.tables] == [4, 4, 4]
    assert sorted(note.text for note in replay.notes.values()) == sorted(f"Tanke {number}" for number in range(10))
    assert told == ()


def test_one_question_of_a_saved_file_is_played_and_the_others_are_told(tmp_path: Path) -> None:
    file = tmp_path / "dag.csv"
    file.write_text("question,kind,text\nVad först?,note,Tid\nVad först?,word,tid\nVad sedan?,note,Mod\n")

    replay, told = statement_replay.read(file)

    assert replay.question == "Vad först?"
    assert [note.text for note in replay.notes.values()] == ["Tid"]
    assert told == ("line 4: Frågan ”Vad sedan?” finns inte i repetitionen.",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "tom"),
        ("question\nVad?\n", "text"),
        ("text\n\n", "no statement in it can be played"),
        ("text,count\nTid,många\n", "line 2: ”många” är inget antal."),
        ("text,table\n" + "\n".join(f"T,{number}" for number in range(151)), "151 tables"),
    ],
)
def test_a_file_of_statements_that_cannot_be_played_says_why(content: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "dag.csv"
    file.write_text(content)

    with pytest.raises(ReplayError, match=told):
        statement_replay.read(file)


def test_statements_are_played_through_the_pages(open_town: OpenTown, tmp_path: Path) -> None:
    file = tmp_path / "dag.csv"
    file.write_text(STATEMENTS.replace("Lugn,Torget,30\n,Torget,2\n", ""))
    replay, told = statement_replay.read(file)

    outcome, tally = played(open_town, replay)

    assert (tally.failed, told) == ([], ())
    dialogue = Dialogue.objects.get(pk=outcome.dialogue_id)
    assert dialogue.title == "En dag av delaktighet"
    notes = outcome.protocol["questions"][0]["notes"]
    assert sorted((note["text"], note["table"]) for note in notes) == sorted(
        (note.text, replay.table_of(note.by).name) for note in replay.notes.values()
    )
    picks = Pick.objects.filter(proposal__dialogue=dialogue).values_list("proposal__text", "marks")
    assert {*picks} >= {("Mer tid att lyssna klart", 3), ("En dörr som är öppen", 5), ("Någon som hälsar", 2)}


def smallest(**changes: Any) -> dict[str, Any]:
    return {
        "format": replaying.FORMAT,
        "title": "T",
        "question": "F?",
        "tables": [{"name": "Bron", "people": ["a", "b"]}, {"name": "Torget", "people": ["c"]}],
        "people": [{"id": "a"}, {"id": "b"}, {"id": "c"}],
        "notes": [{"id": "n1", "by": "a", "text": "Tid"}, {"id": "n2", "by": "c", "text": "Mod"}],
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": "other"}, '"format" must be'),
        ({"tables": [{"name": "Bron", "people": ["a", "b"]}]}, "must sit at one"),
        ({"marks": {"a": ["n2"]}}, "lies on another table"),
        ({"marks": {"a": ["n9"]}}, "not in the file"),
        ({"handed_in": {"Bron": ["n1", "n1"]}}, "different notes"),
        ({"ballots": {"a": ["n1"]}}, "not in the file"),
        ({"checkout": {"a": 4}}, "must be 1, 2 or 3"),
        ({"template": "hall-day"}, '"template" must be one of'),
        ({"notes": [{"id": "n1", "by": "a", "text": " "}]}, "1 to 500 characters"),
        ({"notes": [{"id": "n1", "text": "Tid"}]}, "missing or of the wrong kind"),
    ],
)
def test_a_file_that_cannot_be_played_says_why(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ReplayError, match=told):
        parse(smallest(**changes))


def test_a_small_file_can_be_played() -> None:
    replay = parse(smallest(marks={"a": ["n1"]}, handed_in={"Bron": ["n1"]}, ballots={"c": ["n1"]}))

    assert replay.table_of("c").name == "Torget"
    assert [note.text for note in replay.notes_of("a")] == ["Tid"]
