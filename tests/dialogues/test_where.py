"""«Where do I sit?»: by seat code at the door and on a phone, as a list by name for the host; never names to others."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from samspel.core.actor import VISITOR
from samspel.core.limits import BUCKETS
from samspel.dialogues.actions import joining, leading, moving
from samspel.dialogues.actions.planning import publish
from samspel.dialogues.models import Dialogue, Invitation, PlannedPlace, Table
from samspel.dialogues.views.where import room_of
from tests.dialogues.test_by_hand import planned
from tests.people import WHEN, Town, actor_of, device_key

__all__ = ["planned"]


@pytest.fixture
def open_to_all(planned: Dialogue, town: Town) -> Dialogue:
    publish(actor=actor_of(town.facilitator), dialogue_id=planned.pk, at=WHEN)
    return Dialogue.objects.get(pk=planned.pk)


def tables_of(name: str) -> list[str]:
    rows = PlannedPlace.objects.filter(invitation__name=name).order_by("seating")
    return list(rows.values_list("table__name", flat=True))


def ask(client: Client, dialogue: Dialogue, code: str) -> str:
    return client.post(reverse("where", args=[dialogue.code]), {"seat_code": code}).content.decode()


def test_a_seat_code_gives_ones_tables_and_no_name_at_all(open_to_all: Dialogue) -> None:
    pia = Invitation.objects.get(name="Pia")
    first, second, third = tables_of("Pia")
    page = reverse("where", args=[open_to_all.code])

    empty = Client().get(page).content.decode()
    shown = ask(Client(), open_to_all, f" {pia.seat_code[:4].lower()} {pia.seat_code[4:]} ")

    assert f"Du sitter vid bord {first}" in shown
    assert f"{second}, {third}" in shown
    assert f'content="30; url={page}"' in shown  # the next at the door begins anew
    assert "http-equiv" not in empty
    for name in Invitation.objects.values_list("name", flat=True):
        assert f">{name}<" not in shown + empty
        assert f" {name}" not in shown + empty


def test_the_table_of_one_who_was_moved_is_the_one_where_she_sits(open_to_all: Dialogue, town: Town) -> None:
    pia = Invitation.objects.get(name="Pia")
    joining.join(actor=VISITOR, code=open_to_all.code, seat_code=pia.seat_code, key=device_key(), at=WHEN)
    other = Table.objects.filter(dialogue=open_to_all).exclude(name=tables_of("Pia")[0]).last()
    assert other is not None
    for to in Table.objects.filter(dialogue=open_to_all).exclude(name=tables_of("Pia")[0]):
        moving.place_by_hand(
            actor=actor_of(town.facilitator), dialogue_id=open_to_all.pk, who=f"i{pia.pk}", to=f"t{to.pk}", at=WHEN
        )

    assert f"Du sitter vid bord {other.name}" in ask(Client(), open_to_all, pia.seat_code)


def test_a_phone_sees_its_own_table_at_once(open_to_all: Dialogue) -> None:
    kent = Invitation.objects.get(name="Kent")
    joined = joining.join(actor=VISITOR, code=open_to_all.code, seat_code=kent.seat_code, key=device_key(), at=WHEN)
    phone = Client()
    phone.cookies["seat"] = joined.token.cookie()

    shown = phone.get(reverse("where", args=[open_to_all.code])).content.decode()

    assert f"Du sitter vid bord {tables_of('Kent')[0]}" in shown
    assert "http-equiv" not in shown


def test_wrong_codes_are_told_and_counted_and_a_draft_or_closed_meeting_tells_nothing(
    planned: Dialogue, town: Town
) -> None:
    BUCKETS.clear()
    page = reverse("where", args=[planned.code])
    assert Client().get(page).status_code == 404
    publish(actor=actor_of(town.facilitator), dialogue_id=planned.pk, at=WHEN)

    wrong = Client().post(page, {"seat_code": "ABCD1234"})
    assert wrong.status_code == 422
    assert "Platskoden finns inte i det här mötet." in wrong.content.decode()
    assert "Skriv platskoden." in Client().post(page, {}).content.decode()
    guesser = Client()
    answers = [guesser.post(page, {"seat_code": f"AAAA{number:04}"}).status_code for number in range(200)]
    assert 429 in answers
    BUCKETS.clear()
    leading.start_dialogue(actor=actor_of(town.facilitator), dialogue_id=planned.pk, at=WHEN)
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=planned.pk, at=WHEN)
    assert Client().get(page).status_code == 302


def test_the_room_has_every_table_once_and_numbers_ones_own(open_to_all: Dialogue) -> None:
    one, two, three = open_to_all.tables.all()

    room = room_of(open_to_all, {1: two, 2: two, 3: one})

    assert [(spot.table, spot.turn) for spot in room.spots] == [(one, 3), (two, 1), (three, 0)]
    assert len({(spot.x, spot.y) for spot in room.spots}) == 3
    assert all(spot.x < room.width and spot.label_y < room.height for spot in room.spots)


def test_the_list_by_name_is_for_those_who_lead(
    open_to_all: Dialogue, town: Town, signed_in: Callable[..., Client]
) -> None:
    address = reverse("dialogue_where", args=[open_to_all.pk])

    answer = signed_in(town.facilitator).get(address)

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert signed_in(town.member).get(address).status_code == 404
    assert Client().get(address).status_code == 302
