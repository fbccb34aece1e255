"""Reads of signals."""

from collections.abc import Collection, Mapping

from samspel.core import thread
from samspel.core.models import Stage
from samspel.encounters.models import Signal


def _knots(ids: Collection[int]) -> Mapping[int, thread.KnotView]:
    return {
        signal.pk: thread.KnotView(signal.pk, Stage.SIGNAL, signal.words, signal.noted_at, detail=signal.source)
        for signal in Signal.objects.filter(pk__in=ids)
    }


def register_knots() -> None:
    thread.register("encounters.signal", _knots)


def signals_of(unit_id: int) -> list[Signal]:
    """A unit's signals, newest first."""
    return list(Signal.objects.filter(unit_id=unit_id).order_by("-noted_at"))
