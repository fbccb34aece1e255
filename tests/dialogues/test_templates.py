"""The ready plans: their steps and minutes, in three languages."""

import importlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from django.apps import apps

from samspel.core.actor import VISITOR, Actor
from samspel.core.models import Knot, OutgoingMail
from samspel.dialogues.access import Here
from samspel.dialogues.actions import agreeing, handing_in, leading, marking, reminding, solo, whole
from samspel.dialogues.actions.inviting import import_invitations, send_invitations
from samspel.dialogues.actions.joining import join
from samspel.dialogues.actions.paper import Line, enter_sheet
from samspel.dialogues.actions.planning import create_dialogue, plan_of, save_plan
from samspel.dialogues.actions.rehearsing import erase_rehearsals, rehearse
from samspel.dialogues.models import (
    Checkout,
    Dialogue,
    Note,
    Placement,
    Proposal,
    Reminder,
    Seat,
    Sitting,
    State,
    StepKind,
    Template,
    TemplateStep,
)
from samspel.dialogues.queries import agreements_of, results_of
from samspel.dialogues.sealing import SeatToken
from tests.people import WHEN, actor_of, device_key

pytestmark = pytest.mark.django_db

MINUTES = {
    "apt-30": [2, 4, 8, 10, 4, 2],
    "apt-60": [4, 5, 12, 10, 15, 8, 4, 2],
    "mixed-90": [5, 5, 15, 3, 12, 3, 12, 20, 10, 3, 2],
    "hall-day": [5, 5, 20, 10, 20, 15] * 3 + [10, 2],
    "shifts-72": [2880, 15, 705, 15, 525, 120, 60],
    "world-cafe": [5, 4, 20, 3, 20, 3, 20, 25, 8, 10, 2],
    "nominal-group": [4, 6, 12, 8, 7, 10, 6, 5, 2],
}


@pytest.mark.parametrize("key", MINUTES)
def test_a_template_has_the_minutes_that_were_decided(key):
    template = Template.objects.get(key=key)

    assert [step.minutes for step in template.steps.all()] == MINUTES[key]


def test_the_templates_take_as_long_as_they_are_called():
    totals = {key: sum(minutes) for key, minutes in MINUTES.items()}

    assert totals["apt-30"] == 30
    assert totals["apt-60"] == 60
    assert totals["mixed-90"] == 90
    assert totals["shifts-72"] == 72 * 60
    assert totals["world-cafe"] == 120
    assert totals["nominal-group"] == 60


def test_the_reference_tells_every_template_as_it_is():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "templates.md").read_text(encoding="utf-8")

    for template in Template.objects.all():
        minutes = [step.minutes for step in template.steps.all()]
        told = ", ".join(str(one) for one in minutes)
        row = f"| `{template.key}` | {template.name['sv']} | {template.questions} | {told} | {sum(minutes)} |"
        assert row in page
    assert all(kind.value in page for kind in StepKind)


def test_every_name_title_and_reason_is_there_in_three_languages():
    for template in Template.objects.all():
        for words in (template.name, template.about):
            assert set(words) == {"sv", "da", "en"}, template.key
            assert all(words.values())
    for step in TemplateStep.objects.all():
        for words in (step.title, step.reason, *([step.guide] if step.guide else [])):
            assert set(words) == {"sv", "da", "en"}, (step.template_id, step.position)
            assert all(words.values())


def test_mixed_tables_and_hall_day_seat_people_three_times():
    for key in ("mixed-90", "hall-day", "world-cafe"):
        steps = TemplateStep.objects.filter(template__key=key)

        assert {step.seating for step in steps} == {1, 2, 3}
        assert [step.seating for step in steps] == sorted(step.seating for step in steps)


def test_the_hall_day_asks_three_questions_and_the_others_one():
    asked = {template.key: template.questions for template in Template.objects.all()}

    assert asked.pop("hall-day") == 3
    assert set(asked.values()) == {1}
    rounds = TemplateStep.objects.filter(template__key="hall-day", kind=StepKind.SOLO)
    assert [step.question for step in rounds] == [1, 2, 3]


def test_only_the_72_hours_move_by_themselves_and_remind_twice():
    unattended = Template.objects.get(is_unattended=True)

    assert unattended.key == "shifts-72"
    assert unattended.reminders == [1440, 2640]


def test_the_migration_run_again_adds_nothing_and_keeps_what_the_municipality_changed():
    step = TemplateStep.objects.get(template__key="apt-30", kind=StepKind.SOLO)
    step.minutes = 6
    step.save()
    before = TemplateStep.objects.count()

    for name in ("0004_templates", "0010_world_cafe_and_nominal_group"):
        importlib.import_module(f"samspel.dialogues.migrations.{name}").put_templates(apps, None)

    step.refresh_from_db()
    assert step.minutes == 6
    assert TemplateStep.objects.count() == before


