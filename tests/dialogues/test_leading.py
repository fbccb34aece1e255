"""Leading: the leader moves on, two leaders at once, undo, and what closing erases."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.models import AuditEntry
from samspel.dialogues.actions import leading, whole
from samspel.dialogues.models import Choice, Dialogue, Note, Placement, Proposal, Seat, Sitting, State
from samspel.dialogues.overview import overview
from samspel.dialogues.sealing import SeatToken, seal
from tests.conftest import SignIn
from tests.people import WHEN, Town, actor_of, device_key, go_to, hand_in, here_of, make_dialogue, make_seat, make_town


def later(seconds: float) -> datetime:
    return WHEN + timedelta(seconds=seconds)


def test_whether_the_result_is_open_is_said_where_one_closes(town: Town, signed_in: SignIn) -> None:
    dialogue = make_dialogue(town.guidance, now_at="checkout")
    leader, close = signed_in(town.facilitator), f"/dialogues/{dialogue.pk}/close"
    shown = leader.get(close).content.decode()
    assert "Resultatet blir öppet för alla genast" in shown
    [way] = re.findall(r'action="(/dialogues/\d+/[^"]+)"', shown)

    refused = leader.post(way, {"closed_reason": ""}, follow=True)
    saved = leader.post(way, {"closed_reason": "Personalärende, 21 kap. 1 §"}, follow=True)

    assert "Skriv skälet" in refused.content.decode()
    assert saved.redirect_chain == [(close, 302)]
    assert "blir öppet för alla genast" not in saved.content.decode()
    leader.post(close)
    assert leader.post(way, {"is_public": "on"}).headers["Location"] == f"/dialogues/{dialogue.pk}/protocol"


def test_a_dialogue_walks_through_its_plan_and_closes(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)
    leader = actor_of(town.facilitator)

    leading.start_dialogue(actor=leader, dialogue_id=dialogue.pk, at=WHEN)
    seen = []
    for position in range(1, 8):
        leading.next_step(actor=leader, dialogue_id=dialogue.pk, seen=position, at=later(position))
        dialogue.refresh_from_db()
        assert dialogue.step is not None
        seen.append(dialogue.step.kind)
    leading.close_dialogue(actor=leader, dialogue_id=dialogue.pk, at=later(60))

    dialogue.refresh_from_db()
    assert seen == ["solo", "small", "choose", "whole", "ballot", "agree", "checkout"]
    assert (dialogue.state, dialogue.closed_at) == (State.CLOSED, later(60))
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["dialogue.started", *["dialogue.went_on"] * 7, "dialogue.closed"]


@pytest.mark.parametrize(("behind", "is_told"), [(timedelta(minutes=20), True), (timedelta(days=3), False)])
def test_how_late_it_is_is_told_on_the_plan_s_own_day(
    town: Town, signed_in: SignIn, behind: timedelta, is_told: bool
) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    Dialogue.objects.filter(pk=dialogue.pk).update(
        starts_at=timezone.now() - behind, step_ends_at=timezone.now() + timedelta(minutes=5)
    )

    console = signed_in(town.facilitator).get(f"/dialogues/{dialogue.pk}/lead").content.decode()

    assert "Nu tänker alla själva" in console
    assert ("Ni ligger" in console) == is_told


def test_two_presses_on_the_same_page_move_one_step(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="frame")

    for actor in (actor_of(town.facilitator), actor_of(town.manager)):
        leading.next_step(actor=actor, dialogue_id=dialogue.pk, seen=1, at=WHEN)

    dialogue.refresh_from_db()
    assert dialogue.step is not None
    assert dialogue.step.position == 2


@pytest.mark.django_db(transaction=True)
def test_two_leaders_pressing_at_the_same_moment_move_one_step() -> None:
    town = make_town()
    dialogue = make_dialogue(town.guidance, now_at="frame")

    def press(actor_number: int) -> None:
        actor = actor_of((town.facilitator, town.manager)[actor_number % 2])
        try:
            leading.next_step(actor=actor, dialogue_id=dialogue.pk, seen=1, at=WHEN)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(press, range(6)))

    dialogue.refresh_from_db()
    assert dialogue.step is not None
    assert dialogue.step.position == 2


def test_a_pause_stops_the_clock_and_gives_back_what_was_left(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    leader = actor_of(town.facilitator)

    leading.pause(actor=leader, dialogue_id=dialogue.pk, wanted=True, at=later(60))
    leading.pause(actor=leader, dialogue_id=dialogue.pk, wanted=True, at=later(90))
    leading.pause(actor=leader, dialogue_id=dialogue.pk, wanted=False, at=later(160))

    dialogue.refresh_from_db()
    assert dialogue.paused_at is None
    assert dialogue.step_ends_at == later(300 + 100)


def test_one_more_minute_counts_from_now_when_time_is_out(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    leader = actor_of(town.facilitator)

    leading.add_minute(actor=leader, dialogue_id=dialogue.pk, at=later(10))
    assert Dialogue.objects.get().step_ends_at == later(360)
    leading.add_minute(actor=leader, dialogue_id=dialogue.pk, at=later(1000))
    assert Dialogue.objects.get().step_ends_at == later(1060)


def test_the_last_press_can_be_undone_for_ten_seconds(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    leader = actor_of(town.facilitator)
    leading.next_step(actor=leader, dialogue_id=dialogue.pk, seen=2, at=later(100))
    action = dialogue.console_actions.get()

    leading.undo(actor=actor_of(town.manager), dialogue_id=dialogue.pk, action_id=action.pk, at=later(110))

    dialogue.refresh_from_db()
    assert dialogue.step is not None
    assert (dialogue.step.kind, dialogue.step_ends_at) == ("solo", later(300))


def test_an_undo_comes_too_late_after_ten_seconds_or_after_another_press(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    leader = actor_of(town.facilitator)
    leading.add_minute(actor=leader, dialogue_id=dialogue.pk, at=WHEN)
    first = dialogue.console_actions.get()

    with pytest.raises(ConflictError):
        leading.undo(actor=leader, dialogue_id=dialogue.pk, action_id=first.pk, at=later(11))
    leading.set_switch(actor=leader, dialogue_id=dialogue.pk, name="is_locked", wanted=True, at=later(2))
    with pytest.raises(ConflictError):
        leading.undo(actor=leader, dialogue_id=dialogue.pk, action_id=first.pk, at=later(3))


def test_a_reason_advocate_is_drawn_at_each_table_and_not_the_same_twice(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, plan=("solo", "small", "move", "choose"), tables=1)
    dialogue.steps.filter(kind="choose").update(seating=2)
    table = dialogue.tables.get()
    seats = [make_seat(dialogue, table)[0] for _ in range(3)]
    for seat in seats:
        seat.placements.create(seating=2, table=table)
    go_to(dialogue, "solo")
    leader = actor_of(town.facilitator)

    for position in (1, 2, 3):
        leading.next_step(actor=leader, dialogue_id=dialogue.pk, seen=position, at=WHEN)

    first, second = Sitting.objects.order_by("seating")
    assert {first.advocate_id, second.advocate_id} <= {seat.pk for seat in seats}
    assert first.advocate_id != second.advocate_id
    assert first.pen_id == seats[0].pk
    assert first.advocate_seed > 0


def test_closing_erases_what_nobody_shared_and_nothing_else(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="whole")
    table = dialogue.tables.get()
    seat, token = make_seat(dialogue, table)
    common = {"dialogue": dialogue, "seat": seat, "written_at": WHEN}
    Note.objects.create(**common, key=device_key(), sealed=seal(token.secret, dialogue.pk, "bara min"))
    Note.objects.create(**common, key=device_key(), text="delad", shared_at=WHEN, table=table)

    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN)
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=later(5))

    assert list(Note.objects.values_list("text", flat=True)) == ["delad"]


def test_a_thin_table_is_offered_a_neighbour_and_its_notes_come_with_it(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="small", tables=2)
    one, two = dialogue.tables.all()
    alone = make_seat(dialogue, one)[0]
    for _ in range(4):
        make_seat(dialogue, two)
    note = Note.objects.create(
        dialogue=dialogue, seat=alone, key=device_key(), text="Tid", shared_at=WHEN, written_at=WHEN, table=one
    )
    leading.set_tables(dialogue, 1, at=WHEN)

    needs = [need for need in overview(dialogue, now=WHEN).needs if need.kind == "thin"]
    leading.merge_tables(
        actor=actor_of(town.facilitator),
        dialogue_id=dialogue.pk,
        table_id=needs[0].target_id,
        into_id=needs[0].other_id,
        at=WHEN,
    )

    note.refresh_from_db()
    assert note.table == two
    assert alone.placements.get().table == two


def test_an_outsider_cannot_press_anything(town: Town, signed_in: Callable[..., Client]) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")

    for person in (town.outsider, town.member):
        with pytest.raises(NotFoundError):
            leading.next_step(actor=actor_of(person), dialogue_id=dialogue.pk, at=WHEN)
        assert signed_in(person).get(f"/dialogues/{dialogue.pk}/lead").status_code == 404
        assert signed_in(person).post(f"/dialogues/{dialogue.pk}/lead/next").status_code == 404
    assert Client().get(f"/dialogues/{dialogue.pk}/lead").status_code == 302


@pytest.mark.parametrize("tables", [1, 12])
def test_the_console_asks_the_database_as_often_for_one_table_as_for_twelve(
    town: Town, tables: int, django_assert_max_num_queries: Callable[..., object]
) -> None:
    dialogue = make_dialogue(town.guidance, now_at="small", tables=tables)
    for table in dialogue.tables.all():
        for _ in range(5):
            make_seat(dialogue, table)
    dialogue = Dialogue.objects.select_related("step", "unit").get(pk=dialogue.pk)

    with django_assert_max_num_queries(17):  # type: ignore[attr-defined]
        view = overview(dialogue, now=WHEN)

    assert len(view.tables) == tables
    assert view.here == 5 * tables


def test_the_plan_tells_when_each_step_was_and_when_the_next_one_comes(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)
    leader = actor_of(town.facilitator)
    leading.start_dialogue(actor=leader, dialogue_id=dialogue.pk, at=WHEN)
    leading.next_step(actor=leader, dialogue_id=dialogue.pk, at=later(60))
    leading.next_step(actor=leader, dialogue_id=dialogue.pk, at=later(120))
    leading.previous_step(actor=leader, dialogue_id=dialogue.pk, at=later(180))
    leading.next_step(actor=leader, dialogue_id=dialogue.pk, at=later(240))
    dialogue = Dialogue.objects.select_related("step", "unit", "template").get(pk=dialogue.pk)

    rows = overview(dialogue, now=later(250)).plan

    assert [row.at for row in rows[:3]] == [WHEN, later(180), later(240)]
    assert rows[3].at == dialogue.step_ends_at
    assert [row.at for row in rows] == sorted(row.at for row in rows)


def test_a_table_that_asks_for_help_is_first_and_is_taken_by_one(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="small", tables=3)
    sitting = Sitting.objects.get(table__number=2)
    sitting.help_asked_at, sitting.help_words = WHEN, "Vad menas med nu?"
    sitting.save()

    need = overview(dialogue, now=WHEN).needs[0]
    leading.take_help(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, sitting_id=need.target_id, at=WHEN)

    sitting.refresh_from_db()
    assert (need.kind, need.words) == ("help", "”Vad menas med nu?”")
    assert sitting.help_taken_by == town.facilitator.name


def test_the_review_page_merges_parts_and_hides(town: Town, signed_in: Callable[..., Client]) -> None:
    dialogue = make_dialogue(town.guidance, now_at="whole", tables=2)
    first, second = (
        Proposal.objects.create(
            dialogue=dialogue, question=1, text=text, normal=text.casefold(), created_at=WHEN, reviewed_at=WHEN
        )
        for text in ("Tid", "Mer tid")
    )
    for place, (table, proposal) in enumerate(zip(dialogue.tables.all(), (first, second), strict=True), start=1):
        note = Note.objects.create(
            dialogue=dialogue, table=table, key=device_key(), text=proposal.text, shared_at=WHEN, written_at=WHEN
        )
        table.sittings.get().picks.create(question=1, place=place, note=note, proposal=proposal)
    leader = signed_in(town.facilitator)
    page = f"/dialogues/{dialogue.pk}/review"

    leader.post(f"{page}/same", {"proposal": [first.pk, second.pk]})
    second.refresh_from_db()
    assert second.merged_into == first
    assert "Ta isär" in leader.get(page).content.decode()
    leader.post(f"{page}/same", {"part": second.pk})
    second.refresh_from_db()
    assert second.merged_into is None
    leader.post(f"{page}/word", {"word": "tid", "wanted": "off"})
    assert dialogue.hidden_words.get().word == "tid"
    leader.post(f"{page}/word", {"word": "tid", "wanted": "on"})
    assert not dialogue.hidden_words.exists()
    for what in ("same", "word"):
        assert signed_in(town.member).post(f"{page}/{what}", {"word": "tid"}).status_code == 404


def test_on_a_closed_dialogue_nothing_moves_the_screen_and_nobody_is_on_the_way(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="checkout")
    leader = actor_of(town.facilitator)
    sitting = Sitting.objects.get()
    Sitting.objects.update(help_asked_at=WHEN)
    leading.close_dialogue(actor=leader, dialogue_id=dialogue.pk, at=WHEN)

    with pytest.raises(ConflictError):
        leading.set_screen(actor=leader, dialogue_id=dialogue.pk, screen="black", at=WHEN)
    with pytest.raises(ConflictError):
        leading.take_help(actor=leader, dialogue_id=dialogue.pk, sitting_id=sitting.pk, at=WHEN)

    assert Dialogue.objects.get().screen == "auto"
    assert Sitting.objects.get().help_taken_by == ""


def test_the_console_leads_to_paper_sheets_and_places_and_counts_one_as_one(
    town: Town, signed_in: Callable[..., Client]
) -> None:
    dialogue = make_dialogue(town.guidance, now_at="small", tables=2)
    for table in dialogue.tables.all():
        seat, _token = make_seat(dialogue, table)
    dialogue.step.ready.create(seat=seat)  # type: ignore[union-attr]
    dialogue.seats.update(seen_at=timezone.now())

    page = signed_in(town.facilitator).get(f"/dialogues/{dialogue.pk}/lead").content.decode()

    for name in ("dialogue_paper", "dialogue_sheets", "dialogue_seats", "dialogue_review"):
        assert f'href="{reverse(name, args=[dialogue.pk])}"' in page
    assert "<strong>1</strong> klart" in page
    assert "<strong>1</strong> arbetar" in page


def test_a_meeting_in_three_days_says_when_and_asks_once_before_it_begins(
    town: Town, signed_in: Callable[..., Client]
) -> None:
    dialogue = make_dialogue(town.guidance)
    Dialogue.objects.update(starts_at=timezone.now() + timedelta(days=3))
    leader = signed_in(town.facilitator)
    console, begin = (reverse(name, args=[dialogue.pk]) for name in ("dialogue_lead", "dialogue_begin"))

    early = leader.get(console).content.decode()
    asked = leader.get(begin).content.decode()

    assert "Samtalet börjar " in early
    assert "Börja samtalet" not in early
    assert f'href="{begin}"' in early
    assert reverse("dialogue_close", args=[dialogue.pk]) not in early
    assert f'action="{reverse("dialogue_press", args=[dialogue.pk, "start"])}"' in asked
    leader.post(reverse("dialogue_press", args=[dialogue.pk, "start"]))
    assert reverse("dialogue_close", args=[dialogue.pk]) in leader.get(console).content.decode()


@pytest.mark.parametrize("change", [{"minutes": 20}, {"is_rehearsal": True}])
def test_near_its_time_or_in_a_rehearsal_one_press_begins(
    town: Town, signed_in: Callable[..., Client], change: dict[str, int]
) -> None:
    dialogue = make_dialogue(town.guidance)
    away = timedelta(minutes=change.get("minutes", 5000))
    Dialogue.objects.update(starts_at=timezone.now() + away, is_rehearsal="is_rehearsal" in change)
    leader = signed_in(town.facilitator)

    page = leader.get(reverse("dialogue_lead", args=[dialogue.pk])).content.decode()

    assert f'action="{reverse("dialogue_press", args=[dialogue.pk, "start"])}"' in page
    assert leader.get(reverse("dialogue_begin", args=[dialogue.pk])).status_code == 302


def test_the_question_how_it_was_is_a_button_only_where_no_step_will_ask_it(
    town: Town, signed_in: Callable[..., Client]
) -> None:
    dialogue = make_dialogue(town.guidance, now_at="agree")
    leader, console = signed_in(town.facilitator), reverse("dialogue_lead", args=[dialogue.pk])

    with_step = leader.get(console).content.decode()
    dialogue.steps.filter(kind="checkout").delete()
    without = leader.get(console).content.decode()
    leading.set_switch(
        actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, name="checkout_open", wanted=True, at=WHEN
    )
    opened = leader.get(console).content.decode()

    assert with_step.count("Fråga hur det var") == 1
    assert 'id="b-checkout"' not in with_step
    assert "Öppna frågan om hur det var" in without
    assert "Stäng frågan om hur det var" in opened


def test_closing_names_the_meeting_and_counts_what_is_erased(town: Town, signed_in: Callable[..., Client]) -> None:
    dialogue = make_dialogue(town.guidance, now_at="checkout")
    seat, token = make_seat(dialogue)
    for _ in range(2):
        Note.objects.create(
            dialogue=dialogue, key=device_key(), seat=seat, sealed=seal(token.secret, dialogue.pk, "x"), written_at=WHEN
        )

    page = signed_in(town.facilitator).get(reverse("dialogue_close", args=[dialogue.pk])).content.decode()

    assert "2 tankar som ingen har delat raderas nu" in page
    assert dialogue.title in page
    assert "”Vad behöver vi för att lyckas?”" in page


@pytest.mark.parametrize("name", ["dialogue_lead", "dialogue_list", "unit"])
def test_a_meeting_is_told_by_its_name_and_its_question(
    town: Town, signed_in: Callable[..., Client], name: str
) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    place = {"dialogue_lead": [dialogue.pk], "unit": [town.guidance.pk]}.get(name, [])

    page = signed_in(town.facilitator).get(reverse(name, args=place)).content.decode()

    assert dialogue.title in page
    assert "Vad behöver vi för att lyckas?" in page


def test_a_hall_of_tables_is_made_ready_in_as_many_statements_as_one(town: Town) -> None:
    counted = []
    for tables in (1, 30):
        dialogue = make_dialogue(town.guidance, now_at="small", tables=tables)
        for table in dialogue.tables.all():
            for _ in range(6):
                make_seat(dialogue, table)
        with CaptureQueriesContext(connection) as asked:
            leading.set_tables(dialogue, 1, at=WHEN)
        sittings = Sitting.objects.filter(table__dialogue=dialogue)
        assert sittings.exclude(pen=None).exclude(advocate=None).count() == tables
        assert not Placement.objects.filter(table__dialogue=dialogue, group=0).exists()
        counted.append(len(asked))

    assert counted[0] == counted[1]


def _filled(page: str) -> list[str]:
    """The ids of the console's filled buttons."""
    return re.findall(r'<(?:a|button) class="ds-button[^>]*data-variant="primary"[^>]*id="([a-z-]+)"', page)


