"""Leaving a need or an offer: by oneself, or by a bridge-builder for who has agreed in writing to the exact words."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from samspel.core import defaults, thread
from samspel.core.actor import VISITOR, Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError, SignInError
from samspel.core.idempotency import once
from samspel.core.languages import SPOKEN
from samspel.core.models import Knot, Stage, TieKind
from samspel.core.texts import too_long
from samspel.encounters.queries import areas
from samspel.exchange.access import Mine, Source, get_own_post, get_source, require_broker
from samspel.exchange.codes import SHOWN_AGAIN, code_of, hash_of_code
from samspel.exchange.models import Category, Mark, PartOfWeek, Party, Post
from samspel.exchange.queries import posts_held
from samspel.people.access import get_unit
from samspel.people.queries import lock_unit

LONGEST: Final = 300
LONGEST_CALLED: Final = 60


@dataclass(frozen=True)
class PostDraft:
    """A need or an offer as somebody has written it. Her words show in no repr."""

    kind: str
    words: str = field(repr=False)
    more: str = field(default="", repr=False)
    called: str = field(default="", repr=False)
    category_id: int | None = None
    area_id: int | None = None
    times: tuple[str, ...] = ()
    begins_on: date | None = None
    ends_on: date | None = None
    marks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    who: str = Party.Kind.RESIDENT
    unit_id: int | None = None
    mail: str = field(default="", repr=False)
    is_adult: bool = False
    key: str = ""


@dataclass(frozen=True)
class Posted:
    """What was left. ``code`` opens it and is shown once: empty when the party has hers already."""

    post: Post
    code: str = field(repr=False)


@transaction.atomic
def add_post(*, actor: Actor, mine: Mine | None, draft: PostDraft, at: datetime) -> Posted:
    """Leave a need or an offer; with the others of whoever comes back, or as somebody new. A key leaves its own once.

    :raises InvalidError: nothing is said, or something is not so; all fields that are wrong are named.
    """
    unit_id, unit_name = _unit_to_post_for(actor, draft)
    draft = checked_draft(draft, at)
    if before := _posted_before(draft.key, at):
        return before
    code = code_of(draft.key)
    party = _known_unit(unit_id) if unit_id else _known_self(mine)
    is_new = party is None
    if party is None:
        named = replace(draft, called=draft.called or unit_name)
        whose = {"unit_id": unit_id} if unit_id else {"person_id": actor.person_id}
        party = _new_party(named, code, at, **whose)
    else:
        _take_in_who(party, draft)
    post = _create(party, draft, at)
    record(actor if unit_id else VISITOR, "post.left", post, kind=post.kind)
    return Posted(post, code if is_new and not unit_id else "")


@transaction.atomic
def need_from_agreement(*, actor: Actor, knot_id: int, draft: PostDraft, at: datetime) -> Post:
    """Leave what a unit has agreed that it needs, as the unit's own post, on the agreement's thread.

    A bridge-builder reads it as all others before it is matched. An agreement has one need at a time.

    :raises InvalidError: as ``add_post``.
    :raises ConflictError: it has one already.
    """
    source = get_source(actor, knot_id, lock=True)
    unit = source.knot.thread.unit
    of_unit = replace(
        draft,
        kind=Post.Kind.NEED,
        who=Party.Kind.UNIT,
        unit_id=unit.pk,
        called=unit.name[:LONGEST_CALLED],
        is_adult=True,
        mail="",
    )
    draft = checked_draft(of_unit, at)
    if before := _left_before(draft.key):
        return before
    if need_grown_from(source) is not None:
        raise ConflictError(_("Det är redan lämnat som ett behov."))
    party = _known_unit(unit.pk) or _new_party(draft, code_of(draft.key), at, unit_id=unit.pk)
    post = _create(party, draft, at)
    same = Knot.objects.filter(object_type=source.knot.object_type, object_id=source.knot.object_id)
    for knot in same.order_by("pk"):
        thread.tie(thread.add_knot(knot.thread_id, Stage.AGREEMENT, post, at=at), knot, TieKind.GREW_FROM)
    record(actor, "need.grew", post, knot=knot_id)
    return post


def need_grown_from(source: Source) -> Post | None:
    """The need that has grown from an agreement and is still there."""
    grown = thread.grown_from(source.knot.object_type, [source.knot.object_id], into=Post._meta.label_lower)
    return Post.objects.filter(pk__in=[knot.object_id for _source, knot in grown]).first()


@transaction.atomic
def enter_post(*, actor: Actor, draft: PostDraft, consent: str, party_id: int | None = None, at: datetime) -> Posted:
    """Enter a post for who has agreed in writing to exactly these words; it is read already.

    :param party_id: whose other post is here; without it she is somebody new and gets a code. What she is called is
        hers to change: the draft says nothing of it, or the same.
    :raises InvalidError: as ``add_post``, or without her consent.
    """
    require_broker(actor, "post.enter")
    if consent not in {Post.Consent.PAPER, Post.Consent.MESSAGE}:
        raise InvalidError(fields={"consent": _("Kryssa i hur personen har sagt ja till de exakta orden.")})
    draft = checked_draft(replace(draft, who=draft.who if draft.who in _OWN_KINDS else Party.Kind.RESIDENT), at)
    if before := _posted_before(draft.key, at):
        return before
    code = ""
    party = Party.objects.select_for_update().filter(pk=party_id).first() if party_id is not None else None
    if party_id is not None and party is None:
        raise NotFoundError("party")
    if party is not None and draft.called not in {"", party.called}:
        raise InvalidError(fields={"called": _("Bara personen själv ändrar vad hon kallas.")})
    if party is None:
        code = code_of(draft.key)
        party = _new_party(draft, code, at, entered_by_id=actor.person_id)
    post = _create(party, draft, at, consent=consent, read_at=at, read_by_id=actor.person_id)
    record(actor, "post.entered", post, kind=post.kind, consent=consent)
    return Posted(post, code)


@transaction.atomic
def change_post(*, mine: Mine, post_id: int, draft: PostDraft, at: datetime) -> Post:
    """Say it in other words. They are hers by her own hand, and read anew before they are matched.

    :raises ConflictError: others are asked about the words as they stand.
    """
    post = get_own_post(mine, post_id, lock=True)
    draft = checked_draft(replace(draft, kind=post.kind, is_adult=True), at)
    if posts_held([post.pk]):
        raise ConflictError(_("De andra är frågade om orden som de står. Ta tillbaka om de inte stämmer längre."))
    said = (post.words, post.more, list(post.marks))
    if draft.ends_on != post.ends_on:
        post.expires_at, post.reminded_at = expires_after(post.renewed_at or post.posted_at, draft.ends_on), None
    for name, value in _columns(draft).items():
        setattr(post, name, value)
    if (post.words, post.more, list(post.marks)) != said:
        post.read_at, post.read_by_id = None, None
        post.consent, post.consented_at = Post.Consent.SELF, at
        post.consented_to = hash_of_words(post.words, post.more)
    post.save()
    _rename(post.party, draft.called or (post.party.called if post.party.unit_id else _nobody_in_particular()))
    record(mine.actor, "post.changed", post)
    return post


@transaction.atomic
def set_mail(*, mine: Mine, party_id: int, mail: str) -> Party:
    """Where letters go that say that something is here to read; empty, and none is sent.

    :raises InvalidError: it is no address.
    """
    party = next((one for one in mine.parties if one.pk == party_id), None)
    if party is None:
        raise NotFoundError("party")
    mail = mail.strip()
    if not is_mail_or_empty(mail):
        raise InvalidError(fields={"mail": _("Det ser inte ut som en e-postadress. Skriv om, eller lämna tomt.")})
    if mail != party.mail:
        party.mail = mail
        party.save(update_fields=["mail"])
        record(mine.actor, "party.mail_changed", party)
    return party


def hash_of_words(words: str, more: str) -> bytes:
    """Of exactly what somebody has agreed to have shown."""
    return sha256("\n".join(filter(None, (words, more))).encode()).digest()


# ---------------------------------------------------------------- what may be left

_OWN_KINDS: Final = frozenset({Party.Kind.RESIDENT, Party.Kind.ASSOCIATION, Party.Kind.COMPANY})


def checked_draft(draft: PostDraft, at: datetime) -> PostDraft:
    """The draft as it may be kept: blanks gone, what is not known left out.

    :raises InvalidError: with each field that has to be mended.
    """
    draft = replace(
        draft,
        words=_line(draft.words),
        more=_line(draft.more),
        called=_line(draft.called),
        times=tuple(part for part in PartOfWeek.values if part in draft.times),
        marks=tuple(mark for mark in Mark.values if mark in draft.marks),
        languages=tuple(code for code in SPOKEN if code in draft.languages),
        mail=draft.mail.strip(),
    )
    wrong = _wrong(draft, timezone.localdate(at))
    if draft.kind not in Post.Kind.values or (draft.who not in _OWN_KINDS and draft.who != Party.Kind.UNIT):
        raise InvalidError
    if wrong:
        raise InvalidError(fields=wrong)
    return draft


def _wrong(draft: PostDraft, today: date) -> dict[str, str]:
    wrong: Mapping[str, str | None] = {
        "words": None if draft.words else _("Skriv med egna ord vad det gäller."),
        "called": too_long(draft.called, LONGEST_CALLED),
        "more": too_long(draft.more, LONGEST),
        "category": None if _is_open_category(draft.category_id) else _("Välj vad det handlar om."),
        "area": None if _is_area(draft.area_id) else _("Välj ett område i listan, eller hela kommunen."),
        "to": _wrong_days(draft, today),
        "mail": None
        if is_mail_or_empty(draft.mail)
        else _("Det ser inte ut som en e-postadress. Skriv om, eller lämna tomt."),
        "adult": None if draft.is_adult else _("Det här är för vuxna. Kryssa i om du har fyllt 18 år."),
    }
    found = {name: text for name, text in wrong.items() if text}
    long = too_long(draft.words, LONGEST)
    return found | ({"words": long} if long else {})


def _line(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())


def _is_open_category(category_id: int | None) -> bool:
    return Category.objects.filter(pk=category_id or 0, closed_at=None).exists()


def _is_area(area_id: int | None) -> bool:
    return area_id is None or any(area.pk == area_id for area in areas())


def _wrong_days(draft: PostDraft, today: date) -> str | None:
    if draft.begins_on and draft.ends_on and draft.ends_on < draft.begins_on:
        return _("Sista dagen är före den första.")
    if draft.ends_on and draft.ends_on < today:
        return _("Sista dagen har redan varit.")
    return None


def is_mail_or_empty(mail: str) -> bool:
    try:
        validate_email(mail)
    except ValidationError:
        return not mail
    return True


# ---------------------------------------------------------------- whose it is


def _unit_to_post_for(actor: Actor, draft: PostDraft) -> tuple[int | None, str]:
    """Its number, and what it is called if nothing else is written."""
    if draft.who != Party.Kind.UNIT:
        return None, ""
    if not actor.is_signed_in:
        raise SignInError
    unit = get_unit(actor, draft.unit_id or 0, "post.write_for_unit")
    return unit.pk, unit.name[:LONGEST_CALLED]


def _known_unit(unit_id: int) -> Party | None:
    """A unit is one party, whoever leads it; she finds it by being signed in."""
    lock_unit(unit_id)
    return Party.objects.filter(kind=Party.Kind.UNIT, unit_id=unit_id).first()


def _known_self(mine: Mine | None) -> Party | None:
    return next((one for one in mine.parties if one.kind != Party.Kind.UNIT), None) if mine else None


def _take_in_who(party: Party, draft: PostDraft) -> None:
    """What is written of somebody known: what she is called, and where letters go. What is left empty stays."""
    if draft.called:
        _rename(party, draft.called)
    if draft.mail and draft.mail != party.mail:
        Party.objects.filter(pk=party.pk).update(mail=draft.mail)


def _rename(party: Party, called: str) -> None:
    """The others see it, so that all that she has left is read anew."""
    if called == party.called:
        return
    Party.objects.filter(pk=party.pk).update(called=called)
    Post.objects.filter(party=party, met_at=None).update(read_at=None, read_by=None)


def _nobody_in_particular() -> str:
    return _("En granne")


def _new_party(draft: PostDraft, code: str, at: datetime, **whose: int | None) -> Party:
    return Party.objects.create(
        kind=draft.who,
        called=draft.called or _nobody_in_particular(),
        code=hash_of_code(code),
        mail=draft.mail,
        language=(get_language() or "sv")[:2],
        is_adult=draft.is_adult,
        created_at=at,
        **whose,
    )


def _posted_before(key: str, at: datetime) -> Posted | None:
    """What this form left; with its code while the answer may have been lost. None for a new form."""
    post = _left_before(key)
    if post is None:
        return None
    code = code_of(key)
    is_its_own = bytes(post.party.code) == hash_of_code(code) and post.party.unit_id is None
    return Posted(post, code if is_its_own and at - post.posted_at < SHOWN_AGAIN else "")


def _left_before(key: str) -> Post | None:
    """What was left under this key, which is kept with whatever is written now; None for a new one. A key is forgotten
    after two weeks, and its post may be here longer.

    :raises ConflictError: it was, and has been taken back since.
    """
    is_new = once(key)
    post = Post.objects.select_related("party").filter(key=key).first()
    if post is None and (not is_new or Party.objects.filter(code=hash_of_code(code_of(key))).exists()):
        raise ConflictError(_("Det har lämnats förut, och tagits tillbaka sedan. Börja om på en ny sida."))
    return post


def _create(party: Party, draft: PostDraft, at: datetime, **values: object) -> Post:
    return Post.objects.create(
        party=party,
        kind=draft.kind,
        key=draft.key,
        posted_at=at,
        expires_at=expires_after(at, draft.ends_on),
        consented_at=at,
        consented_to=hash_of_words(draft.words, draft.more),
        **_columns(draft),
        **values,
    )


def _columns(draft: PostDraft) -> dict[str, object]:
    return {
        "words": draft.words,
        "more": draft.more,
        "category_id": draft.category_id,
        "area_id": draft.area_id,
        "times": list(draft.times),
        "begins_on": draft.begins_on,
        "ends_on": draft.ends_on,
        "marks": list(draft.marks),
        "languages": list(draft.languages),
    }


def expires_after(at: datetime, ends_on: date | None) -> datetime:
    """After so many days as the municipality keeps posts, or when its own last day is over."""
    return _first(kept_until(at), ends_on)


def kept_until(at: datetime) -> datetime:
    """How long a post is kept that is left or renewed now, if it has no last day."""
    return at + timedelta(days=defaults.value("exchange.post_days"))


def gains_by_renewal(post: Post, kept: datetime) -> bool:
    """Whether renewing it, which would keep it until ``kept``, may be done and gives it a later day."""
    return post.renewed_at is None and _first(kept, post.ends_on) > post.expires_at


def _first(kept: datetime, ends_on: date | None) -> datetime:
    if ends_on is None or ends_on >= kept.date():
        return kept
    over = timezone.make_aware(datetime.combine(ends_on + timedelta(days=1), time.min))
    return min(kept, over)
