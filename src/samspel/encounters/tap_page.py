"""What the tap page and the pages after it know: the point, the language, the press that the device is in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from samspel.core import defaults
from samspel.core.errors import InvalidError
from samspel.core.forms import sent
from samspel.encounters import texts, windows
from samspel.encounters.actions.answering import Pressed
from samspel.encounters.actions.pairing import Token, read_token
from samspel.encounters.models import Level, Point
from samspel.ui.templatetags.sam import in_words

COOKIE: Final = "tap"


@dataclass(frozen=True)
class LevelShown:
    """A level as a button: its value, its word, and how its mouth is drawn."""

    value: int
    word: str
    mouth: str


@dataclass(frozen=True)
class Device:
    """A device at a point: which meeting it answers about, and which press it is in.

    ``is_new``: it has pressed nothing here in this window, as far as it tells.
    """

    point: Point
    token: Token | None
    press: str
    is_new: bool

    @property
    def key(self) -> str:
        return windows.key_of(self.point.pk, self.press, self.token.text if self.token else "")

    def remember(self, response: HttpResponse, path: str) -> None:
        """From its press on, until the window is over, the device is known at this address and to nothing else."""
        response.set_cookie(
            COOKIE,
            self.press,
            max_age=self.point.window_min * 60,
            path=path,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )


def device_at(request: HttpRequest, point: Point, at: datetime) -> Device:
    """The device that asks.

    :raises InvalidError: what it sends was not made here.
    """
    token = read_token(sent(request, "m"), point, at)
    cookie, typed = request.COOKIES.get(COOKIE, ""), request.POST.get("p", "")
    if request.method != "POST" and not windows.is_press(cookie):
        return Device(point, token, windows.new_press(at), is_new=True)
    window = timedelta(minutes=point.window_min)
    return Device(point, token, windows.press_of(typed, cookie, window=window, at=at), is_new=False)


def require_own_page(request: HttpRequest) -> None:
    """Refuse a press that another site's page makes in somebody's name.

    The pages here give no cookie before a press, so that they cannot carry Django's token; browsers say themselves
    where a press comes from.

    :raises InvalidError: it came from elsewhere.
    """
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.get_host():
        raise InvalidError
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise InvalidError


def level_sent(request: HttpRequest) -> int:
    """The level that was pressed.

    :raises InvalidError: none of the three.
    """
    level = request.POST.get("level", "")
    if level not in {"1", "2", "3"}:
        raise InvalidError
    return int(level)


def page_language(request: HttpRequest, point: Point, offered: list[texts.Language]) -> texts.Language:
    return texts.pick_language(
        offered,
        asked=sent(request, "lang"),
        of_point=point.language,
        chosen=request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
        accepted=request.headers.get("Accept-Language", ""),
    )


def more_language(request: HttpRequest, point: Point) -> texts.Language:
    """The tap page's language, or one of our own where the municipality has not written what "tell more" needs."""
    language = page_language(request, point, texts.languages_offered())
    return language if language.tells_more else texts.own_language(request.LANGUAGE_CODE)


def line_hint(language: texts.Language) -> str:
    """What becomes of a line in own words, with the municipality's own number; of a text that names one, that."""
    least = defaults.value("figures.least_public")
    with translation.override(language.code if language.code in texts.OWN else None):
        return language.texts["line_hint"].replace("{least}", in_words(least))


def levels_in(language: texts.Language) -> list[LevelShown]:
    """Best first, as the picture has them."""
    words = language.texts
    return [
        LevelShown(Level.GOOD, words["good"], "M24 45c4 14 28 14 32 0"),
        LevelShown(Level.SO_SO, words["so_so"], "M25 50h30"),
        LevelShown(Level.BAD, words["bad"], "M25 55c5-12 25-12 30 0"),
    ]


def page(
    request: HttpRequest, template: str, language: texts.Language, point: Point, status: int = 200, **context: Any
) -> HttpResponse:
    """One of the small pages, in its language; never kept by anybody on the way."""
    known = {"lang": language, "t": language.texts, "point": point, "unit": point.unit}
    response = render(request, f"encounters/{template}.html", known | context, status=status)
    response.headers["Content-Language"] = language.code
    return response


def seconds_left(pressed: Pressed | None, at: datetime) -> int:
    """So long the press can still be changed."""
    return max(0, round((pressed.changes_until - at).total_seconds())) if pressed else 0
