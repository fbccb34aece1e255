"""The address that stands in an SMS or a letter."""

from samspel.core.routes import route
from samspel.encounters.views import invitation

urlpatterns = [
    route(
        "l/<str:secret>",
        invitation.invitation,
        name="invitation",
        owner="encounters",
        act="encounter.answer",
        limit="write",
    ),
]
