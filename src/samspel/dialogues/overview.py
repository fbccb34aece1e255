"""What the console shows: counts, states and what needs the leader. Never who wrote, nor what, before it is shared."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspel.core import defaults
from samspel.core.prepared import Prepared
from samspel.dialogues.access import phase_of
from samspel.dialogues.models import (
    Agreement,
    ConsoleAction,
    CounterVoice,
    Dialogue,
    Invitation,
    Note,
    Placement,
    Proposal,
    Question,
    Ready,
    Seat,
    Sitting,
    State,
    Step,
    Table,
)
from samspel.dialogues.queries import (
    BallotCount,
    LoneVoice,
    Result,
    Threes,
    ballots_of,
    lone_voices_of,
    result_of,
    threes_of,
    votes_missing,
    waiting_of,
)
from samspel.live.queries import connected_hints
from samspel.ui.templatetags.sam import quoted

# A meeting that is begun longer before its time than this is asked about once.
EARLY = timedelta(minutes=30)
ANOTHER_DAY = timedelta(hours=12)
# A phone that nobody has heard of for so long has lost its line; a locked phone wakes within this when it is used.
LOST_AFTER = timedelta(seconds=90)
MOST_NAMED = 20  # tables that are told by name on the console; more are squares until one looks for a name
FIRST_NEEDS = 3  # what needs the leader most; the rest is folded
URGENT = {"help": 0, "off": 1}


# The rows of a hall, asked for whenever something happens in it (core.prepared).
_SEATS = Prepared[tuple[int, int, bool]](
    lambda dialogue, quiet_since: (
        Seat.objects.filter(dialogue=dialogue, left_at=None)
        .annotate(
            is_quiet=ExpressionWrapper(
                Q(kind=Seat.Kind.PHONE, seen_at__lt=quiet_since), output_field=models.BooleanField()
            )
        )
        .values_list("pk", "number", "is_quiet")
    )
)
_READY = Prepared[tuple[int]](lambda step: Ready.objects.filter(step=step).values_list("seat_id"))
_TABLES = Prepared[Table](lambda dialogue: Table.objects.filter(dialogue=dialogue))
_PLACED = Prepared[tuple[int, int]](
    lambda dialogue, seating: Placement.objects.filter(
        seat__dialogue=dialogue, seat__left_at=None, seating=seating
    ).values_list("table_id", "seat_id")
)
_SITTINGS = Prepared[tuple[int, int, datetime | None, datetime | None, str, str, datetime | None]](
    lambda dialogue, seating: Sitting.objects.filter(table__dialogue=dialogue, seating=seating).values_list(
        "table_id", "pk", "help_asked_at", "handed_in_at", "help_words", "help_taken_by", "counts_open_at"
    )
)


@dataclass(frozen=True)
class PlanRow:
    """A step in the day's plan with its clock time: as planned before it, as it was after it."""

    step: Step
    title: str
    at: datetime
    is_done: bool
    is_now: bool


@dataclass(frozen=True)
class TableState:
    """One table: ``state`` is empty, working, ready, handed_in, help or off; ``words`` tell it and its people.

    ``waits_for`` is how many lost phones keep its counts closed: everybody who is connected there is ready.
    """

    table: Table
    people: int
    state: str
    words: str
    help_words: str
    help_taken_by: str
    sitting_id: int
    waits_for: int


@dataclass(frozen=True)
class Need:
    """Something that needs the leader, with what to press."""

    kind: str
    title: str
    words: str
    button: str
    target_id: int = 0
    other_id: int = 0


@dataclass(frozen=True)
class Together:
    """The hall's own controls: how far the choice has come, and what to show next.

    ``comes`` is the next thing to do: open (the ballot, a step of its own), review, choose, reveal, or go on.
    """

    question: int
    handed_in: int
    comes: str
    hint: str
    votes_missing: int
    may_choose: bool
    may_reveal: bool
    ballots: BallotCount
    result: Result | None
    revealed: int
    next_label: str
    lone: tuple[LoneVoice, ...]
    lone_shown: int
    checkout_comes: bool
    ballot_comes: bool


