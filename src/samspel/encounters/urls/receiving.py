"""Addresses of those who receive."""

from functools import partial

from samspel.core.routes import route
from samspel.encounters.views import receiving

meet = partial(route, owner="encounters", act="encounter.answer_staff", limit="write")

urlpatterns = [
    meet("units/<int:unit_id>/meet", receiving.meet, name="meet"),
    meet("units/<int:unit_id>/meet/answer", receiving.answer, name="meet_answer"),
    meet("units/<int:unit_id>/meet/tell", receiving.tell, name="meet_tell"),
]
