"""Addresses of points of asking and of what is done at them."""

from functools import partial

from samspel.core.routes import route
from samspel.encounters.views import points

manage = partial(route, owner="encounters", act="point.manage", limit="write")
HERE = "units/<int:unit_id>/encounters/points"

urlpatterns = [
    route(HERE, points.point_list, name="encounter_points", owner="encounters", act="point.read"),
    manage(f"{HERE}/new", points.point_new, name="encounter_point_new"),
    manage(f"{HERE}/<int:point_id>", points.point, name="encounter_point", look="point.read"),
    manage(f"{HERE}/<int:point_id>/open", points.point_open, name="encounter_point_open"),
    manage(f"{HERE}/<int:point_id>/visits", points.point_visits, name="encounter_point_visits"),
    manage(f"{HERE}/<int:point_id>/tablets", points.point_tablets, name="encounter_tablets"),
    manage(f"{HERE}/<int:point_id>/tablets/by-code", points.tablet_by_code, name="encounter_tablet_by_code"),
    manage(f"{HERE}/<int:point_id>/tablets/<int:tablet_id>/close", points.tablet_close, name="encounter_tablet_close"),
    manage(f"{HERE}/<int:point_id>/links", points.point_links, name="encounter_links"),
    route(
        f"{HERE}/<int:point_id>/<str:form>.pdf",
        points.point_sheet,
        name="encounter_point_sheet",
        owner="encounters",
        act="point.read",
        limit="heavy",
    ),
]