@dataclass(frozen=True)
class Overview:
    """Everything on the console, as of one moment."""

    dialogue: Dialogue
    plan: tuple[PlanRow, ...]
    now_title: str
    now_question: str
    next_title: str
    late_min: int | None
    here: int
    expected: int
    wrote: int
    wrote_of: int  # those who are connected, and those who wrote before they lost contact
    ready: int
    ready_of: int
    tables: tuple[TableState, ...]
    needs: tuple[Need, ...]
    to_review: int
    last: ConsoleAction | None
    can_undo: bool
    is_early: bool
    together: Together | None

    @property
    def counts(self) -> Counter[str]:
        return Counter(table.state for table in self.tables)

    @property
    def is_more_here(self) -> bool:
        """Whether the next thing to do is in this step, and not to go on."""
        return self.together is not None and self.together.comes in {"review", "choose", "reveal"}

    @property
    def is_hall(self) -> bool:
        """Too many tables to name each on the page."""
        return len(self.tables) > MOST_NAMED

    @property
    def shown(self) -> tuple[TableState, ...]:
        """The tables in their order; in a hall those that need the leader come first."""
        if not self.is_hall:
            return self.tables
        return tuple(sorted(self.tables, key=lambda table: URGENT.get(table.state, 2)))

    @property
    def first_needs(self) -> tuple[Need, ...]:
        return self.needs[:FIRST_NEEDS] if len(self.needs) > FIRST_NEEDS + 1 else self.needs

    @property
    def more_needs(self) -> tuple[Need, ...]:
        return self.needs[len(self.first_needs) :]


def title_of(step: Step, questions: dict[int, str]) -> str:
    """«1. Själv: Hur har vi det nu?»"""
    question = questions.get(step.question, "")
    titles = {
        "frame": _("Välkommen"),
        "solo": _("1. Själv: {question}").format(question=question),
        "small": _("2. Vid bordet: samtal"),
        "objections": _("2. Vid bordet: invändningar"),
        "choose": _("2. Vid bordet: välj tre"),
        "move": _("Byt bord"),
        "whole": _("3. Tillsammans"),
        "ballot": _("3. Tillsammans: välj i tysthet"),
        "agree": _("Kom överens"),
        "checkout": _("Hur var det att vara med?"),
        "break": _("Paus"),
    }
    return titles[step.kind]


def now_title_of(step: Step | None) -> str:
    """The console's big line about what happens now."""
    if step is None:
        return _("Alla kommer in")
    return {
        "frame": _("Välkommen"),
        "solo": _("Nu tänker alla själva"),
        "small": _("Nu pratar borden"),
        "objections": _("Nu prövar borden invändningar"),
        "choose": _("Nu väljer borden sina tre"),
        "move": _("Nu byter alla bord"),
        "whole": _("Nu är salen tillsammans"),
        "ballot": _("Nu väljer alla i tysthet"),
        "agree": _("Nu kommer ni överens"),
        "checkout": _("Hur var det att vara med?"),
        "break": _("Nu är det paus"),
    }[step.kind]


def go_on_of(step: Step | None) -> str:
    """The main button's words: what comes next."""
    if step is None:
        return ""
    return {
        "frame": _("Gå till välkomsten"),
        "solo": _("Gå till egen tanke"),
        "small": _("Gå till samtal vid borden"),
        "objections": _("Gå till invändningar"),
        "choose": _("Gå till att välja tre"),
        "move": _("Låt alla byta bord"),
        "whole": _("Samla salen"),
        "ballot": _("Öppna det tysta valet"),
        "agree": _("Gå till överenskommelsen"),
        "checkout": _("Fråga hur det var"),
        "break": _("Ta paus"),
    }[step.kind]


