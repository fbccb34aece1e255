"""A tablet on the table: nobody itself, it shows what is shared and presses for those without a phone."""

import html
import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from samspel.dialogues.actions import leading, marking
from samspel.dialogues.models import (
    Agreement,
    Ballot,
    Dialogue,
    Note,
    Pick,
    Placement,
    Question,
    Seat,
    Sitting,
    Step,
    Table,
)
from samspel.dialogues.overview import overview
from samspel.dialogues.tables import table_now
from samspel.dialogues.tablets import path_of
from tests.people import WHEN, Town, actor_of, device_key, go_to, hand_in, here_of, make_dialogue, make_seat


@pytest.fixture
def dialogue(town: Town) -> Dialogue:
    """Two tables at talk; Sara with a phone at the first."""
    dialogue = make_dialogue(town.guidance, now_at="small", tables=2)
    make_seat(dialogue, dialogue.tables.get(number=1), "Sara")
    return dialogue


def on_table(dialogue: Dialogue, number: int = 1) -> Client:
    """A device that has become a table's."""
    device = Client()
    answer = device.post(path_of(dialogue.tables.get(number=number), dialogue.code))
    assert answer.headers["Location"] == f"/b/{dialogue.code}/"
    return device


def press(device: Client, dialogue: Dialogue, what: str, **data: object) -> str:
    address = reverse(f"tablet_{what}", args=[dialogue.code])
    return device.post(address, data, follow=True).content.decode()


def add(device: Client, dialogue: Dialogue, name: str) -> Seat:
    press(device, dialogue, "help", name=name, key=device_key())
    return Seat.objects.get(dialogue=dialogue, name=name)


def test_a_tablet_is_nobody_and_what_it_sees_is_what_the_table_shares(dialogue: Dialogue) -> None:
    sara = dialogue.seats.get()
    before = overview(dialogue, now=WHEN).here
    note = Note.objects.create(
        dialogue=dialogue,
        seat=sara,
        table=dialogue.tables.get(number=1),
        text="Tid att lyssna",
        key=device_key(),
        written_at=WHEN,
        shared_at=WHEN,
    )

    device = on_table(dialogue)
    shown = device.get(f"/b/{dialogue.code}/").content.decode()

    assert "Tid att lyssna" in shown
    assert "Vad behöver vi för att lyckas?" in shown
    assert "valde detta" not in shown  # no count before all have chosen
    assert Seat.objects.count() == 1
    assert overview(dialogue, now=WHEN).here == before
    assert table_now(dialogue, Sitting.objects.get(table=note.table), sara, question=1, at=WHEN).of == 1
    assert "Tid att lyssna" not in on_table(dialogue, 2).get(f"/b/{dialogue.code}/").content.decode()


def test_only_the_tables_own_link_makes_a_device_the_tables(dialogue: Dialogue, town: Town) -> None:
    one, two = dialogue.tables.all()
    other = path_of(two, dialogue.code).rpartition("/")[2]

    assert Client().get(f"/b/{dialogue.code}/").status_code == 404
    assert Client().post(f"/b/{dialogue.code}/join/1/{other}").status_code == 404
    assert Client().post(f"/b/{dialogue.code}/join/9/{other}").status_code == 404
    elsewhere = make_dialogue(town.guidance, now_at="small")
    device = on_table(dialogue)
    device.cookies["tablet"] = device.cookies["tablet"].value
    assert device.get(f"/b/{elsewhere.code}/").status_code == 404
    device.cookies["tablet"] = "x"
    assert device.get(f"/b/{dialogue.code}/").status_code == 404
    assert "Gör den här till bordets platta" in Client().get(path_of(one, dialogue.code)).content.decode()


