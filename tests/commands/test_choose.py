import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from samspel.cli import main
from samspel.engine.choosing import pabulib

TEXT = """META
key;value
budget;1000
vote_type;approval
PROJECTS
project_id;cost;name
park;600;Park
bench;250;Benches
tree;150;Tree
pond;300;Pond
VOTES
voter_id;vote
1;park,pond
2;park,pond
3;park,pond
4;park,bench
5;bench,tree
6;tree,bench,tree
7;tree,bench,lost
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lindvik.pb"
    path.write_text(TEXT, encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["choose", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_winners_are_told_as_json_with_all_that_belongs_to_them(file: Path, capsys: pytest.CaptureFixture[str]):
    code, out, err = run(capsys, file, "--places", 2, "--json", "--check")

    told = json.loads(out)
    assert code == 0
    assert told["winners"] == ["park", "bench"]
    assert told["names"] == {"park": "Park", "bench": "Benches"}
    assert told["coverage"] == {"covered": 7, "voters": 7, "share": 1.0}
    assert told["certificate"]["holds"] is True
    assert told["ties"][0] == {
        "place": 1,
        "tied": ["park", "bench"],
        "chosen": "park",
        "excluded": False,
        "broken": "first",
    }
    assert told["receipt"][0]["payments"] == [{"voters": 4, "each": "1/4"}]
    assert "line 18: the project 'tree' is named twice; it counts once" in err
    assert "line 19: the project 'lost' is not in the file; it was left out" in err
    assert len(told["remarks"]) == 2


def test_the_lot_is_published_with_its_seed_and_gives_the_same_again(file: Path, capsys: pytest.CaptureFixture[str]):
    first = run(capsys, file, "--ties", "lot", "--seed", 1, "--json")
    again = run(capsys, file, "--ties", "lot", "--seed", 1, "--json")
    _, drawn, _ = run(capsys, file, "--ties", "lot", "--json")

    assert first == again
    assert sorted(json.loads(first[1])["lot"]) == ["bench", "park", "pond", "tree"]
    assert isinstance(json.loads(drawn)["seed"], int)


def test_a_budget_is_spent_and_the_file_written_again(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "chosen.pb.gz"

    code, text, _ = run(capsys, file, "--budget", "--json", "--out", out)

    told = json.loads(text)
    with gzip.open(out, "rt", encoding="utf-8") as lines:
        written = pabulib.read(lines)
    assert (code, told["value"], told["budget"]) == (0, "cost", "1000")
    assert {project.id for project in written.projects if project.more["selected"] == "1"} == set(told["winners"])


@pytest.mark.parametrize("rule", ["phragmen", "pav", "seq-pav", "cc", "most-marks", "av", "greedy", "sequential-pav"])
def test_every_rule_answers_in_words(file: Path, capsys: pytest.CaptureFixture[str], rule: str):
    code, out, _ = run(capsys, file, "--rule", rule, "--check")

    assert code == 0
    assert "7 voters, 4 options" in out
    assert "have at least one of their marks among the winners." in out


def test_rankings_are_counted_by_the_transferable_vote(file: Path, capsys: pytest.CaptureFixture[str]):
    file.write_text(TEXT.replace("approval", "ordinal"), encoding="utf-8")

    code, out, _ = run(capsys, file, "--rule", "stv", "--places", 2, "--json", "--check")

    assert (code, json.loads(out)["winners"]) == (0, ["park", "tree"])


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (("park;600", "park;x"), (), ":7: cost of park must be a number, got 'x'"),
        (("VOTES", "VOICES"), (), ":11: expected 3 fields, got 1"),
        (("", ""), ("--rule", "stv"), "stv needs rankings (vote_type ordinal), got approval"),
        (("", ""), ("--value", "points"), "--value points needs votes with points, got approval"),
        (("", ""), ("--rule", "pav", "--budget"), "rule must be one of equal-shares, greedy with a budget, got pav"),
        (("budget;1000\n", ""), ("--budget",), "budget in META must be a number, got ''"),
        (("", ""), ("--places", "0"), "places must be at least 1, got 0"),
        (("", ""), ("--ties", "lot", "--seed", "-1"), "--seed must be at least 0, got -1"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(
    file: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], arguments: tuple[str, ...], message: str
):
    file.write_text(TEXT.replace(*change, 1), encoding="utf-8")

    code, out, err = run(capsys, file, *arguments)

    assert (code, out) == (1, "")
    assert message in err.splitlines()[-1]


def test_files_that_are_not_there_or_not_whole_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    broken, picture = tmp_path / "a.pb.gz", tmp_path / "b.pb"
    broken.write_bytes(gzip.compress(TEXT.encode())[:60])
    picture.write_bytes(b"\x89PNG\xff")

    assert "cannot be read" in run(capsys, tmp_path / "none.pb")[2]
    assert "is not whole" in run(capsys, broken)[2]
    assert "is not text in UTF-8" in run(capsys, picture)[2]


def test_an_unknown_rule_names_the_known_ones(file: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["choose", str(file), "--rule", "borda"])

    assert "must be one of equal-shares, phragmen" in capsys.readouterr().err


def test_no_site_and_no_database_are_started(file: Path):
    code = (
        f"import sys; from samspel.cli import main; main(['choose', {str(file)!r}]); assert 'django' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
