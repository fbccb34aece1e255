"""Tables changed by hand: the price before the press, the rule that says no, and the way back."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from samspel.core.actor import VISITOR
from samspel.core.errors import ConflictError, NotFoundError
from samspel.dialogues import compute
from samspel.dialogues.actions import inviting, joining, leading, moving
from samspel.dialogues.actions.planning import publish
from samspel.dialogues.compute_changes import by_hand
from samspel.dialogues.models import Dialogue, Invitation, Placement, PlannedPlace, Seat
from samspel.dialogues.plan_queries import seating_words
from samspel.dialogues.seating_page import seats_page
from tests.people import WHEN, Town, actor_of, change_plan, device_key, go_to, plan_dialogue

LIST = "Namn;Enhet;Chef för;Isär\n" + "\n".join(
    [
        "Karin;Skolan;;",
        "Kent;Skolan;;",
        "Klara;Skolan;;a",
        "Omar;Omsorgen;;a",
        "Olga;Omsorgen;;",
        "Otto;Omsorgen;Skolan;",
        "Pia;Parken;;",
        "Per;Parken;;",
        "Petra;Parken;;",
    ]
)


@pytest.fixture
def planned(town: Town) -> Dialogue:
    return planned_at_three(town)


def planned_at_three(town: Town) -> Dialogue:
    """Nine people of three units at three tables of three, twice; still a draft."""
    dialogue = plan_dialogue(town.guidance, town.facilitator, template="mixed-90")
    inviting.import_invitations(
        actor=actor_of(town.facilitator),
        dialogue_id=dialogue.pk,
        content=LIST.encode(),
        filename="lista.csv",
        at=WHEN,
    )
    return change_plan(dialogue, town.facilitator, tables=3)


def name_of(dialogue: Dialogue, name: str) -> str:
    return f"i{Invitation.objects.get(dialogue=dialogue, name=name).pk}"


def table_of(dialogue: Dialogue, name: str, seating: int = 1) -> int:
    return PlannedPlace.objects.get(invitation__dialogue=dialogue, invitation__name=name, seating=seating).table_id


def put(dialogue: Dialogue, *tables: str) -> None:
    """Everyone at a table of the first seating, as if drawn so: «KOP» is Karin, Omar and Pia …"""
    first = {"K": ["Karin", "Kent", "Klara"], "O": ["Omar", "Olga", "Otto"], "P": ["Pia", "Per", "Petra"]}
    for table, letters in zip(dialogue.tables.all(), tables, strict=True):
        for letter in letters:
            PlannedPlace.objects.filter(
                invitation__dialogue=dialogue, invitation__name=first[letter].pop(0), seating=1
            ).update(table=table)
    compute.retell(dialogue)


def place(dialogue: Dialogue, town: Town, name: str, to: str, seating: int = 1) -> moving.Moved:
    return moving.place_by_hand(
        actor=actor_of(town.facilitator),
        dialogue_id=dialogue.pk,
        who=name_of(dialogue, name),
        to=to,
        seating=seating,
        at=WHEN,
    )


def test_every_table_and_everyone_elsewhere_has_a_price_before_the_press(planned: Dialogue) -> None:
    put(planned, "KOP", "KOP", "KOP")
    # Karin, Omar, Pia · Kent, Olga, Per · Klara, Otto, Petra: the third breaks a rule, Otto leads the school.

    page = seats_page(planned, 1, name_of(planned, "Karin"))

    assert page.chosen is not None
    assert page.chosen_table == planned.tables.get(number=1)
    own, second, third = page.tables
    assert own.price is None
    assert not own.swaps
    assert second.price is not None
    assert second.price.is_possible
    assert third.price is not None
    assert third.price.words == "Går inte: Karin och Otto, en av dem leder den andras enhet."
    assert not third.price.is_possible
    assert {person.name for person in second.swaps} == {"Kent", "Olga", "Per"}
    assert [price.words for price in page.best if price.name == "Kent"]


def test_the_price_is_what_the_sentence_says_afterwards(planned: Dialogue, town: Town) -> None:
    put(planned, "KOP", "KOP", "KOP")
    before = dict(planned.seating_told)
    hand = by_hand(planned, 1)
    cost = hand.board.cost(hand.swapped(name_of(planned, "Karin"), name_of(planned, "Olga")))

    place(planned, town, "Karin", name_of(planned, "Olga"))

    planned.refresh_from_db()
    assert cost.alike > 0  # two of the parks sit together
    assert planned.seating_told["new"] - before["new"] == cost.new
    words = seating_words(planned)
    assert words is not None


def test_a_hard_rule_says_no_with_its_reason_and_nobody_moves(planned: Dialogue, town: Town) -> None:
    put(planned, "KOP", "KPP", "KOO")
    # Karin, Omar, Pia · Kent, Per, Petra · Klara, Olga, Otto
    before = list(PlannedPlace.objects.values_list("pk", "table_id"))

    with pytest.raises(ConflictError) as manager:
        place(planned, town, "Otto", f"t{table_of(planned, 'Karin')}")
    with pytest.raises(ConflictError) as apart:
        place(planned, town, "Klara", f"t{table_of(planned, 'Omar')}")

    assert manager.value.message == "Går inte: Karin och Otto, en av dem leder den andras enhet."
    assert apart.value.message == "Går inte: Klara och Omar ska inte sitta vid samma bord."
    assert list(PlannedPlace.objects.values_list("pk", "table_id")) == before


def test_a_full_table_says_no_and_a_swap_is_possible(planned: Dialogue, town: Town) -> None:
    planned.tables.update(size=3)
    put(planned, "KOP", "KOP", "KPO")
    with pytest.raises(ConflictError) as full:
        place(planned, town, "Pia", f"t{table_of(planned, 'Kent')}")
    assert full.value.message == "Går inte: bordet är fullt."

    moved = place(planned, town, "Pia", name_of(planned, "Per"))

    assert moved.names == ("Pia", "Per")


def test_a_place_chosen_by_hand_is_kept_when_the_rest_is_drawn_anew_and_can_be_let_go(
    planned: Dialogue, town: Town
) -> None:
    put(planned, "KOP", "KOP", "KPO")
    leader = actor_of(town.facilitator)
    place(planned, town, "Karin", name_of(planned, "Per"))
    karin, per = table_of(planned, "Karin"), table_of(planned, "Per")

    for _time in range(4):
        moving.draw_anew(actor=leader, dialogue_id=planned.pk, at=WHEN)

        assert (table_of(planned, "Karin"), table_of(planned, "Per")) == (karin, per)
    assert {row.invitation.name for row in PlannedPlace.objects.filter(is_pinned=True)} == {"Karin", "Per"}
    moving.unpin(actor=leader, dialogue_id=planned.pk, who=name_of(planned, "Karin"), seating=1, at=WHEN)
    assert {row.invitation.name for row in PlannedPlace.objects.filter(is_pinned=True)} == {"Per"}


def test_drawn_anew_can_be_taken_back(planned: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)
    before = set(PlannedPlace.objects.values_list("invitation_id", "seating", "table_id"))
    seed = moving.draw_anew(actor=leader, dialogue_id=planned.pk, at=WHEN)
    assert set(PlannedPlace.objects.values_list("invitation_id", "seating", "table_id")) != before

    moving.draw_anew(actor=leader, dialogue_id=planned.pk, seed=seed, at=WHEN)

    assert set(PlannedPlace.objects.values_list("invitation_id", "seating", "table_id")) == before


def test_a_change_is_taken_back_unless_somebody_has_moved_since(planned: Dialogue, town: Town) -> None:
    put(planned, "KOP", "KOP", "KPO")
    leader = actor_of(town.facilitator)
    before = set(PlannedPlace.objects.values_list("invitation_id", "seating", "table_id", "is_pinned"))
    told = dict(planned.seating_told)
    moved = place(planned, town, "Karin", name_of(planned, "Per"))

    moving.put_back(actor=leader, dialogue_id=planned.pk, before=moved.before, after=moved.after, at=WHEN)

    assert set(PlannedPlace.objects.values_list("invitation_id", "seating", "table_id", "is_pinned")) == before
    planned.refresh_from_db()
    assert planned.seating_told == told
    with pytest.raises(ConflictError):
        moving.put_back(actor=leader, dialogue_id=planned.pk, before=moved.before, after=moved.after, at=WHEN)


def test_another_seating_is_changed_by_itself(planned: Dialogue, town: Town) -> None:
    first = table_of(planned, "Petra")
    to = next(
        table.table.pk
        for table in seats_page(planned, 2, name_of(planned, "Petra")).tables
        if table.price is not None and table.price.is_possible
    )

    place(planned, town, "Petra", f"t{to}", seating=2)

    assert (table_of(planned, "Petra"), table_of(planned, "Petra", 2)) == (first, to)
    with pytest.raises(NotFoundError):
        place(planned, town, "Petra", f"t{to}", seating=4)


def test_one_who_does_not_come_leaves_her_place_and_comes_after_all_without_moving_anyone(
    planned: Dialogue, town: Town
) -> None:
    leader = actor_of(town.facilitator)
    publish(actor=leader, dialogue_id=planned.pk, at=WHEN)
    pia = Invitation.objects.get(name="Pia")

    moving.set_absent(actor=leader, dialogue_id=planned.pk, who=f"i{pia.pk}", at=WHEN)

    assert not pia.planned_places.exists()
    others = set(PlannedPlace.objects.values_list("invitation_id", "seating", "table_id"))
    seat = joining.join(actor=VISITOR, code=planned.code, seat_code=pia.seat_code, key=device_key(), at=WHEN).seat
    assert seat.placements.count() == 3
    assert set(PlannedPlace.objects.values_list("invitation_id", "seating", "table_id")) == others
    with pytest.raises(NotFoundError):
        moving.set_absent(actor=leader, dialogue_id=planned.pk, who=f"i{pia.pk}", at=WHEN)
    with pytest.raises(ConflictError):
        moving.draw_anew(actor=leader, dialogue_id=planned.pk, at=WHEN)


def test_the_expected_stand_beside_those_who_are_here_and_a_thin_table_is_merged_from_the_page(
    planned: Dialogue, town: Town, signed_in: Callable[..., Client]
) -> None:
    put(planned, "KOP", "KOP", "KPO")
    leader = actor_of(town.facilitator)
    publish(actor=leader, dialogue_id=planned.pk, at=WHEN)
    for name in ("Karin", "Kent", "Per", "Klara", "Petra"):
        code = Invitation.objects.get(name=name).seat_code
        joining.join(actor=VISITOR, code=planned.code, seat_code=code, name=name, key=device_key(), at=WHEN)
    for name in ("Omar", "Pia", "Olga"):
        moving.set_absent(actor=leader, dialogue_id=planned.pk, who=name_of(planned, name), at=WHEN)
    go_to(planned, "small")
    leading.set_tables(planned, 1, at=WHEN)

    page = seats_page(Dialogue.objects.get(pk=planned.pk))

    one, two, three = page.tables
    assert [(person.name, person.is_expected) for person in three.people] == [
        ("Klara", False),
        ("Petra", False),
        ("Otto", True),
    ]
    offered = [price.name for price in one.merges]
    assert two.table.name in offered
    assert three.table.name not in offered  # Otto leads Karin's unit
    browser = signed_in(town.facilitator)
    press = reverse("dialogue_seats_move", args=[planned.pk])
    said = browser.post(press, {"merge": f"{one.table.pk}-{three.table.pk}"}, follow=True).content.decode()
    assert "en av dem leder den andras enhet" in said
    said = browser.post(press, {"merge": f"{one.table.pk}-{two.table.pk}"}, follow=True).content.decode()
    assert "De två borden är ett nu." in said
    assert set(Placement.objects.filter(seating=1, table=two.table).values_list("seat__name", flat=True)) == {
        "Karin",
        "Kent",
        "Per",
    }


def test_a_leader_chooses_sees_the_price_swaps_and_takes_it_back_without_script(
    planned: Dialogue, town: Town, signed_in: Callable[..., Client]
) -> None:
    put(planned, "KOP", "KOP", "KPO")
    leader = signed_in(town.facilitator)
    page = reverse("dialogue_seats", args=[planned.pk])
    press = reverse("dialogue_seats_move", args=[planned.pk])
    karin, per = name_of(planned, "Karin"), name_of(planned, "Per")
    was = table_of(planned, "Karin"), table_of(planned, "Per")

    shown = leader.get(page, {"who": karin}).content.decode()
    assert "Karin sitter vid" in shown
    assert "De byten som kostar minst:" in shown
    assert "procent mindre blandade" in shown
    said = leader.post(press, {"who": karin, "to": per, "seating": "1"}, follow=True).content.decode()

    assert "Karin och Per har bytt plats." in said
    assert "vald för hand" in said
    assert (table_of(planned, "Per"), table_of(planned, "Karin")) == was
    said = leader.post(press, {"undo": "1", "seating": "1"}, follow=True).content.decode()
    assert "Alla sitter som förut." in said
    assert "Ångra" not in said
    assert (table_of(planned, "Karin"), table_of(planned, "Per")) == was
    leader.post(press, {"draw": "1"})
    was = table_of(planned, "Karin"), table_of(planned, "Per")
    said = leader.post(press, {"draw": "1"}, follow=True).content.decode()
    assert "Platserna är dragna på nytt." in said
    leader.post(press, {"undo": "1"})
    assert (table_of(planned, "Karin"), table_of(planned, "Per")) == was
    assert leader.post(press, {"who": karin, "to": "t999999"}).status_code == 404
    assert "Dra om platserna" not in signed_in(town.administrator).get(page, {"who": karin}).content.decode()


def test_the_page_asks_the_database_as_often_for_nine_as_for_forty(
    planned: Dialogue, town: Town, django_assert_max_num_queries: Callable[..., object]
) -> None:
    more = "Namn;Enhet\n" + "\n".join(f"N{number};Enhet {number % 7}" for number in range(31))
    inviting.import_invitations(
        actor=actor_of(town.facilitator), dialogue_id=planned.pk, content=more.encode(), filename="fler.csv", at=WHEN
    )
    planned = Dialogue.objects.select_related("template", "unit", "step").get(pk=planned.pk)

    with django_assert_max_num_queries(14):
        page = seats_page(planned, 1, name_of(planned, "N7"))

    assert sum(len(table.people) for table in page.tables) == 40
    assert Seat.objects.count() == 0


def test_the_sentence_says_how_far_from_the_best_there_can_be(planned: Dialogue) -> None:
    for seating in (2, 3):
        PlannedPlace.objects.filter(seating=seating).delete()
    planned.steps.filter(seating__gt=1).update(seating=1)
    put(planned, "KOP", "KOP", "KPO")
    best = seating_words(planned)
    put(planned, "KKK", "OOP", "OPP")

    worse = seating_words(planned)

    assert best is not None
    assert worse is not None
    assert best.mixed in {"Bättre blandat går det inte.", "Färre från samma enhet kan inte sitta ihop."}
    # Three pairs of the school, one of care, one of the parks; none of them must be.
    assert worse.mixed == "5 gånger sitter två från samma enhet ihop."


def test_what_must_be_is_told_beside_what_is(planned: Dialogue) -> None:
    planned.steps.filter(seating__gt=1).update(seating=1)
    PlannedPlace.objects.filter(seating__gt=1).delete()
    Invitation.objects.exclude(name="Otto").update(unit="Skolan", manages="")
    Invitation.objects.filter(name="Otto").update(manages="")
    put(planned, "KKKOO", "OPP", "P")

    words = seating_words(planned)

    assert words is not None
    assert words.mixed.endswith("Färre än 7 går inte.")
