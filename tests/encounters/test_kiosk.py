"""The tablet in a reception: what it sends is taken once, whatever the network does; who is silent is seen."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from samspel.encounters.keyed import hash_of
from samspel.encounters.models import Answer, Point, Tablet
from samspel.encounters.points import silent_tablets, tablets_of
from tests.encounters.asking import make_point, make_round, make_tablet
from tests.people import Town, device_key

SignIn = Callable[[object], Client]
DAY = timedelta(days=1)


@pytest.fixture
def point(town: Town) -> Point:
    """A reception that has asked for a week, and goes on."""
    since = timezone.now() - 7 * DAY
    make_round(town.guidance, opened_at=since)
    return make_point(town.guidance, kind=Point.Kind.KIOSK, opened_at=since, language="da")


def send(
    secret: str, presses: Sequence[tuple[str, int, datetime]] = (), *, clock: datetime | None = None, waiting: int = 0
) -> dict[str, object]:
    """What the tablet's page sends; gives what it is told."""
    body = {
        "clock": _ms(clock or timezone.now()),
        "waiting": waiting,
        "presses": [{"key": key, "level": level, "at": _ms(at)} for key, level, at in presses],
    }
    answer = Client().post(f"/k/{secret}/send", json.dumps(body), content_type="application/json")
    assert answer.status_code == 200
    told: dict[str, object] = answer.json()
    return told


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


# ---------------------------------------------------------------- what is sent


def test_a_days_presses_are_taken_once_however_often_they_are_sent(point: Point) -> None:
    secret, now = make_tablet(point), timezone.now()
    presses = [(device_key(), 1 + number % 3, now - timedelta(minutes=15 * number)) for number in range(50)]

    first = send(secret, presses[:30])
    again = send(secret, presses)  # the first answer never reached the tablet
    send(secret, presses[10:])

    assert set(first["done"]) == {key for key, _level, _at in presses[:30]}  # type: ignore[call-overload]
    assert len(again["done"]) == 50  # type: ignore[arg-type]
    assert Answer.objects.count() == 50
    assert sorted(Answer.objects.values_list("level", flat=True)) == sorted(level for _key, level, _at in presses)


def test_an_answer_says_what_its_point_knows_and_when_it_was_pressed(point: Point, town: Town) -> None:
    pressed_at = timezone.now() - timedelta(hours=20)

    send(make_tablet(point), [(device_key(), 3, pressed_at)])

    [answer] = Answer.objects.all()
    assert (answer.unit, answer.point, answer.service, answer.channel) == (
        town.guidance,
        point,
        point.service,
        "visit",
    )
    assert (answer.side, answer.language, answer.aside) == ("resident", "da", "")
    assert abs(answer.at - pressed_at) < timedelta(seconds=1)
    assert answer.received_at - answer.at > timedelta(hours=19)


def test_a_tablet_whose_clock_is_wrong_tells_the_right_time(point: Point) -> None:
    now = timezone.now()
    wrong = now - timedelta(days=400)

    send(make_tablet(point), [(device_key(), 3, wrong - timedelta(hours=2))], clock=wrong)

    assert abs(Answer.objects.get().at - (now - timedelta(hours=2))) < timedelta(seconds=5)


def test_two_tablets_with_the_same_key_are_two_answers(point: Point) -> None:
    key, now = device_key(), timezone.now()

    for secret in (make_tablet(point), make_tablet(point, "Köket")):
        send(secret, [(key, 3, now)])

    assert Answer.objects.count() == 2


def test_what_was_pressed_when_nothing_was_asked_is_let_go(point: Point, town: Town) -> None:
    now = timezone.now()
    presses = [(device_key(), 3, now - 8 * DAY), (device_key(), 3, now - 40 * DAY), (device_key(), 3, now + DAY)]

    told = send(make_tablet(point), presses)

    assert set(told["done"]) == {key for key, _level, _at in presses}  # type: ignore[call-overload]
    assert not Answer.objects.exists()


def test_forty_presses_in_a_minute_are_set_aside_and_kept(point: Point) -> None:
    now = timezone.now()

    send(make_tablet(point), [(device_key(), 1, now - timedelta(seconds=number)) for number in range(45)])

    assert Answer.objects.count() == 45
    assert Answer.objects.filter(aside="play").count() >= 40


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"clock": 1, "waiting": 0, "presses": [{"key": "short", "level": 3, "at": 1}]}',
        '{"clock": 1, "waiting": 0, "presses": [{"key": 5, "level": 3, "at": 1}]}',
        '{"clock": 1e99, "waiting": 0, "presses": []}',
        pytest.param("[" * 100_000, id="lists in lists"),
        json.dumps({"clock": 1, "waiting": 0, "presses": [{"key": "k" * 22, "level": 3, "at": 1}] * 501}),
    ],
)
def test_what_no_tablet_sends_is_refused(body: str, point: Point) -> None:
    answer = Client().post(f"/k/{make_tablet(point)}/send", body, content_type="application/json")

    assert answer.status_code == 422


