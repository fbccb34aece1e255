"""The red thread: signal → dialogue → agreement → trial → result → decision.

A part puts its own objects on a thread and registers how they look; no part knows another's tables.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from samspel.core.models import Knot, Stage, Thread, Tie, TieKind

ORDER = {stage: place for place, stage in enumerate(Stage.values)}


@dataclass(frozen=True)
class KnotView:
    """How an object looks on its thread: somebody's words, when, where to read more, and whether all may see it."""

    object_id: int
    stage: str
    words: str
    at: datetime
    url: str = ""
    detail: str = ""
    is_going_on: bool = False
    # Not begun yet: the thread says so where it would say that it goes on now.
    is_planned: bool = False
    is_public: bool = True
    # Whether a signal's words are somebody's own.
    is_quote: bool = True
    # Whether an agreement is to become a need, and may now.
    may_become_need: bool = False
    # What it is called, where its stage's name does not say it.
    label: str = ""
    # The stages that it has come to since without becoming another object, in their order.
    since: tuple["KnotView", ...] = ()


# From ids to views, in one query for all of them.
Resolver = Callable[[Collection[int]], Mapping[int, KnotView]]
_resolvers: dict[str, Resolver] = {}


def register(object_type: str, resolve: Resolver) -> None:
    """Tell how objects of a type (``dialogues.agreement``) look on a thread."""
    _resolvers[object_type] = resolve


def start_thread(*, unit_id: int, title: str, at: datetime) -> Thread:
    """A new thread in a unit."""
    return Thread.objects.create(unit_id=unit_id, title=title[:200], created_at=at)


def rename(thread_id: int, *, was: str, to: str) -> None:
    """Give a thread another title where it is called by these words."""
    Thread.objects.filter(pk=thread_id, title=was[:200]).update(title=to[:200])


def add_knot(thread_id: int, stage: Stage, obj: models.Model, *, at: datetime) -> Knot:
    """Put an object on a thread; it is there once, however often this is called."""
    knot, _created = Knot.objects.get_or_create(
        thread_id=thread_id,
        object_type=obj._meta.label_lower,
        object_id=obj.pk,
        defaults={"stage": stage, "at": at},
    )
    return knot


def threads_of(unit_id: int) -> list[Thread]:
    """A unit's threads, newest first."""
    return list(Thread.objects.filter(unit_id=unit_id).order_by("-created_at", "-pk"))


def knots_of(obj: models.Model) -> list[Knot]:
    """Where an object hangs."""
    return list(Knot.objects.filter(object_type=obj._meta.label_lower, object_id=obj.pk).order_by("pk"))


def sources_of(object_type: str, ids: Collection[int]) -> list[Knot]:
    """The knots that these objects grew from, in the order of time, with thread and unit. One query."""
    ties = Tie.objects.filter(kind=TieKind.GREW_FROM, knot__object_type=object_type, knot__object_id__in=ids)
    found = Knot.objects.filter(pk__in=ties.values("to")).select_related("thread__unit")
    return list(found.order_by("at", "pk"))


def grown_from(object_type: str, ids: Collection[int], *, into: str) -> list[tuple[int, Knot]]:
    """What of the type ``into`` grew from these objects: each object's id with a knot of what did. One query."""
    ties = Tie.objects.filter(
        kind=TieKind.GREW_FROM, to__object_type=object_type, to__object_id__in=ids, knot__object_type=into
    )
    return [(one.to.object_id, one.knot) for one in ties.select_related("knot", "to").order_by("pk")]


def tie(knot: Knot, to: Knot, kind: TieKind) -> Tie:
    """Tie a knot to the one it came from."""
    found, _created = Tie.objects.get_or_create(knot=knot, to=to, kind=kind)
    return found


@dataclass(frozen=True)
class ThreadView:
    """A thread with its knots in the thread's order, as one reader may see it.

    ``title``: the thread's own; where it has none or began with what the reader may not see, the first words that she
    may.
    """

    thread: Thread
    knots: tuple[KnotView, ...]
    title: str

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that have a knot, each once."""
        return tuple(dict.fromkeys(knot.stage for knot in self.knots))

    @property
    def last(self) -> KnotView | None:
        return self.knots[-1] if self.knots else None


def looks_of(knots: Iterable[Knot]) -> dict[int, KnotView]:
    """How each of these knots looks, by its number; one whose object is gone is not there. A query per type."""
    chosen = list(knots)
    ids: dict[str, set[int]] = defaultdict(set)
    for knot in chosen:
        ids[knot.object_type].add(knot.object_id)
    looks = {kind: _resolvers[kind](found) for kind, found in ids.items() if kind in _resolvers}
    found = ((knot.pk, looks.get(knot.object_type, {}).get(knot.object_id)) for knot in chosen)
    return {pk: look for pk, look in found if look is not None}


def view_threads(threads: Iterable[Thread], *, public_only: bool) -> list[ThreadView]:
    """Threads with their knots: one query for the knots and one per type of object."""
    chosen = list(threads)
    knots = list(Knot.objects.filter(thread__in=chosen).order_by("at", "pk"))
    looks = looks_of(knots)
    by_thread: dict[int, list[KnotView]] = defaultdict(list)
    begins_hidden: dict[int, bool] = {}
    for knot in knots:
        look = looks.get(knot.pk)
        is_hidden = look is None or not look.is_public
        begins_hidden.setdefault(knot.thread_id, is_hidden)
        if look is not None and not (public_only and is_hidden):
            by_thread[knot.thread_id] += [look, *look.since]
    views = []
    for thread in chosen:
        own = tuple(sorted(by_thread[thread.pk], key=lambda look: (ORDER[look.stage], look.at)))
        title = "" if public_only and begins_hidden.get(thread.pk) else thread.title
        views.append(ThreadView(thread, own, title or (own[0].words[:200] if own else "")))
    return views
