"""Telling of a meeting so that others may learn, and taking it back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from samspel.core.errors import InvalidError, TooManyError
from samspel.core.limits import count_one, guess, uncount
from samspel.encounters import texts
from samspel.encounters.access import get_point_by_code
from samspel.encounters.actions.stories import LONGEST, screened_story, tell_story, withdraw_story
from samspel.encounters.models import Point
from samspel.encounters.screening import Screened
from samspel.encounters.tap_page import page, page_language, require_own_page
from samspel.encounters.telling import found_in


@csrf_exempt
@require_http_methods(["GET", "POST"])
def story(request: HttpRequest, code: str) -> HttpResponse:
    """A few sentences, with consent to exactly these words; the code to take them back is shown once.

    Words that look like somebody come back masked, to be read through and agreed to, and are kept only then.
    """
    point = get_point_by_code(code)
    language = page_language(request, point, texts.languages_offered())
    if language.code not in texts.OWN:
        language = texts.own_language(request.LANGUAGE_CODE)
    with translation.override(language.code):
        if request.method == "GET":
            return page(request, "story", language, point)
        require_own_page(request)
        return _tell(request, point, language)


def _tell(request: HttpRequest, point: Point, language: texts.Language) -> HttpResponse:
    at, words, is_hard = now(), request.POST.get("words", ""), request.POST.get("kind") == "hard"
    try:
        counted = count_one(request, "story")
    except TooManyError as error:
        return _to_send_later(request, point, language, words, is_hard, wait_min=-(-error.wait_s // 60))
    try:
        told = tell_story(
            point=point,
            words=words,
            is_hard=is_hard,
            consents="consents" in request.POST,
            key=request.POST.get("key", ""),
            at=at,
        )
    except InvalidError as error:
        uncount(counted)
        screened = screened_story(words) if len(words) <= LONGEST else Screened(words, ())
        return page(
            request,
            "story",
            language,
            point,
            status=error.status,
            error=error,
            words=screened.text,
            found=found_in(language, list(screened.found)),
            is_hard=is_hard,
        )
    if told is None or told.story.told_at < at:  # the same, sent again
        uncount(counted)
    return page(request, "story_told", language, point, code=told.code if told else "", words=words)


def _to_send_later(
    request: HttpRequest, point: Point, language: texts.Language, words: str, is_hard: bool, *, wait_min: int
) -> HttpResponse:
    response = page(request, "story", language, point, status=429, words=words, is_hard=is_hard, wait_min=wait_min)
    response.headers["Retry-After"] = str(60 * wait_min)
    return response


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest) -> HttpResponse:
    """The code takes the story back at once, shown or not."""
    if request.method == "GET":
        return render(request, "encounters/story_withdraw.html")
    tried = guess(request, "wrong-story")
    is_gone = withdraw_story(request.POST.get("code", ""))
    if is_gone:
        tried.was_right()
    context = {"is_gone": is_gone, "is_wrong": not is_gone}
    return render(request, "encounters/story_withdraw.html", context, status=200 if is_gone else 422)
