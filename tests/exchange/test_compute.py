"""Posts to a selection and back; changes by hand and what they cost."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from samspel.core.actor import Actor
from samspel.core.errors import ConflictError
from samspel.engine import matching
from samspel.exchange import compute, compute_changes, selections
from samspel.exchange.actions import selecting
from samspel.exchange.actions.preferring import set_order
from samspel.exchange.chosen import chosen_now
from samspel.exchange.models import Block, Judgement, Match, Post, Selection, Transfer, Wish
from tests.exchange.making import make_party, make_post
from tests.people import WHEN, Town, actor_of, make_person, make_town

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
        (match.kind, [(one.offer_id, one.need_id) for one in match.transfers.all()]) for match in selections.proposals()
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

    (match,) = selections.proposals()
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
    (match,) = selections.proposals()
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

    assert [match.title for match in selections.proposals()] == ["Tre som kan hjälpa varandra"]


def test_the_selection_is_read_back_as_it_was(posts: dict[str, Post]) -> None:
    compute.select(at=AT, time_limit_s=5)

    chosen = chosen_now(AT)

    assert chosen is not None
    (ring,) = chosen.solution.selected
    assert ring.needs_met == 3
    assert {gift.posts for gift in chosen.gifts_of(list(ring.transfers))} == {
        (offer, need) for offer, need in proposed()[0][1]
    }


def test_a_post_that_is_withdrawn_is_in_no_selection(posts: dict[str, Post]) -> None:
    compute.select(at=AT, time_limit_s=5)
    posts["drives"].delete()

    chosen = chosen_now(AT)

    assert chosen is not None
    assert chosen.solution.selected == ()


def second_driver() -> Post:
    return make_post(make_party("Grannen med bilen")[0], "offer", "Kan köra bil till kunder", marks=["licence"])


def test_a_change_is_priced_before_it_is_made(posts: dict[str, Post]) -> None:
    """With another driver, who only gives: the salesman is driven all the same, and a chain takes the ring's place."""
    compute.select(at=AT, time_limit_s=5)
    second_driver()
    compute.select(at=AT, time_limit_s=5)
    chosen = chosen_now(AT)
    assert chosen is not None

    swap = compute_changes.price(chosen, posts["drives"].pk, posts["arm"].pk, "swap")

    assert swap == compute_changes.Price(met=3, waiting=())
    assert compute_changes.price(chosen, posts["maths"].pk, posts["arm"].pk, "swap") is None


def press(actor: Actor, gift: tuple[Post, Post], how: selecting.Adjustment) -> int | None:
    """A button for a gift, on the proposal that it is in."""
    offer, need = gift
    match_id = Match.objects.get(transfers__need=need, state=Match.State.PROPOSED).pk
    return selecting.adjust(actor=actor, match_id=match_id, offer_id=offer.pk, need_id=need.pk, how=how, at=AT)


def test_what_is_shut_out_stays_out(posts: dict[str, Post], town: Town) -> None:
    actor = actor_of(make_person("Britta", town.library, "broker"))
    second = second_driver()
    compute.select(at=AT, time_limit_s=5)
    driver = Match.objects.get(transfers__need=posts["arm"]).transfers.get(need=posts["arm"]).offer
    assert driver is not None
    other = second.pk if driver == posts["drives"] else posts["drives"].pk

    lands = press(actor, (driver, posts["arm"]), "swap")

    assert lands == Match.objects.get(transfers__need=posts["arm"]).pk
    met = {need: offer for _kind, gifts in proposed() for offer, need in gifts}
    assert met[posts["arm"].pk] == other
    assert Selection.objects.count() == 1
    compute.select(at=AT, time_limit_s=5)
    assert {need: offer for _kind, gifts in proposed() for offer, need in gifts}[posts["arm"].pk] == other


def test_what_is_locked_stays(posts: dict[str, Post], town: Town) -> None:
    actor = actor_of(make_person("Britta", town.library, "broker"))
    compute.select(at=AT, time_limit_s=5)
    press(actor, (posts["drives"], posts["arm"]), "fix")
    second_driver()
    older = make_post(make_party("Änkan")[0], "need", "Någon som kör min bil", at=WHEN - timedelta(days=50))

    compute.select(at=AT, time_limit_s=5)

    met = {need: offer for _kind, gifts in proposed() for offer, need in gifts}
    assert met[posts["arm"].pk] == posts["drives"].pk
    assert older.pk in met


def test_a_lock_is_let_free(posts: dict[str, Post], town: Town) -> None:
    actor = actor_of(make_person("Britta", town.library, "broker"))
    compute.select(at=AT, time_limit_s=5)

    press(actor, (posts["drives"], posts["arm"]), "fix")
    assert Wish.objects.count() == 1
    press(actor, (posts["drives"], posts["arm"]), "free")

    assert not Wish.objects.exists()


