"""Addresses of encounters, by who uses them."""

from samspel.encounters.urls import (
    answering,
    invitation,
    kiosk,
    plans,
    points,
    receiving,
    rounds,
    services,
    setup,
    signals,
    unit,
)

urlpatterns = [
    *answering.urlpatterns,
    *receiving.urlpatterns,
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
