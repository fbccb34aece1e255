"""The town of Lindvik as rows: made once, by the same actions that people use, with times in the past.

Nothing here is done outside a demo (``SAMSPEL_DEMO``): the passwords are known to everybody.
"""

import hashlib
from dataclasses import replace
from datetime import datetime, time, timedelta

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from samspel.core.actor import VISITOR, Actor
from samspel.core.models import Installation
from samspel.demo import meetings, town, year
from samspel.demo.encounters import set_up_asking
from samspel.demo.exchange import lay_out_exchange
from samspel.demo.town import Coming, Held, Worker
from samspel.dialogues.access import Here, seating_now
from samspel.dialogues.actions import (
    agreeing,
    handing_in,
    inviting,
    joining,
    laying_together,
    leading,
    marking,
    planning,
    solo,
    speaking,
    themes,
    whole,
)
from samspel.dialogues.actions.agreeing import Draft
from samspel.dialogues.models import Agreement, Dialogue, Invitation, Note, Placement, Seat, Sitting, State
from samspel.dialogues.queries import Threes, threes_of
from samspel.dialogues.sealing import SeatToken
from samspel.dialogues.tables import notes_on, roots_of
from samspel.encounters import compaction, compute_looks, compute_signals
from samspel.encounters.actions.signals import note_signal
from samspel.encounters.models import Point, Signal
from samspel.encounters.queries import asking_now
from samspel.people import actions as people
from samspel.people.models import Person, Unit

# A hall that stood still for so long is over, and another one begins.
HALL_LASTS = timedelta(hours=2)


class NotADemoError(RuntimeError):
    """This is not a demo database, and nothing was put there."""


def seed(*, at: datetime, with_year: bool = False) -> bool:
    """Make the town unless it is there; True when it was made. All of it or nothing.

    :param with_year: units whose year has planted truths (``year``), and every night's look at it.
    :raises NotADemoError: outside a demo, or in a database that holds another municipality.
    """
    if not settings.IS_DEMO:
        raise NotADemoError("SAMSPEL_DEMO is not set")
    with transaction.atomic():
        there = Installation.objects.filter(pk=1).first()
        if there is not None and there.name == town.NAME:
            return False
        if there is not None or Person.objects.exists():
            raise NotADemoError(f"the database holds {there.name if there else 'people'} already")
        _make_people()
        _make_signals(at)
        for held in town.HELD:
            _hold(held, at)
        _plan_coming(at)
        meetings.make_meetings(actor_of(town.ADMINISTRATOR), at=at)
        set_up_asking(actor_of(town.ADMINISTRATOR), at=at)
        lay_out_exchange(actor_of(town.BROKER), at=at)
        if with_year:
            year.make_year(actor_of(town.ADMINISTRATOR), at=at)
    # The figures hold it all, and the first night has been.
    compaction.refresh(at)
    for night in [*(year.nights(at) if with_year else ()), at]:
        compute_signals.find_changes(night)
    compute_looks.take_due_looks(at)
    return True


def actor_of(worker: Worker) -> Actor:
    """Somebody of the town, as the one who acts."""
    person = Person.objects.get(email=worker.email)
    return Actor("person", person_id=person.pk, name=person.name, is_administrator=person.is_administrator)


def _key(*parts: object) -> str:
    """A device key that is the same every time the town is made."""
    return hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()


# ---------------------------------------------------------------- people and units


def _make_people() -> None:
    admin = town.ADMINISTRATOR
    people.make_installation(
        name=town.NAME, language="sv", admin_name=admin.name, admin_email=admin.email, password=town.PASSWORD
    )
    root = Unit.objects.get(parent=None)
    root.name = town.ROOT
    root.save(update_fields=["name"])
    actor = actor_of(admin)
    units = {town.ROOT: root}
    for name, above in town.UNITS:
        units[name] = people.add_unit(actor=actor, name=name, parent_id=units[above].pk)
    for name, kind, unit in town.PROVIDERS:
        people.add_provider(actor=actor, name=name, kind=kind, unit_id=units[unit].pk if unit else None)
    for worker in town.WORKERS:
        if worker is admin:
            person = Person.objects.get(email=worker.email)
            person.profession = worker.profession
            person.save(update_fields=["profession"])
        else:
            person = people.add_person(actor=actor, name=worker.name, email=worker.email, profession=worker.profession)
        by_unit: dict[str, set[str]] = {}
        for kind, unit in worker.roles or (("member", worker.unit),):
            by_unit.setdefault(unit, set()).add(kind)
        for unit, kinds in by_unit.items():
            people.set_roles(actor=actor, person_id=person.pk, unit_id=units[unit].pk, kinds=kinds)
    for worker, _what in town.SIGN_INS:
        set_password(worker, town.PASSWORD)


