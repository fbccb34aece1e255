"""Tell more: all by choice, saved as it is filled in; a line that looks like somebody waits for its writer."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from samspel.core.models import Default
from samspel.encounters.models import Answer, Area, Factor, Point, PointText
from samspel.encounters.windows import new_press
from tests.encounters.arabic import ARABIC
from tests.encounters.asking import make_service

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def pressed(point: Point) -> Client:
    """A device that has pressed."""
    client = Client()
    assert client.post(f"/s/{point.code}", {"p": new_press(now()), "level": "2"}).status_code == 200
    return client


def tell(client: Client, point: Point, **data: Any) -> Any:
    return client.post(f"/s/{point.code}/more", {"send": "1"} | data)


def kept() -> Answer:
    return Answer.objects.get()


def words(response: Any) -> str:
    shown = re.sub(r"<(\w+)[^>]*\shidden\b[^>]*>.*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))


def test_all_of_it_is_by_choice(point: Point, pressed: Client) -> None:
    assert pressed.post(f"/s/{point.code}/more").status_code == 200
    tell(pressed, point)

    assert (kept().level, kept().helped, kept().text, kept().language) == (2, [], "", "")


@pytest.mark.parametrize(("language", "told"), [("sv", "minst tolv har skrivit"), ("da", "mindst tolv har skrevet")])
def test_how_many_must_have_written_a_word_is_the_municipalitys_own_number(
    point: Point, pressed: Client, language: str, told: str
) -> None:
    Default.objects.create(key="figures.least_public", value=12, reason="Liten ort.", changed_at=now())

    assert told in pressed.get(f"/s/{point.code}/more?lang={language}").text


def test_the_page_costs_six_queries(
    point: Point, pressed: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Area.objects.create(key="norr", name="Norrmalm")

    with django_assert_num_queries(6):
        assert pressed.get(f"/s/{point.code}/more").status_code == 200


@pytest.mark.parametrize("header", [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_sites_page_cannot_tell(point: Point, pressed: Client, header: dict[str, str]) -> None:
    sent = {"send": "1", "text": "Någon annans ord."}

    assert pressed.post(f"/s/{point.code}/more", sent, headers=header).status_code == 422
    assert kept().text == ""


def test_what_is_told_is_saved_with_the_answer(point: Point, pressed: Client) -> None:
    Area.objects.create(key="norr", name="Norrmalm")

    answer = tell(
        pressed,
        point,
        helped=["time", "tone"],
        hindered=["rules", "no such factor"],
        text="Hon tog sig tid.",
        no_meeting="on",
        language="so",
        age="16-24",
        area="norr",
    )

    assert "Tack! Det du berättade är sparat." in words(answer)
    row = kept()
    assert (row.helped, row.hindered, row.text, row.is_no_meeting) == (
        ["time", "tone"],
        ["rules"],
        "Hon tog sig tid.",
        True,
    )
    assert (row.language, row.age_band, row.area_id) == ("so", "16-24", Area.objects.get().pk)


def test_what_was_told_can_be_told_otherwise_and_not_at_all(point: Point, pressed: Client) -> None:
    tell(pressed, point, helped=["time"], text="Först", language="so", age="16-24")
    tell(pressed, point, hindered=["time"])

    row = kept()
    assert (row.helped, row.hindered, row.text, row.language, row.age_band) == ([], ["time"], "", "", "")


def test_what_the_point_knows_of_everybody_stays(point: Point) -> None:
    Point.objects.filter(pk=point.pk).update(language="ar")
    client = Client()
    client.post(f"/s/{point.code}", {"p": new_press(now()), "level": "2"})

    tell(client, point, language="made up", age="7")

    assert (kept().language, kept().age_band) == ("ar", "")


def test_the_writer_is_warned_before_anything_of_the_line_is_saved(point: Point, pressed: Client) -> None:
    answer = tell(pressed, point, helped=["time"], text="Anna Holm var bra, ring 070-123 45 67")

    shown = answer.content.decode()
    assert "<strong>Anna Holm</strong> (namn)" in shown
    assert "<strong>070-123 45 67</strong> (nummer)" in shown
    assert "Anna Holm var bra, ring 070-123 45 67</textarea>" in shown, "her words are still in the field"
    assert (kept().text, kept().helped) == ("", ["time"])


def test_the_line_is_saved_without_it_when_she_says_so(point: Point, pressed: Client) -> None:
    tell(pressed, point, text="Anna Holm var bra, ring 070-123 45 67", without="1")

    assert kept().text == "[namn] var bra, ring [nummer]"


def test_as_it_is_filled_in_the_script_gets_what_was_found(point: Point, pressed: Client) -> None:
    found = pressed.post(f"/s/{point.code}/more", {"send": "1", "text": "Min son har adhd"}, headers=JSON)
    clean = pressed.post(f"/s/{point.code}/more", {"send": "1", "text": "Min son trivdes"}, headers=JSON)

    assert found.json() == {"found": [{"kind": "hälsa", "words": "adhd"}]}
    assert clean.json() == {"found": []}
    assert kept().text == "Min son trivdes"


def test_after_half_an_hour_nothing_more_is_told(point: Point, pressed: Client) -> None:
    Answer.objects.update(received_at=now() - timedelta(minutes=31))

    answer = tell(pressed, point, text="Sent")

    assert "Det gick att berätta mer i en halvtimme." in words(answer)
    assert kept().text == ""


def test_without_a_press_there_is_nothing_to_tell_of(point: Point) -> None:
    looked = Client().get(f"/s/{point.code}/more")
    assert (looked.status_code, looked.headers["Location"]) == (302, f"/s/{point.code}")

    told = tell(Client(), point, p=new_press(now()), text="Hej")
    assert "halvtimme" in words(told)
    assert not Answer.objects.exists()


def test_another_device_cannot_tell_for_her(point: Point, pressed: Client) -> None:
    tell(pressed, point, text="Hennes egna ord")
    stranger = Client()
    stranger.post(f"/s/{point.code}", {"p": new_press(now()), "level": "1"})

    page = stranger.post(f"/s/{point.code}/more")

    assert "Hennes egna ord" not in page.content.decode()


def test_a_services_own_factors_come_with_those_of_all(point: Point, pressed: Client, at: datetime) -> None:
    other = make_service("library", "Låna böcker")
    Factor.objects.create(key="plan", name={"sv": "Planen", "en": "The plan"}, service=make_service(), position=99)
    Factor.objects.create(key="shelf", name={"sv": "Hyllan"}, service=other, position=99)
    Factor.objects.filter(key="place").update(closed_at=at)

    shown = words(pressed.post(f"/s/{point.code}/more"))

    assert "Planen" in shown
    assert "Tiden" in shown
    assert "Hyllan" not in shown
    assert "Platsen" not in shown


def test_in_a_language_without_these_texts_the_page_speaks_one_of_our_own(
    point: Point, pressed: Client, at: datetime
) -> None:
    PointText.objects.create(language="ar", texts=ARABIC, changed_at=at)

    page = pressed.post(f"/s/{point.code}/more", {"lang": "ar"}, headers={"Accept-Language": "en"}).content.decode()

    assert '<html lang="en" dir="ltr"' in page
    assert "The time" in page
