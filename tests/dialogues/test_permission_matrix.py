"""Role × act × phase, each cell tried through the real addresses and held against the reviewed table permissions.tsv.

A cell is ``yes`` (may), ``-`` (may not) or ``(yes)``: the permission row says yes, and the act itself asks for more
(``NARROWER`` tells what), so that it is refused. What is allowed must do its work, what is refused must change nothing:
404 for the wrong role, as for a thing that is not there; 409, or the page as it now is, for the wrong phase.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils.timezone import now

from samspel.core import thread
from samspel.core.limits import BUCKETS
from samspel.core.models import Stage
from samspel.core.permissions import TABLES
from samspel.dialogues.access import PHASES
from samspel.dialogues.actions import whole
from samspel.dialogues.models import Agreement, Dialogue, Leader, Note, Seat, Sitting, State, Table
from samspel.dialogues.sealing import SeatToken, author_token, seal
from samspel.dialogues.takeover import TAKE_OVERS
from samspel.encounters.actions.staff_phone import begin_meeting
from samspel.encounters.actions.stories import tell_story
from samspel.encounters.models import Reason, Signal, Story
from samspel.encounters.windows import new_press
from samspel.exchange.models import Category, Match, Party
from samspel.people.models import Person
from tests.encounters.asking import make_point, make_round
from tests.exchange.making import make_match, make_party, make_post
from tests.people import (
    PLAN,
    WHEN,
    Town,
    actor_of,
    device_key,
    go_to,
    hand_in,
    make_dialogue,
    make_person,
    make_seat,
    make_town,
)

FILE = Path(__file__).parent / "permissions.tsv"
NARROWER = {
    "agreement.answer": "a participant answers while the meeting opens with it",
    "result.read": "leaders read the result in console and protocol; the phone's file is a seat's",
    "seat.help": "a leader who wants to help takes a seat at the table first",
}
ROLES_OF = {
    "visitor": {"visitor"},
    "outsider": {"person"},  # a manager, of another unit
    "member": {"person", "member"},
    "manager": {"person", "manager"},
    "facilitator": {"person", "facilitator"},
    "administrator": {"person", "administrator"},
    "broker": {"person", "broker"},  # of another unit: help does not stop at an office's door
    "leader": {"person", "leader"},  # named for this dialogue, with no role in its unit
    "participant": {"participant"},
    "pen": {"participant", "pen"},
    "elsewhere": {"visitor"},  # a participant of another dialogue, here nobody
}
STEP_OF = {"frame": "frame", "solo": "solo", "small": "choose", "whole": "whole", "break": "break"}


def expected() -> dict[tuple[str, str, str], str]:
    """The reviewed cells: (act, role, phase) → yes, (yes)."""
    found = {}
    with FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            for phase in PHASES:
                if row[phase] != "-":
                    found[row["act"], row["role"], phase] = row[phase]
    return found


EXPECTED = expected()


def test_the_reviewed_table_is_the_one_in_the_code() -> None:
    in_code = {
        (row.act, role, phase)
        for table in TABLES.values()
        for row in table.values()
        for role in row.roles
        for phase in PHASES
        if row.phases is None or phase in row.phases
    }

    assert set(EXPECTED) == in_code
    assert {act for (act, _role, _phase), cell in EXPECTED.items() if cell == "(yes)"} == set(NARROWER)


def test_every_act_is_tried() -> None:
    acts = {act for table in TABLES.values() for act in table}

    assert set(PROBES) == acts


# ---------------------------------------------------------------- the world, and who is in it


@dataclass
class World:
    """A dialogue in one phase, with everybody the table speaks of."""

    town: Town
    leader: Person
    dialogue: Dialogue
    phase: str
    clients: dict[str, Client]
    seats: dict[str, Seat]
    tokens: dict[str, SeatToken]
    notes: list[Note]
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.dialogue.code

    @property
    def sitting(self) -> Sitting:
        return Sitting.objects.get(table__dialogue=self.dialogue, table__number=1, seating=1)

    def set(self, **values: object) -> None:
        Dialogue.objects.filter(pk=self.dialogue.pk).update(**values)
        self.dialogue.refresh_from_db()


def people_of(town: Town, client: Callable[[Person], Client]) -> tuple[dict[str, Client], Person]:
    leader = make_person("Lisa Ledare")
    who = {
        "outsider": town.outsider,
        "member": town.member,
        "manager": town.manager,
        "facilitator": town.facilitator,
        "administrator": town.administrator,
        "broker": make_person("Britta Brobyggare", town.library, "broker"),
        "leader": leader,
    }
    return {"visitor": Client()} | {name: client(person) for name, person in who.items()}, leader


def sign_in(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def make_world(town: Town, clients: dict[str, Client], leader: Person, phase: str) -> World:
    dialogue = make_dialogue(town.guidance, plan=(*PLAN, "break"), tables=2)
    Leader.objects.create(dialogue=dialogue, person=leader)
    first, second = dialogue.tables.all()
    seats, tokens = {}, {}
    for name, table in (("pen", first), ("participant", first), ("other table", second)):
        seats[name], tokens[name] = make_seat(dialogue, table)
    elsewhere = make_dialogue(town.guidance, now_at="choose")
    for _ in range(2):  # so that her number is also the number of a seat here
        seats["elsewhere"], tokens["elsewhere"] = make_seat(elsewhere, elsewhere.tables.get())
    Sitting.objects.filter(table__in=[first, elsewhere.tables.get()]).update(pen=seats["pen"])
    Sitting.objects.filter(table=elsewhere.tables.get()).update(pen=seats["elsewhere"])
    notes = [shared(dialogue, first, seats[name], f"Tanke av {name}") for name in ("pen", "participant")]
    for name in ("pen", "participant"):
        sealed(dialogue, seats[name], tokens[name], f"Hemligt av {name}")
    seated = {}
    for name in ("pen", "participant", "elsewhere"):
        seated[name] = Client()
        seated[name].cookies["seat"] = tokens[name].cookie()
    party, code = make_party()
    for name in ("pen", "participant"):  # who has a code has it beside her seat
        seated[name].cookies["exchange"] = code
    world = World(town, leader, dialogue, phase, clients | seated, seats, tokens, notes, {"party": party.pk})
    put_in_phase(world)
    return world


def put_in_phase(world: World) -> None:
    if world.phase in STEP_OF:
        go_to(world.dialogue, STEP_OF[world.phase])
    elif world.phase == "closed":
        world.set(state=State.CLOSED, opened_at=WHEN, closed_at=WHEN, shows_results=True)
    else:
        world.set(state=world.phase)


def shared(dialogue: Dialogue, table: Table, seat: Seat, text: str) -> Note:
    return Note.objects.create(
        dialogue=dialogue, seat=seat, table=table, text=text, key=device_key(), written_at=WHEN, shared_at=WHEN
    )


def sealed(dialogue: Dialogue, seat: Seat, token: SeatToken, text: str) -> Note:
    key = device_key()
    return Note.objects.create(
        dialogue=dialogue,
        seat=seat,
        author=author_token(token.secret, dialogue.pk, seat.number, key),
        sealed=seal(token.secret, dialogue.pk, text),
        key=key,
        written_at=WHEN,
    )


# ---------------------------------------------------------------- acts


@dataclass(frozen=True)
class Probe:
    """How an act is tried.

    :param ask: sends it as somebody; gives the answer.
    :param reads: it changes nothing; allowed means 200 (and ``shows`` stands in the answer).
    :param ready: makes the world such that the act, where it is allowed, does something.
    :param by: whom the address is for; others are nobody there.
    :param has_phases: False for acts that are about no dialogue.
    """

    ask: Callable[[World, str], HttpResponse]
    reads: bool = False
    shows: str = ""
    ready: Callable[[World], None] = lambda world: None
    has_phases: bool = True


def get(address: str) -> Callable[[World, str], HttpResponse]:
    return lambda world, who: world.clients[who].get(filled(address, world))


def post(address: str, **data: object) -> Callable[[World, str], HttpResponse]:
    def ask(world: World, who: str) -> HttpResponse:
        sent = {
            name.replace("_", "-") if name.startswith(("text_", "question_")) else name: value(world, who)
            if callable(value)
            else value
            for name, value in data.items()
        }
        return world.clients[who].post(filled(address, world), sent)

    return ask


def filled(address: str, world: World) -> str:
    return address.format(
        id=world.dialogue.pk, code=world.code, slug=world.dialogue.slug, unit=world.town.guidance.pk, **world.more
    )


def key(world: World, who: str) -> str:
    return device_key()


def note(index: int) -> Callable[[World, str], str]:
    return lambda world, who: str(world.notes[index].pk)


def chosen(world: World, who: str) -> str:
    return f"s{world.seats['participant'].pk}"


def second_table(world: World, who: str) -> str:
    return f"t{world.seats['other table'].placements.get().table_id}"


def lead(what: str, **data: object) -> Callable[[World, str], HttpResponse]:
    return post(f"/dialogues/{{id}}/lead/{what}", **data)


def ask_run(world: World, who: str) -> HttpResponse:
    """Begin what has not begun; pause what goes on."""
    begins = world.phase in {"draft", "planned"}
    return lead("start")(world, who) if begins else lead("pause", wanted="on")(world, who)


def ask_pen(world: World, who: str) -> HttpResponse:
    """Who holds it gives it away; who does not asks for it."""
    if who == "pen":
        return post("/m/{code}/table/pen", to=str(world.seats["participant"].number))(world, who)
    return post("/m/{code}/table/pen", ask="1")(world, who)


def ask_take_in(world: World, who: str) -> HttpResponse:
    """Another system, signed in as somebody."""
    row = {"at": "2026-04-02T13:05", "unit": str(world.town.guidance.pk), "side": "staff", "level": 2}
    row["key"] = device_key()
    return world.clients[who].post("/api/v1/answers", row, content_type="application/json")


def for_person_or_seat(
    person: Callable[[World, str], HttpResponse], seat: Callable[[World, str], HttpResponse]
) -> Callable[[World, str], HttpResponse]:
    """An act with one address for persons and another for seats; a visitor tries the seats'."""
    seats = {"visitor", "participant", "pen", "elsewhere"}
    return lambda world, who: (seat if who in seats else person)(world, who)


