"""Permissions as data: one table per app, a row per act, tested row by row for every role and phase.

A role is something one is to the thing asked for: ``visitor`` (nobody in particular), ``person`` (signed in),
``system`` (the house itself, and who runs it from its command line),
a role in the unit (``UNIT_ROLES``, rows of people.Role) or a role in the dialogue (leader, participant, pen,
advocate).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

ROLES = frozenset(
    {
        "visitor",
        "person",
        "system",
        "member",
        "manager",
        "facilitator",
        "broker",
        "ombud",
        "analyst",
        "editor",
        "administrator",
        "leader",
        "participant",
        "pen",
        "advocate",
    }
)
UNIT_ROLES = ("member", "manager", "facilitator", "broker", "ombud", "analyst", "editor", "administrator")


@dataclass(frozen=True)
class Permission:
    """Who may do an act, and in which phases of the thing (None: in every phase)."""

    act: str
    roles: frozenset[str]
    phases: frozenset[str] | None
    why: str


TABLES: dict[str, dict[str, Permission]] = {}


def allow(act: str, roles: str, *, phases: str | None = None, why: str) -> Permission:
    """A row: roles and phases are words separated by blanks."""
    row = Permission(act, frozenset(roles.split()), None if phases is None else frozenset(phases.split()), why)
    unknown = row.roles - ROLES
    if unknown:
        raise ValueError(f"{act}: unknown role {sorted(unknown)[0]!r}")
    return row


def permission_table(app: str, rows: Iterable[Permission]) -> dict[str, Permission]:
    """Register an app's table; acts are unique over all apps."""
    table: dict[str, Permission] = {}
    for row in rows:
        if row.act in table or any(row.act in other for name, other in TABLES.items() if name != app):
            raise ValueError(f"{row.act} has two rows")
        table[row.act] = row
    TABLES[app] = table
    return table


def permission(act: str) -> Permission:
    """The row of an act.

    :raises KeyError: when no app has it.
    """
    for table in TABLES.values():
        if act in table:
            return table[act]
    raise KeyError(act)


def may(roles: Collection[str], act: str, phase: str | None = None) -> bool:
    """Whether somebody with these roles may do the act in this phase."""
    row = permission(act)
    if row.phases is not None and phase not in row.phases:
        return False
    return not row.roles.isdisjoint(roles)
