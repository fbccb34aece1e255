"""The audit trail: every change says who did what, in the change's own transaction."""

from typing import Any

from django.db import models
from django.utils import timezone

from samspel.core.actor import Actor
from samspel.core.models import AuditEntry


def record(actor: Actor, verb: str, obj: models.Model, **facts: int | str | bool | None) -> None:
    """Note that ``actor`` did ``verb`` to ``obj``. Facts are ids, counts and codes, never what somebody wrote."""
    _write(actor, verb, obj._meta.label_lower, obj.pk, facts)


def record_fact(actor: Actor, verb: str, about: str, **facts: int | str | bool | None) -> None:
    """The same for what has no row number of its own, as a default or the whole installation."""
    _write(actor, verb, about, 0, facts)


def _write(actor: Actor, verb: str, object_type: str, object_id: int, facts: dict[str, Any]) -> None:
    values = {key: value for key, value in facts.items() if value is not None}
    if actor.seat_id is not None:
        values["seat"] = actor.seat_id
    AuditEntry.objects.create(
        at=timezone.now(),
        actor_kind=actor.kind,
        person_id=actor.person_id,
        verb=verb,
        object_type=object_type,
        object_id=object_id,
        facts=values,
    )
