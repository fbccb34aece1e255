"""Paper counts too: sheets to print, and what was written on them entered once, with counts that are right."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.dialogues.actions import leading, whole
from samspel.dialogues.actions.paper import Line, enter_ballot, enter_sheet, voters_without_phone
from samspel.dialogues.documents.render import render_pdf
from samspel.dialogues.models import (
    Ballot,
    CounterVoice,
    Dialogue,
    Mark,
    Note,
    Pick,
    Placement,
    Proposal,
    Seat,
    Sitting,
)
from samspel.dialogues.overview import overview
from samspel.dialogues.protocol import protocol_of
from samspel.dialogues.tables import table_now
from samspel.people.models import Person
from tests.people import WHEN, Town, actor_of, device_key, go_to, hand_in, make_dialogue, make_seat

SHEET = (Line("Tid att tänka", 4, 1), Line("Ro", 2, 2), Line("Fler händer", 0))


def enter(dialogue: Dialogue, by: Person, *lines: Line, people: int = 5, key: str = "", voice: str = "") -> int:
    return enter_sheet(
        actor=actor_of(by),
        dialogue_id=dialogue.pk,
        table_id=dialogue.tables.get(number=1).pk,
        question=1,
        people=people,
        lines=lines,
        counter_voice=voice,
        key=key or device_key(),
        at=WHEN,
    )


def test_a_sheet_lies_on_the_table_with_its_counts(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="choose")
    phone, _token = make_seat(dialogue, dialogue.tables.get(), "Sara")

    entered = enter(dialogue, town.facilitator, *SHEET, voice="Vi säger ja till för mycket.")

    shown = table_now(dialogue, Sitting.objects.get(), phone, question=1, at=WHEN)
    assert entered == 3
    assert [(card.name, card.marks) for card in shown.cards] == [("Tid att tänka", 4), ("Ro", 2), ("Fler händer", 0)]
    assert shown.of == 6
    assert shown.paper_people == 5
    assert set(Note.objects.values_list("source", "seat")) == {("paper", None)}
    assert CounterVoice.objects.get().from_advocate
    assert [(pick.proposal.text, pick.marks, pick.of) for pick in Pick.objects.all()] == [
        ("Tid att tänka", 4, 6),
        ("Ro", 2, 6),
    ]


def test_the_console_counts_a_sheet_as_nobody_who_has_written(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="choose")
    make_seat(dialogue, dialogue.tables.get(), "Sara")

    before = overview(dialogue, now=WHEN)
    enter(dialogue, town.facilitator, *SHEET)
    after = overview(dialogue, now=WHEN)

    assert (before.wrote, before.wrote_of) == (0, 1)
    assert (after.wrote, after.wrote_of) == (0, after.here)


def test_nobody_on_paper_has_more_than_three_marks_or_one_twice(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="choose")

    enter(dialogue, town.facilitator, Line("A", 4), Line("B", 4), Line("C", 3), Line("D", 1), people=4)

    assert set(Counter(Mark.objects.values_list("seat_id", flat=True)).values()) == {3}
    assert Counter(Mark.objects.values_list("note__text", flat=True)) == {"A": 4, "B": 4, "C": 3, "D": 1}
    assert set(Seat.objects.values_list("kind", flat=True)) == {"paper"}
    assert Placement.objects.count() == 4


def test_the_same_sheet_sent_twice_is_entered_once(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="choose")
    key = device_key()

    first = enter(dialogue, town.facilitator, *SHEET, key=key)
    again = enter(dialogue, town.facilitator, *SHEET, key=key)

    assert (first, again) == (3, 0)
    assert Note.objects.count() == 3
    assert Seat.objects.count() == 5


@pytest.mark.parametrize(
    ("lines", "people", "field"),
    [
        ((), 3, "text-1"),
        ((Line("A", 4),), 3, "marks-1"),
        ((Line("A"), Line("", 2)), 3, "text-2"),
        ((Line("x" * 501),), 3, "text-1"),
        ((Line("A", 2), Line("B", 2), Line("C", 2), Line("D", 2)), 2, "people"),
        ((Line("A"),), 13, "people"),
        ((Line("A", 0, 1), Line("B", 0, 1)), 3, "place-2"),
        ((Line("A", 0, 4),), 3, "place-1"),
    ],
)
def test_a_sheet_that_cannot_be_right_says_where(town: Town, lines: tuple[Line, ...], people: int, field: str) -> None:
    dialogue = make_dialogue(town.guidance, now_at="choose")

    with pytest.raises(InvalidError) as refused:
        enter(dialogue, town.facilitator, *lines, people=people)

    assert field in refused.value.fields
    assert not Note.objects.exists()


def test_a_table_that_has_handed_in_keeps_its_three(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="choose")
    enter(dialogue, town.facilitator, *SHEET)

    enter(dialogue, town.facilitator, Line("Något annat", 1, 1))

    assert [pick.proposal.text for pick in Pick.objects.all()] == ["Tid att tänka", "Ro"]


@pytest.mark.parametrize("closed", ["is_locked", "ballot_open"])
def test_after_the_lock_a_sheet_is_kept_but_not_handed_in(town: Town, closed: str) -> None:
    dialogue = make_dialogue(town.guidance, now_at="whole")
    Dialogue.objects.update(**{closed: True})

    assert enter(dialogue, town.facilitator, *SHEET) == 3
    assert not Pick.objects.exists()


def test_only_a_leader_enters_and_only_while_the_meeting_goes_on(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="choose")
    for person in (town.member, town.outsider):
        with pytest.raises(NotFoundError):
            enter(dialogue, person, *SHEET)
    other = make_dialogue(town.guidance, now_at="choose")
    with pytest.raises(NotFoundError):
        enter_sheet(
            actor=actor_of(town.manager),
            dialogue_id=dialogue.pk,
            table_id=other.tables.get().pk,
            question=1,
            people=1,
            lines=SHEET,
            key=device_key(),
            at=WHEN,
        )
    go_to(dialogue, "frame")
    Dialogue.objects.filter(pk=dialogue.pk).update(state="planned", step=None)

    with pytest.raises(ConflictError):
        enter(dialogue, town.facilitator, *SHEET)


# ---------------------------------------------------------------- pages


def test_the_page_keeps_what_was_typed_and_says_what_is_wrong_at_its_row(town: Town, signed_in: object) -> None:
    dialogue = make_dialogue(town.guidance, now_at="choose", tables=2)
    client: Client = signed_in(town.facilitator)  # type: ignore[operator]
    table = dialogue.tables.get(number=2)
    sent = {
        "key": device_key(),
        "table": table.pk,
        "people": "2",
        "text-1": "Tid",
        "text-3": "Ro",
        "marks-3": "7",
        "voice": "Nja",
    }

    wrong = client.post(reverse("dialogue_paper", args=[dialogue.pk]), sent)
    right = client.post(reverse("dialogue_paper", args=[dialogue.pk]), sent | {"marks-3": "2"})

    html = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'value="Ro" aria-label="Tanke 3" aria-invalid="true"' in html
    assert f'<option value="{table.pk}" selected>' in html
    assert ">Nja</textarea>" in html
    assert right.status_code == 302
    assert list(Note.objects.values_list("text", "table")) == [("Tid", table.pk), ("Ro", table.pk)]


def test_the_sheets_are_a_tagged_pdf_with_a_page_a_table(town: Town, signed_in: object) -> None:
    dialogue = make_dialogue(town.guidance, tables=3)

    answer = signed_in(town.facilitator).get(reverse("dialogue_sheets", args=[dialogue.pk]))  # type: ignore[operator]

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in answer.content
    assert b"/Count 3" in answer.content


@pytest.mark.parametrize("name", ["dialogue_sheets", "dialogue_paper"])
def test_others_find_no_paper(town: Town, signed_in: object, name: str) -> None:
    dialogue = make_dialogue(town.guidance, now_at="choose")
    address = reverse(name, args=[dialogue.pk])

    assert signed_in(town.outsider).get(address).status_code == 404  # type: ignore[operator]
    assert signed_in(town.member).get(address).status_code == 404  # type: ignore[operator]
    assert Client().get(address).status_code == 302


def test_what_somebody_wrote_cannot_change_the_document() -> None:
    labels = dict.fromkeys(("code", "alone", "thoughts", "marks", "count", "how", "three", "counter"), "x")
    data = {"title": "#panic()", "language": "sv", "footer": "$x$ *b*", "code": "1", "lines": 2, "places": 3}
    pages = [{"table": '#read("render.py")', "question": "= Rubrik #lorem(9)"}]

    made = render_pdf("paper", data | {"labels": labels, "pages": pages})

    assert made.startswith(b"%PDF")
    assert b"/Count 1" in made


# ---------------------------------------------------------------- when the meeting is over


@pytest.fixture
def over(town: Town) -> Dialogue:
    """A closed meeting of two tables; the second thought on paper, and nobody has entered its sheet."""
    dialogue = make_dialogue(town.guidance, now_at="whole", tables=2)
    dialogue.needs_review = True
    dialogue.save()
    first = dialogue.tables.get(number=2)
    make_seat(dialogue, first, "Sara")
    hand_in(first, "Mod", reviewed=True)
    Sitting.objects.filter(table=first).update(handed_in_at=WHEN)
    whole.choose(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, question=1, at=WHEN)
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN)
    dialogue.refresh_from_db()
    return dialogue


def enter_late(dialogue: Dialogue, by: Person, *lines: Line, voice: str = "") -> int:
    return enter_sheet(
        actor=actor_of(by),
        dialogue_id=dialogue.pk,
        table_id=dialogue.tables.get(number=1).pk,
        question=1,
        people=5,
        lines=lines,
        counter_voice=voice,
        key=device_key(),
        at=WHEN + timedelta(hours=2),
    )


def test_a_sheet_entered_after_the_end_stands_in_protocol_and_on_the_open_page(over: Dialogue, town: Town) -> None:
    assert enter_late(over, town.facilitator, *SHEET, voice="Vi säger ja till för mycket.") == 3

    for inside in (True, False):
        told = protocol_of(Dialogue.objects.get(), inside=inside)
        question = told.questions[0]
        assert (told.notes, question.late_notes, question.late_tables) == (4, 3, 1)
        assert [proposal.text for proposal in question.proposals] == ["Mod", "Tid att tänka", "Ro"]
        assert "Vi säger ja till för mycket." in question.counter_voices
        # What the hall chose stays, of the tables that were there to choose from.
        assert [(place.text, place.tables, place.of_tables) for place in question.chosen] == [("Mod", 1, 1)]
    page = Client().get(reverse("dialogue_public", args=[over.slug])).content.decode()
    assert "3 tankar skrevs in från papper efter samtalet." in page
    assert "Ett bords tre kom in då, och var inte med när salen valde." in page
    assert [(pick.marks, pick.of) for pick in Pick.objects.filter(sitting__table__number=1)] == [(4, 5), (2, 5)]
    assert not Mark.objects.exists()


def test_a_leader_comes_to_the_sheet_from_the_protocol(
    over: Dialogue, signed_in: Callable[..., Client], town: Town
) -> None:
    leader = signed_in(town.facilitator)
    protocol = leader.get(reverse("dialogue_protocol", args=[over.pk])).content.decode()
    address = reverse("dialogue_paper", args=[over.pk])
    assert f'href="{address}"' in protocol

    page = leader.get(address).content.decode()
    sent = leader.post(
        address, {"table": over.tables.get(number=1).pk, "people": "2", "text-1": "Tid", "key": device_key()}
    )

    assert "Det ändrar inte vad salen valde." in page
    assert reverse("dialogue_protocol", args=[over.pk]) in page
    assert sent.status_code == 302
    after = leader.get(reverse("dialogue_protocol", args=[over.pk])).content.decode()
    assert "inskriven efteråt" in after
    assert 'href="/dialogues/' not in Client().get(reverse("dialogue_public", args=[over.slug])).content.decode()


def test_a_member_reads_the_protocol_and_enters_nothing(
    over: Dialogue, signed_in: Callable[..., Client], town: Town
) -> None:
    member = signed_in(town.member)

    page = member.get(reverse("dialogue_protocol", args=[over.pk])).content.decode()

    assert reverse("dialogue_paper", args=[over.pk]) not in page
    assert member.get(reverse("dialogue_paper", args=[over.pk])).status_code == 404


@pytest.mark.parametrize("kind", ["note", "proposal"])
def test_a_word_that_harms_is_set_aside_after_the_end_and_it_is_seen(
    over: Dialogue, signed_in: Callable[..., Client], town: Town, kind: str
) -> None:
    leader = signed_in(town.facilitator)
    row = Note.objects.get() if kind == "note" else Proposal.objects.get()
    page = leader.get(reverse("dialogue_review", args=[over.pk])).content.decode()
    assert page.count("Mod</p>") == 2  # what is shown, and the thought behind it

    leader.post(reverse("dialogue_judge", args=[over.pk]), {"kind": kind, "row": row.pk, "verdict": "aside"})

    protocol = leader.get(reverse("dialogue_protocol", args=[over.pk])).content.decode()
    assert "Undanlagd av samtalsledaren" in protocol
    if kind == "proposal":
        public = Client().get(reverse("dialogue_public", args=[over.slug])).content.decode()
        assert "Undanlagd av samtalsledaren" in public
        assert ">Mod<" not in public
    leader.post(reverse("dialogue_judge", args=[over.pk]), {"kind": kind, "row": row.pk, "verdict": "show"})
    assert (
        "Undanlagd av samtalsledaren" not in leader.get(reverse("dialogue_protocol", args=[over.pk])).content.decode()
    )


# ---------------------------------------------------------------- ballots of those without a phone


def choosing(town: Town) -> tuple[Dialogue, list[Proposal]]:
    """A hall that chooses: Sara with a phone, who helps Åke, at the first of two tables."""
    dialogue = make_dialogue(town.guidance, now_at="ballot", tables=2)
    one = dialogue.tables.get(number=1)
    sara, _token = make_seat(dialogue, one, "Sara")
    ake = Seat.objects.create(
        dialogue=dialogue, number=2, kind="helped", name="Åke", helped_by=sara, joined_at=WHEN, seen_at=WHEN, key="k2"
    )
    Placement.objects.create(seat=ake, seating=1, table=one)
    Dialogue.objects.update(ballot_open=True)
    return dialogue, hand_in(one, "Tid", "Lugn", reviewed=True)


def vote(dialogue: Dialogue, by: Person, chosen: list[Proposal], *, seat: int | None = None, key: str = "") -> None:
    enter_ballot(
        actor=actor_of(by),
        dialogue_id=dialogue.pk,
        question=1,
        proposal_ids=[proposal.pk for proposal in chosen],
        seat_number=seat,
        table_id=dialogue.tables.get(number=1).pk if seat is None else None,
        key=key or device_key(),
        at=WHEN,
    )


def test_everyone_without_a_phone_is_counted_once_in_the_hall(town: Town) -> None:
    dialogue, (tid, lugn) = choosing(town)

    vote(dialogue, town.facilitator, [tid], seat=2)
    vote(dialogue, town.facilitator, [lugn], seat=2)
    key = device_key()
    vote(dialogue, town.facilitator, [tid], key=key)
    vote(dialogue, town.facilitator, [tid], key=key)
    vote(dialogue, town.facilitator, [])

    found = {ballot.seat.number: set(ballot.proposals.all()) for ballot in Ballot.objects.select_related("seat")}
    assert found == {2: {lugn}, 3: {tid}, 4: set()}
    assert list(Seat.objects.filter(kind="paper").values_list("number", flat=True)) == [3, 4]
    choice = whole.choose(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, question=1, at=WHEN)
    assert choice.ballots == 3
    assert [(voter.name, voter.has_voted) for voter in voters_without_phone(dialogue, 1)] == [
        ("Åke", True),
        ("På papper, plats 3", True),
        ("På papper, plats 4", True),
    ]


def test_who_voted_and_then_is_on_a_sheet_is_one_person_and_the_other_way_round(town: Town) -> None:
    dialogue, (tid, _lugn) = choosing(town)
    vote(dialogue, town.facilitator, [tid])

    enter(dialogue, town.facilitator, Line("Tid att tänka", 2), people=2)
    assert Seat.objects.filter(kind="paper").count() == 2
    vote(dialogue, town.facilitator, [tid])
    assert Seat.objects.filter(kind="paper").count() == 2
    enter(dialogue, town.facilitator, Line("Ro", 1), people=1)

    assert Seat.objects.filter(kind="paper").count() == 3
    assert Ballot.objects.count() == 2


def test_nobody_votes_for_one_who_has_a_phone_or_when_it_is_not_time(town: Town) -> None:
    dialogue, (tid, _lugn) = choosing(town)
    with pytest.raises(NotFoundError):
        vote(dialogue, town.facilitator, [tid], seat=1)
    with pytest.raises(NotFoundError):
        vote(dialogue, town.member, [tid], seat=2)
    with pytest.raises(NotFoundError):
        vote(dialogue, town.facilitator, [Proposal(pk=0)], seat=2)
    Dialogue.objects.update(ballot_open=False)
    with pytest.raises(ConflictError):
        vote(dialogue, town.facilitator, [tid], seat=2)

    assert not Ballot.objects.exists()


def test_a_leader_enters_a_ballot_on_the_page_and_never_sees_what_is_on_one(
    town: Town, signed_in: Callable[..., Client]
) -> None:
    dialogue, (tid, _lugn) = choosing(town)
    leader = signed_in(town.facilitator)
    page = reverse("dialogue_ballots", args=[dialogue.pk])
    sent = {"question": "1", "voter": "seat-2", "proposal": tid.pk}

    assert " checked" not in leader.get(page).content.decode(), "nobody's ballot is anybody's before it is said whose"
    assert "2 personer" not in leader.get(page).content.decode()
    assert "1 person utan telefon har inte röstat än." in leader.get(page).content.decode()
    assert leader.post(page, {"question": "1", "proposal": tid.pk, "key": device_key()}).status_code == 422
    assert leader.post(page, {"question": "1", "voter": "seat-2", "key": device_key()}).status_code == 422
    said = leader.post(page, sent | {"key": device_key()}, follow=True).content.decode()

    assert "Rösten är inlagd." in said
    assert "har röstat" in said
    assert not re.search(r'name="proposal"[^>]*checked', said)
    assert "Alla vi vet av utan telefon har röstat." in said
    leader.post(page, {"question": "1", "voter": "seat-2", "none": "1", "key": device_key()})
    assert not Ballot.objects.get().proposals.exists()
    other = dialogue.tables.get(number=2)
    leader.post(page, sent | {"voter": "table", "table": other.pk, "key": device_key()})
    assert Ballot.objects.filter(seat__kind="paper", seat__placements__table=other).count() == 1
    Dialogue.objects.update(ballot_open=False)
    assert "Valet är inte öppet just nu." in leader.get(page).content.decode()
