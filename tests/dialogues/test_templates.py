"""The ready plans: the minutes of product.md 5, in three languages."""

import importlib

import pytest
from django.apps import apps

from samspel.dialogues.models import StepKind, Template, TemplateStep

pytestmark = pytest.mark.django_db

MINUTES = {
    "apt-30": [2, 4, 8, 10, 4, 2],
    "apt-60": [4, 5, 12, 10, 15, 8, 4, 2],
    "mixed-90": [5, 5, 15, 3, 12, 3, 12, 20, 10, 3, 2],
    "hall-day": [5, 5, 20, 10, 20, 15] * 3 + [10, 2],
    "shifts-72": [2880, 15, 705, 15, 525, 120, 60],
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


def test_every_name_title_and_reason_is_there_in_three_languages():
    for template in Template.objects.all():
        for words in (template.name, template.about):
            assert set(words) == {"sv", "da", "en"}, template.key
            assert all(words.values())
    for step in TemplateStep.objects.all():
        for words in (step.title, step.reason):
            assert set(words) == {"sv", "da", "en"}, (step.template_id, step.position)
            assert all(words.values())


def test_mixed_tables_and_hall_day_seat_people_three_times():
    for key in ("mixed-90", "hall-day"):
        steps = TemplateStep.objects.filter(template__key=key)

        assert {step.seating for step in steps} == {1, 2, 3}
        assert [step.seating for step in steps] == sorted(step.seating for step in steps)


def test_the_hall_day_asks_three_questions_and_the_others_one():
    asked = {template.key: template.questions for template in Template.objects.all()}

    assert asked == {"apt-30": 1, "apt-60": 1, "mixed-90": 1, "hall-day": 3, "shifts-72": 1}
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

    importlib.import_module("samspel.dialogues.migrations.0004_templates").put_templates(apps, None)

    step.refresh_from_db()
    assert step.minutes == 6
    assert TemplateStep.objects.count() == before
