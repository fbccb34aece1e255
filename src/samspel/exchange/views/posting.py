"""Give and get as everybody meets it: the page, the two forms, the hint, the receipt, the code."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspel.core import defaults
from samspel.core.actor import Request
from samspel.core.errors import InvalidError, TooManyError
from samspel.core.forms import number_in
from samspel.core.limits import count_one, guess, uncount
from samspel.exchange.access import find_mine, find_party, may_set_up, may_use_desk
from samspel.exchange.actions.posting import PostDraft, Posted, add_post
from samspel.exchange.codes import keep_code
from samspel.exchange.forms import Reviewed, choices_for, draft_in, other_kind, reviewed, unhinted
from samspel.exchange.models import Party, Post
from samspel.exchange.queries import town_questions
from samspel.people.queries import units_managed


@require_GET
def exchange(request: Request) -> HttpResponse:
    """What it is, the two ways in, how it goes, and what the town is asked for."""
    context = {
        "questions": town_questions(),
        "is_broker": may_use_desk(request.actor),
        "may_set_up": may_set_up(request.actor),
        "section": "exchange",
        "days": defaults.value("exchange.post_days"),
    }
    return render(request, "exchange/exchange.html", context)


def give(request: Request) -> HttpResponse:
    return _write(request, Post.Kind.OFFER)


def need(request: Request) -> HttpResponse:
    return _write(request, Post.Kind.NEED)


@require_http_methods(["GET", "HEAD", "POST"])
def _write(request: Request, kind: Post.Kind) -> HttpResponse:
    """The form of a need or an offer. Words that may be more than one wants to tell are asked about before saving."""
    if request.method != "POST":
        return _form(request, unhinted(PostDraft(kind=kind, words="", category_id=_category_asked_for(request))))
    seen = reviewed(request, draft_in(request, kind))
    if "hint" in request.POST:
        return _form(request, seen)
    if seen.has_hints:
        return _form(request, seen, is_asked=True)
    mine = find_mine(request)
    try:
        counted = count_one(request, "post", f"party {mine.party.pk}" if mine else None)
    except TooManyError as error:
        return _form(request, seen, wait_min=-(-error.wait_s // 60))
    try:
        posted = add_post(actor=request.actor, mine=mine, draft=seen.draft, at=now())
    except InvalidError as error:
        uncount(counted)
        return _form(request, seen, fields=error.fields or {"words": error.message})
    return _receipt(request, posted)


@require_POST
def hint(request: Request) -> HttpResponse:
    """What there is to say about one of the three fields while the form is filled in; nothing is kept."""
    kind = Post.Kind.NEED if request.POST.get("kind") == Post.Kind.NEED else Post.Kind.OFFER
    verb, _dash, name = request.POST.get("hint", "").partition("-")
    seen = reviewed(request, draft_in(request, kind))
    if name not in seen.said:
        raise InvalidError
    template = "exchange/_say.html" if verb == "swap" else "exchange/_hint.html"
    return render(request, template, {"one": seen.said[name], "kind": kind})


def _category_asked_for(request: HttpRequest) -> int | None:
    """The one that a question to the town is about; else the bridge-builder chooses."""
    chosen = number_in(request, "category")
    if chosen is not None:
        return chosen
    return other_kind()


def _form(
    request: Request,
    seen: Reviewed,
    *,
    fields: dict[str, str] | None = None,
    is_asked: bool = False,
    wait_min: int = 0,
) -> HttpResponse:
    """The form with what has been typed; ``wait_min`` says when it may be sent again."""
    mine = find_mine(request)
    known = next((one for one in mine.parties if one.kind != Party.Kind.UNIT), None) if mine else None
    context = choices_for(seen.draft) | {
        "kind": seen.draft.kind,
        "draft": seen.draft,
        "said": seen.said,
        "fields": fields or {},
        "is_asked": is_asked,
        "wait_min": wait_min,
        "known": known,
        "kinds": [each for each in Party.Kind.choices if each[0] != Party.Kind.UNIT],
        "units": units_managed(request.actor) if request.actor.is_signed_in else [],
        "who": request.POST.get("who", Party.Kind.RESIDENT),
        "days": defaults.value("exchange.post_days"),
        "section": "exchange",
    }
    response = render(
        request, "exchange/write.html", context, status=429 if wait_min else 422 if fields or is_asked else 200
    )
    if wait_min:
        response.headers["Retry-After"] = str(60 * wait_min)
    return response


def _receipt(request: Request, posted: Posted) -> HttpResponse:
    context = {
        "post": posted.post,
        "code": posted.code,
        "is_unit": posted.post.party.kind == Party.Kind.UNIT,
        "days": defaults.value("exchange.post_days"),
        "section": "exchange",
    }
    response = render(request, "exchange/receipt.html", context)
    if posted.code:
        keep_code(response, posted.code)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Come back with the code that one wrote down; on another device too."""
    if request.method != "POST":
        # From the board, which does not know what the device remembers.
        if "own" in request.GET and find_mine(request):
            return redirect("exchange_mine")
        return render(request, "exchange/code.html", {"section": "exchange"})
    tried = guess(request, "wrong-party")
    typed = request.POST.get("code", "")
    if find_party(typed) is None:
        return render(request, "exchange/code.html", {"is_wrong": True, "section": "exchange"}, status=422)
    tried.was_right()
    response = redirect("exchange_mine")
    keep_code(response, typed)
    return response
