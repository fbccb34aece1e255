"""Addresses of giving and getting, all below ``exchange``."""

from samspel.exchange.urls import asked, desk, matches, posting, posts

urlpatterns = [
    *posting.urlpatterns,
    *desk.urlpatterns,
    *posts.urlpatterns,
    *asked.urlpatterns,
    *matches.urlpatterns,
]
