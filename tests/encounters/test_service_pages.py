"""Open pages of services and the city: what they show, to whom first, and that nothing in them is a ranking."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from samspel.core.models import Default, Thread
from samspel.encounters import compute_looks
from samspel.encounters.compute_looks import take_due_looks
from samspel.encounters.equity import Verdict, differences
from samspel.encounters.models import Area, Reason, Service, Signal
from samspel.encounters.open_figures import open_figures
from samspel.encounters.service_pages import funnel_of
from samspel.people.models import Unit
from tests.encounters.answers import given, refreshed
from tests.encounters.asking import make_point, make_service
from tests.people import Town, device_key, make_person, make_unit

TOLD = datetime(2026, 4, 2, 11, 0, tzinfo=UTC)
MONDAYS = [date(2025, 12, 29) + timedelta(weeks=week) for week in range(12)]
KEY = "/services/guidance"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """Lets the pages read on another day."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    set_to(TOLD)
    return set_to


@pytest.fixture
def year(town: Town, clock) -> Service:
    """Twelve weeks of guidance at six places: Arabic speakers are met worse, one place lies far below the others."""
    service = make_service()
    make_point(town.guidance, service=service)
    north = Area.objects.create(key="north", name="Norr", position=1)
    places = [town.guidance, town.library, *(make_unit(f"Ställe {number}") for number in range(4))]
    for monday in MONDAYS[::4]:
        for number, place in enumerate(places):
            bad = 45 if number == 5 else 12
            given(place, good=60 - bad, bad=bad, day=monday, service=service, language="sv", refresh=False)
        given(town.library, good=8, bad=22, day=monday, service=service, language="ar", area=north, refresh=False)
        given(town.library, good=2, bad=1, day=monday, service=service, language="so", refresh=False)
        given(town.library, good=20, bad=4, day=monday, service=service, refresh=False)
    refreshed(TOLD)
    take_due_looks(TOLD)
    return service


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def table(client: Client, name: str) -> list[dict[str, str]]:
    lines = client.get(f"{KEY}/{name}.csv").content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(lines)))


def test_services_stand_by_name(client: Client, year: Service) -> None:
    make_service("art", "Åka på utställning")
    make_service("help", "Be om hjälp")

    page = text_of(client, "/services")

    names = re.findall(r'href="/services/[a-z]+">([^<]+)<', page)
    assert names == ["Be om hjälp", "Få vägledning om studier och jobb", "Åka på utställning"]
    assert "För få svar än" in page


def test_a_service_shows_its_weeks_and_its_places_without_names(client: Client, year: Service) -> None:
    page = text_of(client, KEY)

    assert "Så lika man kan vänta sig, utom på ett ställe." in page
    assert page.count('class="unit"') == 6
    assert "Ställe 3" not in page
    assert "Ingen ser vilket ställe en prick är." in page
    assert 'class="own"' not in page


def test_a_services_weeks_begin_with_the_first_that_is_shown(client: Client, town: Town, clock) -> None:
    service = make_service()
    places = (town.guidance, town.library, make_unit("Tredje"))
    for monday in (MONDAYS[5], MONDAYS[7]):
        for place in places:
            given(place, good=40, bad=20, day=monday, service=service, language="sv", refresh=False)
    refreshed(TOLD)
    take_due_looks(TOLD)

    weeks = [(row["week_begins"], row["answers"]) for row in table(client, "weeks")]

    assert weeks[:3] == [(str(MONDAYS[5]), "180"), (str(MONDAYS[6]), ".."), (str(MONDAYS[7]), "180")]
    assert re.findall(r'<th scope="row">(\d+)</th>', text_of(client, f"{KEY}?table=weeks"))[:2] == ["6", "7"]
    assert [row["answers"] for row in client.get("/encounters/weeks.json").json()][:3] == [180, None, 180]


