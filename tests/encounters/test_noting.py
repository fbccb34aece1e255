"""What was heard is noted for all to read, after a look at whether it points at somebody, and its words can go."""

import pytest
from django.test import Client

from samspel.core.models import Thread
from samspel.encounters.actions.signals import note_signal
from samspel.encounters.models import Signal
from tests.conftest import SignIn
from tests.people import WHEN, Town, actor_of, device_key, make_person

pytestmark = pytest.mark.django_db

POINTS_OUT = "Anna Svensson på 070-123 45 67 var arg."


def noted(town: Town, words: str = "Jag väntade länge.") -> tuple[Signal, Thread]:
    signal = note_signal(
        actor=actor_of(town.member), unit_id=town.guidance.pk, words=words, source="", key=device_key(), at=WHEN
    )
    return signal, Thread.objects.get(title=words)


def post(client: Client, town: Town, **said: str) -> tuple[int, str]:
    answer = client.post(f"/units/{town.guidance.pk}/signals", {"key": device_key(), **said})
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("field", ["words", "source"])
def test_words_that_look_like_somebody_are_asked_about_before_they_are_kept(
    town: Town, signed_in: SignIn, field: str
) -> None:
    member = signed_in(town.member)
    said = {"words": "Jag väntade länge.", "source": "Tre i receptionen", field: POINTS_OUT}

    status, page = post(member, town, **said)

    assert status == 422
    assert "ser ut att peka ut någon" in page
    assert POINTS_OUT in page
    assert not Signal.objects.exists()
    assert post(member, town, **said, is_reviewed="on")[0] == 302
    assert Signal.objects.count() == 1


@pytest.mark.parametrize(("field", "longest"), [("words", 300), ("source", 200)])
def test_too_much_is_said_to_be_too_much_and_not_cut(town: Town, signed_in: SignIn, field: str, longest: int) -> None:
    member = signed_in(town.member)
    said = {"words": "Jag väntade.", "source": ""}

    status, page = post(member, town, **said | {field: "a" * (longest + 1)})

    assert status == 422
    assert f"Korta till högst {longest} tecken." in page
    assert post(member, town, **said | {field: "a" * longest})[0] == 302


def test_words_are_taken_away_by_who_noted_them_and_the_thread_says_so(
    town: Town, signed_in: SignIn, client: Client
) -> None:
    signal, thread = noted(town)
    member = signed_in(town.member)
    assert "Ta bort orden" in member.get(f"/threads/{thread.pk}").content.decode()

    for _twice in range(2):
        assert member.post(f"/units/{town.guidance.pk}/signals/{signal.pk}/erase").status_code == 302

    for page in ("/", "/threads", f"/threads/{thread.pk}", f"/units/{town.guidance.pk}", "/search?q=väntade+länge"):
        for reader in (client, member):
            assert "Jag väntade länge." not in reader.get(page).content.decode()
    assert "Orden är borttagna." in client.get(f"/threads/{thread.pk}").content.decode()


def test_who_leads_the_unit_takes_words_away_and_others_find_nothing_to_take(town: Town, signed_in: SignIn) -> None:
    signal, _thread = noted(town)
    address = f"/units/{town.guidance.pk}/signals/{signal.pk}/erase"

    assert signed_in(town.outsider).post(address).status_code == 404
    assert signed_in(make_person("Kim Ny", town.guidance, "member")).post(address).status_code == 404
    assert Signal.objects.get().words
    assert signed_in(town.manager).post(address).status_code == 302
    assert not Signal.objects.get().words


def test_a_signal_of_another_unit_is_not_there(town: Town, signed_in: SignIn) -> None:
    signal, _thread = noted(town)

    assert signed_in(town.manager).post(f"/units/{town.library.pk}/signals/{signal.pk}/erase").status_code == 404


def test_a_pattern_is_nobodys_words_to_take_away(town: Town, signed_in: SignIn) -> None:
    signal, _thread = noted(town)
    Signal.objects.update(finding={})

    assert signed_in(town.manager).post(f"/units/{town.guidance.pk}/signals/{signal.pk}/erase").status_code == 404
