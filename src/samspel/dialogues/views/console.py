"""The leader's console, on a computer and as a remote on a phone; review; closing."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from samspel.core.actor import Request
from samspel.core.addresses import address_for_others
from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.limits import learn_code
from samspel.core.numbers import id_of, number_of, numbers_of
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.actions import leading, marking, reviewing, whole
from samspel.dialogues.actions.reviewing import Judgement
from samspel.dialogues.compute_words import words_of
from samspel.dialogues.models import Dialogue, HiddenWord, Note, Proposal, Screen, State
from samspel.dialogues.overview import is_early, overview
from samspel.dialogues.queries import threes_of
from samspel.dialogues.review_page import review_page, wanted_of
from samspel.live.queries import line_to

# More than a page shows is no press of anybody's.
MOST_AT_ONCE = 200


@require_GET
def console(request: Request, dialogue_id: int) -> HttpResponse:
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    if dialogue.state == State.DRAFT:
        return render(request, "dialogues/not_ready.html", {"dialogue": dialogue, "section": "dialogues"})
    learn_code(request, dialogue.code)
    line = line_to(dialogue.room, "console")
    return render(request, "dialogues/console.html", {"line": line, **_context(request, dialogue)})


@require_GET
def console_now(request: Request, dialogue_id: int) -> HttpResponse:
    """The console's fragment, asked for again when something happened."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    return render(request, "dialogues/_console.html", _context(request, dialogue))


@require_GET
def begin(request: Request, dialogue_id: int) -> HttpResponse:
    """Asks once, when the meeting is planned for later; else there is nothing to ask."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    if not is_early(dialogue, timezone.now()):
        return redirect("dialogue_lead", dialogue.pk)
    return render(request, "dialogues/begin.html", {"dialogue": dialogue, "section": "dialogues"})


@require_GET
def ticket(request: Request, dialogue_id: int) -> HttpResponse:
    """A new ticket for the console's stream."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    return JsonResponse({"ticket": line_to(dialogue.room, "console").ticket})


def _context(request: HttpRequest, dialogue: Dialogue) -> dict[str, object]:
    now = timezone.now()
    switches = [
        ("shows_results", _("Visa resultat"), _("dolt tills alla är klara"), "R"),
        ("shows_code", _("Visa kod och QR"), "", "Q"),
        ("is_locked", _("Lås svaren"), "", "L"),
        ("needs_review", _("Granska texter innan de visas"), "", ""),
        ("is_dark", _("Mörka färger"), "", "D"),
    ]
    view = overview(dialogue, now=now)
    is_counting = view.together is not None and _counting(request) == (dialogue.pk, view.together.question)
    wanted = request.GET.get("bord", "").strip()[:40]
    return {
        "dialogue": dialogue,
        "view": view,
        "asks_to_count": is_counting,
        "wanted": wanted,
        "found": [table for table in view.shown if wanted.casefold() in table.table.name.casefold()],
        "now": now,
        "switches": [(name, label, hint, key, getattr(dialogue, name)) for name, label, hint, key in switches],
        "screens": Screen.choices,
        "after_b": Screen.AUTO if dialogue.screen == Screen.BLACK else Screen.BLACK,
        "join_address": address_for_others(request, f"/m/{dialogue.code}/"),
        "host": address_for_others(request).partition("://")[2],
    }


def _press(request: Request, dialogue_id: int, act: Callable[[], object]) -> HttpResponse:
    """Do what a button says; then the console as it is now, with why not if the meeting has moved on."""
    try:
        act()
    except ConflictError as error:
        messages.error(request, error.message)
    if not request.headers.get("HX-Request"):
        return redirect("dialogue_lead", dialogue_id)
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    return render(request, "dialogues/_console.html", {"is_pressed": True, **_context(request, dialogue)})


def _seen(request: HttpRequest) -> int | None:
    return number_of(request.POST.get("seen", ""))


