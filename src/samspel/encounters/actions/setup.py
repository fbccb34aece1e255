"""What the municipality decides for all its units: services, factors, areas, and the tap page in more languages."""

import re
import unicodedata
from collections.abc import Mapping
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
from samspel.core.texts import require_short
from samspel.encounters.models import Area, Factor, PointText, Service
from samspel.encounters.texts import LANGUAGE_NAME, NAMES, new_texts
from samspel.people.access import require

ACT: Final = "encounters.setup"
LANGUAGE: Final = re.compile(r"^[a-z]{2,3}$")
LONGEST_TEXT: Final = 300
LONGEST_FACTOR: Final = 60


@transaction.atomic
def add_service(*, actor: Actor, name: str) -> Service:
    """What people come for, in plain verbs. The same name again is the same service."""
    require(actor, ACT)
    name = _named(name, 120, _("Skriv vad man kommer för, till exempel: Få plats i förskolan."))
    there = Service.objects.filter(name__iexact=name, closed_at=None).first()
    if there is not None:
        return there
    service = Service.objects.create(name=name, key=_free_key(name, set(Service.objects.values_list("key", flat=True))))
    record(actor, "service.added", service)
    return service


@transaction.atomic
def change_service(*, actor: Actor, service_id: int | None, name: str, is_closed: bool, at: datetime) -> Service:
    """Rename a service, or close it: nobody is asked about it any more, and its answers stay."""
    require(actor, ACT)
    service = Service.objects.select_for_update().filter(pk=service_id or 0).first()
    if service is None:
        raise NotFoundError("service")
    service.name = _named(name, 120, _("Skriv vad man kommer för, till exempel: Få plats i förskolan."))
    service.closed_at = (service.closed_at or at) if is_closed else None
    service.save(update_fields=["name", "closed_at"])
    record(actor, "service.changed", service, closed=is_closed)
    return service


@transaction.atomic
def add_factor(*, actor: Actor, names: Mapping[str, str], service_id: int | None) -> Factor:
    """What can help or get in the way; at one service, or at all."""
    require(actor, ACT)
    names = _in_languages(names)
    if service_id is not None and not Service.objects.filter(pk=service_id, closed_at=None).exists():
        raise InvalidError(fields={"service": _("Den tjänsten finns inte längre. Välj en annan.")})
    last = Factor.objects.aggregate(last=Max("position"))["last"] or 0
    factor = Factor.objects.create(
        key=_free_key(names["sv"], set(Factor.objects.values_list("key", flat=True))),
        name=names,
        service_id=service_id,
        position=last + 1,
    )
    record(actor, "factor.added", factor, service=service_id)
    return factor


@transaction.atomic
def change_factor(
    *, actor: Actor, factor_id: int | None, names: Mapping[str, str], is_closed: bool, at: datetime
) -> Factor:
    """Change a factor's words, or close it: it is offered no more, and what was marked stays."""
    require(actor, ACT)
    factor = Factor.objects.select_for_update().filter(pk=factor_id or 0).first()
    if factor is None:
        raise NotFoundError("factor")
    factor.name = factor.name | _in_languages(names)
    factor.closed_at = (factor.closed_at or at) if is_closed else None
    factor.save(update_fields=["name", "closed_at"])
    record(actor, "factor.changed", factor, closed=is_closed)
    return factor


@transaction.atomic
def add_area(*, actor: Actor, name: str) -> Area:
    """A part of the municipality as people call it. The same name again is the same area."""
    require(actor, ACT)
    name = _named(name, 80, _("Skriv vad folk kallar området."))
    there = Area.objects.filter(name__iexact=name).first()
    if there is not None:
        return there
    last = Area.objects.aggregate(last=Max("position"))["last"] or 0
    area = Area.objects.create(
        name=name, key=_free_key(name, set(Area.objects.values_list("key", flat=True))), position=last + 1
    )
    record(actor, "area.added", area)
    return area


@transaction.atomic
def rename_area(*, actor: Actor, area_id: int | None, name: str) -> Area:
    require(actor, ACT)
    area = Area.objects.select_for_update().filter(pk=area_id or 0).first()
    if area is None:
        raise NotFoundError("area")
    area.name = _named(name, 80, _("Skriv vad folk kallar området."))
    area.save(update_fields=["name"])
    record(actor, "area.changed", area)
    return area


@transaction.atomic
def write_texts(*, actor: Actor, language: str, texts: Mapping[str, str], at: datetime) -> PointText:
    """The tap page in a language of the municipality's own; offered to everybody when every text of it is there. One
    that has come to Samspel since is waited for, and withdraws nothing."""
    require(actor, ACT)
    if not LANGUAGE.match(language) or language in dict(settings.LANGUAGES):
        raise InvalidError(fields={"language": _("Skriv språkets kod med två eller tre bokstäver, som ar eller so.")})
    known = {name: " ".join(texts.get(name, "").split()) for name in (LANGUAGE_NAME, *NAMES)}
    require_short(**{name: (text, LONGEST_TEXT) for name, text in known.items()})
    before = PointText.objects.select_for_update().filter(language=language).first()
    new = new_texts(before.texts) if before else []
    row, _created = PointText.objects.update_or_create(
        language=language,
        defaults={"texts": {name: text for name, text in known.items() if text or name not in new}, "changed_at": at},
    )
    record(actor, "point_texts.written", row, language=language)
    return row


def _named(name: str, longest: int, otherwise: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidError(fields={"name": otherwise})
    require_short(name=(name, longest))
    return name


def _in_languages(names: Mapping[str, str]) -> dict[str, str]:
    """Swedish must be there; what is not said in another language is left out, and read in Swedish."""
    said = {code: " ".join(names.get(code, "").split()) for code, _name in settings.LANGUAGES}
    if not said["sv"]:
        raise InvalidError(fields={"sv": _("Skriv det på svenska åtminstone.")})
    require_short(sv=(max(said.values(), key=len), LONGEST_FACTOR))
    return {code: name for code, name in said.items() if name}


def _free_key(name: str, taken: set[str]) -> str:
    """A key made of the name, for addresses and files: «Få plats» → ``fa-plats``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = slugify(plain)[:36].strip("-") or "x"
    return next(key for key in (stem, *(f"{stem}-{number}" for number in range(2, 1000))) if key not in taken)
