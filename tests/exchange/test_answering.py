"""Answering: yes to exactly the words, no without a reason, a problem, another time, and never again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.models import AuditEntry, OutgoingMail
from samspel.exchange.actions import asking
from samspel.exchange.actions.answering import ask_other_time, block, change_contact, say_no, say_yes, tell_problem
from samspel.exchange.actions.asking import Wording, ask, change_words
from samspel.exchange.actions.running import fall, start
from samspel.exchange.actions.taking_back import erase_party, take_back
from samspel.exchange.asked import shown_digest
from samspel.exchange.models import Block, Match, Part, Party
from samspel.exchange.queries import open_posts, posts_held
from samspel.people.models import Person, Role
from tests.conftest import SignIn
from tests.exchange.making import make_match, make_party, make_post
from tests.exchange.rings import Ring, make_broker, make_pair, make_ring
from tests.people import WHEN, Town, make_town
from tests.waiting import wait_until

DAY = timedelta(days=1)
CONTACTS = ("070-0000001", "070-0000002", "070-0000003")


@pytest.fixture
def ring(broker: Person) -> Ring:
    """A ring that everybody has been asked about."""
    made = make_ring(broker)
    made.ask()
    return made


def take_back_hers(ring: Ring) -> None:
    take_back(mine=ring.mine(1), post_id=ring.parties[0].posts.get(kind="offer").pk, at=WHEN)


def erase_her(ring: Ring) -> None:
    erase_party(mine=ring.mine(1), party_id=ring.parties[0].pk, at=WHEN)


def let_it_be(ring: Ring) -> None:
    fall(actor=ring.actor, match_id=ring.match.pk, at=WHEN)


def page(ring: Ring, place: int) -> str:
    return ring.phone(place).get(f"/exchange/mine/asked/{ring.match.pk}").content.decode()


def test_the_last_yes_makes_it_agreed_and_shows_how_to_reach_each_other(ring: Ring) -> None:
    ring.yes(1, 2)
    before = [page(ring, place) for place in (1, 2, 3)]

    ring.yes(3, at=WHEN + DAY)

    assert (ring.fresh().state, ring.fresh().agreed_at) == (Match.State.AGREED, WHEN + DAY)
    for place in (1, 2, 3):
        others = [contact for contact in CONTACTS if not contact.endswith(str(place))]
        assert not any(contact in before[place - 1] for contact in others)
        assert all(contact in page(ring, place) for contact in CONTACTS)


def test_what_happens_next_is_told_after_the_last_yes_too(ring: Ring) -> None:
    begins = "Det börjar när allt under Innan det börjar är klart."
    before = page(ring, 1)

    ring.yes(1, 2, 3)

    agreed = page(ring, 1)
    assert begins in before
    assert begins in agreed
    assert "Alla svarar var för sig." not in agreed
    ring.check_all()
    start(actor=ring.actor, match_id=ring.match.pk, at=WHEN)
    assert begins not in page(ring, 1)


def test_a_yes_needs_a_way_to_be_reached(ring: Ring) -> None:
    for contact in ("", "  ", "x" * 201):
        with pytest.raises(InvalidError):
            say_yes(mine=ring.mine(1), match_id=ring.match.pk, contact=contact, seen=shown_digest(ring.match), at=WHEN)


@pytest.mark.parametrize("contact", ["asdf", "070-12", "sara@", "hos sara@nu", "@sara", "?!"])
def test_what_reaches_nobody_is_told_and_what_was_typed_stays(ring: Ring, contact: str) -> None:
    address, seen = f"/exchange/mine/asked/{ring.match.pk}", shown_digest(ring.match)

    answer = ring.phone(1).post(address, {"do": "yes", "contact": contact, "seen": seen})

    assert answer.status_code == 422
    assert "Så kan ingen nå dig." in answer.content.decode()
    assert f'value="{contact}"' in answer.content.decode()
    assert ring.part(1).answer == Part.Answer.WAITING
    ring.yes(1, 2, 3)
    changed = ring.phone(1).post(address, {"do": "contact", "contact": contact})
    assert "Så kan ingen nå dig." in changed.content.decode()
    assert ring.part(1).contact == "070-0000001"


@pytest.mark.parametrize(
    "contact",
    [
        "070-123 45 67",
        "+45 12 34 56 78",
        "sara@lindvik.example",
        "Mejla: sara@lindvik.example.",
        "Granngården 4",
        "Biblioteket på tisdagar",
        "ankn. 4521",
    ],
)
def test_a_number_an_address_and_a_place_are_ways_to_be_reached(ring: Ring, contact: str) -> None:
    say_yes(mine=ring.mine(1), match_id=ring.match.pk, contact=contact, seen=shown_digest(ring.match), at=WHEN)

    assert ring.part(1).contact == contact


def test_a_yes_is_to_the_words_that_were_seen_and_no_others(ring: Ring) -> None:
    seen = shown_digest(ring.match)
    change_words(actor=ring.actor, match_id=ring.match.pk, wording=Wording({2: "handleder en gång"}), at=WHEN)

    with pytest.raises(InvalidError):
        say_yes(mine=ring.mine(1), match_id=ring.match.pk, contact="070-123 45 67", seen=seen, at=WHEN)

    assert ring.part(1).answer == Part.Answer.WAITING


def test_the_same_yes_twice_is_one_and_a_yes_may_become_a_no(ring: Ring) -> None:
    ring.yes(1)
    ring.yes(1)
    assert ring.part(1).contact == "070-0000001"

    say_no(mine=ring.mine(1), match_id=ring.match.pk, at=WHEN)

    assert (ring.part(1).answer, ring.fresh().state) == (Part.Answer.NO, Match.State.FALLEN)


def test_a_late_retry_of_the_last_yes_changes_nothing(ring: Ring) -> None:
    ring.yes(1, 2, 3)
    ring.yes(3, at=WHEN + DAY)

    assert ring.fresh().agreed_at == WHEN


def test_another_way_to_be_reached_sent_with_a_late_yes_is_not_dropped_in_silence(ring: Ring) -> None:
    ring.yes(1, 2)
    seen = shown_digest(ring.fresh())
    ring.yes(3)
    sent = {"do": "yes", "contact": "070-ny", "seen": seen}

    answer = ring.phone(1).post(f"/exchange/mine/asked/{ring.match.pk}", sent)

    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Alla har redan sagt ja" in shown
    assert 'value="070-ny"' in shown
    assert 'value="contact">' in shown
    assert ring.part(1).contact == CONTACTS[0]


def test_a_no_lets_the_posts_go_and_tells_nobody_whose_it_was(ring: Ring) -> None:
    Party.objects.update(mail="nagon@lindvik.example")
    ring.yes(1)
    held = {pk for pair in ring.match.transfers.values_list("offer", "need") for pk in pair}
    assert posts_held(held) == held

    say_no(mine=ring.mine(2), match_id=ring.match.pk, at=WHEN)
    say_no(mine=ring.mine(2), match_id=ring.match.pk, at=WHEN + DAY)

    assert posts_held(held) == set()
    assert open_posts(WHEN).filter(pk__in=held).count() == len(held)
    assert ring.part(1).contact == ""
    assert OutgoingMail.objects.count() == 2  # the two others; nobody is told twice
    first, third = page(ring, 1), page(ring, 3)
    for shown in (first, third):
        assert "Det blev inte av den här gången." in shown
        assert ">Ja<" not in shown
        assert "Tänker" not in shown
    assert AuditEntry.objects.filter(verb="match.answered").values_list("actor_kind", flat=True)[0] == "visitor"


def test_the_pages_of_those_who_did_not_say_no_do_not_tell_who_did(broker: Person) -> None:
    told = []
    for refuser in (1, 2):
        ring = make_ring(broker)
        ring.ask()
        ring.yes(3)
        say_no(mine=ring.mine(refuser), match_id=ring.match.pk, at=WHEN)
        told.append(without_what_differs(page(ring, 3)).replace(f"asked/{ring.match.pk}", "asked"))

    assert told[0] == told[1]


@pytest.mark.parametrize("act", [{"do": "no"}, {"do": "block", "place": "1"}])
def test_who_says_no_is_told_that_the_bridge_builder_sees_it(act: dict[str, str], ring: Ring, desk: Client) -> None:
    """The bridge-builder's page says whose no it was, so nobody is promised that nobody will know."""
    promised = page(ring, 2)

    said = ring.phone(2).post(f"/exchange/mine/asked/{ring.match.pk}", act, follow=True).content.decode()

    assert "Nej</span>" in desk.get(f"/exchange/desk/matches/{ring.match.pk}").content.decode()
    assert promised.count("robyggaren ser det.") == 3  # before an answer, at the no, and at never again
    assert "De andra får inte veta" in said
    assert "Ingen får veta att det var du" not in promised + said
    assert "ingen får veta vem det var" not in promised


