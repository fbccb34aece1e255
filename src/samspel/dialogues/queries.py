"""Reads used in more than one place: the tables' threes, the hall's result, lone voices, agreements, check-out.

What goes to the hall passes one gate, ``may_be_shown``: nothing set aside, and nothing unread while review is on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import ngettext

from samspel.core import defaults
from samspel.core.prepared import Prepared
from samspel.dialogues.models import (
    Agreement,
    Ballot,
    Checkout,
    Choice,
    CounterVoice,
    Dialogue,
    Pick,
    Proposal,
    Question,
    State,
)

# ---------------------------------------------------------------- what the tables handed in


@dataclass(frozen=True)
class HallProposal:
    """What one or several tables put among their three. ``text`` is empty while it waits to be read through."""

    proposal_id: int
    text: str
    tables: int
    sittings: frozenset[int]
    other_words: tuple[str, ...] = ()
    is_waiting: bool = False


@dataclass(frozen=True)
class Threes:
    """All tables' threes in one question, most tables first."""

    proposals: tuple[HallProposal, ...]
    of_tables: int
    late: int = 0  # how many of the tables were entered from paper when the meeting was over
    root_of: Mapping[int, int] = field(default_factory=dict)

    @property
    def shown(self) -> tuple[HallProposal, ...]:
        return tuple(proposal for proposal in self.proposals if not proposal.is_waiting)

    @property
    def waiting(self) -> int:
        return sum(proposal.is_waiting for proposal in self.proposals)

    def one(self, proposal_id: int) -> HallProposal | None:
        """The group that a proposal belongs to now."""
        root = self.root_of.get(proposal_id, proposal_id)
        return next((proposal for proposal in self.proposals if proposal.proposal_id == root), None)


def waiting_of(threes: Threes) -> str:
    """Why the hall cannot choose while proposals wait to be read through."""
    return ngettext(
        "Ett förslag väntar på granskning. Läs det först.",
        "%(n)s förslag väntar på granskning. Läs dem först.",
        threes.waiting,
    ) % {"n": threes.waiting}


def may_be_shown(dialogue: Dialogue, row: Proposal | CounterVoice) -> bool:
    """Whether the hall may read these words: not set aside, and read through when review is on."""
    if row.set_aside_at is not None:
        return False
    return row.reviewed_at is not None or not dialogue.needs_review


def roots_of(proposals: Iterable[Proposal]) -> dict[int, int]:
    """Each proposal's group, named by the proposal it was laid under. One that is not among them ends the chain."""
    rows = {proposal.pk: proposal for proposal in proposals}
    found: dict[int, int] = {}
    for proposal in rows.values():
        at, seen = proposal, {proposal.pk}
        while at.merged_into_id in rows and at.merged_into_id not in seen:
            at = rows[at.merged_into_id]
            seen.add(at.pk)
        found[proposal.pk] = at.pk
    return found


_PROPOSALS = Prepared[Proposal](
    lambda dialogue, question: Proposal.objects.filter(dialogue=dialogue, question=question, set_aside_at=None)
)
_PICKS = Prepared[tuple[int, int, datetime | None]](
    lambda dialogue, question: Pick.objects.filter(proposal__dialogue=dialogue, question=question).values_list(
        "sitting_id", "proposal_id", "sitting__handed_in_at"
    )
)
_BALLOT = Prepared[Ballot](lambda seat, question: Ballot.objects.filter(seat=seat, question=question)[:1])


