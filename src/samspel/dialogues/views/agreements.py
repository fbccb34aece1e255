"""Agreeing: the room's three with what will be done about each, the form, what became of it, and the one tap."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from samspel.core import defaults
from samspel.core.actor import Actor, Request
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.middleware import wants_json
from samspel.core.numbers import number_of
from samspel.dialogues import queries
from samspel.dialogues.access import Here, get_dialogue, has_pen
from samspel.dialogues.actions import agreeing
from samspel.dialogues.actions.agreeing import Draft
from samspel.dialogues.models import Agreement, Checkout, Dialogue, Seat
from samspel.dialogues.queries import Result
from samspel.dialogues.shared import read_once
from samspel.dialogues.views.phone_view import PhoneView, context_of, get_acting, gone_on, helps_of

STYLES = ("agree",)

# ---------------------------------------------------------------- what stands on the page


@dataclass(frozen=True)
class Row:
    """One of the chosen, with what the room has written about it. ``proposal_id`` None: what is about none of them."""

    place: int
    proposal_id: int | None
    text: str
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True)
class Form:
    """What stands in the fields, and what is wrong with it."""

    about: Row | None
    text: str = ""
    owner: str = ""
    owner_role: str = ""
    when: str = ""
    day: str = ""
    becomes: str = Agreement.Becomes.TRIAL
    agreement_id: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


def rows_of(result: Result | None, agreements: list[Agreement]) -> list[Row]:
    """The chosen that have been shown, in their order, then what was agreed about nothing of them."""
    rows = []
    about: set[int] = set()
    for place in result.shown if result is not None else ():
        mine = tuple(one for one in agreements if one.proposal_id == place.proposal_id)
        about.update(one.pk for one in mine)
        rows.append(Row(place.place, place.proposal_id, place.text, mine))
    others = tuple(one for one in agreements if one.pk not in about)
    if others or not rows:
        rows.append(Row(0, None, "", others))
    return rows


def _page(dialogue: Dialogue, *, form: Form | None, may_write: bool, about: str = "") -> dict[str, Any]:
    """What phone and leader's page have in common."""
    number = queries.question_now(dialogue)
    result = read_once(dialogue, f"result {number}", lambda now: queries.result_of(now, number))
    result = result if result is not None and result.shown else None
    rows = rows_of(result, queries.agreements_of(dialogue))
    if may_write and form is None:
        form = Form(_row_to_write(rows, about), when="next" if queries.next_dialogue_of(dialogue) else "weeks4")
    return {
        "result": result,
        "rows": rows,
        "form": form if may_write else None,
        "may_write": may_write,
        "following": queries.next_dialogue_of(dialogue),
        "kinds": _kinds(),
    }


def _kinds() -> list[tuple[str, str, str]]:
    """What an agreement may become, and what that means."""
    return [
        (
            Agreement.Becomes.TRIAL,
            _("Ett försök"),
            _("Ni provar i fyra veckor och berättar hur det gick, även om det inte hjälpte."),
        ),
        (Agreement.Becomes.NEED, _("Ett behov"), _("Ni säger vad ni behöver, så att någon kan ge det.")),
        (
            Agreement.Becomes.DECISION,
            _("En fråga för beslut"),
            _("Frågan skrivs upp för den som får bestämma, med era ord."),
        ),
        (
            Agreement.Becomes.NOTHING,
            _("Inget mer"),
            _("Det ni skrev räcker. Nästa samtal börjar med hur det gick."),
        ),
    ]


def _row_to_write(rows: list[Row], about: str) -> Row | None:
    """The one that was asked for, or the first that nothing is written about."""
    if about == "0":
        return None
    asked = next((row for row in rows if about and str(row.proposal_id) == about), None)
    return asked or next((row for row in rows if row.proposal_id and not row.agreements), None)


def _typed(request: Request, rows: list[Row], error: InvalidError | None = None) -> Form:
    """The form as it was sent."""
    post = request.POST
    about = next((row for row in rows if row.proposal_id and str(row.proposal_id) == post.get("proposal")), None)
    return Form(
        about,
        post.get("text", ""),
        post.get("owner", ""),
        post.get("owner_role", ""),
        post.get("when", ""),
        post.get("day", ""),
        post.get("becomes", ""),
        number_of(request.POST.get("agreement")),
        errors=error.fields if error else {},
    )


