"""Tablets in receptions: setting one up, hearing from it, taking in what it has kept, closing it."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.idempotency import once
from samspel.core.texts import require_short
from samspel.encounters.access import get_point
from samspel.encounters.actions.answering import set_aside_play
from samspel.encounters.actions.taking_in import NewAnswer, take_in
from samspel.encounters.keyed import hash_of, new_secret
from samspel.encounters.models import Level, Point, Round, Side, Tablet, WaitingTablet
from samspel.encounters.queries import is_round_open

# A tablet that was in a drawer for longer than this asks about meetings that nobody minds any more.
OLDEST: Final = timedelta(days=30)
# So much a tablet's clock may be wrong before its times are moved; less is the way of the message.
CLOCK: Final = timedelta(minutes=2)
MOST_AT_ONCE: Final = 500
CODE_HOLDS: Final = timedelta(minutes=10)
# So many tablets wait at once in the whole house; more would make a code easier to guess (docs/security/guessing.md).
MOST_WAITING: Final = 200
LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class KeptPress:
    """A press as the tablet kept it: its own key, and when by the tablet's clock."""

    key: str
    level: int
    at: datetime


@transaction.atomic
def add_tablet(*, actor: Actor, unit_id: int, point_id: int, name: str, key: str, at: datetime) -> str | None:
    """A new tablet at a point; gives the secret of its address, which nobody can be told again. None when the key has
    made its tablet already."""
    point = _get_kiosk(actor, unit_id, point_id)
    name = _checked_name(name)
    if not once(key):
        return None
    secret = new_secret()
    _add(actor, point, name, hash_of("tablet", secret), at)
    return secret


@transaction.atomic
def show_code(*, before: str, key: str, at: datetime) -> str | None:
    """A code for a tablet that nobody has set up; gives the secret that the tablet keeps until somebody has typed the
    code. None when the key has made its code already.

    :param before: the secret of the code that the tablet showed before, which is over.
    :raises ConflictError: too many tablets wait.
    """
    if not once(key):
        return None
    WaitingTablet.objects.filter(Q(expires_at__lte=at) | Q(secret=hash_of("tablet", before))).delete()
    taken = set(WaitingTablet.objects.values_list("code", flat=True))
    if len(taken) >= MOST_WAITING:
        raise ConflictError(_("Många plattor väntar redan. Försök igen om tio minuter."))
    secret = new_secret()
    WaitingTablet.objects.create(code=_new_code(taken), secret=hash_of("tablet", secret), expires_at=at + CODE_HOLDS)
    return secret


@transaction.atomic
def add_waiting_tablet(
    *, actor: Actor, unit_id: int, point_id: int, name: str, code: str, key: str, at: datetime
) -> Tablet | None:
    """The tablet that shows the code is the point's from now on, and opens its page itself. None when the key has done
    so already.

    :raises InvalidError: the name is missing, or no tablet shows the code (field ``code``).
    """
    point = _get_kiosk(actor, unit_id, point_id)
    name = _checked_name(name)
    if not once(key):
        return None
    digits = "".join(filter(str.isdecimal, code))
    waiting = WaitingTablet.objects.select_for_update().filter(code=digits, expires_at__gt=at).first()
    if waiting is None:
        raise InvalidError(fields={"code": _("Ingen platta visar den koden just nu. Läs den på plattans skärm igen.")})
    tablet = _add(actor, point, name, bytes(waiting.secret), at)
    waiting.delete()
    return tablet


def _get_kiosk(actor: Actor, unit_id: int, point_id: int) -> Point:
    point = get_point(actor, unit_id, point_id, "point.manage", lock=True)
    if point.kind != Point.Kind.KIOSK:
        raise NotFoundError("point")
    return point


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidError(fields={"name": _("Skriv var plattan står, så att ni hittar den.")})
    require_short(name=(name, LONGEST_NAME))
    return name


def _add(actor: Actor, point: Point, name: str, secret: bytes, at: datetime) -> Tablet:
    tablet = Tablet.objects.create(point=point, name=name, secret=secret, made_at=at)
    record(actor, "tablet.added", tablet, unit=point.unit_id, point=point.pk)
    return tablet


def _new_code(taken: Collection[str]) -> str:
    """Eight digits that no other tablet shows; they are read aloud in any language."""
    while (code := f"{secrets.randbelow(10**8):08}") in taken:
        pass
    return code


@transaction.atomic
def close_tablet(*, actor: Actor, unit_id: int, point_id: int, tablet_id: int, at: datetime) -> None:
    """From now on its page asks nothing. What it pressed before and still keeps is taken when it is heard of."""
    point = get_point(actor, unit_id, point_id, "point.manage", lock=True)
    tablet = Tablet.objects.filter(point=point, pk=tablet_id).first()
    if tablet is None:
        raise NotFoundError("tablet")
    if tablet.closed_at is None:
        tablet.closed_at = at
        tablet.save(update_fields=["closed_at"])
        record(actor, "tablet.closed", tablet, unit=unit_id, point=point.pk)


@transaction.atomic
def hear(
    tablet: Tablet, presses: Sequence[KeptPress], *, waiting: int, clock: datetime, at: datetime
) -> frozenset[str]:
    """A tablet tells that it lives, and what was pressed. Gives the keys that it need not keep any longer: taken now,
    known from before, or pressed when nothing was asked.

    :param waiting: how many presses it will still keep after these.
    :param clock: what the tablet's own clock says now.
    """
    late = at - clock
    moved = late if abs(late) > CLOCK else timedelta()
    rounds = list(Round.objects.filter(unit_id=tablet.point.unit_id))
    wanted = [press for press in presses if _is_wanted(tablet, rounds, press.level, press.at + moved, at)]
    rows = [_answer(tablet, press, press.at + moved) for press in wanted]
    # A key that is there already is the same press: its time may have been reckoned a little differently.
    taken = take_in(rows, at=at)
    if taken.taken:
        set_aside_play(tablet.point_id, sorted({row.at for row in rows}))
    Tablet.objects.filter(pk=tablet.pk).update(heard_at=at, waiting=max(0, min(waiting, 10**6)))
    return frozenset(press.key for press in presses)


def _is_wanted(tablet: Tablet, rounds: Sequence[Round], level: int, pressed_at: datetime, at: datetime) -> bool:
    if level not in Level.values or not at - OLDEST <= pressed_at <= at + CLOCK:
        return False
    for closed_at in (tablet.closed_at, tablet.point.closed_at):
        if closed_at is not None and closed_at <= pressed_at:
            return False
    return any(is_round_open(each, pressed_at) for each in rounds)


def _answer(tablet: Tablet, press: KeptPress, pressed_at: datetime) -> NewAnswer:
    """What is known of everybody who answers at the point, and nothing of the tablet."""
    point = tablet.point
    return NewAnswer(
        at=pressed_at,
        unit_id=point.unit_id,
        side=Side.RESIDENT,
        level=press.level,
        key=key_of(tablet, press.key),
        service_id=point.service_id,
        provider_id=point.provider_id,
        area_id=point.area_id,
        point_id=point.pk,
        channel=point.channel,
        language=point.language,
        age_band=point.age_band,
    )


def key_of(tablet: Tablet, key: str) -> str:
    """The answer's key: the tablet's own, under the house's, so that two tablets' keys are never the same."""
    return "kiosk-" + hash_of("kiosk", f"{tablet.pk}\0{key}").hex()[:40]
