"""Together: ballots, the hall's three, the reveal, lone voices, and who may do what."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.models import AuditEntry
from samspel.dialogues import compute_choice, queries
from samspel.dialogues.actions import leading, whole
from samspel.dialogues.actions.reviewing import ASIDE, Judgement, review_many
from samspel.dialogues.models import Ballot, Choice, CounterVoice, Dialogue, Proposal, Sitting
from samspel.engine import choosing
from samspel.live.models import Outbox
from tests.people import WHEN, Town, actor_of, go_to, hand_in, here_of, make_dialogue, make_seat


def fresh(dialogue: Dialogue) -> Dialogue:
    return Dialogue.objects.select_related("unit", "step", "template").get(pk=dialogue.pk)


@pytest.fixture
def hall(town: Town) -> Dialogue:
    """Three tables with their threes, two people at each, the hall gathered."""
    dialogue = make_dialogue(town.guidance, now_at="ballot", tables=3)
    one, two, three = dialogue.tables.all()
    hand_in(one, "Tid", "Tillit", "Mod")
    hand_in(two, "Tid", "Uthållighet", "Vi säger ja till för mycket")
    hand_in(three, "Tid", "Tillit", "Förberedelse")
    for table in (one, one, two, two, three, three):
        make_seat(dialogue, table)
    dialogue.ballot_open = True
    dialogue.save()
    return dialogue


def cast(dialogue: Dialogue, number: int, *texts: str) -> Ballot:
    seat = dialogue.seats.get(number=number)
    ids = Proposal.objects.filter(dialogue=dialogue, text__in=texts).values_list("pk", flat=True)
    return whole.cast_ballot(here=here_of(seat, None), question=1, proposal_ids=list(ids), at=WHEN)  # type: ignore[arg-type]


# ---------------------------------------------------------------- the tables' threes


def test_the_same_words_at_several_tables_are_counted_as_tables(hall: Dialogue) -> None:
    threes = queries.threes_of(hall, 1)

    assert [(one.text, one.tables) for one in threes.proposals[:2]] == [("Tid", 3), ("Tillit", 2)]
    assert threes.of_tables == 3


def test_two_wordings_laid_together_keep_both_and_can_be_parted(hall: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)
    courage = Proposal.objects.get(text="Mod")
    trust = Proposal.objects.get(text="Tillit")

    whole.merge_proposals(actor=leader, dialogue_id=hall.pk, proposal_ids=[courage.pk], into_id=trust.pk, at=WHEN)

    together = queries.threes_of(hall, 1).one(courage.pk)
    assert together is not None
    assert (together.text, together.tables, together.other_words) == ("Tillit", 2, ("Mod",))

    whole.part_proposal(actor=leader, dialogue_id=hall.pk, proposal_id=courage.pk, at=WHEN)

    apart = queries.threes_of(hall, 1).one(courage.pk)
    assert apart is not None
    assert (apart.text, apart.tables) == ("Mod", 1)


def test_merging_into_what_lies_under_another_turns_them_round_without_a_ring(hall: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)
    courage, trust = Proposal.objects.get(text="Mod"), Proposal.objects.get(text="Tillit")
    whole.merge_proposals(actor=leader, dialogue_id=hall.pk, proposal_ids=[courage.pk], into_id=trust.pk, at=WHEN)

    whole.merge_proposals(actor=leader, dialogue_id=hall.pk, proposal_ids=[trust.pk], into_id=courage.pk, at=WHEN)

    assert queries.threes_of(hall, 1).root_of[trust.pk] == courage.pk
    assert queries.threes_of(hall, 1).root_of[courage.pk] == courage.pk


def test_what_is_set_aside_leaves_the_hall_and_frees_what_lay_under_it(hall: Dialogue, town: Town) -> None:
    courage, trust = Proposal.objects.get(text="Mod"), Proposal.objects.get(text="Tillit")
    whole.merge_proposals(
        actor=actor_of(town.facilitator), dialogue_id=hall.pk, proposal_ids=[courage.pk], into_id=trust.pk, at=WHEN
    )

    review_many(
        actor=actor_of(town.facilitator),
        dialogue_id=hall.pk,
        judgements=[Judgement("proposal", trust.pk, ASIDE)],
        at=WHEN,
    )

    texts = {one.text for one in queries.threes_of(hall, 1).proposals}
    assert "Tillit" not in texts
    assert "Mod" in texts


# ---------------------------------------------------------------- ballots


def test_a_ballot_is_one_per_seat_and_can_be_changed_while_it_is_open(hall: Dialogue) -> None:
    cast(hall, 1, "Tid", "Mod")
    cast(hall, 1, "Tillit")
    cast(hall, 2)

    assert Ballot.objects.count() == 2
    ballot = Ballot.objects.get(seat__number=1)
    assert [one.text for one in ballot.proposals.all()] == ["Tillit"]
    assert queries.ballots_of(hall, 1) == queries.BallotCount(cast=2, here=6)


def test_no_ballot_before_it_opens_or_after_it_closed_or_for_another_question(hall: Dialogue, town: Town) -> None:
    leading.set_switch(actor=actor_of(town.facilitator), dialogue_id=hall.pk, name="ballot_open", wanted=False, at=WHEN)
    with pytest.raises(ConflictError):
        cast(hall, 1, "Tid")

    leading.set_switch(actor=actor_of(town.facilitator), dialogue_id=hall.pk, name="ballot_open", wanted=True, at=WHEN)
    seat = hall.seats.get(number=1)
    with pytest.raises(ConflictError):
        whole.cast_ballot(here=here_of(seat, None), question=2, proposal_ids=[], at=WHEN)  # type: ignore[arg-type]

    assert not Ballot.objects.exists()


def test_nobody_votes_for_what_the_hall_does_not_show(hall: Dialogue, town: Town) -> None:
    other = make_dialogue(town.guidance, now_at="ballot", tables=1)
    (elsewhere,) = hand_in(other.tables.get(), "Annat rum")
    seat = hall.seats.get(number=1)

    with pytest.raises(NotFoundError):
        whole.cast_ballot(here=here_of(seat, None), question=1, proposal_ids=[elsewhere.pk], at=WHEN)  # type: ignore[arg-type]


def test_the_audit_trail_knows_that_a_ballot_was_cast_and_not_what_nor_whose(hall: Dialogue) -> None:
    cast(hall, 1, "Tid")

    entry = AuditEntry.objects.get(verb="ballot.cast")
    assert (entry.actor_kind, entry.facts) == ("seat", {})


# ---------------------------------------------------------------- the choice


def test_the_three_come_from_the_ballots_with_coverage_and_a_receipt(hall: Dialogue, town: Town) -> None:
    for number in (1, 2, 3, 4):
        cast(hall, number, "Tid", "Tillit", "Mod")
    cast(hall, 5, "Uthållighet")
    cast(hall, 6, "Uthållighet")

    choice = whole.choose(actor=actor_of(town.facilitator), dialogue_id=hall.pk, question=1, at=WHEN)

    chosen = {row.proposal.text: (row.tables, row.ballots) for row in choice.chosen.all()}
    assert "Uthållighet" in chosen  # two of six have a third of three places
    assert chosen["Uthållighet"] == (1, 2)
    assert choice.ballots == 6
    assert choice.told["from"] == "ballots"
    assert (choice.told["covered"], choice.told["voters"]) == (6, 6)
    by_most = {Proposal.objects.get(pk=key).text for key in choice.told["most_marks"]}
    assert by_most == {"Tid", "Tillit", "Mod"}
    assert not fresh(hall).ballot_open


def test_without_ballots_the_tables_threes_stand_for_those_who_sit_there(hall: Dialogue, town: Town) -> None:
    choice = whole.choose(actor=actor_of(town.facilitator), dialogue_id=hall.pk, question=1, at=WHEN)

    assert choice.told["from"] == "tables"
    assert choice.ballots == 6
    assert choice.chosen.count() == 3
    assert choice.chosen.first().proposal.text == "Tid"  # type: ignore[union-attr]


def test_an_empty_ballot_is_a_voter_who_is_not_represented(hall: Dialogue, town: Town) -> None:
    cast(hall, 1, "Tid")
    cast(hall, 2)

    choice = whole.choose(actor=actor_of(town.facilitator), dialogue_id=hall.pk, question=1, at=WHEN)

    assert (choice.told["covered"], choice.told["voters"]) == (1, 2)


def test_chosen_anew_before_it_is_shown_keeps_its_lot_and_after_that_it_stays(hall: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)
    first = whole.choose(actor=leader, dialogue_id=hall.pk, question=1, at=WHEN)
    leading.set_switch(actor=leader, dialogue_id=hall.pk, name="ballot_open", wanted=True, at=WHEN)
    cast(hall, 1, "Mod")

    again = whole.choose(actor=leader, dialogue_id=hall.pk, question=1, at=WHEN + timedelta(minutes=1))
    whole.reveal(actor=leader, dialogue_id=hall.pk, to=1, at=WHEN)
    last = whole.choose(actor=leader, dialogue_id=hall.pk, question=1, at=WHEN + timedelta(minutes=2))

    assert (again.pk, again.seed) == (first.pk, first.seed)
    assert [row.proposal.text for row in again.chosen.all()] == ["Mod"]
    assert last.computed_at == again.computed_at


def test_nothing_handed_in_is_nothing_to_choose(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="ballot")

    with pytest.raises(ConflictError):
        whole.choose(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, question=1, at=WHEN)
    assert whole.choose_unattended(dialogue=dialogue, question=1, at=WHEN) is None


def test_a_broken_answer_is_never_stored(hall: Dialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "check", lambda problem, solution: ["winners must differ, got one twice"])

    with pytest.raises(compute_choice.ChoiceError):
        compute_choice.choose(hall, 1, at=WHEN)

    assert not Choice.objects.exists()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    threes=st.lists(st.sets(st.integers(0, 6), min_size=1, max_size=3), min_size=1, max_size=5),
    marks=st.lists(st.sets(st.integers(0, 6), max_size=4), max_size=6),
    merged=st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=3),
)
def test_what_is_stored_is_what_the_engine_may_answer(
    town: Town, threes: list[set[int]], marks: list[set[int]], merged: set[tuple[int, int]]
) -> None:
    with transaction.atomic():
        dialogue = make_dialogue(town.guidance, now_at="ballot", tables=len(threes))
        dialogue.ballot_open = True
        dialogue.save()
        for table, texts in zip(dialogue.tables.all(), threes, strict=True):
            hand_in(table, *(f"Förslag {number}" for number in sorted(texts)))
            make_seat(dialogue, table)
        rows = {row.text: row for row in Proposal.objects.filter(dialogue=dialogue)}
        for one, into in merged:
            a, b = rows.get(f"Förslag {one}"), rows.get(f"Förslag {into}")
            if a and b and a != b:
                whole.merge_proposals(
                    actor=actor_of(town.facilitator),
                    dialogue_id=dialogue.pk,
                    proposal_ids=[a.pk],
                    into_id=b.pk,
                    at=WHEN,
                )
        for ballot in marks:
            seat, token = make_seat(dialogue)
            ids = [rows[f"Förslag {number}"].pk for number in ballot if f"Förslag {number}" in rows]
            whole.cast_ballot(here=here_of(seat, token), question=1, proposal_ids=ids, at=WHEN)

        choice = whole.choose(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, question=1, at=WHEN)

        hall = queries.threes_of(dialogue, 1)
        winners = [row.proposal_id for row in choice.chosen.all()]
        problem, source = compute_choice.problem_of(dialogue, 1, hall)
        assert source == ("ballots" if marks else "tables")
        assert problem.voters == (len(marks) or len(threes))
        marked = {mark for one in problem.ballots for mark in one.marks}
        assert len(winners) == len(set(winners)) == min(3, len(marked))
        assert {str(winner) for winner in winners} <= marked
        assert {hall.root_of[winner] for winner in winners} == set(winners)
        covered = sum(one.voters for one in problem.ballots if {int(mark) for mark in one.marks} & set(winners))
        assert (choice.told["covered"], choice.told["voters"]) == (covered, problem.voters)
        for row in choice.chosen.all():
            assert row.ballots == sum(one.voters for one in problem.ballots if str(row.proposal_id) in one.marks)
            group = hall.one(row.proposal_id)
            assert group is not None
            assert row.tables == group.tables
        transaction.set_rollback(True)


# ---------------------------------------------------------------- the reveal


def test_the_reveal_goes_from_the_last_place_to_the_first_and_then_the_words(hall: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)
    shown = []

    for to in (1, 2, 3, 4):
        dialogue = whole.reveal(actor=leader, dialogue_id=hall.pk, to=to, at=WHEN)
        result = queries.result_of(fresh(dialogue), 1)
        assert result is not None
        shown.append(([place.place for place in result.shown], result.shows_words))

    assert shown == [([3], False), ([2, 3], False), ([1, 2, 3], False), ([1, 2, 3], True)]
    with pytest.raises(NotFoundError):
        whole.reveal(actor=leader, dialogue_id=hall.pk, to=5, at=WHEN)


def test_a_reveal_pressed_twice_shows_one_place_and_can_be_hidden_and_undone(hall: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)

    whole.reveal(actor=leader, dialogue_id=hall.pk, to=1, at=WHEN)
    whole.reveal(actor=leader, dialogue_id=hall.pk, to=1, at=WHEN)

    assert fresh(hall).revealed == 1
    last = hall.console_actions.first()
    assert last is not None
    leading.undo(actor=leader, dialogue_id=hall.pk, action_id=last.pk, at=WHEN)
    assert fresh(hall).revealed == 0
    assert queries.result_of(fresh(hall), 1).shown == ()  # type: ignore[union-attr]


def test_ballots_cast_after_the_choice_was_made_are_counted_when_it_is_shown(hall: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)
    whole.choose(actor=leader, dialogue_id=hall.pk, question=1, at=WHEN)
    leading.set_switch(actor=leader, dialogue_id=hall.pk, name="ballot_open", wanted=True, at=WHEN)
    cast(hall, 1, "Mod")

    whole.reveal(actor=leader, dialogue_id=hall.pk, to=1, at=WHEN)

    assert [row.proposal.text for row in Choice.objects.get().chosen.all()] == ["Mod"]
    assert not fresh(hall).ballot_open


def test_a_first_showing_that_makes_the_choice_too_is_told_once(hall: Dialogue, town: Town) -> None:
    cast(hall, 1, "Tid")
    told = Outbox.objects.filter(name="result").count()

    whole.reveal(actor=actor_of(town.facilitator), dialogue_id=hall.pk, to=1, at=WHEN)

    assert Choice.objects.filter(dialogue=hall).count() == 1
    assert Outbox.objects.filter(name="result").count() == told + 1


def test_no_ballot_opens_while_what_was_chosen_is_shown(hall: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)
    whole.reveal(actor=leader, dialogue_id=hall.pk, to=1, at=WHEN)

    with pytest.raises(ConflictError):
        leading.set_switch(actor=leader, dialogue_id=hall.pk, name="ballot_open", wanted=True, at=WHEN)

    assert not fresh(hall).ballot_open


def test_hidden_results_show_nothing(hall: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)
    whole.reveal(actor=leader, dialogue_id=hall.pk, to=3, at=WHEN)

    leading.set_switch(actor=leader, dialogue_id=hall.pk, name="shows_results", wanted=False, at=WHEN)

    result = queries.result_of(fresh(hall), 1)
    assert result is not None
    assert result.shown == ()


@pytest.mark.parametrize("who", ["member", "outsider"])
def test_only_leaders_choose_reveal_and_merge(hall: Dialogue, town: Town, who: str) -> None:
    actor = actor_of(getattr(town, who))
    first, second, *_rest = Proposal.objects.values_list("pk", flat=True)

    for act in (
        lambda: whole.choose(actor=actor, dialogue_id=hall.pk, question=1, at=WHEN),
        lambda: whole.reveal(actor=actor, dialogue_id=hall.pk, to=1, at=WHEN),
        lambda: whole.show_lone(actor=actor, dialogue_id=hall.pk, index=1, at=WHEN),
        lambda: leading.set_switch(actor=actor, dialogue_id=hall.pk, name="ballot_open", wanted=True, at=WHEN),
        lambda: leading.set_switch(actor=actor, dialogue_id=hall.pk, name="ballot_open", wanted=False, at=WHEN),
        lambda: whole.hide_word(actor=actor, dialogue_id=hall.pk, word="tid", at=WHEN),
        lambda: whole.merge_proposals(actor=actor, dialogue_id=hall.pk, proposal_ids=[first], into_id=second, at=WHEN),
    ):
        with pytest.raises(NotFoundError):
            act()
    with pytest.raises(NotFoundError):
        whole.reveal(actor=here_of(hall.seats.first(), None).actor, dialogue_id=hall.pk, to=1, at=WHEN)  # type: ignore[arg-type]


# ---------------------------------------------------------------- review


def test_what_waits_for_review_stops_the_choice_and_is_not_voted_on(hall: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)
    hall.needs_review = True
    hall.save()

    assert [one.text for one in queries.threes_of(hall, 1).proposals] == [""] * 6
    with pytest.raises(ConflictError):
        whole.choose(actor=leader, dialogue_id=hall.pk, question=1, at=WHEN)
    with pytest.raises(NotFoundError):
        cast(hall, 1, "Tid")

    Proposal.objects.update(reviewed_at=WHEN)
    cast(hall, 1, "Tid")
    assert whole.choose(actor=leader, dialogue_id=hall.pk, question=1, at=WHEN).chosen.count() == 1


def test_an_unattended_choice_keeps_what_nobody_has_read_covered(hall: Dialogue) -> None:
    hall.needs_review = True
    hall.save()

    whole.choose_unattended(dialogue=hall, question=1, at=WHEN)

    hall.revealed, hall.shows_results = 4, True
    result = queries.result_of(hall, 1)
    assert result is not None
    assert [(place.text, place.is_shown) for place in result.places] == [("", False)] * 3


# ---------------------------------------------------------------- those who stood alone


def test_lone_voices_are_one_tables_unchosen_words_where_it_allows_and_the_advocates(
    hall: Dialogue, town: Town
) -> None:
    for number in range(1, 7):
        cast(hall, number, "Tid", "Tillit", "Förberedelse")
    whole.choose(actor=actor_of(town.facilitator), dialogue_id=hall.pk, question=1, at=WHEN)
    one, two, _three = hall.tables.all()
    for table, by_advocate, text in ((two, True, "Tid räcker inte"), (two, False, "Jag tror inte på det")):
        CounterVoice.objects.create(
            dialogue=hall, table=table, from_advocate=by_advocate, text=text, key=f"{text:16}", said_at=WHEN
        )

    def texts() -> list[str]:
        return [voice.text for voice in queries.lone_voices_of(hall, 1)]

    assert texts() == ["Mod", "Uthållighet", "Vi säger ja till för mycket", "Tid räcker inte"]
    Sitting.objects.filter(table=one).update(lone_allowed=False)
    assert texts() == ["Uthållighet", "Vi säger ja till för mycket", "Tid räcker inte"]


def test_at_a_single_table_nobody_stands_alone(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="whole", tables=1)
    hand_in(dialogue.tables.get(), "Tid", "Tillit")

    assert queries.lone_voices_of(dialogue, 1) == []


def test_lone_voices_are_shown_one_at_a_time_and_no_further_than_there_are(hall: Dialogue, town: Town) -> None:
    leader = actor_of(town.facilitator)
    voices = queries.lone_voices_of(hall, 1)

    whole.show_lone(actor=leader, dialogue_id=hall.pk, index=len(voices), at=WHEN)

    assert fresh(hall).lone_shown == len(voices)
    with pytest.raises(NotFoundError):
        whole.show_lone(actor=leader, dialogue_id=hall.pk, index=len(voices) + 1, at=WHEN)


def test_an_earlier_questions_result_stays_shown_in_the_next_round(hall: Dialogue, town: Town) -> None:
    whole.reveal(actor=actor_of(town.facilitator), dialogue_id=hall.pk, to=4, at=WHEN)
    hall.questions.create(number=2, text="Och sedan?")
    go_to(hall, "solo")
    hall.steps.filter(kind="solo").update(question=2)
    hall.revealed = 0
    hall.save()

    dialogue = fresh(hall)

    assert queries.result_of(dialogue, 1).is_whole  # type: ignore[union-attr]
    assert queries.result_of(dialogue, 2) is None
