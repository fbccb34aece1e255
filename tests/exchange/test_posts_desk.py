"""The bridge-builder's side of posts: search, reading, entering with consent, files, kinds of help."""

import base64
import csv
import io
import re
from collections.abc import Sequence
from copy import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from samspel.commands import match_posts
from samspel.commands import posts as posts_command
from samspel.commands.files import FileError
from samspel.core.models import AuditEntry, DeviceKey
from samspel.core.tasks import sweep
from samspel.encounters.models import Area
from samspel.exchange.access import find_party
from samspel.exchange.models import Category, Party, Post, Remark
from samspel.exchange.post_files import COLUMNS
from samspel.people.models import Role
from tests.conftest import SignIn
from tests.exchange.making import make_match, make_party, make_post
from tests.people import Town, device_key, make_person

pytestmark = pytest.mark.django_db
POSTS = "/exchange/desk/posts"


@pytest.fixture
def broker(town: Town, signed_in: SignIn) -> Client:
    return signed_in(make_person("Britta Brobyggare", town.library, "broker"))


def shown(client: Client, query: str = "") -> list[str]:
    return re.findall(r'<a href="/exchange/desk/posts/\d+"><span class="sam-voice">([^<]+)<', page(client, query))


def page(client: Client, query: str = "") -> str:
    return " ".join(client.get(f"{POSTS}{query}").content.decode().split())


def kind_of_help(key: str = "carry/drive") -> int:
    return Category.objects.get(key=key).pk


def make_some() -> dict[str, Post]:
    at = now()
    area = Area.objects.create(key="norra", name="Norra")
    party, _code = make_party("Föraren")
    return {
        "drive": make_post(party, "offer", "Kan köra bil på lördagar", at=at, area=area),
        "maths": make_post(
            make_party()[0], "need", "Mattekväll", category="learn/homework", at=at - timedelta(days=40)
        ),
        "bike": make_post(
            make_party()[0], "need", "My bicycle is broken", category="mend/bicycle", at=at, read_at=None
        ),
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"drive", "maths", "bike"}),
        ("?q=lördagar", {"drive"}),
        ("?q=drive", {"drive"}),  # in another language
        ("?q=cykel", {"bike"}),
        ("?q=regning", {"maths"}),
        ("?q=lördagar+cykel", set()),
        ("?q=föraren", {"drive"}),
        ("?kind=need", {"maths", "bike"}),
        ("?kind=none", {"drive", "maths", "bike"}),
        ("?category={mend}", {"bike"}),
        ("?area={norra}", {"drive"}),
        ("?state=unread", {"bike"}),
        ("?state=late", {"maths"}),
        ("?state=soon", {"maths"}),
        ("?page=7", {"drive", "maths", "bike"}),
    ],
)
def test_a_bridge_builder_finds_across_everything(broker: Client, query: str, found: set[str]) -> None:
    made = make_some()
    Post.objects.filter(pk=made["maths"].pk).update(expires_at=now() + timedelta(days=10))
    filled = query.format(mend=kind_of_help("mend"), norra=Area.objects.get().pk)

    assert set(shown(broker, filled)) == {made[name].words for name in found}


def test_what_is_over_is_not_found(broker: Client) -> None:
    make_post(make_party()[0], "need", "Borta", at=now() - timedelta(days=91))

    assert shown(broker) == []


