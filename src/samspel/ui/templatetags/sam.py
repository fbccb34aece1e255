"""Template tags of the house: icons, QR codes, times, device keys, words by language."""

import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import segno
from babel.dates import format_date
from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from samspel.core.addresses import came_from

register = template.Library()

ICONS = Path(__file__).resolve().parent.parent / "static" / "samspel" / "build" / "icons"


@cache
def _icon(name: str) -> SafeString:
    path = ICONS / f"{name}.svg"
    if not path.exists():
        raise template.TemplateSyntaxError(f"icon {name!r} is not in the built front end; build it again")
    svg = path.read_text(encoding="utf-8")
    svg = re.sub(r' (width|height)="1em"', "", svg)
    svg = svg.replace("<svg", '<svg class="sam-icon" aria-hidden="true" focusable="false"', 1)
    return mark_safe(svg)  # noqa: S308  (our own build's file)


@register.simple_tag
def icon(name: str) -> SafeString:
    """An Aksel icon as inline SVG, decorative."""
    return _icon(name)


@register.simple_tag
def qr(address: str, label: str = "") -> SafeString:
    """The address as a QR code; always beside the address in text."""
    label = label or _("QR-kod till samtalet")
    code = segno.make(address, error="m", micro=False)
    size = code.symbol_size(border=0)[0]
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark)
    return format_html(
        '<svg class="sam-qr" role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{}v{}H0z"/><path fill="#000" d="{}"/></svg>',
        label,
        size,
        size,
        size,
        size,
        path,
    )


@register.simple_tag
def device_key() -> str:
    """A key for a form without JavaScript: made here once per page, so that a second click changes nothing."""
    return secrets.token_urlsafe(18)


@register.filter
def page_address(request: HttpRequest) -> str:
    """Where the page that is shown can be read again: an answer to what was sent stands on the page before. An address
    that cannot be read is not repeated; it may have words in it."""
    is_readable = request.method in {"GET", "HEAD"} and not getattr(request, "leads_nowhere", False)
    return request.get_full_path() if is_readable else came_from(request) or "/"


@register.filter
def in_language(words: Mapping[str, str] | str | None) -> str:
    """The reader's language of a ``{"sv": …, "da": …, "en": …}`` row, Swedish where it is missing."""
    if not words:
        return ""
    if isinstance(words, str):
        return words
    return words.get(get_language() or "sv") or words.get("sv") or next(iter(words.values()), "")


@register.filter
def clock(moment: datetime | None) -> str:
    """09.30 in Swedish and Danish, 9:30 in English; in the municipality's time."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return f"{local.hour}:{local:%M}" if get_language() == "en" else f"{local:%H.%M}"


@register.filter
def day(moment: datetime | date | None, form: str = "long") -> str:
    """«torsdag 2 april», with the year when it is not this one; ``short`` leaves the weekday out."""
    if moment is None:
        return ""
    local = timezone.localtime(moment).date() if isinstance(moment, datetime) else moment
    language = (get_language() or "sv")[:2]
    pattern = "d. MMMM" if language == "da" else "d MMMM"
    if form != "short":
        pattern = "EEEE 'den' " + pattern if language == "da" else "EEEE " + pattern
    if local.year != timezone.localdate().year:
        pattern += " y"
    return format_date(local, pattern, locale=language)


@register.filter
def iso(moment: datetime | None) -> str:
    """For ``<time datetime>`` and the page's own counting."""
    return moment.isoformat() if moment else ""


@register.filter
def month(moment: datetime | None) -> str:
    return format_date(timezone.localtime(moment), "MMMM", locale=get_language() or "sv") if moment else ""


@register.filter
def code(digits: str) -> str:
    """Digits in two groups: six as three and three, eight as four and four."""
    half = len(digits) // 2
    return f"{digits[:half]} {digits[half:]}"


NUMBERS = {
    "sv": ["noll", "en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv"],
    "da": ["nul", "en", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni", "ti", "elleve", "tolv"],
    "en": ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
}


@register.filter
def in_words(number: int) -> str:
    """Numbers up to twelve as words in running text."""
    words = NUMBERS[(get_language() or "sv")[:2]]
    return words[number] if 0 <= number < len(words) else str(number)


QUOTES = {"sv": ("”", "”"), "da": ("»", "«"), "en": ("“", "”")}


@register.filter
def quoted(words: str) -> str:
    """”så här”, »sådan«, “like this”: the reader's quotation marks around what somebody said."""
    left, right = QUOTES[(get_language() or "sv")[:2]]
    return f"{left}{words}{right}"


@register.simple_tag
def style(name: str) -> SafeString:
    """A stylesheet of the build."""
    return format_html('<link rel="stylesheet" href="{}samspel/build/css/{}.css">', settings.STATIC_URL, name)


@register.simple_tag
def script(name: str) -> SafeString:
    """A script of the build, deferred."""
    return format_html('<script src="{}samspel/build/js/{}.js" defer></script>', settings.STATIC_URL, name)


@register.simple_tag(takes_context=True)
def absolute(context: dict[str, Any], path: str) -> str:
    """An address that works from the phone that reads it: as this page was asked for."""
    return str(context["request"].build_absolute_uri(path))
