"""What is open to all, for the API and the portal."""

from dataclasses import dataclass
from datetime import datetime

from samspel.core.errors import NotFoundError
from samspel.core.models import Stage
from samspel.dialogues.models import Dialogue, State
from samspel.dialogues.threads import public_threads


@dataclass(frozen=True)
class OpenDialogueRow:
    slug: str
    title: str
    unit: str
    question: str
    closed_at: datetime


@dataclass(frozen=True)
class OpenThreadRow:
    id: int
    words: str
    unit: str
    stage: Stage
    moved_at: datetime


def open_dialogues() -> list[OpenDialogueRow]:
    """Finished dialogues that are open, the newest 200."""
    rows = (
        Dialogue.objects.filter(state=State.CLOSED, is_public=True, is_rehearsal=False)
        .select_related("unit")
        .prefetch_related("questions")
        .order_by("-closed_at")[:200]
    )
    found = []
    for row in rows:
        question = next(iter(row.questions.all()), None)
        assert row.closed_at is not None
        found.append(
            OpenDialogueRow(row.slug, row.title, row.unit.name, question.text if question else row.title, row.closed_at)
        )
    return found


def get_open(slug: str) -> Dialogue:
    """A finished dialogue that is open to all.

    :raises NotFoundError: also for one that is not open: its page tells the reason, files and API do not.
    """
    dialogue = (
        Dialogue.objects.select_related("unit", "step")
        .filter(slug=slug, state=State.CLOSED, is_public=True, is_rehearsal=False)
        .first()
    )
    if dialogue is None:
        raise NotFoundError("dialogue")
    return dialogue


def open_threads() -> list[OpenThreadRow]:
    """Open red threads, the one that moved last first."""
    return [
        OpenThreadRow(row.thread.pk, row.words, row.thread.unit.name, row.stage, row.at) for row in public_threads()
    ]
