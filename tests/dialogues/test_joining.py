"""Coming in: a seat without an account, a table, the same seat again, another phone, somebody without one."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from samspel.core.actor import VISITOR
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.models import AuditEntry
from samspel.dialogues.actions import joining, solo
from samspel.dialogues.models import (
    Dialogue,
    Invitation,
    Note,
    Placement,
    PlannedPlace,
    Seat,
    Sitting,
    State,
    Step,
    Table,
)
from samspel.dialogues.sealing import SeatToken, is_secret
from samspel.dialogues.takeover import LASTS_S, TAKE_OVERS, TakeOvers
from samspel.dialogues.thoughts import own_notes
from samspel.live.models import Outbox
from tests.people import WHEN, Town, device_key, go_to, here_of, make_dialogue, make_seat, make_unit


@pytest.fixture(autouse=True)
def no_codes_out() -> None:
    TAKE_OVERS.clear()


def invite(dialogue: Dialogue, name: str, table: Table | None = None, **more: object) -> Invitation:
    code = "".join(secrets.choice("ABCDEFGHJKMNPQRSTUVWXYZ23456789") for _ in range(8))
    invitation = Invitation.objects.create(dialogue=dialogue, name=name, seat_code=code, **more)
    if table is not None:
        PlannedPlace.objects.create(invitation=invitation, seating=1, table=table)
    return invitation


def join(dialogue: Dialogue, **more: object) -> joining.Joined:
    values = {"actor": VISITOR, "code": dialogue.code, "key": device_key(), "at": WHEN} | more
    return joining.join(**values)  # type: ignore[arg-type]


# ---------------------------------------------------------------- codes


@pytest.mark.parametrize(
    ("typed", "code", "seat_code"),
    [
        ("482913", "482913", ""),
        ("482 913", "482913", ""),
        (" 482-913 ", "482913", ""),
        ("https://samspel.lindvik.se/m/482913/", "482913", ""),
        ("samspel.lindvik.se:8000/m/482913/?plats=k7pq2mxr", "482913", "K7PQ2MXR"),
        ("koden är 482 913 tack", "482913", ""),
        ("48291", "", ""),
        ("4829131", "", ""),
        ("", "", ""),
        ("x" * 10_000, "", ""),
    ],
)
def test_the_code_is_read_however_it_is_typed_or_pasted(typed: str, code: str, seat_code: str) -> None:
    assert joining.read_code(typed) == joining.Typed(code, seat_code)


def test_a_draft_and_a_closed_meeting_cannot_be_joined(town: Town) -> None:
    draft, over = make_dialogue(town.guidance), make_dialogue(town.guidance, now_at="checkout")
    Dialogue.objects.filter(pk=draft.pk).update(state=State.DRAFT)
    Dialogue.objects.filter(pk=over.pk).update(state=State.CLOSED, closed_at=WHEN)

    with pytest.raises(NotFoundError):
        join(draft)
    with pytest.raises(ConflictError):
        join(over)


# ---------------------------------------------------------------- joining


def test_one_who_joins_gets_a_seat_a_table_and_a_secret_of_which_only_the_hash_is_kept(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)

    joined = join(dialogue, name="  Leila ", language="da")

    seat = Seat.objects.get()
    assert (seat.number, seat.name, seat.language, seat.kind) == (1, "Leila", "da", "phone")
    assert is_secret(joined.token.secret, seat.secret_hash)
    assert joined.token.secret not in bytes(seat.secret_hash or b"")
    assert Placement.objects.get().table.name == "Eldkvarn"
    assert AuditEntry.objects.filter(verb="seat.joined").count() == 1
    assert set(Outbox.objects.values_list("name", flat=True)) == {"people", "table"}


def test_numbers_follow_each_other_and_the_first_at_a_table_has_the_pen(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2)

    seats = [join(dialogue).seat for _ in range(4)]

    assert [seat.number for seat in seats] == [1, 2, 3, 4]
    for sitting in Sitting.objects.all():
        first = Placement.objects.filter(table=sitting.table).order_by("seat__number").first()
        assert first is not None
        assert sitting.pen_id == first.seat_id


def test_the_same_key_again_gives_the_same_seat_with_a_new_secret(town: Town) -> None:
    dialogue, key = make_dialogue(town.guidance), device_key()
    first = join(dialogue, key=key)

    second = join(dialogue, key=key)

    assert second.seat == first.seat
    assert second.token != first.token
    assert is_secret(second.token.secret, Seat.objects.get().secret_hash)


def test_the_same_key_is_refused_once_something_is_sealed_with_the_first_secret(town: Town) -> None:
    dialogue, key = make_dialogue(town.guidance, now_at="solo"), device_key()
    first = join(dialogue, key=key)
    solo.write_note(here=here_of(first.seat, first.token), text="Min", key=device_key(), question=1, at=WHEN)

    with pytest.raises(ConflictError):
        join(dialogue, key=key)
    assert is_secret(first.token.secret, Seat.objects.get().secret_hash)


def test_a_key_that_no_device_made_is_refused(town: Town) -> None:
    with pytest.raises(InvalidError):
        join(make_dialogue(town.guidance), key="kort")


# ---------------------------------------------------------------- tables


def test_what_one_is_called_is_not_cut_off(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)

    with pytest.raises(InvalidError) as told:
        join(dialogue, name="n" * 41, unit="u" * 121, role="r" * 121)

    assert set(told.value.fields) == {"name", "unit", "role"}
    assert not Seat.objects.exists()


def test_a_personal_code_gives_the_planned_table_unit_and_role(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=3)
    table = dialogue.tables.get(number=3)
    invitation = invite(dialogue, "Karin", table, unit="Vägledning", profession="Vägledare")

    joined = join(dialogue, seat_code=invitation.seat_code.lower()[:4] + " " + invitation.seat_code[4:], unit="Annat")

    assert joined.seat.invitation == invitation
    assert (joined.seat.unit, joined.seat.role) == ("Vägledning", "Vägledare")
    assert Placement.objects.get().table == table


def test_a_code_of_another_dialogue_places_nobody(town: Town) -> None:
    here, there = make_dialogue(town.guidance), make_dialogue(town.library)
    invitation = invite(there, "Karin")

    with pytest.raises(InvalidError) as error:
        join(here, seat_code=invitation.seat_code)

    assert "seat_code" in error.value.fields
    assert not Seat.objects.exists()


def test_one_who_walks_in_leaves_the_invited_their_places(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2)
    one, two = dialogue.tables.all()
    Table.objects.update(size=2)
    for name in ("A", "B"):
        invite(dialogue, name, one)

    walked_in = join(dialogue)

    assert Placement.objects.get(seat=walked_in.seat).table == two


def test_one_who_walks_in_meets_others_than_her_own(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2)
    for table, unit in zip(dialogue.tables.all(), ("Biblioteket", "Skolan"), strict=True):
        seat, _token = make_seat(dialogue, table)
        Seat.objects.filter(pk=seat.pk).update(unit=unit)

    joined = join(dialogue, unit="Biblioteket")

    assert Placement.objects.get(seat=joined.seat).table.number == 2


def test_an_invited_one_without_a_planned_place_never_sits_with_her_manager_or_apart(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=3)
    one, two, _three = dialogue.tables.all()
    join(dialogue, seat_code=invite(dialogue, "Chef", one, manages="Skolan").seat_code)
    join(dialogue, seat_code=invite(dialogue, "Ovän", two, apart="x").seat_code)

    late = join(dialogue, seat_code=invite(dialogue, "Sen", unit="Skolan", apart="x").seat_code)

    assert Placement.objects.get(seat=late.seat).table.number == 3


def test_a_late_comer_sits_with_those_of_her_mark_and_apart_from_those_of_another(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=3)
    one, two, three = dialogue.tables.all()
    join(dialogue, seat_code=invite(dialogue, "Vän", three, together="Par 1").seat_code)
    invite(dialogue, "Kommer sen", one, apart="x")
    join(dialogue, seat_code=invite(dialogue, "Ovän", two, apart="X ").seat_code)
    for _ in range(3):
        make_seat(dialogue, three)

    friend = join(dialogue, seat_code=invite(dialogue, "Sen", together="par 1").seat_code)
    foe = join(dialogue, seat_code=invite(dialogue, "Också sen", apart="x").seat_code)

    assert Placement.objects.get(seat=friend.seat).table == three
    assert Placement.objects.get(seat=foe.seat).table == three


def test_who_leads_several_units_or_a_department_never_gets_her_staff_who_come_late(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=3)
    one, two, _three = dialogue.tables.all()
    join(dialogue, seat_code=invite(dialogue, "Chef", one, manages="Skolan; Torget").seat_code)
    join(dialogue, seat_code=invite(dialogue, "Direktör", two, manages="Bildning").seat_code)
    invite(dialogue, "Annan", unit="Torget", department="Bildning")

    invited = join(dialogue, seat_code=invite(dialogue, "Sen", unit="torget", department="Bildning").seat_code)
    walk_in = join(dialogue, unit="Torget")

    assert Placement.objects.get(seat=invited.seat).table.number == 3
    assert Placement.objects.get(seat=walk_in.seat).table.number == 3


@pytest.mark.parametrize("how", ["list", "says"])
def test_who_needs_a_table_that_can_be_reached_gets_one_though_she_comes_late(town: Town, how: str) -> None:
    dialogue = make_dialogue(town.guidance, tables=3)
    Table.objects.filter(dialogue=dialogue, number__in=[1, 2]).update(is_accessible=False)
    for _ in range(4):
        make_seat(dialogue, dialogue.tables.get(number=3))

    if how == "list":
        joined = join(dialogue, seat_code=invite(dialogue, "Sen", needs=["accessible"]).seat_code)
    else:
        joined = join(dialogue, needs=("accessible",))

    assert Placement.objects.get(seat=joined.seat).table.number == 3
    assert "accessible" not in str(Seat.objects.filter(pk=joined.seat.pk).values().get())


def test_when_all_tables_are_full_nobody_is_turned_away(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2)
    Table.objects.update(size=1)

    for _ in range(5):
        join(dialogue)

    counts = sorted(table.placements.count() for table in dialogue.tables.all())
    assert counts == [2, 3]


def test_a_late_comer_gets_a_table_in_this_seating_and_those_to_come_only(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2, plan=("solo", "small", "move", "small", "move", "choose"))
    for position, seating in ((3, 2), (4, 2), (5, 3), (6, 3)):
        Step.objects.filter(dialogue=dialogue, position=position).update(seating=seating)
    go_to(dialogue, "move")

    joined = join(dialogue)

    assert sorted(Placement.objects.filter(seat=joined.seat).values_list("seating", flat=True)) == [2, 3]
    assert Sitting.objects.filter(seating=3, pen=joined.seat).count() == 1


def test_nobody_is_moved_when_somebody_comes_late(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=3)
    for _ in range(7):
        join(dialogue)
    before = dict(Placement.objects.values_list("seat_id", "table_id"))
    go_to(dialogue, "small")

    join(dialogue)

    assert before.items() <= dict(Placement.objects.values_list("seat_id", "table_id")).items()


def test_at_a_table_of_threes_a_late_comer_joins_the_smallest(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)
    table = dialogue.tables.get()
    for group in (1, 1, 1, 2, 2):
        seat, _token = make_seat(dialogue, table)
        Placement.objects.filter(seat=seat).update(group=group)

    joined = join(dialogue)

    assert Placement.objects.get(seat=joined.seat).group == 2


def test_where_seating_is_off_one_chooses_a_table_with_room(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2)
    Dialogue.objects.filter(pk=dialogue.pk).update(has_seating=False)
    one, two = dialogue.tables.all()
    Table.objects.filter(pk=one.pk).update(size=1)
    join(dialogue, table_id=one.pk)

    for wrong in (one.pk, None, 10**9):
        with pytest.raises(InvalidError) as error:
            join(dialogue, table_id=wrong)
        assert "table" in error.value.fields
    joined = join(dialogue, table_id=two.pk)

    assert Placement.objects.get(seat=joined.seat).table == two


def test_where_seating_is_off_one_may_change_table_until_thoughts_lie_there(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2, now_at="frame")
    Dialogue.objects.filter(pk=dialogue.pk).update(has_seating=False)
    one, two = dialogue.tables.all()
    joined = join(dialogue, table_id=one.pk)

    joining.take_place(here=here_of(joined.seat, joined.token), table_id=two.pk, at=WHEN)

    assert Placement.objects.get().table == two
    assert Sitting.objects.get(table=one).pen is None
    assert Sitting.objects.get(table=two).pen == joined.seat

    go_to(dialogue, "small")
    here = here_of(joined.seat, joined.token)
    solo.write_note(here=here, text="Här", key=device_key(), question=1, at=WHEN)
    solo.share_notes(here=here, note_ids=None, at=WHEN)
    with pytest.raises(ConflictError):
        joining.take_place(here=here, table_id=one.pk, at=WHEN)


def test_where_seating_is_on_one_does_not_move_by_oneself_but_gets_a_missing_place(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2, now_at="frame")
    seat, token = make_seat(dialogue)

    joining.take_place(here=here_of(seat, token), table_id=None, at=WHEN)
    here = here_of(seat, token)

    assert here.placement is not None
    with pytest.raises(ConflictError):
        joining.take_place(here=here, table_id=dialogue.tables.last().pk, at=WHEN)


# ---------------------------------------------------------------- a personal code that is in use


def test_a_used_personal_code_asks_first_and_never_unseals(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    invitation = invite(dialogue, "Karin", dialogue.tables.get())
    old = join(dialogue, seat_code=invitation.seat_code)
    solo.write_note(here=here_of(old.seat, old.token), text="Hemligt", key=device_key(), question=1, at=WHEN)

    with pytest.raises(joining.SeatTakenError) as asked:
        join(dialogue, seat_code=invitation.seat_code)
    new = join(dialogue, seat_code=invitation.seat_code, take_over=True)

    assert asked.value.unshared == 1
    assert new.seat == old.seat
    assert Seat.objects.count() == 1
    own = own_notes(here_of(new.seat, new.token))
    assert (own.notes, own.unreadable) == ([], 1)
    assert not is_secret(old.token.secret, Seat.objects.get().secret_hash)


# ---------------------------------------------------------------- another phone


def test_another_phone_gets_the_same_secret_by_a_code_that_holds_once(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    joined = join(dialogue)
    here = here_of(joined.seat, joined.token)
    solo.write_note(here=here, text="Följer med", key=device_key(), question=1, at=WHEN)
    code = joining.offer_seat(here=here).code

    taken = joining.take_over_seat(
        actor=VISITOR, code=dialogue.code, take_code=f"{code[:4]} {code[4:]}", at=WHEN + timedelta(seconds=5)
    )

    assert taken.token == joined.token
    assert [note.text for note in own_notes(here_of(taken.seat, taken.token)).notes] == ["Följer med"]
    assert TAKE_OVERS.offered(dialogue.pk, joined.seat.number).state == "used"
    with pytest.raises(InvalidError):
        joining.take_over_seat(actor=VISITOR, code=dialogue.code, take_code=code, at=WHEN)


def test_a_code_opens_only_its_own_dialogue(town: Town) -> None:
    dialogue, other = make_dialogue(town.guidance), make_dialogue(town.guidance)
    joined = join(dialogue)
    code = joining.offer_seat(here=here_of(joined.seat, joined.token)).code

    with pytest.raises(InvalidError):
        joining.take_over_seat(actor=VISITOR, code=other.code, take_code=code, at=WHEN)


def test_a_code_is_of_no_use_when_the_seat_has_got_another_secret(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)
    joined = join(dialogue)
    code = joining.offer_seat(here=here_of(joined.seat, joined.token)).code
    Seat.objects.update(secret_hash=b"x" * 32)

    with pytest.raises(InvalidError):
        joining.take_over_seat(actor=VISITOR, code=dialogue.code, take_code=code, at=WHEN)


def test_a_code_lives_for_a_minute_and_leaves_no_secret_behind() -> None:
    time = 100.0
    store = TakeOvers(clock=lambda: time)
    token = SeatToken(3, b"s" * 16)
    first = store.offer(1, token)
    second = store.offer(1, token)
    assert first is not None
    assert second is not None

    assert store.take(1, first.code) is None or first.code == second.code
    time += LASTS_S - 0.1
    assert store.offered(1, 3).state == "waiting"
    time += 0.2
    assert store.take(1, second.code) is None
    assert store.offered(1, 3).state == "none"
    assert store._offers == {}


def test_a_used_code_keeps_no_secret_in_memory() -> None:
    store = TakeOvers(clock=lambda: 0.0)
    offered = store.offer(1, SeatToken(3, b"s" * 16))
    assert offered is not None

    assert store.take(1, offered.code) == SeatToken(3, b"s" * 16)

    assert all(offer.token.secret == b"" for offer in store._offers.values())
    assert store.take(1, "") is None


def test_the_store_of_codes_has_an_end() -> None:
    store = TakeOvers(clock=lambda: 0.0, most=2)

    assert [store.offer(1, SeatToken(number, b"s" * 16)) is None for number in (1, 2, 3, 1)] == [
        False,
        False,
        True,
        False,
    ]


# ---------------------------------------------------------------- somebody without a phone


def test_somebody_without_a_phone_sits_where_her_helper_sits(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2, now_at="solo")
    joined = join(dialogue)
    here, key = here_of(joined.seat, joined.token), device_key()

    helped = joining.help_someone(here=here, name=" Astrid ", key=key, at=WHEN)
    again = joining.help_someone(here=here, name="Astrid", key=key, at=WHEN)

    assert helped == again
    assert (helped.name, helped.kind, helped.secret_hash, helped.helped_by) == ("Astrid", "helped", None, joined.seat)
    assert here.placement is not None
    assert Placement.objects.get(seat=helped).table == here.placement.table
    assert Sitting.objects.get(table=here.placement.table).pen == joined.seat


def test_one_acts_for_those_one_helps_and_for_nobody_else(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    mine, other = join(dialogue), join(dialogue)
    here = here_of(mine.seat, mine.token)
    helped = joining.help_someone(here=here, name="Astrid", key=device_key(), at=WHEN)

    assert joining.acting_seat(here, None) == mine.seat
    assert joining.acting_seat(here, mine.seat.number) == mine.seat
    assert joining.acting_here(here, helped.number).seat == helped
    for number in (other.seat.number, 99):
        with pytest.raises(NotFoundError):
            joining.acting_seat(here, number)
    with pytest.raises(NotFoundError):
        joining.acting_seat(here_of(other.seat, other.token), helped.number)


def test_what_is_written_for_somebody_is_shared_from_the_start(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    joined = join(dialogue)
    here = here_of(joined.seat, joined.token)
    helped = joining.help_someone(here=here, name="Astrid", key=device_key(), at=WHEN)

    solo.write_note(
        here=joining.acting_here(here, helped.number), text="Fler bänkar", key=device_key(), question=1, at=WHEN
    )

    note = Note.objects.get()
    assert (note.text, note.source, note.sealed, note.seat, note.table) == (
        "Fler bänkar",
        "host",
        None,
        helped,
        dialogue.tables.get(),
    )


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
def test_somebody_without_a_phone_has_a_name_of_one_to_forty_letters(town: Town, name: str) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    joined = join(dialogue)

    with pytest.raises(InvalidError):
        joining.help_someone(here=here_of(joined.seat, joined.token), name=name, key=device_key(), at=WHEN)


def test_one_helps_at_most_eight(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    joined = join(dialogue)
    here = here_of(joined.seat, joined.token)
    for number in range(joining.MOST_HELPED):
        joining.help_someone(here=here, name=f"P{number}", key=device_key(), at=WHEN)

    with pytest.raises(ConflictError):
        joining.help_someone(here=here, name="En till", key=device_key(), at=WHEN)


# ---------------------------------------------------------------- being here


def test_being_here_is_noted_at_most_every_half_minute(town: Town) -> None:
    seat, _token = make_seat(make_dialogue(town.guidance))

    joining.touch_seat(seat, WHEN + timedelta(seconds=29))
    assert Seat.objects.get().seen_at == WHEN
    joining.touch_seat(seat, WHEN + timedelta(seconds=31))
    assert Seat.objects.get().seen_at == WHEN + timedelta(seconds=31)


def test_one_who_had_left_and_comes_back_is_here_again(town: Town) -> None:
    seat, _token = make_seat(make_dialogue(town.guidance))
    seat.left_at = WHEN
    seat.save()

    joining.touch_seat(seat, WHEN)

    assert Seat.objects.get().left_at is None


def test_a_name_can_be_changed_and_taken_away(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)
    joined = join(dialogue, name="Leila")
    here = here_of(joined.seat, joined.token)

    joining.change_name(here=here, name="")
    assert Seat.objects.get().name == ""
    with pytest.raises(InvalidError):
        joining.change_name(here=here, name="x" * 41)


# ---------------------------------------------------------------- many at once


def at_once(count: int, do: Callable[[int], object]) -> list[object]:
    """What ``count`` threads get, each with its own connection; errors are given, not raised."""

    def run(number: int) -> object:
        try:
            return do(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_those_who_join_at_once_get_different_numbers_and_fair_tables() -> None:
    dialogue = make_dialogue(make_unit("Hallen"), tables=3)

    found = at_once(12, lambda _number: join(dialogue).seat.number)

    assert sorted(str(number) for number in found) == sorted(str(number) for number in range(1, 13))
    assert [table.placements.count() for table in dialogue.tables.all()] == [4, 4, 4]
    assert Sitting.objects.filter(pen__isnull=False).count() == 3


@pytest.mark.django_db(transaction=True)
def test_one_key_pressed_many_times_at_once_is_one_seat_and_one_thought() -> None:
    dialogue, key = make_dialogue(make_unit("Hallen"), now_at="solo"), device_key()

    seats = at_once(6, lambda _number: join(dialogue, key=key).seat.pk)
    assert len(set(map(str, seats))) == 1
    seat, token = make_seat(dialogue, dialogue.tables.get())
    here = here_of(seat, token)
    when = [WHEN + timedelta(seconds=number) for number in range(6)]
    notes = at_once(6, lambda number: solo.write_note(here=here, text="En", key=key, question=1, at=when[number]).pk)

    assert Seat.objects.count() == 2
    assert len(set(map(str, notes))) == 1
    assert Note.objects.count() == 1
