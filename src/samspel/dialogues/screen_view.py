"""What the hall sees: one of nine views, chosen by the leader or by the step. No names, and nothing unread."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from samspel.dialogues import queries
from samspel.dialogues.clock import Clock, clock_of
from samspel.dialogues.compute_words import Word, may_show_words, words_of
from samspel.dialogues.heard import WasHeard, heard_in
from samspel.dialogues.models import (
    Agreement,
    Dialogue,
    Invitation,
    Pick,
    Placement,
    Screen,
    State,
    Step,
)
from samspel.dialogues.queries import BallotCount, LoneVoice, Result, Threes
from samspel.dialogues.theme_queries import MOST_ON_SCREEN, ThemeCount, themes_of

MOST_HEARD = 2
TOGETHER = frozenset({"whole", "ballot"})


@dataclass(frozen=True)
class Counts:
    """How many are here, how many tables talk, how many have handed in."""

    here: int
    expected: int
    tables: int
    handed_in: int

    @property
    def here_percent(self) -> int:
        return min(100, round(100 * self.here / self.expected)) if self.expected else 0

    @property
    def handed_in_percent(self) -> int:
        return min(100, round(100 * self.handed_in / self.tables)) if self.tables else 0


@dataclass(frozen=True)
class ScreenView:
    """One picture on the big screen."""

    dialogue: Dialogue
    view: str
    kind: str
    question: str
    clock: Clock | None
    counts: Counts
    result: Result | None
    words: tuple[Word, ...]
    themes: tuple[ThemeCount, ...]
    lone: LoneVoice | None
    threes: Threes | None
    ballots: BallotCount | None
    heard: tuple[WasHeard, ...]
    agreements: tuple[Agreement, ...]
    agreed: int
    following: Step | None
    shows_code: bool

    @property
    def onward(self) -> str:
        """What comes after the chosen ones."""
        if self.following is None or not self.result or not self.result.is_whole:
            return ""
        return {
            "agree": _("Nu kommer vi överens om vad vi gör."),
            "break": _("Nu tar vi paus."),
            "solo": _("Nu går vi till nästa fråga."),
            "checkout": _("Nu frågar vi hur det var att vara med."),
        }.get(self.following.kind, "")

    @property
    def is_together(self) -> bool:
        return self.kind in TOGETHER

    @property
    def question_size(self) -> str:
        """A class by length: the longer a question, the smaller, and never below what the back row reads."""
        return _size(len(self.question), 44, 90)

    @property
    def opening_size(self) -> str:
        """What a meeting opens with takes its room from the question."""
        if not self.heard:
            return self.question_size
        besides = len(self.heard_shown) + bool(self.agreements) + bool(self.dialogue.second_language)
        return "smlx"[min(3, "sml".index(self.question_size) + max(1, besides - 1))]

    @property
    def heard_shown(self) -> tuple[WasHeard, ...]:
        """As many as can be read from the back row; the phones have them all."""
        return self.heard[:MOST_HEARD]

    @property
    def heard_besides(self) -> int:
        return max(0, len(self.heard) - MOST_HEARD)

    @property
    def places_size(self) -> str:
        return _size(self.result.longest if self.result else 0, 34, 72, 140)

    @property
    def words_size(self) -> str:
        return _size(max((len(word.text) for word in self.words), default=0), 14, 20)

    @property
    def top_themes(self) -> tuple[ThemeCount, ...]:
        """As many themes as can be read from the back row; what no word spoke for is told below them."""
        return tuple(theme for theme in self.themes if not theme.is_other)[:MOST_ON_SCREEN]

    @property
    def themed(self) -> int:
        """How many thoughts the themes that are shown have."""
        return sum(theme.count for theme in self.top_themes)

    @property
    def all_thoughts(self) -> int:
        return sum(theme.count for theme in self.themes)

    @property
    def guesses(self) -> int:
        return sum(theme.guesses for theme in self.top_themes)

    @property
    def lone_size(self) -> str:
        return _size(len(self.lone.text) if self.lone else 0, 60, 140)


def _size(length: int, *limits: int) -> str:
    return "smlx"[sum(length > limit for limit in limits)]


def view_now(dialogue: Dialogue) -> str:
    """The view that is shown: the leader's choice, or what belongs to the step."""
    is_over = dialogue.state == State.CLOSED
    if dialogue.screen != Screen.AUTO and not (is_over and dialogue.screen == Screen.LOBBY):
        return dialogue.screen
    if is_over:
        return Screen.THREE
    if dialogue.state != State.RUNNING or dialogue.step is None:
        return Screen.LOBBY
    kind = dialogue.step.kind
    if kind in TOGETHER:
        return Screen.THREE if dialogue.revealed and dialogue.shows_results else Screen.QUESTION
    if kind in {"small", "objections", "choose"}:
        return Screen.TABLES
    return Screen.QUESTION if kind in {"frame", "solo"} else Screen.NEXT