def test_only_those_who_work_there_see_their_own_place(signed_in, town: Town, year: Service) -> None:
    page = text_of(signed_in(town.member), KEY)

    assert page.count('class="own"') == 1
    assert "Bara ni ser er egen prick." in page
    assert 'class="own"' not in text_of(signed_in(make_person("Eva Annanstans", make_unit("Annat"), "member")), KEY)


def test_places_have_no_names_and_no_order_of_merit_in_a_file(client: Client, year: Service) -> None:
    rows = table(client, "units")

    assert list(rows[0]) == ["answers", "told", "good_of_100", "low", "high"]
    answers = [int(row["answers"]) for row in rows]
    shares = [int(row["good_of_100"]) for row in rows]
    assert answers == sorted(answers)
    assert shares not in (sorted(shares), sorted(shares, reverse=True))


def test_those_who_work_with_a_service_see_a_look_a_week_before_all_others(
    signed_in, client: Client, town: Town, year: Service, clock
) -> None:
    clock(datetime(2026, 3, 24, 11, 0, tzinfo=UTC))  # the day after the third look ended

    assert "vecka 1 till 12" in text_of(signed_in(town.member), KEY)
    assert "Ni ser det här en vecka före alla andra." in text_of(signed_in(town.member), KEY)
    assert "vecka 1 till 8" in text_of(client, KEY)
    assert "vecka 1 till 8" in text_of(signed_in(make_person("Eva Annanstans", make_unit("Annat"), "member")), KEY)


def test_a_difference_is_told_with_what_could_have_been_seen(client: Client, year: Service) -> None:
    page = text_of(client, f"{KEY}/equal")

    assert "En skillnad går att se." not in page  # Swedish higher and Arabic lower are two sides of it
    assert "Två skillnader går att se." in page
    assert "Arabiska, lägre" in page
    assert "Inget skäl är skrivet." in page
    assert re.search(r"Somaliska</th>.*?<td class=\"say\">För få svar</td><td class=\"num\">\.\.</td>", page, re.S)
    assert "okänt i" in page
    rows = {row["name"]: row for row in table(client, "groups") if row["dimension"] == "language"}
    assert rows["Arabiska"]["verdict"] == "lower"
    assert rows["Somaliska"]["answers"] == ".."


def test_answers_of_days_that_are_alike_count_as_fewer(client: Client, town: Town, clock) -> None:
    service = make_service()
    make_point(town.guidance, service=service)
    # Arabic speakers come on Mondays, and some Mondays nothing works; Swedish speakers come on all days.
    for week, monday in enumerate(MONDAYS):
        for day in range(5):
            given(
                town.guidance,
                good=8,
                bad=2,
                day=monday + timedelta(days=day),
                service=service,
                language="sv",
                refresh=False,
            )
        bad = 12 if week % 3 == 0 else 1
        given(town.guidance, good=14 - bad, bad=bad, day=monday, service=service, language="ar", refresh=False)
    refreshed(TOLD)
    take_due_looks(TOLD)

    rows = {row["name"]: row for row in table(client, "groups") if row["dimension"] == "language"}
    page, as_table = text_of(client, f"{KEY}/equal"), text_of(client, f"{KEY}/equal?table=groups")

    assert int(rows["Arabiska"]["answers"]) == 14 * len(MONDAYS)
    assert int(rows["Arabiska"]["counts_as"]) < 14 * len(MONDAYS) / 2
    assert rows["Arabiska"]["verdict"] == "cannot"
    [as_if_apart] = differences({"language": open_figures([service], TOLD.date())[service.pk].groups["language"]})
    assert {row.group: row.verdict for row in as_if_apart.rows}["ar"] == Verdict.LOWER
    assert "Svar från samma dag liknar varandra." in page
    assert f'<td class="sam-num">{rows["Arabiska"]["counts_as"]}</td>' in as_table


def test_where_answers_are_not_alike_nothing_is_said_of_it(client: Client, year: Service) -> None:
    page = text_of(client, f"{KEY}/equal?table=groups")

    assert ("Räknas som" in page) == any(
        row["counts_as"] != row["answers"] for row in table(client, "groups") if row["name"]
    )


