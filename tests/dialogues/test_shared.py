"""What a hall's phones are shown alike is read once, and anew when anything has changed."""

import pytest
from django.db import transaction
from django.test import Client
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from samspel.dialogues import shared
from samspel.dialogues.models import Dialogue, Proposal
from samspel.live.events import Event
from samspel.live.publish import publish_on_commit
from tests.dialogues.test_phone_pages import client_with, words
from tests.people import Town, hand_in, make_dialogue, make_seat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "KEPT_S", 60)
    shared.forget()


@pytest.fixture
def dialogue(town: Town) -> Dialogue:
    return make_dialogue(town.guidance, now_at="whole", tables=2)


def tell(dialogue: Dialogue) -> None:
    with transaction.atomic():
        publish_on_commit(Event(dialogue.room, "result", ("person",)))


def test_it_is_read_once_until_the_room_hears_of_something(
    dialogue: Dialogue, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    numbers = iter(range(9))

    first = shared.read_once(dialogue, "a number", lambda _: next(numbers))
    with django_assert_num_queries(1):
        again = shared.read_once(dialogue, "a number", lambda _: next(numbers))
    other = shared.read_once(dialogue, "another", lambda _: next(numbers))
    tell(dialogue)
    then = shared.read_once(dialogue, "a number", lambda _: next(numbers))

    assert (first, again, other, then) == (0, 0, 1, 2)


def test_what_is_kept_comes_of_the_dialogue_as_the_event_left_it(dialogue: Dialogue) -> None:
    """A phone that has read the dialogue before a press asks for the room's number after it."""
    late = Dialogue.objects.get(pk=dialogue.pk)
    Dialogue.objects.filter(pk=dialogue.pk).update(lone_shown=2)
    tell(dialogue)

    first = shared.read_once(late, "lone", lambda now: now.lone_shown)
    second = shared.read_once(Dialogue.objects.get(pk=dialogue.pk), "lone", lambda now: now.lone_shown)

    assert (late.lone_shown, first, second) == (0, 2, 2)


def test_what_no_event_tells_is_seen_when_the_seconds_are_over(
    dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, clock = iter(range(9)), iter([0.0, 59.9, 60.1])
    monkeypatch.setattr("samspel.dialogues.shared.time.monotonic", lambda: next(clock))

    seen = [shared.read_once(dialogue, "a number", lambda _: next(numbers)) for _ in range(3)]

    assert seen == [0, 0, 1]


def test_each_language_reads_its_own(dialogue: Dialogue) -> None:
    numbers = iter(range(9))
    seen = []
    for language in ("sv", "en", "sv"):
        with override(language):
            seen.append(shared.read_once(dialogue, "a number", lambda _: next(numbers)))

    assert seen == [0, 1, 0]


def test_another_table_that_hands_in_is_heard_of_by_all(dialogue: Dialogue) -> None:
    table, other = dialogue.tables.order_by("number")
    phones = []
    for _ in range(2):
        _seat, token = make_seat(dialogue, table)
        phones.append(client_with(dialogue, token))
    hand_in(table, "Fler tider på kvällen")
    tell(dialogue)
    pages = [words(read(phone, dialogue)) for phone in phones]

    hand_in(other, "En tavla i väntrummet")
    before = words(read(phones[0], dialogue))
    tell(dialogue)
    after = words(read(phones[1], dialogue))

    assert all("Fler tider på kvällen" in page for page in pages)
    assert "En tavla i väntrummet" not in before
    assert "En tavla i väntrummet" in after
    assert Proposal.objects.count() == 2


def read(phone: Client, dialogue: Dialogue) -> object:
    answer = phone.get(f"/m/{dialogue.code}/")
    assert answer.status_code == 200
    return answer