def test_those_without_a_phone_mark_and_are_counted_once_beside_the_phones(dialogue: Dialogue) -> None:
    table = dialogue.tables.get(number=1)
    Seat.objects.filter(dialogue=dialogue).delete()
    phone = make_seat(dialogue, table, "Sara")
    device = on_table(dialogue)
    ake, eva = (add(device, dialogue, name) for name in ("Åke", "Eva"))
    press(device, dialogue, "note", **{"for": ake.number, "text": "Lugn och ro", "key": device_key()})
    note = Note.objects.get()
    assert (note.source, note.seat, note.table) == ("host", ake, table)

    for seat in (ake, eva):
        press(device, dialogue, "press", **{"for": seat.number, "mark": note.pk})
    press(device, dialogue, "press", **{"for": eva.number, "unmark": note.pk})
    for seat in (ake, eva):
        press(device, dialogue, "press", **{"for": seat.number, "ready": "on"})
    sitting = Sitting.objects.get(table=table, seating=1)
    assert sitting.counts_open_at is None  # Sara's phone has not chosen yet
    marking.set_ready(here=here_of(*phone), wanted=True, at=WHEN)

    shown = device.get(f"/b/{dialogue.code}/").content.decode()
    assert "1 av 3 valde detta" in shown
    assert Placement.objects.filter(table=table).count() == 3


def test_a_table_without_phones_orders_and_hands_in_from_its_tablet(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="small")
    device = on_table(dialogue)
    ake = add(device, dialogue, "Åke")
    for text in ("Tid", "Lugn"):
        press(device, dialogue, "note", **{"for": ake.number, "text": text, "key": device_key()})
    press(device, dialogue, "press", **{"for": ake.number, "ready": "on"})
    assert Sitting.objects.get().counts_open_at is not None

    press(device, dialogue, "press", **{"for": ake.number, "pen": "1"})
    assert Sitting.objects.get().pen == ake
    leading.set_tables(dialogue, 1, at=WHEN)
    assert Sitting.objects.get().pen == ake  # nobody takes it from her because she has no phone
    lugn = Note.objects.get(text="Lugn")
    press(device, dialogue, "press", **{"for": ake.number, "move": f"{lugn.pk}-1"})
    press(device, dialogue, "press", **{"for": ake.number, "hand_in": "1"})

    assert list(Pick.objects.values_list("proposal__text", flat=True)) == ["Lugn", "Tid"]


def test_a_silent_ballot_is_cast_for_each_and_not_shown_again(dialogue: Dialogue) -> None:
    device = on_table(dialogue)
    ake = add(device, dialogue, "Åke")
    tid, _lugn = hand_in(dialogue.tables.get(number=1), "Tid", "Lugn", reviewed=True)
    go_to(dialogue, "ballot")
    Dialogue.objects.update(ballot_open=True)

    said = press(device, dialogue, "ballot", **{"for": ake.number, "proposal": tid.pk})
    press(device, dialogue, "ballot", **{"for": ake.number, "proposal": tid.pk})

    assert "Rösten är inlagd." in said
    assert "checked" not in device.get(f"/b/{dialogue.code}/?for={ake.number}").content.decode()
    assert Ballot.objects.get().seat == ake
    assert "Välj minst ett förslag" in press(device, dialogue, "ballot", **{"for": ake.number})
    press(device, dialogue, "ballot", **{"for": ake.number, "none": "1"})
    assert not Ballot.objects.get().proposals.exists()


def again(device: Client, page: str) -> HttpResponse:
    """The page asks for itself once more, as when a step has changed."""
    asks = html.unescape(re.search(r'id="platta" hx-get="([^"]+)"', page)[1])  # type: ignore[index]
    return device.get(asks, headers={"HX-Request": "true"})


def test_a_persons_page_that_was_left_goes_on_with_the_meeting(dialogue: Dialogue) -> None:
    device = on_table(dialogue)
    ake = add(device, dialogue, "Åke")
    page = device.get(f"/b/{dialogue.code}/?for={ake.number}").content.decode()
    assert 'data-refresh-on="step"' in page

    meanwhile = again(device, page)
    go_to(dialogue, "ballot")
    hand_in(dialogue.tables.get(number=1), "Tid", reviewed=True)
    Dialogue.objects.update(ballot_open=True)
    then = again(device, page).content.decode()
    Dialogue.objects.update(ballot_open=False)
    closed = again(device, then).content.decode()

    # what somebody writes or has ticked stays while the step goes on: only the clock comes anew
    assert meanwhile.headers["HX-Reswap"] == "none"
    assert 'id="tid" hx-swap-oob="true"' in meanwhile.content.decode()
    assert "platta" not in meanwhile.content.decode()
    assert "Vad kan Åke stå bakom?" in then
    assert "Nu trycker ni för <strong>Åke</strong>" in then
    assert "Vad kan Åke stå bakom?" not in closed