def somebody_helped(world: World) -> None:
    """At the first table sit two without a phone, helped by one each."""
    for name in ("pen", "participant"):
        helped, _token = make_seat(world.dialogue, world.sitting.table, "Åke")
        Seat.objects.filter(pk=helped.pk).update(kind=Seat.Kind.HELPED, secret_hash=None, helped_by=world.seats[name])
        world.more[f"helped by {name}"] = helped.number


def counts_open(world: World) -> None:
    Sitting.objects.filter(pk=world.sitting.pk).update(counts_open_at=WHEN)
    for position, each in enumerate(world.notes, start=1):
        Note.objects.filter(pk=each.pk).update(position=position)


def laid_together(world: World) -> None:
    Note.objects.filter(pk=world.notes[1].pk).update(merged_into=world.notes[0])


def with_proposals(world: World) -> None:
    first, second = world.dialogue.tables.all()
    proposals = hand_in(first, "Tid", "Lugn", "Kaffe", reviewed=True)
    hand_in(second, "Mod", reviewed=True)
    world.more["proposal"] = proposals[0].pk


def ballot_open(world: World) -> None:
    with_proposals(world)
    world.set(ballot_open=True)


def result_shown(world: World) -> None:
    """Chosen and shown to the end, then back to the phase that is tried."""
    with_proposals(world)
    before = {name: getattr(world.dialogue, name) for name in ("state", "step", "opened_at", "closed_at")}
    world.set(state=State.PLANNED, closed_at=None)
    go_to(world.dialogue, "whole")
    actor = actor_of(world.town.manager)
    choice = whole.choose(actor=actor, dialogue_id=world.dialogue.pk, question=1, at=WHEN)
    whole.reveal(actor=actor, dialogue_id=world.dialogue.pk, to=choice.chosen.count() + 1, at=WHEN)
    world.set(**before)


