"""Addresses of signing in: django-allauth's own, each with owner, act and limit like every other."""

from collections.abc import Iterable
from typing import Final

from allauth import urls as allauth_urls
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver

from samspel.core.errors import NotFoundError
from samspel.core.routes import guarded

# Where one writes in an address of one's own choice. It would be known as one's own when the person whose it is comes
# by the organisation's sign-in, and she would land in the account of whoever wrote it.
_SHUT: Final = frozenset({"account_email", "socialaccount_signup"})


def _shut(request: HttpRequest, *_given: object, **_named: object) -> HttpResponse:
    raise NotFoundError("address")


def _guard(patterns: Iterable[URLPattern | URLResolver]) -> None:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            _guard(pattern.url_patterns)
        elif not hasattr(pattern.callback, "route_info"):
            view = _shut if pattern.name in _SHUT else pattern.callback
            pattern.callback = guarded(view, owner="people", act="site.sign_in", limit="login")


urlpatterns = allauth_urls.urlpatterns
_guard(urlpatterns)
