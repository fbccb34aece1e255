"""A need that grows from an agreement, the match that it leads to, and what that becomes: one red thread."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from samspel.core import thread
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.models import Knot, Stage, Tie, TieKind
from samspel.dialogues.models import Agreement, Dialogue, State
from samspel.exchange.actions.erasing import erase_matches
from samspel.exchange.actions.posting import PostDraft, need_from_agreement
from samspel.exchange.actions.reading import read_post
from samspel.exchange.actions.running import become, start
from samspel.exchange.models import Category, Match, Part, Party, Post
from samspel.exchange.queries import open_posts
from samspel.people.models import Person
from tests.conftest import SignIn
from tests.exchange.making import make_match, make_party, make_post
from tests.people import WHEN, Town, actor_of, device_key, make_dialogue, make_person

WORDS = "Vi behöver låna bord och stolar till öppet hus."


@pytest.fixture
def facilitator(town: Town) -> Person:
    return make_person("Fia Samtalsledare", town.guidance, "facilitator")


def agreed(town: Town, *, text: str = WORDS, is_public: bool = True, becomes: str = "need") -> Knot:
    """An agreement of the guidance unit on a red thread, in a meeting that is over."""
    dialogue = make_dialogue(town.guidance)
    Dialogue.objects.filter(pk=dialogue.pk).update(
        state=State.CLOSED,
        is_public=is_public,
        closed_reason="" if is_public else "Sekretess",
        opened_at=WHEN,
        closed_at=WHEN,
    )
    agreement = Agreement.objects.create(
        dialogue=dialogue, text=text, key=device_key(), agreed_at=WHEN, becomes=becomes, owner="Maria Larsson"
    )
    begun = thread.start_thread(unit_id=town.guidance.pk, title="Kan jag få lov?", at=WHEN)
    thread.add_knot(begun.pk, Stage.DIALOGUE, dialogue, at=WHEN)
    return thread.add_knot(begun.pk, Stage.AGREEMENT, agreement, at=WHEN)


def draft(words: str = WORDS) -> PostDraft:
    kind = Category.objects.get(key="place/thing").pk
    return PostDraft("need", words, category_id=kind, key=device_key())


def grown(knot: Knot, person: Person, words: str = WORDS) -> Post:
    return need_from_agreement(actor=actor_of(person), knot_id=knot.pk, draft=draft(words), at=now())


def test_the_form_has_the_agreements_words_and_nobodys_name(
    town: Town, facilitator: Person, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    knot = agreed(town, text=" ".join(["Vi lånar bord."] * 30))
    client = signed_in(facilitator)

    with django_assert_num_queries(11):
        page = client.get(f"/exchange/need/{knot.pk}").content.decode()

    first, second = " ".join(["Vi lånar bord."] * 20), " ".join(["Vi lånar bord."] * 10)
    assert f">{first}</textarea>" in page
    assert f'name="more" value="{second}"' in page
    assert 'name="called"' not in page
    assert "Maria Larsson" not in page
    assert Post.objects.count() == 0


def test_it_is_the_units_own_and_waits_to_be_read(town: Town, facilitator: Person, signed_in: SignIn) -> None:
    knot = agreed(town)
    kind = Category.objects.get(key="place/thing").pk
    sent = {"words": WORDS, "called": "Maria Larsson", "category": kind, "key": device_key(), "who": "resident"}

    for _ in range(2):
        answer = signed_in(facilitator).post(f"/exchange/need/{knot.pk}", sent)
        assert answer.status_code == 200

    post = Post.objects.select_related("party").get()
    assert (post.kind, post.words, post.read_at) == ("need", WORDS, None)
    party = post.party
    assert (party.kind, party.unit_id, party.called) == (Party.Kind.UNIT, town.guidance.pk, town.guidance.name)
    assert not open_posts(now()).exists()


def test_what_may_be_too_much_is_asked_about_before_it_is_saved(
    town: Town, facilitator: Person, signed_in: SignIn
) -> None:
    knot = agreed(town)
    kind = Category.objects.get(key="place/thing").pk
    sent = {"words": "Jag har brutit armen och behöver bord.", "called": "Vi", "category": kind, "key": device_key()}

    answer = signed_in(facilitator).post(f"/exchange/need/{knot.pk}", sent)

    assert answer.status_code == 422
    assert "kan handla om din hälsa" in answer.content.decode()
    assert not Post.objects.exists()


def test_an_agreement_has_one_need_at_a_time(town: Town, facilitator: Person, signed_in: SignIn) -> None:
    knot = agreed(town)
    post = grown(knot, facilitator)

    with pytest.raises(ConflictError):
        grown(knot, facilitator)
    page = signed_in(facilitator).get(f"/exchange/need/{knot.pk}").content.decode()
    assert "redan lämnat" in page
    assert "<textarea" not in page
    post.delete()

    assert grown(knot, facilitator).pk != post.pk


@pytest.mark.parametrize("becomes", ["trial", "decision", "nothing"])
def test_only_what_is_to_become_a_need_does(town: Town, facilitator: Person, signed_in: SignIn, becomes: str) -> None:
    knot = agreed(town, becomes=becomes)

    with pytest.raises(NotFoundError):
        grown(knot, facilitator)
    assert signed_in(facilitator).get(f"/exchange/need/{knot.pk}").status_code == 404


def test_no_need_grows_while_the_meeting_goes_on_or_of_what_was_withdrawn(town: Town, facilitator: Person) -> None:
    knot = agreed(town)
    Dialogue.objects.update(state=State.RUNNING, closed_at=None)
    with pytest.raises(NotFoundError):
        grown(knot, facilitator)
    Dialogue.objects.update(state=State.CLOSED, closed_at=WHEN)
    Agreement.objects.update(withdrawn_at=WHEN)
    with pytest.raises(NotFoundError):
        grown(knot, facilitator)
    Agreement.objects.update(withdrawn_at=None)

    assert grown(knot, facilitator).kind == Post.Kind.NEED


def test_who_may_let_a_need_grow(town: Town, broker: Person) -> None:
    """Those who lead in the unit; a bridge-builder of another one where the agreement is open to all."""
    is_open, shut = agreed(town), agreed(town, is_public=False)
    for person in (town.member, town.outsider):
        with pytest.raises(NotFoundError):
            grown(is_open, person)
    with pytest.raises(NotFoundError):
        grown(shut, broker)

    assert grown(is_open, broker).party == grown(shut, town.manager).party


def test_nothing_grows_from_what_is_no_agreement_or_is_taken_back(town: Town) -> None:
    knot = agreed(town)
    dialogue = Knot.objects.get(thread=knot.thread_id, stage=Stage.DIALOGUE)
    with pytest.raises(NotFoundError):
        grown(dialogue, town.manager)
    need = grown(knot, town.manager)
    with pytest.raises(NotFoundError):
        grown(thread.knots_of(need)[0], town.manager)

    Agreement.objects.update(withdrawn_at=WHEN)

    with pytest.raises(NotFoundError):
        grown(knot, town.manager, words="Något annat.")


# ---------------------------------------------------------------- one thread


def matched(need: Post, broker: Person) -> Match:
    """An association lends what the unit needs: all have said yes."""
    lender, _code = make_party("Föreningen")
    offer = make_post(lender, "offer", "Har bord och stolar.", category="place/thing")
    read_post(actor=actor_of(broker), post_id=need.pk, at=WHEN)
    match = make_match(
        [(lender, offer, None), (need.party, None, need)], title="Bord till öppet hus", state=Match.State.AGREED
    )
    match.parts.update(answer=Part.Answer.YES)
    match.asked_at = match.agreed_at = WHEN
    match.save()
    return match


def test_agreement_need_and_match_are_one_thread(
    town: Town, facilitator: Person, broker: Person, signed_in: SignIn
) -> None:
    knot = agreed(town)
    need = grown(knot, facilitator)
    match = matched(need, broker)

    start(actor=actor_of(broker), match_id=match.pk, at=now(), unit_id=town.library.pk, on_thread="new")

    (of_need,), (of_match,) = thread.knots_of(need), thread.knots_of(match)
    assert {of_need.thread_id, of_match.thread_id} == {knot.thread_id}
    ties = set(Tie.objects.filter(knot__in=[of_need, of_match]).values_list("knot", "to", "kind"))
    assert ties == {(of_need.pk, knot.pk, "grew_from"), (of_match.pk, of_need.pk, "grew_from")}
    page = signed_in(town.member).get(f"/threads/{knot.thread_id}").content.decode()
    agreement, behov, given = (page.index(words) for words in ("Överenskommelse", ">Behov", "Bord till öppet hus"))
    assert agreement < behov < given
    assert "Det pågår" in page
    open_page = Client().get(f"/threads/{knot.thread_id}").content.decode()
    assert "Bord till öppet hus" not in open_page
    assert ">Behov" not in open_page


def test_the_match_shows_the_agreement_that_it_grew_from(
    town: Town, broker: Person, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    match = matched(grown(agreed(town), town.manager), broker)
    client = signed_in(broker)

    with django_assert_num_queries(13):
        page = client.get(f"/exchange/desk/matches/{match.pk}").content.decode()

    assert "Växte ur en överenskommelse" in page
    assert WORDS in page
    assert "Det hamnar på samma röda tråd" in page
    assert 'name="thread"' not in page


def test_words_of_a_meeting_that_is_not_open_stay_with_the_unit(town: Town, broker: Person, signed_in: SignIn) -> None:
    knot = agreed(town, text="Vi lånar bord i tysthet.", is_public=False)
    need = grown(knot, town.manager)
    match = matched(need, broker)

    for address in (f"/exchange/desk/matches/{match.pk}", f"/exchange/desk/posts/{need.pk}"):
        page = signed_in(broker).get(address).content.decode()
        assert "Växte ur en överenskommelse" in page
        assert "i tysthet" not in page


# ---------------------------------------------------------------- what it becomes


def ended(match: Match, ending: str = "done") -> Match:
    Match.objects.filter(pk=match.pk).update(state=Match.State.ENDED, ending=ending, ended_at=WHEN, started_at=WHEN)
    return Match.objects.get(pk=match.pk)


def test_what_ended_well_becomes_a_trial_on_its_thread(town: Town, broker: Person, signed_in: SignIn) -> None:
    knot = agreed(town)
    match = matched(grown(knot, town.manager), broker)
    start(actor=actor_of(broker), match_id=match.pk, at=now())
    ended(match)
    client = signed_in(broker)

    for _ in range(2):
        client.post(f"/exchange/desk/matches/{match.pk}", {"do": "become", "becomes": "trial"})

    assert Match.objects.get().becomes == "trial"
    page = signed_in(town.member).get(f"/threads/{knot.thread_id}").content.decode()
    assert "Resultat" in page
    assert "Avslutad. Blir ett försök." in page


def test_the_thread_keeps_what_became_of_it_when_all_else_is_forgotten(
    town: Town, broker: Person, signed_in: SignIn
) -> None:
    knot = agreed(town)
    match = ended(matched(grown(knot, town.manager), broker))
    there: dict[str, Any] = {"unit_id": town.guidance.pk, "on_thread": str(knot.thread_id)}
    become(actor=actor_of(broker), match_id=match.pk, becomes="trial", at=WHEN, **there)

    for _again in range(2):
        erase_matches(WHEN + timedelta(days=365))

    assert not Match.objects.exists()
    page = signed_in(town.member).get(f"/threads/{knot.thread_id}").content.decode()
    assert page.count("Några hjälpte varandra") == 1
    assert "Blir ett försök." in page
    [left] = Knot.objects.filter(object_type="exchange.trace")
    assert Tie.objects.filter(knot=left, kind=TieKind.GREW_FROM).exists()


def test_on_no_thread_it_is_put_where_the_unit_finds_it(town: Town, broker: Person) -> None:
    need = make_post(make_party("Någon")[0], "need", "Behöver bord.", category="place/thing")
    match = ended(matched(need, broker))
    becoming: dict[str, Any] = {"actor": actor_of(broker), "match_id": match.pk, "at": WHEN}
    with pytest.raises(InvalidError):
        become(**becoming, becomes="service")

    become(**becoming, becomes="service", unit_id=town.library.pk, on_thread="new")
    become(**becoming, becomes="", unit_id=None)

    assert len(thread.knots_of(match)) == 1
    assert Match.objects.get().becomes == ""


def test_only_what_ended_as_it_was_meant_becomes_something(town: Town, broker: Person) -> None:
    need = make_post(make_party("Någon")[0], "need", "Behöver bord.", category="place/thing")
    match = matched(need, broker)
    becoming: dict[str, Any] = {"actor": actor_of(broker), "match_id": match.pk, "at": WHEN, "becomes": "trial"}
    with pytest.raises(ConflictError):
        become(**becoming)
    ended(match, "early")
    with pytest.raises(ConflictError):
        become(**becoming)
    ended(match)
    with pytest.raises(InvalidError):
        become(**becoming | {"becomes": "rule"})


# ---------------------------------------------------------------- the protocol


def test_what_else_grew_from_the_agreement_is_no_need(town: Town, facilitator: Person, signed_in: SignIn) -> None:
    knot = agreed(town)
    match = Match.objects.create(kind="pair", made_at=WHEN)
    thread.tie(thread.add_knot(knot.thread_id, Stage.TRIAL, match, at=WHEN), knot, TieKind.GREW_FROM)

    dialogue = Agreement.objects.get(pk=knot.object_id).dialogue_id
    assert f"/exchange/need/{knot.pk}" in signed_in(facilitator).get(f"/dialogues/{dialogue}/protocol").text


def test_the_protocol_leads_from_the_agreement_to_the_need(town: Town, facilitator: Person, signed_in: SignIn) -> None:
    knot = agreed(town)
    other = agreed(town, becomes="trial")
    dialogue = Agreement.objects.get(pk=knot.object_id).dialogue_id
    address = f"/dialogues/{dialogue}/protocol"

    assert f"/exchange/need/{knot.pk}" in signed_in(facilitator).get(address).content.decode()
    assert "/exchange/need/" not in signed_in(town.member).get(address).content.decode()
    trial = Agreement.objects.get(pk=other.object_id).dialogue_id
    assert "/exchange/need/" not in signed_in(facilitator).get(f"/dialogues/{trial}/protocol").content.decode()
    grown(knot, facilitator)

    page = signed_in(facilitator).get(address).content.decode()
    assert "Lämnat som ett behov" in page
    assert "/exchange/need/" not in page
