"""Agreements on the red thread, what became of them, and the one tap at the end."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from samspel.core.audit import AuditEntry
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.models import Default, Knot, Thread, Tie
from samspel.core.thread import add_knot, start_thread, view_threads
from samspel.dialogues import queries
from samspel.dialogues.access import Here
from samspel.dialogues.actions import agreeing
from samspel.dialogues.actions.agreeing import Draft
from samspel.dialogues.models import Agreement, Checkout, Dialogue, Sitting, State
from samspel.dialogues.protocol import protocol_of
from samspel.people.models import Person
from tests.conftest import SignIn
from tests.people import WHEN, Town, actor_of, device_key, go_to, here_of, make_dialogue, make_seat

DRAFT = Draft(text="Vi bokar inga möten efter 15.30.", owner="Karin", owner_role="samordnare", becomes="trial")


def write(town: Town, dialogue: Dialogue, draft: Draft = DRAFT, at: datetime = WHEN) -> Agreement:
    return agreeing.write_agreement(
        actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, draft=draft, key=device_key(), at=at
    )


@pytest.fixture
def room(town: Town) -> Dialogue:
    return make_dialogue(town.guidance, now_at="agree")


# ---------------------------------------------------------------- writing


def test_an_agreement_hangs_on_a_thread_after_its_dialogue(town: Town, room: Dialogue) -> None:
    agreement = write(town, room)

    thread = Thread.objects.get(unit=town.guidance)
    assert thread.title == "Vad behöver vi för att lyckas?"
    tie = Tie.objects.get()
    assert (tie.kind, tie.knot.object_id, tie.to.object_id) == ("grew_from", agreement.pk, room.pk)
    assert [knot.stage for knot in Knot.objects.order_by("pk")] == ["dialogue", "agreement"]


def test_a_second_agreement_and_a_thread_from_the_plan_use_what_is_there(town: Town, room: Dialogue) -> None:
    thread = start_thread(unit_id=town.guidance.pk, title="Kötiden", at=WHEN)
    add_knot(thread.pk, "dialogue", room, at=WHEN)  # type: ignore[arg-type]

    write(town, room)
    write(town, room)

    assert list(Thread.objects.all()) == [thread]
    assert Knot.objects.filter(thread=thread).count() == 3
    assert Tie.objects.count() == 2


def test_a_rehearsal_leaves_no_thread(town: Town, room: Dialogue) -> None:
    room.is_rehearsal = True
    room.save()

    write(town, room)

    assert not Thread.objects.exists()


def test_the_same_key_writes_once(town: Town, room: Dialogue) -> None:
    key = device_key()
    for _again in range(2):
        agreeing.write_agreement(actor=actor_of(town.manager), dialogue_id=room.pk, draft=DRAFT, key=key, at=WHEN)

    assert Agreement.objects.count() == 1


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft(text="  "), "text"),
        (Draft(text="x" * 501), "text"),
        (Draft(text="a", owner="x" * 121), "owner"),
        (Draft(text="a", owner_role="x" * 121), "owner_role"),
        (Draft(text="a", due_on=WHEN.date() - timedelta(days=1)), "due_on"),
        (Draft(text="a", becomes="law"), "becomes"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_field(town: Town, room: Dialogue, draft: Draft, field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        write(town, room, draft)

    assert list(caught.value.fields) == [field]
    assert not Agreement.objects.exists()


def test_after_midnight_yesterday_has_been_though_not_yet_in_universal_time(town: Town, room: Dialogue) -> None:
    half_past_midnight = datetime(2026, 5, 1, 22, 30, tzinfo=UTC)

    with pytest.raises(InvalidError):
        write(town, room, Draft(text="a", due_on=date(2026, 5, 1)), at=half_past_midnight)
    write(town, room, Draft(text="a", due_on=date(2026, 5, 2)), at=half_past_midnight)

    assert Agreement.objects.get().due_on == date(2026, 5, 2)


def test_the_pen_holder_may_write_and_who_has_no_pen_may_not(room: Dialogue) -> None:
    table = room.tables.get()
    with_pen, pen_token = make_seat(room, table)
    without, token = make_seat(room, table)
    Sitting.objects.filter(table=table).update(pen=with_pen)

    def by(here: Here) -> Agreement:
        return agreeing.write_agreement(
            actor=here.actor, dialogue_id=room.pk, draft=DRAFT, key=device_key(), here=here, at=WHEN
        )

    assert by(here_of(with_pen, pen_token)).text == DRAFT.text
    with pytest.raises(ConflictError):
        by(here_of(without, token))


def test_a_pen_reaches_no_other_dialogue(town: Town, room: Dialogue) -> None:
    other = make_dialogue(town.guidance, now_at="agree")
    seat, token = make_seat(room, room.tables.get())
    Sitting.objects.filter(table__dialogue=room).update(pen=seat)

    written = agreeing.write_agreement(
        actor=here_of(seat, token).actor,
        dialogue_id=other.pk,
        draft=DRAFT,
        key=device_key(),
        here=here_of(seat, token),
        at=WHEN,
    )

    assert written.dialogue_id == room.pk


@pytest.mark.parametrize("step", ["solo", "small"])
def test_no_agreement_before_the_hall_is_together(town: Town, room: Dialogue, step: str) -> None:
    go_to(room, step)

    with pytest.raises(ConflictError):
        write(town, room)


@pytest.mark.parametrize("who", ["member", "outsider"])
def test_only_leaders_write_without_a_seat(town: Town, room: Dialogue, who: str) -> None:
    with pytest.raises(NotFoundError):
        agreeing.write_agreement(
            actor=actor_of(getattr(town, who)), dialogue_id=room.pk, draft=DRAFT, key=device_key(), at=WHEN
        )


def test_changing_and_taking_back_leave_history_and_no_knot(town: Town, room: Dialogue) -> None:
    agreement = write(town, room)
    leader = actor_of(town.facilitator)

    agreeing.change_agreement(
        actor=leader,
        dialogue_id=room.pk,
        agreement_id=agreement.pk,
        draft=Draft(text="Inga möten efter 15.00.", due_on=date(2026, 5, 1)),
        at=WHEN,
    )
    agreement.refresh_from_db()
    assert (agreement.text, agreement.owner, agreement.due_on) == ("Inga möten efter 15.00.", "", date(2026, 5, 1))

    agreeing.withdraw_agreement(actor=leader, dialogue_id=room.pk, agreement_id=agreement.pk, at=WHEN)
    (view,) = view_threads(Thread.objects.all(), public_only=False)
    assert "agreement" not in view.stages
    assert queries.agreements_of(room) == []
    assert agreement.events.count() == 3  # type: ignore[attr-defined]
    with pytest.raises(NotFoundError):
        agreeing.withdraw_agreement(actor=leader, dialogue_id=room.pk, agreement_id=agreement.pk, at=WHEN)


# ---------------------------------------------------------------- what became of it


@pytest.fixture
def later(town: Town, room: Dialogue) -> Dialogue:
    """The unit's next dialogue, at its beginning; the first one is over and had one agreement."""
    write(town, room)
    room.state, room.closed_at = State.CLOSED, WHEN
    room.save()
    dialogue = make_dialogue(town.guidance, now_at="frame")
    dialogue.starts_at = WHEN + timedelta(days=28)
    dialogue.save()
    return dialogue


