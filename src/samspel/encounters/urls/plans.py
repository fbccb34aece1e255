"""Addresses of sampling plans."""

from samspel.core.routes import route
from samspel.encounters.views import plans

urlpatterns = [
    route(
        "units/<int:unit_id>/encounters/plans",
        plans.plan_list,
        name="encounter_plans",
        owner="encounters",
        act="point.manage",
        look="point.read",
        limit="write",
    ),
    route(
        "units/<int:unit_id>/encounters/plans/expected",
        plans.plan_expected,
        name="encounter_plan_expected",
        owner="encounters",
        act="point.read",
    ),
]
