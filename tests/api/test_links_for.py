"""Links that another system sends: nobody is asked again before she has rested, and nobody here knows who she is."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from samspel.core.actor import Actor
from samspel.encounters.actions.invitations import MOST_AT_ONCE, make_links_for
from samspel.encounters.compaction import _erase_old
from samspel.encounters.models import Invitation, Point, Resting
from samspel.people.keys import new_key
from samspel.people.models import Person
from tests.encounters.asking import make_point, make_round
from tests.people import Town, actor_of, device_key

COMMAND_LINE = Actor("person", name="command line", is_administrator=True)


def hashed(name: str) -> str:
    """What a sender has instead of a number."""
    return hashlib.sha256(f"the sender's own key {name}".encode()).hexdigest()[:40]


ANNA, BERTIL = hashed("Anna"), hashed("Bertil")


@pytest.fixture
def point(town: Town) -> Point:
    make_round(town.guidance, opened_at=timezone.now() - timedelta(days=1))
    return make_point(town.guidance, kind=Point.Kind.LINK, opened_at=timezone.now() - timedelta(days=1))


def ask(person: Person, point: Point, *recipients: str, key: str = "") -> tuple[int, Any]:
    made = new_key(actor=COMMAND_LINE, email=person.email)
    answer = Client().post(
        f"/api/v1/units/{point.unit_id}/points/{point.pk}/links",
        {"recipients": list(recipients)},
        content_type="application/json",
        headers={"Authorization": f"Bearer {made}", "Idempotency-Key": key or device_key()},
    )
    return answer.status_code, answer.json()


def test_each_gets_a_link_that_asks(point: Point, town: Town) -> None:
    status, told = ask(town.manager, point, ANNA, BERTIL)

    assert status == 200
    assert {one["recipient"] for one in told["links"]} == {ANNA, BERTIL}
    assert told["resting"] == []
    addresses = [one["address"] for one in told["links"]]
    assert len(set(addresses)) == 2
    for address in addresses:
        assert "Hur kändes mötet?" in Client().get("/l/" + address.rpartition("/l/")[2]).content.decode()


def test_nobody_is_asked_again_before_she_has_rested(point: Point, town: Town) -> None:
    ask(town.manager, point, ANNA)
    elsewhere = make_point(town.library, kind=Point.Kind.LINK)

    _status, here = ask(town.manager, point, ANNA, BERTIL)
    _status, there = ask(town.administrator, elsewhere, ANNA)

    assert [one["recipient"] for one in here["links"]] == [BERTIL]
    assert here["resting"] == there["resting"] == [ANNA]
    assert Invitation.objects.count() == 2


def test_after_thirty_days_she_may_be_asked_again(point: Point, town: Town) -> None:
    actor, at = actor_of(town.manager), timezone.now()

    def chosen(days: int) -> int:
        found = make_links_for(
            actor=actor,
            unit_id=point.unit_id,
            point_id=point.pk,
            recipients=[ANNA],
            key=device_key(),
            at=at + timedelta(days=days),
        )
        return len(found.secrets)

    assert [chosen(days) for days in (0, 29, 30, 31)] == [1, 0, 1, 0]


def test_an_answer_that_never_arrived_is_asked_for_anew(point: Point, town: Town) -> None:
    ask(town.manager, point, BERTIL)
    key = device_key()

    first = ask(town.manager, point, ANNA, BERTIL, key=key)
    again = ask(town.manager, point, ANNA, BERTIL, key=key)

    assert first == again
    assert [one["recipient"] for one in again[1]["links"]] == [ANNA]
    assert Invitation.objects.count() == 2


def test_what_is_kept_is_neither_the_senders_hash_nor_bound_to_a_link(point: Point, town: Town) -> None:
    ask(town.manager, point, ANNA)

    resting, link = Resting.objects.get(), Invitation.objects.get()

    assert ANNA.encode() not in bytes(resting.recipient)
    assert {field.name for field in Resting._meta.fields} == {"recipient", "again_on"}
    assert not any(field.is_relation for field in Resting._meta.get_fields())
    assert bytes(link.secret) != bytes(resting.recipient)


def test_who_has_rested_is_forgotten(point: Point, town: Town) -> None:
    ask(town.manager, point, ANNA)

    _erase_old(timezone.now() + timedelta(days=29))
    assert Resting.objects.count() == 1
    _erase_old(timezone.now() + timedelta(days=30))
    assert Resting.objects.count() == 0


@pytest.mark.parametrize(
    "recipients",
    [[], ["0701234567"], ["anna@lindvik.example"], ["a" * 65], ["ö" * 20], ["x" * 16] * (MOST_AT_ONCE + 1)],
)
def test_what_is_no_hash_is_refused(recipients: list[str], point: Point, town: Town) -> None:
    status, _told = ask(town.manager, point, *recipients)

    assert status == 422
    assert not Resting.objects.exists()


def test_only_who_leads_the_unit_and_only_at_a_point_for_links(point: Point, town: Town) -> None:
    wall = make_point(town.guidance)

    assert [ask(person, point, ANNA)[0] for person in (town.member, town.outsider)] == [404, 404]
    assert ask(town.manager, wall, ANNA)[0] == 404
    assert not Resting.objects.exists()


def test_what_is_no_json_is_told_as_a_problem(point: Point, town: Town) -> None:
    made = new_key(actor=COMMAND_LINE, email=town.manager.email)

    answer = Client().post(
        f"/api/v1/units/{point.unit_id}/points/{point.pk}/links",
        "{",
        content_type="application/json",
        headers={"Authorization": f"Bearer {made}", "Idempotency-Key": device_key()},
    )

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")
