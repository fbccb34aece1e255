"""Reminders of the 72-hour template: to those who have not yet written, each once."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from samspel.core.actor import SYSTEM
from samspel.core.audit import record
from samspel.core.mail import Letter, send_on_commit
from samspel.dialogues.models import Dialogue, Invitation, Note, Reminder, State


def send_reminders(*, at: datetime) -> int:
    """Send what is due in every unattended dialogue; run twice, each letter leaves once. Gives how many letters."""
    going_on = Dialogue.objects.filter(template__is_unattended=True, state=State.RUNNING, is_rehearsal=False)
    sent = 0
    for dialogue in going_on.select_related("template"):
        for after_min in dialogue.template.reminders:
            if dialogue.opened_at is not None and dialogue.opened_at + timedelta(minutes=after_min) <= at:
                sent += _send(dialogue, after_min, at)
    return sent


def _send(dialogue: Dialogue, after_min: int, at: datetime) -> int:
    try:
        with transaction.atomic():
            reminder = Reminder.objects.create(dialogue=dialogue, after_min=after_min, sent_at=at)
            written = Note.objects.filter(dialogue=dialogue, seat__isnull=False).values("seat_id")  # none on paper
            silent = list(
                Invitation.objects.filter(dialogue=dialogue).exclude(email="").exclude(seat__in=written).order_by("pk")
            )
            for invitation in silent:
                _letter(dialogue, invitation)
            record(SYSTEM, "dialogue.reminded", reminder, letters=len(silent))
            return len(silent)
    except IntegrityError:
        return 0  # another worker sent it


def _letter(dialogue: Dialogue, invitation: Invitation) -> None:
    with translation.override(dialogue.language):
        question = dialogue.questions.first()
        address = f"{settings.SITE_URL}/m/{dialogue.code}/?plats={invitation.seat_code}"
        text = _(
            "Hej {name}!\n\nDet finns tid kvar att tänka själv om frågan:\n\n{question}\n\n"
            "Skriv på din telefon när det passar dig, ett par minuter räcker:\n{address}\n\n"
            "Det du skriver ser bara du, tills du väljer att dela det.\n"
        ).format(name=invitation.name, question=question.text if question else dialogue.title, address=address)
        send_on_commit(Letter(invitation.email, _("Du hinner: {title}").format(title=dialogue.title), text))
