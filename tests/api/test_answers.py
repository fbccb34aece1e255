"""Answers from another system: one, many, again, and what cannot be taken in."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from samspel.core.actor import Actor
from samspel.encounters.actions import from_systems
from samspel.encounters.keyed import hash_of
from samspel.encounters.models import Answer, Area, Factor, Service, Withdrawal
from samspel.people.keys import HOLDS, actor_of_key, new_key
from samspel.people.models import Person, Provider, Role
from tests.people import Town, make_person, make_unit

COMMAND_LINE = Actor("person", name="command line", is_administrator=True)
ROW = {"at": "2026-04-02T13:05", "unit": "Vägledningscentrum", "side": "resident", "level": 3}


class System:
    """Another system, with somebody's key."""

    def __init__(self, person: Person | None) -> None:
        self.client = Client()
        self.key = new_key(actor=COMMAND_LINE, email=person.email) if person else ""

    def post(self, path: str, body: object, **headers: str) -> HttpResponse:
        sign_in = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post(path, content, content_type="application/json", headers=sign_in | headers)

    def tell(self, row: object, **headers: str) -> HttpResponse:
        return self.post("/api/v1/answers", row, **headers)

    def tell_many(self, rows: object, **headers: str) -> HttpResponse:
        return self.post("/api/v1/answers/batch", {"answers": rows}, **headers)

    def take_back(self, *rows: object, **headers: str) -> HttpResponse:
        return self.post("/api/v1/answers/withdraw", {"answers": rows}, **headers)


@pytest.fixture
def system(town: Town) -> System:
    return System(town.administrator)


@pytest.fixture
def names(town: Town) -> None:
    Service.objects.create(key="guidance", name="Få vägledning om studier och jobb")
    Area.objects.create(key="norr", name="Norrstaden")
    Provider.objects.create(name="Lindviks Lärcenter", kind="company")
    Factor.objects.update_or_create(key="time", defaults={"name": {"sv": "Tid", "da": "Tid", "en": "Time"}})
    Factor.objects.update_or_create(key="rules", defaults={"name": {"sv": "Regler", "en": "Rules"}})


@pytest.mark.usefixtures("names")
def test_one_answer_with_everything_told(system: System, town: Town) -> None:
    told = system.tell(
        {
            "at": "2026-04-02T23:30:00+01:00",
            "unit": "vägledningscentrum",
            "service": "Få vägledning om studier och jobb",
            "channel": "phone",
            "provider": "lindviks lärcenter",
            "language": "ar",
            "age_band": "16-24",
            "area": "norr",
            "side": "staff",
            "level": 1,
            "factors": "+Time | rules",
            "text": "Anna Holm lät mig vänta",
            "token": "möte 17",
            "key": "system-a:1",
        }
    )

    assert (told.status_code, told.json()) == (201, {"key": "system-a:1"})
    kept = Answer.objects.select_related("service", "area", "provider").get()
    assert kept.at == datetime(2026, 4, 2, 22, 30, tzinfo=UTC)
    assert kept.day.isoformat() == "2026-04-03"
    assert (kept.unit_id, kept.service) == (town.guidance.pk, Service.objects.get())
    assert (kept.area, kept.provider) == (Area.objects.get(), Provider.objects.get())
    assert (kept.channel, kept.language, kept.age_band) == ("phone", "ar", "16-24")
    assert (kept.side, kept.level, kept.helped, kept.hindered) == ("staff", 1, ["time"], ["rules"])
    assert kept.text == "[namn] lät mig vänta"
    assert bytes(kept.token or b"") == hash_of("meeting", "möte 17")
    assert kept.sealed_until == kept.at + timedelta(days=14)


def test_sent_again_it_is_the_same_answer_and_another_answer_with_its_key_is_told(system: System) -> None:
    row = ROW | {"key": "a-1"}

    assert [system.tell(row).status_code for _time in range(3)] == [201, 200, 200]
    other = system.tell(row | {"level": 1})

    assert (other.status_code, list(other.json()["fields"])) == (409, ["key"])
    assert Answer.objects.get().level == 3


