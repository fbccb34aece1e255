"""The Django side of live delivery: tables, publishing, tickets."""

from importlib.util import find_spec

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class LiveConfig(AppConfig):
    name = "samspel.live"
    label = "live"

    def ready(self) -> None:
        if not settings.LIVE_BUS:
            return
        if find_spec("redis") is None:
            raise ImproperlyConfigured("SAMSPEL_LIVE_BUS needs the package redis: pip install 'samspel[redis]'")
        # Loaded now, or the first who publishes would wait for it.
        from samspel.live import redis_bus  # noqa: F401
