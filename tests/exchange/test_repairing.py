"""What becomes of the others when somebody says no."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from samspel.core.actor import Actor
from samspel.exchange import compute, compute_changes
from samspel.exchange.access import Mine
from samspel.exchange.actions.answering import block, leave_match
from samspel.exchange.actions.repairing import Repaired, repair
from samspel.exchange.actions.taking_back import erase_party, take_back, withdraw_post
from samspel.exchange.chosen import chosen_now
from samspel.exchange.models import Block, Match, Part, Post, Wish
from tests.exchange.test_compute import AT, proposed, ring_of_three, second_driver
from tests.people import actor_of, make_person, make_town


def fall(posts: dict[str, Post], who: str) -> Match:
    """The ring of three is asked, and one of them says no."""
    compute.select(at=AT, time_limit_s=5)
    match = Match.objects.get()
    for place, one in enumerate(match.transfers.all(), start=1):
        assert one.offer is not None
        party = one.offer.party
        answer = "no" if party == posts[who].party else "yes"
        Part.objects.create(match=match, party=party, place=place, called=party.called, words="", answer=answer)
    match.state, match.fallen_at = Match.State.FALLEN, AT
    match.save()
    return match


@pytest.fixture
def posts(db: None) -> dict[str, Post]:
    return ring_of_three()


def test_the_others_are_put_together_with_the_least_change(posts: dict[str, Post]) -> None:
    """Another driver who only gives takes the young man's place: the ring becomes a chain, one gift stays."""
    second = second_driver()
    Post.objects.filter(pk=second.pk).update(read_at=None)
    match = fall(posts, "drives")
    Post.objects.filter(pk=second.pk).update(read_at=AT)
    compute.select(at=AT, time_limit_s=5)
    Match.objects.filter(state=Match.State.PROPOSED).delete()

    repaired = repair(match_id=match.pk, at=AT)

    assert repaired == Repaired(kept=1, asked_anew=2)
    ((kind, gifts),) = proposed()
    assert kind == Match.Kind.CHAIN
    assert gifts == [(second.pk, posts["arm"].pk), (posts["maths"].pk, posts["daughter"].pk)]


def test_who_said_no_is_not_asked_the_same_again(posts: dict[str, Post]) -> None:
    match = fall(posts, "drives")

    repair(match_id=match.pk, at=AT)
    compute.select(at=AT + timedelta(days=1), time_limit_s=5)

    gifts = {gift for _kind, each in proposed() for gift in each}
    assert (posts["drives"].pk, posts["arm"].pk) not in gifts
    assert (posts["teaches"].pk, posts["work"].pk) not in gifts


def test_a_no_is_stronger_than_a_lock(posts: dict[str, Post]) -> None:
    match = fall(posts, "drives")
    Wish.objects.create(offer=posts["drives"], need=posts["arm"], kind=Wish.Kind.FIX, at=AT)

    repair(match_id=match.pk, at=AT)
    compute.select(at=AT + timedelta(days=1), time_limit_s=5)

    gifts = {gift for _kind, each in proposed() for gift in each}
    assert (posts["drives"].pk, posts["arm"].pk) not in gifts


def test_a_match_that_nobody_said_no_to_is_left(posts: dict[str, Post]) -> None:
    match = fall(posts, "drives")
    match.parts.update(answer="yes")

    assert repair(match_id=match.pk, at=AT) is None
    assert repair(match_id=match.pk + 1, at=AT) is None
    assert proposed() == []


# ---------------------------------------------------------------- somebody leaves


def agreed(posts: dict[str, Post]) -> Match:
    """All in the ring of three have said yes, and another driver who only gives waits."""
    match = fall(posts, "drives")
    match.parts.update(answer="yes", words="x")
    posts["second"] = second_driver()
    compute.select(at=AT, time_limit_s=5)
    Match.objects.filter(state=Match.State.PROPOSED).delete()
    match.state, match.asked_at, match.agreed_at, match.fallen_at = Match.State.AGREED, AT, AT, None
    match.save()
    return match


def deferred() -> list[int]:
    """The matches of this test that wait to be put together again: other tests' jobs stay in the queue."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args->>'match_id' FROM procrastinate_jobs WHERE task_name = 'exchange.repair'")
        asked = [int(row[0]) for row in cursor.fetchall()]
    here = set(Match.objects.values_list("pk", flat=True))
    return [match_id for match_id in asked if match_id in here]


def a_broker() -> Actor:
    return actor_of(make_person("Britta", make_town().library, "broker"))


WAYS: list[Callable[[dict[str, Post], Match], None]] = [
    lambda posts, match: take_back(mine=Mine((posts["drives"].party,)), post_id=posts["drives"].pk, at=AT),
    lambda posts, match: withdraw_post(actor=a_broker(), post_id=posts["drives"].pk, at=AT),
    lambda posts, match: erase_party(mine=Mine((posts["drives"].party,)), party_id=posts["drives"].party_id, at=AT),
    lambda posts, match: leave_match(mine=Mine((posts["drives"].party,)), match_id=match.pk, at=AT),
    lambda posts, match: block(mine=Mine((posts["drives"].party,)), match_id=match.pk, place=_of(posts, match), at=AT),
]


def _of(posts: dict[str, Post], match: Match) -> int:
    return match.parts.get(party=posts["arm"].party).place


@pytest.mark.parametrize("way", WAYS, ids=["taken back", "withdrawn", "erased", "left", "blocked"])
def test_the_others_are_put_together_again_when_somebody_leaves(
    posts: dict[str, Post], way: Callable[[dict[str, Post], Match], None]
) -> None:
    match = agreed(posts)

    way(posts, match)

    assert Match.objects.get(pk=match.pk).state == Match.State.FALLEN
    assert deferred() == [match.pk]
    repaired = repair(match_id=match.pk, at=AT)
    assert repaired == Repaired(kept=1, asked_anew=2)
    ((kind, gifts),) = proposed()
    assert kind == Match.Kind.CHAIN
    assert gifts == [(posts["second"].pk, posts["arm"].pk), (posts["maths"].pk, posts["daughter"].pk)]


def test_nothing_is_proposed_anew_when_it_had_begun(posts: dict[str, Post]) -> None:
    match = agreed(posts)
    Match.objects.filter(pk=match.pk).update(state=Match.State.RUNNING, started_at=AT)

    take_back(mine=Mine((posts["drives"].party,)), post_id=posts["drives"].pk, at=AT)

    assert Match.objects.get(pk=match.pk).state == Match.State.FALLEN
    assert deferred() == []


def test_what_one_has_blocked_is_not_proposed_by_a_change_either(posts: dict[str, Post]) -> None:
    """A selection was made before; the block is kept from the next change on."""
    compute.select(at=AT, time_limit_s=5)
    Block.objects.create(party=posts["arm"].party, other=posts["drives"].party, at=AT)

    chosen = chosen_now(AT)

    assert chosen is not None
    assert not compute_changes.could_meet(chosen, posts["drives"].pk, posts["arm"].pk)
    assert compute_changes.could_meet(chosen, posts["maths"].pk, posts["daughter"].pk)
