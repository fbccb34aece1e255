"""A participant's pages over HTTP: the way in, the same seat again, the silent step; with and without script."""

import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from samspel.dialogues.access import Here
from samspel.dialogues.actions import joining, solo
from samspel.dialogues.models import Choice, Dialogue, Note, PlannedPlace, Ready, Seat, State, Step, Table
from samspel.dialogues.sealing import SeatToken
from samspel.dialogues.takeover import TAKE_OVERS
from samspel.dialogues.views.phone import ONLY_IN
from tests.people import WHEN, Town, device_key, go_to, hand_in, here_of, make_dialogue, make_seat

CANARY = "Kanariefågel-91c2 säger det bara här"


@pytest.fixture(autouse=True)
def no_codes_out() -> None:
    TAKE_OVERS.clear()


@pytest.fixture
def dialogue(town: Town) -> Dialogue:
    return make_dialogue(town.guidance, now_at="solo")


def phone_of(dialogue: Dialogue, name: str = "") -> tuple[Client, Here]:
    """A phone that has joined, at the first table."""
    seat, token = make_seat(dialogue, dialogue.tables.first(), name)
    Seat.objects.filter(pk=seat.pk).update(seen_at=now())
    seat.refresh_from_db()
    return client_with(dialogue, token), here_of(seat, token)


def client_with(dialogue: Dialogue, token: SeatToken) -> Client:
    client = Client()
    client.cookies["seat"] = token.cookie()
    return client


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


HTMX = {"HX-Request": "true"}

# ---------------------------------------------------------------- the way in


def test_the_code_leads_in_from_the_start_page(dialogue: Dialogue) -> None:
    typed = f"{dialogue.code[:3]} {dialogue.code[3:]}"

    response = Client().post("/m/", {"code": typed})

    assert response.headers["Location"] == f"/m/{dialogue.code}/"


def test_a_pasted_address_keeps_the_personal_code(dialogue: Dialogue) -> None:
    response = Client().post("/m/", {"code": f"http://lindvik.example/m/{dialogue.code}/?plats=K7PQ2MXR"})

    assert response.headers["Location"] == f"/m/{dialogue.code}/?plats=K7PQ2MXR"


@pytest.mark.parametrize("typed", ["", "12", "000000", "<b>hej</b>"])
def test_a_wrong_code_is_told_and_kept_in_the_field(town: Town, typed: str) -> None:
    response = Client().post("/m/", {"code": typed})

    assert response.status_code == 422
    assert "Koden finns inte" in words(response)
    assert "<b>hej" not in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()


@pytest.mark.usefixtures("still")
def test_one_who_guesses_is_stopped_also_when_the_guess_is_right(dialogue: Dialogue) -> None:
    client = Client()
    wrong = f"{(int(dialogue.code) + 1) % 10**6:06}"
    for _ in range(60):
        assert client.get(f"/m/{wrong}/").status_code == 404

    assert client.get(f"/m/{wrong}/").status_code == 429
    assert client.get(f"/m/{dialogue.code}/").status_code == 429
    assert client.post("/m/", {"code": dialogue.code}).status_code == 429
    assert Client().post(f"/m/{dialogue.code}/seat", {"key": device_key()}).status_code == 429


def test_a_guesser_does_not_stop_those_who_have_a_seat(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)
    for _ in range(70):
        Client().post("/m/", {"code": "000000"})

    assert client.get(f"/m/{dialogue.code}/").status_code == 200


def test_a_whole_hall_joins_at_once_from_one_address(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=8)

    for _ in range(60):
        assert Client().post(f"/m/{dialogue.code}/seat", {"key": device_key()}).status_code == 302

    assert Seat.objects.count() == 60
    assert max(table.placements.count() for table in Table.objects.all()) == 8


def test_the_way_in_promises_asks_little_and_sets_no_session(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=3)

    response = Client().get(f"/m/{dialogue.code}/")

    text = words(response)
    assert "Du behöver inget konto och inget namn." in text
    assert "Det du skriver själv ser bara du" in text
    assert "Var arbetar du?" in text
    assert "required" not in response.content.decode()
    assert set(response.cookies) <= {"samspel_csrf"}


