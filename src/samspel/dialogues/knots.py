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
    return {
        agreement.pk: thread.KnotView(
            agreement.pk,
            Stage.AGREEMENT,
            agreement.text,
            agreement.agreed_at,
            url=reverse("dialogue_public", args=[agreement.dialogue.slug]) if agreement.dialogue.is_public else "",
            detail=agreement.get_outcome_display() if agreement.outcome else "",
            is_going_on=agreement.outcome in {"", Agreement.Outcome.GOING_ON},
            is_public=agreement.dialogue.is_public and agreement.dialogue.state == State.CLOSED,
            may_become_need=agreement.becomes == Agreement.Becomes.NEED and agreement.dialogue.state == State.CLOSED,
        )
        for agreement in rows
    }


def _coming(unit_id: int, at: datetime) -> coming.Coming | None:
    found = next_dialogue(unit_id, at)
    return None if found is None else coming.Coming(found.title, found.starts_at)


def register() -> None:
    coming.register(_coming)
    thread.register("dialogues.dialogue", _dialogues)
    thread.register("dialogues.agreement", _agreements)
