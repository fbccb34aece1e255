"""Reads of units, persons and roles that other parts use too."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from samspel.core.actor import Actor
from samspel.core.errors import NotFoundError
from samspel.people.models import Person, Provider, Role, Unit

# The embedded PostgreSQL knows no Swedish order, so names are sorted by a key made here: å ä ö after z,
# æ as ä and ø as ö, other accents as their letter.
_NORDIC = str.maketrans({"å": "\uffff1", "ä": "\uffff2", "æ": "\uffff2", "ö": "\uffff3", "ø": "\uffff3"})


def name_key(name: str) -> str:
    """The key that sorts names as a Swedish reader expects."""
    text = name.casefold().translate(_NORDIC)
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


def in_order(units: Iterable[Unit]) -> list[Unit]:
    return sorted(units, key=lambda unit: name_key(unit.name))


@dataclass(frozen=True)
class Branch:
    """A unit with its depth in the tree."""

    unit: Unit
    depth: int


def unit_tree() -> list[Branch]:
    """All open units, parents before children, each level in order of name. One query."""
    units = list(Unit.objects.filter(closed_at=None))
    below: dict[int | None, list[Unit]] = {}
    for unit in units:
        below.setdefault(unit.parent_id, []).append(unit)
    found: list[Branch] = []

    def walk(parent: int | None, depth: int) -> None:
        for unit in in_order(below.get(parent, [])):
            found.append(Branch(unit, depth))
            walk(unit.pk, depth + 1)

    walk(None, 0)
    return found


def units_below(unit: Unit) -> list[Branch]:
    """The open units below one, at whatever depth. One query."""
    tree = unit_tree()
    top = next((branch.depth + 1 for branch in tree if branch.unit == unit), 0)
    return [
        Branch(branch.unit, branch.depth - top)
        for branch in tree
        if branch.unit.path.startswith(unit.path) and branch.unit != unit
    ]


def units_of(actor: Actor) -> list[Unit]:
    """The units in which the actor has a role, in order of name."""
    return in_order(Unit.objects.filter(roles__person_id=actor.own_id, closed_at=None).distinct())


def units_to_lead(actor: Actor) -> list[Unit]:
    """Units where the actor may plan a dialogue: as manager or facilitator, there or above; all for administrators."""
    open_units = Unit.objects.filter(closed_at=None)
    if actor.is_administrator:
        return in_order(open_units)
    tops = Role.objects.filter(person_id=actor.own_id, kind__in=["manager", "facilitator"])
    ids = {str(unit_id) for unit_id in tops.values_list("unit_id", flat=True)}
    return in_order(unit for unit in open_units if ids.intersection(unit.path.split("/")))


def units_managed(actor: Actor) -> list[Unit]:
    """Open units that the actor manages, there or above, in order of name."""
    tops = Role.objects.filter(person_id=actor.own_id, kind="manager").values_list("unit_id", flat=True)
    ids = {str(unit_id) for unit_id in tops}
    if not ids:
        return []
    return in_order(unit for unit in Unit.objects.filter(closed_at=None) if ids.intersection(unit.path.split("/")))


def members_of(unit_id: int) -> list[Person]:
    """The people who work in a unit, its manager included, in order of name."""
    persons = Person.objects.filter(
        roles__unit_id=unit_id, roles__kind__in=["member", "manager"], is_active=True
    ).distinct()
    return sorted(persons, key=lambda person: name_key(person.name))


def managers_of(unit_ids: Iterable[int]) -> dict[int, set[int]]:
    """Managers of each unit: unit id → person ids."""
    found: dict[int, set[int]] = {}
    rows = Role.objects.filter(unit_id__in=list(unit_ids), kind="manager").values_list("unit_id", "person_id")
    for unit_id, person_id in rows:
        found.setdefault(unit_id, set()).add(person_id)
    return found


def people_with(role: str) -> list[Person]:
    """Those who have the role in any unit, each once."""
    return list(Person.objects.filter(roles__kind=role, is_active=True).distinct().order_by("pk"))


def providers() -> list[Provider]:
    """Everybody who performs, in order of name."""
    return sorted(Provider.objects.all(), key=lambda provider: name_key(provider.name))


def is_provider(provider_id: int) -> bool:
    return Provider.objects.filter(pk=provider_id).exists()


def get_open_unit(unit_id: int) -> Unit:
    """A unit by its number; its name and what it tells everybody are open."""
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise NotFoundError("unit")
    return unit


def lock_unit(unit_id: int) -> None:
    """Others who want the same unit wait until this transaction is over."""
    Unit.objects.select_for_update().get(pk=unit_id)


def units_with(unit_ids: Iterable[int]) -> list[Unit]:
    """The open units of these ids, in order of name."""
    return in_order(Unit.objects.filter(pk__in=list(unit_ids), closed_at=None))
