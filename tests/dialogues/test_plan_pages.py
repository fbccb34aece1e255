"""The pages of planning, by plain loads and by fragments."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from samspel.core.models import OutgoingMail
from samspel.dialogues import plan_documents
from samspel.dialogues.actions import planning
from samspel.dialogues.models import Agreement, Dialogue, Invitation, State
from samspel.dialogues.plan_queries import people_page
from tests.dialogues.test_planning import draft, people_of, save
from tests.people import WHEN, device_key, make_dialogue, make_person, make_seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def leader(town, signed_in):
    return signed_in(town.facilitator)


def form_of(dialogue, **fields):
    """What the page's form sends when nothing was changed."""
    return {
        "key": device_key(),
        "template": dialogue.template.key,
        "question-1": dialogue.questions.get(number=1).text,
        "question-2": "",
        "question-3": "",
        "date": "2026-04-09",
        "time": "13:00",
        "place": "",
        "more": "1",
        "title": dialogue.title,
        "language": "sv",
        "has_seating": "on",
        "needs_review": "on",
        "is_public": "on",
        "table_name": [table.name for table in dialogue.tables.all()],
    } | fields


def press(client, dialogue, do="save", *, htmx=False, **fields):
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(f"/dialogues/{dialogue.pk}/plan", form_of(dialogue, do=do, **fields), headers=headers)


# ---------------------------------------------------------------- new


def test_a_new_dialogue_is_a_draft_with_the_day_and_time_that_were_chosen(town, leader):
    page = leader.get(f"/dialogues/new?unit={town.guidance.pk}")
    answer = leader.post(
        "/dialogues/new",
        {
            "unit": town.guidance.pk,
            "template": "apt-30",
            "date": "2026-05-05",
            "time": "09.30",
            "question-1": "Vad kan vi sluta med?",
            "key": device_key(),
        },
    )

    dialogue = Dialogue.objects.get()
    assert page.status_code == 200
    assert answer.url == f"/dialogues/{dialogue.pk}/plan"
    assert dialogue.starts_at.isoformat() == "2026-05-05T07:30:00+00:00"
    assert dialogue.questions.get().text == "Vad kan vi sluta med?"


def test_a_wrong_day_is_told_at_its_field_and_what_was_typed_stays(town, leader):
    answer = leader.post(
        "/dialogues/new",
        {"unit": town.guidance.pk, "template": "apt-30", "date": "i maj", "time": "9", "question-1": "Vad nu?"},
    )

    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Skriv dagen som" in html
    assert "Vad nu?" in html
    assert not Dialogue.objects.exists()


def test_one_who_leads_nothing_finds_no_page_for_new_dialogues(town, signed_in):
    assert signed_in(town.member).get("/dialogues/new").status_code == 404


# ---------------------------------------------------------------- the plan


def test_the_plan_opens_with_what_was_agreed_last_time(town, leader):
    earlier = make_dialogue(town.guidance, now_at="agree")
    Agreement.objects.create(dialogue=earlier, text="Vi hälsar inom en minut", key=device_key(), agreed_at=WHEN)
    dialogue = draft(town)

    html = leader.get(f"/dialogues/{dialogue.pk}/plan").content.decode()

    assert "Sedan sist" in html
    assert "Vi hälsar inom en minut" in html
    assert "13.00–14.00" in html
    assert "13.04–13.09" in html
    assert "Bjud in 2 personer" in html


def test_the_page_takes_as_many_queries_for_sixty_people_as_for_six(town, leader):
    dialogue = draft(town)
    people_of(dialogue, ["A", "B"], 3)
    save(town, dialogue, tables=2)
    leader.get(f"/dialogues/{dialogue.pk}/plan")

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            leader.get(f"/dialogues/{dialogue.pk}/plan")
        return len(queries)

    few = count()
    people_of(dialogue, ["C", "D", "E"], 18)
    save(town, dialogue, tables=8)
    many = count()

    assert many == few
    assert few <= 40


def test_a_plus_makes_the_step_longer_and_stays_unfolded(town, leader):
    dialogue = draft(town)
    solo = dialogue.steps.get(kind="solo")

    answer = press(leader, dialogue, f"longer-{solo.pk}")

    solo.refresh_from_db()
    assert solo.minutes == 6
    assert answer.url == f"/dialogues/{dialogue.pk}/plan?step={solo.pk}#step-{solo.pk}"
    press(leader, dialogue, f"shorter-{solo.pk}")
    solo.refresh_from_db()
    assert solo.minutes == 5


