from django.db import migrations
from django.db.models import F


def forget_other_addresses(apps, schema_editor):
    """Addresses that people could write in themselves: an account has the one that it was made with."""
    apps.get_model("account", "EmailAddress").objects.exclude(email__iexact=F("user__email")).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(forget_other_addresses, migrations.RunPython.noop)]
