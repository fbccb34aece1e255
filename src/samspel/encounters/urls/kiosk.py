"""Addresses of tablets in receptions."""

from functools import partial

from samspel.core.routes import route
from samspel.encounters.views import kiosk

answer = partial(route, owner="encounters", act="encounter.answer", limit="write")

urlpatterns = [
    answer("k/worker.js", kiosk.kiosk_worker, name="kiosk_worker"),
    answer("k/<str:secret>", kiosk.kiosk, name="kiosk"),
    answer("k/<str:secret>/send", kiosk.kiosk_send, name="kiosk_send"),
]
