"""Addresses of giving and getting, all below ``exchange``."""

from samspel.exchange.urls import desk, posting, posts

urlpatterns = [*posting.urlpatterns, *desk.urlpatterns, *posts.urlpatterns]
