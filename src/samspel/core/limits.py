"""Rate limits: named token buckets, counted per seat or session first and per address last.

A hall of 400 phones shares one address, so an address alone has wide limits; a guesser of codes meets the
``wrong-code`` buckets, which only failures empty, and one of them is for all addresses together
(docs/security/guessing.md). Buckets live in the process: with several page processes each counts its own. What stops a
guesser (``stops_guessing``) is therefore divided by their number (settings.PAGE_PROCESSES); what stops a page that has
run wild is not, because a browser's open line brings it to the same process all the time.
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
    """A bucket: so many at once, refilled so many a second; per caller, per address, and (0: none) for all together."""

    burst: int
    per_s: float
    address_burst: int
    address_per_s: float
    stops_guessing: bool = False
    all_burst: int = 0
    all_per_s: float = 0.0

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
            all_burst=max(1, self.all_burst // processes) if self.all_burst else 0,
            all_per_s=self.all_per_s / processes,
        )

    def an_hour(self) -> float:
        """How often all callers together get through in the worst hour."""
        return self.all_burst + 3600 * self.all_per_s


LIMITS = {
    "page": Limit(burst=120, per_s=4, address_burst=6000, address_per_s=400),
    "write": Limit(burst=60, per_s=4, address_burst=4000, address_per_s=300),
    # A system that tells answers, one by one or ten thousand at once: it has no browser, and is one address.
    "take-in": Limit(burst=3000, per_s=1500, address_burst=3000, address_per_s=1500),
    # Needs and offers that somebody leaves: a bridge-builder has to read each. A library's computers are one address.
    "post": Limit(burst=12, per_s=12 / 3600, address_burst=100, address_per_s=100 / 3600),
    # Stories of meetings: the unit reads each before it is shown. A waiting room's phones are one address.
    "story": Limit(burst=6, per_s=6 / 3600, address_burst=60, address_per_s=60 / 3600),
    "stream": Limit(burst=20, per_s=0.5, address_burst=12000, address_per_s=400),
    "heavy": Limit(burst=10, per_s=0.2, address_burst=200, address_per_s=5),
    "join": Limit(burst=20, per_s=0.5, address_burst=2000, address_per_s=60),
    "login": Limit(burst=10, per_s=0.1, address_burst=100, address_per_s=1, stops_guessing=True),
    # Only failures are counted from here on, so that a hall can join at once and a guesser cannot go on.
    # The meeting's six digits: all addresses together get 600 tries an hour.
    "wrong-code": Limit(10, 0.05, 60, 0.02, True, all_burst=300, all_per_s=300 / 3600),
    # The same from where some meeting's people are already: 300 an hour more, which no stranger can use up.
    "wrong-code-here": Limit(10, 0.05, 60, 0.02, True, all_burst=150, all_per_s=150 / 3600),
    # A personal seat code, or the code that moves a seat to another phone: eight digits, of which a hall has hundreds.
    "wrong-place": Limit(10, 0.05, 60, 0.2, True, all_burst=300, all_per_s=300 / 3600),
    # The same from where that meeting's people are already, which no stranger can use up.
    "wrong-place-here": Limit(10, 0.05, 60, 0.2, True, all_burst=300, all_per_s=300 / 3600),
    # The codes of who needs or gives, and of a story: far too many to be guessed. Each is counted by itself, so that
    # a library's misprints stop no hall.
    "wrong-party": Limit(burst=10, per_s=0.05, address_burst=60, address_per_s=0.2, stops_guessing=True),
    "wrong-story": Limit(burst=10, per_s=0.05, address_burst=60, address_per_s=0.2, stops_guessing=True),
    # A tablet in a reception: how often a code is made for its screen, and how often one that is not there is typed by
    # somebody who is signed in.
    "tablet-code": Limit(burst=10, per_s=0.05, address_burst=30, address_per_s=0.05),
    "wrong-tablet": Limit(10, 0.05, 60, 0.02, True, all_burst=60, all_per_s=60 / 3600),
}

Key = tuple[str, str, float, float]  # a bucket's name, its caller, its size, and how fast it is refilled


class Buckets:
    """Token buckets by name and caller; of too many, forgets those that are full or soonest will be. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = 50_000) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        # What is left, when that was, and when it will be full: from then on it says no more than none would.
        self._left: dict[tuple[str, str], tuple[float, float, float]] = {}

    def take(self, name: str, caller: str, burst: float, per_s: float) -> float:
        """Take one; 0 when it was there, else the seconds until it will be."""
        with self._lock:
            now = self._clock()
            left = self._now(name, caller, burst, per_s, now)
            self._keep(name, caller, burst, per_s, now, left if left < 1 else left - 1)
            return (1 - left) / per_s if left < 1 else 0.0

    def wait(self, name: str, caller: str, burst: float, per_s: float) -> float:
        """Seconds until there is one to take, without taking it."""
        with self._lock:
            left = self._now(name, caller, burst, per_s, self._clock())
            return 0.0 if left >= 1 else (1 - left) / per_s

    def take_all(self, keys: list[Key]) -> float:
        """Take one from each, or from none: 0 when all had one, else the seconds until they will."""
        with self._lock:
            now = self._clock()
            lefts = [self._now(*key, now) for key in keys]
            wait = max((1 - left) / key[3] for key, left in zip(keys, lefts, strict=True))
            if wait > 0:
                return wait
            for key, left in zip(keys, lefts, strict=True):
                self._keep(*key, now, left - 1)
            return 0.0

    def give_back(self, keys: list[Key]) -> None:
        """Put back what was taken from each."""
        with self._lock:
            now = self._clock()
            for key in keys:
                self._keep(*key, now, min(key[2], self._now(*key, now) + 1))

    def _now(self, name: str, caller: str, burst: float, per_s: float, now: float) -> float:
        left, at, _full = self._left.get((name, caller), (burst, now, now))
        return min(burst, left + (now - at) * per_s)

    def _keep(self, name: str, caller: str, burst: float, per_s: float, now: float, left: float) -> None:
        self._left[name, caller] = (left, now, now + (burst - left) / per_s)
        if len(self._left) > self._most:
            # One who carries a new cookie each time makes as many as she likes, and each is full in a moment: what
            # stops a guesser takes long to fill, and is not to be pushed out by them.
            soonest = sorted(self._left, key=lambda key: self._left[key][2])
            for key in soonest[: len(soonest) // 2]:
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
    # Who listens at :: gets IPv4 callers as addresses of one /64 of IPv6.
    address = getattr(address, "ipv4_mapped", None) or address
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
    if caller is not None and not wait:
        wait = BUCKETS.take(name, caller, limit.burst, limit.per_s)
    if wait:
        raise TooManyError(max(1, round(wait)))


def count_one(request: HttpRequest, name: str, caller: str | None = None) -> list[Key]:
    """Count one that is only known when it has been done: what was not done is taken back by ``uncount``.

    :param caller: who it is, where the page knows better than the browser's cookies.
    :raises TooManyError: when the caller, or the whole address, has used its share; then nothing is counted.
    """
    limit = _share(name)
    keys: list[Key] = [(name + "/address", address_of(request), limit.address_burst, limit.address_per_s)]
    caller = caller or caller_of(request)
    if caller is not None:
        keys.append((name, caller, limit.burst, limit.per_s))
    if limit.all_burst:
        keys.append((name + "/all", "", limit.all_burst, limit.all_per_s))
    wait = BUCKETS.take_all(keys)
    if wait:
        raise TooManyError(max(1, round(wait)))
    return keys


def uncount(counted: list[Key]) -> None:
    """What ``count_one`` counted was not done."""
    BUCKETS.give_back(counted)


# ---------------------------------------------------------------- guessing


@dataclass(frozen=True)
class Guess:
    """A try that has been counted as a failure; whoever was right gets it back."""

    keys: list[Key]

    def was_right(self) -> None:
        """Nobody is counted for a right one, so that a whole hall can join at once."""
        BUCKETS.give_back(self.keys)


def guess(request: HttpRequest, name: str) -> Guess:
    """Ask to try, before anything is looked up: one who has failed too often learns nothing, even from a right guess.

    Counted at once, so that many tries at the same moment are not more than one after the other.

    :raises TooManyError: until the buckets have room for another failure.
    """
    return Guess(count_one(request, name))


class Known:
    """Which codes are no secret at an address: somebody there has a seat behind one, or leads it.

    In memory only, and at most half a day: an address is written nowhere.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, keeps_s: float = 12 * 3600, most: int = 10_000
    ) -> None:
        self._clock, self._keeps_s, self._most = clock, keeps_s, most
        self._lock = threading.Lock()
        self._until: dict[str, dict[str, float]] = {}

    def learn(self, address: str, code: str) -> None:
        with self._lock:
            codes = self._until.pop(address, {})
            now = self._clock()
            if len(codes) >= 100:
                codes = {one: until for one, until in codes.items() if until > now}
            codes[code] = now + self._keeps_s
            self._until[address] = codes  # the last to be forgotten
            if len(self._until) > self._most:
                del self._until[next(iter(self._until))]

    def codes_at(self, address: str) -> frozenset[str]:
        with self._lock:
            now = self._clock()
            return frozenset(code for code, until in self._until.get(address, {}).items() if until > now)

    def clear(self) -> None:
        with self._lock:
            self._until.clear()


KNOWN = Known()


def learn_code(request: HttpRequest, code: str) -> None:
    """The caller has a seat behind this code, or leads it: where she is, it is no secret."""
    KNOWN.learn(address_of(request), code)


def codes_known_to(request: HttpRequest) -> frozenset[str]:
    """The codes that are no secret where the caller is."""
    return KNOWN.codes_at(address_of(request))