@pytest.mark.parametrize("meanwhile", ["asked", "shut out", "kept apart", "taken back"])
def test_what_came_while_it_was_worked_out_is_not_proposed(
    posts: dict[str, Post], monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """The night's selection was on its way when a bridge-builder, or one of them, did something."""
    compute.select(at=AT, time_limit_s=5)
    solve = matching.solve

    def solve_meanwhile(problem: matching.Problem, **how: Any) -> matching.Solution:
        match meanwhile:
            case "asked":
                Match.objects.update(state=Match.State.ASKED)
            case "shut out":
                Wish.objects.create(kind="forbid", offer=posts["drives"], need=posts["arm"], at=AT)
            case "kept apart":
                Block.objects.create(party=posts["arm"].party, other=posts["drives"].party, at=AT)
            case "taken back":
                Match.objects.all().delete()
                posts["drives"].delete()
        return solve(problem, **how)

    monkeypatch.setattr(matching, "solve", solve_meanwhile)
    selection = compute.select(at=AT, time_limit_s=5)

    assert selection.met == 0
    assert proposed() == []


def test_what_was_locked_while_it_was_worked_out_is_there(
    posts: dict[str, Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    second, solve = second_driver(), matching.solve
    compute.select(at=AT, time_limit_s=5)
    driver = Match.objects.get(transfers__need=posts["arm"]).transfers.get(need=posts["arm"]).offer
    other = second if driver == posts["drives"] else posts["drives"]

    def solve_meanwhile(problem: matching.Problem, **how: Any) -> matching.Solution:
        Wish.objects.get_or_create(kind="fix", offer=other, need=posts["arm"], defaults={"at": AT})
        return solve(problem, **how)

    monkeypatch.setattr(matching, "solve", solve_meanwhile)
    compute.select(at=AT, time_limit_s=5)

    assert {need: offer for _kind, gifts in proposed() for offer, need in gifts}[posts["arm"].pk] == other.pk


def test_a_change_touches_no_other_proposal_and_counts_nothing_anew(posts: dict[str, Post], town: Town) -> None:
    actor = actor_of(make_person("Britta", town.library, "broker"))
    haulier, cafe = (make_party(called)[0] for called in ("Åkeriet", "Språkkaféet"))
    make_post(haulier, "offer", "Kör möbler med skåpbil", category="carry/move")
    make_post(cafe, "need", "Hämta möbler, flytta", category="carry/move")
    before = compute.select(at=AT, time_limit_s=5)
    chain = Match.objects.get(transfers__offer__party=haulier)
    Match.objects.filter(pk=chain.pk).update(title="Kedjan med skåpbilen")

    press(actor, (posts["drives"], posts["arm"]), "forbid")

    assert [(match.pk, match.title) for match in selections.proposals()] == [(chain.pk, "Kedjan med skåpbilen")]
    after = selections.newest()
    assert after is not None
    assert (after.pk, after.made_at, bytes(after.candidates)) == (before.pk, AT, before.candidates)
    assert (before.met, after.met) == (4, 1)


def test_a_press_again_finds_it_done(posts: dict[str, Post], town: Town) -> None:
    actor = actor_of(make_person("Britta", town.library, "broker"))
    compute.select(at=AT, time_limit_s=5)
    match, gift = Match.objects.get(), (posts["drives"].pk, posts["arm"].pk)
    again = {"actor": actor, "match_id": match.pk, "offer_id": gift[0], "need_id": gift[1], "at": AT}

    first = selecting.adjust(how="forbid", **again)
    second = selecting.adjust(how="forbid", **again)

    assert first == second
    assert (Wish.objects.count(), Judgement.objects.count()) == (1, 1)
    with pytest.raises(ConflictError):
        selecting.adjust(how="fix", **again)


def test_a_change_after_the_order_was_set_anew_keeps_the_order_of_the_count(posts: dict[str, Post], town: Town) -> None:
    actor = actor_of(make_person("Britta", town.library, "broker"))
    compute.select(at=AT, time_limit_s=5)
    set_order(actor=actor, goals=["fit"], ring=3, chain=0, areas=None)

    press(actor, (posts["drives"], posts["arm"]), "forbid")

    chosen = chosen_now(AT)
    assert chosen is not None
    assert chosen.pool.problem.chain == 6
    assert len(chosen.solution.values) == 4


@pytest.mark.parametrize("rings", [1, 25])
def test_a_change_reads_and_writes_as_often_however_many_posts_there_are(
    db: None, town: Town, django_assert_max_num_queries: Callable[..., object], rings: int
) -> None:
    posts = ring_of_three()
    for _more in range(rings - 1):
        ring_of_three()
    actor = actor_of(make_person("Britta", town.library, "broker"))
    compute.select(at=AT, time_limit_s=5)
    gift = Transfer.objects.filter(need=posts["arm"]).get()
    assert gift.offer is not None

    with django_assert_max_num_queries(40):
        press(actor, (gift.offer, posts["arm"]), "swap")


def test_the_newest_selection_is_read_in_a_few_queries(posts: dict[str, Post], django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    compute.select(at=AT, time_limit_s=5)

    with django_assert_num_queries(6):
        chosen_now(AT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["forbid", "swap"])
def test_two_bridge_builders_who_change_at_once_both_have_their_change(how: selecting.Adjustment) -> None:
    """Each in a ring of her own: neither undoes the other's. When the first has chosen anew around hers, the second may
    be told that what she looked at has changed."""
    town = make_town()
    for _ring in range(2):
        ring_of_three()
    compute.select(at=AT, time_limit_s=5)
    first = [match.transfers.all()[0] for match in selections.proposals()]
    gate, done, told = Barrier(len(first)), [], []

    def change(gift: Transfer, who: str) -> None:
        try:
            assert gift.offer is not None
            assert gift.need is not None
            actor = actor_of(make_person(who, town.library, "broker"))
            gate.wait(10)
            selecting.adjust(
                actor=actor, match_id=gift.match_id, offer_id=gift.offer.pk, need_id=gift.need.pk, how=how, at=AT
            )
            done.append((gift.offer_id, gift.need_id))
        except ConflictError:
            told.append(gift)
        finally:
            connections.close_all()

    threads = [Thread(target=change, args=(gift, who)) for gift, who in zip(first, ("Britta", "Bodil"), strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)

    gifts = [gift for _kind, each in proposed() for gift in each]
    selection = selections.newest()
    assert len(done) + len(told) == 2
    assert len(done) >= (2 if how == "forbid" else 1)
    assert not set(done).intersection(gifts)
    assert len({need for _offer, need in gifts}) == len(gifts)
    assert selection is not None
    assert selection.met == len(gifts)