def test_the_next_dialogue_opens_with_what_is_not_told_the_end_of(town: Town, later: Dialogue) -> None:
    (agreement,) = queries.agreements_to_open_with(later)
    leader = actor_of(town.facilitator)

    agreeing.answer_agreement(
        actor=leader,
        agreement_id=agreement.pk,
        outcome="not_done",
        words="Det kom för mycket emellan.",
        in_dialogue_id=later.pk,
        at=WHEN,
    )

    agreement.refresh_from_db()
    assert (agreement.outcome, agreement.outcome_in_id) == ("not_done", later.pk)
    assert queries.agreements_to_open_with(later) == [agreement]  # still shown where it was answered
    third = make_dialogue(town.guidance)
    third.starts_at = WHEN + timedelta(days=56)
    assert queries.agreements_to_open_with(third) == []


def test_what_is_going_on_is_asked_about_again(town: Town, later: Dialogue) -> None:
    (agreement,) = queries.agreements_to_open_with(later)

    agreeing.answer_agreement(
        actor=actor_of(town.member), agreement_id=agreement.pk, outcome="going_on", words="", at=WHEN
    )

    assert queries.agreements_to_open_with(later) == [agreement]


def test_another_units_dialogue_does_not_open_with_it(town: Town, later: Dialogue) -> None:
    (agreement,) = queries.agreements_to_open_with(later)
    elsewhere = make_dialogue(town.library, now_at="frame")
    elsewhere.starts_at = WHEN + timedelta(days=30)
    elsewhere.save()
    seat, token = make_seat(elsewhere)

    assert queries.agreements_to_open_with(elsewhere) == []
    with pytest.raises(NotFoundError):
        agreeing.answer_agreement(
            actor=here_of(seat, token).actor,
            agreement_id=agreement.pk,
            outcome="done",
            words="",
            here=here_of(seat, token),
            at=WHEN,
        )
    with pytest.raises(NotFoundError):
        agreeing.answer_agreement(
            actor=actor_of(town.outsider), agreement_id=agreement.pk, outcome="done", words="", at=WHEN
        )


