"""Rounds: when a point asks, and what the unit owes those who answered."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from samspel.core.models import Tie
from samspel.core.thread import start_thread, threads_of, view_threads
from samspel.encounters.models import Round
from samspel.encounters.queries import asking_now
from tests.encounters.asking import make_point, make_round
from tests.people import WHEN, Town, signal_in

SignIn = Callable[[object], Client]
SECOND = timedelta(seconds=1)


def test_a_point_asks_from_the_rounds_opening_until_its_closing(town: Town) -> None:
    point, found = make_point(town.guidance), make_round(town.guidance)

    assert asking_now(point, found.opened_at).round == found
    assert asking_now(point, found.closes_at - SECOND).is_asking
    assert not asking_now(point, found.opened_at - SECOND).is_asking
    assert not asking_now(point, found.closes_at).is_asking


def test_a_round_closed_by_hand_asks_no_longer_and_is_being_read(town: Town) -> None:
    point, found = make_point(town.guidance), make_round(town.guidance)
    Round.objects.filter(pk=found.pk).update(closed_at=WHEN + timedelta(days=2))

    assert asking_now(point, WHEN + timedelta(days=1)).is_asking
    over = asking_now(point, WHEN + timedelta(days=2))
    assert (over.is_asking, over.is_reading, over.told) == (False, True, None)


def test_between_rounds_the_last_answer_is_what_there_is_to_show(town: Town) -> None:
    point, first = make_point(town.guidance), make_round(town.guidance, days=7, told=True)

    rest = asking_now(point, WHEN + timedelta(days=8))

    assert (rest.is_asking, rest.is_reading, rest.told) == (False, False, first)


def test_a_press_that_waited_is_judged_by_when_it_was_made(town: Town) -> None:
    point = make_point(town.guidance)
    first = make_round(town.guidance, days=7, told=True)
    second = make_round(town.guidance, opened_at=WHEN + timedelta(days=9))

    assert asking_now(point, WHEN + timedelta(days=6)).round == first
    assert asking_now(point, WHEN + timedelta(days=8)).round is None
    assert asking_now(point, WHEN + timedelta(days=10)).round == second


def test_a_closed_point_asks_nothing_whatever_its_unit_does(town: Town) -> None:
    point = make_point(town.guidance, closed_at=WHEN + timedelta(days=1))
    make_round(town.guidance)

    assert asking_now(point, WHEN).is_asking
    later = asking_now(point, WHEN + timedelta(days=1))
    assert (later.is_asking, later.is_reading) == (False, False)


def test_a_unit_that_never_asked_has_nothing_to_show(town: Town) -> None:
    rest = asking_now(make_point(town.guidance), WHEN)

    assert (rest.is_asking, rest.is_reading, rest.told) == (False, False, None)


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_it_takes_one_query(rounds: int, town: Town, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    point = make_point(town.guidance)
    for number in range(rounds):
        make_round(town.guidance, opened_at=WHEN + timedelta(days=60 * number), told=number + 1 < rounds)

    with django_assert_num_queries(1):
        asking_now(point, WHEN)


# ---------------------------------------------------------------- the page


def page(town: Town) -> str:
    return f"/units/{town.guidance.pk}/encounters/round"


SAID = {"number": "1", "heard": "Ni väntade länge.", "done": "Vi öppnar klockan nio.", "not_done": "Fler stolar."}


def past_round(town: Town) -> Round:
    """A round that closed by itself two days ago."""
    return make_round(town.guidance, opened_at=timezone.now() - timedelta(days=9), days=7)


def test_a_round_is_asked_read_and_told_and_only_then_the_next_opens(town: Town, signed_in: SignIn) -> None:
    client = signed_in(town.manager)

    client.post(page(town), {"do": "open", "weeks": "8"})
    first = Round.objects.get()
    assert asking_now(make_point(town.guidance, opened_at=first.opened_at), first.opened_at).round == first
    client.post(page(town), {"do": "close", "number": "1"})
    refused = client.post(page(town), {"do": "open", "weeks": "8"})
    assert refused.status_code == 409
    assert "väntar på besked" in refused.content.decode()
    client.post(page(town), {"do": "publish", **SAID})
    client.post(page(town), {"do": "open", "weeks": "4"})

    assert [(each.number, each.published_at is not None) for each in Round.objects.order_by("number")] == [
        (1, True),
        (2, False),
    ]


def test_what_is_told_stands_open_to_everybody_and_on_the_red_thread(town: Town, signed_in: SignIn) -> None:
    told = past_round(town)

    signed_in(town.manager).post(page(town), {"do": "publish", **SAID})

    shown = Client().get(f"/said-and-done/{town.guidance.pk}").content.decode()
    assert all(text in shown for text in (SAID["heard"], SAID["done"], SAID["not_done"]))
    [begun] = view_threads(threads_of(town.guidance.pk), public_only=True)
    assert [(knot.stage, knot.words) for knot in begun.knots] == [("result", "Vi öppnar klockan nio.")]
    assert begun.knots[0].url == f"/said-and-done/{town.guidance.pk}#runda-{told.number}"


def test_it_answers_the_signals_of_the_thread_that_was_chosen(town: Town, signed_in: SignIn) -> None:
    past_round(town)
    signal = signal_in(town.guidance, town.member, "Ingen svarar")
    [chosen] = threads_of(town.guidance.pk)

    signed_in(town.manager).post(page(town), {"do": "publish", "thread": str(chosen.pk), **SAID})

    [tie] = Tie.objects.all()
    assert (tie.knot.object_type, tie.to.object_id, tie.kind) == ("encounters.round", signal.pk, "answers")
    assert len(threads_of(town.guidance.pk)) == 1


def test_another_units_thread_is_not_tied_to(town: Town, signed_in: SignIn) -> None:
    past_round(town)
    other = start_thread(unit_id=town.library.pk, title="Böcker", at=WHEN)

    signed_in(town.manager).post(page(town), {"do": "publish", "thread": str(other.pk), **SAID})

    assert not other.knots.exists()


def test_a_draft_is_kept_and_nobody_outside_sees_it(town: Town, signed_in: SignIn) -> None:
    past_round(town)
    client = signed_in(town.manager)

    client.post(page(town), {"do": "write", **SAID})

    assert SAID["heard"] in client.get(page(town)).content.decode()
    assert SAID["heard"] not in Client().get(f"/said-and-done/{town.guidance.pk}").content.decode()


@pytest.mark.parametrize("field", ["heard", "done"])
def test_nothing_is_published_without_what_was_heard_and_done(field: str, town: Town, signed_in: SignIn) -> None:
    past_round(town)

    answer = signed_in(town.manager).post(page(town), {"do": "publish", **SAID, field: "  "})

    assert answer.status_code == 422
    assert SAID["not_done"] in answer.content.decode()
    assert Round.objects.get().published_at is None


def test_an_open_round_is_not_told_yet(town: Town, signed_in: SignIn) -> None:
    make_round(town.guidance, opened_at=timezone.now())

    answer = signed_in(town.manager).post(page(town), {"do": "publish", **SAID})

    assert answer.status_code == 409
    assert Round.objects.get().published_at is None


def test_what_is_published_is_not_written_over(town: Town, signed_in: SignIn) -> None:
    past_round(town)
    client = signed_in(town.manager)
    client.post(page(town), {"do": "publish", **SAID})

    client.post(page(town), {"do": "publish", **SAID, "heard": "Något annat"})
    assert client.post(page(town), {"do": "write", **SAID, "heard": "Något annat"}).status_code == 409

    assert Round.objects.get().heard == SAID["heard"]
    assert len(threads_of(town.guidance.pk)) == 1


@pytest.mark.parametrize("weeks", ["", "0", "27", "x"])
def test_a_round_has_a_length(weeks: str, town: Town, signed_in: SignIn) -> None:
    answer = signed_in(town.manager).post(page(town), {"do": "open", "weeks": weeks})

    assert answer.status_code == 422
    assert not Round.objects.exists()


def test_the_database_itself_refuses_a_second_round_before_the_answer(town: Town) -> None:
    make_round(town.guidance)

    with pytest.raises(IntegrityError, match="one_unanswered_round"):
        make_round(town.guidance)


def test_the_page_takes_as_many_queries_however_many_were_told(
    town: Town, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make_round(town.guidance, opened_at=WHEN - timedelta(days=90 * (6 - number)), told=True)
    client = signed_in(town.manager)

    with django_assert_num_queries(9):
        client.get(page(town))
