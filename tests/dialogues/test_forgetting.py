"""After the end nothing that is kept tells who said what; the author's own phone still finds her words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from samspel.core.models import AuditEntry
from samspel.dialogues.access import Here
from samspel.dialogues.actions import handing_in, joining, leading, marking, solo, speaking, whole
from samspel.dialogues.models import Ballot, Dialogue, Mark, Note, Pick, Ready, Seat, Sitting
from samspel.dialogues.protocol import notes_of, protocol_of
from samspel.dialogues.sealing import SeatToken, new_secret
from samspel.dialogues.thoughts import own_notes
from tests.people import WHEN, Town, actor_of, device_key, go_to, here_of, make_dialogue, make_seat

LATER = WHEN + timedelta(hours=1)


class Room:
    """A table of two phones and one who is helped, walked to the end of the silent ballot."""

    def __init__(self, town: Town) -> None:
        self.leader = actor_of(town.facilitator)
        self.dialogue = make_dialogue(town.guidance, now_at="solo")
        self.seats = [make_seat(self.dialogue, self.dialogue.tables.get(), name) for name in ("Amina", "Jonas")]
        self.amina, self.jonas = self.heres()
        self.helped = joining.help_someone(here=self.amina, name="Åke", key=device_key(), at=WHEN)
        self.ake = joining.acting_here(self.amina, self.helped.number)

    def heres(self) -> list[Here]:
        return [here_of(seat, token) for seat, token in self.seats]

    def go(self, kind: str) -> None:
        self.dialogue.refresh_from_db()
        go_to(self.dialogue, kind)
        self.amina, self.jonas = self.heres()
        self.ake = joining.acting_here(self.amina, self.helped.number)

    def walk(self) -> None:
        for here, text in ((self.amina, "Tid"), (self.amina, "Bara mitt"), (self.jonas, "Ro"), (self.ake, "Kaffe")):
            solo.write_note(here=here, text=text, key=device_key(), question=1, at=WHEN)
        self.go("small")
        leading.set_tables(self.dialogue, 1, at=WHEN)
        shared = Note.objects.filter(seat=self.amina.seat).order_by("pk").first()
        assert shared is not None
        solo.share_notes(here=self.amina, note_ids=[shared.pk], at=WHEN)
        solo.share_notes(here=self.jonas, note_ids=None, at=WHEN)
        speaking.add_note(here=self.jonas, text="Mod", key=device_key(), at=WHEN)
        for here in (self.amina, self.jonas, self.ake):
            marking.set_mark(here=here, note_id=shared.pk, wanted=True)
            marking.set_ready(here=here, wanted=True, at=WHEN)
        speaking.say_counter_voice(here=self.jonas, text="Det kostar.", key=device_key(), at=WHEN)
        speaking.ask_for_help(here=self.jonas, words="Vi är oense.", at=WHEN)
        handing_in.hand_in(here=self.amina, at=WHEN)
        self.go("ballot")
        leading.set_switch(actor=self.leader, dialogue_id=self.dialogue.pk, name="ballot_open", wanted=True, at=WHEN)
        self.go("ballot")
        Dialogue.objects.update(ballot_open=True)
        self.amina, self.jonas = self.heres()
        proposals = list(Pick.objects.order_by("place").values_list("proposal_id", flat=True))
        whole.cast_ballot(here=self.amina, question=1, proposal_ids=proposals[:2], at=WHEN)
        whole.cast_ballot(here=self.jonas, question=1, proposal_ids=[], at=WHEN)
        whole.choose(actor=self.leader, dialogue_id=self.dialogue.pk, question=1, at=WHEN)

    def close(self) -> None:
        leading.close_dialogue(actor=self.leader, dialogue_id=self.dialogue.pk, at=LATER)


@pytest.fixture
def room(town: Town) -> Room:
    room = Room(town)
    room.walk()
    return room


def references_to_seats() -> set[tuple[str, str]]:
    """Every column of the database that points to a seat."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, attname FROM pg_constraint"
            " JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)"
            " WHERE contype = 'f' AND confrelid = 'dialogues_seat'::regclass"
        )
        return set(cursor.fetchall())


def test_a_closed_meeting_keeps_who_was_where_and_nothing_that_tells_who_said_what(room: Room) -> None:
    assert Note.objects.exclude(seat=None).exists()

    room.close()

    # Where one sat, and whom one helped, is no word of anybody's; all other ties to seats are cut.
    may_point = {("dialogues_placement", "seat_id"), ("dialogues_seat", "helped_by_id")}
    told = {}
    with connection.cursor() as cursor:
        for relation, column in sorted(references_to_seats() - may_point):
            cursor.execute(f"SELECT count(*) FROM {relation} WHERE {column} IS NOT NULL")  # noqa: S608
            told[relation, column] = cursor.fetchone()[0]
    assert len(told) >= 7
    assert set(told.values()) == {0}, told


