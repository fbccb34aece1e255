"""What it gave and spared: counts with the public threshold, times a range that the municipality has said."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.models import Default
from samspel.encounters.models import Shown
from samspel.exchange.actions.assumptions import assume, assume_nothing
from samspel.exchange.actions.erasing import MATCH_KEPT, erase_matches
from samspel.exchange.models import Assumption, Category, Match, Part
from samspel.exchange.spared import spared
from samspel.people.models import Person
from tests.dialogues.test_permission_matrix import sign_in
from tests.exchange.making import make_match, make_party, make_post
from tests.people import WHEN, Town, actor_of


def end_many(count: int, *, ending: str = "done", good: int = 0, category: str = "carry/drive") -> None:
    """So many pairs that have ended; in the first ``good`` of them both say that it went well, in the rest not."""
    kind = Category.objects.get(key=category)
    for number in range(count):
        givings = [
            (party, make_post(party, "offer", "Kan."), make_post(party, "need", "Vill."))
            for party in (make_party()[0], make_party()[0])
        ]
        match = make_match(givings, state=Match.State.ENDED, ending=ending, asked_at=WHEN, ended_at=WHEN)
        match.transfers.update(category=kind)
        Part.objects.filter(match=match).update(outcome=3 if number < good else 1, outcome_at=WHEN)


def test_fewer_than_ten_are_not_shown(db: None) -> None:
    end_many(4)  # two gifts each

    assert spared(WHEN).kinds == ()


def test_ten_are_shown_with_how_it_went_on_both_sides(db: None) -> None:
    end_many(6, good=4)

    (kind,) = spared(WHEN).kinds

    assert (kind.name, kind.done, kind.early) == ("Köra någon", 12, None)
    assert (kind.gave.of_100, kind.got.of_100) == (67, 67)
    assert (kind.low, kind.high) == (None, None)


def test_that_all_said_the_same_is_told_as_at_least(db: None) -> None:
    end_many(6, good=6)

    (kind,) = spared(WHEN).kinds

    assert (kind.gave.told, kind.gave.of_100) == ("at least", 91)


def test_a_number_is_shown_anew_only_when_ten_have_come(db: None) -> None:
    end_many(5)
    assert spared(WHEN).kinds[0].done == 10
    end_many(4)

    assert spared(WHEN).kinds[0].done == 10
    end_many(1)
    assert spared(WHEN).kinds[0].done == 20


def test_what_ended_early_is_counted_for_itself(db: None) -> None:
    end_many(5)
    end_many(6, ending="early")

    (kind,) = spared(WHEN).kinds

    assert (kind.done, kind.early) == (10, 12)


def test_the_range_is_the_count_times_what_is_assumed(db: None, broker: Person) -> None:
    end_many(5)
    drive = Category.objects.get(key="carry/drive")
    assume(actor=actor_of(broker), category_id=drive.pk, low="150", high="1 200", reason="En resa.", at=WHEN)

    found = spared(WHEN)

    assert (found.low, found.high, found.kinds[0].reason) == ("1\u00a0500", "12\u00a0000", "En resa.")


def test_what_is_erased_is_still_counted(db: None) -> None:
    end_many(5, good=3)
    before = spared(WHEN)

    assert erase_matches(WHEN + MATCH_KEPT) == 5
    Shown.objects.all().delete()  # so that it is counted again, not remembered

    assert spared(WHEN) == before
    assert not Match.objects.exists()


@pytest.mark.parametrize(
    ("low", "high", "reason"),
    [
        ("", "10", "x"),
        ("20", "10", "x"),
        ("-1", "10", "x"),
        ("1", "10000001", "x"),
        ("1", "2", " "),
        ("1", "2", "x" * 401),
    ],
)
def test_an_assumption_is_a_range_with_a_reason(low: str, high: str, reason: str, broker: Person) -> None:
    with pytest.raises(InvalidError):
        assume(
            actor=actor_of(broker),
            category_id=Category.objects.get(key="work").pk,
            low=low,
            high=high,
            reason=reason,
            at=WHEN,
        )


def test_only_bridge_builders_and_administrators_assume(broker: Person, town: Town) -> None:
    kind = Category.objects.get(key="work").pk
    assuming: dict[str, Any] = {"category_id": kind, "low": "1", "high": "2", "reason": "För att.", "at": WHEN}

    for person in (town.manager, town.member):
        with pytest.raises(NotFoundError):
            assume(actor=actor_of(person), **assuming)
    with pytest.raises(NotFoundError):
        assume(actor=actor_of(broker), **(assuming | {"category_id": 0}))
    assume(actor=actor_of(town.administrator), **assuming)
    assume_nothing(actor=actor_of(broker), category_id=kind)
    assume_nothing(actor=actor_of(broker), category_id=kind)

    assert not Assumption.objects.exists()


# ---------------------------------------------------------------- pages


def test_the_page_is_open_and_says_when_nothing_has_been_assumed(db: None) -> None:
    shown = Client().get("/exchange/spared").content.decode()

    assert "Kommunen har inte sagt vad det sparar än." in shown


def test_the_page_shows_what_it_gave_beside_the_range(
    broker: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    end_many(5, good=3)
    drive = Category.objects.get(key="carry/drive")
    assume(actor=actor_of(broker), category_id=drive.pk, low="100", high="200", reason="En resa.", at=WHEN)
    Client().get("/exchange/spared")

    with django_assert_num_queries(10):
        shown = Client().get("/exchange/spared").content.decode()

    assert "1\u00a0000–2\u00a0000" in shown
    assert "En resa." in shown
    assert "60 av 100" in shown


def test_the_page_says_from_how_many_needs_a_kind_is_shown(db: None) -> None:
    Default.objects.create(key="figures.least_public", value=12, reason="Liten ort.", changed_at=WHEN)

    shown = Client().get("/exchange/spared").content.decode()

    assert "En sort visas när minst tolv behov har mötts." in shown


def test_the_way_to_the_assumptions_is_shown_to_who_writes_them(broker: Person, town: Town) -> None:
    address = "/exchange/setup/assumptions"

    assert address in sign_in(broker).get("/exchange/spared").content.decode()
    for client in (Client(), sign_in(town.manager)):
        assert address not in client.get("/exchange/spared").content.decode()


def test_an_assumption_is_written_on_its_page_and_taken_back(broker: Person) -> None:
    client, address = sign_in(broker), "/exchange/setup/assumptions"
    kind = Category.objects.get(key="carry/drive").pk

    wrong = client.post(address, {"category": kind, "low": "3", "high": "1", "reason": "Fel ordning"})
    client.post(address, {"category": kind, "low": "1", "high": "3", "reason": "En resa"})

    assert wrong.status_code == 422
    assert "Fel ordning" in wrong.content.decode()
    assert (Assumption.objects.get().low, Assumption.objects.get().changed_by) == (1, broker)
    client.post(address, {"category": kind, "do": "remove"})
    assert not Assumption.objects.exists()
