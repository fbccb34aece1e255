"""Leaving a need or an offer: the page, the form, the hint, the code once."""

import re
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from samspel.core.limits import BUCKETS, LIMITS
from samspel.exchange.access import find_party
from samspel.exchange.actions.posting import kept_until
from samspel.exchange.codes import SHOWN_AGAIN
from samspel.exchange.models import Category, Party, Post, TownQuestion
from samspel.people.models import Person
from tests.conftest import SignIn
from tests.exchange.making import make_party, make_post
from tests.people import WHEN, Town, device_key, make_person

pytestmark = pytest.mark.django_db
WORDS = "Jag kan köra till affären på lördagar."
CODE = re.compile(r'class="secret">([^<]+)<')


def kind_of_help(key: str = "carry/drive") -> int:
    return Category.objects.get(key=key).pk


def leave(client: Client, way: str = "give", **data: Any) -> Any:
    sent = {"words": WORDS, "called": "Grannen med bilen", "category": kind_of_help(), "adult": "on"} | data
    sent.setdefault("key", device_key())
    return client.post(f"/exchange/{way}", {name: value for name, value in sent.items() if value is not None})


def code_in(response: Any) -> str:
    found = CODE.search(response.content.decode())
    assert found is not None
    return found[1]


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_an_offer_is_kept_as_it_was_said(town: Town) -> None:
    answer = leave(
        Client(),
        more="Har egen bil.",
        times=["weekends"],
        marks=["licence", "child"],
        languages=["sv", "pl"],
        who="company",
    )

    post = Post.objects.select_related("party").get()
    assert answer.status_code == 200
    assert (post.kind, post.words, post.more) == ("offer", WORDS, "Har egen bil.")
    assert (post.times, post.marks, post.languages) == (["weekends"], ["licence", "child"], ["sv", "pl"])
    assert (post.party.kind, post.party.called, post.party.is_adult) == ("company", "Grannen med bilen", True)
    assert bytes(post.consented_to) == sha256(f"{WORDS}\nHar egen bil.".encode()).digest()
    assert (post.consent, post.read_at) == ("self", None)
    assert timedelta(days=89) < post.expires_at - now() < timedelta(days=91)


def test_three_plain_fields_are_enough(db: None) -> None:
    client = Client()
    page = text_of(client.get("/exchange/need"))
    chosen = re.search(r'<option value="(\d+)" selected>', page)

    assert chosen is not None, "a kind of help is chosen until somebody chooses another"
    leave(client, "need", category=chosen[1])
    assert Post.objects.get().category.key == "other"
    assert Post.objects.get().kind == "need"


def test_the_code_is_shown_once_and_the_device_remembers(db: None) -> None:
    client = Client()
    key = device_key()
    code = code_in(leave(client, key=key))
    Post.objects.update(posted_at=now() - SHOWN_AGAIN)
    again = leave(client, key=key)

    assert Post.objects.count() == 1
    assert CODE.search(again.content.decode()) is None
    assert find_party(code) == Party.objects.get()
    assert client.cookies["exchange"]["httponly"]
    assert client.get("/exchange/mine").status_code == 200


def test_whoever_presses_twice_gets_the_same_code_twice(db: None) -> None:
    key = device_key()
    code = code_in(leave(Client(), key=key))

    assert code_in(leave(Client(), key=key)) == code, "the browser shows the second answer, and the first is nowhere"
    assert code_in(leave(Client())) != code
    assert Post.objects.count() == 2


def test_a_second_one_from_the_same_device_is_with_the_first(db: None) -> None:
    client = Client()
    leave(client)
    second = leave(client, "need", words="Någon som lagar min cykel")

    assert Party.objects.get().posts.count() == 2
    assert CODE.search(second.content.decode()) is None
    assert "Grannen med bilen" in client.get("/exchange/give").content.decode()


def test_who_is_known_is_asked_for_nothing_that_would_be_dropped(db: None) -> None:
    client = Client()
    leave(client)

    page = text_of(client.get("/exchange/give"))
    assert ('name="called"' in page, 'name="mail"' in page) == (False, False)
    assert "Vill du kallas något annat" in page


