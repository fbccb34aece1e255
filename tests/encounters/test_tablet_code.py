"""A tablet is set up by a code on its own screen: one short address, eight digits, ten minutes, once."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from samspel.core.limits import BUCKETS
from samspel.encounters.actions import tablets
from samspel.encounters.actions.tablets import CODE_HOLDS, MOST_WAITING, show_code
from samspel.encounters.models import Point, Tablet, WaitingTablet
from tests.conftest import SignIn
from tests.encounters.asking import make_point, make_round
from tests.people import Town, device_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def point(town: Town) -> Point:
    make_round(town.guidance, opened_at=timezone.now() - timedelta(days=1))
    return make_point(town.guidance, kind=Point.Kind.KIOSK, opened_at=timezone.now() - timedelta(days=1))


def waiting_tablet() -> tuple[Client, str]:
    """A tablet that shows a code, and the code."""
    tablet = Client()
    page = tablet.post("/k/code", {"key": device_key()}, follow=True).content.decode()
    found = re.search(r'"tablet-code sam-num">(\d{4} \d{4})<', page)
    assert found is not None
    return tablet, found.group(1)


def type_code(client: Client, point: Point, code: str, **changes: str) -> int:
    """What the unit's page answers."""
    address = f"/units/{point.unit_id}/encounters/points/{point.pk}/tablets/by-code"
    form = {"code": code, "name": "Receptionen", "key": device_key()} | changes
    return client.post(address, form).status_code


def lands(tablet: Client) -> str:
    """Where the tablet's page sends it when it asks again; empty while it waits."""
    return tablet.get("/k?waits").headers.get("HX-Redirect", "")


def test_the_tablet_becomes_the_points_by_itself(point: Point, town: Town, signed_in: SignIn) -> None:
    tablet, code = waiting_tablet()
    assert tablet.get("/k?waits").status_code == 204

    assert type_code(signed_in(town.manager), point, code) == 302

    page = lands(tablet)
    assert Tablet.objects.get().point == point
    assert "Hur kändes mötet?" in tablet.get(page).content.decode()
    assert not WaitingTablet.objects.exists()


def test_without_script_the_tablet_is_led_there_when_it_is_loaded_again(
    point: Point, town: Town, signed_in: SignIn
) -> None:
    tablet, code = waiting_tablet()
    assert code in tablet.get("/k").content.decode()
    type_code(signed_in(town.manager), point, code)

    answer = tablet.get("/k", follow=True)

    assert answer.redirect_chain[0][0].startswith("/k/")
    assert "Hur kändes mötet?" in answer.content.decode()
    # The next tablet that this browser is, is another one.
    assert "Visa en kod" in tablet.get("/k").content.decode()


def test_nobody_but_the_tablet_learns_its_address(point: Point, town: Town, signed_in: SignIn) -> None:
    tablet, code = waiting_tablet()
    manager = signed_in(town.manager)
    type_code(manager, point, code)
    secret = lands(tablet).removeprefix("/k/")

    page = manager.get(f"/units/{point.unit_id}/encounters/points/{point.pk}").content.decode()

    assert len(secret) == 22
    assert secret not in page
    assert lands(Client()) == ""


@pytest.mark.parametrize("code", ["", "1", "abcdefgh", "99999999999", "１２３４５６７８"])
def test_a_wrong_code_sets_up_nothing(code: str, point: Point, town: Town, signed_in: SignIn) -> None:
    tablet, _code = waiting_tablet()

    assert type_code(signed_in(town.manager), point, code) == 422

    assert not Tablet.objects.exists()
    assert lands(tablet) == ""


def test_after_ten_minutes_a_code_is_over(point: Point, town: Town, signed_in: SignIn) -> None:
    tablet, code = waiting_tablet()
    WaitingTablet.objects.update(expires_at=timezone.now())

    assert type_code(signed_in(town.manager), point, code) == 422

    page = tablet.get("/k?waits").content.decode()
    assert "Koden gäller inte längre" in page
    assert "hx-trigger" not in page  # a forgotten tablet makes no new ones


def test_a_code_sets_up_one_tablet(point: Point, town: Town, signed_in: SignIn) -> None:
    _tablet, code = waiting_tablet()
    manager, key = signed_in(town.manager), device_key()

    assert type_code(manager, point, code, key=key) == 302
    assert type_code(manager, point, code, key=key) == 302  # the same press, sent again
    assert type_code(manager, point, code) == 422

    assert Tablet.objects.count() == 1


def test_a_new_code_takes_the_place_of_the_one_before(point: Point, town: Town, signed_in: SignIn) -> None:
    tablet, before = waiting_tablet()

    tablet.post("/k/code", {"key": device_key()})

    assert WaitingTablet.objects.count() == 1
    assert type_code(signed_in(town.manager), point, before) == 422


def test_a_missing_name_is_told_and_the_code_still_holds(point: Point, town: Town, signed_in: SignIn) -> None:
    _tablet, code = waiting_tablet()
    manager = signed_in(town.manager)

    assert type_code(manager, point, code, name=" ") == 422

    assert type_code(manager, point, code) == 302


def test_only_who_leads_the_unit_and_only_at_a_kiosks_point(point: Point, town: Town, signed_in: SignIn) -> None:
    _tablet, code = waiting_tablet()
    wall = make_point(town.guidance)

    assert type_code(signed_in(town.member), point, code) == 404
    assert type_code(signed_in(town.outsider), point, code) == 404
    assert type_code(signed_in(town.manager), wall, code) == 404
    assert not Tablet.objects.exists()


@pytest.mark.usefixtures("still")
def test_who_guesses_is_stopped_before_the_right_one_and_others_are_not_by_right_ones(
    point: Point, town: Town, signed_in: SignIn
) -> None:
    BUCKETS.clear()
    _tablet, code = waiting_tablet()
    guesser = signed_in(town.manager)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10**8:08}"

    answers = [type_code(guesser, point, wrong) for _try in range(12)]

    assert answers[:10] == [422] * 10
    assert answers[10:] == [429, 429]
    assert type_code(guesser, point, code) == 429  # even the right one tells nothing now
    assert not Tablet.objects.exists()


def test_so_many_wait_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tablets, "MOST_WAITING", 2)
    waiting_tablet()
    waiting_tablet()

    refused = Client().post("/k/code", {"key": device_key()})

    assert refused.status_code == 409
    assert "Många plattor väntar redan" in refused.content.decode()
    WaitingTablet.objects.update(expires_at=timezone.now())
    waiting_tablet()
    assert WaitingTablet.objects.count() == 1


def test_the_codes_chance_of_being_guessed_is_what_the_docs_say() -> None:
    from samspel.core.limits import LIMITS

    assert LIMITS["wrong-tablet"].an_hour() * MOST_WAITING / 10**8 < 0.0003


def test_the_same_press_makes_one_code() -> None:
    tablet, key = Client(), device_key()

    for _time in range(2):
        assert tablet.post("/k/code", {"key": key}).status_code == 302

    assert WaitingTablet.objects.count() == 1
    assert show_code(before="", key=key, at=timezone.now()) is None
    assert timedelta(minutes=10) == CODE_HOLDS


def test_waiting_asks_the_database_twice(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    tablet, _code = waiting_tablet()

    with django_assert_num_queries(2):
        tablet.get("/k?waits")
