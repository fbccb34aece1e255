"""What a link in an SMS or a letter leads to: the tap page, once or for as long as the link holds."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from samspel.core.errors import ConflictError
from samspel.core.middleware import wants_json
from samspel.encounters import texts
from samspel.encounters.access import get_invitation
from samspel.encounters.actions.answering import Press, Pressed, press_level, pressed_before
from samspel.encounters.actions.invitations import use_once
from samspel.encounters.models import Invitation
from samspel.encounters.queries import asking_now
from samspel.encounters.tap_page import (
    Device,
    device_at,
    level_sent,
    levels_in,
    page,
    page_language,
    require_own_page,
    seconds_left,
)


@csrf_exempt  # no cookie goes with it before a press; require_own_page refuses other sites' pages
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Three queries to look."""
    at = now()
    link = get_invitation(secret)
    point = link.point
    asking = asking_now(point, at)
    offered = texts.languages_offered()
    language = page_language(request, point, offered)
    device = device_at(request, point, at)
    earlier = None if device.is_new else pressed_before(device.key)
    is_used = link.is_single_use and link.is_used and earlier is None
    if is_used or link.expires_at <= at or not asking.is_asking:
        if wants_json(request):
            raise ConflictError(language.texts["not_asking"])
        return page(
            request,
            "link_over",
            language,
            point,
            is_used=is_used,
            is_over=link.expires_at <= at,
            told=asking.told,
            languages=offered,
        )
    if request.method == "POST":
        require_own_page(request)
        earlier = _press(request, link, device)
        if earlier is None:
            return page(request, "link_over", language, point, is_used=True, languages=offered)
    left = seconds_left(earlier, at)
    if request.method == "POST" and earlier is not None and wants_json(request):
        response: HttpResponse = JsonResponse({"level": earlier.level, "changes_s": left})
    else:
        response = page(
            request,
            "tap",
            language,
            point,
            link=secret,
            languages=offered,
            levels=levels_in(language),
            press=device.press,
            token="",
            pressed=earlier.level if earlier else None,
            locked=earlier is not None and not left,
            state="ask" if earlier is None else "saved" if left else "already",
            changes_s=left,
        )
    if earlier is not None:
        device.remember(response, f"/l/{secret}")
    return response


@transaction.atomic
def _press(request: HttpRequest, link: Invitation, device: Device) -> Pressed | None:
    """The press, with the link used up in the same moment; None when the link took somebody's answer just before."""
    level = level_sent(request)
    if link.is_single_use and not use_once(link) and pressed_before(device.key) is None:
        return None
    return press_level(Press(link.point, level, device.key), at=now())