def test_one_button_is_the_next_thing_to_do_and_nothing_is_shown_before_it_is_counted(
    town: Town, signed_in: Callable[..., Client]
) -> None:
    dialogue = make_dialogue(town.guidance, now_at="whole")
    leader = signed_in(town.facilitator)
    where = reverse("dialogue_lead", args=[dialogue.pk])

    def page() -> str:
        return str(leader.get(where).content.decode())

    def press(what: str, **data: str | int) -> None:
        leader.post(reverse("dialogue_press", args=[dialogue.pk, what]), data)

    assert _filled(page()) == ["b-next"]
    assert "Inget bord har lämnat in sina tre än." in page()
    for table in dialogue.tables.all():
        hand_in(table, "Tid")
    Dialogue.objects.update(needs_review=True)
    assert _filled(page()) == ["b-review"]
    assert 'id="b-choose"' not in page()
    Dialogue.objects.update(needs_review=False)
    assert _filled(page()) == ["b-next"]  # it opens the silent ballot
    assert page().count("Öppna det tysta valet<") == 1
    assert "Räkna ihop när alla har valt" not in page()
    assert "har valt" not in page()
    press("next")
    assert _filled(page()) == ["b-choose"]
    assert "Räkna ihop när alla har valt" in page()
    assert 'id="b-reveal"' not in page()
    press("choose", question=1)
    for to in (1, 2):
        assert _filled(page()) == ["b-reveal"]
        press("reveal", to=to)
    assert _filled(page()) == ["b-next"]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_press_that_is_refused_says_why_on_the_console(
    town: Town, signed_in: Callable[..., Client], headers: dict[str, str]
) -> None:
    dialogue = make_dialogue(town.guidance, now_at="ballot")
    leader = signed_in(town.facilitator)

    answer = leader.post(
        reverse("dialogue_press", args=[dialogue.pk, "reveal"]), {"to": 1}, headers=headers, follow=True
    )

    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count("Inget bord har lämnat in sina tre än.</p>") == 2  # told, and beside the hall's choice
    assert re.search(r'<div [^>]*id="told"[^>]*><p class="ds-alert" data-color="danger">', page)
    assert 'id="told"' not in leader.get(reverse("dialogue_lead_now", args=[dialogue.pk])).content.decode()


