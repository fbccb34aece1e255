"""Addresses of encounters, by who uses them."""

from samspel.encounters.urls import (
    answering,
    invitation,
    kiosk,
    plans,
    points,
    rounds,
    services,
    setup,
    signals,
    staff_phone,
    unit,
)

urlpatterns = [
    *answering.urlpatterns,
    *staff_phone.urlpatterns,
    *invitation.urlpatterns,
    *kiosk.urlpatterns,
    *points.urlpatterns,
    *plans.urlpatterns,
    *rounds.urlpatterns,
    *services.urlpatterns,
    *setup.urlpatterns,
    *signals.urlpatterns,
    *unit.urlpatterns,
]
