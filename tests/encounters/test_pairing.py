"""Two sides of one meeting: sealed until both are in, opened once, in whatever order things happen."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samspel.encounters.actions.answering import Press, press_level
from samspel.encounters.actions.pairing import SETTLED, Token, new_token, open_due, read_token
from samspel.encounters.actions.taking_in import CHANGES_WITHIN, SEALED
from samspel.encounters.models import Answer, Point, Side
from tests.encounters.answers import answer as one_answer
from tests.encounters.asking import make_point
from tests.people import Town

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 4, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def point(town: Town) -> Point:
    return make_point(town.guidance, kind=Point.Kind.STAFF, service=None, channel="")


def meeting(point: Point, at: datetime = NOON) -> Token:
    return new_token(point, service_id=None, channel="visit", at=at)


def answer(point: Point, token: Token | None, side: Side, level: int, at: datetime, key: str = "") -> Answer:
    key = key or f"{side}-{token.text if token else 'none'}"
    press_level(Press(point, level, key, side=side, token=token), at=at)
    return Answer.objects.get(key=key)


# ---------------------------------------------------------------- tokens


def test_a_token_carries_what_the_meeting_was_about_and_nothing_of_who_met(point: Point) -> None:
    token = new_token(point, service_id=7, channel="phone", at=NOON)

    assert read_token(token.text, point, NOON) == token
    assert (token.service_id, token.channel) == (7, "phone")
    assert len(token.text) == 28
    assert token.hash.hex() not in token.text
    assert meeting(point).text != meeting(point).text


def test_a_token_that_the_house_did_not_make_is_none(point: Point, town: Town) -> None:
    token = meeting(point)
    elsewhere = make_point(town.library, kind=Point.Kind.STAFF)
    changed = ("B" if token.text[5] != "B" else "C").join([token.text[:5], token.text[6:]])

    for text in ("", "å", "abc", changed, token.text + "AAAA", token.text[:-4]):
        assert read_token(text, point, NOON) is None
    assert read_token(token.text, elsewhere, NOON) is None


def test_a_token_lives_as_long_as_an_answer_is_sealed(point: Point) -> None:
    token = meeting(point)

    assert read_token(token.text, point, NOON + SEALED) == token
    assert read_token(token.text, point, NOON + SEALED + timedelta(days=1)) is None


# ---------------------------------------------------------------- opening


def test_an_answer_with_a_token_is_sealed_and_only_its_hash_is_kept(point: Point) -> None:
    token = meeting(point)
    kept = answer(point, token, Side.STAFF, 2, NOON)

    assert kept.sealed_until == NOON + SEALED
    assert kept.token is not None
    assert bytes(kept.token) == token.hash
    assert (kept.channel, kept.service_id) == ("visit", None)


def test_both_in_are_opened_when_neither_can_be_changed(point: Point) -> None:
    token = meeting(point)
    answer(point, token, Side.STAFF, 3, NOON)
    answer(point, token, Side.RESIDENT, 1, NOON + 5 * SECOND)
    answer(point, token, Side.RESIDENT, 2, NOON + 9 * SECOND)  # she changes her mind

    assert open_due(NOON + 5 * SECOND + SETTLED) == 0
    assert open_due(NOON + 6 * SECOND + SETTLED) == 2
    opened = {row.side: (row.level, row.other_level, row.token, row.sealed_until) for row in Answer.objects.all()}
    assert opened == {"staff": (3, 2, None, None), "resident": (2, 3, None, None)}
    assert open_due(NOON + timedelta(days=1)) == 0


def test_one_side_alone_is_opened_after_fourteen_days(point: Point) -> None:
    kept = answer(point, meeting(point), Side.RESIDENT, 1, NOON)

    assert open_due(NOON + SEALED - SECOND) == 0
    assert open_due(NOON + SEALED) == 1
    kept.refresh_from_db()
    assert (kept.token, kept.sealed_until, kept.other_level) == (None, None, None)


def test_a_childs_and_a_parents_answers_are_two_and_the_first_is_the_pairs(point: Point) -> None:
    token = meeting(point)
    child = answer(point, token, Side.RESIDENT, 1, NOON, key="child")
    parent = answer(point, token, Side.RESIDENT, 3, NOON + SECOND, key="parent")
    staff = answer(point, token, Side.STAFF, 2, NOON + 2 * SECOND)

    assert open_due(NOON + timedelta(minutes=1)) == 3
    for row in (child, parent, staff):
        row.refresh_from_db()
    assert (child.other_level, parent.other_level, staff.other_level) == (2, None, 1)


def test_what_is_set_aside_is_nobodys_other_side(point: Point) -> None:
    token = meeting(point)
    played = answer(point, token, Side.RESIDENT, 1, NOON, key="played")
    Answer.objects.filter(pk=played.pk).update(aside=Answer.Aside.PLAY)
    staff = answer(point, token, Side.STAFF, 3, NOON)

    assert open_due(NOON + timedelta(minutes=1)) == 0
    answer(point, token, Side.RESIDENT, 2, NOON + timedelta(minutes=1), key="real")
    assert open_due(NOON + timedelta(minutes=2)) == 3
    staff.refresh_from_db()
    assert staff.other_level == 2


def test_many_pairs_are_opened_at_once_where_the_table_is_taken_to_be_empty(point: Point) -> None:
    Answer.objects.bulk_create(
        one_answer(
            point.unit, level, day=NOON.date(), side=side, token=pair.to_bytes(32, "big"), sealed_until=NOON + SEALED
        )
        for pair in range(3000)
        for side, level in (("resident", 1), ("staff", 3))
    )
    with connection.cursor() as cursor:
        # As it is when it was looked at between two days' answers.
        cursor.execute("""SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 'encounters_answer',
                          'relpages', 400, 'reltuples', 0::real)""")
        cursor.execute("SET LOCAL statement_timeout = '20s'")

    assert open_due(NOON + timedelta(days=1)) == 6000


def test_an_answer_without_a_token_is_open_from_the_start(point: Point) -> None:
    kept = answer(point, None, Side.RESIDENT, 3, NOON)

    assert kept.sealed_until is None
    assert open_due(NOON + SEALED) == 0


# ---------------------------------------------------------------- in whatever order


@dataclass
class Told:
    """What the model knows of one side's answer."""

    level: int
    at: datetime


