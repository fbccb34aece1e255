"""A query put into SQL once gives what the queryset gives, whatever the values."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from samspel.core.prepared import Prepared
from samspel.dialogues.models import Note, Placement, Seat, Table
from tests.people import WHEN, Town, make_dialogue, make_seat


def seats(dialogue: int, numbers: list[int]) -> QuerySet[Seat]:
    rows = Seat.objects.select_related("dialogue__step", "helped_by").filter(dialogue=dialogue, number__in=numbers)
    return rows.order_by("-number")


def test_it_gives_the_rows_of_the_queryset_with_what_they_are_joined_to(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at="solo")
    for name in ("Karin", "", "Åsa"):
        make_seat(dialogue, name=name)
    other = make_dialogue(town.library, now_at="small")
    make_seat(other, name="Olle")
    prepared = Prepared[Seat](seats)

    for pk, numbers in ((dialogue.pk, [1, 3]), (dialogue.pk, [2, 3]), (other.pk, [1, 2]), (other.pk, [7, 8])):
        rows, wanted = prepared(pk, numbers), list(seats(pk, numbers))
        assert rows == wanted
        assert [vars(row)["name"] for row in rows] == [row.name for row in wanted]
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert [row.dialogue.step for row in rows] == [row.dialogue.step for row in wanted]
            assert [row.helped_by for row in rows] == [None] * len(rows)
            assert [row.dialogue.seating_told for row in rows] == [{}] * len(rows)
        assert len(asked) == 0
        assert not any(row._state.adding for row in rows)


def test_each_length_of_a_list_has_its_own_sql_and_an_empty_one_asks_nothing(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)
    for _number in range(3):
        make_seat(dialogue)
    prepared = Prepared[Seat](seats)

    assert [len(prepared(dialogue.pk, numbers)) for numbers in ([1], [1, 2, 3], [3, 3], [2])] == [1, 3, 1, 1]
    with CaptureQueriesContext(connection) as asked:
        assert prepared(dialogue.pk, []) == []
    assert len(asked) == 0


def test_the_same_value_twice_goes_to_both_its_places(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=2)
    rows = Prepared[tuple[int]](
        lambda one, other: Table.objects.filter(dialogue__pk=one, number=other).values_list("pk")
    )
    first = Table.objects.get(dialogue=dialogue, number=1)

    assert rows(dialogue.pk, 1) == [(first.pk,)]
    assert rows.first(dialogue.pk, 9) is None
    same = Prepared[tuple[int]](lambda a, b: Table.objects.filter(number__gte=a, number__lte=b).values_list("number"))
    assert set(same(1, 1)) == {(1,)}
    assert set(same(1, 2)) == {(1,), (2,)}


def test_texts_and_times_are_values_too(town: Town) -> None:
    seat, _token = make_seat(make_dialogue(town.guidance), name="Karin")
    came = Prepared[Seat](lambda name, since: Seat.objects.filter(name=name, joined_at__gte=since))

    assert came("Karin", WHEN) == [seat]
    assert came("Karin", WHEN + timedelta(seconds=1)) == []
    assert came("'; DROP TABLE dialogues_seat; --", WHEN) == []


def test_what_would_change_the_query_is_refused(town: Town) -> None:
    dialogue = make_dialogue(town.guidance, tables=1)
    missing = Prepared[Note](lambda seat: Note.objects.filter(seat=seat))
    with pytest.raises(TypeError):
        missing(None)  # type: ignore[arg-type]
    lost = Prepared[Placement](lambda table, seating: Placement.objects.filter(table=table))
    with pytest.raises(TypeError, match="does not come out"):
        lost(dialogue.tables.get().pk, 1)
