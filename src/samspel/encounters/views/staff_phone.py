"""The staff member's phone: a new meeting, its code for the one she meets, and her own three levels."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST

from samspel.core.actor import Request
from samspel.core.numbers import number_of
from samspel.encounters import texts
from samspel.encounters.actions import staff_phone
from samspel.encounters.actions.answering import Pressed, pressed_before
from samspel.encounters.models import Channel, Point
from samspel.encounters.points import open_services
from samspel.encounters.queries import asking_now
from samspel.encounters.tap_page import level_sent, levels_in, seconds_left
from samspel.encounters.telling import factors_offered, save_told, told_before
from samspel.people.access import get_unit

COOKIE: Final = "meet"
REMEMBERED_S: Final = 60 * 60 * 24 * 180


@dataclass(frozen=True)
class Chosen:
    """What her meetings are about, as this device remembers it."""

    service_id: int | None = None
    channel: str = ""


@require_http_methods(["GET", "POST"])
def meet(request: Request, unit_id: int) -> HttpResponse:
    """Choose once what one's meetings are about; each new meeting then is one press."""
    if request.method == "GET":
        unit = get_unit(request.actor, unit_id, staff_phone.ACT)
        point = staff_phone.staff_point(unit.pk) or Point(unit=unit)
        is_asking = asking_now(point, now()).is_asking
        return _page(request, point, Chosen(*_remembered(request)), is_asking=is_asking)
    chosen = Chosen(_whole(request.POST.get("service", "")), request.POST.get("channel", ""))
    meeting = staff_phone.begin_meeting(
        actor=request.actor, unit_id=unit_id, service_id=chosen.service_id, channel=chosen.channel, at=now()
    )
    response = _page(request, meeting.point, chosen, meeting=meeting)
    response.set_cookie(
        COOKIE,
        f"{chosen.service_id or 0}.{chosen.channel}",
        max_age=REMEMBERED_S,
        path=reverse("meet", args=[unit_id]),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_POST
def answer(request: Request, unit_id: int) -> HttpResponse:
    """Her level: saved at once, changeable for ten seconds, sealed with the other side's."""
    at = now()
    meeting = _meeting(request, unit_id)
    pressed = staff_phone.answer_as_staff(meeting, level_sent(request), at=at)
    return _page(request, meeting.point, _chosen_of(meeting), meeting=meeting, pressed=pressed)


@require_POST
def tell(request: Request, unit_id: int) -> HttpResponse:
    """What helped and what was in the way, as she saw it; whether they really met."""
    at = now()
    meeting = _meeting(request, unit_id)
    told = told_before(meeting.staff_key, at)
    if told is not None:
        save_told(request.POST, told, meeting.staff_key, None, at=at)
    pressed = pressed_before(meeting.staff_key)
    chosen = _chosen_of(meeting)
    return _page(request, meeting.point, chosen, meeting=meeting, pressed=pressed, is_told=told is not None)


def _meeting(request: Request, unit_id: int) -> staff_phone.Meeting:
    token = request.POST.get("m", "")
    return staff_phone.meeting_of(actor=request.actor, unit_id=unit_id, token=token, at=now())


def _chosen_of(meeting: staff_phone.Meeting) -> Chosen:
    return Chosen(meeting.token.service_id, meeting.token.channel)


def _page(
    request: HttpRequest,
    point: Point,
    chosen: Chosen,
    *,
    meeting: staff_phone.Meeting | None = None,
    pressed: Pressed | None = None,
    is_asking: bool = True,
    is_told: bool = False,
) -> HttpResponse:
    at, language = now(), get_language() or "sv"
    token = meeting.token.text if meeting else ""
    left = seconds_left(pressed, at)
    context = {
        "unit": point.unit,
        "section": "unit",
        "is_asking": is_asking,
        "services": open_services(),
        "channels": Channel.choices,
        "chosen": chosen,
        "token": token,
        "code_address": f"{reverse('tap', args=[point.code])}?{urlencode({'m': token})}" if token else "",
        "levels": levels_in(texts.own_language(language)),
        "pressed": pressed.level if pressed else None,
        "locked": pressed is not None and not left,
        "changes_s": left,
        "told": told_before(pressed.key, at) if pressed else None,
        "is_told": is_told,
        "factors": factors_offered(chosen.service_id, language) if pressed else [],
    }
    return render(request, "encounters/meet.html", context)


def _remembered(request: HttpRequest) -> tuple[int | None, str]:
    service, _dot, channel = request.COOKIES.get(COOKIE, "").partition(".")
    return _whole(service), channel if channel in Channel.values else ""


def _whole(text: str) -> int | None:
    return number_of(text, 9) or None
