"""Addresses of encounters, by who uses them."""

from samspel.encounters.urls import answering, plans, points, rounds, signals, unit

urlpatterns = [
    *answering.urlpatterns,
    *points.urlpatterns,
    *plans.urlpatterns,
    *rounds.urlpatterns,
    *signals.urlpatterns,
    *unit.urlpatterns,
]
