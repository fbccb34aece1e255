import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dialogues", "0006_closed_meetings_forget_who")]

    operations = [
        migrations.AlterField(
            "ballot",
            "dialogue",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="ballots",
                to="dialogues.dialogue",
            ),
        ),
    ]
