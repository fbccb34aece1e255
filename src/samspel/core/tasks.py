"""Background entry points of core. Tasks carry ids, never words."""

from datetime import timedelta

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from samspel.core import defaults, mail
from samspel.core.idempotency import OF_A_FILE
from samspel.core.models import AuditEntry, DeviceKey, OutgoingMail


@app.task(name="core.send_mail", retry=RetryStrategy(max_attempts=8, exponential_wait=5))
def send_mail(mail_id: int) -> None:
    mail.deliver(mail_id)


@app.periodic(cron="17 3 * * *")
@app.task(name="core.sweep", pass_context=False)
def sweep(timestamp: int) -> None:
    """Erase what has been kept long enough: device keys and letters that could not be sent after 14 days (a letter is
    tried for a good day), audit entries after the municipality's time."""
    now = timezone.now()
    DeviceKey.objects.filter(at__lt=now - timedelta(days=14)).exclude(key__startswith=OF_A_FILE).delete()
    OutgoingMail.objects.filter(created_at__lt=now - timedelta(days=14)).delete()
    AuditEntry.objects.filter(at__lt=now - timedelta(days=defaults.value("keep.audit_days"))).delete()
