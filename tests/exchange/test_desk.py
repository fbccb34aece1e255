"""The bridge-builder's desk as pages."""

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils.timezone import now

from samspel.core.models import Default
from samspel.exchange import compute, compute_changes
from samspel.exchange.desk import desk_of, fitting
from samspel.exchange.models import Judgement, Match, Post, Remark, Selection, TownQuestion, Transfer, Wish
from samspel.people.models import Person
from tests.exchange.making import make_party, make_post
from tests.exchange.rings import press_ask
from tests.people import Town, device_key, make_person


def nothing() -> bytes:
    """No candidates, as a selection stores them."""
    packed = io.BytesIO()
    np.savez(packed, needs=np.zeros(0, dtype=np.int64))
    return packed.getvalue()


@pytest.fixture
def britta(town: Town) -> Person:
    return make_person("Britta Brobyggare", town.library, "broker")


@pytest.fixture
def client(britta: Person, signed_in: Callable[[Person], Client]) -> Client:
    return signed_in(britta)


def chain() -> tuple[Post, Post, Post, Post]:
    """The haulier only gives; two are helped."""
    at = now() - timedelta(days=12)
    haulier, reuse, cafe = (make_party(called)[0] for called in ("Åkeriet", "Återbruket", "Språkkaféet"))
    return (
        make_post(haulier, "offer", "Kör möbler med skåpbil", category="carry/move", at=at, times=["weekends"]),
        make_post(reuse, "need", "Hämta möbler, flytta", category="carry/move", at=at, times=["weekends", "evenings"]),
        make_post(reuse, "offer", "Ger bort bord och stolar", category="place/thing", at=at),
        make_post(cafe, "need", "Bord till nya lokalen", category="place/thing", at=at - timedelta(days=30)),
    )


def pressed(match: Match, place: int) -> dict[str, int | None]:
    """What the buttons of a gift send with them."""
    gift = match.transfers.get(place=place)
    return {"offer": gift.offer_id, "need": gift.need_id}


def test_a_bridge_builder_counts_and_sees_a_proposal_with_its_reasons(client: Client) -> None:
    chain()
    assert "Inget är räknat än." in client.get("/exchange/desk").text

    answer = client.post("/exchange/desk/select", follow=True)

    page = answer.text
    assert "2 behov möts." in page
    assert "Fler än 2 går inte." in page
    assert "Kedja, två behov" in page
    assert "Åkeriet bara ger. Två får hjälp." in page
    assert page.index("Åkeriet") < page.index("Återbruket") < page.index("Språkkaféet")
    assert "De som har sagt när kan på helger." in page, "the café has not said"
    assert "Längst väntan: Språkkaféet, 42 dagar." in page
    assert page.count(">Kör möbler med skåpbil<") == 1, "what she gives is her own words, until somebody words it anew"


def test_needs_that_are_met_and_needs_that_wait_are_all_of_them_after_some_were_asked_about(
    client: Client, proposals: list[Match]
) -> None:
    Selection.objects.create(
        made_at=now(),
        needs=20,
        offers=20,
        met=20,
        bound=20,
        is_proven=True,
        seconds=0,
        settings={},
        candidates=nothing(),
    )
    before = client.get("/exchange/desk").text

    press_ask(client, proposals[0])

    after = client.get("/exchange/desk").text
    assert "<strong>20 behov möts.</strong>" in before
    assert "När det räknades" not in before
    assert "19 behov och 19 erbjudanden kan paras ihop." in after
    assert "<strong>19 behov möts.</strong>" in after
    assert "När det räknades möttes 20. Fler än 20 gick inte." in after
    assert "0 behov väntar" in after


def test_what_waits_to_be_read_is_a_press_away(client: Client) -> None:
    make_post(make_party("Grannen")[0], "need", "En ny cykel", at=now(), read_at=None)
    make_post(make_party("Läraren")[0], "offer", "Övar svenska", at=now())

    page = client.get("/exchange/desk").text

    (way,) = re.findall(r'<a class="sam-link" href="([^"]+)">1 väntar på att läsas.</a>', page)
    found = client.get(way).text
    assert "En ny cykel" in found
    assert "Övar svenska" not in found


