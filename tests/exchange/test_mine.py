"""What one has left: how far it has come, other words, once more, and gone at one tap."""

import re
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localdate, now

from samspel.core.models import OutgoingMail
from samspel.exchange.actions.leaving import leave
from samspel.exchange.actions.taking_back import erase_expired
from samspel.exchange.models import Check, Match, Part, Party, Post, Transfer
from tests.exchange.making import make_match, make_party, make_post
from tests.people import WHEN

pytestmark = pytest.mark.django_db


class Cast:
    """Two who could help each other, and a third; each with her device."""

    def __init__(self, at: datetime) -> None:
        self.driver, self.code = make_party("Grannen med bilen")
        self.salesman, self.other_code = make_party("Säljaren")
        self.offer = make_post(self.driver, "offer", "Kan köra på lördagar", at=at)
        self.need = make_post(self.salesman, "need", "Någon som kör min bil", at=at)
        self.gift = make_post(self.salesman, "offer", "Praktik som säljare", at=at)
        self.wish = make_post(self.driver, "need", "Vill komma ut i arbetslivet", at=at)

    def match(self, state: str = "asked") -> Match:
        made = make_match([(self.driver, self.offer, self.wish), (self.salesman, self.gift, self.need)], state=state)
        made.parts.update(contact="070-123 45 67", problem="Ett problem", other_time="Hellre söndag")
        return made

    def client(self) -> Client:
        client = Client()
        client.cookies["exchange"] = self.code
        return client


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast(now())


def text_of(client: Client) -> str:
    return " ".join(client.get("/exchange/mine").content.decode().split())


def change(cast: Cast, post: Post, **data: Any) -> Any:
    sent = {"words": post.words, "called": "Grannen med bilen", "category": post.category_id} | data
    return cast.client().post(f"/exchange/mine/{post.pk}", sent)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("", "Läst. Vi letar efter någon som passar"),
        ("proposed", "Läst. Vi letar efter någon som passar"),
        ("asked", "Det passar någon. Ni är frågade"),
        ("agreed", "Alla har sagt ja"),
        ("running", "Det pågår"),
        ("paused", "Det pågår"),
        ("fallen", "Läst. Vi letar efter någon som passar"),
    ],
)
def test_one_sees_how_far_it_has_come_and_nothing_of_the_others(cast: Cast, state: str, words: str) -> None:
    if state:
        cast.match(state)

    page = text_of(cast.client())
    assert page.count(words) == 2
    for hidden in ("Säljaren", "kör min bil", "Praktik", "070-123"):
        assert hidden not in page


def test_what_nobody_has_read_waits_and_what_was_met_says_so(cast: Cast) -> None:
    Post.objects.filter(pk=cast.offer.pk).update(read_at=None)
    Post.objects.filter(pk=cast.wish.pk).update(met_at=now())

    page = text_of(cast.client())
    assert "Väntar på att brobyggaren läser" in page
    assert "Det blev av" in page
    assert "raderas" in page


def test_without_a_code_here_the_page_asks_for_one(cast: Cast) -> None:
    answer = Client().get("/exchange/mine")

    assert answer.status_code == 404
    assert 'action="/exchange/code"' in answer.content.decode()


def test_other_words_are_read_anew_and_are_what_she_has_agreed_to(cast: Cast) -> None:
    Post.objects.filter(pk=cast.offer.pk).update(consent="paper")
    assert change(cast, cast.offer, words="Kan köra på söndagar", called="Föraren").status_code == 302

    post = Post.objects.select_related("party").get(pk=cast.offer.pk)
    said = (post.words, post.party.called, post.read_at, post.consent)
    assert said == ("Kan köra på söndagar", "Föraren", None, "self")
    assert bytes(post.consented_to) == sha256("Kan köra på söndagar".encode()).digest()


def test_what_she_is_called_is_read_anew_with_all_that_she_has_left(cast: Cast) -> None:
    change(cast, cast.offer, called="Ring mig på torget")

    unread = Post.objects.filter(read_at=None)
    assert {post.pk for post in unread} == {cast.offer.pk, cast.wish.pk}