def _draft(request: Request, dialogue: Dialogue) -> Draft:
    """What was sent, as the action wants it.

    :raises InvalidError: a day that is none.
    """
    post = request.POST
    proposal = post.get("proposal", "")
    return Draft(
        text=post.get("text", ""),
        owner=post.get("owner", ""),
        owner_role=post.get("owner_role", ""),
        due_on=_due_on(post.get("when", ""), post.get("day", ""), dialogue),
        becomes=post.get("becomes", ""),
        proposal_id=number_of(proposal),
    )


def _due_on(when: str, day: str, dialogue: Dialogue) -> date | None:
    if when == "next":
        following = queries.next_dialogue_of(dialogue)
        return localdate(following.starts_at) if following is not None else None
    if when in {"weeks2", "weeks4"}:
        return localdate() + timedelta(weeks=int(when[-1]))
    if when == "day":
        try:
            found = parse_date(day)
        except ValueError:
            found = None
        if found is None:
            raise InvalidError(fields={"due_on": _("Välj en dag.")})
        return found
    return None


# ---------------------------------------------------------------- the phone


def view(here: Here, *, form: Form | None = None, about: str = "") -> PhoneView:
    """The step in which the room agrees. Who holds the pen writes; all see it grow."""
    may_write = has_pen(here)
    context = _page(here.dialogue, form=form, may_write=may_write, about=about)
    address = reverse("agreements", args=[here.dialogue.code])
    asked = {"om": about, "vy": "dialogues/agree.html"} | _for(here)
    shown = form if form is not None else context["form"]
    if shown is not None and shown.agreement_id is not None:
        asked["andra"] = str(shown.agreement_id)
    return PhoneView(
        "dialogues/agree.html",
        _("Vad kommer vi överens om?"),
        {
            **context,
            **_checkout_context(here),
            "here_url": f"{address}?{urlencode(asked)}",
            "write_url": address,
            "helps": helps_of(here) if here.dialogue.checkout_open else [],
        },
        has_field=may_write,
        parts=("overens", "hur-svar"),
        refresh_on="agreements result",
        styles=STYLES,
    )


def _for(here: Here) -> dict[str, str]:
    return {"for": str(here.seat.number)} if here.seat.kind == Seat.Kind.HELPED else {}


def _back(here: Here, name: str = "join", anchor: str = "", **more: str) -> HttpResponse:
    query = urlencode(more | _for(here))
    address = reverse(name, args=[here.dialogue.code])
    return redirect(f"{address}{'?' if query else ''}{query}{anchor}")


def _render(request: Request, here: Here, shown: PhoneView, status: int = 200) -> HttpResponse:
    return render(request, shown.template, context_of(request, here, shown), status=status)


def _is_agreeing(here: Here) -> bool:
    return here.dialogue.step is not None and here.dialogue.step.kind == "agree"


@require_http_methods(["GET", "POST"])
def agreements(request: Request, code: str) -> HttpResponse:
    """The same page with the row that one writes about (``om``) or changes (``andra``); a post writes."""
    here = get_acting(request, code, "seat.read")
    if request.method == "POST":
        return _write(request, here)
    if here.phase != "whole" or (request.htmx and not _is_agreeing(here)):
        return gone_on(request, code)
    agreement_id = request.GET.get("andra", "")
    form = _form_to_change(here, agreement_id) if agreement_id else None
    return _render(request, here, view(here, form=form, about=request.GET.get("om", "")))


def _form_to_change(here: Here, agreement_id: str) -> Form | None:
    rows = rows_of(queries.result_of(here.dialogue, here.question), queries.agreements_of(here.dialogue))
    return form_of(rows, agreement_id)


def form_of(rows: list[Row], agreement_id: str) -> Form | None:
    """The form with an agreement that is written already, or None when it is not there."""
    for row in rows:
        for one in row.agreements:
            if str(one.pk) == agreement_id:
                return Form(
                    row if row.proposal_id else None,
                    one.text,
                    one.owner,
                    one.owner_role,
                    "day" if one.due_on else "",
                    one.due_on.isoformat() if one.due_on else "",
                    one.becomes,
                    one.pk,
                )
    return None


