"""Joining: a seat without an account, a table, the same seat again, another phone, somebody without a phone."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.idempotency import checked_key
from samspel.core.languages import SPOKEN
from samspel.core.permissions import may
from samspel.core.prepared import Prepared
from samspel.core.texts import require_short
from samspel.dialogues import compute
from samspel.dialogues.access import Here, check_seat, get_dialogue_by_code, phase_of, seating_now
from samspel.dialogues.actions.pens import pass_pens
from samspel.dialogues.live import tell
from samspel.dialogues.models import (
    Dialogue,
    Invitation,
    Note,
    Placement,
    PlannedPlace,
    Seat,
    Sitting,
    Step,
    Table,
)
from samspel.dialogues.sealing import SeatToken, hash_secret, is_secret, new_secret
from samspel.dialogues.tablets import Tablet
from samspel.dialogues.takeover import TAKE_OVERS, Offered

SEEN_EVERY = timedelta(seconds=30)
MOST_HELPED = 8
LONGEST_NAME, LONGEST_WHO = 40, 120
_CODE = re.compile(r"(?<!\d)(\d{3})[\s-]?(\d{3})(?!\d)")
_ADDRESS = re.compile(r"/m/(\d{6})(?!\d)")
_PLACE = re.compile(r"[?&]plats=([A-Za-z0-9-]+)")


class SeatTakenError(ConflictError):
    """The personal seat code is in use on another phone; taking over must be asked for."""

    code = "seat-taken"
    sentence = gettext_lazy("Platsen används redan på en annan telefon.")

    def __init__(self, unshared: int) -> None:
        super().__init__()
        self.unshared = unshared


@dataclass(frozen=True)
class Joined:
    """A seat, and what its device keeps."""

    seat: Seat
    token: SeatToken


@dataclass(frozen=True)
class Typed:
    """What somebody typed or pasted where the code goes."""

    code: str
    seat_code: str


def read_code(text: str) -> Typed:
    """The six digits, also out of «482 913» or a pasted address; empty when there are none.

    >>> read_code("https://samspel.lindvik.se/m/482913/?plats=K7PQ2MXR")
    Typed(code='482913', seat_code='K7PQ2MXR')
    """
    text = text.strip()[:300]
    place = _PLACE.search(text)
    seat_code = clean_seat_code(place.group(1)) if place else ""
    address = _ADDRESS.search(text)
    if address:
        return Typed(address.group(1), seat_code)
    digits = _CODE.search(text)
    return Typed("".join(digits.groups()) if digits else "", seat_code)


def clean_seat_code(text: str) -> str:
    """A personal seat code as it is stored: capitals and digits, no blanks."""
    return "".join(letter for letter in text.upper() if letter.isascii() and letter.isalnum())[:8]


# ---------------------------------------------------------------- joining


@transaction.atomic
def join(
    *,
    actor: Actor,
    code: str,
    seat_code: str = "",
    name: str = "",
    unit: str = "",
    role: str = "",
    table_id: int | None = None,
    needs: Collection[str] = (),
    language: str = "sv",
    take_over: bool = False,
    key: str,
    at: datetime,
) -> Joined:
    """Sit down in a dialogue. The secret is made here and only its hash is kept; the device keeps the rest.

    A personal seat code places its owner as planned; it never opens what was sealed on another phone. The same key
    again gives the same seat with a new secret, as long as nothing was sealed with the first: its answer was lost.

    :param needs: what a walk-in's table must offer (``accessible``): it finds the table, and is not kept.
    :raises NotFoundError: no dialogue has the code now.
    :raises InvalidError: the seat code or the table is not of this dialogue.
    :raises SeatTakenError: the seat code is in use and ``take_over`` was not asked for.
    :raises ConflictError: the meeting is over.
    """
    dialogue = _lock(get_dialogue_by_code(code).pk)
    if not may({"visitor"}, "dialogue.join", phase_of(dialogue)):
        raise ConflictError(_("Samtalet är avslutat."))
    again = Seat.objects.filter(dialogue=dialogue, key=checked_key(key)).first()
    if again is not None:
        return _renew(actor, again)
    invitation = _invitation(dialogue, seat_code)
    if invitation is not None:
        taken = Seat.objects.filter(invitation=invitation).first()
        if taken is not None:
            return _take_over(actor, taken, wanted=take_over, at=at)
    chosen = None if dialogue.has_seating else _chosen_table(dialogue, table_id)
    name = name.strip()
    unit, role = unit.strip(), role.strip()
    if invitation is not None:
        unit, role = invitation.unit, invitation.role or invitation.profession
    require_short(name=(name, LONGEST_NAME), unit=(unit, LONGEST_WHO), role=(role, LONGEST_WHO))
    secret = new_secret()
    seat = Seat.objects.create(
        dialogue=dialogue,
        number=_next_number(dialogue),
        secret_hash=hash_secret(secret),
        invitation=invitation,
        name=name,
        unit=unit,
        role=role,
        language=language,
        joined_at=at,
        seen_at=at,
        key=key,
    )
    tables = _place(dialogue, seat, chosen, needs)
    record(actor, "seat.joined", seat, number=seat.number, invited=invitation is not None)
    tell(dialogue, "people")
    if tables:
        tell(dialogue, "table", table=tables[0].pk)
    return Joined(seat, SeatToken(seat.number, secret))


def _lock(dialogue_id: int) -> Dialogue:
    """The dialogue's lock for whoever sits down; it does not stop those who write notes meanwhile."""
    return (
        Dialogue.objects.select_related("unit", "step", "template")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=dialogue_id)
    )