def test_two_thousand_posts_are_read_a_page_at_a_time(
    broker: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    party, _code = make_party()
    first = make_post(party, "need", "Nummer 0", at=now())
    rows = [copy(first) for _number in range(1999)]
    for number, row in enumerate(rows, start=1):
        row.pk, row.key, row.words = None, device_key(), f"Nummer {number}"
    Post.objects.bulk_create(rows)
    broker.get(POSTS)

    # session, person, installation; bridge-builder; how many, the page, held; kinds, areas, days
    with django_assert_num_queries(10):
        answer = broker.get(f"{POSTS}?q=nummer&page=3")
    assert "Sida 3 av 40" in " ".join(answer.content.decode().split())


def test_a_post_is_read_contacted_sorted_and_remarked_and_its_words_stand(broker: Client) -> None:
    post = make_some()["bike"]
    address, key = f"{POSTS}/{post.pk}", device_key()
    for sent in (
        {"do": "read"},
        {"do": "contacted"},
        {"do": "sort", "category": kind_of_help("mend/garden")},
        {"do": "remark", "remark": "Ringer helst på kvällen", "key": key},
        {"do": "remark", "remark": "Ringer helst på kvällen", "key": key},
        {"do": "read", "words": "Andra ord"},
    ):
        assert broker.post(address, sent).status_code == 302

    after = Post.objects.select_related("category").get(pk=post.pk)
    assert (after.read_at is not None, after.contacted_at is not None) == (True, True)
    assert after.category.key == "mend/garden"
    assert (after.words, bytes(after.consented_to)) == (post.words, post.consented_to)
    assert Remark.objects.get().words in broker.get(address).content.decode()
    assert broker.post(address, {"do": "remark", "remark": " ", "key": device_key()}).status_code == 422
    assert broker.post(address, {"do": "sort", "category": "0"}).status_code == 422
    assert broker.post(address, {"do": "else"}).status_code == 422


def test_a_post_is_withdrawn_on_the_persons_wish(broker: Client) -> None:
    (one, _code), (two, _other) = make_party(), make_party()
    at = now()
    offer, need = make_post(one, "offer", "Kan köra", at=at), make_post(two, "need", "Köra", at=at)
    match = make_match([(one, offer, None), (two, None, need)], state="asked")
    broker.post(f"{POSTS}/{need.pk}", {"do": "withdraw"})

    match.refresh_from_db()
    assert match.state == "fallen"
    assert not Post.objects.filter(pk=need.pk).exists()


def enter(client: Client, **data: Any) -> Any:
    sent = {
        "kind": "need",
        "words": "Någon som lagar min cykel",
        "called": "Grannen på trean",
        "category": kind_of_help("mend/bicycle"),
        "adult": "on",
        "consent": "paper",
        "key": device_key(),
    } | data
    return client.post(f"{POSTS}/new", {name: value for name, value in sent.items() if value is not None})


def test_entered_for_somebody_with_her_written_yes_and_a_receipt_for_her(broker: Client) -> None:
    answer = enter(broker)

    post = Post.objects.select_related("party").get()
    code = re.search(r'class="secret">([^<]+)<', answer.content.decode())
    assert code is not None
    assert find_party(code[1]) == post.party
    assert (post.consent, post.read_at is not None, post.party.entered_by is not None) == ("paper", True, True)
    assert "exchange" not in broker.cookies, "it is not the bridge-builder's own"
    assert post.words in answer.content.decode()


def test_who_enters_for_somebody_is_not_spoken_to_as_her(broker: Client) -> None:
    page = broker.get("/exchange/desk/posts/new?kind=need").content.decode()

    form = page[page.index('id="lamna"') : page.rindex("</form>", page.index('id="lamna"'), page.index("</main>"))]
    assert "Vem är personen?" in form
    assert not re.search(r"\b(du|dig|din|ditt)\b", re.sub(r"<[^>]*>", " ", form).lower())


@pytest.mark.parametrize("data", [{"consent": None}, {"consent": "self"}, {"adult": None}, {"words": ""}])
def test_without_consent_nothing_is_entered(broker: Client, data: dict[str, Any]) -> None:
    assert enter(broker, **data).status_code == 422
    assert not Party.objects.exists()


def test_words_entered_for_somebody_are_hinted_at_too(broker: Client) -> None:
    answer = enter(broker, words="Behöver skjuts. Har cancer.")

    assert answer.status_code == 422
    assert "Byt till det" in answer.content.decode()
    assert not Post.objects.exists()


def test_a_second_one_is_entered_for_the_same_person(broker: Client) -> None:
    enter(broker)
    party = Party.objects.get()
    answer = enter(broker, kind="offer", words="Bakar bröd", party=party.pk)

    assert party.posts.count() == 2
    assert "secret" not in answer.content.decode()
    assert enter(broker, party=party.pk + 1).status_code == 404


def upload(client: Client, text: str, **data: Any) -> Any:
    sent = {"consent": "paper", "adult": "on", "file": SimpleUploadedFile("behov.csv", text.encode(), "text/csv")}
    return client.post(f"{POSTS}/import", {name: value for name, value in (sent | data).items() if value is not None})


def test_the_template_can_be_taken_in_as_it_is_and_only_once(broker: Client) -> None:
    template = broker.get(f"{POSTS}/template.csv").content.decode("utf-8-sig")
    first, again = upload(broker, template), upload(broker, template)

    assert "3 inne, 0 fanns redan, 0 togs inte in" in first.content.decode()
    assert "0 inne, 3 fanns redan, 0 togs inte in" in again.content.decode()
    assert (Post.objects.count(), Party.objects.count()) == (3, 2)
    codes = re.findall(r'<strong class="sam-num">([^<]+)<', first.content.decode())
    assert {find_party(code) for code in codes} == set(Party.objects.all())
    assert "sam-num" not in again.content.decode()


def test_bad_rows_come_back_with_line_and_reason_and_the_others_are_in(broker: Client) -> None:
    lines = [
        "kind,person,title,category,area,from,requires,provides,language,times",
        "need,A,Bra rad,,,,,,,",
        "hjälp,A,Slaget,,,,,,,",
        "need,,Utan någon,,,,,,,",
        "need,B,Okänt slag,nowhere,,,,,,",
        "need,B,Okänt område,,Månen,,,,,",
        "need,B,Dag,,,i morgon,,,,",
        "need,B,Krav,,,,tålamod,,,",
        "need,B,Språk,,,,,,klingon,",
        f"need,B,{'x' * 301},,,,,,,",
    ]
    text = upload(broker, "\n".join(lines)).content.decode()

    assert "1 inne, 0 fanns redan, 8 togs inte in" in text
    told = re.findall(r"Rad (\d+), (\w+):", text)
    assert [int(line) for line, _column in told] == list(range(3, 11))
    columns = ["kind", "person", "category", "area", "from", "requires", "language", "title"]
    assert [column for _line, column in told] == columns
    assert Post.objects.get().words == "Bra rad"


def test_what_was_not_taken_in_is_a_file_that_can_be_mended_and_taken_in(broker: Client) -> None:
    lines = ["kind,person,title,area", "need,A,Bra rad,", "need,B,=Okänt område,Månen", "hjälp,C,Slaget"]
    first = upload(broker, "\n".join(lines)).content.decode()

    found = re.search(r'download="[\w.-]+" href="data:text/csv;charset=utf-8;base64,([^"]+)"', first)
    assert found is not None
    file = base64.b64decode(found[1]).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert [(row["line"], row["column"], row["person"]) for row in rows] == [("3", "area", "B"), ("4", "kind", "C")]
    assert all(row["reason"] for row in rows)
    second = upload(broker, file.replace("Månen", "").replace("hjälp", "need")).content.decode()
    assert "2 inne, 0 fanns redan, 0 togs inte in" in second
    assert "data:text/csv" not in second
    assert Post.objects.filter(words="=Okänt område").exists()


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", {}),
        ("a,b\n1,2", {}),
        ("kind,person,title\n", {"consent": None}),
        ("kind,person,title\n", {"adult": None}),
        ("kind,person,title\n", {"file": None}),
        ("\0\1", {}),
    ],
)
def test_a_file_that_cannot_be_used_says_why(broker: Client, text: str, data: dict[str, Any]) -> None:
    answer = upload(broker, text, **data)

    assert answer.status_code == 422
    assert "Fel:" in answer.content.decode()


