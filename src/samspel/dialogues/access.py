"""Who may do what in a dialogue, in which phase; the only way a request gets hold of its rows.

The phase is ``draft`` or ``planned`` before it begins, then that of the step that is going on
(``frame``, ``solo``, ``small``, ``whole``, ``break``), and ``closed``.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from samspel.core.actor import Actor
from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.permissions import allow, may, permission_table
from samspel.core.prepared import Prepared
from samspel.dialogues.models import PHASE_OF, Dialogue, Leader, Placement, Seat, Sitting, State
from samspel.dialogues.sealing import SeatToken, is_secret, read_cookie
from samspel.people.access import roles_in

GOING_ON = "frame solo small whole break"
BEFORE = "draft planned"
PHASES = ("draft", "planned", "frame", "solo", "small", "whole", "break", "closed")
LEADERS = "leader manager facilitator administrator"

PERMISSIONS = permission_table(
    "dialogues",
    [
        allow(
            "dialogue.create", "manager facilitator administrator", why="Whoever leads in a unit calls its dialogues"
        ),
        allow("dialogue.list", "person", why="Everyone who works here sees the dialogues of her units"),
        allow("dialogue.plan", LEADERS, phases=BEFORE, why="Questions, times, people and tables are set beforehand"),
        allow("dialogue.lead", LEADERS, why="The console"),
        allow("dialogue.run", LEADERS, phases=f"planned {GOING_ON}", why="The leader moves on, not the clock"),
        allow("dialogue.show", LEADERS, why="The big screen is opened by a leader"),
        allow(
            "dialogue.review",
            LEADERS,
            phases=f"planned {GOING_ON} closed",
            why="Harm is set aside, visibly; also afterwards, when everyone can read it",
        ),
        allow(
            "theme.sort",
            LEADERS,
            phases=f"{GOING_ON} closed",
            why="The engine proposes themes; those who lead have the last word, also when they write the protocol",
        ),
        allow(
            "dialogue.join",
            "visitor person participant",
            phases=f"planned {GOING_ON}",
            why="No account, late-comers too",
        ),
        allow(
            "dialogue.read_protocol",
            LEADERS + " member",
            phases="closed",
            why="The unit keeps its own protocol; before the end it would show what is not shown yet",
        ),
        allow(
            "dialogue.export",
            LEADERS,
            phases=f"{GOING_ON} closed",
            why="Who leads may save before lunch what has been shared; what is still sealed is in no file",
        ),
        allow(
            "dialogue.read_public", "visitor person participant", phases="closed", why="Open unless there is a reason"
        ),
        allow("seat.read", "participant", phases=f"planned {GOING_ON} closed", why="One's own place"),
        allow(
            "seat.change", "participant", phases=f"planned {GOING_ON}", why="Name, language, take-over by another phone"
        ),
        allow(
            "seat.move",
            LEADERS,
            phases=f"{BEFORE} {GOING_ON}",
            why="Tables are changed by hand by who leads, with the price in view; afterwards they are history",
        ),
        allow(
            "seat.help",
            "participant leader manager facilitator administrator",
            phases=f"planned {GOING_ON}",
            why="A person without a phone is helped by the table's host",
        ),
        allow(
            "note.write", "participant", phases="solo small", why="Thinking is alone; a thought may come at the table"
        ),
        allow(
            "note.write_for",
            "participant",
            phases=GOING_ON,
            why="What was half said for somebody without a phone when its step ended may still be laid on the table",
        ),
        allow("note.read_own", "participant", phases=f"planned {GOING_ON} closed", why="Sealed for everyone else"),
        allow("note.share", "participant", phases="small", why="Each decides what to take to the table"),
        allow(
            "note.enter",
            LEADERS,
            phases=f"{GOING_ON} closed",
            why="Paper counts too: sheets are entered afterwards, also when the meeting is over",
        ),
        allow(
            "ballot.enter",
            LEADERS,
            phases="whole",
            why="Who votes on paper or has nobody to press for her is counted too, once, while the hall chooses",
        ),
        allow("table.mark", "participant", phases="small", why="Everyone marks three before counts show"),
        allow("table.merge", "pen", phases="small", why="The pen-holder lays notes together"),
        allow("table.part", "participant", phases="small", why="Anyone may take them apart again"),
        allow("table.order", "pen", phases="small", why="The pen-holder orders"),
        allow(
            "table.hand_in",
            "pen",
            phases="small",
            why="The pen-holder hands in, and may take it back until it is locked",
        ),
        allow("table.pen", "participant", phases="small", why="The pen is asked for and handed over"),
        allow("table.help", "participant", phases=GOING_ON, why="Anyone at a table may ask for help"),
        allow(
            "counter_voice.say", "participant", phases="small whole", why="Every choice has room for a counter-voice"
        ),
        allow("ballot.cast", "participant", phases="whole", why="The hall chooses in silence"),
        allow(
            "result.read", "participant " + LEADERS, phases=f"{GOING_ON} closed", why="Shown when the leader shows it"
        ),
        allow(
            "agreement.write", "pen " + LEADERS, phases="whole", why="The room agrees; leaders and pen-holders write"
        ),
        allow(
            "agreement.answer",
            "participant " + LEADERS + " member",
            phases=f"planned {GOING_ON} closed",
            why="The next dialogue opens with what became of it",
        ),
        allow("checkout.answer", "participant", phases="whole", why="One tap; nobody sees whose"),
    ],
)


def phase_of(dialogue: Dialogue) -> str:
    """The phase that permissions go by."""
    if dialogue.state == State.RUNNING and dialogue.step is not None:
        return PHASE_OF[dialogue.step.kind]
    if dialogue.state == State.RUNNING:
        return "planned"
    return dialogue.state


def roles_in_dialogue(actor: Actor, dialogue: Dialogue) -> frozenset[str]:
    """The actor's roles towards a dialogue: those in its unit, and leader where named."""
    roles = set(roles_in(actor, dialogue.unit))
    if actor.is_signed_in and Leader.objects.filter(dialogue=dialogue, person_id=actor.own_id).exists():
        roles.add("leader")
    return frozenset(roles)


