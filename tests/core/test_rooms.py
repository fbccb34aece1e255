"""One meeting's flood stops itself and nobody else."""

from typing import Any

import pytest
from django.test import Client

from samspel.core import rooms
from samspel.core.rooms import BURST, Shares
from samspel.dialogues.models import Dialogue
from tests.people import Town, device_key, make_dialogue, make_seat


@pytest.fixture
def three_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A meeting takes three posts, and then one an hour."""
    monkeypatch.setattr(rooms, "SHARES", Shares(burst=3, per_s=1 / 3600))


def note(dialogue: Dialogue, has_seat: bool = True) -> Any:
    client = Client()
    if has_seat:
        client.cookies["seat"] = make_seat(dialogue, dialogue.tables.first())[1].cookie()
    words = {"text": "Tid att tänka.", "key": device_key()}
    # As drafts.js asks.
    return client.post(f"/m/{dialogue.code}/notes", words, headers={"Accept": "application/problem+json, text/html"})


@pytest.mark.usefixtures("three_at_once")
def test_a_meeting_that_floods_is_told_to_wait_and_another_notices_nothing(town: Town) -> None:
    one, other = (make_dialogue(town.guidance, now_at="solo") for _ in range(2))

    answers = [note(one) for _ in range(5)]

    assert [answer.status_code < 400 for answer in answers] == [True, True, True, True, False]
    refused = answers[4]
    assert refused.status_code == refused.json()["status"] == 429
    assert 2 <= int(refused.headers["Retry-After"]) <= 8
    assert note(other).status_code < 400
    # Reading is no post: the page of the meeting is there.
    assert Client().get(f"/m/{one.code}/").status_code == 200


@pytest.mark.usefixtures("three_at_once")
def test_who_has_no_place_in_a_meeting_cannot_use_up_its_share(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    for _count in range(10):
        assert note(dialogue, has_seat=False).status_code >= 400

    assert note(dialogue).status_code < 400


def test_a_share_comes_back() -> None:
    shares = Shares(burst=1, per_s=1e9)
    for _count in range(1_000):
        shares.check("482913")
        shares.count("482913")


def test_a_hall_does_seven_things_at_one_instant() -> None:
    shares = Shares()
    for _count in range(400 * 7):
        shares.check("482913")
        shares.count("482913")
    assert BURST >= 400 * 7
