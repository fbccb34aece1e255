"""After a no: the others' match is put together again with the least change, for a bridge-builder to look at.

Nobody is asked anything by this. Who said no stays free for everything else, and is not put together with the same
again.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from samspel.core.actor import SYSTEM
from samspel.core.audit import record
from samspel.exchange import compute
from samspel.exchange.models import Match, Part, Transfer, Wish


@dataclass(frozen=True)
class Repaired:
    """How many gifts of the match stay as they were, and how many people are in a gift that is new to them."""

    kept: int
    asked_anew: int


@transaction.atomic
def repair(*, match_id: int, at: datetime) -> Repaired | None:
    """Propose anew what is left of a match that has fallen; None when there is nothing to mend."""
    match = Match.objects.select_for_update().filter(pk=match_id, state=Match.State.FALLEN).first()
    if match is None:
        return None
    said_no = set(match.parts.filter(answer=Part.Answer.NO).exclude(party=None).values_list("party_id", flat=True))
    transfers = list(match.transfers.select_related("offer", "need"))
    if not said_no or any(one.offer is None or one.need is None for one in transfers):
        return None
    chosen = compute.chosen_now(at, also=[match])
    if chosen is None:
        return None
    _selection, changed = compute.mended(chosen, said_no, at)
    for one in transfers:
        _keep_apart(one, said_no, at)
    own = {(one.offer.party_id, one.need.party_id) for one in transfers if one.offer and one.need}
    names = changed.problem.ids
    kept = sum((int(names[giver]), int(names[taker])) in own for giver, taker in changed.kept)
    repaired = Repaired(kept, len(changed.asked_anew))
    record(SYSTEM, "match.repaired", match, kept=repaired.kept, asked_anew=repaired.asked_anew)
    return repaired


def _keep_apart(transfer: Transfer, said_no: set[int], at: datetime) -> None:
    """The same gift is not proposed again to somebody who has said no to it."""
    offer, need = transfer.offer, transfer.need
    if offer is None or need is None or said_no.isdisjoint({offer.party_id, need.party_id}):
        return
    Wish.objects.get_or_create(offer=offer, need=need, defaults={"kind": Wish.Kind.FORBID, "at": at})
