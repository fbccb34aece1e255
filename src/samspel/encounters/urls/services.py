"""Addresses of services' and the city's open figures."""

from functools import partial

from samspel.core.routes import route
from samspel.encounters.views import services

_open = partial(route, owner="encounters", act="figures.open")
_write = partial(route, owner="encounters", act="reason.write", limit="write")

urlpatterns = [
    _open("encounters", services.city, name="city_encounters"),
    _open("encounters/weeks.<str:form>", services.city_table, name="city_table"),
    _open("services", services.service_list, name="services"),
    _open("services/<slug:key>", services.service, name="service"),
    _open("services/<slug:key>/equal", services.equal, name="service_equal"),
    _open("services/<slug:key>/<slug:table>.<str:form>", services.service_table, name="service_table"),
    _write("services/<slug:key>/equal/<slug:dimension>/<str:group>/<slug:way>", services.reason, name="service_reason"),
    _write("services/<slug:key>/reasons/<int:reason_id>/close", services.reason_close, name="reason_close"),
]
