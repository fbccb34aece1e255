"""``samspel match`` as a process would call it."""

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from samspel.cli import main

WMD = """# ALTERNATIVE NAME 1: Pair 1
# ALTERNATIVE NAME 2: Pair 2
# ALTERNATIVE NAME 3: Altruist 1
1,2,5
2,1,3
3,2,9
"""


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    file = tmp_path / "posts.csv"
    assert main(["match", str(file), "--template"]) == 0
    return file


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["match", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def write(file: Path, *rows: str) -> Path:
    file.write_text("\n".join(["id,kind,person,title,since,from,to", *rows]) + "\n", encoding="utf-8")
    return file


def test_the_example_finds_the_driver_the_salesman_and_an_evening_of_mathematics(posts, capsys):
    code, out, err = run(capsys, posts, "--at", "2026-11-22", "--json")

    told = json.loads(out)
    assert (code, err) == (0, "")
    assert [
        (proposal["kind"], [(one["giver"], one["taker"]) for one in proposal["transfers"]])
        for proposal in told["proposals"]
    ] == [("pair", [("Ali", "Bengt"), ("Bengt", "Ali")]), ("chain", [("Dag", "Eva"), ("Eva", "Fatima")])]
    assert (told["value"], told["bound"], told["proven"], told["status"]) == (4.0, 4.0, True, "best")
    assert [one["name"] for one in told["objectives"]][:2] == ["needs met", "days waited"]
    assert told["objectives"][1]["value"] == 51 + 17 + 20 + 10
    assert "4 needs met; no selection can meet more than 4." in told["descriptions"]
    assert told["nobody_can_meet"] == []
    first = told["proposals"][0]["transfers"][0]
    assert (first["offer"], first["need"]) == ("1", "3")
    assert "The offer has what the other requires: licence." in first["reasons"]


def test_it_reads_as_text_too(posts, capsys):
    code, out, _ = run(capsys, posts)

    assert code == 0
    assert "1. pair\n   Ali (Kan köra bil) -> Bengt (Någon som kör min bil)" in out
    assert "4 needs met; no selection can meet more than 4." in out


def test_what_is_forbidden_is_not_there_and_what_is_fixed_is(posts, capsys):
    _, without, _ = run(capsys, posts, "--forbid", "1", "3", "--json")
    _, with_it, _ = run(capsys, posts, "--fix", "1", "3", "--json")

    assert json.loads(without)["value"] == 2.0
    assert "1 of 1 fixed transfers are there." in json.loads(with_it)["descriptions"]


def test_of_two_offers_of_one_person_the_wanted_one_is_taken(tmp_path, capsys):
    file = write(tmp_path / "posts.csv", "1,offer,Ali,Kör bil,,,", "2,offer,Ali,Kör,,,", "3,need,Bo,Kör min bil,,,")

    offers = [
        json.loads(run(capsys, file, *arguments, "--json")[1])["proposals"][0]["transfers"][0]["offer"]
        for arguments in ([], ["--forbid", "1", "3"], ["--fix", "2", "3"])
    ]

    assert offers == ["1", "2", "2"]


def test_one_person_is_fixed_once_as_giver(tmp_path, capsys):
    rows = ("1,offer,Ali,Kör bil,,,", "2,need,Bo,Kör min bil,,,", "3,need,Eva,Kör min bil,,,")

    code, _, err = run(capsys, write(tmp_path / "p.csv", *rows), "--fix", "1", "2", "--fix", "1", "3")

    assert (code, "each person once as giver" in err) == (1, True)


def test_limits_and_objectives_are_followed(posts, capsys):
    _, out, _ = run(capsys, posts, "--ring", 0, "--chain", 2, "--objectives", "survive,fit", "--chance", 0.5, "--json")

    told = json.loads(out)
    assert [proposal["kind"] for proposal in told["proposals"]] == ["chain"]
    assert told["objectives"][0]["value"] == pytest.approx(0.25 + 0.125)


def test_a_row_for_each_transfer_is_written(posts, tmp_path, capsys):
    out = tmp_path / "proposals.csv.gz"

    code, _, _ = run(capsys, posts, "--out", out)

    rows = [*csv.DictReader(gzip.decompress(out.read_bytes()).decode().splitlines())]
    assert code == 0
    assert [(row["proposal"], row["kind"], row["offer"], row["need"]) for row in rows] == [
        ("1", "pair", "1", "3"),
        ("1", "pair", "4", "2"),
        ("2", "chain", "5", "6"),
        ("2", "chain", "7", "8"),
    ]
    assert rows[0]["reasons"].startswith("Both write of kör, bil.")


def test_areas_are_helped_alike(tmp_path, capsys):
    file = tmp_path / "posts.csv"
    rows = [f"{at},need,N{at},Mattehjälp,{'Norra' if at < 6 else 'Södra'}" for at in range(10)]
    rows += [f"{at},offer,G{at},Matte,Norra" for at in range(10, 14)]
    file.write_text("\n".join(["id,kind,person,title,area", *rows]) + "\n", encoding="utf-8")

    code, out, _ = run(capsys, file, "--areas", "0.1", "--objectives", "fit", "--json")
    _, loose, _ = run(capsys, file, "--objectives", "fit", "--json")
    _, text, _ = run(capsys, file, "--areas", "1", "--objectives", "fit")

    told, without = json.loads(out), json.loads(loose)
    assert code == 0
    assert told["areas"] == [
        {"area": "Norra", "could_be_met": 6, "met": 3, "keeps": True},
        {"area": "Södra", "could_be_met": 4, "met": 1, "keeps": True},
    ]
    assert told["without_areas"] == {"value": without["value"], "bound": without["bound"]}
    assert told["value"] < without["value"]
    assert "That areas are helped alike costs nothing." in text


def test_weights_are_named(posts, capsys):
    _, out, _ = run(capsys, posts, "--weights", "place=9, words=0", "--json")

    assert json.loads(out)["weights"] == {"words": 0.0, "kind": 3.0, "place": 9.0, "time": 1.0, "language": 1.0}


@pytest.mark.parametrize("packed", [False, True])
def test_a_pool_of_kidney_exchange_is_read(tmp_path, capsys, packed):
    file = tmp_path / ("pool.wmd.gz" if packed else "pool.wmd")
    file.write_bytes(gzip.compress(WMD.encode()) if packed else WMD.encode())

    code, out, _ = run(capsys, file, "--ring", 3, "--chain", 3, "--json")
    _, text, _ = run(capsys, file, "--forbid", "Altruist 1", "Pair 2")

    told = json.loads(out)
    assert code == 0
    assert (told["value"], told["bound"], told["proven"]) == (12.0, 12.0, True)
    assert told["proposals"][0]["transfers"][0] == {"giver": "Altruist 1", "taker": "Pair 2", "weight": 9.0}
    assert "1. pair\n   Pair 1 -> Pair 2  5\n   Pair 2 -> Pair 1  3\n" in text


def test_a_bad_row_is_told_and_left_out(tmp_path, capsys):
    rows = [
        "1,offer,Dag,Matte,,,",
        "2,need,Eva,Mattehjälp,,,",
        "3,wish,Eva,Matte,,,",
        "4,need,,,,,",
        ",need,Eva,Matte,,,",
        "2,need,Eva,Matte,,,",
        "5,need,Eva,Matte,yesterday,,",
        "6,need,Eva,Matte,,2026-02-02,2026-02-01",
        "7,need,Eva,Matte,,,,,and more",
        "8,behov,Fia,Skjuts,,,",
    ]

    code, out, err = run(capsys, file := write(tmp_path / "posts.csv", *rows), "--json")

    told = json.loads(out)
    assert code == 1
    assert (told["value"], told["with_a_need"], told["nobody_can_meet"]) == (1.0, 2, ["8"])
    assert err.splitlines() == told["left_out"]
    assert err.splitlines() == [
        f"{file}:4: kind must be need or offer, got 'wish'",
        f"{file}:5: title is empty",
        f"{file}:6: id is empty",
        f"{file}:7: the id '2' stands on line 3 already",
        f"{file}:8: since must be a day such as 2026-11-30, got 'yesterday'",
        f"{file}:9: to must not be before from, got 2026-02-02 to 2026-02-01",
        f"{file}:10: 7 columns were expected, got 9",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"id,title\n1,x\n", "has no column kind; its columns are id, title"),
        (b"id,kind,title,id\n", "has the column id twice"),
        (b"id,kind,title\n", "has no posts"),
        (b"id,kind,title\n1,wish,x\n", "has no posts; "),
        (b"\x1f\x8bbroken", "cannot be unpacked"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path, capsys, content, message):
    file = tmp_path / "posts.csv"
    file.write_bytes(content)

    code, out, err = run(capsys, file)

    assert (code, out) == (1, "")
    assert err.startswith("samspel match: ")
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weights", "taste=3"], "--weights must name some of words, kind, place, time, language, got 'taste'"),
        (["--weights", "words=much"], "--weights must give words a number, got 'much'"),
        (["--weights", "words=-1"], "weight words must be at least 0"),
        (["--fix", "1", "99"], "there is no need '99'"),
        (["--forbid", "3", "1"], "there is no offer '3'"),
        (["--fix", "1", "6"], "1 and 6 cannot be fixed"),
        (["--fix", "1", "3", "--forbid", "1", "3"], "1 and 3 cannot be fixed and forbidden"),
        (["--fix", "1", "3", "--fix", "1", "6"], "1 and 6 cannot be fixed"),
        (["--template"], "is there already"),
    ],
)
def test_what_cannot_be_asked_is_told(posts, capsys, arguments, message):
    code, _, err = run(capsys, posts, *arguments)

    assert code == 1
    assert message in err