def threes_of(dialogue: Dialogue, question: int) -> Threes:
    """All tables' threes with how many tables had them. Two queries, however many tables."""
    rows = {proposal.pk: proposal for proposal in _PROPOSALS(dialogue.pk, question)}
    root_of = roots_of(rows.values())
    sittings: dict[int, set[int]] = defaultdict(set)
    handed_in = {}
    for sitting_id, proposal_id, at in _PICKS(dialogue.pk, question):
        handed_in[sitting_id] = at
        if proposal_id in root_of:
            sittings[root_of[proposal_id]].add(sitting_id)
    members: dict[int, list[Proposal]] = defaultdict(list)
    for proposal_id, root in root_of.items():
        if proposal_id != root and may_be_shown(dialogue, rows[proposal_id]):
            members[root].append(rows[proposal_id])
    proposals = [
        HallProposal(
            root,
            rows[root].text if may_be_shown(dialogue, rows[root]) else "",
            len(tables),
            frozenset(tables),
            tuple(member.text for member in members[root]),
            not may_be_shown(dialogue, rows[root]),
        )
        for root, tables in sittings.items()
    ]
    proposals.sort(key=lambda proposal: (-proposal.tables, proposal.proposal_id))
    over = dialogue.closed_at
    late = sum(over is not None and at is not None and at > over for at in handed_in.values())
    return Threes(tuple(proposals), len(handed_in), late, root_of)


# ---------------------------------------------------------------- the result


@dataclass(frozen=True)
class ResultPlace:
    """One of the chosen. ``is_revealed`` says whether the leader has shown it, ``is_aside`` that it was set aside."""

    place: int
    proposal_id: int
    text: str
    tables: int
    ballots: int
    other_words: tuple[str, ...]
    is_waiting: bool
    is_revealed: bool
    is_aside: bool = False

    @property
    def is_shown(self) -> bool:
        return self.is_revealed and not self.is_waiting


@dataclass(frozen=True)
class Result:
    """What the hall chose in one question, how, and how far the leader has shown it."""

    question: int
    question_text: str
    places: tuple[ResultPlace, ...]
    of_tables: int
    computed_at: datetime
    seed: int
    version: str
    told: Mapping[str, Any]
    texts: Mapping[int, str]
    shows_words: bool
    delegation: str

    @property
    def shown(self) -> tuple[ResultPlace, ...]:
        return tuple(place for place in self.places if place.is_revealed)

    @property
    def is_whole(self) -> bool:
        """All places are shown."""
        return bool(self.places) and all(place.is_revealed for place in self.places)

    @property
    def covered(self) -> int:
        return int(self.told["covered"])

    @property
    def voters(self) -> int:
        return int(self.told["voters"])

    @property
    def is_from_ballots(self) -> bool:
        return bool(self.told["from"] == "ballots")

    @property
    def longest(self) -> int:
        return max((len(place.text) for place in self.places), default=0)

    @property
    def most_marks_instead(self) -> tuple[str, ...]:
        """What would have been chosen too, had the most marks decided."""
        chosen = {place.proposal_id for place in self.places}
        return tuple(self.texts.get(int(key), "") for key in self.told["most_marks"] if int(key) not in chosen)

    @property
    def ties(self) -> tuple[str, ...]:
        """The chosen that won an exact tie by lot."""
        return tuple(self.texts.get(int(tie["chosen"]), "") for tie in self.told["ties"])


def question_text(dialogue: Dialogue, number: int) -> str:
    found = Question.objects.filter(dialogue=dialogue, number=number).values_list("text", flat=True).first()
    return found or dialogue.title


def question_now(dialogue: Dialogue) -> int:
    """The number of the question that is talked about, the last one when the dialogue is over."""
    return dialogue.step.question if dialogue.step else 1


def is_frozen(dialogue: Dialogue, question: int) -> bool:
    """Whether a question's choice has been shown, so that it is not computed again."""
    if dialogue.state == State.CLOSED:
        return True
    if dialogue.step is not None and question < dialogue.step.question:
        return True
    return dialogue.revealed > 0


def revealed_of(dialogue: Dialogue, question: int) -> int:
    """How far a question's result is shown: 0 nothing, then from the last place to the first, then the words."""
    if dialogue.state == State.CLOSED or (dialogue.step is not None and question < dialogue.step.question):
        return dialogue.places + 1
    if question != question_now(dialogue) or not dialogue.shows_results:
        return 0
    return dialogue.revealed


