"""A unit's own page: who reads it, what it shows of real answers, its files, and its stories."""

import csv
import io
import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from samspel.core.models import Default
from samspel.encounters.compute_looks import take_due_looks
from samspel.encounters.models import Factor, Point, Service, Shown, Story
from samspel.encounters.weeks import mondays
from tests.conftest import SignIn
from tests.encounters.answers import given, given_pairs, refreshed
from tests.people import Town, device_key, make_person, make_unit, signal_in

# However many answers there are: they are counted in the sums, not in the database.
QUERIES = 24


@pytest.fixture
def weeks() -> list[date]:
    return mondays(timezone.localdate())


@pytest.fixture
def a_third_of_a_year(town: Town, weeks: list[date]) -> None:
    """Answers of both sides each week; the last but one week has too few."""
    waiting = Factor.objects.get(key="waiting")
    for monday in weeks:
        few = monday == weeks[-2]
        given(town.guidance, good=2 if few else 16, bad=0 if few else 4, day=monday, refresh=False)
        given(town.guidance, good=17, bad=3, day=monday, side="staff", refresh=False)
    given(town.guidance, bad=12, day=weeks[-1], hindered=[waiting.key], text="Jag väntade länge i kön.", refresh=False)
    given_pairs(town.guidance, *[(3, 3)] * 20, *[(1, 3)] * 8, *[(3, 1)] * 6, day=weeks[-1])


def page(client: Client, unit_id: int, more: str = "") -> str:
    answer = client.get(f"/units/{unit_id}/encounters{more}")
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.usefixtures("a_third_of_a_year")
def test_the_unit_sees_its_weeks_both_sides_factors_and_words(town: Town, signed_in: SignIn) -> None:
    shown = page(signed_in(town.member), town.guidance.pk)

    assert "Har något ändrats?" in shown
    assert "Lika svar i 20 av 34 möten." in shown
    assert "Besökarna nämner väntan innan." in shown
    assert "väntade" in shown
    assert 'class="gone"' in shown


