"""What a town has before somebody posts: an area, a question to the town, and a bridge-builder."""

import json

import django


def main() -> None:
    django.setup()
    from django.utils.timezone import now

    from samspel.encounters.models import Area
    from samspel.exchange.models import Category, TownQuestion
    from samspel.people.models import Person, Role, Unit

    Area.objects.get_or_create(key="norr-och-centrum", defaults={"name": "Norr och Centrum", "position": 1})
    at = now()
    for number, (words, kind) in enumerate(
        (
            ("Vem har ett garage att låna ut en lördag?", "place/room"),
            ("Vem kan följa med till biblioteket och tala tigrinja?", "company/visit"),
            ("Vem kan lägga upp en gardin?", "mend/clothes"),
        )
    ):
        TownQuestion.objects.create(
            words=words, category=Category.objects.get(key=kind), at=at, key=f"town-question-{number}", published_at=at
        )
    helena = Person.objects.get(email="helena@lindvik.example")
    Role.objects.create(person=helena, unit=Unit.objects.get(name="Vägledningscentrum"), kind="broker")
    print(json.dumps({"broker": helena.email}))


if __name__ == "__main__":
    main()