def test_what_is_folded_away_is_named_by_what_is_there(town: Town, signed_in: SignIn, broker: Person) -> None:
    def names(page: str) -> str:
        found = re.search(r"<summary[^>]*>(Dagar[^<]*)</summary>", page)
        assert found is not None
        return found[1]

    manager, fresh = signed_in(town.manager), Client()
    new = text_of(fresh.get("/exchange/need"))
    assert names(new) == "Dagar, språk och vem du är"
    assert new.index('name="mail"') < new.index('<details class="more"'), (
        "how she hears of a question is not folded away"
    )
    leave(fresh)
    assert names(text_of(fresh.get("/exchange/need"))) == "Dagar och språk"
    leave(manager)
    assert names(text_of(manager.get("/exchange/need"))) == "Dagar, språk och vem du är"
    assert names(text_of(fresh.get(f"/exchange/mine/{Post.objects.earliest('pk').pk}"))) == "Dagar och språk"
    party = Party.objects.earliest("pk")
    page = text_of(signed_in(broker).get(f"/exchange/desk/posts/new?party={party.pk}"))
    assert names(page) == "Dagar och språk"


def test_what_is_written_of_somebody_known_all_the_same_is_kept(db: None) -> None:
    """As in two windows that were opened before the first one was sent."""
    client = Client()
    leave(client)
    Post.objects.update(read_at=now())
    leave(client, "need", called="Föraren", mail="ny@lindvik.example")

    party = Party.objects.get()
    assert (party.called, party.mail) == ("Föraren", "ny@lindvik.example")
    assert not Post.objects.filter(read_at__isnull=False).exists(), "what the others see is read anew"
    leave(client, called="")
    assert Party.objects.get().called == "Föraren"


def test_a_unit_is_called_what_it_is_until_its_manager_says_another(town: Town, signed_in: SignIn) -> None:
    client, unit = signed_in(town.manager), town.guidance
    leave(client, who=f"unit:{unit.pk}", called="")
    assert Party.objects.get().called == unit.name

    leave(client, who=f"unit:{unit.pk}", called="Salen på Torget", mail="salen@lindvik.example")
    party = Party.objects.get()
    assert (party.called, party.mail, party.posts.count()) == ("Salen på Torget", "salen@lindvik.example", 2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"words": " "}, "Skriv med egna ord"),
        ({"words": "x" * 301}, "högst 300"),
        ({"adult": None}, "fyllt 18 år"),
        ({"category": "0"}, "Välj vad det handlar om"),
        ({"area": "999"}, "Välj ett område"),
        ({"mail": "ingen adress"}, "e-postadress"),
        ({"from": "2030-02-02", "to": "2030-02-01"}, "före den första"),
        ({"to": "2020-01-01"}, "redan varit"),
    ],
)
def test_what_is_wrong_is_said_and_everything_is_kept_on_the_page(db: None, data: dict[str, Any], words: str) -> None:
    answer = leave(Client(), more="Talar polska", marks=["lifting"], **data)

    page = text_of(answer)
    assert answer.status_code == 422
    assert words in page
    assert 'value="Talar polska"' in page
    assert 'value="lifting" checked' in page
    assert not Post.objects.exists()
    assert not Party.objects.exists()


def test_a_post_is_over_with_its_own_last_day(db: None) -> None:
    last = (now() + timedelta(days=5)).date()
    leave(Client(), to=last.isoformat())

    assert Post.objects.get().expires_at.date() in {last, last + timedelta(days=1)}
    assert Post.objects.get().ends_on == last


def test_words_about_health_are_asked_about_before_anything_is_kept(db: None) -> None:
    said = f"{WORDS} Jag är sjukskriven och har tid."
    client = Client()
    asked = leave(client, words=said, more="Har egen bil.", marks=["licence"])

    page = text_of(asked)
    assert asked.status_code == 422
    assert "Det här kan handla om din hälsa" in page
    assert f'<p class="sam-voice">{WORDS}</p>' in page
    assert (said in page, 'value="Har egen bil."' in page, 'value="licence" checked' in page) == (True, True, True)
    assert not Post.objects.exists()

    swapped = leave(client, words=said, hint="swap-words")
    assert f">{WORDS}</textarea>" in text_of(swapped)
    assert not Post.objects.exists()
    kept = re.search(r'name="kept" value="(\w+)"', text_of(leave(client, words=said, hint="keep-words")))
    assert kept is not None
    leave(client, words=said, kept=kept[1])
    assert Post.objects.get().words == said, "a hint, never a stop"


