"""The bridge-builder's pages of matches: who has answered what, what is left, and each step with a press."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import DjangoAssertNumQueries

from samspel.core.errors import ConflictError
from samspel.core.models import OutgoingMail
from samspel.exchange.actions.answering import ask_other_time, leave_match, say_no, tell_problem
from samspel.exchange.actions.taking_back import take_back
from samspel.exchange.drawing import LARGE, small
from samspel.exchange.match_page import match_list
from samspel.exchange.models import Check, Match, Part, Party, Post, Remark
from samspel.exchange.queries import waiting_at_desk
from samspel.people.models import Person, Role
from tests.dialogues.test_permission_matrix import sign_in
from tests.exchange.rings import Ring, make_chain, make_pair, make_ring, make_round, make_square
from tests.people import WHEN, Town, device_key, make_person


@pytest.fixture
def ring(broker: Person) -> Ring:
    return make_ring(broker)


def at(ring: Ring) -> str:
    return f"/exchange/desk/matches/{ring.match.pk}"


def test_a_press_asks_everybody_and_a_second_changes_nothing(broker: Person, desk: Client) -> None:
    ring = make_ring(broker, at=timezone.now())

    for _ in range(2):
        answer = ring.press_ask(desk)
        assert (answer.status_code, answer.headers["Location"]) == (302, at(ring))

    assert ring.fresh().state == Match.State.ASKED


def test_what_cannot_be_asked_is_said_in_words(ring: Ring, desk: Client) -> None:
    Party.objects.filter(pk=ring.parties[0].pk).delete()

    answer = desk.post(f"{at(ring)}/ask")

    assert answer.status_code == 422
    assert "Någon har tagit bort sitt behov" in answer.content.decode()
    assert "Låt det vara" in answer.content.decode(), "the match is there to go on with"


def test_answers_are_by_role_with_what_was_written_to_her(ring: Ring, desk: Client) -> None:
    ring.ask()
    ring.yes(1)
    tell_problem(mine=ring.mine(2), match_id=ring.match.pk, words="Onsdagar går inte.", at=WHEN)
    ask_other_time(mine=ring.mine(3), match_id=ring.match.pk, words="Hellre torsdag", at=WHEN)

    shown = desk.get(at(ring)).content.decode()

    for words in ("1 av 3 har sagt ja", "Onsdagar går inte.", "Hellre torsdag", "Ser ett problem", "Försäkring"):
        assert words in shown
    assert "070-0000001" not in shown


def test_everything_is_done_with_a_press_each(ring: Ring, desk: Client) -> None:
    ring.ask()
    check = ring.match.checks.get()
    presses: list[dict[str, object]] = [
        {"do": "check", "check": check.pk, "state": "asked"},
        {"do": "add-check", "kind": "other", "about": "Hyresvärden"},
        {"do": "remark", "words": "Ringde i går.", "key": device_key()},
        {"do": "words", "gift-1": "repeterar matte", "title": "Tre", "until": "I maj"},
    ]
    for sent in presses:
        assert desk.post(at(ring), sent).status_code == 302, sent
    ring.yes(1, 2, 3)
    ring.check_all()
    states = []
    for do in ("start", "pause", "go-on", "end"):
        assert desk.post(at(ring), {"do": do, "ending": "done"}).status_code == 302, do
        states.append(ring.fresh().state)

    assert states == ["running", "paused", "running", "ended"]
    assert (ring.fresh().title, ring.fresh().until) == ("Tre", "I maj")
    assert ring.match.transfers.get(place=1).gift == "repeterar matte"
    assert Remark.objects.count() == 1
    assert Check.objects.filter(match=ring.match, state="done").count() == 2


def test_a_press_that_cannot_be_is_told_on_the_page(ring: Ring, desk: Client) -> None:
    ring.ask()

    for sent, said in (
        ({"do": "add-check", "kind": "other", "about": ""}, "Skriv vem ni behöver fråga."),
        ({"do": "remark", "words": "", "key": device_key()}, "Skriv något"),
        ({"do": "words", "gift-1": " "}, "Skriv vad som ges"),
        ({"do": "what"}, "Något behöver rättas."),
    ):
        answer = desk.post(at(ring), sent)
        assert answer.status_code == 422
        assert said in answer.content.decode()
    early = desk.post(at(ring), {"do": "start"})
    assert early.status_code == 409
    assert "Anteckningar" in early.content.decode(), "the page is there, with why not"
    assert desk.post(at(ring), {"do": "fall"}).status_code == 302
    assert ring.fresh().state == Match.State.FALLEN


def test_what_came_to_nothing_waits_for_nobody(ring: Ring, desk: Client) -> None:
    ring.ask()
    check = ring.match.checks.get()
    say_no(mine=ring.mine(2), match_id=ring.match.pk, at=WHEN)

    page = desk.get(at(ring)).content.decode()
    pressed = desk.post(at(ring), {"do": "check", "check": check.pk, "state": "done"})

    assert (page.count("Svarade inte"), page.count("Nej</span>")) == (2, 1)
    for untrue in ("har sagt ja", "Tänker", 'name="check"'):
        assert untrue not in page
    assert pressed.status_code == 409
    assert Check.objects.get().state == check.state


def test_the_list_is_by_state_with_what_needs_her(broker: Person, desk: Client) -> None:
    ring, pair, _proposal = make_ring(broker), make_pair(broker), make_chain(broker)
    ring.ask()
    ring.yes(1, 2, 3)
    pair.ask()
    tell_problem(mine=pair.mine(1), match_id=pair.match.pk, words="Nej.", at=WHEN)

    states = match_list()

    assert [(each.state, len(each.rows)) for each in states] == [("asked", 1), ("agreed", 1)]
    asked, agreed = states[0].rows[0], states[1].rows[0]
    assert (asked.people, asked.yes, asked.to_read) == (2, 0, 1)
    assert (agreed.people, agreed.yes, agreed.to_read, agreed.left) == (3, 3, 0, 1)
    assert "Någon har skrivit till dig" in desk.get("/exchange/desk/matches").content.decode()


@pytest.mark.parametrize("matches", [1, 4])
def test_the_list_takes_as_many_queries_however_many_there_are(
    matches: int, broker: Person, desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(matches):
        make_ring(broker).ask()

    with django_assert_num_queries(1):
        match_list()
    with django_assert_num_queries(5):  # the session, the person, her roles, the list, the installation
        desk.get("/exchange/desk/matches")


def test_the_page_of_one_takes_so_many_queries(
    ring: Ring, desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ring.ask()

    # the session, the person, her roles, the match, the country, the parts, the gifts, the checks, remarks, the name,
    # what it grew from
    with django_assert_num_queries(11):
        desk.get(at(ring))


def test_words_that_are_too_long_stay_in_the_form_with_what_is_wrong(ring: Ring, desk: Client) -> None:
    sent = {"do": "words", "gift-1": "x" * 201, "gift-2": "handleder en gång", "title": "Ny rubrik", "until": "I juni"}

    answer = desk.post(at(ring), sent | {"gift-3": "kör"})

    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "med högst 200 tecken" in shown
    for words in ("x" * 201, "handleder en gång", "Ny rubrik", "I juni"):
        assert f'value="{words}"' in shown


# ---------------------------------------------------------------- a no, and leaving


def test_after_a_no_what_is_left_is_proposed_anew_in_the_background(ring: Ring) -> None:
    ring.ask()

    say_no(mine=ring.mine(2), match_id=ring.match.pk, at=WHEN)

    # Tests of two who act at once leave tasks of theirs behind: the queue's tables are no models that are emptied.
    tasks = ProcrastinateJob.objects.filter(task_name="exchange.repair", args={"match_id": ring.match.pk})
    assert tasks.count() == 1


def test_who_leaves_what_all_had_said_yes_to_ends_it_for_all(ring: Ring) -> None:
    Party.objects.update(mail="nagon@lindvik.example")
    ring.ask()
    with pytest.raises(ConflictError):
        leave_match(mine=ring.mine(1), match_id=ring.match.pk, at=WHEN)
    ring.yes(1, 2, 3)
    OutgoingMail.objects.all().delete()

    left = ring.phone(1).post(f"/exchange/mine/asked/{ring.match.pk}", {"do": "leave"}, follow=True)

    assert left.status_code == 200
    assert ring.fresh().state == Match.State.FALLEN
    assert OutgoingMail.objects.count() == 2
    assert not Part.objects.exclude(contact="").exists()
    assert ring.part(1).words == ""
    assert (
        "Det blev inte av den här gången."
        in ring.phone(2).get(f"/exchange/mine/asked/{ring.match.pk}").content.decode()
    )


def test_who_takes_her_words_back_ends_it_and_the_others_are_told(ring: Ring) -> None:
    Party.objects.update(mail="nagon@lindvik.example")
    ring.ask()
    ring.yes(2, 3)
    OutgoingMail.objects.all().delete()
    post = Post.objects.get(party=ring.parties[0], kind="offer")

    take_back(mine=ring.mine(1), post_id=post.pk, at=WHEN)

    assert ring.fresh().state == Match.State.FALLEN
    assert OutgoingMail.objects.count() == 2
    shown = ring.phone(2).get(f"/exchange/mine/asked/{ring.match.pk}").content.decode()
    assert "Det blev inte av den här gången." in shown
    assert "Repeterar gärna matte." not in shown
    assert "Den unge mannen" not in shown, "who is named there is not who left"


# ---------------------------------------------------------------- drawings


@pytest.mark.parametrize("people", range(2, 8))
@pytest.mark.parametrize("is_closed", [True, False])
def test_a_small_drawing_has_a_dot_for_each_within_its_box(people: int, is_closed: bool) -> None:
    drawn = small(people, is_closed=is_closed)

    assert len(drawn.dots) == people
    for dot in drawn.dots:
        assert float(dot.x) - float(dot.r) >= 0
        assert float(dot.x) + float(dot.r) <= 72
        assert float(dot.y) - float(dot.r) >= 0
        assert float(dot.y) + float(dot.r) <= 36
    assert len({(dot.x, dot.y) for dot in drawn.dots}) == people
    assert [dot.is_open for dot in drawn.dots] == [not is_closed, *[False] * (people - 1)]


def test_a_large_drawing_has_a_line_for_each_gift() -> None:
    assert {people: len(lines) for people, lines in LARGE.items()} == {2: 2, 3: 3, 4: 4}


def test_long_words_and_chains_are_a_column_and_the_list_is_always_the_content(broker: Person) -> None:
    for made, is_drawn in ((make_ring(broker), True), (make_square(broker), True), (make_chain(broker, 7), False)):
        made.ask()
        shown = made.phone(1).get(f"/exchange/mine/asked/{made.match.pk}").content.decode()
        assert ('class="lines"' in shown) is is_drawn
        places = [shown.index(f'<div class="who w{place} ') for place in range(1, len(made.parties) + 1)]
        assert places == sorted(places)
    ring = make_ring(broker)
    ring.ask()
    Part.objects.filter(match=ring.match, place=2).update(words="Ett långt behov. " * 20)
    shown = ring.phone(1).get(f"/exchange/mine/asked/{ring.match.pk}").content.decode()
    assert "is-column" in shown
    assert 'class="lines"' not in shown


@pytest.mark.parametrize("people", [5, 6, 7])
def test_a_larger_ring_goes_there_and_back_and_the_list_is_still_the_content(people: int, broker: Person) -> None:
    made = make_round(broker, people)
    made.ask()

    shown = made.phone(1).get(f"/exchange/mine/asked/{made.match.pk}").content.decode()

    assert f"is-wide of-{people}" in shown
    places = [shown.index(f'<div class="who w{place} ') for place in range(1, people + 1)]
    assert places == sorted(places)
    Part.objects.filter(match=made.match, place=2).update(words="Ett långt behov. " * 20)
    shown = made.phone(1).get(f"/exchange/mine/asked/{made.match.pk}").content.decode()
    assert "is-column" in shown


@pytest.mark.parametrize(("people", "called"), [(2, "En som kan hjälpa en annan"), (5, "En kedja på fem")])
def test_a_chain_without_a_title_is_called_what_it_is(people: int, called: str, broker: Person) -> None:
    chain = make_chain(broker, people)
    chain.ask()

    assert called in chain.phone(people).get(f"/exchange/mine/asked/{chain.match.pk}").content.decode()


def test_the_words_of_a_match_are_asked_for_alike_before_and_after_it_is_asked(broker: Person, desk: Client) -> None:
    ring = make_ring(broker, at=timezone.now())

    def labels(address: str) -> list[str]:
        return re.findall(r'<label class="ds-label" for="(?:title|gift-\d|until)">([^<]+)<', desk.get(address).text)

    on_the_desk = labels(f"/exchange/desk/{ring.match.pk}/words")
    ring.ask(timezone.now())
    said = desk.post(at(ring), {"do": "words", "gift-1": "läser matte", "title": "Tre"}, follow=True).text

    assert on_the_desk == labels(at(ring))
    assert on_the_desk == [
        "Rubrik",
        "Säljaren ger till Pappan",
        "Pappan ger till Den unge mannen",
        "Den unge mannen ger till Säljaren",
        "Till när?",
    ]
    assert "Orden är sparade." in said


def test_a_remark_is_answered_alike_wherever_it_is_written(broker: Person, desk: Client) -> None:
    ring = make_ring(broker, at=timezone.now())
    post = Post.objects.earliest("pk")

    said = [
        desk.post(address, sent | {"key": device_key()}, follow=True).text
        for address, sent in (
            (f"/exchange/desk/{ring.match.pk}/remark", {"words": "Ring efter sex."}),
            (at(ring), {"do": "remark", "words": "Ring efter sex."}),
            (f"/exchange/desk/posts/{post.pk}", {"do": "remark", "remark": "Ring efter sex."}),
        )
    ]

    assert all("Sparat. Bara brobyggare läser det." in page for page in said)


# ---------------------------------------------------------------- what waits, where she comes in


def test_a_bridge_builder_meets_her_desk_first_with_what_waits_there(
    broker: Person, desk: Client, town: Town, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    problem, agreed, _proposal = make_ring(broker), make_pair(broker), make_chain(broker)
    problem.ask()
    tell_problem(mine=problem.mine(1), match_id=problem.match.pk, words="Hur långt är det?", at=WHEN)
    tell_problem(mine=problem.mine(2), match_id=problem.match.pk, words="Var är det?", at=WHEN)
    agreed.ask()
    agreed.yes(1, 2)
    Post.objects.update(expires_at=timezone.now() + timedelta(days=9))
    Post.objects.filter(pk=Post.objects.earliest("pk").pk).update(read_at=None)

    unit = desk.get("/home", follow=True).content.decode()
    Role.objects.create(person=broker, unit=town.guidance, kind="member")
    several = desk.get("/home").content.decode()

    for page in (unit, several):
        assert page.index("Brobyggarens bord") < page.index("</h2>")
        assert "1 väntar på att läsas." in page
        assert "2 frågade förslag behöver dig." in page
        assert "1 förslag att se på." in page
    with django_assert_num_queries(2):
        waiting_at_desk(WHEN)


def test_the_desk_is_on_nobody_elses_home(town: Town) -> None:
    page = sign_in(make_person("Malin", town.library, "manager")).get("/home", follow=True).content.decode()

    assert "Brobyggarens bord" not in page