def test_a_participant_answers_at_the_beginning_and_not_later(town: Town, later: Dialogue) -> None:
    (agreement,) = queries.agreements_to_open_with(later)
    seat, token = make_seat(later)

    def answer() -> None:
        agreeing.answer_agreement(
            actor=here_of(seat, token).actor,
            agreement_id=agreement.pk,
            outcome="done",
            words="Nu slutar alla i tid.",
            here=here_of(seat, token),
            at=WHEN,
        )

    answer()
    agreement.refresh_from_db()
    assert agreement.outcome_words == "Nu slutar alla i tid."
    told = [protocol_of(agreement.dialogue, inside=inside).agreements[0].outcome_words for inside in (True, False)]
    assert told == ["Nu slutar alla i tid.", ""], "nobody with a name has read it"

    leader = actor_of(town.facilitator)
    again = {"agreement_id": agreement.pk, "outcome": "partly", "words": "Nästan alla.", "at": WHEN}
    agreeing.answer_agreement(actor=leader, in_dialogue_id=later.pk, **again)
    agreement.refresh_from_db()
    assert protocol_of(agreement.dialogue, inside=False).agreements[0].outcome_words == "Nästan alla."

    go_to(later, "solo")
    with pytest.raises(ConflictError):
        answer()


def told_by(later: Dialogue, person: Person | None = None) -> Callable[..., Agreement]:
    """Tells what became of the agreement: somebody with a name, or a seat of the later dialogue."""
    (agreement,) = queries.agreements_to_open_with(later)
    here = None if person else here_of(*make_seat(later))
    actor = actor_of(person) if person else here.actor  # type: ignore[union-attr]

    def answer(outcome: str, words: str, *, days: int = 0) -> Agreement:
        at = WHEN + timedelta(days=days)
        opens = later.pk if person else None
        return agreeing.answer_agreement(
            actor=actor,
            agreement_id=agreement.pk,
            outcome=outcome,
            words=words,
            in_dialogue_id=opens,
            here=here,
            at=at,
        )

    return answer


def test_what_a_seat_tells_is_laid_beside_what_a_named_person_has_told(town: Town, later: Dialogue) -> None:
    leader, seat, other = told_by(later, town.facilitator), told_by(later), told_by(later)
    leader("going_on", "Vi är på god väg.")

    for _click in range(2):
        seat("not_done", "Ingen har börjat.", days=1)
        other("not_done", "Inte hos oss.", days=1)
        agreement = other("going_on", "Vi är på god väg.", days=1)

    assert (agreement.outcome, agreement.outcome_words, agreement.outcome_at) == (
        "going_on",
        "Vi är på god väg.",
        WHEN,
    )
    assert agreement.outcome_is_open
    rows = agreement.tellings.values_list("outcome", "words", "is_open", "told_at", "told_in", "read_at")
    beside = WHEN + timedelta(days=1)
    assert list(rows) == [
        ("not_done", "Ingen har börjat.", False, beside, later.pk, None),
        ("not_done", "Inte hos oss.", False, beside, later.pk, None),
    ]
    assert AuditEntry.objects.filter(verb="agreement.answered").count() == 3


def test_a_seat_writes_over_no_other_seat(later: Dialogue) -> None:
    told_by(later)("done", "Klart.")

    agreement = told_by(later)("not_done", "Inte för natten.")

    assert (agreement.outcome_words, agreement.tellings.get().words) == ("Klart.", "Inte för natten.")


