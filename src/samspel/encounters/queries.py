"""Reads of encounters that are used in more than one place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from samspel.core import thread
from samspel.core.actor import Actor
from samspel.core.models import Stage
from samspel.encounters.access import may_erase
from samspel.encounters.models import Area, Point, Round, Signal


def _knots(ids: Collection[int]) -> Mapping[int, thread.KnotView]:
    return {
        signal.pk: thread.KnotView(
            signal.pk,
            Stage.SIGNAL,
            signal.words or _("Orden är borttagna."),
            signal.noted_at,
            detail=signal.source,
            is_public=not signal.is_pattern,
            is_quote=not (signal.is_pattern or signal.is_erased),
        )
        for signal in Signal.objects.filter(pk__in=ids)
    }


def _told(ids: Collection[int]) -> Mapping[int, thread.KnotView]:
    return {
        told.pk: thread.KnotView(
            told.pk,
            Stage.RESULT,
            told.done,
            told.published_at,
            url=f"{reverse('said_and_done', args=[told.unit_id])}#runda-{told.number}",
            detail=_("Ni sa – vi gjorde, runda %(number)s") % {"number": told.number},
        )
        for told in Round.objects.filter(pk__in=ids)
        if told.published_at is not None
    }


def register_knots() -> None:
    thread.register("encounters.signal", _knots)
    thread.register("encounters.round", _told)


def told_rounds(unit_id: int) -> list[Round]:
    """The rounds that a unit has answered for, newest first. One query."""
    return list(Round.objects.filter(unit_id=unit_id, published_at__isnull=False).order_by("-number"))


def rounds_of(unit_id: int) -> list[Round]:
    """All a unit's rounds, newest first. One query."""
    return list(Round.objects.filter(unit_id=unit_id).order_by("-number"))


def signals_of(unit_id: int) -> list[Signal]:
    """A unit's signals that still have words, newest first."""
    return list(Signal.objects.filter(unit_id=unit_id).exclude(words="").order_by("-noted_at"))


def signals_to_erase(actor: Actor, ids: Collection[int]) -> list[Signal]:
    """Those of the signals whose words the actor may take away. One query, and the actor's roles."""
    signals = Signal.objects.select_related("unit").filter(pk__in=ids).exclude(words="").order_by("pk")
    return [signal for signal in signals if may_erase(actor, signal)]


@dataclass(frozen=True)
class Asking:
    """Whether a point asks, and what to show instead when it does not.

    ``is_reading``: the last round is over and its answer is not told yet. Neither: nothing has been asked here since
    ``told``, the unit's last "Ni sa – vi gjorde", or ever. ``round`` is the one that asks.
    """

    round: Round | None
    is_reading: bool
    told: Round | None

    @property
    def is_asking(self) -> bool:
        return self.round is not None


def is_round_open(found: Round, at: datetime) -> bool:
    """A round closes by itself at ``closes_at``, or by hand before."""
    if at < found.opened_at or at >= found.closes_at:
        return False
    return found.closed_at is None or at < found.closed_at


def asking_now(point: Point, at: datetime) -> Asking:
    """Whether the point takes an answer given at ``at``, which may be past: a kiosk sends what waited. One query.

    The two newest rounds are enough: only the newest can be untold.
    """
    rounds = list(Round.objects.filter(unit_id=point.unit_id, opened_at__lte=at).order_by("-number")[:2])
    told = next((found for found in rounds if found.published_at is not None), None)
    if point.closed_at is not None and point.closed_at <= at:
        return Asking(None, is_reading=False, told=told)
    asks = next((found for found in rounds if is_round_open(found, at)), None)
    is_reading = asks is None and bool(rounds) and rounds[0].published_at is None
    return Asking(asks, is_reading, told)


def areas() -> list[Area]:
    """The municipality's parts, as it has ordered them."""
    return list(Area.objects.order_by("position", "pk"))
