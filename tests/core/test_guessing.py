"""Guessing a meeting's six digits, against the real limits with a clock of our own; and a hall that comes meanwhile."""

from collections.abc import Iterator
from math import exp, lgamma

import pytest
from django.test import Client, RequestFactory
from pytest_django import Settings

from samspel.core import limits
from samspel.core.errors import NotFoundError, TooManyError
from samspel.core.limits import LIMITS, Buckets, Known, learn_code
from samspel.dialogues.models import Dialogue, Seat
from samspel.dialogues.views import join
from tests.people import Town, make_dialogue

HOUR_S, OPEN, CODES = 3600, 10, 10**6
HALL, OTHERS = "192.0.2.1", 1000


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(limits, "BUCKETS", Buckets(clock=found))
    monkeypatch.setattr(limits, "KNOWN", Known(clock=found))
    return found


def chance(tries: int) -> float:
    """Of at least one hit when so many codes are tried, each another, and ten of the million are open."""
    left, all_ = CODES - OPEN, CODES
    missed = lgamma(left + 1) - lgamma(left - tries + 1) - lgamma(all_ + 1) + lgamma(all_ - tries + 1)
    return 1 - exp(missed)


def test_the_limits_leave_less_than_one_chance_in_a_hundred_an_hour() -> None:
    tries = LIMITS["wrong-code"].an_hour() + LIMITS["wrong-code-here"].an_hour()

    assert tries == 900
    assert chance(900) == pytest.approx(0.00896, abs=0.00002)
    assert chance(1010) > 0.01, "so many would be too many"


class Town10:
    """Ten open meetings, and how many codes were looked up that are not the hall's own."""

    def __init__(self) -> None:
        self.open = {f"{number * 99_991:06}": Dialogue(pk=number, code="") for number in range(1, OPEN + 1)}
        self.own = next(iter(self.open))
        self.looked_up = 0
        self.is_counting = True

    def get(self, code: str) -> Dialogue:
        self.looked_up += self.is_counting
        if code not in self.open:
            raise NotFoundError("code")
        return self.open[code]


def codes(but: set[str]) -> Iterator[str]:
    number = 0
    while True:
        code = f"{(number * 7919 + 13) % CODES:06}"
        number += 1
        if code not in but:
            yield code


def attack_for_an_hour(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, *, is_led_here: bool, hall_comes_at_s: int = 1800
) -> tuple[int, list[str]]:
    """1,001 addresses try whatever is let through, also from the hall's own; how many were, and what the hall noticed.

    The guesser is unlucky: what she tries is never open, so that the count is the most that she could get.
    """
    town = Town10()
    monkeypatch.setattr(join, "get_dialogue_by_code", town.get)
    make = RequestFactory().get
    attackers = [make("/", REMOTE_ADDR=f"198.51.{number // 250}.{number % 250}") for number in range(OTHERS)]
    attackers += [make("/", REMOTE_ADDR=HALL)] * 5  # inside the hall five times as eager
    leader = make("/", REMOTE_ADDR=HALL)
    guesses = codes(set(town.open))
    noticed: list[str] = []
    come = 0
    for second in range(0, HOUR_S, 20):
        clock.now_s = float(second)
        if is_led_here:
            learn_code(leader, town.own)  # her console, or the big screen
        for attacker in attackers:
            try:
                join.open_code(attacker, next(guesses))
            except TooManyError:
                continue
        if second >= hall_comes_at_s and come < 400:
            town.is_counting = False
            for _one in range(134):  # 400 in a minute
                come += 1
                noticed += come_in(town, mistypes=come % 10 == 0)
            town.is_counting = True
    assert come >= 400
    return town.looked_up, noticed


def come_in(town: Town10, *, mistypes: bool) -> list[str]:
    """One of the hall types the code, one in ten of them wrong first; what was not as on any other day."""
    request = RequestFactory().get("/", REMOTE_ADDR=HALL)
    try:
        if mistypes and join.open_code(request, "000001") is not None:
            return ["a wrong code was taken"]
        if join.open_code(request, town.own) is None:
            return ["the right code was refused"]
    except TooManyError as error:
        return [f"told to wait {error.wait_s} s"]
    learn_code(request, town.own)
    return []


