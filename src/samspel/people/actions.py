"""Changes to units, providers, persons and roles."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import SYSTEM, Actor
from samspel.core.audit import record, record_fact
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.models import Installation
from samspel.people.access import get_person_to_change, require
from samspel.people.importing import BadRow, StaffRow
from samspel.people.models import Person, Provider, Role, Unit


def _path_below(parent: Unit | None, unit_id: int) -> str:
    return f"{parent.path if parent else '/'}{unit_id}/"


def _free_unit_name(name: str, parent: Unit | None, but: int | None = None) -> str:
    name = " ".join(name.split())[:120]
    if not name:
        raise InvalidError(fields={"name": _("Skriv enhetens namn.")})
    if Unit.objects.filter(parent=parent, name__iexact=name).exclude(pk=but or 0).exists():
        raise InvalidError(fields={"name": _("Det finns redan en enhet som heter {name} där.").format(name=name)})
    return name


@transaction.atomic
def add_unit(*, actor: Actor, name: str, parent_id: int | None) -> Unit:
    """A new unit in the tree."""
    require(actor, "unit.change")
    parent = None
    if parent_id is not None:
        parent = Unit.objects.select_for_update().filter(pk=parent_id, closed_at=None).first()
        if parent is None:
            raise InvalidError(fields={"parent": _("Enheten ovanför finns inte.")})
    unit = Unit.objects.create(name=_free_unit_name(name, parent), parent=parent)
    unit.path = _path_below(parent, unit.pk)
    unit.save(update_fields=["path"])
    record(actor, "unit.added", unit)
    return unit


@transaction.atomic
def change_unit(*, actor: Actor, unit_id: int, name: str, parent_id: int | None, is_closed: bool, at: datetime) -> Unit:
    """Rename, move with everything below it, close or open a unit.

    :raises InvalidError: a unit cannot be put below itself, nor closed while units below it are open.
    """
    require(actor, "unit.change")
    units = {unit.pk: unit for unit in Unit.objects.select_for_update().order_by("pk")}
    unit = units.get(unit_id)
    if unit is None:
        raise NotFoundError("unit")
    parent = units.get(parent_id) if parent_id is not None else None
    if parent is not None and f"/{unit.pk}/" in parent.path:
        raise InvalidError(fields={"parent": _("En enhet kan inte ligga under sig själv.")})
    below = [other for other in units.values() if other.path.startswith(unit.path) and other is not unit]
    if is_closed and any(other.closed_at is None for other in below):
        raise InvalidError(fields={"closed": _("Stäng enheterna under den först.")})
    unit.name = _free_unit_name(name, parent, but=unit.pk)
    unit.parent = parent
    old, unit.path = unit.path, _path_below(parent, unit.pk)
    unit.closed_at = (unit.closed_at or at) if is_closed else None
    unit.save(update_fields=["name", "parent", "path", "closed_at"])
    for other in below:
        other.path = unit.path + other.path[len(old) :]
    Unit.objects.bulk_update(below, ["path"])
    record(actor, "unit.changed", unit)
    return unit


@transaction.atomic
def add_provider(*, actor: Actor, name: str, kind: str, unit_id: int | None) -> Provider:
    """Somebody who performs: an own unit, a company, an association or a cooperative."""
    require(actor, "unit.change")
    name = " ".join(name.split())[:120]
    wrong: dict[str, str] = {}
    if not name:
        wrong["name"] = _("Skriv utförarens namn.")
    elif Provider.objects.filter(name__iexact=name).exists():
        wrong["name"] = _("Den utföraren finns redan.")
    if kind not in Provider.Kind.values:
        wrong["kind"] = _("Välj vad för slags utförare det är.")
    if kind == Provider.Kind.OWN and not Unit.objects.filter(pk=unit_id or 0).exists():
        wrong["unit"] = _("Välj vilken enhet det är.")
    if wrong:
        raise InvalidError(fields=wrong)
    provider = Provider.objects.create(name=name, kind=kind, unit_id=unit_id if kind == Provider.Kind.OWN else None)
    record(actor, "provider.added", provider)
    return provider


@transaction.atomic
def add_person(*, actor: Actor, name: str, email: str, profession: str = "") -> Person:
    """An account without a password: the person sets one by the link she is sent, or signs in by the organisation."""
    require(actor, "person.change")
    name, email = " ".join(name.split())[:120], email.strip().lower()
    wrong: dict[str, str] = {}
    if not name:
        wrong["name"] = _("Skriv personens namn.")
    try:
        validate_email(email)
    except ValidationError:
        wrong["email"] = _("Skriv en e-postadress, som namn@kommunen.se.")
    if not wrong and Person.objects.filter(email=email).exists():
        wrong["email"] = _("Den adressen har redan ett konto.")
    if wrong:
        raise InvalidError(fields=wrong)
    person = Person(name=name, email=email, profession=profession.strip()[:120])
    person.set_unusable_password()
    person.save()
    record(actor, "person.added", person)
    return person


@transaction.atomic
def change_person(
    *, actor: Actor, person_id: int, name: str, profession: str, is_active: bool, is_administrator: bool
) -> Person:
    """Change an account. The last administrator stays one."""
    person = get_person_to_change(actor, person_id)
    if not name.strip():
        raise InvalidError(fields={"name": _("Skriv personens namn.")})
    # Every administrator's row is locked, so that two cannot take away each other at once.
    administrators = set(
        Person.objects.select_for_update().filter(is_administrator=True, is_active=True).values_list("pk", flat=True)
    )
    if administrators == {person.pk} and not (is_administrator and is_active):
        raise InvalidError(fields={"is_administrator": _("Det måste finnas minst en administratör.")})
    person.name = " ".join(name.split())[:120]
    person.profession = profession.strip()[:120]
    person.is_active = is_active
    person.is_administrator = is_administrator
    person.save(update_fields=["name", "profession", "is_active", "is_administrator"])
    record(actor, "person.changed", person, active=is_active, administrator=is_administrator)
    return person


@transaction.atomic
def set_roles(*, actor: Actor, person_id: int, unit_id: int, kinds: set[str]) -> None:
    """A person's roles in one unit become exactly these."""
    person = get_person_to_change(actor, person_id)
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise NotFoundError("unit")
    unknown = kinds - set(Role.Kind.values)
    if unknown:
        raise InvalidError(fields={"roles": _("Okänd roll.")})
    have = set(Role.objects.filter(person=person, unit=unit).values_list("kind", flat=True))
    Role.objects.filter(person=person, unit=unit, kind__in=have - kinds).delete()
    for kind in sorted(kinds - have):
        Role.objects.create(person=person, unit=unit, kind=kind)
    record(actor, "person.roles", person, unit=unit.pk, roles=" ".join(sorted(kinds)))


