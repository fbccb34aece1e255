"""The file of links, and how many a point has."""

import csv
import io
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from samspel.core import defaults
from samspel.encounters.actions.invitations import Links
from samspel.encounters.models import Invitation, Point


def links_of(point: Point, at: datetime) -> int:
    """How many links lead somewhere. Never how many were used: of a few, that would say who answered. One query."""
    return Invitation.objects.filter(point=point, expires_at__gt=at).count()


def links_csv(links: Links, at: datetime) -> str:
    """One link a row, until when it leads somewhere, and when whoever gets it may be asked again.

    Who that is nobody here knows: the system that sends keeps the last column beside its own list.
    """
    again = timezone.localdate(at + timedelta(days=defaults.value("encounters.rest_days")))
    until = timezone.localtime(links.expires_at)
    file = io.StringIO()
    rows = csv.writer(file, delimiter=";", lineterminator="\r\n")
    rows.writerow([_("nummer"), _("länk"), _("gäller till"), _("samma person igen tidigast")])
    for number, secret in enumerate(links.secrets, start=1):
        address = f"{settings.SITE_URL}{reverse('invitation', args=[secret])}"
        rows.writerow([number, address, f"{until:%Y-%m-%d %H:%M}", again.isoformat()])
    return "\ufeff" + file.getvalue()