def set_password(worker: Worker, password: str) -> None:
    """Give somebody of the demo a password. Only in a demo."""
    if not settings.IS_DEMO:
        raise NotADemoError("SAMSPEL_DEMO is not set")
    person = Person.objects.get(email=worker.email)
    if not person.check_password(password):
        person.set_password(password)
        person.save(update_fields=["password"])


def _make_signals(at: datetime) -> None:
    admin = actor_of(town.ADMINISTRATOR)
    for heard in town.SIGNALS:
        note_signal(
            actor=admin,
            unit_id=Unit.objects.get(name=heard.unit).pk,
            words=heard.words,
            source=heard.source,
            key=_key("signal", heard.words),
            at=at - timedelta(days=heard.days_ago),
            is_reviewed=True,
        )


# ---------------------------------------------------------------- a meeting that was held


def _clock(at: datetime, days: int, hour: int, minute: int = 0) -> datetime:
    """The town's time so many days from now, on a working day."""
    day = timezone.localtime(at).date() + timedelta(days=days)
    while day.weekday() > 4:
        day += timedelta(days=1 if days > 0 else -1)
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def _signal_of(words: str) -> str:
    return f"signal:{Signal.objects.get(words=words).pk}"


def _hold(held: Held, now: datetime) -> None:
    """Walk one meeting from its plan to its end, as its people did."""
    leader = actor_of(held.leader)
    starts_at = _clock(now, -held.days_ago, 13)
    dialogue = planning.create_dialogue(
        actor=leader,
        unit_id=Unit.objects.get(name=held.signal.unit).pk,
        template_key="apt-30",
        starts_at=starts_at,
        key=_key("dialogue", held.title),
        at=starts_at - timedelta(days=6),
        questions=(held.question,),
        title=held.title,
        grows_from=_signal_of(held.signal.words),
    )
    plan = replace(planning.plan_of(dialogue), place=held.place, needs_review=False)
    planning.save_plan(actor=leader, dialogue_id=dialogue.pk, plan=plan, at=starts_at - timedelta(days=6))
    planning.publish(actor=leader, dialogue_id=dialogue.pk, at=starts_at - timedelta(days=6))
    meeting = _Meeting(held, dialogue.pk, leader, starts_at)
    meeting.come()
    meeting.step()
    meeting.step()
    meeting.think()
    meeting.step()
    meeting.talk()
    meeting.step()
    meeting.choose()
    meeting.step()
    meeting.agree()
    meeting.step()
    meeting.leave()