def test_the_hall_counts_the_tables_that_handed_in_whoever_comes_late(
    town: Town, signed_in: Callable[..., Client]
) -> None:
    dialogue = make_dialogue(town.guidance, now_at="whole", tables=2)
    one, two = dialogue.tables.all()
    hand_in(one, "Tid")
    make_seat(dialogue, one)
    leader = signed_in(town.facilitator)
    page = reverse("dialogue_lead", args=[dialogue.pk])

    before = leader.get(page).content.decode()
    make_seat(dialogue, two)
    after = leader.get(page).content.decode()

    for shown in (before, after):
        assert "1 bord har lämnat in" in shown
        assert "av 1 bord" not in shown
        assert "av 2 bord" not in shown


def test_a_closed_meeting_has_no_switches_and_nobody_who_works(town: Town, signed_in: Callable[..., Client]) -> None:
    dialogue = make_dialogue(town.guidance, now_at="small")
    Dialogue.objects.update(starts_at=timezone.now())
    make_seat(dialogue, dialogue.tables.get())
    leader = signed_in(town.facilitator)
    page = reverse("dialogue_lead", args=[dialogue.pk])
    going_on = leader.get(page).content.decode()
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN)

    over = leader.get(page).content.decode()

    for shown in (
        'role="switch" name="wanted"',
        "</strong> arbetar",
        'name="screen"',
        "anslutna",
        "data-clock",
        "Ni ligger",
    ):
        assert shown in going_on
        assert shown not in over
    assert "Samtalet är avslutat" in over
    assert "Öppna protokollet" in over


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_counting_asks_once_while_votes_are_missing_and_the_second_press_counts(
    town: Town, signed_in: SignIn, headers: dict[str, str]
) -> None:
    dialogue = make_dialogue(town.guidance, now_at="ballot")
    table = dialogue.tables.get()
    hand_in(table, "Tid")
    seats = [make_seat(dialogue, table) for _ in range(3)]
    Dialogue.objects.update(ballot_open=True)
    vote(*seats[0])
    leader = signed_in(town.facilitator)

    def press(**more: str) -> str:
        where = reverse("dialogue_press", args=[dialogue.pk, "choose"])
        return str(leader.post(where, {"question": 1, **more}, headers=headers, follow=True).content.decode())

    press()
    asked = press()  # a button pressed twice in one go asks once
    vote(*seats[1])
    later = leader.get(reverse("dialogue_lead_now", args=[dialogue.pk])).content.decode()
    assert not Choice.objects.exists()
    done = press(sure="on")

    assert "1 av 3 har valt." in asked
    assert "Räkna ihop utan de 2 som inte har valt" in asked
    assert 'name="sure"' in asked
    assert "2 av 3 har valt." in later
    assert "Räkna ihop utan den som inte har valt" in later
    assert Choice.objects.get().ballots == 2
    assert "som inte har valt" not in done


def test_counting_asks_nothing_when_all_have_voted(town: Town, signed_in: SignIn) -> None:
    dialogue = make_dialogue(town.guidance, now_at="ballot")
    table = dialogue.tables.get()
    hand_in(table, "Tid")
    seats = [make_seat(dialogue, table) for _ in range(2)]
    Dialogue.objects.update(ballot_open=True)
    leader = signed_in(town.facilitator)
    where = reverse("dialogue_press", args=[dialogue.pk, "choose"])
    vote(*seats[0])
    leader.post(where, {"question": 1})
    vote(*seats[1])
    page = leader.get(reverse("dialogue_lead", args=[dialogue.pk])).content.decode()

    leader.post(where, {"question": 1})

    assert "som inte har valt" not in page
    assert Choice.objects.get().ballots == 2


def vote(seat: Seat, token: SeatToken) -> None:
    ids = Proposal.objects.filter(dialogue=seat.dialogue).values_list("pk", flat=True)
    whole.cast_ballot(here=here_of(seat, token), question=1, proposal_ids=list(ids), at=WHEN)