def test_what_somebody_has_taken_back_does_not_come_back_with_the_file(broker: Client) -> None:
    text = "kind,person,title\nneed,A,Någon som lagar min cykel\n"
    upload(broker, text)
    Post.objects.all().delete()
    DeviceKey.objects.update(at=now() - timedelta(days=15))
    sweep(timestamp=0)

    assert "0 inne, 0 fanns redan, 1 togs inte in" in upload(broker, text).content.decode()


def test_the_file_out_goes_into_samspel_match_and_back_in(broker: Client, tmp_path: Path) -> None:
    party, _code = make_party("=Grannen", mail="hemlig@lindvik.example")
    for kind, marks in (("offer", ["licence"]), ("need", ["home"])):
        make_post(party, kind, f"Ord om {kind}, och mer", at=now(), marks=marks, languages=["sv", "ar"], more="-Mer")
    content = broker.get(f"{POSTS}.csv").content
    path = tmp_path / "posts.csv"
    path.write_bytes(content)
    read = match_posts.read_posts(path)

    assert read.bad == ()
    assert [(post.kind, post.title, post.text, post.category) for post in read.posts] == [
        ("offer", "Ord om offer, och mer", "-Mer", "carry/drive"),
        ("need", "Ord om need, och mer", "-Mer", "carry/drive"),
    ]
    assert {post.person for post in read.posts} == {f"=Grannen #{party.pk}"}
    assert [set(post.requires) | set(post.provides) for post in read.posts] == [{"licence"}, {"home"}]
    assert b"hemlig@" not in content
    heading: Sequence[str] = next(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert tuple(heading) == COLUMNS

    again = upload(broker, content.decode("utf-8-sig")).content.decode()
    assert "0 inne, 2 fanns redan, 0 togs inte in" in again
    assert Post.objects.count() == 2, "what was saved here is here already"
    more = content.decode("utf-8-sig") + f",need,=Grannen #{party.pk},Mer hjälp,,,,,,,,,,\r\n"
    assert "1 inne, 2 fanns redan" in upload(broker, more).content.decode()
    assert Party.objects.get().posts.count() == 3
    Party.objects.all().delete()
    upload(broker, content.decode("utf-8-sig"))
    assert Party.objects.get().called == "=Grannen"
    assert sorted(Post.objects.values_list("marks", flat=True)) == [["home"], ["licence"]]


def test_the_file_out_has_what_was_searched_for(broker: Client) -> None:
    make_some()

    assert broker.get(f"{POSTS}.csv?kind=offer").content.decode("utf-8-sig").count("\r\n") == 2


# ---------------------------------------------------------------- kinds of help


def setup(client: Client, **data: Any) -> Any:
    return client.post("/exchange/setup", data)


def test_a_kind_of_help_is_added_named_moved_and_closed(broker: Client) -> None:
    top = Category.objects.get(key="mend")
    assert (
        setup(broker, do="add", sv="Båtar", da="Både", en="Boats", parent=top.pk, checks=["insurance"]).status_code
        == 302
    )
    setup(broker, do="add", sv="Båtar", parent=top.pk)

    made = Category.objects.get(key="mend/batar")
    assert (made.name, made.checks) == ({"sv": "Båtar", "da": "Både", "en": "Boats"}, ["insurance"])
    post = make_post(make_party()[0], "need", "Laga ekan", category="mend/batar")
    setup(broker, do="change", id=made.pk, sv="Båtar och bryggor", checks=["insurance", "visit", "none"], closed="on")
    made.refresh_from_db()
    assert (made.name["sv"], made.checks, made.closed_at is not None) == (
        "Båtar och bryggor",
        ["insurance", "visit"],
        True,
    )
    assert Post.objects.get(pk=post.pk).category == made, "what was left keeps its kind"
    assert "Båtar och bryggor" not in Client().get("/exchange/need").content.decode()


def test_kinds_keep_their_order_but_for_the_one_that_moves(broker: Client) -> None:
    def below() -> list[str]:
        return list(Category.objects.filter(parent__key="mend").values_list("key", flat=True))

    first, second, *rest = below()
    setup(broker, do="down", id=Category.objects.get(key=first).pk)
    assert below() == [second, first, *rest]
    setup(broker, do="up", id=Category.objects.get(key=first).pk)
    setup(broker, do="up", id=Category.objects.get(key=first).pk)
    assert below() == [first, second, *rest]


@pytest.mark.parametrize("data", [{"do": "add", "sv": " "}, {"do": "add", "sv": "X", "parent": "999"}, {"do": "none"}])
def test_a_kind_without_a_name_or_a_place_is_not_made(broker: Client, data: dict[str, str]) -> None:
    before = Category.objects.count()

    assert setup(broker, **data).status_code == 422
    assert Category.objects.count() == before
    assert setup(broker, do="change", id=999, sv="X").status_code == 404


# ---------------------------------------------------------------- who


def test_it_is_for_bridge_builders_of_any_unit_and_nobody_else(town: Town, signed_in: SignIn) -> None:
    post = make_some()["drive"]
    Role.objects.create(person=town.outsider, unit=town.library, kind="broker")
    for address in (
        POSTS,
        f"{POSTS}.csv",
        f"{POSTS}/new",
        f"{POSTS}/import",
        f"{POSTS}/template.csv",
        "/exchange/setup",
    ):
        assert signed_in(town.outsider).get(address).status_code == 200
        assert signed_in(town.manager).get(address).status_code == 404
    for person in (town.manager, town.member):
        for do in ("read", "withdraw", "remark", "nothing"):
            assert signed_in(person).post(f"{POSTS}/{post.pk}", {"do": do}).status_code == 404
    assert Post.objects.filter(pk=post.pk).exists()


def test_the_trail_says_who_did_what_and_no_words(broker: Client) -> None:
    enter(broker, words="Kanariefågeln sjunger", more="Kanariefågeln flyger", called="Kanariefågeln")
    post = Post.objects.get()
    broker.post(f"{POSTS}/{post.pk}", {"do": "remark", "remark": "Kanariefågeln", "key": device_key()})
    broker.post(f"{POSTS}/{post.pk}", {"do": "withdraw"})

    trail = [f"{entry.verb} {entry.facts}" for entry in AuditEntry.objects.order_by("pk")]
    assert [line.split()[0] for line in trail] == ["post.entered", "post.remarked", "post.taken_back"]
    assert "anarief" not in " ".join(trail)


# ---------------------------------------------------------------- from the command line


def test_the_command_line_takes_a_file_in_and_writes_the_codes_once(tmp_path: Path) -> None:
    file, codes, said = tmp_path / "posts.csv", tmp_path / "codes.csv", list[str]()
    posts_command.write_template(file)
    with pytest.raises(FileError, match="there already"):
        posts_command.write_template(file)
    with pytest.raises(FileError, match=r"\.csv"):
        posts_command.write_template(tmp_path / "posts.txt")

    assert posts_command.take_in(file, codes, consent="message", at=now(), out=said.append) == 0
    assert "3 rows in, 0 there already, 0 not. 2 codes" in said[0]
    given = dict(csv.reader(io.StringIO(codes.read_text(encoding="utf-8-sig"))))
    assert {find_party(code) for called, code in given.items() if called != "person"} == set(Party.objects.all())
    with pytest.raises(FileError, match="new file"):
        posts_command.take_in(file, codes, consent="message", at=now(), out=said.append)
    assert Post.objects.filter(consent="message").count() == 3


def test_the_command_line_says_what_is_wrong_and_leaves_no_empty_codes(tmp_path: Path) -> None:
    file, codes = tmp_path / "posts.csv", tmp_path / "codes.csv"
    file.write_text("a,b\n1,2\n")

    with pytest.raises(FileError, match="kind"):
        posts_command.take_in(file, codes, consent="paper", at=now(), out=print)
    with pytest.raises(FileError, match="--codes"):
        posts_command.take_in(file, None, consent="paper", at=now(), out=print)
    assert not codes.exists()
    file.write_text("kind,person,title\nneed,A,Bra\nneed,,Dålig\n")
    rejected = tmp_path / "rejected.csv"
    assert posts_command.take_in(file, codes, rejected, consent="paper", at=now(), out=print) == 1
    (row,) = csv.DictReader(io.StringIO(rejected.read_text(encoding="utf-8-sig")))
    assert (row["line"], row["column"], row["title"]) == ("3", "person", "Dålig")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("codes.csv", "codes.csv"), "a file of their own"),
        (("codes.csv", "posts.csv"), "new file"),
        (("codes.txt", None), r"\.csv"),
        (("codes.csv", "nowhere/rejected.csv"), "cannot be written"),
        (("nowhere/codes.csv", None), "cannot be written"),
    ],
)
def test_the_command_line_takes_nothing_in_that_it_cannot_write_down(
    tmp_path: Path, names: tuple[str, str | None], reason: str
) -> None:
    file, codes, rejected = tmp_path / "posts.csv", tmp_path / names[0], tmp_path / names[1] if names[1] else None
    posts_command.write_template(file)
    before = file.read_bytes()

    with pytest.raises(FileError, match=reason):
        posts_command.take_in(file, codes, rejected, consent="paper", at=now(), out=print)

    assert not Post.objects.exists()
    assert [each.name for each in tmp_path.iterdir()] == ["posts.csv"]
    assert file.read_bytes() == before