@pytest.mark.usefixtures("a_third_of_a_year")
def test_the_table_and_the_file_have_what_the_picture_has(town: Town, signed_in: SignIn, weeks: list[date]) -> None:
    client = signed_in(town.manager)

    shown = page(client, town.guidance.pk, "?table=1")
    answer = client.get(f"/units/{town.guidance.pk}/encounters/weeks.csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert "Visa som bild" in shown
    assert answer.headers["Content-Disposition"].endswith('-weeks.csv"')
    assert rows[0] == {
        "week_begins": weeks[0].isoformat(),
        "week": str(weeks[0].isocalendar().week),
        "side": "resident",
        "answers": "20",
        "good_of_100": "80",
        "low": "58",
        "high": "92",
    }
    assert [row["answers"] for row in rows if row["week_begins"] == weeks[-2].isoformat()] == ["..", "20"]


@pytest.mark.usefixtures("a_third_of_a_year")
def test_the_factors_file(town: Town, signed_in: SignIn) -> None:
    answer = signed_in(town.manager).get(f"/units/{town.guidance.pk}/encounters/factors.csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["kind"], row["factor"], row["side"]) for row in rows] == [
        ("hindered", "Väntan innan", "resident"),
        ("hindered", "Väntan innan", "staff"),
    ]


@pytest.mark.usefixtures("a_third_of_a_year")
def test_others_get_the_same_answer_as_for_a_unit_that_is_not_there(town: Town, signed_in: SignIn) -> None:
    for address in ("", "/weeks.csv", "/factors.csv", "/stories"):
        there = signed_in(town.outsider).get(f"/units/{town.guidance.pk}/encounters{address}")
        not_there = signed_in(town.outsider).get(f"/units/999999/encounters{address}")

        assert there.status_code == not_there.status_code == 404


@pytest.mark.usefixtures("a_third_of_a_year")
def test_what_can_be_taken_up_is_told_where_no_change_is(town: Town, signed_in: SignIn) -> None:
    signal_in(town.guidance, town.manager, "Jag väntade länge.", at=timezone.now())

    shown = page(signed_in(town.manager), town.guidance.pk)

    assert re.search(r"Det här kan ni ta upp:\s*<span[^>]*>”Jag väntade länge.”", shown)


def test_pages_without_answers_say_how_many_the_municipality_asks_for(town: Town, signed_in: SignIn) -> None:
    Default.objects.create(key="figures.least_inside", value=8, reason="Små enheter.", changed_at=timezone.now())
    client = signed_in(town.manager)

    assert "Veckor med färre än åtta svar visas inte." in page(client, town.guidance.pk)
    assert "när minst åtta har svarat" in page(client, town.guidance.pk, "/points")
    assert "Visas från åtta svar." in Client().get("/what-is-kept").content.decode()


@pytest.mark.usefixtures("a_third_of_a_year")
def test_a_page_with_everything_takes_so_many_queries(
    town: Town, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(town.manager)
    page(client, town.guidance.pk)

    with django_assert_num_queries(QUERIES):
        page(client, town.guidance.pk)


@pytest.mark.usefixtures("a_third_of_a_year")
def test_a_week_that_gets_a_few_answers_more_is_shown_as_before(
    town: Town, signed_in: SignIn, weeks: list[date]
) -> None:
    client = signed_in(town.manager)
    before = page(client, town.guidance.pk, "?table=1")

    given(town.guidance, bad=3, day=weeks[0])

    assert page(client, town.guidance.pk, "?table=1").count("<td>20</td>") == before.count("<td>20</td>")
    assert Shown.objects.exists()


def test_a_unit_without_answers_is_told_what_is_needed(town: Town, signed_in: SignIn) -> None:
    refreshed()

    shown = page(signed_in(town.member), town.guidance.pk)

    assert shown.count("Det går inte att säga än.") == 3
    assert "Inget ord har skrivits av minst tio personer än." in shown


def test_a_small_unit_is_steadied_by_units_with_the_same_service(
    town: Town, signed_in: SignIn, weeks: list[date]
) -> None:
    service = Service.objects.create(key="guidance", name="Få vägledning")
    others = [make_unit(f"Enhet {number}", town.root) for number in range(4)]
    Point.objects.create(
        unit=town.guidance, service=service, kind="wall", code="234567", opened_at=timezone.now() - timedelta(days=200)
    )
    for unit in others:
        given(unit, good=80, bad=20, day=weeks[-9], service=service, refresh=False)
    given(town.guidance, good=4, bad=6, day=weeks[-3], service=service)
    client = signed_in(town.manager)
    before = page(client, town.guidance.pk)

    take_due_looks(timezone.now())

    assert "Ni har få svar." not in before  # nothing is told of the others but what all may read
    assert "Ni har få svar." in page(client, town.guidance.pk)


# ---------------------------------------------------------------- stories


@pytest.fixture
def story(town: Town) -> Story:
    refreshed()
    return Story.objects.create(
        unit=town.guidance,
        words="Hon ringde upp samma dag.",
        side="resident",
        told_at=timezone.now(),
        consented_at=timezone.now(),
        withdrawal=device_key().encode(),
        key=device_key(),
    )


def press(client: Client, story: Story, do: str) -> int:
    address = f"/units/{story.unit_id}/encounters/stories"
    return client.post(address, {"story": story.pk, "do": do}).status_code


def test_a_story_is_shown_when_it_has_been_read_and_no_longer_when_its_teller_took_it_back(
    town: Town, signed_in: SignIn, story: Story
) -> None:
    client = signed_in(town.manager)

    assert story.words not in page(client, town.guidance.pk)
    assert story.words in page(client, town.guidance.pk, "/stories")
    assert press(client, story, "publish") == press(client, story, "publish") == 302
    assert story.words in page(signed_in(town.member), town.guidance.pk)
    story.delete()
    assert story.words not in page(signed_in(town.member), town.guidance.pk)


def test_a_story_can_be_taken_from_the_page_again(town: Town, signed_in: SignIn, story: Story) -> None:
    client = signed_in(town.facilitator)
    press(client, story, "publish")

    press(client, story, "hide")

    assert story.words not in page(client, town.guidance.pk)
    assert Story.objects.get().published_at is None


def test_stories_are_read_a_page_at_a_time_and_a_press_stays_on_its_page(
    town: Town, signed_in: SignIn, story: Story
) -> None:
    Story.objects.bulk_create(
        Story(
            unit=town.guidance,
            words=f"Berättelse {number}.",
            side="resident",
            told_at=story.told_at + timedelta(minutes=number),
            consented_at=story.told_at,
            withdrawal=device_key().encode(),
            key=device_key(),
        )
        for number in range(1, 101)
    )
    client, address = signed_in(town.manager), f"/units/{town.guidance.pk}/encounters/stories"

    first, last, beyond = (client.get(address, {"page": page}).content.decode() for page in ("", "3", "9" * 5000))
    pressed = client.post(f"{address}?page=3", {"story": story.pk, "do": "publish"})

    assert first.count('<li class="sam-sheet story"') == 50
    assert "Berättelse 100." in first
    assert "Sida 1 av 3" in first
    assert last.count('<li class="sam-sheet story"') == 1
    assert story.words in last
    assert "Sida 1 av 3" in beyond
    assert pressed.headers["Location"] == f"{address}?page=3#berattelse-{story.pk}"


def test_another_units_story_is_not_there(town: Town, signed_in: SignIn, story: Story) -> None:
    Story.objects.filter(pk=story.pk).update(unit=town.library)

    client = signed_in(town.manager)
    address = f"/units/{town.guidance.pk}/encounters/stories"

    assert client.post(address, {"story": story.pk, "do": "publish"}).status_code == 404
    assert client.post(address, {"story": "x", "do": "publish"}).status_code == 404


# ---------------------------------------------------------------- the way there


def test_the_navigation_leads_to_ones_own_units_page(town: Town, signed_in: SignIn) -> None:
    client = signed_in(town.member)

    shown = client.get(f"/units/{town.guidance.pk}").content.decode()

    assert 'href="/encounters/ours"' in shown
    assert client.get("/encounters/ours").headers["Location"] == f"/units/{town.guidance.pk}/encounters"


def test_who_may_read_several_units_figures_chooses_and_who_may_read_none_is_told(
    town: Town, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    analyst = signed_in(make_person("Jonas Analytiker", town.root, "analyst"))
    analyst.get("/encounters/ours")

    with django_assert_num_queries(5):
        shown = analyst.get("/encounters/ours").content.decode()

    for unit in (town.root, town.guidance, town.library):
        assert f'href="/units/{unit.pk}/encounters"' in shown
    assert "Du har ingen roll" in signed_in(make_person("Nils Ny")).get("/encounters/ours").content.decode()
