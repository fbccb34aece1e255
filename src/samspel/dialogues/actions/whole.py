"""Together: silent ballots, the hall's choice, the reveal, lone voices, the words."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import SYSTEM, Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, NotFoundError
from samspel.dialogues import compute_choice, queries
from samspel.dialogues.access import Here, get_dialogue
from samspel.dialogues.actions import themes
from samspel.dialogues.actions.leading import keep_for_undo, snapshot
from samspel.dialogues.holding import hold
from samspel.dialogues.live import tell
from samspel.dialogues.models import (
    Ballot,
    Choice,
    Dialogue,
    HiddenWord,
    Proposal,
    Seat,
)

# ---------------------------------------------------------------- ballots


@transaction.atomic
def cast_ballot(*, here: Here, question: int, proposal_ids: Collection[int], at: datetime) -> Ballot:
    """Cast or change a silent ballot: everything that the seat can stand behind, also nothing at all.

    For a person without a phone ``here`` is hers (``joining.acting_here``).

    :raises ConflictError: the ballot is not open, or no longer about this question.
    """
    here = hold(here, "ballot.cast")
    if not here.dialogue.ballot_open or question != here.question:
        raise ConflictError(_("Valet är inte öppet just nu."))
    threes = queries.threes_of(here.dialogue, question)
    wanted = {threes.root_of.get(proposal_id, 0) for proposal_id in proposal_ids}
    if not wanted <= {proposal.proposal_id for proposal in threes.shown}:
        raise NotFoundError("proposal")
    # The seat's row is the lock: two taps at once become one ballot.
    voter = Seat.objects.select_for_update(no_key=True).get(pk=here.seat.pk)
    ballot, is_new = Ballot.objects.update_or_create(
        seat=voter, question=question, defaults={"cast_at": at, "dialogue": here.dialogue}
    )
    ballot.proposals.set(wanted)
    # How many, never what nor whose: a silent ballot is nobody else's.
    record(Actor("seat"), "ballot.cast" if is_new else "ballot.changed", here.dialogue)
    if is_new:
        tell(here.dialogue, "people")  # a count for console and screen; phones need not ask for each other's
    return ballot


# ---------------------------------------------------------------- the same meaning in other words


@transaction.atomic
def merge_proposals(
    *, actor: Actor, dialogue_id: int, proposal_ids: Collection[int], into_id: int, at: datetime
) -> Proposal:
    """Lay proposals with the same meaning under one of them. Nothing is deleted, and both wordings are told.

    :raises ConflictError: the choice has been shown.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    ids = {*proposal_ids, into_id}
    rows = {
        row.pk: row
        for row in Proposal.objects.select_for_update().filter(dialogue=dialogue, pk__in=ids, set_aside_at=None)
    }
    if rows.keys() != ids or len({row.question for row in rows.values()}) != 1:
        raise NotFoundError("proposal")
    into = rows[into_id]
    if queries.is_frozen(dialogue, into.question):
        raise ConflictError(_("Resultatet är visat och ändras inte mer."))
    if into.merged_into_id is not None:
        into.merged_into = None
        into.save(update_fields=["merged_into"])
    moved = Proposal.objects.filter(pk__in=ids - {into_id}).update(merged_into=into)
    record(actor, "proposal.merged", into, others=moved)
    tell(dialogue, "result")
    return into


@transaction.atomic
def part_proposal(*, actor: Actor, dialogue_id: int, proposal_id: int, at: datetime) -> Proposal:
    """Take a proposal out again from under another."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    row = Proposal.objects.select_for_update().filter(dialogue=dialogue, pk=proposal_id).first()
    if row is None:
        raise NotFoundError("proposal")
    if row.merged_into_id is None:
        return row
    if queries.is_frozen(dialogue, row.question):
        raise ConflictError(_("Resultatet är visat och ändras inte mer."))
    row.merged_into = None
    row.save(update_fields=["merged_into"])
    record(actor, "proposal.parted", row)
    tell(dialogue, "result")
    return row


# ---------------------------------------------------------------- the choice


class VotesMissingError(ConflictError):
    """Somebody has not voted yet: whoever counts should know."""

    code = "votes-missing"


@transaction.atomic
def choose(*, actor: Actor, dialogue_id: int, question: int, at: datetime, asks: bool = False) -> Choice:
    """Compute the hall's choice from the ballots, or from the tables' threes when nobody cast one.

    It closes the ballot. Again before it is shown it is computed anew, with the same lot; after that it stays.

    :param asks: rather raise than count without somebody who is here.
    :raises VotesMissingError: it asks, and somebody has not voted.
    :raises ConflictError: nothing is handed in, or something waits to be read through.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    choice, is_new = _choose_or_keep(actor, dialogue, question, at, asks=asks)
    if is_new:
        tell(dialogue, "result")
    return choice