def test_who_answers_late_is_told_that_it_came_to_nothing(ring: Ring) -> None:
    say_no(mine=ring.mine(2), match_id=ring.match.pk, at=WHEN)

    with pytest.raises(ConflictError) as late:
        ring.yes(1)

    assert "Det blev inte av" in late.value.message
    answer = ring.phone(1).post(f"/exchange/mine/asked/{ring.match.pk}", {"do": "no"})
    assert answer.status_code == 409
    assert "Det blev inte av" in answer.content.decode()
    assert "Allt som är ditt" in answer.content.decode(), "her page is there, as it is now"


def test_a_problem_is_read_by_the_bridge_builder_alone(ring: Ring) -> None:
    ring.broker.email = "britta@lindvik.example"
    ring.broker.save()
    ring.yes(1)

    tell_problem(mine=ring.mine(2), match_id=ring.match.pk, words="Han bor för långt bort.", at=WHEN)
    tell_problem(mine=ring.mine(2), match_id=ring.match.pk, words="Han bor för långt bort.", at=WHEN)

    assert OutgoingMail.objects.count() == 1
    assert "långt" not in OutgoingMail.objects.get().text
    assert "för långt bort" in page(ring, 2)
    for place in (1, 3):
        assert "långt" not in page(ring, place)
        assert "Ser ett problem" not in page(ring, place)


