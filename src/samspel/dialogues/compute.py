"""Seating: the list and the tables become an engine problem; the result is stored with its seed and explanation."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from django.db.models import Max

from samspel.dialogues.models import (
    Dialogue,
    Invitation,
    Placement,
    PlannedPlace,
    Seat,
    Table,
)
from samspel.engine import seating as engine

# How many earlier dialogues of the unit count as «have met»: after a year of monthly ones, faces are new again.
EARLIER_DIALOGUES = 12
# From five at a table they talk in threes first: in a group of three everyone gets to speak.
THREES_FROM = 5


def seatings_of(dialogue: Dialogue) -> int:
    """How many times people are seated in this plan."""
    return dialogue.steps.aggregate(most=Max("seating"))["most"] or 1


# ---------------------------------------------------------------- the problem


def unit_names(text: str) -> tuple[str, ...]:
    """The units in a list written with semicolons."""
    return tuple(name.strip() for name in text.split(";") if name.strip())


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def person_of(
    invitation: Invitation,
    units_of_department: Mapping[str, frozenset[str]],
    interpreted: Collection[str] = (),
) -> engine.Person:
    """Somebody on the list, as the seating engine knows her. Who leads a department leads all its units.

    :param interpreted: the languages that have a table with an interpreter.
    """
    manages: set[str] = set()
    for name in unit_names(invitation.manages):
        manages |= {_plain(name)} | units_of_department.get(_plain(name), frozenset())
    return engine.Person(
        id=f"i{invitation.pk}",
        attributes={
            "unit": _plain(invitation.unit),
            "department": _plain(invitation.department),
            "profession": _plain(invitation.profession),
            "role": _plain(invitation.role),
        },
        manages=tuple(sorted(manages)),
        needs=(
            *(("accessible",) if "accessible" in invitation.needs else ()),
            *_interpreter_of(invitation, interpreted),
        ),
    )


def interpreter_need(language: str) -> str:
    """What a table with an interpreter of a language offers, and who needs her asks for."""
    return f"interpreter:{language}"


def _interpreter_of(invitation: Invitation, interpreted: Collection[str]) -> tuple[str, ...]:
    """Her need of a table with an interpreter, where there is one for her; of any, when no language is told."""
    if "interpreter" not in invitation.needs or not interpreted:
        return ()
    if not invitation.interpreter:
        return ("interpreter",)
    return (interpreter_need(invitation.interpreter),) if invitation.interpreter in interpreted else ()


def _offers(table: Table) -> tuple[str, ...]:
    offered = ["accessible"] if table.is_accessible else []
    if table.interpreter:
        offered += ["interpreter", interpreter_need(table.interpreter)]
    return tuple(offered)


def _units_of_department(invitations: Iterable[Invitation]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for invitation in invitations:
        if invitation.department and invitation.unit:
            found[_plain(invitation.department)].add(_plain(invitation.unit))
    return {department: frozenset(units) for department, units in found.items()}


def _marked(invitations: Iterable[Invitation], field: str) -> list[list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for invitation in invitations:
        mark = _plain(getattr(invitation, field))
        if mark:
            groups[mark].append(f"i{invitation.pk}")
    return [group for group in groups.values() if len(group) > 1]


def _together(invitations: list[Invitation], tables: Iterable[Table]) -> tuple[tuple[str, ...], ...]:
    """Who sits together: by mark, and who need the same interpreter when no table has one: she goes where they go.

    Overlaps join.
    """
    tables = list(tables)
    most = max((table.size for table in tables), default=1)
    interpreted = {table.interpreter for table in tables} - {""}
    groups = _marked(invitations, "together")
    by_language: dict[str, list[str]] = defaultdict(list)
    for invitation in invitations:
        if "interpreter" in invitation.needs and not _interpreter_of(invitation, interpreted):
            by_language[invitation.interpreter].append(f"i{invitation.pk}")
    for people in by_language.values():
        groups += [people[at : at + most] for at in range(0, len(people), most)]
    joined: list[set[str]] = []
    for group in groups:
        touching = [other for other in joined if other.intersection(group)]
        joined = [other for other in joined if not other.intersection(group)]
        joined.append(set(group).union(*touching))
    return tuple(tuple(sorted(group, key=_number)) for group in joined if len(group) > 1)


def _apart(invitations: Iterable[Invitation]) -> tuple[tuple[str, str], ...]:
    """Who never sits together: every two with the same mark."""
    return tuple(sorted({pair for group in _marked(invitations, "apart") for pair in combinations(group, 2)}))


def _tables_of(tables: Iterable[Table]) -> tuple[engine.Table, ...]:
    return tuple(engine.Table(f"t{table.pk}", 0, table.size, _offers(table)) for table in tables)


def _number(person_id: str) -> int:
    return int(person_id[1:])


@dataclass(frozen=True)
class Pin:
    """A place that was chosen by hand: it is kept when the rest is drawn anew."""

    invitation_id: int
    seating: int
    table_id: int
    is_host: bool


def pins_of(dialogue: Dialogue) -> list[Pin]:
    rows = PlannedPlace.objects.filter(invitation__dialogue=dialogue, is_pinned=True).order_by("pk")
    return [Pin(*row) for row in rows.values_list("invitation_id", "seating", "table_id", "is_host")]


def problem_of(
    dialogue: Dialogue, invitations: list[Invitation], tables: list[Table], pins: Iterable[Pin] = ()
) -> engine.Problem:
    """Everyone on the list, the tables, the hard rules, and who has met before in this unit's dialogues."""
    units = _units_of_department(invitations)
    interpreted = {table.interpreter for table in tables} - {""}
    rounds = seatings_of(dialogue)
    return engine.Problem(
        people=tuple(person_of(invitation, units, interpreted) for invitation in invitations),
        tables=_tables_of(tables),
        rounds=rounds,
        pinned=tuple(
            (f"i{pin.invitation_id}", pin.seating - 1, f"t{pin.table_id}") for pin in pins if pin.seating <= rounds
        ),
        apart=_apart(invitations),
        together=_together(invitations, tables),
        earlier=earlier_pairs(dialogue, invitations),
    )


