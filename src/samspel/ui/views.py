"""Pages that belong to no part: language, accessibility, what is kept, errors."""

import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from samspel.core import defaults
from samspel.core.errors import ConflictError, NotFoundError, TooLargeError, UnavailableError
from samspel.core.middleware import answer


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the chosen language on the device, signed in or not."""
    chosen = request.POST.get("language", "")
    to = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(to, allowed_hosts={request.get_host()}):
        to = "/"
    response = redirect(to)
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=60 * 60 * 24 * 365,
            samesite="Lax",
            secure=settings.HTTPS,
            httponly=True,
        )
    return response


@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/accessibility.html")


@require_GET
def what_is_kept(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/what_is_kept.html", {"least": defaults.value("figures.least_inside")})


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """200 when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    response = answer(
        request, ConflictError(_("Sidan är gammal, så inget är sparat. Gå tillbaka, ladda om och skicka igen."))
    )
    response.status_code = 403
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, NotFoundError("page"))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """More than a form may hold is told as that; what else is wrong with a request may be wrong with our page too."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return answer(request, TooLargeError())
    return HttpResponse("Bad request", status=400, content_type="text/plain")


def server_error(request: HttpRequest) -> HttpResponse:
    """A page that needs nothing: the error may be anywhere. A database that is away is told as that: 503, try again."""
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    error = UnavailableError()
    text = _("Något gick fel hos oss. Gå tillbaka och försök igen om en stund.")
    head = '<!doctype html><html lang="sv"><head><meta charset="utf-8"><title>Samspel</title></head>'
    body = f"{head}<body><h1>{error.message if is_away else text}</h1></body></html>"
    return HttpResponse(body, status=error.status if is_away else 500, headers={"Retry-After": "2"} if is_away else {})
