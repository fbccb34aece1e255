"""Sampling plans: what the levers give, and the page where they are set."""

from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from samspel.encounters.models import Plan
from samspel.encounters.sampling import Levers, expect, strides
from samspel.engine.inference import difference
from tests.encounters.asking import make_service
from tests.people import WHEN, Town

SignIn = Callable[[object], Client]


def test_fewer_asked_give_fewer_answers_and_a_larger_difference() -> None:
    found = strides(Levers(100, 4, 25, 8), good=80)

    assert [each.levers.ask_every for each in found] == [1, 2, 3, 4, 5, 10]
    assert [each.answers for each in found] == [200, 100, 66, 50, 40, 20]
    gaps = [each.gap for each in found]
    assert gaps == sorted(gaps)


def test_the_difference_promised_is_seen_eight_times_of_ten() -> None:
    """Simulated: two times with so many answers, that far apart; the engine's own interval says when it is seen."""
    plan = expect(Levers(meetings_a_week=100, ask_every=1, answering=25, weeks=8), good=80)
    assert plan.gap is not None
    rng = np.random.default_rng(5)
    before = rng.binomial(plan.answers, 0.8, 2000)
    after = rng.binomial(plan.answers, 0.8 - plan.gap / 100, 2000)

    seen = sum(
        difference((int(x), plan.answers), (int(y), plan.answers)).low > 0 for x, y in zip(before, after, strict=True)
    )

    assert 0.75 <= seen / 2000 <= 0.88


@pytest.mark.parametrize(("levers", "gap"), [(Levers(1, 1, 1, 1), None), (Levers(2, 1, 100, 1), None)])
def test_too_few_show_nothing(levers: Levers, gap: int | None) -> None:
    assert expect(levers, good=80).gap is gap


def test_a_plan_is_saved_and_says_what_it_gives(town: Town, signed_in: SignIn) -> None:
    service, client = make_service(), signed_in(town.manager)
    address = f"/units/{town.guidance.pk}/encounters/plans"
    form = {"service": service.pk, "meetings_a_week": "25", "ask_every": "3", "answering": "60", "weeks": "8"}

    shown = client.post(address, form, follow=True).content.decode()

    assert Plan.objects.get().ask_every == 3
    assert "Om ni frågar var tredje får ni ungefär 39 svar på åtta veckor." in shown
    client.post(address, form | {"ask_every": "2"})
    assert Plan.objects.get().ask_every == 2
    client.post(address, {"service": service.pk, "do": "drop"})
    assert not Plan.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("meetings_a_week", "0"), ("ask_every", ""), ("answering", "101"), ("weeks", "53"), ("service", "")],
)
def test_a_plan_that_cannot_be_is_not_saved(field: str, value: str, town: Town, signed_in: SignIn) -> None:
    form = {"service": make_service().pk, "meetings_a_week": "25", "ask_every": "3", "answering": "60", "weeks": "8"}

    answer = signed_in(town.manager).post(f"/units/{town.guidance.pk}/encounters/plans", form | {field: value})

    assert answer.status_code == 422
    assert not Plan.objects.exists()


def test_moved_levers_are_answered_without_saving(town: Town, signed_in: SignIn) -> None:
    client = signed_in(town.member)
    address = f"/units/{town.guidance.pk}/encounters/plans/expected"

    moved = client.get(address, {"meetings_a_week": "25", "ask_every": "1", "answering": "60", "weeks": "8"})

    assert "Om ni frågar alla får ni ungefär 120 svar" in moved.content.decode()
    assert client.get(address, {"meetings_a_week": "x"}).status_code == 204
    assert not Plan.objects.exists()


def test_a_member_reads_the_plan_and_cannot_change_it(town: Town, signed_in: SignIn) -> None:
    client, service = signed_in(town.member), make_service()
    Plan.objects.create(unit=town.guidance, service=service, meetings_a_week=25, changed_at=WHEN)
    address = f"/units/{town.guidance.pk}/encounters/plans"

    assert client.get(address).status_code == 200
    assert client.post(address, {"service": service.pk, "do": "drop"}).status_code == 404
    assert Plan.objects.exists()


@pytest.mark.parametrize("number", [1, 6])
def test_the_page_takes_as_many_queries_however_many_services_there_are(
    number: int, town: Town, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for each in range(number):
        Plan.objects.create(
            unit=town.guidance, service=make_service(f"s{each}", f"Tjänst {each}"), meetings_a_week=25, changed_at=WHEN
        )
    client = signed_in(town.manager)

    with django_assert_num_queries(10):
        client.get(f"/units/{town.guidance.pk}/encounters/plans")