def test_where_seating_is_off_the_tables_are_shown_to_choose_from(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=3)
    Dialogue.objects.update(has_seating=False)

    text = words(Client().get(f"/m/{dialogue.code}/"))

    assert "Välj ditt bord" in text
    assert "Bord Spinneriet" in text
    assert "Var arbetar du?" not in text


def test_joining_gives_a_cookie_for_this_meeting_only(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)
    client = Client()

    response = client.post(f"/m/{dialogue.code}/seat", {"key": device_key(), "name": "Leila"})

    cookie = response.cookies["seat"]
    assert response.headers["Location"] == f"/m/{dialogue.code}/"
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (f"/m/{dialogue.code}/", True, "Lax")
    assert cookie["max-age"] == 45 * 24 * 3600
    page = client.get(f"/m/{dialogue.code}/")
    assert "Du sitter vid bord Eldkvarn ." in words(page)
    assert "Vi börjar 13.00." in words(page)


def test_a_second_press_on_join_makes_no_second_seat(dialogue: Dialogue) -> None:
    client, key = Client(), device_key()

    for _ in range(3):
        assert client.post(f"/m/{dialogue.code}/seat", {"key": key}).status_code == 302
    client.post(f"/m/{dialogue.code}/seat", {"key": device_key()})

    assert Seat.objects.count() == 1


def test_a_name_and_a_wrong_personal_code_are_kept_and_told(dialogue: Dialogue) -> None:
    response = Client().post(
        f"/m/{dialogue.code}/seat", {"key": device_key(), "seat_code": "FELFELFE", "name": "Leila"}
    )

    assert response.status_code == 422
    assert 'value="Leila"' in response.content.decode()
    assert 'value="FELFELFE"' in response.content.decode()
    assert "Platskoden finns inte i det här mötet" in words(response)


def test_an_invitation_shows_the_table_before_one_sits_down(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=3)
    invitation = dialogue.invitations.create(name="Karin", seat_code="K7PQ2MXR")
    PlannedPlace.objects.create(invitation=invitation, seating=1, table=dialogue.tables.get(number=2))

    response = Client().get(f"/m/{dialogue.code}/?plats=k7pq2mxr")

    assert "Din plats är förberedd: bord Slussen." in words(response)
    assert "Karin" not in response.content.decode()


def test_a_personal_code_in_use_is_told_with_what_cannot_follow(dialogue: Dialogue) -> None:
    invitation = dialogue.invitations.create(name="Karin", seat_code="K7PQ2MXR")
    first = Client()
    first.post(f"/m/{dialogue.code}/seat", {"key": device_key(), "seat_code": invitation.seat_code})
    first.post(f"/m/{dialogue.code}/notes", {"key": device_key(), "text": CANARY})

    second = Client()
    asked = second.post(f"/m/{dialogue.code}/seat", {"key": device_key(), "seat_code": "K7PQ2MXR"})
    taken = second.post(f"/m/{dialogue.code}/seat", {"key": device_key(), "seat_code": "K7PQ2MXR", "take_over": "1"})

    assert asked.status_code == 409
    assert "finns en tanke som inte är delad" in words(asked)
    assert taken.status_code == 302
    page = second.get(f"/m/{dialogue.code}/")
    assert "En tanke skrevs på en annan telefon." in words(page)
    assert CANARY not in page.content.decode()
    assert "Den här telefonen har ingen plats i mötet längre." in words(first.get(f"/m/{dialogue.code}/"))


def test_a_closed_meeting_says_so(dialogue: Dialogue) -> None:
    Dialogue.objects.update(state=State.CLOSED, closed_at=WHEN)

    assert "Mötet är slut" in words(Client().get(f"/m/{dialogue.code}/"))


def test_blanks_in_the_address_are_forgiven(dialogue: Dialogue) -> None:
    response = Client().get(f"/m/{dialogue.code[:3]} {dialogue.code[3:]}/")

    assert response.headers["Location"] == f"/m/{dialogue.code}/"