def earlier_pairs(dialogue: Dialogue, invitations: list[Invitation]) -> tuple[tuple[str, str], ...]:
    """Pairs on the list that sat at one table in an earlier dialogue of the unit. Two queries."""
    ids = {invitation.email: f"i{invitation.pk}" for invitation in invitations if invitation.email}
    earlier = list(
        Dialogue.objects.filter(
            unit=dialogue.unit_id, starts_at__lt=dialogue.starts_at, is_rehearsal=False, opened_at__isnull=False
        )
        .exclude(pk=dialogue.pk)
        .order_by("-starts_at")
        .values_list("pk", flat=True)[:EARLIER_DIALOGUES]
    )
    rows = Placement.objects.filter(seat__dialogue__in=earlier, seat__invitation__email__in=ids).values_list(
        "table_id", "seating", "seat__invitation__email"
    )
    sat: dict[tuple[int, int], list[str]] = defaultdict(list)
    for table_id, number, email in rows:
        sat[table_id, number].append(ids[email])
    pairs = {pair for people in sat.values() for pair in combinations(sorted(set(people), key=_number), 2)}
    return tuple(sorted(pairs))


# ---------------------------------------------------------------- everyone on the list


def seat_everyone(dialogue: Dialogue) -> None:
    """Plan a place for everyone on the list in every seating, and keep what it gives in ``seating_told``.

    The same list, tables, pins and seed give the same places. Call it while nobody has joined.
    """
    pins = pins_of(dialogue)
    PlannedPlace.objects.filter(invitation__dialogue=dialogue).delete()
    invitations = list(Invitation.objects.filter(dialogue=dialogue).order_by("pk"))
    tables = list(dialogue.tables.all())
    if not dialogue.has_seating or not invitations or not tables:
        dialogue.seating_told = {}
        dialogue.save(update_fields=["seating_told"])
        return
    problem = problem_of(dialogue, invitations, tables, pins)
    rng = np.random.default_rng(dialogue.seating_seed)
    named = {f"i{pin.invitation_id}": f"t{pin.table_id}" for pin in pins if pin.is_host}
    hosts = _hosts_of(problem, named, rng) if dialogue.template.hosts_stay else {}
    problem = _with_hosts(problem, hosts)
    solution = engine.solve(problem, rng=rng)
    pinned = {(pin.invitation_id, pin.seating, pin.table_id) for pin in pins}
    PlannedPlace.objects.bulk_create(
        PlannedPlace(
            invitation_id=_number(person),
            seating=number,
            table_id=_number(table),
            is_host=hosts.get(person) == table,
            is_pinned=(_number(person), number, _number(table)) in pinned,
        )
        for number, places in enumerate(solution.rounds, start=1)
        for person, table in places.items()
    )
    dialogue.seating_told = told(problem, solution)
    dialogue.save(update_fields=["seating_told"])


def retell(dialogue: Dialogue) -> None:
    """Count anew what the planned places give, after some were changed by hand."""
    invitations = list(Invitation.objects.filter(dialogue=dialogue).order_by("pk"))
    tables = list(dialogue.tables.all())
    rows = list(PlannedPlace.objects.filter(invitation__dialogue=dialogue).order_by("seating", "invitation_id"))
    if not rows:
        return
    problem = problem_of(dialogue, invitations, tables)
    problem = _with_hosts(problem, {f"i{row.invitation_id}": f"t{row.table_id}" for row in rows if row.is_host})
    rounds: list[dict[str, str]] = [{} for _number in range(problem.rounds)]
    for row in rows:
        rounds[row.seating - 1][f"i{row.invitation_id}"] = f"t{row.table_id}"
    dialogue.seating_told = told(problem, engine.measure(problem, rounds))
    dialogue.save(update_fields=["seating_told"])


