"""Reading through hundreds of texts: page by page, many at once, two leaders, and back again."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from samspel.core.errors import NotFoundError
from samspel.core.models import AuditEntry
from samspel.dialogues.actions.reviewing import Judgement, review_many
from samspel.dialogues.models import CounterVoice, Dialogue, Note, Proposal
from tests.hall import make_hall
from tests.people import WHEN, Town, actor_of, make_dialogue, make_person

pytestmark = pytest.mark.django_db
SignIn = Callable[[object], Client]


@pytest.fixture
def hall(town: Town) -> Dialogue:
    return make_hall(town.guidance, people=200, tables=40, handed_in=40, needs_review=True)


@pytest.fixture
def leader(town: Town, signed_in: SignIn) -> Client:
    return signed_in(town.facilitator)


def address(hall: Dialogue, more: str = "") -> str:
    return f"/dialogues/{hall.pk}/review{more}"


def items_on(page: str) -> list[str]:
    return re.findall(r'form="chosen" name="item" value="([^"]+)"', page)


def test_hundreds_of_texts_come_some_at_a_time_and_none_is_left_out(
    hall: Dialogue, leader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    waiting = Proposal.objects.count() + CounterVoice.objects.count()
    assert waiting > 50
    seen: dict[str, int] = {}
    for part in range(1, 10):
        with django_assert_max_num_queries(24):
            page = leader.get(address(hall, f"?vantar={part}&bord_del={part}")).content.decode()
        assert len(page) < 190_000
        for item in items_on(page):
            seen[item] = seen.get(item, 0) + 1

    assert sum(item.endswith(":waiting") for item in seen) == waiting
    assert sum(item.startswith("note:") for item in seen) == Note.objects.count() == 400
    assert set(seen.values()) == {1}


def test_texts_are_found_by_word_table_and_theme(hall: Dialogue, leader: Client) -> None:
    table = hall.tables.get(number=7)
    by_table = items_on(leader.get(address(hall, f"?bord={table.pk}")).content.decode())
    by_word = items_on(leader.get(address(hall, "?ord=BLANKETTER")).content.decode())
    nothing = leader.get(address(hall, "?ord=finnsinte&bord=abc&vantar=-1")).content.decode()

    notes = {f"note:{pk}:shown" for pk in table.notes.values_list("pk", flat=True)}
    assert {item for item in by_table if item.startswith("note:")} == notes
    assert sum(item.startswith("proposal:") for item in by_table) == 3
    assert {item for item in by_word if item.startswith("note:")} == {
        f"note:{pk}:shown"
        for pk in Note.objects.filter(text__icontains="blanketter")
        .order_by("table__number", "pk")
        .values_list("pk", flat=True)[:50]
    }
    assert items_on(nothing) == []
    assert "Inget här stämmer" in nothing


def test_many_are_let_through_at_once_and_taken_back_at_once(hall: Dialogue, leader: Client) -> None:
    items = [item for item in items_on(leader.get(address(hall)).content.decode()) if item.endswith(":waiting")]
    keys = [int(item.split(":")[1]) for item in items]

    there = leader.post(address(hall, "/judge"), {"item": items, "verdict": "show", "at": "ord=&vantar=2"})

    assert there.headers["Location"] == address(hall, "?vantar=2")
    assert Proposal.objects.filter(pk__in=keys, reviewed_at__isnull=False).count() == 50
    assert "50 texter får visas." in leader.get(address(hall)).content.decode()
    leader.post(address(hall, "/judge"), {"undo": "1"})
    assert not Proposal.objects.exclude(reviewed_at=None).exists()
    assert "får visas." not in leader.get(address(hall)).content.decode()
    assert AuditEntry.objects.filter(verb="proposal.show").count() == 50


def test_what_another_leader_judged_meanwhile_stays_as_she_left_it(
    hall: Dialogue, leader: Client, town: Town, signed_in: SignIn
) -> None:
    other = signed_in(make_person("Helena Sjöholm", town.guidance, "facilitator"))
    items = items_on(leader.get(address(hall)).content.decode())[:3]
    first, *_rest = (Proposal.objects.get(pk=item.split(":")[1]) for item in items)
    other.post(address(hall, "/judge"), {"kind": "proposal", "row": first.pk, "verdict": "aside", "seen": "waiting"})

    leader.post(address(hall, "/judge"), {"item": items, "verdict": "show"})

    first.refresh_from_db()
    assert (first.set_aside_at is not None, first.reviewed_at) == (True, None)
    page = leader.get(address(hall)).content.decode()
    assert "Någon annan hann före med en text." in page
    assert "2 texter får visas." in page
    other.post(address(hall, "/judge"), {"undo": "1"})
    first.refresh_from_db()
    assert first.set_aside_at is None


def test_an_undo_leaves_what_another_leader_did_after_it(hall: Dialogue, town: Town) -> None:
    one, two = actor_of(town.facilitator), actor_of(town.manager)
    row = Proposal.objects.earliest("pk")
    done = review_many(
        actor=one, dialogue_id=hall.pk, judgements=[Judgement("proposal", row.pk, "shown", "waiting")], at=WHEN
    )
    review_many(actor=two, dialogue_id=hall.pk, judgements=[Judgement("proposal", row.pk, "aside", "shown")], at=WHEN)

    undone = review_many(actor=one, dialogue_id=hall.pk, judgements=done.undo, at=WHEN)

    row.refresh_from_db()
    assert (undone.taken, row.set_aside_at) == (1, WHEN)


def test_a_note_is_set_aside_and_laid_back_and_a_voice_waits_again(hall: Dialogue, town: Town) -> None:
    actor = actor_of(town.facilitator)
    note, voice = Note.objects.earliest("pk"), CounterVoice.objects.earliest("pk")
    both = [Judgement("note", note.pk, "aside"), Judgement("voice", voice.pk, "shown")]

    done = review_many(actor=actor, dialogue_id=hall.pk, judgements=both, at=WHEN)
    again = review_many(actor=actor, dialogue_id=hall.pk, judgements=both, at=WHEN)
    note.refresh_from_db()
    voice.refresh_from_db()
    assert (note.set_aside_at, voice.reviewed_at, again.undo) == (WHEN, WHEN, ())
    review_many(actor=actor, dialogue_id=hall.pk, judgements=done.undo, at=WHEN)

    note.refresh_from_db()
    voice.refresh_from_db()
    assert (note.set_aside_at, voice.reviewed_at) == (None, None)


@pytest.mark.parametrize("item", ["proposal:9999999:waiting", "person:1:shown", "proposal:x:waiting", "proposal:1"])
def test_a_text_that_is_not_here_changes_nothing(hall: Dialogue, leader: Client, item: str) -> None:
    good = f"proposal:{Proposal.objects.earliest('pk').pk}:waiting"

    assert leader.post(address(hall, "/judge"), {"item": [good, item], "verdict": "show"}).status_code == 404
    assert not Proposal.objects.exclude(reviewed_at=None).exists()


def test_a_text_of_another_meeting_cannot_be_judged_here(hall: Dialogue, town: Town) -> None:
    elsewhere = make_dialogue(town.guidance)
    row = Proposal.objects.earliest("pk")

    with pytest.raises(NotFoundError):
        review_many(
            actor=actor_of(town.facilitator),
            dialogue_id=elsewhere.pk,
            judgements=[Judgement("proposal", row.pk, "shown")],
            at=WHEN,
        )


def test_nothing_chosen_is_told_and_an_outsider_judges_nothing(
    hall: Dialogue, leader: Client, town: Town, signed_in: SignIn
) -> None:
    leader.post(address(hall, "/judge"), {"verdict": "show"})
    assert "Välj minst en text." in leader.get(address(hall)).content.decode()
    assert signed_in(town.outsider).post(address(hall, "/judge"), {"verdict": "show"}).status_code == 404
