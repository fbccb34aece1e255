"""Addresses of encounters, by who uses them."""

from samspel.encounters.urls import plans, points, rounds, signals, unit

urlpatterns = [
    *points.urlpatterns,
    *plans.urlpatterns,
    *rounds.urlpatterns,
    *signals.urlpatterns,
    *unit.urlpatterns,
]
