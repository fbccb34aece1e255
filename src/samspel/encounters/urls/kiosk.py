"""Addresses of tablets in receptions."""

from functools import partial

from samspel.core.routes import route
from samspel.encounters.views import kiosk

answer = partial(route, owner="encounters", act="encounter.answer", limit="write")

urlpatterns = [
    route("k", kiosk.waiting, name="kiosk_waiting", owner="encounters", act="tablet.wait"),
    route("k/code", kiosk.show_code, name="kiosk_code", owner="encounters", act="tablet.wait", limit="tablet-code"),
    answer("k/worker.js", kiosk.kiosk_worker, name="kiosk_worker"),
    answer("k/<str:secret>", kiosk.kiosk, name="kiosk"),
    answer("k/<str:secret>/send", kiosk.kiosk_send, name="kiosk_send"),
]
