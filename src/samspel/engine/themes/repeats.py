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
    `starts` are the beginnings of all stems.
    """

    text: str
    language: Language
    stems: frozenset[str]
    opening: frozenset[str]
    starts: frozenset[str]


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
    return Gist(plain, language, stems, opening if rest else frozenset(), starts)


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
        self._keys: dict[object, list[str]] = {}
        self._with_stem: Counter[str] = Counter()

    def add(self, note_id: str, gist: Gist) -> None:
        self._gists[note_id] = gist
        self._with_stem.update(gist.stems)
        for key in _keys(gist):
            self._keys.setdefault(key, []).append(note_id)

    def follow(self, gist: Gist, note_id: str) -> None:
        """Whatever is written like this, letter by letter, repeats that note too."""
        self._keys.setdefault(gist.text, []).append(note_id)

    def find(
        self,
        gist: Gist,
        *,
        late: Sequence[tuple[str, Gist]] = (),
        may_merge: Callable[[str], bool] = lambda _: True,
    ) -> str | None:
        """The note that this one repeats, here or among the `late` ones: the most like it, the earliest of equals."""
        near: dict[str, Gist] = {}
        for key in _keys(gist):
            notes = self._keys.get(key, ())
            if len(notes) <= _MOST_NOTES or not isinstance(key, tuple):
                near.update((note_id, self._gists[note_id]) for note_id in notes)
        near.update(late)
        best: tuple[float, str] | None = None
        for note_id, there in near.items():
            if there.language != gist.language:
                continue
            is_written = note_id in self._keys.get(gist.text, ())
            if not is_written and not _may_be_alike(gist, there):
                continue
            alike = 1.0 if is_written else likeness(gist, there, self._rarity)
            if alike >= SAME_FROM and (best is None or alike > best[0]) and may_merge(note_id):
                best = (alike, note_id)
        return best[1] if best else None

    def _rarity(self, stem: str) -> float:
        """As in tf-idf, with fifty made-up notes so that the first ones are not all rare."""
        return math.log(1 + (len(self._gists) + 50) / (self._with_stem[stem] + 1))


def _may_be_alike(one: Gist, other: Gist) -> bool:
    """Whether two thirds of the words of the shorter (or of a first clause) begin as words of the longer do: cheap."""
    fewest = min(len(gist.opening or gist.starts) for gist in (one, other))
    return 3 * len(one.starts & other.starts) >= 2 * fewest


def _keys(gist: Gist) -> list[object]:
    """The text, the stems, and pairs of the beginnings of the longest words: equals and candidates share one."""
    starts = {
        word[:_KEY_LETTERS]
        for stems in (gist.stems, gist.opening)
        for word in sorted(stems, key=lambda word: (-len(word), word))[:_MOST_KEYS]
    }
    return [gist.text, gist.stems, *combinations(sorted(starts), 2)]
