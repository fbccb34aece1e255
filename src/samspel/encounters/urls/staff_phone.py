"""Addresses of those who receive."""

from functools import partial

from samspel.core.routes import route
from samspel.encounters.views import staff_phone

meet = partial(route, owner="encounters", act="encounter.answer_staff", limit="write")

urlpatterns = [
    meet("units/<int:unit_id>/meet", staff_phone.meet, name="meet"),
    meet("units/<int:unit_id>/meet/answer", staff_phone.answer, name="meet_answer"),
    meet("units/<int:unit_id>/meet/tell", staff_phone.tell, name="meet_tell"),
]
