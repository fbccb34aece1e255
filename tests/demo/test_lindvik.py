"""The town: made once, all of it told by real actions, every page of it opens."""

import re
from collections import deque
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth import authenticate
from django.test import Client
from django.utils.timezone import now

from samspel.core.limits import BUCKETS
from samspel.core.models import Installation, Knot, Thread
from samspel.demo import lindvik, town, words
from samspel.demo.browser import Page
from samspel.demo.starting import tables_for
from samspel.dialogues.models import Agreement, Dialogue, Note, PlannedPlace, State
from samspel.dialogues.plan_queries import seating_words
from samspel.dialogues.theme_queries import themes_of
from samspel.people.models import Person, Provider, Role, Unit

pytestmark = pytest.mark.django_db

# Leaves the site, or signs out.
NOT_FOLLOWED = re.compile(r"^/(static|accounts/logout)")
MOST_PAGES = 250


def counts() -> dict[str, int]:
    models = (Unit, Person, Role, Provider, Thread, Knot, Dialogue, Note, Agreement)
    return {model.__name__: model.objects.count() for model in models}


def test_made_again_nothing_is_added(lindvik_town: None) -> None:
    hall = lindvik.ensure_hall(at=now())
    before = counts()

    assert lindvik.seed(at=now()) is False
    assert lindvik.ensure_hall(at=now()) == hall
    assert counts() == before


@pytest.mark.parametrize(("people", "tables"), [(0, 1), (4, 1), (5, 2), (9, 2), (36, 8), (100, 21)])
def test_few_people_sit_together_and_many_at_many_tables(lindvik_town: None, people: int, tables: int) -> None:
    lindvik.ensure_hall(at=now())

    hall = lindvik.ensure_hall(at=now(), tables=tables_for(people))

    assert hall.tables.count() == tables
    assert people < 4 or 3 <= (people + 1) / tables <= 5


def test_the_town_has_everybody_and_everything(lindvik_town: None) -> None:
    assert Installation.objects.get().name == "Lindvik"
    assert 12 <= Unit.objects.count() <= 20
    assert 36 <= Person.objects.count() <= 60
    assert set(Provider.objects.values_list("kind", flat=True)) == set(Provider.Kind.values)
    kinds = set(Role.objects.values_list("kind", flat=True)) | (
        {"administrator"} if Person.objects.filter(is_administrator=True).exists() else set()
    )
    assert kinds == set(Role.Kind.values)
    closed = Dialogue.objects.filter(state=State.CLOSED)
    assert {dialogue.title for dialogue in closed} == {held.title for held in town.HELD}
    assert Dialogue.objects.filter(state=State.PLANNED).count() == 1 + len(town.COMING)
    assert Dialogue.objects.filter(state=State.DRAFT).count() == 1


def test_a_finished_meeting_went_all_the_way(lindvik_town: None) -> None:
    dialogue = Dialogue.objects.get(title="Hur är det att vänta hos oss?")

    agreement = dialogue.agreements.order_by("pk").first()

    assert agreement is not None
    assert agreement.text == "Vi hälsar inom en minut och säger hur lång väntan blir."
    assert dialogue.choices.get().chosen.count() == 3
    assert not dialogue.notes.filter(shared_at=None).exists()
    assert dialogue.opened_at is not None
    assert dialogue.closed_at is not None
    assert 0.3 < (dialogue.closed_at - dialogue.opened_at).total_seconds() / 3600 < 1.2
    assert dialogue.checkouts.count() == dialogue.seats.count() == 13
    stages = Thread.objects.get(title=town.WAITING.words).knots.values_list("stage", flat=True)
    assert set(stages) == {"signal", "dialogue", "agreement"}


def test_a_world_cafe_is_planned_and_a_host_stays_at_every_table(lindvik_town: None) -> None:
    cafe = Dialogue.objects.get(template__key="world-cafe")

    places = PlannedPlace.objects.filter(invitation__dialogue=cafe)
    hosts = [{*places.filter(is_host=True, seating=n).values_list("invitation_id", "table_id")} for n in (1, 2, 3)]

    assert cafe.state == State.PLANNED
    assert hosts[0] == hosts[1] == hosts[2]
    assert len({table for _person, table in hosts[0]}) == len(hosts[0]) == cafe.tables.count() == 4
    assert places.count() == 3 * cafe.invitations.count()
    words = seating_words(cafe)
    assert words is not None
    assert words.problems == ()


