"""What all have said yes to: it starts when all is checked, rests, ends, and is told of and erased."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from samspel.core import thread
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.models import Knot, OutgoingMail, Stage, Tie
from samspel.exchange.actions.answering import say_no
from samspel.exchange.actions.asking import set_check
from samspel.exchange.actions.erasing import erase_contacts, erase_matches
from samspel.exchange.actions.running import end, fall, go_on, pause, start, tell_outcome
from samspel.exchange.models import Check, Ended, Match, Part, Party, Post, Remark
from samspel.exchange.queries import open_posts
from samspel.exchange.tasks import erase_over
from samspel.people.models import Person
from tests.exchange.rings import Ring, make_pair, make_ring
from tests.people import WHEN, Town, make_dialogue

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def ring(broker: Person) -> Ring:
    return make_ring(broker)


def test_nothing_starts_before_every_yes_and_every_check(ring: Ring) -> None:
    starting: dict[str, Any] = {"actor": ring.actor, "match_id": ring.match.pk, "at": WHEN}
    with pytest.raises(ConflictError):
        start(**starting)
    ring.ask()
    ring.check_all()
    with pytest.raises(ConflictError):
        start(**starting)
    ring.yes(1, 2, 3)
    check = ring.match.checks.first()
    assert check is not None
    set_check(actor=ring.actor, match_id=ring.match.pk, check_id=check.pk, state=Check.State.ASKED, at=WHEN)
    with pytest.raises(InvalidError):
        start(**starting)

    set_check(actor=ring.actor, match_id=ring.match.pk, check_id=check.pk, state=Check.State.NOT_NEEDED, at=WHEN)
    match = start(**starting)

    assert (match.state, match.started_at) == (Match.State.RUNNING, WHEN)


def test_where_a_child_is_concerned_nobody_is_reached_before_the_check(broker: Person) -> None:
    pair = make_pair(broker, marks=("child",))
    pair.ask()
    pair.yes(1, 2)
    address = f"/exchange/mine/asked/{pair.match.pk}"
    before = pair.phone(1).get(address).content.decode()

    pair.check_all()

    assert pair.fresh().state == Match.State.AGREED
    assert "070-0000002" not in before
    assert "Brobyggaren gör klart det sista" in before
    assert "070-0000002" in pair.phone(1).get(address).content.decode()


def test_it_rests_and_goes_on_each_once(ring: Ring) -> None:
    ring.begin()
    acting: dict[str, Any] = {"actor": ring.actor, "match_id": ring.match.pk, "at": WHEN}
    Party.objects.update(mail="nagon@lindvik.example")
    OutgoingMail.objects.all().delete()

    for _ in range(2):
        pause(**acting)
    assert (ring.fresh().state, ring.fresh().paused_at) == (Match.State.PAUSED, WHEN)
    for _ in range(2):
        go_on(**acting)

    assert (ring.fresh().state, ring.fresh().paused_at) == (Match.State.RUNNING, None)
    assert OutgoingMail.objects.count() == 2 * 3
    start(**acting)
    assert ring.fresh().state == Match.State.RUNNING


def test_when_it_ended_as_meant_the_needs_are_met(ring: Ring) -> None:
    ring.begin()

    ring.end("done", WHEN + DAY)
    ring.end("early", WHEN + 2 * DAY)

    match = ring.fresh()
    assert (match.state, match.ending, match.ended_at) == (Match.State.ENDED, "done", WHEN + DAY)
    assert set(Post.objects.values_list("met_at", flat=True)) == {WHEN + DAY}


def test_when_it_ended_early_the_needs_are_free_again(ring: Ring) -> None:
    ring.begin()

    ring.end("early")

    assert open_posts(WHEN).count() == 6


def test_it_ends_only_when_it_goes_on_and_in_a_known_way(ring: Ring) -> None:
    with pytest.raises(ConflictError):
        ring.end()
    ring.begin()
    with pytest.raises(InvalidError):
        ring.end("badly")
    with pytest.raises(ConflictError):
        fall(actor=ring.actor, match_id=ring.match.pk, at=WHEN)


def test_the_bridge_builder_lets_it_be_and_nobody_is_told_why(ring: Ring) -> None:
    Party.objects.update(mail="nagon@lindvik.example")
    ring.ask()
    ring.yes(1)
    OutgoingMail.objects.all().delete()

    for _ in range(2):
        fall(actor=ring.actor, match_id=ring.match.pk, at=WHEN)

    assert ring.fresh().state == Match.State.FALLEN
    assert OutgoingMail.objects.count() == 3
    assert not ring.match.parts.exclude(contact="").exists()


# ---------------------------------------------------------------- how it went


def test_how_it_went_is_one_tap_and_may_be_changed_for_ten_seconds(ring: Ring) -> None:
    ring.begin()
    telling: dict[str, Any] = {"mine": ring.mine(1), "match_id": ring.match.pk}
    with pytest.raises(ConflictError):
        tell_outcome(**telling, level=3, at=WHEN)
    ring.end()

    tell_outcome(**telling, level=3, at=WHEN)
    tell_outcome(**telling, level=1, at=WHEN + 10 * SECOND)
    tell_outcome(**telling, level=2, at=WHEN + 11 * SECOND)

    assert (ring.part(1).outcome, ring.part(1).outcome_at) == (Part.Outcome.BAD, WHEN)
    with pytest.raises(InvalidError):
        tell_outcome(mine=ring.mine(2), match_id=ring.match.pk, level=4, at=WHEN)


def test_the_bridge_builder_sees_counts_and_only_when_all_have_told(ring: Ring, broker_client: Client) -> None:
    now = timezone.now()
    ring.begin()
    ring.end(at=now)
    address = f"/exchange/desk/matches/{ring.match.pk}"
    for place, level in ((1, 3), (2, 3)):
        tell_outcome(mine=ring.mine(place), match_id=ring.match.pk, level=level, at=now)
    early = broker_client.get(address).content.decode()

    tell_outcome(mine=ring.mine(3), match_id=ring.match.pk, level=1, at=now)
    shown = broker_client.get(address).content.decode()

    assert "Det visas när alla har svarat" in early
    assert early.count("Inte bra") == 0
    assert '<span>Bra</span><span class="sam-num">2</span>' in shown
    assert '<span>Inte bra</span><span class="sam-num">1</span>' in shown


@pytest.fixture
def broker_client(broker: Person) -> Client:
    client = Client()
    client.force_login(broker, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


# ---------------------------------------------------------------- the red thread


def test_it_may_be_put_on_a_new_thread_that_only_the_unit_sees(ring: Ring, town: Town, broker_client: Client) -> None:
    ring.ask()
    ring.yes(1, 2, 3)
    ring.check_all()

    begun = broker_client.post(
        f"/exchange/desk/matches/{ring.match.pk}", {"do": "start", "thread": f"{town.library.pk}:new"}
    )

    assert begun.status_code == 302
    (found,) = thread.threads_of(town.library.pk)
    assert (found.is_public, ring.fresh().unit) == (False, town.library)
    for address in ("/", "/threads", f"/threads/{found.pk}", f"/units/{town.library.pk}"):
        assert ring.match.title not in Client().get(address).content.decode()
    assert thread.view_threads([found], public_only=True)[0].knots == ()
    assert thread.view_threads([found], public_only=False)[0].knots[0].words == ring.match.title


def test_it_may_grow_from_a_dialogue_and_an_open_thread_shows_nothing_of_it(
    ring: Ring, town: Town, broker_client: Client
) -> None:
    dialogue = make_dialogue(town.library, now_at="solo")
    there = thread.start_thread(unit_id=town.library.pk, title="Vad behöver vi?", at=WHEN)
    first = thread.add_knot(there.pk, Stage.DIALOGUE, dialogue, at=WHEN)
    ring.ask()
    ring.yes(1, 2, 3)
    ring.check_all()

    sent = {"do": "start", "thread": f"{town.library.pk}:{there.pk}"}
    broker_client.post(f"/exchange/desk/matches/{ring.match.pk}", sent)

    tie = Tie.objects.get()
    assert (tie.to, tie.kind, tie.knot.stage) == (first, "grew_from", "trial")
    shown = Client().get(f"/threads/{there.pk}")
    assert shown.status_code == 200
    assert ring.match.title not in shown.content.decode()
    assert "Pågår" not in shown.content.decode()


def test_a_thread_of_another_unit_is_not_there(ring: Ring, town: Town, broker_client: Client) -> None:
    elsewhere = thread.start_thread(unit_id=town.guidance.pk, title="En annans", at=WHEN)
    ring.ask()
    ring.yes(1, 2, 3)
    ring.check_all()
    address = f"/exchange/desk/matches/{ring.match.pk}"

    statuses = [
        broker_client.post(address, {"do": "start", "thread": f"{unit.pk}:{elsewhere.pk}"}).status_code
        for unit in (town.guidance, town.library)
    ]

    assert statuses == [422, 404]
    assert ring.fresh().state == Match.State.AGREED
    assert not Knot.objects.exists()
    with pytest.raises(NotFoundError):
        start(actor=ring.actor, match_id=ring.match.pk, at=WHEN, unit_id=town.library.pk, on_thread="x")
    with pytest.raises(InvalidError):
        start(actor=ring.actor, match_id=ring.match.pk, at=WHEN, on_thread="new")


# ---------------------------------------------------------------- erased


def test_how_people_were_reached_is_forgotten_after_a_month(ring: Ring) -> None:
    ring.begin()
    ring.end()

    assert erase_contacts(WHEN + 30 * DAY - SECOND) == 0
    assert ring.part(1).contact
    assert erase_contacts(WHEN + 30 * DAY) == 1
    assert erase_contacts(WHEN + 30 * DAY) == 0
    assert not Part.objects.exclude(contact="").exists()


def test_all_is_forgotten_after_three_months_but_counts_that_point_at_nobody(ring: Ring) -> None:
    ring.begin()
    ring.end()
    for place, level in ((1, 3), (2, 2)):
        tell_outcome(mine=ring.mine(place), match_id=ring.match.pk, level=level, at=WHEN)
    Remark.objects.create(match=ring.match, words="Ringde.", at=WHEN, key="k" * 20)

    assert erase_matches(WHEN + 90 * DAY - SECOND) == 0
    assert erase_matches(WHEN + 90 * DAY) == 1
    assert erase_matches(WHEN + 90 * DAY) == 0

    for table in (Match, Part, Check, Remark, Post):
        assert not table.objects.exists()
    rows = {
        row.category.key: (row.done, row.gave_told, row.gave_good, row.got_told, row.got_good)
        for row in Ended.objects.all()
    }
    assert rows == {
        "learn/homework": (1, 1, 1, 1, 0),
        "work/advice": (1, 1, 0, 0, 0),
        "carry/drive": (1, 0, 0, 1, 1),
    }


def test_what_fell_is_forgotten_too_and_leaves_the_posts(ring: Ring) -> None:
    ring.ask()
    say_no(mine=ring.mine(1), match_id=ring.match.pk, at=WHEN)

    assert erase_matches(WHEN + 90 * DAY) == 1

    assert Post.objects.count() == 6
    assert not Ended.objects.exists()


def test_what_fell_takes_nothing_that_another_match_met(ring: Ring) -> None:
    ring.ask()
    say_no(mine=ring.mine(1), match_id=ring.match.pk, at=WHEN)
    Post.objects.update(met_at=WHEN + 80 * DAY)

    assert erase_matches(WHEN + 90 * DAY) == 1

    assert Post.objects.count() == 6


def test_the_night_erases_contacts_after_a_month_and_the_match_after_three(ring: Ring) -> None:
    ring.begin()
    ring.end()

    Match.objects.update(ended_at=timezone.now() - 30 * DAY)
    erase_over(timestamp=0)

    assert Match.objects.exists()
    assert not Part.objects.exclude(contact="").exists()

    Match.objects.update(ended_at=timezone.now() - 90 * DAY)
    erase_over(timestamp=0)

    assert not Match.objects.exists()


def test_a_match_that_is_not_over_is_not_ended_by_another(ring: Ring) -> None:
    ring.ask()

    with pytest.raises(ConflictError):
        end(actor=ring.actor, match_id=ring.match.pk, ending="done", at=WHEN)
    with pytest.raises(ConflictError):
        pause(actor=ring.actor, match_id=ring.match.pk, at=WHEN)
