"""Two receptions with a tablet each, in a unit that asks; a poster and links besides. Prints where they are."""

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspel.config.settings")
django.setup()

from datetime import timedelta  # noqa: E402

from django.utils.timezone import now  # noqa: E402

from samspel.encounters.models import Plan, Point, Round  # noqa: E402
from samspel.people.models import Unit  # noqa: E402
from tests.encounters.asking import make_point, make_service, make_tablet  # noqa: E402


def main() -> None:
    at = now()
    unit = Unit.objects.get(name="Vägledningscentrum")
    Round.objects.get_or_create(unit=unit, number=1, defaults={"opened_at": at, "closes_at": at + timedelta(days=50)})
    Round.objects.filter(unit=unit, number=1).update(opened_at=at - timedelta(days=7))
    found: dict[str, object] = {"unit": unit.pk}
    for name in ("kiosk", "control"):
        point = make_point(unit, kind=Point.Kind.KIOSK, title="Receptionen", opened_at=at - timedelta(days=7))
        found[name] = {"point": point.pk, "secret": make_tablet(point, "Vid luckan")}
    for kind, title in ((Point.Kind.WALL, "Vid dörren"), (Point.Kind.LINK, "Sms efter besöket")):
        found[kind] = make_point(unit, kind=kind, title=title, opened_at=at).pk
    Plan.objects.get_or_create(
        unit=unit,
        service=make_service(),
        defaults={"meetings_a_week": 25, "ask_every": 3, "answering": 60, "changed_at": at},
    )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
