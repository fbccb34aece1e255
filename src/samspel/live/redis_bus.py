"""Redis or Valkey as the bus (``SAMSPEL_LIVE_BUS``): notices only, and it may lose them.

What was published lies in PostgreSQL before anybody is told. The commit comes first, then the notice; a process that
dies in between, a full queue, a Redis that is away: the number that nobody was told is found by the relay's check.
docs/decisions/0009-redis-carries-notices.md.
"""

import asyncio
import functools
import hashlib
import logging
import queue
import random
import threading
import time
from collections.abc import Callable
from typing import Final

import redis
import redis.asyncio
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from samspel.live.bus import LONGEST_WAIT_S, PATIENCE_S, QUIET_S, Notice, read_notice
from samspel.live.events import CHANNEL

logger = logging.getLogger(__name__)

# Without a notice a change is heard this late.
CHECK_S: Final = 1.0
_WAITING: Final = 10_000
_AT_ONCE: Final = 200
_REST_S: Final = 1.0


class RedisBus:
    """SUBSCRIBE. Reconnects with a growing wait; a silent line is asked whether it is there."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def run(self, heard: Callable[[Notice], None], linked: Callable[[], None]) -> None:
        wait_s = 0.05
        while True:
            # We try again ourselves: what was said meanwhile must be read.
            client = redis.asyncio.from_url(
                self._url, socket_connect_timeout=PATIENCE_S, retry=Retry(NoBackoff(), 0), health_check_interval=0
            )
            try:
                async with client.pubsub() as pubsub:
                    await pubsub.subscribe(channel())
                    async with asyncio.timeout(PATIENCE_S):
                        await pubsub.get_message(timeout=None)
                    wait_s = 0.05
                    linked()
                    await self._listen(pubsub, heard, linked)
            except (redis.RedisError, OSError, TimeoutError) as error:
                logger.warning("live: the bus does not answer (%s); trying again", type(error).__name__)
            finally:
                await client.aclose()
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _listen(
        self, pubsub: redis.asyncio.client.PubSub, heard: Callable[[Notice], None], linked: Callable[[], None]
    ) -> None:
        while True:
            message = await pubsub.get_message(timeout=QUIET_S)
            if message is None:
                async with asyncio.timeout(PATIENCE_S):
                    await pubsub.ping()
                    message = await pubsub.get_message(timeout=None)
            if message is None:
                continue
            if message["type"] == "message":
                heard(read_notice(message["data"]))
            elif message["type"] == "subscribe":
                linked()


class Announcer:
    """Tells the bus from a thread of its own: no acknowledgement waits for Redis.

    What cannot be told is dropped. That costs those who listen a second (``CHECK_S``), and nothing else.
    """

    def __init__(self, url: str) -> None:
        self._waiting: queue.Queue[str] = queue.Queue(_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._client = redis.from_url(
            url, socket_timeout=_REST_S, socket_connect_timeout=_REST_S, retry=Retry(NoBackoff(), 0)
        )

    def say(self, payload: str) -> None:
        """Tell it soon. For a transaction that has committed."""
        try:
            self._waiting.put_nowait(payload)
        except queue.Full:
            return
        with self._lock:
            # In a process that was forked there is no thread yet.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, daemon=True, name="announcer")
                self._thread.start()

    def _work(self) -> None:
        while True:
            payloads = [self._waiting.get()]
            while len(payloads) < _AT_ONCE and not self._waiting.empty():
                payloads.append(self._waiting.get())
            try:
                with self._client.pipeline(transaction=False) as pipeline:
                    for payload in payloads:
                        pipeline.publish(channel(), payload)
                    pipeline.execute()
            except (redis.RedisError, OSError) as error:
                logger.warning("live: the bus takes no notices (%s); trying again", type(error).__name__)
                time.sleep(_REST_S)
                while not self._waiting.empty():
                    self._waiting.get()


@functools.cache
def announcer(url: str) -> Announcer:
    """The process's own."""
    return Announcer(url)


def channel() -> str:
    """A Redis may serve several installations, whose rooms have the same names."""
    return f"{CHANNEL}:{_mark(settings.SECRET_KEY)}"


@functools.cache
def _mark(secret: str) -> str:
    return hashlib.blake2b(secret.encode(), digest_size=8, person=b"samspel.live.bus").hexdigest()
