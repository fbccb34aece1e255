"""Links for an SMS or a letter: made many at a time, and used."""

from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from samspel.core import defaults
from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.idempotency import once
from samspel.encounters.access import get_point
from samspel.encounters.keyed import SECRET_BYTES, hash_of, new_secret
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
    point = _get_link_point(actor, unit_id, point_id)
    if number is None or not 1 <= number <= MOST_AT_ONCE:
        raise InvalidError(fields={"number": _("Skriv ett tal från 1 till %(most)s.") % {"most": MOST_AT_ONCE}})
    if not once(key):
        raise ConflictError(_("De länkarna är redan hämtade. Ladda om sidan för att göra nya."))
    secrets = tuple(new_secret() for _link in range(number))
    return Links(secrets, _make(actor, point, secrets, at, is_single_use=is_single_use))


@dataclass(frozen=True)
class LinksFor:
    """A secret for each recipient who may be asked now; the others rest."""

    secrets: Mapping[str, str]
    resting: tuple[str, ...]
    expires_at: datetime


@transaction.atomic
def make_links_for(
    *, actor: Actor, unit_id: int, point_id: int, recipients: Sequence[str], key: str, at: datetime
) -> LinksFor:
    """A link, for one answer, to each recipient who has had none for as long as one is left in peace.

    Who they are nobody here knows: a recipient is the sender's own keyed hash, kept as a hash of it. The same key makes
    the same links again, so that an answer which never arrived can be asked for anew.
    """
    point = _get_link_point(actor, unit_id, point_id)
    secrets = {one: _secret_for(key, point, one) for one in recipients}
    links = {hash_of("link", secret): one for one, secret in secrets.items()}
    made = {
        links[bytes(row.secret)]: row.expires_at for row in Invitation.objects.filter(point=point, secret__in=links)
    }
    hashes = {hash_of("recipient", one): one for one in secrets if one not in made}
    new = [hashes[each] for each in _let_rest(sorted(hashes), at)]
    if new:
        expires_at = _make(actor, point, sorted(secrets[one] for one in new), at, is_single_use=True)
        made |= dict.fromkeys(new, expires_at)
    return LinksFor(
        {one: secret for one, secret in secrets.items() if one in made},
        tuple(one for one in secrets if one not in made),
        min(made.values(), default=at),
    )


def _get_link_point(actor: Actor, unit_id: int, point_id: int) -> Point:
    point = get_point(actor, unit_id, point_id, "point.manage", lock=True)
    if point.kind != Point.Kind.LINK:
        raise NotFoundError("point")
    return point


def _make(actor: Actor, point: Point, secrets: Collection[str], at: datetime, *, is_single_use: bool) -> datetime:
    """The links' rows; gives until when they lead somewhere."""
    expires_at = at + timedelta(days=defaults.value("encounters.link_days"))
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
    record(actor, "links.made", point, unit=point.unit_id, number=len(secrets), single_use=is_single_use)
    return expires_at


def _secret_for(key: str, point: Point, recipient: str) -> str:
    """128 bits that nobody without the house's key can reckon."""
    digest = hash_of("link for", f"{key}\0{point.pk}\0{recipient}")
    return urlsafe_b64encode(digest[:SECRET_BYTES]).decode().rstrip("=")


def _let_rest(recipients: Sequence[bytes], at: datetime) -> list[bytes]:
    """Those who did not rest already, who do from now on. Two senders at the same moment ask one person once."""
    today = timezone.localdate(at)
    again_on = today + timedelta(days=defaults.value("encounters.rest_days"))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO encounters_resting AS resting (recipient, again_on) SELECT unnest(%s::bytea[]), %s"
            " ON CONFLICT (recipient) DO UPDATE SET again_on = EXCLUDED.again_on WHERE resting.again_on <= %s"
            " RETURNING recipient",
            [list(recipients), again_on, today],
        )
        return [bytes(row[0]) for row in cursor.fetchall()]


def use_once(invitation: Invitation) -> bool:
    """Use a single-use link up; False when somebody was before. Call it in the press's own transaction."""
    return bool(Invitation.objects.filter(pk=invitation.pk, is_used=False).update(is_used=True))
