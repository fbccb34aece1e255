"""What one has left oneself: how far it has come, other words, once more, and taking it back."""

import contextlib

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from samspel.core.actor import Request
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.numbers import number_of
from samspel.exchange.access import Mine, get_mine, get_own_post
from samspel.exchange.actions.posting import change_post, set_mail
from samspel.exchange.actions.taking_back import erase_party, renew_post, take_back
from samspel.exchange.asked import questions_to
from samspel.exchange.codes import code_in, forget_code
from samspel.exchange.forms import Reviewed, choices_for, draft_in, draft_of, reviewed, unhinted
from samspel.exchange.models import Post
from samspel.exchange.own_posts import own_parties
from samspel.exchange.queries import posts_held


@require_http_methods(["GET", "HEAD"])
def mine(request: Request) -> HttpResponse:
    """All of one's own; without a code here, the page that asks for it."""
    try:
        found = get_mine(request, "party.read")
    except NotFoundError:
        context = {"is_unknown": True, "section": "exchange"}
        return render(request, "exchange/code.html", context, status=404)
    return _page(request, found)


def _page(request: Request, found: Mine, *, wrong_mail: str = "") -> HttpResponse:
    context = {
        "parties": own_parties(found, now()),
        "questions": [question for party in found.parties for question in questions_to(party)],
        "has_code": bool(code_in(request)),
        "wrong_mail": wrong_mail,
        "typed": request.POST,
        "section": "exchange",
    }
    return render(request, "exchange/mine.html", context, status=422 if wrong_mail else 200)


@require_POST
def mail(request: Request) -> HttpResponse:
    """Another address for letters, or none."""
    found = get_mine(request, "post.change")
    sent = request.POST
    address = "" if sent.get("do") == "forget" else sent.get("mail", "")
    try:
        set_mail(mine=found, party_id=_party_in(request), mail=address)
    except InvalidError as error:
        return _page(request, found, wrong_mail=error.fields["mail"])
    messages.success(request, _("Sparat.") if address else _("Adressen är borta. Inga brev skickas."))
    return redirect("exchange_mine")


def _party_in(request: Request) -> int:
    sent = request.POST.get("party", "")
    return number_of(sent, 9) or 0


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Request, post_id: int) -> HttpResponse:
    """Say it in other words; hints as when it was left."""
    found = get_mine(request, "post.change")
    post = get_own_post(found, post_id)
    if posts_held([post.pk]):
        raise ConflictError(_("De andra är frågade om orden som de står. Ta tillbaka om de inte stämmer längre."))
    if request.method != "POST":
        return _form(request, post, unhinted(draft_of(post)))
    seen = reviewed(request, draft_in(request, post.kind))
    if "hint" in request.POST:
        return _form(request, post, seen)
    if seen.has_hints:
        return _form(request, post, seen, is_asked=True)
    try:
        change_post(mine=found, post_id=post_id, draft=seen.draft, at=now())
    except InvalidError as error:
        return _form(request, post, seen, fields=error.fields)
    messages.success(request, _("Sparat. Brobyggaren läser nya ord innan någon annan gör det."))
    return redirect("exchange_mine")


def _form(
    request: Request, post: Post, seen: Reviewed, *, fields: dict[str, str] | None = None, is_asked: bool = False
) -> HttpResponse:
    context = choices_for(seen.draft) | {
        "post": post,
        "kind": post.kind,
        "draft": seen.draft,
        "said": seen.said,
        "fields": fields or {},
        "is_asked": is_asked,
        "section": "exchange",
    }
    status = 422 if is_asked or fields else 200
    return render(request, "exchange/change.html", context, status=status)


@require_POST
def renew(request: Request, post_id: int) -> HttpResponse:
    renew_post(mine=get_mine(request, "post.change"), post_id=post_id, at=now())
    messages.success(request, _("Förnyat."))
    return redirect("exchange_mine")


@require_POST
def withdraw(request: Request, post_id: int) -> HttpResponse:
    """One tap, and it is gone; a second finds nothing, which is as it should be.

    Where others are asked with her, or have begun, the page says what ends for them: a tap on one from before that
    takes nothing back.
    """
    found = get_mine(request, "post.change")
    with contextlib.suppress(NotFoundError):
        post = get_own_post(found, post_id)
        if "ends" not in request.POST and posts_held([post.pk]):
            messages.info(request, _("Inget är borttaget: andra är med i det nu. Läs vad som slutar för dem."))
            return redirect("exchange_mine")
        take_back(mine=found, post_id=post_id, at=now())
    messages.success(request, _("Det är raderat."))
    return redirect("exchange_mine")


@require_POST
def erase(request: Request) -> HttpResponse:
    """Everything of a party's; this device knows her no more."""
    found = get_mine(request, "post.change")
    erase_party(mine=found, party_id=_party_in(request), at=now())
    messages.success(request, _("Allt är raderat."))
    response = redirect("exchange")
    if len(found.parties) == 1:
        forget_code(response)
    return response


@require_POST
def forget(request: Request) -> HttpResponse:
    """The device forgets the code; what was left is still there for who has it written down."""
    messages.success(request, _("Den här enheten har glömt koden. Med koden kommer du in igen, var du än är."))
    response = redirect("exchange")
    forget_code(response)
    return response