def close(dialogue: Dialogue, town: Town) -> None:
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN)


def test_a_tablet_goes_on_to_what_was_chosen_and_agreed_when_the_dialogue_is_closed(
    dialogue: Dialogue, town: Town
) -> None:
    device = on_table(dialogue)
    ake = add(device, dialogue, "Åke")
    hers = device.get(f"/b/{dialogue.code}/?for={ake.number}").content.decode()
    tables = device.get(f"/b/{dialogue.code}/").content.decode()
    Agreement.objects.create(dialogue=dialogue, text="Vi ringer inom en dag", agreed_at=WHEN, key=device_key())

    close(dialogue, town)

    for page in (hers, tables):
        then = again(device, page).content.decode()
        assert "Tack för i dag" in then
        assert "Vi ringer inom en dag" in then
        assert "Nu trycker ni för" not in then
        assert "Ni som inte har telefon" not in then
    assert device.get(f"/b/{dialogue.code}/ticket").status_code == 200
    assert device.post(f"/b/{dialogue.code}/note", {"for": ake.number, "text": "Sent"}).status_code == 409


def drafts(page: str) -> set[str]:
    """Where words that are half written are kept on the device, and found again."""
    return {scope.rpartition(":table:")[2] for scope in re.findall(r'data-draft="([^"]+)"', page)}


def test_what_was_half_said_in_another_step_or_to_another_question_has_its_place_on_the_page(
    dialogue: Dialogue, town: Town
) -> None:
    Question.objects.create(dialogue=dialogue, number=2, text="Och sedan?")
    device = on_table(dialogue)
    ake = add(device, dialogue, "Åke")
    eva = add(device, dialogue, "Eva")
    table = dialogue.tables.get(number=1).pk
    his = {f"{table}:seat:{ake.number}:q{number}" for number in (1, 2)}
    everybodys = his | {f"{table}:seat:{eva.number}:q{number}" for number in (1, 2)}
    page = f"/b/{dialogue.code}/?for={ake.number}"

    at_table_now = device.get(page).content.decode()
    of_the_table = device.get(f"/b/{dialogue.code}/").content.decode()
    go_to(dialogue, "ballot")
    together = device.get(page).content.decode()
    Placement.objects.filter(seat=eva).update(table=dialogue.tables.get(number=2))
    Placement.objects.create(seat=eva, seating=2, table=dialogue.tables.get(number=1))  # has sat here
    gone = device.get(f"/b/{dialogue.code}/").content.decode()
    close(dialogue, town)
    closed = device.get(f"/b/{dialogue.code}/").content.decode()

    assert drafts(at_table_now) == drafts(together) == his  # in the field itself, or beside it
    assert drafts(of_the_table) == set()
    assert drafts(gone) == everybodys - his
    assert drafts(closed) == everybodys
    assert "Lägg på bordet" in together
    for page in (gone, closed):
        assert "Lägg på bordet" not in page
        assert "Släng orden" in page


def test_words_that_were_half_said_are_laid_on_the_table_when_its_step_has_ended(dialogue: Dialogue) -> None:
    Question.objects.create(dialogue=dialogue, number=2, text="Och sedan?")
    device = on_table(dialogue)
    ake = add(device, dialogue, "Åke")
    key = device_key()
    go_to(dialogue, "ballot")

    for _ in range(2):
        press(device, dialogue, "note", **{"for": ake.number, "text": "Ring hem", "key": key, "question": 2})
    Dialogue.objects.update(is_locked=True)
    locked = {"for": ake.number, "text": "Sent", "key": device_key(), "question": 2}
    refused = device.post(f"/b/{dialogue.code}/note", locked)

    note = Note.objects.get()
    assert (note.text, note.question, note.seat, note.table.number) == ("Ring hem", 2, ake, 1)
    assert refused.status_code == 422  # the words stay in the field


def test_the_page_of_one_who_has_changed_tables_goes_back_to_the_tables_own(dialogue: Dialogue) -> None:
    device = on_table(dialogue)
    ake = add(device, dialogue, "Åke")
    page = device.get(f"/b/{dialogue.code}/?for={ake.number}").content.decode()

    Placement.objects.filter(seat=ake).update(table=dialogue.tables.get(number=2))

    assert again(device, page).headers["HX-Redirect"] == f"/b/{dialogue.code}/"


