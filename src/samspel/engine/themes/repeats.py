"""Notes that say what an earlier note says: the same words, or a shorter or longer form of them."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, repeat
from typing import TypeVar

from .stopwords import STOP_WORDS
from .tokens import stem
from .words import Language, normalise

__all__ = ["Gist", "Repeats", "gist_of", "likeness"]

# Set so that the ten pairs of hand-duplicates are found with room to spare, and nothing in hand-* or work-*.
SAME_FROM = 0.8
_LEAST_SHARE = 0.6  # of what the longer says; below that the shorter is a part of it and not the same
_LEAST_LETTERS = 8  # a note with fewer letters that matter is only the same as its equal
_AKIN_FROM = 0.6  # Dice's coefficient of the letters of two stems from which they count as akin

_KEY_LETTERS = 5
_MOST_KEYS = 6  # the longest words of a note point it out
_MOST_NOTES = 25  # two words that more notes share do not point out what repeats what

_NUMBERS = (
    "noll en två tre fyra fem sex sju åtta nio tio elva tolv",
    "nul en to tre fire fem seks syv otte ni ti elleve tolv",
    "zero one two three four five six seven eight nine ten eleven twelve",
)
_DIGITS = {word: str(number) for words in _NUMBERS for number, word in enumerate(words.split()) if number > 1}
_CLAUSE_END = re.compile(r"[,;:.!?–—(]\s")

Key = TypeVar("Key")
Index = dict[Key, str | list[str]]
"""The note that has a key, or the notes: most keys are in one note only."""


@dataclass(frozen=True, slots=True)
class Gist:
    """What a note says, cut to the bone: letters and digits in order, the stems that matter, and those it begins with.

    `opening` are the stems of the first clause, empty when there is no second ("Open the pool, we have nowhere to go");
    `starts` are the beginnings of all stems, and `few` how many stems the shorter way of saying it has.
    """

    text: str
    language: Language
    stems: frozenset[str]
    opening: frozenset[str]
    starts: frozenset[str]
    few: int


def gist_of(text: str, language: Language) -> Gist:
    """
    >>> sorted(gist_of("Bostadskön är tio år lång", "sv").stems)
    ['10', 'bostadskön', 'lång', 'år']
    """
    first, *rest = _CLAUSE_END.split(text.strip(), maxsplit=1)
    plain = normalise(text)
    opening = _stems(normalise(first) if rest else plain, language)
    stems = _stems(plain, language) if rest else opening
    starts = frozenset([word[:_KEY_LETTERS] for word in stems])
    opening = opening if rest else frozenset()
    return Gist(plain, language, stems, opening, starts, len(opening or starts))


def _stems(plain: str, language: Language) -> frozenset[str]:
    return frozenset(filter(None, map(_root, plain.split(), repeat(language))))


@lru_cache(maxsize=100_000)
def _root(word: str, language: Language) -> str:
    """The stem of a word that matters, and nothing for one that only builds sentences."""
    digits = _DIGITS.get(word, word)
    return "" if digits in STOP_WORDS[language] else stem(digits, language)


def _even(_stem: str) -> float:
    return 1.0


def likeness(one: Gist, other: Gist, rarity: Callable[[str], float] = _even) -> float:
    """How much of the shorter note the longer (or its first clause) says: 0 to 1, and 0 where sizes differ too much.

    Each stem of the shorter looks for its nearest in the longer and counts by its length and `rarity`, so that telling
    words weigh more. Symmetric. Cost: product of the numbers of stems.
    """
    if one.text == other.text or (one.stems and one.stems == other.stems):
        return 1.0
    ways = [(one.stems, other.stems), (one.stems, other.opening), (one.opening, other.stems)]
    return max(_overlap(first, second, rarity) for first, second in ways)


def _overlap(one: frozenset[str], other: frozenset[str], rarity: Callable[[str], float]) -> float:
    if len(one) < 2 or len(other) < 2:
        return 0.0
    weights = {word: min(len(word), 10) * rarity(word) for word in one | other}
    in_one, in_other = sum(weights[word] for word in one), sum(weights[word] for word in other)
    short, long = (one, other) if in_one <= in_other else (other, one)
    if min(in_one, in_other) < _LEAST_SHARE * max(in_one, in_other) or sum(map(len, short)) < _LEAST_LETTERS:
        return 0.0
    same = short & long
    left = long - same
    said = sum(weights[word] for word in same)
    said += sum(weights[word] * max((_akin(word, there) for there in left), default=0.0) for word in short - same)
    return said / min(in_one, in_other)


@lru_cache(maxsize=100_000)
def _akin(one: str, other: str) -> float:
    """Dice's coefficient of the pairs of letters of two stems that begin alike, 0 for those that are not akin."""
    if one[0] != other[0] or not (one.isalpha() and other.isalpha()):
        return 0.0
    pairs, others = ({word[i : i + 2] for i in range(len(word) - 1)} for word in (one, other))
    alike = 2 * len(pairs & others) / max(len(pairs) + len(others), 1)
    return alike if alike >= _AKIN_FROM else 0.0


