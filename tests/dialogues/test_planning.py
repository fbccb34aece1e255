"""From a template to a plan that is ready to invite to."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError

from samspel.core import thread
from samspel.core.defaults import change_default
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.models import Knot, Tie
from samspel.dialogues import compute
from samspel.dialogues.actions import planning
from samspel.dialogues.actions.planning import (
    create_dialogue,
    delete_draft,
    is_plain_code,
    make_ready,
    plan_of,
    publish,
    save_plan,
    set_leader,
    what_is_missing,
)
from samspel.dialogues.models import Dialogue, Invitation, Leader, PlannedPlace, Sitting, State, Template
from samspel.dialogues.plan_queries import seating_words
from samspel.dialogues.table_names import NAMES, next_name
from tests.people import WHEN, actor_of, device_key, make_dialogue, make_person, make_seat, signal_in

pytestmark = pytest.mark.django_db


def draft(town, *, template="apt-60", questions=("Vad gör ett första möte bra?",), **more) -> Dialogue:
    return create_dialogue(
        actor=actor_of(town.facilitator),
        unit_id=town.guidance.pk,
        template_key=template,
        starts_at=WHEN + timedelta(days=7),
        questions=questions,
        key=device_key(),
        at=WHEN,
        **more,
    )


def save(town, dialogue, **changes):
    dialogue.refresh_from_db()
    plan = replace(plan_of(dialogue), **changes)
    return save_plan(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, plan=plan, at=WHEN)


# ---------------------------------------------------------------- a new draft


def test_a_draft_has_the_templates_steps_a_code_and_the_units_people(town):
    dialogue = draft(town)

    template = Template.objects.get(key="apt-60")
    assert dialogue.state == State.DRAFT
    assert [(step.kind, step.minutes) for step in dialogue.steps.all()] == [
        (step.kind, step.minutes) for step in template.steps.all()
    ]
    assert re.fullmatch(r"\d{6}", dialogue.code)
    assert {row.name for row in dialogue.invitations.all()} == {town.manager.name, town.member.name}
    assert dialogue.tables.count() == 1
    assert dialogue.tables.get().name == "Eldkvarn"


def test_the_same_form_sent_twice_gives_one_draft(town):
    key = device_key()
    arguments = {
        "actor": actor_of(town.facilitator),
        "unit_id": town.guidance.pk,
        "template_key": "apt-30",
        "starts_at": WHEN,
        "key": key,
        "at": WHEN,
    }

    first = create_dialogue(**arguments)
    second = create_dialogue(**arguments)

    assert first == second
    assert Dialogue.objects.count() == 1


def test_only_one_who_leads_in_the_unit_plans_its_dialogues(town):
    for person in (town.member, town.outsider):
        with pytest.raises(NotFoundError):
            create_dialogue(
                actor=actor_of(person),
                unit_id=town.guidance.pk,
                template_key="apt-30",
                starts_at=WHEN,
                key=device_key(),
                at=WHEN,
            )

    assert not Dialogue.objects.exists()


def test_a_code_that_is_taken_is_drawn_again(town, monkeypatch):
    taken = draft(town)
    codes = iter([taken.code, taken.code, "482913"])
    monkeypatch.setattr(planning, "new_code", lambda: next(codes))

    dialogue = draft(town)

    assert dialogue.code == "482913"


def test_an_error_of_the_database_that_is_not_about_the_code_is_not_swallowed(town):
    def fail(code):
        raise IntegrityError("slug")

    with pytest.raises(IntegrityError):
        planning.with_free_code(fail)


@pytest.mark.parametrize("code", ["000000", "111111", "121212", "123456", "654321", "246802", "990990"])
def test_codes_that_people_guess_first_are_plain(code):
    assert is_plain_code(code)


@pytest.mark.parametrize("code", ["482913", "100200", "907165"])
def test_other_codes_are_not_plain(code):
    assert not is_plain_code(code)


def test_there_are_sixty_names_of_tables_in_each_language_and_then_they_are_numbered():
    for names in NAMES.values():
        assert len(set(names)) == len(names) >= 60
        assert max(len(name) for name in names) <= 20

    assert next_name("sv", set(NAMES["sv"])) == "Eldkvarn 2"


# ---------------------------------------------------------------- the plan


def test_the_page_opens_with_the_plan_as_it_stands(town):
    dialogue = draft(town)

    saved = save(town, dialogue)

    assert saved.errors == {}
    assert plan_of(dialogue) == plan_of(Dialogue.objects.get(pk=dialogue.pk))


def test_another_template_copies_its_steps_and_keeps_the_question(town):
    dialogue = draft(town)

    save(town, dialogue, template_key="mixed-90")

    dialogue.refresh_from_db()
    assert sum(step.minutes for step in dialogue.steps.all()) == 90
    assert dialogue.questions.get().text == "Vad gör ett första möte bra?"
    assert len(dialogue.seating_told["seatings"]) == 3
    assert Sitting.objects.filter(table__dialogue=dialogue).count() == 3 * dialogue.tables.count()


def test_a_second_question_adds_a_round_at_new_tables_and_keeps_changed_minutes(town):
    dialogue = draft(town)
    solo = dialogue.steps.get(kind="solo")
    save(town, dialogue, minutes={solo.pk: 7})

    save(town, dialogue, questions=("Vad gör ett första möte bra?", "Vad kan vi sluta med?"))

    rounds = [(step.kind, step.question, step.seating, step.minutes) for step in dialogue.steps.all()]
    assert rounds == [
        ("frame", 1, 1, 4),
        ("solo", 1, 1, 7),
        ("small", 1, 1, 12),
        ("objections", 1, 1, 10),
        ("whole", 1, 1, 15),
        ("ballot", 1, 1, 8),
        ("move", 2, 2, 3),
        ("solo", 2, 2, 5),
        ("small", 2, 2, 12),
        ("objections", 2, 2, 10),
        ("whole", 2, 2, 15),
        ("ballot", 2, 2, 8),
        ("agree", 2, 2, 4),
        ("checkout", 2, 2, 2),
    ]


def test_the_hall_day_is_cut_to_as_many_questions_as_there_are(town):
    dialogue = draft(town, template="hall-day", questions=("Ett?", "Två?", "Tre?"))

    save(town, dialogue, questions=("Ett?", "Två?"))

    assert [step.question for step in dialogue.steps.filter(kind="solo")] == [1, 2]
    agree = dialogue.steps.get(kind="agree")
    assert (agree.question, agree.seating) == (2, 2)


def test_seventy_two_hours_have_room_for_one_question_and_say_so(town):
    dialogue = draft(town, questions=("Ett?", "Två?"))

    saved = save(town, dialogue, template_key="shifts-72")

    assert "template" in saved.errors
    dialogue.refresh_from_db()
    assert dialogue.template.key == "apt-60"
    assert dialogue.questions.count() == 2


def test_what_cannot_be_used_is_told_by_field_and_the_rest_is_saved(town):
    dialogue = draft(town)

    saved = save(
        town,
        dialogue,
        questions=("x" * 201,),
        tables=0,
        group_size=9,
        is_public=False,
        title=" ",
        place="Rådhuset",
        minutes={dialogue.steps.first().pk: 0},
    )

    assert set(saved.errors) == {
        "question-1",
        "tables",
        "group_size",
        "closed_reason",
        "title",
        f"minutes-{dialogue.steps.first().pk}",
    }
    dialogue.refresh_from_db()
    assert dialogue.place == "Rådhuset"
    assert dialogue.questions.get().text == "Vad gör ett första möte bra?"
    assert dialogue.is_public
    assert dialogue.tables.count() == 1


def test_nothing_is_cut_off(town):
    dialogue = draft(town)
    before = dialogue.title

    saved = save(
        town,
        dialogue,
        is_public=False,
        title="t" * 121,
        place="p" * 121,
        closed_reason="r" * 201,
        delegation="d" * 201,
        table_names=("b" * 41,),
    )

    assert saved.errors == {
        "title": "Korta till högst 120 tecken.",
        "place": "Korta till högst 120 tecken.",
        "closed_reason": "Korta till högst 200 tecken.",
        "delegation": "Korta till högst 200 tecken.",
        "table-1": "Korta till högst 40 tecken.",
    }
    dialogue.refresh_from_db()
    assert (dialogue.title, dialogue.place, dialogue.delegation, dialogue.is_public) == (before, "", "", True)


def test_an_empty_question_is_no_question(town):
    dialogue = draft(town)

    save(town, dialogue, questions=("",))

    assert not dialogue.questions.exists()


def test_tables_can_be_named_but_two_cannot_share_a_name(town):
    dialogue = draft(town)
    save(town, dialogue, tables=3)

    saved = save(town, dialogue, table_names=("Norra", "Eldkvarn", "eldkvarn"))

    assert set(saved.errors) == {"table-2", "table-3"}
    assert [table.name for table in dialogue.tables.all()] == ["Norra", "Slussen", "Spinneriet"]


def test_closed_takes_a_reason_and_open_forgets_it(town):
    dialogue = draft(town)

    save(town, dialogue, is_public=False, closed_reason="Personalärende, OSL 39 kap. 2 §")
    dialogue.refresh_from_db()
    assert (dialogue.is_public, dialogue.closed_reason) == (False, "Personalärende, OSL 39 kap. 2 §")

    save(town, dialogue, is_public=True)
    dialogue.refresh_from_db()
    assert (dialogue.is_public, dialogue.closed_reason) == (True, "")


def test_a_member_cannot_change_the_plan(town):
    dialogue = draft(town)

    with pytest.raises(NotFoundError):
        save_plan(actor=actor_of(town.member), dialogue_id=dialogue.pk, plan=plan_of(dialogue), at=WHEN)


def test_a_running_dialogue_is_no_longer_planned(town):
    dialogue = make_dialogue(town.guidance, now_at="solo")

    with pytest.raises(ConflictError):
        save(town, dialogue, place="Rådhuset")


def test_when_somebody_has_joined_steps_and_places_lie_fast_and_times_do_not(town):
    dialogue = draft(town)
    save(town, dialogue, tables=2)
    publish(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN)
    make_seat(dialogue)
    places = set(PlannedPlace.objects.values_list("pk", flat=True))
    solo = dialogue.steps.get(kind="solo")

    saved = save(town, dialogue, template_key="apt-30", tables=1, minutes={solo.pk: 6})

    assert set(saved.errors) == {"template", "tables"}
    solo.refresh_from_db()
    assert solo.minutes == 6
    assert set(PlannedPlace.objects.values_list("pk", flat=True)) == places


def test_leaders_are_chosen_among_the_units_people_and_the_list(town):
    dialogue = draft(town)
    arguments = {"actor": actor_of(town.facilitator), "dialogue_id": dialogue.pk, "at": WHEN}

    set_leader(person_id=town.member.pk, wanted=True, **arguments)
    assert Leader.objects.get().person_id == town.member.pk

    with pytest.raises(InvalidError):
        set_leader(person_id=town.outsider.pk, wanted=True, **arguments)
    set_leader(person_id=town.member.pk, wanted=False, **arguments)
    assert not Leader.objects.exists()


# ---------------------------------------------------------------- seating


def people_of(dialogue, units, each, **more):
    count = dialogue.invitations.count()
    Invitation.objects.bulk_create(
        Invitation(
            dialogue=dialogue,
            name=f"{unit} {number}",
            email=f"{unit}{number}@example.org".lower(),
            unit=unit,
            seat_code=f"{count + index * each + number:08}",
            **more,
        )
        for index, unit in enumerate(units)
        for number in range(each)
    )


def test_everyone_on_the_list_has_a_place_in_every_seating_at_even_tables(town):
    dialogue = draft(town, template="mixed-90")
    people_of(dialogue, ["Skolan", "Parken", "Hemtjänsten"], 9)

    save(town, dialogue, tables=4)

    places = PlannedPlace.objects.filter(invitation__dialogue=dialogue)
    assert places.count() == 3 * 29
    for seating in (1, 2, 3):
        sizes = [places.filter(seating=seating, table=table).count() for table in dialogue.tables.all()]
        assert max(sizes) - min(sizes) <= 1
    dialogue.refresh_from_db()
    assert dialogue.seating_told["people"] == 29
    assert dialogue.seating_told["units"] == 4


def test_the_same_list_and_seed_give_the_same_places(town):
    dialogue = draft(town, template="mixed-90")
    people_of(dialogue, ["Skolan", "Parken"], 8)

    def places():
        compute.seat_everyone(dialogue)
        rows = PlannedPlace.objects.filter(invitation__dialogue=dialogue)
        return sorted(rows.values_list("invitation_id", "seating", "table_id"))

    save(town, dialogue, tables=3)
    assert places() == places()


def test_nobody_sits_with_the_one_who_leads_her_unit_or_its_department(town):
    dialogue = draft(town)
    people_of(dialogue, ["Skolan"], 6, department="Barn och unga")
    people_of(dialogue, ["Parken"], 6)
    Invitation.objects.create(
        dialogue=dialogue, name="Chefen", unit="Parken", manages="skolan", seat_code="a", email="c@example.org"
    )
    Invitation.objects.create(
        dialogue=dialogue, name="Direktören", unit="Stab", manages="Barn och unga", seat_code="b", email="d@example.org"
    )

    save(town, dialogue, tables=4)

    dialogue.refresh_from_db()
    together = {
        place.invitation.name: {
            other.invitation.unit
            for other in PlannedPlace.objects.filter(table=place.table, seating=1).exclude(pk=place.pk)
        }
        for place in PlannedPlace.objects.filter(invitation__dialogue=dialogue, seating=1).select_related("invitation")
    }
    assert "Skolan" not in together["Chefen"] | together["Direktören"]
    assert dialogue.seating_told["broken"] == []
    assert dialogue.seating_told["has_managers"]


def test_marks_for_together_and_apart_access_and_interpreter_hold(town):
    dialogue = draft(town)
    people_of(dialogue, ["Skolan", "Parken", "Torget"], 4)
    rows = list(dialogue.invitations.order_by("pk"))
    for row, field, value in (
        (rows[2], "together", "A"),
        (rows[8], "together", "A"),
        (rows[3], "apart", "x"),
        (rows[9], "apart", "x"),
        (rows[4], "needs", ["interpreter"]),
        (rows[10], "needs", ["interpreter"]),
        (rows[5], "needs", ["accessible"]),
    ):
        setattr(row, field, value)
        row.save()
    save(town, dialogue, tables=3)
    first, *others = dialogue.tables.all()
    for table in others:
        table.is_accessible = False
        table.save()

    compute.seat_everyone(dialogue)

    at = dict(PlannedPlace.objects.filter(seating=1).values_list("invitation_id", "table_id"))
    assert at[rows[2].pk] == at[rows[8].pk]
    assert at[rows[3].pk] != at[rows[9].pk]
    assert at[rows[4].pk] == at[rows[10].pk]
    assert at[rows[5].pk] == first.pk


def test_a_rule_that_cannot_be_kept_is_told(town):
    dialogue = draft(town)
    people_of(dialogue, ["Skolan"], 4)
    Invitation.objects.create(dialogue=dialogue, name="Chefen", unit="Stab", manages="Skolan", seat_code="a")

    compute.seat_everyone(dialogue)

    dialogue.refresh_from_db()
    assert {broken["rule"] for broken in dialogue.seating_told["broken"]} == {"manager"}
    assert {broken["reason"] for broken in dialogue.seating_told["broken"]} == {"one-table"}


def test_a_small_meeting_at_one_table_is_told_once_that_the_manager_sits_there(town):
    dialogue = draft(town, invite_unit=False)
    people_of(dialogue, ["Skolan"], 4)
    Invitation.objects.create(dialogue=dialogue, name="Chefen", unit="Skolan", manages="Skolan", seat_code="a")
    dialogue.tables.exclude(number=1).delete()
    compute.seat_everyone(dialogue)
    dialogue.refresh_from_db()

    words = seating_words(dialogue)

    assert words is not None
    assert len(dialogue.seating_told["broken"]) == 4
    assert words.problems == ()
    assert "Lägg till ett bord om ni vill dela på er." in words.manager
    assert (words.gives, words.mixed) == ("Alla kommer från samma enhet.", "")


def test_those_who_sat_together_last_time_meet_somebody_new(town):
    earlier = make_dialogue(town.guidance, now_at="solo", tables=2)
    names = [f"{letter}@example.org" for letter in "abcd"]
    for index, email in enumerate(names):
        seat, _token = make_seat(earlier, earlier.tables.all()[index // 2])
        seat.invitation = Invitation.objects.create(dialogue=earlier, name=email, email=email, seat_code=str(index))
        seat.save()
    dialogue = draft(town, invite_unit=False)
    for index, email in enumerate(names):
        Invitation.objects.create(dialogue=dialogue, name=email, email=email, seat_code=str(index))

    save(town, dialogue, tables=2)

    at = dict(PlannedPlace.objects.filter(seating=1).values_list("invitation__email", "table_id"))
    assert at["a@example.org"] != at["b@example.org"]
    assert at["c@example.org"] != at["d@example.org"]
    dialogue.refresh_from_db()
    assert dialogue.seating_told["again"] == 0


def test_where_seating_is_off_nobody_has_a_place(town):
    dialogue = draft(town)

    save(town, dialogue, has_seating=False)

    assert not PlannedPlace.objects.exists()
    dialogue.refresh_from_db()
    assert dialogue.seating_told == {}


def test_seven_at_a_table_talk_in_threes_of_different_units_first(town):
    dialogue = make_dialogue(town.guidance, now_at="small")
    table = dialogue.tables.get()
    seats = [make_seat(dialogue, table)[0] for _ in range(7)]
    for seat, unit in zip(seats, "AAABBBC", strict=True):
        seat.unit = unit
        seat.save()

    compute.deal_groups(dialogue, 1)

    groups = {}
    for seat in seats:
        groups.setdefault(seat.placements.get().group, []).append(seat.unit)
    assert sorted(map(len, groups.values())) == [3, 4]
    assert all({"A", "B"} <= set(units) for units in groups.values())


def test_four_at_a_table_are_one_group(town):
    dialogue = make_dialogue(town.guidance, now_at="small")
    table = dialogue.tables.get()
    seats = [make_seat(dialogue, table)[0] for _ in range(4)]

    compute.deal_groups(dialogue, 1)

    assert compute.groups_for(seats, 3) == [[seat.pk for seat in seats]]
    assert {seat.placements.get().group for seat in seats} == {0}


# ---------------------------------------------------------------- the thread, and ready


def test_a_dialogue_grows_from_a_signal_of_its_unit(town):
    signal = signal_in(town.guidance, town.member, "Vänta är värst")

    dialogue = draft(town, grows_from=f"signal:{signal.pk}")

    tie = Tie.objects.get()
    assert (tie.kind, tie.to.object_id) == ("grew_from", signal.pk)
    assert plan_of(dialogue).grows_from == f"signal:{signal.pk}"
    save(town, dialogue, grows_from="")
    assert not Tie.objects.exists()
    assert not thread.knots_of(dialogue)


def test_a_signal_of_another_unit_cannot_be_taken_up(town):
    signal = signal_in(town.library, town.outsider, "Vänta är värst")

    with pytest.raises(NotFoundError):
        draft(town, grows_from=f"signal:{signal.pk}")


def test_a_later_dialogue_goes_on_with_a_thread(town):
    first = draft(town)
    publish(actor=actor_of(town.facilitator), dialogue_id=first.pk, at=WHEN)
    knot = thread.knots_of(first)[0]

    second = draft(town, grows_from=f"thread:{knot.thread_id}")

    assert plan_of(second).grows_from == f"thread:{knot.thread_id}"
    tie = Tie.objects.get()
    assert (tie.kind, tie.to_id) == ("repeats", knot.pk)
    with pytest.raises(NotFoundError):
        draft(town, grows_from="thread:0")


def test_a_plan_without_its_question_is_not_made_ready(town):
    dialogue = draft(town, template="hall-day", questions=("Ett?",))

    with pytest.raises(InvalidError) as error:
        publish(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN)

    assert set(error.value.fields) == {"question-2", "question-3"}
    dialogue.refresh_from_db()
    assert dialogue.state == State.DRAFT


def test_a_plan_made_ready_twice_begins_one_thread(town):
    dialogue = draft(town)

    for _ in range(2):
        publish(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN)

    dialogue.refresh_from_db()
    assert dialogue.state == State.PLANNED
    assert Knot.objects.count() == 1


def test_a_draft_can_be_thrown_away_and_a_planned_dialogue_cannot(town):
    dialogue, planned = draft(town), draft(town)
    publish(actor=actor_of(town.facilitator), dialogue_id=planned.pk, at=WHEN)

    assert delete_draft(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN) == town.guidance.pk

    assert list(Dialogue.objects.all()) == [planned]
    with pytest.raises(InvalidError):
        delete_draft(actor=actor_of(town.facilitator), dialogue_id=planned.pk, at=WHEN)


def test_tables_follow_the_list_until_somebody_chooses_their_number(town):
    for number in range(14):
        make_person(f"Medarbetare {number}", town.guidance, "member")
    dialogue = draft(town)
    assert dialogue.tables.count() == 2

    save(town, dialogue, tables=4)
    planning.people_changed(dialogue, before=16)

    assert dialogue.tables.count() == 4


@pytest.mark.parametrize(
    ("people", "least", "most", "tables"),
    [(0, 4, 8, 1), (8, 4, 8, 1), (9, 4, 8, 2), (36, 4, 8, 5), (9, 4, 5, 2), (5, 4, 4, 1), (11, 6, 8, 2), (7, 3, 3, 3)],
)
def test_there_are_as_few_tables_as_keep_to_both_numbers_or_what_comes_nearest(
    people: int, least: int, most: int, tables: int
) -> None:
    assert planning.tables_for(people, least, most) == tables


def test_a_municipality_says_how_few_may_sit_at_a_table(town):
    for key, number in (("dialogue.table_least", 5), ("dialogue.table_most", 6)):
        change_default(actor=actor_of(town.administrator), key=key, number=number, reason="Små salar.", at=WHEN)
    for number in range(5):
        make_person(f"Medarbetare {number}", town.guidance, "member")
    dialogue = draft(town)

    # Two tables of three and four would be farther from five than one of seven is from six.
    assert (Invitation.objects.filter(dialogue=dialogue).count(), dialogue.tables.count()) == (7, 1)


# ---------------------------------------------------------------- a dialogue that goes by itself


def test_a_dialogue_that_goes_by_itself_is_not_invited_to_for_a_time_that_has_been(town):
    dialogue = draft(town, template="shifts-72")
    late = WHEN + timedelta(days=12)

    assert "date" not in what_is_missing(dialogue, WHEN)
    with pytest.raises(InvalidError) as refused:
        make_ready(actor_of(town.facilitator), dialogue, late)
    assert "inte har varit" in refused.value.fields["date"]
    assert Dialogue.objects.get(pk=dialogue.pk).state == State.DRAFT

    live = draft(town)
    make_ready(actor_of(town.facilitator), live, late)
    assert live.state == State.PLANNED, "somebody is there to begin it"


def test_a_planned_one_is_not_moved_to_a_time_that_has_been(town):
    dialogue = draft(town, template="shifts-72")
    make_ready(actor_of(town.facilitator), dialogue, WHEN)

    saved = save(town, dialogue, starts_at=WHEN - timedelta(days=365), title="Nytt namn")

    dialogue.refresh_from_db()
    assert saved.errors.keys() == {"date"}
    assert (dialogue.starts_at, dialogue.title) == (WHEN + timedelta(days=7), "Nytt namn")
    assert save(town, dialogue, starts_at=WHEN + timedelta(days=9)).errors == {}
