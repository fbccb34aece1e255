"""Why a difference between groups is meant: written, and closed when it no longer is."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.idempotency import once
from samspel.core.texts import too_long
from samspel.encounters.access import get_service
from samspel.encounters.looks import DIMENSIONS
from samspel.encounters.models import Reason

LONGEST_WORDS, LONGEST_DECIDER = 500, 120


@dataclass(frozen=True)
class ReasonDraft:
    """What is meant, who decided it when, and when it is tried again."""

    dimension: str
    group: str
    is_higher: bool
    words: str
    decided_by: str
    decided_on: date | None
    tried_again_on: date | None


@transaction.atomic
def write_reason(*, actor: Actor, service_key: str, draft: ReasonDraft, key: str, at: datetime) -> Reason | None:
    """Record why a group of a service is meant to have it better, or worse. None when the key has been used.

    :raises ConflictError: that difference has a reason already.
    """
    service = get_service(actor, service_key, "reason.write")
    if draft.dimension not in DIMENSIONS or not 0 < len(draft.group) <= 40:
        raise NotFoundError("group")
    fields = _wrong(draft)
    if fields or draft.decided_on is None:
        raise InvalidError(fields=fields)
    if not once(key):
        return None
    try:
        with transaction.atomic():
            reason = Reason.objects.create(
                service=service,
                dimension=draft.dimension,
                group=draft.group,
                is_higher=draft.is_higher,
                words=draft.words.strip(),
                decided_by=draft.decided_by.strip(),
                decided_on=draft.decided_on,
                tried_again_on=draft.tried_again_on,
                written_by_id=actor.person_id,
            )
    except IntegrityError as error:
        raise ConflictError(_("Skillnaden har redan ett skäl. Avsluta det först.")) from error
    record(actor, "reason.written", reason, service=service.pk, dimension=draft.dimension)
    return reason


def _wrong(draft: ReasonDraft) -> dict[str, str]:
    fields: dict[str, str] = {}
    if not draft.words.strip():
        fields["words"] = _("Skriv skälet så att den som får det sämre förstår.")
    elif told := too_long(draft.words.strip(), LONGEST_WORDS):
        fields["words"] = told
    if not 0 < len(draft.decided_by.strip()) <= LONGEST_DECIDER:
        fields["decided_by"] = _("Skriv vem som har bestämt det, till exempel nämnden.")
    if draft.decided_on is None:
        fields["decided_on"] = _("Skriv dagen som det bestämdes.")
    elif draft.tried_again_on is None:
        fields["tried_again_on"] = _("Skriv när det prövas igen.")
    elif draft.tried_again_on <= draft.decided_on:
        fields["tried_again_on"] = _("Dagen det prövas igen ska komma efter beslutet.")
    return fields


@transaction.atomic
def close_reason(*, actor: Actor, service_key: str, reason_id: int, at: datetime) -> Reason:
    """The difference is no longer meant. The reason stays, with the day it ended; a second click changes nothing."""
    service = get_service(actor, service_key, "reason.write")
    reason = Reason.objects.select_for_update().filter(pk=reason_id, service=service).first()
    if reason is None:
        raise NotFoundError("reason")
    if reason.closed_at is None:
        reason.closed_at = at
        reason.save(update_fields=["closed_at"])
        record(actor, "reason.closed", reason, service=service.pk)
    return reason
