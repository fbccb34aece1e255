"""A match that all have said yes to: it starts, rests, goes on, ends, and both sides tell how it went."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core import thread
from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.models import Knot, Stage, Thread, TieKind
from samspel.exchange import letters
from samspel.exchange.access import Mine, get_match, get_part
from samspel.exchange.actions.answering import after_a_no
from samspel.exchange.actions.asking import parties_besides
from samspel.exchange.asked import CHANGES_WITHIN
from samspel.exchange.checks import is_clear
from samspel.exchange.models import Match, Part, Post
from samspel.exchange.queries import HOLDING

NEW_THREAD: Final = "new"


@transaction.atomic
def start(*, actor: Actor, match_id: int, at: datetime, unit_id: int | None = None, on_thread: str = "") -> Match:
    """Begin, when everybody has said yes and every check is done or not needed. Begun already, nothing changes.

    It goes on with the threads of its needs, if they grew from agreements.

    :param unit_id: the unit on whose red thread it is put; one of the actor's own.
    :param on_thread: a thread of that unit by its number, ``new``, or none.
    :raises InvalidError: something is left to check.
    """
    match = get_match(actor, match_id, "desk.change", lock=True)
    if match.state in {Match.State.RUNNING, Match.State.PAUSED}:
        return match
    if match.state != Match.State.AGREED:
        raise ConflictError(_("Alla har inte sagt ja än."))
    if not is_clear(match.checks.all()):
        raise InvalidError(_("Något under Innan det börjar är inte klart än."))
    match.state, match.started_at = Match.State.RUNNING, at
    match.save(update_fields=["state", "started_at"])
    grew_from = _needs_on_threads(match)
    for need in grew_from:
        thread.tie(thread.add_knot(need.thread_id, Stage.TRIAL, match, at=at), need, TieKind.GREW_FROM)
    if on_thread and not grew_from:
        _put_on_thread(match, unit_id, on_thread, at)
    letters.tell_of_news(parties_besides(match, None))
    record(actor, "match.started", match, unit=match.unit_id)
    return match


def _needs_on_threads(match: Match) -> list[Knot]:
    needs = match.transfers.exclude(need=None).values("need")
    of_needs = Knot.objects.filter(object_type=Post._meta.label_lower, object_id__in=needs)
    return list(of_needs.order_by("pk"))


def _put_on_thread(match: Match, unit_id: int | None, on_thread: str, at: datetime) -> None:
    """On a new thread, which is not open to all; or on one that there is, tied to what it grew from."""
    if unit_id is None:
        raise InvalidError(fields={"thread": _("Välj en enhet.")})
    match.unit_id = unit_id
    match.save(update_fields=["unit"])
    if on_thread == NEW_THREAD:
        begun = thread.start_thread(unit_id=unit_id, title=_("Ge och få"), at=at)
        begun.is_public = False
        begun.closed_reason = _("Vilka som hjälper varandra är deras egen sak.")
        begun.save(update_fields=["is_public", "closed_reason"])
        thread.add_knot(begun.pk, Stage.TRIAL, match, at=at)
        return
    found = next((one for one in thread.threads_of(unit_id) if str(one.pk) == on_thread), None)
    if found is None:
        raise NotFoundError("thread")
    before = _last_knot(found)
    knot = thread.add_knot(found.pk, Stage.TRIAL, match, at=at)
    if before is not None and before != knot:
        thread.tie(knot, before, TieKind.GREW_FROM)


def _last_knot(on: Thread) -> Knot | None:
    return Knot.objects.filter(thread=on).order_by("-at", "-pk").first()


@transaction.atomic
def pause(*, actor: Actor, match_id: int, at: datetime) -> Match:
    """Let it rest; it is still theirs."""
    return _move(actor, match_id, Match.State.RUNNING, Match.State.PAUSED, at)


@transaction.atomic
def go_on(*, actor: Actor, match_id: int, at: datetime) -> Match:
    """Go on after a rest."""
    return _move(actor, match_id, Match.State.PAUSED, Match.State.RUNNING, None)


def _move(actor: Actor, match_id: int, was: str, to: str, paused_at: datetime | None) -> Match:
    match = get_match(actor, match_id, "desk.change", lock=True)
    if match.state == to:
        return match
    if match.state != was:
        raise ConflictError
    match.state, match.paused_at = to, paused_at
    match.save(update_fields=["state", "paused_at"])
    letters.tell_of_news(parties_besides(match, None))
    record(actor, f"match.{to}", match)
    return match


@transaction.atomic
def end(*, actor: Actor, match_id: int, ending: str, at: datetime) -> Match:
    """It is over. As it was meant, and the needs are met; earlier, and what was not met is free to be matched anew."""
    match = get_match(actor, match_id, "desk.change", lock=True)
    if match.state == Match.State.ENDED:
        return match
    if match.state not in {Match.State.RUNNING, Match.State.PAUSED}:
        raise ConflictError
    if ending not in Match.Ending.values:
        raise InvalidError(fields={"ending": _("Välj hur det slutade.")})
    match.state, match.ending, match.ended_at = Match.State.ENDED, ending, at
    match.save(update_fields=["state", "ending", "ended_at"])
    if ending == Match.Ending.DONE:
        posts = match.transfers.values_list("offer_id", "need_id")
        Post.objects.filter(pk__in={pk for pair in posts for pk in pair if pk is not None}).update(met_at=at)
    letters.tell_of_news(parties_besides(match, None))
    record(actor, "match.ended", match, ending=ending)
    return match


@transaction.atomic
def become(
    *, actor: Actor, match_id: int, becomes: str, at: datetime, unit_id: int | None = None, on_thread: str = ""
) -> Match:
    """What ended as it was meant goes on as a trial or a service of a unit's, or as nothing more. It may be changed.

    :param unit_id: with ``on_thread`` as for ``start``, where it is on no thread yet: there the unit finds it.
    :raises InvalidError: no such thing to become, or no thread to be found on.
    :raises ConflictError: it is not over, or ended early.
    """
    match = get_match(actor, match_id, "desk.change", lock=True)
    if match.state != Match.State.ENDED or match.ending != Match.Ending.DONE:
        raise ConflictError
    if becomes not in Match.Becomes.values:
        raise InvalidError
    if becomes and not thread.knots_of(match):
        if not on_thread:
            raise InvalidError(fields={"thread": _("Välj en tråd. Där hittar enheten det.")})
        _put_on_thread(match, unit_id, on_thread, at)
    if match.becomes != becomes:
        match.becomes = becomes
        match.save(update_fields=["becomes"])
        record(actor, "match.became", match, becomes=becomes)
    return match


@transaction.atomic
def fall(*, actor: Actor, match_id: int, at: datetime) -> Match:
    """The bridge-builder lets it be, before it has begun. Nobody is told why."""
    match = get_match(actor, match_id, "desk.change", lock=True)
    if match.state == Match.State.FALLEN:
        return match
    if match.state not in {Match.State.PROPOSED, Match.State.ASKED, Match.State.AGREED}:
        raise ConflictError
    was_held = match.state in HOLDING
    if was_held:
        after_a_no(match, at, besides=None)
    else:
        match.state, match.fallen_at = Match.State.FALLEN, at
        match.save(update_fields=["state", "fallen_at"])
    record(actor, "match.fallen", match)
    return match


@transaction.atomic
def tell_outcome(*, mine: Mine, match_id: int, level: int, at: datetime) -> Part:
    """How it went for her, in one tap, which she may change for ten seconds. After that nothing changes.

    :raises ConflictError: it is not over.
    """
    part = get_part(mine, match_id, lock=True)
    if part.match.state != Match.State.ENDED:
        raise ConflictError
    if level not in Part.Outcome.values:
        raise InvalidError
    if part.outcome_at is not None and at > part.outcome_at + CHANGES_WITHIN:
        return part
    if part.outcome != level:
        part.outcome, part.outcome_at = level, part.outcome_at or at
        part.save(update_fields=["outcome", "outcome_at"])
        record(mine.actor, "match.told", part.match)
    return part
