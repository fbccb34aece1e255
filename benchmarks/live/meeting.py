"""In the installation under measure: `make TABLES` prints a meeting's number and code, `next NUMBER` moves on."""

import sys

from samspel.cli import Database, set_up

with Database():
    set_up()

    from django.utils.timezone import now

    from samspel.dialogues.actions import leading
    from samspel.people.models import Person, Unit
    from tests.people import actor_of, make_dialogue, make_person, make_unit

    if sys.argv[1] == "make":
        unit = make_unit("Vägledningscentrum", Unit.objects.filter(parent=None).first())
        make_person("Malin Samtalsledare", unit, "facilitator")
        plan = ("frame", "solo", "small", "whole", "agree")
        dialogue = make_dialogue(unit, plan=plan, now_at="solo", tables=int(sys.argv[2]))
        print(dialogue.pk, dialogue.code)
    else:
        leader = actor_of(Person.objects.get(name="Malin Samtalsledare"))
        leading.next_step(actor=leader, dialogue_id=int(sys.argv[2]), at=now())
