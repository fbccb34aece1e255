"""Setting how the municipality chooses."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError
from samspel.exchange.access import require_broker
from samspel.exchange.models import Preference
from samspel.exchange.preferring import CHAINS, GOAL_NAMES, RINGS, learned_now


@transaction.atomic
def set_order(*, actor: Actor, goals: Sequence[str], ring: int | None, chain: int | None, areas: int | None) -> None:
    """What comes first, how long rings and chains may be, and by how many hundredths areas may differ.

    :raises InvalidError: no goal, or a limit that is none of those offered.
    """
    require_broker(actor, "exchange.setup")
    wrong = {}
    if not goals or set(goals) - set(GOAL_NAMES):
        wrong["goals"] = _("Välj minst en sak som är viktig.")
    if ring not in RINGS or chain not in CHAINS or (ring == 0 and chain == 0):
        wrong["ring"] = _("Tillåt ringar eller kedjor.")
    if areas is not None and not 0 <= areas <= 100:
        wrong["areas"] = _("Skriv ett tal från 0 till 100, eller lämna tomt.")
    if wrong:
        raise InvalidError(fields=wrong)
    row = _row()
    row.goals, row.ring, row.chain, row.areas = list(dict.fromkeys(goals)), ring or 0, chain or 0, areas
    row.save()
    record(actor, "exchange.order_set", row, ring=row.ring, chain=row.chain, areas=row.areas)


@transaction.atomic
def set_weights(*, actor: Actor, weights: Mapping[str, float]) -> None:
    """:raises InvalidError: a weight below 0, or all of them 0."""
    from samspel.engine.candidates import Weights

    require_broker(actor, "exchange.setup")
    try:
        checked = dict(Weights(**weights))
    except (TypeError, ValueError) as error:
        raise InvalidError(fields={"weights": _("Skriv tal från 0 och uppåt; alla får inte vara 0.")}) from error
    row = _row()
    row.weights = checked
    row.save()
    record(actor, "exchange.weights_set", row)


@transaction.atomic
def use_learned(*, actor: Actor) -> None:
    """Take the weights that were learned from what has been accepted and rejected."""
    require_broker(actor, "exchange.setup")
    row = _row()
    learned = learned_now(row)
    if learned is None or learned.before is None:  # nobody can tell yet whether they are better
        raise InvalidError(fields={"weights": _("Det finns inget att lära av än.")})
    row.weights = dict(learned.weights)
    row.save()
    record(actor, "exchange.weights_learned", row, judged=learned.judged)


@transaction.atomic
def reset_weights(*, actor: Actor) -> None:
    """As they were to begin with."""
    require_broker(actor, "exchange.setup")
    row = _row()
    row.weights = {}
    row.save()
    record(actor, "exchange.weights_reset", row)


def _row() -> Preference:
    row, _is_new = Preference.objects.select_for_update().get_or_create(pk=1)
    return row
