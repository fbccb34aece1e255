"""Letters leave after the commit, by the worker, and are tried again."""

from dataclasses import dataclass

from django.core.mail import EmailMessage
from django.db import transaction

from samspel.core.models import OutgoingMail


@dataclass(frozen=True)
class Attachment:
    name: str
    content_type: str
    content: bytes


def send_on_commit(*, to: str, subject: str, text: str, attachment: Attachment | None = None) -> None:
    """Queue a letter in the caller's transaction; the queue holds the row's number, not its words."""
    from samspel.core.tasks import send_mail

    with transaction.atomic():
        row = OutgoingMail.objects.create(
            to=to,
            subject=" ".join(subject.split())[:200],
            text=text,
            attachment_name=attachment.name if attachment else "",
            attachment_type=attachment.content_type if attachment else "",
            attachment=attachment.content if attachment else b"",
        )
        send_mail.defer(mail_id=row.pk)


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