# ---------------------------------------------------------------- each template walked to its end


@dataclass
class Hall:
    """A planned dialogue with people from three units who have joined by their own codes."""

    dialogue: Dialogue
    leader: Actor
    tokens: dict[int, SeatToken]
    now: datetime = WHEN

    def here(self, seat_id: int) -> Here:
        dialogue = Dialogue.objects.select_related("unit", "step", "template").get(pk=self.dialogue.pk)
        seat = Seat.objects.get(pk=seat_id)
        seating = dialogue.step.seating if dialogue.step else 1
        placement = Placement.objects.select_related("table").filter(seat=seat, seating=seating).first()
        return Here(dialogue, seat, self.tokens[seat_id], placement)

    @property
    def everyone(self) -> list[Here]:
        return [self.here(seat_id) for seat_id in self.tokens]

    def tables(self) -> dict[int, list[Here]]:
        found: dict[int, list[Here]] = {}
        for here in self.everyone:
            assert here.placement is not None, "everybody has a place in every seating"
            found.setdefault(here.placement.table_id, []).append(here)
        return found


def open_hall(town, key: str, starts_at: datetime) -> Hall:
    leader = actor_of(town.facilitator)
    template = Template.objects.get(key=key)
    dialogue = create_dialogue(
        actor=leader,
        unit_id=town.guidance.pk,
        template_key=key,
        starts_at=starts_at,
        questions=tuple(f"Vad behövs för fråga {number}?" for number in range(1, template.questions + 1)),
        invite_unit=False,
        key=device_key(),
        at=WHEN,
    )
    people = "Namn;E-post;Enhet\n" + "\n".join(f"P{n};p{n}@x.example;Enhet {n % 3}" for n in range(9))
    import_invitations(actor=leader, dialogue_id=dialogue.pk, content=people.encode(), filename="lista.csv", at=WHEN)
    plan = replace(plan_of(Dialogue.objects.get(pk=dialogue.pk)), tables=3, needs_review=False)
    save_plan(actor=leader, dialogue_id=dialogue.pk, plan=plan, at=WHEN)
    send_invitations(actor=leader, dialogue_id=dialogue.pk, key=device_key(), at=WHEN)
    hall = Hall(dialogue, leader, {})
    for invitation in dialogue.invitations.all():
        joined = join(actor=VISITOR, code=dialogue.code, seat_code=invitation.seat_code, key=device_key(), at=starts_at)
        hall.tokens[joined.seat.pk] = joined.token
    return hall


def think(hall: Hall) -> None:
    for here in hall.everyone:
        text = f"Tid att lyssna {here.question}" if here.seat.number % 2 else f"Att någon hälsar {here.question}"
        solo.write_note(here=here, text=text, key=device_key(), question=here.question, at=hall.now)


def share(hall: Hall) -> None:
    for here in hall.everyone:
        solo.share_notes(here=here, note_ids=None, at=hall.now)


def mark(hall: Hall) -> None:
    for people in hall.tables().values():
        for here in people:
            note = Note.objects.filter(
                table_id=here.placement.table_id, question=here.question, merged_into=None
            ).first()
            assert note is not None
            marking.set_mark(here=here, note_id=note.pk, wanted=True)
        for here in people:
            marking.set_ready(here=here, wanted=True, at=hall.now)


def hand_in(hall: Hall) -> None:
    for table_id, people in hall.tables().items():
        sitting = Sitting.objects.get(table_id=table_id, seating=people[0].placement.seating)
        pen = next(here for here in people if here.seat.pk == sitting.pen_id)
        handing_in.hand_in(here=pen, at=hall.now)


def choose_together(hall: Hall) -> None:
    question = hall.everyone[0].question
    leading.set_switch(actor=hall.leader, dialogue_id=hall.dialogue.pk, name="ballot_open", wanted=True, at=hall.now)
    proposals = list(Proposal.objects.filter(dialogue=hall.dialogue, question=question).values_list("pk", flat=True))
    for here in hall.everyone:
        whole.cast_ballot(here=here, question=question, proposal_ids=proposals[:1], at=hall.now)
    whole.reveal(actor=hall.leader, dialogue_id=hall.dialogue.pk, to=1, at=hall.now)


def agree(hall: Hall) -> None:
    agreeing.write_agreement(
        actor=hall.leader,
        dialogue_id=hall.dialogue.pk,
        draft=agreeing.Draft(text="Vi hälsar inom en minut", owner="Karin", owner_role="samordnare"),
        key=device_key(),
        at=hall.now,
    )


def check_out(hall: Hall) -> None:
    for here in hall.everyone:
        agreeing.answer_checkout(here=here, level=3, may_change=False, at=hall.now)


