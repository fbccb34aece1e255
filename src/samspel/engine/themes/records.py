"""What is asked of a grouping, and what it answers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .lexicon import OTHER, Lexicon
from .words import Language, Note

__all__ = ["PLACED_FROM", "Because", "Placement", "Problem", "Result", "Theme"]

_NOTHING = Lexicon()

PLACED_FROM = 0.5
"""The least confidence with which a note counts as placed. Below it the theme is a guess, and is shown as one."""

Because = Literal["words", "hand", "repeat", "nothing"]
"""Why a note is where it is: its words, somebody moved it, it repeats another note, or nothing speaks for a theme."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Notes in the order they came, the lexicon, and what people have done by hand.

    `moved` says for a note's id which theme somebody gave it (a theme that is not in the lexicon is a new one, called
    what it is called there). `apart` are pairs of ids that are not to be merged. `find` is how many themes are to be
    found among notes that the lexicon says nothing about; None leaves the number open, 0 finds none. `language` is the
    meeting's, for notes that carry none and do not show it.
    """

    notes: tuple[Note, ...]
    lexicon: Lexicon = _NOTHING
    language: Language = "sv"
    moved: Mapping[str, str] = field(default_factory=dict)
    apart: frozenset[frozenset[str]] = frozenset()
    find: int | None = None

    def __post_init__(self) -> None:
        known = {note.id for note in self.notes}
        if len(known) != len(self.notes):
            raise ValueError("notes must have an id each, got one twice")
        if stranger := next((note_id for note_id in self.moved if note_id not in known), None):
            raise ValueError(f"moved must name notes, got {stranger!r}")
        if any(len(pair) != 2 for pair in self.apart):
            raise ValueError("apart must hold pairs of two different notes")
        if self.find is not None and self.find < 0:
            raise ValueError(f"find must be at least 0, got {self.find}")


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme with its name in each language. `words` are the most telling ones among its notes, as they are written.

    `origin`: "lexicon", "found" among notes that nothing spoke for, made by "hand", or "other", what is left over.
    """

    id: str
    names: Mapping[Language, str]
    origin: Literal["lexicon", "found", "hand", "other"]
    words: tuple[str, ...] = ()

    def name(self, language: Language) -> str:
        return self.names.get(language) or next(iter(self.names.values()), self.id)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a note is, how sure that is (0 to 1), and the words in it that speak for the theme, strongest first.

    `same_as` is the id of an earlier note that this one repeats; they count as one until somebody takes them apart.
    """

    note_id: str
    theme: str
    confidence: float
    because: Because
    words: tuple[str, ...] = ()
    same_as: str | None = None

    @property
    def is_placed(self) -> bool:
        """Whether the theme may be shown as a fact."""
        return self.theme != OTHER and self.confidence >= PLACED_FROM


@dataclass(frozen=True, slots=True)
class Result:
    """A placement for each note, in the order of the notes, and the themes: the lexicon's, new ones, and other last."""

    themes: tuple[Theme, ...]
    placements: tuple[Placement, ...]

    @property
    def coverage(self) -> float:
        """The share of notes that are placed; 1 when there are none."""
        return sum(place.is_placed for place in self.placements) / len(self.placements) if self.placements else 1.0

    @property
    def counts(self) -> Mapping[str, int]:
        """How many notes each theme has, guesses and repeats included."""
        return Counter(place.theme for place in self.placements)

    @property
    def repeats(self) -> Mapping[str, tuple[str, ...]]:
        """For each note that others repeat, the ids of those."""
        found: dict[str, tuple[str, ...]] = {}
        for place in self.placements:
            if place.same_as is not None:
                found[place.same_as] = (*found.get(place.same_as, ()), place.note_id)
        return found
