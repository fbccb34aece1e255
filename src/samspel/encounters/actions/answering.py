"""One press on one of three levels. Who pressed is known to nobody: not to the answer, not to the audit trail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from samspel.core.errors import InvalidError
from samspel.encounters.actions.pairing import Token
from samspel.encounters.actions.taking_in import CHANGES_WITHIN, NewAnswer, change_answer, take_in
from samspel.encounters.models import Answer, Level, Point, Side

# What looks like play: so many presses at one point in so short a time. All of them are set aside, none is erased.
PLAY_PRESSES: Final = 40
PLAY_WITHIN: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Press:
    """One press on one of three levels. ``key`` is what makes a second press the same (``windows``)."""

    point: Point
    level: int
    key: str
    side: Side = Side.RESIDENT
    token: Token | None = None


@dataclass(frozen=True)
class Pressed:
    """What became of it: the level that now stands, and until when it can be changed."""

    key: str
    level: int
    changes_until: datetime


@transaction.atomic
def press_level(press: Press, *, at: datetime) -> Pressed:
    """Save a press at once. The same key again within ten seconds changes it, and later leaves it as it is.

    :raises InvalidError: the level is none of the three.
    """
    if press.level not in Level.values:
        raise InvalidError
    earlier = _answer(press.key)
    if earlier is None:
        taken = take_in([_new_answer(press, at)], at=at)
        if not taken.conflicts:
            if press.side == Side.RESIDENT:
                set_aside_play(press.point.pk, [at])
            return Pressed(press.key, press.level, at + CHANGES_WITHIN)
        earlier = Answer.objects.get(key=press.key)  # another press with the same key came first
    is_changed = earlier.level != press.level and change_answer(press.key, level=press.level, at=at)
    return Pressed(press.key, press.level if is_changed else earlier.level, earlier.received_at + CHANGES_WITHIN)


def pressed_before(key: str) -> Pressed | None:
    """What stands for a key, to show it again; None when nothing was pressed."""
    earlier = _answer(key)
    if earlier is None:
        return None
    return Pressed(key, earlier.level, earlier.received_at + CHANGES_WITHIN)


def set_aside_play(point_id: int, presses: Iterable[datetime]) -> None:
    """Of presses that were just taken at a point: those that end a minute with forty are set aside with that minute.

    Looks at forty rows for each, however many came. Staff's own answers are no play.
    """
    for at in presses:
        latest = Answer.objects.filter(point_id=point_id, side=Side.RESIDENT, at__gt=at - PLAY_WITHIN, at__lte=at)
        rows = list(latest.order_by("-at").values_list("pk", "aside")[:PLAY_PRESSES])
        if len(rows) == PLAY_PRESSES:
            counted = [pk for pk, aside in rows if aside == Answer.Aside.NONE]
            Answer.objects.filter(pk__in=counted).update(aside=Answer.Aside.PLAY)


def _answer(key: str) -> Answer | None:
    return Answer.objects.only("level", "received_at").filter(key=key).first()


def _new_answer(press: Press, at: datetime) -> NewAnswer:
    """What is known of everybody who answers here comes from the point, or from the meeting's token; nothing from the
    device, and not the language that the page happened to speak."""
    point, token = press.point, press.token
    return NewAnswer(
        at=at,
        unit_id=point.unit_id,
        side=press.side,
        level=press.level,
        key=press.key,
        service_id=token.service_id if token and token.service_id else point.service_id,
        provider_id=point.provider_id,
        area_id=point.area_id if press.side == Side.RESIDENT else None,
        point_id=point.pk,
        channel=token.channel if token and token.channel else point.channel,
        language=point.language if press.side == Side.RESIDENT else "",
        age_band=point.age_band if press.side == Side.RESIDENT else "",
        token=token.hash if token else None,
    )