def test_when_all_can_is_said_when_all_have_said_when(client: Client) -> None:
    for post in chain():
        Post.objects.filter(pk=post.pk).update(times=["weekends"])

    page = client.post("/exchange/desk/select", follow=True).text

    assert "Alla kan på helger." in page


def test_who_is_alone_in_having_said_when_speaks_for_nobody(client: Client) -> None:
    drive, *others = chain()
    Post.objects.filter(pk__in=[post.pk for post in others]).update(times=[])

    page = client.post("/exchange/desk/select", follow=True).text

    assert drive.times == ["weekends"]
    assert "kan på helger" not in page


def test_those_who_would_wait_are_named_and_the_others_counted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    chain()
    client.post("/exchange/desk/select")
    match = Match.objects.get()
    waits = tuple(make_post(make_party(f"Nummer {n}")[0], "need", "En cykel", at=now()).pk for n in range(1, 6))
    monkeypatch.setattr(compute_changes, "price", lambda *_of: compute_changes.Price(1, waits))

    page = client.get(f"/exchange/desk?match={match.pk}&gift=1").text

    assert page.count("möts, ”Nummer 1”, ”Nummer 2”, ”Nummer 3” och 2 till väntar.") == 2


def test_what_a_change_costs_is_shown_before_it_is_made(client: Client) -> None:
    _drive, _move, _furniture, tables = chain()
    client.post("/exchange/desk/select")
    match = Match.objects.get()

    page = client.get(f"/exchange/desk?match={match.pk}&gift=2").text

    assert "Språkkaféet: Ger bort" not in page
    assert "Återbruket: Ger bort bord och stolar" in page
    assert "<strong>2</strong> möts ändå." in page
    assert page.count("<strong>1</strong> möts, ”Språkkaféet” väntar.") == 2
    assert not Wish.objects.exists()
    assert Match.objects.get().transfers.filter(need=tables).exists()


def test_a_gift_is_shut_out(client: Client) -> None:
    _drive, move, _furniture, tables = chain()
    client.post("/exchange/desk/select")
    match = Match.objects.get()

    forbid = pressed(match, 2) | {"how": "forbid"}
    page = client.post(f"/exchange/desk/{match.pk}/adjust", forbid, follow=True).text

    assert "1 behov möts." in page
    assert list(Match.objects.get().transfers.values_list("need_id", flat=True)) == [move.pk]
    assert Wish.objects.get().need_id == tables.pk
    assert Judgement.objects.get().is_good is False
    # Pressed again, it is so already.
    assert "1 behov möts." in client.post(f"/exchange/desk/{match.pk}/adjust", forbid, follow=True).text
    assert (Wish.objects.count(), Judgement.objects.count()) == (1, 1)
    assert client.post(f"/exchange/desk/{match.pk}/adjust", {"how": "forbid"}).status_code == 422


@pytest.mark.parametrize("how", ["swap", "forbid"])
def test_what_was_shut_out_can_be_taken_in_again(client: Client, how: str) -> None:
    chain()
    client.post("/exchange/desk/select")
    match = Match.objects.get()
    pair = pressed(match, 2)
    page = client.post(f"/exchange/desk/{match.pk}/adjust", pair | {"how": how}, follow=True).text
    (form,) = re.findall(r'<form method="post" action="(/exchange/desk/again)">', page)

    again = client.post(form, pair, follow=True).text

    assert "Språkkaféet" in re.findall(r'<section class="shut-out".*?</section>', page, re.S)[0]
    assert 'class="shut-out"' not in again
    assert not Wish.objects.exists()
    assert not Judgement.objects.exists()
    client.post("/exchange/desk/select")
    assert list(Match.objects.get().transfers.values_list("need_id", flat=True))[1] == pair["need"]
    assert client.post(form, pair, follow=True).status_code == 200  # it is so already


def test_what_somebody_has_said_no_to_is_not_on_the_desk_and_stays(client: Client) -> None:
    drive, move, *_rest = chain()
    Wish.objects.create(kind="forbid", offer=drive, need=move, by=None, at=now())

    page = client.get("/exchange/desk").text
    client.post("/exchange/desk/again", {"offer": drive.pk, "need": move.pk})

    assert 'class="shut-out"' not in page
    assert Wish.objects.filter(offer=drive, need=move).exists()
    assert client.post("/exchange/desk/again", {"offer": drive.pk}).status_code == 422


