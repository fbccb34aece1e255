"""Holding a dialogue still while a seat writes in it."""

from dataclasses import replace

from django.db import connection

from samspel.dialogues.access import Here, check_seat
from samspel.dialogues.models import Dialogue


def hold(here: Here, act: str) -> Here:
    """The participant with her dialogue as it is now, if she may do ``act``; it stays so until the transaction ends.

    Many seats hold it at once (a hall's ballots do not wait for each other); a leader who changes it waits for them.

    :raises ConflictError: not in this phase.
    """
    hold_dialogue(here.dialogue.pk)
    dialogue = Dialogue.objects.select_related("unit", "step", "template").get(pk=here.dialogue.pk)
    fresh = replace(here, dialogue=dialogue)
    check_seat(fresh, act)
    return fresh


def hold_dialogue(dialogue_id: int) -> None:
    """Keep a dialogue's row as it is until the transaction ends, beside others who hold it."""
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(Dialogue._meta.db_table)
        cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR SHARE", [dialogue_id])  # noqa: S608 (our name)