def test_long_steps_change_by_hours_and_come_back(town, leader):
    dialogue = draft(town, template="shifts-72")
    solo = dialogue.steps.get(kind="solo")

    press(leader, dialogue, f"shorter-{solo.pk}")
    solo.refresh_from_db()
    assert solo.minutes == 2820

    press(leader, dialogue, f"longer-{solo.pk}")
    solo.refresh_from_db()
    assert solo.minutes == 2880


def test_autosave_answers_with_the_parts_that_follow(town, leader):
    dialogue = draft(town)

    answer = press(leader, dialogue, htmx=True, **{"question-1": "Är mötet bra?", "template": "apt-30"})

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in html
    assert "13.00–13.30" in html
    assert "Pröva att börja med Vad, Hur eller När" in html
    assert "<textarea" not in html, "a field that is being written in is never replaced"
    dialogue.refresh_from_db()
    assert dialogue.template.key == "apt-30"


def test_a_question_that_is_too_long_stays_in_its_field_with_the_reason(town, leader):
    dialogue = draft(town)

    answer = press(leader, dialogue, **{"question-1": "x" * 250, "place": "Rådhuset"})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "x" * 250 in html
    assert "Korta frågan till högst 200 tecken" in html
    dialogue.refresh_from_db()
    assert dialogue.place == "Rådhuset"
    assert dialogue.questions.get().text == "Vad gör ett första möte bra?"


def test_a_second_question_can_be_added_and_dropped_without_script(town, leader):
    dialogue = draft(town)

    assert press(leader, dialogue, "add-question").url.endswith("?question=1")
    page = leader.get(f"/dialogues/{dialogue.pk}/plan?question=1").content.decode()
    assert 'id="rad-2" >' in page
    press(leader, dialogue, **{"question-2": "Vad kan vi sluta med?"})
    assert dialogue.questions.count() == 2

    press(leader, dialogue, "drop-question-2", **{"question-2": "Vad kan vi sluta med?"})
    assert [question.text for question in dialogue.questions.all()] == ["Vad gör ett första möte bra?"]


def test_tables_and_groups_have_minus_and_plus(town, leader):
    dialogue = draft(town)

    press(leader, dialogue, "more-tables")
    press(leader, dialogue, "larger-groups")

    dialogue.refresh_from_db()
    assert (dialogue.tables.count(), dialogue.group_size) == (2, 4)
    press(leader, dialogue, "fewer-tables")
    press(leader, dialogue, "smaller-groups")
    dialogue.refresh_from_db()
    assert (dialogue.tables.count(), dialogue.group_size) == (1, 3)


def test_a_list_goes_in_with_the_rest_of_the_form_and_bad_rows_are_told(town, leader):
    dialogue = draft(town)
    file = SimpleUploadedFile("grannar.csv", b"Namn;E-post\nAnna;anna@x.example\n;b@x.example\n")

    answer = press(leader, dialogue, "add-list", list=file, place="Rådhuset")

    html = answer.content.decode()
    assert "Rad 3" in html
    assert "Namnet saknas" in html
    assert dialogue.invitations.filter(name="Anna").exists()
    dialogue.refresh_from_db()
    assert dialogue.place == "Rådhuset"


def test_no_file_and_a_file_that_cannot_be_read_are_told_at_the_field(town, leader):
    dialogue = draft(town)

    assert "Välj en fil först" in press(leader, dialogue, "add-list").content.decode()
    file = SimpleUploadedFile("grannar.pdf", b"%PDF-1.7")
    assert "Spara listan som Excel" in press(leader, dialogue, "add-list", list=file).content.decode()


def test_a_unit_and_a_leader_are_added_from_the_form(town, leader):
    dialogue = draft(town)

    press(leader, dialogue, "add-unit", add_unit=town.library.pk)
    press(leader, dialogue, "add-leader", leader=town.member.pk)

    assert dialogue.invitations.filter(person=town.outsider).exists()
    assert dialogue.leaders.get().person == town.member
    press(leader, dialogue, f"drop-leader-{town.member.pk}")
    assert not dialogue.leaders.exists()


def test_closing_the_result_without_a_reason_is_told_at_the_field(town, leader):
    dialogue = draft(town)
    form = form_of(dialogue, do="save")
    del form["is_public"]

    answer = leader.post(f"/dialogues/{dialogue.pk}/plan", form)

    assert answer.status_code == 422
    assert "Skriv skälet och paragrafen" in answer.content.decode()


