"""Work on many things in threads: what it gives comes in the order of the things."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.conf import settings
from django.utils import translation

_Thing = TypeVar("_Thing")
_Made = TypeVar("_Made")


@contextmanager
def in_threads(
    make: Callable[[_Thing], _Made],
    things: Iterable[_Thing],
    *,
    size: Callable[[_Thing], int] = lambda _thing: 1,
    most: int | None = None,
) -> Iterator[Iterator[_Made]]:
    """What ``make`` gives of each thing, in their order, in the caller's language. It may not use the database, whose
    transaction is the caller's.

    As many threads work as the settings give, and one thing more has been fetched, by the caller's own, so that none
    waits for it. Those under way are together of ``most`` size; one that is larger is under way alone. When the caller
    leaves, all threads have ended.

    >>> with in_threads(abs, [-2, 1]) as made:
    ...     list(made)
    [2, 1]
    """
    language = translation.get_language()
    pool = ThreadPoolExecutor(settings.FIGURES_THREADS)
    under_way: deque[tuple[int, Future[_Made]]] = deque()

    def make_one(thing: _Thing) -> _Made:
        with translation.override(language):
            return make(thing)

    def has_room(for_size: int) -> bool:
        if len(under_way) > settings.FIGURES_THREADS:
            return False
        return most is None or sum(each for each, _made in under_way) + for_size <= most

    def made() -> Iterator[_Made]:
        for thing in things:
            while under_way and not has_room(size(thing)):
                yield under_way.popleft()[1].result()
            under_way.append((size(thing), pool.submit(make_one, thing)))
        while under_way:
            yield under_way.popleft()[1].result()

    try:
        yield made()
    finally:
        pool.shutdown(cancel_futures=True)
