"""What somebody who is asked may see of a match: roles, exact words, and who has said yes; never who they are.

Everything that her page shows is in :class:`Asked`, so that a template cannot show what it was not given.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from samspel.exchange.checks import CLEAR, are_required_done, label_of
from samspel.exchange.drawing import LARGE, WIDE, Small, small
from samspel.exchange.models import Block, Check, Match, Part, Party, Post, Transfer

OVER: Final = frozenset({Match.State.ENDED, Match.State.FALLEN})
ALL_YES: Final = frozenset({Match.State.AGREED, Match.State.RUNNING, Match.State.PAUSED, Match.State.ENDED})
CHANGES_WITHIN: Final = timedelta(seconds=10)
# Longer words do not fit a card in the drawing, and are shown as a column instead.
_FITS_CARD, _FITS_GIFT = 110, 60
_ICONS: Final = {
    "carry": "Car",
    "mend": "Wrench",
    "learn": "Language",
    "place": "Buildings2",
    "company": "Coffee",
    "work": "Briefcase",
    "together": "PersonGroup",
}


# ---------------------------------------------------------------- the words that a yes is to


def digest_of_shown(match: Match, parts: Sequence[Part], transfers: Sequence[Transfer]) -> str:
    """What all of them see and say yes to: roles, words, gifts and the end."""
    shown = [
        [match.title, match.until],
        [[part.place, part.called, part.words] for part in parts],
        [[one.place, one.gift] for one in transfers],
    ]
    return sha256(json.dumps(shown).encode()).hexdigest()[:32]


def shown_digest(match: Match) -> str:
    """The same of a match as it now is."""
    return digest_of_shown(match, list(match.parts.all()), list(match.transfers.all()))


def digest_to_ask(match: Match, gifts: Iterable[tuple[Transfer, Post | None, Post | None]]) -> str:
    """What a bridge-builder reads before she asks: whose posts, their words, gifts and the end.

    :param gifts: each with its offer and its need; None where one is gone.
    """
    shown = [
        [match.title, match.until],
        *([gift.place, gift.gift, _read(offer), _read(need)] for gift, offer, need in gifts),
    ]
    return sha256(json.dumps(shown).encode()).hexdigest()[:32]


def _read(post: Post | None) -> list[str]:
    return [] if post is None else [str(post.pk), post.party.called, post.words, post.more]


# ---------------------------------------------------------------- her page


@dataclass(frozen=True)
class Card:
    """One in the drawing: role and own words, what she gives next, and how she is reached once that may be told."""

    place: int
    called: str
    lines: tuple[str, ...]
    gives: str
    icon: str
    is_me: bool
    has_said_yes: bool
    contact: str
    is_blocked: bool
    has_left: bool


@dataclass(frozen=True)
class CheckLine:
    label: str
    state: str
    is_done: bool


@dataclass(frozen=True)
class Asked:
    """A match as one of its parties sees it."""

    match_id: int
    state: str
    title: str
    until: str
    kind: str
    cards: tuple[Card, ...]
    lines: tuple[str, ...]
    is_wide: bool
    checks: tuple[CheckLine, ...]
    small: Small
    seen: str
    answer: str
    problem: str
    other_time: str
    contact: str
    is_asked_anew: bool
    are_contacts_shown: bool
    outcome: int | None
    may_tell: bool

    @property
    def people(self) -> int:
        return len(self.cards)

    @property
    def yes(self) -> int:
        return sum(card.has_said_yes for card in self.cards)

    @property
    def is_drawn(self) -> bool:
        """Whether it fits a drawing with cards; otherwise it is a column."""
        return bool(self.lines)

    @property
    def others(self) -> tuple[Card, ...]:
        """Whom she may choose never to meet again; nobody where somebody has left, as a name that is gone would tell
        whose."""
        if any(card.has_left for card in self.cards):
            return ()
        return tuple(card for card in self.cards if not card.is_me)

    @property
    def is_all_yes(self) -> bool:
        return self.state in ALL_YES


def asked_page(part: Part, *, country: str, at: datetime) -> Asked:
    """Her page. The number of queries and the size do not tell how the others answered, beyond what is shown."""
    match = part.match
    parts = list(match.parts.all())
    transfers = list(match.transfers.select_related("category"))
    checks = list(match.checks.all())
    blocked = set(Block.objects.filter(party=part.party_id).values_list("other_id", flat=True))
    shows_contacts = may_see_contacts(match, checks)
    gives = {one.place: one.gift for one in transfers}
    is_closed = len(transfers) == len(parts)
    cards = tuple(
        Card(
            place=each.place,
            called=each.called or _("Någon som har tagit bort sina ord"),
            lines=tuple(each.words.splitlines()),
            gives=gives.get(each.place, ""),
            icon=_icon_of(each.place, transfers, is_closed=is_closed),
            is_me=each.pk == part.pk,
            has_said_yes=each.answer == Part.Answer.YES,
            contact=each.contact if shows_contacts else "",
            is_blocked=each.party_id in blocked,
            has_left=not each.called,
        )
        for each in parts
    )
    return Asked(
        match_id=match.pk,
        state=match.state,
        title=match.title,
        until=match.until,
        kind=match.kind,
        cards=cards,
        lines=LARGE.get(len(cards), ()) if is_closed and _fit(cards) else (),
        is_wide=is_closed and _fit(cards) and len(cards) in WIDE,
        checks=tuple(_check_line(check, country) for check in checks),
        small=small(len(parts), is_closed=is_closed),
        seen=digest_of_shown(match, parts, transfers),
        answer=part.answer,
        problem=part.problem,
        other_time=part.other_time,
        contact=part.contact,
        is_asked_anew=part.asked_anew_at is not None and part.answer == Part.Answer.WAITING,
        are_contacts_shown=shows_contacts,
        outcome=part.outcome,
        may_tell=match.state == Match.State.ENDED
        and (part.outcome_at is None or at <= part.outcome_at + CHANGES_WITHIN),
    )


def may_see_contacts(match: Match, checks: Sequence[Check]) -> bool:
    """Whether the parties learn how to reach each other: all have said yes, and where a child or a home is concerned
    the bridge-builder has seen what must be seen."""
    return match.state in ALL_YES and are_required_done(checks)


def _icon_of(place: int, transfers: Sequence[Transfer], *, is_closed: bool) -> str:
    """Of what she needs; of what she gives when she only gives."""
    at = place - 2 if place > 1 else -1 if is_closed else 0
    category = transfers[at].category if transfers else None
    return _ICONS.get(category.key.partition("/")[0], "Handshake") if category is not None else "Handshake"


def _fit(cards: Sequence[Card]) -> bool:
    return all(sum(map(len, card.lines)) <= _FITS_CARD and len(card.gives) <= _FITS_GIFT for card in cards)


def _check_line(check: Check, country: str) -> CheckLine:
    return CheckLine(label_of(check, country), str(Check.State(check.state).label), check.state in CLEAR)


# ---------------------------------------------------------------- the list of her questions


@dataclass(frozen=True)
class Question:
    """A match that she is asked about, or was: what it is in words, how it stands for her, and where to read it."""

    match_id: int
    words: str
    state: str
    needs_you: bool
    small: Small
    url: str


def questions_to(party: Party) -> list[Question]:
    """All that a party is or was asked, those that wait for her first. Two queries."""
    asked = Part.objects.filter(party=party, match__asked_at__isnull=False).exclude(match__state=Match.State.PROPOSED)
    parts = list(asked.select_related("match").order_by("-match__asked_at", "-pk"))
    matches = [part.match_id for part in parts]
    everyone: dict[int, int] = {}
    for match_id in Part.objects.filter(match__in=matches).values_list("match_id", flat=True):
        everyone[match_id] = everyone.get(match_id, 0) + 1
    found = [
        Question(
            part.match_id,
            part.match.title or str(Match.Kind(part.match.kind).label),
            state_in_words(part),
            part.match.state == Match.State.ASKED and part.answer == Part.Answer.WAITING,
            small(max(2, everyone[part.match_id]), is_closed=part.match.kind != Match.Kind.CHAIN),
            reverse("exchange_asked", args=[part.match_id]),
        )
        for part in parts
    ]
    return sorted(found, key=lambda each: not each.needs_you)


def state_in_words(part: Part) -> str:
    """How it stands, to her: of the others nothing."""
    states: dict[str, str] = {
        Match.State.AGREED: _("Alla har sagt ja."),
        Match.State.RUNNING: _("Det pågår."),
        Match.State.PAUSED: _("Det vilar."),
        Match.State.ENDED: _("Det är avslutat."),
        Match.State.FALLEN: _("Det blev inte av den här gången."),
    }
    if part.match.state in states:
        return states[part.match.state]
    answers: dict[str, str] = {
        Part.Answer.YES: _("Du har sagt ja. Vi väntar på de andra."),
        Part.Answer.PROBLEM: _("Du har berättat om ett problem. Brobyggaren läser det."),
    }
    return answers.get(part.answer, _("Det väntar på ditt svar."))
