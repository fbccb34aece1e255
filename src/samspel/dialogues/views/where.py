"""«Where do I sit?»: at the door, or on a phone, by one's own seat code. Nobody's name stands here."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from samspel.core.actor import Request
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.permissions import may
from samspel.dialogues.access import find_here, phase_of, seating_now
from samspel.dialogues.actions import joining
from samspel.dialogues.models import Dialogue, Invitation, Placement, Table
from samspel.dialogues.views.join import guess_place, open_code

CELL, HEIGHT, RADIUS = 112, 96, 26


@dataclass(frozen=True)
class Spot:
    """A table in the drawing of the room; ``turn`` is the seating in which one sits there, 0 for none."""

    table: Table
    x: int
    y: int
    turn: int

    @property
    def label_y(self) -> int:
        return self.y + RADIUS + 18


@dataclass(frozen=True)
class Room:
    """The tables in the order of the list, drawn as the printed room is."""

    spots: tuple[Spot, ...]
    width: int
    height: int


@require_http_methods(["GET", "POST"])
def where(request: Request, code: str) -> HttpResponse:
    """Type one's seat code, and see one's table in the room. A phone that has a seat sees its own at once.

    The page is for a screen at the door too: what one saw is gone when the next begins, and by itself after a while.
    """
    dialogue = open_code(request, code)
    if dialogue is None:
        raise NotFoundError("code")
    if not may({"visitor"}, "dialogue.join", phase_of(dialogue)):
        return redirect("join", dialogue.code)
    here = find_here(request, code)
    error = ""
    tables: dict[int, Table] | None = None
    typed = request.POST.get("seat_code", "")
    if request.method == "POST":
        tried = guess_place(request, dialogue)
        try:
            invitation = joining.get_invitation(code, typed)
        except InvalidError as invalid:
            error = _("Platskoden finns inte i det här mötet.") if typed.strip() else invalid.fields["seat_code"]
        else:
            tried.was_right()
            tables = _tables_of(invitation)
    elif here is not None:
        rows = Placement.objects.filter(seat=here.seat).select_related("table")
        tables = {row.seating: row.table for row in rows}
    now = seating_now(dialogue)
    coming = {} if tables is None else {turn: table for turn, table in sorted(tables.items()) if turn >= now}
    context = {
        "dialogue": dialogue,
        "code": dialogue.code,
        "typed": typed[:20],
        "error": error,
        "is_found": tables is not None,
        "is_own": here is not None and request.method == "GET",
        "first": coming.get(now),
        "later": [table for turn, table in coming.items() if turn > now],
        "room": room_of(dialogue, coming),
    }
    return render(request, "dialogues/where.html", context, status=422 if error else 200)


def _tables_of(invitation: Invitation) -> dict[int, Table]:
    """Her table in each seating: where she sits when she has come, else where she is expected."""
    placed = Placement.objects.filter(seat__invitation=invitation, seat__left_at=None).select_related("table")
    found = {row.seating: row.table for row in placed}
    if found:
        return found
    return {row.seating: row.table for row in invitation.planned_places.select_related("table")}


def room_of(dialogue: Dialogue, mine: dict[int, Table]) -> Room:
    """The room as it is printed; the tables where one sits are numbered in the order one comes to them."""
    tables = list(dialogue.tables.all())
    across = 5 if len(tables) <= 30 else 9
    turns: dict[int, int] = {}
    for turn, table in enumerate(mine.values(), start=1):
        turns.setdefault(table.pk, turn)
    spots = tuple(
        Spot(
            table,
            CELL * (place % across) + CELL // 2,
            HEIGHT * (place // across) + RADIUS + 6,
            turns.get(table.pk, 0),
        )
        for place, table in enumerate(tables)
    )
    rows = -(-len(tables) // across)
    return Room(spots, CELL * min(across, max(len(tables), 1)), HEIGHT * max(rows, 1))
