"""Asking the parties of a match, and what has to be checked first."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.mail import deliver
from samspel.core.models import AuditEntry, Installation, OutgoingMail
from samspel.exchange.actions.asking import Wording, add_check, ask, change_words, set_check
from samspel.exchange.actions.remarking import remark_on_match
from samspel.exchange.asked import questions_to
from samspel.exchange.checks import label_of
from samspel.exchange.models import Block, Check, CheckKind, Match, Part, Party, Post, Remark
from samspel.people.models import Person
from tests.exchange.making import make_party, make_post
from tests.exchange.rings import CALLED, NEEDS, OFFERS, make_broker, make_chain, make_pair, make_ring
from tests.people import WHEN, Town, actor_of, device_key, make_person, make_town

DAY = timedelta(days=1)


def seen_at(desk: Client, address: str) -> str:
    """The digest that the page before the question carries."""
    return desk.get(address).content.decode().partition('name="seen" value="')[2][:32]


def test_each_party_gets_her_place_her_name_for_others_and_her_own_words(broker: Person) -> None:
    ring = make_ring(broker)

    ring.ask()

    parts = list(Part.objects.filter(match=ring.match))
    assert [(part.place, part.party, part.called) for part in parts] == [
        (place, party, called) for place, (party, called) in enumerate(zip(ring.parties, CALLED, strict=True), start=1)
    ]
    assert [part.words for part in parts] == [f"{need}\n{offer}" for need, offer in zip(NEEDS, OFFERS, strict=True)]
    assert (ring.fresh().state, ring.fresh().asked_at, ring.fresh().broker) == (Match.State.ASKED, WHEN, broker)


def test_those_asked_read_each_others_words_and_are_told_so_before_they_leave_them(
    broker: Person, desk: Client
) -> None:
    ring = make_ring(broker, at=timezone.now())
    promised = Client().get("/exchange/need").content.decode()
    told = ring.press_ask(desk, follow=True).content.decode()

    page = ring.phone(1).get(f"/exchange/mine/asked/{ring.match.pk}").content.decode()

    assert NEEDS[1] in page
    assert OFFERS[1] in page
    assert "De andra ser dina ord och vad du kallar dig, inte vem du är." in promised
    assert "De ser varandras ord och roller, inte vilka de är." in told


def test_who_reads_what_is_shown_before_anybody_is_asked_and_a_press_again_changes_nothing(
    broker: Person, desk: Client
) -> None:
    ring = make_ring(broker, at=timezone.now())
    at_the_desk = desk.get(f"/exchange/desk?match={ring.match.pk}").content.decode()
    address = f"/exchange/desk/matches/{ring.match.pk}/ask"
    assert f'action="{address}"' not in at_the_desk
    assert f'href="{address}"' in at_the_desk

    read = desk.get(address).content.decode()

    assert ring.fresh().state == Match.State.PROPOSED
    for words in (*CALLED, *NEEDS, *(gift.gift for gift in ring.match.transfers.all())):
        assert words in read
    assert f'action="{address}"' in read
    for _press in range(2):
        assert ring.press_ask(desk).status_code == 302
    assert Part.objects.filter(match=ring.match).count() == len(CALLED)
    assert desk.get(address).headers["Location"] == f"/exchange/desk/matches/{ring.match.pk}"


@pytest.mark.parametrize("changed", ["gift", "until", "party"])
def test_other_words_than_those_that_were_read_are_sent_to_nobody_and_are_shown_instead(
    broker: Person, desk: Client, changed: str
) -> None:
    ring = make_ring(broker, at=timezone.now())
    Party.objects.update(mail="nagon@lindvik.example")
    address = f"/exchange/desk/matches/{ring.match.pk}/ask"
    read = seen_at(desk, address)
    if changed == "party":
        Party.objects.filter(pk=ring.parties[0].pk).update(called="Något nytt")
    else:
        wording = Wording({1: "Något nytt"}) if changed == "gift" else Wording({}, until="Något nytt")
        change_words(actor=ring.actor, match_id=ring.match.pk, wording=wording, at=WHEN)

    answer = desk.post(address, {"seen": read})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Orden har ändrats sedan du öppnade sidan." in page
    assert "Något nytt" in page
    assert ring.fresh().state == Match.State.PROPOSED
    assert not Part.objects.filter(match=ring.match).exists()
    assert not OutgoingMail.objects.exists()
    assert desk.post(address, {"seen": seen_at(desk, address)}).status_code == 302
    assert ring.fresh().state == Match.State.ASKED


def test_in_a_chain_the_first_only_gives_and_the_last_only_receives(broker: Person) -> None:
    chain = make_chain(broker, 3)

    chain.ask()

    assert [part.words for part in chain.match.parts.all()] == ["Kan ge 1.", "Behöver 2.\nKan ge 2.", "Behöver 3."]


def test_asking_again_changes_nothing_and_writes_to_nobody(broker: Person) -> None:
    ring = make_ring(broker)
    Party.objects.update(mail="nagon@lindvik.example")
    ring.ask()
    ring.yes(1)
    sent = OutgoingMail.objects.count()

    ring.ask(WHEN + DAY)

    assert (sent, OutgoingMail.objects.count()) == (3, 3)
    assert ring.part(1).answer == Part.Answer.YES
    assert ring.fresh().asked_at == WHEN


def test_a_letter_says_that_there_is_a_question_and_no_word_of_it(
    broker: Person, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ring = make_ring(broker)
    Party.objects.filter(pk=ring.parties[0].pk).update(mail="nagon@lindvik.example", language="da")

    ring.ask()
    (letter,) = OutgoingMail.objects.all()
    deliver(letter.pk)

    (sent,) = mail.outbox
    assert sent.to == ["nagon@lindvik.example"]
    assert "/exchange/mine" in sent.body
    assert not OutgoingMail.objects.exists()
    said = f"{sent.subject}{sent.body}"
    assert not any(words in said for words in (*CALLED, *NEEDS, *OFFERS, "Tre som", broker.name))


def spoil(ring_posts: dict[str, Post], how: str) -> None:
    """Make one post of the ring such that it cannot be asked about."""
    offer = ring_posts["offer"]
    changes: dict[str, dict[str, object]] = {
        "unread": {"read_at": None},
        "expired": {"expires_at": WHEN},
        "met": {"met_at": WHEN},
        "other words": {"words": "Något annat."},
    }
    if how == "gone":
        offer.delete()
    else:
        Post.objects.filter(pk=offer.pk).update(**changes[how])


@pytest.mark.parametrize("how", ["gone", "unread", "expired", "met", "other words"])
def test_what_has_changed_since_the_proposal_is_not_asked_about(how: str, broker: Person) -> None:
    ring = make_ring(broker)
    spoil({"offer": Post.objects.get(party=ring.parties[1], kind="offer")}, how)

    with pytest.raises(InvalidError):
        ring.ask()

    assert ring.fresh().state == Match.State.PROPOSED
    assert not ring.match.parts.exists()


def test_a_post_that_another_match_holds_is_not_asked_about_twice(broker: Person) -> None:
    ring, other = make_ring(broker), make_pair(broker)
    held = other.match.transfers.get(place=1)
    held.offer = Post.objects.get(party=ring.parties[0], kind="offer")
    held.save()
    assert held.offer is not None
    Post.objects.filter(pk=held.offer.pk).update(party=other.parties[0])
    other.ask()
    Post.objects.filter(pk=held.offer.pk).update(party=ring.parties[0])

    with pytest.raises(InvalidError, match="invalid"):
        ring.ask()


@pytest.mark.django_db(transaction=True)
def test_of_two_matches_with_the_same_posts_asked_at_once_one_is() -> None:
    ring = make_ring(make_broker(make_town()))
    other = Match.objects.create(kind="ring", made_at=WHEN)
    for transfer in ring.match.transfers.all():
        transfer.pk, transfer.match = None, other
        transfer.save()
    gate, refused = Barrier(2), []

    def press(match_id: int) -> None:
        try:
            gate.wait(10)
            ask(actor=ring.actor, match_id=match_id, at=WHEN)
        except InvalidError:
            refused.append(match_id)
        finally:
            connections.close_all()

    threads = [Thread(target=press, args=(one.pk,)) for one in (ring.match, other)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)

    assert len(refused) == 1
    assert Match.objects.filter(state=Match.State.ASKED).count() == 1


def test_two_who_are_not_to_be_put_together_are_not(broker: Person) -> None:
    ring = make_ring(broker)
    Block.objects.create(party=ring.parties[2], other=ring.parties[0], at=WHEN)

    with pytest.raises(InvalidError):
        ring.ask()


def test_what_hangs_not_together_is_not_asked(broker: Person) -> None:
    ring = make_ring(broker)
    stranger, _code = make_party()
    ring.match.transfers.filter(place=2).update(need=make_post(stranger, "need", "Annat."))

    with pytest.raises(InvalidError):
        ring.ask()


def test_only_a_bridge_builder_asks(broker: Person, town: Town) -> None:
    ring = make_ring(broker)

    for person in (town.manager, town.member, town.outsider):
        with pytest.raises(NotFoundError):
            ask(actor=actor_of(person), match_id=ring.match.pk, at=WHEN)
    elsewhere = make_person("Bo Brobyggare", town.guidance, "broker")
    assert ask(actor=actor_of(elsewhere), match_id=ring.match.pk, at=WHEN).state == Match.State.ASKED


# ---------------------------------------------------------------- checks


def test_the_kinds_of_help_bring_their_checks_each_once(broker: Person) -> None:
    ring = make_ring(broker)

    ring.ask()

    assert [check.kind for check in ring.match.checks.all()] == [CheckKind.INSURANCE]


@pytest.mark.parametrize("mark", ["child", "home"])
def test_a_child_or_a_home_is_never_without_a_visit(mark: str, broker: Person) -> None:
    pair = make_pair(broker, marks=(mark,))

    pair.ask()

    required = {(check.kind, check.about) for check in pair.match.checks.filter(is_required=True)}
    visit = {(CheckKind.VISIT, "")}
    assert required == (visit | {(CheckKind.EXTRACT, "Mattestudenten")} if mark == "child" else visit)
    for check in pair.match.checks.filter(is_required=True):
        with pytest.raises(InvalidError):
            set_check(
                actor=pair.actor, match_id=pair.match.pk, check_id=check.pk, state=Check.State.NOT_NEEDED, at=WHEN
            )


def test_a_check_says_who_saw_it_and_when(broker: Person) -> None:
    pair = make_pair(broker, marks=("child",))
    pair.ask()
    check = pair.match.checks.get(kind=CheckKind.EXTRACT)

    set_check(actor=pair.actor, match_id=pair.match.pk, check_id=check.pk, state=Check.State.DONE, at=WHEN)
    set_check(actor=pair.actor, match_id=pair.match.pk, check_id=check.pk, state=Check.State.DONE, at=WHEN + DAY)

    check.refresh_from_db()
    assert (check.state, check.by, check.at) == (Check.State.DONE, broker, WHEN)
    assert AuditEntry.objects.filter(verb="check.set").count() == 1


def test_whom_to_ask_is_called_as_in_the_country_and_never_why(db: None) -> None:
    check = Check(kind=CheckKind.BENEFIT)

    assert label_of(check, "sv") == "Försäkringskassan eller Arbetsförmedlingen"
    assert label_of(check, "da") == "Jobcenteret"
    assert label_of(Check(kind=CheckKind.EXTRACT, about="Pappan"), "da") == "Børneattest, Pappan"
    assert label_of(Check(kind=CheckKind.OTHER, about="Hyresvärden"), "sv") == "Hyresvärden"


def test_the_bridge_builder_adds_what_is_to_be_asked_once(broker: Person) -> None:
    ring = make_ring(broker)
    adding: dict[str, Any] = {"actor": ring.actor, "match_id": ring.match.pk, "at": WHEN}

    first = add_check(**adding, kind="other", about=" Hyres värden ")
    again = add_check(**adding, kind="other", about="Hyres värden")

    assert first == again
    with pytest.raises(InvalidError):
        add_check(**adding, kind="other", about="  ")
    with pytest.raises(InvalidError):
        add_check(**adding, kind="diagnosis", about="x")


def test_what_was_checked_before_asking_stays_checked(broker: Person) -> None:
    ring = make_ring(broker)
    made = add_check(actor=ring.actor, match_id=ring.match.pk, kind=CheckKind.INSURANCE, about="", at=WHEN)
    set_check(actor=ring.actor, match_id=ring.match.pk, check_id=made.pk, state=Check.State.DONE, at=WHEN)

    ring.ask()

    assert ring.match.checks.get().state == Check.State.DONE


def test_a_check_of_another_match_is_not_there(broker: Person) -> None:
    ring, pair = make_ring(broker), make_pair(broker)
    pair.ask()

    with pytest.raises(NotFoundError):
        set_check(actor=ring.actor, match_id=ring.match.pk, check_id=pair.match.checks.get().pk, state="done", at=WHEN)


def test_a_remark_is_written_once(broker: Person) -> None:
    ring, key = make_ring(broker), device_key()

    for _ in range(2):
        remark_on_match(actor=ring.actor, match_id=ring.match.pk, words="Ringde i går.", key=key, at=WHEN)

    assert Remark.objects.get().words == "Ringde i går."
    with pytest.raises(InvalidError):
        remark_on_match(actor=ring.actor, match_id=ring.match.pk, words=" ", key=device_key(), at=WHEN)


# ---------------------------------------------------------------- other words


def test_changed_words_ask_everybody_again_and_say_so(broker: Person) -> None:
    ring = make_ring(broker)
    Party.objects.update(mail="nagon@lindvik.example")
    ring.ask()
    ring.yes(1, 2)
    OutgoingMail.objects.all().delete()

    change_words(
        actor=ring.actor, match_id=ring.match.pk, wording=Wording({1: "repeterar matte en gång"}), at=WHEN + DAY
    )

    assert {part.answer for part in ring.match.parts.all()} == {Part.Answer.WAITING}
    assert [part.asked_anew_at for part in ring.match.parts.all()] == [WHEN + DAY, WHEN + DAY, None]
    assert OutgoingMail.objects.count() == 3
    assert "Orden har ändrats" in ring.phone(1).get(f"/exchange/mine/asked/{ring.match.pk}").content.decode()
    assert "Orden har ändrats" not in ring.phone(3).get(f"/exchange/mine/asked/{ring.match.pk}").content.decode()


def test_the_same_words_ask_nobody_again(broker: Person) -> None:
    ring = make_ring(broker)
    ring.ask()
    ring.yes(1)
    match = ring.fresh()

    change_words(
        actor=ring.actor, match_id=match.pk, wording=Wording({}, match.title, f" {match.until}"), at=WHEN + DAY
    )

    assert ring.part(1).answer == Part.Answer.YES


def test_no_words_are_changed_when_all_have_said_yes(broker: Person) -> None:
    ring = make_ring(broker)
    ring.ask()
    ring.yes(1, 2, 3)

    with pytest.raises(ConflictError):
        change_words(actor=ring.actor, match_id=ring.match.pk, wording=Wording({1: "annat"}), at=WHEN)


@pytest.mark.parametrize(
    "wording", [Wording({1: " "}), Wording({1: "x" * 201}), Wording({}, "x" * 121), Wording({}, doubt="x" * 301)]
)
def test_words_that_cannot_be_are_refused(wording: Wording, broker: Person) -> None:
    ring = make_ring(broker)

    with pytest.raises(InvalidError):
        change_words(actor=ring.actor, match_id=ring.match.pk, wording=wording, at=WHEN)


# ---------------------------------------------------------------- what she is asked, in a list


def test_the_questions_of_a_party_say_how_it_stands_for_her(
    broker: Person, django_assert_num_queries: mock.Mock
) -> None:
    ring = make_ring(broker)
    assert questions_to(ring.parties[0]) == []
    ring.ask()
    ring.yes(1)

    with django_assert_num_queries(2):
        (first,) = questions_to(ring.parties[0])
    (second,) = questions_to(ring.parties[1])

    assert (first.words, first.needs_you, first.url) == (
        "Tre som kan hjälpa varandra",
        False,
        f"/exchange/mine/asked/{ring.match.pk}",
    )
    assert "Du har sagt ja" in first.state
    assert second.needs_you


def test_a_danish_municipality_asks_the_jobcenter(broker: Person) -> None:
    Installation.objects.update_or_create(pk=1, defaults={"name": "Hedeby", "language": "da"})
    ring = make_ring(broker)
    ring.ask()
    add_check(actor=ring.actor, match_id=ring.match.pk, kind="benefit", about="", at=WHEN)

    shown = ring.phone(1).get(f"/exchange/mine/asked/{ring.match.pk}").content.decode()

    assert "Jobcenteret" in shown
    assert "Försäkringskassan" not in shown
