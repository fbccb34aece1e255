"""Alone: thoughts are sealed until shared, kept once, and seen by nobody else."""

import io
import logging
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.dialogues.access import Here
from samspel.dialogues.actions import solo
from samspel.dialogues.actions.leading import close_dialogue
from samspel.dialogues.models import Dialogue, Note, Ready, Seat
from samspel.dialogues.sealing import SeatToken, new_secret
from samspel.dialogues.thoughts import own_notes
from samspel.live.models import Outbox
from tests.people import WHEN, Town, actor_of, device_key, go_to, here_of, make_dialogue, make_seat

CANARY = "Kanariefågel-7f3a vågar inte säga det högt"


@pytest.fixture
def here(town: Town) -> Here:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    return here_of(*make_seat(dialogue, dialogue.tables.get()))


def write(here: Here, text: str = CANARY, key: str | None = None, **more: object) -> Note:
    values = {"text": text, "key": key or device_key(), "question": 1, "at": WHEN} | more
    return solo.write_note(here=here, **values)  # type: ignore[arg-type]


def everything_stored() -> bytes:
    """Every row of every table, as text."""
    out = io.StringIO()
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 (names from the catalogue)
            out.writelines(row[0] or "" for row in cursor.fetchall())
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')  # noqa: S608
            out.writelines(row[0] or "" for row in cursor.fetchall())
    return out.getvalue().encode()


# ---------------------------------------------------------------- writing


def test_a_thought_is_sealed_and_its_author_reads_it_again(here: Here) -> None:
    write(here, "  Tid att tänka.\r\nInnan vi svarar. ")

    note = Note.objects.get()
    assert (note.text, note.table_id, note.shared_at) == ("", None, None)
    assert [own.text for own in own_notes(here, 1).notes] == ["Tid att tänka.\nInnan vi svarar."]


def test_the_same_key_again_keeps_the_first_and_only_the_first(here: Here) -> None:
    key = device_key()
    first = write(here, "Först", key)

    again = write(here, "Först", key, at=WHEN + timedelta(seconds=9))

    assert again == first
    assert Note.objects.count() == 1
    assert Outbox.objects.filter(name="notes").count() == 1


def test_a_key_of_another_seat_is_refused_and_changes_nothing(here: Here) -> None:
    key = device_key()
    write(here, "Min", key)
    other = here_of(*make_seat(here.dialogue, here.dialogue.tables.get()))

    with pytest.raises(ConflictError):
        write(other, "Din", key, at=WHEN + timedelta(seconds=9))

    assert [own.text for own in own_notes(here).notes] == ["Min"]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 501, "\0"])
def test_a_thought_has_one_to_five_hundred_letters(here: Here, text: str) -> None:
    with pytest.raises(InvalidError) as error:
        write(here, text)

    assert "text" in error.value.fields


def test_five_hundred_letters_are_kept_whole(here: Here) -> None:
    write(here, "å" * 500)

    assert own_notes(here).notes[0].text == "å" * 500


def test_a_question_that_is_not_asked_has_no_thoughts(here: Here) -> None:
    with pytest.raises(NotFoundError):
        write(here, question=2)


@pytest.mark.parametrize("kind", ["whole", "ballot", "agree", "checkout", "frame"])
def test_thoughts_are_written_alone_and_at_the_table_only(here: Here, kind: str) -> None:
    go_to(here.dialogue, kind)

    with pytest.raises(ConflictError):
        write(here)

    assert not Note.objects.exists()


def test_a_thought_whose_answer_was_lost_is_kept_when_the_step_has_moved_on(here: Here) -> None:
    key = device_key()
    first = write(here, key=key)
    go_to(here.dialogue, "whole")

    assert write(here, key=key) == first


def test_a_page_that_has_not_heard_of_the_next_step_is_refused_all_the_same(here: Here) -> None:
    go_to(Dialogue.objects.get(pk=here.dialogue.pk), "whole")

    with pytest.raises(ConflictError):
        write(here)


