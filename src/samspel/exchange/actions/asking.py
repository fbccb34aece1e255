"""The bridge-builder asks the parties of a match, changes what they are asked, and notes what has been checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.installation import installation
from samspel.core.texts import all_too_long, require_short
from samspel.exchange import letters
from samspel.exchange.access import get_match
from samspel.exchange.actions.posting import hash_of_words
from samspel.exchange.asked import digest_to_ask
from samspel.exchange.checks import checks_needed
from samspel.exchange.models import (
    Block,
    Category,
    Check,
    CheckKind,
    Judgement,
    Match,
    Part,
    Party,
    Post,
    Transfer,
)
from samspel.exchange.queries import HOLDING, posts_held

LONGEST_GIFT, LONGEST_TITLE, LONGEST_DOUBT = 200, 120, 300


@dataclass(frozen=True)
class Gift:
    """A transfer with its two posts, which are there."""

    transfer: Transfer
    offer: Post
    need: Post


def country() -> str:
    """Whose law and whose authorities: the municipality's own language."""
    return installation().language


@transaction.atomic
def ask(*, actor: Actor, match_id: int, at: datetime, seen: str | None = None) -> Match:
    """Ask everybody in a proposal. Asked already, nothing changes.

    :param seen: the digest of what the bridge-builder has read (``asked.digest_to_ask``), where she has.
    :raises InvalidError: she has read other words (``fields`` has ``seen``); or a post is gone, unread, expired, met or
        held by another match, its words are not those that were agreed to, or two of the parties are not to be put
        together.
    """
    match = get_match(actor, match_id, "desk.change", lock=True)
    if match.state == Match.State.ASKED:
        return match
    if match.state != Match.State.PROPOSED:
        raise ConflictError
    gifts = _gifts(match)
    if seen is not None and seen != digest_to_ask(match, [(one.transfer, one.offer, one.need) for one in gifts]):
        changed = _("Orden har ändrats sedan du öppnade sidan. Läs dem igen innan du frågar. Ingen är frågad än.")
        raise InvalidError(fields={"seen": changed})
    _require_askable(gifts, at)
    parties = _parties_in_order(gifts)
    _require_no_block(parties)
    _write_parts(match, gifts, parties)
    _write_checks(match, gifts)
    for gift in gifts:
        gift.transfer.category = gift.need.category
    Transfer.objects.bulk_update([gift.transfer for gift in gifts], ["category"])
    match.state, match.asked_at, match.broker_id = Match.State.ASKED, at, actor.person_id
    match.save(update_fields=["state", "asked_at", "broker"])
    Judgement.objects.bulk_create(
        Judgement(need=gift.need.pk, parts=gift.transfer.parts, is_good=True, at=at) for gift in gifts
    )
    letters.tell_of_question(parties)
    record(actor, "match.asked", match, parties=len(parties))
    return match


