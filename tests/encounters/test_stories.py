"""A story: consent to exact words, a code shown once, and taken back by it."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from samspel.core.limits import BUCKETS, LIMITS
from samspel.encounters.actions.stories import SHOWN_AGAIN
from samspel.encounters.models import Point, Story
from tests.encounters.asking import make_point, make_round
from tests.people import Town, device_key

pytestmark = pytest.mark.django_db
WORDS = "Jag var orolig.\nHon frågade vad jag själv ville, och sedan löste det sig."


@pytest.fixture
def point(town: Town) -> Point:
    at: datetime = now()
    make_round(town.guidance, opened_at=at - timedelta(days=1))
    return make_point(town.guidance, opened_at=at)


def tell(client: Client, point: Point, **data: str) -> Any:
    sent = {"words": WORDS, "consents": "on", "kind": "good", "key": device_key()} | data
    return client.post(f"/s/{point.code}/story", {name: value for name, value in sent.items() if value})


def code_in(response: Any) -> str:
    found = re.search(r'class="secret">([^<]+)<', response.content.decode())
    assert found is not None
    return found[1]


def test_a_story_is_kept_with_the_words_that_were_agreed_to_and_shown_to_nobody_yet(point: Point) -> None:
    answer = tell(Client(), point, kind="hard")

    story = Story.objects.get()
    assert (story.words, story.is_hard, story.side, story.published_at) == (WORDS, True, "resident", None)
    assert story.consented_at is not None
    assert re.fullmatch(r"\w{4}-\w{4}-\w{4}", code_in(answer))


def test_the_code_is_kept_nowhere_and_shown_once(point: Point) -> None:
    key = device_key()
    code = code_in(tell(Client(), point, key=key))
    at_once = tell(Client(), point, key=key)
    Story.objects.update(told_at=now() - SHOWN_AGAIN)
    again = tell(Client(), point, key=key)

    assert Story.objects.count() == 1
    assert code_in(at_once) == code, "pressed twice: the browser shows the second answer"
    assert "secret" not in again.content.decode()
    assert code.replace("-", "").encode() not in bytes(Story.objects.get().withdrawal)


def test_what_is_much_too_long_is_told_at_once_and_is_there_to_shorten(point: Point) -> None:
    long = "a" * 200_000

    answer = tell(Client(), point, words=long)

    assert answer.status_code == 422
    assert long in answer.content.decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"consents": ""}, "Kryssa i att orden får visas"),
        ({"words": "  "}, "Skriv några meningar"),
        ({"words": "x" * 2001}, "Korta till högst"),
    ],
)
def test_without_words_or_consent_nothing_is_kept(point: Point, data: dict[str, str], words: str) -> None:
    answer = tell(Client(), point, **data)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Story.objects.exists()


def test_words_that_look_like_somebody_come_back_masked_to_be_agreed_to(point: Point) -> None:
    client = Client()
    answer = tell(client, point, words="Jag träffade Anna Holm.\nHon lyssnade.")

    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "<strong>Anna Holm</strong> (namn)" in shown
    assert "Jag träffade [namn].\nHon lyssnade.</textarea>" in shown
    assert "checked" not in re.findall(r'<input type="checkbox"[^>]*>', shown)[0], "consent is asked for anew"
    assert not Story.objects.exists()

    tell(client, point, words="Jag träffade [namn].\nHon lyssnade.")
    assert Story.objects.get().words == "Jag träffade [namn].\nHon lyssnade."


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code} "])
def test_the_code_takes_it_back_however_it_is_typed(point: Point, typed: Any) -> None:
    code = code_in(tell(Client(), point))

    answer = Client().post("/stories/withdraw", {"code": typed(code)})

    assert "Det är raderat" in answer.content.decode()
    assert not Story.objects.exists()


def test_a_shown_story_is_taken_back_too(point: Point) -> None:
    code = code_in(tell(Client(), point))
    Story.objects.update(published_at=now())
    home = f"/units/{point.unit_id}"
    assert WORDS in Client().get(home).content.decode()
    assert "/stories/withdraw" in Client().get(home).content.decode()

    Client().post("/stories/withdraw", {"code": code})

    assert not Story.objects.exists()
    assert WORDS not in Client().get(home).content.decode()


@pytest.mark.usefixtures("still")
def test_a_wrong_code_takes_nothing_and_guesses_are_counted(point: Point) -> None:
    tell(Client(), point)
    answers = [Client().post("/stories/withdraw", {"code": f"AAAA-AAAA-{number:04}"}) for number in range(70)]

    assert answers[0].status_code == 422
    assert answers[-1].status_code == 429
    assert Story.objects.count() == 1


def test_a_right_code_is_no_guess(point: Point) -> None:
    client, codes = Client(), []
    for _number in range(61):
        codes.append(code_in(tell(Client(), point)))
        BUCKETS.clear()

    assert {client.post("/stories/withdraw", {"code": code}).status_code for code in codes} == {200}


@pytest.mark.parametrize("header", [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_sites_page_cannot_tell_a_story(point: Point, header: dict[str, str]) -> None:
    sent = {"words": WORDS, "consents": "on", "kind": "good", "key": device_key()}

    assert Client().post(f"/s/{point.code}/story", sent, headers=header).status_code == 422
    assert not Story.objects.exists()


# ---------------------------------------------------------------- a flood


def test_a_flood_of_stories_is_stopped_and_nothing_typed_is_lost(point: Point) -> None:
    for _each in range(LIMITS["story"].address_burst):
        assert tell(Client(), point).status_code == 200

    answer = tell(Client(), point, words="Det gick bra till slut.", kind="hard")

    page = answer.content.decode()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert "Vänta en minut" in page
    assert ">Det gick bra till slut.</textarea>" in page
    assert Story.objects.count() == LIMITS["story"].address_burst
    assert tell(Client(REMOTE_ADDR="192.0.2.7"), point).status_code == 200


def test_a_story_that_was_not_kept_is_not_counted(point: Point) -> None:
    key = device_key()
    for _each in range(LIMITS["story"].address_burst):
        tell(Client(), point, consents="")
        tell(Client(), point, key=key)

    assert tell(Client(), point).status_code == 200
    assert Story.objects.count() == 2
