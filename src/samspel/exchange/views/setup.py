"""The kinds of help, edited."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import InvalidError
from samspel.core.forms import number_in
from samspel.exchange.access import may_use_desk, require_broker
from samspel.exchange.actions import setup as actions
from samspel.exchange.models import Category, CheckKind


@dataclass(frozen=True)
class Row:
    """A kind as the page has it: how deep it lies, its names, its checks."""

    category: Category
    depth: int
    names: tuple[tuple[str, str, str], ...]
    checks: tuple[tuple[str, str, bool], ...]


@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: Request) -> HttpResponse:
    require_broker(request.actor, actions.ACT)
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            _do(request)
        except InvalidError as error:
            fields = error.fields or {"do": error.message}
        else:
            messages.success(request, _("Sparat."))
            return redirect("exchange_setup")
    rows = category_rows()
    context = {
        "rows": rows,
        "tops": [row for row in rows if row.depth == 0 and row.category.closed_at is None],
        "new_names": [(code, name, request.POST.get(code, "")) for code, name in settings.LANGUAGES],
        "new_checks": [(value, name, value in request.POST.getlist("checks")) for value, name in CheckKind.choices],
        "fields": fields,
        "do": request.POST.get("do", ""),
        "typed": number_in(request, "id"),
        "is_broker": may_use_desk(request.actor),
        "section": "exchange",
    }
    return render(request, "exchange/setup.html", context, status=422 if fields else 200)


def category_rows() -> list[Row]:
    """All kinds with those below each, closed ones too. One query."""
    found = list(Category.objects.all())
    below: dict[int | None, list[Category]] = {}
    for one in found:
        below.setdefault(one.parent_id, []).append(one)
    tops = below.get(None, [])
    return [
        _row(one, depth) for top in tops for depth, each in ((0, [top]), (1, below.get(top.pk, []))) for one in each
    ]


def _row(category: Category, depth: int) -> Row:
    names = tuple((code, name, category.name.get(code, "")) for code, name in settings.LANGUAGES)
    checks = tuple((str(value), str(name), value in category.checks) for value, name in CheckKind.choices)
    return Row(category, depth, names, checks)


def _do(request: Request) -> None:
    """The one act that the form names."""
    actor, number = request.actor, number_in(request, "id")
    names = {code: request.POST.get(code, "") for code, _name in settings.LANGUAGES}
    checks = request.POST.getlist("checks")
    is_closed = request.POST.get("closed") == "on"
    acts: dict[str, Callable[[], Any]] = {
        "add": lambda: actions.add_category(
            actor=actor, names=names, checks=checks, parent_id=number_in(request, "parent")
        ),
        "change": lambda: actions.change_category(
            actor=actor, category_id=number, names=names, checks=checks, is_closed=is_closed, at=now()
        ),
        "up": lambda: actions.move_category(actor=actor, category_id=number, up=True),
        "down": lambda: actions.move_category(actor=actor, category_id=number, up=False),
    }
    wanted = acts.get(request.POST.get("do", ""))
    if wanted is None:
        raise InvalidError
    wanted()
