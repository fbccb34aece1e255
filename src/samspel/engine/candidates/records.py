"""Needs, offers, and the pairs of them that could meet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

import numpy as np
import numpy.typing as npt

from samspel.engine.themes import Language, Lexicon

__all__ = ["PARTS", "Candidates", "Kind", "Post", "Problem", "Weights"]

Ints = npt.NDArray[np.int64]
Kind = Literal["need", "offer"]


@dataclass(frozen=True, slots=True)
class Post:
    """A need or an offer, in the words of the one who has it.

    :param person: whose it is: a resident, an association, a company, a unit.
    :param category: of a tree, from the top, "home/moving"; empty when not said.
    :param area: empty when not said.
    :param begins, ends: the first and the last day on which it can be, as numbers of days; None for open.
    :param requires: what the other must have (a licence, an extract shown).
    :param provides: what this one has of that.
    :param languages: that the person speaks; empty when not said.
    :param since: the day on which it was posted.
    """

    id: str
    kind: Kind
    person: str
    title: str
    text: str = ""
    category: str = ""
    area: str = ""
    begins: int | None = None
    ends: int | None = None
    requires: frozenset[str] = frozenset()
    provides: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    since: int | None = None

    def __post_init__(self) -> None:
        if self.begins is not None and self.ends is not None and self.ends < self.begins:
            raise ValueError(f"ends of {self.id!r} must not be before begins, got {self.begins} to {self.ends}")


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part counts of how well an offer fits a need. `Weights()` are the ones to begin with.

    :param words: the words they share, rare ones more.
    :param kind: the same category, or words of one kind of help, also in two languages.
    :param place: the same area.
    :param time: how much of the shorter window both have.
    :param language: one that both speak.
    """

    words: float = 4.0
    kind: float = 3.0
    place: float = 2.0
    time: float = 1.0
    language: float = 1.0

    def __post_init__(self) -> None:
        for name, weight in self:
            if not 0 <= weight < float("inf"):
                raise ValueError(f"weight {name} must be at least 0 and finite, got {weight:g}")
        if not sum(weight for _, weight in self):
            raise ValueError("weights must not all be 0")

    def __iter__(self) -> Iterator[tuple[str, float]]:
        for part in fields(self):
            yield part.name, float(getattr(self, part.name))


PARTS = tuple(part.name for part in fields(Weights))


@dataclass(frozen=True, slots=True)
class Problem:
    """Posts, and how they are to be compared.

    :param lexicon: kinds of help and the words that speak for them.
    :param language: of texts that do not show theirs.
    :param most: offers for each need, the best.
    """

    posts: tuple[Post, ...]
    lexicon: Lexicon = field(default_factory=Lexicon)
    weights: Weights = field(default_factory=Weights)
    language: Language = "sv"
    most: int = 12

    def __post_init__(self) -> None:
        if len({post.id for post in self.posts}) != len(self.posts):
            raise ValueError("ids must differ")
        if self.most < 1:
            raise ValueError(f"most must be at least 1, got {self.most}")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Which offer could meet which need: numbers of posts, sorted by need, then best first.

    :param scores: ``[pairs]``, whole numbers from 0 to 100.
    :param parts: ``[pairs, parts]`` in the order of `PARTS`, from 0 to 1: what the scores are made of.
    """

    offers: Ints
    needs: Ints
    scores: Ints
    parts: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.offers)

    def only(self, pairs: npt.NDArray[np.bool_]) -> "Candidates":
        return Candidates(self.offers[pairs], self.needs[pairs], self.scores[pairs], self.parts[pairs])

    def parts_of(self, pair: int) -> Mapping[str, float]:
        return dict(zip(PARTS, self.parts[pair].tolist(), strict=True))