def test_locked_answers_are_refused_with_words(here: Here) -> None:
    note = write(here)
    Dialogue.objects.update(is_locked=True)

    with pytest.raises(ConflictError) as error:
        write(here)
    assert "låst" in error.value.message
    with pytest.raises(ConflictError):
        solo.change_note(here=here, note_id=note.pk, text="Nytt", at=WHEN)
    with pytest.raises(ConflictError):
        solo.remove_note(here=here, note_id=note.pk)


# ---------------------------------------------------------------- changing and removing


def test_one_changes_and_removes_ones_own(here: Here) -> None:
    note = write(here)
    before = bytes(Note.objects.get().sealed or b"")

    solo.change_note(here=here, note_id=note.pk, text="Nytt", at=WHEN)
    assert own_notes(here).notes[0].text == "Nytt"
    assert bytes(Note.objects.get().sealed or b"") != before

    solo.remove_note(here=here, note_id=note.pk)
    solo.remove_note(here=here, note_id=note.pk)
    assert not Note.objects.exists()


def test_one_can_neither_change_nor_remove_what_is_somebody_elses(here: Here) -> None:
    note = write(here)
    other = here_of(*make_seat(here.dialogue, here.dialogue.tables.get()))

    with pytest.raises(NotFoundError):
        solo.change_note(here=other, note_id=note.pk, text="Kapad", at=WHEN)
    solo.remove_note(here=other, note_id=note.pk)

    assert own_notes(here).notes[0].text == CANARY


def test_what_lies_on_the_table_is_neither_changed_nor_removed_from_here(here: Here) -> None:
    note = write(here)
    go_to(here.dialogue, "small")
    solo.share_notes(here=here, note_ids=[note.pk], at=WHEN)

    with pytest.raises(ConflictError):
        solo.change_note(here=here, note_id=note.pk, text="Nytt", at=WHEN)
    with pytest.raises(ConflictError):
        solo.remove_note(here=here, note_id=note.pk)
    assert Note.objects.get().text == CANARY


# ---------------------------------------------------------------- ready


def test_ready_is_counted_once_and_can_be_taken_back(here: Here) -> None:
    for wanted, count in ((True, 1), (True, 1), (False, 0), (False, 0)):
        solo.say_ready(here=here, wanted=wanted, text="", key=device_key(), at=WHEN)
        assert Ready.objects.count() == count
    assert Outbox.objects.filter(name="people").count() == 2


def test_what_stood_in_the_field_is_kept_when_one_is_ready(here: Here) -> None:
    key = device_key()
    for _ in range(2):
        solo.say_ready(here=here, wanted=True, text="Nästan glömt", key=key, at=WHEN)

    assert [note.text for note in own_notes(here).notes] == ["Nästan glömt"]


def test_from_the_first_thing_told_nothing_more_is_read_or_written(here: Here) -> None:
    helped = Seat.objects.create(
        dialogue=here.dialogue, number=9, kind="helped", helped_by=here.seat, joined_at=WHEN, seen_at=WHEN, key="k9"
    )
    for_helped = Here(here.dialogue, helped, here.token, here.placement)

    with CaptureQueriesContext(connection) as asked:
        solo.say_ready(here=for_helped, wanted=True, text="Hon säger tid", key=device_key(), at=WHEN)

    statements = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
    told = [number for number, sql in enumerate(statements) if "live_room" in sql]
    assert told == list(range(len(statements) - 3, len(statements)))
    assert here.placement is not None
    assert list(Outbox.objects.order_by("number").values_list("name", "data")) == [
        ("notes", "{}"),
        ("table", f'{{"table":{here.placement.table_id}}}'),
        ("people", "{}"),
    ]


def test_nobody_is_ready_before_it_has_begun(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)
    here = here_of(*make_seat(dialogue))

    with pytest.raises(ConflictError):
        solo.say_ready(here=here, wanted=True, text="", key=device_key(), at=WHEN)


# ---------------------------------------------------------------- sharing


def test_only_what_is_chosen_goes_to_the_table(here: Here) -> None:
    one, two = write(here, "En"), write(here, "Två")
    go_to(here.dialogue, "small")

    solo.share_notes(here=here, note_ids=[two.pk], at=WHEN)

    two.refresh_from_db()
    one.refresh_from_db()
    assert (two.text, two.sealed, two.table, two.shared_at) == ("Två", None, here.dialogue.tables.get(), WHEN)
    assert (one.text, one.table_id) == ("", None)
    assert Outbox.objects.filter(name="table").count() == 1


