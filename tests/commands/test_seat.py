"""``samspel seat`` as people run it: files in, a plan, PDFs and an explanation out; no site, no database."""

import csv
import gzip
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from samspel.cli import main

PEOPLE = """person,unit,profession,is_manager,together,needs_accessible_table
Anna,School,teacher,yes,,no
Bo,School,teacher,no,,no
Cilla,School,cook,no,,no
Dan,Care,nurse,yes,,no
Eva,Care,nurse,no,a,yes
Fia,Care,cook,no,,no
Gun,Parks,gardener,no,a,no
Hans,Parks,gardener,no,,no
"""


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return write(tmp_path / "people.csv", PEOPLE)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def plan_of(path: Path) -> dict[int, dict[str, str]]:
    rounds: dict[int, dict[str, str]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            rounds[int(row["round"])][row["person"]] = row["table"]
    return dict(rounds)


def seat(words: str) -> int:
    return main(["seat", *words.split()])


def together(plan: dict[str, str], *ids: str) -> bool:
    return len({plan[id_] for id_ in ids}) == 1


def test_a_list_becomes_tables_over_rounds_with_every_rule_kept(people: Path, tmp_path: Path, capsys):
    apart = write(tmp_path / "apart.csv", "person,never_with\nHans,Fia\nBo,Hans\n")
    out = tmp_path / "plan.csv"

    code = seat(
        f"{people} --apart {apart} --tables 4 --size 2 --rounds 3 --seed 7 --time 0.5 --accessible 1,3 --out {out}"
    )

    rounds = plan_of(out)
    assert code == 0
    assert sorted(rounds) == [1, 2, 3]
    for plan in rounds.values():
        assert Counter(plan.values()) == {"1": 2, "2": 2, "3": 2, "4": 2}
        assert together(plan, "Eva", "Gun")
        assert plan["Eva"] in {"1", "3"}
        assert not any(
            together(plan, *pair) for pair in (("Hans", "Fia"), ("Bo", "Hans"), ("Anna", "Bo"), ("Dan", "Fia"))
        )
    said = capsys.readouterr().out
    assert "8 people at 4 tables of 2, 3 rounds." in said
    assert "new meetings" in said
    assert "pairs of units meet" in said


def test_the_same_seed_gives_the_same_plan_and_excel_says_what_csv_says(people: Path, tmp_path: Path):
    book = Workbook()
    for row in csv.reader(PEOPLE.splitlines()):
        book.active.append(row)
    book.save(tmp_path / "people.xlsx")
    options = ["--tables", "2", "--rounds", "2", "--time", "0.3"]

    assert main(["seat", str(people), *options, "--out", str(tmp_path / "one.csv")]) == 0
    assert main(["seat", str(tmp_path / "people.xlsx"), *options, "--out", str(tmp_path / "two.xlsx")]) == 0
    assert main(["seat", str(people), *options, "--out", str(tmp_path / "three.csv.gz")]) == 0

    rows = list(csv.reader((tmp_path / "one.csv").read_text().splitlines()))
    excel = load_workbook(tmp_path / "two.xlsx").active.iter_rows(values_only=True)
    assert [[str(cell) for cell in row] for row in excel] == rows
    assert list(csv.reader(gzip.decompress((tmp_path / "three.csv.gz").read_bytes()).decode().splitlines())) == rows


@pytest.mark.parametrize("name", ["plan.csv", "plan.xlsx"])
def test_no_spreadsheet_runs_a_name_and_the_plan_is_read_again_as_it_was(name: str, tmp_path: Path):
    called = ["=cmd|' /C calc'!A0", "+46701234567", "@SUM(A1)", "-2+3", "Anna", "Bo"]
    people = tmp_path / "people.csv"
    with people.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([["person"], *([one] for one in called)])
    plan, again = tmp_path / name, tmp_path / "again.csv"

    assert seat(f"{people} --size 3 --rounds 1 --time 0.1 --out {plan}") == 0

    if name.endswith("xlsx"):
        cells = [row[0] for row in load_workbook(plan).active.iter_rows(min_row=2)]
        assert {cell.data_type for cell in cells} == {"s"}
        written = {cell.value for cell in cells}
    else:
        written = set(plan_of(plan)[1])
    assert written == {one if one in {"Anna", "Bo"} else f"'{one}" for one in called}
    assert seat(f"{people} --size 3 --rounds 1 --time 0.1 --earlier {plan} --out {again}") == 0
    assert set(plan_of(again)[1]) == written


def test_without_out_the_plan_goes_to_standard_output_and_the_words_beside_it(people: Path, capsys):
    assert main(["seat", str(people), "--size", "4", "--time", "0.2"]) == 0

    said = capsys.readouterr()
    assert said.out.startswith("person,round,table\nAnna,1,")
    assert len(said.out.splitlines()) == 9
    assert "8 people at 2 tables" in said.err


def test_cards_and_the_room_are_printed_as_tagged_pdf(people: Path, tmp_path: Path):
    files = [tmp_path / "cards.pdf", tmp_path / "room.pdf"]

    code = seat(
        f"{people} --tables 2 --rounds 2 --time 0.2 --out {tmp_path}/plan.csv"
        f" --cards {files[0]} --room {files[1]} --title Halldag --language da"
    )

    assert code == 0
    assert all(file.read_bytes().startswith(b"%PDF") and b"StructTreeRoot" in file.read_bytes() for file in files)


def test_weights_say_what_matters(tmp_path: Path):
    people = write(tmp_path / "p.csv", "person,team,shift\n1,a,x\n2,a,y\n3,b,x\n4,b,y\n")

    main(["seat", str(people), "--tables", "2", "--weights", "team=5,shift=1", "--out", str(tmp_path / "team.csv")])
    main(["seat", str(people), "--tables", "2", "--weights", "shift=5", "--out", str(tmp_path / "shift.csv")])

    by_team, by_shift = plan_of(tmp_path / "team.csv")[1], plan_of(tmp_path / "shift.csv")[1]
    assert not together(by_team, "1", "2")
    assert not together(by_shift, "1", "3")


def test_who_met_in_an_earlier_plan_meets_new_faces(tmp_path: Path, capsys):
    people = write(tmp_path / "p.csv", "person\n" + "".join(f"{n}\n" for n in range(4)))
    earlier = write(tmp_path / "e.csv", "person,round,table\n0,1,x\n1,1,x\n0,2,y\n2,2,y\nelsewhere,2,y\n")

    main(["seat", str(people), "--tables", "2", "--earlier", str(earlier), "--out", str(tmp_path / "plan.csv")])

    assert together(plan_of(tmp_path / "plan.csv")[1], "0", "3")
    assert "2 new meetings." in capsys.readouterr().out


def test_absentees_leave_their_seats_and_nobody_else_moves(people: Path, tmp_path: Path):
    absent = write(tmp_path / "absent.csv", "person\nBo\nFia\nNobody\n")
    options = ["seat", str(people), "--tables", "2", "--size", "3-4", "--rounds", "2", "--time", "0.3"]

    main([*options, "--out", str(tmp_path / "all.csv")])
    code = main([*options, "--absent", str(absent), "--out", str(tmp_path / "some.csv")])

    everyone, some = plan_of(tmp_path / "all.csv"), plan_of(tmp_path / "some.csv")
    assert code == 1
    for number, plan in everyone.items():
        assert some[number] == {id_: table for id_, table in plan.items() if id_ not in {"Bo", "Fia"}}


def test_thin_tables_are_merged_and_a_late_one_gets_a_free_seat_in_a_kept_plan(people: Path, tmp_path: Path, capsys):
    rows = "".join(f"{name},1,{n // 2 + 1}\n" for n, name in enumerate(("Anna", "Dan", "Bo", "Hans", "Cilla", "Fia")))
    plan = write(tmp_path / "plan.csv", "person,round,table\n" + rows)
    listed = write(
        tmp_path / "some.csv", PEOPLE.replace("Gun,Parks,gardener,no,a,no\n", "").replace("no,a,yes", "no,,")
    )
    absent = write(tmp_path / "absent.csv", "Dan\n")
    out = tmp_path / "out.csv"

    code = seat(f"{listed} --plan {plan} --tables 3 --size 2-4 --absent {absent} --merge --out {out}")

    now = plan_of(out)[1]
    assert code == 0
    assert "Dan" not in now
    assert now["Bo"] == now["Hans"] == "2"
    assert now["Cilla"] == now["Fia"] == "3"
    assert now["Eva"] in {"1", "2", "3"}
    assert "Eva comes after the others" in capsys.readouterr().out


def test_distances_alone_are_enough(tmp_path: Path, capsys):
    far = {(0, 1): 9, (2, 3): 8}
    rows = "".join(f"{i} {j} {far.get((i, j), 1)}\n" for i, j in combinations(range(4), 2))
    matrix = write(tmp_path / "m.txt", f"4 2 ss 2 2 2 2\n{rows}")

    code = main(["seat", "--matrix", str(matrix), "--time", "0.2", "--out", str(tmp_path / "plan.csv")])

    plan = plan_of(tmp_path / "plan.csv")[1]
    assert code == 0
    assert together(plan, "0", "1")
    assert together(plan, "2", "3")
    assert "Distances at tables add up to 17" in capsys.readouterr().out


def test_tables_may_have_names_and_interpreters(tmp_path: Path):
    people = write(tmp_path / "p.csv", "person;tolk\n" + "".join(f"{n};{'ja' if n < 2 else ''}\n" for n in range(6)))
    room = write(tmp_path / "t.csv", "table,least,most,interpreter\nEldkvarn,2,2,yes\nTuna,4,4,no\n")

    assert main(["seat", str(people), "--tables", str(room), "--time", "0.2", "--out", str(tmp_path / "plan.csv")]) == 0
    assert main(["seat", str(people), "--tables", "3", "--time", "0.2", "--out", str(tmp_path / "other.csv")]) == 0

    plan, other = plan_of(tmp_path / "plan.csv")[1], plan_of(tmp_path / "other.csv")[1]
    assert (plan["0"], plan["1"]) == ("Eldkvarn", "Eldkvarn")
    assert together(other, "0", "1")


def test_bad_rows_are_told_with_line_and_reason_and_the_others_are_seated(tmp_path: Path, capsys):
    people = write(
        tmp_path / "p.csv",
        "person,unit,is_manager\nAnna,a,no\n,b,no\nAnna,c,no\n\nBo,b,perhaps\nCilla,c,no,more\nDan,d,yes\n",
    )
    apart = write(tmp_path / "a.csv", "person,never_with\nAnna,Zorro\nDan,Dan\nAnna,\n")

    code = main(["seat", str(people), "--apart", str(apart), "--tables", "1", "--out", str(tmp_path / "plan.csv")])

    said = capsys.readouterr().err
    assert code == 1
    assert set(plan_of(tmp_path / "plan.csv")[1]) == {"Anna", "Dan"}
    for line in (
        f"{people}:3: person is empty",
        f"{people}:4: Anna stands on line 2 already",
        f"{people}:6: is_manager must be yes or no, got 'perhaps'",
        f"{people}:7: there are more cells than columns ('more' stands outside)",
        f"{apart}:2: Zorro is not in the list of people",
        f"{apart}:3: Dan cannot be kept apart from the same person",
        f"{apart}:4: a name is missing",
    ):
        assert line in said


def test_a_rule_that_cannot_be_kept_is_told_with_why(people: Path, tmp_path: Path, capsys):
    code = main(["seat", str(people), "--tables", "1", "--time", "0.2", "--out", str(tmp_path / "plan.csv")])

    said = capsys.readouterr().out
    assert code == 0
    assert (
        "Round 1: Anna and Bo sit together at 1, one manages the other's unit, because there is no other table." in said
    )


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({}, ["people.csv"], "people.csv cannot be read (No such file or directory)"),
        ({"people.csv": ""}, ["people.csv", "--tables", "1"], "people.csv is empty"),
        ({"people.csv": "person\n"}, ["people.csv", "--tables", "1"], "has no person to seat"),
        ({"people.csv": "who,unit\nA,b\n"}, ["people.csv", "--tables", "1"], "has no column person"),
        ({"people.csv": "person,person\nA,b\n"}, ["people.csv", "--tables", "1"], "two columns called person"),
        ({"people.csv": "person\nA\n"}, ["people.csv"], "say how many tables there are"),
        ({"people.csv": "person\nA\n"}, ["people.csv", "--tables", "0"], "--tables must be from 1 to 100000, got 0"),
        ({"people.csv": "person\nA\n"}, ["people.csv", "--tables", "1", "--weights", "x=1"], "names the column x"),
        ({"people.csv": "person\nA\n"}, ["people.csv", "--tables", "1", "--accessible", "9"], "names table 9"),
        ({"people.csv": "person\nA\n", "m": "2 1 ss\n0 1 5\n"}, ["people.csv", "--matrix", "m"], "is for 2 people"),
        ({"m": "2 1 ss\n0 x 5\n"}, ["--matrix", "m"], "is no matrix"),
        ({"m": "2 1 ss\n0 7 5\n"}, ["--matrix", "m"], "m:2: must be two different numbers from 0 to 1"),
        ({}, [], "there must be a list of people, or --matrix"),
        ({"people.xlsx": "PK no"}, ["people.xlsx", "--tables", "1"], "cannot be read as Excel"),
        ({"people.csv": "person\nA\n", "p": "x\ny\n"}, ["people.csv", "--tables", "1", "--plan", "p"], "person, round"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(
    files: dict[str, str], options: list[str], message: str, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        write(tmp_path / name, text)

    assert main(["seat", *options]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [["--size", "5-4"], ["--size", "x"], ["--rounds", "0"], ["--time", "0"], ["--weights", "unit=a"]]
)
def test_options_that_make_no_sense_are_refused(option: list[str], people: Path):
    with pytest.raises(SystemExit):
        main(["seat", str(people), "--tables", "2", *option])


def test_neither_a_site_nor_a_database_is_started(people: Path, tmp_path: Path):
    script = (
        "import sys; from samspel.cli import main;"
        f"code = main(['seat', {str(people)!r}, '--tables', '2', '--time', '0.2', '--out', {str(tmp_path / 'p.csv')!r},"
        f" '--cards', {str(tmp_path / 'c.pdf')!r}]);"
        "assert 'django.conf' not in sys.modules, 'Django was loaded'; sys.exit(code)"
    )

    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "var").exists()


@pytest.mark.data
def test_the_files_of_a_hall_are_read_as_they_are(data_dir: Path, tmp_path: Path, capsys):
    name = data_dir / "seating" / "people-400-s7"
    accessible = ",".join(str(number) for number in range(1, 101, 3))

    code = seat(
        f"{name}.csv.gz --apart {name}-apart.csv.gz --tables 100 --size 4-5 --rounds 3 --seed 7 --time 5"
        f" --accessible {accessible} --weights unit=4,department=2,profession=1,role=1 --out {tmp_path}/p.csv"
    )

    rounds = plan_of(tmp_path / "p.csv")
    said = capsys.readouterr().out
    assert code == 0
    assert all(set(Counter(plan.values()).values()) == {4} and len(plan) == 400 for plan in rounds.values())
    assert "1792 new meetings." in said
    assert float(said.partition("Gain ")[2].partition(" %")[0]) > 99