def overview(dialogue: Dialogue, *, now: datetime) -> Overview:
    """The console as of now. The number of queries does not grow with tables or people."""
    steps = list(dialogue.steps.all())
    questions = {question.number: question.text for question in Question.objects.filter(dialogue=dialogue)}
    seating = dialogue.step.seating if dialogue.step else 1
    question = dialogue.step.question if dialogue.step else 1
    seats = _SEATS(dialogue.pk, now - LOST_AFTER)
    connected = connected_hints(dialogue.room, now=now)
    lost = {seat_id for seat_id, number, is_quiet in seats if is_quiet and str(number) not in connected}
    ready = {seat_id for (seat_id,) in _READY(dialogue.step.pk)} if dialogue.step else set()
    here = {seat_id for seat_id, _number, _is_quiet in seats} - lost
    notes = Note.objects.filter(dialogue=dialogue, question=question, seat__isnull=False, seat__left_at=None)
    wrote = set(notes.values_list("seat_id", flat=True).distinct())
    tables = _tables(dialogue, seating, ready, lost)
    to_review = count_to_review(dialogue) if dialogue.needs_review else 0
    last = ConsoleAction.objects.filter(dialogue=dialogue, undone_at=None).first()
    seconds = defaults.value("dialogue.ten_seconds")
    following = _following(dialogue, steps)
    return Overview(
        dialogue=dialogue,
        plan=_plan(dialogue, steps, questions),
        now_title=_("Samtalet är avslutat") if dialogue.state == State.CLOSED else now_title_of(dialogue.step),
        now_question=questions.get(question, dialogue.title),
        next_title=go_on_of(following),
        late_min=_late_min(dialogue, steps, now),
        here=len(here),
        expected=max(len(seats), Invitation.objects.filter(dialogue=dialogue).count()),
        wrote=len(wrote),
        wrote_of=len(here | wrote),
        ready=len(ready),
        ready_of=len(here | ready),
        tables=tables,
        needs=_needs(dialogue, tables, lost, seating, to_review),
        to_review=to_review,
        last=last,
        can_undo=last is not None and now - last.at <= timedelta(seconds=seconds),
        is_early=is_early(dialogue, now),
        together=_together(dialogue, question, steps)
        if dialogue.state == State.RUNNING and dialogue.step is not None and dialogue.step.phase == "whole"
        else None,
    )


def is_early(dialogue: Dialogue, now: datetime) -> bool:
    """Whether beginning now would surprise those who are invited; a rehearsal surprises nobody."""
    return dialogue.state == State.PLANNED and not dialogue.is_rehearsal and now < dialogue.starts_at - EARLY


def _together(dialogue: Dialogue, question: int, steps: list[Step]) -> Together:
    threes = threes_of(dialogue, question)
    result = result_of(dialogue, question, threes=threes)
    places = len(result.places) if result else min(dialogue.places, len(threes.proposals))
    revealed = min(dialogue.revealed, places + 1)
    if revealed < places:
        label = _("Visa nummer {place}").format(place=places - revealed)
    elif revealed == places and places:
        label = _("Visa orden")
    else:
        label = ""
    ballots = ballots_of(dialogue, question)
    comes = _comes(dialogue, threes, steps, is_chosen=result is not None, is_all_shown=not label)
    return Together(
        question,
        threes.of_tables,
        comes,
        _hint(threes, comes, is_open=dialogue.ballot_open),
        votes_missing(dialogue, ballots, is_counted=result is not None),
        bool(threes.proposals) and not threes.waiting and not revealed,
        result is not None and not dialogue.ballot_open and label != "",
        ballots,
        result,
        revealed,
        label,
        tuple(lone_voices_of(dialogue, question, threes=threes)),
        dialogue.lone_shown,
        any(step.kind == "checkout" and dialogue.step and step.position > dialogue.step.position for step in steps),
        _is_ballot(_following(dialogue, steps)),
    )


def _following(dialogue: Dialogue, steps: list[Step]) -> Step | None:
    here = dialogue.step.position if dialogue.step else 0
    return next((step for step in steps if step.position > here), None)


def _is_ballot(step: Step | None) -> bool:
    return step is not None and step.kind == "ballot"


def _comes(dialogue: Dialogue, threes: Threes, steps: list[Step], *, is_chosen: bool, is_all_shown: bool) -> str:
    assert dialogue.step is not None
    here = dialogue.step
    if here.kind not in {"whole", "ballot"} or not threes.proposals or is_all_shown:
        return "go on"
    if is_chosen and not dialogue.ballot_open:
        return "reveal"
    if threes.waiting:
        return "review"
    if _is_ballot(_following(dialogue, steps)) and not dialogue.ballot_open:
        return "open"
    return "choose"


