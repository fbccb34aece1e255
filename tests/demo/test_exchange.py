"""Lindvik's needs and offers."""

import re
from datetime import timedelta

import pytest

from samspel.demo import exchange
from samspel.exchange import selections
from samspel.exchange.access import find_party
from samspel.exchange.models import Match, Post, TownQuestion
from tests.people import WHEN, Town, actor_of, make_person


@pytest.fixture
def laid_out(town: Town) -> None:
    exchange.lay_out_exchange(actor_of(make_person("Amina", town.library, "broker")), at=WHEN)


def test_the_stories_are_found_among_the_others(laid_out: None) -> None:
    helped = [
        {gift.need.party.called for gift in match.transfers.all() if gift.need is not None}
        for match in Match.objects.all()
    ]

    assert {"Den unge mannen", "Pappan", "Säljaren"} in helped
    assert {"Återbruket", "Språkkaféet", "Snickaren", "Badföreningen"} in helped
    assert {"Ektorpsskolan", "Föräldrarna på Ektorp"} in helped


def test_the_salesman_is_waited_for(laid_out: None) -> None:
    asked = Match.objects.get(state=Match.State.ASKED)

    assert {part.called: part.answer for part in asked.parts.all()} == {
        "Säljaren": "",
        "Den unge mannen": "yes",
        "Pappan": "yes",
    }


def test_the_selection_is_proven_and_what_nobody_can_meet_waits(laid_out: None) -> None:
    selection = selections.newest()

    assert selection is not None
    assert selection.is_proven
    assert selection.met >= 14
    waiting = {post.party.called for post in selections.needs_waiting(WHEN)}
    assert {"Mopedgänget", "Den tigrinjatalande"} <= waiting
    assert TownQuestion.objects.filter(published_at__lte=WHEN).count() == len(exchange.QUESTIONS)


def test_the_salesman_who_says_yes_reads_who_the_others_are(laid_out: None) -> None:
    ring = Match.objects.get(state="asked")

    reached = dict(ring.parts.exclude(called="Säljaren").values_list("called", "contact"))

    assert reached == exchange.REACHED
    for contact in reached.values():  # 070-174 06 05 to 99 are nobody's
        assert re.fullmatch(r"[A-ZÅÄÖ]\w+ [A-ZÅÄÖ]\w+, 070-174 06 (0[5-9]|[1-9]\d)", contact)


def test_the_salesman_can_come_back_with_the_code_that_is_told(laid_out: None) -> None:
    party = find_party(exchange.SALESMANS_CODE)

    assert party is not None
    assert party.called == "Säljaren"


def test_nothing_has_expired_on_the_first_day(laid_out: None) -> None:
    assert not Post.objects.filter(expires_at__lte=WHEN + timedelta(days=30)).exists()