def test_a_member_sees_no_plan_and_a_running_one_is_only_read(town, leader, signed_in):
    dialogue = draft(town)
    assert signed_in(town.member).get(f"/dialogues/{dialogue.pk}/plan").status_code == 404

    running = make_dialogue(town.guidance, now_at="solo")
    page = leader.get(f"/dialogues/{running.pk}/plan")
    assert page.status_code == 200
    assert "planen ligger fast" in page.content.decode()
    assert leader.post(f"/dialogues/{running.pk}/plan", {"title": "Nytt"}).status_code == 409


def test_the_plan_of_a_running_meeting_counts_those_who_sit_there(town, leader):
    running = make_dialogue(town.guidance, now_at="small", tables=2)
    for table, people in zip(running.tables.all(), (3, 1), strict=True):
        for _ in range(people):
            make_seat(running, table)

    page = leader.get(f"/dialogues/{running.pk}/plan").content.decode()

    assert '<h1 class="title">Planen</h1>' in page
    assert '<strong class="sam-num">4</strong> personer har kommit.' in page
    assert "Ingen är på listan" not in page
    assert re.findall(r"<text[^>]*>(\d+)</text>", page) == ["3", "1"]
    assert 'class="save"' not in page


def test_save_stands_last_and_not_beside_the_rehearsal(town, leader):
    page = leader.get(f"/dialogues/{draft(town).pk}/plan").content.decode()

    _before, last = page.split('class="save"')
    assert 'value="save">Spara' in last.split("</p>")[0]
    assert 'value="rehearse"' not in last


# ---------------------------------------------------------------- inviting


def test_bjud_in_leads_to_the_letter_and_asks_once(town, leader):
    dialogue = draft(town)
    day = (timezone.localdate() + timedelta(days=9)).isoformat()

    assert press(leader, dialogue, "invite", date=day).url == f"/dialogues/{dialogue.pk}/invite"
    assert press(leader, dialogue, "invite", htmx=True, date=day)["HX-Redirect"] == f"/dialogues/{dialogue.pk}/invite"
    page = leader.get(f"/dialogues/{dialogue.pk}/invite").content.decode()
    assert "Ja, skicka till 2 personer" in page
    assert not OutgoingMail.objects.exists()

    leader.post(f"/dialogues/{dialogue.pk}/invite", {"key": device_key(), "do": "send"})
    assert OutgoingMail.objects.count() == 2
    dialogue.refresh_from_db()
    assert dialogue.state == State.PLANNED


def test_without_a_question_nobody_is_invited_and_the_field_says_so(town, leader):
    dialogue = draft(town)

    answer = press(leader, dialogue, "invite", **{"question-1": ""})

    assert answer.status_code == 422
    assert "Skriv frågan som ni ska tala om" in answer.content.decode()
    dialogue.refresh_from_db()
    assert dialogue.state == State.DRAFT


def test_people_can_be_read_changed_and_taken_off(town, leader):
    dialogue = draft(town)
    invitation = dialogue.invitations.get(person=town.member)
    address = f"/dialogues/{dialogue.pk}/people"

    page = leader.get(address).content.decode()
    assert "Karin Samordnare" in page
    assert "Eldkvarn" in page
    leader.post(address, {"invitation": invitation.pk, "do": "wishes", "needs": ["hearing"], "together": "A"})
    invitation.refresh_from_db()
    assert (invitation.needs, invitation.together) == (["hearing"], "A")
    wrong = leader.post(address, {"invitation": invitation.pk, "do": "wishes", "together": "x" * 21})
    assert wrong.status_code == 422
    leader.post(address, {"invitation": invitation.pk, "do": "remove"})
    leader.post(address, {"source": "Vägledningscentrum", "do": "remove-source"})
    assert not dialogue.invitations.exists()


def test_the_file_to_fill_in_is_excel(leader):
    answer = leader.get("/dialogues/participants.xlsx")

    assert load_workbook(BytesIO(answer.content)).active["A1"].value == "Namn"


