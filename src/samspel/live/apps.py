"""The Django side of live delivery: tables, publishing, tickets."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "samspel.live"
    label = "live"
