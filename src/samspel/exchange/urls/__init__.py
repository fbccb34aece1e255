"""Addresses of giving and getting, all below ``exchange``."""

from samspel.exchange.urls import desk

urlpatterns = [*desk.urlpatterns]
