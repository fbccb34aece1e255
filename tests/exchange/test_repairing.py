"""What becomes of the others when somebody says no."""

from datetime import timedelta

import pytest

from samspel.exchange import compute
from samspel.exchange.actions.repairing import Repaired, repair
from samspel.exchange.models import Match, Part, Post
from tests.exchange.test_compute import AT, proposed, ring_of_three, second_driver


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


def test_a_match_that_nobody_said_no_to_is_left(posts: dict[str, Post]) -> None:
    match = fall(posts, "drives")
    match.parts.update(answer="yes")

    assert repair(match_id=match.pk, at=AT) is None
    assert repair(match_id=match.pk + 1, at=AT) is None
    assert proposed() == []