def _hosts_of(problem: engine.Problem, named: Mapping[str, str], rng: np.random.Generator) -> dict[str, str]:
    """One at every table who stays there: the named ones, else drawn among those whom the first seating puts there."""
    if problem.rounds == 1:
        return dict(named)
    first = replace(_with_hosts(problem, named), rounds=1, pinned=tuple(pin for pin in problem.pinned if pin[1] == 0))
    tables = engine.solve(first, rng=rng).rounds[0]
    return engine.choose_hosts(problem, tables, rng=rng, named=named)


def _with_hosts(problem: engine.Problem, hosts: Mapping[str, str]) -> engine.Problem:
    people = tuple(replace(person, table=hosts.get(person.id, "")) for person in problem.people)
    return replace(problem, people=people) if hosts else problem


def _colleagues(problem: engine.Problem, solution: engine.Solution) -> dict[str, object]:
    """How often two of one unit share a table, and how often they must, whoever seats them."""
    for description in engine.describe(problem, solution):
        if description.kind == "alike" and description.numbers["attribute"] == "unit":
            return {"colleagues": description.numbers["pairs"], "least_colleagues": description.numbers["least"]}
    return {"colleagues": 0, "least_colleagues": 0}


def told(problem: engine.Problem, solution: engine.Solution) -> dict[str, object]:
    """What the seating gives, in numbers: new meetings, units that meet, and the rules that could not be kept."""
    met = {frozenset(pair) for pair in problem.earlier}
    unit_of = {person.id: person.attributes.get("unit", "") for person in problem.people}
    new: set[frozenset[str]] = set()
    again = 0
    meeting: set[str] = set()
    seatings = []
    for number in range(len(solution.rounds)):
        before = len(new)
        for people in solution.at(number).values():
            units = {unit_of[person] for person in people} - {""}
            if len(units) > 1:
                meeting |= units
            for pair in combinations(people, 2):
                one, other = (unit_of[person] for person in pair)
                if one and one == other:
                    continue
                if frozenset(pair) in met:
                    again += 1
                else:
                    met.add(frozenset(pair))
                    new.add(frozenset(pair))
        seatings.append({"new": len(new) - before})
    return {
        "people": len(problem.people),
        "seatings": seatings,
        "new": len(new),
        "again": again,
        "units": len(meeting),
        "hosts": sum(1 for person in problem.people if person.table),
        "is_best": solution.status == "best",
        **_colleagues(problem, solution),
        "has_managers": any(person.manages and problem.staff_of(person) for person in problem.people),
        "broken": [
            {
                "rule": broken.rule,
                "reason": broken.reason,
                "seating": broken.round + 1,
                "people": [_number(person) for person in broken.people],
            }
            for broken in solution.broken
        ],
    }


# ---------------------------------------------------------------- somebody who comes late


def late_tables(dialogue: Dialogue, seat: Seat, first: int, needs: Collection[str] = ()) -> dict[int, Table]:
    """The best table for somebody who was not planned for, in each seating from ``first``; nobody is moved.

    The rules are those of the plan: managers and their staff, marks for together and apart, what she needs. Those who
    are invited and have not come yet keep their places.

    :param needs: what she said as she joined, beside what stands on the list.
    """
    # Marks and earlier meetings are about those on the list; a hall of people who just come need not read them.
    seated = seated_now(dialogue, last=first, without=seat, is_marked=seat.invitation_id is not None)
    if not seated.tables:
        return {}
    plan = engine.Solution(seated.rounds, "good", (), 0.0, 0.0, 0.0, 0)
    newcomer = seated.person(seat.pk, seat.invitation_id, seat.unit, seat.role)
    newcomer = replace(newcomer, needs=tuple(dict.fromkeys([*newcomer.needs, *needs])))
    found = engine.place_late(seated.problem, plan, newcomer, round_=first - 1)
    return {first + place: seated.tables[name] for place, name in enumerate(found.tables)}


# ---------------------------------------------------------------- who sits where


