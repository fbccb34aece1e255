"""The list of a dialogue: rows for a unit's people or a file's, put there once each."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from samspel.core.errors import InvalidError, NotFoundError
from samspel.dialogues.importing import LONGEST, BadRow
from samspel.dialogues.models import Dialogue, Invitation
from samspel.people.queries import managers_of, members_of, unit_tree

SEAT_CODE_DIGITS = 8
# A hall has a few hundred; more than this is a slip of the hand.
PEOPLE_MOST = 2000


@dataclass(frozen=True)
class Added:
    """What a list gave: new people, those whose row changed, and lines to mend."""

    new: int
    changed: int
    bad: tuple[BadRow, ...] = ()


def new_seat_codes(dialogue: Dialogue, count: int) -> list[str]:
    """So many personal codes that nobody in this dialogue has: eight digits, read aloud in any language."""
    taken = set(Invitation.objects.filter(dialogue=dialogue).values_list("seat_code", flat=True))
    found: list[str] = []
    while len(found) < count:
        code = f"{secrets.randbelow(10**SEAT_CODE_DIGITS):0{SEAT_CODE_DIGITS}}"
        if code not in taken:
            taken.add(code)
            found.append(code)
    return found


FIELDS = (
    "name",
    "unit",
    "department",
    "profession",
    "role",
    "manages",
    "needs",
    "interpreter",
    "together",
    "apart",
    "source",
)


def add_rows(dialogue: Dialogue, rows: Iterable[Invitation], *, overwrite: bool = True) -> Added:
    """Put rows on the list. Who is there already, by address or (without one) by name and unit, gets the new facts.

    :param overwrite: whether a new fact replaces an old one, or only fills what is empty.
    """
    listed = list(Invitation.objects.filter(dialogue=dialogue))
    by_email = {invitation.email: invitation for invitation in listed if invitation.email}
    by_name = {
        (invitation.name.casefold(), invitation.unit.casefold()): invitation
        for invitation in listed
        if not invitation.email
    }
    new: list[Invitation] = []
    changed = 0
    for row in rows:
        known = by_email.get(row.email) if row.email else by_name.get((row.name.casefold(), row.unit.casefold()))
        if known is None:
            new.append(row)
            if row.email:
                by_email[row.email] = row
            else:
                by_name[row.name.casefold(), row.unit.casefold()] = row
        elif known.pk is not None and _update(known, row, overwrite=overwrite):
            changed += 1
    if len(listed) + len(new) > PEOPLE_MOST:
        raise InvalidError(
            fields={"file": _("Listan blir längre än %(most)s personer. Dela upp samtalet.") % {"most": PEOPLE_MOST}}
        )
    for row, code in zip(new, new_seat_codes(dialogue, len(new)), strict=True):
        row.dialogue = dialogue
        row.seat_code = code
    Invitation.objects.bulk_create(new)
    return Added(len(new), changed)


def _update(known: Invitation, row: Invitation, *, overwrite: bool) -> bool:
    """Take over what the new row says; an empty field says nothing."""
    changed = []
    for name in FIELDS:
        value = getattr(row, name)
        keeps = getattr(known, name) and (name == "source" or not overwrite)
        if value and value != getattr(known, name) and not keeps:
            setattr(known, name, value)
            changed.append(name)
    if row.person_id and not known.person_id:
        known.person_id = row.person_id
        changed.append("person")
    if changed:
        known.save(update_fields=changed)
    return bool(changed)


def add_unit(dialogue: Dialogue, unit_id: int) -> Added:
    """Copy a unit's people to the list, with what each manages, so that nobody sits with her manager."""
    units = {branch.unit.pk: branch.unit for branch in unit_tree()}
    unit = units.get(unit_id)
    if unit is None:
        raise NotFoundError("unit")
    parent = units.get(unit.parent_id or 0)
    leads: dict[int, list[str]] = {}
    for managed_id, person_ids in managers_of(units).items():
        for person_id in person_ids:
            leads.setdefault(person_id, []).append(units[managed_id].name)
    rows = [
        Invitation(
            person_id=person.pk,
            name=person.name,
            email=person.email,
            unit=unit.name,
            department=parent.name if parent else "",
            profession=person.profession,
            role=_("Enhetschef") if person.pk in leads else "",
            manages="; ".join(sorted(leads.get(person.pk, [])))[:LONGEST],
            source=unit.name,
        )
        for person in members_of(unit_id)
    ]
    return add_rows(dialogue, rows, overwrite=False)
