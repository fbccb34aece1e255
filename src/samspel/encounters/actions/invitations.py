"""Links for an SMS or a letter: made many at a time, and used."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core import defaults
from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.idempotency import once
from samspel.encounters.access import get_point
from samspel.encounters.keyed import hash_of, new_secret
from samspel.encounters.models import Invitation, Point

MOST_AT_ONCE: Final = 5000


@dataclass(frozen=True)
class Links:
    """What was made: the secrets of the addresses, which are nowhere else from now on."""

    secrets: tuple[str, ...]
    expires_at: datetime


@transaction.atomic
def make_links(
    *, actor: Actor, unit_id: int, point_id: int, number: int | None, is_single_use: bool, key: str, at: datetime
) -> Links:
    """So many links to a point.

    :raises ConflictError: the key has made its links already; they cannot be shown again.
    """
    point = get_point(actor, unit_id, point_id, "point.manage", lock=True)
    if point.kind != Point.Kind.LINK:
        raise NotFoundError("point")
    if number is None or not 1 <= number <= MOST_AT_ONCE:
        raise InvalidError(fields={"number": _("Skriv ett tal från 1 till %(most)s.") % {"most": MOST_AT_ONCE}})
    if not once(key):
        raise ConflictError(_("De länkarna är redan hämtade. Ladda om sidan för att göra nya."))
    expires_at = at + timedelta(days=defaults.value("encounters.link_days"))
    secrets = tuple(new_secret() for _link in range(number))
    Invitation.objects.bulk_create(
        Invitation(
            point=point,
            secret=hash_of("link", secret),
            is_single_use=is_single_use,
            made_at=at,
            expires_at=expires_at,
        )
        for secret in secrets
    )
    record(actor, "links.made", point, unit=unit_id, number=number, single_use=is_single_use)
    return Links(secrets, expires_at)


def use_once(invitation: Invitation, *, at: datetime) -> bool:
    """Use a single-use link up; False when somebody was before. Call it in the press's own transaction."""
    return bool(Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=at))
