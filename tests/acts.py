"""Holds every answer that a test gets against the permission row of its address, so that the two cannot drift apart."""

from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from samspel.core.permissions import Permission, permission

ASKED: ContextVar[set[str]] = ContextVar("the acts asked for while a request is answered")


def noticing(act: str) -> Permission:
    """``core.permissions.permission``, through which every question goes, noting which act was asked for."""
    ASKED.get(set()).add(act)
    return permission(act)


class ActsMiddleware:
    """Innermost: an answer that is no refusal has asked for the act that its address says.

    What is open to every visitor, or to everyone who is signed in, has nothing more to ask than ``guarded`` did.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked: set[str] = set()
        before = ASKED.set(asked)
        try:
            response = self.get_response(request)
        finally:
            ASKED.reset(before)
        info = getattr(getattr(request.resolver_match, "func", None), "route_info", None)
        sends_to_sign_in = response.headers.get("Location", "").startswith(resolve_url(settings.LOGIN_URL))
        if info is None or response.status_code >= 400 or sends_to_sign_in:
            return response
        act = info.look if request.method in {"GET", "HEAD"} else info.act
        if permission(act).roles.isdisjoint({"visitor", "person"}) and act not in asked:
            raise AssertionError(
                f"{request.method} /{request.resolver_match.route} says {act} and asked for {sorted(asked)}"
            )
        return response