# ---------------------------------------------------------------- whose page it is


@pytest.mark.parametrize("cookie", ["", "x", "1.", "1." + "A" * 22, "999999.AAAAAAAAAAAAAAAAAAAAAA", "-1.AAAA"])
def test_with_a_wrong_cookie_one_comes_to_the_way_in(dialogue: Dialogue, cookie: str) -> None:
    _client, here = phone_of(dialogue)
    solo.write_note(here=here, text=CANARY, key=device_key(), question=1, at=WHEN)
    client = Client()
    client.cookies["seat"] = cookie

    response = client.get(f"/m/{dialogue.code}/")

    assert response.status_code == 200
    assert "Välkommen in" in words(response)
    assert CANARY not in response.content.decode()


ADDRESSES = ("", "place", "place/phone", "help", "notes/mine.txt", "ticket", "swap")


def test_no_other_page_shows_what_one_wrote_alone(
    dialogue: Dialogue, signed_in: Callable[..., Client], town: Town
) -> None:
    mine, here = phone_of(dialogue)
    note = solo.write_note(here=here, text=CANARY, key=device_key(), question=1, at=WHEN)
    other, _here = phone_of(dialogue)
    leader = signed_in(town.facilitator)

    assert CANARY in mine.get(f"/m/{dialogue.code}/").content.decode()
    for client in (other, leader, Client()):
        for address in (*ADDRESSES, f"notes/{note.pk}", f"?for={here.seat.number}"):
            for headers in ({}, HTMX):
                response = client.get(f"/m/{dialogue.code}/{address}", headers=headers)
                assert CANARY not in response.content.decode(), address
        for address in (f"notes/{note.pk}", f"notes/{note.pk}/remove", "notes/share"):
            response = client.post(f"/m/{dialogue.code}/{address}", {"text": "kapad", "note": note.pk})
            assert CANARY not in response.content.decode()
    for address in (
        f"/dialogues/{dialogue.pk}/lead",
        f"/dialogues/{dialogue.pk}/plan",
        f"/dialogues/{dialogue.pk}/screen",
        "/home",
    ):
        assert CANARY not in leader.get(address).content.decode()
    assert CANARY in mine.get(f"/m/{dialogue.code}/").content.decode()


