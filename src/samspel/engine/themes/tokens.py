"""A note cut into words, its language, and the stem of a word."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

import Stemmer

from .stopwords import STOP_WORDS
from .words import SNOWBALL, WORD, Language, language_in

__all__ = ["Token", "content_of", "language_of", "stem", "words_of"]

# Without a cache of their own, which takes longer to ask than a word to stem.
_STEMMERS = {language: Stemmer.Stemmer(name, 0) for language, name in SNOWBALL.items()}


class Token(NamedTuple):
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
    return tuple(map(_token, WORD.findall(text), repeat(shouted)))


@lru_cache(maxsize=200_000)
def _token(word: str, shouted: bool) -> Token:
    return Token(word.casefold(), len(word) > 1 and word == word.upper() and not shouted)


@lru_cache(maxsize=200_000)
def stem(word: str, language: Language) -> str:
    """The Snowball stem of a word in lower case."""
    return str(_STEMMERS[language].stemWord(word))


def content_of(tokens: Sequence[Token], language: Language) -> tuple[str, ...]:
    """The words that say what a note is about, each once, in the order of the alphabet."""
    stop = STOP_WORDS[language]
    return tuple(sorted({word for word, capitals in tokens if capitals or (len(word) > 1 and word not in stop)}))


def language_of(tokens: Sequence[Token], default: Language) -> Language:
    """The language whose sentence-building words are most frequent; the meeting's when it is one of them.

    >>> language_of(words_of("Bussen kører ikke om aftenen"), "sv")
    'da'
    """
    return language_in([token.text for token in tokens], default)
