"""A match as the bridge-builder sees it: answers by role, what was written to her, and what is left to check.

How people are reached is theirs and stands here nowhere; how it went is told as counts, when nobody can be told apart
by when she answered.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q

from samspel.core.actor import Actor
from samspel.core.thread import knots_of, threads_of
from samspel.exchange.asked import ALL_YES, OVER
from samspel.exchange.checks import CLEAR, label_of
from samspel.exchange.drawing import Small, small
from samspel.exchange.grown import GrewFrom, grew_from_agreements
from samspel.exchange.models import Check, Match, Part, Remark, Transfer
from samspel.people.queries import units_of

# All have told, or so long has passed since the end: before that the order of telling would tell who.
TOLD_AFTER: Final = timedelta(days=14)
# The order in which they need the bridge-builder.
_STATES: Final = (
    Match.State.ASKED,
    Match.State.AGREED,
    Match.State.RUNNING,
    Match.State.PAUSED,
    Match.State.ENDED,
    Match.State.FALLEN,
)


@dataclass(frozen=True)
class CheckRow:
    """A check with its choices: who noted it and when."""

    pk: int
    label: str
    state: str
    state_label: str
    is_done: bool
    choices: tuple[tuple[str, str], ...]
    by: str
    at: datetime | None


@dataclass(frozen=True)
class ThreadChoice:
    """A thread that the match may be put on, in a unit of the bridge-builder's own."""

    value: str
    label: str
    unit: str


@dataclass(frozen=True)
class MatchPage:
    match: Match
    parts: tuple[Part, ...]
    transfers: tuple[Transfer, ...]
    checks: tuple[CheckRow, ...]
    remarks: tuple[Remark, ...]
    small: Small
    outcomes: tuple[tuple[str, int], ...]
    told: int
    threads: tuple[ThreadChoice, ...]
    grew_from: tuple[GrewFrom, ...]

    @property
    def yes(self) -> int:
        return sum(part.answer == Part.Answer.YES for part in self.parts)

    @property
    def called(self) -> dict[int, tuple[str, str]]:
        """Who gives to whom, by the gift's place: each to the next, and in a ring the last to the first."""
        names = [part.called for part in self.parts]
        return {part.place: (part.called, names[at % len(names)]) for at, part in enumerate(self.parts, start=1)}

    @property
    def is_clear(self) -> bool:
        return all(check.is_done for check in self.checks)

    @property
    def is_all_yes(self) -> bool:
        return self.match.state in ALL_YES

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do before it or in it: not when it is over, or came to nothing."""
        return self.match.state not in OVER

    @property
    def to_read(self) -> tuple[Part, ...]:
        """Those who have written to the bridge-builder."""
        return tuple(part for part in self.parts if part.problem or part.other_time)


def match_page(match: Match, *, actor: Actor, country: str, at: datetime) -> MatchPage:
    """Everything on the page of one match."""
    parts = tuple(match.parts.all())
    transfers = tuple(match.transfers.all())
    checks = match.checks.select_related("by")
    told = Counter(part.outcome for part in parts if part.outcome is not None)
    is_late = match.ended_at is not None and at >= match.ended_at + TOLD_AFTER
    shows = told.total() == len(parts) or is_late
    grew_from = grew_from_agreements([one.need_id for one in transfers if one.need_id is not None], actor)
    return MatchPage(
        match,
        parts,
        transfers,
        tuple(_row(check, country) for check in checks),
        tuple(match.remarks.select_related("by").order_by("at", "pk")),
        small(max(2, len(parts)), is_closed=len(transfers) == len(parts)),
        tuple((str(level.label), told[level]) for level in reversed(Part.Outcome) if shows and told[level]),
        told.total() if shows else 0,
        _threads(actor) if _may_choose_thread(match, grew_from) else (),
        grew_from,
    )


def _may_choose_thread(match: Match, grew_from: Sequence[GrewFrom]) -> bool:
    """When it begins, unless it goes on with a thread already; and when it becomes more than it was."""
    if match.state == Match.State.AGREED:
        return not grew_from
    return match.ending == Match.Ending.DONE and not knots_of(match)


def _row(check: Check, country: str) -> CheckRow:
    states = [state for state in Check.State if not (check.is_required and state == Check.State.NOT_NEEDED)]
    return CheckRow(
        check.pk,
        label_of(check, country),
        check.state,
        str(Check.State(check.state).label),
        check.state in CLEAR,
        tuple((str(state), str(state.label)) for state in states),
        check.by.name if check.by is not None else "",
        check.at,
    )


def _threads(actor: Actor) -> tuple[ThreadChoice, ...]:
    found = []
    for unit in units_of(actor):
        found.append(ThreadChoice(f"{unit.pk}:new", "", unit.name))
        found += [ThreadChoice(f"{unit.pk}:{one.pk}", one.title, unit.name) for one in threads_of(unit.pk)]
    return tuple(found)


@dataclass(frozen=True)
class MatchRow:
    """A match in the list."""

    pk: int
    title: str
    kind: str
    state: str
    people: int
    yes: int
    to_read: int
    left: int
    small: Small
    at: datetime


@dataclass(frozen=True)
class StateRows:
    """All matches in one state."""

    state: str
    label: str
    rows: Sequence[MatchRow]


def match_list() -> list[StateRows]:
    """Matches that people have been asked about, by state. One query."""
    counted = Match.objects.filter(state__in=_STATES, asked_at__isnull=False).annotate(
        people=Count("parts", distinct=True),
        yes=Count("parts", filter=Q(parts__answer=Part.Answer.YES), distinct=True),
        to_read=Count("parts", filter=~Q(parts__problem="") | ~Q(parts__other_time=""), distinct=True),
        left=Count("checks", filter=~Q(checks__state__in=CLEAR), distinct=True),
    )
    rows: dict[str, list[MatchRow]] = {}
    for one in counted.order_by("-asked_at", "-pk")[:500]:
        rows.setdefault(one.state, []).append(_match_row(one))
    return [StateRows(state, str(state.label), rows[state]) for state in _STATES if state in rows]


def _match_row(match: Match) -> MatchRow:
    people = int(getattr(match, "people", 0))
    return MatchRow(
        match.pk,
        match.title,
        str(Match.Kind(match.kind).label),
        match.state,
        people,
        int(getattr(match, "yes", 0)),
        int(getattr(match, "to_read", 0)),
        int(getattr(match, "left", 0)),
        small(max(2, people), is_closed=match.kind != Match.Kind.CHAIN),
        match.ended_at or match.fallen_at or match.started_at or match.asked_at or match.made_at,
    )
