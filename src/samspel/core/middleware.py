"""Who asks, in which language, and what an error looks like."""

import json
import logging
from collections.abc import Callable
from urllib.parse import urlencode

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation

from samspel.core.actor import VISITOR, Actor
from samspel.core.addresses import came_from
from samspel.core.errors import (
    InvalidError,
    MethodError,
    NotFoundError,
    SamspelError,
    SignInError,
    TooManyError,
    UnavailableError,
)

Next = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("samspel")


class PolicyMiddleware:
    """What a page may load and do, as the settings say it: the same for every page, and so put together once."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self._policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Django's own pages of what went wrong have their styles within them.
        if not (settings.DEBUG and response.status_code in {404, 500}):
            response.headers.setdefault(HEADER, self._policy)
        return response


class CachingMiddleware:
    """No cache keeps a page, unless its view says otherwise: most have words, codes or contacts that are somebody's."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class LanguageMiddleware:
    """The language a person chose (cookie), else what the browser asks for, else Swedish."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen not in dict(settings.LANGUAGES):
            chosen = translation.get_language_from_request(request)
        translation.activate(chosen)
        request.LANGUAGE_CODE = translation.get_language()
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", str(translation.get_language()))
        return response


class ActorMiddleware:
    """Sets ``request.actor`` for a signed-in person or a visitor; a seat is found by the dialogue it sits in."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = _actor(request)  # type: ignore[attr-defined]
        return self.get_response(request)


def _actor(request: HttpRequest) -> Actor:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return VISITOR  # no look-up for the 400 phones that never sign in
    user = request.user
    if not user.is_authenticated:
        return VISITOR
    assert isinstance(user, get_user_model())
    return Actor("person", person_id=user.pk, name=user.name, is_administrator=user.is_administrator)


class ErrorMiddleware:
    """Turns the error family into a page or problem+json, and a lost database into «try again»."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and request.method == "GET" and not wants_json(request):
            allowed = response.headers.get("Allow", "")
            request.leads_nowhere = True  # type: ignore[attr-defined]
            response = answer(request, MethodError())
            response.headers["Allow"] = allowed
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            log.error("database away: %s", type(exception).__name__)
            exception = UnavailableError()
        # A NUL or half a letter in a text, a number beyond its column.
        if isinstance(exception, DataError | UnicodeEncodeError):
            log.warning("sent to %s: what the database cannot hold", getattr(request.resolver_match, "view_name", "?"))
            exception = NotFoundError("address") if request.method in {"GET", "HEAD"} else InvalidError()
        if not isinstance(exception, SamspelError):
            return None
        return answer(request, exception)


def wants_json(request: HttpRequest) -> bool:
    """Whether the caller is a program rather than a page."""
    if request.path.startswith("/api/"):
        return True
    return "json" in request.headers.get("Accept", "").split(",")[0]


def answer(request: HttpRequest, error: SamspelError) -> HttpResponse:
    """The error as the caller can read it."""
    response: HttpResponse
    if wants_json(request):
        body = json.dumps(error.problem(), ensure_ascii=False)
        response = HttpResponse(body, status=error.status, content_type="application/problem+json")
    elif isinstance(error, SignInError) and request.method in {"GET", "HEAD"}:
        return redirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}")
    else:
        context = {"error": error, "came_from": came_from(request) if request.method == "POST" else ""}
        response = render(request, "ui/error.html", context, status=error.status)
    if isinstance(error, TooManyError):
        response.headers["Retry-After"] = str(error.wait_s)
    if isinstance(error, UnavailableError):
        response.headers["Retry-After"] = "2"
    return response
