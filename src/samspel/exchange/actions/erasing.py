"""What is erased when a match is over: first how people are reached, later all but counts that point at nobody."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from samspel.core import thread
from samspel.core.actor import SYSTEM
from samspel.core.audit import record
from samspel.core.models import Stage, Tie, TieKind
from samspel.exchange.models import Ended, Match, Post, Trace
from samspel.exchange.spared import KEYS, counts_of

CONTACTS_KEPT: Final = timedelta(days=30)
MATCH_KEPT: Final = timedelta(days=90)


@transaction.atomic
def erase_contacts(at: datetime) -> int:
    """Forget how those were reached whose match ended long ago; how many matches it was."""
    due = Match.objects.filter(state=Match.State.ENDED, ended_at__lte=at - CONTACTS_KEPT)
    due = due.filter(parts__contact__gt="").distinct()
    found = list(due)
    for match in found:
        match.parts.update(contact="")
        record(SYSTEM, "match.contacts_erased", match)
    return len(found)


def erase_matches(at: datetime) -> int:
    """Erase what ended or fell long ago, with the posts that it met; each by itself, so that a stop loses nothing."""
    over = Match.objects.filter(ended_at__lte=at - MATCH_KEPT) | Match.objects.filter(fallen_at__lte=at - MATCH_KEPT)
    return sum(_erase(pk) for pk in over.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _erase(match_id: int) -> bool:
    match = Match.objects.select_for_update().filter(pk=match_id).first()
    if match is None:
        return False
    for category_id, counts in counts_of([match]).items():
        _add(category_id, counts)
    # What another match has met since is that match's.
    is_met = match.state == Match.State.ENDED and match.ending == Match.Ending.DONE
    posts = match.transfers.values_list("offer_id", "need_id") if is_met else ()
    ids = {pk for pair in posts for pk in pair if pk is not None}
    _leave_trace(match)
    record(SYSTEM, "match.erased", match)
    match.delete()
    Post.objects.filter(pk__in=ids, met_at__isnull=False).delete()
    return True


def _leave_trace(match: Match) -> None:
    """A thread that it became something on keeps that it did, where it was."""
    knots = thread.knots_of(match) if match.becomes else []
    if not knots or match.ended_at is None:
        return
    trace = Trace.objects.create(becomes=match.becomes, at=match.ended_at)
    for knot in knots:
        left = thread.add_knot(knot.thread_id, Stage.RESULT, trace, at=knot.at)
        for tie in Tie.objects.filter(knot=knot, kind=TieKind.GREW_FROM).select_related("to"):
            thread.tie(left, tie.to, TieKind.GREW_FROM)


def _add(category_id: int, counts: Counter[str]) -> None:
    Ended.objects.get_or_create(category_id=category_id)
    Ended.objects.filter(category_id=category_id).update(**{key: F(key) + counts[key] for key in KEYS})
