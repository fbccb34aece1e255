"""The factors that are offered everywhere, to begin with; a municipality changes them as it wants."""

from typing import Any

from django.db import migrations

# In the order that they are offered: each can help, and each can get in the way.
FACTORS = {
    "time": {"sv": "Tiden", "da": "Tiden", "en": "The time"},
    "waiting": {"sv": "Väntan innan", "da": "Ventetiden før", "en": "The wait before"},
    "information": {"sv": "Informationen", "da": "Informationen", "en": "The information"},
    "clarity": {"sv": "Hur tydligt det var", "da": "Hvor tydeligt det var", "en": "How clear it was"},
    "tone": {"sv": "Tonen", "da": "Tonen", "en": "The tone"},
    "misunderstanding": {
        "sv": "Om vi förstod varandra",
        "da": "Om vi forstod hinanden",
        "en": "Whether we understood each other",
    },
    "language": {"sv": "Språket", "da": "Sproget", "en": "The language"},
    "continuity": {
        "sv": "Vem jag mötte, samma eller ny",
        "da": "Hvem jeg mødte, samme eller ny",
        "en": "Whom I met, the same or new",
    },
    "place": {"sv": "Platsen", "da": "Stedet", "en": "The place"},
    "rules": {"sv": "Reglerna", "da": "Reglerne", "en": "The rules"},
}


def put_factors(apps: Any, schema_editor: Any) -> None:
    """Those that are not there; safe to run twice."""
    factor = apps.get_model("encounters", "Factor")
    for position, (key, name) in enumerate(FACTORS.items(), start=1):
        factor.objects.get_or_create(key=key, defaults={"name": name, "position": position})


class Migration(migrations.Migration):
    dependencies = [("encounters", "0004_day_file")]

    operations = [migrations.RunPython(put_factors, migrations.RunPython.noop)]
