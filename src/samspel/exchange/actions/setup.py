"""The kinds of help that a municipality offers to choose from: names, what is asked before it begins, order."""

import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError, NotFoundError
from samspel.exchange.access import require_broker
from samspel.exchange.models import Category, CheckKind

ACT: Final = "exchange.setup"
LONGEST: Final = 60


@transaction.atomic
def add_category(
    *, actor: Actor, names: Mapping[str, str], checks: Collection[str] = (), parent_id: int | None = None
) -> Category:
    """A kind of help, at the top or below one that is there. The same Swedish name there again is the same kind."""
    require_broker(actor, ACT)
    names = _in_languages(names)
    parent = None
    if parent_id is not None:
        parent = Category.objects.filter(pk=parent_id, parent=None, closed_at=None).first()
        if parent is None:
            raise InvalidError(fields={"parent": _("Den gruppen finns inte längre. Välj en annan.")})
    there = Category.objects.filter(parent=parent, name__sv=names["sv"], closed_at=None).first()
    if there is not None:
        return there
    last = Category.objects.aggregate(last=Max("position"))["last"] or 0
    category = Category.objects.create(
        key=_free_key(names["sv"], parent), parent=parent, name=names, checks=_known(checks), position=last + 1
    )
    record(actor, "category.added", category, parent=parent_id)
    return category


@transaction.atomic
def change_category(
    *,
    actor: Actor,
    category_id: int | None,
    names: Mapping[str, str],
    checks: Collection[str],
    is_closed: bool,
    at: datetime,
) -> Category:
    """Its names and checks; a closed one is offered no more, and posts keep theirs. Its key stays."""
    category = _locked(actor, category_id)
    category.name = _in_languages(names)
    category.checks = _known(checks)
    category.closed_at = (category.closed_at or at) if is_closed else None
    category.save(update_fields=["name", "checks", "closed_at"])
    record(actor, "category.changed", category, closed=is_closed)
    return category


@transaction.atomic
def move_category(*, actor: Actor, category_id: int | None, up: bool) -> Category:
    """One step among its own; at the end it stays."""
    category = _locked(actor, category_id)
    beside = list(Category.objects.select_for_update().filter(parent_id=category.parent_id))
    here = next(place for place, one in enumerate(beside) if one.pk == category.pk)
    there = here + (-1 if up else 1)
    if not 0 <= there < len(beside):
        return category
    beside[here], beside[there] = beside[there], beside[here]
    for one, position in zip(beside, sorted(one.position for one in beside), strict=True):
        one.position = position
    Category.objects.bulk_update(beside, ["position"])
    record(actor, "category.moved", category, up=up)
    return category


def _locked(actor: Actor, category_id: int | None) -> Category:
    require_broker(actor, ACT)
    category = Category.objects.select_for_update().filter(pk=category_id or 0).first()
    if category is None:
        raise NotFoundError("category")
    return category


def _known(checks: Collection[str]) -> list[str]:
    return [check for check in CheckKind.values if check in checks]


def _in_languages(names: Mapping[str, str]) -> dict[str, str]:
    said = {code: " ".join(names.get(code, "").split())[:LONGEST] for code, _name in settings.LANGUAGES}
    if not said["sv"]:
        raise InvalidError(fields={"sv": _("Skriv det på svenska åtminstone.")})
    return {code: name for code, name in said.items() if name}


def _free_key(name: str, parent: Category | None) -> str:
    """A path that nobody has, made of the Swedish name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = (f"{parent.key}/" if parent else "") + (slugify(plain)[:30].strip("-") or "x")
    taken = set(Category.objects.filter(key__startswith=stem).values_list("key", flat=True))
    return next(key for key in (stem, *(f"{stem}-{number}" for number in range(2, 1000))) if key not in taken)