def _next_number(dialogue: Dialogue) -> int:
    last = Seat.objects.filter(dialogue=dialogue).order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def _renew(actor: Actor, seat: Seat) -> Joined:
    if Note.objects.filter(seat=seat, shared_at=None).exists():
        raise ConflictError(_("Platsen används redan. Öppna mötet i samma webbläsare som förra gången."))
    return _new_secret(actor, seat, "seat.renewed")


def _new_secret(actor: Actor, seat: Seat, verb: str) -> Joined:
    secret = new_secret()
    seat.secret_hash = hash_secret(secret)
    seat.save(update_fields=["secret_hash"])
    TAKE_OVERS.forget(seat.dialogue_id, seat.number)
    record(actor, verb, seat)
    return Joined(seat, SeatToken(seat.number, secret))


def _take_over(actor: Actor, seat: Seat, *, wanted: bool, at: datetime) -> Joined:
    """A new phone in the seat of a personal code. What the old one sealed stays sealed, for it and for everybody."""
    if not wanted:
        raise SeatTakenError(Note.objects.filter(seat=seat, shared_at=None).count())
    seat.seen_at = at
    seat.left_at = None
    seat.save(update_fields=["seen_at", "left_at"])
    joined = _new_secret(actor, seat, "seat.taken_by_code")
    tell(seat.dialogue, "people")
    return joined


def get_invitation(code: str, seat_code: str) -> Invitation:
    """The invitation behind a personal seat code.

    :raises InvalidError: when the dialogue has no such code.
    """
    found = _invitation(get_dialogue_by_code(code), seat_code)
    if found is None:
        raise InvalidError(fields={"seat_code": _("Skriv platskoden.")})
    return found


def _invitation(dialogue: Dialogue, seat_code: str) -> Invitation | None:
    wanted = clean_seat_code(seat_code)
    if not wanted:
        return None
    found = Invitation.objects.filter(dialogue=dialogue, seat_code=wanted).first()
    if found is None:
        raise InvalidError(
            fields={"seat_code": _("Platskoden finns inte i det här mötet. Utan den får du en plats ändå.")}
        )
    return found


# ---------------------------------------------------------------- tables


@dataclass(frozen=True)
class TableRoom:
    """A table with how many sit there, or are expected to.

    ``is_told_accessible``: it can be reached in a wheelchair and another cannot, so that it is worth saying.
    """

    table: Table
    people: int
    is_told_accessible: bool = False

    @property
    def is_full(self) -> bool:
        return self.people >= self.table.size

    @property
    def places_left(self) -> int:
        return max(0, self.table.size - self.people)


