"""A staff list: good rows go in, bad rows are told."""

import io
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from samspel.core.errors import InvalidError
from samspel.people.actions import add_unit, import_staff
from samspel.people.importing import parse_staff
from samspel.people.models import Person, Role, Unit
from tests.conftest import SignIn
from tests.people import Town, actor_of

CSV = (
    "Namn;E-post;Enhet;Förvaltning;Yrke;Roller\n"
    "Åsa Öberg;asa@lindvik.example;Torget;Arbete;samordnare;medarbetare|samtalsledare\n"
    ";ingen@lindvik.example;Torget;Arbete;;\n"
    "Bo Ek;inte en adress;Torget;Arbete;;\n"
    "Cia Alm;cia@lindvik.example;;;;\n"
    "Dag Sten;dag@lindvik.example;Torget;Arbete;;kung\n"
    "Åsa Öberg;ASA@lindvik.example;torget;Arbete;;\n"
    "\n"
    "Eva Lund;eva@lindvik.example;Torget;Arbete;lärare;chef\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_good_rows_and_bad_rows_are_told_apart_in_any_usual_encoding(encoding: str) -> None:
    good, bad = parse_staff("personal.csv", CSV.encode(encoding))

    assert [(row.line, row.name, row.roles) for row in good] == [
        (2, "Åsa Öberg", ("member", "facilitator")),
        (9, "Eva Lund", ("manager",)),
    ]
    assert [row.line for row in bad] == [3, 4, 5, 6, 7]
    assert "Namnet saknas" in bad[0].reason
    assert "inte en adress" in bad[1].reason
    assert "Enheten saknas" in bad[2].reason
    assert "kung" in bad[3].reason
    assert "rad 2" in bad[4].reason


def test_excel_gives_the_same_as_csv() -> None:
    book = Workbook()
    for line in CSV.splitlines():
        book.active.append(line.split(";"))
    out = io.BytesIO()
    book.save(out)

    assert parse_staff("personal.xlsx", out.getvalue()) == parse_staff("personal.csv", CSV.encode())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "tom"),
        (b"namn;enhet\nA;B\n", "email"),
        (b"\x00\x01\x02", "inte att l"),
        (b"PK\x03\x04 not really", "inte att l"),
        (b"x" * 5_000_001, "stor"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(content: bytes, said: str) -> None:
    with pytest.raises(InvalidError) as error:
        parse_staff("fil", content)

    assert said in error.value.fields["file"]


def test_an_import_done_twice_changes_nothing_more(town: Town) -> None:
    good, bad = parse_staff("personal.csv", CSV.encode())
    administrator = actor_of(town.administrator)

    first = import_staff(actor=administrator, good=good, bad=bad)
    again = import_staff(actor=administrator, good=good, bad=bad)

    assert (first.new_people, first.new_units, first.rows, len(first.bad)) == (2, 2, 2, 5)
    assert (again.new_people, again.new_units, again.rows) == (0, 0, 2)
    square = Unit.objects.get(name="Torget")
    assert square.parent is not None
    assert square.path == f"/{square.parent_id}/{square.pk}/"
    assert Role.objects.filter(unit=square).count() == 3
    assert not Person.objects.get(email="asa@lindvik.example").has_usable_password()


def test_a_new_unit_is_named_and_who_is_called_something_else_here_is_told(town: Town, signed_in: SignIn) -> None:
    lines = f"Namn;E-post;Enhet\nNy Person;ny@x.example;Finns inte\nPontus Bergg;{town.manager.email};Finns inte\n"
    file = SimpleUploadedFile("personal.csv", lines.encode())

    told = signed_in(town.administrator).post("/administration/staff", {"file": file}).content.decode()

    assert "Ny: Finns inte." in told
    assert "Rad 3:" in told
    assert f"Pontus Bergg heter {town.manager.name} här" in told
    assert Person.objects.get(pk=town.manager.pk).name == town.manager.name


@pytest.mark.parametrize("column", ["unit", "parent"])
def test_a_unit_that_could_be_several_is_told_and_none_is_made(column: str, town: Town) -> None:
    for above in (town.guidance, town.library):
        add_unit(actor=actor_of(town.administrator), name="Reception", parent_id=above.pk)
    place = "Reception;" if column == "unit" else "Kassan;reception"
    good, bad = parse_staff("personal.csv", f"Namn;E-post;Enhet;Förvaltning\nEva Lund;eva@x.example;{place}\n".encode())

    done = import_staff(actor=actor_of(town.administrator), good=good, bad=bad)

    assert (done.new_units, done.new_people, [row.line for row in done.bad]) == (0, 0, [2])
    assert "eception" in done.bad[0].reason
    assert Unit.objects.filter(parent=None).count() == 1


def test_only_an_administrator_imports(town: Town, signed_in: Callable[..., Client]) -> None:
    for person in (town.manager, town.member, town.outsider):
        assert signed_in(person).get("/administration/staff").status_code == 404
    page = signed_in(town.administrator).post("/administration/staff", {"file": io.BytesIO(CSV.encode())})
    assert page.status_code == 200
    assert "inte en adress" in page.content.decode()
