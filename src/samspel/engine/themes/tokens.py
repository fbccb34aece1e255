"""A note cut into words, its language, and the stem of a word."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

from .stopwords import STOP_WORDS
from .words import LANGUAGES, SNOWBALL, WORD, Language

__all__ = ["Token", "language_of", "stem", "words_of"]

_STEMMERS = {language: Stemmer.Stemmer(name) for language, name in SNOWBALL.items()}


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case; `is_capitals` when it stands in capitals in a text that does not ("IT")."""

    text: str
    is_capitals: bool = False

    def builds_sentence(self, language: Language) -> bool:
        """Whether the word only says how the sentence is built in this language."""
        return not self.is_capitals and (len(self.text) == 1 or self.text in STOP_WORDS[language])


def words_of(text: str) -> tuple[Token, ...]:
    """
    >>> [token.text for token in words_of("Mer IT-stöd, tack!")]
    ['mer', 'it-stöd', 'tack']
    """
    text = unicodedata.normalize("NFC", text).replace("’", "'")
    shouted = text == text.upper()
    return tuple(_token(word, shouted) for word in WORD.findall(text))


@lru_cache(maxsize=200_000)
def _token(word: str, shouted: bool) -> Token:
    return Token(word.casefold(), len(word) > 1 and word == word.upper() and not shouted)


@lru_cache(maxsize=200_000)
def stem(word: str, language: Language) -> str:
    """The Snowball stem of a word in lower case."""
    return str(_STEMMERS[language].stemWord(word))


def language_of(tokens: Sequence[Token], default: Language) -> Language:
    """The language whose sentence-building words are most frequent; the meeting's when it is one of them.

    >>> language_of(words_of("Bussen kører ikke om aftenen"), "sv")
    'da'
    """
    counts = {language: sum(token.text in STOP_WORDS[language] for token in tokens) for language in LANGUAGES}
    most = max(counts.values())
    return default if counts[default] == most else max(counts, key=lambda language: counts[language])
