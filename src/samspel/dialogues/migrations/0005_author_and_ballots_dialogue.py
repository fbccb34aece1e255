import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dialogues", "0004_templates")]

    operations = [
        migrations.AddField("note", "author", models.BinaryField(max_length=16, null=True)),
        migrations.AlterField(
            "ballot",
            "seat",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="ballots",
                to="dialogues.seat",
            ),
        ),
        migrations.AddField(
            "ballot",
            "dialogue",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="ballots",
                to="dialogues.dialogue",
            ),
        ),
    ]
