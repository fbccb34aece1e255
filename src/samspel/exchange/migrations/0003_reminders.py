"""That somebody has been told of a post, so that she is told once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0002_categories")]

    operations = [
        migrations.AddField("post", "reminded_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("post", "late_told_at", models.DateTimeField(blank=True, null=True)),
    ]
