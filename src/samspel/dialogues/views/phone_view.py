"""What a phone shows now: each part of the dialogue gives a ``PhoneView``, and views/phone.py renders it.

A template of a part extends ``phone_base`` (a variable: the whole page, or only what changes in it) and fills the
blocks ``main`` (one ``<main class="body" id="innehall">``) and ``actions`` (a ``<footer class="sam-actions">``, or
nothing). Its context holds beside its own: ``here``, ``dialogue``, ``seat``, ``table``, ``phase``, ``question`` (text),
``asked`` (it in both languages), ``clock``, ``code``, ``view``, and ``for_number`` when one helps somebody without a
phone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import get_language

from samspel.core.actor import Request
from samspel.core.forms import number_in
from samspel.core.languages import direction
from samspel.core.prepared import Prepared
from samspel.dialogues.access import Here, get_here
from samspel.dialogues.actions.joining import acting_here, helped_seats
from samspel.dialogues.clock import clock_of
from samspel.dialogues.models import Dialogue, Question, Seat


@dataclass(frozen=True)
class PhoneView:
    """What to render, and how the page keeps itself fresh.

    :param refresh_on: live events beside ``step`` that make it ask again, as ``"table:12 result"``.
    :param has_field: somebody may be writing here; such a page never refreshes itself without script.
    :param parts: ids of the parts that are replaced when it asks again, as ``("tid", "tankar")``. Empty: all of it.
        A view with a field names the parts that are not the field, so that focus and keyboard stay.
    :param title: of the page, without the question: ``"Tänk själv"``.
    :param styles: its own stylesheets, beside the phone's.
    """

    template: str
    title: str
    context: Mapping[str, Any] = field(default_factory=dict)
    refresh_on: str = ""
    has_field: bool = False
    parts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


def for_number(request: HttpRequest) -> int | None:
    """The seat that is acted for, when one helps somebody without a phone."""
    return number_in(request, "for")


def get_acting(request: Request, code: str, act: str) -> Here:
    """The seat that is acted for: one's own, or one that one helps.

    :raises NotFoundError: no seat here.
    :raises ConflictError: ``act`` is not for this phase, or the pen is another's.
    """
    return acting_here(get_here(request, code, act), for_number(request))


def helps_of(here: Here) -> list[Seat]:
    """Those without a phone whom this phone helps."""
    return helped_seats(here) if here.seat.kind == Seat.Kind.PHONE else []


def back_to(here: Here, anchor: str = "") -> HttpResponse:
    """To the page of this seat, or of the one that is helped."""
    address = reverse("join", args=[here.dialogue.code])
    if here.seat.kind == Seat.Kind.HELPED:
        address += "?" + urlencode({"for": here.seat.number})
    return redirect(address + anchor)


def gone_on(request: Request, code: str) -> HttpResponse:
    """The meeting has gone on, and the page that was asked for is for nothing any more: to the page of the step."""
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": reverse("join", args=[code])})
    return redirect("join", code)


_QUESTION = Prepared[tuple[str, str]](
    lambda dialogue, number: Question.objects.filter(dialogue=dialogue, number=number).values_list(
        "text", "second_text"
    )[:1]
)


@dataclass(frozen=True)
class Asked:
    """A question as the reader meets it: in her own language first, and in the other below."""

    text: str
    language: str
    also: str = ""
    also_language: str = ""

    @property
    def also_direction(self) -> str:
        return direction(self.also_language)


def asked_in(dialogue: Dialogue, text: str, second: str) -> Asked:
    """The question for somebody who reads in the language that is active."""
    language, other = dialogue.language, dialogue.second_language
    if not second or not other:
        return Asked(text, language)
    if (get_language() or "")[:2] == other:
        return Asked(second, other, text, language)
    return Asked(text, language, second, other)


def context_of(request: Request, here: Here, view: PhoneView) -> dict[str, Any]:
    """What every phone template may use: the names above, and the view's own. One query."""
    dialogue = here.dialogue
    found = _QUESTION.first(dialogue.pk, here.question)
    question = asked_in(dialogue, *found) if found else Asked("", dialogue.language)
    helped = here.seat.number if here.seat.kind == Seat.Kind.HELPED else None
    asked = {"vy": view.template} | ({"for": helped} if helped else {})
    return {
        "phone_base": "dialogues/phone_part.html" if request.htmx else "dialogues/phone_base.html",
        "view": view,
        "here": here,
        "here_url": f"{reverse('join', args=[dialogue.code])}?{urlencode(asked)}",
        "dialogue": dialogue,
        "seat": here.seat,
        "table": here.placement.table if here.placement else None,
        "phase": here.phase,
        "question": question.text,
        "asked": question,
        "clock": clock_of(dialogue, now()),
        "code": dialogue.code,
        "for_number": helped,
    } | dict(view.context)
