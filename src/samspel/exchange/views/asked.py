"""The page of somebody who is asked: what, with whom by role, and her answer."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import ConflictError, InvalidError
from samspel.core.numbers import number_of
from samspel.exchange.access import Mine, get_mine, get_part, own_parts, waits_for_her
from samspel.exchange.actions import answering
from samspel.exchange.actions.asking import country
from samspel.exchange.actions.running import tell_outcome
from samspel.exchange.asked import asked_page
from samspel.exchange.models import Part


@require_http_methods(["GET", "HEAD", "POST"])
def asked(request: Request, match_id: int) -> HttpResponse:
    mine = get_mine(request, "part.answer" if request.method == "POST" else "part.read")
    error: InvalidError | ConflictError | None = None
    part = get_part(mine, match_id, place=_number(request.GET["as"]) if "as" in request.GET else None)
    if request.method == "POST":
        try:
            said = _do(request, _only(part), match_id)
        except (InvalidError, ConflictError) as found:
            error = found
            part = get_part(_only(part), match_id)
        else:
            messages.success(request, said)
            return redirect(_next(mine, part))
    parts = own_parts(mine, match_id) if len(mine.parties) > 1 else [part]
    if request.method != "POST" and len(parts) > 1 and "as" not in request.GET:
        return redirect(_address(part, parts))
    page = asked_page(part, country=country(), at=timezone.now())
    return render(
        request,
        "exchange/asked.html",
        {
            "page": page,
            "part": part,
            "also": [(one, waits_for_her(one)) for one in parts if one != part],
            "error": error,
            "typed": request.POST,
            "levels": [(level.value, level.label) for level in reversed(Part.Outcome)],
            "section": "exchange",
        },
        status=error.status if error else 200,
    )


def _only(part: Part) -> Mine:
    """Her as the one party whose part it is: a form sent twice answers for nobody else."""
    return Mine((part.party,)) if part.party is not None else Mine(())


def _next(mine: Mine, answered: Part) -> str:
    """The page of another part of hers that waits for her; else of the one that she has answered for."""
    parts = own_parts(mine, answered.match_id)
    return _address(next(filter(waits_for_her, parts), answered), parts)


def _address(part: Part, of_hers: Sequence[Part]) -> str:
    address = reverse("exchange_asked", args=[part.match_id])
    return f"{address}?as={part.place}" if len(of_hers) > 1 else address


def _do(request: Request, mine: Mine, match_id: int) -> str:
    """The one act that the form names, and what to say of it."""
    sent, at = request.POST, timezone.now()
    of: dict[str, Any] = {"mine": mine, "match_id": match_id, "at": at}
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "yes": (
            lambda: answering.say_yes(**of, contact=sent.get("contact", ""), seen=sent.get("seen", "")),
            _("Tack. Du har sagt ja."),
        ),
        "contact": (
            lambda: answering.change_contact(**of, contact=sent.get("contact", "")),
            _("Sparat. De andra får veta att det finns något nytt att läsa."),
        ),
        "forget-contact": (
            lambda: answering.change_contact(**of, contact=""),
            _("Det är borta, också hos de andra."),
        ),
        "no": (
            lambda: answering.say_no(**of),
            _("Du har tackat nej. De andra får inte veta att det var du, men brobyggaren ser det."),
        ),
        "problem": (
            lambda: answering.tell_problem(**of, words=sent.get("problem", "")),
            _("Tack. Bara brobyggaren läser det."),
        ),
        "other-time": (
            lambda: answering.ask_other_time(**of, words=sent.get("other_time", "")),
            _("Tack. Brobyggaren ser när det passar dig."),
        ),
        "block": (
            lambda: answering.block(**of, place=_number(sent.get("place", ""))),
            _("Ni kommer inte att kopplas ihop igen. De andra får inte veta det."),
        ),
        "leave": (
            lambda: answering.leave_match(**of),
            _("Du är inte med längre. De andra får veta att det inte blev av."),
        ),
        "outcome": (
            lambda: tell_outcome(**of, level=_number(sent.get("level", ""))),
            _("Tack. Du kan ändra dig i tio sekunder."),
        ),
    }
    wanted = acts.get(sent.get("do", ""))
    if wanted is None:
        raise InvalidError
    act, said = wanted
    act()
    return said


def _number(typed: str) -> int:
    return number_of(typed, 3) or 0