@transaction.atomic
def change_self(*, actor: Actor, name: str, language: str) -> Person:
    """One's own name and language."""
    require(actor, "person.self")
    if not name.strip():
        raise InvalidError(fields={"name": _("Skriv ditt namn.")})
    person = Person.objects.get(pk=actor.own_id)
    person.name = " ".join(name.split())[:120]
    person.language = language if language in {"sv", "da", "en"} else ""
    person.save(update_fields=["name", "language"])
    record(actor, "person.self_changed", person)
    return person


@dataclass(frozen=True)
class Imported:
    """What an import did.

    :param made: names of the units that were made.
    :param otherwise: rows that went in, of persons who have another name here, which they keep.
    """

    new_people: int
    made: tuple[str, ...]
    rows: int
    bad: tuple[BadRow, ...]
    otherwise: tuple[BadRow, ...] = ()

    @property
    def new_units(self) -> int:
        return len(self.made)


@transaction.atomic
def import_staff(*, actor: Actor, good: list[StaffRow], bad: list[BadRow]) -> Imported:
    """Take in a staff list: units and persons that are missing are made, roles are added, none is taken away.

    Done twice it changes nothing more. A unit is known by its name below its parent, a person by her address.
    """
    require(actor, "staff.import")
    units: dict[tuple[int | None, str], Unit] = {
        (unit.parent_id, unit.name.casefold()): unit for unit in Unit.objects.select_for_update()
    }
    by_name: dict[str, list[Unit]] = {}
    for unit in units.values():
        by_name.setdefault(unit.name.casefold(), []).append(unit)
    people = {person.email: person for person in Person.objects.filter(email__in=[row.email for row in good])}
    told, otherwise = list(bad), list[BadRow]()
    made_units: list[str] = []
    new_people = done = 0

    def unit_of(name: str, parent: Unit | None) -> Unit:
        same = by_name.get(name.casefold(), [])
        if parent is None and len(same) == 1:
            return same[0]
        key = (parent.pk if parent else None, name.casefold())
        if key not in units:
            made = Unit.objects.create(name=name, parent=parent)
            made.path = _path_below(parent, made.pk)
            made.save(update_fields=["path"])
            units[key] = made
            by_name.setdefault(name.casefold(), []).append(made)
            made_units.append(name)
        return units[key]

    for row in good:
        anywhere = row.parent or row.unit  # the name that is looked for in the whole tree
        if len(by_name.get(anywhere.casefold(), [])) > 1:
            reason = (
                _("Flera enheter heter {name}, som står i kolumnen parent. Ge den som menas ett eget namn först.")
                if row.parent
                else _("Flera enheter heter {name}. Skriv vilken i kolumnen parent.")
            )
            told.append(BadRow(row.line, reason.format(name=anywhere)))
            continue
        unit = unit_of(row.unit, unit_of(row.parent, None) if row.parent else None)
        person = people.get(row.email)
        if person is None:
            person = Person(name=row.name, email=row.email, profession=row.profession)
            person.set_unusable_password()
            person.save()
            people[row.email] = person
            new_people += 1
        elif person.name.casefold() != row.name.casefold():
            reason = _("{listed} heter {name} här, och det ändrades inte.").format(listed=row.name, name=person.name)
            otherwise.append(BadRow(row.line, reason))
        for kind in row.roles:
            Role.objects.get_or_create(person=person, unit=unit, kind=kind)
        done += 1
    record_fact(
        actor, "staff.imported", "people.person", rows=done, people=new_people, units=len(made_units), bad=len(told)
    )
    bad_rows = tuple(sorted(told, key=lambda row: row.line))
    return Imported(new_people, tuple(made_units), done, bad_rows, tuple(otherwise))


class AlreadyThereError(Exception):
    """There is an installation already."""


@transaction.atomic
def make_installation(*, name: str, language: str, admin_name: str, admin_email: str, password: str) -> Person:
    """An empty installation with its first administrator and the root of its tree of units.

    :raises AlreadyThereError: when there is one; nothing is changed.
    :raises ValidationError: for a password or an address that is not good enough.
    """
    if Installation.objects.filter(pk=1).exists() or Person.objects.exists():
        raise AlreadyThereError
    validate_email(admin_email)
    person = Person(name=admin_name.strip()[:120], email=admin_email.strip().lower(), is_administrator=True)
    validate_password(password, person)
    person.set_password(password)
    person.save()
    Installation.objects.create(pk=1, name=name.strip()[:80], language=language, contact=person.email)
    root = Unit.objects.create(name=name.strip()[:120])
    root.path = _path_below(None, root.pk)
    root.save(update_fields=["path"])
    record_fact(SYSTEM, "installation.made", "core.installation")
    return person