@pytest.mark.parametrize("key", ["apt-30", "apt-60", "mixed-90", "hall-day", "world-cafe", "nominal-group"])
def test_an_attended_template_is_walked_to_its_end(town, key):
    hall = open_hall(town, key, WHEN)
    walked = []
    leading.start_dialogue(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=hall.now)
    steps = list(hall.dialogue.steps.all())

    for place, step in enumerate(steps):
        following = steps[place + 1] if place + 1 < len(steps) else None
        current = Dialogue.objects.select_related("step").get(pk=hall.dialogue.pk)
        assert current.step == step
        assert current.step_ends_at == hall.now + timedelta(minutes=step.minutes)
        if step.kind == "solo":
            think(hall)
        elif step.phase == "small":
            is_first = steps[place - 1].phase != "small" and step.seating == min(
                other.seating for other in steps if other.question == step.question and other.phase == "small"
            )
            if is_first:
                share(hall)
            if following is None or following.phase not in {"small", "break"}:
                mark(hall)
                hand_in(hall)
        elif step.kind in {"whole", "ballot"} and (following is None or following.kind not in {"whole", "ballot"}):
            choose_together(hall)
        elif step.kind == "agree":
            agree(hall)
        elif step.kind == "checkout":
            check_out(hall)
        walked.append(step.kind)
        hall.now += timedelta(minutes=step.minutes)
        if following is not None:
            leading.next_step(actor=hall.leader, dialogue_id=hall.dialogue.pk, seen=step.position, at=hall.now)
    leading.close_dialogue(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=hall.now)

    assert len(walked) == len(MINUTES[key])
    dialogue = Dialogue.objects.get(pk=hall.dialogue.pk)
    assert dialogue.state == State.CLOSED
    assert hall.now - WHEN == timedelta(minutes=sum(MINUTES[key]))
    questions = dialogue.questions.count()
    results = results_of(dialogue)
    assert [result.question for result in results] == list(range(1, questions + 1))
    assert all(result.places[0].text.startswith("T") or result.places[0].text.startswith("A") for result in results)
    assert [agreement.text for agreement in agreements_of(dialogue)] == ["Vi hälsar inom en minut"]
    assert dialogue.checkouts.count() == 9


def test_nobody_meets_the_same_people_three_times_at_mixed_tables(town):
    hall = open_hall(town, "mixed-90", WHEN)

    pairs = []
    for seating in (1, 2, 3):
        at_table: dict[int, list[int]] = {}
        for seat_id, table_id in Placement.objects.filter(seating=seating).values_list("seat_id", "table_id"):
            at_table.setdefault(table_id, []).append(seat_id)
        pairs += [pair for people in at_table.values() for pair in combinations(sorted(people), 2)]

    assert len(pairs) == len(set(pairs)) == 27
    assert hall.dialogue.seats.count() == 9


def test_a_sheet_of_paper_keeps_no_reminder_from_those_who_have_not_written(town):
    hall = open_hall(town, "shifts-72", WHEN)
    leading.move_unattended(at=WHEN)
    OutgoingMail.objects.all().delete()
    first, *others = hall.everyone
    solo.write_note(here=first, text="Tid att lyssna", key=device_key(), question=1, at=WHEN)
    enter_sheet(
        actor=hall.leader,
        dialogue_id=hall.dialogue.pk,
        table_id=hall.dialogue.tables.get(number=1).pk,
        question=1,
        people=2,
        lines=[Line("Ro", 1)],
        key=device_key(),
        at=WHEN,
    )

    reminding.send_reminders(at=WHEN + timedelta(hours=24))

    assert sorted(OutgoingMail.objects.values_list("to", flat=True)) == sorted(
        here.seat.invitation.email for here in others
    )


def test_seventy_two_hours_go_by_themselves_with_their_reminders(town):
    hall = open_hall(town, "shifts-72", WHEN)
    OutgoingMail.objects.all().delete()
    wrote = False
    seen: list[tuple[float, str]] = []

    # The task runs every minute; here every third hour, and a quarter after the short steps begin.
    for hours in sorted({*range(0, 73, 3), 44, 48.25, 60.25, 71}):
        moment = WHEN + timedelta(hours=hours)
        leading.move_unattended(at=moment)
        reminding.send_reminders(at=moment)
        hall.now = moment
        dialogue = Dialogue.objects.select_related("step").get(pk=hall.dialogue.pk)
        name = f"{dialogue.step.kind} {dialogue.step.seating}" if dialogue.state == State.RUNNING else dialogue.state
        if not seen or seen[-1][1] != name:
            seen.append((hours, name))
            if name == "small 1":
                share(hall)
                mark(hall)
            if name == "ballot 2":
                proposals = list(Proposal.objects.values_list("pk", flat=True))
                for here in hall.everyone[:5]:
                    whole.cast_ballot(here=here, question=1, proposal_ids=proposals[:1], at=moment)
            if name == "agree 2":
                agree(hall)
            if name == "checkout 2":
                check_out(hall)
        if not wrote and hours >= 30:
            think(hall)
            wrote = True

    assert seen == [
        (0, "solo 1"),
        (48, "small 1"),
        (48.25, "break 2"),
        (60, "small 2"),
        (60.25, "ballot 2"),
        (69, "agree 2"),
        (71, "checkout 2"),
        (72, "closed"),
    ]
    reminders = list(Reminder.objects.order_by("after_min").values_list("after_min", "sent_at"))
    assert reminders == [(1440, WHEN + timedelta(hours=24)), (2640, WHEN + timedelta(hours=44))]
    # At 24 hours nobody had written, so all nine got a letter; at 44 all had.
    assert OutgoingMail.objects.count() == 9
    dialogue = Dialogue.objects.get(pk=hall.dialogue.pk)
    (result,) = results_of(dialogue)
    assert result.places
    assert agreements_of(dialogue)[0].text == "Vi hälsar inom en minut"