def test_the_key_may_stand_in_the_header(system: System) -> None:
    assert system.tell(ROW, **{"Idempotency-Key": "0123456789abcdef"}).json() == {"key": "0123456789abcdef"}
    assert system.tell(ROW, **{"Idempotency-Key": "0123456789abcdef"}).status_code == 200
    assert system.tell(ROW).json()["fields"].keys() == {"key"}
    assert system.tell(ROW, **{"Idempotency-Key": "short"}).status_code == 422


def test_of_many_the_good_are_taken_in_and_of_the_others_line_column_and_reason_are_told(system: System) -> None:
    good = ROW | {"key": "a-1"}
    rows = [
        good,
        ROW | {"key": "a-2", "level": 4, "side": "boss", "channel": "pigeon"},
        ROW | {"key": "a-3", "unit": "Vägledningscentrumet"},
        good,
        good | {"text": "Något annat"},
        "no row",
        ROW | {"key": "a-7", "colour": "red", "level": "3"},
    ]

    told = system.tell_many(rows)

    found = told.json()
    assert (told.status_code, told.headers["Content-Type"]) == (422, "application/problem+json")
    assert (found["type"], found["taken"], found["known"]) == ("urn:samspel:rows-rejected", 1, 1)
    assert {(one["line"], one["column"]) for one in found["rejected"]} == {
        (2, "level"),
        (2, "side"),
        (2, "channel"),
        (3, "unit"),
        (5, "key"),
        (6, ""),
        (7, "colour"),
        (7, "level"),
    }
    assert "Menade du ”Vägledningscentrum”?" in next(one["reason"] for one in found["rejected"] if one["line"] == 3)
    assert Answer.objects.get().key == "a-1"


@pytest.mark.parametrize("level", ["NaN", "Infinity", "-Infinity", "1e999", "1.5", "true", "null"])
def test_a_number_that_is_none_is_told_and_the_others_are_taken_in(system: System, level: str) -> None:
    odd = json.dumps(ROW | {"key": "odd"}).replace('"level": 3', f'"level": {level}')
    good = json.dumps(ROW | {"key": "good"})

    one, many = (
        system.post("/api/v1/answers", odd),
        system.post("/api/v1/answers/batch", f'{{"answers": [{good}, {odd}]}}'),
    )

    assert (one.status_code, many.status_code) == (422, 422)
    assert "level" in one.json()["fields"]
    assert [(each["line"], each["column"]) for each in many.json()["rejected"]] == [(2, "level")]
    assert Answer.objects.get().key == "good"


def test_a_column_whose_name_is_no_text_is_told_as_well_as_it_can_be(system: System) -> None:
    odd = ROW | {"key": "odd", "\ud800": "x"}

    one, many = system.tell(odd), system.tell_many([ROW | {"key": "good"}, odd])

    assert (one.status_code, many.status_code) == (422, 422)
    assert [(each["line"], each["column"]) for each in many.json()["rejected"]] == [(2, "?")]
    assert Answer.objects.get().key == "good"


def test_many_without_keys_are_known_by_the_batchs_and_their_place(system: System) -> None:
    rows = [ROW, ROW, ROW | {"key": "own"}]
    header = {"Idempotency-Key": "0123456789abcdef"}

    assert system.tell_many(rows, **header).json() == {"taken": 3, "known": 0}
    assert system.tell_many(rows, **header).json() == {"taken": 0, "known": 3}
    assert system.tell_many([]).json() == {"taken": 0, "known": 0}
    assert set(Answer.objects.values_list("key", flat=True)) == {"0123456789abcdef-1", "0123456789abcdef-2", "own"}
    assert {one["column"] for one in system.tell_many(rows).json()["rejected"]} == {"key"}


