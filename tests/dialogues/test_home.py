"""Where one lands when signed in, a thread on a page of its own, and the list of open meetings."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from samspel.core import thread
from samspel.core.models import Stage, Thread
from samspel.dialogues.models import Agreement, Dialogue, State
from samspel.encounters.models import Service
from samspel.people.models import Role
from tests.conftest import SignIn
from tests.people import WHEN, Town, device_key, go_to, make_dialogue, make_person, make_unit, signal_in


@pytest.fixture
def in_two_units(town: Town, signed_in: SignIn) -> Client:
    """The member of one unit, who belongs to another too."""
    Role.objects.create(person=town.member, unit=town.library, kind="member")
    return signed_in(town.member)


def page(client: Client, address: str = "/home") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_one_with_several_units_sees_what_goes_on_and_what_comes_next_in_each(in_two_units: Client, town: Town) -> None:
    for days, title in ((9, "Långt fram"), (2, "Snart")):
        soon = make_dialogue(town.library)
        Dialogue.objects.filter(pk=soon.pk).update(starts_at=WHEN + timedelta(days=days), title=title)
    going_on = make_dialogue(town.guidance, now_at="solo")
    Dialogue.objects.filter(pk=make_dialogue(town.guidance).pk).update(starts_at=WHEN - timedelta(days=1))
    signal_in(town.guidance, town.member, "Jag väntade länge.")

    shown = page(in_two_units)

    assert "Samtalet pågår" in shown
    assert going_on.title in shown
    assert f"Kod {going_on.code[:3]} {going_on.code[3:]}" in shown
    assert "Snart" in shown
    assert "Långt fram" not in shown
    assert "Jag väntade länge." in shown
    assert reverse("account_logout") in shown


def test_the_meeting_of_a_unit_where_one_is_neither_member_nor_leader_is_not_shown(
    town: Town, signed_in: SignIn
) -> None:
    for unit in (town.library, town.guidance):
        Role.objects.create(person=town.outsider, unit=unit, kind="broker")
    Role.objects.filter(person=town.outsider, kind="manager").delete()
    Dialogue.objects.filter(pk=make_dialogue(town.guidance).pk).update(title="Inte för alla")

    shown = page(signed_in(town.outsider))

    assert town.guidance.name in shown
    assert "Inte för alla" not in shown


def test_who_leads_a_unit_goes_on_from_there(town: Town, signed_in: SignIn) -> None:
    Role.objects.create(person=town.manager, unit=town.library, kind="member")
    led, other = make_dialogue(town.guidance, now_at="solo"), make_dialogue(town.library)

    shown = page(signed_in(town.manager))

    assert reverse("dialogue_lead", args=[led.pk]) in shown
    assert reverse("dialogue_plan", args=[other.pk]) not in shown


def test_the_page_takes_as_many_queries_for_ten_units_as_for_two(
    in_two_units: Client, town: Town, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(8):
        unit = make_unit(f"Enhet {number}", town.root)
        Role.objects.create(person=town.member, unit=unit, kind="member")
        make_dialogue(unit)
        signal_in(unit, town.member, f"Ord {number}.")

    with django_assert_max_num_queries(11):
        shown = page(in_two_units)

    assert "Ord 7." in shown


@pytest.mark.parametrize("role", ["analyst", "facilitator"])
def test_who_may_read_the_units_below_finds_them_from_home(
    town: Town, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries, role: str
) -> None:
    person = make_person("Jonas Wik", town.root, role)
    client = signed_in(person)
    home = client.get("/home").headers["Location"]
    page(client, home)

    with django_assert_num_queries(15):
        shown = page(client, home)
    Role.objects.create(person=person, unit=town.library, kind="member")
    of_several = page(client)

    assert home == f"/units/{town.root.pk}"
    for unit in (town.guidance, town.library):
        assert f'href="/units/{unit.pk}"' in shown
        assert of_several.count(f'href="/units/{unit.pk}"') == 1
    assert "Enheter här under" in shown
    assert "Fler enheter som du kan läsa" in of_several


@pytest.mark.parametrize(("role", "may_meet"), [("member", True), ("facilitator", True), ("analyst", False)])
def test_the_units_home_leads_who_receives_people_to_a_new_meeting(
    town: Town, signed_in: SignIn, role: str, may_meet: bool
) -> None:
    shown = page(signed_in(make_person("Karin", town.guidance, role)), f"/units/{town.guidance.pk}")

    assert (f'href="/units/{town.guidance.pk}/meet"' in shown) == may_meet
    assert f'href="/units/{town.guidance.pk}/encounters"' in shown


def test_who_works_in_a_unit_without_leading_it_is_not_led_to_those_below(town: Town, signed_in: SignIn) -> None:
    client = signed_in(make_person("Karin Samordnare", town.root, "member"))

    assert "Enheter här under" not in page(client, f"/units/{town.root.pk}")


def test_a_unit_without_threads_shows_those_of_the_units_below_it_and_no_closed_ones(
    town: Town, client: Client
) -> None:
    address = f"/units/{town.root.pk}"
    assert "Ingen röd tråd än." in page(client, address)
    signal_in(town.guidance, town.member, "Jag väntade.")
    heard = Thread.objects.get()

    shown = page(client, address)

    assert "Ingen röd tråd än." not in shown
    assert f'href="/threads/{heard.pk}"' in shown
    assert f'href="/units/{town.guidance.pk}"' in shown
    assert "Ingen röd tråd än." in page(client, f"/units/{town.library.pk}")
    Thread.objects.update(is_public=False, closed_reason="Personalärende")
    assert "Ingen röd tråd än." in page(client, address)


@pytest.fixture
def closed(town: Town) -> Dialogue:
    dialogue = make_dialogue(town.guidance)
    Dialogue.objects.filter(pk=dialogue.pk).update(state=State.CLOSED, closed_at=WHEN, is_public=True)
    dialogue.refresh_from_db()
    return dialogue


def test_a_thread_that_began_with_a_closed_dialogue_has_not_its_question_for_a_title(
    closed: Dialogue, client: Client, signed_in: SignIn, town: Town
) -> None:
    question = "Varför slutar alla hos rektorn?"
    begun = thread.start_thread(unit_id=closed.unit_id, title=question, at=WHEN)
    thread.add_knot(begun.pk, Stage.DIALOGUE, closed, at=WHEN)
    other = make_dialogue(town.guidance)
    Dialogue.objects.filter(pk=other.pk).update(state=State.CLOSED, closed_at=WHEN, is_public=True)
    thread.add_knot(begun.pk, Stage.DIALOGUE, other, at=WHEN + timedelta(days=3))
    addresses = (f"/threads/{begun.pk}", f"/units/{closed.unit_id}", "/search?q=rektorn", "/threads")
    assert question in page(client, addresses[0])
    Dialogue.objects.filter(pk=closed.pk).update(is_public=False, closed_reason="Personalärende")

    assert all("alla hos rektorn" not in page(client, address) for address in addresses)
    assert f"/threads/{begun.pk}" not in page(client, "/search?q=rektorn")
    assert question in page(signed_in(town.manager), addresses[0])


def test_a_search_answers_with_services_what_others_said_and_somewhere_to_ask(
    client: Client, town: Town, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Service.objects.create(key="preschool", name="Få plats i förskolan")
    Service.objects.create(key="gone", name="Få plats i parken", closed_at=WHEN)
    signal_in(town.guidance, town.member, "Min son står i kö till dagis.")
    heard = Thread.objects.get().pk

    with django_assert_max_num_queries(7):
        shown = page(client, "/search?q=plats+på+dagis")

    assert 'href="/services/preschool"' in shown
    assert "parken" not in shown
    assert f'href="/threads/{heard}"' in shown
    assert f'href="{reverse("exchange_need")}"' in shown
    nothing = page(client, "/search?q=xyzzy")
    assert "/services/preschool" not in nothing
    assert "Ingenting med de orden." in nothing
    assert "Ingenting med de orden." not in page(client, "/search?q=")


def test_a_thread_leads_once_to_a_page_that_tells_of_several_knots(closed: Dialogue, client: Client) -> None:
    agreed = Agreement.objects.create(
        dialogue=closed, text="Vi hälsar inom en minut.", agreed_at=WHEN, key=device_key(), due_on=WHEN.date()
    )
    begun = thread.start_thread(unit_id=closed.unit_id, title="Jag väntade länge.", at=WHEN)
    thread.add_knot(begun.pk, Stage.DIALOGUE, closed, at=WHEN)
    thread.add_knot(begun.pk, Stage.AGREEMENT, agreed, at=WHEN)

    shown = page(client, reverse("thread", args=[begun.pk]))

    assert shown.count(f'href="{reverse("dialogue_public", args=[closed.slug])}"') == 1
    assert shown.count(f'href="{reverse("thread_list")}"') == 3  # the way back, and the menu, once for each width
    assert '<h1 class="title sam-voice">' in shown
    assert "<h3>" not in shown


def test_a_meeting_named_for_its_question_is_named_once(closed: Dialogue, client: Client) -> None:
    Dialogue.objects.filter(pk=closed.pk).update(title=closed.questions.get().text)

    shown = page(client, reverse("open_dialogues"))

    assert shown.count(closed.questions.get().text) == 1
    assert "?." not in shown


def test_the_start_page_shows_threads_that_have_come_far_beside_those_that_moved_last(
    town: Town, closed: Dialogue, client: Client
) -> None:
    for days, words in enumerate(["Först hörd", "Hörd", "Nyss hörd", "Just hörd"], start=2):
        signal_in(town.guidance, town.member, words, at=WHEN - timedelta(days=10 - days))
    agreed = Agreement.objects.create(
        dialogue=closed, text="Vi hälsar inom en minut.", agreed_at=WHEN, key=device_key(), due_on=WHEN.date()
    )
    far = thread.start_thread(unit_id=closed.unit_id, title="En tavla", at=WHEN - timedelta(days=30))
    thread.add_knot(far.pk, Stage.AGREEMENT, agreed, at=WHEN - timedelta(days=30))

    shown = page(client, "/")

    assert "Just hörd" in shown
    assert "Först hörd" not in shown
    assert agreed.text in shown
    assert shown.index("Just hörd") < shown.index("Nyss hörd") < shown.index("”Hörd")


@pytest.mark.parametrize("language", ["sv", "da", "en"])
def test_other_systems_are_told_a_threads_stage_by_the_same_word_in_every_language(
    closed: Dialogue, client: Client, language: str
) -> None:
    begun = thread.start_thread(unit_id=closed.unit_id, title="Jag väntade länge.", at=WHEN)
    thread.add_knot(begun.pk, Stage.DIALOGUE, closed, at=WHEN)

    told = client.get("/api/open/threads", headers={"Accept-Language": language}).json()

    assert [one["stage"] for one in told] == ["dialogue"]
    assert "Samtal" in page(client, "/threads")


def _way(shown: str) -> list[bool]:
    """Of each stage of the only thread on the page, whether it is drawn as one that has been."""
    (way,) = re.findall(r'<ol class="way" aria-hidden="true">(.*?)</ol>', shown)
    return ["has-been" in each for each in re.findall(r"<li[^>]*>", way)]


def test_a_thread_is_drawn_with_the_stages_that_have_been_and_no_others(closed: Dialogue, client: Client) -> None:
    agreed = Agreement.objects.create(
        dialogue=closed, text="Vi hälsar inom en minut.", agreed_at=WHEN, key=device_key(), due_on=WHEN.date()
    )
    begun = thread.start_thread(unit_id=closed.unit_id, title="En tavla", at=WHEN)
    thread.add_knot(begun.pk, Stage.AGREEMENT, agreed, at=WHEN)

    alone = page(client, "/threads")
    thread.add_knot(begun.pk, Stage.DIALOGUE, closed, at=WHEN)
    with_the_meeting = page(client, "/threads")

    assert _way(alone) == [False, False, True, False, False, False]
    assert "Har inte varit: Signal, Samtal" in alone
    assert _way(with_the_meeting) == [False, True, True, False, False, False]
    assert "Har inte varit: Signal</span>" in with_the_meeting


def test_a_meeting_to_come_is_drawn_as_planned(town: Town, client: Client) -> None:
    signal_in(town.guidance, town.member, "Jag väntade.")
    begun = Thread.objects.get()
    planned = make_dialogue(town.guidance)
    thread.add_knot(begun.pk, Stage.DIALOGUE, planned, at=WHEN)

    shown = page(client, "/threads")

    assert _way(shown) == [True, False, False, False, False, False]
    assert "<strong>Samtal, planerat</strong>" in shown
    assert '<li class="at-2">' in shown
    assert "Har inte varit" not in shown
    go_to(planned, "solo")
    assert _way(page(client, "/threads")) == [True, True, False, False, False, False]
    assert "planerat" not in page(client, "/threads")


@pytest.mark.parametrize(
    ("outcome", "stage", "way"),
    [
        ("", "Överenskommelse", [False, False, True, False, False, False]),
        ("going_on", "Försök", [False, False, True, True, False, False]),
        ("done", "Resultat", [False, False, True, True, True, False]),
        ("partly", "Resultat", [False, False, True, True, True, False]),
        ("not_done", "Resultat", [False, False, True, False, True, False]),
    ],
)
def test_a_thread_comes_as_far_as_the_result_tells_of_its_trial(
    closed: Dialogue, client: Client, outcome: str, stage: str, way: list[bool]
) -> None:
    agreed = Agreement.objects.create(
        dialogue=closed, text="Vi hälsar inom en minut.", agreed_at=WHEN, key=device_key(), becomes="trial"
    )
    begun = thread.start_thread(unit_id=closed.unit_id, title="En tavla", at=WHEN)
    thread.add_knot(begun.pk, Stage.AGREEMENT, agreed, at=WHEN)
    told = {"outcome": outcome, "outcome_words": "Sista veckan nu.", "outcome_at": WHEN + timedelta(days=9)}
    Agreement.objects.update(**told if outcome else {})

    listed, shown = page(client, "/threads"), page(client, f"/threads/{begun.pk}")

    assert f"<strong>{stage}</strong>" in listed
    assert _way(listed) == way
    assert ("Försök, pågår nu" in shown) == (outcome == "going_on")
    assert shown.count("pågår nu") == (outcome in {"", "going_on"})
    assert ("Sista veckan nu." in shown) == bool(outcome)


def test_what_a_trial_came_to_is_told_in_the_open_when_somebody_has_read_it(closed: Dialogue, client: Client) -> None:
    agreed = Agreement.objects.create(
        dialogue=closed,
        text="Vi hälsar inom en minut.",
        agreed_at=WHEN,
        key=device_key(),
        becomes="trial",
        outcome="done",
        outcome_words="Sara ropar.",
        outcome_is_open=False,
    )
    begun = thread.start_thread(unit_id=closed.unit_id, title="En tavla", at=WHEN)
    thread.add_knot(begun.pk, Stage.AGREEMENT, agreed, at=WHEN)
    address = f"/threads/{begun.pk}"

    assert "Sara ropar." not in page(client, address)
    Agreement.objects.update(outcome_is_open=True)
    assert "Sara ropar." in page(client, address)
    Dialogue.objects.update(is_public=False, closed_reason="Personalärende")
    assert client.get(address).status_code == 404
