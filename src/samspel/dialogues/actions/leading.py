"""Leading: the leader moves on, not the clock. Every change is seen by the other leaders and can be undone.

Only the 72-hour template moves by its timetable (``move_unattended``, a task of every minute).
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core import defaults
from samspel.core.actor import SYSTEM, Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.texts import require_short
from samspel.dialogues import compute
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.actions import hosting, themes
from samspel.dialogues.actions.forgetting import forget_who_said_what
from samspel.dialogues.actions.pens import pass_pens
from samspel.dialogues.actions.rehearsing import act_for_made_up
from samspel.dialogues.compute_changes import by_hand
from samspel.dialogues.live import tell
from samspel.dialogues.models import (
    ConsoleAction,
    CounterVoice,
    Dialogue,
    Note,
    Placement,
    PlannedPlace,
    Screen,
    Sitting,
    State,
    Step,
    Table,
)
from samspel.dialogues.prices import why_not

LONGEST_REASON = 200
Switch = Literal["is_locked", "needs_review", "shows_code", "shows_results", "is_dark", "ballot_open", "checkout_open"]
SWITCHES: tuple[Switch, ...] = (
    "is_locked",
    "needs_review",
    "shows_code",
    "shows_results",
    "is_dark",
    "ballot_open",
    "checkout_open",
)
# What an undo puts back: everything a leader moves, and nothing that participants have said.
KEPT = (
    "step_id",
    "step_started_at",
    "step_ends_at",
    "paused_at",
    "screen",
    "revealed",
    "lone_shown",
    "words_reviewed",
    *SWITCHES,
)


def snapshot(dialogue: Dialogue) -> dict[str, Any]:
    """What an undo puts back, as it stands now."""
    found = {name: getattr(dialogue, name) for name in KEPT}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}


def keep_for_undo(
    actor: Actor, dialogue: Dialogue, verb: str, before: dict[str, Any], at: datetime, **facts: int
) -> None:
    """Keep what was, for the other leaders and for undo, and write the audit trail."""
    ConsoleAction.objects.create(
        dialogue=dialogue, person_id=actor.person_id, name=actor.name, verb=verb, before=before, at=at
    )
    record(actor, f"dialogue.{verb}", dialogue, **facts)


def _enter(dialogue: Dialogue, step: Step | None, at: datetime) -> None:
    """Put the dialogue at a step: its clock, its tables, and what the step opens."""
    dialogue.step = step
    dialogue.paused_at = None
    dialogue.screen = Screen.AUTO
    if step is None:
        dialogue.step_started_at = dialogue.step_ends_at = None
        return
    dialogue.step_started_at = at
    dialogue.step_ends_at = at + timedelta(minutes=step.minutes)
    if step.phase == "small":
        set_tables(dialogue, step.seating, at=at)
        if dialogue.template.hosts_stay:
            hosting.give_pens(dialogue, step.seating)
    dialogue.ballot_open = step.kind == "ballot" and not dialogue.revealed
    if step.kind == "checkout":
        dialogue.checkout_open = True
    if step.phase in {"frame", "solo", "small"}:
        dialogue.words_reviewed = False  # new thoughts bring new words
    if step.kind in {"frame", "solo"}:
        dialogue.revealed = 0
        dialogue.lone_shown = 0
        dialogue.is_locked = False


def _save(dialogue: Dialogue, *more: str) -> None:
    dialogue.save(update_fields=[*(name for name in KEPT if name != "step_id"), "step", *more])


def set_tables(dialogue: Dialogue, seating: int, *, at: datetime) -> None:
    """Make each table of a seating ready: somebody has the pen, and a reason advocate is drawn by lot.

    The lot's seed is kept until the meeting is closed. Who has been advocate in an earlier seating is drawn last; who
    is advocate stays so as long as she sits there.
    """
    tables = list(dialogue.tables.all())
    Sitting.objects.bulk_create([Sitting(table=table, seating=seating) for table in tables], ignore_conflicts=True)
    sittings = list(
        Sitting.objects.select_for_update().filter(table__in=tables, seating=seating).order_by("table__number")
    )
    pass_pens(dialogue, sittings, at=at)
    had = set(
        Sitting.objects.filter(table__dialogue=dialogue, seating__lt=seating, advocate__isnull=False).values_list(
            "advocate_id", flat=True
        )
    )
    at_table: dict[int, list[int]] = {}
    # The advocate's part needs a phone of one's own.
    rows = Placement.objects.filter(seat__dialogue=dialogue, seat__left_at=None, seating=seating, seat__kind="phone")
    for table_id, seat_id in rows.order_by("seat__number").values_list("table_id", "seat_id"):
        at_table.setdefault(table_id, []).append(seat_id)
    drawn = []
    for sitting in sittings:
        seats = at_table.get(sitting.table_id, [])
        if sitting.advocate_id in seats:
            continue
        if not seats and sitting.advocate_id is None:
            continue
        sitting.advocate_seed = secrets.randbits(48) if seats else 0
        sitting.advocate_id = _drawn(sitting.advocate_seed, seats, had) if seats else None
        drawn.append(sitting)
    Sitting.objects.bulk_update(drawn, ["advocate", "advocate_seed"])
    if dialogue.template.hosts_stay:
        hosting.find_hosts(dialogue, seating)
    compute.deal_groups(dialogue, seating)


def _drawn(seed: int, seats: list[int], had: set[int]) -> int:
    """Draw one by the published seed among those who have not been advocate, or among all when everybody has."""
    import numpy as np

    fresh = [seat for seat in seats if seat not in had] or seats
    return int(np.random.default_rng(seed).choice(fresh))


@transaction.atomic
def start_dialogue(*, actor: Actor, dialogue_id: int, at: datetime) -> Dialogue:
    """Begin: the first step of the plan. A second click changes nothing."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if dialogue.state == State.RUNNING:
        return dialogue
    before = snapshot(dialogue)
    dialogue.state = State.RUNNING
    dialogue.opened_at = at
    _enter(dialogue, dialogue.steps.first(), at)
    _save(dialogue, "state", "opened_at")
    keep_for_undo(actor, dialogue, "started", before, at)
    act_for_made_up(dialogue, at)
    tell(dialogue, "step", step=dialogue.step_id or 0)
    return dialogue