def tables_with_room(dialogue: Dialogue, seating: int) -> list[TableRoom]:
    """The tables in a seating, with those who sit there and the invited who have not come yet. Three queries."""
    people: Counter[int] = Counter(
        Placement.objects.filter(seat__dialogue=dialogue, seat__left_at=None, seating=seating).values_list(
            "table_id", flat=True
        )
    )
    people.update(
        PlannedPlace.objects.filter(
            invitation__dialogue=dialogue, invitation__seat__isnull=True, seating=seating
        ).values_list("table_id", flat=True)
    )
    tables = list(dialogue.tables.all())
    differ = not all(table.is_accessible for table in tables)
    return [TableRoom(table, people[table.pk], differ and table.is_accessible) for table in tables]


def _chosen_table(dialogue: Dialogue, table_id: int | None) -> Table | None:
    """The table that somebody chose where seating is off; with one table there is nothing to choose."""
    rooms = tables_with_room(dialogue, seating_now(dialogue))
    if len(rooms) <= 1:
        return None
    for room in rooms:
        if room.table.pk == table_id:
            if room.is_full and not all(other.is_full for other in rooms):
                raise InvalidError(fields={"table": _("Bordet är fullt. Välj ett annat.")})
            return room.table
    raise InvalidError(fields={"table": _("Välj ett bord.")})


def _place(dialogue: Dialogue, seat: Seat, chosen: Table | None, needs: Collection[str] = ()) -> list[Table]:
    """Give a seat its table in this seating and those that follow; nobody is moved for it. Gives the tables."""
    now = seating_now(dialogue)
    seatings = set(Step.objects.filter(dialogue=dialogue, seating__gte=now).values_list("seating", flat=True)) | {now}
    planned: dict[int, Table] = {}
    hosts: set[int] = set()
    if seat.invitation_id is not None:
        rows = PlannedPlace.objects.filter(invitation_id=seat.invitation_id).select_related("table")
        planned = {row.seating: row.table for row in rows}
        hosts = {row.table_id for row in rows if row.is_host}
        if Placement.objects.filter(table__in=hosts, seating=now, is_host=True, seat__left_at=None).exists():
            # Somebody else has become the host while she was away: she goes on like the others.
            planned, hosts = {seating: table for seating, table in planned.items() if seating == now}, set()
    have = set(Placement.objects.filter(seat=seat).values_list("seating", flat=True))
    missing = sorted(seatings - have)
    late = {} if chosen or set(missing) <= set(planned) else compute.late_tables(dialogue, seat, missing[0], needs)
    found: list[Table] = []
    for seating in missing:
        table = chosen or planned.get(seating) or late.get(seating)
        if table is not None:
            sit_down(seat, table, seating, is_host=table.pk in hosts)
            found.append(table)
    return found


def sit_down(seat: Seat, table: Table, seating: int, *, is_host: bool = False) -> Placement:
    """Put a seat at a table; who is first there has the pen, and of several threes the smallest gets one more."""
    groups: Counter[int] = Counter(
        Placement.objects.filter(table=table, seating=seating, seat__left_at=None, group__gt=0).values_list(
            "group", flat=True
        )
    )
    group = min(groups, key=lambda number: (groups[number], number)) if groups else 0
    placement = Placement.objects.create(seat=seat, seating=seating, table=table, group=group, is_host=is_host)
    sitting = ensure_sitting(table, seating)
    if sitting.pen_id is None and seat.kind == Seat.Kind.PHONE:
        sitting.pen = seat
        sitting.save(update_fields=["pen"])
    return placement


def ensure_sitting(table: Table, seating: int) -> Sitting:
    """The table's sitting in a seating, made when it is not there: a table may be set up late."""
    sitting, _created = Sitting.objects.get_or_create(table=table, seating=seating)
    return sitting


