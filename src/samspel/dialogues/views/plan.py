"""Planning: one form that saves itself, the list of people, the invitation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import now
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.languages import SIGNED, spoken_choices
from samspel.core.numbers import number_of
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.actions import inviting, planning, rehearsing
from samspel.dialogues.actions.planning import Plan, create_dialogue, plan_of, save_plan
from samspel.dialogues.heard import heard_in
from samspel.dialogues.importing import people_template
from samspel.dialogues.letters import invitation_letter
from samspel.dialogues.models import Dialogue, Invitation, Template
from samspel.dialogues.people_list import Added
from samspel.dialogues.plan_documents import cards_pdf, codes_pdf, where_pdf
from samspel.dialogues.plan_queries import people_page, plan_page, stride_of
from samspel.encounters.queries import signals_of
from samspel.people.queries import units_to_lead

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# ---------------------------------------------------------------- a new dialogue


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request) -> HttpResponse:
    """Which unit, when and how long: enough for a draft."""
    units = units_to_lead(request.actor)
    if not units:
        raise NotFoundError("unit")
    errors: dict[str, str] = {}
    typed: Mapping[str, str] = request.GET
    if request.method == "POST":
        typed = request.POST
        starts_at = _moment(request.POST, errors)
        unit_id = number_of(request.POST.get("unit", ""))
        if starts_at is not None and unit_id is not None:
            try:
                dialogue = create_dialogue(
                    actor=request.actor,
                    unit_id=unit_id,
                    template_key=request.POST.get("template", ""),
                    starts_at=starts_at,
                    questions=tuple(text for text in [request.POST.get("question-1", "").strip()] if text),
                    language=get_language() or "sv",
                    grows_from=request.POST.get("grows_from", ""),
                    key=request.POST.get("key", ""),
                    at=now(),
                )
            except InvalidError as error:
                errors |= error.fields
            else:
                return redirect("dialogue_plan", dialogue.pk)
    chosen = number_of(typed.get("unit", "")) or units[0].pk
    day = timezone.localdate() + timedelta(days=7)
    context = {
        "section": "dialogues",
        "units": units,
        "unit": chosen,
        "templates": Template.objects.filter(is_active=True),
        "template": typed.get("template", "apt-60"),
        "date": typed.get("date", day.isoformat()),
        "time": typed.get("time", "13:00"),
        "question": typed.get("question-1", ""),
        "signals": signals_of(chosen),
        "chosen_signal": number_of(typed.get("signal", "") or typed.get("grows_from", "").removeprefix("signal:")),
        "errors": errors,
    }
    return render(request, "dialogues/plan_new.html", context, status=422 if errors else 200)


def _moment(data: Mapping[str, str], errors: dict[str, str]) -> datetime | None:
    """The date and time of a form, in the municipality's time."""
    try:
        day = datetime.strptime(data.get("date", "").strip(), "%Y-%m-%d").date()
    except ValueError:
        errors["date"] = _("Skriv dagen som 2026-04-02.")
        return None
    try:
        clock = time.fromisoformat(data.get("time", "").strip().replace(".", ":").zfill(5))
    except ValueError:
        errors["time"] = _("Skriv tiden som 13.00.")
        return None
    return timezone.make_aware(datetime.combine(day, clock.replace(tzinfo=None)))


# ---------------------------------------------------------------- the plan


@dataclass
class Answer:
    """What the page should say after a press."""

    errors: dict[str, str] = field(default_factory=dict)
    opened: int | None = None
    more_questions: int = 0
    added: Added | None = None
    focus: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: Request, dialogue_id: int) -> HttpResponse:
    """The plan, read and saved. Every button is a press of the one form, so nothing typed is lost by any of them."""
    dialogue = get_dialogue(
        request.actor, dialogue_id, "dialogue.plan" if request.method == "POST" else "dialogue.lead"
    )
    if request.method != "POST":
        first = dialogue.steps.filter(kind="solo").first()
        opened = number_of(request.GET.get("step")) or (first.pk if first else None)
        return _page(request, dialogue, Answer(opened=opened, more_questions=1 if "question" in request.GET else 0))
    answer = Answer(opened=number_of(request.POST.get("open")))
    wanted = _read(request.POST, dialogue, answer)
    saved = save_plan(actor=request.actor, dialogue_id=dialogue_id, plan=wanted, at=now())
    answer.errors = dict(saved.errors) | answer.errors
    went = _press(request, dialogue, answer)
    if went is not None:
        return went
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.plan")
    if request.htmx:
        return _page(request, dialogue, answer, template="dialogues/plan_parts.html")
    if answer.errors or (answer.added is not None and answer.added.bad):
        return _page(request, dialogue, answer, status=422 if answer.errors else 200)
    query = f"?step={answer.opened}" if answer.opened else ""
    if answer.more_questions:
        query = "?question=1"
    return HttpResponseRedirect(
        reverse("dialogue_plan", args=[dialogue_id]) + query + (f"#{answer.focus}" if answer.focus else "")
    )


