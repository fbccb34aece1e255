"""The bridge-builder's matches: the list by state, and one with its answers, checks and course."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import ConflictError, InvalidError
from samspel.core.numbers import number_of
from samspel.exchange.access import get_match, require_broker
from samspel.exchange.actions import asking, running
from samspel.exchange.actions.remarking import remark_on_match
from samspel.exchange.asked import digest_to_ask
from samspel.exchange.desk import proposal_to_ask
from samspel.exchange.forms import gifts_typed, wording_in
from samspel.exchange.match_page import match_list, match_page
from samspel.exchange.models import CheckKind, Match
from samspel.people.queries import units_of


@require_GET
def matches(request: Request) -> HttpResponse:
    require_broker(request.actor, "desk.read")
    return render(request, "exchange/matches.html", {"states": match_list(), "section": "exchange"})


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: Request, match_id: int) -> HttpResponse:
    """Asks once, with who will read what; then sends the question to everybody in a proposal."""
    if request.method != "POST":
        return _to_ask(request, match_id)
    try:
        asking.ask(actor=request.actor, match_id=match_id, at=timezone.now(), seen=request.POST.get("seen", ""))
    except (InvalidError, ConflictError) as error:
        return _to_ask(request, match_id, error) if "seen" in error.fields else _page(request, match_id, error)
    messages.success(request, _("Alla är tillfrågade. De ser varandras ord och roller, inte vilka de är."))
    return redirect("exchange_match", match_id)


def _to_ask(request: Request, match_id: int, error: InvalidError | ConflictError | None = None) -> HttpResponse:
    """What each would read, and the button that asks; after an error with what was wrong."""
    get_match(request.actor, match_id, "desk.read")
    opened = proposal_to_ask(match_id, timezone.now())
    if opened is None:
        return redirect("exchange_match", match_id)
    gifts = [(one, one.offer, one.need) for one in opened.match.transfers.all()]
    return render(
        request,
        "exchange/ask.html",
        {
            "opened": opened,
            "seen": digest_to_ask(opened.match, gifts),
            "changed": error.fields["seen"] if error else "",
            "section": "exchange",
        },
        status=error.status if error else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def match(request: Request, match_id: int) -> HttpResponse:
    if request.method != "POST":
        return _page(request, match_id)
    get_match(request.actor, match_id, "desk.change")
    try:
        said = _do(request, match_id)
    except (InvalidError, ConflictError) as error:
        return _page(request, match_id, error)
    messages.success(request, said)
    return redirect("exchange_match", match_id)


def _page(request: Request, match_id: int, error: InvalidError | ConflictError | None = None) -> HttpResponse:
    """The match as it is now; after an error with what was typed, and what was wrong with it."""
    found_match = get_match(request.actor, match_id, "desk.read")
    page = match_page(found_match, actor=request.actor, country=asking.country(), at=timezone.now())
    return render(
        request,
        "exchange/match.html",
        {
            "page": page,
            "error": error,
            "typed": request.POST,
            "gifts": gifts_typed(request, page.transfers, error.fields if error else {}, called=page.called),
            "is_wording_wrong": request.POST.get("do") == "words" and error is not None,
            "kinds": CheckKind.choices,
            "endings": Match.Ending.choices,
            "becoming": Match.Becomes.choices,
            "section": "exchange",
        },
        status=error.status if error else 200,
    )


def _do(request: Request, match_id: int) -> str:
    """The one act that the form names, and what to say of it."""
    sent = request.POST
    of: dict[str, Any] = {"actor": request.actor, "match_id": match_id, "at": timezone.now()}
    saved = _("Sparat.")
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "check": (
            lambda: asking.set_check(**of, check_id=_number(sent.get("check", "")), state=sent.get("state", "")),
            saved,
        ),
        "add-check": (
            lambda: asking.add_check(**of, kind=sent.get("kind", ""), about=sent.get("about", "")),
            saved,
        ),
        "remark": (
            lambda: remark_on_match(**of, words=sent.get("words", ""), key=sent.get("key", "")),
            _("Sparat. Bara brobyggare läser det."),
        ),
        "words": (lambda: asking.change_words(**of, wording=wording_in(request)), _("Orden är sparade.")),
        "start": (lambda: _start(request, of), _("Det har börjat. Alla har fått veta det.")),
        "pause": (lambda: running.pause(**of), _("Det vilar.")),
        "go-on": (lambda: running.go_on(**of), _("Det går vidare.")),
        "end": (lambda: running.end(**of, ending=sent.get("ending", "")), _("Det är avslutat.")),
        "become": (lambda: _become(request, of), saved),
        "fall": (lambda: running.fall(**of), _("Det blev inte av. Ingen får veta varför.")),
    }
    wanted = acts.get(sent.get("do", ""))
    if wanted is None:
        raise InvalidError
    act, said = wanted
    act()
    return said


def _start(request: Request, of: dict[str, Any]) -> Match:
    return running.start(**of, **_thread_in(request))


def _become(request: Request, of: dict[str, Any]) -> Match:
    return running.become(**of, becomes=request.POST.get("becomes", ""), **_thread_in(request))


def _thread_in(request: Request) -> dict[str, Any]:
    """A thread of one of her own units, when she has chosen one."""
    unit, _colon, on_thread = request.POST.get("thread", "").partition(":")
    mine = {str(each.pk): each.pk for each in units_of(request.actor)} if on_thread else {}
    if on_thread and unit not in mine:
        raise InvalidError(fields={"thread": _("Välj en enhet.")})
    return {"unit_id": mine.get(unit), "on_thread": on_thread}


def _number(typed: str) -> int:
    return number_of(typed, 15) or 0
