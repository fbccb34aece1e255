"""Signals: what was heard in the meetings. Written by hand until encounters themselves are taken in."""

from django.conf import settings
from django.db import models


class Signal(models.Model):
    """Something a unit has heard often enough to talk about, in a resident's or a colleague's words."""

    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, related_name="signals")
    words = models.CharField(max_length=300)
    source = models.CharField(max_length=200, blank=True)
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    key = models.CharField(max_length=64, unique=True)