def _read(data: QueryDict, dialogue: Dialogue, answer: Answer) -> Plan:
    """The form's plan; a field that was not sent stays as it was."""
    was = plan_of(dialogue)
    press, _dash, number = data.get("do", "").rpartition("-")
    press, number = (press, number) if number.isdecimal() else (data.get("do", ""), "")
    starts_at = _moment(data, answer.errors) if "date" in data else was.starts_at
    texts = [data.get(f"question-{place}") for place in range(1, planning.QUESTIONS_MOST + 1)]
    questions = _questions(texts, was, dialogue, dropped=number_of(number) if press == "drop-question" else None)
    minutes = dict(was.minutes)
    if press in {"shorter", "longer"} and (step := number_of(number)) in minutes:
        assert step is not None
        stride = stride_of(minutes[step] - (press == "shorter"))
        minutes[step] = max(1, minutes[step] + (stride if press == "longer" else -stride))
        answer.opened, answer.focus = step, f"step-{step}"
    sent_more = "more" in data
    names = tuple(data.getlist("table_name"))
    reached = set(data.getlist("accessible"))
    interpreters = tuple(data.getlist("interpreter"))
    access = tuple(str(number) in reached for number in range(1, len(names) + 1)) if "access" in data else ()
    return replace(
        was,
        template_key=data.get("template", was.template_key),
        questions=questions,
        starts_at=starts_at or was.starts_at,
        title=data.get("title", was.title),
        place=data.get("place", was.place),
        language=data.get("language", was.language),
        tables=was.tables + {"more-tables": 1, "fewer-tables": -1}.get(press, 0),
        table_names=names if names and len(names) == was.tables else (),
        table_access=access if len(access) == was.tables else (),
        group_size=was.group_size + {"larger-groups": 1, "smaller-groups": -1}.get(press, 0),
        has_seating="has_seating" in data if sent_more else was.has_seating,
        needs_review="needs_review" in data if sent_more else was.needs_review,
        is_public="is_public" in data if sent_more else was.is_public,
        closed_reason=data.get("closed_reason", was.closed_reason),
        delegation=data.get("delegation", was.delegation),
        minutes=minutes,
        grows_from=data.get("grows_from", was.grows_from),
        second_language=data.get("second_language", was.second_language),
        second_questions=tuple(
            data.get(f"second-{place}", was.second_questions[place - 1])
            for place in range(1, planning.QUESTIONS_MOST + 1)
        ),
        interpreters=interpreters if len(interpreters) == was.tables else (),
    )


def _questions(texts: list[str | None], was: Plan, dialogue: Dialogue, *, dropped: int | None) -> tuple[str, ...]:
    """The question fields; empty ones at the end count only as far as the template asks for them."""
    if all(text is None for text in texts):
        return was.questions
    given = [text or "" for text in texts]
    rounds = len(was.questions)
    if dropped is not None:
        del given[dropped - 1]
        return tuple(given[: max(1, rounds - 1)])
    filled = max((place for place, text in enumerate(given, start=1) if text.strip()), default=1)
    least = rounds if dialogue.template.questions > 1 else 1
    return tuple(given[: max(filled, least)])