def test_a_thousand_addresses_and_the_halls_own_guess_for_an_hour_and_the_hall_notices_nothing(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, noticed = attack_for_an_hour(clock, monkeypatch, is_led_here=True)

    assert noticed == []
    assert 700 < tries <= 900, "the attack was let through as far as the limits go, and no farther"
    assert chance(tries) < 0.01


def test_a_hall_that_nobody_leads_from_its_own_network_would_notice(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: without its leader's page there, the attack keeps it out; so the test above can fail."""
    tries, noticed = attack_for_an_hour(clock, monkeypatch, is_led_here=False)

    assert chance(tries) < 0.01
    assert noticed


def test_as_the_limits_were_the_hall_was_safe_from_one_address_and_not_from_a_thousand(clock: Clock) -> None:
    """A control: an address alone is no limit when there are many."""
    alone = LIMITS["wrong-code"]
    tries = sum(int(alone.address_burst + alone.address_per_s * HOUR_S) for _address in range(OTHERS))

    assert chance(int(alone.address_burst + alone.address_per_s * HOUR_S)) < 0.01
    assert chance(tries) > 0.5


def test_many_tries_at_one_moment_are_no_more_than_one_after_the_other(clock: Clock) -> None:
    """Each is counted before anything is looked up."""
    request = RequestFactory().get("/", REMOTE_ADDR=HALL)
    under_way = [limits.guess(request, "wrong-code") for _try in range(LIMITS["wrong-code"].address_burst)]
    with pytest.raises(TooManyError):
        limits.guess(request, "wrong-code")

    under_way[0].was_right()
    limits.guess(request, "wrong-code")


def test_cookies_by_the_thousand_do_not_push_out_what_has_been_counted(clock: Clock) -> None:
    """Each request with a cookie that nobody has had makes a bucket; only so many are kept."""
    guesser = RequestFactory().get("/", REMOTE_ADDR=HALL)
    for _try in range(LIMITS["wrong-code"].address_burst):
        limits.guess(guesser, "wrong-code")
    clock.now_s = 1.0
    for number in range(60_000):
        clock.now_s += 1 / LIMITS["page"].address_per_s
        page = RequestFactory().get("/", REMOTE_ADDR=HALL, HTTP_COOKIE=f"seat=made-up-{number}")
        limits.check_limit(page, "page")
    clock.now_s = 49.0  # before the first of them is there again

    with pytest.raises(TooManyError):
        limits.guess(guesser, "wrong-code")


def test_a_code_is_known_where_its_people_are_and_for_half_a_day(clock: Clock) -> None:
    here, there = (RequestFactory().get("/", REMOTE_ADDR=address) for address in (HALL, "198.51.100.9"))
    learn_code(here, "482913")

    assert limits.codes_known_to(here) == {"482913"}
    assert limits.codes_known_to(there) == frozenset()
    clock.now_s = 12 * 3600 + 1
    assert limits.codes_known_to(here) == frozenset()


def test_what_is_known_does_not_grow_without_end(clock: Clock) -> None:
    known = Known(clock=clock, most=3)
    for number in range(6):
        known.learn(f"192.0.2.{number}", "482913")

    assert [bool(known.codes_at(f"192.0.2.{number}")) for number in range(6)] == [False] * 3 + [True] * 3


# ---------------------------------------------------------------- personal codes, of eight digits


def wrong_places(clock: Clock, dialogue: Dialogue, *, asking: int, for_s: int) -> int:
    """How many personal codes of one meeting so many addresses get to try."""
    make = RequestFactory().get
    requests = [make("/", REMOTE_ADDR=f"198.51.{number // 250}.{number % 250}") for number in range(asking)]
    tried = 0
    for second in range(0, for_s, 60):
        clock.now_s = float(second)
        for request in requests:
            try:
                join.guess_place(request, dialogue)
            except TooManyError:
                continue
            tried += 1
    return tried


def test_of_four_hundred_personal_codes_a_thousand_addresses_hit_none_in_an_hour(clock: Clock) -> None:
    """Less than one chance in a hundred, with those who are let try where the meeting's people are."""
    tried = wrong_places(clock, Dialogue(pk=1, code="482913"), asking=OTHERS, for_s=HOUR_S)
    here = LIMITS["wrong-place-here"].an_hour()

    assert 500 < tried <= LIMITS["wrong-place"].an_hour()
    assert 1 - (1 - 400 / 10**8) ** (tried + here) < 0.01
    alone = LIMITS["wrong-place"]
    by_address = (alone.address_burst + alone.address_per_s * HOUR_S) * OTHERS
    assert 1 - (1 - 400 / 10**8) ** by_address > 0.9, "an address alone would be no limit"


def test_where_a_meetings_people_are_their_personal_codes_are_not_stopped_by_strangers(clock: Clock) -> None:
    dialogue = Dialogue(pk=1, code="482913")
    wrong_places(clock, dialogue, asking=OTHERS, for_s=40)
    hall = RequestFactory().get("/", REMOTE_ADDR=HALL)
    with pytest.raises(TooManyError):
        join.guess_place(hall, dialogue)

    learn_code(hall, dialogue.code)
    join.guess_place(hall, dialogue).was_right()


# ---------------------------------------------------------------- through the pages


@pytest.mark.slow
def test_400_come_in_a_minute_from_one_address_and_one_in_ten_mistypes(town: Town, clock: Clock) -> None:
    """Every page and every limit as in the hall; only the clock is ours."""
    dialogue = make_dialogue(town.guidance, now_at="frame", tables=83)
    wrong = f"{(int(dialogue.code) + 1) % CODES:06}"
    answers: dict[str, set[int]] = {"wrong": set(), "right": set(), "page": set(), "seat": set(), "step": set()}
    for number in range(400):
        clock.now_s = number * 60 / 400
        phone = Client(REMOTE_ADDR=HALL)
        if number % 10 == 0:
            answers["wrong"].add(phone.post("/m/", {"code": wrong}).status_code)
        answers["right"].add(phone.post("/m/", {"code": dialogue.code}).status_code)
        page = phone.get(f"/m/{dialogue.code}/")
        answers["page"].add(page.status_code)
        answers["seat"].add(phone.post(f"/m/{dialogue.code}/seat", {"key": f"a-key-made-here-{number:05}"}).status_code)
        answers["step"].add(phone.get(f"/m/{dialogue.code}/").status_code)

    assert answers == {"wrong": {422}, "right": {302}, "page": {200}, "seat": {302}, "step": {200}}
    assert Seat.objects.filter(dialogue=dialogue).count() == 400


@pytest.mark.parametrize("where", ["/m/{}/", "/m/{}/seat", "/m/{}/swap"])
def test_every_way_from_a_code_to_a_meeting_counts_what_is_wrong(town: Town, clock: Clock, where: str) -> None:
    dialogue = make_dialogue(town.guidance, now_at="frame")
    guesser = Client(REMOTE_ADDR="198.51.100.7")
    ask = guesser.post if where.endswith("seat") else guesser.get
    wrong = [
        f"{(int(dialogue.code) + number) % CODES:06}" for number in range(1, LIMITS["wrong-code"].address_burst + 1)
    ]

    assert {ask(where.format(code)).status_code for code in wrong} == {404}
    assert ask(where.format(dialogue.code)).status_code == 429
    assert ask(where.format(wrong[0])).status_code == 429


def test_a_seat_and_the_leaders_pages_make_a_code_known(town: Town, clock: Clock, settings: Settings) -> None:
    dialogue = make_dialogue(town.guidance, now_at="frame", tables=2)
    for address, way in (("192.0.2.10", "lead"), ("192.0.2.11", "screen")):
        leader = Client(REMOTE_ADDR=address)
        leader.force_login(town.facilitator)
        assert leader.get(f"/dialogues/{dialogue.pk}/{way}").status_code == 200
        assert dialogue.code in limits.KNOWN.codes_at(address)
    phone = Client(REMOTE_ADDR="192.0.2.12")
    phone.post(f"/m/{dialogue.code}/seat", {"key": "a-key-made-on-the-phone"})
    assert dialogue.code in limits.KNOWN.codes_at("192.0.2.12")
    assert limits.KNOWN.codes_at("192.0.2.13") == frozenset()