@dataclass(frozen=True)
class Seated:
    """Those who sit somewhere, and the invited who are still expected, as the seating engine knows them.

    Somebody on the list is ``i`` and her invitation's number, somebody who just came ``s`` and her seat's; a table is
    ``t`` and its number. ``rounds``: each seating's table of each person. ``tables``: the rows by those names.
    """

    problem: engine.Problem
    rounds: tuple[dict[str, str], ...]
    tables: Mapping[str, Table]
    invitations: Mapping[int, Invitation]
    units: Mapping[str, frozenset[str]]

    def person(self, seat_id: int, invitation_id: int | None, unit: str, role: str) -> engine.Person:
        if invitation_id is not None and invitation_id in self.invitations:
            interpreted = {table.interpreter for table in self.tables.values()} - {""}
            return person_of(self.invitations[invitation_id], self.units, interpreted)
        return engine.Person(f"s{seat_id}", {"unit": _plain(unit), "role": _plain(role)})


def seated_now(dialogue: Dialogue, *, last: int = 1, without: Seat | None = None, is_marked: bool = True) -> Seated:
    """Who sits where in every seating, and is expected to, with the rules of the plan. Seven queries, however many.

    :param last: at least so many seatings.
    :param without: leave this seat out.
    :param is_marked: with the marks for together and apart, and who has met in earlier dialogues.
    """
    tables = list(dialogue.tables.all())
    invitations = {each.pk: each for each in Invitation.objects.filter(dialogue=dialogue).order_by("pk")}
    listed = list(invitations.values()) if is_marked else []
    last = max(last, seatings_of(dialogue))
    seated = Seated(
        engine.Problem((), _tables_of(tables) or (engine.Table("t0", 0, 1),), rounds=last),
        tuple({} for _number in range(last)),
        {f"t{table.pk}": table for table in tables},
        invitations,
        _units_of_department(invitations.values()),
    )
    people: dict[str, engine.Person] = {}
    placed = Placement.objects.filter(seat__dialogue=dialogue, seat__left_at=None, seating__lte=last)
    if without is not None:
        placed = placed.exclude(seat=without)
    columns = ("seat_id", "seat__invitation_id", "seat__unit", "seat__role", "seating", "table_id", "is_host")
    hosts: dict[str, str] = {}
    for *about, number, table_id, is_host in placed.order_by("seat__number").values_list(*columns):
        one = seated.person(*about)
        people[one.id] = one
        seated.rounds[number - 1][one.id] = f"t{table_id}"
        if is_host:
            hosts[one.id] = f"t{table_id}"
    expected = PlannedPlace.objects.filter(
        invitation__dialogue=dialogue, invitation__seat__isnull=True, seating__lte=last
    ).order_by("invitation_id")
    for invitation_id, number, table_id, is_host in expected.values_list(
        "invitation_id", "seating", "table_id", "is_host"
    ):
        one = seated.person(0, invitation_id, "", "")
        people[one.id] = one
        seated.rounds[number - 1][one.id] = f"t{table_id}"
        if is_host:
            hosts[one.id] = f"t{table_id}"
    problem = engine.Problem(
        people=tuple(people.values()),
        tables=seated.problem.tables,
        rounds=last,
        apart=_apart(listed),
        together=_together(listed, tables),
        earlier=earlier_pairs(dialogue, listed) if listed else (),
    )
    return replace(seated, problem=_with_hosts(problem, hosts))


# ---------------------------------------------------------------- threes at a table


def groups_for(seats: list[Seat], group_size: int) -> list[list[int]]:
    """The groups that talk first among those at a table of five or more, as seat ids: one unit's are dealt apart.

    A smaller table is one group.
    """
    if len(seats) < THREES_FROM:
        return [[seat.pk for seat in seats]] if seats else []
    return [[seat.pk for seat in group] for group in engine.deal_trios(sorted(seats, key=_by_unit), group_size)]


def _by_unit(seat: Seat) -> tuple[str, str, int]:
    invitation = seat.invitation
    if invitation is None:
        return _plain(seat.unit), _plain(seat.role), seat.number
    return _plain(invitation.unit), _plain(invitation.profession), seat.number


def deal_groups(dialogue: Dialogue, seating: int) -> None:
    """Number the threes at every table in ``Placement.group``, from 1; 0 at a small table. Who comes later joins one.

    A table whose threes are dealt already keeps them.
    """
    rows = Placement.objects.filter(table__dialogue=dialogue, seating=seating)
    dealt = set(rows.filter(group__gt=0).values_list("table_id", flat=True))
    at_table: dict[int, list[Placement]] = {}
    undealt = rows.filter(seat__left_at=None).exclude(table__in=dealt)
    for placement in undealt.select_related("seat", "seat__invitation"):
        at_table.setdefault(placement.table_id, []).append(placement)
    changed = []
    for placements in at_table.values():
        groups = groups_for([placement.seat for placement in placements], dialogue.group_size)
        number_of = {seat: number for number, seats in enumerate(groups, start=1) for seat in seats}
        for placement in placements if len(groups) > 1 else []:
            placement.group = number_of[placement.seat_id]
            changed.append(placement)
    Placement.objects.bulk_update(changed, ["group"])
