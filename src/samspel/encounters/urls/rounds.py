"""Addresses of rounds and of what is told of them."""

from samspel.core.routes import route
from samspel.encounters.views import rounds

urlpatterns = [
    route(
        "units/<int:unit_id>/encounters/round",
        rounds.round_page,
        name="encounter_round",
        owner="encounters",
        act="round.manage",
        limit="write",
    ),
    route(
        "said-and-done/<int:unit_id>",
        rounds.said_and_done,
        name="said_and_done",
        owner="encounters",
        act="round.read",
    ),
]