def result_of(dialogue: Dialogue, question: int, *, threes: Threes | None = None) -> Result | None:
    """The stored result of a question, or None before the hall has chosen."""
    choice = Choice.objects.filter(dialogue=dialogue, question=question).prefetch_related("chosen").first()
    if choice is None:
        return None
    threes = threes or threes_of(dialogue, question)
    chosen = list(choice.chosen.all())
    revealed = revealed_of(dialogue, question)
    groups = {row.proposal_id: threes.one(row.proposal_id) for row in chosen}
    places = tuple(
        ResultPlace(
            row.place,
            row.proposal_id,
            group.text if group else "",
            row.tables,
            row.ballots,
            group.other_words if group else (),
            group is None or group.is_waiting,
            row.place > len(chosen) - revealed,
            group is None,
        )
        for row in chosen
        for group in [groups[row.proposal_id]]
    )
    return Result(
        question,
        question_text(dialogue, question),
        places,
        threes.of_tables - threes.late,
        choice.computed_at,
        choice.seed,
        choice.version,
        choice.told,
        {proposal.proposal_id: proposal.text for proposal in threes.proposals},
        revealed > len(chosen),
        dialogue.delegation,
    )


def results_of(dialogue: Dialogue) -> list[Result]:
    """The results of all questions that have one, in their order."""
    numbers = Choice.objects.filter(dialogue=dialogue).order_by("question").values_list("question", flat=True)
    found = (result_of(dialogue, number) for number in list(numbers))
    return [result for result in found if result is not None]


# ---------------------------------------------------------------- those who stood alone


@dataclass(frozen=True)
class LoneVoice:
    """What a single table said, or what a table's reason advocate had against."""

    text: str
    is_counter_voice: bool


def lone_voices_of(dialogue: Dialogue, question: int, *, threes: Threes | None = None) -> list[LoneVoice]:
    """What only one table said and the hall did not choose, where the table allowed it; then the advocates' words.

    With one table nobody stands alone: only its counter-voice is told.
    """
    threes = threes or threes_of(dialogue, question)
    chosen = {
        threes.root_of.get(proposal_id, proposal_id)
        for proposal_id in Choice.objects.filter(dialogue=dialogue, question=question).values_list(
            "chosen__proposal_id", flat=True
        )
        if proposal_id is not None
    }
    open_sittings = set(
        Pick.objects.filter(proposal__dialogue=dialogue, question=question, sitting__lone_allowed=True).values_list(
            "sitting_id", flat=True
        )
    )
    found = [
        LoneVoice(proposal.text, is_counter_voice=False)
        for proposal in sorted(threes.shown, key=lambda proposal: proposal.proposal_id)
        if threes.of_tables > 1
        and proposal.tables == 1
        and proposal.proposal_id not in chosen
        and proposal.sittings <= open_sittings
    ]
    return found + [
        LoneVoice(voice.text, is_counter_voice=True)
        for voice in counter_voices_of(dialogue, question)
        if voice.from_advocate
    ]


def counter_voices_of(dialogue: Dialogue, question: int) -> list[CounterVoice]:
    """The counter-voices that the hall may read, the advocates' first."""
    rows = CounterVoice.objects.filter(dialogue=dialogue, question=question, set_aside_at=None)
    return [voice for voice in rows.order_by("-from_advocate", "pk") if may_be_shown(dialogue, voice)]


# ---------------------------------------------------------------- ballots


@dataclass(frozen=True)
class BallotCount:
    """How many have cast a ballot, of how many who are here."""

    cast: int
    here: int

    @property
    def missing(self) -> int:
        return max(0, self.here - self.cast)


def ballots_of(dialogue: Dialogue, question: int) -> BallotCount:
    here = dialogue.seats.filter(left_at=None).count()
    return BallotCount(Ballot.objects.filter(dialogue=dialogue, question=question).count(), here)


