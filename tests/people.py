"""The cast: the same few people in every test, and makers of valid rows."""

import itertools
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from samspel.core.actor import Actor
from samspel.dialogues.access import Here, seating_now
from samspel.dialogues.actions.planning import create_dialogue, plan_of, save_plan
from samspel.dialogues.models import (
    Dialogue,
    Note,
    Pick,
    Placement,
    Proposal,
    Question,
    Seat,
    Sitting,
    State,
    Step,
    Table,
    Template,
)
from samspel.dialogues.sealing import SeatToken, hash_secret, new_secret
from samspel.encounters.actions.signals import note_signal
from samspel.encounters.models import Signal
from samspel.people.models import Person, Role, Unit

WHEN = datetime(2026, 4, 2, 11, 0, tzinfo=UTC)
_count = itertools.count(1)


@dataclass(frozen=True)
class Town:
    """Lindvik in small: a root, two units, and one of each kind of person."""

    root: Unit
    guidance: Unit
    library: Unit
    administrator: Person
    manager: Person
    facilitator: Person
    member: Person
    outsider: Person


def actor_of(person: Person) -> Actor:
    return Actor("person", person_id=person.pk, name=person.name, is_administrator=person.is_administrator)


def make_unit(name: str, parent: Unit | None = None) -> Unit:
    unit = Unit.objects.create(name=name, parent=parent)
    unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
    unit.save(update_fields=["path"])
    return unit


def make_person(name: str, unit: Unit | None = None, *kinds: str, administrator: bool = False) -> Person:
    address = f"{name.split()[0].lower()}{next(_count)}@lindvik.example"
    person = Person.objects.create(
        email=address.encode("ascii", "ignore").decode(), name=name, is_administrator=administrator
    )
    for kind in kinds:
        assert unit is not None
        Role.objects.create(person=person, unit=unit, kind=kind)
    return person


def make_town() -> Town:
    root = make_unit("Lindviks kommun")
    guidance = make_unit("Vägledningscentrum", root)
    library = make_unit("Stadsbiblioteket", root)
    return Town(
        root,
        guidance,
        library,
        administrator=make_person("Alva Administratör", administrator=True),
        manager=make_person("Pontus Chef", guidance, "manager"),
        facilitator=make_person("Malin Samtalsledare", guidance, "facilitator"),
        member=make_person("Karin Samordnare", guidance, "member"),
        outsider=make_person("Olle Utomstående", library, "manager"),
    )


PLAN = ("frame", "solo", "small", "choose", "whole", "ballot", "agree", "checkout")


def make_dialogue(unit: Unit, *, plan: tuple[str, ...] = PLAN, now_at: str | None = None, tables: int = 1) -> Dialogue:
    """A planned dialogue with one question and tables; ``now_at`` names the step that is going on."""
    template = Template.objects.order_by("position").first()
    if template is None:
        template = Template.objects.create(key="test", name={"sv": "Prov"}, position=1)
    dialogue = Dialogue.objects.create(
        unit=unit,
        template=template,
        title="En dag av delaktighet",
        starts_at=WHEN,
        state=State.PLANNED,
        code=f"{secrets.randbelow(10**6):06}",
        slug=secrets.token_hex(5),
        created_at=WHEN,
        needs_review=False,
    )
    Question.objects.create(dialogue=dialogue, number=1, text="Vad behöver vi för att lyckas?")
    for place, kind in enumerate(plan, start=1):
        Step.objects.create(dialogue=dialogue, position=place, kind=kind, minutes=5)
    names = ("Eldkvarn", "Slussen", "Spinneriet", "Kvarnhjulet", "Lyktan", "Strömmen", "Bron", "Torget")
    for number in range(1, tables + 1):
        table = Table.objects.create(dialogue=dialogue, number=number, name=names[(number - 1) % len(names)])
        Sitting.objects.create(table=table, seating=1)
    if now_at is not None:
        go_to(dialogue, now_at)
    return dialogue


def plan_dialogue(unit: Unit, leader: Person, *, template: str) -> Dialogue:
    """A draft with one question, as the page makes it, to which nobody is invited yet."""
    return create_dialogue(
        actor=actor_of(leader),
        unit_id=unit.pk,
        template_key=template,
        starts_at=WHEN,
        questions=("Vad behövs?",),
        invite_unit=False,
        key=device_key(),
        at=WHEN,
    )


def change_plan(dialogue: Dialogue, leader: Person, **changes: Any) -> Dialogue:
    """The draft with some of its plan's fields changed, as the page saves it."""
    plan = replace(plan_of(Dialogue.objects.get(pk=dialogue.pk)), **changes)
    save_plan(actor=actor_of(leader), dialogue_id=dialogue.pk, plan=plan, at=WHEN)
    return Dialogue.objects.get(pk=dialogue.pk)


def go_to(dialogue: Dialogue, kind: str) -> None:
    """Put a dialogue at its first step of a kind, as if the leader had."""
    dialogue.step = dialogue.steps.filter(kind=kind).first()
    assert dialogue.step is not None
    dialogue.state = State.RUNNING
    dialogue.opened_at = WHEN
    dialogue.step_started_at = WHEN
    dialogue.step_ends_at = WHEN + timedelta(minutes=dialogue.step.minutes)
    dialogue.save()


def make_seat(dialogue: Dialogue, table: Table | None = None, name: str = "") -> tuple[Seat, SeatToken]:
    """A joined phone, at a table if one is given."""
    secret = new_secret()
    number = dialogue.seats.count() + 1
    seat = Seat.objects.create(
        dialogue=dialogue,
        number=number,
        secret_hash=hash_secret(secret),
        name=name,
        joined_at=WHEN,
        seen_at=WHEN,
        key=secrets.token_hex(16),
    )
    if table is not None:
        Placement.objects.create(seat=seat, seating=1, table=table)
    return seat, SeatToken(number, secret)


def device_key() -> str:
    return secrets.token_hex(16)


def hand_in(table: Table, *texts: str, question: int = 1, seating: int = 1, reviewed: bool = False) -> list[Proposal]:
    """A table's three as they reach the hall, without the way there; the same words at two tables are one proposal."""
    sitting = Sitting.objects.get(table=table, seating=seating)
    found = []
    for place, text in enumerate(texts, start=1):
        note = Note.objects.create(
            dialogue=table.dialogue,
            question=question,
            table=table,
            text=text,
            key=secrets.token_hex(16),
            written_at=WHEN,
            shared_at=WHEN,
        )
        proposal, _new = Proposal.objects.get_or_create(
            dialogue=table.dialogue,
            question=question,
            normal=text.casefold(),
            defaults={"text": text, "created_at": WHEN, "reviewed_at": WHEN if reviewed else None},
        )
        Pick.objects.create(sitting=sitting, question=question, place=place, note=note, proposal=proposal)
        found.append(proposal)
    return found


def here_of(seat: Seat, token: SeatToken) -> Here:
    """The seat as a request with its cookie finds it."""
    dialogue = Dialogue.objects.select_related("unit", "step", "template").get(pk=seat.dialogue_id)
    placement = Placement.objects.select_related("table").filter(seat=seat, seating=seating_now(dialogue)).first()
    return Here(dialogue, seat, token, placement)


def signal_in(unit: Unit, person: Person, words: str, *, source: str = "", at: datetime = WHEN) -> Signal:
    """What somebody noted by hand that she heard."""
    return note_signal(actor=actor_of(person), unit_id=unit.pk, words=words, source=source, key=device_key(), at=at)