def _seen_step(dialogue: Dialogue, seen: int | None) -> bool:
    """Whether the leader's page showed the step that is going on; two leaders pressing at once move one step."""
    return seen is None or seen == (dialogue.step.position if dialogue.step else 0)


@transaction.atomic
def next_step(*, actor: Actor, dialogue_id: int, seen: int | None = None, at: datetime) -> Dialogue:
    """Go on to the next step. ``seen`` is the position that the leader's page showed: pressed twice, it moves once."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if dialogue.state != State.RUNNING or dialogue.step is None:
        raise ConflictError(_("Börja samtalet först."))
    if not _seen_step(dialogue, seen):
        return dialogue
    step = dialogue.steps.filter(position__gt=dialogue.step.position).first()
    if step is None:
        return dialogue
    return _move(actor, dialogue, step, "went_on", at)


@transaction.atomic
def previous_step(*, actor: Actor, dialogue_id: int, seen: int | None = None, at: datetime) -> Dialogue:
    """Go back one step. Nothing that was said is lost."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if dialogue.state != State.RUNNING or dialogue.step is None:
        raise ConflictError(_("Börja samtalet först."))
    if not _seen_step(dialogue, seen):
        return dialogue
    step = dialogue.steps.filter(position__lt=dialogue.step.position).last()
    if step is None:
        return dialogue
    return _move(actor, dialogue, step, "went_back", at)


def _move(actor: Actor, dialogue: Dialogue, step: Step, verb: str, at: datetime) -> Dialogue:
    before = snapshot(dialogue)
    _enter(dialogue, step, at)
    _save(dialogue)
    keep_for_undo(actor, dialogue, verb, before, at)
    act_for_made_up(dialogue, at)
    tell(dialogue, "step", step=step.pk)
    return dialogue