def test_the_command_line_leaves_no_codes_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        posts_command.take_in(tmp_path / "a.csv", tmp_path / "codes.csv", consent="paper", at=now(), out=print)

    assert list(tmp_path.iterdir()) == []


def test_the_command_line_reads_as_long_a_file_as_it_writes(broker: Client, tmp_path: Path) -> None:
    file, said = tmp_path / "posts.csv", list[str]()
    file.write_text("kind,person,title\n" + "need,,Vems är det?\n" * 2001)

    assert "fler än 2000 rader" in upload(broker, file.read_text()).content.decode()
    assert posts_command.take_in(file, tmp_path / "codes.csv", consent="paper", at=now(), out=said.append) == 2001
    assert "0 rows in, 0 there already, 2,001 not." in said[-1]


def test_the_command_line_writes_what_the_page_writes(broker: Client, tmp_path: Path) -> None:
    make_some()
    file = tmp_path / "out.csv"

    size = posts_command.export(file, at=now())

    assert file.read_bytes() == broker.get(f"{POSTS}.csv").content
    assert size == file.stat().st_size
    with pytest.raises(FileError, match="new file"):
        posts_command.export(file, at=now())
    with pytest.raises(FileError, match=r"\.csv"):
        posts_command.export(tmp_path / "out.xlsx", at=now())


