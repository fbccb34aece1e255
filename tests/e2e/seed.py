"""A small town for the browser tests, made in the site's own database. Prints what the tests need as JSON."""

import json
from datetime import timedelta

import django


def main() -> None:
    django.setup()
    from django.utils import timezone

    from samspel.core.actor import Actor
    from samspel.dialogues.actions import planning
    from samspel.dialogues.models import Agreement
    from samspel.people.actions import make_installation
    from samspel.people.models import Person, Role, Unit

    password = "en lång mening med hästar"
    administrator = make_installation(
        name="Lindvik", language="sv", admin_name="Alva Ek", admin_email="alva@lindvik.example", password=password
    )
    root = Unit.objects.get()
    unit = Unit.objects.create(name="Vägledningscentrum", parent=root)
    unit.path = f"{root.path}{unit.pk}/"
    unit.save()
    people = {}
    for name, kind in (("Malin Danielsson", "facilitator"), ("Helena Sjöholm", "facilitator"), ("Karin Ek", "member")):
        person = Person(name=name, email=f"{name.split()[0].lower()}@lindvik.example")
        person.set_password(password)
        person.save()
        Role.objects.create(person=person, unit=unit, kind=kind)
        people[name.split()[0].lower()] = person.email
    malin = Person.objects.get(email="malin@lindvik.example")
    actor = Actor("person", person_id=malin.pk, name=malin.name)
    now = timezone.now()
    earlier = planning.create_dialogue(
        actor=actor,
        unit_id=unit.pk,
        template_key="apt-30",
        starts_at=now - timedelta(days=28),
        questions=("Hur möter vi den som väntar?",),
        key="earlier-dialogue-key",
        at=now - timedelta(days=30),
        invite_unit=False,
    )
    Agreement.objects.create(
        dialogue=earlier,
        text="Vi hälsar inom en minut och säger hur lång väntan blir.",
        owner="Karin Ek",
        owner_role="samordnare",
        key="earlier-agreement-key",
        agreed_at=now - timedelta(days=28),
    )
    earlier.state = "closed"
    earlier.opened_at = earlier.starts_at
    earlier.closed_at = earlier.starts_at + timedelta(minutes=30)
    earlier.save()
    print(
        json.dumps(
            {
                "administrator": administrator.email,
                **people,
                "password": password,
                "unit": unit.pk,
                "earlier": earlier.pk,
                "earlier_slug": earlier.slug,
            }
        )
    )


if __name__ == "__main__":
    main()