def test_the_counts_are_kept_when_the_hands_are_forgotten(room: Room) -> None:
    before = protocol_of(Dialogue.objects.get(), inside=True)
    notes = [note.text for note in notes_of(Dialogue.objects.get(), 1)]

    room.close()

    after = protocol_of(Dialogue.objects.get(), inside=True)
    assert sorted(Note.objects.values_list("text", flat=True)) == ["Kaffe", "Mod", "Ro", "Tid"]
    assert list(Pick.objects.filter(place=1).values_list("marks", "of")) == [(3, 3)]
    assert sorted(ballot.proposals.count() for ballot in Ballot.objects.all()) == [0, 2]
    assert (after.people, after.tables, after.notes) == (3, 1, 4)
    assert after.questions[0].covered == before.questions[0].covered == 1
    assert [note.text for note in notes_of(Dialogue.objects.get(), 1)] == notes
    assert after.questions[0].counter_voices == ("Det kostar.",)
    assert not Mark.objects.exists()
    assert not Ready.objects.exists()


def test_no_hour_and_no_lot_leads_back_to_a_seat(room: Room) -> None:
    room.close()

    hours = {(note.written_at.minute, note.shared_at.minute) for note in Note.objects.all() if note.shared_at}
    assert hours == {(0, 0)}
    assert set(Note.objects.values_list("source", flat=True)) == {"phone"}
    sitting = Sitting.objects.get()
    assert (sitting.pen, sitting.advocate, sitting.advocate_seed) == (None, None, 0)
    assert (sitting.help_words, sitting.help_asked_at) == ("", None)


def test_what_was_said_after_midnight_was_said_before_the_end(room: Room) -> None:
    """Where clocks are ahead of UTC, the day had begun hours before the day in UTC."""
    said = datetime(2026, 11, 22, 23, 13, tzinfo=UTC)
    Note.objects.filter(shared_at__isnull=False).update(shared_at=said)

    with timezone.override("Europe/Stockholm"):
        leading.close_dialogue(actor=room.leader, dialogue_id=room.dialogue.pk, at=said + timedelta(minutes=9))

    assert Note.objects.exclude(shared_at=None).exists()
    assert not Note.objects.filter(shared_at__gt=said).exists()
    assert not any(note.is_late for note in notes_of(Dialogue.objects.get(), 1))


def test_the_audit_trail_never_says_whose_words_or_ballot(room: Room) -> None:
    about_words = AuditEntry.objects.filter(
        verb__in=["note.added", "note.entered", "notes.shared", "counter_voice.said", "ballot.cast"]
    )

    assert set(about_words.values_list("verb", flat=True)) == {
        "note.added",
        "note.entered",
        "notes.shared",
        "counter_voice.said",
        "ballot.cast",
    }
    assert not about_words.filter(facts__has_key="seat").exists()
    assert not about_words.filter(object_type="dialogues.seat").exists()


def test_the_author_finds_her_words_on_her_own_phone_and_nobody_else_does(room: Room) -> None:
    room.close()

    amina, jonas = room.heres()
    ake = joining.acting_here(amina, room.helped.number)
    assert [note.text for note in own_notes(amina).notes] == ["Tid"]
    assert [note.text for note in own_notes(jonas).notes] == ["Ro", "Mod"]
    assert [note.text for note in own_notes(ake).notes] == ["Kaffe"]
    stranger = Here(amina.dialogue, amina.seat, SeatToken(amina.seat.number, new_secret()), amina.placement)
    assert own_notes(stranger).notes == []


def test_the_phone_takes_home_what_was_shared_after_the_end(room: Room) -> None:
    room.close()
    client = Client()
    client.cookies["seat"] = room.seats[1][1].cookie()

    mine = client.get(f"/m/{room.dialogue.code}/notes/mine.txt").content.decode()

    assert "– Ro\n– Mod\n" in mine
    assert "Tid" not in mine


def test_two_notes_of_one_hand_carry_nothing_in_common(room: Room) -> None:
    authors = [bytes(author) for author in Note.objects.exclude(author=None).values_list("author", flat=True)]

    assert len(set(authors)) == len(authors) == 5
    assert set(Seat.objects.exclude(secret_hash=None).values_list("secret_hash", flat=True)).isdisjoint(authors)


def test_a_meeting_that_nobody_leads_forgets_too(room: Room) -> None:
    template = room.dialogue.template
    template.is_unattended = True
    template.save()
    room.go("checkout")

    leading.move_unattended(at=WHEN + timedelta(days=4))

    assert Dialogue.objects.get().state == "closed"
    assert not Note.objects.exclude(seat=None).exists()
    assert not Ballot.objects.exclude(seat=None).exists()
