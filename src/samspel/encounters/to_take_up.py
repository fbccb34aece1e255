"""What a unit could talk about next: its newest signal, where that stands, and the words behind it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.lookups import IsNull

from samspel.core import thread
from samspel.core.coming import Coming, coming_in
from samspel.core.errors import NotFoundError
from samspel.core.models import Stage, Thread
from samspel.encounters.models import Signal
from samspel.encounters.unit_facts import facts_of
from samspel.encounters.weeks import WEEKS

# What lies further back is history: the page's own weeks end there.
RECENT = timedelta(weeks=WEEKS)
BEHIND_MOST = 4


@dataclass(frozen=True)
class ToTakeUp:
    """A signal and its thread. ``taken``: the dialogue that it is in; else ``coming`` is what the unit meets about
    next, if anything is planned."""

    signal: Signal
    thread_id: int | None
    taken: thread.KnotView | None
    coming: Coming | None

    @property
    def is_pattern(self) -> bool:
        return self.signal.is_pattern


def to_take_up(unit_id: int, at: datetime) -> ToTakeUp | None:
    """The unit's newest signal: a pattern that changed before what was noted by hand."""
    signals = Signal.objects.filter(unit_id=unit_id, noted_at__gte=at - RECENT).exclude(words="")
    signal = signals.order_by(IsNull(F("finding"), True), "-noted_at").first()
    if signal is None:
        return None
    knots = thread.knots_of(signal)
    views = thread.view_threads(Thread.objects.filter(pk__in=[knot.thread_id for knot in knots]), public_only=False)
    dialogues = [knot for view in views for knot in view.knots if knot.stage == Stage.DIALOGUE]
    taken = dialogues[-1] if dialogues else None
    return ToTakeUp(
        signal,
        knots[0].thread_id if knots else None,
        taken,
        coming_in(unit_id, at) if taken is None else None,
    )


@dataclass(frozen=True)
class Heard:
    """A signal as a dialogue opens with it: its words, what they stand on, and what visitors wrote and named."""

    signal_id: int
    words: str
    source: str
    is_pattern: bool
    written: tuple[tuple[str, int], ...] = ()
    hindered: tuple[tuple[str, int], ...] = ()


def heard(unit_id: int, signal_id: int, *, at: datetime) -> Heard:
    """A unit's signal with the words behind it, as they may be told today. What was noted by hand has only its own.

    :raises NotFoundError: the unit has no such signal.
    """
    signal = Signal.objects.filter(pk=signal_id, unit_id=unit_id).first()
    if signal is None:
        raise NotFoundError("signal")
    if not signal.is_pattern:
        return Heard(signal.pk, signal.words, signal.source, is_pattern=False)
    facts = facts_of(unit_id, at=at)
    hindered = [(one.factor, one.them) for one in facts.factors.hindered if one.them is not None]
    return Heard(
        signal.pk,
        signal.words,
        signal.source,
        is_pattern=True,
        written=tuple((word.text, word.count) for word in facts.words[:BEHIND_MOST]),
        hindered=tuple(hindered[:BEHIND_MOST]),
    )
