"""The page of how the municipality chooses."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import InvalidError
from samspel.core.numbers import number_of
from samspel.exchange.access import may_use_desk, require_broker
from samspel.exchange.actions import preferring as actions
from samspel.exchange.preferring import CHAINS, GOAL_NAMES, PART_NAMES, RINGS, preferring


@require_http_methods(["GET", "HEAD", "POST"])
def choosing(request: Request) -> HttpResponse:
    """Order, limits and weights; what was learned, and whether it is better."""
    require_broker(request.actor, "exchange.setup")
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            _do(request)
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Sparat. Det gäller från nästa räkning."))
            return redirect("exchange_choosing")
    context = {"found": preferring(), "rings": RINGS, "chains": CHAINS, "fields": fields, "section": "exchange"}
    context["is_broker"] = may_use_desk(request.actor)
    return render(request, "exchange/choosing.html", context, status=422 if fields else 200)


def _do(request: Request) -> None:
    said = request.POST
    match said.get("do"):
        case "weights":
            actions.set_weights(actor=request.actor, weights={name: _float(said.get(name)) for name in PART_NAMES})
        case "learned":
            actions.use_learned(actor=request.actor)
        case "reset":
            actions.reset_weights(actor=request.actor)
        case _:
            places = {goal: _whole(said.get(f"place-{goal}")) or 0 for goal in GOAL_NAMES}
            wanted = sorted((place, goal) for goal, place in places.items() if place > 0)
            actions.set_order(
                actor=request.actor,
                goals=[goal for _place, goal in wanted],
                ring=_whole(said.get("ring")),
                chain=_whole(said.get("chain")),
                areas=_percent(said.get("areas", "")),
            )


def _whole(text: str | None) -> int | None:
    return number_of(text, 4)


def _percent(text: str) -> int | None:
    """None when nothing is said; what is no number is out of range."""
    said = text.strip().removesuffix("%").strip()
    if not said:
        return None
    number = _whole(said)
    return -1 if number is None else number


def _float(text: str | None) -> float:
    try:
        return float((text or "").replace(",", "."))
    except ValueError:
        return -1.0
