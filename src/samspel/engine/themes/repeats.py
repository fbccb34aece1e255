"""Notes that say what an earlier note says: the same words, or a shorter or longer form of them."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

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
    opening = _stems(normalise(first), language)
    plain = normalise(text)
    stems = _stems(plain, language) if rest else opening
    starts = frozenset(word[:_KEY_LETTERS] for word in stems)
    opening = opening if rest else frozenset()
    return Gist(plain, language, stems, opening, starts, len(opening or starts))


def _stems(plain: str, language: Language) -> frozenset[str]:
    words = (_DIGITS.get(word, word) for word in plain.split())
    return frozenset(stem(word, language) for word in words if word not in STOP_WORDS[language])


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
        self._of_text: dict[str, list[str]] = {}
        self._of_stems: dict[frozenset[str], list[str]] = {}
        self._of_pair: dict[int, str | list[str]] = {}  # most pairs of words are in one note only
        self._number: dict[str, int] = {}
        self._with_stem: Counter[str] = Counter()

    def add(self, note_id: str, gist: Gist) -> None:
        self._gists[note_id] = gist
        self._with_stem.update(gist.stems)
        self._of_text.setdefault(gist.text, []).append(note_id)
        self._of_stems.setdefault(gist.stems, []).append(note_id)
        for pair in self._pairs(gist):
            there = self._of_pair.setdefault(pair, note_id)
            if isinstance(there, list):
                there.append(note_id)
            elif there is not note_id:
                self._of_pair[pair] = [there, note_id]

    def follow(self, gist: Gist, note_id: str) -> None:
        """Whatever is written like this, letter by letter, repeats that note too."""
        self._of_text.setdefault(gist.text, []).append(note_id)

    def find(
        self,
        gist: Gist,
        *,
        late: Sequence[tuple[str, Gist]] = (),
        may_merge: Callable[[str], bool] = lambda _: True,
    ) -> str | None:
        """The note that this one repeats, here or among the `late` ones: the most like it, the earliest of equals."""
        written = self._of_text.get(gist.text, ())
        for note_id in written:
            if self._gists[note_id].language == gist.language and may_merge(note_id):
                return note_id
        best: tuple[float, str] | None = None
        for note_id, there in self._near(gist, late).items():
            if there.language != gist.language or not _may_be_alike(gist, there):
                continue
            alike = likeness(gist, there, self._rarity)
            if alike >= SAME_FROM and (best is None or alike > best[0]) and may_merge(note_id):
                best = (alike, note_id)
        return best[1] if best else None

    def _near(self, gist: Gist, late: Sequence[tuple[str, Gist]]) -> dict[str, Gist]:
        near = {note_id: self._gists[note_id] for note_id in self._of_stems.get(gist.stems, ())}
        for pair in self._pairs(gist):
            there = self._of_pair.get(pair)
            if isinstance(there, str):
                near[there] = self._gists[there]
            elif there is not None and len(there) <= _MOST_NOTES:
                near.update((note_id, self._gists[note_id]) for note_id in there)
        near.update(late)
        return near

    def _pairs(self, gist: Gist) -> list[int]:
        """A number for each two of the beginnings of the longest words."""
        number = self._number
        starts = {
            number.setdefault(word[:_KEY_LETTERS], len(number))
            for stems in (gist.stems, gist.opening)
            for word in sorted(sorted(stems), key=len, reverse=True)[:_MOST_KEYS]
        }
        return [one << 32 | other for one, other in combinations(sorted(starts), 2)]

    def _rarity(self, stem: str) -> float:
        """As in tf-idf, with fifty made-up notes so that the first ones are not all rare."""
        return math.log(1 + (len(self._gists) + 50) / (self._with_stem[stem] + 1))


def _may_be_alike(one: Gist, other: Gist) -> bool:
    """Whether two thirds of the words of the shorter (or of a first clause) begin as words of the longer do: cheap."""
    return 3 * len(one.starts & other.starts) >= 2 * (one.few if one.few < other.few else other.few)