def test_an_unknown_address_looks_like_any_other(point: Point) -> None:
    assert Client().get("/k/guessed").status_code == 404
    assert Client().post("/k/guessed/send", "{}", content_type="application/json").status_code == 404


def test_the_database_opens_no_tablet(point: Point) -> None:
    secret = make_tablet(point)

    kept = bytes(Tablet.objects.get().secret)

    assert kept == hash_of("tablet", secret) != hash_of("link", secret)
    assert secret.encode() not in kept


# ---------------------------------------------------------------- the page


def test_the_page_asks_without_a_cookie_and_without_a_script(point: Point) -> None:
    client, secret = Client(), make_tablet(point)
    shown = client.get(f"/k/{secret}")
    key = shown.content.decode().split('name="key" value="')[1].split('"')[0]

    for _click in range(2):
        thanks = client.post(f"/k/{secret}", {"level": "3", "key": key})

    assert not client.cookies
    assert '<meta http-equiv="refresh" content="4">' in thanks.content.decode()
    assert list(Answer.objects.values_list("level", flat=True)) == [3]


def test_between_rounds_the_page_shows_what_was_done(point: Point, town: Town) -> None:
    town.guidance.rounds.update(
        closes_at=timezone.now(), heard="Ni väntade.", done="Vi öppnar nio.", published_at=timezone.now()
    )
    secret = make_tablet(point)

    shown = Client().get(f"/k/{secret}").content.decode()

    assert "Vi öppnar nio." in shown
    assert "<button" not in shown
    assert send(secret)["asking"] is False


def test_the_worker_may_serve_the_tablets_addresses_only() -> None:
    answer = Client().get("/k/worker.js")

    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "Service-Worker-Allowed" not in answer.headers


# ---------------------------------------------------------------- setting up, and who is silent


def test_a_tablets_address_is_shown_once(point: Point, town: Town, signed_in: SignIn) -> None:
    client, form = signed_in(town.manager), {"name": "Receptionen", "key": device_key()}
    address = f"/units/{town.guidance.pk}/encounters/points/{point.pk}"

    made = client.post(f"{address}/tablets", form).content.decode()
    again = client.post(f"{address}/tablets", form, follow=True).content.decode()

    path = "/k/" + made.split("/k/")[1].split("<")[0]
    assert Client().get(path).status_code == 200
    assert "/k/" not in again
    assert Tablet.objects.count() == 1


def test_a_tablet_is_at_a_kiosks_point_and_has_a_name(point: Point, town: Town, signed_in: SignIn) -> None:
    client, wall = signed_in(town.manager), make_point(town.guidance)
    here = f"/units/{town.guidance.pk}/encounters/points"

    for name in (" ", "R" * 61):
        assert client.post(f"{here}/{point.pk}/tablets", {"name": name, "key": device_key()}).status_code == 422
    assert client.post(f"{here}/{wall.pk}/tablets", {"name": "X", "key": device_key()}).status_code == 404
    assert not Tablet.objects.exists()


def test_a_tablet_is_silent_after_half_an_hour_and_says_how_much_it_keeps(point: Point) -> None:
    now = timezone.now()
    secret = make_tablet(point)
    assert [row.is_silent for row in tablets_of(point, now)] == [True]  # set up a week ago, never opened

    send(secret, waiting=12)

    [row] = tablets_of(point, now + timedelta(minutes=29))
    assert (row.is_silent, row.tablet.waiting) == (False, 12)
    later = now + timedelta(minutes=31)
    assert [row.tablet.name for row in silent_tablets(later)] == ["Receptionen"]


def test_a_closed_tablet_asks_nothing_and_still_hands_in_what_it_kept(
    point: Point, town: Town, signed_in: SignIn
) -> None:
    secret, before = make_tablet(point), timezone.now() - timedelta(minutes=5)
    tablet = Tablet.objects.get()

    signed_in(town.manager).post(f"/units/{town.guidance.pk}/encounters/points/{point.pk}/tablets/{tablet.pk}/close")

    assert "<button" not in Client().get(f"/k/{secret}").content.decode()
    told = send(secret, [(device_key(), 3, before), (device_key(), 3, timezone.now() + timedelta(seconds=30))])
    assert told["asking"] is False
    assert Answer.objects.count() == 1
    assert tablets_of(point, timezone.now()) == []


@pytest.mark.parametrize("number", [1, 100])
def test_taking_in_costs_little_more_for_a_day_than_for_a_press(
    number: int, point: Point, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    secret, now = make_tablet(point), timezone.now()
    presses = [(device_key(), 3, now - timedelta(minutes=10 * each)) for each in range(number)]

    with django_assert_max_num_queries(12 + number):
        send(secret, presses)
