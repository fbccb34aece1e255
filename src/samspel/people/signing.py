"""Addresses of signing in: django-allauth's own, each with owner, act and limit like every other."""

from collections.abc import Iterable

from allauth import urls as allauth_urls
from django.urls import URLPattern, URLResolver

from samspel.core.routes import guarded


def _guard(patterns: Iterable[URLPattern | URLResolver]) -> None:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            _guard(pattern.url_patterns)
        elif not hasattr(pattern.callback, "route_info"):
            pattern.callback = guarded(pattern.callback, owner="people", act="site.sign_in", limit="login")


urlpatterns = allauth_urls.urlpatterns
_guard(urlpatterns)
