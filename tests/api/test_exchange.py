"""Needs and offers through the API: for bridge-builders' systems, with the person's written yes."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from samspel.core.actor import Actor
from samspel.core.models import DeviceKey
from samspel.exchange.access import find_party
from samspel.exchange.models import Party, Post
from samspel.people.keys import new_key
from samspel.people.models import Person
from tests.exchange.making import make_party, make_post
from tests.people import Town, device_key, make_person

ADDRESS = "/api/v1/exchange/posts"
ENTERED = {"kind": "need", "words": "Någon som lagar min cykel", "consent": "paper", "is_adult": True}


@pytest.fixture
def broker(town: Town) -> Person:
    return make_person("Britta Brobyggare", town.library, "broker")


def client_of(person: Person | None) -> Client:
    if person is None:
        return Client()
    key = new_key(actor=Actor("person", name="command line", is_administrator=True), email=person.email)
    return Client(headers={"Authorization": f"Bearer {key}"})


def send(client: Client, key: str = "", **data: Any) -> Any:
    body = {name: value for name, value in (ENTERED | data).items() if value is not None}
    headers = {"Idempotency-Key": key or device_key()}
    return client.post(ADDRESS, body, content_type="application/json", headers=headers)


def test_it_is_entered_once_and_a_retry_has_the_same_answer(broker: Person) -> None:
    client, key = client_of(broker), device_key()
    first, again = send(client, key, category="mend/bicycle", marks=["home"]), send(client, key)

    post = Post.objects.select_related("category").get()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == {"id": post.pk, "party": post.party_id, "code": first.json()["code"]}
    assert find_party(first.json()["code"]) == post.party
    assert again.json() == first.json(), "the answer may have been lost"
    assert (post.category.key, post.marks, post.consent) == ("mend/bicycle", ["home"], "paper")
    Post.objects.update(posted_at=now() - timedelta(minutes=3))
    assert send(client, key).json() == first.json() | {"code": None}


def test_a_second_one_of_the_same_party(broker: Person) -> None:
    client = client_of(broker)
    party = send(client).json()["party"]

    assert send(client, kind="offer", party=party).json() == {
        "id": Post.objects.latest("pk").pk,
        "party": party,
        "code": None,
    }
    assert send(client, party=party + 1).status_code == 404


def test_what_a_party_is_called_is_changed_by_nobody_else(broker: Person) -> None:
    client = client_of(broker)
    party = send(client, called="Grannen").json()["party"]

    other = send(client, kind="offer", party=party, called="Skräddaren")

    assert (other.status_code, list(other.json()["fields"])) == (422, ["called"])
    assert Post.objects.count() == 1
    assert send(client, kind="offer", party=party, called="Grannen").status_code == 201
    assert {post.party.called for post in Post.objects.select_related("party")} == {"Grannen"}


def test_a_key_is_good_for_as_long_as_its_post_is_here(broker: Person) -> None:
    """Also when the key itself has been forgotten; what has been taken back comes not back while it is remembered."""
    client, key = client_of(broker), device_key()
    first = send(client, key)
    DeviceKey.objects.filter(key=key).delete()

    again = send(client, key, words="Någon som lagar min bil")

    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert [post.words for post in Post.objects.all()] == [ENTERED["words"]]
    Post.objects.all().delete()
    assert send(client, key).status_code == 409
    DeviceKey.objects.filter(key=key).delete()
    assert send(client, key).status_code == 409, "the party is here, with the code of this key"
    Party.objects.all().delete()
    assert send(client, key).status_code == 201


@pytest.mark.parametrize(
    "data",
    [
        {"consent": "self"},
        {"consent": None},
        {"is_adult": False},
        {"words": ""},
        {"words": "  "},
        {"category": "nowhere"},
        {"area": "nowhere"},
        {"marks": ["money"]},
        {"begins_on": "2030-02-02", "ends_on": "2030-02-01"},
    ],
)
def test_what_cannot_be_entered_says_which_field(broker: Person, data: dict[str, Any]) -> None:
    answer = send(client_of(broker), **data)

    assert answer.status_code == 422
    assert answer.json()["fields"]
    assert not Post.objects.exists()


def test_it_is_read_a_page_at_a_time_without_mail_or_code(
    broker: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    party, code = make_party("Grannen", mail="hemlig@lindvik.example")
    for number in range(60):
        make_post(party, "offer", f"Kan köra {number}", at=now())
    client = client_of(broker)

    # whose key, bridge-builder, how many, the page, held
    with django_assert_num_queries(5):
        answer = client.get(f"{ADDRESS}?q=drive&kind=offer&page=2")
    page = answer.json()
    assert (page["total"], page["page"], page["pages"], len(page["posts"])) == (60, 2, 2, 10)
    assert page["posts"][0]["words"].startswith("Kan köra")
    assert "hemlig" not in answer.content.decode()
    assert code not in answer.content.decode()


def test_it_is_for_bridge_builders_alone(town: Town) -> None:
    for person, status in ((town.member, 404), (town.manager, 404), (None, 401)):
        assert client_of(person).get(ADDRESS).status_code == status
        assert send(client_of(person)).status_code == status
    assert not Post.objects.exists()


def test_another_sites_page_is_refused_in_the_same_form_as_all_else(broker: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(broker)
    found = client.post(ADDRESS, ENTERED, content_type="application/json", headers={"Idempotency-Key": device_key()})

    assert (found.status_code, found["Content-Type"]) == (403, "application/problem+json")
    assert found.json()["type"] == "urn:samspel:other-site"
    assert not Post.objects.exists()
