"""What the administrator decides for all units: services, factors, areas, languages of the tap page."""

from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from samspel.encounters import texts
from samspel.encounters.actions import setup
from samspel.encounters.models import Area, Factor, PointText, Service
from samspel.encounters.texts import LANGUAGE_NAME, NAMES, languages_offered
from tests.encounters.asking import make_point, make_service, make_tablet
from tests.people import WHEN, Town

SignIn = Callable[[object], Client]
ADDRESS = "/administration/encounters"


def test_services_areas_and_factors_are_added_once_and_named_in_plain_words(town: Town, signed_in: SignIn) -> None:
    client = signed_in(town.administrator)

    for _click in range(2):
        client.post(ADDRESS, {"do": "add-service", "name": "Få plats i förskolan"})
        client.post(ADDRESS, {"do": "add-area", "name": "Åbacken"})
    client.post(ADDRESS, {"do": "add-factor", "sv": "Väntetid", "en": "The wait"})

    assert [(each.key, each.name) for each in Service.objects.all()] == [
        ("fa-plats-i-forskolan", "Få plats i förskolan")
    ]
    assert [each.key for each in Area.objects.all()] == ["abacken"]
    assert Factor.objects.get(key="vantetid").name == {"sv": "Väntetid", "en": "The wait"}


def test_what_is_closed_is_offered_no_more_and_keeps_its_answers(town: Town, signed_in: SignIn) -> None:
    client, service = signed_in(town.administrator), make_service()
    factor = Factor.objects.create(key="x", name={"sv": "Köer"})

    client.post(ADDRESS, {"do": "service", "id": service.pk, "name": service.name, "closed": "on"})
    client.post(ADDRESS, {"do": "factor", "id": factor.pk, "sv": "Köer", "closed": "on"})

    assert Service.objects.get().closed_at is not None
    assert Factor.objects.get(key="x").closed_at is not None
    form = signed_in(town.manager).get(f"/units/{town.guidance.pk}/encounters/points/new").content.decode()
    assert service.name not in form


@pytest.mark.parametrize(
    "form",
    [
        {"do": "add-service", "name": "  "},
        {"do": "add-area", "name": ""},
        {"do": "add-factor", "da": "Tid"},
        {"do": "add-factor", "sv": "Tid", "service": "12345"},
        {"do": "no-such-act"},
    ],
)
def test_what_cannot_be_is_not_added(form: dict[str, str], town: Town, signed_in: SignIn) -> None:
    before = Factor.objects.count()

    assert signed_in(town.administrator).post(ADDRESS, form).status_code == 422
    assert not Service.objects.exists()
    assert not Area.objects.exists()
    assert Factor.objects.count() == before


def test_what_is_not_there_cannot_be_changed(town: Town, signed_in: SignIn) -> None:
    client = signed_in(town.administrator)

    for do in ("service", "factor", "area"):
        assert client.post(ADDRESS, {"do": do, "id": "12345", "name": "X", "sv": "X"}).status_code == 404


def test_a_language_is_offered_when_every_text_of_the_tap_page_is_written(town: Town, signed_in: SignIn) -> None:
    client, address = signed_in(town.administrator), f"{ADDRESS}/texts/so"
    assert client.post(f"{ADDRESS}/language", {"language": "so"}).headers["Location"] == address

    client.post(address, {"question": "Sidee buu ahaa kulanku?"})
    assert "so" not in {each.code for each in languages_offered()}
    client.post(address, {name: f"so {name}" for name in (*NAMES, LANGUAGE_NAME)})

    [somali] = [each for each in languages_offered() if each.code == "so"]
    assert (somali.name, somali.texts["question"], somali.tells_more) == ("so language_name", "so question", True)


def test_a_text_that_is_new_in_samspel_takes_no_language_away_and_is_told(
    town: Town, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = signed_in(town.administrator), f"{ADDRESS}/texts/so"
    client.post(address, {name: f"so {name}" for name in (*NAMES, LANGUAGE_NAME)})
    for module, names in ((texts, "TAP"), (texts, "NAMES"), (setup, "NAMES")):
        monkeypatch.setattr(module, names, getattr(module, names) | {"brand_new": "Helt nytt"})
    texts._own_texts.cache_clear()

    [somali] = [each for each in languages_offered() if each.code == "so"]
    shown, at_texts = client.get(ADDRESS).content.decode(), client.get(address).content.decode()
    client.post(address, {name: f"so {name}" for name in (*NAMES, LANGUAGE_NAME)})
    [saved_again] = [each for each in languages_offered() if each.code == "so"]
    client.post(address, {name: f"so {name}" for name in (*NAMES, LANGUAGE_NAME, "brand_new")})
    [written] = [each for each in languages_offered() if each.code == "so"]
    texts._own_texts.cache_clear()

    assert (somali.texts["brand_new"], somali.texts["question"]) == ("Helt nytt", "so question")
    assert "en ny rad att skriva" in shown
    assert "En rad är ny sedan språket skrevs." in at_texts
    assert saved_again.texts["brand_new"] == "Helt nytt"
    assert written.texts["brand_new"] == "so brand_new"
    assert "ny rad" not in client.get(ADDRESS).content.decode()


def test_a_language_that_was_half_written_before_an_update_is_not_offered_by_it(town: Town) -> None:
    half = {name: f"so {name}" for name in texts.TAP if name != "saved"}
    row = PointText.objects.create(language="so", texts=half, changed_at=WHEN)

    import_module("samspel.encounters.migrations.0009_texts_that_were_asked_for").name_all(apps, None)

    row.refresh_from_db()
    assert row.texts == half | {"saved": ""}
    assert "so" not in {each.code for each in languages_offered()}


@pytest.mark.parametrize("code", ["sv", "s", "klingon", "1x"])
def test_a_language_has_a_code_that_is_not_our_own(code: str, town: Town, signed_in: SignIn) -> None:
    client = signed_in(town.administrator)

    assert client.post(f"{ADDRESS}/language", {"language": code}).headers["Location"] == ADDRESS
    assert client.post(f"{ADDRESS}/texts/{code}", {"question": "?"}).status_code == 422
    assert not PointText.objects.exists()


def test_silent_tablets_of_all_units_are_listed(town: Town, signed_in: SignIn) -> None:
    make_tablet(make_point(town.library, kind="kiosk"), "Vid lånedisken")

    shown = signed_in(town.administrator).get(ADDRESS).content.decode()

    assert "Vid lånedisken, Stadsbiblioteket" in shown


@pytest.mark.parametrize("number", [0, 9])
def test_the_page_takes_as_many_queries_however_much_there_is(
    number: int, town: Town, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for each in range(number):
        make_tablet(make_point(town.library, kind="kiosk", service=make_service(f"s{each}", f"Tjänst {each}")))
    client = signed_in(town.administrator)

    with django_assert_num_queries(9):
        client.get(ADDRESS)
