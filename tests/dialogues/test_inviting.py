"""Who is on the list, and the letter they get."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.models import AuditEntry, Installation, OutgoingMail
from samspel.dialogues.actions.inviting import (
    change_wishes,
    import_invitations,
    invite_unit,
    send_invitations,
    uninvite,
)
from samspel.dialogues.letters import calendar_entry, invitation_letter
from samspel.dialogues.models import Dialogue, Invitation, PlannedPlace, Question, State
from tests.dialogues.test_planning import draft
from tests.people import WHEN, Town, actor_of, device_key, make_dialogue, make_person, make_seat

pytestmark = pytest.mark.django_db

LIST = """Namn;E-post;Enhet
Anna Ek;anna@grannen.example;Skolan
Bo Lind;bo@grannen.example;Parken
Cia utan adress;;Parken
;trasig@grannen.example;Skolan
"""


def import_list(town, dialogue, text=LIST, filename="grannenheter.csv"):
    return import_invitations(
        actor=actor_of(town.facilitator),
        dialogue_id=dialogue.pk,
        content=text.encode(),
        filename=filename,
        at=WHEN,
    )


def send(town, dialogue, **more):
    arguments = {"key": device_key(), "at": WHEN} | more
    return send_invitations(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, **arguments)


# ---------------------------------------------------------------- the list


def test_a_unit_comes_with_what_each_manages(town):
    dialogue = draft(town, invite_unit=False)

    added = invite_unit(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, unit_id=town.guidance.pk, at=WHEN)

    assert (added.new, added.changed) == (2, 0)
    manager = dialogue.invitations.get(person=town.manager)
    assert (manager.manages, manager.role, manager.unit) == ("Vägledningscentrum", "Enhetschef", "Vägledningscentrum")
    assert manager.department == "Lindviks kommun"
    member = dialogue.invitations.get(person=town.member)
    assert (member.manages, member.role, member.source) == ("", "", "Vägledningscentrum")


def test_a_unit_invited_again_takes_up_who_is_new(town):
    dialogue = draft(town)
    make_person("Ny Kollega", town.guidance, "member")

    added = invite_unit(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, unit_id=town.guidance.pk, at=WHEN)

    assert (added.new, added.changed) == (1, 0)
    assert dialogue.invitations.count() == 3
    with pytest.raises(NotFoundError):
        invite_unit(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, unit_id=0, at=WHEN)


def test_the_good_rows_of_a_list_go_in_and_the_bad_are_told(town):
    dialogue = draft(town)

    added = import_list(town, dialogue)

    assert added.new == 3
    assert [(bad.line, "Namnet" in bad.reason) for bad in added.bad] == [(5, True)]
    assert dialogue.invitations.filter(source="grannenheter.csv").count() == 3
    assert PlannedPlace.objects.filter(invitation__dialogue=dialogue, seating=1).count() == 5


def test_the_same_list_again_changes_nothing_and_a_new_fact_replaces_the_old(town):
    dialogue = draft(town)
    import_list(town, dialogue)
    codes = dict(dialogue.invitations.values_list("name", "seat_code"))

    again = import_list(town, dialogue)
    changed = import_list(
        town, dialogue, LIST.replace("Bo Lind;bo@grannen.example;Parken", "Bo Ek;BO@grannen.example;")
    )

    assert (again.new, again.changed) == (0, 0)
    assert (changed.new, changed.changed) == (0, 1)
    bo = dialogue.invitations.get(email="bo@grannen.example")
    assert (bo.name, bo.unit, bo.seat_code) == ("Bo Ek", "Parken", codes["Bo Lind"])


def test_a_list_tells_which_language_somebody_needs_an_interpreter_to(town):
    dialogue = draft(town)
    import_list(town, dialogue)
    rows = "Namn;E-post;Tolk till\nAnna Ek;anna@grannen.example;arabiska\nSamir;;finska\n"

    first = import_list(town, dialogue, rows)
    again = import_list(town, dialogue, rows)

    assert (first.new, first.changed, again.new, again.changed) == (1, 1, 0, 0)
    told = dict(dialogue.invitations.filter(needs=["interpreter"]).values_list("name", "interpreter"))
    assert told == {"Anna Ek": "ar", "Samir": "fi"}


def test_every_seat_code_is_eight_digits_and_nobody_elses(town):
    dialogue = draft(town)
    import_list(town, dialogue, "Namn\n" + "\n".join(f"Person {number}" for number in range(200)))

    codes = list(dialogue.invitations.values_list("seat_code", flat=True))

    assert len(set(codes)) == 202
    assert all(re.fullmatch(r"\d{8}", code) for code in codes)


def test_more_than_two_thousand_are_refused_and_nothing_is_changed(town):
    dialogue = draft(town)

    with pytest.raises(InvalidError):
        import_list(town, dialogue, "Namn\n" + "\n".join(f"Person {number}" for number in range(2000)))

    assert dialogue.invitations.count() == 2


def test_one_person_or_a_whole_source_can_be_taken_off(town):
    dialogue = draft(town)
    import_list(town, dialogue)
    arguments = {"actor": actor_of(town.facilitator), "dialogue_id": dialogue.pk, "at": WHEN}

    one = uninvite(invitation_id=dialogue.invitations.get(name="Anna Ek").pk, **arguments)
    rest = uninvite(source="grannenheter.csv", **arguments)

    assert (one, rest) == (1, 2)
    assert dialogue.invitations.count() == 2


def test_who_has_joined_is_not_taken_off(town):
    dialogue = draft(town)
    send(town, dialogue)
    invitation = dialogue.invitations.get(person=town.member)
    seat, _token = make_seat(dialogue)
    seat.invitation = invitation
    seat.save()
    arguments = {"actor": actor_of(town.facilitator), "dialogue_id": dialogue.pk, "at": WHEN}

    with pytest.raises(ConflictError):
        uninvite(invitation_id=invitation.pk, **arguments)
    uninvite(source="Vägledningscentrum", **arguments)

    assert list(dialogue.invitations.all()) == [invitation]


def test_what_somebody_needs_can_be_written_by_hand(town):
    dialogue = draft(town)
    arguments = {"actor": actor_of(town.facilitator), "dialogue_id": dialogue.pk, "at": WHEN, "apart": ""}
    invitation = dialogue.invitations.first()

    change_wishes(invitation_id=invitation.pk, needs=("hearing", "throne"), together="A", **arguments)

    invitation.refresh_from_db()
    assert (invitation.needs, invitation.together) == (["hearing"], "A")
    with pytest.raises(InvalidError):
        change_wishes(invitation_id=invitation.pk, needs=(), together="x" * 21, **arguments)
    with pytest.raises(NotFoundError):
        change_wishes(invitation_id=0, needs=(), together="", **arguments)


@pytest.mark.parametrize("person", ["member", "outsider"])
def test_nobody_else_touches_the_list(town, person):
    dialogue = draft(town)
    arguments = {"actor": actor_of(getattr(town, person)), "dialogue_id": dialogue.pk, "at": WHEN}

    with pytest.raises(NotFoundError):
        invite_unit(unit_id=town.library.pk, **arguments)
    with pytest.raises(NotFoundError):
        import_invitations(content=LIST.encode(), filename="lista.csv", **arguments)
    with pytest.raises(NotFoundError):
        uninvite(source="Vägledningscentrum", **arguments)
    with pytest.raises(NotFoundError):
        send_invitations(key=device_key(), **arguments)


# ---------------------------------------------------------------- letters


def test_everyone_with_an_address_gets_one_letter_and_the_dialogue_is_planned(town):
    dialogue = draft(town)
    import_list(town, dialogue)

    sent = send(town, dialogue)

    assert (sent.letters, sent.without_address) == (4, 1)
    dialogue.refresh_from_db()
    assert dialogue.state == State.PLANNED
    assert OutgoingMail.objects.count() == 4
    assert dialogue.invitations.filter(sent_at=WHEN).count() == 4


def test_a_second_click_sends_nothing_and_a_later_send_only_to_the_new(town):
    dialogue = draft(town)
    key = device_key()
    send(town, dialogue, key=key)

    again = send(town, dialogue, key=key)
    import_list(town, dialogue)
    later = send(town, dialogue)

    assert (again.letters, later.letters) == (0, 2)
    assert OutgoingMail.objects.count() == 4


def test_a_new_time_is_sent_to_everyone_and_replaces_the_old_in_the_calendar(town):
    dialogue = draft(town)
    send(town, dialogue)
    dialogue.refresh_from_db()
    dialogue.starts_at += timedelta(days=1)
    dialogue.save()

    sent = send(town, dialogue, again=True, at=WHEN + timedelta(hours=2))

    assert sent.letters == 2
    first, second = (
        parse_calendar(bytes(mail.attachment)) for mail in OutgoingMail.objects.filter(to=town.member.email)
    )
    assert first["UID"] == second["UID"]
    assert int(second["SEQUENCE"]) > int(first["SEQUENCE"])
    assert second["DTSTART"] > first["DTSTART"]


def test_a_plan_without_its_question_is_not_sent(town):
    dialogue = draft(town, questions=())

    with pytest.raises(InvalidError) as error:
        send(town, dialogue)

    assert set(error.value.fields) == {"question-1"}
    assert not OutgoingMail.objects.exists()


def test_a_rehearsal_is_never_sent(town):
    dialogue = draft(town)
    Dialogue.objects.update(is_rehearsal=True)

    with pytest.raises(ConflictError):
        send(town, dialogue)


def test_the_letter_has_question_time_place_link_and_codes(town, settings):
    settings.SITE_URL = "https://samspel.lindvik.example"
    Installation.objects.create(name="Lindvik", contact="dialog@lindvik.example")
    dialogue = draft(town)
    dialogue.place = "Stadshuset, rum 3"
    dialogue.save()
    invitation = dialogue.invitations.get(person=town.member)

    letter = invitation_letter(dialogue, invitation, WHEN)

    assert "Vad gör ett första möte bra?" in letter.text
    assert "13.00–14.00" in letter.text
    assert "torsdag" in letter.text
    assert "9 april" in letter.text
    assert "Stadshuset, rum 3" in letter.text
    assert f"https://samspel.lindvik.example/m/{dialogue.code}/?plats={invitation.seat_code}" in letter.text
    assert f"{invitation.seat_code[:4]} {invitation.seat_code[4:]}" in letter.text
    assert f"{dialogue.code[:3]} {dialogue.code[3:]}" in letter.text
    assert "tolk, hörslinga" in letter.text
    assert "dialog@lindvik.example" in letter.text
    assert "Vad gör ett första möte bra?" in letter.subject


def test_three_days_are_told_as_from_and_to(town):
    dialogue = draft(town, template="shifts-72")

    letter = invitation_letter(dialogue, dialogue.invitations.first(), WHEN)

    assert re.search(r"9 april.* 13\.00 till .*12 april.* 13\.00", letter.text)


def test_neither_queue_nor_audit_holds_the_letters_words(town):
    dialogue = draft(town)

    send(town, dialogue)

    assert "möte" in OutgoingMail.objects.get(to=town.member.email).text
    for written in (
        list(AuditEntry.objects.values_list("facts", flat=True)),
        list(ProcrastinateJob.objects.values_list("args", flat=True)),
    ):
        assert written
        assert "möte" not in str(written)
        assert town.member.email not in str(written)


# ---------------------------------------------------------------- the calendar entry, read strictly


def parse_calendar(content: bytes) -> dict[str, str]:
    """A strict little reader of RFC 5545: lines end in CRLF, none is over 75 octets, each property once."""
    assert content.endswith(b"\r\n")
    raw = content[:-2].split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line for line in raw)
    assert all(len(line) <= 75 for line in raw)
    assert all(line.decode() for line in raw), "every piece is whole UTF-8 by itself"
    lines = content.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 1
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        assert colon, line
        assert re.fullmatch(r"[A-Z-]+", name), name
        if name in {"BEGIN", "END"}:
            continue
        assert name not in found, name
        found[name] = value
    assert found["VERSION"] == "2.0"
    assert found["PRODID"]
    assert {"UID", "DTSTAMP", "DTSTART"} <= set(found)
    for name in ("DTSTAMP", "DTSTART", "DTEND"):
        assert re.fullmatch(r"\d{8}T\d{6}Z", found[name])
    return found


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], text)


def test_the_calendar_entry_is_what_calendars_read(town, settings):
    settings.SITE_URL = "https://samspel.lindvik.example"
    dialogue = draft(town)
    dialogue.place = "Stadshuset, rum 3; trappa\\upp"
    dialogue.save()
    invitation = dialogue.invitations.first()

    entry = parse_calendar(calendar_entry(dialogue, invitation, datetime(2026, 4, 2, 11, 30, tzinfo=UTC)))

    assert entry["DTSTART"] == "20260409T110000Z"
    assert entry["DTEND"] == "20260409T120000Z"
    assert entry["DTSTAMP"] == "20260402T113000Z"
    assert entry["SEQUENCE"] == "30"
    assert entry["SUMMARY"] == "Vad gör ett första möte bra?"
    assert unescaped(entry["LOCATION"]) == "Stadshuset, rum 3; trappa\\upp"
    assert entry["URL"].endswith(f"/m/{dialogue.code}/?plats={invitation.seat_code}")
    assert entry["UID"].endswith("@samspel.lindvik.example")
    assert f"{invitation.seat_code[:4]} {invitation.seat_code[4:]}" in entry["DESCRIPTION"]


def test_a_long_question_with_wide_letters_is_folded_between_letters(town):
    dialogue = draft(town)
    question = ("Å, ä; ö\\ 🎈 — " * 14)[:190].strip()
    Question.objects.filter(dialogue=dialogue).update(text=question)

    entry = parse_calendar(calendar_entry(dialogue, dialogue.invitations.first(), WHEN))

    assert unescaped(entry["SUMMARY"]) == question


def test_letters_to_a_hall_take_as_many_statements_as_to_a_unit(town: Town) -> None:
    counted = []
    for people in (3, 300):
        dialogue = make_dialogue(town.guidance)
        Invitation.objects.bulk_create(
            Invitation(dialogue=dialogue, name=f"P{n}", email=f"p{n}@x.example", seat_code=f"{len(counted)}{n:07}")
            for n in range(people)
        )
        with CaptureQueriesContext(connection) as asked:
            sent = send_invitations(
                actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, key=device_key(), at=WHEN
            )
        assert sent.letters == people
        counted.append(len(asked))

    assert counted[0] == counted[1]
    assert counted[0] < 40


def test_a_plan_is_ready_without_a_letter_and_a_draft_is_not_led(town, signed_in):
    dialogue = draft(town)
    Dialogue.objects.filter(pk=dialogue.pk).update(starts_at=timezone.now() + timedelta(days=1))
    leader = signed_in(town.facilitator)
    invite = f"/dialogues/{dialogue.pk}/invite"

    assert f'href="{invite}"' in leader.get(f"/dialogues/{dialogue.pk}/lead").content.decode()
    assert "utan att skicka något" in leader.get(invite).content.decode()
    assert leader.post(invite, {"do": "ready", "key": device_key()}).status_code == 302

    dialogue.refresh_from_db()
    assert dialogue.state == State.PLANNED
    assert not OutgoingMail.objects.exists()
    assert f'href="{invite}"' not in leader.get(f"/dialogues/{dialogue.pk}/lead").content.decode()


def test_nobody_is_invited_to_a_day_that_has_been(town, signed_in):
    dialogue = draft(town)
    Dialogue.objects.filter(pk=dialogue.pk).update(starts_at=timezone.now() - timedelta(days=1))
    leader = signed_in(town.facilitator)

    told = leader.post(f"/dialogues/{dialogue.pk}/invite", {"do": "send", "key": device_key()})

    assert told.status_code == 422
    assert "Dagen har redan varit." in told.content.decode()
    assert not OutgoingMail.objects.exists()