@transaction.atomic
def pause(*, actor: Actor, dialogue_id: int, wanted: bool, at: datetime) -> Dialogue:
    """Stop the clock, or let it go on with what was left."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if dialogue.step_ends_at is None or wanted == (dialogue.paused_at is not None):
        return dialogue
    before = snapshot(dialogue)
    if wanted:
        dialogue.paused_at = at
    else:
        assert dialogue.paused_at is not None
        away = at - dialogue.paused_at
        dialogue.step_ends_at += away
        if dialogue.step_started_at is not None:
            dialogue.step_started_at += away
        dialogue.paused_at = None
    _save(dialogue)
    keep_for_undo(actor, dialogue, "paused" if wanted else "resumed", before, at)
    tell(dialogue, "step", step=dialogue.step_id or 0)
    return dialogue


@transaction.atomic
def add_minute(*, actor: Actor, dialogue_id: int, at: datetime) -> Dialogue:
    """One more minute; when the time is out, one minute from now."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if dialogue.step_ends_at is None:
        return dialogue
    before = snapshot(dialogue)
    now = dialogue.paused_at or at
    dialogue.step_ends_at = max(dialogue.step_ends_at, now) + timedelta(minutes=1)
    _save(dialogue)
    keep_for_undo(actor, dialogue, "added_minute", before, at)
    tell(dialogue, "step", step=dialogue.step_id or 0)
    return dialogue


@transaction.atomic
def set_switch(*, actor: Actor, dialogue_id: int, name: str, wanted: bool, at: datetime) -> Dialogue:
    """Turn one of the console's switches on or off.

    :raises ConflictError: the ballot cannot be opened, for what was chosen is shown.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if name not in SWITCHES:
        raise NotFoundError("switch")
    if getattr(dialogue, name) == wanted:
        return dialogue
    if name == "ballot_open" and wanted and dialogue.revealed:
        raise ConflictError(_("Resultatet visas redan. Dölj det först."))
    before = snapshot(dialogue)
    setattr(dialogue, name, wanted)
    _save(dialogue)
    keep_for_undo(actor, dialogue, f"{name}.{'on' if wanted else 'off'}", before, at)
    if name in {"shows_results", "ballot_open"}:
        tell(dialogue, "result")
    elif name == "checkout_open":
        tell(dialogue, "agreements")
    elif name == "is_locked":
        tell(dialogue, "step", step=dialogue.step_id or 0)
    else:
        tell(dialogue, "screen")
    return dialogue


@transaction.atomic
def set_screen(*, actor: Actor, dialogue_id: int, screen: str, at: datetime) -> Dialogue:
    """What the big screen shows; ``auto`` follows the step."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if screen not in Screen.values:
        raise NotFoundError("screen")
    if dialogue.screen == screen:
        return dialogue
    before = snapshot(dialogue)
    follow = {dialogue.screen, screen} & {Screen.WORDS, Screen.THEMES}  # what phones show together with the screen
    dialogue.screen = screen
    _save(dialogue)
    keep_for_undo(actor, dialogue, f"screen.{screen}", before, at)
    if screen == Screen.THEMES:
        themes.place_notes_later(dialogue, dialogue.step.question if dialogue.step else 1, at=at)
    if follow:
        tell(dialogue, "screen", "result")
    else:
        tell(dialogue, "screen")
    return dialogue


