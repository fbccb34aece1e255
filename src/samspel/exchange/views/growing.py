"""A unit's need that grows from what it has agreed in a dialogue."""

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from samspel.core import defaults
from samspel.core.actor import Request
from samspel.core.errors import InvalidError
from samspel.exchange.access import Source, get_source
from samspel.exchange.actions.posting import LONGEST, PostDraft, need_from_agreement, need_grown_from
from samspel.exchange.forms import Reviewed, choices_for, draft_in, other_kind, reviewed, unhinted
from samspel.exchange.models import Post


@require_http_methods(["GET", "HEAD", "POST"])
def need_from(request: Request, knot_id: int) -> HttpResponse:
    """The form of a need, with the agreement's own words in it; hints as when anybody leaves one."""
    source = get_source(request.actor, knot_id)
    if request.method != "POST":
        return _form(request, source, unhinted(_prefilled(source)))
    # What the unit is called is known, and asked about by no hint.
    seen = reviewed(request, replace(draft_in(request, Post.Kind.NEED), called=""))
    if "hint" in request.POST:
        return _form(request, source, seen)
    if seen.has_hints:
        return _form(request, source, seen, is_asked=True)
    try:
        post = need_from_agreement(actor=request.actor, knot_id=knot_id, draft=seen.draft, at=now())
    except InvalidError as error:
        return _form(request, source, seen, fields=error.fields or {"words": error.message})
    return render(
        request,
        "exchange/receipt.html",
        {"post": post, "source": source, "days": defaults.value("exchange.post_days"), "section": "exchange"},
    )


def _prefilled(source: Source) -> PostDraft:
    """The agreement's words, what does not fit the first field in the second."""
    words = source.look.words
    if len(words) > LONGEST:
        words = words[: LONGEST + 1].rpartition(" ")[0] or words[:LONGEST]
    more = source.look.words[len(words) :].strip()
    return PostDraft(
        kind=Post.Kind.NEED,
        words=words,
        more=more,
        category_id=other_kind(),
    )


def _form(
    request: Request,
    source: Source,
    seen: Reviewed,
    *,
    fields: dict[str, str] | None = None,
    is_asked: bool = False,
) -> HttpResponse:
    context = choices_for(seen.draft) | {
        "kind": Post.Kind.NEED,
        "draft": seen.draft,
        "said": seen.said,
        "fields": fields or {},
        "is_asked": is_asked,
        "source": source,
        "earlier": need_grown_from(source),
        "days": defaults.value("exchange.post_days"),
        "section": "exchange",
    }
    return render(request, "exchange/grow.html", context, status=422 if fields or is_asked else 200)
