"""Sampling plans: who is asked how often at a unit's service."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError
from samspel.encounters.models import Plan, Service
from samspel.encounters.sampling import Levers
from samspel.people.access import get_unit

MOST = {"meetings_a_week": 20_000, "ask_every": 1000, "answering": 100, "weeks": 52}


@transaction.atomic
def set_plan(*, actor: Actor, unit_id: int, service_id: int | None, levers: Levers, at: datetime) -> Plan:
    """A unit's plan for a service becomes this."""
    unit = get_unit(actor, unit_id, "point.manage")
    service = Service.objects.filter(pk=service_id or 0).first()
    wrong = wrong_levers(levers)
    if service is None:
        wrong["service"] = _("Välj vad de kommer för.")
    if wrong or service is None:
        raise InvalidError(fields=wrong)
    plan, _created = Plan.objects.update_or_create(
        unit=unit,
        service=service,
        defaults={
            "meetings_a_week": levers.meetings_a_week,
            "ask_every": levers.ask_every,
            "answering": levers.answering,
            "weeks": levers.weeks,
            "changed_at": at,
        },
    )
    record(actor, "plan.set", plan, unit=unit.pk, ask_every=levers.ask_every, weeks=levers.weeks)
    return plan


@transaction.atomic
def drop_plan(*, actor: Actor, unit_id: int, service_id: int | None) -> None:
    """The unit reckons with no plan for the service any more."""
    unit = get_unit(actor, unit_id, "point.manage")
    plan = Plan.objects.filter(unit=unit, service_id=service_id or 0).first()
    if plan is not None:
        record(actor, "plan.dropped", plan, unit=unit.pk)
        plan.delete()


def wrong_levers(levers: Levers) -> dict[str, str]:
    """By field, what cannot be."""
    return {
        name: _("Skriv ett tal från 1 till %(most)s.") % {"most": most}
        for name, most in MOST.items()
        if not 1 <= getattr(levers, name) <= most
    }
