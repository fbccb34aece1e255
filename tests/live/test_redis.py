"""Redis as the bus: what it loses is caught up by number, and nobody's acknowledgement waits for it."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from pytest_django import Settings

from samspel.config import env
from samspel.live import apps
from samspel.live.application import database_conninfo
from samspel.live.apps import LiveConfig
from samspel.live.bus import Notice, Published, read_notice
from samspel.live.events import CHANNEL
from samspel.live.publish import Event, publish_on_commit
from samspel.live.tickets import issue_ticket
from tests.live.house import Phone, Redis, Site, running

if Redis.program() is None:
    pytest.skip("not run: Redis is not installed (apt-get install redis-server)", allow_module_level=True)

redis = pytest.importorskip("redis")

from samspel.live.redis_bus import Announcer, channel  # noqa: E402 (not without the package)

NOWHERE = "redis://127.0.0.1:1"


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    one = Redis(tmp_path)
    yield one
    one.kill()


@pytest.fixture
def hall(site_database: str, own_redis: Redis) -> Iterator[Site]:
    with running(site_database, SAMSPEL_LIVE_BUS=own_redis.url) as one:
        yield one


def listener(site: Site, room: str) -> Phone:
    phone = Phone(site.port, room, issue_ticket(room, "person"), since=0).open()
    site.post(room)
    assert phone.collect(1)[0].number == 1
    return phone


def timed_posts(site: Site, room: str, count: int) -> float:
    begin = time.monotonic()
    for _ in range(count):
        site.post(room)
    return time.monotonic() - begin


def test_a_notice_that_was_never_sent_is_heard_all_the_same(site_database: str, hall: Site, room: str) -> None:
    """As when the process that published dies between the commit and the notice."""
    anna = listener(hall, room)
    with running(site_database, SAMSPEL_LIVE_BUS=NOWHERE) as mute:
        mute.post(room)
        begin = time.monotonic()

        assert anna.collect(1)[0].number == 2
        assert time.monotonic() - begin < 3


def test_redis_is_killed_and_everything_goes_on(hall: Site, own_redis: Redis, room: str) -> None:
    anna = listener(hall, room)

    own_redis.kill()
    assert timed_posts(hall, room, 20) < 5
    assert [event.number for event in anna.collect(20)] == [*range(2, 22)]
    own_redis.start()
    hall.post(room)

    assert [event.number for event in anna.collect(1)] == [22]


def test_a_redis_that_came_back_carries_notices_again(hall: Site, own_redis: Redis, room: str) -> None:
    anna = listener(hall, room)
    own_redis.kill()
    own_redis.start()
    with redis.from_url(own_redis.url) as client:
        deadline = time.monotonic() + 10
        while not client.pubsub_numsub(channel())[0][1]:
            assert time.monotonic() < deadline, "nobody subscribes again"
            time.sleep(0.02)

    quickest = min(heard_after(hall, anna, room) for _ in range(8))

    # By the check it would be half a second on an average.
    assert quickest < 0.2


def heard_after(site: Site, phone: Phone, room: str) -> float:
    time.sleep(0.3)
    site.post(room)
    begin = time.monotonic()
    phone.collect(1)
    return time.monotonic() - begin


def test_nobody_waits_for_a_redis_that_is_asleep(hall: Site, own_redis: Redis, room: str) -> None:
    anna = listener(hall, room)

    with own_redis.asleep():
        assert timed_posts(hall, room, 40) < 5
        assert [event.number for event in anna.collect(40)] == [*range(2, 42)]
    hall.post(room)

    assert anna.collect(1)[0].number == 42


def test_a_stream_opens_while_redis_is_away(site_database: str, room: str) -> None:
    with running(site_database, SAMSPEL_LIVE_BUS=NOWHERE) as site:
        site.post(room)

        assert Phone(site.port, room, issue_ticket(room, "person"), since=0).open().collect(1)[0].number == 1


def test_two_machines_share_the_database_and_redis_and_nothing_else(
    site_database: str, own_redis: Redis, tmp_path_factory: pytest.TempPathFactory, room: str
) -> None:
    first, second = (
        {"SAMSPEL_LIVE_BUS": own_redis.url, "HOME": str(home), "TMPDIR": str(home), "SAMSPEL_VAR": str(home)}
        for home in (tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second"))
    )
    with running(site_database, **first) as one, running(site_database, **second) as other:
        anna = Phone(one.port, room, issue_ticket(room, "person"), since=0).open()
        bertil = Phone(other.port, room, issue_ticket(room, "person"), since=0).open()

        for _ in range(20):
            one.post(room)
            other.post(room)

        assert [event.number for event in anna.collect(40)] == [*range(1, 41)]
        assert [event.number for event in bertil.collect(40)] == [*range(1, 41)]

        one.kill()
        other.post(room)
        moved = Phone(other.port, room, issue_ticket(room, "person"), since=anna.last).open()
        assert moved.collect(1)[0].number == 41


# ---------------------------------------------------------------- what publishes


@pytest.mark.django_db(transaction=True)
def test_the_notice_follows_the_commit_and_postgresql_carries_none(settings: Settings, own_redis: Redis) -> None:
    settings.LIVE_BUS = own_redis.url
    with (
        psycopg.connect(database_conninfo(), autocommit=True) as line,
        redis.from_url(own_redis.url) as client,
        client.pubsub(ignore_subscribe_messages=True) as heard,
    ):
        line.execute(f"LISTEN {CHANNEL}".encode())
        heard.subscribe(channel())
        assert heard.get_message(timeout=5) is None

        with transaction.atomic():
            publish_on_commit(Event("dialogue:1", "step", ("person",), {"step": 2}))
            transaction.set_rollback(True)
        with transaction.atomic():
            publish_on_commit(Event("dialogue:1", "step", ("person",), {"step": 3}))
        message = heard.get_message(timeout=10)

        assert message is not None
        event = Published(1, "step", ("person",), '{"step":3}')
        assert read_notice(message["data"]) == Notice("dialogue:1", 1, event)
        assert [*line.notifies(timeout=0.2, stop_after=1)] == []


def test_installations_that_share_a_redis_do_not_hear_each_other(settings: Settings) -> None:
    ours = channel()
    settings.SECRET_KEY = "another installation's"

    assert channel() != ours


def test_a_queue_that_is_full_refuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samspel.live.redis_bus._WAITING", 2)
    monkeypatch.setattr(Announcer, "_work", lambda announcer: None)  # nobody takes from it
    announcer = Announcer(NOWHERE)
    begin = time.monotonic()

    for _ in range(1_000):
        announcer.say("[1]")

    assert time.monotonic() - begin < 1


def test_the_package_that_is_missing_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LIVE_BUS = NOWHERE
    monkeypatch.setattr(apps, "find_spec", lambda name: None)

    with pytest.raises(ImproperlyConfigured, match=r"samspel\[redis\]"):
        LiveConfig("samspel.live", __import__("samspel.live").live).ready()


def test_an_address_that_is_no_redis_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMSPEL_LIVE_BUS", "http://localhost")

    with pytest.raises(env.SettingError, match="SAMSPEL_LIVE_BUS"):
        env.redis("SAMSPEL_LIVE_BUS")