def promise_before(world: World) -> None:
    """An agreement of the dialogue itself (answered from the unit's page), and one of the unit's dialogue before."""
    earlier = make_dialogue(world.town.guidance)
    Dialogue.objects.filter(pk=earlier.pk).update(
        state=State.CLOSED, opened_at=WHEN, closed_at=WHEN, starts_at=WHEN.replace(month=1)
    )
    own, before = (
        Agreement.objects.create(dialogue=each, text="Vi provar", key=device_key(), agreed_at=WHEN.replace(month=1))
        for each in (world.dialogue, earlier)
    )
    world.more |= {"own": own.pk, "before": before.pk}


def open_thread(world: World) -> None:
    begun = thread.start_thread(unit_id=world.town.guidance.pk, title="Kan jag få lov?", at=WHEN)
    thread.add_knot(begun.pk, Stage.DIALOGUE, world.dialogue, at=WHEN)
    world.more["thread"] = begun.pk


def an_agreed_need(world: World) -> None:
    """Agreed in an earlier meeting of the unit, which is open to all."""
    before = make_dialogue(world.town.guidance)
    Dialogue.objects.filter(pk=before.pk).update(state=State.CLOSED, opened_at=WHEN, closed_at=WHEN)
    agreement = Agreement.objects.create(
        dialogue=before, text="Låna bord", key=device_key(), agreed_at=WHEN, becomes="need"
    )
    begun = thread.start_thread(unit_id=world.town.guidance.pk, title="Kan jag få lov?", at=WHEN)
    world.more["knot"] = thread.add_knot(begun.pk, Stage.AGREEMENT, agreement, at=WHEN).pk


