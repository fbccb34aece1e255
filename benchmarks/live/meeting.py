"""In the installation under measure: `make TABLES [TEMPLATE [QUESTIONS]]` plans a hall's day; prints number and code.

The plan is a ready one as the page makes it, a day in a hall with three questions at three tables when none is named;
what is written is shown without review. Whoever leads signs in as LEADER with PASSWORD.
"""

import secrets
import sys

from samspel.cli import Database, set_up

LEADER = "malin@lindvik.example"
PASSWORD = "tre bord och tre frågor till salen"  # noqa: S105 (of a meeting that is thrown away)
QUESTIONS = ("Vad behöver vi för att lyckas?", "Vad står i vägen?", "Vad börjar vi med?")


def make(tables: int, template: str = "hall-day", questions: str = "3") -> tuple[int, str]:
    """A hall's day that is planned and waits for its people; gives its number and code."""
    from dataclasses import replace

    from django.utils.timezone import now

    from samspel.dialogues.actions import planning
    from samspel.people.models import Person, Role, Unit
    from tests.people import actor_of, make_unit

    unit = make_unit("Vägledningscentrum", Unit.objects.filter(parent=None).first())
    leader = Person.objects.create(email=LEADER, name="Malin Samtalsledare")
    leader.set_password(PASSWORD)
    leader.save()
    Role.objects.create(person=leader, unit=unit, kind="facilitator")
    actor, at = actor_of(leader), now()
    dialogue = planning.create_dialogue(
        actor=actor,
        unit_id=unit.pk,
        template_key=template,
        starts_at=at,
        key=secrets.token_hex(16),
        at=at,
        questions=QUESTIONS[: int(questions)],
        invite_unit=False,
    )
    plan = replace(planning.plan_of(dialogue), tables=tables, needs_review=False)
    planning.save_plan(actor=actor, dialogue_id=dialogue.pk, plan=plan, at=at)
    planning.publish(actor=actor, dialogue_id=dialogue.pk, at=at)
    return dialogue.pk, dialogue.code


if __name__ == "__main__":
    with Database():
        set_up()
        print(*make(int(sys.argv[2]), *sys.argv[3:]))