@require_POST
def press(request: Request, dialogue_id: int, what: str) -> HttpResponse:
    """One of the console's buttons."""
    actor, at = request.actor, timezone.now()
    buttons: dict[str, Callable[[], object]] = {
        "start": lambda: leading.start_dialogue(actor=actor, dialogue_id=dialogue_id, at=at),
        "next": lambda: leading.next_step(actor=actor, dialogue_id=dialogue_id, seen=_seen(request), at=at),
        "back": lambda: leading.previous_step(actor=actor, dialogue_id=dialogue_id, seen=_seen(request), at=at),
        "pause": lambda: leading.pause(
            actor=actor, dialogue_id=dialogue_id, wanted=request.POST.get("wanted") == "on", at=at
        ),
        "minute": lambda: leading.add_minute(actor=actor, dialogue_id=dialogue_id, at=at),
        "switch": lambda: leading.set_switch(
            actor=actor,
            dialogue_id=dialogue_id,
            name=request.POST.get("name", ""),
            wanted=request.POST.get("wanted") == "on",
            at=at,
        ),
        "screen": lambda: leading.set_screen(
            actor=actor, dialogue_id=dialogue_id, screen=request.POST.get("screen", ""), at=at
        ),
        "choose": lambda: _count(request, dialogue_id, at),
        "reveal": lambda: whole.reveal(
            actor=actor, dialogue_id=dialogue_id, to=id_of(request.POST.get("to"), "proposal"), at=at
        ),
        "lone": lambda: whole.show_lone(
            actor=actor, dialogue_id=dialogue_id, index=id_of(request.POST.get("index"), "note"), at=at
        ),
        "undo": lambda: leading.undo(
            actor=actor, dialogue_id=dialogue_id, action_id=id_of(request.POST.get("action"), "action"), at=at
        ),
    }
    if what not in buttons:
        raise NotFoundError("button")
    return _press(request, dialogue_id, buttons[what])


def _count(request: Request, dialogue_id: int, at: datetime) -> None:
    """Counts, or asks when votes are missing: the console then says so until it is pressed again."""
    question = id_of(request.POST.get("question"), "question")
    try:
        whole.choose(
            actor=request.actor, dialogue_id=dialogue_id, question=question, at=at, asks="sure" not in request.POST
        )
    except whole.VotesMissingError:
        request.session["counting"] = [dialogue_id, question]
    else:
        request.session.pop("counting", None)


def _counting(request: HttpRequest) -> tuple[int, ...]:
    """The dialogue and question of which this leader was asked whether to count without those who have not voted."""
    return tuple(request.session.get("counting", ()))


@require_POST
def take_help(request: Request, dialogue_id: int, sitting_id: int) -> HttpResponse:
    actor, at = request.actor, timezone.now()
    return _press(
        request,
        dialogue_id,
        lambda: leading.take_help(actor=actor, dialogue_id=dialogue_id, sitting_id=sitting_id, at=at),
    )


@require_POST
def open_counts(request: Request, dialogue_id: int, sitting_id: int) -> HttpResponse:
    actor, at = request.actor, timezone.now()
    return _press(
        request,
        dialogue_id,
        lambda: marking.open_counts(actor=actor, dialogue_id=dialogue_id, sitting_id=sitting_id, at=at),
    )


@require_POST
def merge_tables(request: Request, dialogue_id: int) -> HttpResponse:
    actor, at = request.actor, timezone.now()
    table_id, into_id = id_of(request.POST.get("table"), "table"), id_of(request.POST.get("into"), "table")
    return _press(
        request,
        dialogue_id,
        lambda: leading.merge_tables(actor=actor, dialogue_id=dialogue_id, table_id=table_id, into_id=into_id, at=at),
    )