def a_signal_noted(world: World) -> None:
    signal = Signal.objects.create(
        unit=world.dialogue.unit, words="Ingen svarar", noted_at=now(), key="noted-by-somebody-else"
    )
    world.more["signal"] = str(signal.pk)


def a_reason_written(world: World) -> None:
    """A unit's point asks about a service, whose difference between groups has a reason."""
    service = make_point(world.town.guidance).service
    assert service is not None
    reason = Reason.objects.create(
        service=service,
        dimension="age_band",
        group="16-24",
        is_higher=True,
        words="Två samtal i stället för ett.",
        decided_by="Nämnden",
        decided_on=WHEN.date(),
    )
    world.more["reason"] = reason.pk


def a_story_told(world: World) -> None:
    words = "Hon lyssnade, och sedan löste det sig."
    story = Story.objects.create(
        unit=world.town.guidance,
        words=words,
        side="resident",
        told_at=WHEN,
        consented_at=WHEN,
        withdrawal=device_key().encode(),
        key=device_key(),
    )
    world.more["story"] = story.pk


def a_point_that_asks(world: World) -> None:
    """A poster of a unit that asks now, and a story that was told there."""
    make_round(world.town.guidance, opened_at=now() - timedelta(days=1))
    point = make_point(world.town.guidance)
    told = tell_story(point=point, words="Det var bra.", is_hard=False, consents=True, key=device_key(), at=now())
    assert told is not None
    world.more |= {"point": point.code, "story_code": told.code}


def a_meeting(world: World) -> None:
    """A meeting that somebody at the unit has begun on her phone."""
    make_round(world.town.guidance, opened_at=now() - timedelta(days=1))
    actor, unit = actor_of(world.town.member), world.town.guidance.pk
    begun = begin_meeting(actor=actor, unit_id=unit, service_id=None, channel="visit", at=now())
    world.more["meeting"] = begun.token.text


def a_post_of_hers(world: World) -> None:
    """The party that comes back with her code has left an offer."""
    party = Party.objects.get(pk=world.more["party"])
    world.more["post"] = make_post(party, "offer", "Kan köra på lördagar", at=now()).pk


def kind_of_help(world: World, who: str) -> str:
    return str(Category.objects.get(key="carry/drive").pk)


OFFER = {"words": "Kan köra på lördagar", "called": "Grannen", "category": kind_of_help, "adult": "on", "key": key}


def asked_of_her(world: World) -> None:
    """A match that the party with the code is asked about."""
    party, (other, _code) = Party.objects.get(pk=world.more["party"]), make_party("Pappan")
    givings = [
        (each, make_post(each, "offer", "Kan ge."), make_post(each, "need", "Behöver.")) for each in (party, other)
    ]
    match = make_match(givings, state=Match.State.ASKED, asked_at=WHEN, title="Två som kan hjälpa varandra")
    world.more["match"] = match.pk