def get_dialogue(actor: Actor, dialogue_id: int, act: str, *, lock: bool = False) -> Dialogue:
    """The dialogue, if the actor may do ``act`` in it now. A missing row and a forbidden one look the same.

    :raises ConflictError: when she may do it, but not in this phase.
    """
    # A locked row is read without joins: one that waited for its lock is read again with the joined rows of
    # before, so that a step changed meanwhile would come back as none at all.
    rows = Dialogue.objects.select_for_update() if lock else Dialogue.objects.select_related("unit", "step", "template")
    dialogue = rows.filter(pk=dialogue_id).first()
    if dialogue is None:
        raise NotFoundError("dialogue")
    roles = roles_in_dialogue(actor, dialogue)
    if PERMISSIONS[act].roles.isdisjoint(roles):
        raise NotFoundError("dialogue")
    if not may(roles, act, phase_of(dialogue)):
        raise ConflictError
    return dialogue


_BY_CODE = Prepared[Dialogue](
    lambda code: (
        Dialogue.objects.select_related("unit", "step", "template")
        .filter(code=code, code_until__isnull=True)
        .exclude(state=State.DRAFT)
        .order_by("pk")[:1]
    )
)


def get_dialogue_by_code(code: str) -> Dialogue:
    """The dialogue that a six-digit code opens now."""
    digits = "".join(letter for letter in code if letter.isdigit())
    if len(digits) != 6:
        raise NotFoundError("code")
    dialogue = _BY_CODE.first(digits)
    if dialogue is None:
        raise NotFoundError("code")
    return dialogue


@dataclass(frozen=True)
class Here:
    """A participant where she sits: her dialogue, seat and secret, and her table if she has one."""

    dialogue: Dialogue
    seat: Seat
    token: SeatToken
    placement: Placement | None

    @property
    def actor(self) -> Actor:
        return Actor("seat", seat_id=self.seat.pk, name=self.seat.name)

    @property
    def phase(self) -> str:
        return phase_of(self.dialogue)

    @property
    def question(self) -> int:
        """The number of the question that is talked about now."""
        return self.dialogue.step.question if self.dialogue.step else 1


def seating_now(dialogue: Dialogue) -> int:
    """Which of the seatings is going on (the first before the dialogue begins)."""
    return dialogue.step.seating if dialogue.step else 1


_SEAT = Prepared[Seat](
    lambda code, number: Seat.objects.select_related("dialogue__step").filter(
        dialogue__code=code, dialogue__code_until__isnull=True, number=number
    )[:1]
)
_PLACEMENT = Prepared[Placement](
    lambda seat, seating: Placement.objects.select_related("table").filter(seat=seat, seating=seating)[:1]
)
_SITTING = Prepared[Sitting](lambda table, seating: Sitting.objects.filter(table=table, seating=seating)[:1])


def find_here(request: HttpRequest, code: str) -> Here | None:
    """The participant that this browser is in the dialogue with this code, if it is one. Two queries.

    A hall asks for this at once whenever the step changes: what phones seldom show, the dialogue's unit and template,
    is not read with it.
    """
    token = read_cookie(request.COOKIES.get("seat", ""))
    if token is None:
        return None
    digits = "".join(letter for letter in code if letter.isdigit())
    seat = _SEAT.first(digits, token.number)
    if seat is None or not is_secret(token.secret, seat.secret_hash):
        return None
    dialogue = seat.dialogue
    placement = _PLACEMENT.first(seat.pk, seating_now(dialogue))
    return Here(dialogue, seat, token, placement)


def get_here(request: HttpRequest, code: str, act: str) -> Here:
    """The participant, if she may do ``act`` in this phase. Acts of the pen also ask whether she holds it.

    :raises NotFoundError: no seat here.
    :raises ConflictError: not in this phase, or the pen is another's.
    """
    here = find_here(request, code)
    if here is None:
        raise NotFoundError("seat")
    check_seat(here, act)
    return here


def check_seat(here: Here, act: str) -> None:
    """Stop what a seat may not do now."""
    roles = {"participant"}
    if "pen" in PERMISSIONS[act].roles and has_pen(here):
        roles.add("pen")
    if not may(roles, act, here.phase):
        raise ConflictError


def get_sitting(here: Here, *, lock: bool = False) -> Sitting:
    """The participant's table in this seating; locked, it is the table's lock for every change at it."""
    if here.placement is None:
        raise NotFoundError("table")
    table_id, seating = here.placement.table_id, here.placement.seating
    if lock:
        sitting = Sitting.objects.select_for_update().filter(table_id=table_id, seating=seating).first()
    else:
        sitting = _SITTING.first(table_id, seating)
    if sitting is None:
        raise NotFoundError("table")
    return sitting


def has_pen(here: Here) -> bool:
    """Whether this seat, or one it helps, holds its table's pen."""
    if here.placement is None:
        return False
    return Sitting.objects.filter(
        table_id=here.placement.table_id, seating=here.placement.seating, pen_id=here.seat.pk
    ).exists()


def set_seat_cookie(response: object, dialogue: Dialogue, token: SeatToken) -> None:
    """Keep the seat on the device, for this dialogue's pages only, also after the tab is closed."""
    response.set_cookie(  # type: ignore[attr-defined]
        "seat",
        token.cookie(),
        max_age=60 * 60 * 24 * 45,
        path=f"/m/{dialogue.code}/",
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
