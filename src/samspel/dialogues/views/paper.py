"""Sheets to print for tables that think on paper, and the page where a leader enters them afterwards."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import InvalidError
from samspel.core.numbers import id_of, number_of, numbers_of
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.actions.paper import Line, enter_ballot, enter_sheet, seating_of, voters_without_phone
from samspel.dialogues.documents.render import render_pdf
from samspel.dialogues.models import Dialogue, Question
from samspel.dialogues.queries import threes_of
from samspel.ui.templatetags.sam import code as grouped
from samspel.ui.templatetags.sam import day

LINES_ON_PAPER = 8
LINES_ON_PAGE = 10


@dataclass(frozen=True)
class Row:
    """A line of the form as it was typed, with what is wrong with it."""

    number: int
    text: str = ""
    marks: str = ""
    place: str = ""
    errors: tuple[str, ...] = ()


@require_GET
def sheets(request: Request, dialogue_id: int) -> HttpResponse:
    """One page a table and question, as tagged PDF."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    tables = [_("Bord %(name)s") % {"name": table.name} for table in dialogue.tables.all()] or [_("Bord:")]
    data = {
        "title": _("Blad till borden: %(title)s") % {"title": dialogue.title},
        "language": (get_language() or "sv")[:2],
        "footer": f"{dialogue.title} · {day(dialogue.starts_at)}",
        "code": grouped(dialogue.code),
        "lines": LINES_ON_PAPER,
        "places": dialogue.places,
        "labels": {
            "code": _("Kod"),
            "alone": _("Skriv först var för sig, i tysthet. Läs sedan upp för varandra."),
            "thoughts": _("Våra tankar, en på varje rad"),
            "marks": _("Streck"),
            "count": _("Antal"),
            "how": _("När alla tankar är upplästa sätter var och en ett streck vid högst %(places)s. Räkna strecken.")
            % {"places": dialogue.places},
            "three": _("Bordets tre, i ordning") if dialogue.places == 3 else _("Bordets val, i ordning"),
            "counter": _("Motröst: vad talar emot?"),
        },
        "pages": [
            {"table": table, "question": question.text} for question in dialogue.questions.all() for table in tables
        ],
    }
    response = HttpResponse(render_pdf("paper", data), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="samspel-blad-{dialogue.code}.pdf"'
    return response


@require_http_methods(["GET", "POST"])
def enter(request: Request, dialogue_id: int) -> HttpResponse:
    """Enter a sheet. After an error everything typed is still there."""
    dialogue = get_dialogue(request.actor, dialogue_id, "note.enter")
    if request.method == "GET":
        return _form(request, dialogue, [Row(number) for number in range(1, LINES_ON_PAGE + 1)], {})
    typed = _typed(request)
    written = [row for row in typed if row.text or row.marks or row.place]
    try:
        entered = enter_sheet(
            actor=request.actor,
            dialogue_id=dialogue_id,
            table_id=id_of(request.POST.get("table"), "table"),
            question=id_of(request.POST.get("question", "1"), "question"),
            people=_count(request.POST.get("people", "")),
            lines=[Line(row.text, _count(row.marks), number_of(row.place)) for row in written],
            counter_voice=request.POST.get("voice", ""),
            key=request.POST.get("key", ""),
            at=now(),
        )
    except InvalidError as error:
        numbers = {str(place): row.number for place, row in enumerate(written, start=1)}
        return _form(request, dialogue, _with_errors(typed, error.fields, numbers), error.fields)
    if entered:
        messages.success(
            request,
            ngettext("En tanke ligger på bordet.", "%(n)s tankar ligger på bordet.", entered) % {"n": entered},
        )
    return redirect("dialogue_paper", dialogue_id)


def _typed(request: HttpRequest) -> list[Row]:
    return [
        Row(
            number,
            request.POST.get(f"text-{number}", "").strip(),
            request.POST.get(f"marks-{number}", "").strip(),
            request.POST.get(f"place-{number}", "").strip(),
        )
        for number in range(1, LINES_ON_PAGE + 1)
    ]


def _with_errors(rows: list[Row], fields: dict[str, str], numbers: dict[str, int]) -> list[Row]:
    """The action counts the lines that were written; the page shows each error at the row it came from."""
    by_row: dict[int, list[str]] = {}
    for name, text in fields.items():
        place = name.rpartition("-")[2]
        if name.startswith(("text-", "marks-", "place-")):
            by_row.setdefault(numbers.get(place, int(place)), []).append(text)
    return [Row(row.number, row.text, row.marks, row.place, tuple(by_row.get(row.number, ()))) for row in rows]


def _count(value: str) -> int:
    """A count as typed; nothing is none, and what is no count is one too many."""
    if not value:
        return 0
    return int(value) if value.isdecimal() and len(value) < 4 else 999


def _form(request: HttpRequest, dialogue: Dialogue, rows: list[Row], errors: dict[str, str]) -> HttpResponse:
    questions = list(Question.objects.filter(dialogue=dialogue))
    current = dialogue.step.question if dialogue.step else 1
    return render(
        request,
        "dialogues/paper.html",
        {
            "dialogue": dialogue,
            "section": "dialogues",
            "tables": list(dialogue.tables.all()),
            "questions": questions,
            "chosen_table": request.POST.get("table", ""),
            "chosen_question": request.POST.get("question", str(current)),
            "people": request.POST.get("people", ""),
            "voice": request.POST.get("voice", ""),
            "rows": rows,
            "places": range(1, dialogue.places + 1),
            "errors": errors,
            "seating": seating_of(dialogue, current),
        },
        status=422 if errors else 200,
    )


# ---------------------------------------------------------------- ballots of those without a phone


@require_http_methods(["GET", "POST"])
def ballots(request: Request, dialogue_id: int) -> HttpResponse:
    """Enter the ballots of those who vote on paper or have nobody to press for them; never shows what is on one."""
    error = ""
    if request.method == "POST":
        chosen = numbers_of(request.POST.getlist("proposal"))
        kind, _dash, number = request.POST.get("voter", "").partition("-")
        if kind == "table":
            number = number or request.POST.get("table", "")
        if kind not in {"seat", "table"}:
            error = _("Välj vem rösten är från.")
        elif not chosen and "none" not in request.POST:
            error = _("Välj minst ett förslag, eller tryck på ”Inget av dem”.")
        else:
            entered = enter_ballot(
                actor=request.actor,
                dialogue_id=dialogue_id,
                question=id_of(request.POST.get("question", "1"), "question"),
                proposal_ids=[] if "none" in request.POST else chosen,
                seat_number=id_of(number, "seat") if kind == "seat" else None,
                table_id=id_of(number, "table") if kind == "table" else None,
                key=request.POST.get("key", ""),
                at=now(),
            )
            if entered is not None:
                messages.success(request, _("Rösten är inlagd. Ingen ser vad som står på den."))
            return redirect("dialogue_ballots", dialogue_id)
    dialogue = get_dialogue(request.actor, dialogue_id, "ballot.enter" if request.method == "POST" else "dialogue.lead")
    question = dialogue.step.question if dialogue.step else 1
    voters = voters_without_phone(dialogue, question)
    context = {
        "dialogue": dialogue,
        "section": "dialogues",
        "question": Question.objects.filter(dialogue=dialogue, number=question).first(),
        "proposals": sorted(threes_of(dialogue, question).shown, key=lambda proposal: proposal.proposal_id),
        "voters": voters,
        "waiting": sum(not voter.has_voted for voter in voters),
        "tables": list(dialogue.tables.all()),
        "chosen": request.POST.getlist("proposal"),
        "voter": request.POST.get("voter", ""),
        "table_id": request.POST.get("table", ""),
        "error": error,
    }
    return render(request, "dialogues/paper_ballots.html", context, status=422 if error else 200)