def test_codes_and_cards_are_pdf_for_leaders_only(town, leader, signed_in):
    dialogue = draft(town)

    for name in ("codes", "cards"):
        answer = leader.get(f"/dialogues/{dialogue.pk}/{name}.pdf")
        assert answer["Content-Type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
        assert signed_in(town.member).get(f"/dialogues/{dialogue.pk}/{name}.pdf").status_code == 404


def test_a_rehearsal_leads_to_its_console_and_a_draft_can_be_thrown_away(town, leader):
    dialogue = draft(town)

    answer = press(leader, dialogue, "rehearse")
    copy = Dialogue.objects.get(is_rehearsal=True)
    assert answer.url == f"/dialogues/{copy.pk}/lead"

    assert press(leader, dialogue, "delete").url == "/dialogues"
    assert not Dialogue.objects.filter(pk=dialogue.pk).exists()


# ---------------------------------------------------------------- the list


def test_the_list_shows_what_goes_on_what_comes_and_what_was(town, leader):
    draft(town)
    make_dialogue(town.guidance, now_at="solo")
    make_dialogue(town.guidance)

    html = leader.get("/dialogues").content.decode()

    for heading in ("Pågår nu", "Kommer", "Utkast"):
        assert heading in html
    assert "Planera vidare" in html


def test_drafts_and_rehearsals_are_for_those_who_lead(town, leader, signed_in):
    dialogue = draft(town)
    press(leader, dialogue, "rehearse")

    mine = signed_in(town.member).get("/dialogues").content.decode()
    other = signed_in(town.outsider).get("/dialogues").content.decode()

    assert "Repetitioner" in leader.get("/dialogues").content.decode()
    for html in (mine, other):
        assert "Repetitioner" not in html
        assert "Utkast" not in html


def test_what_a_dialogue_came_to_is_linked_only_where_the_link_leads(town, leader, signed_in):
    """Who has another role in the unit than its members reads what is open to all, and nothing where that is not."""
    dialogue = make_dialogue(town.guidance, now_at="solo")
    Dialogue.objects.filter(pk=dialogue.pk).update(state="closed", closed_at=WHEN)
    analyst = signed_in(make_person("Jonas Wik", town.guidance, "analyst"))
    protocol, public = f"/dialogues/{dialogue.pk}/protocol", f"/open/{dialogue.slug}"

    assert protocol in signed_in(town.member).get("/dialogues").content.decode()
    seen = analyst.get("/dialogues").content.decode()
    assert protocol not in seen
    assert public in seen
    assert analyst.get(public).status_code == 200
    Dialogue.objects.filter(pk=dialogue.pk).update(is_public=False, closed_reason="Skäl")
    hidden = analyst.get("/dialogues").content.decode()
    assert dialogue.title in hidden
    assert public not in hidden


def test_the_list_takes_as_many_queries_for_ten_as_for_two(town, leader):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            leader.get("/dialogues")
        return len(queries)

    for _ in range(2):
        make_dialogue(town.guidance)
    few = count()
    for _ in range(8):
        make_dialogue(town.guidance)

    assert count() == few


@pytest.mark.parametrize("people", [2, 40])
def test_the_list_of_people_is_read_in_three_queries_however_long(town, people, django_assert_num_queries):
    dialogue = make_dialogue(town.guidance)
    planning.set_tables(dialogue, 5)
    Invitation.objects.bulk_create(
        Invitation(dialogue=dialogue, name=f"Person {number}", seat_code=f"{number:08}") for number in range(people)
    )

    with django_assert_num_queries(3):
        assert len(people_page(dialogue).people) == people


def test_the_plan_says_which_tables_can_be_reached_and_seats_by_it(town, leader):
    dialogue = draft(town)
    press(leader, dialogue, do="more-tables")
    person = Invitation.objects.create(dialogue=dialogue, name="Elsa", seat_code="AAAABBBB", needs=["accessible"])
    Invitation.objects.create(dialogue=dialogue, name="Olle", seat_code="AAAACCCC")

    press(leader, dialogue, access="1", accessible=["2"])
    page = leader.get(f"/dialogues/{dialogue.pk}/plan").content.decode()

    assert list(dialogue.tables.values_list("number", "is_accessible")) == [(1, False), (2, True)]
    assert person.planned_places.get().table.number == 2
    assert 'name="accessible" id="na-2" value="2" checked' in page
    assert 'name="accessible" id="na-1" value="1" checked' not in page
    press(leader, dialogue)  # a form without the switches leaves them
    assert dialogue.tables.get(number=1).is_accessible is False


def test_a_card_says_that_its_table_can_be_reached_where_another_cannot(town, monkeypatch):
    dialogue = draft(town)
    planning.set_tables(dialogue, 2)
    monkeypatch.setattr(plan_documents, "render_pdf", lambda _name, data: data["tables"])

    plain = plan_documents.cards_pdf(dialogue)
    dialogue.tables.filter(number=1).update(is_accessible=False)
    told = plan_documents.cards_pdf(dialogue)

    assert [table["access"] for table in plain] == ["", ""]
    assert [table["access"] for table in told] == ["", "Lätt att nå med rullstol eller rollator"]
    monkeypatch.undo()
    assert plan_documents.cards_pdf(dialogue).startswith(b"%PDF-")
