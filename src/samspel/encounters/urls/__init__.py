"""Addresses of encounters, by who uses them."""

from samspel.encounters.urls import signals

urlpatterns = [*signals.urlpatterns]