def test_each_hint_is_answered_by_itself(db: None) -> None:
    said = f"{WORDS} Jag är sjukskriven. Fråga Anna Holm."
    client = Client()
    about_health, about_a_name = "Det här kan handla om din hälsa", "Det här kan vara ett namn"

    first = text_of(leave(client, words=said))
    second = text_of(leave(client, words=said, hint="keep-words"))
    kept = re.findall(r'name="kept" value="(\w+)"', second)
    asked = leave(client, words=said, kept=kept)
    third = text_of(leave(client, words=said, kept=kept, hint="keep-words"))
    kept = re.findall(r'name="kept" value="(\w+)"', third)

    assert (about_health in first, about_a_name in first) == (True, False)
    assert (about_health in second, about_a_name in second) == (False, True)
    assert f'<p class="sam-voice">{WORDS} Jag är sjukskriven.</p>' in second, "what she keeps is not proposed away"
    assert asked.status_code == 422
    assert not Post.objects.exists()
    assert about_a_name not in third
    assert leave(client, words=said, kept=kept).status_code == 200
    assert Post.objects.get().words == said


def test_the_same_hint_comes_while_one_writes(db: None) -> None:
    said = f"{WORDS} Jag är sjukskriven."
    client = Client()
    shown = client.post("/exchange/hint", {"words": said, "hint": "look-words", "kind": "offer"})
    swapped = client.post("/exchange/hint", {"words": said, "hint": "swap-words", "kind": "offer"})
    kept = client.post("/exchange/hint", {"words": said, "hint": "keep-words", "kind": "offer"})
    quiet = client.post("/exchange/hint", {"words": WORDS, "hint": "look-words", "kind": "offer"})

    assert "Byt till det" in shown.content.decode()
    assert f">{WORDS}</textarea>" in swapped.content.decode()
    assert ("Byt till det" in kept.content.decode(), 'name="kept"' in kept.content.decode()) == (False, True)
    assert quiet.content.decode().strip() == ""
    assert client.post("/exchange/hint", {"hint": "look-nothing"}).status_code == 422
    assert not Post.objects.exists()


def test_what_one_is_called_is_no_name(db: None) -> None:
    asked = leave(Client(), called="Anna Holm")

    assert "Det här kan vara ditt namn" in text_of(asked)
    assert not Post.objects.exists()


@pytest.mark.parametrize("field", ["words", "more", "called"])
def test_what_is_much_too_long_is_told_at_once_and_is_there_to_shorten(db: None, field: str) -> None:
    # Every letter may begin an e-mail address: looked for from each of them, this took minutes.
    long = "a" * 200_000

    answer = leave(Client(), **{field: long})
    asked = Client().post("/exchange/hint", {"hint": f"keep-{field}", field: long})

    assert answer.status_code == 422
    assert "Korta till högst" in answer.content.decode()
    assert long in answer.content.decode()
    assert asked.status_code == 200


def test_the_last_day_of_the_calendar_is_as_good_as_none(db: None) -> None:
    assert leave(Client(), to="9999-12-31").status_code == 200
    post = Post.objects.get()
    assert post.expires_at == kept_until(post.posted_at)


def test_a_nul_is_a_blank(db: None) -> None:
    assert leave(Client(), words="Jag kan\0köra", called="Gran\0nen").status_code == 200
    assert Post.objects.get().words == "Jag kan köra"


def test_the_code_opens_it_on_another_device(db: None) -> None:
    code = code_in(leave(Client()))
    other = Client()
    answer = other.post("/exchange/code", {"code": f" {code.lower().replace(' ', '-')} "})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/exchange/mine")
    assert WORDS in other.get("/exchange/mine").content.decode()


@pytest.mark.usefixtures("still")
def test_wrong_codes_are_counted_and_tell_nothing(db: None) -> None:
    code = code_in(leave(Client()))
    answers = [Client().post("/exchange/code", {"code": f"AAA BBB CCC {number:03}"}) for number in range(70)]

    assert answers[0].status_code == 422
    assert answers[-1].status_code == 429
    assert Client().post("/exchange/code", {"code": code}).status_code == 429


def test_who_is_signed_in_finds_hers_without_a_code(town: Town, signed_in: SignIn) -> None:
    leave(signed_in(town.member))

    assert WORDS in signed_in(town.member).get("/exchange/mine").content.decode()
    assert signed_in(town.facilitator).get("/exchange/mine").status_code == 404