def test_what_a_named_person_tells_anew_keeps_what_was_told_and_has_read_what_lay_beside(
    town: Town, later: Dialogue
) -> None:
    leader, seat = told_by(later, town.facilitator), told_by(later)
    leader("going_on", "På god väg.")
    seat("not_done", "Ingen har börjat.", days=1)
    for _click in range(2):
        leader("partly", "Inte för natten.", days=2)
    agreement = leader("partly", "Inte för natten.", days=3)

    read = WHEN + timedelta(days=2)
    assert (agreement.outcome_words, agreement.outcome_at) == ("Inte för natten.", read)
    assert list(agreement.tellings.values_list("words", "is_open", "told_at", "read_at")) == [
        ("På god väg.", True, WHEN, read),
        ("Ingen har börjat.", False, WHEN + timedelta(days=1), read),
    ]


def test_an_outcome_is_one_of_four(town: Town, later: Dialogue) -> None:
    (agreement,) = queries.agreements_to_open_with(later)

    with pytest.raises(InvalidError) as caught:
        agreeing.answer_agreement(
            actor=actor_of(town.facilitator), agreement_id=agreement.pk, outcome="great", words="", at=WHEN
        )

    assert list(caught.value.fields) == ["outcome"]


# ---------------------------------------------------------------- check-out


@pytest.fixture
def leaving(room: Dialogue) -> Dialogue:
    go_to(room, "checkout")
    room.checkout_open = True
    room.save()
    return room


def tap(here: Here, level: int, *, may_change: bool = False) -> Checkout:
    return agreeing.answer_checkout(here=here, level=level, may_change=may_change, at=WHEN)


def test_one_tap_counts_once_and_changes_only_within_its_seconds(leaving: Dialogue) -> None:
    here = here_of(*make_seat(leaving))

    tap(here, 3)
    tap(here, 3)
    with pytest.raises(ConflictError):
        tap(here, 1)
    tap(here, 1, may_change=True)

    assert [row.level for row in Checkout.objects.all()] == [1]
    assert agreeing.checked_out(here) == 1


def test_no_row_and_no_audit_entry_tells_whose_answer_it_is(leaving: Dialogue) -> None:
    seat, token = make_seat(leaving)

    row = tap(here_of(seat, token), 1)

    assert {field.name for field in Checkout._meta.get_fields()} == {"id", "dialogue", "token", "level"}
    assert bytes(row.token) not in (token.secret, bytes(seat.secret_hash or b""))
    entry = AuditEntry.objects.get(verb="checkout.answered")
    assert (entry.facts, entry.person_id, entry.object_id) == ({}, None, leaving.pk)


def test_who_is_helped_has_an_answer_of_her_own(leaving: Dialogue) -> None:
    host, token = make_seat(leaving)
    helped, _token = make_seat(leaving)

    tap(here_of(host, token), 3)
    tap(here_of(helped, token), 1)

    assert sorted(Checkout.objects.values_list("level", flat=True)) == [1, 3]


def test_no_tap_before_it_opens(room: Dialogue) -> None:
    here = here_of(*make_seat(room))

    with pytest.raises(ConflictError):
        tap(here, 3)
    assert not Checkout.objects.exists()


def test_figures_come_once_from_five_answers_when_the_dialogue_is_closed(leaving: Dialogue) -> None:
    for level in (3, 3, 2, 1, 3):
        tap(here_of(*make_seat(leaving)), level)
    assert queries.checkout_figures(leaving) is None

    leaving.state, leaving.closed_at = State.CLOSED, WHEN
    leaving.save()

    assert queries.checkout_figures(leaving) == queries.CheckoutFigures(answers=5, good=3, so_so=1, bad=1)
    Checkout.objects.first().delete()  # type: ignore[union-attr]
    assert queries.checkout_figures(leaving) is None


def test_a_protocol_without_figures_says_how_many_answers_its_reader_has_to_wait_for(
    town: Town, leaving: Dialogue, signed_in: SignIn
) -> None:
    Default.objects.create(key="figures.least_inside", value=6, reason="Små enheter.", changed_at=WHEN)
    Default.objects.create(key="figures.least_public", value=12, reason="Liten ort.", changed_at=WHEN)
    Dialogue.objects.update(state=State.CLOSED, closed_at=WHEN, is_public=True)

    ours = signed_in(town.manager).get(f"/dialogues/{leaving.pk}/protocol").content.decode()
    public = Client().get(f"/open/{leaving.slug}").content.decode()

    assert "när samtalet är avslutat och minst sex har svarat" in ours
    assert "Siffror visas öppet från tolv svar." in public
