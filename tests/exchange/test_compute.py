"""Posts to a selection and back; changes by hand and what they cost."""

from datetime import timedelta

import pytest

from samspel.exchange import compute
from samspel.exchange.actions import selecting
from samspel.exchange.models import Block, Match, Post, Selection, Wish
from tests.exchange.making import make_party, make_post
from tests.people import WHEN, Town, actor_of, make_person

AT = WHEN + timedelta(days=5)


def ring_of_three() -> dict[str, Post]:
    """The driver, the salesman and the father of the first story."""
    young, salesman, father = (make_party(called)[0] for called in ("Den unge mannen", "Säljaren", "Pappan"))
    return {
        "drives": make_post(young, "offer", "Kan köra bil", marks=["licence"]),
        "work": make_post(young, "need", "Vill prova på att arbeta som chaufför, handledning", category="work/advice"),
        "arm": make_post(salesman, "need", "Någon som kör min bil till kunderna", marks=["licence"]),
        "maths": make_post(salesman, "offer", "Repeterar matte, är bra på matematik", category="learn/homework"),
        "daughter": make_post(father, "need", "Repetera matematik för att hjälpa till", category="learn/homework"),
        "teaches": make_post(father, "offer", "Handledning för den som vill bli chaufför", category="work/advice"),
    }


@pytest.fixture
def posts(db: None) -> dict[str, Post]:
    return ring_of_three()


def proposed() -> list[tuple[str, list[tuple[int | None, int | None]]]]:
    return [
        (match.kind, [(one.offer_id, one.need_id) for one in match.transfers.all()]) for match in compute.proposals()
    ]


def test_a_ring_is_found_and_proven(posts: dict[str, Post]) -> None:
    selection = compute.select(at=AT, time_limit_s=5)

    assert (selection.met, selection.bound, selection.is_proven) == (3, 3, True)
    assert (selection.needs, selection.offers) == (3, 3)
    ((kind, gifts),) = proposed()
    assert kind == Match.Kind.RING
    assert set(gifts) == {
        (posts["drives"].pk, posts["arm"].pk),
        (posts["maths"].pk, posts["daughter"].pk),
        (posts["teaches"].pk, posts["work"].pk),
    }


def test_each_gift_goes_to_the_next_in_the_ring(posts: dict[str, Post]) -> None:
    compute.select(at=AT, time_limit_s=5)

    (match,) = compute.proposals()
    transfers = list(match.transfers.all())
    for one, following in zip(transfers, [*transfers[1:], transfers[0]], strict=True):
        assert one.need is not None
        assert following.offer is not None
        assert one.need.party_id == following.offer.party_id


def test_who_only_gives_begins_a_chain(db: None) -> None:
    haulier, reuse, cafe = (make_party(called)[0] for called in ("Åkeriet", "Återbruket", "Språkkaféet"))
    make_post(haulier, "offer", "Kör möbler med skåpbil", category="carry/move")
    make_post(reuse, "need", "Hämta möbler, flytta", category="carry/move")
    make_post(reuse, "offer", "Ger bort bord och stolar", category="place/thing")
    make_post(cafe, "need", "Bord till nya lokalen", category="place/thing")

    selection = compute.select(at=AT, time_limit_s=5)

    assert selection.met == 2
    (match,) = compute.proposals()
    assert match.kind == Match.Kind.CHAIN
    assert [one.gift for one in match.transfers.all()] == ["Kör möbler med skåpbil", "Ger bort bord och stolar"]


@pytest.mark.parametrize(
    ("gives", "needs"),
    [(["ar", "sv"], ["sv"]), (["da"], ["sv"]), (["ar"], []), ([], ["sv"]), (["ar", "sv"], ["sv", "fi"])],
    ids=["one in common", "neighbours", "not said by one", "not said by the other", "who interprets is there too"],
)
def test_a_language_in_common_or_none_said_hinders_nobody(
    posts: dict[str, Post], gives: list[str], needs: list[str]
) -> None:
    Post.objects.filter(pk=posts["drives"].pk).update(languages=gives)
    Post.objects.filter(pk=posts["arm"].pk).update(languages=needs)

    assert compute.select(at=AT, time_limit_s=5).met == 3


@pytest.mark.parametrize(
    "hinder",
    [
        "unread",
        "expired",
        "met",
        "asked",
        "another time of the week",
        "no licence",
        "blocked",
        "forbidden",
        "days",
        "no language",
    ],
)
def test_what_cannot_be_is_not_proposed(posts: dict[str, Post], hinder: str) -> None:
    """Two of the three need the ring; without one gift there is nothing."""
    drives, arm = Post.objects.filter(pk=posts["drives"].pk), Post.objects.filter(pk=posts["arm"].pk)
    match hinder:
        case "unread":
            drives.update(read_at=None)
        case "expired":
            drives.update(expires_at=AT)
        case "met":
            arm.update(met_at=AT)
        case "asked":
            compute.select(at=AT, time_limit_s=5)
            Match.objects.update(state=Match.State.ASKED)
        case "another time of the week":
            drives.update(times=["weekends"])
            arm.update(times=["weekdays", "evenings"])
        case "no licence":
            drives.update(marks=[])
        case "blocked":
            Block.objects.create(party=posts["arm"].party, other=posts["drives"].party, at=AT)
        case "forbidden":
            Wish.objects.create(kind="forbid", offer=posts["drives"], need=posts["arm"], at=AT)
        case "days":
            drives.update(ends_on=AT.date())
            arm.update(begins_on=AT.date() + timedelta(days=1))
        case "no language":
            drives.update(languages=["ar", "ti"])
            arm.update(languages=["sv", "en"])

    selection = compute.select(at=AT, time_limit_s=5)

    assert posts["arm"].pk not in {need for _kind, gifts in proposed() for _offer, need in gifts}
    # Whose need is met only gives, and can begin a chain.
    assert selection.met == (2 if hinder == "met" else 0)