@pytest.mark.parametrize("how", ["swap", "forbid"])
def test_what_is_left_of_a_proposal_is_open_after_a_gift_was_taken_out_of_it(client: Client, how: str) -> None:
    """The need waits, and its giver helps nobody now but is helped. Another proposal stands before."""
    at = now() - timedelta(days=29)
    make_post(make_party("Ved och värme")[0], "offer", "Kör ut ved", category="carry/fetch", at=at)
    make_post(make_party("Huset på backen")[0], "need", "Ved före jul", category="carry/fetch", at=at)
    _drive, move, _furniture, _tables = chain()
    compute.select(at=now(), time_limit_s=5)
    match = Match.objects.get(transfers__need=move)

    page = client.post(f"/exchange/desk/{match.pk}/adjust", pressed(match, 2) | {"how": how}, follow=True).text

    left = Match.objects.get(transfers__need=move)
    assert f'href="?match={left.pk}" aria-current="true"' in page


def test_a_lock_is_shown_and_let_free(client: Client) -> None:
    chain()
    client.post("/exchange/desk/select")
    match = Match.objects.get()

    client.post(f"/exchange/desk/{match.pk}/adjust", pressed(match, 1) | {"how": "fix"})
    page = client.get(f"/exchange/desk?match={match.pk}&gift=1").text
    assert "Lås upp" in page
    assert "Låst:" in page

    client.post(f"/exchange/desk/{match.pk}/adjust", pressed(match, 1) | {"how": "free"})
    assert "Lås upp" not in client.get(f"/exchange/desk?match={match.pk}&gift=1").text


def test_the_words_of_a_proposal_are_hers_and_bad_input_loses_nothing(client: Client) -> None:
    chain()
    client.post("/exchange/desk/select")
    match = Match.objects.get()
    words = {"title": "Kedjan från skåpbil till bord", "gift-1": "kör möbler, fyra lördagar", "gift-2": "", "until": ""}

    answer = client.post(f"/exchange/desk/{match.pk}/words", words)
    assert answer.status_code == 422
    assert "kör möbler, fyra lördagar" in answer.text
    assert "Kedjan från skåpbil till bord" in answer.text
    assert match.transfers.get(place=1).gift == "Kör möbler med skåpbil"

    page = client.post(f"/exchange/desk/{match.pk}/words", words | {"gift-2": "ger bord"}, follow=True).text
    assert "Kedjan från skåpbil till bord" in page
    assert "kör möbler, fyra lördagar" in page
    client.post("/exchange/desk/select")
    assert Match.objects.get().title == "Kedjan från skåpbil till bord"


def test_a_remark_is_kept_once(client: Client) -> None:
    chain()
    client.post("/exchange/desk/select")
    match, key = Match.objects.get(), device_key()

    for _again in range(2):
        client.post(f"/exchange/desk/{match.pk}/remark", {"words": "Ring efter sex.", "key": key})

    assert [one.words for one in Remark.objects.all()] == ["Ring efter sex."]
    assert "Ring efter sex." in client.get("/exchange/desk").text


def test_a_remark_that_cannot_be_kept_is_there_on_the_desk_with_what_is_wrong(client: Client) -> None:
    chain()
    client.post("/exchange/desk/select")
    match = Match.objects.get()

    answer = client.post(f"/exchange/desk/{match.pk}/remark", {"words": "Ring " * 81, "key": device_key()})

    assert answer.status_code == 422
    assert "Skriv något, högst 400 tecken." in answer.text
    assert "Ring Ring" in answer.text
    assert 'aria-current="true"' in answer.text, "the proposal is open"
    assert not Remark.objects.exists()


def test_a_question_that_cannot_be_asked_is_there_at_its_need_with_what_is_wrong(client: Client) -> None:
    posts = [make_post(make_party("Granne")[0], "need", "En gardin", category="mend/clothes", at=now()) for _ in "ab"]

    answer = client.post(f"/exchange/desk/waiting/{posts[1].pk}", {"words": "Vem? " * 41, "key": device_key()})

    assert answer.status_code == 422
    assert answer.text.count("Skriv en fråga, med högst 200 tecken.") == 1
    assert f'aria-describedby="fel-q{posts[1].pk}"' in answer.text
    assert "Vem? Vem?" in answer.text
    assert not TownQuestion.objects.exists()


