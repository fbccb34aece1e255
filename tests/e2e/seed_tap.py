"""A unit that asks: a poster's code, the staff's unit, Arabic texts. Prints what the tests need."""

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspel.config.settings")
django.setup()

from datetime import timedelta  # noqa: E402

from django.utils.timezone import now  # noqa: E402

from samspel.encounters.models import Channel, Point, PointText, Round, Service  # noqa: E402
from samspel.people.models import Unit  # noqa: E402
from tests.encounters.arabic import ARABIC  # noqa: E402


def main() -> None:
    at = now()
    unit = Unit.objects.get(name="Vägledningscentrum")
    service, _new = Service.objects.get_or_create(
        key="guidance", defaults={"name": "Få vägledning om studier och jobb"}
    )
    Round.objects.get_or_create(
        unit=unit, number=1, defaults={"opened_at": at - timedelta(days=1), "closes_at": at + timedelta(days=50)}
    )
    codes = {}
    for name in ("wall", "plain", "slow", "pictures", "more", "measured"):
        code = f"tap{name}"[:12]
        Point.objects.get_or_create(
            code=code,
            defaults={
                "unit": unit,
                "service": service,
                "channel": Channel.VISIT,
                "kind": Point.Kind.WALL,
                "opened_at": at - timedelta(days=1),
            },
        )
        codes[name] = code
    PointText.objects.get_or_create(language="ar", defaults={"texts": ARABIC, "changed_at": at})
    print(json.dumps({"unit": unit.pk, "service": service.pk, **codes}))


if __name__ == "__main__":
    main()
