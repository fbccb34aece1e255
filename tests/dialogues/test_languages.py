"""Two languages in one dialogue: questions in both, an interpreter with a table, notes that say their language."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from samspel.core.actor import VISITOR
from samspel.dialogues import compute
from samspel.dialogues.actions import inviting, joining, leading, planning, solo, speaking
from samspel.dialogues.actions.planning import plan_of, publish, save_plan
from samspel.dialogues.actions.rehearsing import rehearse
from samspel.dialogues.models import Dialogue, Invitation, Note, PlannedPlace, Question, Table
from samspel.dialogues.plan_queries import seating_words
from samspel.dialogues.tables import table_now
from samspel.dialogues.views.phone_view import asked_in
from tests.dialogues.test_by_hand import planned
from tests.people import WHEN, Town, actor_of, device_key, go_to, here_of, make_dialogue, make_seat

__all__ = ["planned"]


@pytest.fixture
def bilingual(planned: Dialogue, town: Town) -> Dialogue:
    """Arabic beside Swedish; an Arabic interpreter at the second table."""
    names = list(planned.tables.values_list("interpreter", flat=True))
    plan = replace(
        plan_of(planned),
        second_language="ar",
        second_questions=("ما الذي نحتاجه؟",),
        interpreters=("", "ar", *names[2:]),
    )
    saved = save_plan(actor=actor_of(town.facilitator), dialogue_id=planned.pk, plan=plan, at=WHEN)
    assert saved.errors == {}
    return Dialogue.objects.get(pk=planned.pk)


def wish(dialogue: Dialogue, town: Town, name: str, language: str) -> None:
    inviting.change_wishes(
        actor=actor_of(town.facilitator),
        dialogue_id=dialogue.pk,
        invitation_id=Invitation.objects.get(name=name).pk,
        needs=("interpreter",),
        interpreter=language,
        together="",
        apart="",
        at=WHEN,
    )


def tables_of(name: str) -> set[int]:
    return set(PlannedPlace.objects.filter(invitation__name=name).values_list("table__number", flat=True))


def test_who_needs_an_interpreter_sits_where_the_interpreter_sits_in_every_seating(
    bilingual: Dialogue, town: Town
) -> None:
    for name, language in (("Pia", "ar"), ("Karin", "ar"), ("Olga", "")):
        wish(bilingual, town, name, language)

    assert tables_of("Pia") == tables_of("Karin") == tables_of("Olga") == {2}
    assert Dialogue.objects.get(pk=bilingual.pk).seating_told["broken"] == []


def test_two_languages_without_a_table_sit_with_their_own(bilingual: Dialogue, town: Town) -> None:
    for name, language in (("Pia", "so"), ("Karin", "so"), ("Omar", "fi"), ("Per", "fi")):
        wish(bilingual, town, name, language)

    for one, other in (("Pia", "Karin"), ("Omar", "Per")):
        for seating in (1, 2, 3):
            rows = PlannedPlace.objects.filter(invitation__name__in=[one, other], seating=seating)
            assert len(set(rows.values_list("table_id", flat=True))) == 1


def test_too_many_for_the_interpreters_table_is_told(bilingual: Dialogue, town: Town) -> None:
    bilingual.tables.update(size=3)
    for name in ("Pia", "Per", "Petra", "Karin"):
        wish(bilingual, town, name, "ar")
    bilingual.tables.update(size=3)
    compute.seat_everyone(bilingual)

    words = seating_words(bilingual)

    assert words is not None
    assert any("får inte plats vid bordet med tolk" in problem for problem in words.problems)


def test_who_just_comes_asks_for_the_interpreters_table(bilingual: Dialogue, town: Town) -> None:
    publish(actor=actor_of(town.facilitator), dialogue_id=bilingual.pk, at=WHEN)
    page = reverse("join", args=[bilingual.code])

    shown = Client().get(page).content.decode()
    Client().post(reverse("join_seat", args=[bilingual.code]), {"interpreter": "ar", "key": device_key()})

    assert "Jag vill sitta där det finns tolk" in shown
    seat = bilingual.seats.get()
    assert set(seat.placements.values_list("table__number", flat=True)) == {2}


def test_the_question_stands_in_both_languages_ones_own_first(bilingual: Dialogue) -> None:
    asked = asked_in(bilingual, "Vad behövs?", "ما الذي نحتاجه؟")
    assert (asked.text, asked.also, asked.also_language, asked.also_direction) == (
        "Vad behövs?",
        "ما الذي نحتاجه؟",
        "ar",
        "rtl",
    )
    bilingual.second_language = "en"
    with translation.override("en"):
        asked = asked_in(bilingual, "Vad behövs?", "What do we need?")
    assert (asked.text, asked.also, asked.also_language) == ("What do we need?", "Vad behövs?", "sv")
    assert asked_in(bilingual, "Vad behövs?", "").also == ""


def test_phones_and_the_big_screen_show_both(bilingual: Dialogue, town: Town, signed_in: Callable[..., Client]) -> None:
    go_to(bilingual, "solo")
    seat, token = make_seat(bilingual, bilingual.tables.first())
    phone = Client()
    phone.cookies["seat"] = token.cookie()

    shown = phone.get(reverse("join", args=[bilingual.code])).content.decode()
    screen = signed_in(town.facilitator).get(reverse("dialogue_screen", args=[bilingual.pk])).content.decode()

    for page in (shown, screen):
        assert "Vad behövs?" in page
        assert 'lang="ar" dir="rtl">ما الذي نحتاجه؟' in page
    assert seat.language == "sv"


def test_a_note_says_its_language_and_that_it_was_interpreted(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="small")
    table = dialogue.tables.get()
    seat, token = make_seat(dialogue, table, "Sara")
    english, her_token = make_seat(dialogue, table, "Mary")
    english.language = "en"
    english.save()
    here = here_of(seat, token)
    helped = joining.help_someone(here=here, name="Amina", language="ar", key=device_key(), at=WHEN)

    speaking.add_note(here=here, text="Tid", key=device_key(), at=WHEN)
    speaking.add_note(here=here_of(english, her_token), text="Patience", key=device_key(), at=WHEN)
    speaking.add_note(here=joining.acting_here(here, helped.number), text="Lugn", key=device_key(), at=WHEN)

    now = table_now(dialogue, table.sittings.get(), seat, question=1, at=WHEN)
    said = {words.text: (words.said_in, words.is_interpreted) for card in now.cards for words in card.words}
    assert said == {"Tid": ("", False), "Patience": ("English", False), "Lugn": ("العربية", True)}
    phone = Client()
    phone.cookies["seat"] = token.cookie()
    shown = phone.get(reverse("join", args=[dialogue.code])).content.decode()
    assert "Tolkat från العربية" in shown
    assert "På English" in shown


def test_what_one_wrote_alone_says_its_language_when_it_is_shared(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    seat, token = make_seat(dialogue, dialogue.tables.get())
    seat.language = "da"
    seat.save()

    solo.write_note(here=here_of(seat, token), text="Tid", key=device_key(), question=1, at=WHEN)

    assert Note.objects.get().language == "da"
    go_to(dialogue, "small")
    solo.share_notes(here=here_of(seat, token), note_ids=None, at=WHEN)
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN)
    assert Note.objects.get().language == ""  # the one who wrote in Danish may have been the only one


def test_the_planner_writes_the_second_questions_on_the_page(
    planned: Dialogue, town: Town, signed_in: Callable[..., Client]
) -> None:
    leader = signed_in(town.facilitator)
    page = reverse("dialogue_plan", args=[planned.pk])

    leader.post(page, {"second_language": "fi"})
    shown = leader.get(page).content.decode()
    assert "Fråga 1 på suomi" in shown
    leader.post(page, {"second_language": "fi", "second-1": "Mitä tarvitaan?", "interpreter": ["fi", "", ""]})

    assert Question.objects.get(dialogue=planned).second_text == "Mitä tarvitaan?"
    assert list(Table.objects.filter(dialogue=planned).values_list("interpreter", flat=True)) == ["fi", "", ""]
    planned.refresh_from_db()
    assert planned.second_language == "fi"
    leader.post(page, {"second-1": "x" * 201})
    assert Question.objects.get(dialogue=planned).second_text == "Mitä tarvitaan?"
    leader.post(page, {"second_language": "swl"})
    planned.refresh_from_db()
    assert planned.second_language == "fi"
    copy = rehearse(actor=actor_of(town.facilitator), dialogue_id=planned.pk, key=device_key(), at=WHEN)
    assert copy.questions.get().second_text == "Mitä tarvitaan?"
    assert planning.plan_of(copy).second_language == "fi"


def test_a_language_that_nobody_interprets_is_no_need(bilingual: Dialogue, town: Town) -> None:
    publish(actor=actor_of(town.facilitator), dialogue_id=bilingual.pk, at=WHEN)

    joined = joining.join(actor=VISITOR, code=bilingual.code, needs=(), key=device_key(), at=WHEN)

    assert joined.seat.placements.count() == 3