def test_another_time_of_the_week_is_no_other_words(cast: Cast) -> None:
    change(cast, cast.offer, times=["evenings"])

    post = Post.objects.get(pk=cast.offer.pk)
    assert (post.times, post.read_at is not None) == (["evenings"], True)


def test_words_that_others_are_asked_about_stand(cast: Cast) -> None:
    cast.match("asked")

    assert change(cast, cast.offer, words="Något annat").status_code == 409
    assert cast.client().get(f"/exchange/mine/{cast.offer.pk}").status_code == 409
    assert Post.objects.get(pk=cast.offer.pk).words == "Kan köra på lördagar"


def test_other_words_are_hinted_at_as_the_first_were(cast: Cast) -> None:
    answer = change(cast, cast.offer, words="Kan köra. Jag är sjukskriven.")

    assert answer.status_code == 422
    assert "Byt till det" in answer.content.decode()


def test_it_is_renewed_once(cast: Cast) -> None:
    Post.objects.filter(pk=cast.offer.pk).update(expires_at=now() + timedelta(days=3), reminded_at=WHEN)
    client = cast.client()

    assert client.post(f"/exchange/mine/{cast.offer.pk}/renew").status_code == 302
    post = Post.objects.get(pk=cast.offer.pk)
    assert post.expires_at > now() + timedelta(days=89)
    assert post.reminded_at is None
    assert client.post(f"/exchange/mine/{cast.offer.pk}/renew").status_code == 409
    assert f"/exchange/mine/{cast.offer.pk}/renew" not in text_of(client)


def test_another_last_day_moves_when_it_is_erased(cast: Cast) -> None:
    """Later and earlier, but never further than it is kept."""
    today = localdate()

    def kept_until(last: str) -> date:
        assert change(cast, cast.offer, to=last).status_code == 302
        return localdate(Post.objects.get(pk=cast.offer.pk).expires_at)

    assert kept_until((today + timedelta(days=3)).isoformat()) == today + timedelta(days=4)
    Post.objects.filter(pk=cast.offer.pk).update(reminded_at=WHEN)
    assert kept_until((today + timedelta(days=20)).isoformat()) == today + timedelta(days=21)
    assert Post.objects.get(pk=cast.offer.pk).reminded_at is None
    assert kept_until((today + timedelta(days=200)).isoformat()) == today + timedelta(days=90)
    assert kept_until((today + timedelta(days=2)).isoformat()) == today + timedelta(days=3)
    assert kept_until("") == today + timedelta(days=90)


def test_a_change_keeps_it_no_longer_than_it_was_left_or_renewed_for(cast: Cast) -> None:
    Post.objects.filter(pk=cast.offer.pk).update(
        posted_at=now() - timedelta(days=80), ends_on=localdate(), expires_at=now() + timedelta(hours=1)
    )
    change(cast, cast.offer)
    assert localdate(Post.objects.get(pk=cast.offer.pk).expires_at) == localdate() + timedelta(days=10)

    Post.objects.filter(pk=cast.offer.pk).update(renewed_at=now() - timedelta(days=5), ends_on=localdate())
    change(cast, cast.offer)
    assert localdate(Post.objects.get(pk=cast.offer.pk).expires_at) == localdate() + timedelta(days=85)


def test_what_ends_with_its_last_day_is_not_renewed_in_vain(cast: Cast) -> None:
    change(cast, cast.offer, to=(localdate() + timedelta(days=3)).isoformat())
    client = cast.client()

    assert f"/exchange/mine/{cast.offer.pk}/renew" not in text_of(client)
    answer = client.post(f"/exchange/mine/{cast.offer.pk}/renew")
    assert answer.status_code == 409
    assert "blir inte kvar längre" in answer.content.decode()
    assert Post.objects.get(pk=cast.offer.pk).renewed_at is None
    assert f"/exchange/mine/{cast.wish.pk}/renew" in text_of(client)


