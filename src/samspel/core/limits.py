"""Rate limits: named token buckets, counted per seat or session first and per address last.

A hall of 400 phones shares one address, so an address alone has wide limits; a guesser of codes meets the
``wrong-code`` bucket, which only failures fill. Buckets live in the process: with several page processes each counts
its own. What stops a guesser (``stops_guessing``) is therefore divided by their number (settings.PAGE_PROCESSES); what
stops a page that has run wild is not, because a browser's open line brings it to the same process all the time.
"""

import hashlib
import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest

from samspel.core.errors import TooManyError


@dataclass(frozen=True)
class Limit:
    """A bucket: so many at once, refilled so many a second; per caller and per address."""

    burst: int
    per_s: float
    address_burst: int
    address_per_s: float
    stops_guessing: bool = False

    def share(self, processes: int) -> "Limit":
        """The part of one process among so many: together they let no more through than one alone would."""
        if not self.stops_guessing:
            return self
        return replace(
            self,
            burst=max(1, self.burst // processes),
            per_s=self.per_s / processes,
            address_burst=max(1, self.address_burst // processes),
            address_per_s=self.address_per_s / processes,
        )


LIMITS = {
    "page": Limit(burst=120, per_s=4, address_burst=6000, address_per_s=400),
    "write": Limit(burst=60, per_s=4, address_burst=4000, address_per_s=300),
    "stream": Limit(burst=20, per_s=0.5, address_burst=12000, address_per_s=400),
    "heavy": Limit(burst=10, per_s=0.2, address_burst=200, address_per_s=5),
    "join": Limit(burst=20, per_s=0.5, address_burst=2000, address_per_s=60),
    "login": Limit(burst=10, per_s=0.1, address_burst=100, address_per_s=1, stops_guessing=True),
    # only failed codes are counted here, so that a hall can join at once and a guesser cannot go on
    "wrong-code": Limit(burst=10, per_s=0.05, address_burst=60, address_per_s=0.2, stops_guessing=True),
}


class Buckets:
    """Token buckets by name and caller; forgets full ones. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = 50_000) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, name: str, caller: str, burst: float, per_s: float) -> float:
        """Take one; 0 when it was there, else the seconds until it will be."""
        now = self._clock()
        with self._lock:
            left, at = self._left.get((name, caller), (burst, now))
            left = min(burst, left + (now - at) * per_s)
            if left < 1:
                self._left[name, caller] = (left, now)
                return (1 - left) / per_s
            self._left[name, caller] = (left - 1, now)
            if len(self._left) > self._most:
                self._forget()
            return 0.0

    def wait(self, name: str, caller: str, burst: float, per_s: float) -> float:
        """Seconds until there is one to take, without taking it."""
        with self._lock:
            left, at = self._left.get((name, caller), (burst, self._clock()))
            left = min(burst, left + (self._clock() - at) * per_s)
            return 0.0 if left >= 1 else (1 - left) / per_s

    def _forget(self) -> None:
        """Drop the older half: a bucket that has not been asked for is full again."""
        oldest = sorted(self._left, key=lambda key: self._left[key][1])
        for key in oldest[: len(oldest) // 2]:
            del self._left[key]

    def clear(self) -> None:
        with self._lock:
            self._left.clear()


BUCKETS = Buckets()


def address_of(request: HttpRequest) -> str:
    """The caller's address, grouped by /64 for IPv6; X-Forwarded-For is believed for a counted number of proxies."""
    found = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.TRUSTED_PROXIES
    if proxies:
        chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(chain) >= proxies:
            found = chain[-proxies]
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address)


def caller_of(request: HttpRequest) -> str | None:
    """A hash of what the caller's browser carries (seat or session); None for one who carries nothing."""
    carried = request.COOKIES.get("seat") or request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not carried:
        return None
    return hashlib.blake2b(carried.encode(), digest_size=12).hexdigest()


def _share(name: str) -> Limit:
    return LIMITS[name].share(settings.PAGE_PROCESSES)


def check_limit(request: HttpRequest, name: str) -> None:
    """Count one request against its bucket.

    :raises TooManyError: when the caller, or the whole address, has used its share.
    """
    limit = _share(name)
    caller = caller_of(request)
    address = address_of(request)
    wait = BUCKETS.take(name + "/address", address, limit.address_burst, limit.address_per_s)
    if caller is not None:
        wait = max(wait, BUCKETS.take(name, caller, limit.burst, limit.per_s))
    if wait:
        raise TooManyError(max(1, round(wait)))


def check_failures(request: HttpRequest, name: str) -> None:
    """Stop one who has failed too often, before anything is looked up: even a right guess tells nothing then.

    :raises TooManyError: until the bucket has room for another failure.
    """
    limit = _share(name)
    caller = caller_of(request)
    wait = BUCKETS.wait(name + "/address", address_of(request), limit.address_burst, limit.address_per_s)
    if caller is not None:
        wait = max(wait, BUCKETS.wait(name, caller, limit.burst, limit.per_s))
    if wait:
        raise TooManyError(max(1, round(wait)))


def count_failure(request: HttpRequest, name: str) -> None:
    """Count a failed guess; those who guess right are never counted, so that a whole hall can join at once."""
    limit = _share(name)
    caller = caller_of(request)
    BUCKETS.take(name + "/address", address_of(request), limit.address_burst, limit.address_per_s)
    if caller is not None:
        BUCKETS.take(name, caller, limit.burst, limit.per_s)
