"""The administrator's pages of encounters: services, factors, areas, languages, and tablets that are silent."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import InvalidError
from samspel.core.forms import number_in
from samspel.encounters import texts
from samspel.encounters.actions import setup as actions
from samspel.encounters.models import Area, Factor, PointText, Service
from samspel.encounters.points import silent_tablets
from samspel.encounters.tap_page import line_hint
from samspel.people.access import require


@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: Request) -> HttpResponse:
    require(request.actor, "encounters.setup")
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            _do(request)
        except InvalidError as error:
            fields = error.fields or {"do": error.message}
        else:
            messages.success(request, _("Sparat."))
            return redirect("encounters_setup")
    return render(
        request,
        "encounters/setup.html",
        {
            "services": Service.objects.order_by("name"),
            "factors": Factor.objects.select_related("service").order_by("position", "pk"),
            "areas": Area.objects.order_by("position", "name"),
            "languages": settings.LANGUAGES,
            "added": [
                (row, not texts.missing_texts(row.texts), len(texts.new_texts(row.texts)))
                for row in PointText.objects.order_by("language")
            ],
            "silent": silent_tablets(timezone.now()),
            "fields": fields,
            "do": request.POST.get("do", ""),
            "typed": request.POST,
            "section": "administration",
        },
        status=422 if fields else 200,
    )


def _do(request: Request) -> None:
    """The one act that the form names."""
    actor, at = request.actor, timezone.now()
    name, is_closed = request.POST.get("name", ""), request.POST.get("closed") == "on"
    number, service = number_in(request, "id"), number_in(request, "service")
    names = {code: request.POST.get(code, "") for code, _name in settings.LANGUAGES}
    acts: dict[str, Callable[[], Any]] = {
        "add-service": lambda: actions.add_service(actor=actor, name=name),
        "service": lambda: actions.change_service(
            actor=actor, service_id=number, name=name, is_closed=is_closed, at=at
        ),
        "add-factor": lambda: actions.add_factor(actor=actor, names=names, service_id=service),
        "factor": lambda: actions.change_factor(actor=actor, factor_id=number, names=names, is_closed=is_closed, at=at),
        "add-area": lambda: actions.add_area(actor=actor, name=name),
        "area": lambda: actions.rename_area(actor=actor, area_id=number, name=name),
    }
    wanted = acts.get(request.POST.get("do", ""))
    if wanted is None:
        raise InvalidError
    wanted()


@require_http_methods(["GET", "HEAD", "POST"])
def setup_texts(request: Request, language: str) -> HttpResponse:
    """The tap page's words in a language, beside the Swedish ones."""
    require(request.actor, "encounters.setup")
    fields: dict[str, str] = {}
    row = PointText.objects.filter(language=language).first()
    typed = {name: request.POST.get(name, "") for name in (texts.LANGUAGE_NAME, *texts.NAMES)}
    if request.method == "POST":
        try:
            row = actions.write_texts(actor=request.actor, language=language, texts=typed, at=timezone.now())
        except InvalidError as error:
            fields = error.fields
        else:
            is_whole = not texts.missing_texts(row.texts)
            shown = _("Sparat. Språket finns nu på sidan.") if is_whole else _("Sparat. Det syns när alla rader finns.")
            messages.success(request, shown)
            return redirect("encounters_texts", language)
    known = typed if fields else row.texts if row else {}
    in_swedish = texts.own_language("sv")
    swedish = {**in_swedish.texts, "line_hint": line_hint(in_swedish)}
    return render(
        request,
        "encounters/setup_texts.html",
        {
            "language": language,
            "language_name": known.get(texts.LANGUAGE_NAME, ""),
            "tap": [(name, swedish[name], known.get(name, "")) for name in texts.TAP],
            "more": [(name, swedish[name], known.get(name, "")) for name in texts.MORE],
            "missing": len(texts.missing_texts(known)),
            "new": len(texts.new_texts(known)),
            "fields": fields,
            "section": "administration",
        },
        status=422 if fields else 200,
    )


@require_http_methods(["POST"])
def setup_language(request: Request) -> HttpResponse:
    """Begin with a language: its code leads to its texts."""
    require(request.actor, "encounters.setup")
    code = request.POST.get("language", "").strip().lower()
    if not actions.LANGUAGE.match(code) or code in dict(settings.LANGUAGES):
        messages.error(request, _("Skriv språkets kod med två eller tre bokstäver, som ar eller so."))
        return redirect("encounters_setup")
    return redirect("encounters_texts", code)