def test_a_problem_and_no_answer_look_the_same_to_the_others(ring: Ring) -> None:
    before = page(ring, 1)

    tell_problem(mine=ring.mine(2), match_id=ring.match.pk, words="Han bor för långt bort.", at=WHEN)
    ask_other_time(mine=ring.mine(3), match_id=ring.match.pk, words="Efter sju", at=WHEN)

    assert without_what_differs(page(ring, 1)) == without_what_differs(before)


def without_what_differs(shown: str) -> str:
    """A page without its token, which is another each time."""
    import re

    return re.sub(r'(X-CSRFToken": "|csrfmiddlewaretoken" value=")[^"]*', "", shown)


def test_another_time_leaves_the_answer_as_it_is(ring: Ring) -> None:
    ring.yes(1)

    ask_other_time(mine=ring.mine(1), match_id=ring.match.pk, words="Efter sju", at=WHEN)

    assert (ring.part(1).answer, ring.part(1).other_time) == (Part.Answer.YES, "Efter sju")


@pytest.mark.parametrize("say", [tell_problem, ask_other_time])
@pytest.mark.parametrize("words", ["", " ", "x" * 401])
def test_empty_words_and_too_many_are_asked_for_again(say: Callable[..., Part], words: str, ring: Ring) -> None:
    with pytest.raises(InvalidError):
        say(mine=ring.mine(1), match_id=ring.match.pk, words=words, at=WHEN)


# ---------------------------------------------------------------- how she is reached


