"""The same words counted over notes, in Swedish, Danish and English."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import Stemmer

from .stopwords import STOP_WORDS

__all__ = ["LANGUAGES", "Language", "Note", "WordCount", "count_words", "known_language", "normalise", "size_classes"]

Language = Literal["sv", "da", "en"]
LANGUAGES: tuple[Language, ...] = ("sv", "da", "en")

SNOWBALL: dict[Language, str] = {"sv": "swedish", "da": "danish", "en": "english"}

# Letters and digits, joined by single hyphens or apostrophes; at least one letter.
WORD = re.compile(r"(?=[\w'’-]*[^\W\d_])[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n])[\s\"'”’»«(–-]*$")

# What the eight sizes of words stand for: the shares of the largest count in the drawing of the big screen.
_SHARES = (1.0, 0.65, 0.51, 0.40, 0.31, 0.26, 0.18, 0.13)


@dataclass(frozen=True, slots=True)
class Note:
    """Something somebody wrote, under a name of the caller's; `language` where it is known."""

    id: str
    text: str
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class WordCount:
    """`word` as it is most often written; `count` notes have it in one of its `forms` (most usual first)."""

    word: str
    count: int
    forms: tuple[str, ...]
    note_ids: tuple[str, ...]


def count_words(notes: Iterable[Note], *, language: Language, keep_notes: bool = True) -> list[WordCount]:
    """The words of the notes with how many notes have each, most frequent first, then in order of the alphabet.

    Words with the same stem are one ("tid", "tiden", "tider"); a note counts a word once. Words that only build
    sentences, single letters and bare numbers are left out; "IT" in capitals stays although "it" is such a word.

    Arguments: `language` chooses the stemmer: the meeting's language, whose words that build sentences are left out of
    every note, and of a note in another its own too; without `keep_notes` the ids are left out, the notes' ids must
    differ, and memory grows with the words in use instead of with the notes.
    Cost: proportional to the text, about a second for 100,000 words.

    >>> notes = [Note("a", "Rules, rules."), Note("b", "One rule less"), Note("c", "Fewer rules")]
    >>> count_words(notes, language="en")[0]
    WordCount(word='rules', count=3, forms=('rules', 'rule'), note_ids=('a', 'b', 'c'))
    """
    forms: dict[str, Counter[str]] = {}
    found_in: dict[str, dict[str, None]] = {}
    counted: Counter[str] = Counter()
    stemmer = Stemmer.Stemmer(SNOWBALL[language])
    for note in notes:
        text = unicodedata.normalize("NFC", note.text)
        written: dict[str, set[str]] = {}
        own = language_in([word.casefold() for word in WORD.findall(text)], language, by=2)
        for form in _words(text, STOP_WORDS[language] if own == language else STOP_WORDS[language] | STOP_WORDS[own]):
            written.setdefault(stemmer.stemWord(form.casefold()), set()).add(form)
        for stem, spellings in written.items():
            forms.setdefault(stem, Counter()).update(spellings)
            counted[stem] += 1
            if keep_notes:
                found_in.setdefault(stem, {})[note.id] = None
    counts = []
    for stem, spelled in forms.items():
        usual = sorted(spelled, key=lambda form: (-spelled[form], form != form.lower(), len(form), form))
        ids = found_in.get(stem, {})
        counts.append(WordCount(usual[0], len(ids) or counted[stem], tuple(usual), tuple(ids)))
    return sorted(counts, key=lambda word: (-word.count, word.word))


def known_language(code: str) -> Language:
    """The language to count words in; Swedish where a language has no words here.

    >>> known_language("da"), known_language("ar")
    ('da', 'sv')
    """
    return next((language for language in LANGUAGES if language == code), "sv")


def language_in(words: Sequence[str], default: Language, *, by: int = 1) -> Language:
    """The language whose sentence-building words are most frequent, by so many; else the meeting's."""
    counts = {language: sum(word in STOP_WORDS[language] for word in words) for language in LANGUAGES}
    most = max(counts.values())
    return default if most < counts[default] + by else max(counts, key=lambda language: counts[language])


def _words(text: str, stop_words: frozenset[str]) -> Iterable[str]:
    """Words as they are written; the capital that begins a sentence is not part of the word."""
    shouted = text == text.upper()
    for match in WORD.finditer(text):
        word = match.group().replace("’", "'")
        capitals = len(word) > 1 and word == word.upper() and not shouted
        if len(word) == 1 or (word.casefold() in stop_words and not capitals):
            continue
        if shouted or (word.istitle() and _SENTENCE_START.search(text, 0, match.start())):
            word = word.lower()
        yield word


def size_classes(counts: Sequence[int]) -> list[int]:
    """The size of each count as a class from 1 (as large as the largest) to 8, in the order given.

    Equal counts have equal classes; each count goes to the class whose share of the largest is nearest.

    >>> size_classes([187, 121, 96, 74, 58, 49, 33, 24])
    [1, 2, 3, 4, 5, 6, 7, 8]
    >>> size_classes([3, 1, 0])
    [1, 5, 8]
    """
    largest = max(counts, default=0)
    return [
        1 + min(range(len(_SHARES)), key=lambda number: abs(_SHARES[number] - count / largest)) if largest else 8
        for count in counts
    ]


def normalise(text: str) -> str:
    """What two tables' wording of the same proposal have in common: letters, digits and order, nothing else.

    >>> normalise("Tid!") == normalise("  tid. ") == normalise("TID")
    True
    >>> normalise("Våga säga nej – tillsammans")
    'våga säga nej tillsammans'
    """
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))