def test_an_error_does_not_echo_private_words_into_the_log(
    dialogue: Dialogue, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _here = phone_of(dialogue)
    client.raise_request_exception = False

    def breaks(**_values: object) -> None:
        raise RuntimeError(CANARY)

    with caplog.at_level("DEBUG"):
        client.post(f"/m/{dialogue.code}/notes", {"text": CANARY * 30, "key": device_key()})
        client.post(f"/m/{dialogue.code}/notes", {"text": CANARY, "key": "kort"})
        monkeypatch.setattr(solo, "write_note", breaks)
        response = client.post(f"/m/{dialogue.code}/notes", {"text": CANARY, "key": device_key()})

    assert response.status_code == 500
    assert "Kanariefågel" not in response.content.decode()
    from samspel.core.logs import NoWords

    for record in caplog.records:
        NoWords().filter(record)
        assert "Kanariefågel" not in record.getMessage()


# ---------------------------------------------------------------- alone, without script


def test_the_silent_page_says_question_time_and_who_sees(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)
    Dialogue.objects.update(step_started_at=now(), step_ends_at=now() + (WHEN - WHEN.replace(minute=0)))
    go_to(dialogue, "solo")

    response = client.get(f"/m/{dialogue.code}/")

    text, page = words(response), response.content.decode()
    assert "<title>Tänk själv: Vad behöver vi för att lyckas? – Samspel</title>" in page
    assert "Bord Eldkvarn" in text
    assert "Bara du ser det här. Du väljer sedan vad du tar med till bordet." in text
    assert 'aria-current="step"' in page
    assert page.count("<h1") == 1
    assert "http-equiv" not in page
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_thought_is_written_changed_and_removed_by_plain_loads(dialogue: Dialogue) -> None:
    client, here = phone_of(dialogue)

    response = client.post(f"/m/{dialogue.code}/notes", {"text": "Det är roligt.", "key": device_key()})
    assert response.headers["Location"] == f"/m/{dialogue.code}/#skriv"
    assert "Det är roligt." in words(client.get(f"/m/{dialogue.code}/"))

    note = Note.objects.get()
    assert "Det är roligt." in client.get(f"/m/{dialogue.code}/notes/{note.pk}").content.decode()
    client.post(f"/m/{dialogue.code}/notes/{note.pk}", {"text": "Det var roligt."})
    assert "Det var roligt." in words(client.get(f"/m/{dialogue.code}/"))

    client.post(f"/m/{dialogue.code}/notes/{note.pk}/remove")
    assert not Note.objects.exists()
    assert here.seat.notes.count() == 0


def test_after_an_error_what_was_typed_is_still_there(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)
    long = "å" * 501

    response = client.post(f"/m/{dialogue.code}/notes", {"text": long, "key": device_key()})

    assert response.status_code == 422
    assert long in response.content.decode()
    assert "Högst 500 tecken." in words(response)
    note = solo.write_note(here=_here, text="Kort", key=device_key(), question=1, at=WHEN)
    changed = client.post(f"/m/{dialogue.code}/notes/{note.pk}", {"text": long})
    assert changed.status_code == 422
    assert long in changed.content.decode()


def test_ready_keeps_what_stood_in_the_field_and_thanks(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)

    client.post(f"/m/{dialogue.code}/ready", {"wanted": "1", "text": "Sist", "key": device_key()})

    text = words(client.get(f"/m/{dialogue.code}/"))
    assert "Tack. Vila en stund." in text
    assert "Sist" in text
    client.post(f"/m/{dialogue.code}/ready", {"wanted": "0", "text": "", "key": device_key()})
    assert not Ready.objects.exists()


def test_when_the_answers_are_locked_the_text_is_not_lost(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)
    Dialogue.objects.update(is_locked=True)

    response = client.post(
        f"/m/{dialogue.code}/notes",
        {"text": CANARY, "key": device_key()},
        headers={**HTMX, "Accept": "application/problem+json, text/html"},
    )

    assert response.status_code == 409
    assert "låst" in json.loads(response.content)["title"]


def test_a_thought_written_at_the_table_is_shared_from_there(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)
    client.post(f"/m/{dialogue.code}/notes", {"text": "En", "key": device_key()})
    client.post(f"/m/{dialogue.code}/notes", {"text": "Två", "key": device_key()})
    go_to(dialogue, "small")
    first = Note.objects.first()
    assert first is not None

    client.post(f"/m/{dialogue.code}/notes/share", {"note": [first.pk]})
    assert Note.objects.exclude(text="").count() == 1
    client.post(f"/m/{dialogue.code}/notes/share", {"all": "1"})
    assert Note.objects.exclude(text="").count() == 2


def test_ones_own_thoughts_can_be_taken_home_at_any_time(dialogue: Dialogue) -> None:
    client, here = phone_of(dialogue)
    solo.write_note(here=here, text="Min egen åäö", key=device_key(), question=1, at=WHEN)

    response = client.get(f"/m/{dialogue.code}/notes/mine.txt")

    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "– Min egen åäö (inte delad)" in response.content.decode()
    assert "Vad behöver vi för att lyckas?" in response.content.decode()


# ---------------------------------------------------------------- with script


def test_with_script_a_thought_is_answered_with_its_line(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)

    response = client.post(f"/m/{dialogue.code}/notes", {"text": "Rad <1>", "key": device_key()}, headers=HTMX)

    assert response.content.decode().lstrip().startswith("<li")
    assert "Rad &lt;1&gt;" in response.content.decode()
    assert "Ändra tanken: Rad &lt;1&gt;" in response.content.decode()


def test_the_page_asks_for_its_own_part_and_loads_anew_when_the_step_has_changed(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)
    page = client.get(f"/m/{dialogue.code}/").content.decode()
    found = re.search(r'hx-get="([^"]+)"', page)
    assert found is not None
    address = found.group(1).replace("&amp;", "&")

    part = client.get(address, headers=HTMX)
    assert "<html" not in part.content.decode()
    assert 'id="tid"' in part.content.decode()
    assert 'hx-select-oob="#tid,#tankar"' in page

    go_to(dialogue, "frame")
    changed = client.get(address, headers=HTMX)
    assert changed.headers["HX-Refresh"] == "true"
    assert changed.content == b""


@pytest.mark.parametrize(("template", "phase"), ONLY_IN.items())
def test_a_page_of_one_phase_is_what_its_phase_shows_and_no_other_asks_for_more_to_send_it_away(
    town: Town, template: str, phase: str
) -> None:
    dialogue = make_dialogue(town.guidance, plan=("frame", "solo", "small", "break", "whole"))
    client, _here = phone_of(dialogue)
    address = f"/m/{dialogue.code}/"
    queries = {}

    for kind in ("planned", "frame", "solo", "small", "break", "whole"):
        if kind != "planned":
            go_to(dialogue, kind)
        Seat.objects.update(seen_at=now())
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(f"{address}?vy={template}", headers=HTMX)
        queries[kind] = len(asked), "HX-Refresh" in answer.headers

    assert {kind for kind, (_count, is_sent_away) in queries.items() if not is_sent_away} == {phase}
    assert {count for kind, (count, _sent) in queries.items() if kind != phase} == {2}


@pytest.mark.parametrize(("kind", "most"), [("solo", 6), ("small", 13), ("whole", 8)])
def test_the_part_of_a_page_costs_few_queries(dialogue: Dialogue, kind: str, most: int) -> None:
    client, _here = phone_of(dialogue)
    go_to(dialogue, kind)
    Seat.objects.update(seen_at=now())
    found = re.search(r'hx-get="([^"]+)"', client.get(f"/m/{dialogue.code}/").content.decode())
    assert found is not None

    with CaptureQueriesContext(connection) as asked:
        answer = client.get(found.group(1).replace("&amp;", "&"), headers=HTMX)

    assert "HX-Refresh" not in answer.headers
    assert len(asked) <= most


def test_a_part_asked_for_without_a_seat_loads_the_way_in(dialogue: Dialogue) -> None:
    assert Client().get(f"/m/{dialogue.code}/?vy=x", headers=HTMX).headers["HX-Refresh"] == "true"


def test_the_page_listens_with_a_ticket_that_names_the_seat_only_by_its_number(dialogue: Dialogue) -> None:
    from samspel.live.tickets import read_ticket

    client, here = phone_of(dialogue)
    found = re.search(r'data-live-ticket="([^"]+)"', client.get(f"/m/{dialogue.code}/").content.decode())
    assert found is not None

    for text in (found.group(1), client.get(f"/m/{dialogue.code}/ticket").json()["ticket"]):
        ticket = read_ticket(text)
        assert (ticket.room, ticket.audience, ticket.hint) == (dialogue.room, "person", str(here.seat.number))
    assert Client().get(f"/m/{dialogue.code}/ticket").status_code == 404


def test_what_one_was_writing_when_the_step_ended_can_be_kept_at_the_table(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)
    silent = client.get(f"/m/{dialogue.code}/").content.decode()
    go_to(dialogue, "small")

    page = client.get(f"/m/{dialogue.code}/").content.decode()

    draft = re.search(r'data-draft="([^"]+:q1)"', silent)
    assert draft is not None
    assert f'data-draft="{draft.group(1)}"' in page
    values = {"text": "Halv", "key": device_key(), "question": "1", "again": "1"}
    response = client.post(f"/m/{dialogue.code}/notes", values, headers=HTMX)
    assert response.headers["HX-Redirect"] == f"/m/{dialogue.code}/"
    assert (Note.objects.get().text, Note.objects.get().shared_at) == ("", None)


# ---------------------------------------------------------------- one's place


def test_a_phone_hands_its_seat_over_and_hears_that_it_was_used(dialogue: Dialogue) -> None:
    first, here = phone_of(dialogue)
    solo.write_note(here=here, text="Följer med", key=device_key(), question=1, at=WHEN)
    first.post(f"/m/{dialogue.code}/place/phone")
    shown = first.get(f"/m/{dialogue.code}/place/phone")
    found = re.search(r"(\d{4}) (\d{4})", words(shown))
    assert found is not None
    assert f"/m/{dialogue.code}/swap" in words(shown)
    assert "<svg" in shown.content.decode()

    second = Client()
    assert second.post(f"/m/{dialogue.code}/swap", {"code": "0000 0000"}).status_code == 422
    taken = second.post(f"/m/{dialogue.code}/swap", {"code": found.group(0)})

    assert taken.status_code == 302
    assert "Följer med" in words(second.get(f"/m/{dialogue.code}/"))
    assert "Din plats finns nu på en annan telefon" in words(first.get(f"/m/{dialogue.code}/place/phone"))
    forgotten = first.post(f"/m/{dialogue.code}/place/forget")
    assert forgotten.cookies["seat"]["max-age"] == 0
    assert forgotten.cookies["seat"]["path"] == f"/m/{dialogue.code}/"
    assert "Följer med" in words(second.get(f"/m/{dialogue.code}/"))


def test_a_code_to_take_over_is_in_no_row_and_no_log(dialogue: Dialogue, caplog: pytest.LogCaptureFixture) -> None:
    from tests.dialogues.test_solo import everything_stored

    with caplog.at_level("DEBUG"):
        client, here = phone_of(dialogue)
        client.post(f"/m/{dialogue.code}/place/phone")
    code = TAKE_OVERS.offered(dialogue.pk, here.seat.number).code

    assert len(code) == 8
    assert code.encode() not in everything_stored()
    assert code not in caplog.text


def test_one_helps_somebody_and_writes_for_her(dialogue: Dialogue) -> None:
    client, here = phone_of(dialogue)

    response = client.post(f"/m/{dialogue.code}/help", {"name": "Astrid", "key": device_key()})
    helped = Seat.objects.get(kind="helped")
    assert response.headers["Location"] == f"/m/{dialogue.code}/?for={helped.number}"
    page = client.get(response.headers["Location"])
    assert "Du skriver för Astrid ." in words(page)
    assert "Det du skriver för Astrid är delat med bordet från början." in words(page)

    client.post(f"/m/{dialogue.code}/notes", {"text": "Bänkar", "key": device_key(), "for": helped.number})
    assert (Note.objects.get().text, Note.objects.get().seat) == ("Bänkar", helped)
    client.post(f"/m/{dialogue.code}/ready", {"wanted": "1", "for": helped.number})
    assert Ready.objects.get().seat == helped
    stranger, _here = phone_of(dialogue)
    assert stranger.get(f"/m/{dialogue.code}/?for={helped.number}").status_code == 404
    assert client.post(f"/m/{dialogue.code}/help", {"name": "", "key": device_key()}).status_code == 422
    assert here.seat.helps.count() == 1


def test_the_place_page_leads_to_everything_one_may_change(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)

    text = words(client.get(f"/m/{dialogue.code}/place"))
    for part in ("Byt telefon", "Hjälp någon utan telefon", "Spara namnet", "Ta hem mina tankar"):
        assert part in text
    client.post(f"/m/{dialogue.code}/place", {"name": "Leila"})
    assert Seat.objects.get().name == "Leila"
    assert client.post(f"/m/{dialogue.code}/place", {"name": "x" * 41}).status_code == 422


def test_one_without_a_table_gets_one_with_a_press(dialogue: Dialogue) -> None:
    seat, token = make_seat(dialogue)
    client = client_with(dialogue, token)
    assert "Du har inget bord än" in words(client.get(f"/m/{dialogue.code}/"))

    client.post(f"/m/{dialogue.code}/place/table")

    assert "Bord Eldkvarn" in words(client.get(f"/m/{dialogue.code}/"))
    assert seat.placements.count() == 1


# ---------------------------------------------------------------- the steps in which nobody writes


def test_the_welcome_opens_with_what_was_agreed(town: Town) -> None:
    before = make_dialogue(town.guidance, now_at="agree")
    before.agreements.create(text="Vi provar tysta tisdagar.", owner="Malin", key=device_key(), agreed_at=WHEN)
    Dialogue.objects.update(starts_at=WHEN.replace(month=1))
    dialogue = make_dialogue(town.guidance, now_at="frame")
    client, _here = phone_of(dialogue)

    page = client.get(f"/m/{dialogue.code}/")

    assert "Vi provar tysta tisdagar." in words(page)
    assert "Vad behöver vi för att lyckas?" in words(page)
    assert 'http-equiv="refresh"' in page.content.decode()


def test_a_change_of_tables_says_where_to_go(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2, plan=("small", "move", "small"))
    Step.objects.filter(dialogue=dialogue, position__gte=2).update(seating=2)
    seat, token = make_seat(dialogue, dialogue.tables.first())
    seat.placements.create(seating=2, table=dialogue.tables.last())
    go_to(dialogue, "move")

    text = words(client_with(dialogue, token).get(f"/m/{dialogue.code}/"))

    assert "Du ska till bord Slussen" in text


def test_a_break_says_where_one_is_after_it(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, plan=("small", "break", "small"), now_at="break")
    client, _here = phone_of(dialogue)

    text = words(client.get(f"/m/{dialogue.code}/"))

    assert "Paus" in text
    assert "Du är kvar vid bord Eldkvarn." in text


def test_afterwards_the_page_thanks_and_says_what_is_erased(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)
    Dialogue.objects.update(state=State.CLOSED, closed_at=WHEN)

    text = words(client.get(f"/m/{dialogue.code}/"))

    assert "Tack för i dag" in text
    assert "Det du inte delade är raderat." in text
    assert client.get(f"/m/{dialogue.code}/place").status_code == 200


def test_afterwards_the_chosen_are_on_every_phone(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)
    (proposal,) = hand_in(dialogue.tables.get(), "Tid att tänka", reviewed=True)
    choice = Choice.objects.create(
        dialogue=dialogue,
        question=1,
        computed_at=WHEN,
        seed=1,
        version="1",
        ballots=1,
        told={"covered": 1, "voters": 1, "from": "tables", "most_marks": [str(proposal.pk)], "ties": []},
    )
    choice.chosen.create(place=1, proposal=proposal, tables=1, ballots=1)
    Dialogue.objects.update(state=State.CLOSED, closed_at=WHEN, shows_results=True)

    text = words(client.get(f"/m/{dialogue.code}/"))

    assert "1 Tid att tänka" in text
    assert "Rådgivande" in text
    assert "1 av 1 vid borden har något från sitt bord bland det som valdes." in text
    assert "de tre" not in text
    assert "Varför just de här?" in text
    assert "Samma förslag hade fått plats om bara flest röster hade räknats." in text
    assert client.get(f"/m/{dialogue.code}/result.pdf").content.startswith(b"%PDF")
    assert f'href="/m/{dialogue.code}/result.pdf"' in client.get(f"/m/{dialogue.code}/").content.decode()


# ---------------------------------------------------------------- a table that can be reached


def test_it_is_asked_only_where_tables_differ_and_says_what_it_is_for(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2, now_at="frame")
    address = f"/m/{dialogue.code}/"
    asks = "Jag behöver ett bord som går att nå med rullstol eller rollator"
    assert asks not in words(Client().get(address))
    dialogue.tables.filter(number=1).update(is_accessible=False)
    visitor = Client()

    page = words(visitor.get(address))
    visitor.post(f"{address}seat", {"key": device_key(), "accessible": "1"})

    assert asks in page
    assert "Används bara för att välja bord åt dig. Vi sparar det inte." in page
    assert dialogue.seats.get().placements.get().table.number == 2
    assert "Bordet är lätt att nå med rullstol eller rollator." in words(visitor.get(f"{address}place"))


def test_where_one_chooses_the_tables_that_can_be_reached_are_told(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2, now_at="frame")
    Dialogue.objects.update(has_seating=False)
    dialogue.tables.filter(number=2).update(is_accessible=False)

    page = words(Client().get(f"/m/{dialogue.code}/"))

    assert "Bord Eldkvarn , lätt att nå" in page.replace("Eldkvarn,", "Eldkvarn ,")
    assert page.count("lätt att nå") == 1


# ---------------------------------------------------------------- what a page costs


@pytest.mark.parametrize(("people", "notes"), [(3, 1), (60, 20)])
def test_the_page_asks_as_often_with_sixty_as_with_three(
    town: Town, django_assert_num_queries: Any, people: int, notes: int
) -> None:
    dialogue = make_dialogue(town.guidance, tables=8, now_at="solo")
    for number in range(people - 1):
        make_seat(dialogue, dialogue.tables.all()[number % 8])
    client, here = phone_of(dialogue)
    for number in range(notes):
        solo.write_note(here=here, text=f"Tanke {number}", key=device_key(), question=1, at=WHEN)

    # dialogue, last event, seat, placement, own thoughts, those helped, ready, question
    with django_assert_num_queries(8):
        client.get(f"/m/{dialogue.code}/")


@pytest.mark.parametrize(("kind", "queries"), [("frame", 6), ("break", 7)])
def test_calm_pages_ask_little(town: Town, django_assert_num_queries: Any, kind: str, queries: int) -> None:
    dialogue = make_dialogue(town.guidance, plan=("frame", "solo", "break", "small"), now_at=kind)
    client, _here = phone_of(dialogue)

    with django_assert_num_queries(queries):
        client.get(f"/m/{dialogue.code}/")


def test_a_participants_page_weighs_at_most_ten_kilobytes(dialogue: Dialogue) -> None:
    client, here = phone_of(dialogue)
    for number in range(12):
        solo.write_note(here=here, text=f"Tanke {number} " + "ord " * 20, key=device_key(), question=1, at=WHEN)

    for address in ("", "place", "help"):
        page = client.get(f"/m/{dialogue.code}/{address}").content
        assert len(gzip.compress(page)) < 10_000, address
    assert len(gzip.compress(Client().get(f"/m/{dialogue.code}/").content)) < 10_000


def test_no_page_has_inline_styles_or_scripts_or_leans_on_others(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)

    for address in ("", "place", "place/phone", "help", "swap"):
        page = client.get(f"/m/{dialogue.code}/{address}").content.decode()
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son[a-z]+=|<style", page), address
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page), address


