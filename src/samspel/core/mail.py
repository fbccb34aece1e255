"""Letters leave after the commit, by the worker, and are tried again."""

from dataclasses import dataclass

from django.core.mail import EmailMessage
from django.db import transaction
from procrastinate.types import JSONDict

from samspel.core.models import OutgoingMail


@dataclass(frozen=True)
class Attachment:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    text: str
    attachment: Attachment | None = None


def send_on_commit(*letters: Letter) -> None:
    """Queue letters in the caller's transaction, in a few statements; the queue holds the rows' numbers, no words."""
    from samspel.core.tasks import send_mail

    if not letters:
        return
    with transaction.atomic():
        rows = OutgoingMail.objects.bulk_create(_row(letter) for letter in letters)
        tasks: list[JSONDict] = [{"mail_id": row.pk} for row in rows]
        send_mail.batch_defer(*tasks)


def _row(letter: Letter) -> OutgoingMail:
    attachment = letter.attachment or Attachment("", "", b"")
    return OutgoingMail(
        to=letter.to,
        subject=" ".join(letter.subject.split())[:200],
        text=letter.text,
        attachment_name=attachment.name,
        attachment_type=attachment.content_type,
        attachment=attachment.content,
    )


def deliver(mail_id: int) -> bool:
    """Send a queued letter and erase it; False when it was sent before."""
    with transaction.atomic():
        row = OutgoingMail.objects.select_for_update().filter(pk=mail_id).first()
        if row is None:
            return False
        letter = EmailMessage(subject=row.subject, body=row.text, to=[row.to])
        if row.attachment_name:
            letter.attach(row.attachment_name, bytes(row.attachment), row.attachment_type)
        letter.send()
        row.delete()
    return True
