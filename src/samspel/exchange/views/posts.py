"""All needs and offers, for bridge-builders: search, one of them, one entered for somebody, files in and out."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspel.core import defaults
from samspel.core.actor import Request
from samspel.core.errors import InvalidError
from samspel.core.forms import number_in
from samspel.core.languages import spoken
from samspel.encounters.queries import areas
from samspel.exchange.access import get_post, require_broker
from samspel.exchange.actions import reading
from samspel.exchange.actions.importing import import_posts
from samspel.exchange.actions.posting import PostDraft, enter_post
from samspel.exchange.actions.remarking import remark_on_post
from samspel.exchange.actions.taking_back import withdraw_post
from samspel.exchange.desk import fitting
from samspel.exchange.finding_posts import Wanted, find_posts
from samspel.exchange.forms import (
    Reviewed,
    category_groups,
    choices_for,
    draft_in,
    other_kind,
    reviewed,
    unhinted,
)
from samspel.exchange.grown import grew_from_agreements
from samspel.exchange.models import Mark, PartOfWeek, Party, Post
from samspel.exchange.own_posts import states_of
from samspel.exchange.post_files import post_file, rejected_file, template_file


@require_GET
def posts(request: Request) -> HttpResponse:
    """Search, with what waits for her."""
    require_broker(request.actor, "desk.read")
    wanted = wanted_in(request)
    found = find_posts(wanted, number_in(request, "page") or 1, now())
    context = {
        "wanted": wanted,
        "found": found,
        "groups": category_groups(wanted.category_id),
        "areas": areas(),
        "query": urlencode({name: str(value) for name, value in request.GET.items() if name != "page"}),
        "days": defaults.value("exchange.contact_days"),
        "section": "exchange",
    }
    return render(request, "exchange/posts.html", context)


def wanted_in(request: Request) -> Wanted:
    """What the address asks for."""
    asked = request.GET
    return Wanted(
        words=asked.get("q", "").strip()[:100],
        kind=asked.get("kind", ""),
        category_id=number_in(request, "category"),
        area_id=number_in(request, "area"),
        state=asked.get("state", ""),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def post(request: Request, post_id: int) -> HttpResponse:
    """One of them. Everything can be done to it here but to change what it says."""
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            return _do(request, post_id)
        except InvalidError as error:
            fields = error.fields or {"remark": error.message}
    found = get_post(request.actor, post_id, "desk.change" if fields else "desk.read")
    context = {
        "post": found,
        "fitting": fitting(found, now()) if found.read_at else (),
        "grew_from": grew_from_agreements([found.pk], request.actor),
        "state": states_of([found])[found.pk],
        "others": list(Post.objects.filter(party=found.party_id, expires_at__gt=now()).exclude(pk=found.pk)),
        "remarks": list(found.remarks.select_related("by").order_by("-at")),
        "groups": category_groups(found.category_id),
        "times": [PartOfWeek(each).label for each in found.times],
        "marks": [Mark(each).label for each in found.marks],
        "spoken": [spoken(each) for each in found.languages],
        "fields": fields,
        "typed": request.POST.get("remark", ""),
        "section": "exchange",
    }
    return render(request, "exchange/post.html", context, status=422 if fields else 200)


def _do(request: Request, post_id: int) -> HttpResponse:
    actor, at = request.actor, now()
    acts: dict[str, Callable[[], Any]] = {
        "read": lambda: reading.read_post(actor=actor, post_id=post_id, at=at),
        "contacted": lambda: reading.note_contact(actor=actor, post_id=post_id, at=at),
        "remark": lambda: remark_on_post(
            actor=actor,
            post_id=post_id,
            words=request.POST.get("remark", ""),
            key=request.POST.get("key", ""),
            at=at,
        ),
        "sort": lambda: reading.sort_post(actor=actor, post_id=post_id, category_id=number_in(request, "category")),
        "withdraw": lambda: withdraw_post(actor=actor, post_id=post_id, at=at),
    }
    wanted = request.POST.get("do", "")
    if wanted not in acts:
        require_broker(actor, "desk.change")
        raise InvalidError
    acts[wanted]()
    if wanted == "withdraw":
        messages.success(request, _("Det är raderat."))
        return redirect("exchange_posts")
    messages.success(request, _("Sparat. Bara brobyggare läser det.") if wanted == "remark" else _("Sparat."))
    return redirect("exchange_post", post_id)


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: Request) -> HttpResponse:
    """For somebody who has agreed in writing to exactly these words: a receipt with her code to give her."""
    require_broker(request.actor, "post.enter")
    kind = Post.Kind.OFFER if (request.POST or request.GET).get("kind") == Post.Kind.OFFER else Post.Kind.NEED
    whose = Party.objects.filter(pk=number_in(request, "party") or 0).first()
    if request.method != "POST":
        return _form(request, unhinted(PostDraft(kind=kind, words="", category_id=other_kind())), whose)
    seen = reviewed(request, draft_in(request, kind))
    if "hint" in request.POST:
        return _form(request, seen, whose)
    if seen.has_hints:
        return _form(request, seen, whose, is_asked=True)
    try:
        posted = enter_post(
            actor=request.actor,
            draft=seen.draft,
            consent=request.POST.get("consent", ""),
            party_id=whose.pk if whose else number_in(request, "party"),
            at=now(),
        )
    except InvalidError as error:
        return _form(request, seen, whose, fields=error.fields or {"words": error.message})
    context = {
        "post": posted.post,
        "code": posted.code,
        "days": defaults.value("exchange.post_days"),
        "section": "exchange",
    }
    return render(request, "exchange/entered.html", context)


def _form(
    request: Request,
    seen: Reviewed,
    whose: Party | None,
    *,
    fields: dict[str, str] | None = None,
    is_asked: bool = False,
) -> HttpResponse:
    context = choices_for(seen.draft) | {
        "kind": seen.draft.kind,
        "draft": seen.draft,
        "said": seen.said,
        "whose": whose,
        "kinds": [] if whose else [each for each in Party.Kind.choices if each[0] != Party.Kind.UNIT],
        "who": request.POST.get("who", Party.Kind.RESIDENT),
        "consents": [each for each in Post.Consent.choices if each[0] != Post.Consent.SELF],
        "consent": request.POST.get("consent", ""),
        "fields": fields or {},
        "is_asked": is_asked,
        "section": "exchange",
    }
    status = 422 if fields or is_asked else 200
    return render(request, "exchange/enter.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def take_in(request: Request) -> HttpResponse:
    """A file with the columns of ``samspel match``; the codes are shown once, to be given to each."""
    require_broker(request.actor, "post.enter")
    fields: dict[str, str] = {}
    done = None
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise InvalidError(fields={"file": _("Välj en fil.")})
            done = import_posts(
                actor=request.actor,
                content=file.read(),
                name=file.name or "",
                consent=request.POST.get("consent", ""),
                are_adults="adult" in request.POST,
                at=now(),
            )
        except InvalidError as error:
            fields = error.fields or {"file": error.message}
    context = {
        "done": done,
        "rejected": b64encode(rejected_file(done.heading, done.bad)).decode() if done and done.bad else "",
        "fields": fields,
        "consents": [each for each in Post.Consent.choices if each[0] != Post.Consent.SELF],
        "consent": request.POST.get("consent", ""),
        "section": "exchange",
    }
    return render(request, "exchange/import.html", context, status=422 if fields else 200)


@require_GET
def template(request: Request) -> HttpResponse:
    """The file to fill in."""
    require_broker(request.actor, "post.enter")
    return _file(template_file(), "samspel-mall.csv")


@require_GET
def export(request: Request) -> HttpResponse:
    """What the search shows, as ``samspel match`` reads it; no e-mail and no code is in it."""
    require_broker(request.actor, "desk.read")
    return _file(post_file(wanted_in(request), now()), f"samspel-{localdate()}.csv")


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
