"""A ring, a pair and a chain that people are asked about, and what has ended before. Prints the codes."""

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspel.config.settings")
django.setup()

from datetime import datetime, timedelta  # noqa: E402

from django.utils.timezone import now  # noqa: E402

from samspel.core import thread  # noqa: E402
from samspel.core.models import Stage, TieKind  # noqa: E402
from samspel.dialogues.models import Agreement, Dialogue, State  # noqa: E402
from samspel.exchange.actions.answering import ask_other_time, tell_problem  # noqa: E402
from samspel.exchange.actions.asking import add_check  # noqa: E402
from samspel.exchange.actions.assumptions import assume  # noqa: E402
from samspel.exchange.actions.remarking import remark_on_match  # noqa: E402
from samspel.exchange.models import Category, Match, Part, Party  # noqa: E402
from samspel.people.models import Person, Role, Unit  # noqa: E402
from tests.exchange.rings import Ring, make_chain, make_pair, make_ring, make_round, make_square  # noqa: E402
from tests.people import actor_of, device_key, make_dialogue, make_unit  # noqa: E402


def main() -> None:
    at = now()
    unit = Unit.objects.get(name="Vägledningscentrum")
    broker = Person(name="Britta Bro", email="britta@lindvik.example")
    broker.set_password("en lång mening med hästar")
    broker.save()
    Role.objects.create(person=broker, unit=unit, kind="broker")
    ring = make_ring(broker, at=at)
    pair = make_pair(broker, marks=("child",), at=at)
    chain = make_chain(broker, 5, at=at)
    told = make_ring(broker, at=at)
    square = make_square(broker, at=at)
    called = ("Åkeriet", "Återbruket", "Språkkaféet", "Snickaren", "Badföreningen")
    for party, name in zip(chain.parties, called, strict=True):
        Party.objects.filter(pk=party.pk).update(called=name)
    Match.objects.filter(pk=chain.match.pk).update(title="Kedjan från skåpbil till brygga")
    for one in (ring, pair, chain, told, square):
        one.ask(at)
    add_check(actor=ring.actor, match_id=ring.match.pk, kind="benefit", about="", at=at)
    ring.yes(1, 3, at=at)
    chain.yes(1, 2, at=at)
    told.yes(1, at=at)
    words = "Jag hinner inte varje vecka. Kan vi börja med en gång?"
    tell_problem(mine=told.mine(2), match_id=told.match.pk, words=words, at=at)
    ask_other_time(mine=told.mine(3), match_id=told.match.pk, words="Hellre på söndagar", at=at)
    remark_on_match(actor=told.actor, match_id=told.match.pk, words="Ringde i går.", key=device_key(), at=at)
    end_some(broker)
    rounds = {f"round{people}": round_of(broker, people, at) for people in (5, 6, 7)}
    made = {"ring": ring, "pair": pair, "chain": chain, "told": told, "square": square}
    told_of = {name: codes(one) for name, one in (made | rounds | {"both": with_two_units(broker, at)}).items()}
    print(json.dumps(told_of | agreed_need(unit)))


SAID = (
    ("Grannen med bilen", "Vill öva svenska inför ett jobb.", "kör till återvinningen en lördag i månaden"),
    ("Språkkaféet", "Behöver bord och stolar till den nya lokalen.", "övar svenska två kvällar i veckan"),
    ("Återbruket", "Behöver hjälp att bära på onsdagar.", "ger bord och stolar"),
    ("Orienterarna", "Söker någon som kan laga en hemsida.", "bär på onsdagar"),
    ("Datorhjälpen", "Vill ha sällskap på promenader.", "lagar hemsidan"),
    ("Promenadgruppen", "Har en bokhylla som behöver sättas upp.", "går med på tisdagar"),
    ("Snickaren", "Behöver någon som kör en gång i månaden.", "sätter upp bokhyllan"),
)


def round_of(broker: Person, people: int, at: datetime) -> Ring:
    """A ring as large as a repaired one may be."""
    made = make_round(broker, people, at=at)
    for number, (called, _need, gift) in enumerate(SAID[:people]):
        Party.objects.filter(pk=made.parties[number].pk).update(called=called)
        for transfer in made.match.transfers.filter(place=number + 1):
            transfer.gift = gift
            transfer.save(update_fields=["gift"])
    made.ask(at)
    for part, (_called, need, _gift) in zip(made.match.parts.all(), SAID, strict=False):
        part.words = need
        part.save(update_fields=["words"])
    made.yes(1, 3, at=at)
    return made


def with_two_units(broker: Person, at: datetime) -> Ring:
    """A ring of a student and two units, which one manager leads: the student has said yes."""
    manager = Person(name="Moa Berg", email="moa@lindvik.example")
    manager.set_password("en lång mening med hästar")
    manager.save()
    made = make_ring(broker, at=at)
    for party, name in zip(made.parties[1:], ("Återbruket vid hamnen", "Språkkaféet på biblioteket"), strict=True):
        unit = make_unit(name, Unit.objects.get(parent=None))
        Role.objects.create(person=manager, unit=unit, kind="manager")
        Party.objects.filter(pk=party.pk).update(unit=unit, kind=Party.Kind.UNIT, called=name)
    made.ask(at)
    made.yes(1, at=at)
    return made


def agreed_need(unit: Unit) -> dict[str, object]:
    """A meeting that is over, which agreed on something that it needs."""
    dialogue = make_dialogue(unit)
    Dialogue.objects.filter(pk=dialogue.pk).update(state=State.CLOSED, opened_at=now(), closed_at=now())
    words = "Vi behöver låna bord och stolar till öppet hus i maj."
    agreement = Agreement.objects.create(
        dialogue=dialogue, text=words, key=device_key(), agreed_at=now(), becomes="need", owner_role="Enhetschefen"
    )
    begun = thread.start_thread(unit_id=unit.pk, title="Hur får vi fler att hitta hit?", at=now())
    knot = thread.add_knot(begun.pk, Stage.DIALOGUE, dialogue, at=now())
    thread.tie(thread.add_knot(begun.pk, Stage.AGREEMENT, agreement, at=now()), knot, TieKind.GREW_FROM)
    return {"dialogue": dialogue.pk, "thread": begun.pk}


def codes(ring: Ring) -> dict[str, object]:
    return {"match": ring.match.pk, "codes": list(ring.codes)}


def end_some(broker: Person) -> None:
    """Enough that something may be shown of what it gave."""
    for number in range(11):
        begun = now() - timedelta(days=20)
        ring = make_ring(broker, at=begun)
        ring.begin(begun)
        ring.end(at=begun + timedelta(days=10))
        Part.objects.filter(match=ring.match).update(outcome=3 if number else 1, outcome_at=begun)
    drive = Category.objects.get(key="carry/drive")
    reason = "En resa i månaden som annars hade beställts, enligt trafikenhetens egna tal."
    assume(actor=actor_of(broker), category_id=drive.pk, low="400", high="1500", reason=reason, at=now())


if __name__ == "__main__":
    main()
