"""Letters that wait to be sent."""

from datetime import timedelta

import pytest
from django.utils import timezone

from samspel.core.mail import Letter, send_on_commit
from samspel.core.models import OutgoingMail
from samspel.core.tasks import sweep

pytestmark = pytest.mark.django_db


def test_a_letter_that_could_not_be_sent_is_kept_two_weeks() -> None:
    send_on_commit(*(Letter(f"{name}@lindvik.example", "Din plats", "Hej!") for name in ("old", "new")))
    OutgoingMail.objects.filter(to="old@lindvik.example").update(created_at=timezone.now() - timedelta(days=15))
    OutgoingMail.objects.filter(to="new@lindvik.example").update(created_at=timezone.now() - timedelta(days=13))

    sweep(0)

    assert list(OutgoingMail.objects.values_list("to", flat=True)) == ["new@lindvik.example"]