def test_a_meeting_in_two_languages_seats_people_where_their_interpreter_sits(lindvik_town: None) -> None:
    meeting = Dialogue.objects.get(second_language="ar")

    tables = {table.interpreter: table.pk for table in meeting.tables.all() if table.interpreter}
    needs = PlannedPlace.objects.filter(invitation__dialogue=meeting, invitation__interpreter="ar")

    assert meeting.state == State.PLANNED
    assert {*needs.values_list("table_id", flat=True)} == {tables["ar"]}
    assert needs.count() == 9
    assert all(meeting.questions.values_list("second_text", flat=True))


def test_who_was_told_nothing_finds_both_from_her_first_page(lindvik_town: None) -> None:
    client = Client()
    person = Person.objects.get(name=town.FACILITATOR.name)
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")

    page = client.get("/dialogues").content.decode()

    assert all(coming.title in page for coming in town.COMING)


def test_every_finished_meeting_has_its_thoughts_in_themes(lindvik_town: None) -> None:
    for dialogue in Dialogue.objects.filter(state=State.CLOSED):
        found = themes_of(dialogue, 1)

        assert sum(theme.count for theme in found) == dialogue.notes.filter(question=1, set_aside_at=None).count()
        assert sum(not theme.is_other for theme in found) >= 3


def test_the_printed_sign_ins_work(lindvik_town: None) -> None:
    for worker, _what in town.SIGN_INS:
        assert authenticate(email=worker.email, password=town.PASSWORD) is not None, worker.name
    assert authenticate(email=town.SECOND_LEADER.email, password=town.PASSWORD) is None


@pytest.mark.parametrize("name", ["nobody", "Malin Dahl", "Pontus Berg", "Karin Lund", "Alva Ek", "Jonas Wik"])
def test_every_page_that_is_linked_opens(lindvik_town: None, name: str) -> None:
    lindvik.ensure_hall(at=now())
    client = Client()
    if name != "nobody":
        person = Person.objects.get(name=name)
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    waiting = deque([("/", "start")] if name == "nobody" else [("/", "start"), ("/home", "start")])
    seen, refused = {"/", "/home"}, []
    while waiting and len(seen) < MOST_PAGES:
        address, came_from = waiting.popleft()
        BUCKETS.clear()  # nobody opens every page in a second
        response = client.get(address, HTTP_ACCEPT_LANGUAGE="sv")
        if response.status_code in {301, 302}:
            links = [response["Location"]]
        elif response.status_code == 200:
            is_page = response["Content-Type"].startswith("text/html")
            links = [href for href, _text in Page(address, response.content.decode()).links] if is_page else []
        else:
            refused.append(f"{address} (from {came_from}): {response.status_code}")
            continue
        for link in links:
            parts = urlsplit(urljoin(address, link))
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            if parts.netloc or not parts.path or NOT_FOLLOWED.match(parts.path) or target in seen:
                continue
            seen.add(target)
            waiting.append((target, address))

    assert refused == []
    assert len(seen) >= 15


def test_what_people_say_fits_the_fields() -> None:
    for theme, thoughts in words.THOUGHTS.items():
        assert thoughts[0] == theme
        assert all(len(thought) <= 500 for thought in thoughts)
        assert theme in words.PROMISES
        assert theme in words.WEIGHTS
    assert all(len(voice) <= 300 for voice in words.COUNTER_VOICES)


@pytest.mark.parametrize(
    ("text", "themes"),
    [
        ("Tid", ["Tid"]),
        ("Tid att tänka innan vi svarar.", ["Tid"]),
        ("Något helt annat", []),
        ("Mod att ta bort en blankett.", ["Mod"]),
    ],
)
def test_thoughts_are_known_by_their_theme(text: str, themes: list[str]) -> None:
    assert words.themes_in(text) == themes
