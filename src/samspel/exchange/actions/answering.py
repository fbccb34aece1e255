"""Those who are asked answer: yes to exactly the words they see, no, a problem, another time.

Every answer holds the match's row, so that two who say the last yes at once come one after the other.
"""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.texts import require_short
from samspel.exchange import letters
from samspel.exchange.access import Mine, get_part, own_parts
from samspel.exchange.actions.asking import parties_besides
from samspel.exchange.actions.leaving import leave
from samspel.exchange.actions.posting import is_mail_or_empty
from samspel.exchange.asked import shown_digest
from samspel.exchange.models import Block, Match, Part
from samspel.exchange.queries import HOLDING
from samspel.exchange.tasks import repair

LONGEST_CONTACT, LONGEST_PROBLEM, LONGEST_WISH = 200, 400, 200
FEWEST_DIGITS = 6  # of a telephone number
_AGREED = frozenset({Match.State.AGREED, Match.State.RUNNING, Match.State.PAUSED})


@transaction.atomic
def say_yes(*, mine: Mine, match_id: int, contact: str, seen: str, at: datetime) -> Part:
    """Yes to the words whose digest is ``seen``; the last yes makes the match agreed.

    ``contact`` is how she wants to be reached: kept here, and shown to the others when all have said yes.

    :raises InvalidError: no way to reach her, or one that reaches nobody; or other words than those she saw; or all
        have said yes, and it is another way than the one that they see.
    :raises ConflictError: it came to nothing, or is over.
    """
    part = get_part(mine, match_id, lock=True)
    match = part.match
    contact = contact.strip()
    if match.state in _AGREED:
        if contact in {"", part.contact}:
            return part
        raise InvalidError(
            fields={"contact": _("Alla har redan sagt ja. Tryck på Spara hur jag nås, så får de andra det nya.")}
        )
    _require_asked(match)
    if not contact:
        raise InvalidError(fields={"contact": _("Skriv hur de andra når dig när alla har sagt ja.")})
    require_short(contact=(contact, LONGEST_CONTACT))
    _require_reaches(contact)
    if seen != shown_digest(match):
        raise InvalidError(_("Orden har ändrats sedan du öppnade sidan. Läs dem igen innan du svarar."))
    part.contact = contact
    _answer(part, Part.Answer.YES, at)
    part.save(update_fields=["answer", "answered_at", "contact"])
    record(mine.actor, "match.answered", match)
    if not match.parts.exclude(answer=Part.Answer.YES).exists():
        match.state, match.agreed_at = Match.State.AGREED, at
        match.save(update_fields=["state", "agreed_at"])
        letters.tell_of_news(parties_besides(match, part.party_id))
        letters.tell_broker(match)
    return part


@transaction.atomic
def change_contact(*, mine: Mine, match_id: int, contact: str, at: datetime) -> Part:
    """How she is reached from now on, when all have said yes; empty, and what she gave is gone for the others too.

    The others are told that there is something new to read, unless it is taken away.

    :raises InvalidError: too long, or nobody can be reached by it.
    :raises ConflictError: it is not theirs yet, or is over; then it can only be taken away.
    """
    part = get_part(mine, match_id, lock=True)
    contact = contact.strip()
    if part.match.state not in _AGREED and (part.match.state != Match.State.ENDED or contact):
        raise ConflictError
    require_short(contact=(contact, LONGEST_CONTACT))
    if contact != part.contact:
        if contact:
            _require_reaches(contact)
        part.contact = contact
        part.save(update_fields=["contact"])
        record(mine.actor, "match.contact_changed", part.match)
        if contact:
            letters.tell_of_news(parties_besides(part.match, part.party_id))
    return part


@transaction.atomic
def say_no(*, mine: Mine, match_id: int, at: datetime) -> Part:
    """No, without a reason. The match comes to nothing, and the others are not told whose no it was.

    :raises ConflictError: all have said yes already.
    """
    part = get_part(mine, match_id, lock=True)
    if part.answer == Part.Answer.NO:
        return part
    _require_asked(part.match)
    _refuse(part, mine, at)
    return part


@transaction.atomic
def tell_problem(*, mine: Mine, match_id: int, words: str, at: datetime) -> Part:
    """She sees a problem: the bridge-builder reads the words, the others see that she has not answered."""
    part = get_part(mine, match_id, lock=True)
    _require_asked(part.match)
    words = words.strip()
    if not 0 < len(words) <= LONGEST_PROBLEM:
        raise InvalidError(fields={"problem": _("Skriv vad du ser för problem, med högst 400 tecken.")})
    is_new = (part.answer, part.problem) != (Part.Answer.PROBLEM, words)
    part.problem = words
    _answer(part, Part.Answer.PROBLEM, at)
    part.save(update_fields=["answer", "answered_at", "problem"])
    if is_new:
        record(mine.actor, "match.answered", part.match)
        letters.tell_broker(part.match)
    return part


