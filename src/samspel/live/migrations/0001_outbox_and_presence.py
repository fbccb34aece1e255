"""Counters, outbox and presence. Presence is unlogged: it is true only while its processes run."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Outbox",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "room", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("room", models.TextField()),
                ("number", models.BigIntegerField()),
                ("name", models.TextField()),
                ("audiences", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("data", models.TextField(help_text="JSON, as it goes to browsers.")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="live_outbox_created")
                ],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "room", "process", "hint", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("room", models.TextField()),
                ("process", models.TextField()),
                ("hint", models.TextField()),
            ],
            options={
                "indexes": [models.Index(fields=["process"], name="live_presence_process")],
            },
        ),
        migrations.CreateModel(
            name="Process",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Room",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("last", models.BigIntegerField()),
            ],
        ),
        # One row a room, updated at every event: room in its page keeps the updates off the index.
        migrations.RunSQL("ALTER TABLE live_room SET (fillfactor = 20)", migrations.RunSQL.noop),
        migrations.RunSQL("ALTER TABLE live_presence SET UNLOGGED", "ALTER TABLE live_presence SET LOGGED"),
        migrations.RunSQL("ALTER TABLE live_process SET UNLOGGED", "ALTER TABLE live_process SET LOGGED"),
    ]
