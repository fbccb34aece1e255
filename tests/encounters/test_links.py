"""Links for an SMS or a letter: made once, used once or for as long as they hold."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from samspel.encounters.compaction import _erase_old
from samspel.encounters.keyed import hash_of, new_secret
from samspel.encounters.models import Answer, Invitation, Point
from tests.encounters.asking import make_point, make_round
from tests.people import Town, device_key, make_town

SignIn = Callable[[object], Client]
DAY = timedelta(days=1)


@pytest.fixture
def point(town: Town) -> Point:
    make_round(town.guidance, opened_at=timezone.now() - DAY)
    return make_point(town.guidance, kind=Point.Kind.LINK, opened_at=timezone.now() - DAY, channel="phone")


def make_link(point: Point, *, single: bool = True, days: int = 14) -> str:
    secret, now = new_secret(), timezone.now()
    Invitation.objects.create(
        point=point,
        secret=hash_of("link", secret),
        is_single_use=single,
        made_at=now - 30 * DAY,
        expires_at=now + days * DAY,
    )
    return secret


def tap(client: Client, secret: str, level: int, wait: Callable[[], object] = lambda: None) -> str:
    """Open the link and press, as a browser without JavaScript does; gives what is shown then."""
    shown = client.get(f"/l/{secret}").content.decode()
    press = shown.split('name="p" value="')[1].split('"')[0]
    wait()
    return client.post(f"/l/{secret}", {"p": press, "level": level}).content.decode()


# ---------------------------------------------------------------- making them


def test_links_come_as_a_file_once_and_only_their_hashes_are_kept(point: Point, town: Town, signed_in: SignIn) -> None:
    client, form = signed_in(town.manager), {"number": "50", "single": "on", "key": device_key()}
    address = f"/units/{town.guidance.pk}/encounters/points/{point.pk}/links"

    answer = client.post(address, form)

    assert answer.headers["Content-Type"].startswith("text/csv")
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert head == ["nummer", "länk", "gäller till", "samma person igen tidigast"]
    secrets = [row[1].rpartition("/l/")[2] for row in rows]
    assert len(set(secrets)) == 50
    assert rows[0][3] == str(timezone.localdate() + 30 * DAY)
    kept = {bytes(secret) for secret in Invitation.objects.values_list("secret", flat=True)}
    assert kept == {hash_of("link", secret) for secret in secrets}
    assert Client().get(f"/l/{secrets[7]}").status_code == 200
    assert client.post(address, form).status_code == 409
    assert Invitation.objects.count() == 50


@pytest.mark.parametrize("number", ["", "0", "5001", "x"])
def test_a_number_of_links_that_cannot_be_makes_none(number: str, point: Point, town: Town, signed_in: SignIn) -> None:
    answer = signed_in(town.manager).post(
        f"/units/{town.guidance.pk}/encounters/points/{point.pk}/links", {"number": number, "key": device_key()}
    )

    assert answer.status_code == 422
    assert not Invitation.objects.exists()


# ---------------------------------------------------------------- using them


def test_a_single_use_link_takes_one_answer_and_says_so_kindly(point: Point) -> None:
    secret, mine = make_link(point), Client()

    assert "Ditt svar är sparat" in tap(mine, secret, 3)
    other = Client().get(f"/l/{secret}").content.decode()

    assert "Länken har redan tagit ett svar." in other
    assert 'name="level"' not in other
    assert "Ditt svar" in mine.get(f"/l/{secret}").content.decode()  # who pressed sees what she pressed
    assert list(Answer.objects.values_list("level", "channel")) == [(3, "phone")]


def test_a_press_can_be_changed_for_ten_seconds_and_is_one_answer(point: Point) -> None:
    secret, client = make_link(point), Client()
    tap(client, secret, 3)

    tap_again = client.get(f"/l/{secret}").content.decode()
    press = tap_again.split('name="p" value="')[1].split('"')[0]
    client.post(f"/l/{secret}", {"p": press, "level": "1"})

    assert list(Answer.objects.values_list("level", flat=True)) == [1]


def test_a_page_that_was_open_when_the_link_was_used_is_told(point: Point) -> None:
    secret = make_link(point)
    late = Client()
    press = late.get(f"/l/{secret}").content.decode().split('name="p" value="')[1].split('"')[0]
    tap(Client(), secret, 3)

    shown = late.post(f"/l/{secret}", {"p": press, "level": "1"}).content.decode()

    assert "Länken har redan tagit ett svar." in shown
    assert list(Answer.objects.values_list("level", flat=True)) == [3]


def test_a_link_for_many_takes_one_answer_from_each_device(point: Point) -> None:
    secret, mine = make_link(point, single=False), Client()

    for client in (mine, mine, Client(), Client()):
        tap(client, secret, 2)

    assert Answer.objects.count() == 3


def test_a_link_costs_three_queries_to_look(point: Point, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    secret = make_link(point)

    with django_assert_num_queries(3):
        assert Client().get(f"/l/{secret}").status_code == 200


@pytest.mark.parametrize("single", [True, False])
def test_a_link_ends_and_says_so(single: bool, point: Point) -> None:
    secret = make_link(point, single=single, days=-1)

    shown = Client().get(f"/l/{secret}").content.decode()

    assert "Länken gäller inte längre." in shown
    assert 'name="level"' not in shown


def test_a_link_that_ended_a_week_ago_is_erased(point: Point) -> None:
    make_link(point, days=-6)
    make_link(point, days=-8)

    _erase_old(timezone.now())

    assert Invitation.objects.get().expires_at > timezone.now() - 7 * DAY


def test_nothing_of_a_link_tells_when_it_was_used(point: Point) -> None:
    secret = make_link(point)
    before = Invitation.objects.values().get()

    tap(Client(), secret, 3)

    assert Invitation.objects.values().get() == before | {"is_used": True}


def test_between_rounds_a_link_waits(point: Point, town: Town) -> None:
    town.guidance.rounds.update(closes_at=timezone.now())
    secret = make_link(point)

    assert 'name="level"' not in Client().get(f"/l/{secret}").content.decode()
    assert not Invitation.objects.get().is_used


@pytest.mark.parametrize("header", [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_sites_page_cannot_press_a_link(point: Point, header: dict[str, str]) -> None:
    secret = make_link(point)
    press = Client().get(f"/l/{secret}").content.decode().split('name="p" value="')[1].split('"')[0]

    assert Client().post(f"/l/{secret}", {"p": press, "level": "1"}, headers=header).status_code == 422
    assert not Answer.objects.exists()
    assert Client().post(f"/l/{secret}", {"p": press, "level": "1"}).status_code == 200


def test_a_guessed_link_looks_like_none(point: Point) -> None:
    assert Client().get("/l/guessed").status_code == 404
    assert Client().get(f"/s/{point.code}").status_code == 404  # its point has no address of its own


@pytest.mark.django_db(transaction=True)
def test_two_who_press_one_link_at_once_are_one_answer() -> None:
    town = make_town()
    make_round(town.guidance, opened_at=timezone.now() - DAY)
    secret = make_link(make_point(town.guidance, kind=Point.Kind.LINK))
    shown: list[str] = []
    both_are_open = Barrier(2, timeout=60)

    def press() -> None:
        shown.append(tap(Client(), secret, 3, both_are_open.wait))
        connection.close()

    both = [Thread(target=press) for _client in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()

    assert Answer.objects.count() == 1
    assert sum("redan tagit ett svar" in page for page in shown) <= 1