def screen_of(dialogue: Dialogue, *, now: datetime) -> ScreenView:
    """The picture as of now. The number of queries does not grow with tables or people."""
    view = view_now(dialogue)
    number = queries.question_now(dialogue)
    result = queries.result_of(dialogue, number) if view == Screen.THREE else None
    is_over = dialogue.state == State.CLOSED
    if result is None and view == Screen.THREE and is_over:
        result = next(reversed(queries.results_of(dialogue)), None)
        view = Screen.THREE if result else Screen.NEXT
    shows_words = may_show_words(dialogue) and (view == Screen.WORDS or bool(result and result.shows_words))
    kind = dialogue.step.kind if dialogue.step else ""
    steps = list(dialogue.steps.all())
    here = dialogue.step.position if dialogue.step else 0
    done = TOGETHER if result is not None and result.is_whole else set()
    return ScreenView(
        dialogue=dialogue,
        view=view,
        kind="closed" if is_over else kind,
        question=queries.question_text(dialogue, result.question if result else number),
        clock=clock_of(dialogue, now) if dialogue.state == State.RUNNING else None,
        counts=_counts(dialogue, number),
        result=result,
        words=words_of(dialogue, number) if shows_words else (),
        themes=themes_of(dialogue, number) if view == Screen.THEMES and may_show_words(dialogue) else (),
        lone=_lone(dialogue, number) if view in {Screen.THREE, Screen.LONE} else None,
        threes=queries.threes_of(dialogue, number) if kind in TOGETHER and view == Screen.QUESTION else None,
        ballots=queries.ballots_of(dialogue, number) if dialogue.ballot_open else None,
        heard=heard_in(dialogue) if kind == "frame" and view == Screen.QUESTION else (),
        agreements=tuple(_agreements(dialogue, view, kind)),
        agreed=dialogue.agreements.filter(withdrawn_at=None).count() if view == Screen.NEXT else 0,
        following=next((step for step in steps if step.position > here and step.kind not in done), None),
        shows_code=dialogue.shows_code and dialogue.code_until is None and view != Screen.LOBBY and not is_over,
    )


def _agreements(dialogue: Dialogue, view: str, kind: str) -> list[Agreement]:
    """The last meeting's at the welcome, this one's when the room agrees: only their number while review is on."""
    if kind == "frame" and view == Screen.QUESTION:
        return queries.agreements_to_open_with(dialogue)[:3]
    if kind in {"agree", "checkout"} and view == Screen.NEXT and not dialogue.needs_review:
        return queries.agreements_of(dialogue)[:4]
    return []


def _lone(dialogue: Dialogue, number: int) -> LoneVoice | None:
    if not dialogue.lone_shown:
        return None
    voices = queries.lone_voices_of(dialogue, number)
    return voices[dialogue.lone_shown - 1] if dialogue.lone_shown <= len(voices) else None


def _counts(dialogue: Dialogue, number: int) -> Counts:
    here = dialogue.seats.filter(left_at=None).count()
    seating = dialogue.step.seating if dialogue.step else 1
    placed = Placement.objects.filter(seat__dialogue=dialogue, seat__left_at=None, seating=seating)
    handed_in = Pick.objects.filter(proposal__dialogue=dialogue, question=number).values("sitting__table_id").distinct()
    return Counts(
        here,
        Invitation.objects.filter(dialogue=dialogue).count(),
        placed.values("table_id").distinct().count(),
        handed_in.count(),
    )
