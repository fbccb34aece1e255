"""Lists of participants as people's programs write them."""

import io
from pathlib import Path

import pytest
from openpyxl import Workbook

from samspel.core.errors import InvalidError
from samspel.core.languages import SPOKEN
from samspel.dialogues.importing import HEADERS, read_people

HEAD = "Namn;E-post;Enhet;Förvaltning;Yrke;Roll;Chef för;Behöver;Tillsammans med;Inte med"
ANNA = "Anna Åkerö;anna@lindvik.example;Skolan;Barn och unga;lärare;samordnare;Skolan;tolk, hörslinga;A;x"


def csv_of(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def excel_of(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_csv_is_read_in_every_usual_form(encoding, separator):
    text = csv_of(HEAD, ANNA.replace("tolk, hörslinga", "tolk + hörslinga")).replace(";", separator)

    people = read_people(text.encode(encoding), "lista.csv")

    assert people.bad == ()
    (anna,) = people.rows
    assert (anna.line, anna.name, anna.email) == (2, "Anna Åkerö", "anna@lindvik.example")
    assert (anna.unit, anna.department, anna.profession) == ("Skolan", "Barn och unga", "lärare")
    assert (anna.role, anna.manages, anna.together, anna.apart) == ("samordnare", "Skolan", "A", "x")
    assert anna.needs == ("interpreter", "hearing")


@pytest.mark.parametrize(
    "head",
    [
        "Namn,E-post,Enhet,Förvaltning,Yrke,Roll,Chef för,Behöver,Tillsammans med,Inte med",
        "Navn,E-mail,Enhed,Forvaltning,Fag,Rolle,Leder for,Har brug for,Sammen med,Ikke med",
        "Name,Email,Unit,Department,Profession,Role,Manages,Needs,Together with,Apart from",
        "name,email,unit,department,profession,role,manages,needs,together,apart",
        "NAMN , e-postadress ,ARBETSPLATS,avdelning,Befattning,roll,chef för,önskemål,tillsammans,isär",
    ],
)
def test_headers_are_known_in_three_languages(head):
    line = "Anna,anna@lindvik.example,Skolan,Barn,lärare,värd,Skolan,wheelchair,A,x"

    (anna,) = read_people(csv_of(head, line).encode(), "lista.csv").rows

    assert (anna.name, anna.email, anna.unit, anna.department) == ("Anna", "anna@lindvik.example", "Skolan", "Barn")
    assert (anna.profession, anna.role, anna.manages) == ("lärare", "värd", "Skolan")
    assert (anna.needs, anna.together, anna.apart) == (("accessible",), "A", "x")


def test_an_excel_list_is_read_like_a_csv():
    content = excel_of(("Namn", "E-post", "Enhet", "Tillsammans med"), ("Anna", "anna@lindvik.example", "Skolan", 1.0))

    (anna,) = read_people(content, "lista.xlsx").rows

    assert (anna.name, anna.unit, anna.together) == ("Anna", "Skolan", "1")


def test_columns_that_are_not_known_and_empty_lines_are_passed_over():
    text = csv_of("Telefon;Namn;;Enhet", "", "070;Anna;?;Skolan", ";;;", "071;Bo;;Parken")

    people = read_people(text.encode(), "lista.csv")

    assert [(row.line, row.name, row.unit) for row in people.rows] == [(3, "Anna", "Skolan"), (5, "Bo", "Parken")]


def test_bad_rows_are_told_with_line_and_reason_and_the_good_go_in():
    text = csv_of(
        "Namn;E-post;Behöver;Tillsammans med",
        "Anna;anna@lindvik.example;;",
        ";bo@lindvik.example;;",
        "Cia;cia at lindvik;;",
        "Dan;ANNA@lindvik.example;;",
        "Eva;eva@lindvik.example;soffa;",
        "Frej;frej@lindvik.example;;en alldeles för lång lapp",
        f"{'G' * 121};g@lindvik.example;;",
        "Hugo;hugo@lindvik.example;Tolk;",
    )

    people = read_people(text.encode(), "lista.csv")

    assert [row.name for row in people.rows] == ["Anna", "Hugo"]
    assert [bad.line for bad in people.bad] == [3, 4, 5, 6, 7, 8]
    reasons = [bad.reason for bad in people.bad]
    assert "Namnet saknas" in reasons[0]
    assert "cia at lindvik" in reasons[1]
    assert "rad 2" in reasons[2]
    assert "soffa" in reasons[3]
    assert "kort märke" in reasons[4]
    assert "120" in reasons[5]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "lista.csv"),
        (b" \n ;; \n", "lista.csv"),
        (b"E-post;Enhet\na@b.se;Skolan\n", "lista.csv"),
        (b"PK\x03\x04 not a book", "lista.xlsx"),
        (b"%PDF-1.7", "lista.pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0", "lista.csv"),
        (b"x" * 2_000_001, "lista.csv"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(content, name):
    with pytest.raises(InvalidError) as error:
        read_people(content, name)

    assert error.value.fields["file"]


def test_a_zip_that_is_no_book_is_refused():
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")

    with pytest.raises(InvalidError):
        read_people(file.getvalue(), "lista.xlsx")


def test_too_many_rows_are_refused():
    text = csv_of("Namn", *(f"Person {number}" for number in range(5001)))

    with pytest.raises(InvalidError):
        read_people(text.encode(), "lista.csv")


@pytest.mark.parametrize("language", ["sv", "da", "en"])
def test_the_file_to_fill_in_can_be_read_again(language):
    from samspel.dialogues.importing import people_template

    people = read_people(people_template(language), "mall.xlsx")

    assert people.bad == ()
    karin, samir = people.rows
    assert (karin.name, karin.needs, karin.together) == ("Karin Berg", ("hearing",), "A")
    assert (samir.needs, samir.interpreter, samir.together) == (("interpreter",), "ar", "A")


@pytest.mark.parametrize(
    ("head", "values", "found"),
    [
        ("Tolk till", ["arabiska", "ARABISKA ", "ar", "العربية", "arabisk", "Arabic"], "ar"),
        ("Tolk til", ["serbisk", "kroatiska", "bosanski"], "bs"),
        ("Interpreter language", ["teckenspråk", "Svenskt teckenspråk"], "swl"),
        ("tolkspråk", ["tegnsprog", "dansk tegnsprog"], "dsl"),
        ("interpreter", ["ja", "x", "1"], ""),
    ],
)
def test_the_interpreters_language_is_known_by_its_names_and_is_a_need_by_itself(head, values, found):
    text = csv_of(f"Namn;{head}", *(f"Anna;{value}" for value in values))

    people = read_people(text.encode(), "lista.csv")

    assert people.bad == ()
    assert [(row.needs, row.interpreter) for row in people.rows] == [(("interpreter",), found)] * len(values)


def test_no_interpreter_is_no_need_and_a_word_that_is_no_language_is_told():
    text = csv_of("Namn;Behöver;Tolk till", "Anna;hörslinga;nej", "Bo;;klingonska", "Cia;teckenspråkstolk;", "Di;tolk;")

    people = read_people(text.encode(), "lista.csv")

    told = [(row.name, row.needs, row.interpreter) for row in people.rows]
    assert told == [("Anna", ("hearing",), ""), ("Cia", ("interpreter",), "swl"), ("Di", ("interpreter",), "")]
    (bad,) = people.bad
    assert bad.line == 3
    assert "klingonska" in bad.reason


def test_the_reference_tells_every_column_by_its_names():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "participants.md").read_text(encoding="utf-8")

    for column, languages in HEADERS.items():
        names = ", ".join(f"`{languages[language][0]}`" for language in ("sv", "da", "en"))
        assert f"| `{column}` | {names} |" in page
    assert all(f"`{code}`" in page for code in SPOKEN)