def test_every_form_that_makes_something_carries_a_key(dialogue: Dialogue) -> None:
    client, _here = phone_of(dialogue)

    for page in (
        client.get(f"/m/{dialogue.code}/"),
        client.get(f"/m/{dialogue.code}/help"),
        Client().get(f"/m/{dialogue.code}/"),
    ):
        assert re.search(r'name="key" value="[A-Za-z0-9_-]{16,64}"', page.content.decode())


def test_joining_and_writing_work_in_every_language(dialogue: Dialogue) -> None:
    for language in ("sv", "da", "en"):
        client = Client()
        client.cookies["samspel_language"] = language
        assert client.get(f"/m/{dialogue.code}/").status_code == 200
        client.post(f"/m/{dialogue.code}/seat", {"key": device_key()})
        page = client.get(f"/m/{dialogue.code}/")
        assert f'<html lang="{language}"' in page.content.decode()
    assert set(Seat.objects.values_list("language", flat=True)) == {"sv", "da", "en"}


def test_being_here_is_seen_on_the_seat(dialogue: Dialogue) -> None:
    _seat, token = make_seat(dialogue, dialogue.tables.first())
    before = now() - joining.SEEN_EVERY
    Seat.objects.update(seen_at=before)

    client_with(dialogue, token).get(f"/m/{dialogue.code}/")

    assert Seat.objects.get().seen_at >= before + joining.SEEN_EVERY
