"""Letters and the nightly sweep: each once, and no word of what anybody has left."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.timezone import now

from samspel.core.models import AuditEntry, OutgoingMail
from samspel.exchange import tasks
from samspel.exchange.actions.reminding import remind_of_expiry, tell_brokers_who_waits
from samspel.exchange.models import Party, Post
from tests.exchange.making import make_match, make_party, make_post
from tests.people import Town, make_person

pytestmark = pytest.mark.django_db
WORD = "Kanariefågel"


@pytest.fixture
def at() -> datetime:
    return now()


def post_of(mail: str, at: datetime, *, days_old: int, **values: Any) -> Post:
    party, _code = make_party(WORD, mail=mail)
    return make_post(party, "offer", WORD, at=at - timedelta(days=days_old), **values)


def letters() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.order_by("pk"))


def test_who_can_renew_is_told_once_two_weeks_before(at: datetime) -> None:
    party = post_of("a@lindvik.example", at, days_old=77).party
    make_post(party, "need", WORD, at=at - timedelta(days=80))
    post_of("b@lindvik.example", at, days_old=70)  # not yet
    post_of("c@lindvik.example", at, days_old=77, renewed_at=at)  # cannot be renewed again
    post_of("", at, days_old=77)
    last = timezone.localdate(at) + timedelta(days=5)
    post_of("d@lindvik.example", at, days_old=20, ends_on=last, expires_at=at + timedelta(days=6))  # gets no more days

    assert (remind_of_expiry(at), remind_of_expiry(at)) == (1, 0)
    (letter,) = letters()
    assert letter.to == "a@lindvik.example"
    assert "/exchange/mine" in letter.text
    assert WORD not in letter.text + letter.subject


def test_nobody_is_told_of_what_goes_on(at: datetime) -> None:
    one, two = post_of("a@lindvik.example", at, days_old=77), post_of("b@lindvik.example", at, days_old=77)
    Post.objects.filter(pk=two.pk).update(kind="need")
    make_match([(one.party, one, None), (two.party, None, two)], state="running")

    assert remind_of_expiry(at) == 0
    assert tell_brokers_who_waits(at) == 0


def test_letters_are_in_the_partys_language(at: datetime) -> None:
    Party.objects.filter(pk=post_of("a@lindvik.example", at, days_old=77).party_id).update(language="en")
    remind_of_expiry(at)

    day = f"{timezone.localtime(Post.objects.get().expires_at):%A %-d %B}"
    assert day in letters()[0].text


def test_bridge_builders_hear_how_many_wait_when_somebody_new_does(town: Town, at: datetime) -> None:
    make_person("Britta Brobyggare", town.library, "broker")
    for days in (26, 40):
        post_of("", at, days_old=days)
    post_of("", at, days_old=26, contacted_at=at)
    post_of("", at, days_old=20)

    assert (tell_brokers_who_waits(at), tell_brokers_who_waits(at)) == (1, 0)
    assert "2 behov och erbjudanden" in letters()[0].text
    later = at + timedelta(days=6)
    assert tell_brokers_who_waits(later) == 1
    assert "3 behov och erbjudanden" in letters()[1].text
    assert WORD not in "".join(letter.text for letter in letters())


def test_the_night_erases_what_is_over_and_the_trail_has_no_words(at: datetime) -> None:
    post_of("a@lindvik.example", at, days_old=91)
    post_of("a@lindvik.example", at, days_old=77)
    tasks.sweep(0)
    tasks.sweep(0)

    assert (Post.objects.count(), Party.objects.count(), len(letters())) == (1, 1, 1)
    assert WORD not in "".join(f"{entry.verb}{entry.facts}" for entry in AuditEntry.objects.all())