@pytest.mark.parametrize("state", ["asked", "agreed", "running", "paused"])
def test_taken_back_it_is_gone_and_what_rested_on_it_falls(cast: Cast, state: str) -> None:
    match = cast.match(state)
    Post.objects.update(met_at=now())
    Party.objects.filter(pk=cast.driver.pk).update(mail="driver@lindvik.example")
    Party.objects.filter(pk=cast.salesman.pk).update(mail="salesman@lindvik.example")

    answer = cast.client().post(f"/exchange/mine/{cast.offer.pk}/take-back", {"ends": "yes"})

    assert answer.status_code == 302
    match.refresh_from_db()
    assert (match.state, match.fallen_at is not None) == ("fallen", True)
    assert not Post.objects.filter(pk=cast.offer.pk).exists()
    assert not Post.objects.filter(met_at__isnull=False).exists(), "the others' can be matched again"
    hers = Part.objects.get(match=match, party=cast.driver)
    assert (hers.called, hers.words, hers.problem, hers.other_time, hers.contact) == ("", "", "", "", "")
    assert Part.objects.get(match=match, party=cast.salesman).contact == ""
    assert Transfer.objects.get(match=match, place=1).gift == ""
    assert [letter.to for letter in OutgoingMail.objects.all()] == ["salesman@lindvik.example"], "the other is told"


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        ("asked", "Tar du tillbaka orden blir det inte av för någon"),
        ("agreed", "Tar du tillbaka orden blir det inte av för någon"),
        ("running", "Tar du tillbaka orden slutar det för alla"),
        ("paused", "Tar du tillbaka orden slutar det för alla"),
    ],
)
def test_what_ends_for_others_is_read_before_it_is_taken_back(cast: Cast, state: str, ends: str) -> None:
    client = cast.client()
    before = text_of(client)
    match = cast.match(state)

    answer = client.post(f"/exchange/mine/{cast.offer.pk}/take-back", follow=True)  # on the page from before

    match.refresh_from_db()
    assert match.state == state
    assert Post.objects.filter(pk=cast.offer.pk).exists()
    assert "Inget är borttaget" in answer.content.decode()
    assert ends in text_of(client)
    assert "Ja, ta tillbaka det" not in before


def test_what_is_in_nothing_is_taken_back_with_one_tap(cast: Cast) -> None:
    cast.match("proposed")

    cast.client().post(f"/exchange/mine/{cast.offer.pk}/take-back")

    assert not Post.objects.filter(pk=cast.offer.pk).exists()


def test_what_is_over_stays_over_without_her_words(cast: Cast) -> None:
    match = cast.match("ended")
    leave(match.pk, cast.driver, now())

    match.refresh_from_db()
    assert match.state == "ended"
    assert Part.objects.get(match=match, party=cast.driver).words == ""
    assert Part.objects.get(match=match, party=cast.salesman).words != ""


def test_a_proposal_that_nobody_has_seen_is_gone_with_it(cast: Cast) -> None:
    cast.match("proposed")
    cast.client().post(f"/exchange/mine/{cast.offer.pk}/take-back")

    assert not Match.objects.exists()
    leave(999, cast.driver, now())


def test_nobody_touches_what_is_anothers(cast: Cast) -> None:
    client = cast.client()

    assert client.get(f"/exchange/mine/{cast.need.pk}").status_code == 404
    assert client.post(f"/exchange/mine/{cast.need.pk}/renew").status_code == 404
    client.post(f"/exchange/mine/{cast.need.pk}/take-back")
    client.post("/exchange/mine/erase", {"party": cast.salesman.pk})
    assert Post.objects.filter(pk=cast.need.pk).exists()
    assert Party.objects.count() == 2


def test_the_device_forgets_and_the_code_still_opens(cast: Cast) -> None:
    client = cast.client()
    client.post("/exchange/forget")

    assert client.get("/exchange/mine").status_code == 404
    assert client.post("/exchange/code", {"code": cast.code}).status_code == 302


def test_everything_is_erased_at_once(cast: Cast) -> None:
    match = cast.match("asked")
    client = cast.client()

    assert client.post("/exchange/mine/erase", {"party": cast.driver.pk}).headers["Location"] == "/exchange"
    match.refresh_from_db()
    assert match.state == "fallen"
    assert not Party.objects.filter(pk=cast.driver.pk).exists()
    assert not Part.objects.filter(words__contains="lördagar").exists()
    assert not Transfer.objects.filter(gift__contains="lördagar").exists()
    assert client.get("/exchange/mine").status_code == 404


