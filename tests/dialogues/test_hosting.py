"""World Café: one stays at every table as its host and has the pen, while the others go on to new faces."""

from datetime import timedelta

import pytest

from samspel.core.actor import VISITOR
from samspel.core.errors import ConflictError, NotFoundError
from samspel.dialogues.actions import hosting, joining, leading, moving
from samspel.dialogues.actions.planning import publish
from samspel.dialogues.models import Dialogue, Placement, PlannedPlace, Seat, Sitting
from samspel.dialogues.plan_queries import seating_words
from tests.dialogues.test_templates import Hall, open_hall
from tests.people import WHEN, Town, actor_of, change_plan, device_key, plan_dialogue


def walk_in_cafe(town: Town, people: int) -> Hall:
    """A World Café that nobody was invited to: all just come."""
    leader = actor_of(town.facilitator)
    dialogue = plan_dialogue(town.guidance, town.facilitator, template="world-cafe")
    change_plan(dialogue, town.facilitator, tables=3, needs_review=False)
    publish(actor=leader, dialogue_id=dialogue.pk, at=WHEN)
    hall = Hall(dialogue, leader, {})
    for number in range(people):
        joined = joining.join(actor=VISITOR, code=dialogue.code, unit=f"Enhet {number % 3}", key=device_key(), at=WHEN)
        hall.tokens[joined.seat.pk] = joined.token
    return hall


def go_on(hall: Hall, steps: int) -> None:
    for _step in range(steps):
        leading.next_step(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=WHEN)


def hosts_in(hall: Hall, seating: int) -> dict[int, int]:
    """The table of each host."""
    rows = Placement.objects.filter(table__dialogue=hall.dialogue, seating=seating, is_host=True, seat__left_at=None)
    return dict(rows.values_list("seat_id", "table_id"))


def sizes(hall: Hall, seating: int) -> list[int]:
    rows = Placement.objects.filter(table__dialogue=hall.dialogue, seating=seating, seat__left_at=None)
    tables = list(rows.values_list("table_id", flat=True))
    return sorted(tables.count(table) for table in set(tables))


@pytest.mark.django_db
def test_the_plan_has_a_host_at_every_table_who_stays_while_the_others_go_on(town: Town) -> None:
    hall = open_hall(town, "world-cafe", WHEN)

    hosts = [hosts_in(hall, seating) for seating in (1, 2, 3)]

    assert hosts[0] == hosts[1] == hosts[2]
    assert len(set(hosts[0].values())) == 3
    others = Placement.objects.filter(table__dialogue=hall.dialogue, is_host=False)
    for seat in hall.dialogue.seats.exclude(pk__in=hosts[0]):
        assert len(set(others.filter(seat=seat).values_list("table_id", flat=True))) > 1
    dialogue = Dialogue.objects.get(pk=hall.dialogue.pk)
    assert dialogue.seating_told["hosts"] == 3
    words = seating_words(dialogue)
    assert words is not None
    assert words.hosts == "En värd stannar vid varje bord."


@pytest.mark.django_db
def test_hosts_have_the_pen_when_a_round_begins(town: Town) -> None:
    hall = open_hall(town, "world-cafe", WHEN)
    leading.start_dialogue(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=WHEN)
    hosts = hosts_in(hall, 2)

    go_on(hall, 4)

    assert Dialogue.objects.get(pk=hall.dialogue.pk).step.seating == 2  # type: ignore[union-attr]
    pens = dict(Sitting.objects.filter(table__dialogue=hall.dialogue, seating=2).values_list("pen_id", "table_id"))
    assert pens == hosts


@pytest.mark.django_db
def test_where_all_just_come_hosts_are_found_when_they_sit_and_tables_stay_as_even(town: Town) -> None:
    hall = walk_in_cafe(town, 12)
    assert not Placement.objects.filter(is_host=True).exists()
    leading.start_dialogue(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=WHEN)

    go_on(hall, 2)

    hosts = hosts_in(hall, 1)
    assert len(set(hosts.values())) == 3
    assert hosts_in(hall, 2) == hosts_in(hall, 3) == hosts
    assert [sizes(hall, seating) for seating in (1, 2, 3)] == [[4, 4, 4]] * 3


