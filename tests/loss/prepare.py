"""Run in the installation under test: a meeting in which everybody thinks alone. Prints its number and its code."""

import sys

from samspel.cli import Database, set_up

with Database():
    set_up()

    from samspel.people.models import Unit
    from tests.people import make_dialogue, make_unit

    unit = make_unit("Vägledningscentrum", Unit.objects.filter(parent=None).first())
    dialogue = make_dialogue(unit, now_at="solo", tables=int(sys.argv[1]))
    print(dialogue.pk, dialogue.code)
