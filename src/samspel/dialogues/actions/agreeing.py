"""Agreeing: what the room will do, who answers for it, what became of it; and the one tap at the end."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from samspel.core import thread
from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.idempotency import checked_key
from samspel.core.models import Knot, Stage, TieKind
from samspel.core.texts import all_too_long, require_short
from samspel.dialogues import queries
from samspel.dialogues.access import Here, check_seat, get_dialogue
from samspel.dialogues.holding import hold
from samspel.dialogues.live import tell
from samspel.dialogues.models import Agreement, Checkout, Dialogue, Proposal, Telling
from samspel.dialogues.sealing import checkout_token


@dataclass(frozen=True)
class Draft:
    """What is written about an agreement. ``owner`` is a name for those inside, ``owner_role`` what the public sees."""

    text: str
    owner: str = ""
    owner_role: str = ""
    due_on: date | None = None
    becomes: str = Agreement.Becomes.NOTHING
    proposal_id: int | None = None


def _checked(draft: Draft, dialogue: Dialogue, at: datetime) -> Draft:
    """The draft with its texts tidied.

    :raises InvalidError: naming the fields to mend.
    """
    draft = replace(
        draft,
        text=draft.text.strip(),
        owner=" ".join(draft.owner.split()),
        owner_role=" ".join(draft.owner_role.split()),
    )
    wrong: dict[str, str | Promise] = {}
    if not draft.text:
        wrong["text"] = _("Skriv vad ni ska göra.")
    wrong |= all_too_long(text=(draft.text, 500), owner=(draft.owner, 120), owner_role=(draft.owner_role, 120))
    if draft.due_on is not None and draft.due_on < timezone.localdate(at):
        wrong["due_on"] = _("Välj en dag som inte har varit.")
    if draft.becomes not in Agreement.Becomes.values:
        wrong["becomes"] = _("Välj vad det blir.")
    if wrong:
        raise InvalidError(fields=wrong)
    if draft.proposal_id is not None and not Proposal.objects.filter(pk=draft.proposal_id, dialogue=dialogue).exists():
        raise NotFoundError("proposal")
    return draft


def _dialogue_to_agree_in(actor: Actor, dialogue_id: int, here: Here | None) -> Dialogue:
    """The dialogue held still, for a leader or for the seat that holds its table's pen."""
    if here is None:
        return get_dialogue(actor, dialogue_id, "agreement.write", lock=True)
    return hold(here, "agreement.write").dialogue


@transaction.atomic
def write_agreement(
    *, actor: Actor, dialogue_id: int, draft: Draft, key: str, here: Here | None = None, at: datetime
) -> Agreement:
    """Write down what the room agrees, and hang it on the red thread after its dialogue. The same key writes it once.

    :param here: the seat of a pen-holder who writes; a leader gives none.
    :raises InvalidError: with the fields to mend.
    """
    dialogue = _dialogue_to_agree_in(actor, dialogue_id, here)
    done = Agreement.objects.filter(dialogue=dialogue, key=checked_key(key)).first()
    if done is not None:
        return done
    draft = _checked(draft, dialogue, at)
    agreement = Agreement.objects.create(
        dialogue=dialogue,
        proposal_id=draft.proposal_id,
        text=draft.text,
        owner=draft.owner,
        owner_role=draft.owner_role,
        due_on=draft.due_on,
        becomes=draft.becomes,
        key=key,
        agreed_at=at,
    )
    if not dialogue.is_rehearsal:
        _hang(dialogue, agreement, at)
    record(actor, "agreement.written", agreement, dialogue=dialogue.pk, becomes=draft.becomes)
    tell(dialogue, "agreements")
    return agreement


def _hang(dialogue: Dialogue, agreement: Agreement, at: datetime) -> None:
    """Put the agreement on every thread where its dialogue hangs; one is started when there is none."""
    for knot in thread.knots_of(dialogue) or [_start_thread(dialogue, at)]:
        thread.tie(thread.add_knot(knot.thread_id, Stage.AGREEMENT, agreement, at=at), knot, TieKind.GREW_FROM)