def test_ten_thousand_at_once_and_not_one_more(system: System) -> None:
    rows = [ROW | {"key": f"a-{number}", "text": "Det gick bra, tack för hjälpen " * 3} for number in range(10_000)]

    assert system.tell_many(rows).json() == {"taken": 10_000, "known": 0}
    assert system.tell_many([*rows, rows[0]]).json()["fields"].keys() == {"answers"}
    assert Answer.objects.count() == 10_000


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("at", ""),
        ("at", "igår"),
        ("at", "2026-02-30T10:00"),
        ("at", "2126-04-02T13:05"),
        ("at", "1999-04-02T13:05"),
        ("at", "2026-04-02T13:05:00+25:00"),
        ("at", "0001-01-01T00:00:00+02:00"),
        ("unit", ""),
        ("unit", "Nowhere"),
        ("unit", "x" * 500),
        ("service", "Bygga båt"),
        ("provider", "Ingen AB"),
        ("area", "Månen"),
        ("factors", "+time|gravity"),
        ("factors", "+time|-time"),
        ("factors", "+"),
        ("language", "svenska"),
        ("age_band", "17"),
        ("channel", "Besök"),
        ("side", ""),
        ("text", "x" * 401),
        ("text", "a\x00b"),
        ("text", "\ud800"),
        ("token", "x" * 201),
        ("key", ""),
        ("key", "med blanksteg"),
        ("key", "x" * 81),
        ("key", "é"),
    ],
)
@pytest.mark.usefixtures("names")
def test_what_a_column_cannot_hold_is_said(system: System, column: str, text: str) -> None:
    told = system.tell(ROW | {"key": "a-1"} | {column: text})

    assert (told.status_code, list(told.json()["fields"])) == (422, [column])
    assert told.json()["fields"][column]
    assert not Answer.objects.exists()


def test_a_unit_is_known_by_number_by_name_and_with_the_name_above_it(system: System, town: Town) -> None:
    north, south = (make_unit(name, town.root) for name in ("Norrskolan", "Söderskolan"))
    kitchens = [make_unit("Köket", school) for school in (north, south)]
    rows = [
        ROW | {"unit": unit, "key": f"a-{place}"}
        for place, unit in enumerate(
            ("Söderskolan / Köket", str(kitchens[1].pk), "LINDVIKS KOMMUN / SÖDERSKOLAN / KÖKET")
        )
    ]

    assert system.tell_many(rows).json()["taken"] == 3
    assert set(Answer.objects.values_list("unit_id", flat=True)) == {kitchens[1].pk}
    said = system.tell(ROW | {"unit": "Köket", "key": "b"}).json()["fields"]["unit"]
    assert "Norrskolan / Köket, Söderskolan / Köket" in said


def test_a_new_name_is_known_at_once(system: System, town: Town) -> None:
    assert system.tell(ROW | {"key": "a-1"}).status_code == 201
    make_unit("Simhallen", town.root)

    assert system.tell(ROW | {"key": "a-2", "unit": "Simhallen"}).status_code == 201


def test_a_day_is_its_noon_and_an_hour_that_was_twice_is_the_first(system: System) -> None:
    times = ("2026-04-02", "2025-10-26 02:30", "2026-03-29T02:30")
    system.tell_many([ROW | {"at": at, "key": f"a-{place}"} for place, at in enumerate(times)])

    assert [one.isoformat() for one in Answer.objects.order_by("key").values_list("at", flat=True)] == [
        "2026-04-02T10:00:00+00:00",
        "2025-10-26T00:30:00+00:00",
        "2026-03-29T01:30:00+00:00",
    ]


# ---------------------------------------------------------------- who


