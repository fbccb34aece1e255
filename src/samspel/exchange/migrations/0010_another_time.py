from django.db import migrations


class Migration(migrations.Migration):
    """What is a `Wish` is a bridge-builder's, of two posts; this is the time that suits the one who is asked."""

    dependencies = [("exchange", "0009_matches_of_no_selection")]

    operations = [migrations.RenameField("part", "wish", "other_time")]
