"""The tap page and what can be told after a press: no account, no cookie before the press, no script needed."""

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from samspel.core.errors import ConflictError
from samspel.core.languages import spoken_choices
from samspel.core.middleware import wants_json
from samspel.encounters import texts
from samspel.encounters.access import get_point_by_code, get_point_to_tap
from samspel.encounters.actions.answering import Press, Pressed, press_level, pressed_before
from samspel.encounters.models import Area
from samspel.encounters.queries import asking_now
from samspel.encounters.screening import Found
from samspel.encounters.tap_page import (
    Device,
    device_at,
    level_sent,
    levels_in,
    line_hint,
    more_language,
    page,
    page_language,
    require_own_page,
    seconds_left,
)
from samspel.encounters.telling import ages_in, factors_offered, found_in, save_told, told_before


@csrf_exempt
@require_http_methods(["GET", "POST"])
def tap(request: HttpRequest, code: str) -> HttpResponse:
    """Three levels, ready to be pressed; one press saves at once. Three queries to look."""
    if request.method == "GET" and code != _tidied(code):
        return typed(request, code)
    at = now()
    point = get_point_to_tap(code)
    asking = asking_now(point, at)
    offered = texts.languages_offered()
    language = page_language(request, point, offered)
    if not asking.is_asking:
        if wants_json(request):
            raise ConflictError(language.texts["not_asking"])
        return page(request, "tap_not_asking", language, point, languages=offered, told=asking.told)
    device = device_at(request, point, at)
    if request.method == "GET":
        pressed = None if device.is_new else pressed_before(device.key)
        return _tap_page(request, language, offered, device, pressed, seconds_left(pressed, at))
    require_own_page(request)
    pressed = press_level(Press(point, level_sent(request), device.key, token=device.token), at=at)
    left = seconds_left(pressed, at)
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse({"level": pressed.level, "changes_s": left})
    else:
        response = _tap_page(request, language, offered, device, pressed, left)
    device.remember(response, f"/s/{point.code}")
    return response


@require_GET
def typed(request: HttpRequest, code: str) -> HttpResponse:
    """A code as somebody may type it, with large letters or a / after it: led on to its own address."""
    address, asked = reverse("tap", args=[_tidied(code)]), request.META.get("QUERY_STRING", "")
    return redirect(f"{address}?{asked}" if asked else address)


def _tidied(code: str) -> str:
    return code.strip().lower() or code


def _tap_page(
    request: HttpRequest,
    language: texts.Language,
    offered: list[texts.Language],
    device: Device,
    pressed: Pressed | None,
    changes_s: int,
) -> HttpResponse:
    state = "ask" if pressed is None else "saved" if changes_s else "already"
    return page(
        request,
        "tap",
        language,
        device.point,
        languages=offered,
        levels=levels_in(language),
        press=device.press,
        token=device.token.text if device.token else "",
        pressed=pressed.level if pressed else None,
        locked=pressed is not None and not changes_s,
        state=state,
        changes_s=changes_s,
    )


# ---------------------------------------------------------------- tell more


@csrf_exempt
@require_http_methods(["GET", "POST"])
def more(request: HttpRequest, code: str) -> HttpResponse:
    """What helped, what was in the way, a line, one's groups: all by choice, saved as it is filled in.

    Opened with a POST that carries the press, so that it works where cookies are off and nothing of it stands in an
    address. Six queries to look.
    """
    at = now()
    point = get_point_by_code(code)
    language = more_language(request, point)
    device = device_at(request, point, at)
    if device.is_new:
        return redirect("tap", code)
    if request.method == "POST":
        require_own_page(request)
    told = told_before(device.key, at)
    if told is None:
        return page(request, "more_too_late", language, point)
    line, found = told.text, list[Found]()
    if "send" in request.POST:
        told, line, found = save_told(request.POST, told, device.key, point, at=at)
    if wants_json(request):
        return JsonResponse({"found": [asdict(each) for each in found_in(language, found)]})
    return page(
        request,
        "more",
        language,
        point,
        press=device.press,
        token=device.token.text if device.token else "",
        told=told,
        line=line,
        line_hint=line_hint(language),
        found=found_in(language, found),
        is_told="send" in request.POST and not found,
        factors=factors_offered(told.service_id, language.code),
        areas=list(Area.objects.order_by("position", "name")),
        ages=ages_in(language.code),
        spoken=spoken_choices(),
    )