def _start_thread(dialogue: Dialogue, at: datetime) -> Knot:
    title = queries.question_text(dialogue, 1)
    started = thread.start_thread(unit_id=dialogue.unit_id, title=title, at=at)
    return thread.add_knot(started.pk, Stage.DIALOGUE, dialogue, at=dialogue.starts_at)


def _get_agreement(dialogue: Dialogue, agreement_id: int) -> Agreement:
    found = Agreement.objects.select_for_update(no_key=True).filter(pk=agreement_id, dialogue=dialogue)
    agreement = found.filter(withdrawn_at=None).first()
    if agreement is None:
        raise NotFoundError("agreement")
    return agreement


@transaction.atomic
def change_agreement(
    *, actor: Actor, dialogue_id: int, agreement_id: int, draft: Draft, here: Here | None = None, at: datetime
) -> Agreement:
    """Write an agreement anew; what it said before is kept by the database's own history.

    :raises InvalidError: with the fields to mend.
    """
    dialogue = _dialogue_to_agree_in(actor, dialogue_id, here)
    agreement = _get_agreement(dialogue, agreement_id)
    draft = _checked(draft, dialogue, at)
    agreement.text = draft.text
    agreement.owner = draft.owner
    agreement.owner_role = draft.owner_role
    agreement.due_on = draft.due_on
    agreement.becomes = draft.becomes
    agreement.save(update_fields=["text", "owner", "owner_role", "due_on", "becomes"])
    record(actor, "agreement.changed", agreement, dialogue=dialogue.pk)
    tell(dialogue, "agreements")
    return agreement


@transaction.atomic
def withdraw_agreement(
    *, actor: Actor, dialogue_id: int, agreement_id: int, here: Here | None = None, at: datetime
) -> None:
    """Take an agreement back; it leaves the lists and the thread, not the history."""
    dialogue = _dialogue_to_agree_in(actor, dialogue_id, here)
    agreement = _get_agreement(dialogue, agreement_id)
    agreement.withdrawn_at = at
    agreement.save(update_fields=["withdrawn_at"])
    record(actor, "agreement.withdrawn", agreement, dialogue=dialogue.pk)
    tell(dialogue, "agreements")


@transaction.atomic
def answer_agreement(
    *,
    actor: Actor,
    agreement_id: int,
    outcome: str,
    words: str,
    in_dialogue_id: int | None = None,
    here: Here | None = None,
    at: datetime,
) -> Agreement:
    """Tell what became of an agreement: done, partly, going on, or not done; each is as good an answer.

    What a seat writes stays inside until somebody with a name has read it and told the same. It is laid beside what is
    told already, and changes nothing of it. What somebody with a name writes is what is told from now on, and what was
    told before is kept beside it. The same once more changes nothing.

    :param in_dialogue_id: the unit's next dialogue, when a leader answers there.
    :param here: the seat that answers while the next dialogue opens with it.
    :raises InvalidError: an outcome that is none, or too many words.
    :raises ConflictError: a seat answers too late.
    """
    agreement = Agreement.objects.select_related("dialogue__unit", "dialogue__step").filter(pk=agreement_id).first()
    if agreement is None or agreement.withdrawn_at is not None:
        raise NotFoundError("agreement")
    opening = _answered_in(actor, agreement, in_dialogue_id, here)
    if outcome not in Agreement.Outcome.values:
        raise InvalidError(fields={"outcome": _("Välj hur det gick.")})
    words = words.strip()
    require_short(words=(words, 500))
    agreement = Agreement.objects.select_for_update(no_key=True).get(pk=agreement_id)
    told = Told(outcome, words, is_open=here is None, at=at, told_in=opening)
    is_news = _lay_beside(agreement, told) if here is not None and agreement.outcome else _put_first(agreement, told)
    if not is_news:
        return agreement
    record(actor, "agreement.answered", agreement, outcome=outcome)
    if opening is not None:
        tell(opening, "agreements")
    return agreement


@dataclass(frozen=True)
class Told:
    """What somebody tells of an agreement. ``is_open``: she has a name; a seat has none."""

    outcome: str
    words: str
    is_open: bool
    at: datetime
    told_in: Dialogue | None


