"""From something a unit has heard into a dialogue, in one press."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from samspel.core.models import Tie, TieKind
from samspel.core.thread import knots_of
from samspel.dialogues.actions import planning
from samspel.dialogues.models import Dialogue, State
from samspel.dialogues.queries import next_dialogue
from samspel.encounters.models import Signal
from samspel.encounters.weeks import mondays
from tests.conftest import SignIn
from tests.encounters.answers import given
from tests.people import Town, device_key, go_to, make_dialogue, signal_in

SHARE = {"estimate": 0.8, "low": 0.7, "high": 0.9, "level": 0.95}
FINDING = {
    "side": "resident",
    **dict.fromkeys(("since", "earliest", "latest", "seen"), "2026-01-05"),
    **dict.fromkeys(("before", "after", "gap"), SHARE),
    "n_before": 100,
    "n_after": 50,
}


@pytest.fixture
def heard(town: Town) -> Signal:
    """Something that a colleague noted a week ago."""
    return signal_in(
        town.guidance,
        town.member,
        "Jag väntade och ingen sa hur länge.",
        source="Sagt i receptionen",
        at=timezone.now() - timedelta(days=7),
    )


def planned(town: Town, *, in_days: int = 3) -> Dialogue:
    dialogue = make_dialogue(town.guidance)
    dialogue.starts_at = timezone.now() + timedelta(days=in_days)
    dialogue.save()
    return dialogue


def press(client: Client, signal: Signal, key: str = "") -> str:
    """Gives where one lands."""
    address = f"/units/{signal.unit_id}/signals/{signal.pk}/take-up"
    answer = client.post(address, {"key": key or device_key()})
    return answer.headers.get("Location", str(answer.status_code))


def ties_of(dialogue: Dialogue) -> set[int]:
    """The signals that a dialogue grew from."""
    ties = Tie.objects.filter(knot__in=knots_of(dialogue), kind=TieKind.GREW_FROM).select_related("to")
    return {tie.to.object_id for tie in ties}


def test_a_signal_goes_into_the_next_dialogue_that_is_planned(town: Town, signed_in: SignIn, heard: Signal) -> None:
    later, soon = planned(town, in_days=30), planned(town)

    landed = press(signed_in(town.manager), heard)

    soon.refresh_from_db()
    assert landed == f"/dialogues/{soon.pk}/plan"
    assert ties_of(soon) == {heard.pk}
    assert [one["words"] for one in soon.heard] == [heard.words]
    assert ties_of(later) == set()


def test_where_nothing_is_planned_a_draft_is_made(town: Town, signed_in: SignIn, heard: Signal) -> None:
    press(signed_in(town.manager), heard)

    dialogue = Dialogue.objects.get()
    assert dialogue.state == State.DRAFT
    assert dialogue.starts_at > timezone.now()
    assert ties_of(dialogue) == {heard.pk}


def test_pressed_twice_nothing_more_happens(town: Town, signed_in: SignIn, heard: Signal) -> None:
    client, key = signed_in(town.manager), device_key()

    assert press(client, heard, key) == press(client, heard, key) == press(client, heard)

    assert len(Dialogue.objects.get().heard) == 1
    assert Tie.objects.count() == 1


def test_a_dialogue_takes_up_a_second_signal_beside_the_first(town: Town, signed_in: SignIn, heard: Signal) -> None:
    planned(town)
    other = signal_in(town.guidance, town.member, "Vem ska jag ringa?", at=timezone.now())
    client = signed_in(town.manager)

    press(client, heard)
    press(client, other)

    dialogue = Dialogue.objects.get()
    assert ties_of(dialogue) == {heard.pk, other.pk}
    assert [one["signal_id"] for one in dialogue.heard] == [heard.pk, other.pk]
    assert planning.grows_from_of(dialogue) == f"signal:{heard.pk}"


def test_what_goes_on_or_is_over_takes_up_nothing(town: Town, heard: Signal) -> None:
    going_on = planned(town)
    go_to(going_on, "solo")
    rehearsal = planned(town)
    Dialogue.objects.filter(pk=rehearsal.pk).update(is_rehearsal=True)

    assert next_dialogue(town.guidance.pk, timezone.now()) is None


def test_a_pattern_brings_the_words_behind_it(town: Town, signed_in: SignIn, heard: Signal) -> None:
    Signal.objects.filter(pk=heard.pk).update(finding=FINDING)
    last = mondays(timezone.localdate())[-1]
    given(town.guidance, bad=14, day=last, text="Jag väntade länge.", hindered=["waiting"])
    planned(town)
    client = signed_in(town.manager)

    plan = client.get(press(client, heard)).content.decode()

    [one] = Dialogue.objects.get().heard
    assert ["väntade", 14] in one["written"]
    assert one["hindered"] == [["Väntan innan", 13]]
    assert "Det här har vi hört" in plan
    assert "väntade" in plan


def test_others_do_not_see_a_pattern_before_the_unit_or_after(town: Town, signed_in: SignIn, heard: Signal) -> None:
    given(town.guidance, good=10)
    Signal.objects.filter(pk=heard.pk).update(finding=FINDING)
    home = f"/units/{town.guidance.pk}"

    inside, outside = signed_in(town.member).get(home).content.decode(), Client().get(home).content.decode()

    assert heard.words in inside
    assert f"”{heard.words}”" not in inside
    assert heard.source not in outside
    assert heard.source not in Client().get("/").content.decode() + Client().get("/threads").content.decode()


def test_another_choice_in_the_plan_takes_the_words_away(town: Town, signed_in: SignIn, heard: Signal) -> None:
    client = signed_in(town.manager)
    press(client, heard)
    dialogue = Dialogue.objects.get()

    client.post(f"/dialogues/{dialogue.pk}/plan", {"grows_from": ""})

    dialogue.refresh_from_db()
    assert dialogue.heard == []
    assert ties_of(dialogue) == set()


def test_who_may_not_plan_there_is_told_that_it_is_not_there(town: Town, signed_in: SignIn, heard: Signal) -> None:
    assert press(signed_in(town.member), heard) == "404"
    assert press(signed_in(town.outsider), heard) == "404"
    assert not Dialogue.objects.exists()


def test_another_units_signal_is_not_there(town: Town, signed_in: SignIn, heard: Signal) -> None:
    heard.unit = town.library

    assert press(signed_in(town.outsider), heard) == "404"
    assert not Dialogue.objects.exists()


def test_those_who_meet_open_with_what_was_heard(town: Town, signed_in: SignIn, heard: Signal) -> None:
    dialogue = planned(town)
    press(signed_in(town.manager), heard)
    dialogue.refresh_from_db()
    go_to(dialogue, "frame")
    phone = Client()

    phone.post(f"/m/{dialogue.code}/seat", {"key": device_key()})

    assert heard.words in phone.get(f"/m/{dialogue.code}/").content.decode()


def test_the_units_page_tells_where_it_is_taken_up(town: Town, signed_in: SignIn, heard: Signal) -> None:
    given(town.guidance, good=10)
    dialogue = planned(town)
    client = signed_in(town.manager)
    address = f"/units/{town.guidance.pk}/encounters"

    before = client.get(address).content.decode()
    press(client, heard)
    after = client.get(address).content.decode()
    Dialogue.objects.filter(pk=dialogue.pk).update(state=State.CLOSED, closed_at=timezone.now())
    then = client.get(address).content.decode()

    assert "Ta med till nästa samtal" in before
    assert dialogue.title in before
    assert "Ta med till nästa samtal" not in after
    assert "Ni tar upp det" in after
    assert "Ni tog upp det" in then


def test_the_units_home_has_the_signal_and_the_way_to_the_figures(town: Town, signed_in: SignIn, heard: Signal) -> None:
    home = f"/units/{town.guidance.pk}"

    leads, works = (signed_in(person).get(home).content.decode() for person in (town.manager, town.member))

    assert f'href="{home}/encounters"' in leads
    assert f'action="{home}/signals/{heard.pk}/take-up"' in leads
    assert f'action="{home}/signals/{heard.pk}/take-up"' not in works
    assert f"{home}/encounters" not in Client().get(home).content.decode()


def test_a_planned_meeting_is_not_said_to_go_on(town: Town, signed_in: SignIn, heard: Signal) -> None:
    dialogue = planned(town)
    client = signed_in(town.manager)
    press(client, heard)
    thread_id = knots_of(heard)[0].thread_id

    def page() -> str:
        return client.get(f"/threads/{thread_id}").content.decode()

    before = page()
    go_to(dialogue, "frame")
    after = page()

    assert ("Samtal, planerat" in before, "pågår nu" in before) == (True, False)
    assert ("planerat" in after, "Samtal, pågår nu" in after) == (False, True)
