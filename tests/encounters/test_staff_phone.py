"""The staff member's phone: a meeting's code, her own three levels, and no trace of who she is."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils.timezone import now

from samspel.core.models import AuditEntry
from samspel.encounters.actions.pairing import open_due
from samspel.encounters.models import Answer, Point
from samspel.encounters.windows import new_press
from tests.encounters.asking import make_round, make_service
from tests.people import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(town: Town, signed_in: Any) -> Client:
    """A member's phone, at a unit that asks."""
    make_round(town.guidance, opened_at=now() - timedelta(days=1))
    client: Client = signed_in(town.member)
    return client


def begin(phone: Client, town: Town, **data: str) -> tuple[str, str]:
    """A new meeting: its token, and the address that its code leads to."""
    page = phone.post(f"/units/{town.guidance.pk}/meet", data).content.decode()
    token, address = re.search(r'name="m" value="([^"]+)"', page), re.search(r'href="(/s/[^"]+)"', page)
    assert token is not None
    assert address is not None
    return token[1], address[1].replace("&amp;", "&")


def answer(phone: Client, town: Town, token: str, level: int) -> Any:
    return phone.post(f"/units/{town.guidance.pk}/meet/answer", {"m": token, "level": str(level)})


def test_a_meeting_is_chosen_once_and_begun_with_one_press(phone: Client, town: Town) -> None:
    service = make_service()
    before = phone.get(f"/units/{town.guidance.pk}/meet").content.decode()
    assert service.name in before

    begin(phone, town, service=str(service.pk), channel="phone")
    again = phone.get(f"/units/{town.guidance.pk}/meet").content.decode()

    assert f'<option value="{service.pk}" selected>' in again
    assert '<option value="phone" selected>' in again
    assert phone.cookies["meet"]["path"] == f"/units/{town.guidance.pk}/meet"


def test_both_sides_answer_about_one_meeting_and_are_opened_together(phone: Client, town: Town) -> None:
    service = make_service()
    token, address = begin(phone, town, service=str(service.pk), channel="visit")

    assert "Tack! Ditt svar är sparat." in answer(phone, town, token, 3).content.decode()
    resident = Client()
    shown = resident.get(address).content.decode()
    assert "Hur kändes mötet?" in shown
    resident.post(address.partition("?")[0], {"p": new_press(now()), "m": token, "level": "1"})

    rows = {row.side: row for row in Answer.objects.all()}
    assert {(row.service_id, row.channel, row.sealed_until is None) for row in rows.values()} == {
        (service.pk, "visit", False)
    }
    open_due(now() + timedelta(minutes=1))
    assert {row.side: (row.level, row.other_level) for row in Answer.objects.all()} == {
        "staff": (3, 1),
        "resident": (1, 3),
    }


def test_each_meeting_is_one_answer_also_for_a_device_in_the_same_window(phone: Client, town: Town) -> None:
    resident = Client()
    for _meeting in range(2):
        token, address = begin(phone, town)
        resident.post(address.partition("?")[0], {"p": new_press(now()), "m": token, "level": "3"})
        answer(phone, town, token, 2)
        answer(phone, town, token, 2)

    assert Answer.objects.filter(side="resident").count() == 2
    assert Answer.objects.filter(side="staff").count() == 2
    assert Point.objects.filter(kind="staff").count() == 1


def test_she_tells_what_helped_as_the_resident_does(phone: Client, town: Town) -> None:
    token, _address = begin(phone, town)
    answer(phone, town, token, 2)
    told = phone.post(
        f"/units/{town.guidance.pk}/meet/tell",
        {"m": token, "helped": ["time"], "hindered": ["rules"], "no_meeting": "on"},
    )

    assert "Det du berättade är sparat." in told.content.decode()
    row = Answer.objects.get()
    assert (row.helped, row.hindered, row.is_no_meeting, row.level) == (["time"], ["rules"], True, 2)


def test_who_answered_is_written_nowhere(phone: Client, town: Town) -> None:
    phone.get(f"/units/{town.guidance.pk}/meet")
    audited = AuditEntry.objects.count()
    before = rows_that_name(town.member.pk)

    token, _address = begin(phone, town, service=str(make_service().pk), channel="visit")
    answer(phone, town, token, 1)
    phone.post(f"/units/{town.guidance.pk}/meet/tell", {"m": token, "helped": ["time"]})

    assert AuditEntry.objects.count() == audited
    assert rows_that_name(town.member.pk) == before


def rows_that_name(person_id: int) -> dict[str, int]:
    """Rows that point at a person, in every table of every part."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, attname FROM pg_constraint JOIN pg_attribute"
            " ON attrelid = conrelid AND attnum = ANY(conkey)"
            " WHERE contype = 'f' AND confrelid = 'people_person'::regclass"
        )
        columns = cursor.fetchall()
        found = {}
        for table, column in columns:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [person_id])  # noqa: S608
            found[f"{table}.{column}"] = int(cursor.fetchone()[0])
        return found


def test_another_units_token_is_no_meeting_here(phone: Client, town: Town, signed_in: Any) -> None:
    token, _address = begin(phone, town)
    make_round(town.library, opened_at=now() - timedelta(days=1))
    elsewhere = signed_in(town.outsider)
    elsewhere.post(f"/units/{town.library.pk}/meet", {})

    answered = elsewhere.post(f"/units/{town.library.pk}/meet/answer", {"m": token, "level": "1"})

    assert answered.status_code == 409
    assert not Answer.objects.exists()


def test_a_unit_that_does_not_ask_says_so(town: Town, signed_in: Any) -> None:
    client = signed_in(town.member)

    assert "Enheten frågar inte just nu." in client.get(f"/units/{town.guidance.pk}/meet").content.decode()
    assert client.post(f"/units/{town.guidance.pk}/meet", {}).status_code == 409
    assert not Point.objects.exists()


def test_who_does_not_work_there_finds_no_such_page(town: Town, signed_in: Any) -> None:
    assert signed_in(town.outsider).get(f"/units/{town.guidance.pk}/meet").status_code == 404
    assert Client().get(f"/units/{town.guidance.pk}/meet").status_code == 302
