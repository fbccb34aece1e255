"""Before the last yes nothing tells who the others are: canaries in every place where something can be read.

The control is the same eyes after the last yes, which must find what may then be seen, and only that.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from samspel.core.limits import BUCKETS
from samspel.core.models import AuditEntry, OutgoingMail
from samspel.exchange.actions.answering import ask_other_time, say_no, say_yes, tell_problem
from samspel.exchange.actions.asking import Wording, ask, change_words
from samspel.exchange.actions.posting import PostDraft, add_post, hash_of_words
from samspel.exchange.actions.reading import read_post
from samspel.exchange.actions.remarking import remark_on_match
from samspel.exchange.actions.running import fall
from samspel.exchange.actions.selecting import choose_anew, put_together
from samspel.exchange.asked import shown_digest
from samspel.exchange.models import Category, Match, Party, Post
from samspel.people.models import Person
from tests.dialogues.test_permission_matrix import sign_in
from tests.exchange.making import make_party, make_post
from tests.exchange.rings import CALLED, NEEDS, Ring, make_ring
from tests.people import WHEN, Town, actor_of, device_key, make_person
from tests.test_routes import ADDRESSES

PLACES = (1, 2, 3)


def contact(place: int) -> str:
    return f"kanariekontakt-{place}"


def more(place: int) -> str:
    return f"kanariemer-{place}"


def address_of(place: int) -> str:
    return f"kanariebrev-{place}@lindvik.example"


PROBLEM, WISH, REMARK = "kanarieproblem", "kanarieonskan", "kanarieanteckning"
NAME = "Kanariefågel Namn"


@dataclass(frozen=True)
class World:
    """A ring whose every secret is a canary, and everybody who may look."""

    ring: Ring
    clients: dict[str, Client]

    def pages(self, who: str, addresses: list[str] | None = None) -> str:
        """Everything that somebody reads when she asks for these pages, or for those of giving and getting."""
        match = self.ring.match.pk
        own = [
            f"/exchange/mine/asked/{match}",
            "/exchange/desk/matches",
            f"/exchange/desk/matches/{match}",
            "/exchange/spared",
            "/exchange/setup/assumptions",
            "/exchange/mine",
            "/exchange",
            "/",
            "/threads",
        ]
        found = []
        for address in addresses or own:
            BUCKETS.clear()
            answer: Any = self.clients[who].get(address)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            found.append(body.decode(errors="replace") + str(answer.headers))
        return "\n".join(found)


@pytest.fixture
def world(broker: Person, town: Town) -> World:
    ring = make_ring(broker)
    for place, party in enumerate(ring.parties, start=1):
        person = make_person(f"{NAME} {place}") if place == 2 else None
        Party.objects.filter(pk=party.pk).update(mail=address_of(place), person=person)
        for post in Post.objects.filter(party=party):
            post.more, post.consented_to = more(place), hash_of_words(post.words, more(place))
            post.save()
    remark_on_match(actor=ring.actor, match_id=ring.match.pk, words=REMARK, key=device_key(), at=WHEN)
    stranger = Client()
    stranger.cookies["exchange"] = make_party()[1]
    clients = {f"party {place}": ring.phone(place) for place in PLACES} | {
        "visitor": Client(),
        "stranger": stranger,
        "member": sign_in(town.member),
        "manager": sign_in(town.manager),
        "administrator": sign_in(town.administrator),
        "broker": sign_in(broker),
    }
    for client in clients.values():
        client.raise_request_exception = False
    return World(ring, clients)


def yes(ring: Ring, place: int) -> None:
    seen = shown_digest(ring.fresh())
    say_yes(mine=ring.mine(place), match_id=ring.match.pk, contact=contact(place), seen=seen, at=WHEN)


def nobody_asked(ring: Ring) -> None:
    assert ring.fresh().state == Match.State.PROPOSED


def asked(ring: Ring) -> None:
    ring.ask()


def two_yes(ring: Ring) -> None:
    ring.ask()
    yes(ring, 1)
    yes(ring, 2)


def one_yes_and_a_problem(ring: Ring) -> None:
    ring.ask()
    yes(ring, 1)
    yes(ring, 2)
    tell_problem(mine=ring.mine(2), match_id=ring.match.pk, words=PROBLEM, at=WHEN)
    ask_other_time(mine=ring.mine(3), match_id=ring.match.pk, words=WISH, at=WHEN)


def asked_anew(ring: Ring) -> None:
    two_yes(ring)
    change_words(actor=ring.actor, match_id=ring.match.pk, wording=Wording({1: "repeterar matte en gång"}), at=WHEN)


def fallen(ring: Ring) -> None:
    two_yes(ring)
    say_no(mine=ring.mine(3), match_id=ring.match.pk, at=WHEN)


def let_be(ring: Ring) -> None:
    two_yes(ring)
    fall(actor=ring.actor, match_id=ring.match.pk, at=WHEN)


BEFORE = [nobody_asked, asked, two_yes, one_yes_and_a_problem, asked_anew, fallen, let_be]


def secrets_from(ring: Ring, who: str) -> list[str]:
    """What this one may never read before the last yes."""
    codes = list(ring.codes)
    mails = [address_of(place) for place in PLACES]
    contacts = [contact(place) for place in PLACES]
    mores = [more(place) for place in PLACES]
    if who == "broker":
        return [*codes, *mails, *contacts, NAME]
    if who.startswith("party"):
        me = int(who[-1])
        own = {contact(me), address_of(me), ring.codes[me - 1]}
        hers = {2: {PROBLEM}, 3: {WISH}}.get(me, set())
        return [one for one in [*codes, *mails, *contacts, NAME, PROBLEM, WISH, REMARK] if one not in own | hers]
    return [*codes, *mails, *contacts, *mores, NAME, PROBLEM, WISH, REMARK, *NEEDS, *CALLED[:2], "repeterar matte"]


@pytest.mark.parametrize("how", BEFORE, ids=lambda how: how.__name__)
def test_no_page_tells_who_the_others_are(how: Callable[[Ring], None], world: World) -> None:
    how(world.ring)

    told = {}
    for who in world.clients:
        shown = world.pages(who)
        found = [secret for secret in secrets_from(world.ring, who) if secret in shown]
        if found:
            told[who] = found

    assert told == {}


def test_no_address_of_the_whole_site_does(world: World) -> None:
    one_yes_and_a_problem(world.ring)
    addresses = [one.filled(match_id=world.ring.match.pk) for one in ADDRESSES if "logout" not in one.name]

    told = {}
    for who in ("visitor", "party 1", "manager"):
        shown = world.pages(who, addresses)
        found = [secret for secret in secrets_from(world.ring, who) if secret in shown]
        if found:
            told[who] = found

    assert told == {}


@pytest.mark.parametrize("how", BEFORE, ids=lambda how: how.__name__)
def test_no_letter_log_audit_or_queue_does(
    how: Callable[[Ring], None], world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    how(world.ring)
    world.pages("party 1")

    secrets = [*secrets_from(world.ring, "visitor"), *NEEDS]
    kept = rows("core_auditentry") + rows("procrastinate_jobs") + rows("procrastinate_events") + caplog.text
    letters = "".join(letter.subject + letter.text for letter in OutgoingMail.objects.all())

    assert [secret for secret in secrets if secret in kept] == []
    assert [secret for secret in secrets if secret in letters] == []


def test_no_audit_rows_joined_tell_who_is_asked(world: World, town: Town) -> None:
    """Who is signed in leaves a need; a bridge-builder puts it together with an offer and asks them."""
    driver, _code = make_party("Grannen")
    offer = make_post(driver, "offer", "Kan köra på lördagar", at=now())
    kind = Category.objects.get(key="carry/drive").pk
    draft = PostDraft("need", "Någon som kör mig", category_id=kind, is_adult=True, key=device_key())
    need = add_post(actor=actor_of(town.member), mine=None, draft=draft, at=now()).post
    read_post(actor=world.ring.actor, post_id=need.pk, at=now())
    choose_anew(actor=world.ring.actor, at=now())
    match = put_together(actor=world.ring.actor, offer_id=offer.pk, need_id=need.pk, at=now())
    assert match is not None
    ask(actor=world.ring.actor, match_id=match, at=now())

    trail = list(AuditEntry.objects.all())
    assert {"post.left", "posts.put_together", "match.asked"} <= {entry.verb for entry in trail}
    assert not [entry.verb for entry in trail if entry.person_id == town.member.pk]
    for entry in trail:
        if entry.verb.startswith(("match.", "posts.")):
            assert entry.object_type == "exchange.match" or entry.object_id == 0
            assert not {"need", "offer", "post", "party"} & set(entry.facts)


def rows(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608
        return "\n".join(row[0] for row in cursor.fetchall())


def test_the_same_eyes_find_what_may_be_seen_after_the_last_yes(world: World) -> None:
    two_yes(world.ring)
    yes(world.ring, 3)

    for place in PLACES:
        shown = world.pages(f"party {place}")
        assert all(contact(other) in shown for other in PLACES)
        assert not any(address_of(other) in shown for other in PLACES if other != place)
    for who in ("visitor", "stranger", "member", "manager", "administrator", "broker"):
        assert not any(contact(place) in world.pages(who) for place in PLACES)


def test_every_canary_lies_where_it_should(world: World) -> None:
    """The control of the controls: what nobody may read is really there."""
    one_yes_and_a_problem(world.ring)

    kept = rows("exchange_part") + rows("exchange_party") + rows("exchange_post") + rows("exchange_remark")

    for secret in (contact(1), contact(2), PROBLEM, WISH, REMARK, address_of(3), more(3)):
        assert secret in kept
    assert PROBLEM in world.pages("broker")
    assert WISH in world.pages("broker")


def test_a_page_costs_the_same_however_the_others_have_answered(world: World) -> None:
    """Neither the number of queries nor the size tells more than the words Ja and Tänker do."""
    ring = world.ring
    ring.ask()

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = world.clients["party 3"].get(f"/exchange/mine/asked/{ring.match.pk}")
        return len(queries), len(answer.content)

    nobody = cost()
    tell_problem(mine=ring.mine(1), match_id=ring.match.pk, words=PROBLEM, at=WHEN)
    ask_other_time(mine=ring.mine(2), match_id=ring.match.pk, words=WISH, at=WHEN)
    thinking = cost()
    yes(ring, 1)
    first = cost()
    tell_problem(mine=ring.mine(1), match_id=ring.match.pk, words=PROBLEM, at=WHEN)
    yes(ring, 2)
    second = cost()

    assert thinking == nobody
    assert first == second  # who of them it was is told by the words alone, not by the size
    assert nobody[0] == first[0]


def test_the_page_takes_so_many_queries(world: World) -> None:
    ring = world.ring
    ring.ask()

    with CaptureQueriesContext(connection) as queries:
        world.clients["party 1"].get(f"/exchange/mine/asked/{ring.match.pk}")

    # the party; her part; the parts; the gifts; the checks; whom she has blocked; the country; the installation's name
    assert len(queries) == 8
