"""Ballots learn their dialogue; meetings that are closed forget who said what, as those closed from now on do."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery
from django.db.models.functions import TruncDay

AT_ONCE = 200
# What the audit trail said beside a seat, that told whose words a row holds.
TOLD_WHOSE = ("note.added", "note.entered", "notes.shared", "ballot.cast", "ballot.changed")


def give_ballots_their_dialogue(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    seats = apps.get_model("dialogues", "Seat").objects.filter(pk=OuterRef("seat_id"))
    ballots = apps.get_model("dialogues", "Ballot").objects
    ballots.filter(dialogue=None).update(dialogue=Subquery(seats.values("dialogue_id")))


def forget_who(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    def rows(name: str):  # type: ignore[no-untyped-def]
        return apps.get_model("dialogues", name).objects

    closed = list(rows("Dialogue").filter(state="closed").order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(closed), AT_ONCE):
        some = closed[at : at + AT_ONCE]
        notes = rows("Note").filter(dialogue__in=some)
        notes.exclude(seat=None).update(seat=None, written_at=TruncDay("written_at"), shared_at=TruncDay("shared_at"))
        notes.filter(source="host").update(source="phone")
        rows("CounterVoice").filter(dialogue__in=some).update(said_at=TruncDay("said_at"))
        rows("Mark").filter(note__dialogue__in=some).delete()
        rows("Ready").filter(step__dialogue__in=some).delete()
        rows("Ballot").filter(dialogue__in=some).update(seat=None, cast_at=TruncDay("cast_at"))
        rows("Sitting").filter(table__dialogue__in=some).update(
            pen=None,
            pen_asked_by=None,
            advocate=None,
            advocate_seed=0,
            help_asked_at=None,
            help_words="",
            help_taken_by="",
        )


def forget_who_in_the_trail(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    entries = apps.get_model("core", "AuditEntry").objects.filter(verb__in=TOLD_WHOSE, facts__has_key="seat")
    while some := list(entries[:AT_ONCE]):
        for entry in some:
            del entry.facts["seat"]
            if entry.object_type == "dialogues.seat":
                entry.object_id = 0
            entry.save(update_fields=["facts", "object_id"])


class Migration(migrations.Migration):
    dependencies = [("dialogues", "0005_author_and_ballots_dialogue"), ("core", "0002_initial")]

    operations = [
        migrations.RunPython(give_ballots_their_dialogue, migrations.RunPython.noop),
        migrations.RunPython(forget_who, migrations.RunPython.noop),
        migrations.RunPython(forget_who_in_the_trail, migrations.RunPython.noop),
    ]
