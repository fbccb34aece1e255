"""Addresses."""

from samspel.core.routes import route
from samspel.encounters.views import signals

urlpatterns = [
    route(
        "units/<int:unit_id>/signals",
        signals.note,
        name="note_signal",
        owner="encounters",
        act="signal.note",
        limit="write",
    ),
    route(
        "units/<int:unit_id>/signals/<int:signal_id>/erase",
        signals.erase,
        name="signal_erase",
        owner="encounters",
        act="signal.erase",
        limit="write",
    ),
]