@transaction.atomic
def undo(*, actor: Actor, dialogue_id: int, action_id: int, at: datetime) -> Dialogue:
    """Take back the last thing a leader did, within ten seconds.

    :raises ConflictError: too late, or another leader has done something since.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    last = ConsoleAction.objects.filter(dialogue=dialogue).first()
    if last is None or last.pk != action_id:
        raise ConflictError(_("Någon har gjort något efter det. Ändra i stället."))
    if last.undone_at is not None:
        return dialogue
    if at - last.at > timedelta(seconds=defaults.value("dialogue.ten_seconds")):
        raise ConflictError(_("Tio sekunder har gått. Ändra i stället."))
    is_of_themes = "grouping" in last.before
    if is_of_themes:
        themes.put_back(dialogue, last.before)
    else:
        _put_back(dialogue, last)
    last.undone_at = at
    last.save(update_fields=["undone_at"])
    record(actor, "dialogue.undone", dialogue, undone=last.verb)
    if is_of_themes:
        tell(dialogue, "themes")
    else:
        tell(dialogue, "step", step=dialogue.step_id or 0)
    return dialogue


def _put_back(dialogue: Dialogue, last: ConsoleAction) -> None:
    for name in KEPT:
        value = last.before[name]
        if name.endswith("_at") and value is not None:
            value = datetime.fromisoformat(value)
        setattr(dialogue, name, value)
    more = []
    if last.verb == "started":
        dialogue.state, dialogue.opened_at = State.PLANNED, None
        more = ["state", "opened_at"]
    _save(dialogue, *more)


@transaction.atomic
def take_help(*, actor: Actor, dialogue_id: int, sitting_id: int, at: datetime) -> Sitting:
    """«I am going there»: the table sees that somebody comes, the other leaders that it is taken."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    sitting = Sitting.objects.select_for_update().filter(pk=sitting_id, table__dialogue=dialogue).first()
    if sitting is None:
        raise NotFoundError("table")
    if sitting.help_asked_at is None:
        return sitting
    if sitting.help_taken_by:
        # A second press: the leader has been there.
        sitting.help_asked_at, sitting.help_words, sitting.help_taken_by = None, "", ""
    else:
        sitting.help_taken_by = actor.name
    sitting.save(update_fields=["help_asked_at", "help_words", "help_taken_by"])
    record(actor, "table.help_taken", sitting)
    tell(dialogue, "table", table=sitting.table_id)
    return sitting


@transaction.atomic
def merge_tables(*, actor: Actor, dialogue_id: int, table_id: int, into_id: int, at: datetime) -> None:
    """Move the people of a thin table to another, in this seating; what they have said comes with them."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    seating = dialogue.step.seating if dialogue.step else 1
    tables = {table.pk: table for table in Table.objects.filter(dialogue=dialogue, pk__in=[table_id, into_id])}
    if len(tables) != 2:
        raise NotFoundError("table")
    from_sitting, to_sitting = (
        Sitting.objects.select_for_update().get_or_create(table=tables[key], seating=seating)[0]
        for key in (table_id, into_id)
    )
    if from_sitting.handed_in_at or to_sitting.handed_in_at:
        raise ConflictError(_("Ett av borden har redan lämnat in sina tre."))
    _check_merge(dialogue, seating, table_id, into_id)
    moved = Placement.objects.filter(table_id=table_id, seating=seating).update(
        table_id=into_id, group=0, is_host=False
    )
    PlannedPlace.objects.filter(table_id=table_id, seating=seating, invitation__seat=None).update(
        table_id=into_id, is_host=False
    )
    question = dialogue.step.question if dialogue.step else 1
    Note.objects.filter(table_id=table_id, question=question).update(table_id=into_id)
    CounterVoice.objects.filter(table_id=table_id, question=question).update(table_id=into_id)
    from_sitting.pen = from_sitting.advocate = None
    from_sitting.help_asked_at, from_sitting.help_words, from_sitting.help_taken_by = None, "", ""
    from_sitting.save()
    set_tables(dialogue, seating, at=at)
    record(actor, "table.merged", tables[into_id], people=moved, table=table_id)
    tell(dialogue, "step", step=dialogue.step_id or 0)


def _check_merge(dialogue: Dialogue, seating: int, table_id: int, into_id: int) -> None:
    """:raises ConflictError: a hard rule says no: together they would be too many, or should not meet."""
    hand = by_hand(dialogue, seating)
    cost = hand.merge_cost(f"t{table_id}", f"t{into_id}")
    if cost.broken:
        raise ConflictError(why_not(cost.broken[0], hand.names(cost.broken[0].people)))


@transaction.atomic
def close_dialogue(*, actor: Actor, dialogue_id: int, at: datetime) -> Dialogue:
    """Close the meeting. What was shared stays, and not whose it was; what nobody shared is erased, for good."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.lead", lock=True)
    if dialogue.state == State.CLOSED:
        return dialogue
    if dialogue.state != State.RUNNING:
        raise ConflictError(_("Samtalet har inte börjat."))
    return _close(actor, dialogue, at)