def test_an_analyst_takes_in_for_her_branch_and_another_unit_is_not_there(town: Town) -> None:
    analyst = make_person("Ylva Analytiker", town.guidance, "analyst")
    system = System(analyst)

    assert system.tell(ROW | {"key": "a-1"}).status_code == 201
    other = system.tell(ROW | {"key": "a-2", "unit": "Stadsbiblioteket"})
    missing = system.tell(ROW | {"key": "a-2", "unit": "Xyzzy"})

    assert (other.status_code, missing.status_code) == (422, 422)
    assert other.content.replace(b"Stadsbiblioteket", b"Xyzzy") == missing.content


def test_a_manager_finds_no_such_address_and_a_stranger_is_asked_to_sign_in(town: Town) -> None:
    row = ROW | {"key": "a-1"}

    assert System(town.manager).tell(row).status_code == 404
    assert System(None).tell(row).status_code == 401
    for key in ("x", "1.2:3:4", "å:b:c"):
        assert System(None).tell(row, Authorization=f"Bearer {key}").status_code == 401
    assert not Answer.objects.exists()


def test_a_key_ends_with_the_year_the_account_and_the_password(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    person = town.administrator
    key = new_key(actor=COMMAND_LINE, email=person.email.upper())
    assert actor_of_key(key) == Actor("person", person.pk, name=person.name, is_administrator=True)
    assert actor_of_key(key[:-1] + ("A" if key[-1] != "A" else "B")) is None

    person.set_password("ett annat långt lösenord")
    person.save()
    assert actor_of_key(key) is None

    key = new_key(actor=COMMAND_LINE, email=person.email)
    Person.objects.filter(pk=person.pk).update(is_active=False)
    assert actor_of_key(key) is None
    Person.objects.filter(pk=person.pk).update(is_active=True)
    later = timezone.now().timestamp() + HOLDS.total_seconds() + 1
    monkeypatch.setattr("time.time", lambda: later)
    assert actor_of_key(key) is None


def test_a_role_that_is_taken_away_is_gone_at_once(town: Town) -> None:
    analyst = make_person("Ylva Analytiker", town.guidance, "analyst")
    system = System(analyst)
    Role.objects.filter(person=analyst).delete()

    assert system.tell(ROW | {"key": "a-1"}).status_code == 404


# ---------------------------------------------------------------- taken back


def test_a_row_that_was_sent_is_taken_back_with_itself_and_twice_is_once(system: System) -> None:
    row = ROW | {"key": "a-1", "text": "Tack"}
    system.tell_many([row, ROW | {"key": "a-2"}])

    told = [system.take_back(row) for _time in range(3)]

    assert [(one.status_code, one.json()) for one in told] == [(200, {"withdrawn": 1})] * 3
    assert Answer.objects.get().key == "a-2"
    assert Withdrawal.objects.count() == 1


def test_day_unit_and_key_are_enough_and_the_hour_does_not_matter(system: System) -> None:
    system.tell(ROW | {"key": "a-1"})

    assert system.take_back({"at": "2026-04-02", "unit": "vägledningscentrum", "key": "a-1"}).status_code == 200
    assert not Answer.objects.exists()


def test_rows_without_keys_are_taken_back_under_the_header_they_were_sent_with(system: System) -> None:
    header = {"Idempotency-Key": "0123456789abcdef"}
    system.tell_many([ROW, ROW], **header)

    assert system.take_back(ROW, **header).json() == {"withdrawn": 1}
    assert Answer.objects.get().key == "0123456789abcdef-2"
    assert {one["column"] for one in system.take_back(ROW).json()["rejected"]} == {"key"}


def test_a_key_that_is_unknown_or_of_another_unit_or_day_looks_like_one_that_was_taken_back(system: System) -> None:
    mine = ROW | {"key": "mine"}
    system.tell_many([mine, ROW | {"key": "theirs", "unit": "Stadsbiblioteket"}])

    told = [
        system.take_back(row)
        for row in (mine, ROW | {"key": "nobodys"}, ROW | {"key": "theirs"}, mine | {"at": "2026-04-03"})
    ]

    assert len({(one.status_code, one.content) for one in told}) == 1
    assert Answer.objects.get().key == "theirs"


def test_an_analyst_takes_back_in_her_branch_and_another_unit_is_not_there(town: Town, system: System) -> None:
    analyst = System(make_person("Ylva Analytiker", town.guidance, "analyst"))
    other = ROW | {"key": "a-2", "unit": "Stadsbiblioteket"}
    system.tell_many([ROW | {"key": "a-1"}, other])

    refused, missing = analyst.take_back(other), analyst.take_back(other | {"unit": "Xyzzy"})

    assert (refused.status_code, missing.status_code) == (422, 422)
    assert refused.content.replace(b"Stadsbiblioteket", b"Xyzzy") == missing.content
    assert Answer.objects.count() == 2
    assert analyst.take_back(ROW | {"key": "a-1"}).json() == {"withdrawn": 1}
    assert Answer.objects.get().key == "a-2"


def test_who_may_not_take_in_finds_no_such_address_to_take_back_at(town: Town, system: System) -> None:
    row = ROW | {"key": "a-1"}
    system.tell(row)

    assert System(town.manager).take_back(row).status_code == 404
    assert System(None).take_back(row).status_code == 401
    assert Answer.objects.exists()


def test_the_good_rows_are_taken_back_and_of_the_others_it_is_told_why(system: System) -> None:
    system.tell(ROW | {"key": "a-2"})

    told = system.take_back("no row", ROW | {"key": "a-2"}, ROW | {"at": "i går", "key": "é"}, ROW | {"colour": "red"})

    found = told.json()
    assert (told.status_code, told.headers["Content-Type"]) == (422, "application/problem+json")
    assert (found["type"], found["withdrawn"]) == ("urn:samspel:rows-rejected", 1)
    assert [(one["line"], one["column"]) for one in found["rejected"]] == [
        (1, ""),
        (3, "at"),
        (3, "key"),
        (4, "colour"),
    ]
    assert not Answer.objects.exists()


def test_ten_thousand_are_taken_back_at_once_and_not_one_more(system: System) -> None:
    rows = [ROW | {"key": f"a-{number}"} for number in range(10_000)]
    system.tell_many(rows)

    assert system.take_back(*rows, rows[0]).json()["fields"].keys() == {"answers"}
    assert system.take_back(*rows).json() == {"withdrawn": 10_000}
    assert not Answer.objects.exists()
    assert system.take_back().json() == {"withdrawn": 0}


# ---------------------------------------------------------------- what is sent


def test_what_is_no_json_is_told_and_what_is_too_much(system: System) -> None:
    assert system.post("/api/v1/answers", "{").status_code == 400
    assert system.post("/api/v1/answers", b"\xff").status_code == 400
    assert system.post("/api/v1/answers", "[" * 100_000).status_code == 400
    assert system.tell([ROW]).status_code == 422
    assert system.post("/api/v1/answers/batch", [ROW]).status_code == 422
    assert system.post("/api/v1/answers/batch", {"answers": [], "more": 1}).status_code == 422
    assert system.post("/api/v1/answers", "x" * 8_000_001).status_code == 413
    form = system.client.post("/api/v1/answers", ROW, headers={"Authorization": f"Bearer {system.key}"})
    assert form.status_code == 415


def test_one_answer_costs_few_queries(system: System, django_assert_num_queries: object) -> None:
    system.tell(ROW | {"key": "a-0"})

    with django_assert_num_queries(2):  # type: ignore[operator]
        # Who has the key, and the answer, which is a transaction by itself.
        assert system.tell(ROW | {"key": "a-1"}).status_code == 201


def test_names_are_read_anew_after_a_while(town: Town) -> None:
    now_s = 0.0
    names = from_systems.Remembered(clock=lambda: now_s, for_s=5.0)
    first = names.now()
    assert names.now() is first

    now_s = 5.1

    assert names.now() is not first
