"""The bridge-builder's desk."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspel.core.actor import Request
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.numbers import number_of
from samspel.exchange import desk
from samspel.exchange.access import get_match, get_post, require_broker
from samspel.exchange.actions import asking, asking_town, selecting
from samspel.exchange.actions.remarking import remark_on_match
from samspel.exchange.forms import gifts_typed, wording_in
from samspel.exchange.models import Match, Post
from samspel.exchange.selections import proposals

_CHANGES: dict[str, selecting.Adjustment] = {"fix": "fix", "free": "free", "swap": "swap", "forbid": "forbid"}


@require_GET
def show(request: Request) -> HttpResponse:
    """Proposals on the left, the open one in the middle, what can be changed and is left to do on the right.

    Of a proposal that people have been asked about since, the way leads to its own page.
    """
    require_broker(request.actor, "desk.read")
    return _desk(request, number_of(request.GET.get("match")))


def _desk(request: Request, match_id: int | None, error: InvalidError | None = None) -> HttpResponse:
    """With this proposal open, or the first; after an error with the remark that was typed, and what was wrong."""
    found = desk.desk_of(
        at=timezone.now(),
        match_id=match_id,
        place=number_of(request.GET.get("gift")),
        page=number_of(request.GET.get("page")) or 1,
        weaker="weaker" in request.GET,
    )
    if match_id is not None and found.is_gone and Match.objects.filter(pk=match_id).exists():
        return redirect("exchange_match", match_id)
    context = {"desk": found, "error": error, "typed": request.POST, "section": "exchange"}
    return render(request, "exchange/desk.html", context, status=error.status if error else 200)


@require_POST
def choose_anew(request: Request) -> HttpResponse:
    selecting.choose_anew(actor=request.actor, at=timezone.now())
    return redirect("exchange_desk")


@require_POST
def adjust(request: Request, match_id: int) -> HttpResponse:
    """A gift locked, let free, chosen anew around, or shut out."""
    how = _CHANGES.get(request.POST.get("how", ""))
    offer, need = number_of(request.POST.get("offer")), number_of(request.POST.get("need"))
    if how is None or offer is None or need is None:
        raise InvalidError
    try:
        lands = selecting.adjust(
            actor=request.actor, match_id=match_id, offer_id=offer, need_id=need, how=how, at=timezone.now()
        )
    except ConflictError:
        messages.info(request, _("Inget är ändrat: förslaget är inte som när du öppnade det. Så här ser det ut nu."))
        return redirect(_at(match_id))
    said = {
        "fix": _("Låst: den blir kvar när ni räknar om."),
        "free": _("Inte låst längre."),
        "swap": _("Valt om runt omkring. De två står nu under Uteslutna."),
        "forbid": _("Utesluten. Allt annat som går står kvar. Du kan ta in den igen under Uteslutna."),
    }
    messages.success(request, said[how])
    if lands is None:  # nobody meets the need now
        return redirect(_list_in(request))
    return redirect(_at(lands))


@require_POST
def let_meet(request: Request) -> HttpResponse:
    """Take in again what was shut out."""
    offer, need = number_of(request.POST.get("offer")), number_of(request.POST.get("need"))
    if offer is None or need is None:
        raise InvalidError
    selecting.let_meet(actor=request.actor, offer_id=offer, need_id=need)
    messages.success(request, _("De två får paras ihop igen. Räkna om, så prövas de."))
    return redirect(_list_in(request))


@require_http_methods(["GET", "HEAD", "POST"])
def write_up(request: Request, match_id: int) -> HttpResponse:
    """The words that people will be asked about."""
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            asking.change_words(
                actor=request.actor,
                match_id=match_id,
                wording=wording_in(request),
                at=timezone.now(),
                states=selecting.PROPOSED,
            )
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Orden är sparade."))
            return redirect(_at(match_id))
    else:
        get_match(request.actor, match_id, "desk.read")
    match = next(iter(proposals([match_id])), None)
    if match is None:
        raise NotFoundError("match")
    return render(
        request,
        "exchange/desk_words.html",
        {
            "match": match,
            "gifts": gifts_typed(request, match.transfers.all(), fields, called=_called(match)),
            "title": request.POST.get("title", match.title),
            "until": request.POST.get("until", match.until),
            "fields": fields,
            "section": "exchange",
        },
        status=422 if fields else 200,
    )


@require_POST
def remark(request: Request, match_id: int) -> HttpResponse:
    try:
        remark_on_match(
            actor=request.actor,
            match_id=match_id,
            words=request.POST.get("words", ""),
            key=request.POST.get("key", ""),
            at=timezone.now(),
        )
    except InvalidError as error:
        return _desk(request, match_id, error)
    messages.success(request, _("Sparat. Bara brobyggare läser det."))
    return redirect(_at(match_id))


@require_POST
def put_together(request: Request, post_id: int) -> HttpResponse:
    """A post and one that fits it, from the post's own page."""
    post = get_post(request.actor, post_id, "desk.change")
    other = number_of(request.POST.get("other"))
    if other is None:
        raise InvalidError
    offer, need = (other, post.pk) if post.kind == Post.Kind.NEED else (post.pk, other)
    match_id = selecting.put_together(actor=request.actor, offer_id=offer, need_id=need, at=timezone.now())
    if match_id is None:
        messages.info(request, _("De två är låsta till varandra, och sätts ihop så snart det går."))
        return redirect("exchange_post", post_id)
    messages.success(request, _("De två är ihop, och låsta. Resten är valt om runt omkring."))
    return redirect(_at(match_id))


