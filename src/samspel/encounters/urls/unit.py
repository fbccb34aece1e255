"""Addresses of a unit's own page, and of the stories that it shows."""

from functools import partial

from samspel.core.routes import route
from samspel.encounters.views import reviewing_stories, unit

_route = partial(route, owner="encounters", act="figures.unit")

urlpatterns = [
    route("encounters/ours", unit.ours, name="our_encounters", owner="encounters", act="home.read"),
    _route("units/<int:unit_id>/encounters", unit.picture, name="unit_encounters"),
    _route("units/<int:unit_id>/encounters/weeks.csv", unit.weeks_csv, name="unit_weeks_csv"),
    _route("units/<int:unit_id>/encounters/factors.csv", unit.factors_csv, name="unit_factors_csv"),
    route(
        "units/<int:unit_id>/encounters/stories",
        reviewing_stories.review,
        name="unit_stories",
        owner="encounters",
        act="story.publish",
        limit="write",
    ),
]