def test_how_one_is_reached_is_changed_after_the_last_yes_and_the_others_are_told(ring: Ring) -> None:
    Party.objects.update(mail="nagon@lindvik.example")
    ring.yes(1, 2, 3)
    OutgoingMail.objects.all().delete()
    address = f"/exchange/mine/asked/{ring.match.pk}"

    for _ in range(2):
        ring.phone(1).post(address, {"do": "contact", "contact": "saljaren@lindvik.example"})

    assert "saljaren@lindvik.example" in page(ring, 2)
    assert "070-0000001" not in page(ring, 2)
    assert OutgoingMail.objects.count() == 2
    assert "saljaren" not in "".join(OutgoingMail.objects.values_list("text", flat=True))
    assert ring.fresh().state == Match.State.AGREED
    assert ring.phone(1).post(address, {"do": "contact", "contact": "x" * 201}).status_code == 422


@pytest.mark.parametrize("is_over", [False, True])
def test_how_one_is_reached_can_be_taken_away_where_it_was_shown_too(ring: Ring, is_over: bool) -> None:
    ring.yes(1, 2, 3)
    if is_over:
        Match.objects.update(state=Match.State.ENDED, ending="done", ended_at=WHEN, started_at=WHEN)
    address = f"/exchange/mine/asked/{ring.match.pk}"
    assert "070-0000001" in page(ring, 2)

    for _ in range(2):
        ring.phone(1).post(address, {"do": "forget-contact"})

    assert "070-0000001" not in page(ring, 1) + page(ring, 2) + page(ring, 3)
    assert not Part.objects.filter(contact__contains="070-0000001").exists()
    assert "070-0000002" in page(ring, 1)


def test_before_the_last_yes_and_after_the_end_there_is_nothing_to_change(ring: Ring) -> None:
    changing: dict[str, Any] = {"mine": ring.mine(1), "match_id": ring.match.pk, "contact": "ny@lindvik.example"}
    ring.yes(1)
    with pytest.raises(ConflictError):
        change_contact(**changing, at=WHEN)
    Match.objects.update(state=Match.State.ENDED, ending="done", ended_at=WHEN, started_at=WHEN)
    with pytest.raises(ConflictError):
        change_contact(**changing, at=WHEN)


# ---------------------------------------------------------------- never again


def test_one_tap_and_two_are_not_put_together_again(ring: Ring, broker: Person) -> None:
    for _ in range(2):
        block(mine=ring.mine(1), match_id=ring.match.pk, place=3, at=WHEN)

    assert ring.fresh().state == Match.State.FALLEN
    assert Block.objects.get().other == ring.parties[2]
    assert "Inte igen" in page(ring, 1)
    assert "Inte igen" not in page(ring, 3)
    again = Match.objects.create(kind="ring", made_at=WHEN)
    for transfer in ring.match.transfers.all():
        transfer.pk, transfer.match = None, again
        transfer.save()
    with pytest.raises(InvalidError):
        ask(actor=ring.actor, match_id=again.pk, at=WHEN)


def another_of(ring: Ring) -> Ring:
    """A second match of the same three, about other things: a proposal."""
    givings = [
        (party, make_post(party, "offer", f"Kör också {n}."), make_post(party, "need", f"Behöver också {n}."))
        for n, party in enumerate(ring.parties)
    ]
    return replace(ring, match=make_match(givings))


def test_who_is_blocked_in_one_match_learns_nothing_in_another(ring: Ring) -> None:
    second, third = another_of(ring), another_of(ring)
    second.ask()
    second.yes(1, 2)
    third.ask()
    third.yes(1, 2, 3)

    block(mine=ring.mine(1), match_id=ring.match.pk, place=3, at=WHEN)

    assert [one.fresh().state for one in (ring, second, third)] == [Match.State.FALLEN] * 3
    assert not Part.objects.exclude(contact="").exists()
    with pytest.raises(ConflictError):
        second.yes(3)


def test_nobody_blocks_herself_or_a_place_that_is_not_there(ring: Ring) -> None:
    for place in (1, 0, 9):
        with pytest.raises(NotFoundError):
            block(mine=ring.mine(1), match_id=ring.match.pk, place=place, at=WHEN)


# ---------------------------------------------------------------- who leads two of those who are asked