@pytest.mark.django_db
def test_when_a_host_goes_home_another_at_her_table_stays(town: Town) -> None:
    hall = open_hall(town, "world-cafe", WHEN)
    leading.start_dialogue(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=WHEN)
    go_on(hall, 2)
    gone, table = next(iter(hosts_in(hall, 1).items()))

    moving.set_gone(
        actor=hall.leader,
        dialogue_id=hall.dialogue.pk,
        seat_number=Seat.objects.get(pk=gone).number,
        wanted=True,
        at=WHEN,
    )

    hosts = hosts_in(hall, 1)
    assert gone not in hosts
    assert sorted(hosts.values()) == sorted(hosts_in(hall, 3).values())
    new = next(seat for seat, at in hosts.items() if at == table)
    assert Placement.objects.get(seat_id=new, seating=2).table_id == table


@pytest.mark.django_db
def test_a_host_who_comes_too_late_goes_on_like_the_others(town: Town) -> None:
    hall = open_hall(town, "world-cafe", WHEN)
    late = next(iter(hosts_in(hall, 1)))
    invitation = Seat.objects.get(pk=late).invitation
    assert invitation is not None
    Seat.objects.filter(pk=late).delete()
    del hall.tokens[late]
    leading.start_dialogue(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=WHEN)
    go_on(hall, 2)

    joined = joining.join(
        actor=VISITOR,
        code=hall.dialogue.code,
        seat_code=invitation.seat_code,
        key=device_key(),
        at=WHEN + timedelta(minutes=9),
    )

    assert not joined.seat.placements.filter(is_host=True).exists()
    assert joined.seat.placements.count() == 3
    planned = PlannedPlace.objects.get(invitation=invitation, seating=1).table_id
    assert joined.seat.placements.get(seating=1).table_id == planned
    assert len(set(hosts_in(hall, 3).values())) == 3


@pytest.mark.django_db
def test_a_leader_names_a_host_before_the_meeting_and_the_rest_is_drawn_around_her(town: Town) -> None:
    hall = open_hall(town, "world-cafe", WHEN)
    Seat.objects.filter(dialogue=hall.dialogue).delete()
    place = PlannedPlace.objects.filter(invitation__dialogue=hall.dialogue, seating=1, is_host=False).first()
    assert place is not None

    hosting.make_host(actor=hall.leader, dialogue_id=hall.dialogue.pk, who=f"i{place.invitation_id}", at=WHEN)

    hers = PlannedPlace.objects.filter(invitation=place.invitation_id)
    assert set(hers.values_list("table_id", "is_host", "is_pinned")) == {(place.table_id, True, True)}
    hosts = PlannedPlace.objects.filter(invitation__dialogue=hall.dialogue, seating=2, is_host=True)
    assert len(set(hosts.values_list("table_id", flat=True))) == hosts.count() == 3


@pytest.mark.django_db
def test_a_leader_names_another_host_during_the_meeting_and_the_two_change_places(town: Town) -> None:
    hall = open_hall(town, "world-cafe", WHEN)
    leading.start_dialogue(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=WHEN)
    go_on(hall, 2)
    old, table = next(iter(hosts_in(hall, 1).items()))
    new = Placement.objects.filter(seating=1, table_id=table, is_host=False).first()
    assert new is not None
    goes_to = Placement.objects.get(seat=new.seat, seating=2).table_id

    hosting.make_host(actor=hall.leader, dialogue_id=hall.dialogue.pk, who=f"s{new.seat_id}", at=WHEN)

    assert hosts_in(hall, 1)[new.seat_id] == hosts_in(hall, 3)[new.seat_id] == table
    assert old not in hosts_in(hall, 1)
    assert Placement.objects.get(seat_id=old, seating=2).table_id == goes_to


@pytest.mark.django_db
def test_nobody_stays_in_a_plan_without_hosts_and_nobody_else_names_them(town: Town) -> None:
    hall = open_hall(town, "mixed-90", WHEN)
    assert not Placement.objects.filter(is_host=True).exists()
    with pytest.raises(ConflictError) as refused:
        hosting.make_host(actor=hall.leader, dialogue_id=hall.dialogue.pk, who="s1", at=WHEN)
    assert refused.value.message == "I den här planen stannar ingen värd vid borden."
    with pytest.raises(NotFoundError):
        hosting.make_host(actor=actor_of(town.member), dialogue_id=hall.dialogue.pk, who="s1", at=WHEN)
    cafe = open_hall(town, "world-cafe", WHEN)
    with pytest.raises(NotFoundError):
        hosting.make_host(actor=hall.leader, dialogue_id=cafe.dialogue.pk, who="s999999", at=WHEN)
