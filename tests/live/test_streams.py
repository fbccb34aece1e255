"""What a browser hears, over real connections to a real process."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from samspel.live.tickets import issue_ticket
from tests.live.house import Phone, Site, request, running

T = TypeVar("T")
BUSES = ("postgresql", "redis")
pytestmark = pytest.mark.usefixtures("bus")


def phone(site: Site, room: str, audience: str = "person", **more: object) -> Phone:
    ticket = issue_ticket(room, audience, hint="7")  # type: ignore[arg-type]
    return Phone(site.port, room, ticket, **more).open()  # type: ignore[arg-type]


def test_what_is_published_is_heard_in_order(site: Site, room: str) -> None:
    anna = phone(site, room, since=0)

    for number in range(20):
        site.post(room, at=number)

    heard = anna.collect(20)
    assert [one.number for one in heard] == [*range(1, 21)]
    assert [one.data["at"] for one in heard] == [*range(20)]


@pytest.mark.parametrize("way", ["since", "header"])
def test_a_page_that_was_away_resumes_from_its_last_event(site: Site, room: str, way: str) -> None:
    for number in range(10):
        site.post(room, at=number)

    bertil = phone(site, room, since=7) if way == "since" else phone(site, room, headers={"Last-Event-ID": "7"})

    assert [one.number for one in bertil.collect(3)] == [8, 9, 10]


def test_a_page_without_a_number_hears_from_now(site: Site, room: str) -> None:
    site.post(room)
    anna = phone(site, room)
    wait_until_listening(site, room, anna)

    number = site.post(room, name="step")

    assert anna.until("step")[-1].number == number


def test_who_is_too_far_behind_is_told_to_reload(site: Site, room: str) -> None:
    first = phone(site, room)
    first.until("hello")
    for _ in range(520):
        site.post(room)
    site.post(room, name="end")
    first.until("end")  # what Redis carries may come a moment after the acknowledgement

    heard = phone(site, room, since=1).until("reload")[-1]

    assert heard.number == 521


def test_a_number_that_was_never_given_means_reload(site: Site, room: str) -> None:
    """A database that was restored from a backup has gone back in time; its pages have not."""
    site.post(room)

    heard = phone(site, room, since=900).until("reload")[-1]

    assert heard.number == 1


def test_each_audience_hears_only_what_is_for_it(site: Site, room: str) -> None:
    people = {audience: phone(site, room, audience, since=0) for audience in ("person", "console", "screen")}

    site.post(room, audiences=("console",), secret=1)
    site.post(room, audiences=("console", "screen"), secret=2)
    site.post(room, name="end", audiences=("person", "console", "screen"))

    heard = {
        audience: [one.number for one in each.until("end")[:-1] if one.number] for audience, each in people.items()
    }
    assert heard == {"person": [], "console": [1, 2], "screen": [2]}


def test_a_resumed_stream_of_a_person_holds_nothing_of_the_console(site: Site, room: str) -> None:
    site.post(room, audiences=("console",))
    site.post(room, name="end", audiences=("person",))

    heard = phone(site, room, since=0).until("end")

    assert [one.number for one in heard if one.number] == [2]


def test_a_ticket_for_another_room_opens_nothing(site: Site, room: str) -> None:
    ticket = issue_ticket("dialogue:0", "person")

    assert Phone(site.port, room, ticket).open().status == 403


@pytest.mark.parametrize("ticket", ["", "nonsense", "non.sense"])
def test_what_is_no_ticket_opens_nothing(site: Site, room: str, ticket: str) -> None:
    assert Phone(site.port, room, ticket).open().status == 403


def test_an_expired_ticket_is_told_so_that_the_page_renews_it(site: Site, room: str) -> None:
    ticket = issue_ticket(room, "person", now_s=time.time() - 7_200)
    site.post(room)

    heard = [one.name for one in Phone(site.port, room, ticket, since=0).open().events()]

    assert heard == ["hello", "expired"]


def test_only_get_and_only_http_1_1(site: Site, room: str) -> None:
    assert request(site.port, "POST", f"/live/{room}", "{}")[0] == 405
    assert request(site.port, "GET", "/live/health") == (200, b"ok")


def test_an_event_too_big_for_a_notice_arrives_whole(site: Site, room: str) -> None:
    anna = phone(site, room, since=0)

    site.post(room, ids=[*range(5_000)])
    site.post(room)

    first, second = anna.collect(2)
    assert first.data["ids"] == [*range(5_000)]
    assert (first.number, second.number) == (1, 2)


def test_a_slow_reader_is_cut_off_and_reloads_while_nobody_waits(site: Site, room: str) -> None:
    slow = phone(site, room, receive_buffer=4_096, since=0)
    quick = phone(site, room, since=0)
    quick.until("hello")

    for number in range(1, 151):
        site.post(room, ids=[*range(10_000)])
        assert quick.collect(1)[0].number == number

    with pytest.raises(ConnectionError):
        slow.collect(150)
    assert 0 < (slow.last or 0) < 150
    # Megabytes are not sent again to a reader who could not take them once.
    assert phone(site, room, since=slow.last).until("reload")[-1].number == 150


def test_phones_that_do_not_read_cost_no_more_than_their_buffers_and_slow_nobody(site_database: str, room: str) -> None:
    with running(site_database) as hall:
        quick = phone(hall, room, since=0)
        quick.until("hello")
        hall.post(room)
        quick.collect(1)
        slow = [phone(hall, room, receive_buffer=4_096, since=1) for _ in range(40)]
        before_kb = memory_kb(hall.process.pid)
        took_s = []

        # 100 events of 60 kB to 41 phones: a quarter of a gigabyte, if all of it were kept.
        for number in range(2, 102):
            began = time.monotonic()
            hall.post(room, ids=[*range(12_000)])
            assert quick.collect(1)[0].number == number
            took_s.append(time.monotonic() - began)
        grown_kb = memory_kb(hall.process.pid) - before_kb

        assert sorted(took_s)[50] < 0.2
        # At most 256 kB for each, and what one fan-out holds.
        assert grown_kb < 40 * 256 + 10_000
        for one in slow:
            with pytest.raises(ConnectionError):
                one.collect(100)


def memory_kb(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
    return int(line.split()[1])


def test_concurrent_writers_and_comers_lose_nothing_double_nothing_and_keep_the_order(site: Site, room: str) -> None:
    writers, posts, phones = 4, 40, 12
    heard: dict[int, list[int]] = {}

    def write() -> None:
        for _ in range(posts):
            site.post(room)

    def listen(index: int) -> None:
        """Leaves and comes back every few events, as a phone in a hall with bad Wi-Fi."""
        numbers: list[int] = []
        while len(numbers) < writers * posts:
            one = phone(site, room, since=numbers[-1] if numbers else 0)
            for event in one.events():
                if event.name == "note":
                    numbers.append(event.number or 0)
                    if len(numbers) == writers * posts or (index and len(numbers) % (7 + index) == 0):
                        break
            one.close()
        heard[index] = numbers

    together([write] * writers + [lambda index=index: listen(index) for index in range(phones)])

    assert heard == {index: [*range(1, writers * posts + 1)] for index in range(phones)}


def test_a_full_process_says_come_back_later(site_database: str, room: str) -> None:
    with running(site_database, SAMSPEL_LIVE_STREAMS="3", SAMSPEL_LIVE_STREAMS_PER_ROOM="2") as small:
        first, second = phone(small, room), phone(small, room)
        assert phone(small, room).status == 503
        assert phone(small, "dialogue:0").status == 200
        assert phone(small, "dialogue:2").status == 503
        second.until("hello")
        second.close()

        again = until(lambda: phone(small, room), lambda one: one.status == 200)

        assert (first.status, again.status) == (200, 200)


def test_a_live_process_that_was_killed_catches_up_with_what_it_missed(site_database: str, room: str) -> None:
    with running(site_database) as one, running(site_database) as other:
        anna, bertil = phone(one, room, since=0), phone(other, room, since=0)
        one.post(room)
        assert [each.collect(1)[0].number for each in (anna, bertil)] == [1, 1]

        one.kill()
        for _ in range(5):
            other.post(room)
        one.start()
        anna.since = anna.last
        anna.open()
        one.post(room)

        assert [event.number for event in anna.collect(6)] == [2, 3, 4, 5, 6, 7]
        assert [event.number for event in bertil.collect(6)] == [2, 3, 4, 5, 6, 7]


def test_streams_have_a_process_of_their_own_that_loads_no_pages(site: Site, site_database: str, room: str) -> None:
    with running(site_database, LIVE_APPLICATION="samspel.live.application:app") as streams:
        anna = phone(streams, room, since=0)

        site.post(room)

        assert anna.collect(1)[0].number == 1
        assert request(streams.port, "GET", "/anything-else")[0] == 404


def test_a_process_that_ends_in_order_hangs_up_and_the_page_goes_on_at_another(site_database: str, room: str) -> None:
    with running(site_database) as one, running(site_database) as other:
        anna = phone(one, room, since=0)
        one.post(room)
        anna.collect(1)

        one.stop()
        assert [event.name for event in anna.events()] == []
        other.post(room)
        moved = phone(other, room, since=anna.last)

        assert moved.collect(1)[0].number == 2


def wait_until_listening(site: Site, room: str, one: Phone) -> None:
    """A stream without a number listens from some moment on: until it hears us, it was not yet."""
    until(lambda: site.post(room, name="knock"), lambda _: heard_within(one, "knock", 0.3))


def heard_within(one: Phone, name: str, within_s: float) -> bool:
    try:
        one.until(name, within_s)
    except TimeoutError:
        return False
    return True


def until(ask: Callable[[], T], is_right: Callable[[T], bool], within_s: float = 20) -> T:
    deadline = time.monotonic() + within_s
    while True:
        value = ask()
        if is_right(value):
            return value
        assert time.monotonic() < deadline, value


def together(jobs: list[Callable[[], None]]) -> None:
    """Run all at once; the first failure is raised."""
    failures: list[BaseException] = []

    def run(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]
    assert not any(thread.is_alive() for thread in threads)