class _Meeting:
    """The people of one meeting; the clock goes on as they act."""

    def __init__(self, held: Held, dialogue_id: int, leader: Actor, starts_at: datetime) -> None:
        self.held = held
        self.dialogue_id = dialogue_id
        self.leader = leader
        self.at = starts_at - timedelta(minutes=4)
        self.starts_at = starts_at
        self.tokens: dict[int, SeatToken] = {}
        # The same words and marks every time the town is made.
        self.rng = np.random.default_rng(len(held.title))

    def pass_s(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at

    def dialogue(self) -> Dialogue:
        return Dialogue.objects.select_related("unit", "step", "template").get(pk=self.dialogue_id)

    def heres(self) -> list[Here]:
        """Everybody where she sits now."""
        dialogue = self.dialogue()
        places = {
            row.seat_id: row
            for row in Placement.objects.select_related("table").filter(
                seat__dialogue=dialogue, seating=seating_now(dialogue)
            )
        }
        seats = Seat.objects.filter(dialogue=dialogue)
        return [Here(dialogue, seat, self.tokens[seat.pk], places.get(seat.pk)) for seat in seats]

    def come(self) -> None:
        code = self.dialogue().code
        for invitation in Invitation.objects.filter(dialogue_id=self.dialogue_id).order_by("pk"):
            joined = joining.join(
                actor=VISITOR,
                code=code,
                seat_code=invitation.seat_code,
                name=invitation.name.partition(" ")[0],
                key=_key("seat", self.held.title, invitation.name),
                at=self.pass_s(9),
            )
            self.tokens[joined.seat.pk] = joined.token

    def step(self) -> None:
        """The leader presses the button: the first time the meeting begins, then when the step's time is out."""
        dialogue = self.dialogue()
        if dialogue.state == State.PLANNED:
            self.at = max(self.at, self.starts_at)
            leading.start_dialogue(actor=self.leader, dialogue_id=self.dialogue_id, at=self.at)
            return
        self.at = max(self.at, dialogue.step_ends_at or self.at)
        leading.next_step(actor=self.leader, dialogue_id=self.dialogue_id, at=self.pass_s(8))

    def think(self) -> None:
        heres = self.heres()
        for number, text in enumerate(self.held.notes):
            key = _key("note", self.held.title, number)
            solo.write_note(here=heres[number % len(heres)], text=text, key=key, question=1, at=self.pass_s(7))
        for number, here in enumerate(heres):
            if number % 3 == 0:
                # What stays with the one who thought it, and is erased when the meeting ends.
                key = _key("own", self.held.title, number)
                solo.write_note(
                    here=here, text="Det här tar jag upp själv, senare.", key=key, question=1, at=self.pass_s(3)
                )

    def talk(self) -> None:
        to_share = {_key("note", self.held.title, number) for number in range(len(self.held.notes))}
        for here in self.heres():
            own = Note.objects.filter(seat=here.seat, key__in=to_share).order_by("pk")
            solo.share_notes(here=here, note_ids=list(own.values_list("pk", flat=True)), at=self.pass_s(6))
        voices = list(self.held.counter_voices)
        for sitting in Sitting.objects.filter(table__dialogue_id=self.dialogue_id, seating=1).order_by("table__number"):
            self._table(sitting, voices.pop(0) if voices else "")

    def _table(self, sitting: Sitting, voice: str) -> None:
        at_table = [here for here in self.heres() if here.placement and here.placement.table_id == sitting.table_id]
        if not at_table:
            return
        pen = next(here for here in at_table if here.seat.pk == sitting.pen_id)
        same: dict[str, list[int]] = {}
        for note in notes_on(sitting.table_id, 1):
            same.setdefault(note.text, []).append(note.pk)
        for ids in same.values():
            if len(ids) > 1:
                laying_together.merge(here=pen, note_ids=ids)
                self.pass_s(8)
        notes = notes_on(sitting.table_id, 1)
        tops = [note_id for note_id, root in roots_of(notes).items() if note_id == root]
        liking = self.rng.dirichlet(np.full(len(tops), 0.6))
        for here in at_table:
            wish = 0.7 * liking + 0.3 * self.rng.dirichlet(np.ones(len(tops)))
            for index in np.argsort(-wish, kind="stable")[:3]:
                marking.set_mark(here=here, note_id=tops[int(index)], wanted=True)
            marking.set_ready(here=here, wanted=True, at=self.pass_s(5))
        if voice:
            advocate = next(here for here in at_table if here.seat.pk == sitting.advocate_id)
            key = _key("voice", self.held.title, sitting.table_id)
            speaking.say_counter_voice(here=advocate, text=voice, key=key, at=self.pass_s(20))
        handing_in.hand_in(here=pen, at=self.pass_s(30))

    def choose(self) -> None:
        leading.set_switch(
            actor=self.leader, dialogue_id=self.dialogue_id, name="ballot_open", wanted=True, at=self.pass_s(90)
        )
        threes = threes_of(self.dialogue(), 1)
        for here in self.heres():
            liked = self._liked(threes)
            whole.cast_ballot(here=here, question=1, proposal_ids=liked, at=self.pass_s(4))
        themes.place_notes(actor=self.leader, dialogue_id=self.dialogue_id, question=1, at=self.pass_s(5))
        whole.choose(actor=self.leader, dialogue_id=self.dialogue_id, question=1, at=self.pass_s(10))
        chosen = len(self._chosen())
        for to in range(1, chosen + 2):
            whole.reveal(actor=self.leader, dialogue_id=self.dialogue_id, to=to, at=self.pass_s(12))

    def _liked(self, threes: Threes) -> list[int]:
        ids = [proposal.proposal_id for proposal in threes.shown]
        # What the first table put first speaks to many; each has a taste of her own.
        weights = np.array([1 / (place + 1.5) for place in range(len(ids))])
        wish = weights * self.rng.uniform(0.2, 1, len(ids))
        return [ids[int(index)] for index in np.argsort(-wish, kind="stable")[: int(self.rng.integers(1, 4))]]

    def _chosen(self) -> list[int]:
        choice = self.dialogue().choices.get(question=1)
        return list(choice.chosen.order_by("place").values_list("proposal_id", flat=True))

    def agree(self) -> None:
        chosen = self._chosen()
        for number, agreed in enumerate(self.held.agreed):
            draft = Draft(
                text=agreed.text,
                owner=agreed.owner,
                owner_role=agreed.owner_role,
                due_on=timezone.localtime(self.at).date() + timedelta(days=agreed.due_in_days),
                becomes=agreed.becomes,
                proposal_id=chosen[agreed.place - 1],
            )
            agreement = agreeing.write_agreement(
                actor=self.leader,
                dialogue_id=self.dialogue_id,
                draft=draft,
                key=_key("agreement", self.held.title, number),
                at=self.pass_s(60),
            )
            if agreed.outcome:
                self._tell(agreement, agreed.outcome, agreed.outcome_words, agreed.due_in_days)

    def _tell(self, agreement: Agreement, outcome: str, words: str, days: int) -> None:
        """What became of it, told some weeks later."""
        later = self.at + timedelta(days=min(days, self.held.days_ago - 3))
        agreeing.answer_agreement(actor=self.leader, agreement_id=agreement.pk, outcome=outcome, words=words, at=later)

    def leave(self) -> None:
        for here, level in zip(self.heres(), self.held.levels * 3, strict=False):
            agreeing.answer_checkout(here=here, level=level, may_change=False, at=self.pass_s(3))
        leading.close_dialogue(actor=self.leader, dialogue_id=self.dialogue_id, at=self.pass_s(40))


# ---------------------------------------------------------------- what is coming


def _plan_coming(at: datetime) -> None:
    """A meeting that is being planned, one about a signal that all may come to, a café, and one in two languages."""
    manager = actor_of(town.MANAGER)
    unit = Unit.objects.get(name="Vägledningscentrum")
    first = planning.create_dialogue(
        actor=manager,
        unit_id=unit.pk,
        template_key="apt-60",
        starts_at=_clock(at, 9, 13),
        key=_key("dialogue", "first meeting"),
        at=at - timedelta(days=2),
        questions=("Vad gör ett första möte bra?",),
        title="Vad gör ett första möte bra?",
    )
    neighbours = "\n".join(["namn;e-post;enhet;yrke", *(f"{name};;{place};{job}" for name, place, job in _NEIGHBOURS)])
    inviting.import_invitations(
        actor=manager,
        dialogue_id=first.pk,
        content=neighbours.encode(),
        filename="grannenheter.csv",
        at=at - timedelta(days=2),
    )
    plan = replace(planning.plan_of(first), place="Stora rummet, Vägledningscentrum")
    planning.save_plan(actor=manager, dialogue_id=first.pk, plan=plan, at=at - timedelta(days=2))
    helper = next(worker for worker in town.WORKERS if worker.name == "Ann-Sofi Hult")
    second = planning.create_dialogue(
        actor=actor_of(helper),
        unit_id=Unit.objects.get(name="Hjälp hemma i Norrvik").pk,
        template_key="apt-30",
        starts_at=_clock(at, 3, 18),
        key=_key("dialogue", "who comes"),
        at=at - timedelta(days=4),
        questions=("Hur får den som väntar hemma veta vem som kommer?",),
        title="Vem kommer till mamma i dag?",
        grows_from=_signal_of(town.WHO_COMES.words),
    )
    plan = replace(planning.plan_of(second), place="Samlingslokalen i Norrvik, öppet för alla")
    planning.save_plan(actor=actor_of(helper), dialogue_id=second.pk, plan=plan, at=at - timedelta(days=4))
    planning.publish(actor=actor_of(helper), dialogue_id=second.pk, at=at - timedelta(days=4))
    for coming in town.COMING:
        _plan_invited(coming, at)


def _plan_invited(coming: Coming, at: datetime) -> None:
    """A meeting with its units and its list invited, everybody's table of each round found, and its code given."""
    leader, before = actor_of(coming.leader), at - timedelta(days=3)
    dialogue = planning.create_dialogue(
        actor=leader,
        unit_id=Unit.objects.get(name=coming.signal.unit).pk,
        template_key=coming.template,
        starts_at=_clock(at, coming.in_days, 13),
        key=_key("dialogue", coming.title),
        at=before,
        questions=(coming.question,),
        title=coming.title,
        grows_from=_signal_of(coming.signal.words),
    )
    for name in coming.units:
        unit = Unit.objects.get(name=name)
        inviting.invite_unit(actor=leader, dialogue_id=dialogue.pk, unit_id=unit.pk, at=before)
    inviting.import_invitations(
        actor=leader, dialogue_id=dialogue.pk, content=coming.people.encode(), filename=coming.file, at=before
    )
    plan = replace(planning.plan_of(dialogue), place=coming.place, tables=coming.tables)
    planning.save_plan(actor=leader, dialogue_id=dialogue.pk, plan=plan, at=before)
    if coming.second_language:
        plan = replace(
            planning.plan_of(Dialogue.objects.get(pk=dialogue.pk)),
            second_language=coming.second_language,
            second_questions=(coming.second_question,),
            interpreters=coming.interpreters,
        )
        planning.save_plan(actor=leader, dialogue_id=dialogue.pk, plan=plan, at=before)
    planning.publish(actor=leader, dialogue_id=dialogue.pk, at=before)


_NEIGHBOURS = (
    ("Gun Åberg", "Vårdcentralen Strömmen", "sjuksköterska"),
    ("Tariq Aziz", "Vårdcentralen Strömmen", "läkarsekreterare"),
    ("Elin Sköld", "Förskolan Gläntan", "förskollärare"),
    ("Bosse Lind", "Bostadsbolaget", "fastighetsvärd"),
    ("Josef Hanna", "Räddningstjänsten", "brandman"),
    ("Maj Wester", "Kyrkan i Norrvik", "diakon"),
    ("Sandra Melin", "Arbetsförmedlingen", "handläggare"),
    ("Petra Ahl", "Lindviks gymnasium", "studievägledare"),
)

# ---------------------------------------------------------------- the dialogue that is under way


def find_hall() -> Dialogue | None:
    """The town's own dialogue, if one is planned or under way: the newest."""
    halls = Dialogue.objects.filter(title=town.HALL_TITLE, unit__parent=None, is_rehearsal=False)
    return halls.filter(state__in=[State.PLANNED, State.RUNNING]).order_by("-pk").first()


def find_poster(at: datetime) -> str:
    """The code of a poster in Lindvik where anybody may tell how a meeting was now; empty when none asks."""
    posters = Point.objects.filter(kind=Point.Kind.WALL, closed_at=None).order_by("pk")
    return next((poster.code for poster in posters if asking_now(poster, at).is_asking), "")


@transaction.atomic
def ensure_hall(*, at: datetime, tables: int = town.HALL_TABLES) -> Dialogue:
    """The dialogue that the made-up people come to. One that nobody has led on for hours is closed first; one that has
    not begun gets as many tables as are asked for."""
    hall = find_hall()
    leader = actor_of(town.SECOND_LEADER)
    if hall is not None and hall.state == State.RUNNING and _stood_still(hall, at):
        leading.close_dialogue(actor=leader, dialogue_id=hall.pk, at=at)
        hall = None
    if hall is not None:
        if hall.state == State.PLANNED and hall.tables.count() != tables:
            plan = replace(planning.plan_of(hall), tables=tables)
            planning.save_plan(actor=leader, dialogue_id=hall.pk, plan=plan, at=at)
        return hall
    hall = planning.create_dialogue(
        actor=leader,
        unit_id=Unit.objects.get(parent=None).pk,
        template_key=town.HALL_TEMPLATE,
        starts_at=(at + timedelta(minutes=2)).replace(second=0, microsecond=0),
        key=_key("hall", at.isoformat()),
        at=at,
        questions=(town.HALL_QUESTION,),
        title=town.HALL_TITLE,
        grows_from=_signal_of(town.ALREADY_DECIDED.words),
        invite_unit=False,
    )
    plan = replace(planning.plan_of(hall), place=town.HALL_PLACE, tables=tables)
    planning.save_plan(actor=leader, dialogue_id=hall.pk, plan=plan, at=at)
    planning.publish(actor=leader, dialogue_id=hall.pk, at=at)
    return Dialogue.objects.get(pk=hall.pk)


def _stood_still(hall: Dialogue, at: datetime) -> bool:
    moved = hall.paused_at or hall.step_ends_at
    return moved is not None and at - moved > HALL_LASTS
