"""A tablet's page in a reception, and what the tablet sends."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspel.core.errors import InvalidError
from samspel.core.forms import sent
from samspel.core.idempotency import KEY, checked_key
from samspel.encounters import texts
from samspel.encounters.access import find_waiting_tablet, get_tablet, is_tablet
from samspel.encounters.actions import tablets
from samspel.encounters.actions.tablets import MOST_AT_ONCE, KeptPress, hear
from samspel.encounters.queries import asking_now
from samspel.encounters.tap_page import levels_in, page

WORKER: Final = Path(settings.PACKAGE) / "ui/static/samspel/build/js/kiosk_worker.js"
RESET_S: Final = 4
# A waiting tablet's cookie; it holds longer than a code, so that an old code is told from none.
WAITS: Final = "waits"
WAITS_S: Final = 3600


@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """What a tablet opens to be set up: a code, until somebody has typed it; then the tablet's own page.

    The page asks again with ``?waits``, and is given something new when there is something new.
    """
    secret = request.COOKIES.get(WAITS, "")
    if secret and is_tablet(secret):
        there = reverse("kiosk", args=[secret])
        response = HttpResponse(headers={"HX-Redirect": there}) if "waits" in request.GET else redirect(there)
        response.delete_cookie(WAITS, path=reverse("kiosk_waiting"))
        return response
    found = find_waiting_tablet(secret, now()) if secret else None
    if found is not None and "waits" in request.GET:
        return HttpResponse(status=204)
    return _private(render(request, "encounters/kiosk_waiting.html", {"waiting": found, "was_shown": bool(secret)}))


@require_POST
def show_code(request: HttpRequest) -> HttpResponse:
    """A new code, which the one before gives way to."""
    before = request.COOKIES.get(WAITS, "")
    secret = tablets.show_code(before=before, key=request.POST.get("key", ""), at=now())
    response = redirect("kiosk_waiting")
    if secret is not None:
        response.set_cookie(
            WAITS,
            secret,
            max_age=WAITS_S,
            path=reverse("kiosk_waiting"),
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


def _private(response: HttpResponse) -> HttpResponse:
    return response


@csrf_exempt  # the address is the tablet's secret; there is no cookie that another site could use
@require_http_methods(["GET", "HEAD", "POST"])
def kiosk(request: HttpRequest, secret: str) -> HttpResponse:
    """Three levels for everybody who passes; a POST is a press without JavaScript."""
    at = now()
    tablet = get_tablet(secret)
    offered = texts.languages_offered()
    language = texts.pick_language(
        offered,
        asked=sent(request, "lang"),
        of_point=tablet.point.language,
        chosen="",
        accepted=request.headers.get("Accept-Language", ""),
    )
    context: dict[str, Any] = {
        "secret": secret,
        "levels": levels_in(language),
        "languages": offered,
        "all_texts": {each.code: {"direction": each.direction, **each.texts} for each in offered},
        "reset_s": RESET_S,
        "version": settings.STATIC_VERSION,
        "is_https": settings.HTTPS,
    }
    asking = asking_now(tablet.point, at)
    if tablet.closed_at is not None or not asking.is_asking or asking.round is None:
        return page(request, "kiosk_rests", language, tablet.point, told=asking.told, tablet=tablet, **context)
    if request.method != "POST":
        closes_at = min(filter(None, (asking.round.closes_at, asking.round.closed_at)))
        return page(request, "kiosk", language, tablet.point, closes_ms=round(closes_at.timestamp() * 1000), **context)
    level = request.POST.get("level", "")
    if level not in {"1", "2", "3"}:
        raise InvalidError
    press = KeptPress(checked_key(request.POST.get("key", "")), int(level), at)
    hear(tablet, [press], waiting=0, clock=at, at=at)
    return page(request, "kiosk", language, tablet.point, pressed=int(level), **context)


@csrf_exempt
@require_POST
def kiosk_send(request: HttpRequest, secret: str) -> HttpResponse:
    """Presses that the tablet kept, with its clock and how many still wait; an empty list is a sign of life."""
    at = now()
    tablet = get_tablet(secret)
    clock, waiting, presses = _sent(request)
    done = hear(tablet, presses, waiting=waiting, clock=clock, at=at)
    is_asking = tablet.closed_at is None and asking_now(tablet.point, at).is_asking
    return JsonResponse({"done": sorted(done), "asking": is_asking})


def _sent(request: HttpRequest) -> tuple[datetime, int, list[KeptPress]]:
    """:raises InvalidError: it is not what our page sends."""
    try:
        sent = json.loads(request.body)
        presses = [KeptPress(_key(row["key"]), int(row["level"]), _moment(row["at"])) for row in sent["presses"]]
        clock, waiting = _moment(sent["clock"]), int(sent["waiting"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidError from error
    if len(presses) > MOST_AT_ONCE:
        raise InvalidError
    return clock, waiting, presses


def _key(text: Any) -> str:
    if not isinstance(text, str) or not re.fullmatch(KEY, text):
        raise ValueError
    return text


def _moment(milliseconds: Any) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(milliseconds))


@require_GET
def kiosk_worker(request: HttpRequest) -> HttpResponse:
    """What lets a tablet open its page without a network. It lies here and not among the static files, because it may
    only serve addresses below its own."""
    response = HttpResponse(WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response
