"""The leaders' page of themes: notes sorted by the engine, moved by hand."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from samspel.core import defaults
from samspel.core.actor import Request
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.numbers import id_of
from samspel.core.permissions import may
from samspel.dialogues.access import get_dialogue, phase_of, roles_in_dialogue
from samspel.dialogues.actions import leading
from samspel.dialogues.actions import themes as actions
from samspel.dialogues.compute_words import may_show_words
from samspel.dialogues.models import ConsoleAction, Dialogue, State
from samspel.dialogues.queries import question_now
from samspel.dialogues.theme_queries import ThemesPage, themes_page
from samspel.live.queries import line_to

SHOWN = 30  # notes on a page


@require_GET
def themes(request: Request, dialogue_id: int) -> HttpResponse:
    """All themes with their counts, and the notes of the one that is opened."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    context = _context(request, dialogue)
    if request.htmx:
        return _render(request, "dialogues/_themes.html", context)
    return _render(request, "dialogues/themes.html", {**context, "line": line_to(dialogue.room, "console")})


@require_GET
def themes_now(request: Request, dialogue_id: int) -> HttpResponse:
    """The list of themes, asked for again when something happened; the notes that are read stay as they are."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    return _render(request, "dialogues/_themes_list.html", _context(request, dialogue))


@require_POST
def move(request: Request, dialogue_id: int) -> HttpResponse:
    """The chosen notes to a theme: pressed, or dragged there."""
    get_dialogue(request.actor, dialogue_id, "theme.sort")
    chosen = {id_of(text, "note") for text in request.POST.getlist("note")}
    theme, title = request.POST.get("to", ""), request.POST.get("title", "")
    if not chosen:
        messages.error(request, _("Välj en tanke först."))
        return _done(request, dialogue_id)
    if not theme and not title.strip():
        messages.error(request, _("Välj ett tema, eller skriv ett nytt."))
        return _done(request, dialogue_id)
    try:
        actions.move_notes(
            actor=request.actor,
            dialogue_id=dialogue_id,
            note_ids=chosen,
            theme_id=None if title.strip() else id_of(theme, "theme"),
            title=title,
            at=timezone.now(),
        )
    except (ConflictError, InvalidError) as error:
        messages.error(request, _sentence(error))
    return _done(request, dialogue_id)


@require_POST
def press(request: Request, dialogue_id: int, what: str) -> HttpResponse:
    """One of the page's other buttons."""
    actor, at = request.actor, timezone.now()
    theme, note = id_of(request.POST.get("changed") or "0", "theme"), id_of(request.POST.get("note") or "0", "note")
    buttons: dict[str, Callable[[], object]] = {
        "place": lambda: actions.place_notes(
            actor=actor, dialogue_id=dialogue_id, question=id_of(request.POST.get("question") or "0", "question"), at=at
        ),
        "merge": lambda: actions.merge_themes(
            actor=actor,
            dialogue_id=dialogue_id,
            theme_id=theme,
            into_id=id_of(request.POST.get("into") or "0", "theme"),
            at=at,
        ),
        "part": lambda: actions.part_theme(actor=actor, dialogue_id=dialogue_id, theme_id=theme, at=at),
        "rename": lambda: actions.rename_theme(
            actor=actor, dialogue_id=dialogue_id, theme_id=theme, title=request.POST.get("title", ""), at=at
        ),
        "hide": lambda: actions.set_hidden(
            actor=actor, dialogue_id=dialogue_id, theme_id=theme, wanted=request.POST.get("wanted") == "on", at=at
        ),
        "apart": lambda: actions.take_apart(actor=actor, dialogue_id=dialogue_id, note_id=note, at=at),
        "together": lambda: actions.lay_together(actor=actor, dialogue_id=dialogue_id, note_id=note, at=at),
    }
    if what not in buttons:
        raise NotFoundError("button")
    get_dialogue(actor, dialogue_id, "theme.sort")
    try:
        buttons[what]()
    except (ConflictError, InvalidError) as error:
        messages.error(request, _sentence(error))
    return _done(request, dialogue_id)


