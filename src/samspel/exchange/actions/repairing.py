"""After a no, or when somebody has left: the others' match is put together again with the least change, for a
bridge-builder to look at.

Nobody is asked anything by this. Who said no stays free for everything else, and is not put together with the same
again.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from samspel.core.actor import SYSTEM
from samspel.core.audit import record
from samspel.exchange import compute_changes, proposing
from samspel.exchange.chosen import chosen_now
from samspel.exchange.models import Match, Part, Transfer, Wish


@dataclass(frozen=True)
class Repaired:
    """How many gifts of the match stay as they were, and how many people are in a gift that is new to them."""

    kept: int
    asked_anew: int


@transaction.atomic
def repair(*, match_id: int, at: datetime) -> Repaired | None:
    """Propose anew what is left of a match that has fallen; None when there is nothing to mend."""
    proposing.hold_selection()
    match = Match.objects.select_for_update().filter(pk=match_id, state=Match.State.FALLEN).first()
    if match is None:
        return None
    out = match.parts.filter(Q(answer=Part.Answer.NO) | Q(called=""))
    if not out.exists():
        return None
    gone = set(out.exclude(party=None).values_list("party_id", flat=True))
    gifts = [one for one in match.transfers.select_related("offer", "need") if one.offer and one.need]
    chosen = chosen_now(at)
    if chosen is None:
        return None
    own = {(one.offer.party_id, one.need.party_id) for one in gifts if one.offer and one.need}
    left = set(match.parts.exclude(party=None).values_list("party_id", flat=True)) - gone
    changed = compute_changes.mend(chosen, gone, at, left=left, broken=own)
    for one in gifts:
        _keep_apart(one, gone, at)
    names = changed.problem.ids
    given = {(int(names[giver]), int(names[taker])) for giver, taker in changed.new}
    repaired = Repaired(len(given & own), len({party for pair in given - own for party in pair}))
    record(SYSTEM, "match.repaired", match, kept=repaired.kept, asked_anew=repaired.asked_anew)
    return repaired


def _keep_apart(transfer: Transfer, gone: set[int], at: datetime) -> None:
    """The same gift is not proposed again to somebody who has said no to it or left it, though it was locked."""
    offer, need = transfer.offer, transfer.need
    if offer is None or need is None or gone.isdisjoint({offer.party_id, need.party_id}):
        return
    refused = {"kind": Wish.Kind.FORBID, "by": None, "at": at}
    Wish.objects.update_or_create(offer=offer, need=need, defaults=refused)
