"""The page «Vem sitter var»: every table with its people, and for a chosen one what each change would cost."""

from collections import Counter
from dataclasses import dataclass

from samspel.core import defaults
from samspel.dialogues.access import seating_now
from samspel.dialogues.compute_changes import ByHand, by_hand, engine_name
from samspel.dialogues.models import Dialogue, Placement, PlannedPlace, Seat, Sitting, State, Table
from samspel.dialogues.prices import Price, price_of
from samspel.dialogues.tables import name_of

BEST = 3


@dataclass(frozen=True)
class SeatedPerson:
    """Somebody as her table knows her; ``helped_by`` is the name of the one whose phone helps her."""

    who: str
    number: int
    name: str
    helped_by: str = ""
    has_pen: bool = False
    is_host: bool = False
    is_pinned: bool = False
    is_expected: bool = False
    swap: Price | None = None


@dataclass(frozen=True)
class SeatedTable:
    """``price``: what it costs to send the chosen one here; ``merges``: where a thin table's people could go."""

    table: Table
    people: tuple[SeatedPerson, ...]
    on_paper: int
    is_told_accessible: bool
    price: Price | None = None
    merges: tuple[Price, ...] = ()

    @property
    def count(self) -> int:
        return len(self.people) + self.on_paper

    @property
    def swaps(self) -> tuple[SeatedPerson, ...]:
        return tuple(person for person in self.people if person.swap is not None)


@dataclass(frozen=True)
class SeatsPage:
    """All tables with their people in a seating, those who have gone home, and the chosen one."""

    seating: int
    seatings: tuple[int, ...]
    tables: tuple[SeatedTable, ...]
    gone: tuple[SeatedPerson, ...]
    chosen: SeatedPerson | None
    chosen_table: Table | None
    best: tuple[Price, ...]
    has_hosts: bool
    has_joined: bool
    pinned: int

    @property
    def has_people(self) -> bool:
        return any(table.people for table in self.tables)


def seats_page(dialogue: Dialogue, seating: int | None = None, who: str = "") -> SeatsPage:
    """Who sits where. Fourteen queries, however many; those who are helped stand after their helper.

    :param who: the one to be moved; every table and every other person then has a price.
    """
    hand = by_hand(dialogue, seating)
    seating = hand.rounds[0] + 1
    tables = list(hand.seated.tables.values())
    at_table = _people(dialogue, hand, seating)
    chosen = who if who in hand.sitting and who not in hand.helped_by else ""
    least = defaults.value("dialogue.table_least")
    paper = Counter(
        table for name, table in hand.sitting.items() if name in hand.seats and hand.seats[name].kind == "paper"
    )
    differ = not all(table.is_accessible for table in tables)
    found = []
    for table in tables:
        people = at_table.get(f"t{table.pk}", [])
        if chosen:
            people = [_priced(hand, chosen, person) for person in people]
        found.append(
            SeatedTable(
                table,
                tuple(people),
                paper[f"t{table.pk}"],
                differ and table.is_accessible,
                _price(hand, chosen, f"t{table.pk}") if chosen else None,
            )
        )
    if not chosen and dialogue.state == State.RUNNING and seating == seating_now(dialogue):
        found = [_with_merges(hand, table, least) for table in found]
    gone = Seat.objects.filter(dialogue=dialogue, left_at__isnull=False).select_related("helped_by")
    everyone = [person for table in found for person in table.people]
    best = sorted(
        (person.swap for person in everyone if person.swap and person.swap.is_possible),
        key=lambda price: (price.rank, price.name),
    )
    return SeatsPage(
        seating,
        tuple(range(1, len(hand.board.rounds) + 1)),
        tuple(found),
        tuple(_seat(seat, set(), set()) for seat in gone),
        next((person for person in everyone if person.who == chosen), None) if chosen else None,
        hand.seated.tables[hand.sitting[chosen]] if chosen else None,
        tuple(best[:BEST]),
        dialogue.template.hosts_stay,
        bool(hand.seats),
        sum(person.is_pinned for person in everyone),
    )


def _people(dialogue: Dialogue, hand: ByHand, seating: int) -> dict[str, list[SeatedPerson]]:
    """The people of each table by its name; paper sheets have no names."""
    pens = set(
        Sitting.objects.filter(table__dialogue=dialogue, seating=seating, pen__isnull=False).values_list(
            "pen_id", flat=True
        )
    )
    hosts = set(
        Placement.objects.filter(table__dialogue=dialogue, seating=seating, is_host=True).values_list(
            "seat_id", flat=True
        )
    )
    planned = {
        f"i{row.invitation_id}": row
        for row in PlannedPlace.objects.filter(invitation__dialogue=dialogue, seating=seating)
    }
    found: dict[str, list[SeatedPerson]] = {}
    for name, table in hand.sitting.items():
        seat = hand.seats.get(name)
        if seat is None:
            row = planned[name]
            person = SeatedPerson(
                name,
                0,
                hand.name(name),
                is_host=row.is_host,
                is_pinned=row.is_pinned,
                is_expected=bool(hand.seats) or dialogue.state == State.RUNNING,
            )
        elif seat.kind == Seat.Kind.PAPER:
            continue
        else:
            person = _seat(seat, pens, hosts)
        found.setdefault(table, []).append(person)
    for people in found.values():
        people.sort(key=lambda person: _order(hand, person))
    return found


def _order(hand: ByHand, person: SeatedPerson) -> tuple[bool, int, int, str]:
    """Who is here by number, who is helped after her helper; then the expected by name."""
    seat = hand.seats.get(person.who)
    if seat is None:
        return True, 0, 0, person.name.casefold()
    return False, seat.helped_by.number if seat.helped_by else seat.number, seat.number, ""


def _seat(seat: Seat, pens: set[int], hosts: set[int]) -> SeatedPerson:
    helped_by = name_of(seat.helped_by) if seat.helped_by else ""
    return SeatedPerson(engine_name(seat), seat.number, name_of(seat), helped_by, seat.pk in pens, seat.pk in hosts)


def _priced(hand: ByHand, chosen: str, person: SeatedPerson) -> SeatedPerson:
    """The same person with what changing places with her costs; none at the same table, or for one who is helped."""
    table = hand.sitting[person.who]
    if table == hand.sitting[chosen] or person.who in hand.helped_by:
        return person
    cost = hand.board.cost(hand.swapped(chosen, person.who))
    price = price_of(hand, person.who, cost, name=person.name, table=hand.seated.tables[table].name)
    return SeatedPerson(
        person.who,
        person.number,
        person.name,
        person.helped_by,
        person.has_pen,
        person.is_host,
        person.is_pinned,
        person.is_expected,
        price,
    )


def _price(hand: ByHand, chosen: str, table: str) -> Price | None:
    if hand.sitting[chosen] == table:
        return None
    return price_of(hand, table, hand.board.cost(hand.to_table(chosen, table)))


def _with_merges(hand: ByHand, table: SeatedTable, least: int) -> SeatedTable:
    """A table with too few people, and the tables where they could go, the cheapest first."""
    name = f"t{table.table.pk}"
    if not 0 < table.count < least:
        return table
    others = [other for other in hand.seated.tables if other != name and other in set(hand.sitting.values())]
    prices = [
        price_of(hand, other, hand.merge_cost(name, other), name=hand.seated.tables[other].name) for other in others
    ]
    possible = sorted((price for price in prices if price.is_possible), key=lambda price: (price.rank, price.name))
    return SeatedTable(
        table.table, table.people, table.on_paper, table.is_told_accessible, table.price, tuple(possible[:BEST])
    )
