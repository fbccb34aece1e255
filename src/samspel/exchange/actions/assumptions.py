"""What a met need is taken to spare, as a range with its reason: the municipality's own, and changed openly."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.numbers import number_of
from samspel.exchange.access import require_broker
from samspel.exchange.models import Assumption, Category

MOST: Final = 1_000_000
LONGEST_REASON: Final = 400


@transaction.atomic
def assume(*, actor: Actor, category_id: int, low: str, high: str, reason: str, at: datetime) -> Assumption:
    """Say what a met need of a kind spares, in kronor, as a range.

    :raises InvalidError: no range, or no reason.
    """
    require_broker(actor, "exchange.setup")
    category = Category.objects.filter(pk=category_id).first()
    if category is None:
        raise NotFoundError("category")
    least, most = _kronor(low), _kronor(high)
    if least is None or most is None or least > most:
        raise InvalidError(fields={"low": _("Skriv två belopp i hela kronor, det lägre först.")})
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise InvalidError(fields={"reason": _("Skriv varför, med högst 400 tecken. Alla kan läsa det.")})
    assumption, _is_new = Assumption.objects.update_or_create(
        category=category,
        defaults={
            "low": least,
            "high": most,
            "reason": reason.strip(),
            "changed_by_id": actor.person_id,
            "changed_at": at,
        },
    )
    record(actor, "assumption.changed", assumption, category=category.pk, low=least, high=most)
    return assumption


@transaction.atomic
def assume_nothing(*, actor: Actor, category_id: int) -> None:
    """Take an assumption back: nothing is said of what that kind spares."""
    require_broker(actor, "exchange.setup")
    assumption = Assumption.objects.filter(category_id=category_id).first()
    if assumption is not None:
        record(actor, "assumption.removed", assumption, category=category_id)
        assumption.delete()


def _kronor(typed: str) -> int | None:
    kronor = number_of("".join(typed.split()))
    return None if kronor is None or kronor > MOST else kronor