@transaction.atomic
def ask_other_time(*, mine: Mine, match_id: int, words: str, at: datetime) -> Part:
    """Another time suits her better. Her answer stays as it is; the bridge-builder reads it."""
    part = get_part(mine, match_id, lock=True)
    if part.match.state not in _AGREED:
        _require_asked(part.match)
    words = words.strip()
    if not 0 < len(words) <= LONGEST_WISH:
        raise InvalidError(fields={"other_time": _("Skriv när det passar dig, med högst 200 tecken.")})
    if part.other_time != words:
        part.other_time = words
        part.save(update_fields=["other_time"])
        record(mine.actor, "match.answered", part.match)
        letters.tell_broker(part.match)
    return part


@transaction.atomic
def block(*, mine: Mine, match_id: int, place: int, at: datetime) -> None:
    """Never again with whoever has this place. Nobody is told; who has left already is blocked all the same to her.

    It is a no to this match too, and to every other that both are in and that has not begun.
    """
    part = get_part(mine, match_id)
    other = part.match.parts.filter(place=place).exclude(pk=part.pk).first()
    if other is None:
        raise NotFoundError("part")
    # Their proposals too: one that is asked in this moment is waited for, or waits and finds the block.
    both = {match_id} | (_matches_with(part.party_id) & _matches_with(other.party_id))
    states = dict(Match.objects.select_for_update().filter(pk__in=both).order_by("pk").values_list("pk", "state"))
    if other.party_id is not None:
        Block.objects.get_or_create(party=part.party, other_id=other.party_id, defaults={"at": at})
    for pk, state in states.items():
        if state in {Match.State.ASKED, Match.State.AGREED}:
            hers = next(one for one in own_parts(mine, pk) if one.party_id == part.party_id)
            _refuse(hers, mine, at)


@transaction.atomic
def leave_match(*, mine: Mine, match_id: int, at: datetime) -> None:
    """She cannot take part any longer: it comes to nothing for all, and her words are erased from it.

    :raises ConflictError: it has not begun to be theirs, or is over.
    """
    part = get_part(mine, match_id, lock=True)
    if part.match.state not in _AGREED:
        raise ConflictError
    if part.party is not None:
        leave(match_id, part.party, at)


def after_a_no(match: Match, at: datetime, *, besides: int | None) -> None:
    """The match comes to nothing: its posts are free for others, and how to reach people is forgotten.

    What is left of it is proposed anew in the background, for a bridge-builder to look at.

    :param besides: the party that is not written to, as it is she who has just answered.
    """
    match.state, match.fallen_at = Match.State.FALLEN, at
    match.save(update_fields=["state", "fallen_at"])
    match.parts.update(contact="")
    letters.tell_of_news(parties_besides(match, besides))
    repair.defer(match_id=match.pk)


def _refuse(part: Part, mine: Mine, at: datetime) -> None:
    _answer(part, Part.Answer.NO, at)
    part.save(update_fields=["answer", "answered_at"])
    record(mine.actor, "match.answered", part.match)
    after_a_no(part.match, at, besides=part.party_id)


def _matches_with(party_id: int | None) -> set[int]:
    """What a party is asked about, or may come to be."""
    posts = Q(transfers__offer__party=party_id) | Q(transfers__need__party=party_id)
    found = Match.objects.filter(Q(parts__party=party_id) | posts, state__in=HOLDING | {Match.State.PROPOSED})
    return set(found.values_list("pk", flat=True)) if party_id is not None else set()


def _require_reaches(contact: str) -> None:
    """A number, an e-mail address, or a street or place in more than one word, of which nobody but people can judge."""
    is_number = sum(each.isdigit() for each in contact) >= FEWEST_DIGITS
    is_mail = any("@" in each and is_mail_or_empty(each.strip(".,;:()<>")) for each in contact.split())
    is_place = "@" not in contact and len(re.findall(r"\w+", contact)) > 1 and bool(re.search(r"[^\W\d_]{3}", contact))
    if not (is_number or is_mail or is_place):
        said = _("Så kan ingen nå dig. Skriv ett telefonnummer, en e-postadress, eller en plats och när du är där.")
        raise InvalidError(fields={"contact": said})


def _answer(part: Part, answer: Part.Answer, at: datetime) -> None:
    part.answer, part.answered_at = answer, at


def _require_asked(match: Match) -> None:
    if match.state == Match.State.FALLEN:
        raise ConflictError(_("Det blev inte av den här gången. Du behöver inte svara."))
    if match.state == Match.State.ENDED:
        raise ConflictError(_("Det här är avslutat."))
    if match.state != Match.State.ASKED:
        raise ConflictError(_("Alla har sagt ja. Prata med brobyggaren om du vill ändra något."))
