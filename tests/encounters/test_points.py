"""Points of asking: the pages, what is printed, and how many visits there were."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from samspel.core.errors import InvalidError
from samspel.encounters.actions.points import count_visits
from samspel.encounters.models import Area, Point, PointText, Visits
from samspel.encounters.sheets import languages_on, sheet_pdf
from samspel.encounters.texts import TAP
from tests.encounters.answers import given, refreshed
from tests.encounters.asking import make_point, make_round, make_service
from tests.people import WHEN, Town, actor_of, device_key

SignIn = Callable[[object], Client]


def new_point(**values: object) -> dict[str, object]:
    return {"kind": "wall", "title": "Vid dörren", "channel": "visit", "window_min": "30", "key": device_key()} | values


def test_a_manager_puts_up_a_point_and_reads_its_address(town: Town, signed_in: SignIn) -> None:
    service = make_service()
    client = signed_in(town.manager)

    answer = client.post(f"/units/{town.guidance.pk}/encounters/points/new", new_point(service=service.pk), follow=True)

    point = Point.objects.get()
    assert (point.unit, point.service, point.kind, point.channel) == (town.guidance, service, "wall", "visit")
    assert f"/s/{point.code}" in answer.content.decode()


def test_a_second_click_puts_up_no_second_point(town: Town, signed_in: SignIn) -> None:
    client, form = signed_in(town.manager), new_point()

    for _click in range(2):
        assert client.post(f"/units/{town.guidance.pk}/encounters/points/new", form).status_code == 302

    assert Point.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "fax"),
        ("service", "123456"),
        ("provider", "123456"),
        ("area", "123456"),
        ("channel", "dream"),
        ("language", "xx"),
        ("age_band", "90+"),
        ("window_min", "1441"),
        ("window_min", ""),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(field: str, value: str, town: Town, signed_in: SignIn) -> None:
    answer = signed_in(town.manager).post(
        f"/units/{town.guidance.pk}/encounters/points/new", new_point(**{field: value})
    )

    assert answer.status_code == 422
    assert "Fel" in answer.content.decode()
    assert not Point.objects.exists()


def test_a_codes_letters_cannot_be_mistaken(town: Town, signed_in: SignIn) -> None:
    client = signed_in(town.manager)
    for _count in range(20):
        client.post(f"/units/{town.guidance.pk}/encounters/points/new", new_point())

    codes = [point.code for point in Point.objects.all()]
    assert len(set(codes)) == 20
    assert not set("".join(codes)) & set("il1o0")


def test_a_point_is_changed_and_keeps_its_code(town: Town, signed_in: SignIn) -> None:
    point = make_point(town.guidance)
    area = Area.objects.create(key="centrum", name="Centrum")

    signed_in(town.manager).post(
        f"/units/{town.guidance.pk}/encounters/points/{point.pk}",
        new_point(title="I hallen", area=area.pk, language="da", kind="link"),
    )

    changed = Point.objects.get()
    assert (changed.title, changed.area, changed.language) == ("I hallen", area, "da")
    assert (changed.code, changed.kind) == (point.code, "wall")


def test_a_point_is_closed_and_opened_again(town: Town, signed_in: SignIn) -> None:
    point, client = make_point(town.guidance), signed_in(town.manager)
    address = f"/units/{town.guidance.pk}/encounters/points/{point.pk}"

    client.post(f"{address}/open")
    assert Point.objects.get().closed_at is not None
    assert "Stängd" in client.get(address).content.decode()
    client.post(f"{address}/open", {"open": "1"})
    assert Point.objects.get().closed_at is None


def test_another_units_point_looks_like_none(town: Town, signed_in: SignIn) -> None:
    point = make_point(town.library)
    client = signed_in(town.manager)

    for address in (point.pk, point.pk + 1000):
        for rest in ("", "/poster.pdf"):
            assert client.get(f"/units/{town.guidance.pk}/encounters/points/{address}{rest}").status_code == 404
    assert client.post(f"/units/{town.guidance.pk}/encounters/points/{point.pk}/open").status_code == 404


def test_a_member_sees_where_people_are_asked_and_changes_nothing(town: Town, signed_in: SignIn) -> None:
    point, client = make_point(town.guidance), signed_in(town.member)
    address = f"/units/{town.guidance.pk}/encounters/points/{point.pk}"

    assert "<form" not in client.get(address).content.decode().split("<main")[1].split("</main")[0]
    assert client.post(address, new_point()).status_code == 404


# ---------------------------------------------------------------- visits


def test_visits_are_counted_for_the_week_of_a_day(town: Town, signed_in: SignIn) -> None:
    point, client = make_point(town.guidance), signed_in(town.manager)
    address = f"/units/{town.guidance.pk}/encounters/points/{point.pk}/visits"

    client.post(address, {"week": "2026-04-02", "count": "2 40"})
    client.post(address, {"week": "2026-03-30", "count": "240"})

    assert [(row.monday, row.count) for row in Visits.objects.all()] == [(date(2026, 3, 30), 240)]
    client.post(address, {"week": "2026-03-30", "count": ""})
    assert not Visits.objects.exists()


def test_a_week_has_begun_when_it_has_here(town: Town) -> None:
    point, monday = make_point(town.guidance), date(2026, 5, 4)

    def count(at: datetime) -> None:
        manager = actor_of(town.manager)
        count_visits(actor=manager, unit_id=town.guidance.pk, point_id=point.pk, monday=monday, count=3, at=at)

    with pytest.raises(InvalidError):
        count(datetime(2026, 5, 3, 21, 30, tzinfo=UTC))
    count(datetime(2026, 5, 3, 22, 30, tzinfo=UTC))  # half past midnight, on Monday

    assert Visits.objects.get().monday == monday


@pytest.mark.parametrize("week", ["", "x", "2999-01-04"])
def test_visits_of_no_week_are_not_kept(week: str, town: Town, signed_in: SignIn) -> None:
    point = make_point(town.guidance)

    answer = signed_in(town.manager).post(
        f"/units/{town.guidance.pk}/encounters/points/{point.pk}/visits", {"week": week, "count": "3"}
    )

    assert answer.status_code == 422
    assert not Visits.objects.exists()


# ---------------------------------------------------------------- printed


@pytest.mark.parametrize("form", ["poster", "stand"])
def test_a_sheet_is_a_page_with_the_question(form: str, town: Town, signed_in: SignIn) -> None:
    point = make_point(town.guidance)

    answer = signed_in(town.member).get(f"/units/{town.guidance.pk}/encounters/points/{point.pk}/{form}.pdf")

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert re.search(rb"/Count 1\b", answer.content)


def test_there_is_no_sheet_of_another_form(town: Town, signed_in: SignIn) -> None:
    point = make_point(town.guidance)

    answer = signed_in(town.member).get(f"/units/{town.guidance.pk}/encounters/points/{point.pk}/banner.pdf")

    assert answer.status_code == 404


def test_a_sheet_speaks_all_languages_that_its_letters_can_write(town: Town) -> None:
    words = {name: str(text) for name, text in TAP.items()}
    PointText.objects.create(language="so", texts=words | {"question": "Sidee buu ahaa kulanku?"}, changed_at=WHEN)
    PointText.objects.create(language="ar", texts=words | {"question": "كيف كان اللقاء؟"}, changed_at=WHEN)

    everywhere, one = make_point(town.guidance), make_point(town.guidance, language="so")

    assert [each.code for each in languages_on(everywhere)] == ["sv", "da", "en", "so"]
    assert [each.code for each in languages_on(one)] == ["so"]
    assert sheet_pdf(one, "poster").startswith(b"%PDF-")


# ---------------------------------------------------------------- what the pages cost


@pytest.mark.parametrize("number", [1, 12])
def test_the_list_takes_as_many_queries_however_long_it_is(
    number: int, town: Town, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _count in range(number):
        make_point(town.guidance)
    make_round(town.guidance)
    client = signed_in(town.manager)

    with django_assert_num_queries(10):
        client.get(f"/units/{town.guidance.pk}/encounters/points")


# ---------------------------------------------------------------- how many answered


def weeks_shown(town: Town, point: Point, client: Client) -> dict[date, list[str]]:
    """What the point's page says of each week: its cells, without what is around them."""
    page = client.get(f"/units/{town.guidance.pk}/encounters/points/{point.pk}").content.decode()
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in body.split("<tr>")[1:]]
    this = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    return {this - timedelta(weeks=back): row for back, row in enumerate(rows)}


def test_a_weeks_answers_stand_beside_its_visits_and_few_are_not_told(town: Town, signed_in: SignIn) -> None:
    client = signed_in(town.manager)
    point, other = make_point(town.guidance), make_point(town.guidance)
    this = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    full, few = this - timedelta(weeks=1), this - timedelta(weeks=3)
    given(town.guidance, good=30, bad=4, day=full, point=point, refresh=False)
    given(town.guidance, good=20, day=full, point=other, refresh=False)
    given(town.guidance, bad=40, day=full, point=point, aside="play", refresh=False)
    given(town.guidance, good=3, day=few, point=point, refresh=False)
    given(town.guidance, good=30, day=this - timedelta(weeks=2), point=point, refresh=False)  # hidden beside the few
    refreshed()
    Visits.objects.create(point=point, monday=full, count=210)

    shown = weeks_shown(town, point, client)

    assert "34" in shown[full]
    assert "40" in shown[full]
    assert "210" in shown[full]
    assert ".." in shown[few]
    assert "3" not in shown[few]
