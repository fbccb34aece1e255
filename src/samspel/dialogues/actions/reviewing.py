"""Reading through what reaches the hall: one text or many at once, and back again.

Every judgement says what the leader's page showed (``seen``). What another leader has judged meanwhile is left as it
is and told about, so that nothing is let through or set aside unread.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import NotFoundError
from samspel.dialogues import compute_themes
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.live import tell
from samspel.dialogues.models import CounterVoice, Dialogue, Note, Proposal

Text = Proposal | CounterVoice | Note
WAITING, SHOWN, ASIDE = "waiting", "shown", "aside"
# Brought back from aside to what it was before.
BACK = "back"
_VERBS = {SHOWN: "show", ASIDE: "aside", BACK: "again", WAITING: "again"}


@dataclass(frozen=True)
class Judgement:
    """A text, what it is to become, and what it was on the leader's page (empty: whatever it is)."""

    kind: str
    row_id: int
    to: str
    seen: str = ""


@dataclass(frozen=True)
class Judged:
    """What was done: ``undo`` takes it back; ``taken`` counts what another leader had judged meanwhile."""

    undo: tuple[Judgement, ...]
    taken: int


def state_of(row: Text) -> str:
    """What a text is now; a note on a table is shown there without waiting for anybody."""
    if row.set_aside_at is not None:
        return ASIDE
    return WAITING if not isinstance(row, Note) and row.reviewed_at is None else SHOWN


@transaction.atomic
def review_many(*, actor: Actor, dialogue_id: int, judgements: Sequence[Judgement], at: datetime) -> Judged:
    """Let texts through to the hall, set them aside, or bring them back; setting aside is visible and never erases.

    :raises NotFoundError: one of the texts is not of this dialogue.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.review", lock=True)
    rows = _rows(dialogue, judgements)
    undo, changed, taken = [], [], 0
    for each in judgements:
        row = rows.get((each.kind, each.row_id))
        if row is None or each.to not in _VERBS:
            raise NotFoundError("text")
        before = state_of(row)
        if each.seen and before != each.seen:
            taken += 1
            continue
        if not _become(row, each.to, at):
            continue
        record(actor, f"{each.kind}.{_VERBS[each.to]}", row)
        undo.append(Judgement(each.kind, each.row_id, before, state_of(row)))
        changed.append(row)
    _tell(dialogue, changed)
    return Judged(tuple(undo), taken)


@transaction.atomic
def review_words(*, actor: Actor, dialogue_id: int, are_shown: bool) -> None:
    """Let the word list through to the hall's screen, or take it back from there."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.review", lock=True)
    dialogue.words_reviewed = are_shown
    dialogue.save(update_fields=["words_reviewed"])
    record(actor, "words.show" if are_shown else "words.again", dialogue)
    tell(dialogue, "result")


def _rows(dialogue: Dialogue, judgements: Iterable[Judgement]) -> dict[tuple[str, int], Text]:
    """The texts, locked in one order."""
    keys: dict[str, list[int]] = {}
    for each in judgements:
        keys.setdefault(each.kind, []).append(each.row_id)
    proposals = Proposal.objects.filter(dialogue=dialogue, pk__in=keys.get("proposal", ()))
    voices = CounterVoice.objects.filter(dialogue=dialogue, pk__in=keys.get("voice", ()))
    notes = Note.objects.filter(dialogue=dialogue, pk__in=keys.get("note", ()), shared_at__isnull=False)
    found: dict[tuple[str, int], Text] = {}
    found |= {("proposal", row.pk): row for row in proposals.select_for_update().order_by("pk")}
    found |= {("voice", row.pk): row for row in voices.select_for_update().order_by("pk")}
    found |= {("note", row.pk): row for row in notes.select_for_update().order_by("pk")}
    return found


def _become(row: Text, to: str, at: datetime) -> bool:
    """Change the row; False when it is so already."""
    if to == state_of(row) or (to == BACK and row.set_aside_at is None):
        return False
    row.set_aside_at = at if to == ASIDE else None
    if isinstance(row, Note):
        row.save(update_fields=["set_aside_at"])
        if to == ASIDE:
            compute_themes.forget(row)
        return True
    if to == SHOWN:
        row.reviewed_at = at
    elif to == WAITING:
        row.reviewed_at = None
    row.save(update_fields=["set_aside_at", "reviewed_at"])
    return True


def _tell(dialogue: Dialogue, changed: Sequence[Text]) -> None:
    tables = {row.table_id for row in changed if not isinstance(row, Proposal) and row.table_id is not None}
    for table in sorted(tables):
        tell(dialogue, "table", table=table)
    if any(not isinstance(row, Note) for row in changed):
        tell(dialogue, "result")
    if any(isinstance(row, Note) for row in changed):
        tell(dialogue, "themes")
