"""The hall's result as a document: what was chosen, why just that, who stood alone. No names."""

from collections.abc import Sequence
from datetime import datetime

from babel.dates import format_date
from django.utils import timezone
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from samspel.dialogues import queries
from samspel.dialogues.compute_words import may_show_words, words_of
from samspel.dialogues.documents.render import render_pdf
from samspel.dialogues.models import Dialogue
from samspel.dialogues.protocol import ProtocolQuestion
from samspel.dialogues.queries import Result
from samspel.ui.templatetags.sam import clock, quoted


def result_pdf(dialogue: Dialogue, results: Sequence[Result]) -> bytes:
    """The results as a tagged PDF in the reader's language."""
    language = get_language() or "sv"
    day = format_date(timezone.localtime(dialogue.starts_at), "long", locale=language)
    return render_pdf(
        "result",
        {
            "title": dialogue.title,
            "language": language,
            "footer": f"{dialogue.title}, {day}",
            "about": ", ".join(part for part in (dialogue.unit.name, dialogue.place, day) if part),
            "labels": {
                "words": _("Det här pratade vi om"),
                "counter": _("Motröster"),
                "lone": _("Sagt av ett enda bord"),
                "why": _("Varför just de här?"),
            },
            "results": [_result(dialogue, result) for result in results],
        },
    )


def _result(dialogue: Dialogue, result: Result) -> dict[str, object]:
    binding = _("beslutande: {by}").format(by=result.delegation) if result.delegation else _("rådgivande")
    voices = queries.lone_voices_of(dialogue, result.question)
    return {
        "question": result.question_text,
        "heading": f"{_('Det här valdes')} – {binding}",
        "places": [
            {
                "place": str(place.place),
                "text": place.text or _("Läses igenom först"),
                "by": ngettext("{n} av {all} bord", "{n} av {all} bord", place.tables).format(
                    n=place.tables, all=result.of_tables
                ),
                "others": [_("Med andra ord: {words}").format(words=words) for words in place.other_words],
            }
            for place in result.places
        ],
        "why": why(result),
        "words": [f"{word.text} {word.count}" for word in words_of(dialogue, result.question)]
        if result.shows_words and may_show_words(dialogue)
        else [],
        "counter": [voice.text for voice in queries.counter_voices_of(dialogue, result.question)],
        "lone": [voice.text for voice in voices if not voice.is_counter_voice],
    }


def cover(result: Result | ProtocolQuestion) -> SafeString:
    """How many of those who chose have something of theirs among what was chosen; who said nothing is not counted."""
    words = (
        _("<strong>{covered} av {voters}</strong> som valde står bakom något av det som valdes.")
        if result.is_from_ballots
        else _("<strong>{covered} av {voters}</strong> vid borden har något från sitt bord bland det som valdes.")
    )
    return format_html(words, covered=result.covered, voters=result.voters)


def why(result: Result) -> list[str]:
    """The receipt in plain words: how it was chosen, who is represented, what the most marks would have given."""
    said = [
        _(
            "Alla fick lika mycket att säga till om. Ett förslag får en plats när de som står bakom det tillsammans"
            " räcker till för platsen, och den som har fått en plats har mindre kvar till nästa. Därför kan den"
            " största gruppen inte ta alla platser."
        )
    ]
    if not result.is_from_ballots:
        said.append(_("Ingen röstade i tysthet. Bordens tre räknades, efter hur många som satt vid varje bord."))
    said.append(strip_tags(cover(result)))
    instead = [text for text in result.most_marks_instead if text]
    if instead:
        said.append(
            _(
                "Hade bara flest röster räknats hade {instead} kommit med. Då hade {covered} av {voters} varit"
                " representerade."
            ).format(
                instead=", ".join(map(quoted, instead)), covered=result.told["most_marks_covered"], voters=result.voters
            )
        )
    else:
        said.append(_("Samma förslag hade fått plats om bara flest röster hade räknats."))
    for text in result.ties:
        if text:
            said.append(_("”{text}” hade lika rätt till sin plats som något annat. Lotten avgjorde.").format(text=text))
    said.append(
        _("Räknat {time}, lottfrö {seed}, {version}.").format(
            time=_clock(result.computed_at), seed=result.seed, version=result.version
        )
    )
    return said


def _clock(moment: datetime) -> str:
    """The day and time as the reader's language writes them: 2026-04-02 13.05, in English 13:05."""
    return f"{timezone.localtime(moment):%Y-%m-%d} {clock(moment)}"