AGREED = {"text": "Vi prövar mindre grupper", "when": "weeks4", "becomes": "trial", "key": key}
STAFF = "name;email;unit;parent;profession;roles\nNy Person;ny@lindvik.example;Ny enhet;;;member\n"


def a_post_that_waits(world: World) -> None:
    post = make_post(Party.objects.get(pk=world.more["party"]), "need", "Någon som kör min bil", at=now())
    world.more["post"] = post.pk


PROBES: dict[str, Probe] = {
    # giving and getting
    "desk.read": Probe(get("/exchange/desk"), reads=True, ready=a_post_that_waits, has_phases=False),
    "desk.change": Probe(
        post("/exchange/desk/waiting/{post}", words="Vem kan köra en bil?", key=key),
        ready=a_post_that_waits,
        has_phases=False,
    ),
    "exchange.setup": Probe(post("/exchange/setup/choosing", do="reset"), has_phases=False),
    # dialogues: planned and led by persons
    "dialogue.create": Probe(
        post(
            "/dialogues/new",
            unit=lambda world, who: world.town.guidance.pk,
            template="apt-60",
            date="2026-05-07",
            time="13:00",
            question_1="Vad behöver vi?",
            key=key,
        ),
        has_phases=False,
    ),
    "dialogue.list": Probe(get("/dialogues"), reads=True, has_phases=False),
    "dialogue.plan": Probe(post("/dialogues/{id}/plan", title="Ett nytt namn")),
    "dialogue.lead": Probe(get("/dialogues/{id}/lead"), reads=True),
    "dialogue.run": Probe(ask_run),
    "dialogue.show": Probe(get("/dialogues/{id}/screen"), reads=True),
    "dialogue.review": Probe(post("/dialogues/{id}/review/judge", kind="words", verdict="show", row="1")),
    "theme.sort": Probe(post("/dialogues/{id}/themes/move", note=note(0), title="Eget tema")),
    "dialogue.read_protocol": Probe(get("/dialogues/{id}/protocol.json"), reads=True, shows="Tanke av pen"),
    "dialogue.export": Probe(get("/dialogues/{id}/export.csv"), reads=True, shows="Tanke av pen"),
    "dialogue.read_public": Probe(get("/open/{slug}"), reads=True, shows="Vad behöver vi för att lyckas?"),
    "note.enter": Probe(
        post(
            "/dialogues/{id}/paper",
            table=lambda world, who: world.seats["pen"].placements.get().table_id,
            question="1",
            people="1",
            text_1="På papper",
            key=key,
        )
    ),
    # a seat's own
    "dialogue.join": Probe(post("/m/{code}/seat", key=key)),
    "seat.read": Probe(get("/m/{code}/place"), reads=True),
    "seat.change": Probe(post("/m/{code}/place", name="Nytt namn")),
    "seat.move": Probe(post("/dialogues/{id}/seats/move", who=chosen, to=second_table)),
    "seat.help": Probe(post("/m/{code}/help", name="Åke", key=key)),
    "note.write": Probe(post("/m/{code}/notes", text="En tanke", key=key)),
    "note.write_for": Probe(
        post(
            "/m/{code}/notes",
            text="En tanke",
            key=key,
            **{"for": lambda world, who: world.more.get(f"helped by {who}", 1)},
        ),
        ready=somebody_helped,
    ),
    "note.read_own": Probe(get("/m/{code}/notes/mine.txt"), reads=True, shows="Hemligt av"),
    "note.share": Probe(post("/m/{code}/notes/share", all="1")),
    # at the table
    "table.mark": Probe(post("/m/{code}/table/mark", mark=note(0))),
    "table.merge": Probe(post("/m/{code}/table/merge", note=lambda world, who: [str(each.pk) for each in world.notes])),
    "table.part": Probe(post("/m/{code}/table/part", note=note(0)), ready=laid_together),
    "table.order": Probe(
        post("/m/{code}/table/move", down=lambda world, who: f"{world.notes[0].pk}:2"), ready=counts_open
    ),
    "table.hand_in": Probe(post("/m/{code}/table/hand-in", lone="1"), ready=counts_open),
    "table.pen": Probe(ask_pen),
    "table.help": Probe(post("/m/{code}/table/help", words="Kom hit")),
    "counter_voice.say": Probe(post("/m/{code}/table/voice", text="Det kostar", key=key)),
    # together
    "ballot.enter": Probe(
        post(
            "/dialogues/{id}/paper/ballots",
            voter=lambda world, who: f"table-{world.seats['participant'].placements.get().table_id}",
            proposal=lambda world, who: world.more["proposal"],
            question="1",
            key=key,
        ),
        ready=ballot_open,
    ),
    "ballot.cast": Probe(
        post("/m/{code}/ballot", proposal=lambda world, who: world.more["proposal"], question="1"), ready=ballot_open
    ),
    "result.read": Probe(get("/m/{code}/result.pdf"), reads=True, ready=result_shown),
    "agreement.write": Probe(
        for_person_or_seat(post("/dialogues/{id}/agreements", **AGREED), post("/m/{code}/agreements", **AGREED))
    ),
    "agreement.answer": Probe(
        for_person_or_seat(
            post("/agreements/{own}/answer", outcome="done"),
            post("/m/{code}/agreements/before/{before}", outcome="done"),
        ),
        ready=promise_before,
    ),
    "checkout.answer": Probe(post("/m/{code}/checkout", level="3"), ready=lambda world: world.set(checkout_open=True)),
    # people
    "unit.read": Probe(get("/units/{unit}"), reads=True, shows='href="/dialogues/new', has_phases=False),
    "unit.read_public": Probe(get("/units/{unit}"), reads=True, has_phases=False),
    "unit.change": Probe(post("/administration/units/{unit}", name="Ett annat namn"), has_phases=False),
    "person.change": Probe(
        post("/administration/people", name="Ny Person", email="ny.person@lindvik.example"), has_phases=False
    ),
    "person.self": Probe(post("/account", name="Ett nytt namn", language="da"), has_phases=False),
    "staff.import": Probe(
        post(
            "/administration/staff",
            file=lambda world, who: SimpleUploadedFile("personal.csv", STAFF.encode(), "text/csv"),
        ),
        has_phases=False,
    ),
    "home.read": Probe(get("/home"), reads=True, has_phases=False),
    # encounters
    "encounter.answer": Probe(
        post("/s/{point}", level="3", p=lambda world, who: new_press(now())),
        ready=a_point_that_asks,
        has_phases=False,
    ),
    "encounter.answer_staff": Probe(
        post("/units/{unit}/meet/answer", m=lambda world, who: world.more["meeting"], level="2"),
        ready=a_meeting,
        has_phases=False,
    ),
    "story.tell": Probe(
        post("/s/{point}/story", words="Hon tog sig tid.", consents="1", key=key),
        ready=a_point_that_asks,
        has_phases=False,
    ),
    "story.withdraw": Probe(
        post("/stories/withdraw", code=lambda world, who: world.more["story_code"]),
        ready=a_point_that_asks,
        has_phases=False,
    ),
    "signal.note": Probe(post("/units/{unit}/signals", words="Ingen svarar", key=key), has_phases=False),
    "signal.erase": Probe(post("/units/{unit}/signals/{signal}/erase"), ready=a_signal_noted, has_phases=False),
    "point.read": Probe(get("/units/{unit}/encounters/points"), reads=True, has_phases=False),
    "point.manage": Probe(
        post("/units/{unit}/encounters/points/new", kind="wall", title="Vid dörren", window_min="30", key=key),
        has_phases=False,
    ),
    "tablet.wait": Probe(post("/k/code", key=key), has_phases=False),
    "encounters.setup": Probe(post("/administration/encounters", do="add-area", name="Centrum"), has_phases=False),
    "round.manage": Probe(post("/units/{unit}/encounters/round", do="open", weeks="8"), has_phases=False),
    "round.read": Probe(get("/said-and-done/{unit}"), reads=True, has_phases=False),
    "encounter.take_in": Probe(ask_take_in, has_phases=False),
    "figures.unit": Probe(get("/units/{unit}/encounters"), reads=True, has_phases=False),
    "figures.open": Probe(get("/encounters"), reads=True, has_phases=False),
    "reason.write": Probe(
        post("/services/guidance/reasons/{reason}/close"),
        ready=a_reason_written,
        has_phases=False,
    ),
    "story.publish": Probe(
        post("/units/{unit}/encounters/stories", story=lambda world, who: world.more["story"], do="publish"),
        ready=a_story_told,
        has_phases=False,
    ),
    # give and get
    "exchange.read": Probe(get("/exchange"), reads=True, has_phases=False),
    "post.write": Probe(post("/exchange/give", **OFFER), has_phases=False),
    "post.write_for_unit": Probe(
        post("/exchange/give", **OFFER, who=lambda world, who: f"unit:{world.town.guidance.pk}"), has_phases=False
    ),
    "need.from_thread": Probe(post("/exchange/need/{knot}", **OFFER), ready=an_agreed_need, has_phases=False),
    "party.return": Probe(get("/exchange/code"), reads=True, has_phases=False),
    "party.read": Probe(
        get("/exchange/mine"), reads=True, shows="Kan köra på lördagar", ready=a_post_of_hers, has_phases=False
    ),
    "post.change": Probe(post("/exchange/mine/{post}/renew"), ready=a_post_of_hers, has_phases=False),
    "post.enter": Probe(post("/exchange/desk/posts/new", **OFFER, kind="offer", consent="paper"), has_phases=False),
    "part.read": Probe(
        get("/exchange/mine/asked/{match}"), reads=True, shows="Pappan", ready=asked_of_her, has_phases=False
    ),
    "part.answer": Probe(
        post("/exchange/mine/asked/{match}", do="other-time", other_time="Efter sju"),
        ready=asked_of_her,
        has_phases=False,
    ),
    "spared.read": Probe(get("/exchange/spared"), reads=True, has_phases=False),
    # core
    "site.read": Probe(get("/accessibility"), reads=True, has_phases=False),
    "site.language": Probe(post("/language", language="da", next="/"), has_phases=False),
    "site.sign_in": Probe(get("/accounts/login/"), reads=True, has_phases=False),
    "site.health": Probe(get("/health"), reads=True, has_phases=False),
    "defaults.change": Probe(
        post("/administration/defaults", key="dialogue.ten_seconds", number="12", reason="Lagom"), has_phases=False
    ),
    "thread.read_public": Probe(get("/threads/{thread}"), reads=True, ready=open_thread, has_phases=False),
}