def without_tokens(answer: HttpResponse, address: str) -> str:
    """The answer without what differs at every load."""
    return re.sub(r'(X-CSRFToken": "|csrfmiddlewaretoken" value=")[^"]*', "", answer.content.decode()).replace(
        address, ""
    )


def test_an_administrator_reads_nobodys_post_and_may_still_say_what_help_there_is(
    town: Town, broker: Client, signed_in: SignIn
) -> None:
    party, _code = make_party()
    post = make_post(party, "need", "Någon som kör min bil")
    administrator = signed_in(town.administrator)
    desk = [f"/exchange/desk/posts/{number}" for number in (post.pk, 2**40)]
    pages = ["/exchange/desk", "/exchange/desk/posts", "/exchange/desk/posts.csv", "/exchange/desk/posts/new", *desk]

    there, missing = (administrator.get(address) for address in desk)

    assert {administrator.get(page).status_code for page in pages} == {404}
    assert {broker.get(page).status_code for page in pages[:-1]} == {200}
    assert without_tokens(there, desk[0]) == without_tokens(missing, desk[1])
    shown = administrator.get("/exchange").content.decode()
    assert "Brobyggarens bord" not in shown
    for address in ("/exchange/setup", "/exchange/setup/choosing", "/exchange/setup/assumptions"):
        page = administrator.get(address)
        assert page.status_code == 200
        assert "/exchange/desk" not in page.content.decode()
    assert "/exchange/setup/choosing" in shown