def _close(actor: Actor, dialogue: Dialogue, at: datetime) -> Dialogue:
    erased, _rows = Note.objects.filter(dialogue=dialogue, shared_at=None).delete()
    forget_who_said_what(dialogue)
    dialogue.state = State.CLOSED
    dialogue.closed_at = at
    dialogue.paused_at = None
    dialogue.ballot_open = dialogue.checkout_open = False
    dialogue.shows_results = True
    _save(dialogue, "state", "closed_at")
    themes.place_notes_later(dialogue, *dialogue.questions.values_list("number", flat=True), at=at)
    record(actor, "dialogue.closed", dialogue, unshared_erased=erased)
    tell(dialogue, "step", step=0)
    return dialogue


@transaction.atomic
def set_open(*, actor: Actor, dialogue_id: int, is_public: bool, reason: str, at: datetime) -> Dialogue:
    """Open to all, or not, and then with the reason and its paragraph."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.lead", lock=True)
    if not is_public and not reason.strip():
        raise InvalidError(
            fields={"closed_reason": _("Skriv skälet och paragrafen, de visas i stället för resultatet.")}
        )
    require_short(closed_reason=(reason.strip(), LONGEST_REASON))
    dialogue.is_public = is_public
    dialogue.closed_reason = "" if is_public else reason.strip()
    dialogue.save(update_fields=["is_public", "closed_reason"])
    record(actor, "dialogue.opened" if is_public else "dialogue.shut", dialogue)
    return dialogue


# ---------------------------------------------------------------- the 72-hour template


def move_unattended(*, at: datetime) -> int:
    """Move every unattended dialogue whose time has come. Run each minute; run twice it changes nothing more.

    :returns: how many steps were taken.
    """
    due = Dialogue.objects.filter(template__is_unattended=True, is_rehearsal=False).exclude(
        state__in=[State.DRAFT, State.CLOSED]
    )
    return sum(_move_one(dialogue_id, at) for dialogue_id in due.values_list("pk", flat=True))


@transaction.atomic
def _move_one(dialogue_id: int, at: datetime) -> int:
    dialogue = Dialogue.objects.select_for_update().get(pk=dialogue_id)
    moved = 0
    if dialogue.state == State.PLANNED:
        if at < dialogue.starts_at:
            return 0
        dialogue.state = State.RUNNING
        dialogue.opened_at = dialogue.starts_at
        _enter(dialogue, dialogue.steps.first(), dialogue.starts_at)
        _save(dialogue, "state", "opened_at")
        record(SYSTEM, "dialogue.started", dialogue)
        moved += 1
    # A server that was away catches up step by step, each with the time it should have had.
    while dialogue.state == State.RUNNING and dialogue.step_ends_at is not None and dialogue.step_ends_at <= at:
        if dialogue.paused_at is not None:
            break
        ended = dialogue.step_ends_at
        assert dialogue.step is not None
        _leave_unattended(dialogue, dialogue.step, ended)
        step = dialogue.steps.filter(position__gt=dialogue.step.position).first()
        if step is None:
            _close(SYSTEM, dialogue, at)
        else:
            _enter(dialogue, step, ended)
            _save(dialogue)
            record(SYSTEM, "dialogue.went_on", dialogue, step=step.position)
        moved += 1
    if moved and dialogue.state == State.RUNNING:
        tell(dialogue, "step", step=dialogue.step_id or 0)
    return moved


def _leave_unattended(dialogue: Dialogue, step: Step, at: datetime) -> None:
    """What nobody is there to press: tables that did not hand in do, and the hall's choice is made and shown."""
    from samspel.dialogues.actions import handing_in, whole

    if step.phase == "small":
        handing_in.hand_in_all(dialogue=dialogue, question=step.question, seating=step.seating, at=at)
    if step.kind in {"ballot", "whole"}:
        following = dialogue.steps.filter(position__gt=step.position).first()
        if following is None or following.kind not in {"ballot", "whole"}:
            whole.choose_unattended(dialogue=dialogue, question=step.question, at=at)
            dialogue.revealed = dialogue.places + 1
            dialogue.shows_results = True
            _save(dialogue)