@pytest.mark.parametrize("name", ["posts.xlsx", "pool.wmd", "posts.csv.gz", "posts"])
def test_an_example_is_no_other_kind_of_file_than_its_name_says(tmp_path, capsys, name):
    code, _, err = run(capsys, tmp_path / name, "--template")

    assert code == 1
    assert "must be named .csv" in err
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--ring", "1"),
        ("--ring", "x"),
        ("--chain", "9"),
        ("--time", "0"),
        ("--time", "x"),
        ("--chance", "2"),
        ("--chance", "x"),
        ("--objectives", "fit,fit"),
        ("--objectives", "taste"),
        ("--areas", "x"),
        ("--areas", "1.1"),
        ("--at", "today"),
    ],
)
def test_an_option_that_means_nothing_is_told(posts, capsys, option, value):
    with pytest.raises(SystemExit) as stopped:
        run(capsys, posts, option, value)

    assert stopped.value.code == 2
    assert option in capsys.readouterr().err


def test_a_pool_has_no_areas(tmp_path, capsys):
    file = tmp_path / "pool.wmd"
    file.write_text(WMD, encoding="utf-8")

    code, _, err = run(capsys, file, "--areas", "0.1")

    assert (code, "--areas is for posts" in err) == (1, True)


@pytest.mark.parametrize(("line", "message"), [("1,2", "wmd:1: an edge must be"), ("", "no line names an alternative")])
def test_a_pool_that_is_none_is_told_with_its_line(tmp_path, capsys, line, message):
    file = tmp_path / "pool.wmd"
    file.write_text(line, encoding="utf-8")

    code, _, err = run(capsys, file)

    assert code == 1
    assert message in err


def test_a_lexicon_of_ones_own_is_read(posts, tmp_path, capsys):
    lexicon = tmp_path / "kinds.txt"
    lexicon.write_text("[a]\nfr: x\n", encoding="utf-8")
    code, _, err = run(capsys, posts, "--lexicon", lexicon)
    lexicon.write_text("[bread]\nname en: Bread\nsv: bröd\nen: bread\n", encoding="utf-8")
    _, out, _ = run(capsys, posts, "--lexicon", lexicon)

    assert (code, f"{lexicon}:2: " in err) == (1, True)
    assert "Both are about bread." in out


def test_it_runs_as_a_process_without_a_site(posts):
    done = subprocess.run(
        [sys.executable, "-m", "samspel.cli", "match", str(posts)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
