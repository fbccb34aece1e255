"""Where and when a unit asks, read by another system with the key of somebody who works there."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from samspel.core.actor import Actor
from samspel.encounters.models import Area, Point, Tablet
from samspel.people.keys import new_key
from samspel.people.models import Person
from tests.encounters.asking import make_point, make_round, make_service, make_tablet
from tests.people import Town

COMMAND_LINE = Actor("person", name="command line", is_administrator=True)
WEEK = timedelta(days=7)


def read(person: Person, path: str) -> tuple[int, Any]:
    key = new_key(actor=COMMAND_LINE, email=person.email)
    answer = Client().get(path, headers={"Authorization": f"Bearer {key}"})
    return answer.status_code, answer.json()


def points_at(town: Town) -> str:
    return f"/api/v1/units/{town.guidance.pk}/points"


def rounds_at(town: Town) -> str:
    return f"/api/v1/units/{town.guidance.pk}/rounds"


def test_a_units_points_with_what_is_known_of_those_who_answer_there(town: Town) -> None:
    now = timezone.now()
    area = Area.objects.create(key="norr", name="Norrstaden")
    wall = make_point(
        town.guidance, title="Vid dörren", service=make_service(), area=area, channel="visit", opened_at=now - WEEK
    )
    make_point(town.library)

    status, [point] = read(town.member, points_at(town))

    assert status == 200
    assert point == {
        "id": wall.pk,
        "kind": "wall",
        "title": "Vid dörren",
        "address": f"{settings.SITE_URL}/s/{wall.code}",
        "service": make_service().key,
        "provider": None,
        "channel": "visit",
        "language": None,
        "area": "norr",
        "age_band": None,
        "window_min": 30,
        "opened_at": point["opened_at"],
        "closed_at": None,
        "tablets": 0,
        "silent_tablets": 0,
    }


def test_a_silent_tablet_is_counted_and_its_address_is_nowhere(town: Town) -> None:
    kiosk = make_point(town.guidance, kind=Point.Kind.KIOSK, opened_at=timezone.now() - WEEK)
    make_tablet(kiosk)
    make_tablet(kiosk, "Köket")
    Tablet.objects.filter(name="Köket").update(heard_at=timezone.now())

    _status, [point] = read(town.member, points_at(town))

    assert (point["tablets"], point["silent_tablets"], point["address"]) == (2, 1, None)
    assert kiosk.code not in str(point)


def test_a_round_is_read_and_what_is_not_told_yet_is_not(town: Town) -> None:
    now = timezone.now()
    make_round(town.guidance, opened_at=now - 8 * WEEK, days=42, told=True)
    last = make_round(town.guidance, opened_at=now - WEEK)
    last.heard, last.done = "Ett utkast", "Mer av utkastet"
    last.save()

    status, (open_now, told) = read(town.member, rounds_at(town))

    assert status == 200
    assert (open_now["number"], open_now["is_open"], open_now["heard"], open_now["done"]) == (2, True, None, None)
    assert (told["number"], told["is_open"], told["done"]) == (1, False, "Vi öppnar klockan nio.")


@pytest.mark.parametrize("what", ["points", "rounds"])
def test_one_who_does_not_work_there_is_told_that_it_is_not_there(what: str, town: Town) -> None:
    hidden = read(town.outsider, f"/api/v1/units/{town.guidance.pk}/{what}")
    missing = read(town.outsider, f"/api/v1/units/999999/{what}")

    assert hidden[0] == missing[0] == 404
    assert hidden == missing


@pytest.mark.parametrize("what", ["points", "rounds"])
def test_nobody_reads_without_a_key(what: str, town: Town) -> None:
    there = f"/api/v1/units/{town.guidance.pk}/{what}"

    assert Client().get(there).status_code == 401
    assert Client().get(there, headers={"Authorization": "Bearer made-up"}).status_code == 401


def test_reading_asks_no_more_for_many_points(
    town: Town, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(12):
        make_tablet(make_point(town.guidance, kind=Point.Kind.KIOSK))
    key = new_key(actor=COMMAND_LINE, email=town.member.email)

    with django_assert_max_num_queries(10):
        answer = Client().get(points_at(town), headers={"Authorization": f"Bearer {key}"})

    assert len(answer.json()) == 12
