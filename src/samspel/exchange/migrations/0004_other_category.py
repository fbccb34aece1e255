"""A kind for who does not know which: the bridge-builder chooses then."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make_other(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("exchange", "Category").objects.get_or_create(
        key="other", defaults={"name": {"sv": "Annat", "da": "Andet", "en": "Something else"}, "position": 99}
    )


class Migration(migrations.Migration):
    dependencies = [("exchange", "0003_reminders")]

    operations = [migrations.RunPython(make_other, migrations.RunPython.noop)]