def _write(request: Request, here: Here) -> HttpResponse:
    try:
        _save(request, here.actor, here.dialogue, here)
    except InvalidError as error:
        if wants_json(request):
            raise InvalidError(next(iter(error.fields.values()), error.message), fields=error.fields) from error
        rows = rows_of(queries.result_of(here.dialogue, here.question), queries.agreements_of(here.dialogue))
        form = _typed(request, rows, error)
        return _render(request, here, view(here, form=form), status=error.status)
    return _back(here, anchor="#overens")


def _save(request: Request, actor: Actor, dialogue: Dialogue, here: Here | None) -> None:
    """Write, change or withdraw, as the pressed button says."""
    at = now()
    agreement_id = number_of(request.POST.get("agreement"))
    if agreement_id is not None and "withdraw" in request.POST:
        agreeing.withdraw_agreement(actor=actor, dialogue_id=dialogue.pk, agreement_id=agreement_id, here=here, at=at)
        return
    draft = _draft(request, dialogue)
    if agreement_id is not None:
        agreeing.change_agreement(
            actor=actor, dialogue_id=dialogue.pk, agreement_id=agreement_id, draft=draft, here=here, at=at
        )
        return
    key = request.POST.get("key", "")
    agreeing.write_agreement(actor=actor, dialogue_id=dialogue.pk, draft=draft, key=key, here=here, at=at)


# ---------------------------------------------------------------- the leader's page


@require_http_methods(["GET", "POST"])
def lead(request: Request, dialogue_id: int) -> HttpResponse:
    """The same for a leader, who writes for the whole room."""
    dialogue = get_dialogue(request.actor, dialogue_id, "agreement.write")
    form, status = None, 200
    if request.method == "POST":
        try:
            _save(request, request.actor, dialogue, None)
            return redirect("dialogue_agreements", dialogue_id)
        except InvalidError as error:
            rows = rows_of(queries.result_of(dialogue, queries.question_now(dialogue)), queries.agreements_of(dialogue))
            form, status = _typed(request, rows, error), error.status
    elif request.GET.get("andra"):
        rows = rows_of(queries.result_of(dialogue, queries.question_now(dialogue)), queries.agreements_of(dialogue))
        form = form_of(rows, request.GET["andra"])
    context = _page(dialogue, form=form, may_write=True, about=request.GET.get("om", ""))
    context |= {
        "dialogue": dialogue,
        "section": "dialogues",
        "write_url": reverse("dialogue_agreements", args=[dialogue_id]),
    }
    return render(request, "dialogues/agree_lead.html", context, status=status)


# ---------------------------------------------------------------- what became of it


@require_http_methods(["GET", "POST"])
def tell_here(request: Request, code: str, agreement_id: int) -> HttpResponse:
    """A participant tells what became of an agreement, while the meeting opens with it."""
    here = get_acting(request, code, "agreement.answer")
    if here.phase != "frame" and request.method == "GET":
        return redirect("join", code)
    before = {one.pk: one for one in queries.agreements_to_open_with(here.dialogue)}
    if agreement_id not in before:
        raise NotFoundError("agreement")
    error: InvalidError | ConflictError | None = None
    if request.method == "POST":
        try:
            _answer(request, here.actor, agreement_id, here=here)
            return _back(here)
        except (InvalidError, ConflictError) as refused:
            error = refused
    shown = PhoneView(
        "dialogues/agree_tell.html",
        _("Vad blev det av det?"),
        {"here_url": "", **_answer_context(request, before[agreement_id], error, here)},
        has_field=True,
        styles=STYLES,
    )
    return _render(request, here, shown, status=error.status if error else 200)


@require_http_methods(["GET", "POST"])
def answer(request: Request, agreement_id: int) -> HttpResponse:
    """The unit's own people tell what became of an agreement, from the unit's page."""
    agreement = Agreement.objects.filter(pk=agreement_id, withdrawn_at=None).first()
    if agreement is None:
        raise NotFoundError("agreement")
    dialogue = get_dialogue(request.actor, agreement.dialogue_id, "agreement.answer")
    error = None
    if request.method == "POST":
        try:
            _answer(request, request.actor, agreement_id)
            return redirect("unit", dialogue.unit_id)
        except InvalidError as invalid:
            error = invalid
    context = {"dialogue": dialogue, "section": "unit", **_answer_context(request, agreement, error)}
    return render(request, "dialogues/agree_answer.html", context, status=error.status if error else 200)