def _hint(threes: Threes, comes: str, *, is_open: bool) -> str:
    """What the leader should know before the hall has chosen."""
    if not threes.proposals:
        return _("Inget bord har lämnat in sina tre än.")
    if threes.waiting:
        return waiting_of(threes)
    if comes == "open":
        return _("Öppna det tysta valet när alla har sett förslagen.")
    if is_open:
        return _("Räkna ihop när alla har valt. Bara ni ser svaret tills ni visar det.")
    return _("Räkna ihop bordens tre. Bara ni ser svaret tills ni visar det.")


def _plan(dialogue: Dialogue, steps: list[Step], questions: dict[int, str]) -> tuple[PlanRow, ...]:
    here = dialogue.step.position if dialogue.step else 0
    is_over = dialogue.state == State.CLOSED
    at = dialogue.opened_at or dialogue.starts_at
    began = _began(dialogue) if here else {}
    rows = []
    for step in steps:
        at = began.get(step.pk, at) if step.position <= here else at
        is_now = step.position == here and not is_over
        rows.append(PlanRow(step, title_of(step, questions), at, is_over or step.position < here, is_now))
        if is_now and dialogue.step_ends_at is not None:
            at = dialogue.step_ends_at
        elif step.position >= here:
            at += timedelta(minutes=step.minutes)
    return tuple(rows)


def _began(dialogue: Dialogue) -> dict[int, datetime]:
    """When each step that has been was begun, the last time that it was: what the leaders' presses left behind."""
    moves = ConsoleAction.objects.filter(dialogue=dialogue, undone_at=None, verb__in=("went_on", "went_back"))
    began = {
        before["step_id"]: datetime.fromisoformat(before["step_started_at"])
        for before in moves.order_by("pk").values_list("before", flat=True)
    }
    if dialogue.step_id is not None and dialogue.step_started_at is not None:
        began[dialogue.step_id] = dialogue.step_started_at
    return began


def _late_min(dialogue: Dialogue, steps: list[Step], now: datetime) -> int | None:
    """Minutes behind the plan (negative: before it), counted from the planned start of the day; None on another day,
    when the plan's hours tell nothing."""
    if abs(now - dialogue.starts_at) > ANOTHER_DAY:
        return None
    if dialogue.step is None or dialogue.step_ends_at is None:
        return 0
    planned = dialogue.starts_at + timedelta(
        minutes=sum(step.minutes for step in steps if step.position <= dialogue.step.position)
    )
    ends = max(dialogue.step_ends_at, dialogue.paused_at or now)
    return round((ends - planned).total_seconds() / 60)


def _tables(dialogue: Dialogue, seating: int, ready: set[int], lost: set[int]) -> tuple[TableState, ...]:
    people: dict[int, list[int]] = {}
    for table_id, seat_id in _PLACED(dialogue.pk, seating):
        people.setdefault(table_id, []).append(seat_id)
    sittings = {row[0]: row[1:] for row in _SITTINGS(dialogue.pk, seating)}
    nobody = (0, None, None, "", "", None)
    said = {
        "empty": "",
        "working": "",
        "ready": _("klart"),
        "handed_in": _("har lämnat in"),
        "help": _("ber om hjälp"),
        "off": _("har tappat kontakt"),
    }
    found = []
    for table in _TABLES(dialogue.pk):
        seats = people.get(table.pk, [])
        sitting_id, help_asked_at, handed_in_at, help_words, taken_by, open_at = sittings.get(table.pk, nobody)
        away = sum(seat in lost for seat in seats)
        done = sum(seat in ready for seat in seats)
        if help_asked_at is not None:
            state = "help"
        elif not seats:
            state = "empty"
        elif handed_in_at is not None:
            state = "handed_in"
        elif away and away == len(seats):
            state = "off"
        elif done and done >= len(seats) - away:
            state = "ready"
        else:
            state = "working"
        words = ", ".join(part for part in (_people(len(seats)), said[state]) if part)
        waits_for = len(set(seats) & lost - ready) if state == "ready" and open_at is None else 0
        found.append(TableState(table, len(seats), state, words, help_words, taken_by, sitting_id, waits_for))
    return tuple(found)


