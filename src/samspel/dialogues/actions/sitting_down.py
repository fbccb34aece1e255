"""Before anything changes at a table: looked at again under its locks, by somebody who sits there.

Every change at a table goes through its sitting's row lock, so that two people at once come one after the other. Locks
are taken in one order: the dialogue, the sitting, notes.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.dialogues.access import Here, check_seat, get_sitting, seating_now
from samspel.dialogues.holding import hold
from samspel.dialogues.live import tell
from samspel.dialogues.models import Dialogue, Note, Pick, Sitting


@dataclass(frozen=True)
class AtTable:
    """A participant at her table, with the table locked until the change is done."""

    here: Here
    sitting: Sitting

    @property
    def dialogue(self) -> Dialogue:
        return self.here.dialogue

    @property
    def question(self) -> int:
        return self.here.question

    def get_note(self, note_id: int) -> Note:
        """A note on this table, in this question. Another table's looks like none."""
        note = Note.objects.filter(pk=note_id, table_id=self.sitting.table_id, question=self.question).first()
        if note is None:
            raise NotFoundError("note")
        return note


def sit_down(here: Here, act: str, *, alone: bool = False) -> AtTable:
    """Look again under the locks: the meeting may have moved on since this request began.

    :param alone: no other table changes anything meanwhile (for what tables share: the hall's proposals).
    :raises ConflictError: not in this phase, the answers are locked, or the pen is another's.
    """
    if alone:
        Dialogue.objects.select_for_update().get(pk=here.dialogue.pk)
    here = hold(here, act)
    if here.placement is None:
        raise NotFoundError("table")
    if seating_now(here.dialogue) != here.placement.seating:
        raise ConflictError(_("Mötet har gått vidare."))
    sitting = get_sitting(here, lock=True)
    check_seat(here, act)
    return AtTable(here, sitting)


def check_unlocked(sat: AtTable) -> None:
    if sat.dialogue.is_locked:
        raise ConflictError(_("Samtalsledaren har låst svaren."))


def check_not_handed_in(sat: AtTable) -> None:
    """What is handed in stands still until the table takes it back."""
    if Pick.objects.filter(sitting=sat.sitting, question=sat.question).exists():
        raise ConflictError(_("Bordet har lämnat in sina tre. Ta tillbaka dem först."))


def checked_words(text: str, longest: int, *, field: str = "text") -> str:
    words = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not words:
        raise InvalidError(fields={field: _("Skriv något först.")})
    if len(words) > longest:
        raise InvalidError(fields={field: _("Högst %(longest)s tecken. Korta lite.") % {"longest": longest}})
    return words


def tell_table(sat: AtTable) -> None:
    tell(sat.dialogue, "table", table=sat.sitting.table_id)
