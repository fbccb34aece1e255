from django.db import migrations, models


class Migration(migrations.Migration):
    """Which file holds a day. No day has been compacted before this."""

    dependencies = [("encounters", "0003_encounters")]

    operations = [
        migrations.AddField(
            model_name="day", name="file", field=models.CharField(default="", max_length=60), preserve_default=False
        ),
    ]
