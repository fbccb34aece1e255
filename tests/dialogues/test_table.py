"""At the table: marks, piles, the pen, the order, handing in; one table's people and nobody else's."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from samspel.core.actor import Actor
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.models import AuditEntry
from samspel.dialogues.access import Here
from samspel.dialogues.actions import handing_in, laying_together, marking, ordering, pens, speaking
from samspel.dialogues.actions.joining import help_someone
from samspel.dialogues.actions.reviewing import ASIDE, BACK, Judgement, review_many
from samspel.dialogues.models import (
    CounterVoice,
    Dialogue,
    Mark,
    Note,
    Pick,
    Placement,
    Proposal,
    Ready,
    Seat,
    Sitting,
    Step,
    Table,
)
from samspel.dialogues.tables import TableNow, joined_text, table_now
from samspel.live.models import Outbox
from samspel.people.models import Person
from tests.people import WHEN, Town, actor_of, device_key, go_to, make_dialogue, make_seat, make_town


def sit(dialogue: Dialogue, table: Table, name: str = "") -> Here:
    """A phone at a table, as the views hand it to actions."""
    seat, token = make_seat(dialogue, table, name)
    placement = Placement.objects.select_related("table").get(seat=seat, seating=1)
    return Here(dialogue, seat, token, placement)


def at_eldkvarn(town: Town, people: int = 3, *, step: str = "small", **more: object) -> tuple[Here, ...]:
    """So many people at the first table; the first has the pen, the last is reason advocate."""
    dialogue = make_dialogue(town.guidance, now_at=step, tables=2, **more)  # type: ignore[arg-type]
    table = dialogue.tables.get(number=1)
    names = ("Sara", "Amina", "Jonas", "Leila", "Per", "Kim", "Noor", "Ida")
    here = tuple(sit(dialogue, table, name) for name in names[:people])
    sitting_of(here[0]).__class__.objects.filter(table=table).update(pen=here[0].seat, advocate=here[-1].seat)
    return here


def sitting_of(here: Here) -> Sitting:
    assert here.placement is not None
    return Sitting.objects.get(table_id=here.placement.table_id, seating=1)


def open_counts(here: Here, leader: Person, at: datetime = WHEN) -> None:
    marking.open_counts(actor=actor_of(leader), dialogue_id=here.dialogue.pk, sitting_id=sitting_of(here).pk, at=at)


def note(here: Here, text: str) -> Note:
    return speaking.add_note(here=here, text=text, key=device_key(), at=WHEN)


def seen_by(here: Here) -> TableNow:
    dialogue = Dialogue.objects.select_related("step").get(pk=here.dialogue.pk)
    return table_now(dialogue, sitting_of(here), here.seat, question=1, at=WHEN)


def all_ready(people: tuple[Here, ...]) -> None:
    for here in people:
        marking.set_ready(here=here, wanted=True, at=WHEN)


def words(here: Here) -> list[list[str]]:
    return [[one.text for one in card.words] for card in seen_by(here).cards]


def browser(here: Here) -> Client:
    client = Client()
    client.cookies["seat"] = here.token.cookie()
    return client


def url(here: Here, name: str) -> str:
    return reverse(name, args=[here.dialogue.code])


# ---------------------------------------------------------------- thoughts


def test_a_further_thought_lies_open_on_the_table_once(town: Town) -> None:
    sara, amina, _jonas = at_eldkvarn(town)
    key = device_key()

    first = speaking.add_note(here=sara, text=" Tid att tänka. ", key=key, at=WHEN)
    again = speaking.add_note(here=sara, text=" Tid att tänka. ", key=key, at=WHEN)

    assert first == again
    assert words(amina) == [["Tid att tänka."]]


def test_another_seats_key_gives_nothing_away(town: Town) -> None:
    sara, amina, _jonas = at_eldkvarn(town)
    key = device_key()
    speaking.add_note(here=sara, text="Tid", key=key, at=WHEN)

    with pytest.raises(ConflictError):
        speaking.add_note(here=amina, text="Ro", key=key, at=WHEN)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 501])
def test_a_thought_is_neither_empty_nor_endless(town: Town, text: str) -> None:
    sara, *_others = at_eldkvarn(town)

    with pytest.raises(InvalidError) as refused:
        note(sara, text)

    assert "text" in refused.value.fields


def test_what_a_host_writes_for_somebody_without_a_phone_says_so(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    karin = help_someone(here=sara, name="Karin", key=device_key(), at=WHEN)
    placement = Placement.objects.select_related("table").get(seat=karin, seating=1)

    written = note(replace(sara, seat=karin, placement=placement), "Fler händer")

    assert written.seat == karin
    assert written.source == Note.Source.HOST


@pytest.mark.parametrize("step", ["frame", "solo", "whole", "ballot", "checkout"])
def test_outside_the_tables_time_nothing_is_written_marked_or_moved(town: Town, step: str) -> None:
    sara, *_others = at_eldkvarn(town)
    tid = note(sara, "Tid")
    go_to(sara.dialogue, step)

    for act in (
        lambda: note(sara, "Ro"),
        lambda: marking.set_mark(here=sara, note_id=tid.pk, wanted=True),
        lambda: marking.set_ready(here=sara, wanted=True, at=WHEN),
        lambda: laying_together.merge(here=sara, note_ids=[tid.pk]),
        lambda: laying_together.part(here=sara, note_id=tid.pk),
        lambda: ordering.move_note(here=sara, note_id=tid.pk, place=1),
        lambda: handing_in.hand_in(here=sara, at=WHEN),
        lambda: pens.set_pen_wanted(here=sara, wanted=True, at=WHEN),
    ):
        with pytest.raises(ConflictError):
            act()


def test_a_request_that_began_before_the_step_moved_on_is_refused(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    tid = note(sara, "Tid")
    old = replace(sara, dialogue=Dialogue.objects.select_related("step").get(pk=sara.dialogue.pk))
    go_to(Dialogue.objects.get(pk=sara.dialogue.pk), "whole")

    with pytest.raises(ConflictError):
        marking.set_mark(here=old, note_id=tid.pk, wanted=True)

    assert not Mark.objects.exists()


def test_another_tables_thoughts_do_not_exist(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    tid, ro = note(sara, "Tid"), note(sara, "Ro")
    other = sit(sara.dialogue, sara.dialogue.tables.get(number=2), "Olle")
    Sitting.objects.filter(table__number=2).update(pen=other.seat, counts_open_at=WHEN)

    for act in (
        lambda: marking.set_mark(here=other, note_id=tid.pk, wanted=True),
        lambda: laying_together.merge(here=other, note_ids=[tid.pk, ro.pk]),
        lambda: laying_together.part(here=other, note_id=tid.pk),
        lambda: ordering.move_note(here=other, note_id=tid.pk, place=1),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_a_seat_of_another_dialogue_is_none_here(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    elsewhere, *_more = at_eldkvarn(town)
    tid = note(sara, "Tid")
    stranger = browser(elsewhere)

    answer = stranger.post(url(sara, "table_mark"), {"mark": tid.pk})

    assert answer.status_code == 404
    assert not Mark.objects.exists()


# ---------------------------------------------------------------- marks


def test_three_are_marked_at_most_and_fewer_is_fine(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    notes = [note(sara, text) for text in ("Tid", "Ro", "Mod", "Ork")]
    for one in notes[:3]:
        marking.set_mark(here=sara, note_id=one.pk, wanted=True)

    with pytest.raises(ConflictError):
        marking.set_mark(here=sara, note_id=notes[3].pk, wanted=True)
    marking.set_mark(here=sara, note_id=notes[0].pk, wanted=False)
    marking.set_mark(here=sara, note_id=notes[3].pk, wanted=True)

    assert seen_by(sara).marked == 3


def test_a_second_press_wants_the_same_and_changes_nothing(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    tid = note(sara, "Tid")

    for wanted in (True, True, False, False):
        marking.set_mark(here=sara, note_id=tid.pk, wanted=wanted)

    assert not Mark.objects.exists()
    assert AuditEntry.objects.filter(verb__in=["table.marked", "table.unmarked"]).count() == 2


def test_nobody_sees_anothers_marks_before_all_are_ready(town: Town) -> None:
    people = sara, amina, jonas = at_eldkvarn(town)
    tid, ro = note(sara, "Tid"), note(sara, "Ro")
    marking.set_mark(here=sara, note_id=tid.pk, wanted=True)
    marking.set_mark(here=amina, note_id=tid.pk, wanted=True)
    marking.set_mark(here=amina, note_id=ro.pk, wanted=True)

    marking.set_ready(here=sara, wanted=True, at=WHEN)
    marking.set_ready(here=amina, wanted=True, at=WHEN)
    before = browser(jonas).get(reverse("join", args=[sara.dialogue.code])).content.decode()
    hidden = [card.marks for card in seen_by(jonas).cards]
    marking.set_ready(here=jonas, wanted=True, at=WHEN)

    assert hidden == [None, None]
    assert "av 3 valde detta" not in before
    assert "Du valde detta" not in before
    assert [(card.words[0].text, card.marks) for card in seen_by(jonas).cards] == [("Tid", 2), ("Ro", 1)]
    assert seen_by(jonas).of == len(people)


def test_the_trail_never_tells_what_somebody_marked(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    tid = note(sara, "Tid")

    marking.set_mark(here=sara, note_id=tid.pk, wanted=True)

    entry = AuditEntry.objects.get(verb="table.marked")
    assert entry.object_type == "dialogues.sitting"
    assert entry.facts == {"seat": sara.seat.pk}


def test_when_the_counts_show_the_marks_stand_still(town: Town) -> None:
    people = at_eldkvarn(town)
    tid = note(people[0], "Tid")
    all_ready(people)

    with pytest.raises(ConflictError):
        marking.set_mark(here=people[0], note_id=tid.pk, wanted=True)


def test_one_who_is_not_ready_after_all_keeps_the_counts_closed(town: Town) -> None:
    sara, amina, jonas = at_eldkvarn(town)
    for here in (sara, amina):
        marking.set_ready(here=here, wanted=True, at=WHEN)
    marking.set_ready(here=sara, wanted=False, at=WHEN)

    marking.set_ready(here=jonas, wanted=True, at=WHEN)

    assert sitting_of(sara).counts_open_at is None


def test_who_has_left_and_who_is_on_paper_keep_nobody_waiting(town: Town) -> None:
    sara, amina, jonas = at_eldkvarn(town)
    Seat.objects.filter(pk=jonas.seat.pk).update(left_at=WHEN)
    paper = Seat.objects.create(
        dialogue=sara.dialogue, number=99, kind="paper", joined_at=WHEN, seen_at=WHEN, key=device_key()
    )
    Placement.objects.create(seat=paper, seating=1, table=sara.placement.table)  # type: ignore[union-attr]

    all_ready((sara, amina))

    assert sitting_of(sara).counts_open_at == WHEN


def test_the_leader_may_show_the_counts_and_no_one_else(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    for person in (town.member, town.outsider):
        with pytest.raises(NotFoundError):
            open_counts(sara, person)
    open_counts(sara, town.facilitator)
    open_counts(sara, town.facilitator, at=WHEN + timedelta(minutes=1))

    assert sitting_of(sara).counts_open_at == WHEN


def test_a_table_that_waits_for_a_lost_phone_alone_needs_the_leader(
    town: Town, signed_in: Callable[[object], Client]
) -> None:
    sara, amina, jonas = at_eldkvarn(town)
    leader, later = signed_in(town.facilitator), WHEN + timedelta(minutes=1)
    page = reverse("dialogue_lead", args=[sara.dialogue.pk])
    press = reverse("dialogue_open_counts", args=[sara.dialogue.pk, sitting_of(sara).pk])
    Seat.objects.filter(pk__in=[sara.seat.pk, amina.seat.pk]).update(seen_at=timezone.now())

    marking.set_ready(here=sara, wanted=True, at=later)
    assert press not in leader.get(page).content.decode()
    marking.set_ready(here=amina, wanted=True, at=later)
    assert press in leader.get(page).content.decode()
    leader.post(press)

    assert sitting_of(sara).counts_open_at is not None
    assert press not in leader.get(page).content.decode()
    assert jonas.seat.pk not in Ready.objects.values_list("seat_id", flat=True)


def test_a_table_of_another_dialogue_is_not_opened_from_here(town: Town) -> None:
    here, other = at_eldkvarn(town)[0], at_eldkvarn(town)[0]

    with pytest.raises(NotFoundError):
        marking.open_counts(
            actor=actor_of(town.facilitator), dialogue_id=other.dialogue.pk, sitting_id=sitting_of(here).pk, at=WHEN
        )


# ---------------------------------------------------------------- piles


def test_laid_together_is_one_card_and_one_mark(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    prova, fela, tid = (note(sara, text) for text in ("Att få prova.", "Rätt att misslyckas.", "Tid"))
    for one in (prova, fela, tid):
        marking.set_mark(here=sara, note_id=one.pk, wanted=True)

    laying_together.merge(here=sara, note_ids=[fela.pk, prova.pk])

    assert words(sara) == [["Att få prova.", "Rätt att misslyckas."], ["Tid"]]
    assert seen_by(sara).marked == 2


def test_marks_follow_their_own_note_back(town: Town) -> None:
    sara, amina, jonas = at_eldkvarn(town)
    prova, fela = note(sara, "Att få prova."), note(sara, "Rätt att misslyckas.")
    marking.set_mark(here=sara, note_id=fela.pk, wanted=True)
    marking.set_mark(here=amina, note_id=prova.pk, wanted=True)
    laying_together.merge(here=sara, note_ids=[prova.pk, fela.pk])

    laying_together.part(here=jonas, note_id=prova.pk)

    assert [card.is_mine for card in seen_by(sara).cards] == [False, True]
    assert [card.is_mine for card in seen_by(amina).cards] == [True, False]


def test_taking_a_mark_off_a_pile_takes_it_off_every_note_in_it(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    prova, fela = note(sara, "Att få prova."), note(sara, "Rätt att misslyckas.")
    for one in (prova, fela):
        marking.set_mark(here=sara, note_id=one.pk, wanted=True)
    laying_together.merge(here=sara, note_ids=[prova.pk, fela.pk])

    marking.set_mark(here=sara, note_id=prova.pk, wanted=False)
    laying_together.part(here=sara, note_id=prova.pk)

    assert seen_by(sara).marked == 0


def test_one_who_has_four_after_a_pile_came_apart_takes_one_back_before_she_is_ready(town: Town) -> None:
    sara, amina, _jonas = at_eldkvarn(town)
    notes = [note(sara, text) for text in ("Tid", "Ro", "Mod", "Ork")]
    laying_together.merge(here=sara, note_ids=[notes[0].pk, notes[1].pk])
    Mark.objects.bulk_create(Mark(seat=amina.seat, note=one) for one in notes)
    marking.set_ready(here=amina, wanted=True, at=WHEN)

    laying_together.part(here=sara, note_id=notes[0].pk)

    assert not Ready.objects.exists()
    assert seen_by(amina).too_many == 1
    with pytest.raises(ConflictError):
        marking.set_ready(here=amina, wanted=True, at=WHEN)


def test_if_the_leader_opens_then_only_the_first_three_count(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    notes = [note(sara, text) for text in ("Tid", "Ro", "Mod", "Ork")]
    Mark.objects.bulk_create(Mark(seat=sara.seat, note=one) for one in notes)

    open_counts(sara, town.manager)

    assert [card.marks for card in seen_by(sara).cards] == [1, 1, 1, 0]


def test_a_pile_of_piles_comes_apart_as_it_was_laid(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    one, two, three = (note(sara, text) for text in ("Ett", "Två", "Tre"))
    laying_together.merge(here=sara, note_ids=[two.pk, three.pk])
    laying_together.merge(here=sara, note_ids=[one.pk, two.pk])
    laid = words(sara)

    laying_together.part(here=sara, note_id=one.pk)

    assert laid == [["Ett", "Två", "Tre"]]
    assert words(sara) == [["Ett"], ["Två", "Tre"]]


def test_only_the_pen_lays_together_and_anyone_takes_apart(town: Town) -> None:
    sara, amina, _jonas = at_eldkvarn(town)
    one, two = note(sara, "Ett"), note(sara, "Två")

    with pytest.raises(ConflictError):
        laying_together.merge(here=amina, note_ids=[one.pk, two.pk])
    laying_together.merge(here=sara, note_ids=[one.pk, two.pk])
    laying_together.merge(here=sara, note_ids=[one.pk, two.pk])
    laying_together.part(here=amina, note_id=one.pk)
    laying_together.part(here=amina, note_id=one.pk)

    assert words(amina) == [["Ett"], ["Två"]]
    assert Note.objects.count() == 2


def test_one_card_cannot_be_laid_on_itself(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    one = note(sara, "Ett")

    with pytest.raises(InvalidError):
        laying_together.merge(here=sara, note_ids=[one.pk, one.pk])


# ---------------------------------------------------------------- set aside


def judge(actor: Actor, one: Note, to: str) -> None:
    review_many(actor=actor, dialogue_id=one.dialogue_id, judgements=[Judgement("note", one.pk, to)], at=WHEN)


def test_what_is_set_aside_is_hidden_where_it_lay_and_can_come_back(town: Town) -> None:
    sara, amina, _jonas = at_eldkvarn(town)
    harm, _tid = note(amina, "Olle är lat"), note(sara, "Tid")
    leader = actor_of(town.facilitator)

    judge(leader, harm, ASIDE)
    page = browser(amina).get(reverse("join", args=[sara.dialogue.code])).content.decode()
    with pytest.raises(NotFoundError):
        marking.set_mark(here=sara, note_id=harm.pk, wanted=True)

    assert "Olle är lat" not in page
    assert "En tanke är undanlagd av samtalsledaren." in page
    assert [card.is_aside for card in seen_by(sara).cards] == [True, False]
    judge(leader, harm, BACK)
    assert words(sara) == [["Olle är lat"], ["Tid"]]


def test_only_a_leader_sets_aside_and_never_what_is_still_sealed(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    tid = note(sara, "Tid")
    sealed = Note.objects.create(dialogue=sara.dialogue, seat=sara.seat, sealed=b"x", key=device_key(), written_at=WHEN)

    for actor, one in ((actor_of(town.member), tid), (sara.actor, tid), (actor_of(town.manager), sealed)):
        with pytest.raises(NotFoundError):
            judge(actor, one, ASIDE)


def test_what_is_set_aside_has_no_place_in_the_order(town: Town) -> None:
    people = sara, *_others = at_eldkvarn(town)
    notes = [note(sara, text) for text in ("Ett", "Två", "Tre", "Fyra", "Fem")]
    all_ready(people)
    judge(actor_of(town.manager), notes[1], ASIDE)

    ordering.move_note(here=sara, note_id=notes[4].pk, place=2)
    picks = handing_in.hand_in(here=sara, at=WHEN)

    assert [card.name for card in seen_by(sara).ordered] == ["Ett", "Fem", "Tre", "Fyra"]
    assert [pick.proposal.text for pick in picks] == ["Ett", "Fem", "Tre"]


# ---------------------------------------------------------------- the pen


def test_the_pen_is_asked_for_and_handed_over(town: Town) -> None:
    sara, amina, jonas = at_eldkvarn(town)
    Seat.objects.update(seen_at=WHEN)

    pens.set_pen_wanted(here=amina, wanted=True, at=WHEN)
    asked = sitting_of(sara)
    pens.hand_over_pen(here=sara, to_number=amina.seat.number)
    pens.hand_over_pen(here=sara, to_number=amina.seat.number)

    assert asked.pen_id == sara.seat.pk
    assert asked.pen_asked_by_id == amina.seat.pk
    assert sitting_of(sara).pen_id == amina.seat.pk
    assert sitting_of(sara).pen_asked_by_id is None
    with pytest.raises(ConflictError):
        pens.hand_over_pen(here=sara, to_number=jonas.seat.number)


def test_one_may_let_it_be_and_one_may_say_not_yet(town: Town) -> None:
    sara, amina, _jonas = at_eldkvarn(town)

    pens.set_pen_wanted(here=amina, wanted=True, at=WHEN)
    pens.set_pen_wanted(here=amina, wanted=False, at=WHEN)
    let_be = sitting_of(sara).pen_asked_by_id
    pens.set_pen_wanted(here=amina, wanted=True, at=WHEN)
    pens.keep_pen(here=sara)

    assert let_be is None
    assert sitting_of(sara).pen_asked_by_id is None
    assert sitting_of(sara).pen_id == sara.seat.pk


@pytest.mark.parametrize(
    ("gone", "passes"), [({"seen_at": WHEN - timedelta(minutes=3)}, True), ({"left_at": WHEN}, True), ({}, False)]
)
def test_a_pen_whose_holder_is_gone_passes_to_who_asks(town: Town, gone: dict[str, object], passes: bool) -> None:
    sara, amina, _jonas = at_eldkvarn(town)
    Seat.objects.filter(pk=sara.seat.pk).update(**gone)

    pens.set_pen_wanted(here=amina, wanted=True, at=WHEN)

    assert (sitting_of(sara).pen_id == amina.seat.pk) is passes


def test_the_pen_goes_to_nobody_at_another_table(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    other = sit(sara.dialogue, sara.dialogue.tables.get(number=2))

    with pytest.raises(NotFoundError):
        pens.hand_over_pen(here=sara, to_number=other.seat.number)


# ---------------------------------------------------------------- the order


def test_the_order_begins_with_most_marks_then_the_oldest(town: Town) -> None:
    people = sara, amina, jonas = at_eldkvarn(town)
    ett, tva, tre = (note(sara, text) for text in ("Ett", "Två", "Tre"))
    for here, one in ((sara, tre), (amina, tre), (jonas, tva)):
        marking.set_mark(here=here, note_id=one.pk, wanted=True)

    all_ready(people)

    assert [card.name for card in seen_by(sara).ordered] == ["Tre", "Två", "Ett"]
    assert ett.pk == seen_by(sara).ordered[-1].note_id


def test_a_move_says_where_to_so_that_a_second_press_does_nothing(town: Town) -> None:
    people = sara, *_others = at_eldkvarn(town)
    notes = [note(sara, text) for text in ("Ett", "Två", "Tre")]
    all_ready(people)

    for _press in range(2):
        assert ordering.move_note(here=sara, note_id=notes[2].pk, place=2) == 2

    assert [card.name for card in seen_by(sara).ordered] == ["Ett", "Tre", "Två"]
    assert ordering.move_note(here=sara, note_id=notes[0].pk, place=99) == 3


def test_only_the_pen_moves_and_only_when_the_counts_show(town: Town) -> None:
    people = sara, amina, _jonas = at_eldkvarn(town)
    tid = note(sara, "Tid")

    with pytest.raises(ConflictError):
        ordering.move_note(here=sara, note_id=tid.pk, place=1)
    all_ready(people)
    with pytest.raises(ConflictError):
        ordering.move_note(here=amina, note_id=tid.pk, place=1)


def test_what_comes_apart_stands_after_what_it_lay_on(town: Town) -> None:
    people = sara, *_others = at_eldkvarn(town)
    notes = [note(sara, text) for text in ("Ett", "Två", "Tre", "Fyra")]
    all_ready(people)
    laying_together.merge(here=sara, note_ids=[notes[1].pk, notes[3].pk])
    laid = words(sara)

    laying_together.part(here=sara, note_id=notes[1].pk)

    assert laid == [["Ett"], ["Två", "Fyra"], ["Tre"]]
    assert words(sara) == [["Ett"], ["Två"], ["Fyra"], ["Tre"]]


# ---------------------------------------------------------------- counter-voices


def test_a_counter_voice_has_no_name_anywhere(town: Town) -> None:
    sara, amina, jonas = at_eldkvarn(town)
    key = device_key()

    for _press in range(2):
        speaking.say_counter_voice(here=amina, text="Vi har inte tid.", key=key, at=WHEN)
    speaking.say_counter_voice(here=jonas, text="Ja till för mycket?", key=device_key(), at=WHEN)

    one, advocate = CounterVoice.objects.order_by("pk")
    assert (one.from_advocate, advocate.from_advocate) == (False, True)
    entries = AuditEntry.objects.filter(verb="counter_voice.said")
    assert [(entry.person_id, entry.facts.get("seat")) for entry in entries] == [(None, None)] * 2
    assert all("seat" not in row.data for row in Outbox.objects.all())
    page = browser(sara).get(reverse("join", args=[sara.dialogue.code])).content.decode()
    assert "Motröst från förnuftsombudet" in page
    assert "En motröst utan namn" in page


# ---------------------------------------------------------------- handing in


def handed_in(town: Town, *texts: str) -> tuple[Here, ...]:
    people = at_eldkvarn(town)
    for text in texts:
        note(people[0], text)
    all_ready(people)
    handing_in.hand_in(here=people[0], at=WHEN)
    return people


def test_the_tables_three_go_on_with_their_counts_and_the_rest_stays(town: Town) -> None:
    people = sara, amina, jonas = at_eldkvarn(town)
    ett, tva, *_rest = (note(sara, text) for text in ("Ett", "Två", "Tre", "Fyra"))
    for here in (sara, amina):
        marking.set_mark(here=here, note_id=tva.pk, wanted=True)
    marking.set_mark(here=jonas, note_id=ett.pk, wanted=True)
    all_ready(people)

    picks = handing_in.hand_in(here=sara, lone_allowed=False, at=WHEN)
    again = handing_in.hand_in(here=sara, lone_allowed=True, at=WHEN)

    assert [(pick.place, pick.proposal.text, pick.marks, pick.of) for pick in picks] == [
        (1, "Två", 2, 3),
        (2, "Ett", 1, 3),
        (3, "Tre", 0, 3),
    ]
    assert again == picks
    assert sitting_of(sara).lone_allowed is False
    assert len(seen_by(sara).cards) == 4


def test_tables_with_the_same_words_share_a_proposal(town: Town) -> None:
    sara, *_others = handed_in(town, "Mer tid!")
    other = sit(sara.dialogue, sara.dialogue.tables.get(number=2))
    Sitting.objects.filter(table__number=2).update(pen=other.seat)
    note(other, "mer  TID")
    marking.set_ready(here=other, wanted=True, at=WHEN)

    handing_in.hand_in(here=other, at=WHEN)

    proposal = Proposal.objects.get()
    assert proposal.picks.count() == 2
    assert proposal.text == "Mer tid!"


def test_a_pile_goes_on_with_all_its_words(town: Town) -> None:
    people = sara, *_others = at_eldkvarn(town)
    one, two = note(sara, "Att få prova."), note(sara, "Rätt att misslyckas.")
    laying_together.merge(here=sara, note_ids=[one.pk, two.pk])
    all_ready(people)

    (pick,) = handing_in.hand_in(here=sara, at=WHEN)

    assert pick.proposal.text == "Att få prova. Rätt att misslyckas."
    assert joined_text(["Tid", "Ro"]) == "Tid · Ro"
    assert joined_text(["Tid", "tid", "Ro", "Tid"]) == "Tid · Ro"


@pytest.mark.parametrize("needs_review", [True, False])
def test_words_wait_for_review_only_when_there_is_one(town: Town, needs_review: bool) -> None:
    people = at_eldkvarn(town)
    Dialogue.objects.filter(pk=people[0].dialogue.pk).update(needs_review=needs_review)
    note(people[0], "Tid")
    all_ready(people)

    handing_in.hand_in(here=people[0], at=WHEN)

    assert (Proposal.objects.get().reviewed_at is None) is needs_review


def test_taken_back_leaves_nothing_in_the_hall_and_can_be_handed_in_anew(town: Town) -> None:
    sara, *_others = handed_in(town, "Ett", "Två", "Tre", "Fyra")
    second = seen_by(sara).ordered[3].note_id

    handing_in.take_back(here=sara)
    handing_in.take_back(here=sara)
    left = Proposal.objects.count()
    ordering.move_note(here=sara, note_id=second, place=1)
    picks = handing_in.hand_in(here=sara, at=WHEN)

    assert left == 0
    assert [pick.proposal.text for pick in picks] == ["Fyra", "Ett", "Två"]


def test_what_the_leader_has_set_aside_stays_so_after_a_new_handing_in(town: Town) -> None:
    sara, *_others = handed_in(town, "Olle är lat")
    Proposal.objects.update(set_aside_at=WHEN)

    handing_in.take_back(here=sara)
    handing_in.hand_in(here=sara, at=WHEN)

    assert Proposal.objects.get().set_aside_at == WHEN


@pytest.mark.parametrize("closed", [{"is_locked": True}, {"ballot_open": True}])
def test_after_the_lock_or_the_ballot_nothing_is_handed_in_or_taken_back(town: Town, closed: dict[str, bool]) -> None:
    sara, *_others = handed_in(town, "Tid")
    other = sit(sara.dialogue, sara.dialogue.tables.get(number=2))
    note(other, "Ro")
    Sitting.objects.filter(table__number=2).update(pen=other.seat, counts_open_at=WHEN)
    Dialogue.objects.filter(pk=sara.dialogue.pk).update(**closed)

    with pytest.raises(ConflictError):
        handing_in.take_back(here=sara)
    with pytest.raises(ConflictError):
        handing_in.hand_in(here=other, at=WHEN)

    assert Pick.objects.count() == 1


def test_only_the_pen_hands_in_and_what_is_handed_in_stands_still(town: Town) -> None:
    sara, amina, _jonas = handed_in(town, "Ett", "Två")
    first = seen_by(sara).ordered[0].note_id

    for act in (
        lambda: handing_in.hand_in(here=amina, at=WHEN),
        lambda: handing_in.take_back(here=amina),
        lambda: ordering.move_note(here=sara, note_id=first, place=2),
        lambda: laying_together.merge(here=sara, note_ids=[card.note_id for card in seen_by(sara).cards]),
    ):
        with pytest.raises(ConflictError):
            act()


def test_nothing_is_handed_in_while_people_still_choose_or_before_they_change_tables(town: Town) -> None:
    people = sara, *_others = at_eldkvarn(town)
    note(sara, "Tid")
    with pytest.raises(ConflictError):
        handing_in.hand_in(here=sara, at=WHEN)
    all_ready(people)
    Step.objects.filter(dialogue=sara.dialogue, kind="choose").update(kind="move", seating=2)

    with pytest.raises(ConflictError):
        handing_in.hand_in(here=sara, at=WHEN)


def test_tables_that_nobody_presses_for_are_handed_in_once(town: Town) -> None:
    sara, amina, _jonas = at_eldkvarn(town)
    note(sara, "Ett")
    tva = note(sara, "Två")
    marking.set_mark(here=amina, note_id=tva.pk, wanted=True)

    for expected in (1, 0):
        with transaction.atomic():
            assert handing_in.hand_in_all(dialogue=sara.dialogue, question=1, seating=1, at=WHEN) == expected

    assert [pick.proposal.text for pick in Pick.objects.all()] == ["Två", "Ett"]


# ---------------------------------------------------------------- help


def test_help_is_asked_for_with_a_line_and_let_be(town: Town) -> None:
    sara, amina, _jonas = at_eldkvarn(town)

    speaking.ask_for_help(here=sara, words="  Vi är  oense ", at=WHEN)
    speaking.ask_for_help(here=amina, words="Vi är oense", at=WHEN + timedelta(minutes=1))
    asked = sitting_of(sara)
    speaking.withdraw_help(here=amina)
    speaking.withdraw_help(here=amina)

    assert (asked.help_asked_at, asked.help_words) == (WHEN, "Vi är oense")
    assert sitting_of(sara).help_asked_at is None
    with pytest.raises(InvalidError):
        speaking.ask_for_help(here=sara, words="x" * 141, at=WHEN)


# ---------------------------------------------------------------- two at once


@pytest.mark.django_db(transaction=True)
def test_merging_parting_and_marking_at_the_same_time_lose_nothing() -> None:
    people = sara, amina, jonas = at_eldkvarn(make_town())
    notes = [note(sara, text) for text in ("Ett", "Två", "Tre", "Fyra")]
    ids = [one.pk for one in notes]
    errors: list[BaseException] = []
    start = threading.Barrier(6)

    def often(act: object) -> None:
        try:
            start.wait()
            for turn in range(8):
                act(turn)  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    def mark(here: Here) -> object:
        def one(turn: int) -> None:
            for note_id in ids[:3]:
                marking.set_mark(here=here, note_id=note_id, wanted=turn % 2 == 0 or turn == 7)

        return one

    acts = [
        lambda turn: laying_together.merge(here=sara, note_ids=[ids[turn % 4], ids[(turn + 1) % 4]]),
        lambda turn: laying_together.merge(here=sara, note_ids=[ids[(turn + 2) % 4], ids[turn % 4]]),
        lambda turn: [laying_together.part(here=jonas, note_id=note_id) for note_id in ids],
        mark(sara),
        mark(amina),
        lambda turn: note(jonas, f"Tanke {turn}"),
    ]
    threads = [threading.Thread(target=often, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _round in range(4):
        for note_id in ids:
            laying_together.part(here=jonas, note_id=note_id)

    assert errors == []
    assert sorted(len(card) for card in words(sara)) == [1] * 12
    for here in (sara, amina):
        assert 1 <= seen_by(here).marked <= 3
        assert Mark.objects.filter(seat=here.seat, note__in=ids[3:]).count() == 0
    assert people[2].seat.pk not in set(Mark.objects.values_list("seat_id", flat=True))


@pytest.mark.django_db(transaction=True)
def test_two_tables_with_the_same_words_hand_in_and_take_back_at_once() -> None:
    town = make_town()
    sara, *_others = at_eldkvarn(town, 1)
    other = sit(sara.dialogue, sara.dialogue.tables.get(number=2))
    for here in (sara, other):
        Sitting.objects.filter(table=here.placement.table).update(pen=here.seat)  # type: ignore[union-attr]
        note(here, "Mer tid")
        marking.set_ready(here=here, wanted=True, at=WHEN)
    errors: list[BaseException] = []
    start = threading.Barrier(2)

    def often(here: Here) -> None:
        try:
            start.wait()
            for _turn in range(10):
                handing_in.hand_in(here=here, at=WHEN)
                handing_in.take_back(here=here)
            handing_in.hand_in(here=here, at=WHEN)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=often, args=[here]) for here in (sara, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert Proposal.objects.get().picks.count() == 2


# ---------------------------------------------------------------- pages


def page(here: Here, client: Client | None = None) -> str:
    answer = (client or browser(here)).get(reverse("join", args=[here.dialogue.code]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_press_without_script_goes_back_to_the_table(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    tid = note(sara, "Tid")
    client = browser(sara)

    answer = client.post(url(sara, "table_mark"), {"mark": tid.pk})

    assert answer.status_code == 302
    assert answer.headers["Location"] == reverse("join", args=[sara.dialogue.code])
    assert 'aria-pressed="true"' in page(sara, client)


def test_a_press_with_script_gets_the_parts_and_a_sentence_to_say(town: Town) -> None:
    people = sara, *_others = at_eldkvarn(town)
    note(sara, "Tid")
    ro = note(sara, "Ro")
    all_ready(people)

    answer = browser(sara).post(url(sara, "table_move"), {"up": f"{ro.pk}:1"}, headers={"HX-Request": "true"})

    html = answer.content.decode()
    assert "<html" not in html
    assert "hx-swap-oob" not in html  # the pressed button may have been renewed, and then nothing is found from it
    assert json.loads(answer.headers["HX-Trigger-After-Swap"]) == {"said": {"words": "Ro är nu på plats 1."}}
    assert html.index(">Ro<") < html.index(">Tid<")


@pytest.mark.parametrize("script", [True, False])
def test_what_another_has_changed_meanwhile_is_told_on_the_page(town: Town, script: bool) -> None:
    sara, amina, _jonas = at_eldkvarn(town)
    tid = note(sara, "Tid")
    client = browser(amina)

    headers = {"HX-Request": "true"} if script else {}
    answer = client.post(url(amina, "table_move"), {"up": f"{tid.pk}:1"}, headers=headers)

    html = answer.content.decode() if script else page(amina, client)
    assert answer.status_code == (200 if script else 302)
    assert "Någon annan hann före." in html


def test_when_the_step_has_gone_on_the_browser_loads_what_goes_on(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    tid = note(sara, "Tid")
    go_to(sara.dialogue, "whole")

    answer = browser(sara).post(url(sara, "table_mark"), {"mark": tid.pk}, headers={"HX-Request": "true"})

    assert answer.headers["HX-Refresh"] == "true"
    assert not Mark.objects.exists()


@pytest.mark.parametrize("name", ["table_merge", "table_pen_to", "table_hand_in"])
def test_the_pens_pages_send_everybody_else_back(town: Town, name: str) -> None:
    sara, amina, _jonas = at_eldkvarn(town)

    assert browser(sara).get(url(sara, name)).status_code == 200
    assert browser(amina).get(url(amina, name)).status_code == 302


def test_a_page_with_a_field_never_refreshes_itself_and_the_table_does(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    client = browser(sara)

    for name in ("table_note", "table_voice", "table_help", "table_merge"):
        html = client.get(url(sara, name)).content.decode()
        assert 'http-equiv="refresh"' not in html, name
    assert 'http-equiv="refresh"' in page(sara)


def test_after_an_error_the_field_still_holds_what_was_typed(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    text = "x" * 501

    answer = browser(sara).post(url(sara, "table_note"), {"text": text, "key": device_key()})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert text in html
    assert 'aria-invalid="true"' in html


def test_a_thought_sent_by_script_leads_back_to_the_table(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)

    answer = browser(sara).post(
        url(sara, "table_note"), {"text": "Tid", "key": device_key()}, headers={"HX-Request": "true"}
    )

    assert answer.headers["HX-Redirect"] == reverse("join", args=[sara.dialogue.code])
    assert words(sara) == [["Tid"]]


def test_the_whole_way_by_plain_posts(town: Town) -> None:
    sara, amina, jonas = at_eldkvarn(town)
    pen = browser(sara)
    for text in ("Ett", "Två", "Tre", "Fyra"):
        pen.post(url(sara, "table_note"), {"text": text, "key": device_key()})
    one, two, three, four = Note.objects.order_by("pk")

    pen.post(url(sara, "table_merge"), {"note": [one.pk, two.pk]})
    pen.post(url(sara, "table_part"), {"note": one.pk})
    pen.post(url(sara, "table_mark"), {"mark": four.pk})
    for here in (sara, amina, jonas):
        browser(here).post(url(here, "table_ready"), {"wanted": "1"})
    pen.post(url(sara, "table_move"), {"down": f"{four.pk}:2"})
    browser(amina).post(url(amina, "table_voice"), {"text": "Nja", "key": device_key()})
    asked = pen.get(url(sara, "table_hand_in")).content.decode()
    pen.post(url(sara, "table_hand_in"), {"lone": "1"})
    pen.post(url(sara, "table_pen"), {"to": amina.seat.number})

    assert "Lämna in bordets tre?" in asked
    assert [pick.proposal.text for pick in Pick.objects.all()] == ["Ett", "Fyra", "Två"]
    assert sitting_of(sara).pen_id == amina.seat.pk
    assert CounterVoice.objects.count() == 1
    assert three.pk


def test_a_host_presses_for_somebody_without_a_phone(town: Town) -> None:
    sara, amina, _jonas = at_eldkvarn(town)
    karin = help_someone(here=sara, name="Karin", key=device_key(), at=WHEN)
    tid = note(sara, "Tid")

    mine = browser(sara).post(url(sara, "table_mark"), {"mark": tid.pk, "for": karin.number})
    others = browser(amina).post(url(amina, "table_mark"), {"mark": tid.pk, "for": karin.number})

    assert mine.headers["Location"].endswith(f"?for={karin.number}")
    assert others.status_code == 404
    assert list(Mark.objects.values_list("seat_id", flat=True)) == [karin.pk]


def test_threes_talk_first_at_a_table_of_five(town: Town) -> None:
    people = at_eldkvarn(town, 5)
    for here in people:
        group = 1 if here.seat.name in {"Sara", "Amina", "Jonas"} else 2
        Placement.objects.filter(seat=here.seat).update(group=group)

    html = page(people[0])

    assert "Prata först tre och tre: du, Amina och Jonas." in html
    assert "Prata först två och två: du och Leila." in page(people[4])


def test_names_that_are_alike_are_told_apart_and_the_nameless_has_a_place(town: Town) -> None:
    sara, *_others = at_eldkvarn(town)
    table = sara.dialogue.tables.get(number=1)
    sit(sara.dialogue, table, "Amina")
    sit(sara.dialogue, table)

    names = [person.name for person in seen_by(sara).people]

    assert names == ["Sara", "Amina, plats 2", "Jonas", "Amina, plats 4", "Plats 5"]


@pytest.mark.parametrize("is_open", [False, True])
def test_the_page_costs_as_many_questions_to_the_database_however_full_the_table(town: Town, is_open: bool) -> None:
    counts = []
    for people, notes in ((3, 5), (8, 50)):
        here = at_eldkvarn(town, people)
        for number in range(notes):
            note(here[0], f"Tanke {number}")
        for one in here:
            for written in Note.objects.filter(dialogue=here[0].dialogue)[:3]:
                marking.set_mark(here=one, note_id=written.pk, wanted=True)
        if is_open:
            all_ready(here)
        client = browser(here[0])
        page(here[0], client)
        with CaptureQueriesContext(connection) as asked:
            page(here[0], client)
        counts.append(len(asked))

    assert counts[0] == counts[1]
    assert counts[0] <= 24