def _press(request: Request, dialogue: Dialogue, answer: Answer) -> HttpResponse | None:
    """What the pressed button asks for beside saving; a response when it leads elsewhere."""
    press = request.POST.get("do", "")
    if press == "add-question":
        answer.more_questions = 1
    elif press == "add-unit":
        _add_unit(request, dialogue, answer)
    elif press == "add-list":
        _add_list(request, dialogue, answer)
    elif press == "add-leader":
        _set_leader(request, dialogue, answer, request.POST.get("leader"), wanted=True)
    elif press.startswith("drop-leader-"):
        _set_leader(request, dialogue, answer, press.removeprefix("drop-leader-"), wanted=False)
    elif press == "invite":
        missing = planning.what_is_missing(get_dialogue(request.actor, dialogue.pk, "dialogue.plan"), now())
        answer.errors = missing | answer.errors
        if not answer.errors:
            return _go(request, reverse("dialogue_invite", args=[dialogue.pk]))
    elif press == "rehearse" and not answer.errors:
        copy = rehearsing.rehearse(
            actor=request.actor, dialogue_id=dialogue.pk, key=request.POST.get("key", ""), at=now()
        )
        return _go(request, reverse("dialogue_lead", args=[copy.pk]))
    elif press == "delete":
        planning.delete_draft(actor=request.actor, dialogue_id=dialogue.pk, at=now())
        messages.success(request, _("Utkastet är borta."))
        return _go(request, reverse("dialogue_list"))
    return None


def _go(request: Request, address: str) -> HttpResponse:
    if not request.htmx:
        return HttpResponseRedirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response


def _add_unit(request: Request, dialogue: Dialogue, answer: Answer) -> None:
    unit_id = number_of(request.POST.get("add_unit"))
    if unit_id is None:
        answer.errors["add_unit"] = _("Välj en enhet.")
        return
    answer.added = inviting.invite_unit(actor=request.actor, dialogue_id=dialogue.pk, unit_id=unit_id, at=now())


def _add_list(request: Request, dialogue: Dialogue, answer: Answer) -> None:
    file = request.FILES.get("list")
    if file is None:
        answer.errors["file"] = _("Välj en fil först.")
        return
    try:
        answer.added = inviting.import_invitations(
            actor=request.actor, dialogue_id=dialogue.pk, content=file.read(), filename=file.name or "", at=now()
        )
    except InvalidError as error:
        answer.errors |= error.fields


def _set_leader(request: Request, dialogue: Dialogue, answer: Answer, person: str | None, *, wanted: bool) -> None:
    person_id = number_of(person)
    if person_id is None:
        answer.errors["leader"] = _("Välj någon ur enheten eller från listan.")
        return
    planning.set_leader(actor=request.actor, dialogue_id=dialogue.pk, person_id=person_id, wanted=wanted, at=now())


def _page(
    request: Request, dialogue: Dialogue, answer: Answer, *, template: str = "dialogues/plan.html", status: int = 200
) -> HttpResponse:
    names = len(request.POST.getlist("table_name"))
    page = plan_page(
        dialogue,
        opened=answer.opened,
        more_questions=answer.more_questions,
        errors=answer.errors,
        typed=request.POST,
    )
    press = request.POST.get("do", "")
    context: dict[str, Any] = {
        "section": "dialogues",
        "page": page,
        "dialogue": dialogue,
        "heard": heard_in(dialogue),
        "errors": answer.errors,
        "added": answer.added,
        "opened": answer.opened,
        "typed": request.POST if answer.errors else {},
        "saved_at": now() if request.method == "POST" else None,
        "spoken": spoken_choices(),
        "written": [choice for choice in spoken_choices() if choice[0] not in SIGNED],
        "may_change": dialogue.state in {"draft", "planned"},
        # Fields that somebody may be writing in are sent again only when they must change.
        "refresh_people": press in {"add-unit", "add-list"},
        "refresh_leaders": "leader" in press,
        "refresh_second": ("second-1" in request.POST) != bool(dialogue.second_language),
        "refresh_tables": names != len(page.tables) or any(table.error for table in page.tables),
    }
    return render(request, template, context, status=status)