@pytest.fixture
def two_units(town: Town, broker: Person) -> Ring:
    """A pair of units with one manager, who is asked for both."""
    Role.objects.create(person=town.manager, unit=town.library, kind="manager")
    units = [town.guidance, town.library]
    made = [make_party(unit.name, kind=Party.Kind.UNIT, unit=unit) for unit in units]
    givings = [
        (party, make_post(party, "offer", f"Kan ge {n}."), make_post(party, "need", f"Behöver {n}."))
        for n, (party, _code) in enumerate(made)
    ]
    ring = Ring(make_match(givings), tuple(party for party, _ in made), tuple(code for _, code in made), broker)
    ring.ask()
    return ring


def test_who_leads_two_units_answers_for_each(two_units: Ring, town: Town, signed_in: SignIn) -> None:
    client, address = signed_in(town.manager), f"/exchange/mine/asked/{two_units.match.pk}"
    sent = {"do": "yes", "contact": "070-1000000", "seen": shown_digest(two_units.match)}

    asked: Any = client.get(address, follow=True)
    first = asked.redirect_chain[-1][0]
    assert f"Här svarar du för ”{town.guidance.name}”" in asked.content.decode()
    client.post(first, sent)
    answer: Any = client.post(first, sent, follow=True)  # a form sent twice answers for nobody else
    assert [two_units.part(place).answer for place in (1, 2)] == ["yes", ""]
    assert f"Här svarar du för ”{town.library.name}”" in answer.content.decode()

    client.post(answer.redirect_chain[-1][0], sent | {"contact": "070-2000000"})
    assert two_units.fresh().state == Match.State.AGREED
    assert [two_units.part(place).contact for place in (1, 2)] == ["070-1000000", "070-2000000"]
    done = client.get(address, follow=True).content.decode()
    assert f"Här svarar du för ”{town.guidance.name}”" in done
    assert 'href="?as=2"' in done
    assert client.get(f"{address}?as=3").status_code == 404
    assert "Här svarar du för" not in two_units.phone(1).get(address).content.decode()


# ---------------------------------------------------------------- who, and when


def test_a_proposal_and_another_match_look_like_none(broker: Person) -> None:
    ring, stranger = make_ring(broker), make_party()[1]
    address = f"/exchange/mine/asked/{ring.match.pk}"
    assert ring.phone(1).get(address).status_code == 404
    ring.ask()
    other = Client()
    other.cookies["exchange"] = stranger

    assert ring.phone(1).get(address).status_code == 200
    for client in (Client(), other):
        assert client.get(address).status_code == 404
        assert client.post(address, {"do": "no"}).status_code == 404
    assert ring.fresh().state == Match.State.ASKED


def test_what_fell_before_anybody_was_asked_is_told_to_nobody(broker: Person) -> None:
    from samspel.exchange.actions.running import fall

    pair = make_pair(broker)
    fall(actor=pair.actor, match_id=pair.match.pk, at=WHEN)
    Part.objects.create(match=pair.match, party=pair.parties[0], place=1, called="x", words="x")

    assert pair.phone(1).get(f"/exchange/mine/asked/{pair.match.pk}").status_code == 404


def test_the_form_without_an_act_is_asked_for_again(ring: Ring) -> None:
    assert ring.phone(1).post(f"/exchange/mine/asked/{ring.match.pk}", {"do": "what"}).status_code == 422


def test_what_was_typed_is_there_when_the_form_comes_back(ring: Ring) -> None:
    sent = {"do": "yes", "contact": "Ring 070-123", "seen": "andra ord"}

    answer = ring.phone(1).post(f"/exchange/mine/asked/{ring.match.pk}", sent)

    assert answer.status_code == 422
    assert "Ring 070-123" in answer.content.decode()
    assert "Läs dem igen" in answer.content.decode()


