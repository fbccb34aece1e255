"""Together on the phone: the tables' threes, the silent ballot, and the result as the leader shows it."""

import random

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.middleware import wants_json
from samspel.core.numbers import numbers_of
from samspel.dialogues import queries
from samspel.dialogues.access import Here, get_here
from samspel.dialogues.actions import whole
from samspel.dialogues.compute_words import may_show_words, words_of
from samspel.dialogues.models import Dialogue, Screen
from samspel.dialogues.queries import Result, Threes
from samspel.dialogues.result_document import result_pdf
from samspel.dialogues.shared import read_once
from samspel.dialogues.theme_queries import themes_of
from samspel.dialogues.views import agreements
from samspel.dialogues.views.phone_view import PhoneView, back_to, context_of, get_acting, helps_of

STYLES = ("whole",)


def view(here: Here) -> PhoneView:
    """What a phone shows while the hall is together."""
    step = here.dialogue.step
    kind = step.kind if step is not None else ""
    if kind == "agree":
        return agreements.view(here)
    if kind == "checkout":
        return agreements.checkout_view(here)
    threes, beside = read_once(here.dialogue, f"together {here.question}", lambda now: _together(now, here.question))
    mine = queries.ballot_of(here.seat.pk, here.question)
    if here.dialogue.ballot_open and beside["result"] is None and mine is None and threes.shown:
        return ballot_view(here, threes, frozenset())
    return PhoneView(
        "dialogues/whole.html",
        _("Tillsammans"),
        {
            "threes": threes,
            "mine": mine,
            "helps": helps_of(here) if here.dialogue.ballot_open else [],
            **beside,
        },
        refresh_on="result",
        styles=STYLES,
    )


def _together(dialogue: Dialogue, question: int) -> tuple[Threes, dict[str, object]]:
    """What all phones have alike."""
    threes = queries.threes_of(dialogue, question)
    is_begun = queries.revealed_of(dialogue, question) > 0
    result = queries.result_of(dialogue, question, threes=threes) if is_begun else None
    return threes, _beside(dialogue, question, result if result and result.shown else None, threes)


def _beside(dialogue: Dialogue, question: int, result: Result | None, threes: Threes) -> dict[str, object]:
    """The result and what stands beside it, as far as the leader has shown it."""
    shows_words = dialogue.screen == Screen.WORDS or (result is not None and result.shows_words)
    shows_themes = dialogue.screen == Screen.THEMES or (result is not None and result.shows_words)
    may_show = may_show_words(dialogue)
    counter_voices = queries.counter_voices_of(dialogue, question) if result and result.is_whole else []
    lone = queries.lone_voices_of(dialogue, question, threes=threes) if dialogue.lone_shown else []
    lone = lone[: dialogue.lone_shown]
    return {
        "result": result,
        "words": words_of(dialogue, question) if shows_words and may_show else (),
        "themes": themes_of(dialogue, question) if shows_themes and may_show else (),
        "lone_voices": [voice for voice in lone if not (voice.is_counter_voice and counter_voices)],
        "counter_voices": counter_voices,
    }


def ballot_view(here: Here, threes: Threes, mine: frozenset[int]) -> PhoneView:
    """The silent ballot. Each seat gets the proposals in an order of its own, so that none stands first for all."""
    proposals = sorted(threes.shown, key=lambda proposal: proposal.proposal_id)
    random.Random(f"{here.seat.pk}/{here.question}").shuffle(proposals)
    return PhoneView(
        "dialogues/whole_ballot.html",
        _("Välj i tysthet"),
        {"proposals": proposals, "mine": mine, "waiting": threes.waiting, "helps": helps_of(here)},
        has_field=True,
        parts=("tid",),
        refresh_on="result",
        styles=STYLES,
    )


@require_http_methods(["GET", "POST"])
def ballot(request: Request, code: str) -> HttpResponse:
    """One's own ballot: cast it, or change it while it is open."""
    here = get_acting(request, code, "ballot.cast")
    error = None
    if request.method == "POST":
        chosen = numbers_of(request.POST.getlist("proposal"))
        try:
            return _cast(request, here, chosen)
        except InvalidError as invalid:
            if wants_json(request):
                raise
            error = invalid
    if not here.dialogue.ballot_open or request.htmx:
        return redirect("join", code)
    threes = queries.threes_of(here.dialogue, here.question)
    shown = ballot_view(here, threes, queries.ballot_of(here.seat.pk, here.question) or frozenset())
    context = context_of(request, here, shown) | {"error": error}
    return render(request, shown.template, context, status=error.status if error else 200)


def _cast(request: Request, here: Here, chosen: list[int]) -> HttpResponse:
    if not chosen and "none" not in request.POST:
        sentence = _("Välj minst ett förslag, eller tryck på ”Inget av dem”.")
        raise InvalidError(sentence, fields={"proposal": sentence})
    question = request.POST.get("question", "")
    whole.cast_ballot(
        here=here,
        question=int(question) if question.isdecimal() and len(question) < 4 else here.question,
        proposal_ids=[] if "none" in request.POST else chosen,
        at=now(),
    )
    return back_to(here)


@require_GET
def pdf(request: Request, code: str) -> HttpResponse:
    """The result as a tagged PDF, for who was there, once all of it is shown."""
    here = get_here(request, code, "result.read")
    results = [result for result in queries.results_of(here.dialogue) if result.is_whole]
    if not results:
        raise NotFoundError("result")
    return HttpResponse(
        result_pdf(here.dialogue, results),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="resultat-{here.dialogue.code}.pdf"',
        },
    )
