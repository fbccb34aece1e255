"""The tap page over HTTP: one press saves, ten seconds to change, once for each device and window; nobody is known."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from samspel.core.models import AuditEntry
from samspel.encounters import texts
from samspel.encounters.actions.answering import PLAY_PRESSES, Press, press_level
from samspel.encounters.models import Answer, Point, PointText, Service
from samspel.encounters.windows import key_of, new_press, press_of
from tests.encounters.arabic import ARABIC
from tests.encounters.asking import make_point, make_round, make_service
from tests.people import Town, make_unit

pytestmark = pytest.mark.django_db


def open_at(client: Client, point: Point, **data: str) -> str:
    """Open the page; the value that its form holds."""
    answer = client.get(f"/s/{point.code}", data)
    assert answer.status_code == 200
    found = re.search(r'name="p" value="([^"]+)"', answer.content.decode())
    assert found is not None
    return found[1]


def press(client: Client, point: Point, level: int, value: str, **data: str) -> Any:
    return client.post(f"/s/{point.code}", {"p": value, "level": str(level)} | data)


def words(response: Any) -> str:
    shown = re.sub(r"<(\w+)[^>]*\shidden\b[^>]*>.*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))


def later(key: str, seconds: int) -> None:
    """As if the answer had been given so long ago."""
    Answer.objects.filter(key=key).update(received_at=now() - timedelta(seconds=seconds))


# ---------------------------------------------------------------- one press


def test_one_press_saves_and_says_so(point: Point) -> None:
    client = Client()
    value = open_at(client, point)
    answer = press(client, point, 3, value)

    assert "Tack! Ditt svar är sparat." in words(answer)
    assert "Ingen ser vem du är." in words(answer)
    assert "Berätta mer om du vill" in words(answer)
    kept = Answer.objects.get()
    assert (kept.level, kept.side, kept.unit_id, kept.service_id) == (3, "resident", point.unit_id, point.service_id)
    assert (kept.point_id, kept.channel, kept.text, kept.aside) == (point.pk, "visit", "", "")


def test_a_press_can_be_changed_for_ten_seconds_and_then_stands(point: Point) -> None:
    client = Client()
    value = open_at(client, point)
    press(client, point, 3, value)

    changed = press(client, point, 1, value)
    assert "Tack! Ditt svar är sparat." in words(changed)
    assert Answer.objects.get().level == 1

    later(Answer.objects.get().key, 11)
    refused = press(client, point, 2, value)
    assert "Ditt svar finns redan här. Tack!" in words(refused)
    assert Answer.objects.get().level == 1
    assert 'value="1" aria-pressed="true" disabled' in refused.content.decode()


def test_the_same_device_answers_once_in_a_window_and_again_after_it(point: Point) -> None:
    client = Client()
    press(client, point, 3, open_at(client, point))
    later(Answer.objects.get().key, 60)

    again = client.get(f"/s/{point.code}")
    assert "Ditt svar finns redan här. Tack!" in words(again)
    press(client, point, 1, new_press(now()))  # another page in the same browser
    assert Answer.objects.count() == 1

    del client.cookies["tap"]  # the browser drops it when the window is over
    press(client, point, 1, open_at(client, point))
    assert Answer.objects.count() == 2


def test_the_cookie_is_the_points_own_and_ends_with_the_window(point: Point) -> None:
    cookie = press(Client(), point, 3, new_press(now())).cookies["tap"]

    assert cookie["path"] == f"/s/{point.code}"
    assert cookie["max-age"] == point.window_min * 60
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_no_cookie_before_a_press_and_nothing_of_others(point: Point) -> None:
    answer = Client().get(f"/s/{point.code}")

    assert not answer.cookies
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert not re.search(r"https?://", answer.content.decode().replace("http://testserver", ""))


def test_with_cookies_off_the_pages_own_value_makes_two_presses_one(point: Point) -> None:
    value = open_at(Client(), point)
    press(Client(), point, 3, value)
    press(Client(), point, 3, value)

    assert Answer.objects.count() == 1


def test_a_page_left_open_takes_a_new_answer_in_the_next_window(at: datetime) -> None:
    window, value = timedelta(minutes=30), new_press(at)

    soon = press_of(value, "", window=window, at=at + timedelta(minutes=29))
    next_week = at + timedelta(days=7)
    first = press_of(value, "", window=window, at=next_week)
    again = press_of(value, "", window=window, at=next_week + timedelta(minutes=1))

    assert soon == value
    assert first == again != value
    assert press_of(value, first, window=window, at=next_week + timedelta(hours=1)) == first


def test_the_key_tells_nothing_of_the_device(at: datetime) -> None:
    value = new_press(at)
    here, there, meeting = key_of(1, value), key_of(2, value), key_of(1, value, "a meeting")

    assert len({here, there, meeting}) == 3
    assert value.split("-", 1)[1] not in here


def test_with_script_the_answer_is_a_few_bytes(point: Point) -> None:
    client = Client()
    value = open_at(client, point)
    answer = client.post(f"/s/{point.code}", {"p": value, "level": "2"}, headers={"Accept": "application/json"})

    assert answer.json() == {"level": 2, "changes_s": 10}


@pytest.mark.parametrize(
    "data", [{"level": "4"}, {"level": ""}, {"level": "3", "p": "made up"}, {"level": "3", "p": ""}]
)
def test_what_no_page_of_ours_sends_is_refused(point: Point, data: dict[str, str]) -> None:
    answer = Client().post(f"/s/{point.code}", {"p": new_press(now())} | data)

    assert answer.status_code == 422
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    ("header", "value"),
    [("Origin", "https://elsewhere.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
)
def test_another_sites_page_cannot_press(point: Point, header: str, value: str) -> None:
    answer = Client().post(f"/s/{point.code}", {"p": new_press(now()), "level": "1"}, headers={header: value})

    assert answer.status_code == 422
    assert not Answer.objects.exists()


def test_our_own_page_can(point: Point) -> None:
    own = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    client = Client(enforce_csrf_checks=True)

    assert client.post(f"/s/{point.code}", {"p": new_press(now()), "level": "1"}, headers=own).status_code == 200


def test_a_damaged_cookie_is_as_none(point: Point) -> None:
    client = Client()
    client.cookies["tap"] = "x" * 500

    press(client, point, 3, open_at(client, point))

    assert Answer.objects.count() == 1


def test_who_answers_stands_in_no_audit_trail(town: Town, point: Point, signed_in: Any) -> None:
    """Also when somebody signed in presses."""
    client = signed_in(town.member)
    before = AuditEntry.objects.count()

    press(client, point, 1, open_at(client, point))

    assert Answer.objects.count() == 1
    assert AuditEntry.objects.count() == before


def test_a_page_costs_three_queries_and_a_press_few(point: Point) -> None:
    client = Client()
    with CaptureQueriesContext(
        connection,
    ) as looked:
        value = open_at(client, point)
    with CaptureQueriesContext(connection) as pressed:
        press(client, point, 3, value)

    assert len(looked) == 3
    assert len([each for each in pressed if "SAVEPOINT" not in each["sql"]]) == 6


# ---------------------------------------------------------------- where nobody asks


def test_what_is_no_poster_is_not_found(town: Town, point: Point) -> None:
    kiosk = make_point(town.guidance, kind=Point.Kind.KIOSK)

    unknown, tablets = Client().get("/s/nosuchcode"), Client().get(f"/s/{kiosk.code}")

    assert unknown.status_code == tablets.status_code == 404
    assert words(unknown) == words(tablets)
    assert "Koden finns inte." in words(unknown)
    assert "Jämför med skylten" in words(unknown)
    assert Client().get("/s/%20").status_code == 404


@pytest.mark.parametrize("typed", ["{upper}", "{code}/", "{upper}/", "%20{code}"])
def test_a_code_is_found_however_it_is_typed(point: Point, typed: str) -> None:
    address = "/s/" + typed.format(code=point.code, upper=point.code.upper())

    answer = Client().get(f"{address}?lang=en")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/s/{point.code}?lang=en"


def test_a_unit_that_does_not_ask_says_so_and_what_it_did(town: Town, at: datetime) -> None:
    unit = make_unit("Badhuset", town.root)
    make_round(unit, opened_at=at - timedelta(days=90), told=True)
    point = make_point(unit, opened_at=at - timedelta(days=90))

    looked = Client().get(f"/s/{point.code}")
    assert "Här frågar vi inte just nu." in words(looked)
    assert "Ni väntade länge." in words(looked)
    assert "Vi öppnar klockan nio." in words(looked)

    posted = Client().post(
        f"/s/{point.code}", {"p": new_press(at), "level": "3"}, headers={"Accept": "application/json"}
    )
    assert posted.status_code == 409
    assert not Answer.objects.exists()


# ---------------------------------------------------------------- language


def language_shown(client: Client, point: Point, accept: str = "", **data: str) -> tuple[str, str]:
    page = client.get(f"/s/{point.code}", data, headers={"Accept-Language": accept} if accept else {}).content.decode()
    found = re.search(r'<html lang="([^"]+)" dir="([^"]+)"', page)
    assert found is not None
    return found[1], found[2]


def test_the_page_speaks_what_is_asked_for_or_the_points_language_or_the_browsers(point: Point, at: datetime) -> None:
    PointText.objects.create(language="ar", texts=ARABIC, changed_at=at)

    assert language_shown(Client(), point) == ("sv", "ltr")
    assert language_shown(Client(), point, accept="ar-SY,en;q=0.5") == ("ar", "rtl")
    Point.objects.filter(pk=point.pk).update(language="en")
    assert language_shown(Client(), point, accept="ar-SY,en;q=0.5") == ("en", "ltr")
    assert language_shown(Client(), point, accept="en", lang="ar") == ("ar", "rtl")


def test_a_language_without_all_its_texts_is_not_offered(point: Point, at: datetime) -> None:
    half = ARABIC | {"saved": ""}
    PointText.objects.create(language="ar", texts=half, changed_at=at)

    assert language_shown(Client(), point, accept="ar") == ("sv", "ltr")
    assert texts.missing_texts(half) == ["saved"]


def test_the_language_of_the_page_is_not_kept_as_the_writers_own(point: Point) -> None:
    client = Client()
    press(client, point, 3, open_at(client, point, lang="en"), lang="en")

    assert Answer.objects.get().language == ""


def test_what_is_known_of_everybody_here_comes_from_the_point(town: Town, point: Point) -> None:
    Point.objects.filter(pk=point.pk).update(language="so", age_band="16-24")

    press(Client(), point, 3, new_press(now()))

    kept = Answer.objects.get()
    assert (kept.language, kept.age_band) == ("so", "16-24")


# ---------------------------------------------------------------- play


def presses(point: Point, at: datetime, count: int, every_s: float) -> list[str]:
    for number in range(count):
        when = at + timedelta(seconds=number * every_s)
        press_level(Press(point, 3, f"press-{number}"), at=when)
    return list(Answer.objects.order_by("at").values_list("aside", flat=True))


def test_forty_presses_in_a_minute_are_set_aside_and_none_is_erased(point: Point, at: datetime) -> None:
    assert presses(point, at, PLAY_PRESSES, every_s=1) == ["play"] * PLAY_PRESSES


def test_a_queue_of_people_is_no_play(point: Point, at: datetime) -> None:
    """Thirty-nine in a minute, and so on for as long as it lasts."""
    assert set(presses(point, at, 60, every_s=60 / (PLAY_PRESSES - 1))) == {""}


def test_who_comes_after_the_play_is_counted(point: Point, at: datetime) -> None:
    presses(point, at, PLAY_PRESSES, every_s=0.5)
    press_level(Press(point, 2, "afterwards"), at=at + timedelta(minutes=3))

    assert Answer.objects.get(key="afterwards").aside == ""


def test_play_at_one_point_is_nothing_to_another(town: Town, point: Point, at: datetime) -> None:
    other = make_point(town.guidance, opened_at=at)
    press_level(Press(other, 2, "elsewhere"), at=at)
    presses(point, at, PLAY_PRESSES, every_s=1)

    assert Answer.objects.get(key="elsewhere").aside == ""


def test_a_whole_library_behind_one_address_can_answer(point: Point) -> None:
    """Forty devices with one address in the same second; each is its own."""
    for _device in range(45):
        client = Client(REMOTE_ADDR="192.0.2.7")
        assert press(client, point, 3, open_at(client, point)).status_code == 200

    assert Answer.objects.count() == 45


def test_the_service_is_the_points(point: Point) -> None:
    assert Service.objects.get(pk=point.service_id) == make_service()
