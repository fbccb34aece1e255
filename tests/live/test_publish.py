"""Numbers without gaps, in the order of commits; told with the commit and never without."""

import threading
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from samspel.live.application import database_conninfo
from samspel.live.bus import Notice, read_notice
from samspel.live.events import CHANNEL
from samspel.live.models import Outbox
from samspel.live.publish import Event, publish_on_commit, sweep
from samspel.live.queries import last_number
from tests.waiting import wait_until

ROOM = "dialogue:1"
STEP = Event(ROOM, "step", ("person", "console"), {"step": 2})


@pytest.mark.django_db
def test_an_event_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match=r"transaction\.atomic"):
        publish_on_commit(STEP)


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_where_a_transaction_was_undone() -> None:
    with transaction.atomic():
        publish_on_commit(STEP)
    with transaction.atomic():
        publish_on_commit(STEP)
        transaction.set_rollback(True)
    (number,) = published(STEP)

    assert number == 2
    assert [row.number for row in Outbox.objects.filter(room=ROOM).order_by("number")] == [1, 2]
    assert last_number(ROOM) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("first_commits", "expected"), [(True, 2), (False, 1)])
def test_the_second_of_two_overlapping_transactions_waits_for_its_number(first_commits: bool, expected: int) -> None:
    got: list[int] = []
    transaction.set_autocommit(False)
    try:
        with transaction.atomic():
            publish_on_commit(STEP)
        other = in_thread(lambda: got.extend(published(STEP)))
        wait_until(is_somebody_waiting_for_a_lock)
        assert got == []
        if first_commits:
            transaction.commit()
        else:
            transaction.rollback()
        other.join(10)
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)

    assert got == [expected]


@pytest.mark.django_db(transaction=True)
def test_another_room_waits_for_nobody() -> None:
    got: list[int] = []
    with transaction.atomic():
        publish_on_commit(STEP)

        other = in_thread(lambda: got.extend(published(Event("dialogue:2", "step", ("person",)))))
        other.join(10)

        assert got == [1]


@pytest.mark.django_db(transaction=True)
def test_rooms_given_in_any_order_never_block_each_other() -> None:
    one, two = Event("dialogue:1", "step", ("person",)), Event("dialogue:2", "step", ("person",))

    def many(*events: Event) -> None:
        for _ in range(50):
            published(*events)

    threads = [in_thread(lambda: many(one, two)), in_thread(lambda: many(two, one))]
    for thread in threads:
        thread.join(30)

    assert (last_number("dialogue:1"), last_number("dialogue:2")) == (100, 100)


@pytest.mark.django_db(transaction=True)
def test_numbers_come_back_in_the_order_the_events_were_given() -> None:
    with transaction.atomic():
        publish_on_commit(Event("dialogue:1", "step", ("person",)))

        numbers = publish_on_commit(Event("dialogue:2", "step", ("person",)), Event("dialogue:1", "step", ("person",)))

    assert numbers == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_are_announced_in_the_order_of_their_numbers() -> None:
    with psycopg.connect(database_conninfo(), autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}".encode())

        def many() -> None:
            for _ in range(25):
                published(STEP)

        threads = [in_thread(many) for _ in range(4)]
        heard = [read_notice(notify.payload) for notify in listener.notifies(timeout=20, stop_after=100)]
        for thread in threads:
            thread.join(10)

    assert [notice.number for notice in heard] == [*range(1, 101)]


@pytest.mark.django_db(transaction=True)
def test_an_event_too_big_to_be_sent_along_is_announced_by_its_number() -> None:
    with psycopg.connect(database_conninfo(), autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}".encode())

        published(Event(ROOM, "notes", ("console",), {"ids": [*range(10_000)]}))
        (heard,) = [read_notice(notify.payload) for notify in listener.notifies(timeout=20, stop_after=1)]

    assert heard == Notice(ROOM, 1, None)


@pytest.mark.django_db(transaction=True)
def test_sweeping_erases_old_events_and_no_number_is_used_again() -> None:
    with transaction.atomic():
        publish_on_commit(STEP, STEP)

    assert sweep(timezone.now() - timedelta(hours=1)) == 0
    assert sweep(timezone.now()) == 2
    assert published(STEP) == (3,)


@pytest.mark.parametrize(
    ("room", "name", "audiences"),
    [
        ("dialogue 1", "step", ("person",)),
        ("dialogue:1\n", "step", ("person",)),
        ("dialogue:1", "Step", ("person",)),
        ("dialogue:1", "ping", ("person",)),
        ("dialogue:1", "step", ()),
        ("dialogue:1", "step", ("everybody",)),
    ],
)
def test_an_event_that_no_browser_could_hear_cannot_be_made(room: str, name: str, audiences: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="must"):
        Event(room, name, audiences)  # type: ignore[arg-type]


def published(*events: Event) -> tuple[int, ...]:
    with transaction.atomic():
        return publish_on_commit(*events)


def in_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def is_somebody_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
        return bool(cursor.fetchone()[0])