@require_GET
def waiting(request: Request) -> HttpResponse:
    """Every need that waits, and what the town can be asked."""
    require_broker(request.actor, "desk.read")
    return _waiting(request)


def _waiting(request: Request, need_id: int | None = None, error: InvalidError | None = None) -> HttpResponse:
    """After an error with the question that was typed about this need, and what was wrong with it."""
    rows = desk.all_waiting(timezone.now())
    context = {
        "rows": rows,
        "others": desk.other_questions(rows),
        "wrong": need_id,
        "error": error,
        "typed": request.POST,
        "section": "exchange",
    }
    return render(request, "exchange/waiting.html", context, status=error.status if error else 200)


@require_POST
def ask_town(request: Request, need_id: int) -> HttpResponse:
    """A question in the bridge-builder's own words; the next page is where it is read through."""
    try:
        asking_town.write_question(
            actor=request.actor,
            need_id=need_id,
            words=request.POST.get("words", ""),
            key=request.POST.get("key", ""),
            at=timezone.now(),
        )
    except InvalidError as error:
        return _waiting(request, need_id, error)
    messages.success(request, _("Frågan är skriven. Läs igenom den och publicera."))
    return redirect("exchange_waiting")


@require_POST
def judge_question(request: Request, question_id: int) -> HttpResponse:
    """Publish a question that has been read through, or ask it no more."""
    do = asking_town.publish_question if request.POST.get("do") == "publish" else asking_town.close_question
    do(actor=request.actor, question_id=question_id, at=timezone.now())
    return redirect("exchange_waiting")


def _at(match_id: int | None) -> str:
    address = reverse("exchange_desk")
    return address if match_id is None else f"{address}?match={match_id}"


def _called(match: Match) -> dict[int, tuple[str, str]]:
    """Who gives to whom in a proposal, by the gift's place."""
    gifts = [(one, one.offer, one.need) for one in match.transfers.all()]
    return {one.place: (offer.party.called, need.party.called) for one, offer, need in gifts if offer and need}


def _list_in(request: Request) -> str:
    """The page of proposals that she pressed on."""
    asked = {"page": number_of(request.POST.get("page")) or 1} | ({"weaker": ""} if "weaker" in request.POST else {})
    return f"{_at(None)}?{urlencode(asked)}"