def test_what_a_file_has_is_what_the_page_shows(client: Client, year: Service) -> None:
    page = text_of(client, f"{KEY}/equal?table=groups")

    for row in table(client, "groups"):
        if row["name"] and row["answers"] != "..":
            assert f'<td class="sam-num">{row["low"]}–{row["high"]}</td>' in page
    for name in ("weeks", "units", "groups"):
        lines = json.loads(client.get(f"{KEY}/{name}.json").content)
        as_text = [{key: ".." if one is None else str(one) for key, one in line.items()} for line in lines]
        assert as_text == table(client, name)


def test_there_is_no_other_table_and_no_other_form(client: Client, year: Service) -> None:
    for address in (f"{KEY}/texts.csv", f"{KEY}/weeks.xlsx", "/services/nothing", "/services/nothing/weeks.csv"):
        assert client.get(address).status_code == 404
    make_service("new", "Något nytt")
    assert client.get("/services/new/weeks.csv").status_code == 404


def test_a_service_nobody_has_told_of_says_so(client: Client, year: Service) -> None:
    make_service("new", "Något nytt")

    for address in ("/services/new", "/services/new/equal"):
        assert "Det går inte att säga än." in text_of(client, address)


def test_the_city_is_the_sum_of_what_its_services_show(client: Client, year: Service) -> None:
    lines = client.get("/encounters/weeks.csv").content.decode("utf-8-sig")
    city = [row["answers"] for row in csv.DictReader(io.StringIO(lines))]

    assert city == [row["answers"] for row in table(client, "weeks")]
    page = text_of(client, "/encounters")
    assert "Få vägledning om studier och jobb" in page
    assert "summan av det som tjänsterna visar" in page


def test_before_the_first_look_the_city_says_so(client: Client, town: Town) -> None:
    assert "Det går inte att säga än." in text_of(client, "/encounters")
    assert "Inga tjänster finns än." in text_of(client, "/services")


def test_a_service_of_which_nothing_is_told_says_how_many_must_have_answered(client: Client, town: Town) -> None:
    make_service()
    Default.objects.create(key="figures.least_public", value=12, reason="Liten ort.", changed_at=TOLD)

    for address in (KEY, f"{KEY}/equal"):
        assert "när minst tolv har svarat" in text_of(client, address)


def test_too_few_places_are_said_with_the_municipalitys_own_number(year: Service) -> None:
    Default.objects.create(key="figures.least_public", value=12, reason="Liten ort.", changed_at=TOLD)
    of_none = replace(open_figures([year], TOLD.date())[year.pk], units={})

    assert "Minst tre ställen behöver ha tolv svar var." in funnel_of(of_none).caption


@pytest.mark.parametrize(
    ("address", "queries"),
    [("/services", 7), ("/encounters", 7), (KEY, 7), (f"{KEY}/equal", 10), (f"{KEY}/groups.csv", 7)],
)
def test_pages_ask_little(
    client: Client, year: Service, django_assert_max_num_queries: DjangoAssertNumQueries, address: str, queries: int
) -> None:
    with django_assert_max_num_queries(queries):
        client.get(address)


# ---------------------------------------------------------------- reasons

WRITTEN = {
    "words": "Tolken tar tid, och tiden tas från samtalet.",
    "decided_by": "Nämnden",
    "decided_on": "2026-01-12",
    "tried_again_on": "2026-12-01",
}
ADDRESS = f"{KEY}/equal/language/ar/lower"


def test_a_reason_is_written_by_who_leads_and_read_by_all(signed_in, client: Client, town: Town, year: Service) -> None:
    manager = signed_in(town.manager)
    assert "Arabiska, lägre" in text_of(manager, ADDRESS)

    manager.post(ADDRESS, WRITTEN | {"key": device_key()})

    page = text_of(client, f"{KEY}/equal")
    assert "Lägre, med skäl" in page
    assert "Tolken tar tid" in page
    assert "Nämnden, 12 januari." in page
    assert "Prövas igen 1 december." in page
    assert "Två skillnader går att se. En av dem har ett skäl." in page