@transaction.atomic
def take_place(*, here: Here, table_id: int | None, at: datetime) -> None:
    """A table for one who has none in this seating; where seating is off, the table one chooses, also another one.

    :raises ConflictError: where seating is on one does not move by oneself.
    """
    check_seat(here, "seat.change")
    dialogue = _lock(here.dialogue.pk)
    now = seating_now(dialogue)
    placed = Placement.objects.select_related("table").filter(seat=here.seat, seating=now).first()
    if placed is None:
        chosen = None if dialogue.has_seating else _chosen_table(dialogue, table_id)
        tables = _place(dialogue, here.seat, chosen)
        if not tables:
            raise ConflictError(_("Det finns inget bord än. Be samtalsledaren om hjälp."))
        record(here.actor, "seat.placed", here.seat, table=tables[0].pk)
        tell(dialogue, "people")
        tell(dialogue, "table", table=tables[0].pk)
        return
    if dialogue.has_seating:
        raise ConflictError(_("Platserna är bestämda. Be samtalsledaren om du behöver byta bord."))
    table = _chosen_table(dialogue, table_id)
    if table is None or table.pk == placed.table_id:
        return
    seats = [here.seat, *helped_seats(here)]
    if Note.objects.filter(seat__in=seats, table_id=placed.table_id, question=here.question).exists():
        raise ConflictError(_("Du har redan lagt tankar på det bordet. Be samtalsledaren om hjälp."))
    _change_table(dialogue, seats, table, now, at)
    record(here.actor, "seat.moved", here.seat, table=table.pk)
    tell(dialogue, "people")
    tell(dialogue, "table", table=placed.table_id)
    tell(dialogue, "table", table=table.pk)


def _change_table(dialogue: Dialogue, seats: list[Seat], table: Table, now: int, at: datetime) -> None:
    """She moves with those whom her phone helps; the pen she held stays at the table."""
    rows = Placement.objects.filter(seat__in=seats, seating__gte=now)
    left = set(rows.values_list("table_id", "seating"))
    seatings = {seat.pk: sorted(rows.filter(seat=seat).values_list("seating", flat=True)) for seat in seats}
    rows.delete()
    for seat in seats:
        for seating in seatings[seat.pk]:
            sit_down(seat, table, seating)
    for table_id, seating in sorted(left):
        pass_pens(dialogue, list(Sitting.objects.filter(table_id=table_id, seating=seating)), at=at)


# ---------------------------------------------------------------- the same seat again, and on another phone


def touch_seat(seat: Seat, at: datetime) -> None:
    """Remember that a phone was here, at most every half minute; who had left is back."""
    if seat.left_at is None and at - seat.seen_at < SEEN_EVERY:
        return
    Seat.objects.filter(pk=seat.pk).update(seen_at=at, left_at=None)


@transaction.atomic
def change_name(*, here: Here, name: str) -> None:
    """What one wants to be called at the table; empty is fine."""
    check_seat(here, "seat.change")
    name = name.strip()
    if len(name) > 40:
        raise InvalidError(fields={"name": _("Högst 40 tecken.")})
    if name == here.seat.name:
        return
    here.seat.name = name
    here.seat.save(update_fields=["name"])
    record(here.actor, "seat.named", here.seat)
    if here.placement is not None:
        tell(here.dialogue, "table", table=here.placement.table_id)


def offer_seat(*, here: Here) -> Offered:
    """Show a one-use code with which another phone gets this very seat, secret and all, for a minute."""
    check_seat(here, "seat.change")
    offered = TAKE_OVERS.offer(here.dialogue.pk, here.token)
    if offered is None:
        raise ConflictError(_("Många byter telefon just nu. Försök igen om en minut."))
    return offered


@transaction.atomic
def take_over_seat(*, actor: Actor, code: str, take_code: str, at: datetime) -> Joined:
    """The seat behind a one-use code, for the phone that typed it. The first phone hears of it.

    :raises InvalidError: no such code, or its minute is over.
    """
    dialogue = get_dialogue_by_code(code)
    if not may({"visitor"}, "dialogue.join", phase_of(dialogue)):
        raise ConflictError(_("Samtalet är avslutat."))
    digits = "".join(letter for letter in take_code if letter.isdigit())
    token = TAKE_OVERS.take(dialogue.pk, digits) if len(digits) == 8 else None
    seat = None
    if token is not None:
        seat = Seat.objects.filter(dialogue=dialogue, number=token.number).first()
    if token is None or seat is None or not is_secret(token.secret, seat.secret_hash):
        raise InvalidError(
            fields={"code": _("Koden stämmer inte, eller så har minuten gått. Ta fram en ny på den första telefonen.")}
        )
    seat.seen_at = at
    seat.save(update_fields=["seen_at"])
    record(actor, "seat.taken_over", seat)
    placement = Placement.objects.filter(seat=seat, seating=seating_now(dialogue)).first()
    if placement is not None:
        tell(dialogue, "table", table=placement.table_id)
    return Joined(seat, token)


# ---------------------------------------------------------------- somebody without a phone


