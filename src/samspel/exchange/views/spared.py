"""What it gave and what it spared, open to all; and the assumptions that the ranges rest on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspel.core import defaults
from samspel.core.actor import Request
from samspel.core.errors import InvalidError
from samspel.core.numbers import number_of
from samspel.exchange import spared as figures
from samspel.exchange.access import may_set_up, require_broker
from samspel.exchange.actions.assumptions import assume, assume_nothing
from samspel.exchange.models import Assumption
from samspel.exchange.queries import categories, category_name


@require_GET
def spared(request: Request) -> HttpResponse:
    found = figures.spared(timezone.now())
    return render(
        request,
        "exchange/spared.html",
        {
            "found": found,
            "least": defaults.value("figures.least_public"),
            "may_assume": may_set_up(request.actor),
            "section": "exchange",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def assumptions(request: Request) -> HttpResponse:
    require_broker(request.actor, "exchange.setup")
    error: InvalidError | None = None
    sent = request.POST
    wanted = number_of(sent.get("category"), 9) or 0
    if request.method == "POST":
        try:
            if sent.get("do") == "remove":
                assume_nothing(actor=request.actor, category_id=wanted)
            else:
                assume(
                    actor=request.actor,
                    category_id=wanted,
                    low=sent.get("low", ""),
                    high=sent.get("high", ""),
                    reason=sent.get("reason", ""),
                    at=timezone.now(),
                )
        except InvalidError as found:
            error = found
        else:
            messages.success(request, _("Sparat."))
            return redirect("exchange_assumptions")
    known = {one.category_id: one for one in Assumption.objects.all()}
    rows = [(one, category_name(one), known.get(one.pk)) for one in categories() if one.parent_id is not None]
    return render(
        request,
        "exchange/assumptions.html",
        {"rows": rows, "error": error, "wanted": wanted, "typed": sent, "section": "exchange"},
        status=422 if error else 200,
    )