def _answer(request: Request, actor: Actor, agreement_id: int, here: Here | None = None) -> None:
    agreeing.answer_agreement(
        actor=actor,
        agreement_id=agreement_id,
        outcome=request.POST.get("outcome", ""),
        words=request.POST.get("words", ""),
        here=here,
        at=now(),
    )


def _answer_context(
    request: Request, agreement: Agreement, error: InvalidError | ConflictError | None, here: Here | None = None
) -> dict[str, Any]:
    # A seat says something of its own beside what is told; who has a name writes on.
    outcome, words = ("", "") if here else (agreement.outcome, agreement.outcome_words)
    return {
        "agreement": agreement,
        "outcomes": Agreement.Outcome.choices,
        "outcome": request.POST.get("outcome", outcome),
        "words": request.POST.get("words", words),
        "error": error,
    }


# ---------------------------------------------------------------- check-out


def checkout_view(here: Here, *, stamp: str = "") -> PhoneView:
    """The last step: one tap, then thanks."""
    return PhoneView(
        "dialogues/checkout.html",
        _("Hur var det att vara med?"),
        {
            **_checkout_context(here, stamp),
            "following": queries.next_dialogue_of(here.dialogue),
            "helps": helps_of(here),
        },
        parts=("hur-svar", "sedan"),
        refresh_on="agreements",
        styles=STYLES,
    )


def _checkout_context(here: Here, stamp: str = "") -> dict[str, Any]:
    level = agreeing.checked_out(here)
    seconds = defaults.value("dialogue.ten_seconds")
    may_change = level is not None and _is_fresh(stamp, here, seconds)
    return {
        "level": level,
        "may_change": may_change,
        "stamp": stamp if may_change else "",
        "seconds": seconds,
        "levels": list(reversed(Checkout.Level.choices)),
    }


def _stamp(here: Here) -> str:
    """Proof that this device has just answered; it holds neither the answer nor anything that the database knows."""
    return signing.dumps([here.dialogue.pk, here.seat.number], salt="samspel.checkout")


def _is_fresh(stamp: str, here: Here, seconds: int) -> bool:
    if not stamp:
        return False
    try:
        said = signing.loads(stamp, salt="samspel.checkout", max_age=seconds)
    except signing.BadSignature:
        return False
    return bool(said == [here.dialogue.pk, here.seat.number])


@require_http_methods(["GET", "POST"])
def checkout(request: Request, code: str) -> HttpResponse:
    """A tap saves. For some seconds the answer can be changed, with the stamp that the first answer gave."""
    if request.method == "GET":
        here = get_acting(request, code, "seat.read")
        if here.phase != "whole":
            return gone_on(request, code)
        if request.htmx:
            return _taps(request, here, ends=True)
        return _render(request, here, checkout_view(here, stamp=request.GET.get("stamp", "")))
    here = get_acting(request, code, "checkout.answer")
    stamp = request.POST.get("stamp", "")
    is_changed = _is_fresh(stamp, here, defaults.value("dialogue.ten_seconds"))
    is_first = agreeing.checked_out(here) is None
    try:
        agreeing.answer_checkout(
            here=here, level=number_of(request.POST.get("level")) or 0, may_change=is_changed, at=now()
        )
    except ConflictError:
        if is_first:
            raise
        is_changed = False  # too late: the page says thank you
    if is_first:
        stamp = _stamp(here)
    may_change = is_first or is_changed
    if request.htmx:
        return _taps(request, here, stamp=stamp, is_changed=is_changed, ends=not may_change)
    return _back(here, "checkout", **({"stamp": stamp} if may_change else {}))


def _taps(
    request: Request, here: Here, *, stamp: str = "", is_changed: bool = False, ends: bool = False
) -> HttpResponse:
    """The fragment; ``ends`` takes away the one that could be changed."""
    context = context_of(request, here, checkout_view(here, stamp=stamp)) | {"is_changed": is_changed, "ends": ends}
    response = render(request, "dialogues/checkout_taps.html", context)
    if ends:
        response.headers["HX-Retarget"] = "#hur-svar"
    return response
