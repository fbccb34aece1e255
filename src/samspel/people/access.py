"""Who may do what with units, persons and roles; the only way a request gets hold of their rows."""

from collections.abc import Collection, Iterable

from samspel.core.actor import Actor
from samspel.core.errors import NotFoundError
from samspel.core.permissions import allow, may, permission, permission_table
from samspel.people.models import Person, Role, Unit
from samspel.people.queries import Branch, unit_tree

PERMISSIONS = permission_table(
    "people",
    [
        allow("unit.read", "member manager facilitator analyst editor administrator", why="The unit's own home page"),
        allow("unit.read_public", "visitor person participant", why="Name and open threads of a unit are open"),
        allow("unit.change", "administrator", why="The tree of units is the municipality's"),
        allow("person.change", "administrator", why="Accounts and roles are given by an administrator"),
        allow("person.self", "person", why="One's own name, language and sign-in"),
        allow("staff.import", "administrator", why="A staff list makes accounts and roles"),
        allow("home.read", "person", why="Everyone who is signed in has a start page"),
    ],
)

# Roles that a unit's parent gives to the units below.
INHERITED = frozenset({"manager", "facilitator", "analyst", "editor", "administrator"})


def roles_in(actor: Actor, unit: Unit) -> frozenset[str]:
    """The actor's roles in a unit: its own, those that reach down from the units above, and ``person``."""
    return roles_in_each(actor, [unit])[unit.pk]


def roles_in_each(actor: Actor, units: Iterable[Unit]) -> dict[int, frozenset[str]]:
    """The actor's roles in each of several units, by the unit's id. One query."""
    if not actor.is_signed_in:
        return {unit.pk: frozenset({"visitor"}) for unit in units}
    everywhere = {"person", "administrator"} if actor.is_administrator else {"person"}
    above = {unit.pk: {int(part) for part in unit.path.split("/") if part} for unit in units}
    rows = list(
        Role.objects.filter(person_id=actor.own_id, unit_id__in=set().union(*above.values())).values_list(
            "unit_id", "kind"
        )
    )
    return {
        here: frozenset(
            everywhere | {kind for there, kind in rows if there == here or (there in path and kind in INHERITED)}
        )
        for here, path in above.items()
    }


def get_unit(actor: Actor, unit_id: int, act: str = "unit.read") -> Unit:
    """The unit, if the actor may do ``act`` there."""
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise NotFoundError("unit")
    if not may(roles_in(actor, unit), act):
        raise NotFoundError("unit")
    return unit


def units_open_to(actor: Actor, act: str, *, but: Collection[Unit] = ()) -> list[Branch]:
    """The open units in which the actor may do ``act``, parents before children. Two queries."""
    tree = unit_tree()
    roles = roles_in_each(actor, [branch.unit for branch in tree])
    found = [branch for branch in tree if may(roles[branch.unit.pk], act) and branch.unit not in but]
    top = min((branch.depth for branch in found), default=0)
    return [Branch(branch.unit, branch.depth - top) for branch in found]


def get_person_to_change(actor: Actor, person_id: int) -> Person:
    """A person's account, for an administrator."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise NotFoundError("person")
    if not may(site_roles(actor), "person.change"):
        raise NotFoundError("person")
    return person


def site_roles(actor: Actor) -> Collection[str]:
    """Roles that do not depend on a unit. ``system`` is the house itself, and who runs it from its command line."""
    if actor.kind == "system":
        return frozenset({"visitor", "system"})
    if not actor.is_signed_in:
        return frozenset({"visitor"})
    if actor.is_administrator:
        return frozenset({"person", "administrator"})
    return frozenset({"person"})


def require(actor: Actor, act: str) -> None:
    """Stop one who may not do an act that concerns no unit in particular."""
    if not may(site_roles(actor), act):
        raise NotFoundError(act)


def may_somewhere(actor: Actor, act: str) -> bool:
    """Whether there is any unit in which the actor may do the act."""
    if may(site_roles(actor), act):
        return True
    return Role.objects.filter(person_id=actor.own_id, kind__in=permission(act).roles).exists()
