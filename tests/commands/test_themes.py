"""``samspel themes`` as a process would call it."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from samspel.cli import main

NOTES = (
    "id\tlang\ttext\na\tsv\tFler cykelvägar\nb\tsv\tfler cykelvägar!\nc\tda\tPlant flere træer i parken\n\nd\ten\tzyx\n"
)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes.tsv"
    file.write_text(NOTES, encoding="utf-8")
    return file


def test_every_note_has_a_theme_how_sure_it_is_and_its_duplicates(notes: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["themes", str(notes), "--json", "--check"]) == 0

    told = json.loads(capsys.readouterr().out)
    told_notes = {note["id"]: note for note in told["notes"]}
    assert [note["theme"] for note in told["notes"]] == ["cykel", "cykel", "natur", "other"]
    assert told_notes["a"]["duplicates"] == ["b"]
    assert told_notes["b"]["same_as"] == "a"
    assert told_notes["a"]["confidence"] > told_notes["d"]["confidence"]
    assert told_notes["a"]["words"] == ["cykelvägar"]
    assert told_notes["d"]["line"] == 6
    assert {theme["id"]: theme["notes"] for theme in told["themes"] if theme["notes"]} == {
        "cykel": 2,
        "natur": 1,
        "other": 1,
    }


def test_a_lexicon_of_ones_own_is_used_and_a_packed_file_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lexicon, notes = tmp_path / "own.txt", tmp_path / "notes.tsv.gz"
    lexicon.write_text("[paths]\nname sv: Vägar\nsv: cykelväg\n", encoding="utf-8")
    notes.write_bytes(gzip.compress(NOTES.encode()))

    assert main(["themes", str(notes), "--lexicon", str(lexicon)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Vägar (paths): 2"
    assert lines[2].endswith("fler cykelvägar!  [as line 2]")
    assert "Övrigt (other): 2" in lines


def test_without_a_lexicon_themes_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "notes.tsv"
    rows = [f"{word} {number} {word}" for word in ("fontän", "gitarr") for number in "abcdefgh"]
    file.write_text("text\n" + "\n".join(rows), encoding="utf-8")

    assert main(["themes", str(file), "--no-lexicon", "--find", "2", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert [theme["origin"] for theme in told["themes"]] == ["found", "found", "other"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"label\tlang\n", ":1: a column named text is missing"),
        (b"text\tlang\nhej\n", ":2: 2 columns were expected, got 1"),
        (b"text\tlang\nhej\tsv\nczesc\tpl\n", ":3: lang must be one of sv, da, en, got 'pl'"),
        (b"id\ttext\n1\ta\n1\tb\n", ":3: the id '1' stands twice"),
        (b"text\n\xff\n", "is not text in UTF-8"),
        (b"\x1f\x8b\x08", "is not whole"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, reason: str
):
    file = tmp_path / "notes.tsv"
    file.write_bytes(content)

    assert main(["themes", str(file)]) == 1

    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--lexicon", "missing.txt"], "missing.txt cannot be read"),
        (["--find", "-1"], "--find must be at least 0"),
        (["--seed", "-1"], "--seed must be at least 0"),
        (["--embeddings", "missing"], "--embeddings must be a folder"),
    ],
)
def test_an_option_that_cannot_be_is_told(
    notes: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str
):
    assert main(["themes", str(notes), *words]) == 1

    assert reason in capsys.readouterr().err


def test_a_broken_lexicon_is_told_with_its_line(notes: Path, capsys: pytest.CaptureFixture[str]):
    broken = notes.with_name("broken.txt")
    broken.write_text("[a]\nfr: vélo\n", encoding="utf-8")

    assert main(["themes", str(notes), "--lexicon", str(broken)]) == 1

    assert f"{broken}:2: the language must be one of sv, da, en, got 'fr'" in capsys.readouterr().err


def test_a_file_without_notes_has_no_themes_with_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "notes.tsv"
    file.write_text("text\n")

    assert main(["themes", str(file), "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["notes"] == []


def test_neither_a_database_nor_the_site_is_started(notes: Path):
    code = (
        "import sys; from samspel.cli import main;"
        f"main(['themes', {str(notes)!r}]);"
        "sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
