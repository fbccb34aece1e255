from django.db import migrations


class Migration(migrations.Migration):
    """Which selection first proposed a match was read by nobody, and written in every row after each change."""

    dependencies = [("exchange", "0008_traces")]

    operations = [migrations.RemoveField("match", "selection")]