# ---------------------------------------------------------------- rehearsal


def test_a_rehearsal_walks_to_the_end_with_made_up_people(town):
    for template in Template.objects.filter(key__in=["apt-30", "mixed-90", "shifts-72"]):
        hall = open_hall(town, template.key, WHEN)
        copy = rehearse(actor=hall.leader, dialogue_id=hall.dialogue.pk, key=device_key(), at=WHEN)
        assert copy.code != hall.dialogue.code

        leading.start_dialogue(actor=hall.leader, dialogue_id=copy.pk, at=WHEN)
        while True:
            step = Dialogue.objects.select_related("step").get(pk=copy.pk).step
            if step.phase == "whole" and step.kind in {"whole", "ballot"}:
                whole.reveal(actor=hall.leader, dialogue_id=copy.pk, to=0, at=WHEN)
            moved = leading.next_step(actor=hall.leader, dialogue_id=copy.pk, seen=step.position, at=WHEN)
            if moved.step == step:
                break

        notes = Note.objects.filter(dialogue=copy)
        assert notes.exists(), template.key
        assert not notes.filter(shared_at=None).exists()
        assert not notes.exclude(sealed=None).exists()
        assert Proposal.objects.filter(dialogue=copy).exists(), template.key
        assert Checkout.objects.filter(dialogue=copy).count() == copy.seats.count()


def test_the_same_key_rehearses_once(town):
    hall = open_hall(town, "apt-30", WHEN)
    key = device_key()

    first = rehearse(actor=hall.leader, dialogue_id=hall.dialogue.pk, key=key, at=WHEN)
    second = rehearse(actor=hall.leader, dialogue_id=hall.dialogue.pk, key=key, at=WHEN)

    assert first == second
    assert first.seats.count() == 9


def test_a_rehearsal_hangs_on_no_thread_and_writes_to_nobody(town):
    hall = open_hall(town, "apt-30", WHEN)
    OutgoingMail.objects.all().delete()
    knots = Knot.objects.count()

    copy = rehearse(actor=hall.leader, dialogue_id=hall.dialogue.pk, key=device_key(), at=WHEN)
    leading.start_dialogue(actor=hall.leader, dialogue_id=copy.pk, at=WHEN)

    assert not OutgoingMail.objects.exists()
    assert Knot.objects.count() == knots
    assert not copy.invitations.exclude(email="").exists()
    names = set(hall.dialogue.invitations.values_list("name", flat=True))
    assert names.isdisjoint(copy.invitations.values_list("name", flat=True))


def test_a_rehearsal_is_erased_after_a_week_and_the_real_one_is_not(town):
    hall = open_hall(town, "apt-60", WHEN)
    copy = rehearse(actor=hall.leader, dialogue_id=hall.dialogue.pk, key=device_key(), at=WHEN)
    leading.start_dialogue(actor=hall.leader, dialogue_id=copy.pk, at=WHEN)
    for step in list(copy.steps.all())[:-1]:
        leading.next_step(actor=hall.leader, dialogue_id=copy.pk, seen=step.position, at=WHEN)
        if step.kind == "ballot":
            whole.choose(actor=hall.leader, dialogue_id=copy.pk, question=1, at=WHEN)
    agree(replace(hall, dialogue=copy))

    early = erase_rehearsals(at=WHEN + timedelta(days=6))
    late = erase_rehearsals(at=WHEN + timedelta(days=7, minutes=1))

    assert (early, late) == (0, 1)
    assert list(Dialogue.objects.all()) == [hall.dialogue]
    assert not Note.objects.exists()


def test_real_people_are_never_acted_for(town):
    hall = open_hall(town, "apt-30", WHEN)
    leading.start_dialogue(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=WHEN)

    leading.next_step(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=WHEN)

    assert not Note.objects.exists()