def test_a_reason_twice_is_one(signed_in, town: Town, year: Service) -> None:
    manager, key = signed_in(town.manager), device_key()

    for _ in range(2):
        assert manager.post(ADDRESS, WRITTEN | {"key": key}).status_code == 302
    assert manager.post(ADDRESS, WRITTEN | {"key": device_key()}).status_code == 409

    assert Reason.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"words": " "}, "Skriv skälet"),
        ({"words": "x" * 501}, "Korta till"),
        ({"decided_by": ""}, "Skriv vem"),
        ({"decided_on": "när"}, "Skriv dagen"),
        ({"tried_again_on": "2026-13-40"}, "Skriv när"),
        ({"tried_again_on": "2025-01-01"}, "efter beslutet"),
    ],
)
def test_a_reason_says_what_who_and_until_when(signed_in, town: Town, year: Service, change, says) -> None:
    response = signed_in(town.manager).post(ADDRESS, WRITTEN | change | {"key": device_key()})

    assert response.status_code == 422
    assert says in response.content.decode()
    assert not Reason.objects.exists()


def test_there_is_no_reason_for_what_cannot_be_seen(signed_in, town: Town, year: Service) -> None:
    for address in (f"{KEY}/equal/language/ar/higher", f"{KEY}/equal/language/so/lower", f"{KEY}/equal/shoe/ar/lower"):
        assert signed_in(town.manager).get(address).status_code == 404


def test_others_cannot_write_a_reason(signed_in, client: Client, town: Town, year: Service) -> None:
    assert client.post(ADDRESS, WRITTEN | {"key": device_key()}).status_code == 401
    for person in (town.member, town.outsider, town.facilitator):
        assert signed_in(person).post(ADDRESS, WRITTEN | {"key": device_key()}).status_code == 404
    assert "Skriv ett skäl" not in text_of(signed_in(town.member), f"{KEY}/equal")
    assert not Reason.objects.exists()


def test_a_reason_that_no_longer_holds_is_closed_and_can_be_written_anew(signed_in, town: Town, year: Service) -> None:
    manager = signed_in(town.administrator)
    manager.post(ADDRESS, WRITTEN | {"key": device_key()})
    close = f"{KEY}/reasons/{Reason.objects.get().pk}/close"

    for _ in range(2):
        assert manager.post(close).status_code == 302

    assert Reason.objects.get().closed_at == TOLD
    assert "Inget skäl är skrivet." in text_of(manager, f"{KEY}/equal")
    assert manager.post(ADDRESS, WRITTEN | {"key": device_key()}).status_code == 302
    assert manager.post(f"{KEY}/reasons/0/close").status_code == 404


def test_a_difference_is_taken_up_on_a_thread_of_ones_own_unit(signed_in, town: Town, year: Service) -> None:
    member = signed_in(town.member)
    page = text_of(member, f"{KEY}/equal")
    form = re.search(r'action="(/units/\d+/signals)">.*?name="words" value="(Arabiska[^"]+)"', page, re.S)
    assert form is not None

    member.post(form[1], {"words": form[2], "source": "Lika för alla?", "key": device_key()})

    assert Signal.objects.get(words__startswith="Arabiska, lägre").unit == town.guidance


# ---------------------------------------------------------------- the unit is told first


def test_the_place_outside_is_told_on_its_own_thread_once(town: Town, year: Service) -> None:
    odd = Unit.objects.get(name="Ställe 3")

    told = Signal.objects.filter(source__startswith="Jämfört med")
    assert [signal.unit for signal in told] == [odd]
    assert all(signal.is_pattern for signal in told)
    (begun,) = Thread.objects.filter(unit=odd)
    assert begun.title == "Något i våra möten skiljer sig"
    assert compute_looks.take_due_looks(TOLD) == 0
    assert told.count() == 1
