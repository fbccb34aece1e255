"""A service of six places with a year of answers: Arabic speakers are met worse. Prints what the test needs as JSON."""

import json
from datetime import timedelta

import django


def main() -> None:
    django.setup()
    from django.utils.timezone import localdate, now

    from samspel.encounters import compaction
    from samspel.encounters.compute_looks import take_due_looks
    from samspel.encounters.models import Area, Channel, Point, Service, Shown
    from samspel.encounters.weeks import monday_of
    from samspel.people.models import Person, Role, Unit
    from tests.encounters.answers import given
    from tests.people import make_unit

    at = now()
    root = Unit.objects.get(name="Vägledningscentrum").parent
    places = [make_unit(f"Tillståndsdisken {number}", root) for number in range(1, 7)]
    manager = Person(name="Petra Ström", email="petra@lindvik.example")
    manager.set_password("en lång mening med hästar")
    manager.save()
    Role.objects.create(person=manager, unit=places[0], kind="manager")
    service = Service.objects.create(key="permit", name="Söka tillstånd för mat")
    Point.objects.create(
        unit=places[0],
        service=service,
        channel=Channel.VISIT,
        kind=Point.Kind.WALL,
        code="permit01",
        opened_at=at - timedelta(days=500),
    )
    areas = [Area.objects.create(key=f"e2e-{name}", name=name, position=9) for name in ("Centrum", "Landsbygden")]
    # All of last year's looks and this year's: which of them is open depends on the day of the test.
    for back in range(4, 60, 4):
        often = {
            "day": monday_of(localdate(at)) - timedelta(weeks=back),
            "service": service,
            "channel": Channel.VISIT,
            "area": areas[back // 4 % 2],
            "refresh": False,
        }
        for number, place in enumerate(places):
            many = 10 + 3 * number + back % 3
            given(place, good=3 * many, bad=many, language="sv", age_band=("16-24", "25-44")[number % 2], **often)
            given(place, good=9, bad=3, language="en", age_band=("25-44", "16-24")[number % 2], **often)
        given(places[1], good=8, bad=14, language="ar", **often)
        given(places[1], good=2, bad=1, language="so", **often)
        given(places[2], good=15, bad=5, **often)
    compaction.refresh(at)
    # As if nobody had looked before: a look that was taken holds the years without this service.
    Shown.objects.filter(pk__startswith="service").delete()
    take_due_looks(at)
    print(json.dumps({"manager": manager.email, "service": service.key, "name": service.name}))


if __name__ == "__main__":
    main()
