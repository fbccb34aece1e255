"""Red threads as pages show them: rows on the start page, one thread with its knots, what comes next."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.errors import NotFoundError
from samspel.core.models import Stage, Thread
from samspel.core.permissions import may
from samspel.core.thread import ORDER, KnotView, ThreadView, view_threads
from samspel.people.access import roles_in

ICONS = {
    "signal": "Chat2",
    "dialogue": "PersonGroup",
    "agreement": "Handshake",
    "trial": "TestFlask",
    "result": "BarChart",
    "decision": "Gavel",
}


@dataclass(frozen=True)
class ThreadRow:
    """A thread in a list: somebody's words, where, and how far it has come.

    ``place`` (1 to 6) is where it stands, which may be planned only; ``way`` tells of each stage whether it has been.
    """

    thread: Thread
    words: str
    place: int
    stage: Stage
    is_planned: bool
    way: tuple[bool, ...]
    detail: str
    at: datetime
    title: str

    @property
    def skipped(self) -> str:
        """The stages before this one that have not been, by name."""
        before = zip(Stage, self.way[: self.place - 1], strict=False)
        return ", ".join(str(stage.label) for stage, has_been in before if not has_been)


@dataclass(frozen=True)
class KnotRow:
    """A knot on a thread's page."""

    knot: KnotView
    label: str
    icon: str
    is_now: bool
    url: str


def _row(view: ThreadView) -> ThreadRow | None:
    last = view.last
    if last is None:
        return None
    first = view.knots[0]
    been = {knot.stage for knot in view.knots if not knot.is_planned}
    return ThreadRow(
        view.thread,
        first.words,
        ORDER[last.stage] + 1,
        Stage(last.stage),
        last.is_planned,
        tuple(stage in been for stage in Stage.values),
        last.detail if last is not first else "",
        last.at,
        view.title,
    )


def thread_rows(threads: Iterable[Thread], *, public_only: bool) -> list[ThreadRow]:
    """Threads that have a knot to show, the one that moved last first."""
    rows = [row for view in view_threads(threads, public_only=public_only) if (row := _row(view)) is not None]
    return sorted(rows, key=lambda row: row.at, reverse=True)


def public_threads(below: str = "") -> list[ThreadRow]:
    """Open threads, the one that moved last first.

    :param below: the path of a unit: only of those below it.
    """
    threads = Thread.objects.filter(is_public=True).select_related("unit").annotate(moved=Max("knots__at"))
    if below:
        threads = threads.filter(unit__path__startswith=below).exclude(unit__path=below)
    return thread_rows(threads.order_by("-moved")[:200], public_only=True)


def varied(rows: Sequence[ThreadRow], most: int) -> list[ThreadRow]:
    """A few of the rows, in their order: the first of each stage before a stage has a second one.

    Planned meetings lie ahead of everything that has happened; alone they would say that nothing comes of them.
    """
    seen: Counter[int] = Counter()
    turns = []
    for place, row in enumerate(rows):
        turns.append((seen[row.place], place))
        seen[row.place] += 1
    return [rows[place] for place in sorted(place for _turn, place in sorted(turns)[:most])]


def unit_threads(unit_id: int, *, public_only: bool) -> list[ThreadView]:
    """A unit's threads with their knots, the one that moved last first."""
    threads = Thread.objects.filter(unit_id=unit_id).select_related("unit")
    if public_only:
        threads = threads.filter(is_public=True)
    views = [view for view in view_threads(threads, public_only=public_only) if view.knots]
    return sorted(views, key=lambda view: max(knot.at for knot in view.knots), reverse=True)


def knot_rows(view: ThreadView) -> list[KnotRow]:
    """A thread's knots with icon and name; the last that is going on is marked. Only the first of several that are told
    of on one page leads there."""
    going = [index for index, knot in enumerate(view.knots) if knot.is_going_on]
    now = going[-1] if going else None
    pages = [knot.url for knot in view.knots]
    return [
        KnotRow(
            knot,
            knot.label or str(Stage(knot.stage).label),
            ICONS[knot.stage],
            is_now=index == now,
            url="" if knot.url in pages[:index] else knot.url,
        )
        for index, knot in enumerate(view.knots)
    ]


def next_stage(view: ThreadView) -> tuple[str, str, str]:
    """What comes next on a thread: its name, its icon, and what will happen, in words."""
    place = ORDER[view.knots[-1].stage] if view.knots else -1
    following = list(Stage)[min(place + 1, len(Stage) - 1)]
    words = {
        Stage.SIGNAL: "",
        Stage.DIALOGUE: _("Vi tar upp det i ett samtal."),
        Stage.AGREEMENT: _("Vi kommer överens om vad vi gör, vem som svarar för det och när."),
        Stage.TRIAL: _("Vi provar, och säger när vi ser tillbaka."),
        Stage.RESULT: _("Vi visar öppet vad som hände, även om det inte blev som vi tänkte."),
        Stage.DECISION: _("Det som hjälper tas upp för beslut. Det som inte hjälper slutar vi med."),
    }
    return str(following.label), ICONS[following], words[following]


def get_thread(actor: Actor, thread_id: int) -> tuple[ThreadView, bool]:
    """A thread as the actor may see it, and whether she sees it from inside."""
    thread = Thread.objects.select_related("unit").filter(pk=thread_id).first()
    if thread is None:
        raise NotFoundError("thread")
    inside = may(roles_in(actor, thread.unit), "unit.read")
    if not inside and not thread.is_public:
        raise NotFoundError("thread")
    view = view_threads([thread], public_only=not inside)[0]
    if not view.knots:
        raise NotFoundError("thread")
    return view, inside