def is_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_two_are_not_asked_about_each_other_in_the_moment_that_one_blocks_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ring = make_ring(make_broker(make_town()))
    ring.ask()
    second = another_of(ring)
    has_looked, may_go_on = Event(), Event()

    def looked(*given: Any) -> None:
        has_looked.set()
        may_go_on.wait(20)
        write_parts(*given)

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        finally:
            connections.close_all()

    write_parts = asking._write_parts
    monkeypatch.setattr(asking, "_write_parts", looked)
    asks = Thread(target=run, args=(second.ask,))
    asks.start()
    has_looked.wait(20)
    blocks = Thread(target=run, args=(lambda: block(mine=ring.mine(1), match_id=ring.match.pk, place=3, at=WHEN),))
    blocks.start()
    wait_until(lambda: is_waiting_for_a_lock() or not blocks.is_alive())
    may_go_on.set()
    for each in (asks, blocks):
        each.join(20)

    assert second.fresh().state == Match.State.FALLEN
    assert Block.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_last_yes_and_a_block_elsewhere_at_once_leave_nobody_to_be_reached() -> None:
    ring = make_ring(make_broker(make_town()))
    for _ in range(5):
        Block.objects.all().delete()
        first, second = another_of(ring), another_of(ring)
        for one in (first, second):
            one.ask()
            one.yes(1, 2)
        gate, met = Barrier(3), list[type[Exception]]()

        def at_once(act: Callable[[], object], gate: Barrier = gate, met: list[type[Exception]] = met) -> None:
            try:
                gate.wait(10)
                act()
            except Exception as error:  # whichever it is, it is looked at below
                met.append(type(error))
            finally:
                connections.close_all()

        acts: list[Callable[[], object]] = [
            lambda second=second: second.yes(3),
            lambda first=first: block(mine=ring.mine(1), match_id=first.match.pk, place=3, at=WHEN),
            lambda second=second: block(mine=ring.mine(3), match_id=second.match.pk, place=1, at=WHEN),
        ]
        threads = [Thread(target=at_once, args=(act,)) for act in acts]
        for each in threads:
            each.start()
        for each in threads:
            each.join(20)

        assert [one.fresh().state for one in (first, second)] == [Match.State.FALLEN] * 2
        assert not Part.objects.exclude(contact="").exists()
        assert set(met) <= {ConflictError}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leaves", [take_back_hers, erase_her, let_it_be])
def test_a_last_yes_and_somebody_who_leaves_at_once_leave_nobody_to_be_reached(
    leaves: Callable[[Ring], object],
) -> None:
    """Whichever comes first, it comes to nothing, and nobody's way to be reached is left."""
    ring = make_ring(make_broker(make_town()))
    ring.ask()
    ring.yes(1, 2)
    gate, met = Barrier(2), list[type[Exception]]()

    def at_once(act: Callable[[Ring], object]) -> None:
        try:
            gate.wait(10)
            act(ring)
        except Exception as error:  # whichever it is, it is looked at below
            met.append(type(error))
        finally:
            connections.close_all()

    threads = [Thread(target=at_once, args=(act,)) for act in (leaves, lambda ring: ring.yes(3))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)

    assert ring.fresh().state == Match.State.FALLEN
    assert not Part.objects.exclude(contact="").exists()
    assert set(met) <= {ConflictError}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others", ["yes", "no"])
def test_two_answers_at_once_come_one_after_the_other(others: str) -> None:
    """Two last yeses: exactly one makes it agreed. A yes and a no: whichever comes first, it comes to nothing or the
    no is told that all have said yes."""
    ring = make_ring(make_broker(make_town()))
    Party.objects.update(mail="nagon@lindvik.example")
    ring.ask()
    ring.yes(1)
    OutgoingMail.objects.all().delete()
    gate, wrong = Barrier(2), []

    def answer(place: int, is_yes: bool) -> None:
        try:
            gate.wait(10)
            if is_yes:
                ring.yes(place)
            else:
                say_no(mine=ring.mine(place), match_id=ring.match.pk, at=WHEN)
        except ConflictError:
            wrong.append(place)
        finally:
            connections.close_all()

    threads = [Thread(target=answer, args=(2, True)), Thread(target=answer, args=(3, others == "yes"))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)

    match = ring.fresh()
    if others == "yes":
        assert (match.state, wrong) == (Match.State.AGREED, [])
        assert OutgoingMail.objects.exclude(to=ring.broker.email).count() == 2  # told once, by whichever came last
    else:
        assert match.state == Match.State.FALLEN
    assert connection.vendor == "postgresql"
