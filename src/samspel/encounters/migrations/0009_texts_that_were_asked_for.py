"""A language of the municipality's own names every text that there was, written or not, from now on."""

from typing import Any

from django.db import migrations

TAP = (
    *("question", "good", "so_so", "bad", "one_press", "nobody", "saving", "saved", "change", "already", "waiting"),
    *("tell_more", "not_asking", "you_said", "we_did", "could_not", "languages"),
)


def name_all(apps: Any, schema_editor: Any) -> None:
    for row in apps.get_model("encounters", "PointText").objects.all():
        row.texts = dict.fromkeys(TAP, "") | row.texts
        row.save(update_fields=["texts"])


class Migration(migrations.Migration):
    dependencies = [("encounters", "0008_resting")]

    operations = [migrations.RunPython(name_all, migrations.RunPython.noop, elidable=True)]
