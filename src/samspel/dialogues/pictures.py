"""Pictures of what the hall has seen, 1920 × 1080: the three, the words, the themes and each lone voice.

Nothing is in a picture that the big screen would not show: what is not revealed, or not read through, is not there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from babel.dates import format_date
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from samspel.core.errors import NotFoundError
from samspel.dialogues.compute_words import may_show_words, words_of
from samspel.dialogues.documents.render import render_png
from samspel.dialogues.models import Dialogue, Question, State
from samspel.dialogues.queries import LoneVoice, Result, lone_voices_of, question_now, result_of
from samspel.dialogues.theme_queries import MOST_ON_SCREEN, themes_of


@dataclass(frozen=True)
class Picture:
    """One picture that can be saved now; ``view`` is three, words, themes or lone."""

    name: str
    title: str
    view: str
    question: Question
    place: int = 0


def pictures_of(dialogue: Dialogue) -> list[Picture]:
    """What can be saved as a picture, in the order in which the hall saw it."""
    return [picture for question in dialogue.questions.all() for picture in _of_question(dialogue, question)]


def _of_question(dialogue: Dialogue, question: Question) -> Iterator[Picture]:
    number = question.number
    result = result_of(dialogue, number)
    if result is not None and result.shown:
        yield Picture(f"three-{number}", _("Det här valdes"), "three", question)
    if may_show_words(dialogue):
        if words_of(dialogue, number):
            yield Picture(f"words-{number}", _("Det här pratade vi om"), "words", question)
        if themes_of(dialogue, number):
            yield Picture(f"themes-{number}", _("Teman"), "themes", question)
    for place, _voice in enumerate(_lone(dialogue, number), start=1):
        title = _("Ensam röst {n}").format(n=place)
        yield Picture(f"lone-{number}-{place}", title, "lone", question, place)


def _lone(dialogue: Dialogue, number: int) -> list[LoneVoice]:
    """The lone voices that the hall has seen: all when the meeting is over, else so many as the leader has shown."""
    if dialogue.state == State.CLOSED:
        return lone_voices_of(dialogue, number)
    if number != question_now(dialogue) or not dialogue.lone_shown:
        return []
    return lone_voices_of(dialogue, number)[: dialogue.lone_shown]


def picture_png(dialogue: Dialogue, name: str) -> bytes:
    """The picture of a name in ``pictures_of``.

    :raises NotFoundError: there is no such picture now.
    """
    picture = next((each for each in pictures_of(dialogue) if each.name == name), None)
    if picture is None:
        raise NotFoundError("picture")
    return render_png("picture", _data(dialogue, picture))


def _data(dialogue: Dialogue, picture: Picture) -> dict[str, object]:
    number = picture.question.number
    language = get_language() or "sv"
    day = format_date(timezone.localtime(dialogue.opened_at or dialogue.starts_at), "long", locale=language)
    result = result_of(dialogue, number) if picture.view == "three" else None
    words: list[dict[str, object]] = []
    if picture.view == "themes":
        found = themes_of(dialogue, number)[:MOST_ON_SCREEN]
        words = [{"text": theme.name, "count": theme.count, "size": theme.size} for theme in found]
    elif picture.view == "words" or (result is not None and result.shows_words and may_show_words(dialogue)):
        words = [{"text": word.text, "count": word.count, "size": word.size} for word in words_of(dialogue, number)]
    lone = _lone(dialogue, number)[picture.place - 1] if picture.view == "lone" else None
    return {
        "title": dialogue.title,
        "language": language,
        "view": picture.view,
        "question": picture.question.text,
        "heading": picture.title,
        "aside": _aside(dialogue, picture),
        "words_heading": _("Det här pratade vi om"),
        "counts": _("antal gånger"),
        "places": _places(result) if result is not None else [],
        "words": words,
        "said": lone.text if lone else "",
        "who": _who(lone) if lone else "",
        "footer": ", ".join(part for part in (dialogue.unit.name, dialogue.place, day) if part),
    }


def _aside(dialogue: Dialogue, picture: Picture) -> str:
    if picture.view == "three":
        return _("beslutande: {by}").format(by=dialogue.delegation) if dialogue.delegation else _("rådgivande")
    return _("antal tankar") if picture.view == "themes" else _("antal gånger")


def _places(result: Result) -> list[dict[str, object]]:
    """The places that are revealed; one that is not read through yet keeps its number and no words."""
    return [
        {
            "place": place.place,
            "text": place.text if place.is_shown else "",
            "by": ngettext("{n} av {all} bord", "{n} av {all} bord", place.tables).format(
                n=place.tables, all=result.of_tables
            )
            if place.is_shown
            else _("Läses igenom först"),
        }
        for place in result.shown
    ]


def _who(voice: LoneVoice) -> str:
    return _("Motröst från ett förnuftsombud") if voice.is_counter_voice else _("Sagt av ett enda bord")
