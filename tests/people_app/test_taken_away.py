"""What is taken away from somebody who is signed in, or whose system has a key, is gone at her next request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from samspel.core.models import OutgoingMail
from samspel.exchange.actions.answering import tell_problem
from samspel.people.actions import change_person, change_unit, set_roles
from samspel.people.keys import new_key
from samspel.people.models import Person
from tests.encounters.asking import make_point
from tests.exchange.rings import make_broker, make_ring
from tests.people import WHEN, Town, actor_of, make_dialogue, make_unit

PASSWORD = "en lång mening med hästar"


@dataclass(frozen=True)
class Inside:
    """A manager's browser, and a system with her key."""

    browser: Client
    key: dict[str, str]
    pages: tuple[str, ...]
    calls: tuple[str, ...]

    def statuses(self) -> set[int]:
        pages = [self.browser.get(page) for page in self.pages]
        calls = [Client().get(call, headers=self.key) for call in self.calls]
        return {answer.status_code for answer in [*pages, *calls]}


@pytest.fixture
def inside(town: Town) -> Inside:
    town.manager.set_password(PASSWORD)
    town.manager.save()
    browser = Client()
    browser.post("/accounts/login/", {"login": town.manager.email, "password": PASSWORD})
    make_point(town.guidance)
    dialogue = make_dialogue(town.guidance)
    unit = f"/units/{town.guidance.pk}/encounters"
    points = f"/api/v1/units/{town.guidance.pk}/points"
    key = new_key(actor=actor_of(town.administrator), email=town.manager.email)
    pages = (unit, f"{unit}/weeks.csv", f"{unit}/factors.csv", points, f"/dialogues/{dialogue.pk}/lead")
    return Inside(browser, {"Authorization": f"Bearer {key}"}, pages, (points,))


def lose_role(town: Town) -> None:
    actor = actor_of(town.administrator)
    set_roles(actor=actor, person_id=town.manager.pk, unit_id=town.guidance.pk, kinds=set())


def be_shut(town: Town) -> None:
    change_person(
        actor=actor_of(town.administrator),
        person_id=town.manager.pk,
        name=town.manager.name,
        profession="",
        is_active=False,
        is_administrator=False,
    )


def get_new_password(town: Town) -> None:
    person = Person.objects.get(pk=town.manager.pk)
    person.set_password("en annan mening med kor")
    person.save()


@pytest.mark.parametrize(("taken", "then"), [(lose_role, {404}), (be_shut, {302, 401}), (get_new_password, {302, 401})])
def test_pages_files_and_keys_are_closed_at_the_next_request(
    town: Town, inside: Inside, taken: Callable[[Town], None], then: set[int]
) -> None:
    assert inside.statuses() == {200}

    taken(town)

    assert inside.statuses() == then


def test_a_role_above_goes_with_the_unit_that_is_moved(town: Town, inside: Inside) -> None:
    below = make_unit("Receptionen", town.guidance)
    address = f"/units/{below.pk}/encounters"
    assert inside.browser.get(address).status_code == 200

    given: dict[str, Any] = {"name": below.name, "parent_id": town.library.pk, "is_closed": False, "at": WHEN}
    change_unit(actor=actor_of(town.administrator), unit_id=below.pk, **given)

    assert inside.browser.get(address).status_code == 404


@pytest.mark.parametrize("taken", ["role", "account", "role of an administrator"])
def test_who_was_a_bridge_builder_is_written_to_no_more_and_the_others_are(town: Town, taken: str) -> None:
    was, other = make_broker(town), make_broker(town, "Bo Brobyggare")
    ring = make_ring(was)
    ring.ask()
    if taken == "account":
        Person.objects.filter(pk=was.pk).update(is_active=False)
    else:
        was.roles.all().delete()
        Person.objects.filter(pk=was.pk).update(is_administrator=taken != "role")

    tell_problem(mine=ring.mine(1), match_id=ring.match.pk, words="Jag är rädd för hundar.", at=WHEN)

    assert list(OutgoingMail.objects.values_list("to", flat=True)) == [other.email]