def test_all_means_all_on_this_question(here: Here) -> None:
    here.dialogue.questions.create(number=2, text="Och sedan?")
    write(here, "Ett"), write(here, "Ett till"), write(here, "Annan fråga", question=2)
    go_to(here.dialogue, "small")

    shared = solo.share_notes(here=here, note_ids=None, at=WHEN)

    assert [note.text for note in shared] == ["Ett", "Ett till"]
    assert len(own_notes(here).unshared) == 1
    assert solo.share_notes(here=here, note_ids=None, at=WHEN) == []


@pytest.mark.parametrize("kind", ["solo", "whole", "checkout"])
def test_thoughts_are_shared_at_the_table_only(here: Here, kind: str) -> None:
    note = write(here)
    go_to(here.dialogue, kind)

    with pytest.raises(ConflictError):
        solo.share_notes(here=here, note_ids=[note.pk], at=WHEN)

    assert Note.objects.get().text == ""


def test_nobody_shares_somebody_elses_thought(here: Here) -> None:
    note = write(here)
    go_to(here.dialogue, "small")
    other = here_of(*make_seat(here.dialogue, here.dialogue.tables.get()))

    assert solo.share_notes(here=other, note_ids=[note.pk], at=WHEN) == []
    assert Note.objects.get().shared_at is None


def test_with_another_secret_nothing_is_opened_nor_shared(here: Here) -> None:
    note = write(here)
    go_to(here.dialogue, "small")
    stranger = Here(here.dialogue, here.seat, SeatToken(here.seat.number, new_secret()), here.placement)

    assert own_notes(stranger).unreadable == 1
    with pytest.raises(ConflictError):
        solo.share_notes(here=stranger, note_ids=[note.pk], at=WHEN)
    assert solo.share_notes(here=stranger, note_ids=None, at=WHEN) == []


# ---------------------------------------------------------------- private is private


def test_no_row_of_any_table_tells_what_was_written_alone(here: Here, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    note = write(here)
    solo.change_note(here=here, note_id=note.pk, text=CANARY + " ändrad", at=WHEN)
    with pytest.raises(InvalidError) as error:
        write(here, CANARY * 20)

    stored = everything_stored()
    assert CANARY.encode() not in stored
    assert "Kanariefågel".encode().hex().encode() not in stored
    assert here.token.secret not in stored
    assert here.token.secret.hex().encode() not in stored
    assert "Kanariefågel" not in caplog.text
    assert "Kanariefågel" not in str(error.value) + str(error.value.problem())
    assert "Kanariefågel" not in repr(own_notes(here))


def test_a_dump_of_the_rows_tells_nothing(here: Here) -> None:
    write(here)
    out = io.StringIO()

    call_command("dumpdata", "dialogues", "core", stdout=out)

    assert "Kanariefågel" not in out.getvalue()


def test_lengths_of_sealed_thoughts_tell_little(here: Here) -> None:
    write(here, "Ja"), write(here, "Nej, inte alls, det håller jag inte med om")

    lengths = {len(bytes(note.sealed or b"")) for note in Note.objects.all()}
    assert len(lengths) == 1


def test_what_nobody_shared_is_gone_when_the_meeting_closes(here: Here, town: Town) -> None:
    kept, _private = write(here, "Delad"), write(here)
    go_to(here.dialogue, "small")
    solo.share_notes(here=here, note_ids=[kept.pk], at=WHEN)
    go_to(here.dialogue, "checkout")

    close_dialogue(actor=actor_of(town.facilitator), dialogue_id=here.dialogue.pk, at=WHEN)

    assert [note.text for note in Note.objects.all()] == ["Delad"]
    with pytest.raises(ConflictError):
        write(here)


def test_a_helped_seat_without_a_table_writes_nothing(here: Here) -> None:
    lost = Seat.objects.create(
        dialogue=here.dialogue, number=9, kind="helped", helped_by=here.seat, joined_at=WHEN, seen_at=WHEN, key="k9"
    )

    with pytest.raises(NotFoundError):
        write(Here(here.dialogue, lost, here.token, None))