def _lay_beside(agreement: Agreement, told: Told) -> bool:
    """Keep what a seat says beside what is told; gives False where the same dialogue has said the same."""
    same = {"outcome": told.outcome, "words": told.words, "told_in": told.told_in}
    is_first = (agreement.outcome, agreement.outcome_words, agreement.outcome_in) == tuple(same.values())
    if is_first or agreement.tellings.filter(**same).exists():
        return False
    Telling.objects.create(agreement=agreement, is_open=False, told_at=told.at, **same)
    return True


def _put_first(agreement: Agreement, told: Told) -> bool:
    """What is told from now on; what was told before is kept beside it. Gives False where nothing is news."""
    read = agreement.tellings.filter(read_at=None).update(read_at=told.at) if told.is_open else 0
    is_same = (agreement.outcome, agreement.outcome_words) == (told.outcome, told.words)
    if is_same and agreement.outcome_is_open == told.is_open and agreement.outcome_in == told.told_in and not read:
        return False
    is_confirmed = is_same and (not agreement.outcome_is_open or agreement.outcome_in == told.told_in)
    if agreement.outcome and not is_confirmed:
        Telling.objects.create(
            agreement=agreement,
            outcome=agreement.outcome,
            words=agreement.outcome_words,
            is_open=agreement.outcome_is_open,
            told_at=agreement.outcome_at or agreement.agreed_at,
            told_in=agreement.outcome_in,
            read_at=told.at,
        )
    agreement.outcome = told.outcome
    agreement.outcome_words = told.words
    agreement.outcome_is_open = told.is_open
    agreement.outcome_at = told.at
    agreement.outcome_in = told.told_in
    agreement.save(update_fields=["outcome", "outcome_words", "outcome_is_open", "outcome_at", "outcome_in"])
    return True


def _answered_in(actor: Actor, agreement: Agreement, in_dialogue_id: int | None, here: Here | None) -> Dialogue | None:
    """The dialogue that opens with the agreement, if the asker may answer there; None: answered on its own page."""
    if here is not None:
        check_seat(here, "agreement.answer")
        if here.phase != "frame":
            raise ConflictError(_("Det frågades om i början av mötet. Säg det till samtalsledaren."))
        opening: Dialogue | None = here.dialogue
    elif in_dialogue_id is not None:
        opening = get_dialogue(actor, in_dialogue_id, "agreement.answer")
    else:
        get_dialogue(actor, agreement.dialogue_id, "agreement.answer")
        return agreement.outcome_in
    assert opening is not None
    if agreement.pk not in {row.pk for row in queries.agreements_to_open_with(opening)}:
        raise NotFoundError("agreement")
    return opening


# ---------------------------------------------------------------- check-out


@transaction.atomic
def answer_checkout(*, here: Here, level: int, may_change: bool, at: datetime) -> Checkout:
    """One tap about how it was to take part. Neither row nor audit trail tells whose it is.

    :param may_change: the page has proof that this device answered within the last seconds.
    :raises ConflictError: it is not open, or the time to change is over.
    """
    here = hold(here, "checkout.answer")
    dialogue = here.dialogue
    if not dialogue.checkout_open:
        raise ConflictError(_("Frågan är inte öppen just nu."))
    if level not in Checkout.Level.values:
        raise InvalidError(fields={"level": _("Välj ett av de tre svaren.")})
    token = token_of(here)
    row, is_new = Checkout.objects.get_or_create(dialogue=dialogue, token=token, defaults={"level": level})
    if not is_new and row.level != level:
        if not may_change:
            raise ConflictError(_("Ditt svar är redan mottaget."))
        row.level = level
        row.save(update_fields=["level"])
    if is_new:
        record(Actor("seat"), "checkout.answered", dialogue)
        tell(dialogue, "notes")  # a count for the console; a phone that asked again would lose its ten seconds
    return row


def token_of(here: Here) -> bytes:
    """The seat's own token in the check-out; one more for each person whom its phone helps."""
    own = checkout_token(here.token.secret, here.dialogue.pk)
    if here.seat.number == here.token.number:
        return own
    return hashlib.blake2b(str(here.seat.number).encode(), key=own, digest_size=16).digest()


def checked_out(here: Here) -> int | None:
    """The level that this seat's phone has answered, or None."""
    found = Checkout.objects.filter(dialogue_id=here.dialogue.pk, token=token_of(here))
    return found.values_list("level", flat=True).first()