def _people(number: int) -> str:
    return ngettext("{n} person", "{n} personer", number).format(n=number)


def _needs(
    dialogue: Dialogue,
    tables: tuple[TableState, ...],
    lost: set[int],
    seating: int,
    to_review: int,
) -> tuple[Need, ...]:
    """Most urgent first: who asks, what waits for review, who waits for a lost phone, lost phones, thin tables."""
    found = []
    for table in tables:
        if table.state == "help":
            words = quoted(table.help_words) if table.help_words else ""
            if table.help_taken_by:
                words = _("{name} är på väg.").format(name=table.help_taken_by)
            found.append(
                Need(
                    "help",
                    _("Bord {table} ber om hjälp").format(table=table.table.name),
                    words,
                    _("Det är klart") if table.help_taken_by else _("Jag går dit"),
                    table.sitting_id,
                )
            )
    if to_review:
        found.append(
            Need(
                "review",
                ngettext("{n} text väntar på granskning", "{n} texter väntar på granskning", to_review).format(
                    n=to_review
                ),
                _("De visas i salen när du har läst dem."),
                _("Granska"),
            )
        )
    waiting = [table for table in tables if table.waits_for] if phase_of(dialogue) == "small" else []
    for table in waiting:
        found.append(
            Need(
                "waits",
                _("Bord {table} väntar").format(table=table.table.name),
                ngettext(
                    "En telefon tappade kontakten. Alla andra är klara.",
                    "{n} telefoner tappade kontakten. Alla andra är klara.",
                    table.waits_for,
                ).format(n=table.waits_for),
                _("Låt bordet gå vidare"),
                table.sitting_id,
            )
        )
    if dialogue.state == State.RUNNING and lost:
        by_table = Counter(
            Placement.objects.filter(seat_id__in=lost, seating=seating)
            .exclude(table__in=[table.table.pk for table in waiting])
            .values_list("table__name", flat=True)
        )
        for name, number in by_table.most_common(5):
            found.append(
                Need(
                    "lost",
                    _("Bord {table}").format(table=name),
                    ngettext("En telefon tappade kontakten", "{n} telefoner tappade kontakten", number).format(
                        n=number
                    ),
                    _("Visa kod"),
                )
            )
    if dialogue.state == State.RUNNING and dialogue.has_seating:
        found.extend(_thin_tables(tables))
    return tuple(found)


def _thin_tables(tables: tuple[TableState, ...]) -> list[Need]:
    """A table of one or two, with the nearest table that has room for them."""
    found = []
    for table in tables:
        if not 0 < table.people <= 2 or table.state == "handed_in":
            continue
        others = [
            other
            for other in tables
            if other is not table
            and other.state != "handed_in"
            and other.people > 0
            and other.people + table.people <= max(other.table.size, 8)
        ]
        if not others:
            continue
        near = min(others, key=lambda other: (abs(other.table.number - table.table.number), other.people))
        title = _("Bord {table} är bara två") if table.people == 2 else _("Vid bord {table} sitter en ensam")
        found.append(
            Need(
                "thin",
                title.format(table=table.table.name),
                _("Bord {table} har plats").format(table=near.table.name),
                _("Slå ihop"),
                table.table.pk,
                near.table.pk,
            )
        )
    return found


def count_to_review(dialogue: Dialogue) -> int:
    """How many texts wait: proposals, counter-voices, and the list of words as one."""
    waiting = Q(reviewed_at=None, set_aside_at=None)
    proposals = Proposal.objects.filter(waiting, dialogue=dialogue, merged_into=None).count()
    voices = CounterVoice.objects.filter(waiting, dialogue=dialogue).count()
    return proposals + voices


def agreements_of(dialogue: Dialogue) -> list[Agreement]:
    return list(dialogue.agreements.filter(withdrawn_at=None).select_related("proposal"))