class Repeats:
    """Notes that stand for themselves, found again by two of their words. Grows as notes come.

    Cost of a look-up: the notes that share two words (by their first letters) with the one looked for.
    """

    def __init__(self) -> None:
        self._gists: dict[str, Gist] = {}
        self._of_text: Index[str] = {}
        self._of_stems: Index[frozenset[str]] = {}
        self._of_pair: Index[int] = {}
        self._number: dict[str, int] = {}
        self._with_stem: Counter[str] = Counter()
        self._pairs_of_last: tuple[Gist | None, list[int]] = (None, [])

    def add(self, note_id: str, gist: Gist) -> None:
        self._gists[note_id] = gist
        self._with_stem.update(gist.stems)
        _put(self._of_text, gist.text, note_id)
        _put(self._of_stems, gist.stems, note_id)
        for pair in self._pairs(gist):
            _put(self._of_pair, pair, note_id)

    def follow(self, gist: Gist, note_id: str) -> None:
        """Whatever is written like this, letter by letter, repeats that note too."""
        _put(self._of_text, gist.text, note_id)

    def find(
        self,
        gist: Gist,
        *,
        late: Sequence[tuple[str, Gist]] = (),
        may_merge: Callable[[str], bool] = lambda _: True,
    ) -> str | None:
        """The note that this one repeats, here or among the `late` ones: the most like it, the earliest of equals."""
        for note_id in _listed(self._of_text.get(gist.text)):
            if self._gists[note_id].language == gist.language and may_merge(note_id):
                return note_id
        best: tuple[float, str] | None = None
        for note_id, there in self._near(gist, late).items():
            # Two thirds of the words of the shorter (or of a first clause) must begin as words of the longer do: cheap.
            few = gist.few if gist.few < there.few else there.few
            if 3 * len(gist.starts & there.starts) < 2 * few or there.language != gist.language:
                continue
            alike = likeness(gist, there, self._rarity)
            if alike >= SAME_FROM and (best is None or alike > best[0]) and may_merge(note_id):
                best = (alike, note_id)
        return best[1] if best else None

    def _near(self, gist: Gist, late: Sequence[tuple[str, Gist]]) -> dict[str, Gist]:
        gists = self._gists
        near = {note_id: gists[note_id] for note_id in _listed(self._of_stems.get(gist.stems))}
        for there in map(self._of_pair.get, self._pairs(gist)):
            if isinstance(there, str):
                near[there] = gists[there]
            elif there is not None and len(there) <= _MOST_NOTES:
                for note_id in there:
                    near[note_id] = gists[note_id]
        near.update(late)
        return near

    def _pairs(self, gist: Gist) -> list[int]:
        """A number for each two of the beginnings of the longest words."""
        last, pairs = self._pairs_of_last
        if last is gist:
            return pairs
        number = self._number
        starts = {
            number.setdefault(word[:_KEY_LETTERS], len(number))
            for stems in (gist.stems, gist.opening)
            for word in (sorted(stems) if len(stems) <= _MOST_KEYS else _longest(stems))
        }
        pairs = [one << 32 | other for one, other in combinations(sorted(starts), 2)]
        self._pairs_of_last = (gist, pairs)
        return pairs

    def _rarity(self, stem: str) -> float:
        """As in tf-idf, with fifty made-up notes so that the first ones are not all rare."""
        return math.log(1 + (len(self._gists) + 50) / (self._with_stem[stem] + 1))


def _longest(stems: frozenset[str]) -> list[str]:
    return sorted(sorted(stems), key=len, reverse=True)[:_MOST_KEYS]


def _put(index: Index[Key], key: Key, note_id: str) -> None:
    there = index.setdefault(key, note_id)
    if isinstance(there, list):
        there.append(note_id)
    elif there is not note_id:
        index[key] = [there, note_id]


def _listed(there: str | list[str] | None) -> Sequence[str]:
    return (there,) if isinstance(there, str) else there or ()
