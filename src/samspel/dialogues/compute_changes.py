"""Tables changed by hand: what a change costs, before it is made, by the seating engine's own figures."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from samspel.core.errors import NotFoundError
from samspel.dialogues import compute
from samspel.dialogues.access import seating_now
from samspel.dialogues.models import Dialogue, Seat
from samspel.dialogues.tables import name_of
from samspel.engine import seating as engine


@dataclass(frozen=True)
class ByHand:
    """Who sits where, ready to be changed. People and tables go by the names of ``compute.Seated``.

    ``seats``: who is here, by name; ``helps``: whom each phone helps, and who therefore goes where it goes.
    ``rounds``: the seatings that a change is about, beginning with 0.
    """

    seated: compute.Seated
    board: engine.Board
    seats: Mapping[str, Seat]
    helps: Mapping[str, tuple[str, ...]]
    helped_by: Mapping[str, str]
    rounds: tuple[int, ...]

    @property
    def sitting(self) -> Mapping[str, str]:
        """The table of everyone in the seating."""
        return self.board.rounds[self.rounds[0]]

    def with_helped(self, who: str) -> list[str]:
        return [who, *(other for other in self.helps.get(who, ()) if other in self.sitting)]

    def to_table(self, who: str, table: str) -> engine.Changes:
        """She goes to a table, with those her phone helps."""
        if table not in self.seated.tables:
            raise NotFoundError("table")
        changes: dict[tuple[int, str], str] = {}
        for one in self.with_helped(who):
            changes |= self.board.moved(one, table, self.rounds)
        return changes

    def swapped(self, who: str, other: str) -> engine.Changes:
        """Two change places, each with those her phone helps."""
        there, here = self.sitting.get(other), self.sitting.get(who)
        if there is None or here is None or other in self.helped_by:
            raise NotFoundError("seat")
        return {**self.to_table(who, there), **self.to_table(other, here)}

    def merged(self, table: str, into: str) -> engine.Changes:
        """Everyone at a table goes to another, in this seating."""
        if into not in self.seated.tables or table == into:
            raise NotFoundError("table")
        return {(self.rounds[0], one): into for one, at in self.sitting.items() if at == table}

    def merge_cost(self, table: str, into: str) -> engine.Cost:
        """What it costs to merge two tables; a host whose table is no more goes on like the others."""
        cost = self.board.cost(self.merged(table, into))
        broken = tuple(one for one in cost.broken if one.rule != "fixed")
        return engine.Cost(cost.new, cost.unit_pairs, cost.repeats, cost.alike, cost.gain, broken, cost.mended)

    def names(self, people: Collection[str]) -> list[str]:
        """What to call them: as they call themselves at the table, or as the list does while they are expected."""
        return [self.name(one) for one in people]

    def name(self, who: str) -> str:
        if who in self.seats:
            return name_of(self.seats[who])
        invitation = self.seated.invitations.get(int(who[1:])) if who.startswith("i") else None
        return invitation.name if invitation else ""


def by_hand(dialogue: Dialogue, seating: int | None = None) -> ByHand:
    """The dialogue's tables in a seating, the one that goes on when none is named. Eight queries, however many.

    Where people choose their tables themselves a change holds for the seatings that follow too.
    """
    seating = seating or seating_now(dialogue)
    seated = compute.seated_now(dialogue)
    last = len(seated.rounds)
    if not 1 <= seating <= last:
        raise NotFoundError("seating")
    rows = Seat.objects.filter(dialogue=dialogue, left_at=None).select_related("helped_by").order_by("number")
    seats = {engine_name(seat): seat for seat in rows}
    name_by_id = {seat.pk: name for name, seat in seats.items()}
    helps: dict[str, tuple[str, ...]] = defaultdict(tuple)
    helped_by = {}
    for name, seat in seats.items():
        helper = name_by_id.get(seat.helped_by_id or 0)
        if helper is not None:
            helps[helper] += (name,)
            helped_by[name] = helper
    return ByHand(
        seated,
        engine.Board(seated.problem, seated.rounds),
        seats,
        helps,
        helped_by,
        (seating - 1,) if dialogue.has_seating else tuple(range(seating - 1, last)),
    )


def engine_name(seat: Seat) -> str:
    """What the seating engine calls a seat."""
    return f"i{seat.invitation_id}" if seat.invitation_id else f"s{seat.pk}"