# ---------------------------------------------------------------- trying


def everything() -> str:
    """All rows that an act may change, as one word."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND split_part(tablename, '_', 1) IN ('dialogues', 'people', 'encounters', 'exchange', 'core') ORDER BY 1"
        )
        names = [row[0] for row in cursor.fetchall()]
        sums = ", ".join(f"(SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {name} t)" for name in names)  # noqa: S608
        cursor.execute(f"SELECT md5(concat_ws(',', {sums}))")
        return str(cursor.fetchone()[0])


@dataclass(frozen=True)
class Outcome:
    status: int
    changed: bool
    shown: bool

    def __str__(self) -> str:
        return f"{self.status}{', changed' if self.changed else ''}{', shown' if self.shown else ''}"


def tried(world: World, who: str, probe: Probe, before: str) -> Outcome:
    """The act tried, and everything put back as it was."""
    BUCKETS.clear()
    TAKE_OVERS.clear()
    with transaction.atomic():
        answer = probe.ask(world, who)
        changed = not probe.reads and everything() != before
        transaction.set_rollback(True)
    shown = answer.status_code == 200 and probe.shows in answer.content.decode(errors="replace")
    return Outcome(answer.status_code, changed, shown)


def judge(act: str, who: str, world: World, outcome: Outcome) -> str | None:
    """What is wrong with the outcome, or None."""
    probe, phase = PROBES[act], world.phase
    cells = {EXPECTED.get((act, role, phase)) for role in ROLES_OF[who]}
    if act == "unit.read" and outcome.status == 200 and not outcome.shown:
        return "may not see it from inside" if cells & {"yes"} and _may_plan(who) else None
    if act in {"site.language"}:
        return None if outcome.status == 302 else "a language could not be chosen"
    if act == "dialogue.join" and who in {"pen", "participant"}:
        # Who sits here already is led to her seat, and never gets another.
        return "somebody seated got a second seat" if outcome.changed else None
    if "yes" in cells:
        done = outcome.shown if probe.reads else outcome.changed and outcome.status in {200, 201, 204, 302}
        if act in {"home.read", "site.sign_in"}:  # led on to one's unit; signed in already
            done = outcome.status in {200, 302}
        return None if done else "was refused"
    if outcome.changed:
        return "did it all the same"
    if outcome.shown and outcome.status == 200:
        return "was shown it all the same"
    has_role = any((act, role, each) in EXPECTED for role in ROLES_OF[who] for each in PHASES)
    if act == "dialogue.run" and has_role and outcome.status == 302:
        return None  # back to the console, which says why
    said_no = outcome.status in refusals(act, who, has_role=has_role, probe=probe)
    return None if said_no else "was refused in another way"


def _may_plan(who: str) -> bool:
    return who in {"manager", "facilitator", "administrator"}


def refusals(act: str, who: str, *, has_role: bool, probe: Probe) -> set[int]:
    """Which answers say no as they should."""
    needs_sign_in = {"visitor", "participant", "pen"}.isdisjoint(
        next(table[act] for table in TABLES.values() if act in table).roles
    )
    if needs_sign_in and who in {"visitor", "participant", "pen", "elsewhere"}:
        return {302} if probe.reads else {401}  # to the page of signing in, before anything is looked up
    if act in NARROWER and who not in {"participant", "pen"}:
        return {404, 409} if act == "agreement.answer" and has_role else {404}
    if act == "agreement.answer":
        return {302, 409}
    if has_role and probe.has_phases:
        # Pages of the table and the hall show how it is now instead of an error.
        return {409, 302} if act.startswith(("table.", "counter_voice.")) else {409, 404} if act in LATE else {409}
    if who in {"participant", "pen"} and act.startswith(("table.", "agreement.")):
        return {302, 409}  # the pen is another's
    return {404}


# A draft's code, and a dialogue that is not open yet, look like none at all.
LATE = {"dialogue.join", "dialogue.read_public"}


@pytest.fixture
def cast(db: None) -> Iterator[tuple[Town, dict[str, Client], Person]]:
    town = make_town()
    clients, leader = people_of(town, sign_in)
    yield town, clients, leader
    TAKE_OVERS.clear()


@pytest.mark.parametrize("act", sorted(PROBES))
def test_an_act_is_for_those_and_then_only(act: str, cast: tuple[Town, dict[str, Client], Person]) -> None:
    probe = PROBES[act]
    wrong = []
    for phase in PHASES if probe.has_phases else ("solo",):
        with transaction.atomic():
            world = make_world(*cast, phase)
            probe.ready(world)
            before = "" if probe.reads else everything()
            for who in ROLES_OF:
                outcome = tried(world, who, probe, before)
                problem = judge(act, who, world, outcome)
                if problem:
                    wrong.append(f"{phase:8} {who:13} {problem} ({outcome})")
            transaction.set_rollback(True)

    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("act", sorted(act for act, probe in PROBES.items() if probe.has_phases and act not in LATE))
def test_what_is_forbidden_looks_like_what_is_missing(act: str, cast: tuple[Town, dict[str, Client], Person]) -> None:
    """An outsider who asks for a dialogue that is there, and for one that never was, gets the same answer."""
    world = make_world(*cast, "whole")
    probe = PROBES[act]
    probe.ready(world)
    there = probe.ask(world, "outsider")
    world.dialogue = Dialogue(pk=2**40, code="000000", slug="aldrig-funnits")
    world.more = dict.fromkeys(world.more, 2**40)
    gone = probe.ask(world, "outsider")

    assert (there.status_code, without_tokens(there)) == (gone.status_code, without_tokens(gone))


def without_tokens(answer: HttpResponse) -> str:
    """The answer without what differs at every load."""
    text = answer.content.decode(errors="replace").replace(answer.wsgi_request.path, "")
    return re.sub(r'(X-CSRFToken": "|csrfmiddlewaretoken" value=")[^"]*', "", text)