@transaction.atomic
def help_someone(*, here: Here, name: str, language: str = "", key: str, at: datetime) -> Seat:
    """A seat at one's own table for somebody without a phone. What is entered for her is shared from the start.

    :param language: what she speaks, when somebody interprets for her; her notes then say so.
    """
    check_seat(here, "seat.help")
    if here.placement is None:
        raise ConflictError(_("Du behöver sitta vid ett bord först."))
    name = _helped_name(name)
    dialogue = _lock(here.dialogue.pk)
    again = Seat.objects.filter(dialogue=dialogue, key=checked_key(key)).first()
    if again is not None:
        return again
    if Seat.objects.filter(helped_by=here.seat, left_at=None).count() >= MOST_HELPED:
        raise ConflictError(_("Du hjälper redan åtta. Be någon annan vid bordet."))
    spoken = language if language in SPOKEN else here.seat.language
    seat = _make_helped(dialogue, name, spoken, key, at, helped_by=here.seat)
    mine = Placement.objects.filter(seat=here.seat, seating__gte=here.placement.seating).select_related("table")
    for placement in mine:
        sit_down(seat, placement.table, placement.seating)
    _tell_helped(here.actor, dialogue, seat, here.placement.table_id)
    return seat


_HELPED = Prepared[Seat](lambda helper: Seat.objects.filter(helped_by=helper, left_at=None))


@transaction.atomic
def help_at_table(*, tablet: Tablet, name: str, language: str = "", key: str, at: datetime) -> Seat:
    """A seat for somebody without a phone whom the table's own device presses for. The same key gives the same seat.

    :raises InvalidError: no name, or too long a one.
    """
    name = _helped_name(name)
    dialogue = _lock(tablet.dialogue.pk)
    again = Seat.objects.filter(dialogue=dialogue, key=checked_key(key)).first()
    if again is not None:
        return again
    if len(tablet.people) >= MOST_HELPED:
        raise ConflictError(_("Plattan hjälper redan åtta."))
    seat = _make_helped(dialogue, name, language if language in SPOKEN else dialogue.language, key, at)
    sit_down(seat, tablet.table, seating_now(dialogue))
    _place(dialogue, seat, None if dialogue.has_seating else tablet.table)
    _tell_helped(Actor("seat", seat_id=seat.pk), dialogue, seat, tablet.table.pk)
    return seat


def _helped_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise InvalidError(fields={"name": _("Skriv vad vi ska kalla personen. Ett förnamn räcker.")})
    if len(name) > 40:
        raise InvalidError(fields={"name": _("Högst 40 tecken.")})
    return name


def _make_helped(
    dialogue: Dialogue, name: str, language: str, key: str, at: datetime, helped_by: Seat | None = None
) -> Seat:
    """Whoever calls has looked whether the key gave a seat before."""
    return Seat.objects.create(
        dialogue=dialogue,
        number=_next_number(dialogue),
        kind=Seat.Kind.HELPED,
        helped_by=helped_by,
        name=name,
        language=language,
        joined_at=at,
        seen_at=at,
        key=key,
    )


def _tell_helped(actor: Actor, dialogue: Dialogue, seat: Seat, table_id: int) -> None:
    record(actor, "seat.helped", seat, number=seat.number, table=table_id)
    tell(dialogue, "people")
    tell(dialogue, "table", table=table_id)


def helped_seats(here: Here) -> list[Seat]:
    """Those that this seat helps. One query."""
    return _HELPED(here.seat.pk)


def acting_seat(here: Here, number: int | None) -> Seat:
    """The seat that is acted for: one's own, or one that one helps.

    :raises NotFoundError: it is somebody else's.
    """
    if number is None or number == here.seat.number:
        return here.seat
    seat = Seat.objects.filter(helped_by=here.seat, number=number, left_at=None).first()
    if seat is None:
        raise NotFoundError("seat")
    return seat


def acting_here(here: Here, number: int | None) -> Here:
    """The same place as the seat that is acted for: hand it to any action or query instead of one's own."""
    seat = acting_seat(here, number)
    if seat is here.seat:
        return here
    seating = seating_now(here.dialogue)
    placement = Placement.objects.select_related("table").filter(seat=seat, seating=seating).first()
    return replace(here, seat=seat, placement=placement)
