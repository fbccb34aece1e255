"""Who is asked: a unit's people, a list from a file, somebody more; and the letter with its calendar entry."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.idempotency import once
from samspel.core.languages import SPOKEN
from samspel.core.mail import Attachment, Letter, send_on_commit
from samspel.dialogues import letters
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.actions.planning import make_ready, people_changed
from samspel.dialogues.importing import LONGEST, Row, read_people
from samspel.dialogues.live import tell
from samspel.dialogues.models import Dialogue, Invitation, State
from samspel.dialogues.people_list import Added, add_rows, add_unit

# ---------------------------------------------------------------- the list


@transaction.atomic
def invite_unit(*, actor: Actor, dialogue_id: int, unit_id: int, at: datetime) -> Added:
    """Put a unit's people on the list. Done again, it takes up who is new there."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.plan", lock=True)
    before = Invitation.objects.filter(dialogue=dialogue).count()
    added = add_unit(dialogue, unit_id)
    record(actor, "dialogue.unit_invited", dialogue, unit=unit_id, people=added.new)
    _after(dialogue, before)
    return added


@transaction.atomic
def import_invitations(*, actor: Actor, dialogue_id: int, content: bytes, filename: str, at: datetime) -> Added:
    """Put the people of a CSV or Excel file on the list: the good rows go in, the bad are told with line and reason.

    The same file again changes nothing; a row with a known address gives that person the new facts.

    :raises InvalidError: when the file itself cannot be read.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.plan", lock=True)
    people = read_people(content, filename)
    before = Invitation.objects.filter(dialogue=dialogue).count()
    source = filename.replace("\\", "/").rsplit("/", 1)[-1].strip()[:LONGEST] or _("Lista")
    added = add_rows(dialogue, [_invitation(row, source) for row in people.rows])
    record(actor, "dialogue.list_imported", dialogue, people=added.new, changed=added.changed, bad=len(people.bad))
    _after(dialogue, before)
    return Added(added.new, added.changed, people.bad)


def _invitation(row: Row, source: str) -> Invitation:
    return Invitation(
        name=row.name,
        email=row.email,
        unit=row.unit,
        department=row.department,
        profession=row.profession,
        role=row.role,
        manages=row.manages,
        needs=list(row.needs),
        interpreter=row.interpreter,
        together=row.together,
        apart=row.apart,
        source=source,
    )


@transaction.atomic
def uninvite(
    *, actor: Actor, dialogue_id: int, source: str | None = None, invitation_id: int | None = None, at: datetime
) -> int:
    """Take one person, or all who came by one unit or list, off the list. Who has joined stays."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.plan", lock=True)
    before = Invitation.objects.filter(dialogue=dialogue).count()
    wanted = Q(source=source) if invitation_id is None else Q(pk=invitation_id)
    found = Invitation.objects.filter(wanted, dialogue=dialogue)
    if found.filter(seat__isnull=False).exists() and invitation_id is not None:
        raise ConflictError(_("Personen har redan anslutit."))
    removed = 0
    for invitation in found.filter(seat=None):
        invitation.delete()
        removed += 1
    record(actor, "dialogue.uninvited", dialogue, people=removed)
    _after(dialogue, before)
    return removed


@transaction.atomic
def change_wishes(
    *,
    actor: Actor,
    dialogue_id: int,
    invitation_id: int,
    needs: tuple[str, ...],
    interpreter: str = "",
    together: str,
    apart: str,
    at: datetime,
) -> Invitation:
    """What one person needs and whom she sits with, by hand."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.plan", lock=True)
    invitation = Invitation.objects.filter(dialogue=dialogue, pk=invitation_id).first()
    if invitation is None:
        raise NotFoundError("invitation")
    if len(together) > 20 or len(apart) > 20:
        raise InvalidError(fields={"together": _("Använd ett kort märke, som A eller 1.")})
    invitation.needs = [need for need in ("accessible", "interpreter", "hearing") if need in needs]
    invitation.interpreter = interpreter if "interpreter" in invitation.needs and interpreter in SPOKEN else ""
    invitation.together = together.strip()
    invitation.apart = apart.strip()
    invitation.save(update_fields=["needs", "interpreter", "together", "apart"])
    record(actor, "invitation.wishes", invitation)
    _after(dialogue, Invitation.objects.filter(dialogue=dialogue).count())
    return invitation


def _after(dialogue: Dialogue, before: int) -> None:
    people_changed(dialogue, before=before)
    if dialogue.state == State.PLANNED:
        tell(dialogue, "people")


# ---------------------------------------------------------------- the invitation


@dataclass(frozen=True)
class Sent:
    """How many letters left, and how many on the list have no address and get their code on paper."""

    letters: int
    without_address: int


@transaction.atomic
def send_invitations(*, actor: Actor, dialogue_id: int, key: str, again: bool = False, at: datetime) -> Sent:
    """Make the plan ready and write to everyone on the list who has not been written to. A repeated key sends nothing.

    :param again: write to all, also those who have a letter: the time or the place has changed.
    :raises InvalidError: by field, what is missing in the plan.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.plan", lock=True)
    without = Invitation.objects.filter(dialogue=dialogue, email="").count()
    if dialogue.is_rehearsal:
        raise ConflictError(_("En repetition har bara påhittade människor, så ingen bjuds in."))
    make_ready(actor, dialogue, at)
    if not once(key):
        return Sent(0, without)
    to_write = Invitation.objects.filter(dialogue=dialogue).exclude(email="").order_by("pk")
    if not again:
        to_write = to_write.filter(sent_at=None)
    rows = list(to_write)
    if rows and timezone.localdate(dialogue.starts_at) < timezone.localdate(at):
        raise InvalidError(fields={"date": _("Dagen har redan varit. Välj en ny.")})
    prefetch_related_objects([dialogue], "questions", "steps")
    contact = letters.read_contact()
    send_on_commit(*(_outgoing(dialogue, invitation, contact, at) for invitation in rows))
    Invitation.objects.filter(pk__in=[invitation.pk for invitation in rows]).update(sent_at=at)
    record(actor, "dialogue.invited", dialogue, letters=len(rows))
    tell(dialogue, "people")
    return Sent(len(rows), without)


def _outgoing(dialogue: Dialogue, invitation: Invitation, contact: str, at: datetime) -> Letter:
    letter = letters.invitation_letter(dialogue, invitation, at, contact=contact)
    calendar = Attachment("samtal.ics", "text/calendar", letter.calendar)
    return Letter(invitation.email, letter.subject, letter.text, calendar)
