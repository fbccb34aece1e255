"""One answer, many, and the same again."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from samspel.encounters.actions.taking_in import NewAnswer, Taken, change_answer, digest_of, take_in, tell_more
from samspel.encounters.models import Answer
from tests.people import Town, make_unit

NOW = datetime(2026, 4, 2, 11, 0, tzinfo=UTC)


def answers(unit_id: int, count: int, **given: object) -> list[NewAnswer]:
    one = NewAnswer(at=NOW, unit_id=unit_id, side="resident", level=3, key="")
    return [replace(one, key=f"key-{number}", level=1 + number % 3, **given) for number in range(count)]


def test_an_answer_is_kept_as_it_was_given_and_on_the_day_that_the_town_had(town: Town) -> None:
    late = datetime(2026, 4, 2, 22, 30, tzinfo=UTC)
    one = NewAnswer(
        at=late,
        unit_id=town.guidance.pk,
        side="staff",
        level=2,
        key="tap-1",
        channel="phone",
        language="ar",
        age_band="16-24",
        is_no_meeting=True,
        helped=("time", "tone"),
        hindered=("rules",),
        text='Vi "talade";\tom\\allt\n',
    )

    assert take_in([one], at=NOW) == Taken(1, 0)

    kept = Answer.objects.get()
    assert (kept.at, kept.received_at, kept.day) == (late, NOW, date(2026, 4, 3))
    assert (kept.unit_id, kept.side, kept.level, kept.is_no_meeting) == (town.guidance.pk, "staff", 2, True)
    assert (kept.channel, kept.language, kept.age_band) == ("phone", "ar", "16-24")
    assert (kept.helped, kept.hindered, kept.text) == (["time", "tone"], ["rules"], one.text)
    assert (kept.token, kept.sealed_until, kept.other_level, kept.aside) == (None, None, None, "")


def test_the_database_takes_the_statement_for_one_apart_once(town: Town) -> None:
    for one in answers(town.guidance.pk, 6):
        take_in([one], at=NOW)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO encounters_answer%'"
        )
        assert cursor.fetchone() == (1,)


def test_many_are_kept_as_one_is(town: Town) -> None:
    odd = 'å\\N "\t\r\n{},NULL'
    rows = answers(town.guidance.pk, 300, text=odd, helped=(odd, ""), hindered=("time",))

    take_in(rows[:1], at=NOW)
    assert take_in(rows, at=NOW) == Taken(299, 1)

    kept = list(Answer.objects.order_by("id").values())
    assert {row["key"] for row in kept} == {row.key for row in rows}
    of_one, of_many = kept[0], next(row for row in kept if row["key"] == "key-3")
    for row in (of_one, of_many):
        for name in ("id", "key", "digest"):
            del row[name]
    assert of_one == of_many
    assert (of_many["text"], of_many["helped"]) == (odd, [odd, ""])


def test_the_same_again_changes_nothing_and_the_same_key_with_other_words_is_told(town: Town) -> None:
    rows = answers(town.guidance.pk, 5)
    take_in(rows, at=NOW)
    before = list(Answer.objects.order_by("id").values())

    again = [rows[0], replace(rows[1], level=3, text="Något annat"), rows[2], replace(rows[4], key="key-5")]

    assert take_in(again, at=NOW + timedelta(days=1)) == Taken(1, 2, (1,))
    assert take_in([replace(rows[0], at=NOW + timedelta(seconds=1))], at=NOW) == Taken(0, 0, (0,))
    assert list(Answer.objects.exclude(key="key-5").order_by("id").values()) == before


def test_a_key_twice_in_one_batch_is_one_answer(town: Town) -> None:
    one, other = answers(town.guidance.pk, 2)

    assert take_in([one, other, one, replace(one, level=2)], at=NOW) == Taken(2, 1, (3,))
    assert take_in([replace(one, level=2), one], at=NOW) == Taken(0, 1, (0,))
    assert take_in([], at=NOW) == Taken(0, 0)


def test_with_a_token_it_is_sealed_for_fourteen_days_from_the_meeting(town: Town) -> None:
    (one,) = answers(town.guidance.pk, 1, token=b"t" * 32)

    take_in([one], at=NOW + timedelta(hours=3))

    kept = Answer.objects.get()
    assert (bytes(kept.token or b""), kept.sealed_until) == (b"t" * 32, NOW + timedelta(days=14))


def test_one_row_that_cannot_be_keeps_all_out(town: Town) -> None:
    rows = answers(town.guidance.pk, 3)

    for wrong in (replace(rows[1], level=4), replace(rows[1], side="boss"), replace(rows[1], channel="x" * 11)):
        with pytest.raises(DatabaseError, match=r"level|side|too long"):
            take_in([rows[0], wrong, rows[2]], at=NOW)
    assert not Answer.objects.exists()


def test_what_an_answer_says_is_read_under_a_key_of_the_installation(settings: object) -> None:
    (one,) = answers(1, 1)
    here = digest_of(one)

    settings.SECRET_KEY = "another town's"  # type: ignore[attr-defined]

    assert digest_of(one) != here
    assert digest_of(one) == digest_of(replace(one, at=one.at.astimezone(timezone.get_fixed_timezone(120))))
    assert digest_of(one) == digest_of(replace(one, aside="play"))


@pytest.mark.django_db(transaction=True)
def test_batches_with_the_same_rows_at_once_give_each_row_to_one() -> None:
    unit = make_unit("Stadsbiblioteket")
    rows = answers(unit.pk, 400)
    told: list[Taken] = []

    def send(part: list[NewAnswer]) -> None:
        try:
            told.append(take_in(part, at=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[rows[::step]]) for step in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(one.taken for one in told) == len(rows) == Answer.objects.count()
    assert [one.taken + one.known for one in told] == [400] * 4


def test_a_level_can_be_changed_for_ten_seconds_and_a_retry_of_the_first_is_still_the_same(town: Town) -> None:
    (one,) = answers(town.guidance.pk, 1)
    take_in([one], at=NOW)

    assert change_answer(one.key, level=3, at=NOW + timedelta(seconds=10))
    assert not change_answer(one.key, level=2, at=NOW + timedelta(seconds=10, microseconds=1))
    assert not change_answer("nobody's", level=2, at=NOW)

    assert take_in([one], at=NOW) == Taken(0, 1)
    assert Answer.objects.get().level == 3


def test_what_is_told_more_replaces_what_was_told_for_half_an_hour(town: Town) -> None:
    (one,) = answers(town.guidance.pk, 1, language="ar")
    take_in([one], at=NOW)

    assert tell_more(one.key, at=NOW, helped=["time"], text="Först", is_no_meeting=True, age_band="65-")
    assert tell_more(one.key, at=NOW + timedelta(minutes=30), hindered=["rules"], text="Sedan", language="ar")
    assert not tell_more(one.key, at=NOW + timedelta(minutes=30, seconds=1), text="För sent")

    kept = Answer.objects.get()
    assert (kept.helped, kept.hindered, kept.text, kept.is_no_meeting) == ([], ["rules"], "Sedan", False)
    assert (kept.language, kept.age_band, kept.level) == ("ar", "", 1)