def test_a_proposal_that_comes_out_as_before_keeps_what_was_written(posts: dict[str, Post], town: Town) -> None:
    compute.select(at=AT, time_limit_s=5)
    Match.objects.update(title="Tre som kan hjälpa varandra")

    compute.select(at=AT, time_limit_s=5)

    assert [match.title for match in compute.proposals()] == ["Tre som kan hjälpa varandra"]


def test_the_selection_is_read_back_as_it_was(posts: dict[str, Post]) -> None:
    compute.select(at=AT, time_limit_s=5)

    chosen = compute.chosen_now(AT)

    assert chosen is not None
    (ring,) = chosen.solution.selected
    assert ring.needs_met == 3
    pairs = {chosen.gift_of(pair)[1:] for pair in ring.transfers}
    assert pairs == {(offer, need) for offer, need in proposed()[0][1]}


def test_a_post_that_is_withdrawn_is_in_no_selection(posts: dict[str, Post]) -> None:
    compute.select(at=AT, time_limit_s=5)
    posts["drives"].delete()

    chosen = compute.chosen_now(AT)

    assert chosen is not None
    assert chosen.solution.selected == ()


def second_driver() -> Post:
    return make_post(make_party("Grannen med bilen")[0], "offer", "Kan köra bil till kunder", marks=["licence"])


def test_a_change_is_priced_before_it_is_made(posts: dict[str, Post]) -> None:
    """With another driver, who only gives: the salesman is driven all the same, and a chain takes the ring's place."""
    compute.select(at=AT, time_limit_s=5)
    second_driver()
    compute.select(at=AT, time_limit_s=5)
    chosen = compute.chosen_now(AT)
    assert chosen is not None

    swap = compute.price(chosen, posts["drives"].pk, posts["arm"].pk, "swap")

    assert swap == compute.Price(met=3, waiting=())
    assert compute.price(chosen, posts["maths"].pk, posts["arm"].pk, "swap") is None


def test_what_is_shut_out_stays_out(posts: dict[str, Post], town: Town) -> None:
    actor = actor_of(make_person("Britta", town.library, "broker"))
    second = second_driver()
    compute.select(at=AT, time_limit_s=5)
    match, place = next(
        (match, one.place)
        for match in compute.proposals()
        for one in match.transfers.all()
        if one.need_id == posts["arm"].pk
    )
    driver = match.transfers.get(place=place).offer
    other = second.pk if driver == posts["drives"] else posts["drives"].pk

    selecting.adjust(actor=actor, match_id=match.pk, place=place, how="swap", at=AT)

    met = {need: offer for _kind, gifts in proposed() for offer, need in gifts}
    assert met[posts["arm"].pk] == other
    assert Selection.objects.count() == 2
    compute.select(at=AT, time_limit_s=5)
    assert {need: offer for _kind, gifts in proposed() for offer, need in gifts}[posts["arm"].pk] == other


def test_what_is_locked_stays(posts: dict[str, Post], town: Town) -> None:
    actor = actor_of(make_person("Britta", town.library, "broker"))
    compute.select(at=AT, time_limit_s=5)
    (match,) = compute.proposals()
    place = match.transfers.get(need=posts["arm"]).place
    selecting.adjust(actor=actor, match_id=match.pk, place=place, how="fix", at=AT)
    second_driver()
    older = make_post(make_party("Änkan")[0], "need", "Någon som kör min bil", at=WHEN - timedelta(days=50))

    compute.select(at=AT, time_limit_s=5)

    met = {need: offer for _kind, gifts in proposed() for offer, need in gifts}
    assert met[posts["arm"].pk] == posts["drives"].pk
    assert older.pk in met


def test_a_lock_is_let_free(posts: dict[str, Post], town: Town) -> None:
    actor = actor_of(make_person("Britta", town.library, "broker"))
    compute.select(at=AT, time_limit_s=5)
    (match,) = compute.proposals()

    selecting.adjust(actor=actor, match_id=match.pk, place=1, how="fix", at=AT)
    assert Wish.objects.count() == 1
    selecting.adjust(actor=actor, match_id=match.pk, place=1, how="free", at=AT)

    assert not Wish.objects.exists()


def test_proposals_of_what_people_were_asked_meanwhile_are_not_stored(posts: dict[str, Post]) -> None:
    """The night's selection was on its way when a bridge-builder asked."""
    compute.select(at=AT, time_limit_s=5)
    chosen = compute.chosen_now(AT)
    assert chosen is not None
    Match.objects.update(state=Match.State.ASKED)

    stored = compute._store(chosen, compute.preferences(), AT)

    assert stored.met == 0
    assert proposed() == []


def test_the_newest_selection_is_read_in_a_few_queries(posts: dict[str, Post], django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    compute.select(at=AT, time_limit_s=5)

    with django_assert_num_queries(6):
        compute.chosen_now(AT)