# ---------------------------------------------------------------- the list of people


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: Request, dialogue_id: int) -> HttpResponse:
    """Everyone on the list: where each sits, what she needs, and off the list again."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        at, data = now(), request.POST
        invitation_id = number_of(data.get("invitation"))
        if data.get("do") == "remove-source":
            removed = inviting.uninvite(
                actor=request.actor, dialogue_id=dialogue_id, source=data.get("source", ""), at=at
            )
            messages.success(
                request, ngettext("%(n)s person togs bort.", "%(n)s personer togs bort.", removed) % {"n": removed}
            )
        elif invitation_id is not None and data.get("do") == "remove":
            inviting.uninvite(actor=request.actor, dialogue_id=dialogue_id, invitation_id=invitation_id, at=at)
        elif invitation_id is not None:
            try:
                inviting.change_wishes(
                    actor=request.actor,
                    dialogue_id=dialogue_id,
                    invitation_id=invitation_id,
                    needs=tuple(data.getlist("needs")),
                    interpreter=data.get("interpreter", ""),
                    together=data.get("together", ""),
                    apart=data.get("apart", ""),
                    at=at,
                )
            except InvalidError as error:
                errors = dict(error.fields)
        if not errors:
            return redirect("dialogue_people", dialogue_id)
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    context = {
        "section": "dialogues",
        "dialogue": dialogue,
        "spoken": spoken_choices(),
        "page": people_page(dialogue),
        "errors": errors,
        "typed": request.POST,
        "may_change": dialogue.state in {"draft", "planned"},
    }
    return render(request, "dialogues/plan_people.html", context, status=422 if errors else 200)


@require_GET
def people_file(request: Request) -> HttpResponse:
    """The Excel file to fill in."""
    response = HttpResponse(people_template((get_language() or "sv")[:2]), content_type=EXCEL)
    response["Content-Disposition"] = f'attachment; filename="{_("deltagare")}.xlsx"'
    return response


# ---------------------------------------------------------------- the invitation


_PLAN_IS_READY: Final = gettext_lazy("Planen är klar. Den som har koden kan komma.")


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: Request, dialogue_id: int) -> HttpResponse:
    """Read the invitation first; then send it, asked once. Or nobody is written to, and who has the code can come."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            if request.POST.get("do") == "ready":
                planning.publish(actor=request.actor, dialogue_id=dialogue_id, at=now())
                messages.success(request, _PLAN_IS_READY)
                return redirect("dialogue_invite", dialogue_id)
            sent = inviting.send_invitations(
                actor=request.actor,
                dialogue_id=dialogue_id,
                key=request.POST.get("key", ""),
                again=request.POST.get("do") == "again",
                at=now(),
            )
        except InvalidError as error:
            errors = dict(error.fields)
        else:
            if sent.letters:
                text = ngettext(
                    "Inbjudan är på väg till %(n)s person.", "Inbjudan är på väg till %(n)s personer.", sent.letters
                )
                messages.success(request, text % {"n": sent.letters})
            else:
                messages.success(request, _PLAN_IS_READY)
            return redirect("dialogue_invite", dialogue_id)
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.plan")
    rows = list(Invitation.objects.filter(dialogue=dialogue).order_by("pk"))
    example = next((row for row in rows if row.email), None) or Invitation(
        dialogue=dialogue, pk=0, name=_("Karin"), seat_code="00000000"
    )
    context = {
        "section": "dialogues",
        "dialogue": dialogue,
        "errors": errors | planning.what_is_missing(dialogue, now()),
        "letter": invitation_letter(dialogue, example, now()),
        "to_write": sum(1 for row in rows if row.email and row.sent_at is None),
        "written": sum(1 for row in rows if row.sent_at is not None),
        "without_address": sum(1 for row in rows if not row.email),
        "people": len(rows),
    }
    return render(request, "dialogues/invite.html", context, status=422 if errors else 200)


# ---------------------------------------------------------------- paper


@require_GET
def codes(request: Request, dialogue_id: int) -> HttpResponse:
    """The QR sheet for the door, and everybody's own code to cut out."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    return _pdf(codes_pdf(dialogue), _("koder"), dialogue)


@require_GET
def cards(request: Request, dialogue_id: int) -> HttpResponse:
    """A card for each table: its name, the code and the QR."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    return _pdf(cards_pdf(dialogue), _("bordskort"), dialogue)


@require_GET
def where(request: Request, dialogue_id: int) -> HttpResponse:
    """The room and where everybody sits, by name, for the host at the door."""
    dialogue = get_dialogue(request.actor, dialogue_id, "dialogue.lead")
    return _pdf(where_pdf(dialogue), _("platser"), dialogue)


def _pdf(content: bytes, name: str, dialogue: Dialogue) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}-{dialogue.code}.pdf"'
    return response
