"""The page of how the municipality chooses, and what it learns from."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils.timezone import now

from samspel.exchange import compute
from samspel.exchange.chosen import chosen_now
from samspel.exchange.models import Judgement, Preference
from samspel.people.models import Person
from tests.exchange.test_compute import AT, posts, proposed  # noqa: F401  (posts is a fixture)
from tests.people import Town, make_person

PAGE = "/exchange/setup/choosing"
ORDER = {"do": "order", "place-needs": "1", "place-fit": "2", "ring": "3", "chain": "0", "areas": ""}


@pytest.fixture
def client(town: Town, signed_in: Callable[[Person], Client]) -> Client:
    return signed_in(make_person("Britta Brobyggare", town.library, "broker"))


def judge(good: dict[str, float], bad: dict[str, float], count: int) -> None:
    for number in range(count):
        Judgement.objects.create(need=number, parts=good, is_good=True, at=AT)
        Judgement.objects.create(need=number, parts=bad, is_good=False, at=AT)


def test_the_order_and_the_limits_are_set_and_used(client: Client, posts: object) -> None:  # noqa: F811
    assert client.post(PAGE, ORDER).status_code == 302

    row = Preference.objects.get()
    assert (row.goals, row.ring, row.chain, row.areas) == (["needs", "fit"], 3, 0, None)
    selection = compute.select(at=AT, time_limit_s=5)
    assert selection.settings["goals"] == ["needs", "fit"]
    assert len(proposed()) == 1
    client.post(PAGE, ORDER | {"ring": "2"})
    assert compute.select(at=AT, time_limit_s=5).met == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"place-needs": "0", "place-fit": "0"}, "Välj minst en sak"),
        ({"ring": "0"}, "Tillåt ringar eller kedjor."),
        ({"areas": "många"}, "Skriv ett tal från 0 till 100"),
        ({"areas": "101"}, "Skriv ett tal från 0 till 100"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(client: Client, said: dict[str, str], told: str) -> None:
    answer = client.post(PAGE, ORDER | said)

    assert answer.status_code == 422
    assert told in answer.text
    assert not Preference.objects.exists()


def test_areas_are_helped_alike_when_it_is_wanted(client: Client, posts: object) -> None:  # noqa: F811
    client.post(PAGE, ORDER | {"areas": "10 %"})

    assert Preference.objects.get().areas == 10
    assert compute.select(at=AT, time_limit_s=5).settings["areas"] == 10
    chosen = chosen_now(AT)
    assert chosen is not None
    assert chosen.pool.problem.areas is not None


def test_weights_are_read_set_and_reset(client: Client) -> None:
    weights = {"do": "weights", "words": "1,5", "kind": "3", "place": "0", "time": "1", "language": "1"}

    client.post(PAGE, weights)
    assert Preference.objects.get().weights["words"] == 1.5
    assert 'value="1,5"' in client.get(PAGE).text

    assert client.post(PAGE, weights | {"words": "-1"}).status_code == 422
    assert client.post(PAGE, weights | {"words": "mycket"}).status_code == 422
    assert Preference.objects.get().weights["words"] == 1.5

    client.post(PAGE, {"do": "reset"})
    assert Preference.objects.get().weights == {}


def test_what_was_learned_is_told_with_its_gain(client: Client) -> None:
    """Bridge-builders say yes where the place is the same, whatever the words."""
    here = {"words": 0.2, "kind": 0.5, "place": 1.0, "time": 1.0, "language": 0.5}
    there = {"words": 0.6, "kind": 0.5, "place": 0.0, "time": 1.0, "language": 0.5}
    assert "Inget än." in client.get(PAGE).text
    judge(here, there, 3)
    early = client.get(PAGE).text
    assert "Det går inte att säga än" in early
    assert "Ta de lärda vikterna" not in early
    assert client.post(PAGE, {"do": "learned"}).status_code == 422
    judge(here, there, 60)

    page = client.get(PAGE).text
    assert "126 par är bedömda." in page
    assert "Ta de lärda vikterna" in page
    client.post(PAGE, {"do": "learned"})

    learned = Preference.objects.get().weights
    assert learned["place"] > 2.0
    assert learned["words"] < 4.0


def test_the_page_asks_as_often_however_much_is_judged(
    client: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    judge(dict.fromkeys(("words", "kind", "place", "time", "language"), 0.5), {"words": 0.1}, 50)

    with django_assert_max_num_queries(10):  # type: ignore[attr-defined]
        client.get(PAGE)
    assert now()
