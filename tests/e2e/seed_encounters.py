"""A unit with half a year of answers, in which something changed six weeks ago. Prints what the test needs as JSON."""

import json
from datetime import timedelta

import django


def main() -> None:
    django.setup()
    from django.utils.timezone import now

    from samspel.demo.meetings import PLACES, SERVICES, take_in_weeks
    from samspel.dialogues.models import Dialogue, State
    from samspel.encounters import compaction
    from samspel.encounters.models import Area, Channel, Point, Round, Service
    from samspel.people.models import Person, Role, Unit

    at = now()
    guidance = Unit.objects.get(name="Vägledningscentrum")
    root = guidance.parent
    assert root is not None
    # What other journeys have planned for the unit is not what this one takes its signal to.
    Dialogue.objects.filter(unit=guidance, state__in=[State.DRAFT, State.PLANNED]).update(unit=root)
    manager = Person(name="Pontus Berg", email="pontus@lindvik.example")
    manager.set_password("en lång mening med hästar")
    manager.save()
    Role.objects.create(person=manager, unit=guidance, kind="manager")
    areas = [Area.objects.create(key=f"meet-{name}", name=name, position=8).pk for name in ("Norrvik", "Åbacken")]
    points = {}
    for place in PLACES:
        unit = Unit.objects.filter(name=place.unit).first()
        if unit is None:
            unit = Unit.objects.create(name=place.unit, parent=root)
            unit.path = f"{root.path}{unit.pk}/"
            unit.save(update_fields=["path"])
        service, _new = Service.objects.get_or_create(key=place.service, defaults={"name": SERVICES[place.service]})
        points[place] = Point.objects.create(
            unit=unit,
            service=service,
            channel=Channel.VISIT,
            kind=Point.Kind.WALL,
            code=f"meet{len(points):04}",
            opened_at=at - timedelta(days=200),
        )
    if not Round.objects.filter(unit=guidance, published_at=None).exists():
        number = Round.objects.filter(unit=guidance).count() + 1
        Round.objects.create(
            unit=guidance, number=number, opened_at=at - timedelta(days=20), closes_at=at + timedelta(days=40)
        )
    take_in_weeks(points, areas, at=at)
    compaction.refresh(at)
    code = points[PLACES[0]].code
    print(json.dumps({"manager": manager.email, "unit": guidance.pk, "code": code}))


if __name__ == "__main__":
    main()