@require_POST
def undo(request: Request, dialogue_id: int) -> HttpResponse:
    """Take back the last change, here as on the console."""
    get_dialogue(request.actor, dialogue_id, "dialogue.run")
    action = id_of(request.POST.get("action", ""), "action")
    try:
        leading.undo(actor=request.actor, dialogue_id=dialogue_id, action_id=action, at=timezone.now())
    except ConflictError as error:
        messages.error(request, error.message)
    return _done(request, dialogue_id)


def _sentence(error: ConflictError | InvalidError) -> str:
    return next(iter(error.fields.values()), error.message)


def _done(request: Request, dialogue_id: int) -> HttpResponse:
    """After a press: the page's inside to htmx, else back to the page as it was opened."""
    if request.htmx:
        dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
        return _render(request, "dialogues/_themes.html", _context(request, dialogue))
    opened = {name: request.POST[name] for name in ("question", "theme", "from") if request.POST.get(name)}
    return redirect(f"{reverse('dialogue_themes', args=[dialogue_id])}?{urlencode(opened)}")


def _context(request: Request, dialogue: Dialogue) -> dict[str, object]:
    asked = request.POST or request.GET
    questions = list(dialogue.questions.all())
    known = [question.number for question in questions]
    question = id_of(asked.get("question") or "0", "question")
    if question not in known:
        question = question_now(dialogue) if dialogue.state != State.CLOSED else min(known, default=1)
    opened, first = id_of(asked.get("theme") or "0", "theme"), id_of(asked.get("from") or "0", "note")
    page = themes_page(dialogue, question, opened=opened, first=first, most=SHOWN)
    if not opened and page.columns:
        opened, first = page.columns[0].theme.pk, 0
        page = themes_page(dialogue, question, opened=opened, most=SHOWN)
    last = ConsoleAction.objects.filter(dialogue=dialogue, undone_at=None).first()
    now = timezone.now()
    roles, phase = roles_in_dialogue(request.actor, dialogue), phase_of(dialogue)
    age_s = (now - last.at).total_seconds() if last is not None else 0
    return {
        "dialogue": dialogue,
        "section": "dialogues",
        "questions": questions,
        "asked": next((each for each in questions if each.number == question), None),  # it may not be written yet
        "page": page,
        "opened": _opened(page, opened),
        "first": first,
        "before": max(0, first - SHOWN),
        "told": _told(page),
        "may_sort": may(roles, "theme.sort", phase),
        "may_show": may_show_words(dialogue),
        "last": last,
        "can_undo": last is not None
        and "grouping" in last.before
        and age_s <= defaults.value("dialogue.ten_seconds")
        and may(roles, "dialogue.run", phase),
    }


def _opened(page: ThemesPage, theme_id: int) -> object:
    return next((each for each in (*page.columns, *page.hidden) if each.theme.pk == theme_id), None)


def _told(page: ThemesPage) -> list[str]:
    """What the engine did, in sentences."""
    if not page.notes:
        return []
    sure, guesses = page.sure, page.notes - page.waiting - page.sure
    said = [ngettext("%(n)s tanke är delad.", "%(n)s tankar är delade.", page.notes) % {"n": page.notes}]
    said.append(
        ngettext(
            "%(n)s har ett tema som orden talar tydligt för.",
            "%(n)s har teman som orden talar tydligt för.",
            sure,
        )
        % {"n": sure}
    )
    if guesses > 0:
        said.append(ngettext("%(n)s är en gissning.", "%(n)s är gissningar.", guesses) % {"n": guesses})
    if page.repeats:
        said.append(
            ngettext(
                "%(n)s säger samma sak som en annan och ligger under den.",
                "%(n)s säger samma sak som en annan och ligger under den.",
                page.repeats,
            )
            % {"n": page.repeats}
        )
    return said


def _render(request: Request, template: str, context: dict[str, object]) -> HttpResponse:
    return render(request, template, context)