def test_nothing_of_hers_stays_on_the_desk_when_everything_is_erased(cast: Cast) -> None:
    match = cast.match("proposed")
    cast.client().post("/exchange/mine/erase", {"party": cast.driver.pk})

    assert not Match.objects.filter(pk=match.pk).exists()
    assert not Transfer.objects.filter(gift__contains="lördagar").exists()


@pytest.mark.parametrize("state", ["asked", "running", "ended"])
def test_what_she_was_called_and_answered_is_erased_too(cast: Cast, state: str) -> None:
    match = cast.match(state)
    match.parts.update(answer="yes", answered_at=now(), outcome=3, outcome_at=now())
    for about in ("Grannen med bilen", "Säljaren"):
        Check.objects.create(match=match, kind="extract", about=about, state="done", is_required=True)
    Check.objects.create(match=match, kind="extract", about="", state="todo")
    cast.client().post("/exchange/mine/erase", {"party": cast.driver.pk})

    match.refresh_from_db()
    assert match.state == ("ended" if state == "ended" else "fallen")
    hers, other = match.parts.order_by("place")
    assert (hers.party, hers.answer, hers.outcome, hers.answered_at, hers.outcome_at) == (None, "", None, None, None)
    assert (other.answer, other.outcome) == ("yes", 3)
    checks = match.checks.values_list("about", "state", "is_required")
    assert set(checks) == {("1", "done", True), ("Säljaren", "done", True), ("", "todo", False)}


def test_what_ended_is_still_counted_when_a_post_is_taken_back(cast: Cast) -> None:
    match = cast.match("ended")
    match.parts.update(outcome=3)
    Check.objects.create(match=match, kind="extract", about="Grannen med bilen")
    leave(match.pk, cast.driver, now())

    assert match.parts.filter(outcome=3).count() == 2
    assert match.checks.get().about == ""


def test_what_is_over_is_erased_but_not_while_it_goes_on(cast: Cast) -> None:
    at = now() + timedelta(days=91)
    match = cast.match("running")

    assert erase_expired(at) == 0
    Match.objects.filter(pk=match.pk).update(state="ended", ended_at=at)
    assert erase_expired(at + timedelta(days=89)) == 0
    assert (Post.objects.count(), Party.objects.count()) == (4, 2)
    assert erase_expired(at + timedelta(days=90)) == 4
    assert (Post.objects.count(), Party.objects.count()) == (0, 0)
    assert not Part.objects.exclude(words="").exists()


def test_it_works_without_script(cast: Cast) -> None:
    page = text_of(cast.client())

    assert len(re.findall(r'<form method="post" action="/exchange/mine/\d+/take-back">', page)) == 2
    assert "onclick" not in page


# ---------------------------------------------------------------- the address for letters


def test_the_address_for_letters_is_ones_own_to_change_and_take_away(db: None) -> None:
    party, code = make_party("Grannen", mail="gammal@lindvik.example")
    other, _code = make_party("En annan", mail="annan@lindvik.example")
    client = Client()
    client.cookies["exchange"] = code

    assert "gammal@lindvik.example" in client.get("/exchange/mine").content.decode()
    client.post("/exchange/mine/mail", {"party": party.pk, "mail": "ny@lindvik.example"})
    assert Party.objects.get(pk=party.pk).mail == "ny@lindvik.example"
    wrong = client.post("/exchange/mine/mail", {"party": party.pk, "mail": "ingen adress"})
    assert wrong.status_code == 422
    assert 'value="ingen adress"' in wrong.content.decode()
    client.post("/exchange/mine/mail", {"party": party.pk, "mail": "ny@lindvik.example", "do": "forget"})
    assert Party.objects.get(pk=party.pk).mail == ""
    for who in (client, Client()):
        assert who.post("/exchange/mine/mail", {"party": other.pk, "mail": ""}).status_code == 404
    assert Party.objects.get(pk=other.pk).mail == "annan@lindvik.example"