def _choose_or_keep(
    actor: Actor, dialogue: Dialogue, question: int, at: datetime, *, asks: bool = False
) -> tuple[Choice, bool]:
    """The choice, and whether it was computed now: one that has been shown stays."""
    kept = Choice.objects.filter(dialogue=dialogue, question=question).first()
    if kept is not None and queries.is_frozen(dialogue, question):
        return kept, False
    threes = queries.threes_of(dialogue, question)
    if not threes.proposals:
        raise ConflictError(_("Inget bord har lämnat in sina tre än."))
    if threes.waiting:
        raise ConflictError(queries.waiting_of(threes))
    if asks and queries.votes_missing(dialogue, queries.ballots_of(dialogue, question), is_counted=kept is not None):
        raise VotesMissingError
    return _choose(actor, dialogue, question, at), True


def choose_unattended(*, dialogue: Dialogue, question: int, at: datetime) -> Choice | None:
    """The choice of a dialogue that nobody leads, by its timetable; None when no table handed anything in.

    :param dialogue: locked by the caller. What nobody has read through takes part, and stays covered until it is read.
    """
    if not queries.threes_of(dialogue, question).proposals:
        return None
    choice = _choose(SYSTEM, dialogue, question, at)
    tell(dialogue, "result")
    return choice


def _choose(actor: Actor, dialogue: Dialogue, question: int, at: datetime) -> Choice:
    choice = compute_choice.choose(dialogue, question, at=at)
    if dialogue.ballot_open:
        dialogue.ballot_open = False
        dialogue.save(update_fields=["ballot_open"])
    record(actor, "choice.computed", choice, question=question, ballots=choice.ballots)
    return choice


@transaction.atomic
def reveal(*, actor: Actor, dialogue_id: int, to: int, at: datetime) -> Dialogue:
    """Show the hall's choice: 1 is the last place, then one more each time up to the first, and then the words.

    ``to`` is where to stand, so that pressing twice shows no more than once; 0 hides it again. The first showing makes
    the choice if nobody has, and takes in the ballots cast since it was made.

    :raises ConflictError: there is nothing to show, or it has not been read through.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    question = queries.question_now(dialogue)
    choice = Choice.objects.filter(dialogue=dialogue, question=question).first()
    if to > 0 and (choice is None or dialogue.ballot_open):
        choice, _is_new = _choose_or_keep(actor, dialogue, question, at)
    places = choice.chosen.count() if choice is not None else 0
    if not 0 <= to <= places + 1:
        raise NotFoundError("place")
    shows = to > 0 or dialogue.shows_results
    if (dialogue.revealed, dialogue.shows_results) == (to, shows):
        return dialogue
    before = snapshot(dialogue)
    dialogue.revealed = to
    dialogue.shows_results = shows
    dialogue.save(update_fields=["revealed", "shows_results"])
    keep_for_undo(actor, dialogue, "revealed", before, at, to=to)
    if to > places:
        themes.place_notes_later(dialogue, question, at=at)
    tell(dialogue, "result")
    return dialogue


@transaction.atomic
def show_lone(*, actor: Actor, dialogue_id: int, index: int, at: datetime) -> Dialogue:
    """Show one of the lone voices (1 is the first), or none (0)."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.run", lock=True)
    if dialogue.lone_shown == index:
        return dialogue
    if not 0 <= index <= len(queries.lone_voices_of(dialogue, queries.question_now(dialogue))):
        raise NotFoundError("voice")
    before = snapshot(dialogue)
    dialogue.lone_shown = index
    dialogue.save(update_fields=["lone_shown"])
    keep_for_undo(actor, dialogue, "lone_shown", before, at, index=index)
    tell(dialogue, "result")
    return dialogue


# ---------------------------------------------------------------- the words


@transaction.atomic
def hide_word(*, actor: Actor, dialogue_id: int, word: str, at: datetime) -> None:
    """Take a word off the list of words; the notes it stands in stay."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.review", lock=True)
    text = word.strip().casefold()[:80]
    if not text:
        raise NotFoundError("word")
    _row, is_new = HiddenWord.objects.get_or_create(dialogue=dialogue, word=text)
    if is_new:
        record(actor, "word.hidden", dialogue)
        tell(dialogue, "result")


@transaction.atomic
def show_word(*, actor: Actor, dialogue_id: int, word: str, at: datetime) -> None:
    """Let a word back on the list."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.review", lock=True)
    gone, _rows = HiddenWord.objects.filter(dialogue=dialogue, word=word.strip().casefold()[:80]).delete()
    if gone:
        record(actor, "word.shown", dialogue)
        tell(dialogue, "result")
