"""How dialogues and agreements look on a red thread, and what a unit meets about next."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.urls import reverse

from samspel.core import coming, thread
from samspel.core.models import Stage
from samspel.dialogues.models import Agreement, Dialogue, State
from samspel.dialogues.queries import next_dialogue


def _dialogues(ids: Collection[int]) -> Mapping[int, thread.KnotView]:
    rows = Dialogue.objects.filter(pk__in=ids, is_rehearsal=False).prefetch_related("questions")
    found = {}
    for dialogue in rows:
        questions = list(dialogue.questions.all())
        is_over = dialogue.state == State.CLOSED
        found[dialogue.pk] = thread.KnotView(
            dialogue.pk,
            Stage.DIALOGUE,
            questions[0].text if questions else dialogue.title,
            dialogue.starts_at,
            url=reverse("dialogue_public", args=[dialogue.slug]) if is_over and dialogue.is_public else "",
            detail=dialogue.title,
            is_going_on=not is_over,
            is_planned=dialogue.state in {State.DRAFT, State.PLANNED},
            is_public=dialogue.is_public and dialogue.state != State.DRAFT,
        )
    return found


def _agreements(ids: Collection[int]) -> Mapping[int, thread.KnotView]:
    rows = Agreement.objects.filter(pk__in=ids, withdrawn_at=None).select_related("dialogue")
    return {agreement.pk: _agreement(agreement) for agreement in rows}


def _agreement(agreement: Agreement) -> thread.KnotView:
    since = _trial(agreement)
    return thread.KnotView(
        agreement.pk,
        Stage.AGREEMENT,
        agreement.text,
        agreement.agreed_at,
        url=reverse("dialogue_public", args=[agreement.dialogue.slug]) if agreement.dialogue.is_public else "",
        detail=agreement.get_outcome_display() if agreement.outcome and not since else "",
        is_going_on=agreement.outcome in {"", Agreement.Outcome.GOING_ON} and not since,
        is_public=agreement.dialogue.is_public and agreement.dialogue.state == State.CLOSED,
        may_become_need=agreement.becomes == Agreement.Becomes.NEED and agreement.dialogue.state == State.CLOSED,
        since=since,
    )


def _trial(agreement: Agreement) -> tuple[thread.KnotView, ...]:
    """Of an agreement that became a trial: that it goes on or has been, and what it came to, as its meeting's result
    says. Nothing before anybody has told."""
    if agreement.becomes != Agreement.Becomes.TRIAL or not agreement.outcome:
        return ()
    told = (agreement.outcome_words if agreement.outcome_is_open else "") or agreement.text
    at = agreement.outcome_at or agreement.agreed_at
    is_going_on = agreement.outcome == Agreement.Outcome.GOING_ON
    trial = thread.KnotView(
        agreement.pk,
        Stage.TRIAL,
        told if is_going_on else agreement.text,
        at if is_going_on else agreement.agreed_at,
        is_going_on=is_going_on,
        is_quote=False,
    )
    if is_going_on:
        return (trial,)
    result = thread.KnotView(
        agreement.pk, Stage.RESULT, told, at, detail=str(agreement.get_outcome_display()), is_quote=False
    )
    return (result,) if agreement.outcome == Agreement.Outcome.NOT_DONE else (trial, result)


def _coming(unit_id: int, at: datetime) -> coming.Coming | None:
    found = next_dialogue(unit_id, at)
    return None if found is None else coming.Coming(found.title, found.starts_at)


def register() -> None:
    coming.register(_coming)
    thread.register("dialogues.dialogue", _dialogues)
    thread.register("dialogues.agreement", _agreements)