def test_the_town_is_asked_when_the_question_has_been_read_through(client: Client) -> None:
    post = make_post(make_party("Granne")[0], "need", "Lägga upp en gardin", category="mend/clothes", at=now())
    key = device_key()
    for _again in range(2):
        client.post(f"/exchange/desk/waiting/{post.pk}", {"words": "Vem kan lägga upp en gardin?", "key": key})
    question = TownQuestion.objects.get()
    assert question.published_at is None

    page = client.get("/exchange/desk/waiting").text
    assert "Läs igenom först" in page
    client.post(f"/exchange/desk/questions/{question.pk}", {"do": "publish"})
    assert "Stan är frågad" in client.get("/exchange/desk/waiting").text
    client.post(f"/exchange/desk/questions/{question.pk}", {"do": "close"})
    question.refresh_from_db()
    assert question.closed_at is not None


def test_a_question_follows_its_need(client: Client) -> None:
    """It can be taken away while a proposal meets it, is hidden once all have said yes, and goes with the need."""
    chain()
    client.post("/exchange/desk/select")
    match = Match.objects.get()
    need = Post.objects.filter(met_by__match=match).first()
    assert need is not None
    question = TownQuestion.objects.create(
        words="Vem kan köra?", need=need, category=need.category, key=device_key(), at=now(), published_at=now()
    )

    assert "Vem kan köra?" in client.get("/exchange/desk/waiting").text
    assert "Vem kan köra?" in client.get("/exchange").text
    Match.objects.update(state="agreed")
    assert "Vem kan köra?" not in client.get("/exchange").text
    Match.objects.update(state="fallen")
    assert "Vem kan köra?" in client.get("/exchange").text
    need.delete()
    assert not TownQuestion.objects.filter(pk=question.pk).exists()


def test_a_manager_of_another_office_is_nobody_here(town: Town, signed_in: Callable[[Person], Client]) -> None:
    chain()
    client = signed_in(town.manager)

    for address in ("/exchange/desk", "/exchange/desk/waiting", "/exchange/desk/1/words"):
        assert client.get(address).status_code == 404
    assert client.post("/exchange/desk/select").status_code == 404
    assert not Selection.objects.exists()