@require_GET
def review(request: Request, dialogue_id: int) -> HttpResponse:
    """Texts that wait to be let through, and all that lies on the tables."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    question = dialogue.step.question if dialogue.step else 1
    is_over = dialogue.state == State.CLOSED
    asked = list(dialogue.questions.values_list("number", flat=True)) if is_over else [question]
    words = {word.text: word for number in asked for word in words_of(dialogue, number)}
    return render(
        request,
        "dialogues/review.html",
        {
            "dialogue": dialogue,
            "page": review_page(dialogue, asked, wanted_of(request.GET)),
            "undo": _undo_of(request, dialogue),
            "words": list(words.values()),
            "hidden": HiddenWord.objects.filter(dialogue=dialogue).values_list("word", flat=True),
            "proposals": () if is_over else threes_of(dialogue, question).shown,
            "merged": Proposal.objects.filter(dialogue=dialogue, question=question).exclude(merged_into=None),
            "is_over": is_over,
            "line": line_to(dialogue.room, "console"),
        },
    )


@require_POST
def judge(request: Request, dialogue_id: int) -> HttpResponse:
    """Let texts through, set them aside, or bring them back; one, those that are chosen, or what was just done."""
    there = redirect(
        f"{reverse('dialogue_review', args=[dialogue_id])}?{wanted_of(QueryDict(request.POST.get('at', ''))).query()}"
    )
    actor, verdict, at = request.actor, request.POST.get("verdict", ""), timezone.now()
    if request.POST.get("kind") == "words":
        reviewing.review_words(actor=actor, dialogue_id=dialogue_id, are_shown=verdict == "show")
        return there
    if "undo" in request.POST:
        judgements = [_judgement(item) for item in _kept(request, dialogue_id)]
    elif "row" in request.POST:
        kind, row = request.POST.get("kind", ""), id_of(request.POST.get("row"), "row")
        judgements = [Judgement(kind, row, _becomes(verdict), request.POST.get("seen", ""))]
    else:
        judgements = [_judgement(f"{item}:{_becomes(verdict)}") for item in request.POST.getlist("item")[:MOST_AT_ONCE]]
        if not judgements:
            get_dialogue(actor, dialogue_id, "dialogue.review")
            messages.error(request, _("Välj minst en text."))
            return there
    judged = reviewing.review_many(actor=actor, dialogue_id=dialogue_id, judgements=judgements, at=at)
    if judged.taken:
        told = ngettext(
            "Någon annan hann före med en text. Den är som hen lämnade den.",
            "Någon annan hann före med {n} texter. De är som hen lämnade dem.",
            judged.taken,
        )
        messages.warning(request, told.format(n=judged.taken))
    kept = (
        [] if "undo" in request.POST else [f"{each.kind}:{each.row_id}:{each.seen}:{each.to}" for each in judged.undo]
    )
    request.session["review"] = {"dialogue": dialogue_id, "items": kept}
    return there


def _becomes(verdict: str) -> str:
    found = {"show": reviewing.SHOWN, "aside": reviewing.ASIDE, "again": reviewing.BACK}.get(verdict)
    if found is None:
        raise NotFoundError("verdict")
    return found


def _judgement(item: str) -> Judgement:
    """From ``kind:row:seen:to`` as the page sends it."""
    match item.split(":"):
        case [kind, row, seen, to] if (number := number_of(row)) is not None:
            return Judgement(kind, number, to, seen)
    raise NotFoundError("text")


def _kept(request: HttpRequest, dialogue_id: int) -> list[str]:
    """What this leader did last here, as what takes it back."""
    kept = request.session.get("review") or {}
    return list(kept["items"]) if kept.get("dialogue") == dialogue_id else []


def _undo_of(request: HttpRequest, dialogue: Dialogue) -> dict[str, str] | None:
    """What can be taken back, in words."""
    items = _kept(request, dialogue.pk)
    if not items:
        return None
    are_aside = items[0].split(":")[2] == reviewing.ASIDE
    words = (
        ngettext("En text är undanlagd.", "{n} texter är undanlagda.", len(items))
        if are_aside
        else ngettext("En text får visas.", "{n} texter får visas.", len(items))
    )
    return {"words": words.format(n=len(items))}


@require_POST
def word(request: Request, dialogue_id: int) -> HttpResponse:
    """Take a word off the hall's list, or let it back."""
    change = whole.show_word if request.POST.get("wanted") == "on" else whole.hide_word
    change(actor=request.actor, dialogue_id=dialogue_id, word=request.POST.get("word", ""), at=timezone.now())
    return redirect("dialogue_review", dialogue_id)


@require_POST
def same(request: Request, dialogue_id: int) -> HttpResponse:
    """Count the chosen proposals as one, the first being the one that is shown; or part one again."""
    actor, at = request.actor, timezone.now()
    get_dialogue(actor, dialogue_id, "dialogue.lead")
    if "part" in request.POST:
        whole.part_proposal(
            actor=actor, dialogue_id=dialogue_id, proposal_id=id_of(request.POST.get("part"), "proposal"), at=at
        )
        return redirect("dialogue_review", dialogue_id)
    chosen = numbers_of(request.POST.getlist("proposal"))
    if len(chosen) < 2:
        messages.error(request, _("Välj minst två."))
        return redirect("dialogue_review", dialogue_id)
    whole.merge_proposals(actor=actor, dialogue_id=dialogue_id, proposal_ids=chosen[1:], into_id=chosen[0], at=at)
    return redirect("dialogue_review", dialogue_id)


def close(request: Request, dialogue_id: int) -> HttpResponse:
    """Asks once, then closes: what nobody shared is erased."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    if request.method == "POST":
        leading.close_dialogue(actor=request.actor, dialogue_id=dialogue_id, at=timezone.now())
        return redirect(reverse("dialogue_protocol", args=[dialogue.pk]))
    unshared = Note.objects.filter(dialogue=dialogue, shared_at=None).count()
    return render(request, "dialogues/close.html", {"dialogue": dialogue, "unshared": unshared, "section": "dialogues"})
