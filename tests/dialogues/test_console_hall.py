"""The console with a hall before it: 400 people at 83 tables."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from samspel.dialogues.models import Dialogue, Note, Pick, Placement
from samspel.dialogues.overview import overview
from tests.hall import make_hall
from tests.people import WHEN, Town

pytestmark = pytest.mark.django_db
SignIn = Callable[[object], Client]


@pytest.fixture
def hall(town: Town) -> Dialogue:
    return make_hall(town.guidance)


def tables_on(page: str) -> list[str]:
    """The tables' rows as they stand on the page."""
    found = re.search(r'<ul class="tables[^>]*>(.*?)</ul>', page, re.DOTALL)
    assert found is not None
    return re.findall(r"<li.*?</li>", found.group(1), re.DOTALL)


def test_a_hall_is_full(hall: Dialogue) -> None:
    assert hall.tables.count() == 83
    assert Placement.objects.filter(seat__dialogue=hall).count() == 400
    assert Note.objects.filter(dialogue=hall).count() == 800
    assert Pick.objects.filter(proposal__dialogue=hall).count() == 120


def test_the_console_of_a_hall_asks_as_often_as_that_of_a_unit_and_is_small(
    hall: Dialogue, town: Town, signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    leader = signed_in(town.facilitator)

    with django_assert_max_num_queries(19):
        page = leader.get(f"/dialogues/{hall.pk}/lead/now").content

    assert len(page) < 60_000
    assert len(tables_on(page.decode())) == 83


def test_tables_that_need_the_leader_come_first_and_most_needs_are_folded(town: Town, signed_in: SignIn) -> None:
    hall = make_hall(town.guidance, people=90, tables=30, handed_in=10, ask_for_help=6)

    page = signed_in(town.facilitator).get(f"/dialogues/{hall.pk}/lead").content.decode()

    assert ['class="help"' in row for row in tables_on(page)[:7]] == [True] * 6 + [False]
    before, _, folded = page.partition('<details id="more-needs"')
    assert before.count("ber om hjälp</strong>") == 3
    assert folded.count("ber om hjälp</strong>") == 3
    assert [table.state for table in overview(hall, now=WHEN).tables[:2]] == ["handed_in", "handed_in"]


@pytest.mark.parametrize("wanted", ["slussen", "SLUSSEN"])
def test_a_table_is_found_by_its_name_without_script(
    hall: Dialogue, town: Town, signed_in: SignIn, wanted: str
) -> None:
    leader = signed_in(town.facilitator)

    rows = tables_on(leader.get(f"/dialogues/{hall.pk}/lead", {"bord": wanted}).content.decode())
    none = leader.get(f"/dialogues/{hall.pk}/lead", {"bord": "finns inte"}).content.decode()

    assert len(rows) == 9
    assert all("Slussen" in row for row in rows)
    assert "personer" in rows[0]
    assert "Inget bord heter så." in tables_on(none)[0]


def test_a_small_meeting_names_every_table_and_has_nothing_to_search(town: Town, signed_in: SignIn) -> None:
    dialogue = make_hall(town.guidance, people=30, tables=6, handed_in=2)

    page = signed_in(town.facilitator).get(f"/dialogues/{dialogue.pk}/lead").content.decode()

    assert 'id="find-table"' not in page
    assert 'class="tables tables--few"' in page


def test_those_who_were_ready_before_they_lost_contact_are_counted_among_all(hall: Dialogue) -> None:
    """A phone that is laid down when its owner is done is not connected: never “225 of 0”."""
    with_contact = overview(hall, now=WHEN)
    without = overview(hall, now=WHEN + timedelta(hours=1))

    assert (with_contact.here, without.here) == (400, 0)
    assert with_contact.ready == without.ready == without.ready_of > 200
    assert with_contact.wrote == without.wrote == without.wrote_of == 400
    assert with_contact.ready_of == with_contact.wrote_of == 400