@pytest.mark.parametrize("posts", [4, 40])
def test_the_desk_asks_as_often_however_many_posts_there_are(
    client: Client,
    posts: int,
    django_assert_num_queries: Callable[..., AbstractContextManager[object]],
    django_assert_max_num_queries: Callable[..., AbstractContextManager[object]],
) -> None:
    for _number in range(posts // 4):
        chain()
    compute.select(at=now(), time_limit_s=2)
    match = Match.objects.order_by("pk").first()
    assert match is not None

    with django_assert_max_num_queries(12):
        desk_of(at=now(), match_id=match.pk)
    with django_assert_max_num_queries(20):
        desk_of(at=now(), match_id=match.pk, place=1)
    with django_assert_max_num_queries(5):
        fitting(Post.objects.select_related("category").get(given__match=match, given__place=1), now())
    with django_assert_num_queries(16):
        client.get(f"/exchange/desk?match={match.pk}")


@pytest.fixture
def proposals(db: None) -> list[Match]:
    """Twenty, each with a need that has waited a day less than the one before; what was proposed last has waited
    longest."""
    giver, found = make_party("Granne")[0], []
    for day in range(1, 21):
        at = now() - timedelta(days=day)
        need = make_post(make_party(f"Nummer {day}")[0], "need", f"Behöver {day}.", at=at)
        match = Match.objects.create(kind="chain", made_at=at)
        Transfer.objects.create(
            match=match, place=1, offer=make_post(giver, "offer", f"Ger {day}.", at=at), need=need, gift="ger", fit=80
        )
        found.insert(0, match)
    return found


def test_proposals_come_a_page_at_a_time_the_longest_waiting_first(client: Client, proposals: list[Match]) -> None:
    """With links alone, so that they work without script and by keyboard."""
    seen: list[int] = []
    for page in ("", "?page=2", "?page=3", "?page=4"):
        text = client.get(f"/exchange/desk{page}").text
        listed = text[text.index('id="proposals"') : text.index("</nav>", text.index('id="proposals"'))]
        seen += map(int, re.findall(r'href="\?match=(\d+)"', listed))

    assert seen == [match.pk for match in proposals]
    first, last = client.get("/exchange/desk").text, client.get("/exchange/desk?page=99").text
    assert "20 förslag" in first
    assert ("Sida 1 av 4" in first, "Föregående" in first, "?page=2" in first) == (True, False, True)
    assert ("Sida 4 av 4" in last, "Nästa" in last, "?page=3" in last) == (True, False, True)


def test_a_link_to_a_proposal_opens_the_page_that_it_is_on(client: Client, proposals: list[Match]) -> None:
    page = client.get(f"/exchange/desk?match={proposals[11].pk}").text

    assert "Sida 2 av 4" in page
    assert f'href="?match={proposals[11].pk}" aria-current="true"' in page
    assert "Nummer 9" in page[page.index('id="opened"') :]


def test_a_link_to_a_proposal_that_is_one_no_more_leads_to_what_it_became(
    client: Client, proposals: list[Match]
) -> None:
    asked, gone = proposals[3], proposals[4]
    Match.objects.filter(pk=asked.pk).update(state=Match.State.ASKED, asked_at=now())
    Match.objects.filter(pk=gone.pk).delete()

    assert client.get(f"/exchange/desk?match={asked.pk}").headers["Location"] == f"/exchange/desk/matches/{asked.pk}"
    assert "Det förslaget finns inte längre." in client.get(f"/exchange/desk?match={gone.pk}").text


def test_a_press_on_what_has_changed_changes_nothing_and_says_so(client: Client) -> None:
    chain()
    client.post("/exchange/desk/select")
    match = Match.objects.get()
    was = pressed(match, 2)
    Match.objects.all().delete()

    page = client.post(f"/exchange/desk/{match.pk}/adjust", was | {"how": "fix"}, follow=True).text

    assert "Inget är ändrat" in page
    assert not Wish.objects.exists()


@pytest.mark.parametrize(
    ("where", "leads_to"), [({"page": 2}, "?page=2"), ({"page": 3, "weaker": ""}, "?page=3&weaker=")]
)
def test_when_nothing_is_left_of_a_proposal_the_list_is_where_it_was(
    client: Client, where: dict[str, object], leads_to: str
) -> None:
    make_post(make_party("Åkeriet")[0], "offer", "Kör möbler", category="carry/move", at=now())
    make_post(make_party("Återbruket")[0], "need", "Hämta möbler", category="carry/move", at=now())
    compute.select(at=now(), time_limit_s=5)
    match = Match.objects.get()

    answer = client.post(f"/exchange/desk/{match.pk}/adjust", pressed(match, 1) | where | {"how": "forbid"})

    assert answer.headers["Location"] == f"/exchange/desk{leads_to}"


# ---------------------------------------------------------------- weaker ones


@pytest.fixture
def weaker(proposals: list[Match]) -> list[Match]:
    """Eight of the twenty, which share a kind of help and no words."""
    found = proposals[1:16:2]
    Transfer.objects.update(parts={"words": 0.3, "kind": 1.0, "place": 0.0})
    Transfer.objects.filter(match__in=found).update(parts={"words": 0.0, "kind": 1.0, "place": 1.0})
    return found


def listed(page: str) -> list[int]:
    begins = page.index('id="proposals"')
    return [int(pk) for pk in re.findall(r'href="\?match=(\d+)"', page[begins : page.index("</nav>", begins)])]


def test_weaker_proposals_stand_by_themselves_and_none_is_lost(
    client: Client, proposals: list[Match], weaker: list[Match]
) -> None:
    pages = [client.get(f"/exchange/desk?page={page}{of}").text for of in ("", "&weaker") for page in (1, 2)]

    sure = [match.pk for match in proposals if match not in weaker]
    assert [pk for page in pages[:2] for pk in listed(page)] == sure
    assert [pk for page in pages[2:] for pk in listed(page)] == [match.pk for match in weaker]
    assert "12 förslag" in pages[0]
    assert '<a class="sam-link" href="?weaker">8 svagare förslag</a>' in pages[0]
    assert "De flesta av dem passar inte." not in pages[0]
    assert "8 svagare förslag</h2>" in pages[2]
    assert "De flesta av dem passar inte." in pages[2]
    assert "12 förslag med mer gemensamt" in pages[2]
    assert 'href="?page=2&amp;weaker"' in pages[2]


def test_a_weaker_proposal_says_what_is_weak_in_it(client: Client, weaker: list[Match]) -> None:
    """A link to it opens it among the others of its kind."""
    page = client.get(f"/exchange/desk?match={weaker[7].pk}").text

    assert listed(page) == [match.pk for match in weaker[6:]]
    assert "”ger” har få ord gemensamma med behovet." in page


def test_how_many_needs_weaker_proposals_meet_is_told(client: Client, weaker: list[Match]) -> None:
    Selection.objects.create(
        made_at=now(),
        needs=20,
        offers=20,
        met=20,
        bound=20,
        is_proven=True,
        settings={},
        candidates=nothing(),
        seconds=0,
    )

    page = client.get("/exchange/desk").text

    assert "20 behov möts." in page
    assert "8 av dem i svagare förslag." in page


def test_what_a_bridge_builder_has_locked_is_no_weaker_proposal(client: Client, weaker: list[Match]) -> None:
    gift = weaker[0].transfers.get()
    Wish.objects.create(kind="fix", offer=gift.offer, need=gift.need, at=now())

    page = client.get(f"/exchange/desk?match={weaker[0].pk}").text

    assert "7 svagare förslag" in page
    assert weaker[0].pk in listed(page)
    assert "har få ord gemensamma" not in page


def test_the_municipality_says_what_a_weaker_proposal_is(client: Client, weaker: list[Match]) -> None:
    assert "8 svagare förslag" in client.get("/exchange/desk").text

    Default.objects.create(key="exchange.least_alike", value=40, reason="Vi läser allt.", changed_at=now())
    assert "svagare" not in client.get("/exchange/desk").text
    Default.objects.update(value=90)
    assert "20 svagare förslag" in client.get("/exchange/desk").text  # there are no others


def test_a_post_tells_which_of_those_that_fit_share_few_words(client: Client) -> None:
    _drive, _move, _furniture, tables = chain()
    make_post(make_party("Granne")[0], "offer", "Gardiner och mattor", category="place/thing", at=now())
    compute.select(at=now(), time_limit_s=5)

    page = client.get(f"/exchange/desk/posts/{tables.pk}").text

    fits = page[page.index('id="fits"') :]
    assert fits.count("Passar ") == 2
    assert fits.count("Få ord är gemensamma.") == 1
    assert fits.index("Gardiner") < fits.index("Få ord är gemensamma.")


def test_two_posts_are_put_together_from_the_page_of_one(client: Client) -> None:
    """Another moves furniture too, and has fitted as well; she knows that it is to be the haulier."""
    drive, move, _furniture, _tables = chain()
    other = make_post(make_party("Flyttaren")[0], "offer", "Flytta möbler", category="carry/move", at=now())
    client.post("/exchange/desk/select")
    page = client.get(f"/exchange/desk/posts/{move.pk}").text
    assert "Vem kan möta det?" in page
    assert page.count("Passar ") == 2
    assert page.count("Ihop i ett förslag") == 1
    chosen = Match.objects.get(transfers__need=move).transfers.get(need=move).offer
    wanted = other if chosen == drive else drive

    answer = client.post(f"/exchange/desk/posts/{move.pk}/together", {"other": wanted.pk}, follow=True)

    assert "De två är ihop, och låsta." in answer.text
    assert "Låst:" in answer.text
    gift = Match.objects.get(transfers__need=move).transfers.get(need=move)
    assert gift.offer == wanted
    assert Selection.objects.order_by("-pk").values_list("met", flat=True)[0] == 2
    client.post("/exchange/desk/select")
    assert Match.objects.get(transfers__need=move).transfers.get(need=move).offer == wanted


def test_what_cannot_be_put_together_is_told(client: Client) -> None:
    _drive, move, furniture, _tables = chain()
    client.post("/exchange/desk/select")

    assert client.post(f"/exchange/desk/posts/{move.pk}/together", {"other": furniture.pk}).status_code == 409
    assert client.post(f"/exchange/desk/posts/{move.pk}/together", {"other": "x"}).status_code == 422
    assert not Wish.objects.exists()