def votes_missing(dialogue: Dialogue, ballots: BallotCount, *, is_counted: bool) -> int:
    """How many a count now would leave out; none where nobody votes, or where the votes are counted and closed."""
    is_voting = dialogue.ballot_open or (ballots.cast > 0 and not is_counted)
    return ballots.missing if is_voting else 0


def ballot_of(seat_id: int, question: int) -> frozenset[int] | None:
    """What a seat stands behind, or None before it has cast its ballot."""
    ballot = _BALLOT.first(seat_id, question)
    return None if ballot is None else frozenset(ballot.proposals.values_list("pk", flat=True))


# ---------------------------------------------------------------- agreements

FINAL = (Agreement.Outcome.DONE, Agreement.Outcome.PARTLY, Agreement.Outcome.NOT_DONE)


def agreements_of(dialogue: Dialogue) -> list[Agreement]:
    """What the room has agreed, in the order it was written."""
    return list(Agreement.objects.filter(dialogue=dialogue, withdrawn_at=None).select_related("proposal"))


def agreements_to_open_with(dialogue: Dialogue) -> list[Agreement]:
    """What the unit agreed before and has not told the end of; what this dialogue has answered stays on the list."""
    rows = Agreement.objects.filter(
        dialogue__unit=dialogue.unit_id,
        dialogue__is_rehearsal=dialogue.is_rehearsal,
        withdrawn_at=None,
    ).exclude(dialogue=dialogue)
    # By what has happened, not by what was planned: two dialogues may be planned for the same hour.
    if dialogue.opened_at is not None:
        rows = rows.filter(agreed_at__lte=dialogue.opened_at)
    rows = rows.filter(~Q(outcome__in=FINAL) | Q(outcome_in=dialogue))
    return list(rows.select_related("dialogue").prefetch_related("tellings").order_by("-agreed_at", "pk"))


def next_dialogue(unit_id: int, at: datetime, *, lock: bool = False) -> Dialogue | None:
    """The next dialogue that a unit has planned, or has a draft of."""
    rows = Dialogue.objects.select_for_update() if lock else Dialogue.objects.all()
    coming = rows.filter(unit_id=unit_id, starts_at__gt=at, state__in=[State.DRAFT, State.PLANNED], is_rehearsal=False)
    return coming.order_by("starts_at", "pk").first()


def next_dialogue_of(dialogue: Dialogue) -> Dialogue | None:
    """The unit's next planned dialogue after this one."""
    return (
        Dialogue.objects.filter(
            unit=dialogue.unit_id, starts_at__gt=dialogue.starts_at, state=State.PLANNED, is_rehearsal=False
        )
        .exclude(pk=dialogue.pk)
        .order_by("starts_at")
        .first()
    )


# ---------------------------------------------------------------- check-out


@dataclass(frozen=True)
class CheckoutFigures:
    """How it was to take part, by level; only ever made from enough answers."""

    answers: int
    good: int
    so_so: int
    bad: int


def checkout_figures(dialogue: Dialogue) -> CheckoutFigures | None:
    """The figures of the check-out, or None (shown as "..").

    They are published once, when the dialogue is closed and nobody can answer any more: two publications with a few
    answers between them would tell what those few answered.
    """
    if dialogue.state != State.CLOSED:
        return None
    counts = dict(
        Checkout.objects.filter(dialogue=dialogue)
        .values_list("level")
        .annotate(Count("pk"))
        .values_list("level", "pk__count")
    )
    answers = sum(counts.values())
    if answers < defaults.value("figures.least_inside"):
        return None
    return CheckoutFigures(
        answers,
        counts.get(Checkout.Level.GOOD, 0),
        counts.get(Checkout.Level.SO_SO, 0),
        counts.get(Checkout.Level.BAD, 0),
    )