@dataclass
class Model:
    """One meeting as it ought to be."""

    sides: dict[str, Told] = field(default_factory=dict)
    is_open: dict[str, bool] = field(default_factory=dict)
    other: dict[str, int | None] = field(default_factory=dict)

    def press(self, side: str, level: int, at: datetime) -> None:
        told = self.sides.get(side)
        if told is None:
            self.sides[side] = Told(level, at)
            self.is_open[side], self.other[side] = False, None
        elif at - told.at <= CHANGES_WITHIN:
            told.level = level

    def open_due(self, at: datetime) -> None:
        sealed = [side for side in self.sides if not self.is_open[side]]
        if len(sealed) == 2 and all(at - self.sides[side].at > SETTLED for side in sealed):
            for side in sealed:
                self.is_open[side] = True
                self.other[side] = next(self.sides[each].level for each in sealed if each != side)
        for side in self.sides:
            self.is_open[side] = self.is_open[side] or at >= self.sides[side].at + SEALED


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["resident", "staff", "open"]),
        st.integers(0, 2),
        st.sampled_from([1, 2, 3]),
        st.sampled_from([1, 4, 9, 11, 21, 60, 3600, 86400 * 6]),
    ),
    min_size=2,
    max_size=12,
)
_runs = itertools.count()


@given(EVENTS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_order_a_pair_is_sealed_until_it_is_due_and_then_open_for_good(
    point: Point, events: list[tuple[str, int, int, int]]
) -> None:
    run, at = next(_runs), NOON
    tokens = [meeting(point) for _each in range(3)]
    models = [Model() for _each in tokens]
    for what, which, level, seconds in events:
        at += timedelta(seconds=seconds)
        if what == "open":
            open_due(at)
            for model in models:
                model.open_due(at)
        else:
            answer(point, tokens[which], Side(what), level, at, key=f"{run}-{which}-{what}")
            models[which].press(what, level, at)
        for side, told, is_open, other, row in seen(run, models):
            assert row.level == told.level, side
            assert (row.token is None, row.sealed_until is None) == (is_open, is_open)
            assert row.other_level == other
    Answer.objects.all().delete()


def seen(run: int, models: list[Model]) -> Iterator[tuple[str, Told, bool, int | None, Answer]]:
    for which, model in enumerate(models):
        for side, told in model.sides.items():
            row = Answer.objects.get(key=f"{run}-{which}-{side}")
            yield side, told, model.is_open[side], model.other[side], row