def _gifts(match: Match) -> list[Gift]:
    """The match's transfers with their posts, which are locked in one order."""
    transfers = list(match.transfers.all())
    ids = {pk for one in transfers for pk in (one.offer_id, one.need_id) if pk is not None}
    posts = {post.pk: post for post in Post.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")}
    parties = Party.objects.in_bulk({post.party_id for post in posts.values()})
    categories = Category.objects.in_bulk({post.category_id for post in posts.values()})
    for post in posts.values():
        post.party, post.category = parties[post.party_id], categories[post.category_id]
    gifts = []
    for one in transfers:
        offer, need = posts.get(one.offer_id or 0), posts.get(one.need_id or 0)
        if offer is None or need is None:
            raise InvalidError(_("Någon har tagit bort sitt behov eller erbjudande. Gör ett nytt förslag."))
        gifts.append(Gift(one, offer, need))
    if not gifts:
        raise InvalidError(_("Förslaget är tomt. Gör ett nytt förslag."))
    return gifts


def _require_askable(gifts: Sequence[Gift], at: datetime) -> None:
    posts = [post for gift in gifts for post in (gift.offer, gift.need)]
    if any(post.read_at is None for post in posts):
        raise InvalidError(_("Något av orden är inte läst än. Läs det först."))
    if any(post.expires_at <= at or post.met_at is not None for post in posts):
        raise InvalidError(_("Något av behoven eller erbjudandena gäller inte längre. Gör ett nytt förslag."))
    if posts_held([post.pk for post in posts]):
        raise InvalidError(_("Någon är redan tillfrågad om något annat med samma ord. Gör ett nytt förslag."))
    if any(bytes(post.consented_to) != hash_of_words(post.words, post.more) for post in posts):
        raise InvalidError(_("Några ord har ändrats sedan den som skrev dem sa ja till att visa dem."))


def _parties_in_order(gifts: Sequence[Gift]) -> list[Party]:
    """Those who give in the order of giving, and last whoever only receives.

    :raises InvalidError: it is no pair, ring or chain.
    """
    parties = [gift.offer.party for gift in gifts]
    follows = all(one.need.party_id == other.offer.party_id for one, other in pairwise(gifts))
    if gifts[-1].need.party_id != parties[0].pk:
        parties.append(gifts[-1].need.party)
    if not follows or len({party.pk for party in parties}) != len(parties) or len(parties) < 2:
        raise InvalidError(_("Förslaget hänger inte ihop. Gör ett nytt förslag."))
    return parties


def _require_no_block(parties: Sequence[Party]) -> None:
    ids = [party.pk for party in parties]
    if Block.objects.filter(party__in=ids, other__in=ids).exists():
        raise InvalidError(_("Två av dem ska inte kopplas ihop. Gör ett nytt förslag."))


def _write_parts(match: Match, gifts: Sequence[Gift], parties: Sequence[Party]) -> None:
    needs = {gift.need.party_id: _said(gift.need) for gift in gifts}
    offers = {gift.offer.party_id: _said(gift.offer) for gift in gifts}
    match.parts.all().delete()
    Part.objects.bulk_create(
        Part(
            match=match,
            party=party,
            place=place,
            called=party.called,
            words="\n".join(said[party.pk] for said in (needs, offers) if party.pk in said),
        )
        for place, party in enumerate(parties, start=1)
    )


def _said(post: Post) -> str:
    """All that its party agreed to have shown."""
    return "\n".join(filter(None, (post.words, post.more)))


def _write_checks(match: Match, gifts: Sequence[Gift]) -> None:
    """What the gifts need; what the bridge-builder has asked already is kept."""
    for needed in checks_needed([(gift.offer, gift.need) for gift in gifts]):
        Check.objects.update_or_create(
            match=match, kind=needed.kind, about=needed.about, defaults={"is_required": needed.is_required}
        )


# ---------------------------------------------------------------- what they are asked


WORDED: Final = frozenset({Match.State.PROPOSED.value, Match.State.ASKED.value})


@dataclass(frozen=True)
class Wording:
    """What the bridge-builder may word: what each gift is (by its place), what the whole is called, and its end.

    ``doubt`` is her own, and is read by no party; None leaves it as it is.
    """

    gifts: Mapping[int, str]
    title: str = ""
    until: str = ""
    doubt: str | None = None


@transaction.atomic
def change_words(
    *, actor: Actor, match_id: int, wording: Wording, at: datetime, states: frozenset[str] = WORDED
) -> Match:
    """Word the gifts anew. A yes was to the words before: everybody is asked again, and told so.

    A party's own words are hers, and are changed by nobody else.

    :raises InvalidError: a gift has no words, or something is too long; by the form's fields.
    :raises ConflictError: it is in none of these states (any more), as when all have said yes.
    """
    match = get_match(actor, match_id, "desk.change", states=states, lock=True)
    transfers = list(match.transfers.all())
    said = {one.place: wording.gifts.get(one.place, one.gift).strip() for one in transfers}
    title, until = wording.title.strip(), wording.until.strip()
    doubt = match.doubt if wording.doubt is None else wording.doubt.strip()
    _require_words(said, title, until, doubt)
    if match.doubt != doubt:
        match.doubt = doubt
        match.save(update_fields=["doubt"])
    before = ({one.place: one.gift for one in transfers}, match.title, match.until)
    if before == (said, title, until):
        return match
    for one in transfers:
        one.gift = said[one.place]
    Transfer.objects.bulk_update(transfers, ["gift"])
    match.title, match.until = title, until
    match.save(update_fields=["title", "until"])
    if match.state == Match.State.ASKED:
        _ask_anew(match, at)
    record(actor, "match.worded", match)
    return match


def _require_words(said: Mapping[int, str], title: str, until: str, doubt: str) -> None:
    wrong = all_too_long(title=(title, LONGEST_TITLE), until=(until, LONGEST_TITLE), doubt=(doubt, LONGEST_DOUBT))
    for place, words in said.items():
        if not 0 < len(words) <= LONGEST_GIFT:
            wrong[f"gift-{place}"] = _("Skriv vad som ges, med högst 200 tecken.")
    if wrong:
        raise InvalidError(fields=wrong)


def _ask_anew(match: Match, at: datetime) -> None:
    answered = match.parts.exclude(answer=Part.Answer.WAITING)
    answered.update(answer=Part.Answer.WAITING, problem="", asked_anew_at=at)
    letters.tell_of_question(Party.objects.filter(parts__match=match))


# ---------------------------------------------------------------- checks


@transaction.atomic
def set_check(*, actor: Actor, match_id: int, check_id: int, state: str, at: datetime) -> Check:
    """Note how far a check has come. Who saw it and when is noted with it; no copy is kept.

    :raises InvalidError: it cannot be left out.
    :raises ConflictError: the match is over, or came to nothing.
    """
    match = get_match(actor, match_id, "desk.change", states=HOLDING | {Match.State.PROPOSED}, lock=True)
    check = Check.objects.filter(pk=check_id, match=match).first()
    if check is None or state not in Check.State.values:
        raise NotFoundError("check")
    if check.is_required and state == Check.State.NOT_NEEDED:
        raise InvalidError(_("När barn är med, eller någons hem, går det inte att hoppa över."))
    if check.state != state:
        check.state, check.by_id, check.at = state, actor.person_id, at
        check.save(update_fields=["state", "by", "at"])
        record(actor, "check.set", check, match=match.pk, state=state)
    return check


@transaction.atomic
def add_check(*, actor: Actor, match_id: int, kind: str, about: str, at: datetime) -> Check:
    """Something more to ask, while the match has not begun. The same once more changes nothing."""
    before = frozenset({Match.State.PROPOSED, Match.State.ASKED, Match.State.AGREED})
    match = get_match(actor, match_id, "desk.change", states=before, lock=True)
    about = " ".join(about.split())
    require_short(about=(about, LONGEST_TITLE))
    if kind not in CheckKind.values or (kind == CheckKind.OTHER and not about):
        raise InvalidError(fields={"about": _("Skriv vem ni behöver fråga.")})
    check, is_new = Check.objects.get_or_create(match=match, kind=kind, about=about)
    if is_new:
        record(actor, "check.added", check, match=match.pk)
    return check


def parties_besides(match: Match, party_id: int | None) -> list[Party]:
    """The parties of a match that are there, but for one."""
    return list(Party.objects.filter(parts__match=match).filter(~Q(pk=party_id)))