def test_a_tablet_presses_only_for_those_at_its_table_whom_no_phone_helps(dialogue: Dialogue) -> None:
    device, other = on_table(dialogue), on_table(dialogue, 2)
    sara = dialogue.seats.get()
    ake = add(device, dialogue, "Åke")
    Seat.objects.filter(pk=ake.pk).update(helped_by=sara)
    eva = add(other, dialogue, "Eva")

    for number in (sara.number, ake.number, eva.number, 99):
        answer = device.post(f"/b/{dialogue.code}/press", {"for": number, "ready": "on"})
        assert answer.status_code == 404
        assert device.get(f"/b/{dialogue.code}/?for={number}").status_code == 404
    assert device.post(f"/b/{dialogue.code}/press", {"ready": "on"}).status_code == 404
    assert device.post(f"/b/{dialogue.code}/press", {"for": "1"}).status_code == 404


def test_where_tables_change_a_person_goes_on_and_the_next_tables_tablet_presses_for_her(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, plan=("small", "move", "choose"), now_at="small", tables=2)
    Step.objects.filter(kind__in=["move", "choose"]).update(seating=2)
    for table in dialogue.tables.all():
        Sitting.objects.create(table=table, seating=2)
    device = on_table(dialogue)
    ake = add(device, dialogue, "Åke")
    Placement.objects.filter(seat=ake, seating=2).update(table=Table.objects.get(dialogue=dialogue, number=2))
    go_to(dialogue, "choose")

    assert "Tryck åt Åke" not in device.get(f"/b/{dialogue.code}/").content.decode()
    assert "Tryck åt Åke" in on_table(dialogue, 2).get(f"/b/{dialogue.code}/").content.decode()
    assert Placement.objects.filter(seat=ake).count() == 2


def test_nothing_is_taken_in_when_the_meeting_is_over_or_has_no_name(dialogue: Dialogue, town: Town) -> None:
    device = on_table(dialogue)
    key = device_key()
    assert "Skriv vad vi ska kalla personen." in press(device, dialogue, "help", name=" ", key=key)
    press(device, dialogue, "help", name="Åke", key=key)
    press(device, dialogue, "help", name="Åke", key=key)
    assert Seat.objects.filter(kind="helped").count() == 1
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN)

    assert device.post(f"/b/{dialogue.code}/help", {"name": "Eva", "key": device_key()}).status_code == 409
    assert Client().post(path_of(dialogue.tables.get(number=1), dialogue.code)).status_code == 409


def test_a_leader_gets_the_tables_link_and_nobody_else(
    dialogue: Dialogue, town: Town, signed_in: Callable[..., Client]
) -> None:
    address = reverse("dialogue_tablet", args=[dialogue.pk, 1])

    shown = signed_in(town.facilitator).get(address).content.decode()

    assert path_of(dialogue.tables.get(number=1), dialogue.code) in shown
    assert "<svg" in shown
    assert signed_in(town.facilitator).get(reverse("dialogue_tablet", args=[dialogue.pk, 9])).status_code == 404
    assert signed_in(town.member).get(address).status_code == 404


def test_the_tablet_asks_the_database_as_often_for_one_card_as_for_many(
    dialogue: Dialogue, django_assert_max_num_queries: Callable[..., object]
) -> None:
    device = on_table(dialogue)
    sara = dialogue.seats.get()
    for number in range(20):
        Note.objects.create(
            dialogue=dialogue,
            seat=sara,
            table=dialogue.tables.get(number=1),
            text=f"Tanke {number}",
            key=device_key(),
            written_at=WHEN,
            shared_at=WHEN,
        )

    with django_assert_max_num_queries(22):
        device.get(f"/b/{dialogue.code}/")


def test_the_tablets_stream_gets_a_new_ticket(dialogue: Dialogue) -> None:
    assert on_table(dialogue).get(f"/b/{dialogue.code}/ticket").json()["ticket"]
    assert Client().get(f"/b/{dialogue.code}/ticket").status_code == 404
