"""Addresses of giving and getting, all below ``exchange``."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
