"""What every answer carries."""

import json

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from samspel.core.addresses import came_from
from samspel.core.middleware import CachingMiddleware
from tests.people import device_key, make_dialogue, make_town


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/nothing-here/", "/api/openapi.json"])
def test_an_answer_tells_its_length(client: Client, path: str) -> None:
    """A server that goes in the middle of an answer then leaves a cut one, which a browser sends again; without a
    length an empty answer with status 200 would look like a receipt."""
    answer = client.get(path)

    assert int(answer["Content-Length"]) == len(answer.content) > 0


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/m/%00/", "/s/%00/more", "/s/%00", "/open/%00", "/services/%00"])
def test_an_address_that_the_database_cannot_hold_is_an_address_that_is_not_there(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_a_text_that_the_database_cannot_hold_is_refused(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    dialogue = make_dialogue(make_town().guidance)

    answer = client.post(f"/m/{dialogue.code}/seat", {"name": "Hemliga\0 Hanna", "key": device_key()})

    assert answer.status_code in {302, 422}
    assert "Hanna" not in caplog.text


@pytest.mark.django_db
def test_half_a_letter_is_refused_as_other_words_that_the_database_cannot_hold(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    town = make_town()
    client.force_login(town.manager)
    told = {"unit": town.guidance.pk, "words": "Bussen går sällan \ud800", "key": device_key()}

    answer = client.post("/api/signals", json.dumps(told), content_type="application/json")

    assert answer.status_code == 422
    assert "Bussen" not in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/nothing-here/", "/api/openapi.json", "/accounts/login/"])
def test_no_cache_keeps_an_answer(client: Client, path: str) -> None:
    told = client.get(path).headers["Cache-Control"]

    assert {"private", "no-store"} <= set(told.split(", "))


def test_a_view_may_say_that_a_cache_keeps_its_answer() -> None:
    kept = HttpResponse(headers={"Cache-Control": "max-age=60"})

    assert CachingMiddleware(lambda _request: kept)(HttpRequest()).headers["Cache-Control"] == "max-age=60"


@pytest.mark.django_db
def test_an_address_that_is_only_sent_to_says_so_on_a_page(client: Client) -> None:
    answer = client.get("/language")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "Här finns inget att läsa" in answer.content.decode()


@pytest.mark.django_db
def test_who_is_refused_finds_back_to_the_page_she_came_from(client: Client) -> None:
    """And its language is changed there: what was sent cannot be read at its address."""
    unit = make_town().guidance

    answer = client.post(f"/units/{unit.pk}/signals", {}, headers={"Referer": f"http://testserver/units/{unit.pk}?a=1"})
    page = answer.content.decode()

    assert answer.status_code == 401
    assert f'href="/units/{unit.pk}?a=1"' in page
    assert f'name="next" value="/units/{unit.pk}?a=1"' in page
    assert f"/accounts/login/?next=/units/{unit.pk}%3Fa%3D1" in page


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("http://testserver/exchange?a=1", "/exchange?a=1"),
        ("http://elsewhere.example/exchange", ""),
        ("/exchange", ""),
        ("", ""),
    ],
)
def test_only_a_page_of_ours_is_where_somebody_came_from(referer: str, page: str) -> None:
    request = RequestFactory(headers={"Referer": referer}).post("/")

    assert came_from(request) == page
