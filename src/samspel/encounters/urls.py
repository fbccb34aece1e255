"""Addresses."""

from samspel.core.routes import route
from samspel.encounters import views

urlpatterns = [
    route(
        "units/<int:unit_id>/signals",
        views.note,
        name="note_signal",
        owner="encounters",
        act="signal.note",
        limit="write",
    ),
]
