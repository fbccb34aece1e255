"""Leaving a match: it falls, and nothing that the one who left has said stays in it."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from samspel.core.actor import VISITOR
from samspel.core.audit import record
from samspel.exchange import letters
from samspel.exchange.models import Match, Part, Party, Post, Transfer
from samspel.exchange.queries import HOLDING
from samspel.exchange.tasks import repair


@transaction.atomic
def leave(match_id: int, party: Party, at: datetime) -> None:
    """The party is out of the match, and her words are erased from it. A proposal is gone; what people were asked about
    or had begun falls, and the others are told and have their posts free again; what is over stays over.

    What had not begun is proposed anew without her in the background, as after a no.
    """
    match = Match.objects.select_for_update().filter(pk=match_id).first()
    if match is None:
        return
    if match.state == Match.State.PROPOSED:
        match.delete()
        return
    if match.state in HOLDING:
        letters.tell_of_news(Party.objects.filter(parts__match=match).exclude(pk=party.pk).order_by("pk"))
        has_begun = match.started_at is not None
        match.state, match.fallen_at = Match.State.FALLEN, at
        match.save(update_fields=["state", "fallen_at"])
        match.parts.update(contact="")
        Post.objects.filter(Q(given__match=match) | Q(met_by__match=match)).update(met_at=None)
        record(VISITOR, "match.left", match)
        if not has_begun:
            repair.defer(match_id=match.pk)
    _forget_in_checks(match, party)
    Part.objects.filter(match=match, party=party).update(called="", words="", problem="", other_time="", contact="")
    Transfer.objects.filter(match=match, offer__party=party).update(gift="")


def _forget_in_checks(match: Match, party: Party) -> None:
    """A check that names her by what she is called names nobody, or only her place where another does so already."""
    hers = match.parts.filter(party=party).exclude(called="").first()
    if hers is None or match.parts.filter(called=hers.called).exclude(pk=hers.pk).exists():
        return
    for check in match.checks.filter(about=hers.called):
        is_taken = match.checks.filter(kind=check.kind, about="").exists()
        check.about = str(hers.place) if is_taken else ""
        check.save(update_fields=["about"])


def matches_of(posts: Collection[int]) -> list[int]:
    """The matches that these posts are in, in the order in which they are locked."""
    of_posts = Transfer.objects.filter(Q(offer_id__in=posts) | Q(need_id__in=posts))
    return list(of_posts.order_by("match_id").values_list("match_id", flat=True).distinct())