def test_who_leads_a_unit_posts_for_it_and_so_does_the_next_one(town: Town, signed_in: SignIn) -> None:
    unit = town.guidance
    answer = leave(signed_in(town.manager), words="Salen är tom på kvällarna", who=f"unit:{unit.pk}", called="Centrum")

    party = Party.objects.get()
    assert answer.status_code == 200
    assert (party.kind, party.unit, party.person) == ("unit", unit, None)
    assert "Salen är tom" in signed_in(town.manager).get("/exchange/mine").content.decode()
    for person in (town.member, town.outsider):
        assert leave(signed_in(person), who=f"unit:{unit.pk}").status_code == 404
        assert signed_in(person).get("/exchange/mine").status_code == 404
    assert leave(Client(), who=f"unit:{unit.pk}").status_code == 401
    assert Post.objects.count() == 1


def test_the_page_says_what_is_missing_and_leads_to_the_form_with_its_kind(db: None) -> None:
    asked = Category.objects.get(key="place/room")
    for words, values in (("Vem har ett garage?", {"published_at": WHEN}), ("Inte läst än", {})):
        TownQuestion.objects.create(words=words, category=asked, at=WHEN, key=device_key(), **values)
    page = text_of(Client().get("/exchange"))

    assert "Vem har ett garage?" in page
    assert "Inte läst än" not in page
    assert f"/exchange/give?category={asked.pk}" in page
    assert f'value="{asked.pk}" selected' in Client().get(f"/exchange/give?category={asked.pk}").content.decode()


def test_it_is_found_from_the_start_page_and_the_menu(town: Town, signed_in: SignIn) -> None:
    assert Client().get("/").content.decode().count('href="/exchange"') == 3
    assert 'href="/exchange"' in signed_in(town.member).get("/account").content.decode()


def test_a_bridge_builder_finds_her_desk(town: Town, signed_in: SignIn) -> None:
    broker = make_person("Britta Brobyggare", town.library, "broker")
    assert "Brobyggarens bord" in signed_in(broker).get("/exchange").content.decode()
    assert "Brobyggarens bord" not in signed_in(town.member).get("/exchange").content.decode()


def test_pages_state_their_queries(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    party, code = make_party()
    make_post(party, "offer", WORDS, at=now())
    client = Client()
    client.cookies["exchange"] = code
    client.get("/exchange")

    with django_assert_num_queries(3):  # installation, questions, days
        client.get("/exchange")
    with django_assert_num_queries(6):  # installation, party, kinds of help (which, and all), areas, days
        client.get("/exchange/give")
    with django_assert_num_queries(6):  # installation, party, posts, matches, days, questions
        client.get("/exchange/mine")


# ---------------------------------------------------------------- a flood


def test_a_flood_is_stopped_and_nothing_typed_is_lost(db: None) -> None:
    client = Client()
    leave(client)  # as somebody who has no code yet
    for _ in range(LIMITS["post"].burst):
        assert leave(client).status_code == 200

    key = device_key()
    answer = leave(client, more="Ring inte före tio.", key=key)

    page = text_of(answer)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300")
    assert "Vänta 5 minuter" in page
    assert f">{WORDS}</textarea>" in page
    assert 'value="Ring inte före tio."' in page
    assert Post.objects.count() == 1 + LIMITS["post"].burst
    BUCKETS.clear()  # when the time is out
    assert leave(client, more="Ring inte före tio.", key=key).status_code == 200
    assert Post.objects.filter(more="Ring inte före tio.").count() == 1


@pytest.mark.usefixtures("still")
def test_many_who_throw_their_cookies_away_are_one_address(db: None) -> None:
    for _ in range(LIMITS["post"].address_burst):
        assert leave(Client()).status_code == 200

    assert leave(Client()).status_code == 429
    assert leave(Client(REMOTE_ADDR="192.0.2.7")).status_code == 200


def test_what_was_not_saved_is_not_counted(db: None) -> None:
    client = Client()
    leave(client)
    for _ in range(LIMITS["post"].burst):
        assert leave(client, words="x" * 301).status_code == 422
        assert leave(client, words="Har brutit armen och kan inte köra.").status_code == 422

    assert leave(client).status_code == 200
