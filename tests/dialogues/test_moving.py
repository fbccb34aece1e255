"""People moved by hand: with those they help, their pen passed on; and the page where a leader does it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from samspel.core.errors import ConflictError, NotFoundError
from samspel.dialogues.access import Here
from samspel.dialogues.actions import joining, leading, moving, pens, rehearsing
from samspel.dialogues.models import Dialogue, Placement, Seat, Sitting, Step, Table
from samspel.dialogues.seating_page import seats_page
from tests.people import WHEN, Town, actor_of, device_key, go_to, here_of, make_dialogue, make_seat


@pytest.fixture
def dialogue(town: Town) -> Dialogue:
    """Two tables at talk: Sara (who helps Åke), Amina and Jonas at the first, Leila at the second."""
    dialogue = make_dialogue(town.guidance, now_at="small", tables=2)
    one, two = dialogue.tables.all()
    for name, table in (("Sara", one), ("Amina", one), ("Jonas", one), ("Leila", two)):
        make_seat(dialogue, table, name)
    helped = Seat.objects.create(
        dialogue=dialogue,
        number=5,
        kind="helped",
        name="Åke",
        helped_by=dialogue.seats.get(name="Sara"),
        joined_at=WHEN,
        seen_at=WHEN,
        key="k5",
    )
    Placement.objects.create(seat=helped, seating=1, table=one)
    leading.set_tables(dialogue, 1, at=WHEN)
    return dialogue


def move(dialogue: Dialogue, town: Town, name: str, table: int) -> list[str]:
    seat = dialogue.seats.get(name=name)
    moved = moving.place_by_hand(
        actor=actor_of(town.facilitator),
        dialogue_id=dialogue.pk,
        who=f"s{seat.pk}",
        to=f"t{dialogue.tables.get(number=table).pk}",
        at=WHEN,
    )
    return list(moved.names)


def at_table_number(dialogue: Dialogue, number: int) -> list[str]:
    rows = Placement.objects.filter(table__dialogue=dialogue, table__number=number, seating=1)
    return sorted(rows.values_list("seat__name", flat=True))


def pen_at(dialogue: Dialogue, number: int) -> str:
    pen = Sitting.objects.get(table__dialogue=dialogue, table__number=number, seating=1).pen
    return pen.name if pen else ""


def test_whom_a_phone_helps_goes_where_the_phone_goes(dialogue: Dialogue, town: Town) -> None:
    moved = move(dialogue, town, "Sara", 2)

    assert moved == ["Sara", "Åke"]
    assert at_table_number(dialogue, 1) == ["Amina", "Jonas"]
    assert at_table_number(dialogue, 2) == ["Leila", "Sara", "Åke"]
    assert move(dialogue, town, "Sara", 2) == []


def test_one_who_is_helped_is_not_taken_from_her_helper(dialogue: Dialogue, town: Town) -> None:
    with pytest.raises(ConflictError) as refused:
        move(dialogue, town, "Åke", 2)

    assert refused.value.message == "Åke får hjälp av Sara, och följer med när Sara flyttas."
    assert "Åke" in at_table_number(dialogue, 1)


def test_the_pen_stays_at_the_table_with_the_one_who_asked_for_it(dialogue: Dialogue, town: Town) -> None:
    assert pen_at(dialogue, 1) == "Sara"
    Sitting.objects.filter(table__number=1).update(pen_asked_by=dialogue.seats.get(name="Jonas"))

    move(dialogue, town, "Sara", 2)

    assert pen_at(dialogue, 1) == "Jonas"
    assert pen_at(dialogue, 2) == "Leila"
    assert not Sitting.objects.filter(pen_asked_by__isnull=False).exists()


def test_the_pen_goes_to_a_phone_that_is_here_before_one_that_is_lost(dialogue: Dialogue, town: Town) -> None:
    Seat.objects.filter(name="Amina").update(seen_at=WHEN - timedelta(minutes=10))

    move(dialogue, town, "Sara", 2)

    assert pen_at(dialogue, 1) == "Jonas"


def test_the_last_phone_leaves_no_pen_behind(dialogue: Dialogue, town: Town) -> None:
    move(dialogue, town, "Leila", 1)

    sitting = Sitting.objects.get(table__number=2)
    assert (sitting.pen, sitting.advocate, sitting.advocate_seed) == (None, None, 0)
    assert pen_at(dialogue, 1) == "Sara"


def test_a_reason_advocate_who_moves_is_replaced_and_the_other_stays(dialogue: Dialogue, town: Town) -> None:
    Sitting.objects.filter(table__number=1).update(advocate=dialogue.seats.get(name="Amina"))

    move(dialogue, town, "Amina", 2)

    advocates = {row.table.number: row.advocate.name for row in Sitting.objects.all() if row.advocate}
    assert advocates[1] in {"Sara", "Jonas"}
    assert advocates[2] == "Leila"


@pytest.mark.parametrize(("has_seating", "then"), [(True, 1), (False, 2)])
def test_one_moves_in_one_seating_and_where_people_choose_in_those_to_come(
    dialogue: Dialogue, town: Town, has_seating: bool, then: int
) -> None:
    Step.objects.filter(kind="choose").update(seating=2)
    Dialogue.objects.update(has_seating=has_seating)
    one = dialogue.tables.get(number=1)
    sara = dialogue.seats.get(name="Sara")
    Placement.objects.create(seat=sara, seating=2, table=one)
    Sitting.objects.create(table=one, seating=2)

    move(dialogue, town, "Sara", 2)

    assert set(Placement.objects.filter(seat=sara).values_list("seating", "table__number")) == {(1, 2), (2, then)}


def test_one_who_has_gone_home_is_not_counted_and_her_pen_is_passed_on(dialogue: Dialogue, town: Town) -> None:
    sara = dialogue.seats.get(name="Sara")
    gone = {"actor": actor_of(town.facilitator), "dialogue_id": dialogue.pk, "seat_number": sara.number, "at": WHEN}

    moving.set_gone(**gone, wanted=True)  # type: ignore[arg-type]

    assert pen_at(dialogue, 1) == "Amina"
    assert [person.name for person in seats_page(dialogue).gone] == ["Sara", "Åke"]
    assert [person.name for person in seats_page(dialogue).tables[0].people] == ["Amina", "Jonas"]
    moving.set_gone(**gone, wanted=False)  # type: ignore[arg-type]
    assert [person.name for person in seats_page(dialogue).gone] == ["Åke"]
    assert pen_at(dialogue, 1) == "Amina"


def test_only_a_leader_moves_people_and_not_when_it_is_over(dialogue: Dialogue, town: Town) -> None:
    elsewhere = make_dialogue(town.guidance).tables.get()
    sara, two = dialogue.seats.get(name="Sara"), dialogue.tables.get(number=2)
    for actor, who, to in (
        (town.member, f"s{sara.pk}", f"t{two.pk}"),
        (town.manager, f"s{sara.pk}", f"t{elsewhere.pk}"),
        (town.manager, "s999999", f"t{two.pk}"),
        (town.manager, f"s{sara.pk}", "s999999"),
    ):
        with pytest.raises(NotFoundError):
            moving.place_by_hand(actor=actor_of(actor), dialogue_id=dialogue.pk, who=who, to=to, at=WHEN)
    with pytest.raises(NotFoundError):
        moving.set_gone(actor=actor_of(town.manager), dialogue_id=dialogue.pk, seat_number=77, wanted=False, at=WHEN)
    leading.close_dialogue(actor=actor_of(town.manager), dialogue_id=dialogue.pk, at=WHEN)
    with pytest.raises(ConflictError):
        move(dialogue, town, "Amina", 2)


def test_a_leader_moves_somebody_on_the_page(dialogue: Dialogue, town: Town, signed_in: Callable[..., Client]) -> None:
    leader = signed_in(town.facilitator)
    page = reverse("dialogue_seats", args=[dialogue.pk])
    press = reverse("dialogue_seats_move", args=[dialogue.pk])
    two = dialogue.tables.get(number=2)
    sara, amina, ake = (f"s{dialogue.seats.get(name=name).pk}" for name in ("Sara", "Amina", "Åke"))

    said = leader.post(press, {"who": sara, "to": f"t{two.pk}"}, follow=True).content.decode()
    assert "Sara och de som får hjälp av samma telefon har flyttat." in said
    assert "Välj en person först." in leader.post(press, {"to": f"t{two.pk}"}, follow=True).content.decode()
    assert "Välj ett bord." in leader.post(press, {"who": sara}, follow=True).content.decode()
    said = leader.post(press, {"who": ake, "to": f"t{two.pk}"}, follow=True).content.decode()
    assert "Åke får hjälp av Sara" in said
    leader.post(press, {"who": amina, "gone": "2"})
    assert "Är tillbaka" in leader.get(page).content.decode()
    leader.post(press, {"back": "2"})

    assert "Är tillbaka" not in leader.get(page).content.decode()
    assert at_table_number(dialogue, 2) == ["Leila", "Sara", "Åke"]
    assert leader.post(press, {"who": sara, "to": "x"}).status_code == 404
    assert signed_in(town.member).get(page).status_code == 404


def test_who_changes_table_herself_takes_those_she_helps_along(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="small", tables=2)
    Dialogue.objects.update(has_seating=False)
    one, two = dialogue.tables.all()
    sara, token = make_seat(dialogue, one, "Sara")
    make_seat(dialogue, one, "Amina")
    Sitting.objects.filter(table=one).update(pen=sara)
    here = here_of(sara, token)
    joining.help_someone(here=here, name="Åke", key=device_key(), at=WHEN)

    joining.take_place(here=here, table_id=two.pk, at=WHEN)

    assert at_table_number(dialogue, 2) == ["Sara", "Åke"]
    assert pen_at(dialogue, 1) == "Amina"
    assert pen_at(dialogue, 2) == "Sara"


def test_in_a_rehearsal_somebody_real_gets_the_pen_from_the_made_up(town: Town) -> None:
    original = make_dialogue(town.guidance, tables=2)
    copy = rehearsing.rehearse(actor=actor_of(town.facilitator), dialogue_id=original.pk, key=device_key(), at=WHEN)
    leading.start_dialogue(actor=actor_of(town.facilitator), dialogue_id=copy.pk, at=WHEN)
    copy.refresh_from_db()
    go_to(copy, "small")
    leading.set_tables(copy, 1, at=WHEN)
    table = Table.objects.filter(dialogue=copy).first()
    assert table is not None
    holder = Sitting.objects.get(table=table, seating=1).pen
    assert holder is not None
    assert holder.is_made_up
    seat, token = make_seat(copy, table, "Malin")
    here: Here = here_of(seat, token)

    pens.set_pen_wanted(here=here, wanted=True, at=WHEN)

    assert Sitting.objects.get(table=table, seating=1).pen == seat
    move(copy, town, "Malin", 2)
    assert Sitting.objects.get(table=table, seating=1).pen is not None
